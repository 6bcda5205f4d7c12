"""A run's plan as the journal keeps it, so that a later process can go on without being told again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import cattrs

from actors.cli.options import RunPlan
from contracts.config import HeadlessConfiguration
from contracts.errors import JournalError


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=False, forbid_extra_keys=False)
    converter.register_unstructure_hook(Path, lambda path: str(path.absolute()))
    converter.register_structure_hook(Path, lambda value, _: Path(value))
    # Its own constructor takes some of its fields by name only.
    converter.register_structure_hook(HeadlessConfiguration, lambda value, _: HeadlessConfiguration(**value))
    return converter


def kept_plan(plan: RunPlan, kept_input: Path) -> dict[str, Any]:
    """Return a plan in terms of JSON.

    Args:
        plan: How the run is set up.
        kept_input: The copy of its file of orders.
    """
    kept = _converter().unstructure(attrs.evolve(plan, warnings=()))
    return {"plan": kept, "input": str(kept_input)}


def plan_again(kept: Any, download_dir: Path) -> tuple[RunPlan, Path]:
    """Return the plan that `kept_plan` wrote and the copy of its file of orders.

    Args:
        kept: What the journal kept.
        download_dir: Where the folder lies now; it may have been moved.

    Raises:
        JournalError: The run was begun otherwise, or the plan cannot be read.
    """
    if not isinstance(kept, dict) or "plan" not in kept or not isinstance(kept.get("input"), str):
        raise JournalError("This run was not begun by purser run, so it is not known how. Go on with it from Python.")
    try:
        plan = _converter().structure(kept["plan"], RunPlan)
    except (cattrs.BaseValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise JournalError(
            f"How this run was begun cannot be read ({error}). Give the file again: purser run."
        ) from error
    was, settings = plan.settings.download_dir, attrs.evolve(plan.settings, download_dir=download_dir)
    results, report = (_moved_along(path, was, download_dir) for path in (plan.results, plan.report))
    return attrs.evolve(plan, settings=settings, results=results, report=report), download_dir / kept["input"]


def _moved_along(path: Path, was: Path, now: Path) -> Path:
    """Return where a file of the download folder lies after that was moved; others stay where they were."""
    return now / path.relative_to(was) if path.is_relative_to(was) else path

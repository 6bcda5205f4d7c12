"""A run's plan as the journal keeps it, so that a later process can go on without being told again.

It is sealed: a plan that this user did not write on this machine is another's wish, of which only the list of orders
is taken. Programs are in no plan. Which browser and which driver are started is said by who starts them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from pathlib import Path
from typing import Any

import attrs
import cattrs

from actors.cli.options import RunPlan
from actors.cli.output import command_line
from actors.folders.keeping import untrusted
from actors.session.seals import is_own, sealed
from contracts.config import HeadlessConfiguration, PortalChoice, Settings
from contracts.errors import JournalError

_KEPT_INPUT = re.compile(r"\.purser/input/[0-9a-f]{16}\.csv")


@attrs.frozen(kw_only=True)
class KeptPlan:
    """What a journal keeps of how its run was begun.

    Args:
        plan: The plan in terms of JSON, as `kept_plan` wrote it.
        list_file: The file of orders to go on with: the copy, or the first one where that is not there.
        is_copy: Whether it is the copy.
        is_own: Whether this user wrote all of it on this machine, the list included.
        named_programs: Whether the run was begun with a browser or a driver that somebody named.
    """

    plan: Any
    list_file: Path
    is_copy: bool
    is_own: bool
    named_programs: bool

    @property
    def base_url(self) -> str:
        """The portal that it names, for people; it may be anything."""
        settings = self.plan.get("settings") if isinstance(self.plan, dict) else None
        found = settings.get("base_url") if isinstance(settings, dict) else None
        return found if isinstance(found, str) else ""


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=False, forbid_extra_keys=False)
    converter.register_unstructure_hook(Path, lambda path: str(path.absolute()))
    converter.register_structure_hook(Path, lambda value, _: Path(value))
    # Kept as a word, a kind's or an installed adapter's; an adapter itself is in no plan, since the command takes none.
    converter.register_structure_hook_func(
        lambda kind: bool(kind == PortalChoice), lambda value, _: Settings(portal=value).portal
    )
    # Its own constructor takes some of its fields by name only.
    converter.register_structure_hook(HeadlessConfiguration, lambda value, _: HeadlessConfiguration(**value))
    return converter


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file, as hex digits.

    Raises:
        OSError: It cannot be read.
    """
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def kept_plan(plan: RunPlan, digest: str) -> dict[str, Any]:
    """Return a plan in terms of JSON, sealed.

    Args:
        plan: How the run is set up.
        digest: The SHA-256 of its file of orders, of which a copy is kept.

    Raises:
        ConfigurationError: It cannot be sealed.
    """
    browser = plan.browser
    kept = _converter().unstructure(attrs.evolve(plan, warnings=(), browser=with_programs(browser, None)))
    named = any((browser.binary, browser.driver, browser.extra_arguments))
    told = {
        "plan": kept, "input": f".purser/input/{digest[:16]}.csv", "sha256": digest, "named_programs": named,
    }  # fmt: skip
    return sealed(told)


def with_programs(browser: HeadlessConfiguration, programs: HeadlessConfiguration | None) -> HeadlessConfiguration:
    """Return which browser to use with the programs that another configuration names; with none when it is None."""
    return HeadlessConfiguration(
        headless=browser.headless,
        browser=browser.browser,
        binary=programs.binary if programs is not None else None,
        driver=programs.driver if programs is not None else None,
        user_agent=browser.user_agent,
        extra_arguments=programs.extra_arguments if programs is not None else (),
    )


def read_plan(told: Any, download_dir: Path, *, announced: bool = False) -> KeptPlan:
    """Return what `kept_plan` wrote, with what may be believed of it.

    Args:
        told: What the journal kept.
        download_dir: Where the folder lies now; it may have been moved.
        announced: Whether its run has not begun. Then the program may have ended before the copy was kept.

    Raises:
        JournalError: The run was begun otherwise, or its list is not there any more.
    """
    if not isinstance(told, dict) or "plan" not in told or not isinstance(told.get("input"), str):
        raise JournalError("This run was not begun by purser run, so it is not known how. Go on with it from Python.")
    if not _KEPT_INPUT.fullmatch(told["input"]):
        raise JournalError(f"{told['input']!r} is not a copy of a file of orders. {give_again(download_dir)}")
    is_sealed = is_own(told)
    copy = download_dir / told["input"]
    try:
        if is_sealed and announced and not os.path.lexists(copy):
            copy = Path(str(told["plan"]["csv_path"]))
        elif why := untrusted(copy):
            raise JournalError(f"{copy} {why}. It is the copy of the file of orders. {give_again(download_dir)}")
        is_same = digest_of(copy) == told.get("sha256")
    except OSError as error:
        raise JournalError(
            f"The copy of the file of orders, {copy}, cannot be read: {error.strerror or error}. "
            f"{give_again(download_dir)}"
        ) from error
    return KeptPlan(
        plan=told["plan"],
        list_file=copy,
        is_copy=copy == download_dir / told["input"],
        is_own=is_sealed and is_same,
        named_programs=told.get("named_programs") is True,
    )


def give_again(download_dir: Path) -> str:
    """Return the word on what to do where there is no list to go on with."""
    folder = shlex.quote(str(download_dir))
    return f"Give the file again: {command_line('run', Path('FILE.csv'))} --download-dir {folder}"


def plan_again(kept: KeptPlan, download_dir: Path, programs: HeadlessConfiguration) -> RunPlan:
    """Return the plan that this user wrote.

    Args:
        kept: What the journal kept; it must be this user's own.
        download_dir: Where the folder lies now; it may have been moved.
        programs: Names the browser and the driver to start.

    Raises:
        JournalError: It cannot be read.
    """
    try:
        plan = _converter().structure(kept.plan, RunPlan)
    except (cattrs.BaseValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise JournalError(
            f"How this run was begun cannot be read ({error}). Give the file again: purser run."
        ) from error
    was, settings = plan.settings.download_dir, attrs.evolve(plan.settings, download_dir=download_dir)
    results, report = (_moved_along(path, was, download_dir) for path in (plan.results, plan.report))
    browser = with_programs(plan.browser, programs)
    return attrs.evolve(plan, settings=settings, results=results, report=report, browser=browser)


def _moved_along(path: Path, was: Path, now: Path) -> Path:
    """Return where a file of the download folder lies after that was moved; others stay where they were."""
    return now / path.relative_to(was) if path.is_relative_to(was) else path

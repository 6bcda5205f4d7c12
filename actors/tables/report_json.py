"""Writes a session's report as JSON: times in ISO form, everything else as plain values that any reader takes."""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import attrs

from actors.folders.ground import Ground
from actors.tables.replacing import replacing


def plain(value: object) -> Any:
    """Return `value` in terms of JSON: dict, list, str, int, float, bool and None.

    Numbers that JSON does not have (NaN, infinities) become None; what nobody foresaw becomes its text.
    """
    match value:
        case None | bool() | str():
            return value
        case enum.Enum():
            return plain(value.value)
        case int():
            return int(value)
        case float():
            return value if math.isfinite(value) else None
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(plain(key)): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case set() | frozenset():
            return sorted((plain(item) for item in value), key=str)
        case Path():
            return str(value)
        case _:
            kind = type(value)
            if attrs.has(kind):
                return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(kind) if field.repr}
            return str(value)


def report_text(report: Mapping[str, Any]) -> str:
    """Return one JSON document, in pure ASCII so that no terminal or pipe can spoil it."""
    return json.dumps(plain(report), indent=2, allow_nan=False)


def write_report(path: str | Path, report: Mapping[str, Any], ground: Ground | None = None) -> None:
    """Write a report, replacing the file at `path` in one step and keeping the old one as `.bak`.

    Args:
        path: Where to.
        report: What `get_session_report` returned (contract 19), with anything added to it.
        ground: As in `replacing`.

    Raises:
        MachineError: It cannot be written.
    """
    with replacing(Path(path), encoding="utf-8", ground=ground) as stream:
        stream.write(report_text(report) + "\n")

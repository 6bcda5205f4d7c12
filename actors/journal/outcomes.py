"""What the manifest tells of one outcome: what the portal listed, what is on disk, and how it came to that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from actors.evidence.addresses import shown
from contracts.tasks import POResult


def manifest_entry(
    result: POResult, history: Sequence[Mapping[str, Any]], root: Path, *, run: int, at: str
) -> dict[str, Any]:
    """Return one outcome in terms of JSON.

    Args:
        result: The outcome.
        history: Its leases, oldest first.
        root: The download folder, to which the folder is relative.
        run: Which run it belongs to.
        at: When it is written down.
    """
    entry: dict[str, Any] = {
        "at": at,
        "run": run,
        "po_number": result.po_number,
        "status": result.status.value,
        "supplier": result.supplier,
        "url": shown(result.url),
        "folder": _relative(result.folder, root),
        "listed": result.attachments_found,
        "files": [
            {
                "name": file.name,
                "size": file.size,
                "sha256": file.sha256,
                "source": file.source,
                "media_type": file.media_type,
                "listed_as": file.listed_as,
                "length_known": file.length_known,
                "type_differs": file.type_differs,
            }
            for file in result.attachments
            if result.folder is not None
        ],
        "missing": [
            {
                "listed_as": lost.listed_as,
                "source": lost.source,
                "code": lost.code,
                "message": lost.message,
            }
            for lost in result.missing
        ],
        "attempts": list(history),
    }
    if result.evidence:
        entry["evidence"] = list(result.evidence)
    if result.error_code or result.error_message:
        blame = result.blame.value if result.blame is not None else None
        entry["error"] = {"code": result.error_code, "message": result.error_message, "blame": blame}
    return entry


def _relative(folder: Path | None, root: Path) -> str:
    if folder is None:
        return ""
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else folder.as_posix()

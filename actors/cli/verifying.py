"""`purser verify`: whether the files of a download folder are those that were brought home, and all of them."""

from __future__ import annotations

from pathlib import Path

from actors.cli.account import ExitCode, error_document, explain
from actors.cli.outlets import Outlets, printable
from actors.intake import report_text
from actors.session.verification import verify_folder
from contracts.errors import ConfigurationError


def verify(folder: Path, head: str | None, outlets: Outlets) -> ExitCode:
    """Check chain and files, and name what differs.

    Args:
        folder: The download folder.
        head: The hash of the manifest's last line as somebody noted it, or None.
        outlets: Where to talk to.

    Returns:
        SUCCESS when all is as it was, SOME_FAILED when something differs.
    """
    try:
        found = verify_folder(folder, head)
    except ConfigurationError as error:
        outlets.complain(explain(error))
        if outlets.json:
            outlets.document(report_text(error_document(error, ExitCode.UNUSABLE)))
        return ExitCode.UNUSABLE
    if outlets.json:
        outlets.document(report_text({"verification": found}))
    for difference in found.differences:
        outlets.complain(printable(difference, 600))
    if not outlets.json:
        outlets.out.say(f"{found.lines} lines, {found.orders} orders with files, {found.files} files as they were")
        outlets.out.say(f"head {found.head}")
    return ExitCode.SOME_FAILED if found.differences else ExitCode.SUCCESS

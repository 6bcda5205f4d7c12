"""`purser verify`: whether the files of a download folder are those that were brought home, and all of them."""

from __future__ import annotations

from pathlib import Path

from actors.cli.output import Output, printable
from actors.cli.summary import ExitCode, error_document, explain
from actors.session.verification import verify_folder
from actors.tables import report_text
from contracts.errors import ConfigurationError


def verify(folder: Path, head: str | None, output: Output) -> ExitCode:
    """Check chain and files, and name what differs.

    Args:
        folder: The download folder.
        head: The hash of the manifest's last line as somebody noted it, or None.
        output: Where to talk to.

    Returns:
        SUCCESS when all is as it was, SOME_FAILED when something differs.
    """
    try:
        found = verify_folder(folder, head)
    except ConfigurationError as error:
        output.complain(explain(error))
        if output.json:
            output.document(report_text(error_document(error, ExitCode.UNUSABLE)))
        return ExitCode.UNUSABLE
    if output.json:
        output.document(report_text({"verification": found}))
    for difference in found.differences:
        output.complain(printable(difference, 600))
    if not output.json:
        output.out.say(f"{found.lines} lines, {found.orders} orders with files, {found.files} files as they were")
        output.out.say(f"head {found.head}")
    return ExitCode.SOME_FAILED if found.differences else ExitCode.SUCCESS

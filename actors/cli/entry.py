"""Where `purser` begins: only what is needed to leave in good order, whatever happens while the rest is loaded."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from actors.cli.streams import StandardStreams
from actors.cli.surroundings import require_current_folder
from contracts.errors import ConfigurationError

if TYPE_CHECKING:
    from actors.cli.batch import SessionFactory

UNUSABLE = 2
NOT_FINISHED = 3
INTERRUPTED = 130


def entry_point(make_session: SessionFactory | None = None) -> None:
    """Run the command and leave with its exit code.

    Args:
        make_session: Makes the session of a run; None makes the usual one.

    Raises:
        SystemExit: Always, with the exit code. Words on stdout that were lost make a success none.
    """
    streams = StandardStreams()
    code: int | str | None = NOT_FINISHED
    try:
        code = _run(make_session)
    finally:
        if streams.settle() and not code:
            code = NOT_FINISHED
    raise SystemExit(code)


def _run(make_session: SessionFactory | None) -> int | str | None:
    try:
        require_current_folder()
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return UNUSABLE
    try:
        # Imported here because it takes a while, and somebody may press Ctrl-C meanwhile.
        from actors.cli.app import app  # noqa: PLC0415 - see above

        app(obj=make_session)
    except SystemExit as leaving:
        return leaving.code
    except KeyboardInterrupt:
        print("error: Interrupted before anything was begun.", file=sys.stderr)
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    entry_point()

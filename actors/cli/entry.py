"""Where `purser` begins: only what is needed to leave in good order, whatever happens while the rest is loaded."""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130


def entry_point() -> None:
    """Run the command and leave with its exit code."""
    try:
        # Imported here because it takes a while, and somebody may press Ctrl-C meanwhile.
        from actors.cli.app import app  # noqa: PLC0415 - see above

        app()
    except KeyboardInterrupt:
        print("error: Interrupted before anything was begun.", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    finally:
        _settle_streams()


def _settle_streams() -> None:
    """Let go of a stream that nobody reads any more: Python would try it again at its end and spoil the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


if __name__ == "__main__":
    entry_point()

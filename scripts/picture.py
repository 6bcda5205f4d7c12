"""Takes a picture of a real run for the docs: runs a command in a terminal of tmux and writes its screen as SVG.

    python scripts/picture.py docs/images/run.svg --when '4[0-9]. of 60 done' -- purser run orders.csv --base-url URL

The picture is taken when the screen first shows `--when` (a regular expression), or, without it, when the command has
ended. The command always runs to its end. Needs tmux.
"""

from __future__ import annotations

import argparse
import io
import re
import secrets
import shlex
import subprocess
import sys
import threading
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

_EVERY = 0.1


def _tmux(socket: str, *arguments: str) -> str:
    return subprocess.run(
        ["tmux", "-L", socket, "-f", "/dev/null", *arguments],  # noqa: S607 - whichever tmux the user has
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def capture(command: list[str], when: str | None, columns: int, rows: int, patience: float) -> str:
    """Run a command in a terminal and return the screen that was asked for, with its colours.

    Raises:
        TimeoutError: The screen never showed it.
    """
    socket, pause = f"picture-{secrets.token_hex(4)}", threading.Event()
    ended = re.compile(r"^\[ended \d+\]$", re.MULTILINE)
    shown = f"{shlex.join(command)}; printf '[ended %d]\\n' $?; read -r _"
    _tmux(socket, "new-session", "-d", "-x", str(columns), "-y", str(rows), f"bash -c {shlex.quote(shown)}")
    try:
        picture, deadline = "", time.monotonic() + patience
        while time.monotonic() < deadline:
            plain = _tmux(socket, "capture-pane", "-p")
            over = ended.search(plain) is not None
            if not picture and (re.search(when, plain) if when else over):
                picture = _tmux(socket, "capture-pane", "-p", "-e")
            if over:
                break
            pause.wait(_EVERY)
    finally:
        _tmux(socket, "kill-server")
    if not picture:
        raise TimeoutError(f"The screen did not show {when or 'the end'} within {patience:g} s.")
    return "\n".join(line for line in picture.splitlines() if "[ended " not in line).strip("\n")


def as_svg(screen: str, title: str, columns: int) -> str:
    """Return a screen with its colours as SVG that asks no other host for anything."""
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(screen), soft_wrap=True)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title=title, unique_id="screen"), flags=re.DOTALL)
    return svg.replace("font-family: Fira Code,", "font-family: 'Fira Code', 'DejaVu Sans Mono', Menlo, Consolas,")


def main() -> int:
    """Take one picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="where the SVG goes")
    parser.add_argument("--when", help="take it when the screen shows this")
    parser.add_argument("--title", help="shown above; by default the command")
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--patience", type=float, default=300.0, help="seconds")
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    screen = capture(given.command, given.when, given.columns, given.rows, given.patience)
    given.file.parent.mkdir(parents=True, exist_ok=True)
    given.file.write_text(as_svg(screen, given.title or shlex.join(given.command), given.columns), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

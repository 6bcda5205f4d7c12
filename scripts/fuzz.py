"""Fuzz: the command on real Chromium against a portal that answers anything at any request.

Of every three orders one is good. At the end it is checked, from the portal's side and on the disk: the run ended by
itself, the good orders are right, nothing was filed under another order, no secret went anywhere, nothing is left.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from rich.console import Console

from actors.session.verification import verify_folder
from scripts.havoc.program import processes_of
from scripts.hostility.pages import file_of
from scripts.hostility.portal import COOKIE, HostilePortal
from scripts.supervision.checks import Check, none_left, tell_verdict
from scripts.supervision.place import Place

_CONTROLS = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1a\\x1c-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")
USER, PASSWORD = "alice", "canary-password-0815"
SETTINGS = """\
[timeouts]
page_load = 6
settle = 2
driver_command = 30
inactivity = 25
task = 60
download_stall = 2
http_read = 2
worker_ready = 40
circuit_probe_first = 0.5
circuit_probe_max = 2
[retry]
max_attempts = 2
base_delay = 0.2
[attachments]
max_count = 50
max_size = 1000000
[intensity]
max_restarts = 1000
max_delay = 2
[limits]
max_restart_attempts = 100
"""
"""Short limits, since what hangs here hangs on purpose."""


def numbers(count: int) -> list[str]:
    """Return the orders: of three, one is good and two are hostile."""
    return [f"GOOD-{place}" if place % 3 == 0 else f"EVIL-{place}" for place in range(count)]


def wrong_files(downloads: Path) -> list[str]:
    """Return files that lie under an order that they do not belong to."""
    wrong = []
    for path in downloads.glob("*/*/*"):
        if path.parts[-3] == ".purser" or not path.is_file():
            continue
        order = path.parent.name.rpartition("_")[0]
        held = path.read_bytes()
        if (b"/files/" in held or b"/slow/" in held) and f"/{order}/".encode() not in held:
            wrong.append(str(path.relative_to(downloads)))
    return wrong


def files_with(secret: str, *places: Path) -> list[str]:
    """Return every file that holds a text."""
    found = []
    for place in places:
        files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
        found += [path.name for path in files if secret.encode() in path.read_bytes()]
    return found


def wrong_goods(results: Path, downloads: Path, orders: Sequence[str]) -> list[str]:
    """Return the good orders that did not end as they had to, with what is there of each."""
    ended = {}
    if results.is_file():
        with results.open(encoding="utf-8-sig", newline="") as file:
            ended = {row["PO_NUMBER"]: row["STATUS"] for row in csv.DictReader(file)}
    wrong = []
    for number in [number for number in orders if number.startswith("GOOD")]:
        held = [path.read_bytes() for path in downloads.glob(f"*/{number}_*/*")]
        if ended.get(number) != "COMPLETED" or held != [file_of(f"/files/{number}/a.pdf")]:
            wrong.append(f"{number} {ended.get(number)} with {len(held)} files")
    return wrong


def fuzz(place: Place, portal: HostilePortal, options: argparse.Namespace, mode: Sequence[str]) -> list[Check]:
    """Run the command once and return what was found."""
    orders = numbers(options.pos)
    place.orders.write_text("PO_NUMBER\n" + "".join(f"{number}\n" for number in orders), encoding="utf-8")
    settings = place.output / "settings.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    words = ["run", str(place.orders), "--base-url", portal.url, "--portal", "generic", "--config", str(settings)]
    words += ["--download-dir", str(place.downloads), *mode]
    secrets = {"PURSER_USERNAME": USER, "PURSER_PASSWORD": PASSWORD, "PURSER_DEBUG": "1"}
    with place.log.open("wb") as log:
        program = subprocess.Popen(
            [sys.executable, "-m", "actors.cli.entry", *words], stdout=log, stderr=log, env=os.environ | secrets
        )
        try:
            code = program.wait(options.limit)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
            code = -9
    said = place.log.read_bytes().decode("utf-8", "replace")
    verification = verify_folder(place.downloads)
    told, canary = b"".join(portal.other.told), COOKIE.partition("=")[2]
    controls = sorted({f"U+{ord(one):04X}" for one in _CONTROLS.findall(said)})
    secrets_told = told.count(PASSWORD.encode()) + told.count(canary.encode())
    right = wrong_goods(place.downloads / "results.csv", place.downloads, orders)
    places = (place.downloads, place.log, place.state)
    return [
        Check("exit code (1: some orders failed)", "0 or 1", str(code), code in (0, 1)),
        none_left("good orders that are not right", right),
        none_left("files under another order", wrong_files(place.downloads)),
        none_left("differences that purser verify names", verification.differences),
        none_left("files that hold the password", files_with(PASSWORD, *places)),
        none_left("files that hold a cookie", files_with(canary, *places)),
        Check.equal("passwords and cookies at another host", 0, secrets_told),
        none_left("control characters on the terminal", controls),
        none_left("processes left", processes_of(place.scratch)),
        none_left("temporary folders left", place.left_folders()),
    ]  # fmt: skip


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Runs the command against a portal that answers anything.")
    parser.add_argument("--pos", type=int, default=300, help="orders (default: %(default)s)")
    parser.add_argument("--workers", type=int, choices=range(9), default=4, metavar="0..8", help="0: sequential")
    parser.add_argument("--seed", type=int, default=1, help="decides every answer")
    parser.add_argument("--limit", type=float, default=7200.0, help="seconds after which it has failed")
    parser.add_argument("--keep", type=Path, help="a folder to leave everything in, for a look afterwards")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 0 if everything that was checked holds, else 1."""
    options = read_arguments(arguments)
    console = Console(soft_wrap=False)
    mode = ["--workers", str(options.workers)] if options.workers else ["--sequential"]
    with tempfile.TemporaryDirectory(prefix="purser-fuzz-") as output:
        place = Place.make(options.keep or Path(output))
        place.use(os.environ)
        began = time.monotonic()
        try:
            with HostilePortal(options.seed) as portal:
                checks = fuzz(place, portal, options, mode)
        finally:
            place.remove()
        results = place.downloads / "results.csv"
        rows = list(csv.DictReader(results.open(encoding="utf-8-sig", newline=""))) if results.is_file() else []
        log = place.log.read_text(encoding="utf-8", errors="replace").splitlines()
    console.print(
        ", ".join(f"{count} {status}" for status, count in sorted(Counter(row["STATUS"] for row in rows).items()))
    )
    what = f"seed {options.seed}, {' '.join(mode)}: {options.pos} orders in {time.monotonic() - began:.0f} s"
    return tell_verdict(console, checks, what, log)


if __name__ == "__main__":
    sys.exit(main())

"""The main job before your eyes: 40 orders, four real browsers, and five things that go wrong on purpose.

    bash scripts/demo
    python scripts/demo_supervision.py --orders 120 --workers 4 --output somewhere

It starts a portal of its own on this machine, runs a session over a CSV of its orders, shows the supervision tree
meanwhile, and ends with a table of what it checked. One browser is killed, another stopped, memory runs short (that is
pretended), the login ends, the dispatcher dies. It exits with 0 only if everything in the table holds.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from rich.console import Console

sys.path.append(str(Path(__file__).resolve().parents[1]))  # run as a program, it finds its parts from the root

from actors import ProcessingSession
from actors.session.crew import CrewEngine
from actors.tables import read_orders
from contracts import HeadlessConfiguration, ResourceLimits, Timeouts
from scripts.demo_portal import DemoPortal
from scripts.supervision.checks import Check, check_files, check_outcomes, none_left, table
from scripts.supervision.events import Events
from scripts.supervision.mischief import Found, Mischief
from scripts.supervision.picture import choose_view
from scripts.supervision.place import Place
from scripts.supervision.pretence import CountingJournal, PretendedMemory
from scripts.supervision.processes import OwnProcesses

log = logging.getLogger("purser.demo")

_OUTPUT = Path(__file__).resolve().parents[1] / "demo-output"
_LOOK_EVERY = 0.1
_COUNT_EVERY = 0.5
_PATIENCE = 5.0
_FAULTS = ("page-503:1", "file-truncated:1", "page-not-found-200")
_ORDERS_A_WORKER = 8
_INACTIVITY = 4.0
"""Seconds without a sign of life after which an order is taken from its worker; 90 by default."""
_STOPPED_GONE_WITHIN = 2 * _INACTIVITY
_READING_EVERY = 0.5
_DENIED = 2  # place of the fault that hides its order

SessionEnd = Future[tuple[int, int, dict[str, Any]]]


def watch(
    end: SessionEnd,
    session: ProcessingSession,
    portal: DemoPortal,
    mischief: Mischief,
    processes: OwnProcesses,
    console: Console,
    events: Events,
    limit: float,
) -> bool:
    """Show the run and do the mischief until it has ended.

    Returns:
        Whether it ended within `limit` seconds by itself.
    """  # fmt: skip
    view = choose_view(console, events)
    began = counted = time.monotonic()
    logins = 0
    in_time = True
    view.open()
    try:
        while not wait([end], _LOOK_EVERY).done:
            now = time.monotonic()
            if now - counted >= _COUNT_EVERY:
                processes.look()
                logins, counted = portal.counters().logins, now
            if now - began > limit and in_time:
                in_time = False
                log.error("the demo takes longer than %g s and is ended", limit)
                session.request_stop(force=True)
            progress = session.snapshot()
            mischief.look(progress)
            view.show(progress, logins, now - began)
        view.show(session.snapshot(), portal.counters().logins, time.monotonic() - began)
    finally:
        view.close()
    return in_time


def demonstrate(options: argparse.Namespace, place: Place, console: Console) -> list[Check]:
    """Run the demo and return what it checked."""
    with DemoPortal(
        orders=options.orders, seed=options.seed, page_latency_ms=100, file_latency_ms=50
    ) as portal, Events(place.log) as events, PretendedMemory() as memory:  # fmt: skip
        truth = portal.truth()
        # Early ones, so that they are over when the browser is killed, and with files that can be spoiled.
        spoiled = [number for number, order in truth.items() if order.files][1 :: max(1, len(truth) // 9)][
            : len(_FAULTS)
        ]
        portal.set_faults(dict(zip(spoiled, _FAULTS, strict=False)))
        hidden = spoiled[_DENIED:]
        place.write_orders(truth)
        tasks = [row.task for row in read_orders(place.orders).to_visit]
        console.print(
            f"{len(tasks)} orders in {place.orders} for the demo portal at {portal.url}, {options.workers} browsers. "
            "One browser will be killed and one stopped, memory will seem short, the login end, the dispatcher die.",
            highlight=False,
        )
        processes = OwnProcesses(place.scratch, [portal.pid])
        journal = CountingJournal()
        session = ProcessingSession(
            HeadlessConfiguration(),
            enable_parallel=True,
            max_workers=options.workers,
            base_url=portal.url,
            download_dir=place.downloads,
            portal="coupa",
            journal=journal,
            timeouts=Timeouts(inactivity=_INACTIVITY),
            limits=ResourceLimits(check_interval=_READING_EVERY),
        )
        if session.get_processing_mode(len(tasks)) != "parallel":
            raise SystemExit(
                "This machine has no memory to spare for a crew of browsers now. Close other programs first."
            )
        mischief = Mischief(portal, processes, memory, journal, lambda name, message: _tell(session, name, message))
        with ThreadPoolExecutor(1, "demo-session") as pool:
            end = pool.submit(session.process_pos, tasks)
            try:
                in_time = watch(end, session, portal, mischief, processes, console, events, options.limit)
            except BaseException:
                session.request_stop(force=True)  # or the pool would wait for the whole batch
                raise
            good, bad, report = end.result()
        figures = report["performance_metrics"]
        restarts = figures["worker_restarts"]
        console.print(
            f"{good} of {good + bad} orders succeeded in {figures['elapsed_seconds']:.1f} s, "
            f"{figures['files_downloaded']} files, {figures['pos_per_second']:.1f} orders a second.",
            highlight=False,
        )
        return [
            *check_outcomes(truth, hidden, session.results),
            *check_files(truth, hidden, place.order_folders()),
            none_left("folders replaced by a second publication", place.replaced_folders()),
            *check_mischief(mischief.found, journal.epoch, portal.counters().logins),
            Check("restarts of workers", "3 or more", str(restarts), restarts >= 3),
            none_left("processes left", processes.left(_PATIENCE)),
            none_left("temporary folders left", place.left_folders()),
            none_left("inconsistencies of the session", session.validate_session_state()),
            Check("ended by itself in time", f"{options.limit:g} s", f"{figures['elapsed_seconds']:.1f} s", in_time),
        ]


def _tell(session: ProcessingSession, name: str, message: object) -> None:
    """Put a message into an actor's inbox. A session has no such door, so this one goes in by the window."""
    engine = session._resources._engine  # noqa: SLF001 - to end an actor from outside is what a user may not do
    if isinstance(engine, CrewEngine):
        engine.system.tell(name, message)


def check_mischief(found: Found, epoch: int, logins: int) -> list[Check]:
    """Return what became of each deed."""
    after = found.stopped_gone_after
    return [
        Check.equal("browsers killed by the demo", 1, found.kills),
        Check(
            "stopped browser gone after",
            f"{_STOPPED_GONE_WITHIN:g} s at most",
            f"{after:.1f} s" if after is not None else "never",
            after is not None and after <= _STOPPED_GONE_WITHIN,
        ),
        Check(
            "browser taken away while memory was short",
            "one",
            found.victim_of_memory or "none",
            bool(found.victim_of_memory),
        ),
        Check.equal("epochs, as the dispatcher died once", 2, epoch),
        Check.equal("logins, as they ended once", 2, logins),
    ]


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Runs the main job on a portal of its own and checks every claim.")
    parser.add_argument("--orders", type=int, default=40, help="how many, 16 or more (default: %(default)s)")
    parser.add_argument("--workers", type=int, choices=range(2, 9), metavar="2..8", help="browsers (default: up to 4)")
    parser.add_argument("--seed", type=int, default=1, help="makes the portal's orders and files")
    parser.add_argument("--output", type=Path, help="an empty folder for CSV, files and log (default: demo-output)")
    parser.add_argument("--limit", type=float, default=90.0, help="seconds after which the demo has failed")
    options = parser.parse_args(arguments)
    if options.workers is None:
        options.workers = max(2, min(4, options.orders // _ORDERS_A_WORKER))
    if options.orders < _ORDERS_A_WORKER * options.workers:
        parser.error(f"--orders must be {_ORDERS_A_WORKER} a worker or more: below that the mischief comes too late.")
    if options.output is not None and options.output.exists() and any(options.output.iterdir()):
        parser.error(f"--output {options.output} is not empty. Name an empty folder, or one that is not there yet.")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; 0 if everything it checked holds, 1 if not, 130 if it was interrupted."""
    options = read_arguments(arguments)
    if options.output is None:
        shutil.rmtree(_OUTPUT, ignore_errors=True)  # the demo's own; a folder that the user names is never emptied
        options.output = _OUTPUT
    console = Console(soft_wrap=False)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    place = Place.make(options.output)
    place.use(os.environ)
    os.environ |= {"PURSER_USERNAME": DemoPortal.username, "PURSER_PASSWORD": DemoPortal.password}
    try:
        checks = demonstrate(options, place, console)
    except KeyboardInterrupt:
        console.print("Interrupted.")
        return 130
    finally:
        place.remove()
    console.print(table(checks))
    wrong = sum(not check.good for check in checks)
    where = f"Files, CSV and log lie in {place.output}."
    console.print(f"{wrong} of these do not hold. {where}" if wrong else f"All of it holds. {where}", highlight=False)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

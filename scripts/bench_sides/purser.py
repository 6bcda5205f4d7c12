"""The side under test: the public session, as a user would call it."""

from __future__ import annotations

import time
from pathlib import Path

from actors import ProcessingSession
from contracts import HeadlessConfiguration


def purser_run(portal_url: str, numbers: list[str], workers: int, out_dir: Path) -> tuple[float, str]:
    """Download every order's attachments into `out_dir/<supplier>/<number>_COMPLETED/`.

    Returns:
        Seconds from before the session is made until its crew has ended, and what failed, or empty.
    """
    orders = [{"po_number": number, "supplier": "", "url": "", "amount": 0.0} for number in numbers]
    started = time.monotonic()
    session = ProcessingSession(
        HeadlessConfiguration(), True, workers, base_url=portal_url, download_dir=out_dir, portal="coupa"
    )
    _, failed, report = session.process_pos(orders)
    seconds = time.monotonic() - started
    return seconds, f"{failed} failed: {report['error_summary']}"[:500] if failed else ""

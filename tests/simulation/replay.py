"""Plays schedules again by their seeds, and tells what happens: `python -m tests.simulation.replay 17`.

With `--trace` every message, start and end is told too. The exit code is 1 when an invariant is broken.
"""

from __future__ import annotations

import argparse
import logging
import sys

from tests.simulation.seeded import Schedule


def replay(seed: int, *, trace: bool = False, quiet: bool = False) -> bool:
    """Play one schedule; return whether all invariants hold.

    Args:
        seed: Which.
        trace: Whether every message is printed.
        quiet: Whether only a failure is printed.
    """
    lines: list[str] = []
    schedule = Schedule(seed, lines.append, lines if trace else None)
    try:
        schedule.play()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        end = f"seed {seed}: {error if isinstance(error, AssertionError) else repr(error)}"
    else:
        end = ""
    if end or not quiet:
        sys.stdout.write("\n".join([*lines, end or f"seed {seed}: all invariants hold", ""]))
    return not end


def main() -> int:
    """Play the seeds of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.replay", description=__doc__)
    parser.add_argument("seeds", nargs="+", type=int, help="one seed, or with --range the first and the last")
    parser.add_argument("--range", action="store_true", help="play every seed between two; print failures only")
    parser.add_argument("--trace", action="store_true", help="print every message, start and end")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    seeds = range(given.seeds[0], given.seeds[-1] + 1) if given.range else given.seeds
    good = [replay(seed, trace=given.trace, quiet=given.range) for seed in seeds]
    sys.stdout.write(f"{sum(good)} of {len(good)} schedules keep all invariants\n")
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""Whether a session's state is consistent (contract 26). Pure: what was seen comes as one value."""

from __future__ import annotations

import attrs

from actors.session.view import Look
from contracts.ports import Owner
from contracts.status import SessionStatus

_RUNNING = (SessionStatus.RUNNING, SessionStatus.STOPPING)
_NAMES_SHOWN = 5


@attrs.frozen(kw_only=True, eq=False)
class SeenState:
    """What a look at a session found.

    Args:
        look: What it shows.
        is_taken: Whether somebody was working with the session meanwhile: a batch, or what opens and closes. Then
            anything may be open.
        is_warm: Whether it is inside `with`, where browsers stay between batches.
        live: Owners of browsers that are alive.
        has_engine: Whether a crew or a sequential engine is there.
        has_run_resources: Whether the download folder is held and the temporary folder is there.
        threads: Names of threads of engines that were closed.
    """

    look: Look
    is_taken: bool
    is_warm: bool
    live: tuple[Owner, ...]
    has_engine: bool
    has_run_resources: bool
    threads: tuple[str, ...]


def inconsistencies(seen: SeenState) -> list[str]:
    """Return what is wrong, in words; nothing when all is well."""
    found = _of_counts(seen.look)
    if not seen.is_taken:
        found += [*_of_the_last_batch(seen.look), *_left_over(seen)]
    return found


def _of_counts(look: Look) -> list[str]:
    progress, found = look.progress, []
    parts = progress.completed + progress.failed + progress.active + progress.pending
    if progress.total != parts:
        found.append(f"progress: {progress.total} orders in all, but their states add up to {parts}")
    if min(progress.completed, progress.failed, progress.active, progress.pending) < 0:
        found.append("progress: a count is negative")
    return found


def _of_the_last_batch(look: Look) -> list[str]:
    view, progress, found = look.view, look.progress, []
    if look.status in _RUNNING:
        found.append(f"pool: the session is {look.status.value}, but no batch is in work")
    if not progress.finished:
        found.append("queue: the batch is over, but not every order has an outcome")
    if view.given != view.rows:
        found.append(f"queue: {view.given} rows were given, but {view.rows} have an outcome")
    if look.status is SessionStatus.COMPLETED and view.left:
        found.append(f"queue: the batch is completed, but {view.left} orders of it were not done")
    ended = view.orders + view.removed
    if progress.completed + progress.failed != ended:
        told = progress.completed + progress.failed
        found.append(f"progress: {told} orders have ended, but there are outcomes of {ended}")
    elif not 0 <= progress.completed - view.successful <= view.removed:
        found.append(f"progress: {progress.completed} orders succeeded, but the results say {view.successful}")
    return found


def _left_over(seen: SeenState) -> list[str]:
    found = []
    if not seen.is_warm:
        if seen.live:
            names = ", ".join(f"{owner.worker}/{owner.generation}" for owner in seen.live[:_NAMES_SHOWN])
            found.append(f"resources: browsers are alive although no batch is in work: {names}")
        if seen.has_engine:
            found.append("pool: an engine is there although no batch is in work")
        if seen.has_run_resources:
            found.append("resources: the download folder is held although no batch is in work")
    if seen.threads:
        names = ", ".join(seen.threads[:_NAMES_SHOWN])
        found.append(f"resources: {len(seen.threads)} threads did not end with their engine: {names}")
    return found

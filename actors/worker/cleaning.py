"""What leaves a visit, without secrets: its outcome, the labels of files, the messages of errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import assert_never

import attrs

from actors.worker.secrets import KnownSecrets
from contracts.errors import MachineError, WorkerError
from contracts.messages import LoginEnded, LoginMet, Visited, VisitFailed, VisitOrder, VisitOutcome
from contracts.ports import ListedAttachment
from contracts.tasks import MissingAttachment, POResult


def cleaned(outcome: VisitOutcome, visit: VisitOrder, secrets: KnownSecrets) -> VisitOutcome:
    """Return an outcome as it may be written down and shown.

    What the user gave, the order's own address and supplier, passes unchanged.

    Args:
        outcome: What came of a visit.
        visit: The visit.
        secrets: What is known.
    """
    spared = visit.order.po_number, visit.order.host

    def told(text: str) -> str:
        return secrets.told(text, *spared) if text else ""

    match outcome:
        case Visited(result):
            return attrs.evolve(outcome, result=_cleaned_result(result, visit, secrets))
        case VisitFailed(message=message, url=url):
            return attrs.evolve(outcome, message=told(message), url=_address(url, visit, secrets))
        case LoginMet(reason=reason):
            return attrs.evolve(outcome, reason=told(reason))
        case _:
            assert_never(outcome)


def _cleaned_result(result: POResult, visit: VisitOrder, secrets: KnownSecrets) -> POResult:
    spared = visit.order.po_number, visit.order.host
    given = visit.order.task.supplier.strip()
    return attrs.evolve(
        result,
        supplier=result.supplier if result.supplier == given else secrets.hidden(result.supplier, *spared),
        url=_address(result.url, visit, secrets),
        missing=tuple(
            MissingAttachment(lost.listed_as, lost.source, lost.code, secrets.told(lost.message, *spared))
            for lost in result.missing
        ),
        error_message=secrets.told(result.error_message, *spared) if result.error_message else "",
    )


def _address(url: str, visit: VisitOrder, secrets: KnownSecrets) -> str:
    """Return the visited address if it may be shown, else what can take its place when the order is visited again."""
    given = visit.order.url
    return url if url == given or secrets.may_show(url, visit.order.po_number, visit.order.host) else given


def without_secrets(item: ListedAttachment, secrets: KnownSecrets, spared: tuple[str, ...]) -> ListedAttachment:
    """Return a listed attachment with names that may be shown, and by which its file may be called."""
    return attrs.evolve(
        item,
        label=secrets.hidden(item.label, *spared),
        title=secrets.hidden(item.title, *spared),
        aria_label=secrets.hidden(item.aria_label, *spared),
        text=secrets.hidden(item.text, *spared),
        refused=secrets.hidden(item.refused, *spared),
    )


def cleaned_login(ended: LoginEnded, secrets: KnownSecrets) -> LoginEnded:
    """Return how a login ended as it may be shown, and know its cookies from now on."""
    secrets.learn_cookies(ended.cookies)
    return attrs.evolve(ended, text=secrets.told(ended.text, ended.host))


@contextmanager
def cleaned_errors(secrets: KnownSecrets) -> Iterator[None]:
    """Take what is known out of the messages of errors that pass: they become reasons that are written down."""
    try:
        yield
    except (WorkerError, MachineError) as error:
        error.args = tuple(secrets.told(one) if isinstance(one, str) else one for one in error.args)
        raise

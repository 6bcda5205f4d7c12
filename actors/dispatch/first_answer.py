"""Whether a portal has answered anything yet, and when one that never does is given up. Pure.

A portal that has answered once and fails later is in trouble, and is waited for: no order is failed for that. One from
which nothing ever came has most often a wrong address. It must cost the orders of others nothing: it is asked beside
all work, by no worker, and its orders wait until it answers. Where the answer is a quick no, as from a port that
refuses, one order is visited all the same, since a browser may know a way that we do not.
"""

from __future__ import annotations

import attrs

from contracts.backoff import backoff

FIRST_WAIT = 1.0
"""Seconds between the first two questions; each wait is twice as long as the one before."""
LONGEST_WAIT = 5.0
QUICK = 2.0
"""Seconds within which a no comes from who refuses. A visit would wait as long as a question that takes longer."""
LEAST_QUESTIONS = 2
"""Questions that must have been put in vain before it is given up."""
QUESTION_LASTS = 10.0
"""Seconds after which another question is put, although the one before has not come back."""


@attrs.define(eq=False)
class FirstAnswer:
    """What is known of one portal until it answers. Times are monotonic seconds.

    Args:
        unreachable: Seconds of silence after which it is given up.
        has_come: Whether it has answered anything in this run.
    """

    unreachable: float
    has_come: bool = False
    silent_since: float | None = attrs.field(default=None, init=False)
    """When a question or a visit failed for the first time."""
    visit: str = attrs.field(default="", init=False)
    """How the visit of it failed, or empty."""
    questions: int = attrs.field(default=0, init=False)
    """How many were put; the number of the last one."""
    _before: int = attrs.field(default=0, init=False)
    is_slow: bool = attrs.field(default=False, init=False)
    """Whether the last question did not come back quickly."""
    _asked_at: float | None = attrs.field(default=None, init=False)
    _next: float = attrs.field(default=float("-inf"), init=False)
    _waits: int = attrs.field(default=0, init=False)

    def begin(self) -> None:
        """Begin a batch: who was silent in the one before gets as long again."""
        if not self.has_come:
            self.silent_since, self.visit, self._before = None, "", self.questions
            self._asked_at, self._next, self._waits, self.is_slow = None, float("-inf"), 0, False

    def note(self) -> None:
        """It has answered, whatever it was."""
        self.has_come = True
        self._asked_at = None

    @property
    def is_waited_for(self) -> bool:
        """Whether it was asked in vain, and no order of it is visited before it answers."""
        return not self.has_come and self.silent_since is not None and (self.is_slow or bool(self.visit))

    @property
    def times_asked(self) -> int:
        """How often it was asked in this batch."""
        return self.questions - self._before

    @property
    def is_asked(self) -> bool:
        """Whether a question has not come back."""
        return self._asked_at is not None

    def admits(self, *, in_work: bool) -> bool:
        """Whether an order may be visited.

        Args:
            in_work: Whether one of this portal's orders is.
        """
        return self.has_come or not (self.silent_since is None or self.is_waited_for or in_work)

    def wants_question(self, now: float) -> bool:
        """Whether it is time to ask it."""
        return not self.has_come and self._asked_at is None and now >= self._next

    def ask(self, now: float) -> int:
        """Note that it is asked now; return the number of the question."""
        self.questions += 1
        self._asked_at = now
        return self.questions

    def note_answer(self, question: int, status: int | None, now: float) -> None:
        """A question came back with an HTTP status, or (None) with nothing. An older one's nothing tells nothing."""
        if status is not None:
            self.note()
        elif question == self.questions and self._asked_at is not None:
            self._miss(now)
            self.is_slow = now - self._asked_at >= QUICK
            self._asked_at = None
            self._put_off(now)

    def note_failed_visit(self, text: str, now: float) -> None:
        """A visit came to no answer either; `text` says how."""
        self._miss(now)
        self.visit = text

    def pass_time(self, now: float) -> None:
        """Look at a question that has not come back."""
        if self.has_come or self._asked_at is None:
            return
        if now - self._asked_at >= QUICK:
            self._miss(now)
            self.is_slow = True
        if now - self._asked_at >= QUESTION_LASTS:
            self._asked_at, self._next = None, now

    def _miss(self, now: float) -> None:
        # From when it was noticed: a dispatcher that was held up itself must first read what has come meanwhile.
        self.silent_since = now if self.silent_since is None else self.silent_since

    def _put_off(self, now: float) -> None:
        self._waits += 1
        self._next = now + backoff(self._waits, first=FIRST_WAIT, most=LONGEST_WAIT)

    def is_given_up(self, now: float) -> bool:
        """Whether it was silent for too long, and a visit has failed as well unless it would only have waited."""
        if self.silent_since is None or self.times_asked - self.is_asked < LEAST_QUESTIONS:
            return False
        return self.is_waited_for and now - self.silent_since >= self.unreachable

    def times(self) -> tuple[float, ...]:
        """When it needs a look."""
        if self.has_come:
            return ()
        asked = (self._asked_at + QUICK, self._asked_at + QUESTION_LASTS) if self._asked_at is not None else ()
        given_up = (self.silent_since + self.unreachable,) if self.silent_since is not None else ()
        return (*asked, *given_up, self._next)

"""Where a child stands, and every move it can make: the one table that the supervisor's decisions go through.

A child is not one actor. It is a name under which one actor after another lives, each a *generation* with a number of
its own. A supervisor must know at any time whether a generation lives, whether anything of it is left, and whether
another is to follow. Those three questions are what the phases answer. This file does no I/O and decides nothing: it
says what is possible. The files beside it decide which of the possible things happens.

A life that goes well
---------------------

A child is IDLE until its turn comes; children start one after another, so that each may count on those before it. Then
a generation is made, and the child is STARTING. That is a phase of its own because a start takes time and may never
end. The generation itself says when it is ready, once, and the supervisor tells the observers; from then on the child
is RUNNING. When it is to end, it is asked to and is STOPPING: it finishes what it has in hand. Its actor ends, and the
child is CLEARING, while what the generation owned outside Python is killed, seen to be gone and cleaned up. After that
it is ENDED.

Who makes a move
----------------

Three parties do.

- The generation: it says READY, and the runtime says DOWN when its actor has ended.
- Time: NOT_READY, SILENT, TOO_SLOW, GIVEN_UP, NO_VERDICT, ASK_AGAIN and WAITED are alarms that the supervisor has set.
  So is LEFT_OVER when clearing takes too long.
- The supervisor, for others: CLEARED and LEFT_OVER are what a helper thread found. TURN, STOP, SIBLING_DOWN and
  LEAVE_DOWN follow from the rules (`rules.py`). KILL is the wish of another actor, FORCE comes from above, and LET_GO,
  HOLD and REFUSE are the words of the gate.

An event that finds a child in a phase where it means nothing is no error: a message may be late. `core.py` compares
generations and phases first and drops what is history. What is left is a move, and a move that this table does not
have is a bug of the supervisor. It raises, the supervisor ends, and *its* supervisor starts another. That is what
supervisors are for; a child in a wrong phase might be started twice.

Why the odd phases exist
------------------------

*KILLED is not STOPPING.* Both wait for the actor to end. A child that is STOPPING is waited for so that it can finish
its work; a child that is KILLED, because a thread cannot be killed. What it owns can be, and then a thread that waits
for it comes back. If it does not come back in time either, it is GIVEN_UP: the runtime fences it off, and the child
goes on without it. A child that is STARTING and owns something is killed at once instead of asked: it has nothing in
hand to finish, and may be stuck in its start, where it hears nothing.

*CLEARING stands between the end of an actor and everything else.* No generation starts while anything of the one before
may be alive. So there is one way out of a life, and it leads through this phase, even for a child that owns nothing.

*RETIRED is not ENDED.* Both are for good. ENDED follows from the spec: the child is done, or all are to end, or the
supervisor gives up because too many have ended. RETIRED means that the child may not come back: its gate refused, or
something of it is LEFT_OVER. The name stays taken, so that nothing is started beside what may live.

*ASKING, HELD and BACKOFF are three ways to wait.* A gate is an actor that is asked before each restart, if the spec
names one. ASKING waits for its word, with a limit, since a gate may be dead; HELD for its second word, after it said to
hold; BACKOFF for a delay to pass. A child that waits has nothing to clear, so a sibling's fate or the end of all moves
it at once. A child whose end was planned does not wait for a delay. HELD may follow itself: a gate may say hold twice.

How it is kept true
-------------------

`TRANSITIONS` maps a phase and an event to what follows. Most rows have one answer. Where a decision chooses between
several, the row holds a `Choice`: the phases, when each is chosen, and the function that chooses.

`ChildState.move` is the only code that changes a phase. `tests/supervise/test_transitions.py` reads the sources to
prove that, and drives the state machine of `test_machine.py` at random: every arrow is taken, so none is dead. The
picture in `docs/explanation/a-child.md` is drawn from the table by `scripts/docs_reference.py`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import attrs

from actors.supervise.spec import ChildSpec
from contracts.supervision import ChildCounts, Reason


class Phase(enum.Enum):
    """Where a child stands."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    KILLED = "killed"
    CLEARING = "clearing"
    ASKING = "asking"
    HELD = "held"
    BACKOFF = "backoff"
    RETIRED = "retired"
    ENDED = "ended"


LIVE = frozenset({Phase.STARTING, Phase.RUNNING, Phase.STOPPING, Phase.KILLED})
"""A generation's actor may be alive."""
WAITING = frozenset({Phase.ASKING, Phase.HELD, Phase.BACKOFF})
"""Nothing is alive, and a restart is waited for."""
FINAL = frozenset({Phase.RETIRED, Phase.ENDED})
"""Nothing leads out of these."""
SETTLED = FINAL | {Phase.IDLE}
"""Nothing is waited for."""


class Event(enum.Enum):
    """What moves a child. The value is how the picture in the docs says it."""

    TURN = "its turn comes"
    READY = "says it is ready"
    NOT_READY = "not ready in time"
    SILENT = "no sign of life"
    STOP = "is to end"
    TOO_SLOW = "does not stop in time"
    KILL = "is to be killed"
    FORCE = "all are to end now"
    DOWN = "its actor ends"
    GIVEN_UP = "its thread does not come back"
    CLEARED = "nothing of it is left"
    LEFT_OVER = "something of it is left"
    LET_GO = "the gate agrees"
    HOLD = "the gate says wait"
    REFUSE = "the gate refuses"
    NO_VERDICT = "the gate is silent"
    ASK_AGAIN = "is asked for again"
    WAITED = "the delay is over"
    SIBLING_DOWN = "shares a sibling's fate"
    LEAVE_DOWN = "is to stay down"


@attrs.frozen
class Choice:
    """A row whose event does not say alone what follows.

    Args:
        by: The function that chooses, as `module.Class.function` below `actors.supervise`.
        when: The phases that may follow, and when each is chosen.
    """

    by: str
    when: Mapping[Phase, str]


HOW_TO_END = Choice(
    by="children.Children.stop",
    when=MappingProxyType(
        {
            Phase.STOPPING: "it has time to finish what it has in hand",
            Phase.KILLED: "it has no time, or nothing in hand",
        }
    ),
)
WHETHER_TO_COME_BACK = Choice(
    by="core.SuperviseCore._after_clearing",
    when=MappingProxyType(
        {
            Phase.ENDED: "it is not to come back",
            Phase.ASKING: "it has a gate",
            Phase.IDLE: "it need not wait",
            Phase.BACKOFF: "it has failed again",
        }
    ),
)
HOW_LONG_TO_WAIT = Choice(
    by="core.SuperviseCore._resume",
    when=MappingProxyType({Phase.IDLE: "it need not wait", Phase.BACKOFF: "it has failed again"}),
)

TRANSITIONS: Mapping[tuple[Phase, Event], Phase | Choice] = MappingProxyType(
    {
        # up
        (Phase.IDLE, Event.TURN): Phase.STARTING,
        (Phase.STARTING, Event.READY): Phase.RUNNING,
        # down, with what it has in hand or without
        (Phase.STARTING, Event.STOP): HOW_TO_END,
        (Phase.RUNNING, Event.STOP): HOW_TO_END,
        (Phase.STARTING, Event.KILL): Phase.KILLED,
        (Phase.RUNNING, Event.KILL): Phase.KILLED,
        (Phase.STOPPING, Event.KILL): Phase.KILLED,
        (Phase.STOPPING, Event.FORCE): Phase.KILLED,
        (Phase.STARTING, Event.NOT_READY): Phase.KILLED,
        (Phase.RUNNING, Event.SILENT): Phase.KILLED,
        (Phase.STOPPING, Event.TOO_SLOW): Phase.KILLED,
        # its end, at any time of its life
        (Phase.STARTING, Event.DOWN): Phase.CLEARING,
        (Phase.RUNNING, Event.DOWN): Phase.CLEARING,
        (Phase.STOPPING, Event.DOWN): Phase.CLEARING,
        (Phase.KILLED, Event.DOWN): Phase.CLEARING,
        (Phase.KILLED, Event.GIVEN_UP): Phase.CLEARING,
        # what follows
        (Phase.CLEARING, Event.CLEARED): WHETHER_TO_COME_BACK,
        (Phase.CLEARING, Event.LEFT_OVER): Phase.RETIRED,
        # the gate
        (Phase.ASKING, Event.LET_GO): HOW_LONG_TO_WAIT,
        (Phase.ASKING, Event.NO_VERDICT): HOW_LONG_TO_WAIT,
        (Phase.ASKING, Event.HOLD): Phase.HELD,
        (Phase.ASKING, Event.REFUSE): Phase.RETIRED,
        (Phase.HELD, Event.LET_GO): HOW_LONG_TO_WAIT,
        (Phase.HELD, Event.HOLD): Phase.HELD,
        (Phase.HELD, Event.REFUSE): Phase.RETIRED,
        (Phase.HELD, Event.ASK_AGAIN): Phase.ASKING,
        # the delay
        (Phase.BACKOFF, Event.WAITED): Phase.IDLE,
        # what others' ends mean for one that waits
        (Phase.ASKING, Event.SIBLING_DOWN): Phase.IDLE,
        (Phase.HELD, Event.SIBLING_DOWN): Phase.IDLE,
        (Phase.BACKOFF, Event.SIBLING_DOWN): Phase.IDLE,
        (Phase.IDLE, Event.LEAVE_DOWN): Phase.ENDED,
        (Phase.ASKING, Event.LEAVE_DOWN): Phase.ENDED,
        (Phase.HELD, Event.LEAVE_DOWN): Phase.ENDED,
        (Phase.BACKOFF, Event.LEAVE_DOWN): Phase.ENDED,
    }
)


@attrs.frozen
class Arrow:
    """One way a child can go: what the picture shows, and what the tests count."""

    before: Phase
    event: Event
    after: Phase


def arrows() -> Iterator[Arrow]:
    """Return every arrow of the table, row by row."""
    for (before, event), row in TRANSITIONS.items():
        for after in row.when if isinstance(row, Choice) else (row,):
            yield Arrow(before, event, after)


class ImpossibleMoveError(RuntimeError):
    """A supervisor wanted to move a child in a way that the table does not have. It must end: it has a bug."""


@attrs.define(eq=False)
class ChildState:
    """One child as its supervisor's core sees it.

    Args:
        spec: Its spec.
        generation: Its present or last generation.
    """

    spec: ChildSpec
    generation: int
    _phase: Phase = attrs.field(default=Phase.IDLE, init=False)
    was_ready: bool = False
    ready_at: float | None = None
    lived: float = 0.0
    failures: int = 0
    requested: str = ""
    """Why this supervisor wanted the end of the generation in hand, or empty."""
    planned: bool = False
    """Whether that end is not a failure: a stop, a recycling, a sibling's fate."""
    not_ready: bool = False
    unanswered: bool = False
    """Whether it was asked for a sign of life and has given none since."""
    gone: bool = True
    reason: Reason | None = None
    remove: bool = False

    @property
    def phase(self) -> Phase:
        """Where it stands. Only `move` changes it."""
        return self._phase

    def move(self, event: Event, chosen: Phase | None = None) -> None:
        """Go where the table says.

        Args:
            event: What happens to the child.
            chosen: Which phase was chosen, where the row is a `Choice`.

        Raises:
            ImpossibleMoveError: The table has no such move.
        """
        row = TRANSITIONS.get((self._phase, event))
        after = chosen if isinstance(row, Choice) else row
        if after is None or (isinstance(row, Choice) and after not in row.when) or chosen not in (None, after):
            wanted = f" to {chosen.value}" if chosen is not None else ""
            raise ImpossibleMoveError(f"{self.spec.id} is {self._phase.value}; {event.name} does not lead{wanted}.")
        self._phase = after


def count(children: Iterable[ChildState]) -> ChildCounts:
    """Count children by where they stand."""
    phases = [child.phase for child in children]
    return ChildCounts(
        specs=len(phases),
        active=sum(phase in LIVE for phase in phases),
        restarting=sum(phase in WAITING or phase is Phase.CLEARING for phase in phases),
        retired=sum(phase is Phase.RETIRED for phase in phases),
    )

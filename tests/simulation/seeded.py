"""Schedules made from a seed: one number gives the same faults, the same turns and the same end each time.

They do what the state machine in `test_schedules.py` does. That one can shrink what it finds; a seed is named in one
word, costs less, and is what `python -m tests.simulation.replay` takes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tests.simulation import ledger
from tests.simulation.faults import POINTS
from tests.simulation.lives import SYSTEM_ACTORS
from tests.simulation.run import SIM_SETTINGS, SimRun

STEPS_OF_A_SCHEDULE = 50
SHARE_OF_OPEN_BATCHES = 0.4
STEPS_BEFORE_AN_EXIT = 60
"""Turns the tree has had before the session may end; a shutdown during the start is swept on its own."""

Say = Callable[[str], None]


def chooser(chance: random.Random) -> Callable[[Sequence[str]], int]:
    """Return what picks who goes on next."""
    return lambda names: chance.randrange(len(names)) if len(names) > 1 else 0


class Schedule:
    """One schedule.

    Args:
        seed: All there is to know of it.
        say: Told each thing that is done.
        trace: Filled with what was told to whom.
    """

    def __init__(self, seed: int, say: Say | None = None, trace: list[str] | None = None) -> None:
        self._seed = seed
        self._chance = random.Random(f"schedule {seed}")
        self._say = say or (lambda _text: None)
        self.run = SimRun(chooser(self._chance), SIM_SETTINGS)
        self.run.auditor.trace = trace

    def play(self) -> None:
        """Play it to its end.

        Raises:
            Violation: An invariant does not hold.
        """
        chance, run = self._chance, self.run
        kinds = (self._go_on, self._let_time_pass, self._arm, self._kill_a_browser, self._end_an_actor, self._turn)
        try:
            count = chance.randint(1, 12)
            is_open = random.Random(f"open {self._seed}").random() < SHARE_OF_OPEN_BATCHES
            self._done(f"{count} orders are submitted" + (" to an open batch, by two" if is_open else ""))
            run.submit(count, [chance.randint(-1, 1) for _ in range(count)], is_open=is_open)
            for _ in range(STEPS_OF_A_SCHEDULE):
                chance.choices((*kinds, self._ask, self._shut_down), (10, 2, 10, 2, 1, 4, 1, 0.3))[0]()
                run.check()
            self._done("faults cease")
            run.settle()
        finally:
            run.bury()

    def _done(self, text: str, fault: str = "") -> None:
        self._say(f"{self.run.hub.clock.time:10.3f} s  {text}")
        if fault:
            ledger.note(fault)

    def _go_on(self) -> None:
        steps = self._chance.randint(1, 40)
        self._done(f"{steps} turns")
        self.run.take_turns(steps)

    def _let_time_pass(self) -> None:
        seconds = self._chance.choice((0.5, 5.0, 31.0, 65.0))
        self._done(f"{seconds:g} s pass")
        self.run.hub.run_for(seconds)

    def _arm(self) -> None:
        (step, fault), times = self._chance.choice(POINTS), self._chance.randint(1, 3)
        self._done(f"armed, {times} times: {fault.value}, at: {step.value}")
        self.run.world.arm(step, fault, times)

    def _kill_a_browser(self) -> None:
        world = self.run.world
        live = world.live_owners()
        if live:
            owner = self._chance.choice(live)
            self._done(f"the browser of {owner} is killed from outside", "a browser is killed from outside")
            world.die(world.processes_by_owner[owner])

    def _end_an_actor(self) -> None:
        if self.run.exit_told_at is not None:
            return
        name, seconds = self._chance.choice(SYSTEM_ACTORS), self._chance.choice((0.0, 0.0, 20.0, 50.0))
        if seconds:
            self._done(f"the {name} is kept busy for {seconds:g} s", f"the {name} is busy for {seconds:g} s")
            self.run.stall_actor(name, seconds)
        else:
            self._done(f"the {name} dies", f"death of the {name}")
            self.run.kill_actor(name)

    def _turn(self) -> None:
        """Change something of the world."""
        chance, run, world = self._chance, self.run, self.run.world
        match chance.randrange(6):
            case 0:
                world.memory_fraction = chance.choice((0.2, 0.8, 0.9))
                self._done(f"memory is {world.memory_fraction:.0%} used", "the memory in use changes")
            case 1:
                world.free_disk = chance.choice((0, 10**12))
                self._done(f"the disk has {world.free_disk} bytes left", "the free disk space changes")
            case 2:
                world.portal_down = not world.portal_down
                self._done(f"the portal is {'down' if world.portal_down else 'back'}", "the portal goes or comes")
            case 3:
                run.callback.raises += 2
                self._done("the callback raises twice", "the callback raises")
            case 4:
                run.callback.blocks += 1
                self._done("the callback blocks", "the callback blocks")
            case _:
                run.hub.clock.wall_offset += chance.choice((-86_400.0, 3_600.0))
                self._done("the wall clock jumps", "the wall clock jumps")

    def _ask(self) -> None:
        self._done("the root is asked")
        self.run.ping()

    def _shut_down(self) -> None:
        if self.run.hub.steps > STEPS_BEFORE_AN_EXIT:
            force, again = self._chance.random() < 0.5, self.run.exit_told_at is not None
            what = "shutdown, again" if again else "shutdown, forced" if force else "shutdown"
            self._done(what, what)
            self.run.shut_down(force=force)

"""The supervisors of a real crew take the arrows of a child's table, all but a few that its specs make rare."""

from __future__ import annotations

from actors.supervise.transitions import Arrow, Event, Phase, arrows
from tests.simulation.mutants import scenarios
from tests.simulation.mutants.hunt import play
from tests.simulation.seeded import Schedule
from tests.supervise.arrows_taken import noted

SEEDS = 40
RARE = {
    # every child of a crew that takes long to start owns something, and is killed
    Arrow(Phase.STARTING, Event.STOP, Phase.STOPPING),
    # a monitor that has held a restart lets it go or asks again
    Arrow(Phase.HELD, Event.HOLD, Phase.HELD),
    Arrow(Phase.HELD, Event.REFUSE, Phase.RETIRED),
    # the crew shares no fate, and nobody else has a gate
    Arrow(Phase.ASKING, Event.SIBLING_DOWN, Phase.IDLE),
    Arrow(Phase.HELD, Event.SIBLING_DOWN, Phase.IDLE),
    # possible, but two rare things at once; the random walks of tests/supervise take them
    Arrow(Phase.HELD, Event.LET_GO, Phase.BACKOFF),
    Arrow(Phase.BACKOFF, Event.SIBLING_DOWN, Phase.IDLE),
    Arrow(Phase.ASKING, Event.LEAVE_DOWN, Phase.ENDED),
    Arrow(Phase.HELD, Event.LEAVE_DOWN, Phase.ENDED),
    Arrow(Phase.STARTING, Event.KILL, Phase.KILLED),
    Arrow(Phase.STOPPING, Event.KILL, Phase.KILLED),
}


def test_a_crew_takes_the_arrows_of_the_table() -> None:
    """What a whole crew with faults does is what the table says, and the table is not only for the core's own tests."""
    with noted() as taken:
        for scenario in scenarios.ALL:
            play(scenario)
        for seed in range(SEEDS):
            Schedule(seed).play()
    assert {arrow for arrow in arrows() if arrow not in taken} <= RARE

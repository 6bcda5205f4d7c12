"""The account that the auditor keeps must itself be right: rare schedules that it once judged wrongly."""

from __future__ import annotations

from actors.session.tree import DISPATCHER, MONITOR, ROOT
from tests.simulation.run import SimRun


def test_a_thread_that_its_supervisor_goes_on_without_is_one_of_the_deaths_it_gives_up_after() -> None:
    """Five deaths may be followed by restarts, the sixth ends it all, though that thread itself ends only later."""
    run = SimRun(lambda _names: 0)
    try:
        run.submit(1, [])
        run.pass_time(0.5)
        run.stall_actor(DISPATCHER, 50.0)
        for _ in range(5):
            run.kill_actor(MONITOR)
            run.pass_time(5.0)
        assert run.until(lambda: not run.system.is_alive(ROOT), 60.0), "the sixth death within a minute ends the tree"
        run.check()
        monitors = [name for name, kind in run.auditor.lives.down_order if name == MONITOR and kind.is_abnormal]
        assert len(monitors) == 5
        assert (DISPATCHER, True) not in [(name, kind.is_abnormal) for name, kind in run.auditor.lives.down_order]
    finally:
        run.bury()

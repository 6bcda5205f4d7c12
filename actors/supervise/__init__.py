"""Supervision for pykka actors: child specs, strategies, restart intensity, backoff, ordered start and stop.

It knows no browsers. To supervise your own actors you need `ChildSpec`, `SupervisorSpec` and `Supervisor`; see
`docs/how-to/supervise-your-own-actors.md`.
"""

from __future__ import annotations

from actors.supervise.actor import AddChild as AddChild, Supervisor as Supervisor, supervisor as supervisor
from actors.supervise.spec import (
    AutoShutdown as AutoShutdown,
    ChildSpec as ChildSpec,
    Restart as Restart,
    Strategy as Strategy,
    SupervisorSpec as SupervisorSpec,
)

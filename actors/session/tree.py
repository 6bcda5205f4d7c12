"""The supervision tree of a crew, as specs: who is started by whom, in which order, and who shares whose fate.

root         one_for_one
|- reporter
|- login broker
`- engine    rest_for_one
   |- dispatcher
   |- crew   one_for_one, its children in parallel
   |  `- worker-1 .. worker-N
   `- monitor
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from typing import Any

import attrs

from actors.dispatch.actor import Dispatcher, DispatcherTools
from actors.dispatch.submissions import Submissions
from actors.logins.actor import LoginBroker
from actors.logins.core import LoginBook
from actors.monitor.actor import Gauges, MemoryView, Monitor
from actors.reporter.actor import ProgressReporter
from actors.reporter.callback_runner import CallbackRunner
from actors.runtime import Latest
from actors.session.owned_browsers import OwnedBrowsers
from actors.session.run_resources import RunResources
from actors.supervise import AutoShutdown, ChildSpec, Restart, Strategy, SupervisorSpec, supervisor
from actors.worker.actor import Worker
from actors.worker.duties import portal_visits
from actors.worker.secrets import KnownSecrets
from actors.worker.visitor import WorkerTools
from actors.worker.watch import Revocations
from contracts.config import RestartIntensity, Settings
from contracts.ports import CredentialSource, Journal, Owner
from contracts.status import Progress

ROOT = "root"
REPORTER = "reporter"
LOGIN_BROKER = "login-broker"
ENGINE = "engine"
DISPATCHER = "dispatcher"
CREW = "crew"
MONITOR = "monitor"

_SYSTEM_INTENSITY = RestartIntensity(max_restarts=5, window=60.0)
"""The limit of everything but the crew: actors without browsers have no reason to die often."""
HEARTBEAT_TIMEOUT = 30.0
"""Seconds after which an actor that gives no sign of life is replaced. Only workers may be busy for longer."""


@attrs.frozen(kw_only=True)
class TreeParts:
    """What the tree is built from; all of it outlives any one actor.

    Args:
        workers: How many worker slots.
        settings: Every setting.
        run_resources: Browsers, processes, folders.
        journal: What is written down.
        progress: Where the dispatcher shows its snapshot.
        memory: Where the monitor shows its last reading.
        callbacks: Makes the calls of the user's callback.
        make_progress: Returns what the callback gets, or None while no batch is in work.
        credentials: What to log in with.
        logins: Which hosts refused a login.
        seed: Seeds all jitter.
        submissions: Who waits for which task.
        answered: Hosts that have answered something in this session.
        secrets: What must not be shown.
    """

    workers: int
    settings: Settings
    run_resources: RunResources
    journal: Journal
    progress: Latest[Progress]
    memory: Latest[MemoryView]
    callbacks: CallbackRunner
    make_progress: Callable[[], dict[str, Any] | None]
    credentials: CredentialSource
    logins: LoginBook
    seed: int
    secrets: KnownSecrets = attrs.field(factory=KnownSecrets)
    revocations: Revocations = attrs.field(factory=Revocations)
    submissions: Submissions = attrs.field(factory=Submissions)
    answered: set[str] = attrs.field(factory=set)
    browsers: OwnedBrowsers = attrs.field(init=False)

    @browsers.default
    def _browsers(self) -> OwnedBrowsers:
        return OwnedBrowsers(self.run_resources.browsers, self.revocations)


def worker_tools(parts: TreeParts) -> WorkerTools:
    """Return what every worker is built with."""
    return WorkerTools(
        browsers=parts.run_resources.browsers,
        fetcher=parts.run_resources.make_fetcher,
        portal=parts.run_resources.portal,
        filing=parts.run_resources.filing,
        settings=parts.settings,
        revocation=parts.revocations.of,
        secrets=parts.secrets,
    )


def gauges_of(parts: TreeParts) -> Gauges:
    """Return what is read of memory and disk."""
    resources = parts.run_resources
    return Gauges(resources.browsers, resources.machine_memory, resources.filing.free_bytes)


def root_spec(parts: TreeParts) -> SupervisorSpec:
    """Return the spec of the whole tree."""
    bound = parts.settings.timeouts.shutdown + parts.settings.timeouts.force
    return SupervisorSpec(
        children=(
            ChildSpec(
                id=REPORTER,
                start=lambda context: ProgressReporter(context, parts.callbacks, parts.make_progress),
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
            ),
            ChildSpec(
                id=LOGIN_BROKER,
                start=lambda context: LoginBroker(context, parts.credentials, parts.logins, DISPATCHER),
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
            ),
            ChildSpec(
                id=ENGINE,
                start=supervisor(_engine_spec(parts)),
                restart=Restart.TRANSIENT,
                significant=True,
                shutdown=bound,
                # What its own children may share; the session bounds a forced end of the whole tree.
                kill_timeout=3 * parts.settings.timeouts.force,
            ),
        ),
        intensity=_SYSTEM_INTENSITY,
        auto_shutdown=AutoShutdown.ANY_SIGNIFICANT,
        seed=parts.seed,
    )


def _engine_spec(parts: TreeParts) -> SupervisorSpec:
    settings = parts.settings
    tools = DispatcherTools(
        journal=parts.journal,
        filing=parts.run_resources.filing,
        submissions=parts.submissions,
        progress=parts.progress,
        retry=settings.retry,
        timeouts=settings.timeouts,
        chance=lambda: random.Random(parts.seed),  # noqa: S311 - jitter, no secret
        crew=CREW,
        login_broker=LOGIN_BROKER,
        monitor=MONITOR,
        make_prober=parts.run_resources.make_prober,
        answered=parts.answered,
    )
    orphans = _Orphans(parts.browsers)
    return SupervisorSpec(
        children=(
            ChildSpec(
                id=DISPATCHER, start=lambda context: Dispatcher(context, tools), heartbeat_timeout=HEARTBEAT_TIMEOUT
            ),
            ChildSpec(
                id=CREW,
                start=supervisor(crew_spec(parts, tuple(f"worker-{number}" for number in range(1, parts.workers + 1)))),
                restart=Restart.TRANSIENT,
                significant=True,
                shutdown=settings.timeouts.shutdown,
                kill_timeout=2 * settings.timeouts.force,
                kill=orphans.kill,
                confirm_dead=orphans.confirm_dead,
                cleanup=orphans.clean_up,
            ),
            ChildSpec(
                id=MONITOR,
                start=lambda context: Monitor(
                    context,
                    limits=settings.limits,
                    gauges=gauges_of(parts),
                    latest=parts.memory,
                    crew=CREW,
                    dispatcher=DISPATCHER,
                ),
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
            ),
        ),
        strategy=Strategy.REST_FOR_ONE,
        intensity=_SYSTEM_INTENSITY,
        auto_shutdown=AutoShutdown.ANY_SIGNIFICANT,
        seed=parts.seed,
    )


class _Orphans:
    """What a crew leaves that ends without taking its workers down: a supervisor may die, too."""

    def __init__(self, browsers: OwnedBrowsers) -> None:
        self._browsers = browsers
        self._found: set[Owner] = set()

    def kill(self, _generation: int) -> None:
        """Kill every browser that is left, and let no worker that is just beginning start one."""
        self._found.update(self._browsers.kill_all())

    def confirm_dead(self, _generation: int, timeout: float) -> bool:
        """Wait until all are gone."""
        return self._browsers.confirm_all_gone(timeout)

    def clean_up(self, _generation: int) -> None:
        """Remove what they left."""
        for owner in sorted(self._found, key=str):
            self._browsers.clear(owner)
        self._found.clear()


def crew_spec(parts: TreeParts, names: tuple[str, ...]) -> SupervisorSpec:
    """Return the rules of a crew: the limits of restarting, and each worker's deadlines and clearing.

    The sequential mode is bound by the same ones; it starts no actors by them.

    Args:
        parts: What the tree is built from.
        names: The workers.
    """
    tools = worker_tools(parts)
    return SupervisorSpec(
        children=tuple(_worker_spec(name, parts, tools) for name in names),
        intensity=parts.settings.intensity,
        auto_shutdown=AutoShutdown.ALL_SIGNIFICANT,
        parallel=True,
        verdict_timeout=parts.settings.timeouts.restart_verdict,
        observers=(DISPATCHER, MONITOR, REPORTER),
        seed=parts.seed,
    )


def _worker_spec(name: str, parts: TreeParts, tools: WorkerTools) -> ChildSpec:
    browsers, timeouts = parts.browsers, parts.settings.timeouts
    visits = functools.partial(portal_visits, tools)
    return ChildSpec(
        id=name,
        start=lambda context: Worker(context, visits, dispatcher=DISPATCHER, login_broker=LOGIN_BROKER),
        ready_timeout=timeouts.worker_ready,
        shutdown=timeouts.shutdown,
        # Half for the thread to come back and half for its processes to go, so that both fit into a forced shutdown.
        kill_timeout=timeouts.force / 2,
        confirm_timeout=timeouts.force,
        significant=True,
        gate=MONITOR,
        kill=lambda generation: browsers.kill(Owner(name, generation)),
        confirm_dead=lambda generation, timeout: browsers.confirm_gone(Owner(name, generation), timeout),
        cleanup=lambda generation: browsers.clear(Owner(name, generation)),
    )

"""What a supervisor is told about its children, after OTP's child specs.

`kill`, `confirm_dead` and `cleanup` stand for what a child owns outside Python. They run on a helper thread, so the
supervisor stays able to answer while they take their time. A faulty spec is refused where it is written, not when a
child first ends.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from contracts import checks
from contracts.errors import ConfigurationError
from contracts.supervision import RestartIntensity

if TYPE_CHECKING:  # so that the core, which needs the spec, stays free of actors and threads
    from actors.runtime import Actor, Context


class Restart(enum.Enum):
    """When a child that ended is started again: always, after an abnormal end, or never."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"


class Strategy(enum.Enum):
    """Which siblings share a child's fate: none, all, or those started after it."""

    ONE_FOR_ONE = "one_for_one"
    ONE_FOR_ALL = "one_for_all"
    REST_FOR_ONE = "rest_for_one"


class AutoShutdown(enum.Enum):
    """Whether the supervisor ends when significant children have ended for good."""

    NEVER = "never"
    ANY_SIGNIFICANT = "any_significant"
    ALL_SIGNIFICANT = "all_significant"


def _a_name(_instance: Any, attribute: Any, value: Any) -> None:
    """Accept a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{attribute.name} must be a name, not {value!r}.")


def _to_call(_instance: Any, attribute: Any, value: Any) -> None:
    """Accept what can be called."""
    if not callable(value):
        raise ConfigurationError(f"{attribute.name} must be something to call, not {value!r}.")


def _at_least(least: float) -> checks.Validator:
    """Return a validator that accepts numbers from `least`; infinity, too, for what has no limit."""
    return checks.number(least, endless=True)


def _or_none(validator: checks.Validator) -> checks.Validator:
    """Return a validator that accepts None as well."""

    def check(instance: Any, attribute: Any, value: Any) -> None:
        if value is not None:
            validator(instance, attribute, value)

    return check


def _nothing(_generation: int) -> None:
    """Do nothing: the child owns nothing outside Python."""


def _gone(_generation: int, _timeout: float) -> bool:
    """Say at once that nothing is left: the child owns nothing outside Python."""
    return True


_SHORTEST_HEARTBEAT = 0.01
"""Seconds. A child that is asked without a pause does nothing else."""


@attrs.frozen(kw_only=True)
class ChildSpec:
    """One child.

    Args:
        id: Its name, unique within the system.
        start: Builds the actor of a new generation.
        restart: When it is started again.
        ready_timeout: Seconds it may take to report ready; None for no limit.
        shutdown: Seconds it may take to stop when asked; 0 kills at once.
        kill_timeout: Seconds it may take to go down once killed; then it is abandoned and fenced off.
        confirm_timeout: Seconds what it owned may take to be gone; after that the child is retired.
        cleanup_timeout: Seconds that `kill` and `cleanup` may take besides; after that the child is retired, too.
        heartbeat_timeout: Seconds without a sign of life after which it is taken for hung and killed; None asks for
            none. The base class answers between two messages, so it must be longer than any message takes.
        significant: Whether its end for good counts for `AutoShutdown`.
        gate: Name of an actor that is asked before each restart, or None.
        kill: Ends what the generation owns outside Python. Must return soon.
        confirm_dead: Waits up to the given seconds; True when nothing the generation owned is alive.
        cleanup: Removes what the generation left. Runs only after `confirm_dead` said True. What it raises is logged,
            and keeps nobody from starting the next one.
    """

    id: str = attrs.field(validator=_a_name)
    start: Callable[[Context], Actor] = attrs.field(validator=_to_call)
    restart: Restart = attrs.field(default=Restart.PERMANENT, validator=checks.of_kind(Restart))
    ready_timeout: float | None = attrs.field(default=30.0, validator=_or_none(_at_least(0.0)))
    shutdown: float = attrs.field(default=5.0, validator=_at_least(0.0))
    kill_timeout: float = attrs.field(default=10.0, validator=_at_least(0.0))
    confirm_timeout: float = attrs.field(default=10.0, validator=_at_least(0.0))
    cleanup_timeout: float = attrs.field(default=30.0, validator=_at_least(0.0))
    heartbeat_timeout: float | None = attrs.field(default=None, validator=_or_none(_at_least(_SHORTEST_HEARTBEAT)))
    significant: bool = attrs.field(default=False, validator=checks.of_kind(bool))
    gate: str | None = attrs.field(default=None, validator=_or_none(_a_name))
    kill: Callable[[int], None] = attrs.field(default=_nothing, validator=_to_call)
    confirm_dead: Callable[[int, float], bool] = attrs.field(default=_gone, validator=_to_call)
    cleanup: Callable[[int], None] = attrs.field(default=_nothing, validator=_to_call)

    @property
    def owns_something(self) -> bool:
        """Whether a helper thread is needed to clear up after a generation."""
        return self.kill is not _nothing or self.confirm_dead is not _gone or self.cleanup is not _nothing


def _ids_differ(_instance: Any, _attribute: Any, value: Any) -> None:
    if not isinstance(value, tuple) or not all(isinstance(spec, ChildSpec) for spec in value):
        raise ConfigurationError(f"children must be a tuple of ChildSpec, not {value!r}.")
    ids = [spec.id for spec in value]
    if len(set(ids)) != len(ids):
        raise ConfigurationError(f"Two children of one supervisor share a name: {', '.join(sorted(ids))}.")


@attrs.frozen(kw_only=True)
class SupervisorSpec:
    """A supervisor's settings and its children, the first to start first.

    Args:
        children: The first to start first; stopped in reverse.
        strategy: Who shares a child's fate.
        intensity: How many restarts are allowed, and their spacing.
        auto_shutdown: Whether the end of significant children ends it.
        max_children: Most children there may be, dynamic ones included; None for no limit.
        parallel: Start and stop children side by side instead of one by one, as a crew of equals.
        verdict_timeout: Seconds a gate may take to answer before the supervisor goes on by its own rule.
        observers: Names of actors that are told every `ChildEvent`.
        seed: Seeds the jitter of its backoff.
    """

    children: tuple[ChildSpec, ...] = attrs.field(validator=_ids_differ)
    strategy: Strategy = attrs.field(default=Strategy.ONE_FOR_ONE, validator=checks.of_kind(Strategy))
    intensity: RestartIntensity = attrs.field(factory=RestartIntensity, validator=checks.of_kind(RestartIntensity))
    auto_shutdown: AutoShutdown = attrs.field(default=AutoShutdown.NEVER, validator=checks.of_kind(AutoShutdown))
    max_children: int | None = attrs.field(default=None, validator=_or_none(_at_least(0)))
    parallel: bool = attrs.field(default=False, validator=checks.of_kind(bool))
    verdict_timeout: float = attrs.field(default=1.0, validator=_at_least(0.0))
    observers: tuple[str, ...] = ()
    seed: int = 0

    def __attrs_post_init__(self) -> None:
        if self.parallel and self.strategy is not Strategy.ONE_FOR_ONE:
            raise ConfigurationError("Children started in parallel are equals, so only one_for_one fits them.")
        if self.max_children is not None and len(self.children) > self.max_children:
            raise ConfigurationError(f"There are {len(self.children)} children; at most {self.max_children} may be.")

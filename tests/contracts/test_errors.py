"""The exception tree that callers catch by, and the codes that reports carry."""

from __future__ import annotations

import inspect

import pytest

import contracts
from contracts import errors
from contracts.errors import (
    ERROR_MAPPING,
    AuthenticationError,
    Blame,
    BrowserDiedError,
    BrowserNotFoundError,
    ConfigurationError,
    CrewFailedError,
    DownloadFolderError,
    InputFileError,
    InsufficientResourcesError,
    JournalError,
    MachineError,
    NetworkError,
    ParallelProcessingError,
    PONotFoundError,
    PoolError,
    PoolNotReadyError,
    PoolShutdownError,
    PortalError,
    PortalUnreachableError,
    ProfileCorruptionError,
    SessionBusyError,
    SessionCorruptionError,
    WorkerError,
    WrongPageError,
    error_code,
)

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        (PoolError, ParallelProcessingError),
        (ConfigurationError, PoolError),
        (ProfileCorruptionError, PoolError),
        (InsufficientResourcesError, PoolError),
        (PoolShutdownError, PoolError),
        (WorkerError, PoolError),
        (AuthenticationError, WorkerError),
        (PONotFoundError, WorkerError),
        (NetworkError, WorkerError),
        (SessionCorruptionError, WorkerError),
        (PoolNotReadyError, PoolError),
        (PortalUnreachableError, NetworkError),
    ],
)
def test_the_tree_is_the_contracts(kind: type[Exception], base: type[Exception]) -> None:
    """Contract 85 and 86: the named base is the direct one."""
    assert kind.__bases__[0] is base


@pytest.mark.parametrize("kind", ALL)
def test_every_error_has_the_one_root_a_blame_a_code_and_is_importable_from_contracts(kind: type[Exception]) -> None:
    assert issubclass(kind, ParallelProcessingError)
    assert isinstance(kind.blame, Blame)
    assert error_code(kind) in set(ERROR_MAPPING.values())
    assert getattr(contracts, kind.__name__) is kind
    assert str(kind("what happened")) == "what happened"


@pytest.mark.parametrize(
    "kind", [BrowserNotFoundError, DownloadFolderError, InputFileError, JournalError, ConfigurationError]
)
def test_what_a_person_can_mend_before_a_run_is_a_configuration_error_and_a_value_error(kind: type[Exception]) -> None:
    assert issubclass(kind, ConfigurationError)
    assert issubclass(kind, ValueError)


def test_a_portal_that_does_not_answer_is_no_fault_of_a_setting() -> None:
    """Nothing that was set has to be set otherwise, and no argument has a wrong value."""
    assert not issubclass(PortalUnreachableError, ConfigurationError | ValueError)
    assert PortalUnreachableError.blame is Blame.NETWORK


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ProfileCorruptionError, "PROFILE_ERROR"),
        (InsufficientResourcesError, "RESOURCE_ERROR"),
        (MachineError, "RESOURCE_ERROR"),
        (PONotFoundError, "PO_NOT_FOUND"),
        (NetworkError, "NETWORK_ERROR"),
        (PortalError("x", http_status=503), "NETWORK_ERROR"),
        (PortalUnreachableError, "NETWORK_ERROR"),
        (AuthenticationError, "AUTH_ERROR"),
        (BrowserDiedError("x"), "SESSION_ERROR"),
        (BrowserNotFoundError, "CONFIG_ERROR"),
        (PoolShutdownError, "POOL_SHUTDOWN"),
        (WrongPageError, "WORKER_ERROR"),
        (SessionBusyError, "WORKER_ERROR"),
        (KeyError("x"), "WORKER_ERROR"),
    ],
)
def test_codes_follow_the_bases_of_the_error(error: Exception | type[Exception], code: str) -> None:
    """Contract 111 and part 1."""
    assert error_code(error) == code


@pytest.mark.parametrize(
    ("kind", "blame"),
    [
        (PONotFoundError, Blame.ITEM),
        (WrongPageError, Blame.ITEM),
        (PortalError, Blame.PORTAL),
        (NetworkError, Blame.NETWORK),
        (AuthenticationError, Blame.AUTH),
        (BrowserDiedError, Blame.BROWSER),
        (CrewFailedError, Blame.BROWSER),
        (MachineError, Blame.MACHINE),
    ],
)
def test_each_failure_is_charged_to_whose_fault_it_is(kind: type[ParallelProcessingError], blame: Blame) -> None:
    assert kind.blame is blame


def test_the_codes_cannot_be_changed_from_outside() -> None:
    with pytest.raises(TypeError):
        ERROR_MAPPING[KeyError] = "x"  # type: ignore[index]  # what is proved


def test_a_portal_error_carries_what_the_portal_said() -> None:
    error = PortalError("It is busy.", http_status=503, retry_after=7.0)
    assert (str(error), error.http_status, error.retry_after) == ("It is busy.", 503, 7.0)
    assert (PortalError("x").http_status, PortalError("x").retry_after) == (0, None)

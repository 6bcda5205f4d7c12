"""The exception tree, who is to blame for a failure, and the error codes that reports carry.

Everything that can go wrong has a class here, so that a caller can catch as widely or as narrowly as it wants.
A failure's *blame* decides which budget pays for it; its *code* is the stable word for reports and spreadsheets.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class Blame(enum.Enum):
    """Whose fault a failure is. Each blame has its own budget, so that nobody is charged for another's fault."""

    ITEM = "item"
    PORTAL = "portal"
    NETWORK = "network"
    AUTH = "auth"
    BROWSER = "browser"
    PROGRAM = "program"
    MACHINE = "host"  # the word that journals have on disk


class ParallelProcessingError(Exception):
    """Root of every error this package raises on purpose (contract 49)."""

    blame: ClassVar[Blame] = Blame.PROGRAM


class PoolError(ParallelProcessingError):
    """Something about the crew as a whole (contract 85)."""


class ConfigurationError(PoolError, ValueError):
    """A setting is missing, out of range or contradicts another one (contract 85)."""


class ProfileCorruptionError(PoolError):
    """The base profile cannot be read or cloned. The pool stops: sequential mode would use the same profile."""

    blame = Blame.MACHINE


class InsufficientResourcesError(PoolError):
    """The machine has too little memory or disk to start (contract 68, 85)."""

    blame = Blame.MACHINE


class PoolShutdownError(PoolError):
    """A task was offered to a pool that is shutting down or has ended (contract 70)."""


class PoolNotReadyError(PoolError):
    """A task was offered to a pool that was never started."""


class SessionBusyError(PoolError):
    """A second batch was offered to a session that is working on one."""


class StaleEpochError(PoolError):
    """A dispatcher that was replaced tried to write to the journal. It must end."""


class CrewFailedError(PoolError):
    """The crew could not be kept alive: every slot is retired, or its restart limit is reached."""

    blame = Blame.BROWSER


class BrowserNotFoundError(ConfigurationError):
    """No usable browser or driver was found. The message names the ways to get one."""


class DownloadFolderError(ConfigurationError):
    """The download folder cannot be written, or another process is using it."""


class JournalError(ConfigurationError):
    """The journal or the manifest beside it cannot be used: newer, damaged, in use, or changed by something else."""


class InputFileError(ConfigurationError):
    """A file of orders or settings cannot be read at all."""


class MachineError(PoolError):
    """The disk is full or a folder became unwritable while working. Dispatch pauses; no order is failed for it."""

    blame = Blame.MACHINE


class FolderReplacedError(MachineError):
    """Something else was put in the place of the download folder, or of a part of it, while working.

    Waiting does not cure it: the run ends, and can be resumed when the folder is right again.
    """


class DiskFullError(MachineError):
    """There is no room to write down what happens. Everything waits until there is some."""


class WorkerError(PoolError):
    """Something that concerns one worker or one purchase order (contract 86)."""

    blame = Blame.BROWSER


class AuthenticationError(WorkerError):
    """The portal asks for a login, or refused the one it got (contract 78)."""

    blame = Blame.AUTH


class LoginRefusedError(AuthenticationError):
    """The login page would send user name and password elsewhere, or may do so. They were not sent."""


class LoginDivertedError(AuthenticationError):
    """The portal answered a login with a redirect to a host that is not a part of it. It was not followed."""


class LoginUnclearError(AuthenticationError):
    """The login was sent, and the login page stays: neither accepted nor rejected, as far as anybody can tell."""


class PONotFoundError(WorkerError):
    """The portal says that the purchase order does not exist or may not be seen (contract 78)."""

    blame = Blame.ITEM


class WrongPageError(WorkerError):
    """The page shown is another order's, or none at all. Nothing on it may be filed under this order."""

    blame = Blame.ITEM


class PageReadingError(WorkerError):
    """The page cannot be read: it goes on to others for ever, it refuses, or the portal adapter stumbled over it."""

    blame = Blame.ITEM


class UnprovenListError(WorkerError):
    """The order's page lists no attachment, and does not prove that there is none."""

    blame = Blame.ITEM


class AttachmentError(WorkerError):
    """An attachment arrived, but is not what it must be: empty, truncated, too large or of another type."""

    blame = Blame.PORTAL


class AttachmentRefusedError(AttachmentError):
    """An attachment that is not fetched or not given out, so that another visit would bring nothing. Never retried."""

    blame = Blame.ITEM


class AttachmentLimitError(AttachmentError):
    """An attachment, or their number, passes a configured limit. Never retried."""

    blame = Blame.ITEM


class NetworkError(WorkerError):
    """The portal could not be reached, or the connection broke (contract 78)."""

    blame = Blame.NETWORK


class PortalError(NetworkError):
    """The portal answered, but with an error of its own.

    Args:
        message: What happened and what to do.
        http_status: The status it answered with, 0 when there was none.
        retry_after: Seconds it asked to be left alone, or None.
    """

    blame = Blame.PORTAL

    def __init__(self, message: str, *, http_status: int = 0, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.retry_after = retry_after


class PortalUnreachableError(NetworkError):
    """The portal did not answer before the first order was visited."""


class SessionCorruptionError(WorkerError):
    """The browser session is unusable: it died, its tab crashed, or it shows stale pages (contract 86)."""


class BrowserDiedError(SessionCorruptionError):
    """The browser or its driver is gone, or does not answer any more."""


ERROR_MAPPING: Mapping[type[BaseException], str] = MappingProxyType(
    {
        ProfileCorruptionError: "PROFILE_ERROR",
        InsufficientResourcesError: "RESOURCE_ERROR",
        MachineError: "RESOURCE_ERROR",
        PONotFoundError: "PO_NOT_FOUND",
        NetworkError: "NETWORK_ERROR",
        AuthenticationError: "AUTH_ERROR",
        SessionCorruptionError: "SESSION_ERROR",
        ConfigurationError: "CONFIG_ERROR",
        PoolShutdownError: "POOL_SHUTDOWN",
        WorkerError: "WORKER_ERROR",
    }
)
"""Stable error codes (contract 111). Look one up with `error_code`, which follows the exception's bases."""


def error_code(error: BaseException | type[BaseException]) -> str:
    """Return the stable code of an error: the entry of its nearest base in `ERROR_MAPPING`, else `WORKER_ERROR`."""
    kind = error if isinstance(error, type) else type(error)
    for base in kind.__mro__:
        if base in ERROR_MAPPING:
            return ERROR_MAPPING[base]
    return "WORKER_ERROR"

"""What the actors need of the outside world, as Protocols. The values that cross them: `pages.py` and `journal.py`.

A core never sees a port; a shell sees nothing else. The real implementations live in the rooms of floor 3, the
simulated ones in the tests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

# Whoever implements or calls a port finds the values that cross it here too.
from contracts.browsers import (
    Browser as Browser,
    BrowserHost as BrowserHost,
    CountsProcessorTime as CountsProcessorTime,
    SeesEnds as SeesEnds,
)
from contracts.clock import Clock as Clock, LeaseWatch as LeaseWatch
from contracts.journal import (
    BatchBegun as BatchBegun,
    FileVerified as FileVerified,
    JournalEntry as JournalEntry,
    JournalledTask as JournalledTask,
    JournalState as JournalState,
    KeptFile as KeptFile,
    KnownTask as KnownTask,
    Lease as Lease,
    LeaseEnded as LeaseEnded,
    LeaseGranted as LeaseGranted,
    MachineMemory as MachineMemory,
    OutcomeRecorded as OutcomeRecorded,
    Owner as Owner,
    PauseBegan as PauseBegan,
    PauseEnded as PauseEnded,
    PublishStarted as PublishStarted,
    SubmissionAccepted as SubmissionAccepted,
    TaskAccepted as TaskAccepted,
)
from contracts.pages import (
    Control as Control,
    Cookie as Cookie,
    Credentials as Credentials,
    DownloadedFile as DownloadedFile,
    FileRequest as FileRequest,
    HttpFailure as HttpFailure,
    ListedAttachment as ListedAttachment,
    LoginForm as LoginForm,
    LoginPage as LoginPage,
    NotFoundPage as NotFoundPage,
    OrderPage as OrderPage,
    PageEnd as PageEnd,
    PagePart as PagePart,
    PageReading as PageReading,
    PageSnapshot as PageSnapshot,
    Unproven as Unproven,
    WrongPage as WrongPage,
)
from contracts.tasks import Attachment, POResult, TaskHandle

# ------------------------------------------------------------------------------------------------------------ portal


class PortalAdapter(Protocol):
    """The least that an adapter of one kind of portal says. Pure: HTML in, values out.

    One object is asked by several threads at once, so it keeps nothing of what it was asked. What it lacks of `Portal`
    the generic adapter answers for it.
    """

    @property
    def login_paths(self) -> tuple[str, ...]:
        """Path prefixes of the portal's login page. A file's request that is redirected there needs a login first."""
        ...

    def recognises(self, page: PageSnapshot) -> bool:
        """Whether `page` is this portal's: by its address or by what is on it. Only `auto` asks.

        Where `auto` has an order's number alone, it asks with an empty page at the base URL, of HTTP status 0.
        """
        ...

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        """Addresses to try for an order, the number as given first."""
        ...

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """Say what `page` is, checked in this order: login, HTTP status, not found, title, attachments."""
        ...


class Portal(PortalAdapter, Protocol):
    """Knows all about one kind of portal's pages, its login and its requisitions included."""

    def login_address(self, base_url: str) -> str:
        """Address of the login page."""
        ...

    def read_requisition(self, page: PageSnapshot) -> OrderPage:
        """Read the list on a requisition that a proven order's page pointed to. Ask `wants_login` first."""
        ...

    def wants_login(self, page: PageSnapshot) -> str:
        """Why `page` is a login page, or empty when it is none."""
        ...

    def login_form(self, page: PageSnapshot) -> LoginForm:
        """Where to type on a login page."""
        ...

    def visible_text(self, page: PageSnapshot) -> str:
        """Title and text of `page` as a person sees them, line by line, without what stands in form fields."""
        ...


# ------------------------------------------------------------------------------------------------------------- files


class Fetcher(Protocol):
    """Brings files over HTTP. One per worker, used by one thread at a time."""

    def fetch(self, request: FileRequest, into: Path, watch: LeaseWatch) -> DownloadedFile:
        """Stream one file into the existing folder `into`.

        Raises:
            AuthenticationError: The portal answered with its login page or 401.
            PortalError: It answered 408, 429 or 5xx.
            NetworkError: It could not be reached, broke off, stalled, or sent less than it announced.
            AttachmentLimitError: The file is larger than allowed.
            AttachmentError: It answered any other 4xx, or redirected out of the portal too often.
            MachineError: The disk is full.
        """
        ...

    def take_cookies(self) -> tuple[Cookie, ...]:
        """Return the cookies that the portal's answers have set since the last call, as a browser would hold them now.

        They take part in the requests between two calls. A cookie that was deleted comes with an `expires` in the past.
        """
        ...

    def probe(self, base_url: str) -> int | None:
        """GET the portal's base address without cookies; return its HTTP status, or None when it cannot be reached."""
        ...

    def close(self) -> None:
        """Close kept connections."""
        ...


@runtime_checkable
class ReadsAhead(Protocol):
    """A fetcher that can fetch the next file while the one in hand is still on its way."""

    def begin(self, request: FileRequest, into: Path, watch: LeaseWatch) -> None:
        """Begin to fetch a file that `fetch` will ask for soon, with the same address and the same existing folder."""
        ...

    def drop_begun(self) -> None:
        """Give up what was begun and never asked for."""
        ...


@runtime_checkable
class ReadsPages(Protocol):
    """A fetcher that can also read a page, to see whether it comes whole."""

    def end_of(self, request: FileRequest, watch: LeaseWatch) -> PageEnd:
        """Read a page to its end, packed as a browser asks for it, and return how it ends.

        Raises:
            NetworkError: It broke off, or what came is damaged.
            AuthenticationError, PortalError, AttachmentError: It cannot be asked for in this way.
        """
        ...


class Filing(Protocol):
    """The download folder: staging, publishing, evidence."""

    def stage(self, lease: Lease) -> Path:
        """Make and return the lease's empty staging folder, on the same volume as the target."""
        ...

    def make_folder(self, path: Path) -> None:
        """Make a folder inside a lease's staging folder, unless it is there.

        Raises:
            OSError: It cannot be made.
        """
        ...

    def place(self, lease: Lease, file: DownloadedFile, listed: ListedAttachment) -> Attachment:
        """Verify a downloaded file, name it, and move it to the lease's finished files.

        Raises:
            AttachmentError: It is empty, truncated, or not what its name and type say.
            AuthenticationError: It is the portal's login page: the login has expired.
            MachineError: The disk is full or the folder cannot be written.
        """
        ...

    def adopt(self, lease: Lease, kept: KeptFile) -> Attachment | None:
        """Move a verified file of an earlier lease to this lease's finished files.

        Returns:
            The file under its name here, or None when it is gone or not what it was.

        Raises:
            MachineError: The disk is full or the folder cannot be written.
        """
        ...

    def publish(self, lease: Lease, result: POResult) -> Path:
        """Move the lease's staged files to `<root>/<supplier>/<PO>_<STATUS>/` by one rename and return that folder.

        A folder of that order that is already there is first moved to `.purser/superseded/<run>/`. Calling it again
        after an interruption finishes the same publish.

        Raises:
            AttachmentError: Staged files are missing or not what they were.
            MachineError: The disk is full or the folder cannot be written.
        """
        ...

    def discard(self, lease: Lease) -> None:
        """Delete the lease's staging folder. Nothing happens if it is gone."""
        ...

    def free_bytes(self) -> int:
        """Free bytes on the download folder's volume."""
        ...

    def keep_evidence(self, lease: Lease, text: str, screenshot: bytes) -> tuple[str, ...]:
        """Keep what was seen of a failure in `.purser/evidence/<run>/<order>/`, in place of what the order left before.

        Args:
            lease: Whose visit failed.
            text: What goes into `page.txt`, its secrets already taken out.
            screenshot: What goes into `screenshot.png`; nothing does when it is empty.

        Returns:
            The files, as paths below the download folder.

        Raises:
            MachineError: The disk is full or the folder cannot be written.
        """
        ...


# ----------------------------------------------------------------------------------------------------------- journal


class Journal(Protocol):
    """What is written down. One writer; it outlives the dispatcher."""

    @property
    def resumes(self) -> bool:
        """Whether a later process can go on from it."""
        ...

    def open_epoch(self) -> int:
        """Begin a new dispatcher's time. Entries of older epochs are refused from now on."""
        ...

    def append(self, epoch: int, entries: tuple[JournalEntry, ...]) -> None:
        """Write entries in one transaction.

        Raises:
            StaleEpochError: A newer epoch was opened.
            JournalError: A submission's key is there already, or a task is of a kind that this journal does not keep.
            MachineError: The disk is full.
        """
        ...

    def replay(self) -> JournalState:
        """Read the journal."""
        ...

    def tasks_in_hand(self) -> tuple[KnownTask, ...]:
        """Every task of the batch in hand, in order; none when it has ended, or when nothing is resumed from here."""
        ...

    def handles_of(self, key: str) -> tuple[TaskHandle, ...]:
        """The tasks that were accepted with the submission of this key, in order; none when it is not known."""
        ...

    def results(self, first: int, count: int) -> tuple[POResult, ...]:
        """Outcomes of the tasks with sequence `first` to `first + count - 1`, in order, where there is one."""
        ...


class CredentialSource(Protocol):
    """Where a host's user name and password come from."""

    def credentials(self, host: str) -> Credentials | None:
        """Return what to log in to `host` with, or None when nothing is set up."""
        ...

    def saved_cookies(self, host: str) -> tuple[Cookie, ...]:
        """Return the cookies of a login made by hand, or none. They may have expired."""
        ...

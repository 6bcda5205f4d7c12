"""Downloads by the browser itself: one click or address, one file, awaited to its proven end.

The folder shows bytes arriving at the lowest cost; the browser's events tell the name, the address and the end. A
download that is given up is broken off in the browser too, so that it does not go on writing unseen.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import attrs

from actors.browser.page import Counts, Document, Page
from actors.browser.tab import DownloadEvent, Tab
from actors.folders.folder import Folder
from contracts.durations import spoken
from contracts.errors import (
    AttachmentError,
    AttachmentLimitError,
    AuthenticationError,
    BrowserDiedError,
    MachineError,
    NetworkError,
    PoolError,
    PortalError,
    WorkerError,
)
from contracts.ports import Control, DownloadedFile, LeaseWatch

log = logging.getLogger("purser.browser")

_STEP = 0.01
_ROUNDS_BETWEEN_LOOKS = 20
# A page may come first and start its download a moment later.
_GRACE = 2.0
_UNFINISHED = ".crdownload"
_STARTING = "starting a download"
_LEAST_FREE = 2**20
# The browser allows 200 in ten seconds. What comes after them, in the next document too, it drops without a word.
_MOST_MOVES = 100
# With its ending while it arrives, such a name is longer than file systems take, and the browser gives up.
_LONG_NAME = 200

_FORCE = """(() => {
  const link = document.createElement('a');
  link.href = location.href;
  link.download = '';
  (document.body || document.documentElement).append(link);
  link.click();
})()"""


class _LongNameError(NetworkError):
    """The download broke off, and its name may well be the reason."""


@attrs.define(eq=False)
class _Attempt:
    """One download under way."""

    into: Folder
    watch: LeaseWatch
    max_size: int
    numbered: bool
    shown: Document
    last_byte: float
    seen: int = -1
    guids: list[str] = attrs.field(factory=list)
    ended: dict[str, str] = attrs.field(factory=dict)
    name: str = ""
    url: str = ""
    total: int = 0
    announced: int | None = None
    strayed_at: float | None = None
    forced: bool = False


class Downloads:
    """The downloads of one tab, one at a time.

    Args:
        tab: The tab.
        page: What it shows.
        stall: Seconds without a byte after which a download is given up.
        alive: Says whether the browser's processes run, without asking it.
        monotonic: The clock, in seconds.
    """

    def __init__(
        self,
        tab: Tab,
        page: Page,
        stall: float,
        alive: Callable[[], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tab = tab
        self._page = page
        self._expected = 0.0
        self._clicked = False
        self._turned = False
        self._counted = Counts()
        self._begun = 0
        self.spent = ""
        self.tired = ""
        self._stall = stall
        self._alive = alive
        self._monotonic = monotonic

    def expect(self, origin: float) -> None:
        """Click in no other document than the one that began then: it is the one that was read."""
        self._expected = origin

    @property
    def expected(self) -> float:
        """When the document began that was read."""
        return self._expected

    def note_turned(self, *, turned: bool) -> None:
        """Note whether clicks have changed the page since it was opened: then going back does not show it again."""
        self._turned = turned

    def note_click(self) -> None:
        """Note that something was clicked, which may have opened tabs."""
        self._clicked = True

    @property
    def has_clicked(self) -> bool:
        """Whether something was clicked since tabs were last closed."""
        return self._clicked

    @property
    def worn(self) -> str:
        """Why no other page should be shown in this browser; empty while all is well."""
        return self.spent or self.tired

    def note_counts(self, counts: Counts) -> None:
        """Note what the shown document has asked for so far, and whether some of it may come yet.

        A link that asks for a file is not taken back by leaving its page: what has not begun would come into the next
        order's folder. Which of two requests a download began for cannot be told, so none may be missing.
        """
        asked, self._counted = counts.since(self._counted), counts
        if asked.files:
            self._news()
        begun, self._begun = self._begun, 0
        if asked.files and asked.files + asked.ways > begun:
            self.spent = "a file that a page asked for may yet come"
        if counts.moves >= _MOST_MOVES:
            self.tired = "a page has used up the changes of address that the browser allows"

    def _news(self) -> tuple[DownloadEvent, ...]:
        events = self._tab.download_events()
        self._begun += sum(event.state == "began" for event in events)
        return events

    def clear_up(self) -> None:
        """Close the tabs that a page has opened."""
        self._clicked = False
        self._tab.close_others()

    def by_click(self, control: Control, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """Click one control; see `contracts.ports.Browser.download_by_click`."""

        def begin() -> None:
            self.note_click()
            why = self._page.click(control, _STARTING, origin=self._expected, agree=True)
            if why:
                raise AttachmentError(f"The attachment could not be clicked: {why}.")

        return self._run(begin, into, watch, max_size)

    def by_address(self, url: str, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """Let the browser download an address; see `contracts.ports.Browser.download_by_address`."""
        return self._run(
            lambda: self._page.run(f"location.assign({json.dumps(url)})", _STARTING), into, watch, max_size
        )

    def _run(self, begin: Callable[[], None], into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        if self.spent:
            raise NetworkError(f"Nothing more is downloaded in this browser: {self.spent}.")
        with Folder.walked(into) as folder:
            try:
                return self._once(begin, folder, watch, max_size)
            except _LongNameError:
                return self._once(begin, folder, watch, max_size, numbered=True)

    def _once(
        self, begin: Callable[[], None], into: Folder, watch: LeaseWatch, max_size: int, *, numbered: bool = False
    ) -> DownloadedFile:
        """Bring one file, under its own name or, `numbered`, under one that the browser makes up."""
        self._news()
        shown = self._page.look(_STARTING)
        if shown.state != "complete":
            # The page is at rest; what it still loads would hold up the driver, which waits for it at each navigation.
            self._page.run("window.stop()", _STARTING)
        attempt = _Attempt(into, watch, max_size, numbered, shown, self._monotonic())
        self._allow(into, "allowAndName" if numbered else "allow")
        try:
            begin()
            name = self._await(attempt)
        except PoolError:
            self._give_up(attempt)
            raise
        self._end()
        if attempt.forced:
            self._go_back(attempt)
        return self._finished(name, attempt)

    def _go_back(self, attempt: _Attempt) -> None:
        """Show the order's page again, on which more may wait to be clicked: a file or a page has taken its place."""
        self._page.go(attempt.shown.url, "going back to the order")
        if self._expected == attempt.shown.time_origin and not self._turned:
            self._expected = self._page.read("going back to the order").time_origin

    def _allow(self, into: Folder, behavior: str) -> None:
        folder = str(into.steady_path)  # where nobody can lay a link for the browser
        self._tab.command("Browser.setDownloadBehavior", "starting a download", behavior=behavior, downloadPath=folder)

    def _end(self) -> None:
        """Let nothing else into the folder, agree to nothing more, and close the tabs that the click opened."""
        self._tab.command("Browser.setDownloadBehavior", "ending a download", behavior="deny")
        if self._clicked:
            self.note_counts(self._page.stop_agreeing("ending a download"))
            self.clear_up()

    # ------------------------------------------------------------------------------------------------------- waiting

    def _await(self, attempt: _Attempt) -> str:
        rounds = 0
        while True:
            attempt.watch.wait(_STEP)
            rounds += 1
            finished, unfinished, size = _listing(attempt.into)
            now = self._monotonic()
            if size != attempt.seen:
                attempt.seen, attempt.last_byte = size, now
                attempt.watch.touch()
            self._check_size(max(size, attempt.total), attempt)
            # The driver goes on answering for a browser that has died: nothing more happens, it says.
            if rounds % _ROUNDS_BETWEEN_LOOKS == 0 and not self._alive():
                raise BrowserDiedError("The browser ended amid a download.")
            if finished and not unfinished:
                self._take_events(attempt)
                self._check_broken_off(attempt)
                if len(finished) > 1:
                    raise AttachmentError(f"One attachment brought {len(finished)} files; which is it cannot be told.")
                if self._has_ended(attempt, size, now):
                    return finished[0]
            elif rounds % _ROUNDS_BETWEEN_LOOKS == 0:
                self._take_events(attempt)
                self._check_broken_off(attempt)
                if not attempt.guids and not unfinished:
                    self._check_page(attempt, now)
            if now - attempt.last_byte > self._stall:
                raise NetworkError(f"The download stood still for {spoken(self._stall)}.")

    def _has_ended(self, attempt: _Attempt, size: int, now: float) -> bool:
        if not attempt.guids and not size:
            # Of a download in another window nothing is told, and an empty file holds its place before the bytes come.
            return now - attempt.last_byte >= min(_GRACE, self._stall / 2)
        return all(attempt.ended.get(guid) == "completed" for guid in attempt.guids)

    def _take_events(self, attempt: _Attempt) -> None:
        for event in self._news():
            if event.state == "began":
                attempt.guids.append(event.guid)
                attempt.name, attempt.url = event.name, event.url
            elif event.guid in attempt.guids:
                attempt.total = event.total or attempt.total
                # In the end the browser calls what has come the total, whether or not that is all there was.
                if attempt.announced is None:
                    attempt.announced = event.total
                attempt.ended[event.guid] = event.state

    def _check_size(self, size: int, attempt: _Attempt) -> None:
        if size > attempt.max_size:
            raise AttachmentLimitError(
                f"The attachment is larger than the limit of {attempt.max_size} bytes. Raise the limit to get it."
            )

    def _check_broken_off(self, attempt: _Attempt) -> None:
        if "canceled" not in attempt.ended.values():
            return
        if attempt.into.free_bytes() < _LEAST_FREE:
            raise MachineError(f"The disk of {attempt.into.path} is full. Free some space.")
        text = "The download broke off before its end."
        if not attempt.numbered and len(attempt.name.encode("utf-8", "replace")) > _LONG_NAME:
            raise _LongNameError(text)
        raise NetworkError(text)

    # ---------------------------------------------------------------------------------- a page instead of a download

    def _check_page(self, attempt: _Attempt, now: float) -> None:
        """See whether a page came instead of a file, here or in a new tab."""
        shown = self._page.look("waiting for a download")
        if shown.time_origin != attempt.shown.time_origin:
            self._policy(shown, attempt, now)
            return
        for handle in self._tab.others():
            with self._tab.visiting(handle):
                self._policy(self._page.look("waiting for a download"), attempt, now)

    def _policy(self, shown: Document, attempt: _Attempt, now: float) -> None:
        if shown.state == "loading" or shown.url == "about:blank":
            return
        if shown.has_password or shown.status == 401:
            raise AuthenticationError("The portal showed its login page instead of the attachment.")
        if shown.status in (408, 429) or shown.status >= 500:
            raise PortalError(
                f"The portal answered {shown.status} instead of the attachment.", http_status=shown.status
            )
        if shown.is_error_page and not shown.status:
            raise NetworkError("The portal could not be reached for the attachment.")
        if shown.status < 400 and shown.media_type != "text/html":
            # A file that the browser shows, such as a picture: ask for it again, as a file.
            if not attempt.forced:
                attempt.forced = True
                self._page.run(_FORCE, _STARTING)
            return
        attempt.strayed_at = now if attempt.strayed_at is None else attempt.strayed_at
        if shown.status >= 400 or now - attempt.strayed_at >= min(_GRACE, self._stall / 2):
            raise AttachmentError(f"The portal showed a page (HTTP {shown.status}) instead of the attachment.")

    # ---------------------------------------------------------------------------------------------------- afterwards

    def _finished(self, name: str, attempt: _Attempt) -> DownloadedFile:
        with attempt.into.open(name) as file:
            size = os.fstat(file.fileno()).st_size
            self._check_size(size, attempt)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        attempt.watch.touch()
        return DownloadedFile(
            path=attempt.into.path / name,
            size=size,
            sha256=digest,
            suggested_name=attempt.name or ("" if attempt.numbered else name),
            # The browser checked the length itself; of a compressed answer it announces the packed one.
            declared_size=size if attempt.announced == size else None,
            ended_by_close=not attempt.announced,  # or by its last chunk: the browser does not tell which
            url=attempt.url,
        )

    def _give_up(self, attempt: _Attempt) -> None:
        """Break off what still runs and delete what came of it."""
        try:
            self._take_events(attempt)
            for guid in attempt.guids:
                if attempt.ended.get(guid, "inProgress") == "inProgress":
                    self._tab.command("Browser.cancelDownload", "breaking off a download", guid=guid)
            self._end()
            if self._page.look("breaking off a download").time_origin != attempt.shown.time_origin:
                self._go_back(attempt)
        except WorkerError as error:
            # The browser is past telling; what is being raised says more.
            log.debug("A download could not be broken off: %s", error)
        for name in attempt.into.names():
            attempt.into.remove(name)


def _listing(folder: Folder) -> tuple[list[str], bool, int]:
    """Names of finished files, whether an unfinished one is there, and the bytes of all."""
    finished: list[str] = []
    unfinished = False
    size = 0
    for name in folder.names():
        found = folder.look(name)
        if found is None:
            # Renamed between the two looks; the next round sees it.
            unfinished = True
            continue
        size += found.st_size
        if name.endswith(_UNFINISHED) or name.startswith("."):
            unfinished = True
        else:
            finished.append(name)
    return finished, unfinished, size

"""Seeing a list of attachments whole: page by page, tab by tab, until there is no more of it.

Each view of the list is given out before the next one is shown, since what must be clicked can be clicked only while
it is shown. What cannot be shown, or not be proven to be all, is noted as a doubt; whoever brings the files says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

import attrs

from actors.worker.pages import CurrentPage
from actors.worker.tools import Tools, VisitWatch
from contracts.errors import NetworkError, SessionCorruptionError, WorkerError
from contracts.ports import Control, ListedAttachment, OrderPage, PageSnapshot

MOST_STEPS = 250
"""Pages and presses after which a list counts as endless."""
_FILE_NAME = re.compile(r"\w\.\w{1,8}\b")

Key = tuple[str, str, str, str]
"""By what controls without an address are told apart: everything they say."""


def _key(item: ListedAttachment) -> Key:
    return item.label, item.title, item.aria_label, item.text


def _labels_of(reading: OrderPage) -> Counter[Key]:
    return Counter(_key(item) for item in reading.attachments if item.url is None)


@attrs.frozen
class View:
    """One view of the list.

    Args:
        page: The page that shows it.
        fresh: What no view before it has shown.
    """

    page: PageSnapshot
    fresh: tuple[ListedAttachment, ...]


@attrs.define(eq=False)
class WholeList:
    """Walks through all views of one list.

    Args:
        tools: Browser and portal adapter.
        watch: The lease's deadline and its reports.
        current: The page in hand.
        read: Reads a page of this list; raises `WorkerError` when it is none.
        doubts: Why, for people, there may be more than was shown.
        stated: The largest number of attachments that a view names.
        seen: How many attachments were shown.
    """

    tools: Tools
    watch: VisitWatch
    current: CurrentPage
    read: Callable[[PageSnapshot], OrderPage]
    doubts: list[str] = attrs.field(factory=list)
    stated: int = 0
    seen: int = 0
    _addresses: set[str] = attrs.field(factory=set, init=False)
    _labels: Counter[Key] = attrs.field(factory=Counter, init=False)
    _opened: set[str] = attrs.field(factory=set, init=False)
    _spent: set[Control] = attrs.field(factory=set, init=False)

    def views(self, page: PageSnapshot, reading: OrderPage) -> Iterator[View]:
        """Yield the views of the list that `page` begins, this one first.

        Raises:
            LoginMetError, SessionCorruptionError: As reading and pressing do.
        """
        self._opened.add(page.url)
        for _ in range(MOST_STEPS):
            fresh = self._fresh(reading)
            self.seen += len(fresh)
            self.stated = max(self.stated, reading.stated)
            yield View(page, fresh)
            self.watch.touch()
            self.watch.check()
            after = self._show_more(page, reading)
            if after is None:
                self._note(page, reading)
                return
            page, reading = after
        self.doubts.append(f"the list goes on after {MOST_STEPS} pages")

    def _note(self, page: PageSnapshot, reading: OrderPage, *, is_last: bool = True) -> None:
        """Note what a page leaves open when it is left: only of the last one may it matter that it lists nothing."""
        if is_last or reading.attachments:
            self.doubts += [doubt for doubt in reading.doubts if doubt not in self.doubts]
        if page.unsettled:
            self.doubts.append(f"the page was still waiting for {page.unsettled}")
        self.doubts += [f"the frame {address} of the page could not be read" for address in page.unread]

    def _fresh(self, reading: OrderPage) -> tuple[ListedAttachment, ...]:
        fresh: list[ListedAttachment] = []
        labels: Counter[Key] = Counter()
        for item in reading.attachments:
            if item.url is not None:
                if item.url not in self._addresses:
                    self._addresses.add(item.url)
                    fresh.append(item)
                continue
            key = _key(item)
            labels[key] += 1
            if labels[key] > self._labels[key]:
                fresh.append(item)
        self._labels |= labels
        return tuple(fresh)

    def _show_more(self, page: PageSnapshot, reading: OrderPage) -> tuple[PageSnapshot, OrderPage] | None:
        """Show what the list has beside this view; None when there is nothing more, or nothing more can be shown."""
        for control in reading.reveals:
            if control not in self._spent:
                # What it led to instead is not a page of this list, and nothing may be pressed there.
                return self._pressed(control, page, reading) or self._read_after(
                    lambda: self.current.open(self.tools, page.url), "the page that it was pressed on"
                )
        address = reading.next_page
        if not address or address in self._opened:
            return None
        self._opened.add(address)
        self.watch.say("looking at the next page of the list")
        after = self._read_after(lambda: self.current.open(self.tools, address), f"its next page, {address},")
        if after is not None and after[1].attachments == reading.attachments:
            self.doubts.append(f"the next page of the list, {address}, shows the same again")
            return None
        if after is not None:
            self._note(page, reading, is_last=False)
            self._labels.clear()  # what is alike on two pages are two files
        return after

    def _pressed(
        self, control: Control, page: PageSnapshot, reading: OrderPage
    ) -> tuple[PageSnapshot, OrderPage] | None:
        self.watch.say("showing more of the list")
        after = self._read_after(lambda: self.current.press(self.tools, control), "what a control of it shows")
        # Once, unless it brings something: one that stays where it is, or leads back, would be pressed for ever.
        if after is None or not self._brings_any(after[1]):
            self._spent.add(control)
        if after is not None and self._may_be_others(page, reading, *after):
            self.doubts.append("files that a control of it shows cannot be told from those before it: none has a name")
        return after

    def _brings_any(self, reading: OrderPage) -> bool:
        """Whether a view shows what no view before it has shown."""
        is_new = any(item.url is not None and item.url not in self._addresses for item in reading.attachments)
        return is_new or bool(_labels_of(reading) - self._labels)

    def _may_be_others(self, page: PageSnapshot, reading: OrderPage, shown: PageSnapshot, after: OrderPage) -> bool:
        """Whether nameless controls that look like those before them may stand for others: the text around differs."""
        before, now = (
            sum(count for key, count in _labels_of(one).items() if not any(map(_FILE_NAME.search, key)))
            for one in (reading, after)
        )
        if not before or not now:
            return False
        if now < before:
            return True
        lines = [Counter(self.tools.portal.visible_text(one).splitlines()) for one in (page, shown)]
        lost = (lines[0] - lines[1]).total()
        # Where more is added, hardly more goes away than the button for it and a count.
        return lost >= (max(3, before) if now > before else 1)

    def _read_after(self, show: Callable[[], PageSnapshot], what: str) -> tuple[PageSnapshot, OrderPage] | None:
        """Show more and read it; None, with a doubt, when that is not a page of this list."""
        try:
            shown = show()
            return shown, self.read(shown)
        except (NetworkError, SessionCorruptionError):
            raise  # a portal in trouble and a broken browser are another visit's matter
        except WorkerError as error:
            self.doubts.append(f"{what} could not be read: {error}")
            return None

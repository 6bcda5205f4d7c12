"""Which list a control or a count on a page goes with: that of the attachments, or another such as the order's
lines.

It goes with the list that it shares the narrowest element with, and of two such lists with the one before it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import islice

from selectolax.lexbor import LexborNode

from actors.portals.document import Document, ancestors, attribute
from actors.portals.seeing import is_frame_work

_LISTS = "table, ul, ol, dl"
_NO_LISTS = ("pag", "breadcrumb", "nav", "menu", "tab", "toolbar")
_HIGHEST = 12


class Placing:
    """Where a document shows its attachments.

    Args:
        document: The document.
        files: The elements that show them, by id.
    """

    def __init__(self, document: Document, files: frozenset[int]) -> None:
        self.document = document
        self.files = files

    @cached_property
    def _spans(self) -> dict[int, tuple[int, int]]:
        return self.document.spans()

    @cached_property
    def _lists(self) -> list[tuple[int, int, bool]]:
        """Each list and each attachment outside of one: where it begins and ends, and whether it is of attachments."""
        files = sorted(self._spans[one][0] for one in self.files if one in self._spans)
        found = [(place, place, True) for place in files]
        for node in self.document.select(_LISTS):
            span = self._spans.get(node.mem_id)
            named = f"{attribute(node, 'class')} {attribute(node, 'role')}".lower()
            is_other = any(word in named for word in _NO_LISTS) and node.tag != "table"
            if span is not None and not is_other and not self.document.is_within(node, is_frame_work):
                first = bisect_left(files, span[0])
                if first == len(files) or files[first] > span[1]:
                    found.append((*span, False))
        return sorted(found)

    @cached_property
    def _rows(self) -> list[int]:
        return sorted(self._spans[node.mem_id][0] for node in self.document.select("tr") if node.mem_id in self._spans)

    @cached_property
    def _places(self) -> list[int]:
        """Where the attachments are shown."""
        return sorted(self._spans[one][0] for one in self.files if one in self._spans)

    def is_of_files(self, node: LexborNode) -> bool | None:
        """Whether `node` goes with the attachments, or None when it goes with no list at all."""
        own = self._spans.get(node.mem_id, (0, 0))
        for parent in islice(ancestors(node), _HIGHEST):
            begins, ends = self._spans.get(parent.mem_id, (0, 0))
            found = self._list_beside(own, begins, ends)
            if found is not None:
                return found
            # The foot of a table goes with the table; one that holds nothing but the foot has a single row.
            if parent.tag == "table" and bisect_right(self._rows, ends) - bisect_left(self._rows, begins) > 1:
                return False
        return None

    def _list_beside(self, own: tuple[int, int], begins: int, ends: int) -> bool | None:
        """Whether the list is of attachments that lies between two places, and before `own` or else behind it.

        Lists lie in one another or apart, as all elements do: what begins before `own` and ends behind it is around it.
        """
        place = bisect_left(self._lists, (own[0],)) - 1
        while place >= 0 and self._lists[place][0] >= begins:
            if self._lists[place][1] < own[0]:
                return self._lists[place][2]
            place -= 1
        place = bisect_left(self._lists, (own[1] + 1,))
        if place < len(self._lists) and self._lists[place][1] <= ends:
            return self._lists[place][2]
        return None

    def inside(self, node: LexborNode) -> bool:
        """Whether an attachment is shown within `node`."""
        begins, ends = self._spans.get(node.mem_id, (0, -1))
        first = bisect_left(self._places, begins)
        return first < len(self._places) and self._places[first] <= ends

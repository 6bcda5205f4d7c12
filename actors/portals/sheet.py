"""A page and all its parts, parsed once: the document itself first, then its frames and shadow roots in page order.

A part of another origin shows attachments and may ask for a login, but proves nothing about an order: anybody could
have written it. A part in a frame that the page itself hides is still searched for attachments, and says nothing
else."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from actors.portals.addresses import LONGEST_ADDRESS, absolute, same_origin
from actors.portals.document import Document, Looks, attribute
from actors.portals.seeing import hides_itself, is_dormant
from actors.portals.shape import MOST_TAGS
from contracts.errors import PageReadingError
from contracts.ports import PageSnapshot

LARGEST_PAGE = 16 * 1024 * 1024
"""Characters of a page and all its parts."""
MOST_PARTS = 500
_NO_SIZE = frozenset({"0", "1", "0px", "1px", "0%"})


@attrs.frozen(eq=False)
class Sheet:
    """A page as parsed.

    Args:
        page: What the browser read.
        main: The page's own document.
        documents: It and all its parts, in page order.
        seen: Those of them that a person sees.
    """

    page: PageSnapshot
    main: Document
    documents: tuple[Document, ...]
    seen: tuple[Document, ...]

    @property
    def own(self) -> Iterator[Document]:
        """The documents that a person sees and that speak for the portal."""
        return (document for document in self.seen if document.is_own)

    @property
    def headings(self) -> tuple[str, ...]:
        """Titles and first headings of all that speaks for the portal."""
        return tuple(text for document in self.own for text in document.texts("title, h1"))


def parsed(page: PageSnapshot) -> Sheet:
    """Parse a page and all its parts. A part without an address of its own has that of the page.

    Raises:
        PageReadingError: It is too large or too entangled to be parsed.
    """
    _require_bounds(page)
    looks = Looks()
    main = Document(page.html, page.url, looks=looks)
    documents, seen = [main], [main]
    in_view = _frames_in_view(main, {})
    for part in page.parts:
        address = absolute(page.url, part.url)
        # Frames with `srcdoc`, `about:blank` and blobs, like shadow roots, were written by the document around them.
        is_written_here = address is None and not part.url.lower().startswith("data:")
        url = address or main.base
        is_own = is_written_here or (address is not None and same_origin(address, page.url))
        document = Document(part.html, url, place=part.place, is_own=is_own, looks=looks)
        documents.append(document)
        if address is None or in_view.get(address, True):
            seen.append(document)
        _frames_in_view(document, in_view)
    if sum(document.shape.tags for document in documents) > MOST_TAGS:
        raise PageReadingError(f"The page is not read: it has more than {MOST_TAGS} tags. Open the order by hand.")
    return Sheet(page, main, tuple(documents), tuple(seen))


def _require_bounds(page: PageSnapshot) -> None:
    """Raise when a page is larger than any that a person could look at."""
    size = len(page.html) + sum(len(part.html) for part in page.parts)
    trouble = ""
    if size > LARGEST_PAGE:
        trouble = f"it has {size} characters, more than {LARGEST_PAGE}"
    elif len(page.parts) > MOST_PARTS:
        trouble = f"it has {len(page.parts)} frames and shadow roots, more than {MOST_PARTS}"
    elif max(len(page.url), *(len(part.url) for part in page.parts), 0) > LONGEST_ADDRESS:
        trouble = f"an address of it is longer than {LONGEST_ADDRESS} characters"
    if trouble:
        raise PageReadingError(f"The page is not read: {trouble}. Open the order by hand.")


def _frames_in_view(document: Document, known: dict[str, bool]) -> dict[str, bool]:
    """Add to `known`, for each address that a frame shows, whether any frame that shows it is in view."""
    for frame in document.select("iframe, frame"):
        address = document.resolve(attribute(frame, "src"))
        if address is None:
            continue
        sizes = {attribute(frame, "width").lower(), attribute(frame, "height").lower()}
        is_away = hides_itself(frame) or is_dormant(frame) or bool(sizes & _NO_SIZE)
        parent = frame.parent
        is_seen = not is_away and (parent is None or document.is_in_view(parent))
        known[address] = known.get(address, False) or is_seen
    return known

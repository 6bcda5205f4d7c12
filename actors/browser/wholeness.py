"""Whether a document came with its end.

A browser counts a document that was packed as whole wherever the packed text ends, and keeps none of the packed bytes.
But it keeps the text that came out, and one that does not close what it opened may have been cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from actors.browser.tab import Tab
from contracts.ports import Unproven

_END = 1000
_CLOSES = ("</html", "</body", "</frameset")


def unproven(tab: Tab, packed: Mapping[str, int], doing: str) -> tuple[Unproven, ...]:
    """Return those of the packed documents in a tab that may have been cut.

    Args:
        tab: The tab.
        packed: Their addresses, without fragment, and the bytes of their texts.
        doing: What is being done, for messages.
    """
    frames = {address: frame for frame, address in _frames(tab, doing)}
    found = []
    for address, size in packed.items():
        has_end = _has_end(tab, frames.get(address, ""), address, doing)
        if not has_end:
            found.append(Unproven(address, size, is_open=has_end is False))
    return tuple(found)


def without_end(tab: Tab, doing: str) -> tuple[str, ...]:
    """Return the addresses of the documents in a tab that came over HTTP and are known to have no end."""
    over_http = [(frame, address) for frame, address in _frames(tab, doing) if address.startswith(("http:", "https:"))]
    open_ones = (address for frame, address in over_http if _has_end(tab, frame, address, doing) is False)
    return tuple(dict.fromkeys(open_ones))


def _has_end(tab: Tab, frame: str, address: str, doing: str) -> bool | None:
    """Whether a document's text has an end; None when the browser has kept none of it."""
    told = tab.answer("Page.getResourceContent", doing, frameId=frame, url=address)
    text = told.get("content") if told is not None and not told.get("base64Encoded") else None
    if not isinstance(text, str):
        return None
    end = text[-_END:].lower()
    return any(sign in end for sign in _CLOSES)


def _frames(tab: Tab, doing: str) -> Iterator[tuple[str, str]]:
    """Yield id and address of every frame in a tab, the page itself first."""
    waiting = [(tab.answer("Page.getFrameTree", doing) or {}).get("frameTree")]
    while waiting:
        one: Any = waiting.pop()
        if isinstance(one, dict) and isinstance(one.get("frame"), dict):
            yield str(one["frame"].get("id")), str(one["frame"].get("url"))
            waiting += one.get("childFrames") or []

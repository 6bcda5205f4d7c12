"""The list of a page's attachments: each once, with the best name the page gives it.

One attachment may be shown several times. Equal addresses are one attachment. A control without an address and a link
are one when one lies inside the other, or when they carry the same file name in the same list. In two different lists
they stay two: a second copy costs a download, a dropped one would lose a file.
"""

from __future__ import annotations

import re
from collections import deque
from itertools import islice

import attrs
from selectolax.lexbor import LexborNode

from actors.portals.addresses import last_part
from actors.portals.document import Document, Rule, attribute
from actors.portals.numbers import tidy
from contracts.ports import Control, ListedAttachment

_LISTS = frozenset(
    {"article", "aside", "body", "dl", "fieldset", "footer", "form", "header", "main", "ol", "section", "table", "ul"}
)
_LONGEST_ADDRESS = 200
_LONGEST_NAME = 1_000
_FILE_NAME = re.compile(r".\.\w{1,8}$")
_ARIA_SUFFIX = re.compile(r"(?<![\s,-])[\s,-]*+file attachment\s*+$", re.IGNORECASE)


_NARROW = frozenset({"dl", "ol", "table", "ul"})


@attrs.frozen(eq=False)
class Candidate:
    """One element that shows an attachment.

    Args:
        document: Where it stands.
        node: The element.
        list_id: The list around it.
        key: Equal for elements that lead to the same file; None when the page does not tell where it leads.
        attachment: What it shows.
    """

    document: Document
    node: LexborNode
    list_id: int
    key: str | None
    attachment: ListedAttachment

    @property
    def node_id(self) -> int:
        """The element's id."""
        return self.node.mem_id

    @property
    def stands_in_narrow_list(self) -> bool:
        """Whether the list around it is a list or a table of its own, and no section of the page."""
        return self.list_id != 0 and _outside(self.document, self.node, _is_narrow) == self.list_id

    @property
    def names(self) -> frozenset[str]:
        """Every file name the page gives it here, case folded. A text without an ending names no file."""
        shown = self.attachment
        given = (name_in_aria(shown.aria_label), shown.title, shown.text, last_part(shown.url or ""))
        return frozenset(name.casefold() for name in given if _FILE_NAME.search(name))


def name_in_aria(label: str) -> str:
    """Return the file name inside an aria-label such as `Offer.pdf file attachment`."""
    return _ARIA_SUFFIX.sub("", tidy(label))


def _name(node: LexborNode, name: str) -> str:
    return tidy(attribute(node, name)[:_LONGEST_NAME])


def _is_narrow(node: LexborNode) -> bool:
    return node.tag in _NARROW


def _is_list(node: LexborNode) -> bool:
    return node.tag in _LISTS


def candidate(
    document: Document,
    node: LexborNode,
    *,
    url: str | None,
    control: Control | None,
    key: str | None = None,
    refused: str = "",
) -> Candidate:
    """Describe the element `node`, which leads to `url` or must be clicked, or both, or was refused."""
    title = _name(node, "title") or _name(node, "download")
    aria_label = _name(node, "aria-label")
    text = document.label(node)
    label = title or name_in_aria(aria_label) or text or last_part(url or "") or "attachment"
    shown = ListedAttachment(
        label=label, url=url, control=control, title=title, aria_label=aria_label, text=text, refused=refused
    )
    list_id = _outside(document, node, _is_list)
    return Candidate(document=document, node=node, list_id=list_id, key=key or url, attachment=shown)


def refused(document: Document, node: LexborNode, address: str) -> Candidate:
    """Describe an element whose address nothing can be fetched from: `ftp:`, `mailto:`, one that is broken."""
    reason = f"its address is none that can be fetched: {tidy(address)[:_LONGEST_ADDRESS]}"
    return candidate(document, node, url=None, control=None, key=f"refused {address}", refused=reason)


def list_once(candidates: list[Candidate]) -> tuple[ListedAttachment, ...]:
    """Return each attachment once, in page order, given the elements in page order."""
    links = [(one.key, one) for one in candidates if one.key is not None]
    controls = {one.node_id: one for one in candidates if one.key is None}
    partners = _partners(links, controls)
    owners = {node_id: key for key, node_id in partners.items()}
    found: dict[str | int, ListedAttachment] = {}
    for one in candidates:
        place = one.key if one.key is not None else owners.get(one.node_id, one.node_id)
        found[place] = _merge(found[place], one.attachment) if place in found else one.attachment
    return tuple(found.values())


def _partners(links: list[tuple[str, Candidate]], controls: dict[int, Candidate]) -> dict[str, int]:
    """Say which control, by its node, shows the same attachment as which link, by its key; one to one."""
    partners: dict[str, int] = {}
    by_node = {link.node_id: key for key, link in links}

    def is_control(node: LexborNode) -> bool:
        return node.mem_id in controls

    def is_link(node: LexborNode) -> bool:
        return node.mem_id in by_node

    for key, link in links:
        if outer := _outside(link.document, link.node, is_control):
            partners.setdefault(key, outer)
    for control in controls.values():
        if outer := _outside(control.document, control.node, is_link):
            partners.setdefault(by_node[outer], control.node_id)
    joined = set(partners.values())
    by_name: dict[tuple[int, str], deque[str]] = {}
    for key, link in links:
        for name in link.names:
            keys = by_name.setdefault((link.list_id, name), deque())
            if key not in islice(reversed(keys), 1):
                keys.append(key)
    for control in controls.values():
        if control.node_id in joined:
            continue
        for name in sorted(control.names):
            keys = by_name.get((control.list_id, name), deque())
            while keys and keys[0] in partners:
                keys.popleft()
            if keys:
                partners[keys.popleft()] = control.node_id
                break
    return partners


def _outside(document: Document, node: LexborNode, rule: Rule) -> int:
    """Return the id of the narrowest element around `node` for which `rule` holds; 0 when there is none."""
    found = document.nearest(node.parent, rule)
    return found.mem_id if found is not None else 0


def _merge(first: ListedAttachment, second: ListedAttachment) -> ListedAttachment:
    url, control = first.url or second.url, first.control or second.control
    return attrs.evolve(
        first,
        url=url,
        control=control,
        title=first.title or second.title,
        aria_label=first.aria_label or second.aria_label,
        text=first.text or second.text,
        refused="" if url or control else first.refused or second.refused,
    )

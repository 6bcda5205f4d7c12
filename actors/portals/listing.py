"""The list of a page's attachments: each once, with the best name the page gives it.

One attachment may be shown several times. Equal addresses are one attachment. A control without an address and a link
are one when one lies inside the other, or when they carry the same file name in the same list. In two different lists
they stay two: a second copy costs a download, a dropped one would lose a file.
"""

from __future__ import annotations

import re

import attrs
from selectolax.lexbor import LexborNode

from actors.portals.addresses import last_part
from actors.portals.document import ancestors, attribute, visible_text
from actors.portals.numbers import tidy
from contracts.ports import Control, ListedAttachment

_LISTS = frozenset(
    {"article", "aside", "body", "dl", "fieldset", "footer", "form", "header", "main", "ol", "section", "table", "ul"}
)
_FILE_NAME = re.compile(r".\.\w{1,8}$")
_ARIA_SUFFIX = re.compile(r"[\s,-]*file attachment\s*$", re.IGNORECASE)


@attrs.frozen
class Candidate:
    """One element that shows an attachment. `key` is equal for elements that lead to the same file; None for none."""

    node_id: int
    around: frozenset[int]
    list_id: int
    key: str | None
    attachment: ListedAttachment

    @property
    def names(self) -> frozenset[str]:
        """Every file name the page gives it here, case folded. A text without an ending names no file."""
        shown = self.attachment
        given = (name_in_aria(shown.aria_label), shown.title, shown.text, last_part(shown.url or ""))
        return frozenset(name.casefold() for name in given if _FILE_NAME.search(name))


def name_in_aria(label: str) -> str:
    """Return the file name inside an aria-label such as `Offer.pdf file attachment`."""
    return _ARIA_SUFFIX.sub("", tidy(label))


def candidate(node: LexborNode, *, url: str | None, control: Control | None, key: str | None = None) -> Candidate:
    """Describe the element `node`, which leads to `url` or must be clicked, or both."""
    around = list(ancestors(node))
    title = tidy(attribute(node, "title")) or tidy(attribute(node, "download"))
    aria_label = tidy(attribute(node, "aria-label"))
    text = visible_text(node)
    label = title or name_in_aria(aria_label) or text or last_part(url or "") or "attachment"
    return Candidate(
        node_id=node.mem_id,
        around=frozenset(parent.mem_id for parent in around),
        list_id=next((parent.mem_id for parent in around if parent.tag in _LISTS), 0),
        key=key or url,
        attachment=ListedAttachment(
            label=label, url=url, control=control, title=title, aria_label=aria_label, text=text
        ),
    )


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
    for key, link in links:
        for node_id in link.around & controls.keys():
            partners.setdefault(key, node_id)
    for control in controls.values():
        for node_id in control.around & by_node.keys():
            partners.setdefault(by_node[node_id], control.node_id)
    joined = set(partners.values())
    by_name: dict[tuple[int, str], list[str]] = {}
    for key, link in links:
        for name in link.names:
            keys = by_name.setdefault((link.list_id, name), [])
            if key not in keys[-1:]:
                keys.append(key)
    for control in controls.values():
        if control.node_id in joined:
            continue
        for name in sorted(control.names):
            free = [key for key in by_name.get((control.list_id, name), ()) if key not in partners]
            if free:
                partners[free[0]] = control.node_id
                break
    return partners


def _merge(first: ListedAttachment, second: ListedAttachment) -> ListedAttachment:
    return attrs.evolve(
        first,
        url=first.url or second.url,
        control=first.control or second.control,
        title=first.title or second.title,
        aria_label=first.aria_label or second.aria_label,
        text=first.text or second.text,
    )

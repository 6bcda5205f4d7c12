"""Hand-made pages for the readers' tests, in the forms a portal shows. Nothing in them is real."""

from __future__ import annotations

from contracts.ports import PagePart, PageSnapshot

BASE = "https://portal.example"

SPAN = '<span role="button" aria-label="Offer one.pdf file attachment"><i></i></span>'
DATA_URL = '<span class="attachment-file" data-url="/attachment/attachment_file/type/7/terms.docx">terms.docx</span>'
COMMENT_LINK = (
    '<ul><li class="attachmentFile"><a href="/attachment/attachment_file/file/8/note.msg">note.msg</a></li></ul>'
)
LINK = '<a href="/attachment/attachment_file/type/9/drawing.png" title="Drawing 9">see drawing</a>'
SUPPLIER = '<section id="supplier"><span class="supplier-name"> Nordwind\n Tools-0051468190 </span></section>'


def page(
    html: str,
    *,
    url: str = f"{BASE}/order_headers/PO16928033",
    requested_url: str = f"{BASE}/order_headers/PO16928033",
    status: int = 200,
) -> PageSnapshot:
    """A snapshot of `html` as a browser would hand it over."""
    return PageSnapshot(requested_url=requested_url, url=url, http_status=status, time_origin=1.0, html=html)


def order(body: str, *, title: str = "Purchase Order #PO16928033", url: str = "") -> PageSnapshot:
    """The page of order PO16928033 with `body` on it."""
    html = f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"
    return page(html, url=url) if url else page(html)


ATTACHMENT = '<a class="attachment" href="/attachment/offer.pdf">offer.pdf</a>'
NONE = "<h2>Attachments</h2><p>None</p>"


def plain_order(
    body: str,
    *parts: PagePart,
    title: str = "Order PO7",
    heading: str | None = None,
    path: str = "/orders/PO7",
    requested: str = "/orders/PO7",
    unsettled: str = "",
    unread: tuple[str, ...] = (),
) -> PageSnapshot:
    """A page of a plain portal, asked for as that of order PO7, with `body` on it; an empty heading leaves none."""
    head = title if heading is None else heading
    html = f"<html><head><title>{title}</title></head><body>{f'<h1>{head}</h1>' if head else ''}{body}</body></html>"
    return PageSnapshot(
        requested_url=BASE + requested,
        url=BASE + path,
        http_status=200,
        time_origin=1.0,
        html=html,
        parts=parts,
        unsettled=unsettled,
        unread=unread,
    )

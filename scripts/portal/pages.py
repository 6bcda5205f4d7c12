"""The demo portal's HTML, in the forms that Coupa and a plain portal use."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from scripts.portal.content import DemoFile, DemoOrder, Form

_STYLE = """
body { font-family: sans-serif; margin: 1em; }
.floatingSectionOnTop { position: fixed; top: 0; left: 0; right: 0; height: 80vh; z-index: 1000;
  background: rgba(240, 240, 240, .6); }
"""

_SCRIPT = """
function startDownload(address) {
  const link = document.createElement('a');
  link.href = address;
  link.download = '';
  document.body.appendChild(link);
  link.click();
  link.remove();
}
"""


def document(title: str, body: str, head: str = "") -> str:
    """A whole HTML document."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style>{head}</head>\n<body>{body}</body></html>\n"
    )


def file_address(file: DemoFile) -> str:
    """Where a file is served, by the form its page uses."""
    middle = {Form.BUTTON: "pick", Form.DATA_ADDRESS: "data", Form.COMMENT_LINK: "file", Form.PLAIN_LINK: "type"}
    return f"/attachment/attachment_file/{middle[file.form]}/{file.key}/{_last_part(file)}"


def generic_file_address(file: DemoFile) -> str:
    """Where the generic flavour serves the same file."""
    return f"/generic/files/{file.key}/{_last_part(file)}"


def _last_part(file: DemoFile) -> str:
    return quote(file.name.replace("/", "_").replace("\\", "_").replace("..", "_"))


def login_page(error: str = "") -> str:
    """The login form, with `error` above it."""
    note = f'<p class="login-error" role="alert">{escape(error)}</p>' if error else ""
    return document(
        "Sign in",
        f"<h1>Sign in</h1>{note}"
        '<form action="/sessions" method="post">'
        '<label>User name <input type="text" name="username" id="user_login" autocomplete="username"></label> '
        '<label>Password <input type="password" name="password" id="user_password"></label> '
        '<button type="submit" id="login_button">Sign in</button></form>',
    )


def message_page(title: str, text: str) -> str:
    """A page that says why there is no order on it."""
    return document(title, f'<div class="flash_error">{escape(text)}</div>')


def order_page(order: DemoOrder, *, lines: int, floating_bar: bool) -> str:
    """An order's page in Coupa's forms."""
    bar = (
        '<div class="page_buttons_right orderHeaderShowFloatingSection floatingSectionOnTop">'
        '<button type="button">Print view</button></div>'
        if floating_bar
        else ""
    )
    if order.requisition:
        files = f'<p>Requisition <a href="/requisition_headers/{order.requisition}">{order.requisition}</a></p>'
    else:
        files = _attachments(order.files)
    return document(
        f"Purchase Order #{order.number}",
        f"{bar}<h1>Purchase Order #{order.number}</h1>"
        f'<section id="supplier"><h2>Supplier</h2><span class="supplier-name">{escape(order.supplier)}</span></section>'
        f"{files}{_lines(lines)}",
        head=f"<script>{_SCRIPT}</script>",
    )


def requisition_page(order: DemoOrder) -> str:
    """The requisition that an order's attachments lie on."""
    return document(
        f"Requisition #{order.requisition}",
        f"<h1>Requisition #{order.requisition}</h1>{_attachments(order.files)}",
        head=f"<script>{_SCRIPT}</script>",
    )


def _attachments(files: tuple[DemoFile, ...]) -> str:
    plain = "".join(_item(file) for file in files if file.form is not Form.COMMENT_LINK)
    comments = "".join(_item(file) for file in files if file.form is Form.COMMENT_LINK)
    # The address of a button's file stands only in the script, as on the real portal, so that it has to be clicked.
    handlers = "".join(
        f"document.getElementById('pick-{file.key}').addEventListener('click',"
        f" () => startDownload('{file_address(file)}'));"
        for file in files
        if file.form is Form.BUTTON
    )
    decoy = f'<a href="/attachments/{files[0].key}">Attachment history</a>' if files else ""
    return (
        f'<section id="attachments"><h2>Attachments</h2><ul>{plain}</ul>{decoy}</section>'
        f'<section id="comments"><h2>Comments</h2><ul>{comments}</ul></section><script>{handlers}</script>'
    )


def _item(file: DemoFile) -> str:
    name = escape(file.name)
    address = escape(file_address(file))
    match file.form:
        case Form.BUTTON:
            return (
                f'<li><span role="button" tabindex="0" id="pick-{file.key}"'
                f' aria-label="{name} file attachment">{name}</span></li>'
            )
        case Form.DATA_ADDRESS:
            return (
                f'<li><span class="attachment-file" data-url="{address}" title="{name}"'
                f' onclick="startDownload(this.dataset.url)">{name}</span></li>'
            )
        case Form.COMMENT_LINK:
            return f'<li class="attachmentFile"><a href="{address}">{name}</a></li>'
        case Form.PLAIN_LINK:
            return f'<li><a href="{address}" title="{name}">{name}</a></li>'


def _lines(count: int) -> str:
    rows = "".join(
        f"<tr><td>{line}</td><td>Part {line:05d}, as agreed</td><td>{line % 7 + 1}</td><td>12.50</td></tr>"
        for line in range(1, count + 1)
    )
    return f"<table><thead><tr><th>Line</th><th>Item</th><th>Count</th><th>Price</th></tr></thead>{rows}</table>"


def generic_page(order: DemoOrder, *, lines: int) -> str:
    """An order's page on a portal that nobody wrote an adapter for."""
    links = ""
    for place, file in enumerate(order.files):
        address, name = escape(generic_file_address(file)), escape(file.name)
        if place % 2 and file.kind == "pdf":
            links += f'<li><a href="{address}">{name}</a></li>'
        else:
            links += f'<li><a class="attachment" href="{address}">{name}</a></li>'
    return document(
        "Supplier portal",
        f"<h1>Order {order.number}</h1><p>Supplier: <b class='supplier'>{escape(order.supplier)}</b></p>"
        f"<ul>{links}</ul>{_lines(lines)}",
    )

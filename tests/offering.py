"""Installs made-up packages for one test: a module and its `*.dist-info` on the path, without pip or network."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from pathlib import Path

import pytest

from actors.session.installed import GROUP

ADAPTER = """
from contracts.ports import OrderPage, WrongPage

class Adapter:
    login_paths = ("/account/login",)
    word = "acme"

    def recognises(self, page):
        return self.word in page.html or self.word in page.url

    def order_addresses(self, base_url, po_number):
        return (f"{base_url}/{self.word}/{po_number}",)

    def read(self, page, po_number):
        return OrderPage(self.word, "", ()) if po_number in page.html else WrongPage("")

def make():
    return Adapter()

ready = Adapter()
"""
"""An adapter that knows its pages by a word, and three ways to offer it."""


def offer(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    entries: Mapping[str, str],
    source: str = ADAPTER,
    package: str = "acme-purser",
) -> None:
    """Install a package for the rest of the test.

    Args:
        monkeypatch: Takes it away again.
        folder: Where it is written to; several packages may share it.
        entries: What it offers: names, and what each leads to within its module.
        source: Its module, called as the package with underscores.
        package: What it is called.
    """
    module = package.replace("-", "_")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / f"{module}.py").write_text(source)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"{name} = {module}{value}" for name, value in entries.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines]) + "\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setitem(sys.modules, module, types.ModuleType(module))  # so that it is forgotten with the test
    del sys.modules[module]

"""Adapters from outside: objects and installed packages, what a run does with them, and with those that are broken."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from actors import MainApp, ProcessingSession
from actors.journal import MemoryJournal
from actors.session import run_resources
from actors.session.adapters import adapter_of
from actors.session.installed import installed_adapters
from actors.session.run_resources import LocalResources
from contracts.config import GenericPortalSettings, HeadlessConfiguration, PortalKind, Settings
from contracts.errors import ConfigurationError
from contracts.ports import OrderPage, PageReading, PageSnapshot, WrongPage
from tests.offering import ADAPTER, offer
from tests.portals.pages import LINK, order, page

BASE = "https://portal.example"
ACME = f"{BASE}/acme/PO7"
SECOND = ADAPTER.replace('word = "acme"', 'word = "zeta"')


class Own:
    """A user's own adapter, with no more than it must have."""

    login_paths = ("/account/login",)

    def recognises(self, page: PageSnapshot) -> bool:
        return False

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        return (f"{base_url}/own/{po_number}",)

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        return OrderPage(f"own {po_number}", "", ())


def without(*names: str) -> Any:
    """Return an adapter that lacks some members."""
    kept = {name: value for name, value in vars(Own).items() if name not in names and not name.startswith("__")}
    return type("Lacking", (), kept)()


class Raising(Own):
    """Its paths are made when they are asked for, and cannot be."""

    @property
    def login_paths(self) -> Any:  # type: ignore[override]
        raise RuntimeError("no paths")


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]


# ------------------------------------------------------------------------------------------------------ who is chosen


@pytest.mark.parametrize("value", [":Adapter", ":make", ":ready"])
def test_an_entry_point_gives_a_class_a_factory_or_an_adapter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    offer(monkeypatch, tmp_path, {"acme": value})
    portal = adapter_of(Settings(portal="acme"))
    assert portal.order_addresses(BASE, "PO7") == (ACME,)
    assert portal.read(page("PO7"), "PO7") == OrderPage("acme", "", ())


def test_an_entry_point_may_give_a_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    functions = ADAPTER.replace("make():", "_make():") + (
        "login_paths = ('/account/login',)\n"
        "recognises, order_addresses, read = ready.recognises, ready.order_addresses, ready.read\n"
    )
    offer(monkeypatch, tmp_path, {"acme": ""}, functions)
    assert adapter_of(Settings(portal="acme")).order_addresses(BASE, "PO7") == (ACME,)


def test_an_adapter_that_is_named_or_given_reads_every_page_unasked_whether_it_recognises_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offer(monkeypatch, tmp_path, {"acme": ":Adapter"})
    coupas = order(LINK)
    assert adapter_of(Settings(portal="acme")).read(coupas, "PO16928033") == OrderPage("acme", "", ())
    assert adapter_of(Settings(portal=Own())).read(coupas, "PO16928033") == OrderPage("own PO16928033", "", ())


def test_an_object_is_taken_by_sessions_and_settings_and_is_part_of_what_tells_settings_apart() -> None:
    own = Own()
    assert Settings(portal=own).portal is own
    assert Settings(portal=own) == Settings(portal=own) != Settings(portal=Own())
    session = ProcessingSession(HeadlessConfiguration(), portal=own)
    assert session._settings.portal is own
    assert session._keys().of is not None
    assert session._resources.portal(session._settings).order_addresses(BASE, "PO7") == (f"{BASE}/own/PO7",)


@pytest.mark.parametrize(
    ("portal", "message"),
    [
        (Own, r"it is a class, and an object of it is wanted: Own\(\)"),
        (without("read", "recognises"), "it has no recognises, read"),
        (without("login_paths"), "it has no login_paths"),
        (Raising(), r"it raises when it is asked for its members: RuntimeError\('no paths'\)"),
        (5, "it has no login_paths, recognises, order_addresses, read"),
        ("a b", "it is no name"),
    ],
)
def test_what_is_no_adapter_is_refused_where_it_is_given_with_what_is_missing(portal: Any, message: str) -> None:
    for make in (lambda: Settings(portal=portal), lambda: ProcessingSession(HeadlessConfiguration(), portal=portal)):
        with pytest.raises(ConfigurationError, match=f"^portal must be one of auto, coupa, generic, .*{message}"):
            make()


@pytest.mark.parametrize("paths", ["/login", ["/login"], ("login",), ("/",), ("",), (5,), None])
def test_login_paths_that_are_none_are_refused(paths: Any) -> None:
    """The root alone, or letters of a text, would make a login of every page."""
    own = Own()
    own.login_paths = paths
    with pytest.raises(ConfigurationError, match=r"its login_paths must be a tuple of paths such as \('/login',\)"):
        Settings(portal=own)


@pytest.mark.parametrize("kind", [ProcessingSession, MainApp])
def test_a_name_that_nobody_offers_is_refused_where_a_session_is_made_with_the_names_there_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: Any
) -> None:
    offer(monkeypatch, tmp_path, {"zeta": ":Adapter", "acme": ":Adapter"})
    with pytest.raises(ConfigurationError) as caught:
        kind(HeadlessConfiguration(), portal="sap")
    said = str(caught.value)
    assert "No portal adapter is called 'sap'. There are: auto, coupa, generic, acme, zeta." in said
    assert "entry point group purser.portals" in said
    assert "pip" in said
    kind(HeadlessConfiguration(), portal="acme")
    assert "acme_purser" not in sys.modules, "a session that only was made has loaded nothing"


# ------------------------------------------------------------------------------------------------------- broken ones

BROKEN = [
    (":Adapter", "import there_is_no_such_module", "cannot be loaded: ModuleNotFoundError"),
    (":Nobody", "", "cannot be loaded: AttributeError"),
    (":make", "def make():\n    raise ValueError('out of order')", r"cannot be loaded: ValueError\('out of order'\)"),
    (":make", "def make(needed):\n    pass", "cannot be loaded: TypeError"),
    (":make", "import sys\nsys.exit(3)", r"cannot be loaded: SystemExit\(3\)"),
    (":make", "make = 5", "is none: it has no login_paths, recognises, order_addresses, read"),
    (":make", "def make():\n    return int", "is none: it is a class"),
    (":Adapter", ADAPTER.replace("def recognises", "def knows"), "is none: it has no recognises"),
    (":Adapter", ADAPTER + "\nAdapter.login_form = 'form'", "is none: its login_form cannot be called"),
    (":Adapter", ADAPTER + "\nAdapter.login_paths = ['/x']", "is none: its login_paths must be a tuple"),
    (":Adapter", ADAPTER + "\nAdapter.login_paths = property(lambda self: 1 / 0)", "cannot be loaded: ZeroDivision"),
]


@pytest.mark.parametrize(("value", "source", "fault"), BROKEN, ids=[str(n) for n in range(len(BROKEN))])
def test_a_broken_adapter_is_told_by_package_entry_point_and_fault_to_who_names_it_and_hurts_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    value: str,
    source: str,
    fault: str,
) -> None:
    offer(monkeypatch, tmp_path, {"acme": value}, source)
    offer(monkeypatch, tmp_path, {"zeta": ":Adapter"}, SECOND, "zeta-purser")
    told = rf"The portal adapter 'acme' of acme-purser 1\.0 \(entry point acme = acme_purser{value}\) {fault}"
    with pytest.raises(ConfigurationError, match=told):
        adapter_of(Settings(portal="acme"))
    for other in ("coupa", "generic", "zeta", Own()):
        adapter_of(Settings(portal=other))
    assert warned(caplog) == []
    auto = adapter_of(Settings())
    assert [line for line in warned(caplog) if "passed over" in line] == warned(caplog) != []
    assert fault.split(":", maxsplit=1)[0] in warned(caplog)[0]
    assert auto.read(page("zeta PO7"), "PO7") == OrderPage("zeta", "", ())
    assert isinstance(auto.read(order(LINK), "PO16928033"), OrderPage)


def test_a_run_that_does_not_use_it_loads_nothing_of_an_installed_adapter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offer(monkeypatch, tmp_path, {"acme": ":Adapter"}, "raise SystemExit")
    offer(monkeypatch, tmp_path, {"zeta": ":Adapter"}, SECOND, "zeta-purser")
    for other in ("coupa", "generic", "zeta", Own()):
        adapter_of(Settings(portal=other))
    assert "zeta_purser" in sys.modules
    assert "acme_purser" not in sys.modules


def test_a_name_that_two_packages_offer_is_no_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    offer(monkeypatch, tmp_path, {"acme": ":Adapter"})
    offer(monkeypatch, tmp_path, {"acme": ":Adapter"}, package="other-purser")
    with pytest.raises(ConfigurationError, match=r"acme-purser 1\.0 .*, other-purser 1\.0 .*Uninstall all but one"):
        adapter_of(Settings(portal="acme"))
    assert isinstance(adapter_of(Settings()).read(page("acme PO7"), "PO7"), WrongPage)
    assert "passed over" in warned(caplog)[0]


def test_a_built_in_name_is_nobody_elses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    offer(monkeypatch, tmp_path, {"coupa": ":Adapter"})
    assert Settings(portal="coupa").portal is PortalKind.COUPA
    assert isinstance(adapter_of(Settings()).read(page("acme PO7"), "PO7"), WrongPage)
    assert "has the name of a built-in one" in warned(caplog)[0]


@pytest.mark.parametrize(
    ("damage", "told"),
    [(b"[\xff\xfe]\n", "UnicodeDecodeError"), (b"[purser.portals]\nno equals sign\n", "[A-Z][a-z]+Error")],
)
def test_a_damaged_package_beside_takes_only_the_installed_adapters_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: bytes, told: str
) -> None:
    offer(monkeypatch, tmp_path, {"acme": ":Adapter"})
    (tmp_path / "acme_purser-1.0.dist-info" / "entry_points.txt").write_bytes(damage)
    with pytest.raises(ConfigurationError, match=f"cannot be read: {told}"):
        adapter_of(Settings(portal="acme"))
    assert isinstance(adapter_of(Settings()).read(order(LINK), "PO16928033"), OrderPage)
    assert "passed over" in warned(caplog)[0]


# ---------------------------------------------------------------------------------------------------------- under auto


def test_auto_asks_the_installed_by_name_then_coupas_then_the_generic_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever the order in which they were installed; the first that recognises a page reads it, each time."""
    offer(monkeypatch, tmp_path, {"zeta": ":Adapter"}, SECOND, "a-purser")
    offer(monkeypatch, tmp_path, {"acme": ":Adapter"}, package="z-purser")
    assert [one.name for one in installed_adapters()] == ["acme", "zeta"]
    auto = adapter_of(Settings())
    for _ in range(2):
        assert auto.read(page("acme zeta PO7"), "PO7") == OrderPage("acme", "", ())
        assert auto.read(page("zeta PO7"), "PO7") == OrderPage("zeta", "", ())
        assert auto.read(order("acme" + LINK), "PO16928033") == OrderPage("acme", "", ())
    built_in = auto.read(order(LINK), "PO16928033")
    generic = auto.read(page("<h1>PO7</h1><a href='/a.pdf'>a</a>", url=f"{BASE}/orders/PO7"), "PO7")
    assert isinstance(built_in, OrderPage)
    assert isinstance(generic, OrderPage)
    assert [len(one.attachments) for one in (built_in, generic)] == [1, 1]


def test_auto_takes_addresses_and_the_login_page_from_who_knows_the_portals_address_and_from_no_other_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = adapter_of(Settings())
    offer(monkeypatch, tmp_path, {"acme": ":Adapter"})
    auto = adapter_of(Settings())
    assert auto.order_addresses("https://acme.example", "PO7") == ("https://acme.example/acme/PO7",)
    assert auto.login_address("https://acme.example") == "https://acme.example/account/login"
    for base in (BASE, "https://x.coupahost.example", ""):
        assert auto.order_addresses(base, "PO7") == before.order_addresses(base, "PO7")
        assert auto.login_address(base) == before.login_address(base)
    own_path = adapter_of(Settings(generic=GenericPortalSettings(order_path="/p/{number}")))
    assert own_path.order_addresses("https://acme.example", "PO7") == ("https://acme.example/p/PO7",)


def test_auto_asks_nobody_about_a_portal_without_an_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not even one that takes every page for its own."""
    offer(monkeypatch, tmp_path, {"acme": ":Adapter"}, ADAPTER.replace('word = "acme"', 'word = ""'))
    auto = adapter_of(Settings())
    assert auto.order_addresses("", "PO7") == ()
    assert auto.order_addresses(BASE, "PO7") == (f"{BASE}//PO7",)


def test_auto_leaves_all_questions_about_a_page_to_who_recognises_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    more = """
    def wants_login(self, page): return "acme wants one"
    def login_form(self, page): return LoginForm("#u", "#p", "#s")
    def visible_text(self, page): return "acme sees"
    def read_requisition(self, page): return OrderPage("acme's", "", ())
"""
    source = "from contracts.ports import LoginForm\n" + ADAPTER.replace("def make", f"{more}\ndef make")
    offer(monkeypatch, tmp_path, {"acme": ":Adapter"}, source)
    auto = adapter_of(Settings())
    its, other = page("acme"), page("<h1>PO7</h1>", url=f"{BASE}/orders/PO7")
    assert auto.wants_login(its) == "acme wants one"
    assert auto.login_form(its).username_field == "#u"
    assert auto.visible_text(its) == "acme sees"
    assert auto.read_requisition(its).title == "acme's"
    assert auto.wants_login(other) == ""
    assert auto.login_form(other).username_field != "#u"
    assert auto.visible_text(other) == "PO7"


@pytest.mark.parametrize("answer", ["1 / 0", "'yes'", "(_ for _ in ()).throw(NetworkError('no'))"])
def test_an_adapter_that_cannot_say_whose_page_it_is_is_passed_over_for_that_page_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, answer: str
) -> None:
    source = "from contracts.errors import NetworkError\n" + ADAPTER.replace(
        "return self.word in page.html", f"return {answer} if 'odd' in page.html else self.word in page.html"
    )
    offer(monkeypatch, tmp_path, {"acme": ":Adapter"}, source)
    offer(monkeypatch, tmp_path, {"zeta": ":Adapter"}, SECOND, "zeta-purser")
    auto = adapter_of(Settings())
    assert auto.read(page("odd acme zeta PO7"), "PO7") == OrderPage("zeta", "", ())
    assert [line for line in warned(caplog) if "'acme' is passed over for one page" in line]
    assert auto.read(page("acme zeta PO7"), "PO7") == OrderPage("acme", "", ())


# --------------------------------------------------------------------------------------------------- the login's paths


class _Nowhere:
    """Finds no browser, and needs none."""

    def __init__(self, *_more: Any, **_named: Any) -> None:
        """Nothing to do."""

    def find(self) -> None:
        """It is there."""


@pytest.mark.parametrize(
    ("portal", "paths"),
    [
        (Own(), ("/account/login",)),
        ("acme", ("/account/login",)),
        ("generic", ("/enter",)),
        ("coupa", ("/sessions/new", "/login", "/sessions")),
        ("auto", ("/account/login", "/sessions/new", "/login", "/sessions", "/enter")),
    ],
    ids=["object", "name", "generic", "coupa", "auto"],
)
def test_what_fetches_files_knows_the_login_page_by_the_adapters_paths(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, portal: Any, paths: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(run_resources, "ChromiumLauncher", _Nowhere)
    offer(monkeypatch, tmp_path / "site", {"acme": ":Adapter"})
    settings = Settings(
        portal=portal, download_dir=tmp_path / "d", generic=GenericPortalSettings(login_paths=("/enter",))
    )
    opened = LocalResources(settings, HeadlessConfiguration(), "run", MemoryJournal())
    try:
        fetcher: Any = opened.make_fetcher()
        assert fetcher._login_paths == paths
        fetcher.close()
    finally:
        opened.close()

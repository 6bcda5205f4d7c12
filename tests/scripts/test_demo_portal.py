"""The demo portal serves what it says it serves, plays the faults it is told to play, and ends with its owner."""

from __future__ import annotations

import hashlib
import io
import re
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from scripts.demo_portal import DemoPortal, Fault, FaultKind, PortalConfig
from scripts.portal.content import build_orders

PROGRAM = Path(__file__).resolve().parents[2] / "scripts" / "demo_portal.py"
ADDRESS = re.compile(r"/(?:attachment/attachment_file/\w+|generic/files)/[^/'\"]+/[^'\"]+")


@pytest.fixture(scope="module")
def portal() -> Iterator[DemoPortal]:
    with DemoPortal(orders=12, seed=7, lines=3) as running:
        yield running


@pytest.fixture
def client(portal: DemoPortal) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=portal.url) as logged_in:
        logged_in.post("/sessions", data={"username": "demo", "password": "demo"})
        yield logged_in
        portal.set_faults({}, replace=True)


def addresses_on(page: str) -> list[str]:
    return [unescape(address) for address in dict.fromkeys(ADDRESS.findall(page))]


def test_every_file_on_every_page_is_the_one_of_the_ground_truth(portal: DemoPortal, client: httpx.Client) -> None:
    truth = portal.truth()
    served: dict[str, set[str]] = {}
    for number, order in truth.items():
        page = client.get(f"/order_headers/{number}").text
        assert f"<title>Purchase Order #{number}</title>" in page
        if order.requisition:
            assert not addresses_on(page)
            page = client.get(f"/requisition_headers/{order.requisition}").text
        found = [client.get(address) for address in addresses_on(page)]
        assert sorted(len(answer.content) for answer in found) == sorted(file.size for file in order.files)
        served[number] = {hashlib.sha256(answer.content).hexdigest() for answer in found}
    assert served == {number: {file.sha256 for file in order.files} for number, order in truth.items()}
    assert {file.form for order in truth.values() for file in order.files} == {1, 2, 3, 4}
    assert any(not order.files for order in truth.values())
    assert any(order.requisition for order in truth.values())


def test_the_generic_flavour_serves_the_same_files(portal: DemoPortal, client: httpx.Client) -> None:
    number, order = next((number, order) for number, order in portal.truth().items() if len(order.files) > 1)
    page = client.get(f"/generic/orders/{number}").text
    assert re.search(rf"<h1>[^<]*\b{number}\b", page)
    found = {hashlib.sha256(client.get(address).content).hexdigest() for address in addresses_on(page)}
    assert found == {file.sha256 for file in order.files}


def test_the_same_seed_makes_the_same_files_and_another_seed_others() -> None:
    def hashes(seed: int) -> list[str]:
        orders = build_orders(PortalConfig(orders=8, seed=seed)).values()
        return [file.sha256() for order in orders for file in order.files]

    assert hashes(3) == hashes(3)
    assert not set(hashes(3)) & set(hashes(4))


def test_files_have_the_size_asked_for_and_the_first_bytes_of_their_type() -> None:
    orders = build_orders(PortalConfig(orders=6, files_per_order=3, file_size=5000)).values()
    files = {file.kind: file.content() for order in orders for file in order.files}
    assert {len(content) for content in files.values()} == {5000}
    assert files["pdf"].startswith(b"%PDF-")
    assert files["png"].startswith(b"\x89PNG\r\n\x1a\n")
    with zipfile.ZipFile(io.BytesIO(files["zip"])) as archive:
        assert archive.testzip() is None


def test_names_travel_in_plain_utf8_and_absent_dispositions(portal: DemoPortal, client: httpx.Client) -> None:
    names = {file.key: file.name for order in portal.truth().values() for file in order.files}
    seen = set()
    for number in portal.numbers():
        for address in addresses_on(client.get(f"/generic/orders/{number}").text):
            header = client.get(address).headers.get("content-disposition", "")
            name = names[address.split("/")[3]]
            if "filename*" in header:
                assert unquote(header.partition("UTF-8''")[2]) == name
            elif header:
                assert f'filename="{name}"' in header
            else:
                assert unquote(address.rpartition("/")[2]) == name
            seen.add((bool(header), "filename*" in header))
    assert len(seen) == 3


def test_without_a_login_orders_and_files_lead_to_the_login_page(portal: DemoPortal) -> None:
    number = portal.numbers()[0]
    with httpx.Client(base_url=portal.url) as stranger:
        assert stranger.get("/").status_code == 200
        for address in (f"/order_headers/{number}", f"/generic/orders/{number}", "/generic/files/x/y.pdf"):
            answer = stranger.get(address)
            assert (answer.status_code, answer.headers["location"]) == (302, "/login")
        assert 'type="password"' in stranger.get("/login").text


def test_a_wrong_password_shows_the_form_again_with_an_error(portal: DemoPortal) -> None:
    before = portal.counters().failed_logins
    answer = httpx.post(f"{portal.url}/sessions", data={"username": "demo", "password": "wrong"})
    assert "is wrong" in answer.text
    assert 'type="password"' in answer.text
    assert "set-cookie" not in answer.headers
    assert portal.counters().failed_logins == before + 1


def test_the_session_cookie_is_hidden_from_scripts(portal: DemoPortal) -> None:
    answer = httpx.post(f"{portal.url}/sessions", data={"username": "demo", "password": "demo"})
    assert "HttpOnly" in answer.headers["set-cookie"]


def test_logins_end_on_command_and_at_the_request_asked_for() -> None:
    with DemoPortal(orders=2, expire_at_requests=(2,)) as own, httpx.Client(base_url=own.url) as client:
        statuses = []
        for _ in range(2):
            client.post("/sessions", data={"username": "demo", "password": "demo"})
            statuses.append(client.get(f"/order_headers/{own.numbers()[0]}").status_code)
        assert statuses == [200, 302]
        client.post("/sessions", data={"username": "demo", "password": "demo"})
        assert own.expire_logins() == 1
        assert client.get(f"/order_headers/{own.numbers()[0]}").status_code == 302


def test_a_portal_without_login_shows_everything() -> None:
    with DemoPortal(orders=1, login_required=False) as own:
        assert httpx.get(own.order_url(own.numbers()[0])).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("page-404", 404),
        ("page-500", 500),
        ("page-503", 503),
        ("page-429", 429),
        ("page-204", 204),
        ("page-login", 302),
        ("page-not-found-200", 200),
        ("page-not-authorised", 200),
    ],
)
def test_a_page_fault_strikes_its_own_order_only(
    portal: DemoPortal, client: httpx.Client, fault: str, status: int
) -> None:
    struck, spared = portal.numbers()[:2]
    portal.set_faults({struck: fault})
    answer = client.get(f"/order_headers/{struck}")
    assert answer.status_code == status
    assert f"#{struck}" not in answer.text
    assert client.get(f"/order_headers/{spared}").status_code == 200


def test_a_fault_ends_after_the_times_it_was_given(portal: DemoPortal, client: httpx.Client) -> None:
    number = portal.numbers()[0]
    portal.set_faults({number: "page-503:1"})
    assert [client.get(f"/order_headers/{number}").status_code for _ in range(3)] == [503, 200, 200]


def test_too_many_requests_says_when_to_come_back(portal: DemoPortal, client: httpx.Client) -> None:
    number = portal.numbers()[0]
    portal.set_faults({number: Fault(FaultKind.PAGE_429, seconds=7)})
    assert client.get(f"/order_headers/{number}").headers["retry-after"] == "7"


def test_a_wrong_title_is_the_page_of_the_next_order(portal: DemoPortal, client: httpx.Client) -> None:
    number, other = portal.numbers()[:2]
    portal.set_faults({number: "page-wrong-title"})
    assert f"<title>Purchase Order #{other}</title>" in client.get(f"/order_headers/{number}").text


@pytest.fixture
def file_address(portal: DemoPortal, client: httpx.Client) -> tuple[str, str]:
    """An order and the address of its first file."""
    number = next(number for number, order in portal.truth().items() if order.files and not order.requisition)
    return number, addresses_on(client.get(f"/order_headers/{number}").text)[0]


def test_a_truncated_file_breaks_off_before_its_announced_end(
    portal: DemoPortal, client: httpx.Client, file_address: tuple[str, str]
) -> None:
    number, address = file_address
    portal.set_faults({number: "file-truncated"})
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        client.get(address)


def test_a_stalled_file_sends_some_bytes_and_then_nothing(
    portal: DemoPortal, client: httpx.Client, file_address: tuple[str, str]
) -> None:
    number, address = file_address
    portal.set_faults({number: "file-stall"})
    received = b""

    def read_on(answer: httpx.Response) -> None:
        nonlocal received
        for chunk in answer.iter_bytes():
            received += chunk

    with client.stream("GET", address, timeout=0.3) as answer, pytest.raises(httpx.ReadTimeout):
        read_on(answer)
    assert 0 < len(received) < int(answer.headers["content-length"])


@pytest.mark.parametrize(
    ("fault", "status", "beginning"),
    [
        ("file-empty", 200, b""),
        ("file-login-html", 200, b"<!DOCTYPE html>"),
        ("file-404", 404, b"<!DOCTYPE html>"),
        ("file-login", 302, b""),
    ],
)
def test_a_file_fault_puts_something_else_in_the_files_place(
    portal: DemoPortal,
    client: httpx.Client,
    file_address: tuple[str, str],
    fault: str,
    status: int,
    beginning: bytes,
) -> None:
    number, address = file_address
    portal.set_faults({number: fault})
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.content[:15] == beginning


def test_file_requests_are_counted_by_order(
    portal: DemoPortal, client: httpx.Client, file_address: tuple[str, str]
) -> None:
    number, address = file_address
    before = portal.counters().files.get(number, 0)
    client.get(address)
    assert portal.counters().files[number] == before + 1


def test_a_portal_that_is_down_refuses_everything_until_it_is_up(portal: DemoPortal, client: httpx.Client) -> None:
    portal.set_down()
    assert client.get("/").status_code == 503
    portal.set_down(False)
    assert client.get("/").status_code == 200


def test_a_misspelt_fault_or_order_is_an_error(portal: DemoPortal) -> None:
    with pytest.raises(ValueError, match="page-505"):
        portal.set_faults({portal.numbers()[0]: "page-505"})
    with pytest.raises(ValueError, match="no such orders: PO1"):
        portal.set_faults({"PO1": "page-500"})


def test_the_program_ends_when_its_input_closes_or_on_a_signal() -> None:
    for closes_input in (True, False):
        with subprocess.Popen(
            [sys.executable, str(PROGRAM), "--orders", "3", "--fault", "PO16928001=file-stall"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdin is not None
            address = process.stdout.readline().strip()
            assert httpx.get(address).status_code == 200
            if closes_input:
                process.stdin.close()
            else:
                process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


def test_the_portal_ends_at_once_even_with_a_client_that_hangs() -> None:
    with DemoPortal(orders=1, login_required=False, files_per_order=1, forms=(4,)) as own:
        number = own.numbers()[0]
        own.set_faults({number: "file-stall"})
        pid = own.pid
        address = own.url + addresses_on(httpx.get(own.order_url(number)).text)[0]
        with httpx.stream("GET", address, timeout=5) as answer:
            assert next(answer.iter_raw())
            own.__exit__(None, None, None)
    assert not Path(f"/proc/{pid}").exists()


_OWNER = """
import sys
sys.path.append(sys.argv[1])
from scripts.demo_portal import DemoPortal
with DemoPortal(orders=1) as portal:
    print(portal.url, flush=True)
    sys.stdin.read()
"""


def test_the_portal_ends_when_its_owner_is_killed() -> None:
    """An open connection tells when the portal has ended: nothing else knows of it once its owner is gone."""
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(PROGRAM.parents[1])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        port = int(owner.stdout.readline().rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: portal\r\n\r\n")
            assert line.recv(12) == b"HTTP/1.1 200"
            owner.kill()
            while line.recv(65536):
                pass

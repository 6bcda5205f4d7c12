"""What is fetched ahead: the next file that will be wanted, and no other; what nobody asked for is dropped."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from actors.worker.process_po import process_po
from contracts.config import Route
from contracts.errors import AuthenticationError, NetworkError
from contracts.messages import LoginMet, Visited
from contracts.ports import FileRequest, KeptFile, LeaseWatch
from tests.worker.fakes import BASE, Watch, World, kept, listed, order_page, page, visit

ADDRESS = f"{BASE}/order_headers/1"


@attrs.define(eq=False)
class WorldAhead(World):
    """A world whose fetcher reads ahead."""

    def begin(self, request: FileRequest, into: Path, watch: LeaseWatch) -> None:
        """Note it."""
        self.log.append(f"begin {request.url.rpartition('/')[2]}")

    def drop_begun(self) -> None:
        """Note it."""
        self.log.append("drop")


@pytest.fixture
def world(tmp_path: Path) -> WorldAhead:
    """A portal whose order lists three files."""
    made = WorldAhead(tmp_path)
    made.readings[ADDRESS] = order_page(*map(listed, ("a.pdf", "b.pdf", "c.pdf")))
    return made


def run(world: World, *files: KeptFile, route: Route = Route.HYBRID) -> Visited | LoginMet:
    """Visit the order."""
    outcome = process_po(visit(kept=files), world.tools(route), Watch(world.log))
    assert isinstance(outcome, Visited | LoginMet)
    return outcome


def test_each_file_but_the_first_is_begun_while_the_one_before_it_comes(world: WorldAhead) -> None:
    run(world)
    assert world.did("begin", "fetch", "drop") == [
        "begin b.pdf",
        f"fetch {BASE}/files/a.pdf",
        "begin c.pdf",
        f"fetch {BASE}/files/b.pdf",
        f"fetch {BASE}/files/c.pdf",
        "drop",
    ]


def test_a_file_that_an_earlier_lease_kept_is_not_fetched_ahead(world: WorldAhead) -> None:
    world.still_staged = {"b.pdf"}
    run(world, kept("b.pdf"))
    assert world.did("begin") == ["begin c.pdf"]


def test_nothing_is_fetched_ahead_once_a_file_did_not_arrive(world: WorldAhead) -> None:
    world.files[f"{BASE}/files/a.pdf"] = NetworkError("it broke off")
    run(world)
    assert world.did("begin") == ["begin b.pdf"]


def test_nothing_that_lies_elsewhere_or_comes_through_the_browser_is_fetched_ahead(world: WorldAhead) -> None:
    foreign = attrs.evolve(listed("b.pdf"), url="https://elsewhere.example/b.pdf")
    world.readings[ADDRESS] = order_page(listed("a.pdf"), foreign, listed("c.pdf", url=False, control=True))
    run(world)
    assert world.did("begin") == []
    world.readings[ADDRESS] = order_page(listed("a.pdf"), listed("b.pdf"))
    run(world, route=Route.BROWSER)
    assert world.did("begin") == []


def test_what_was_begun_is_dropped_when_the_visit_ends_at_the_login_page(world: WorldAhead) -> None:
    world.files[f"{BASE}/files/a.pdf"] = AuthenticationError("a login form came")
    world.again[ADDRESS] = page(ADDRESS, status=401)
    assert isinstance(run(world), LoginMet)
    assert world.did("begin", "drop") == ["begin b.pdf", "drop"]

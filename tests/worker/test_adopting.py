"""Files that an earlier lease brought and verified: taken over where the portal lists them alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.worker.process_po import process_po
from contracts.config import Route
from contracts.messages import Visited
from contracts.ports import KeptFile, ListedAttachment
from contracts.tasks import TaskStatus
from tests.worker.fakes import BASE, Watch, World, kept, listed, order_page, visit

ADDRESS = f"{BASE}/order_headers/1"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A portal whose order lists two files."""
    made = World(tmp_path)
    made.readings[ADDRESS] = order_page(listed("a.pdf"), listed("b.pdf"))
    return made


def run(world: World, *files: KeptFile, route: Route = Route.HYBRID) -> Visited:
    """Visit the order with these files kept."""
    outcome = process_po(visit(kept=files), world.tools(route), Watch(world.log))
    assert isinstance(outcome, Visited)
    return outcome


@pytest.mark.parametrize("route", list(Route))
def test_a_kept_file_is_adopted_and_only_the_others_are_fetched(world: World, route: Route) -> None:
    world.still_staged = {"a.pdf"}
    outcome = run(world, kept("a.pdf"), route=route)
    assert outcome.result.status is TaskStatus.COMPLETED
    assert [file.name for file in outcome.result.attachments] == ["a.pdf", "b.pdf"]
    assert world.did("adopt", "place") == ["adopt a.pdf", "place b.pdf"]


def test_every_verified_file_is_told_under_the_lease_it_lies_in_now(world: World) -> None:
    world.still_staged = {"a.pdf"}
    run(world, kept("a.pdf"))
    lease = visit().lease
    assert [(file.lease, file.attachment.name) for file in world.files_kept] == [(lease, "a.pdf"), (lease, "b.pdf")]


def test_a_kept_file_that_is_gone_or_changed_is_fetched(world: World) -> None:
    assert run(world, kept("a.pdf")).result.status is TaskStatus.COMPLETED
    assert world.did("adopt", "place") == ["adopt a.pdf", "place a.pdf", "place b.pdf"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(kept("a.pdf", url=f"{BASE}/files/other"), id="another address"),
        pytest.param(kept("c.pdf", url=f"{BASE}/files/a.pdf"), id="another name"),
    ],
)
def test_a_file_that_is_listed_otherwise_is_not_adopted(world: World, other: KeptFile) -> None:
    world.still_staged = {"a.pdf", "c.pdf"}
    run(world, other)
    assert world.did("adopt") == []


@pytest.mark.parametrize(("stated", "adopted"), [(None, True), (3, True), (4, False)])
def test_a_size_that_the_page_states_must_be_the_same(world: World, stated: int | None, adopted: bool) -> None:
    item = ListedAttachment("a.pdf", f"{BASE}/files/a.pdf", declared_size=stated)
    world.readings[ADDRESS] = order_page(item)
    world.still_staged = {"a.pdf"}
    run(world, kept("a.pdf"))
    assert bool(world.did("adopt")) is adopted


def test_what_has_no_address_is_neither_kept_nor_adopted(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a.pdf", url=False, control=True))
    world.still_staged = {"a.pdf"}
    run(world, kept("a.pdf", url=""))
    assert world.did("adopt") == []
    assert world.files_kept == []

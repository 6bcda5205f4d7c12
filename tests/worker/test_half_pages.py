"""A page that may have been cut on its way is not an order's page, whatever the half that came says."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from actors.worker.process_po import process_po
from contracts.errors import AttachmentError, AuthenticationError, Blame, NetworkError, PortalError
from contracts.messages import Visited, VisitFailed, VisitOutcome
from contracts.ports import FileRequest, LeaseWatch, PageEnd, Unproven
from contracts.tasks import TaskStatus
from tests.worker.fakes import BASE, Watch, World, listed, order_page, page, visit

ORDER = f"{BASE}/order_headers/1"
END = PageEnd(b"</body></html>", 1000, is_certain=True)
NO_END = PageEnd(b"<p>intro", 1000, is_certain=True)
LONGER = PageEnd(b"<p>intro", 2000, is_certain=True)


@attrs.define(eq=False)
class WorldOfHalves(World):
    """A world whose browser and fetcher can tell how documents end."""

    ends: dict[str, PageEnd | Exception] = attrs.field(factory=dict)
    open_ended: tuple[str, ...] = ()

    def without_end(self) -> tuple[str, ...]:
        self.log.append("without_end")
        return self.open_ended

    def end_of(self, request: FileRequest, watch: LeaseWatch) -> PageEnd:
        self.log.append(f"end_of {request.url}")
        end = self.ends[request.url]
        if isinstance(end, Exception):
            raise end
        return end


def run(world: WorldOfHalves) -> VisitOutcome:
    return process_po(visit(), world.tools(), Watch(world.log))


def run_with_nothing_listed(world: WorldOfHalves, address: str, end: PageEnd | Exception) -> VisitOutcome:
    """Visit an order whose page lists nothing, and one of whose documents just stops."""
    world.open_ended = (address,)
    world.readings[ORDER] = order_page()
    world.ends[address] = end
    return run(world)


@pytest.fixture
def world(tmp_path: Path) -> WorldOfHalves:
    return WorldOfHalves(tmp_path)


def cut(world: WorldOfHalves, *files: str, is_open: bool = True) -> None:
    world.pages[ORDER] = page(unproven=(Unproven(ORDER, 1000, is_open=is_open),))
    world.readings[ORDER] = order_page(*map(listed, files))
    world.files.update({f"{BASE}/files/{name}": b"x" for name in files})


@pytest.mark.parametrize("files", [(), ("a.pdf",)])
@pytest.mark.parametrize("end", [END, LONGER, NetworkError("it ends too early")])
def test_a_packed_page_without_end_is_network_trouble(
    world: WorldOfHalves, files: tuple[str, ...], end: PageEnd | Exception
) -> None:
    cut(world, *files)
    world.ends[ORDER] = end
    outcome = run(world)
    assert isinstance(outcome, VisitFailed)
    assert (outcome.blame, outcome.code) == (Blame.NETWORK, "NETWORK_ERROR")
    assert not world.files_kept


@pytest.mark.parametrize(
    "end", [NO_END, AuthenticationError("no"), PortalError("no", http_status=503), AttachmentError("no")]
)
def test_a_packed_page_that_never_has_an_end_is_believed(world: WorldOfHalves, end: PageEnd | Exception) -> None:
    cut(world, "a.pdf")
    world.ends[ORDER] = end
    outcome = run(world)
    assert isinstance(outcome, Visited)
    assert outcome.result.status is TaskStatus.COMPLETED


@pytest.mark.parametrize(("end", "is_whole"), [(END, True), (NO_END, True), (LONGER, False)])
def test_a_packed_document_of_which_nothing_is_known_is_measured(
    world: WorldOfHalves, end: PageEnd, is_whole: bool
) -> None:
    cut(world, "a.pdf", is_open=False)
    world.ends[ORDER] = end
    assert isinstance(run(world), Visited) == is_whole


def test_a_page_that_came_with_its_end_is_not_asked_for_again(world: WorldOfHalves) -> None:
    world.readings[ORDER] = order_page(listed("a.pdf"))
    world.files[f"{BASE}/files/a.pdf"] = b"x"
    assert isinstance(run(world), Visited)
    assert not any(line.startswith(("end_of", "without_end")) for line in world.log)


@pytest.mark.parametrize(
    "end", [PageEnd(b"<p>intro", 1000, is_certain=False), END, AttachmentError("no"), NetworkError("no")]
)
def test_a_page_that_just_stops_does_not_prove_that_an_order_has_no_attachments(
    world: WorldOfHalves, end: PageEnd | Exception
) -> None:
    outcome = run_with_nothing_listed(world, ORDER, end)
    assert isinstance(outcome, VisitFailed)
    assert outcome.blame is Blame.NETWORK


@pytest.mark.parametrize("end", [AttachmentError("no"), PortalError("no"), AuthenticationError("no")])
def test_a_frame_that_is_given_to_browsers_alone_leaves_an_order_without_attachments_be(
    world: WorldOfHalves, end: Exception
) -> None:
    """Such as one that keeps a login alive and answers each time otherwise."""
    outcome = run_with_nothing_listed(world, f"{BASE}/keepalive", end)
    assert isinstance(outcome, Visited)
    assert outcome.result.status is TaskStatus.NO_ATTACHMENTS


def test_a_page_without_end_that_says_how_long_it_is_proves_it(world: WorldOfHalves) -> None:
    outcome = run_with_nothing_listed(world, ORDER, NO_END)
    assert isinstance(outcome, Visited)
    assert outcome.result.status is TaskStatus.NO_ATTACHMENTS

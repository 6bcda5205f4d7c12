"""`purser retry`: of a finished run, the orders that were asked for and no others."""

from __future__ import annotations

import pytest

from actors.cli.summary import ExitCode
from tests.cli.conftest import Stand
from tests.cli.test_resume import stopping_after

ANSWERS = {"PO2": 500, "PO3": 404, "PO4": 403}
"""One failure of the portal's, one order that does not exist, one that may not be seen."""
FIRST = {"PO1": "NO_ATTACHMENTS", "PO2": "FAILED", "PO3": "PO_NOT_FOUND", "PO4": "FAILED"}
ALL = tuple(FIRST)


@pytest.fixture
def failed(stand: Stand) -> Stand:
    """A finished run with failures whose causes are gone."""
    stand.script.answers = ANSWERS
    assert stand.run(stand.orders(*ALL), sequential=True) is ExitCode.SOME_FAILED
    assert stand.statuses() == FIRST
    stand.script.answers = {}
    stand.visited()
    return stand


@pytest.mark.parametrize(
    ("statuses", "blames", "visited"),
    [
        ("FAILED,PARTIAL", "", ["PO2", "PO4"]),
        ("FAILED", "portal", ["PO2"]),
        ("FAILED", "item", ["PO4"]),
        ("failed, po_not_found", " Item ", ["PO3", "PO4"]),
        ("PO_NOT_FOUND", "", ["PO3"]),
        ("COMPLETED,NO_ATTACHMENTS", "", ["PO1"]),
    ],
)
def test_only_what_was_asked_for_is_visited_and_every_row_reported(
    failed: Stand, statuses: str, blames: str, visited: list[str]
) -> None:
    failed.retry(statuses, blames)
    assert failed.visited() == visited
    assert f"{len(visited)} orders are visited again" in failed.heard.out
    found = failed.statuses()
    assert {number: found[number] for number in visited} == dict.fromkeys(visited, "NO_ATTACHMENTS")
    assert {number: found[number] for number in ALL if number not in visited} == {
        number: status for number, status in FIRST.items() if number not in visited
    }
    report = failed.report()
    assert (report["total_pos"], report["resumed_pos"]) == (4, 4 - len(visited))


def test_the_exit_code_tells_of_the_whole_list(failed: Stand) -> None:
    assert failed.retry("FAILED") is ExitCode.SOME_FAILED
    assert failed.retry("PO_NOT_FOUND") is ExitCode.SUCCESS
    assert failed.statuses() == dict.fromkeys(ALL, "NO_ATTACHMENTS")


def test_nobody_that_ended_so_is_no_failure_and_changes_nothing(failed: Stand) -> None:
    before = (failed.downloads / "results.csv").read_bytes()
    assert failed.retry("QUARANTINED") is ExitCode.SUCCESS
    assert failed.retry("FAILED", "browser") is ExitCode.SUCCESS
    assert "Nothing was done" in failed.heard.out
    assert failed.visited() == []
    assert (failed.downloads / "results.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("statuses", "blames", "says"),
    [
        ("BROKEN", "", "--status does not know broken. It knows COMPLETED, "),
        ("FAILED,", "me,portal", "--blame does not know me. It knows item, "),
        ("", "", "--status names no status"),
        (" , ", "", "--status names no status"),
        ("FAILED PARTIAL", "", "--status does not know failed partial"),
        ("\x1b[31m", "", "--status does not know \ufffd[31m"),
    ],
)
def test_words_that_mean_nothing_exit_2_and_change_nothing(
    failed: Stand, statuses: str, blames: str, says: str
) -> None:
    assert failed.retry(statuses, blames) is ExitCode.UNUSABLE
    assert says in failed.heard.err
    assert failed.visited() == []


def test_a_run_that_is_not_finished_is_to_be_finished_first(stand: Stand) -> None:
    stand.script.answers = {"PO1": 500}
    with stopping_after(stand, 1):
        stand.run(stand.orders("PO1", "PO2"), sequential=True)
    stand.visited()
    assert stand.retry() is ExitCode.UNUSABLE
    assert f"Finish it first: purser resume {stand.downloads}" in stand.heard.err
    assert stand.visited() == []


def test_a_retry_that_is_interrupted_is_gone_on_with(failed: Stand) -> None:
    with stopping_after(failed, 1):
        assert failed.retry("FAILED,PO_NOT_FOUND") is ExitCode.INTERRUPTED
    assert failed.visited() == ["PO2"]
    assert failed.resume() is ExitCode.SUCCESS
    assert failed.visited() == ["PO3", "PO4"]
    assert failed.statuses() == dict.fromkeys(ALL, "NO_ATTACHMENTS")


def test_what_fails_again_is_charged_anew(failed: Stand) -> None:
    for _ in range(3):
        failed.script.answers = {"PO2": 500}
        assert failed.retry("FAILED", "portal") is ExitCode.SOME_FAILED
        assert failed.visited() == ["PO2"]
        assert failed.statuses()["PO2"] == "FAILED"

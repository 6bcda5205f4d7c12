"""Who logs in where, and when never again."""

from __future__ import annotations

import pytest

from actors.logins.core import LoginBook, LoginBrokerCore
from contracts.errors import Blame
from contracts.messages import (
    HostOpened,
    HostRefused,
    HostSession,
    HostTroubled,
    LoginAbandoned,
    LoginEnded,
    LoginNeeded,
    LoginResult,
    LoginWanted,
    SessionProved,
    SessionRenewed,
)
from contracts.ports import Cookie, Credentials

HOST = "portal.example"
SECRET = Credentials("user", "secret")
COOKIES = (Cookie(name="sid", value="1", domain=HOST),)


class Source:
    """Credentials and saved cookies, as given; counts the questions."""

    def __init__(self, known: dict[str, Credentials] | None = None, saved: tuple[Cookie, ...] = ()) -> None:
        self.known = {HOST: SECRET} if known is None else known
        self.saved = saved

    def credentials(self, host: str) -> Credentials | None:
        """Return what is known."""
        return self.known.get(host)

    def saved_cookies(self, host: str) -> tuple[Cookie, ...]:
        """Return what was saved."""
        return self.saved


def logged_in(core: LoginBrokerCore, version: int = 0) -> HostSession:
    """Need a login, get it, and return the session."""
    assert core.handle(LoginNeeded(HOST, version)) == [LoginWanted(HOST, SECRET)]
    (opened,) = core.handle(LoginEnded(HOST, LoginResult.LOGGED_IN, cookies=COOKIES))
    assert isinstance(opened, HostOpened)
    return opened.session


def test_a_login_opens_the_host_for_all_with_its_cookies() -> None:
    session = logged_in(LoginBrokerCore(Source(), LoginBook()))
    assert session == HostSession(HOST, 1, COOKIES)


def test_whoever_met_the_login_page_with_an_older_session_gets_the_newer_one_without_a_login() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    session = logged_in(core)
    assert core.handle(LoginNeeded(HOST, 0)) == [HostOpened(session)]


def test_a_session_that_expired_is_renewed() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    logged_in(core)
    core.handle(SessionProved(HOST, 1))
    assert logged_in(core, 1).version == 2


def test_without_credentials_the_host_is_refused_with_what_to_do() -> None:
    core = LoginBrokerCore(Source({}), LoginBook())
    (refused,) = core.handle(LoginNeeded(HOST, 0))
    assert isinstance(refused, HostRefused)
    assert "PURSER_USERNAME" in refused.text
    assert "purser login" in refused.text


def test_a_rejected_password_is_never_sent_twice_in_a_run() -> None:
    book = LoginBook()
    core = LoginBrokerCore(Source(), book)
    core.handle(LoginNeeded(HOST, 0))
    (refused,) = core.handle(LoginEnded(HOST, LoginResult.REJECTED, "wrong password"))
    assert isinstance(refused, HostRefused)
    for event in (LoginNeeded(HOST, 0), LoginNeeded(HOST, 5), LoginAbandoned(HOST)):
        assert core.handle(event) == [refused]
        assert LoginBrokerCore(Source(), book).handle(event) == [refused], "nor by a login broker that came back"


def test_neither_messages_nor_sessions_show_a_secret() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    assert "secret" not in repr(core.handle(LoginNeeded(HOST, 0)))
    shown = repr(core.handle(LoginEnded(HOST, LoginResult.LOGGED_IN, cookies=(COOKIES[0],))))
    assert "sid" not in shown


def test_a_login_that_came_to_no_answer_is_tried_three_times_in_all() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    core.handle(LoginNeeded(HOST, 0))
    failed = LoginEnded(HOST, LoginResult.FAILED, "HTTP 503")
    assert core.handle(failed) == [LoginWanted(HOST, SECRET)]
    assert core.handle(failed) == [LoginWanted(HOST, SECRET)]
    (refused,) = core.handle(failed)
    assert isinstance(refused, HostRefused)
    assert "HTTP 503" in refused.text


def unanswered(sent: bool = True) -> LoginEnded:
    """Return a login over which the portal was in trouble."""
    return LoginEnded(HOST, LoginResult.UNANSWERED, "The login answered HTTP 502.", sent=sent)


def test_a_portal_in_trouble_is_waited_for_and_gets_the_password_three_times_in_all() -> None:
    book = LoginBook()
    core = LoginBrokerCore(Source(), book)
    for _ in range(2):
        assert core.handle(LoginNeeded(HOST, 0)) == [LoginWanted(HOST, SECRET)]
        assert core.handle(unanswered()) == [HostTroubled(HOST, "The login answered HTTP 502.")]
        core = LoginBrokerCore(Source(), book)  # the count outlives the login broker
    core.handle(LoginNeeded(HOST, 0))
    (refused,) = core.handle(unanswered())
    assert isinstance(refused, HostRefused)
    assert refused.blame is Blame.PORTAL
    assert "HTTP 502" in refused.text
    assert "not a wrong password" in refused.text
    assert core.handle(LoginNeeded(HOST, 0)) == [refused]


def test_trouble_before_the_password_was_sent_does_not_count() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    for _ in range(10):
        assert core.handle(LoginNeeded(HOST, 0)) == [LoginWanted(HOST, SECRET)]
        assert core.handle(unanswered(sent=False)) == [HostTroubled(HOST, "The login answered HTTP 502.")]


def test_trouble_logins_without_use_and_lost_browsers_share_the_three_sendings() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    core.handle(LoginNeeded(HOST, 0))
    core.handle(unanswered())
    core.handle(LoginNeeded(HOST, 0))
    core.handle(LoginEnded(HOST, LoginResult.LOGGED_IN, sent=True))
    assert core.handle(LoginNeeded(HOST, 1)) == [LoginWanted(HOST, SECRET)]
    (refused,) = core.handle(LoginAbandoned(HOST))
    assert isinstance(refused, HostRefused)
    assert "3 times" in refused.text


def test_an_order_that_was_read_gives_the_sendings_back() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    for version in range(5):
        core.handle(LoginNeeded(HOST, version))
        assert isinstance(core.handle(unanswered())[0], HostTroubled)
        core.handle(LoginNeeded(HOST, version))
        (opened,) = core.handle(LoginEnded(HOST, LoginResult.LOGGED_IN, sent=True))
        assert isinstance(opened, HostOpened)
        core.handle(SessionProved(HOST, version + 1))


def test_a_page_that_was_kept_from_the_password_is_not_tried_again() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    core.handle(LoginNeeded(HOST, 0))
    (refused,) = core.handle(LoginEnded(HOST, LoginResult.REFUSED, "Its form leads elsewhere."))
    assert isinstance(refused, HostRefused)
    assert "leads elsewhere" in refused.text
    assert core.handle(LoginNeeded(HOST, 0)) == [refused]


def test_a_login_that_works_clears_the_failures_before_it() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    for version in range(4):
        core.handle(LoginNeeded(HOST, version))
        failed = LoginEnded(HOST, LoginResult.FAILED)
        assert core.handle(failed) == [LoginWanted(HOST, SECRET)]
        assert core.handle(failed) == [LoginWanted(HOST, SECRET)]
        (opened,) = core.handle(LoginEnded(HOST, LoginResult.LOGGED_IN))
        assert isinstance(opened, HostOpened)
        core.handle(SessionProved(HOST, version + 1))


def test_logins_after_which_nothing_can_be_read_end_in_a_refusal() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    for version in range(3):
        logged_in(core, version)
    (refused,) = core.handle(LoginNeeded(HOST, 3))
    assert isinstance(refused, HostRefused)
    assert "rights" in refused.text


def test_an_order_that_was_read_proves_the_login() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    for version in range(5):
        assert logged_in(core, version).version == version + 1
        core.handle(SessionProved(HOST, version + 1))


def test_a_login_whose_worker_died_goes_to_another() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    core.handle(LoginNeeded(HOST, 0))
    assert core.handle(LoginAbandoned(HOST)) == [LoginWanted(HOST, SECRET)]


def test_a_login_that_costs_browser_after_browser_is_given_up_like_one_that_fails() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    core.handle(LoginNeeded(HOST, 0))
    for _ in range(2):
        assert core.handle(LoginAbandoned(HOST)) == [LoginWanted(HOST, SECRET)]
    (refused,) = core.handle(LoginAbandoned(HOST))
    assert isinstance(refused, HostRefused)
    assert "browser" in refused.text


def test_renewed_cookies_are_kept_for_whoever_asks_next() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    first = logged_in(core)
    renewed = HostSession(HOST, 1, (Cookie(name="sid", value="2", domain=HOST),), renewals=1)
    assert core.handle(SessionRenewed(renewed)) == []
    assert core.handle(LoginNeeded(HOST, 0)) == [HostOpened(renewed)]
    second = logged_in(core, 1)
    core.handle(SessionRenewed(renewed))
    assert core.handle(LoginNeeded(HOST, 1)) == [HostOpened(second)], "a newer login stays"
    assert first != renewed


def test_a_dispatcher_that_asks_again_gets_an_answer_again() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    assert core.handle(LoginNeeded(HOST, 0)) == core.handle(LoginNeeded(HOST, 0)) == [LoginWanted(HOST, SECRET)]


def test_a_login_broker_that_came_back_goes_on_with_the_versions_it_hears_of() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    assert logged_in(core, 7).version == 8


@pytest.mark.parametrize("known", [{}, {HOST: SECRET}])
def test_a_saved_login_is_tried_first_and_once(known: dict[str, Credentials]) -> None:
    book = LoginBook()
    core = LoginBrokerCore(Source(known, COOKIES), book)
    (opened,) = core.handle(LoginNeeded(HOST, 0))
    assert opened == HostOpened(HostSession(HOST, 1, COOKIES, verified=False))
    (second,) = core.handle(LoginNeeded(HOST, 1))
    assert isinstance(second, LoginWanted if known else HostRefused)
    (again,) = LoginBrokerCore(Source(known, COOKIES), book).handle(LoginNeeded(HOST, 1))
    assert not isinstance(again, HostOpened), "nor by a login broker that came back"


def test_each_host_is_a_login_of_its_own() -> None:
    core = LoginBrokerCore(Source(), LoginBook())
    logged_in(core)
    (refused,) = core.handle(LoginNeeded("other.example", 0))
    assert isinstance(refused, HostRefused)
    assert core.handle(LoginNeeded(HOST, 0)) != [refused]


def test_between_two_batches_only_a_host_with_another_password_is_forgiven() -> None:
    book, source = LoginBook(), Source()
    core = LoginBrokerCore(source, book)
    core.handle(LoginNeeded(HOST, 0))
    core.handle(LoginEnded(HOST, LoginResult.REJECTED, sent=True))
    assert book.forgive(source) is False
    assert isinstance(core.handle(LoginNeeded(HOST, 0))[0], HostRefused)
    source.known = {}
    assert book.forgive(source) is False
    better = Credentials("user", "put right")
    source.known = {HOST: better}
    assert isinstance(core.handle(LoginNeeded(HOST, 0))[0], HostRefused), "not within a batch"
    assert book.forgive(source) is True
    assert LoginBrokerCore(source, book).handle(LoginNeeded(HOST, 0)) == [LoginWanted(HOST, better)]
    assert book.forgive(source) is False


def test_a_host_that_had_no_credentials_is_forgiven_once_there_are_some() -> None:
    book, source = LoginBook(), Source({})
    LoginBrokerCore(source, book).handle(LoginNeeded(HOST, 0))
    source.known = {HOST: SECRET}
    assert book.forgive(source) is True
    assert logged_in(LoginBrokerCore(source, book)).version == 1


def test_a_password_that_was_sent_as_often_as_it_may_be_is_counted_anew_for_another() -> None:
    book, source = LoginBook(), Source()
    for _ in range(3):
        book.note_sending(HOST)
    assert isinstance(LoginBrokerCore(source, book).handle(LoginNeeded(HOST, 0))[0], HostRefused)
    source.known = {HOST: Credentials("user", "other")}
    book.forgive(source)
    assert isinstance(LoginBrokerCore(source, book).handle(LoginNeeded(HOST, 0))[0], LoginWanted)


def test_no_password_stands_in_what_the_book_says_of_itself() -> None:
    book = LoginBook()
    LoginBrokerCore(Source(), book).handle(LoginNeeded(HOST, 0))
    assert SECRET.password not in repr(book)

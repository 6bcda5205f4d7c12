"""A page beyond all measure is refused where it is, and never brought into the program."""

from __future__ import annotations

import pytest

from actors.browser.chromium import ChromiumBrowser
from contracts.errors import PageReadingError
from tests.browser.conftest import Site

pytestmark = pytest.mark.chromium

HUGE = "document.body.append(document.createComment('x'.repeat(1 << 20)));"
ROOTS = "const e = document.createElement('div'); e.attachShadow({mode: 'open'}); document.body.append(e);"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (f"for (let n = 0; n < 17; n++) {{ {HUGE} }}", "characters"),
        (f"for (let n = 0; n < 501; n++) {{ {ROOTS} }}", "roots"),
    ],
)
def test_a_page_beyond_all_measure_costs_its_own_order(
    browser: ChromiumBrowser, site: Site, script: str, told: str
) -> None:
    site.pages["/huge"] = f"<title>huge</title><body><script>{script}</script>"
    with pytest.raises(PageReadingError, match=told):
        browser.open(site.url("/huge"))
    assert browser.open(site.url("/plain")).is_new

"""The controls on the demo portal's pages do in a real browser what they do on the real portal."""

from __future__ import annotations

import functools
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from selenium import webdriver
from selenium.common.exceptions import ElementClickInterceptedException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from scripts.bench_sides.baseline import open_browser
from scripts.demo_portal import DemoPortal
from scripts.supervision.place import short_base

pytestmark = pytest.mark.chromium
CONTROLS = {
    1: "span[role=button]",
    2: "span.attachment-file",
    3: "li.attachmentFile > a",
    4: "li > a[href*='/attachment/attachment_file/type/']",
}


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[webdriver.Chrome]:
    # A short path, since the browser makes a socket in it; it leaves what it made there behind.
    with tempfile.TemporaryDirectory(prefix="ps-", dir=short_base(), ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setenv("XDG_CONFIG_HOME", folder)
        driver = open_browser(tmp_path)
        yield driver
        driver.quit()


def arrived(folder: Path, count: int, _browser: webdriver.Chrome) -> set[str] | Literal[False]:
    # The browser first takes a file's name with an empty one, while its bytes are on their way under another.
    files = [
        path
        for path in folder.iterdir()
        if not path.name.endswith(".crdownload") and path.name[0] != "." and path.stat().st_size
    ]
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in files} if len(files) == count else False


def test_each_of_the_four_forms_downloads_its_file_when_clicked(browser: webdriver.Chrome, tmp_path: Path) -> None:
    with DemoPortal(orders=1, files_per_order=4, login_required=False) as portal:
        ((number, order),) = portal.truth().items()
        browser.get(portal.order_url(number))
        with pytest.raises(ElementClickInterceptedException):
            browser.find_element(By.CSS_SELECTOR, CONTROLS[1]).click()
        expected = {file.form: file.sha256 for file in order.files}
        assert sorted(expected) == [1, 2, 3, 4]
        for count, (form, selector) in enumerate(CONTROLS.items(), start=1):
            (control,) = browser.find_elements(By.CSS_SELECTOR, selector)
            browser.execute_script("arguments[0].click()", control)
            look = functools.partial(arrived, tmp_path, count)
            assert expected[form] in WebDriverWait(browser, 20, 0.05).until(look)
        assert portal.counters().files == {number: 4}

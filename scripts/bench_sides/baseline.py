"""The plain pool: threads that each keep one Selenium browser, log in once, and click every attachment.

Written the way a competent user would write it without purser: no supervision, but no needless waiting either.
"""

from __future__ import annotations

import queue
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from scripts.portal.state import PASSWORD, USERNAME

_LINKS = "li.attachmentFile > a, a[href*='/attachment/attachment_file/']"
_WAIT_SECONDS = 30.0
_LOOK_SECONDS = 0.05


def plain_pool(portal_url: str, numbers: list[str], workers: int, out_dir: Path) -> tuple[float, str]:
    """Download every order's attachments into `out_dir/<number>/`.

    Returns:
        Seconds from before the first browser starts until the last has ended, and what failed, or empty.
    """
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for number in numbers:
        waiting.put(number)
    started = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        failed = [
            text for part in pool.map(lambda _: _worker(portal_url, waiting, out_dir), range(workers)) for text in part
        ]
    return time.monotonic() - started, "; ".join(failed)[:500]


def _worker(portal_url: str, waiting: queue.SimpleQueue[str], out_dir: Path) -> list[str]:
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        downloads = Path(folder)
        driver = open_browser(downloads)
        try:
            _log_in(driver, portal_url)
            while True:
                try:
                    number = waiting.get_nowait()
                except queue.Empty:
                    return failed
                try:
                    _order(driver, portal_url, number, downloads, out_dir / number)
                except WebDriverException as error:
                    failed.append(f"{number}: {error.msg}")
        finally:
            driver.quit()


def open_browser(downloads: Path) -> webdriver.Chrome:
    """Start a headless browser that saves everything into `downloads`."""
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run"):
        options.add_argument(argument)
    options.add_experimental_option(
        "prefs",
        {
            "download.default_directory": str(downloads),
            "download.prompt_for_download": False,
            "plugins.always_open_pdf_externally": True,
            # Without it only the first download that a script starts on a page is saved, the others silently are not.
            "profile.default_content_setting_values.automatic_downloads": 1,
        },
    )
    binary = shutil.which("google-chrome") or shutil.which("chromium")
    if binary:
        options.binary_location = binary
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


def _log_in(driver: webdriver.Chrome, portal_url: str) -> None:
    driver.get(f"{portal_url}/login")
    driver.find_element(By.NAME, "username").send_keys(USERNAME)
    driver.find_element(By.NAME, "password").send_keys(PASSWORD)
    driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
    WebDriverWait(driver, _WAIT_SECONDS, _LOOK_SECONDS).until(lambda shown: "/login" not in shown.current_url)


def _order(driver: webdriver.Chrome, portal_url: str, number: str, downloads: Path, target: Path) -> None:
    driver.get(f"{portal_url}/order_headers/{number}")
    target.mkdir()
    for link in driver.find_elements(By.CSS_SELECTOR, _LINKS):
        link.click()
        arrived = WebDriverWait(driver, _WAIT_SECONDS, _LOOK_SECONDS).until(lambda _: _finished(downloads))
        shutil.move(arrived, target / arrived.name)


def _finished(downloads: Path) -> Path | Literal[False]:
    """The downloaded file, once nothing in the folder is still on its way."""
    there = list(downloads.iterdir())
    if any(path.name.endswith(".crdownload") or path.name.startswith(".") for path in there):
        return False
    return there[0] if there else False

"""The driver's own process: started by us and not by Selenium, so that its group is known before a browser exists."""

from __future__ import annotations

import logging
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chromium.options import ChromiumOptions
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webdriver import WebDriver
from urllib3.exceptions import HTTPError, TimeoutError as NoAnswerError

from actors.browser.faults import meaning
from contracts.durations import spoken
from contracts.errors import BrowserDiedError, MachineError

_PORT = re.compile(rb"started successfully on port (\d+)")
_STEP = 0.005
_OUTPUT = "driver.out"
# Below this level its log holds every command whole: typed passwords, cookies, addresses. It outlives a kill.
_LOG_LEVEL = "--log-level=SEVERE"


def start_driver(program: Path, folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a driver as the leader of a process group of its own, on a port it chooses.

    Args:
        program: The driver.
        folder: The owner's folder. Its path goes into the command line, where the process ledger looks for it.
        environment: The driver's environment, which the browser inherits.

    Raises:
        BrowserDiedError: It cannot be started.
        MachineError: The folder cannot be written.
    """
    try:
        output = (folder / _OUTPUT).open("wb")
    except OSError as error:
        raise MachineError(f"The folder {folder} cannot be written: {error.strerror}.") from error
    with output:
        try:
            return subprocess.Popen(
                [str(program), "--port=0", f"--log-path={folder / 'driver.log'}", _LOG_LEVEL],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=folder,
                env=dict(environment),
            )
        except OSError as error:
            raise BrowserDiedError(f"The driver {program} cannot be started: {error.strerror}.") from error


def read_port(
    process: subprocess.Popen[bytes],
    folder: Path,
    deadline: float,
    wait: Callable[[float], object],
    monotonic: Callable[[], float] = time.monotonic,
) -> int:
    """Wait until the driver says which port it chose.

    Raises:
        BrowserDiedError: It ended, or the deadline passed.
    """
    output = folder / _OUTPUT
    while True:
        ended = process.poll() is not None
        told = output.read_bytes()
        if found := _PORT.search(told):
            return int(found[1])
        if ended:
            said = told.decode("utf-8", "replace").strip().partition("\n")[0]
            raise BrowserDiedError(f"The driver ended while starting: {said or 'it said nothing'}")
        if monotonic() >= deadline:
            raise BrowserDiedError("The driver did not start in time.")
        wait(_STEP)


def connect(
    port: int, vendor: str, options: ChromiumOptions, start_seconds: float, command_seconds: float
) -> WebDriver:
    """Have the driver start its browser and return the session.

    Args:
        port: The driver's port.
        vendor: Prefix of the browser's own commands.
        options: What to start.
        start_seconds: How long the start may take.
        command_seconds: How long any later command may take.

    Raises:
        BrowserDiedError: The browser did not start.
    """
    # Its debug lines hold every command whole, typed passwords and cookies among them.
    remote_log = logging.getLogger("selenium.webdriver.remote.remote_connection")
    if remote_log.level < logging.INFO:
        remote_log.setLevel(logging.INFO)
    config = ClientConfig(
        remote_server_addr=f"http://127.0.0.1:{port}",
        timeout=start_seconds,  # type: ignore[arg-type] # given on to urllib3, which takes fractions
        # Its own retries would make every time limit four times as long.
        init_args_for_pool_manager={"init_args_for_pool_manager": {"retries": False}},
    )
    connection = RemoteConnection(ignore_proxy=True, client_config=config)
    connection.add_command("executeCdpCommand", "POST", f"/session/$sessionId/{vendor}/cdp/execute")  # type: ignore[no-untyped-call] # Selenium left it bare
    try:
        driver = WebDriver(command_executor=connection, options=options)
    except WebDriverException as error:
        connection.close()  # type: ignore[no-untyped-call] # Selenium left it bare
        raise BrowserDiedError(str(meaning(error, "starting"))) from error
    except NoAnswerError as error:
        connection.close()  # type: ignore[no-untyped-call] # Selenium left it bare
        within = f"The browser did not start within {spoken(start_seconds)}."
        raise BrowserDiedError(f"{within} Is the machine busy, or its display not usable?") from error
    except (HTTPError, OSError) as error:
        connection.close()  # type: ignore[no-untyped-call] # Selenium left it bare
        raise BrowserDiedError(f"The browser did not start: {type(error).__name__}.") from error
    config.timeout = command_seconds
    return driver

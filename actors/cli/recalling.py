"""What `resume` and `retry` go by: this user's own plan as it was, or of anybody else's the orders alone.

Programs, hosts and settings of a plan that this user did not write are not used. The portal must be named again, by
option, settings file or environment, or be agreed to on the terminal; so must every other host that the list names.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from actors.addresses import origin_of
from actors.cli.asking import Ask
from actors.cli.options import RunOptions, RunPlan, make_plan, require_adapter
from actors.cli.output import Output, command_line, printable
from actors.cli.plans import KeptPlan, give_again, plan_again
from actors.tables import OrderFile, read_environment, read_orders, read_settings_file
from contracts.checks import check_web_address
from contracts.config import HeadlessConfiguration
from contracts.errors import ConfigurationError, InputFileError, JournalError

_MOST_SHOWN = 5


@attrs.frozen(kw_only=True)
class Stated:
    """What is said when a run is gone on with.

    Args:
        environment: `os.environ`, or anything like it.
        base_url: The portal, or None.
        config: A settings file, or None.
        command: What the user typed, for messages.
    """

    environment: Mapping[str, str]
    base_url: str | None = None
    config: Path | None = None
    command: str = "resume"

    def programs(self) -> HeadlessConfiguration:
        """Return the browser and the driver to start.

        Raises:
            ConfigurationError: A setting is wrong.
        """
        stated = read_environment(self.environment)
        if self.config is not None:
            stated = stated.over(read_settings_file(self.config))
        return stated.headless_configuration()


def recall(kept: KeptPlan, folder: Path, stated: Stated, output: Output, ask: Ask) -> tuple[RunPlan, OrderFile]:
    """Return how to go on, and with which orders.

    Args:
        kept: What the journal keeps.
        folder: The download folder.
        stated: What was said now.
        output: Where to talk to.
        ask: Puts a question to a person.

    Raises:
        JournalError: The plan is not this user's own, and nobody named or agreed to what it would visit.
        ConfigurationError: What was said now is wrong.
    """
    orders = _kept_orders(kept.list_file, folder)
    if not kept.is_own:
        return _of_a_stranger(kept, folder, orders, stated, output, ask), orders
    programs = stated.programs()
    plan = plan_again(kept, folder, programs)
    if kept.named_programs and not (programs.binary or programs.driver):
        output.warn(
            "This run was begun with a browser or a driver that was named. Programs are taken from no folder: name "
            "them again (PURSER_BROWSER_BINARY, PURSER_DRIVER, or --config FILE) if they are still wanted."
        )
    if stated.base_url is not None:
        base_url = check_web_address(stated.base_url, "--base-url")
        plan = attrs.evolve(plan, settings=attrs.evolve(plan.settings, base_url=base_url))
    require_adapter(plan.settings)
    return plan, attrs.evolve(orders, path=plan.csv_path)


def _kept_orders(kept_input: Path, folder: Path) -> OrderFile:
    try:
        return read_orders(kept_input)
    except InputFileError as error:
        raise JournalError(f"{error} It is the copy of the file of orders. {give_again(folder)}") from error


def _of_a_stranger(
    kept: KeptPlan, folder: Path, orders: OrderFile, stated: Stated, output: Output, ask: Ask
) -> RunPlan:
    options = RunOptions(file=kept.list_file, base_url=stated.base_url, download_dir=folder, config=stated.config)
    plan = make_plan(options, stated.environment)
    named = {origin_of(row.task.url) for row in orders.to_visit if row.task.url}
    base_url = plan.settings.base_url or _portal_in(kept)
    wanted = named - {origin_of(plan.settings.base_url)}
    if not plan.settings.base_url and base_url:
        wanted.add(origin_of(base_url))
    shown = ", ".join(printable(one, 100) for one in sorted(wanted)[:_MOST_SHOWN])
    more = f" and {len(wanted) - _MOST_SHOWN} more" if len(wanted) > _MOST_SHOWN else ""
    why = (
        f"How the run in {folder} was set up was not written by you on this machine, or was changed since. Only its "
        "orders are taken, no settings and no programs."
    )
    if wanted and not ask(f"{why} They would be visited at {shown}{more}. Is that right?"):
        raise JournalError(
            f"{why} They would be visited at {shown}{more}. Name your portal: "
            f"{command_line(stated.command, folder)} --base-url URL. If the list names other hosts than your portal, "
            "agree to them on a terminal, or give a list of your own: purser run FILE.csv --fresh."
        )
    if not wanted and not plan.settings.base_url and orders.to_visit:
        raise JournalError(f"{why} Name your portal: {command_line(stated.command, folder)} --base-url URL")
    output.tell(f"{why} Everything else is as you have set it up.")
    return attrs.evolve(plan, settings=attrs.evolve(plan.settings, base_url=base_url))


def _portal_in(kept: KeptPlan) -> str:
    try:
        return check_web_address(kept.base_url)
    except ConfigurationError:
        return ""

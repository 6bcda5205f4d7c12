"""The command line of `purser`: its options, and the one place where an unforeseen error becomes a message."""

from __future__ import annotations

import importlib.metadata
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from actors.cli.doctor import examine
from actors.cli.leaks import tell_leaks
from actors.cli.login import log_in
from actors.cli.logs import debugging
from actors.cli.options import RunOptions
from actors.cli.output import Output
from actors.cli.resume import resume, retry
from actors.cli.run import run
from actors.cli.status import tell_status
from actors.cli.summary import ExitCode, error_document, explain
from actors.cli.verifying import verify
from actors.evidence.addresses import in_text
from actors.tables import report_text
from contracts.config import PortalKind, Route

app = typer.Typer(
    name="purser",
    help="Brings home the attachments of purchase orders, verified, with a supervised crew of real browsers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # what was typed is told in its errors, and must pass through our own streams
)


_Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The download folder of a run.")]
_BaseUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="The portal's root. (default: as the run was begun, if you began it)")
]
_Config = Annotated[Path | None, typer.Option(metavar="FILE", help="Settings, as TOML or JSON.")]
_Quiet = Annotated[bool, typer.Option("--quiet", help="Tell only what is wrong.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, all else on stderr.")]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"purser {importlib.metadata.version('po-purser')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Tell the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Bring home the attachments of purchase orders."""


@app.command("run")
def run_command(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE.csv", help="The orders; one column PO_NUMBER.")] = None,
    portal: Annotated[
        str | None,
        typer.Option(
            metavar="|".join((*(kind.value for kind in PortalKind), "NAME")),
            help="How pages are read; NAME is an installed adapter's. (default: auto)",
        ),
    ] = None,
    base_url: Annotated[str | None, typer.Option(metavar="URL", help="The portal's root.")] = None,
    download_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the folders go. (default: download)")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", help="Most browsers at work, 1 to 8; never more than orders. (default: 4)"),
    ] = None,
    sequential: Annotated[bool, typer.Option("--sequential", help="One order after the other, one browser.")] = False,
    route: Annotated[Route | None, typer.Option(help="How files travel. (default: hybrid)")] = None,
    headed: Annotated[bool, typer.Option("--headed", help="Show the browsers' windows.")] = False,
    profile: Annotated[Path | None, typer.Option(metavar="DIR", help="A profile that is logged in.")] = None,
    results: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Where results go. (default: DIR/results.csv)")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Where the report goes. (default: DIR/report.json)")
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="Settings, as TOML or JSON.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew; the journal of earlier runs is kept aside.")
    ] = False,
    quiet: _Quiet = False,
    json: _Json = False,
) -> None:
    """Visit every order of FILE.csv and save its attachments.

    Exit code 0: all succeeded. 1: finished, some failed. 2: bad usage, configuration or input. 3: could not finish.
    130: interrupted.
    """
    options = RunOptions(
        file=file, portal=portal, base_url=base_url, download_dir=download_dir, workers=workers, sequential=sequential,
        route=route, headed=headed, profile=profile, results=results, report=report, config=config, fresh=fresh,
    )  # fmt: skip
    output = Output.standard(quiet=quiet, json=json)
    _leave(lambda: run(options, os.environ, output, context.obj), output)


@app.command("resume")
def resume_command(
    context: typer.Context,
    folder: _Folder,
    base_url: _BaseUrl = None,
    config: _Config = None,
    quiet: _Quiet = False,
    json: _Json = False,
) -> None:
    """Go on with the unfinished run of a download folder, set up as it was.

    Of a folder that you did not set up on this machine only the orders are taken: name your portal then.

    Exit codes as `purser run`.
    """
    output = Output.standard(quiet=quiet, json=json)
    _leave(lambda: resume(folder, os.environ, output, context.obj, base_url=base_url, config=config), output)


@app.command("retry")
def retry_command(
    context: typer.Context,
    folder: _Folder,
    status: Annotated[
        str, typer.Option(metavar="STATUS,...", help="Which orders: by how they ended.")
    ] = "FAILED,PARTIAL",
    blame: Annotated[str, typer.Option(metavar="BLAME,...", help="And by whose fault it was. (default: any)")] = "",
    base_url: _BaseUrl = None,
    config: _Config = None,
    quiet: _Quiet = False,
    json: _Json = False,
) -> None:
    """Visit the failed orders of a finished run again, and no others.

    Exit codes as `purser run`.
    """
    output = Output.standard(quiet=quiet, json=json)
    _leave(
        lambda: retry(folder, status, blame, os.environ, output, context.obj, base_url=base_url, config=config),
        output,
    )


@app.command("status")
def status_command(folder: _Folder, json: _Json = False) -> None:
    """Tell how the last run of a download folder stands, also while it is going on.

    Exit code 0: finished or going on. 3: not finished, and nobody works on it.
    """
    output = Output.standard(json=json)
    _leave(lambda: tell_status(folder, output), output)


@app.command("verify")
def verify_command(
    folder: _Folder,
    head: Annotated[
        str | None, typer.Option(metavar="HASH", help="The manifest's head as you noted it, from report.json.")
    ] = None,
    json: _Json = False,
) -> None:
    """Check the manifest's chain and every file it tells of.

    Exit code 0: all is as it was. 1: something differs, and is named.
    """
    output = Output.standard(json=json)
    _leave(lambda: verify(folder, head, output), output)


@app.command("login")
def login_command(
    base_url: Annotated[str | None, typer.Option(metavar="URL", help="The portal's root.")] = None,
    profile: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the profile goes. (default: the user's state folder)")
    ] = None,
) -> None:
    """Log in by hand in a visible window, and keep the login for later runs."""
    output = Output.standard()
    _leave(lambda: log_in(base_url, profile, os.environ, output), output)


@app.command("doctor")
def doctor_command(
    leaks: Annotated[bool, typer.Option("--leaks", help="List what of ours is alive on this machine.")] = False,
    config: _Config = None,
    download_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the folders would go. (default: download)")
    ] = None,
) -> None:
    """Say what will stop a run on this machine and how to mend it. A browser is started once.

    Exit code 0: a run can start. 2: something is missing.
    """
    output = Output.standard()
    _leave(
        lambda: tell_leaks(output) if leaks else examine(os.environ, output, config=config, download_dir=download_dir),
        output,
    )


def _leave(command: Callable[[], ExitCode], output: Output) -> NoReturn:
    """Run a command and leave with its exit code."""
    try:
        code = command()
    except Exception as error:  # noqa: BLE001 - the outermost boundary: a person gets a sentence, not a traceback
        code = _unforeseen(error, output)
        if output.json:
            output.document(report_text(error_document(error, code)))
    raise typer.Exit(int(code))


def _unforeseen(error: Exception, output: Output) -> ExitCode:
    output.complain(explain(error))
    if debugging(os.environ):
        output.err.say(in_text("".join(traceback.format_exception(error))))
    return ExitCode.NOT_FINISHED

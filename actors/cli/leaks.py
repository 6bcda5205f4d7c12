"""`purser doctor --leaks`: what of ours is alive on this machine, and whose it is."""

from __future__ import annotations

from actors.cli.output import Output
from actors.cli.summary import ExitCode
from actors.processes.leaks import runs_on_machine
from actors.session.saved_logins import state_folder
from contracts.errors import ConfigurationError


def tell_leaks(output: Output) -> ExitCode:
    """List every run that has processes or a temporary folder here. Nothing is touched.

    Returns:
        SOME_FAILED when a run that is dead has left something, SUCCESS otherwise.
    """
    try:
        folder = state_folder()
        found = runs_on_machine(folder)
    except ConfigurationError as error:
        output.complain(str(error))
        return ExitCode.UNUSABLE
    except OSError as error:
        output.complain(f"The state folder {folder} cannot be read: {error.strerror or error}.")
        return ExitCode.UNUSABLE
    left = 0
    for run in found:
        leaks = not run.is_live and bool(run.processes or run.folder)
        left += leaks
        whose = "at work" if run.is_live else "dead"
        output.out.say(
            f"run of process {run.program} ({whose}): {len(run.processes)} processes "
            f"{list(run.processes)}, folder {run.folder or 'none'}",
            "yellow" if leaks else "",
        )
    if not found:
        output.out.say("Nothing of ours is alive, and no folder is left.")
    if left:
        output.out.say("What dead runs left is removed when the next run starts.")
    return ExitCode.SOME_FAILED if left else ExitCode.SUCCESS

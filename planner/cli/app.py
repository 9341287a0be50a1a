"""The Typer application: global options and the list of commands.

A command's module is imported when the command is wanted, not to list its name: of a
command's start, or of ``planner --help``, that is a third.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from planner.cli import console

#: Commands in the order of the help, what it says of each, and the module of `planner.cli`
#: whose function of that name is the command.
COMMANDS: dict[str, tuple[str, str]] = {
    "plan": ("plan", "Plan this week: who gets what from which seat, on which day."),
    "check": ("check", "Read leads and seats, say what is understood and what not."),
    "estimate": ("estimate", "Estimate the share of Open Profiles, and what is learned."),
    "init": ("init", "Set up a workspace: planner.toml, seats.xlsx and folders."),
    "demo": ("demo", "Run the main job on invented sample data."),
    "record": ("record", "Record what happened: sent, failed, replied, balances seen."),
    "triage": ("triage", "Say why each InMail failed, and send the leads on their way."),
    "runs": ("runs", "List the runs and triages of the ledger, oldest first."),
    "show": ("runs", "Show a run: what it planned, and what has come of it."),
    "diff": ("runs", "Compare two runs: who moved, from where to where, and why."),
    "void": ("void", "Say that a run was not carried out; its leads are free again."),
    "forecast": ("forecast", "Show each seat's runway to its reset and beyond."),
    "simulate": ("simulate", "Play a run send by send, and other ways to send, in draws."),
    "forget": ("forget", "Erase a person from the ledger and the files of all runs."),
    "whatif": ("whatif", "Plan a run again with something changed, beside the run."),
    "params": ("params", "List every parameter: value, default, unit, range, source."),
}

EPILOG = (
    "Exit codes: 0 done, 1 a defect, 2 wrong usage, 3 bad input or parameter, 4 no plan "
    "possible or solver unfinished, 5 ledger, 6 audit failed, 7 GetSales refused, "
    "8 a seat short of --fail-under. "
    "Results go to stdout, notes to stderr."
)


class _Commands(MutableMapping[str, Any]):
    """Commands by name, each made when it is asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            module, short_help = COMMANDS[name]
            single = typer.Typer(add_completion=False, rich_markup_mode=None)
            function = getattr(import_module(f"planner.cli.{module}"), name)
            single.command(name, short_help=short_help)(function)
            self._made[name] = get_command(single)
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Group(TyperGroup):
    """All commands; their list is shown without making any."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands()

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write what the help says of each command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


# Rich help costs 100 ms, and tracebacks with locals would print people's data.
app = typer.Typer(
    name="planner",
    cls=_Group,
    help="Assign InMail volume to LinkedIn seats so that none runs out of credits.",
    epilog=EPILOG,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        from planner import __version__

        console.result(f"planner {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[  # eager: no command is wanted then
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show the version and leave.",
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show a traceback when something fails.")
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="No notes and no progress on stderr; warnings stay."
        ),
    ] = False,
) -> None:
    """Assign InMail volume to LinkedIn seats so that none runs out of credits."""
    console.settings.debug = debug
    console.settings.quiet = quiet
    console.settings.json = False

"""The Typer application: global options and the list of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.cli import (
    check,
    console,
    demo,
    estimate,
    forecast,
    forget,
    init,
    params,
    plan,
    record,
    runs,
    simulate,
    triage,
    void,
    whatif,
)

EPILOG = (
    "Exit codes: 0 done, 1 a defect, 2 wrong usage, 3 bad input or parameter, 4 no plan "
    "possible or solver unfinished, 5 ledger, 6 audit failed, 7 GetSales refused, "
    "8 a seat short of --fail-under. "
    "Results go to stdout, notes to stderr."
)

# Rich help costs 100 ms, and tracebacks with locals would print people's data.
app = typer.Typer(
    name="planner",
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


app.command()(plan.plan)
app.command()(check.check)
app.command()(estimate.estimate)
app.command()(init.init)
app.command()(demo.demo)
app.command()(record.record)
app.command()(triage.triage)
app.command()(runs.runs)
app.command()(runs.show)
app.command()(runs.diff)
app.command()(void.void)
app.command()(forecast.forecast)
app.command()(simulate.simulate)
app.command()(forget.forget)
app.command()(whatif.whatif)
app.command()(params.params)

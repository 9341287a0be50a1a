"""Options of `planner whatif` into scenarios: seats, parameters, a second list."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.cli import console, inputs, ledgers
from planner.errors import UsageError

if TYPE_CHECKING:
    import datetime as dt

    from planner.cli.run_files import RunFiles
    from planner.domain import Given, InputFile, LeadTable
    from planner.whatif.scenario import Scenario


def first_scenario(
    add_seats: int,
    like: str,
    credits: int | None,
    remove: Sequence[str],
    pause: Sequence[str],
    param: Sequence[str],
) -> dict[str, Any]:
    """Return the options of one scenario, those that change something."""
    if not add_seats and like:
        raise UsageError("--like SEAT goes with --add-seats N")
    first: dict[str, Any] = {
        "add": add_seats, "like": like, "credits": credits if add_seats else None,
        "remove": tuple(remove), "pause": tuple(_pause(text) for text in pause),
        "parameters": inputs.pairs(param, "--param", "reserve=8"),
    }  # fmt: skip
    return {name: value for name, value in first.items() if value}


def check(given: Given, scenarios: Sequence[Scenario], sweep: str) -> None:
    """Refuse unknown seats and parameters before anything is planned."""
    from planner.whatif import frontier
    from planner.whatif.scenario import changed

    for item in scenarios:
        changed(given, item)
    if sweep:
        frontier.steps(sweep)


def _pause(text: str) -> tuple[str, dt.date | None]:
    seat, sign, date = text.partition(":")
    return seat, inputs.date_option(date, "--pause SEAT:DATE") if sign else None


def scenarios(first: dict[str, Any], texts: Sequence[str]) -> list[Scenario]:
    """Return the scenario of the options, if any, and those given as text."""
    from planner.whatif.scenario import Scenario

    own = [Scenario(name="what if", **first)] if first else []
    return own + [_scenario(text) for text in texts]


def _scenario(text: str) -> Scenario:
    """Parse ``name: add-seats=1 remove=bert reserve=8``.

    Raises
    ------
    UsageError
        If it is not of that form.
    """
    from planner.whatif.scenario import Scenario

    name, sign, rest = text.partition(":")
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise UsageError(f"--scenario {text[:60]!r}: {error}") from error
    if not sign or not words or not all("=" in word for word in words):
        raise UsageError(
            'a scenario is given as --scenario "name: add-seats=1 remove=bert reserve=8"'
        )
    pairs = [tuple(word.split("=", 1)) for word in words]
    several = {"remove", "pause"}
    single = {key: value for key, value in pairs if key not in several}
    return Scenario(
        name=name.strip(),
        add=_count(single.pop("add-seats", "0"), "add-seats"),
        like=single.pop("like", ""),
        credits=_count(single.pop("credits"), "credits") if "credits" in single else None,
        remove=tuple(value for key, value in pairs if key == "remove"),
        pause=tuple(_pause(value) for key, value in pairs if key == "pause"),
        parameters=single,
    )


def _count(text: str, name: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"--scenario: {name} takes a whole number, got {text[:20]!r}")
    return int(text)


def second_list(
    found: RunFiles, options: inputs.LeadOptions, ledger: str | None, config: Path | None
) -> LeadTable:
    """Read a second list as `plan` does, with what the ledger knows of its people.

    Says how many of them are on the run already, under whatever lead id.
    """
    from dataclasses import replace

    from planner.intake import past
    from planner.whatif.scenario import find
    from planner.whatif.second_list import recognised

    given = found.given
    if options.scraped_by:
        find(given.inputs.seats, options.scraped_by)
    table, _, files = inputs.load_leads(options, given.parameters, as_of=given.as_of)
    console.show_issues(table.issues, every=console.CHECK)
    run = given.inputs.leads.leads
    persons: dict[str, str] = {}
    with ledgers.opened(ledger, config, given.parameters, create=False) as book:
        if book is not None:
            with book.reading() as connection:
                recalled = ledgers.recall(
                    connection, replace(given.inputs, leads=table), given.parameters,
                    as_of=given.as_of, supersede=False,
                )  # fmt: skip
                persons = ledgers.same_persons(connection, table, run["lead_id"].tolist())
            if recalled.history is not None:
                table = replace(table, leads=past.known(table.leads, recalled.history))
    same = recognised(run, table, _own_files(files, found.document), persons)
    console.say(
        f"note: of {same.num_known + same.num_new:,} people on the second list "
        f"{same.num_known:,} are on the run already, {same.num_new:,} are new"
    )
    return same.leads


def _own_files(files: Sequence[InputFile], document: Mapping[str, Any]) -> dict[str, str]:
    """Return the lead files that a run was planned from, to what they were called then."""
    then = {
        str(file["sha256"]): str(file["file"])
        for file in document.get("inputs", [])
        if file["kind"] == "leads"
    }
    return {
        file.file: then[file.sha256]
        for file in files
        if file.kind == "leads" and file.sha256 in then
    }

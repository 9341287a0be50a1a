"""The page of pictures: what goes into it, for ``planner plan`` and ``planner show``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from planner.cli.run_files import RunFiles
    from planner.domain import Given, InputFile, Plan
    from planner.errors import Issue
    from planner.ledger.runs import Run
    from planner.ledger.store import Ledger
    from planner.pipeline import Worked
    from planner.report.blocks import Page
    from planner.report.changes import Previous
    from planner.whatif.rules import Cost

RuleCosts = Annotated[
    bool,
    typer.Option(
        "--rule-costs",
        help="Say in report.html what each rule costs: takes one more plan for each.",
    ),
]
WithNames = Annotated[
    bool,
    typer.Option("--with-names", help="Name people in report.html, leads and senders."),
]

NAME = "report.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user wants of the page beside what every page has."""

    rule_costs: bool = False
    with_names: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a ledger knows of the time before a run.

    ``previous`` is the run before it, ``is_known`` whether the ledger knows the run itself
    or is about to record it.
    """

    previous: Previous | None = None
    is_known: bool = True


def composed(worked: Worked, given: Given, past: Past, asked: Asked) -> Page:
    """Return the page of a plan.

    Parameters
    ----------
    given : Given
        What the plan was worked out from.
    """
    from planner.report import content

    console.step("playing the plan against an even split")
    played = content.play(worked, given)
    behind = content.Behind(
        played=played, costs=_costs(worked, given, asked), previous=past.previous,
        is_known=past.is_known,
    )  # fmt: skip
    return content.page(worked, behind, with_names=asked.with_names)


def _costs(worked: Worked, given: Given, asked: Asked) -> Sequence[Cost] | None:
    from planner.whatif import rules

    if not asked.rule_costs:
        return None
    names = rules.acting(worked)
    return rules.costs(given, worked, names, console.step) if names else []


# --- the run before ---------------------------------------------------------------


def before(book: Ledger | None, plan: Plan, *, is_recorded: bool = False) -> Past:
    """Return the run before a plan, compared with it.

    The plan itself may be in the ledger already, as after a crash. A run that was voided
    whole was never carried out: it does not count.

    Parameters
    ----------
    is_recorded : bool
        Whether the ledger must know the plan: else it says nothing of what was before.
    """
    if book is None:
        return Past(is_known=not is_recorded)
    from planner.ledger import runs

    with book.reading() as connection:
        every = runs.runs(connection)
    own = next((run.entry for run in every if run.run_id == plan.run_id), None)
    if own is None and is_recorded:
        return Past(is_known=False)
    past = [
        run for run in every if (own is None or run.entry < own) and run.voided_from != ""
    ]
    return Past(previous=_compared(past[-1], plan) if past else None)


def _compared(last: Run, plan: Plan) -> Previous:
    """Return a run beside the plan after it, if its files are here."""
    from planner.cli.run_files import assignments_of
    from planner.errors import InputError
    from planner.ledger import diffs
    from planner.report.changes import Previous

    try:
        side = diffs.side_of_run(last, assignments_of(last))
    except InputError:
        return Previous(name=last.name, week=last.week, found=None)
    found = diffs.difference(side, diffs.side_of_plan(plan))
    return Previous(name=last.name, week=last.week, found=found)


# --- made again -------------------------------------------------------------------


def again(
    name: str,
    asked: Asked,
    out: Path | None,
    ledger: str | None,
    config: Path | None,
    *,
    as_json: bool,
) -> None:
    """Make the page of a run again from the run's files.

    As long as the run before it stands and has its files, it is the page that `plan` wrote.
    """
    from dataclasses import replace

    from planner import pipeline
    from planner.cli import inputs, ledgers, run_files
    from planner.output.atomic import write_file
    from planner.report.page import render

    found = run_files.load(name, ledger, config)
    console.step("planning the run's inputs again")
    worked = pipeline.work_out(found.given)
    _say_if_differs(found, worked.plan)
    parameters = inputs.parameters(config, [])
    with ledgers.opened(ledger, config, parameters, create=False) as book:
        past = before(book, worked.plan, is_recorded=True)
    plan = replace(
        _named(worked.plan, found.assignments),
        issues=_issues(found.document["issues"]), files=_files(found.document["inputs"]),
    )  # fmt: skip
    page = composed(replace(worked, plan=plan), found.given, past, asked)
    console.step("writing the page")
    target = out or found.folder / NAME
    write_file(target, render(page).encode())
    console.steps_done()
    if as_json:
        console.result_json({"run": found.name, "file": str(target)})
    else:
        console.result(f"Written to {target}")


def _say_if_differs(found: RunFiles, plan: Plan) -> None:
    """Say where the page shows another plan than the one that was written."""
    if plan.run_id == found.document.get("run_id"):
        return
    why = (
        f"{found.num_forgotten} of the run's leads were forgotten since"
        if found.num_forgotten
        else "this version of planner plans these inputs as another run"
    )
    console.say(f"note: {why}; the page shows what it plans now, not what was written then")


def _issues(records: list[dict[str, Any]]) -> tuple[Issue, ...]:
    """Return the findings of ``plan.json``: those of the import files are among them."""
    from planner.errors import Issue, Severity

    return tuple(
        Issue(
            severity=Severity(one["severity"]), code=one["code"], file=one["file"],
            row=one["row"], column=one["column"], message=one["message"],
        )
        for one in records
    )  # fmt: skip


def _files(records: list[dict[str, Any]]) -> tuple[InputFile, ...]:
    """Return the files of ``plan.json`` that the run was made from."""
    from planner.domain import InputFile

    names = ("file", "kind", "sha256", "num_rows")
    return tuple(InputFile(**{name: one[name] for name in names}) for one in records)


def _named(plan: Plan, assignments: pd.DataFrame) -> Plan:
    """Return the plan with the names that only ``assignments.csv`` has."""
    from dataclasses import replace

    columns = ["first_name", "last_name", "company"]
    known = assignments.set_index("lead_id")[columns]
    own = known.reindex(plan.assignments["lead_id"].astype("str")).fillna("")
    values = {name: own[name].to_numpy() for name in columns}
    return replace(plan, assignments=plan.assignments.assign(**values))

"""Rolling weeks from a run on: what `planner simulate RUN --weeks` plays and shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from planner.cli import console, own_ledger
from planner.errors import UsageError
from planner.words import counted

if TYPE_CHECKING:
    from planner.cli.run_files import RunFiles
    from planner.domain import Given, LeadTable
    from planner.simulate.engine import Terms
    from planner.simulate.people import People
    from planner.simulate.policies import Policy
    from planner.simulate.weeks import Setting, Steps
    from planner.simulate.weeks_report import Tables
    from planner.simulate.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """What the user asked for: how many weeks, how often, who arrives."""

    num_weeks: int
    num_replications: int
    arrivals: int | None
    seed: int


def check_options(context: typer.Context, *, is_rolling: bool) -> None:
    """Refuse options of the other kind of simulation: they would do nothing.

    Raises
    ------
    UsageError
        That names them.
    """
    others = ("draws", "policy", "bounds") if is_rolling else ("replications", "arrivals")
    given = [
        f"--{name}"
        for name in others
        if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    ]
    if given:
        words = "does nothing with" if is_rolling else "is for"
        raise UsageError(f"{', '.join(given)} {words} --weeks")


def run(found: RunFiles, asked: Weeks, out: Path | None, *, as_json: bool) -> None:
    """Play the weeks, write a line per policy, replication, week and seat, show figures.

    Raises
    ------
    PlannerError
        If the run cannot be planned again, or the file cannot be written.
    """
    from planner.output.atomic import write_file

    tables, document = played(found, asked)
    if out is not None:
        text = tables.weeks.to_csv(index=False, lineterminator="\n")
        write_file(out, text.encode())
    if as_json:
        console.result_json(document)
        return
    show(document)
    if out is not None:
        console.say(f"every policy, replication, week and seat: {out}")


def _from_its_week(found: RunFiles) -> Given:
    """Return what the run was planned from, as of the first day that it planned.

    A run that is planned on a Saturday is of the week after: the days before are empty.
    """
    import datetime as dt
    from dataclasses import replace

    first = dt.date.fromisoformat(found.document["week_start"])
    return replace(found.given, as_of=max(found.given.as_of, first))


def played(found: RunFiles, asked: Weeks) -> tuple[Tables, dict[str, Any]]:
    """Play the weeks of a run as often as asked; return tables and all figures.

    Raises
    ------
    PlannerError
        If the run cannot be planned again.
    """
    from planner import limits
    from planner.simulate import weeks_report as report

    given = _from_its_week(found)
    start = _Start.of(given, asked)
    games: dict[Policy, list[Tables]] = {policy: [] for policy in report.POLICIES}
    for number in range(asked.num_replications):
        for policy, one in start.replication(number).items():
            games[policy].append(one)
    console.steps_done()
    tables = report.together([one for parts in games.values() for one in parts])
    parameters = given.parameters
    about = report.About(
        run=found.name, start=given.as_of.isoformat(), num_weeks=asked.num_weeks,
        num_replications=asked.num_replications, seed=asked.seed,
        arrivals=asked.arrivals, alpha=parameters.alpha, level=parameters.interval,
        switched_off=limits.switched_off(parameters.report_only),
    )  # fmt: skip
    return tables, report.document(tables, about)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Start:
    """Where every replication starts: the run's own inputs, and draws of the truth."""

    given: Given
    asked: Weeks
    table: LeadTable
    world: World
    terms: tuple[Terms, ...]

    @classmethod
    def of(cls, given: Given, asked: Weeks) -> _Start:
        from planner import pipeline
        from planner.simulate import engine, people, world

        console.step("planning the first week")
        parameters = given.parameters
        learned = pipeline.learn(given.history, parameters, as_of=given.as_of)
        problem = pipeline.work_out(given).problem
        leads = pipeline.prepared(given.inputs, given.history, learned, parameters).leads
        return cls(
            given=given,
            asked=asked,
            table=people.listed(leads.leads),
            world=world.build(
                problem.leads, parameters, learned, seed=asked.seed,
                num_draws=asked.num_replications,
            ),
            terms=engine.seat_terms(problem.seats, problem.calendars, parameters),
        )  # fmt: skip

    def replication(self, number: int) -> Mapping[Policy, Tables]:
        """Play one draw of the truth under every policy; the plan decides who arrives."""
        from planner.simulate.even_split import EvenSplit
        from planner.simulate.people import People
        from planner.simulate.policies import Policy

        people = People(
            world=self.world, leads=self.table.leads, draw=number,
            arrivals=self.asked.arrivals,
        )  # fmt: skip
        with own_ledger.opened(self.given) as own:
            games = {Policy.PLAN: self._game(Policy.PLAN, people, own.steps(), number)}
        for policy in (Policy.EVEN_SPLIT, Policy.EVEN_SPLIT_FREE):
            free_only = policy is Policy.EVEN_SPLIT_FREE
            split = EvenSplit(parameters=self.given.parameters, free_only=free_only)
            games[policy] = self._game(policy, people, split.steps(), number)
        return games

    def _game(self, policy: Policy, people: People, steps: Steps, number: int) -> Tables:
        from planner.simulate import weeks_report as report
        from planner.simulate.field import Field
        from planner.simulate.weeks import play

        seats = self.given.inputs.seats
        draw = slice(number, number + 1)
        freezes = self.world.freezes([seat.seat_id for seat in seats], draw)[0]
        now = Field.of(
            seats, self.given.as_of, self.given.parameters, self.terms, freezes.tolist()
        )
        game = play(self._setting(people, number), now, steps)
        return report.tables(policy, number + 1, game)

    def _setting(self, people: People, number: int) -> Setting:
        from planner.simulate.weeks import Setting

        asked = self.asked

        def progress(week: int) -> None:
            console.step(
                f"replication {number + 1} of {asked.num_replications}, week {week + 1} of "
                f"{asked.num_weeks}"
            )

        return Setting(
            start=self.given.as_of, num_weeks=asked.num_weeks, table=self.table,
            fates_of=people.fates_of, arriving=people.arriving, progress=progress,
        )  # fmt: skip


# --- what is shown ------------------------------------------------------------------


def show(document: Mapping[str, Any]) -> None:
    """Show the figures as tables, and what they say in words."""
    arrived = document["arrived"] / document["replications"]
    console.result(
        f"{counted(document['weeks'], 'week')} from {document['start']} on run "
        f"{document['run']}, {document['replications']} times (seed {document['seed']}); "
        f"{arrived:,.0f} new leads in all of the weeks\n"
    )
    _show_guarantee(document)
    _show_totals(document)
    _show_failures(document)
    _show_weeks(document)
    read = document["balances_read"]
    console.result(
        f"\nOf {read['of']:,} balances read for a plan, {read['within_the_ledgers']:,} lay "
        "within what the ledger had worked out since the one before."
    )
    console.result(f"\n{document['in_words']}")


def _show_guarantee(document: Mapping[str, Any]) -> None:
    header = (
        "policy", "seat-resets", "ran out", "share", "interval", "into reserve", "share",
        "interval",
    )  # fmt: skip
    console.table(
        header,
        [
            (
                policy, one["ran_out"]["of"], one["ran_out"]["num"],
                *_percentages(one["ran_out"]), one["into_reserve"]["num"],
                *_percentages(one["into_reserve"]),
            )
            for policy, one in document["guarantee"].items()
        ],
    )  # fmt: skip
    console.result("")
    plan, *others = document["seats"]
    ran_out = {
        policy: {one["seat_id"]: one["ran_out"] for one in document["seats"][policy]}
        for policy in others
    }
    under = (f"{policy} ran out" for policy in others)
    console.table(
        ("seat", "resets", "ran out", "into reserve", *under),
        [
            (
                one["seat_id"], one["ran_out"]["of"], one["ran_out"]["num"],
                one["into_reserve"]["num"],
                *(ran_out[policy][one["seat_id"]]["num"] for policy in others),
            )
            for one in document["seats"][plan]
        ],
    )  # fmt: skip


def _percentages(share: Mapping[str, Any]) -> tuple[str, str]:
    if share["share"] is None:
        return "-", "-"
    return f"{share['share']:.1%}", f"{share['low']:.1%} to {share['high']:.1%}"


def _show_totals(document: Mapping[str, Any]) -> None:
    totals = document["totals"]
    console.result("\nMean of all weeks of a replication, with its interval:")
    console.table(
        ("", *totals),
        [
            (name.replace("_", " "), *(_mean(one[name]) for one in totals.values()))
            for name in next(iter(totals.values()))
        ],
    )


def _mean(value: Mapping[str, float | None]) -> str:
    if value["low"] is None:
        return f"{value['mean']:,.0f}"
    return f"{value['mean']:,.0f} ({value['low']:,.0f} to {value['high']:,.0f})"


def _show_failures(document: Mapping[str, Any]) -> None:
    console.result("\nInMails that failed, in all replications:")
    console.table(
        (
            "policy", "cause", "failed", "judged", "named rightly", "sent on", "restarted",
            "reached",
        ),
        [
            (
                one["policy"], one["cause"].replace("_", " "), one["failed"],
                one["judged"], one["named_rightly"], one["sent_on"], one["restarted"],
                one["reached"],
            )
            for one in document["failures"]
            if one["failed"]
        ],
    )  # fmt: skip


_SHOWN = (
    "open_inmails", "paid_inmails", "connection_requests", "messages", "replies",
    "failed_no_credits", "credits_used", "credits_forfeited",
)  # fmt: skip


def _show_weeks(document: Mapping[str, Any]) -> None:
    plan, *others = document["by_week"]
    console.result("\nThe plan week by week, mean of the replications:")
    replies = [
        {line["week"]: line["replies"] for line in document["by_week"][policy]}
        for policy in others
    ]
    console.table(
        (
            "week", *(name.replace("_", " ") for name in _SHOWN),
            *(f"{policy} replies" for policy in others),
        ),
        [
            (
                line["week"], *(f"{line[name]:,.0f}" for name in _SHOWN),
                *(f"{own[line['week']]:,.0f}" for own in replies),
            )
            for line in document["by_week"][plan]
        ],
    )  # fmt: skip

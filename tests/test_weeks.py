"""Rolling weeks end to end: the pipeline, a ledger of its own, and a rigged truth."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planner import cli, pipeline
from planner.cli import ledgers, own_ledger, run_files, weeks
from planner.cli.own_ledger import OwnLedger
from planner.cli.run_files import RunFiles
from planner.dates import ONE_DAY
from planner.domain import Given
from planner.estimate.learned import COHORT_COLUMNS, RESPONSE_COLUMNS
from planner.ledger import reconcile
from planner.ledger.touches import View, reached, touches
from planner.simulate import engine, people, weeks_tables, world
from planner.simulate.field import INMAILS, Field
from planner.simulate.inventory import inventory
from planner.simulate.people import People
from planner.simulate.weeks import Played, Setting, play
from weeks_factory import history

MONDAY = dt.date(2026, 11, 23)
NUM_WEEKS = 3
FLAGS = ("yes", "no", "")


def planned(folder: Path, flags: Sequence[str], *params: str) -> RunFiles:
    """Plan 90 leads on two seats, and read the run back.

    Ben's reset is on the Thursday of the first week, Anna's on the Tuesday of the second.
    """
    rows = [
        f"https://www.linkedin.com/in/sample-lead-{k:03d},Given{k},Surname{k},"
        f"Firm {k // 2},{flags[k % len(flags)]}"
        for k in range(90)
    ]
    header = "LinkedIn URL,First Name,Last Name,Company,Open Profile"
    (folder / "leads.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
    (folder / "seats.csv").write_text(
        "seat_id,sender,credits,reset_rule,inmails_last_28_days\n"
        "anna,Anna Sampleby,12,month,40\nben,Ben Sampleton,40,day:26,60\n",
        "utf-8",
    )
    arguments = ["-q", "plan", str(folder / "leads.csv"), "-s", str(folder / "seats.csv")]
    arguments += ["--as-of", MONDAY.isoformat(), "--out", str(folder / "reports")]
    for param in params:
        arguments += ["-p", param]
    assert cli.run(arguments) == 0
    (made,) = (folder / "reports").iterdir()
    return run_files.load(str(made), None, None)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFiles:
    """Return a run of 90 leads, a third of them of unknown flag."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("weeks")
        patch.setenv("PLANNER_LEDGER", str(folder / "planner.db"))
        return planned(folder, FLAGS)


def first_morning(given: Given) -> tuple[Setting, Field, People]:
    """Return what the weeks of a run start from: one draw, 20 new leads a week."""
    problem = pipeline.work_out(given).problem
    drawn = world.build(problem.leads, given.parameters, num_draws=1, seed=1)
    table = people.listed(given.inputs.leads.leads)
    who = People(world=drawn, leads=table.leads, draw=0, arrivals=20)
    terms = engine.seat_terms(problem.seats, problem.calendars, given.parameters)
    seats = given.inputs.seats
    now = Field.of(seats, given.as_of, given.parameters, terms, [False] * len(seats))
    setting = Setting(
        start=given.as_of, num_weeks=NUM_WEEKS, table=table, fates_of=who.fates_of,
        arriving=who.arriving, progress=lambda _: None,
    )  # fmt: skip
    return setting, now, who


def balances(own: OwnLedger, day: dt.date) -> dict[str, tuple[float, int, int]]:
    """Return the balance of each seat as the ledger has it: expected, least, most."""
    given = own.given
    known = ledgers.seat_histories(own.book, given.parameters, day)
    found = {}
    for seat in given.inputs.seats:
        history = known[seat.seat_id]
        balance = reconcile.balance(seat, history, given.parameters, day)
        assert balance is not None
        found[seat.seat_id] = (balance.expected, balance.at_least, balance.at_most)
    return found


def true_balances(played: Played) -> dict[str, int]:
    """Return the credits of each seat as they are."""
    return {name: book.credits for name, book in played.after.books.items()}


def test_nobody_is_contacted_twice_in_rolling_weeks(run: RunFiles) -> None:
    """Each person is reached once at most, in truth and in the ledger's own words."""
    setting, now, _ = first_morning(run.given)
    with own_ledger.opened(run.given) as own:
        played = play(setting, now, own.steps())
        with own.book.reading() as connection:
            sends = reached(touches(connection, View(as_of=MONDAY + 21 * ONE_DAY)))
    told = Counter(one.task.lead_id for one in played.after.attempts if not one.cause)
    assert len(told) > 100
    assert set(told.values()) == {1}
    happened = sends[sends["happened"]]
    assert len(happened) == happened["person"].nunique()
    # All but what Sunday's recording has not seen yet, and nothing is sent on a Sunday.
    assert len(happened) >= len(told) - 30
    assert played.num_arrived == 2 * 20


def test_the_first_week_is_the_run_itself(run: RunFiles) -> None:
    """What is tried in the first week is what the run's assignments say."""
    setting, now, _ = first_morning(run.given)
    with own_ledger.opened(run.given) as own:
        played = play(replace(setting, num_weeks=1), now, own.steps())
    frame = run.assignments[run.assignments["send_on"] != ""]
    wanted = frame[["lead_id", "seat_id", "route", "send_on"]].itertuples(index=False)
    tried = {
        (one.task.lead_id, one.task.seat_id, one.task.route, one.task.on.isoformat())
        for one in played.after.attempts
        if not one.task.is_restart
    }
    assert tried == {tuple(line) for line in wanted}


def test_what_the_ledger_of_the_run_knew_counts(run: RunFiles) -> None:
    """Who had replied before the run is not contacted in its weeks."""
    lead = run.given.inputs.leads.leads["lead_id"][0]
    cohorts = pd.DataFrame(columns=list(COHORT_COLUMNS))
    responses = pd.DataFrame(columns=list(RESPONSE_COLUMNS))
    known = history(
        (lead, "replied_before", -1), cohorts=cohorts, responses=responses,
        observed_until=None,
    )  # fmt: skip
    given = replace(run.given, history=known)
    setting, now, _ = first_morning(given)
    with own_ledger.opened(given) as own:
        planned = own.plan(setting.table, inventory(now, MONDAY), MONDAY)
    ids = {task.lead_id for task in planned.sends}
    assert len(ids) > 30
    assert lead not in ids


def test_a_week_with_nobody_to_contact_is_idle(run: RunFiles) -> None:
    """Nothing is planned and nothing fails; the next Monday looks again."""
    leads = run.given.inputs.leads.leads.assign(exclusion="do_not_contact")
    with own_ledger.opened(run.given) as own:
        planned = own.plan(people.listed(leads), run.given.inputs.seats, MONDAY)
    assert (planned.sends, planned.until) == ((), MONDAY + 6 * ONE_DAY)


def test_balances_agree_where_the_ledger_can_know_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With flags known, none flipping and no failure burning a credit, no credit differs.

    Refunds of answers and the grant of the 1st are in it.
    """
    monkeypatch.setenv("PLANNER_LEDGER", str(tmp_path / "planner.db"))
    known = planned(
        tmp_path, ("yes", "no", "no"), "open_flag_leak=0", "failed_send_credit_loss=0",
        "inmail_reply_rate=0.4",
    )  # fmt: skip
    setting, now, _ = first_morning(known.given)
    with own_ledger.opened(known.given) as own:
        played = play(setting, now, own.steps())
        after = balances(own, MONDAY + 18 * ONE_DAY)  # recorded on this Friday morning
    # Two Mondays after the first, two seats each.
    assert (played.within, played.checked) == (4, 4)
    # What happened from Friday on is not in the ledger yet.
    late = (MONDAY + 18 * ONE_DAY).isoformat()
    since = Counter[str]()
    for one in played.after.attempts:
        since[one.task.seat_id] -= one.credits * (one.at >= late)
    for answer in played.after.answers:
        since[answer.seat_id] += answer.refunds * (answer.at >= late)
    assert any(answer.refunds for answer in played.after.answers)
    for name, credits in true_balances(played).items():
        expected, least, most = after[name]
        assert expected == least == most == credits - since[name]


def test_a_seat_that_has_less_than_it_states_is_seen_to_run_out(run: RunFiles) -> None:
    """Ben states 40 credits and has 2: counted by hand, named by triage, started again.

    All of unknown flag are closed. So of his InMails to leads that are not known open,
    the third that needs a credit is the first to find none. The grant of Thursday lets
    them start again on Friday.
    """
    setting, now, who = first_morning(run.given)
    who.world = replace(who.world, share=np.zeros_like(who.world.share))
    now.books["ben"].credits = 2
    with own_ledger.opened(run.given) as own:
        played = play(setting, now, own.steps())
    first, *_ = [one for one in played.after.cycles if one.seat_id == "ben"]
    needed = short = 0
    credits = 2
    for one in played.after.attempts:
        fate = played.after.fates[one.task.lead_id]
        is_his = one.task.seat_id == "ben" and one.at < "2026-11-26"
        if not (is_his and one.task.route in INMAILS and fate.needs_credit):
            continue
        if fate.is_gone or fate.is_off:
            burned = int(fate.burns and credits > 0)
            needed, credits = needed + burned, credits - burned
            continue
        needed += 1
        short += credits == 0
        assert one.cause == ("credits_exhausted" if credits == 0 else "")
        credits -= int(credits > 0)
    assert short > 3
    assert (first.num_needed, first.num_short) == (needed, short)
    # All that he has is below the reserve of 5: each need was one too many.
    assert first.num_into_reserve == needed
    truth = {
        (one.task.lead_id, one.at): one.cause for one in played.after.attempts if one.cause
    }
    named = {
        key: cause for key, cause in played.named.items()
        if truth[key] == "credits_exhausted"
    }  # fmt: skip
    assert len(named) > 3
    assert Counter(named.values()).most_common(1)[0][0] == "credits_exhausted"
    restarted = {
        one.task.lead_id for one in played.after.attempts
        if one.task.is_restart and not one.cause
    }  # fmt: skip
    assert restarted & {lead for lead, _ in named}
    table = weeks_tables.failures(played).set_index("cause").loc["credits_exhausted"]
    assert table["named_rightly"] == sum(c == "credits_exhausted" for c in named.values())
    assert table["restarted"] >= len(restarted & {lead for lead, _ in named})


def test_the_command_gives_the_same_figures_for_the_same_seed(
    run: RunFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the command prints and writes is what was found before; other seeds differ."""
    asked = weeks.Weeks(num_weeks=2, num_replications=1, arrivals=None, seed=1)
    found, document = weeks.played(run, asked)
    out = tmp_path / "weeks.csv"
    line = ["simulate", str(run.folder), "--weeks", "2", "--replications", "1", "--json"]
    assert cli.run([*line, "--out", str(out)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(json.dumps(document))
    assert out.read_text("utf-8") == found.weeks.to_csv(index=False, lineterminator="\n")
    assert printed["seats"]["plan"][1]["ran_out"]["of"] == 1
    assert printed["in_words"].startswith("Under the plan ")
    _, other = weeks.played(run, replace(asked, num_weeks=1, seed=2))
    first = [line for line in document["by_week"]["plan"] if line["week"] == 1]
    assert other["by_week"]["plan"] != first
    weeks.show(document)
    assert document["in_words"] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--weeks", "2", "--draws", "9"], "--draws does nothing with --weeks"),
        (["--arrivals", "9"], "--arrivals is for --weeks"),
    ],
)
def test_options_of_the_other_simulation_are_refused(
    run: RunFiles, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An option that would do nothing is wrong usage, and the message names it."""
    assert cli.run(["simulate", str(run.folder), *options]) == 2
    assert words in capsys.readouterr().err

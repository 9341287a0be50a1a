"""``planner simulate`` on the sample run: the plan, other policies, and the command."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ledger_factory import plan, write_lists
from planner import cli, limits, pipeline
from planner.cli import run_files
from planner.cli import simulate as command
from planner.domain import Kind, Route
from planner.ledger.runs import Run
from planner.model import program
from planner.pipeline import Worked
from planner.simulate import deck, engine, policies, report, sends, simulation, words, world
from planner.simulate.deck import Deck
from planner.simulate.policies import Policy
from planner.simulate.report import Verdict
from planner.simulate.sends import Send
from planner.simulate.simulation import Setup, Simulation
from test_readme import README, between, write_between
from test_sample_run import SAMPLE_RUN
from world_factory import terms

#: What the last week sent, for the policy that repeats it.
VOLUMES = {
    "anna": {"open_inmail": 20, "paid_inmail": 10, "connection_request": 30},
    "piet": {"paid_inmail": 25},
}


@pytest.fixture(scope="module")
def found() -> run_files.RunFiles:
    """Return the committed run of the sample, read back."""
    (folder,) = SAMPLE_RUN.glob("2*")
    return run_files.load(str(folder), None, None)


@pytest.fixture(scope="module")
def worked(found: run_files.RunFiles) -> Worked:
    """Return its plan with what it was worked out from."""
    return pipeline.work_out(found.given)


@pytest.fixture(scope="module")
def played(found: run_files.RunFiles, worked: Worked) -> Simulation:
    """Return the sample under every policy, in 2,000 draws."""
    return simulation.simulate(
        worked.problem, worked.shares.segments, found.assignments, None,
        Setup(num_draws=2000, seed=1, num_bounds=6, volumes=VOLUMES),
    )  # fmt: skip


@pytest.fixture(scope="module")
def cards(found: run_files.RunFiles, worked: Worked) -> Deck:
    """Return the sample's leads as policies see them."""
    return deck.deck(worked.problem, found.assignments)


def chosen(policy: Policy, cards: Deck) -> list[Send]:
    """Return what a policy sends."""
    return {
        Policy.EVEN_SPLIT: lambda: policies.even_split(cards, free_only=False),
        Policy.EVEN_SPLIT_FREE: lambda: policies.even_split(cards, free_only=True),
        Policy.GREEDY: lambda: policies.greedy(cards),
        Policy.LAST_WEEK: lambda: policies.last_week(cards, VOLUMES),
    }[policy]()


OTHERS = (
    Policy.EVEN_SPLIT, Policy.EVEN_SPLIT_FREE, Policy.GREEDY, Policy.LAST_WEEK,
)  # fmt: skip


# --- the plan -----------------------------------------------------------------------


def test_no_seat_of_the_sample_is_above_alpha(played: Simulation) -> None:
    """No seat needs more than it has above the reserve with more than alpha."""
    *seats, in_all = played.seats
    assert [seat.seat_id for seat in seats if seat.verdict is Verdict.ABOVE] == []
    assert in_all.credits == sum(seat.credits for seat in seats)


def test_the_plan_brings_the_replies_that_it_expects(
    played: Simulation, found: run_files.RunFiles
) -> None:
    """Mean replies are the plan's expected ones, less what fails.

    Gone profiles (2 %) fail all sends, InMail switched off (5 % of closed ones) some
    more: between 2 and 7 % of the replies. Rates spread them, by about 20 a draw.
    """
    expected = float(found.document["totals"]["expected_replies"])
    replies = played.outcomes[Policy.PLAN].replies.sum(axis=1)
    error = 3 * replies.std() / np.sqrt(len(replies))
    assert 0.93 * expected - error < replies.mean() < 0.98 * expected + error


def test_the_sends_played_are_those_written(
    found: run_files.RunFiles, worked: Worked
) -> None:
    """Each InMail and request of assignments.csv is played once, on its seat and day."""
    own = sends.written(worked.problem, found.assignments)
    ids = worked.problem.leads["lead_id"].tolist()
    seats = [seat.seat_id for seat in worked.problem.seats]
    routes = ("open_inmail", "paid_inmail", "connection_request")
    rows = found.assignments[found.assignments["route"].isin(routes)]
    written = set(zip(rows["lead_id"], rows["seat_id"], rows["send_on"], strict=True))
    assert len(own) == len(written)
    assert {
        (ids[send.lead], seats[send.seat], dt.date.fromordinal(send.day).isoformat())
        for send in own
    } == written


def test_later_weeks_are_the_plans_volumes_up_to_the_reset(worked: Worked) -> None:
    """As many InMails without a name as the plan has in its present cycle, by tier."""
    built = world.build(
        worked.problem.leads, worked.problem.parameters, num_draws=50, seed=1
    )
    later, extended = sends.expected(worked.problem, worked.shares.segments, built)
    volumes = sum(
        worked.problem.slots.inmails[number]
        for number, period in enumerate(worked.problem.instance.periods)
        if period.week > 0 and period.cycle == 0
    )
    new = extended.segment[len(built.key) :] - built.share.shape[1]
    assert len(later) == len(new) == int(np.sum(volumes)) > 0
    assert np.bincount(new, minlength=len(volumes)).tolist() == np.asarray(volumes).tolist()


def test_an_unknown_tier_uses_as_many_credits_as_the_plan_says(worked: Worked) -> None:
    """A tier's open share by draw has the tier's mean and goes with its segments'."""
    problem = worked.problem
    built = world.build(problem.leads, problem.parameters, num_draws=2000, seed=1)
    shares = sends.tier_shares(built, problem, worked.shares.segments)
    tiers = problem.instance.tiers
    assert (shares[:, Kind.CLOSED] == 0).all()
    for number, tier in enumerate(tiers[int(Kind.UNKNOWN) :], start=int(Kind.UNKNOWN)):
        # The world closes some of the open ones, as the plan's tier does.
        use = 1 - (1 - tier.leak) * shares[:, number].mean()
        assert use == pytest.approx(tier.use, abs=0.01)
    # One segment alone in its tier: its share and the tier's rise together.
    members = problem.classing.tier_of_segment
    alone = [t for t in range(2, len(tiers)) if (members == t).sum() == 1]
    assert alone
    for tier_number in alone:
        (segment,) = np.flatnonzero(members == tier_number)
        order = np.argsort(built.share[:, segment], kind="stable")
        assert (np.diff(shares[order, tier_number]) >= 0).all()


# --- policies -----------------------------------------------------------------------


@pytest.mark.parametrize("policy", OTHERS)
def test_policies_keep_the_seats_limits(
    policy: Policy, cards: Deck, worked: Worked
) -> None:
    """No row on days, pace, free InMails, or requests is broken; nobody is sent twice."""
    problem = worked.problem
    made = chosen(policy, cards)
    assert made
    assert len({send.lead for send in made}) == len(made)
    instance = problem.instance
    number = {
        (period.seat, day.date.toordinal()): p
        for p, period in enumerate(instance.periods)
        for day in period.days
    }
    width = len(instance.tiers) + 1
    counts: Counter[int] = Counter()
    for send in made:
        tier = problem.classing.lead_kind[send.lead] if send.is_inmail else width - 1
        counts[number[send.seat, send.day] * width + int(tier)] += 1
    columns = program.numbered_columns(instance)
    for constraint in program.CAPACITY_CONSTRAINTS:
        if constraint is program.credit_rows:
            continue
        for row in constraint(instance, columns):
            used = sum(value * counts[column] for column, value in row.terms.items())
            # Velocity of weeks that nobody fills counts as none sent, which is lower.
            if any(counts[column] for column, value in row.terms.items() if value > 0):
                assert used <= row.limit + 1e-6, row.name


@pytest.mark.parametrize("policy", OTHERS)
def test_policies_keep_the_company_throttle(
    policy: Policy, cards: Deck, worked: Worked
) -> None:
    """At most two people of a company this week, messages included, from one seat."""
    company = worked.problem.classing.lead_company
    counts = Counter(cards.touches)
    seat = dict(cards.company_seat)
    for send in chosen(policy, cards):
        code = int(company[send.lead])
        if send.is_this_week and code >= 0:
            counts[code] += 1
            assert seat.setdefault(code, send.seat) == send.seat
            assert counts[code] <= worked.problem.parameters.max_new_leads_per_company


def test_free_only_sends_inmails_to_known_open_profiles(cards: Deck) -> None:
    """The careful even split gives InMails to known open profiles and to nobody else."""
    made = chosen(Policy.EVEN_SPLIT_FREE, cards)
    inmails = [send for send in made if send.is_inmail]
    assert inmails
    assert all(cards.is_free[send.lead] for send in inmails)


def test_greedy_expects_to_keep_its_reserve(cards: Deck, worked: Worked) -> None:
    """Up to its reset no seat of the greedy policy expects to use more than it may."""
    used = np.zeros(len(worked.problem.seats))
    for send in chosen(Policy.GREEDY, cards):
        if send.is_inmail:
            used[send.seat] += cards.use[send.lead]
    for number, seat in enumerate(worked.problem.seats):
        assert used[number] <= max(0, seat.credits - seat.reserve) + 1e-9


def test_greedy_spends_a_grant_from_its_reset_on(found: run_files.RunFiles) -> None:
    """With no credit above the reserve, a seat's InMails wait for the grant of the week."""
    seats = tuple(
        replace(seat, credits=seat.reserve, reset_rule="day:24")
        if seat.seat_id == "anna" else seat
        for seat in found.given.inputs.seats
    )  # fmt: skip
    inputs = replace(found.given.inputs, seats=seats)
    again = pipeline.work_out(replace(found.given, inputs=inputs))
    cards = deck.deck(again.problem, again.plan.assignments)
    number = [seat.seat_id for seat in again.problem.seats].index("anna")
    days = {
        period.cycle: [day.date.toordinal() for day in period.days]
        for period in again.problem.instance.periods
        if period.seat == number and period.week == 0
    }
    assert days[0], "a case that tells nothing"
    sent = [
        send for send in policies.greedy(cards)
        if send.seat == number and send.is_inmail and send.is_this_week
        and cards.use[send.lead] > 0
    ]  # fmt: skip
    assert sent
    assert {send.day for send in sent} <= set(days[1])
    assert sum(cards.use[send.lead] for send in sent) <= 50 + 1e-9


def test_last_week_repeats_its_volumes(cards: Deck, worked: Worked) -> None:
    """Each seat sends no more by any route than last week, and a seat left out nothing."""
    counts: Counter[tuple[str, str]] = Counter()
    for send in chosen(Policy.LAST_WEEK, cards):
        if not send.is_this_week:
            continue
        route: str = Route.CONNECTION_REQUEST
        if send.is_inmail:
            is_free = cards.is_free[send.lead]
            route = Route.OPEN_INMAIL if is_free else Route.PAID_INMAIL
        counts[worked.problem.seats[send.seat].seat_id, str(route)] += 1
    assert counts["anna", "connection_request"] == 30
    assert counts["piet", "paid_inmail"] == 25
    for (seat_id, route), number in counts.items():
        assert number <= VOLUMES[seat_id].get(route, 0)


def test_nobody_beats_who_knows_everything(played: Simulation) -> None:
    """The clairvoyant bound is at or above every policy's replies, draw by draw."""
    assert set(played.outcomes) == {Policy.PLAN, *OTHERS}
    for outcome in played.outcomes.values():
        replies = outcome.replies[: len(played.bound)].sum(axis=1)
        assert (replies <= played.bound + 1e-6).all()


def test_policies_that_do_the_same_have_the_same_results(
    found: run_files.RunFiles, worked: Worked, cards: Deck
) -> None:
    """The plan's own sends, handed in as another policy's, end the same in every draw."""
    problem = worked.problem
    built = world.build(problem.leads, problem.parameters, num_draws=100, seed=1)
    terms = engine.seat_terms(problem.seats, problem.calendars, problem.parameters)
    own = sends.written(problem, found.assignments)
    mixed = [*reversed(own)]
    one, other = (
        engine.play(built, sends.gathered(made, problem.calendars), terms)
        for made in (own, mixed)
    )
    results = report.policy_results({Policy.PLAN: one, Policy.GREEDY: other}, 0.05, 0.9)
    for item in results[1].against.values():
        assert item.low == item.mean == item.high == 0.0
    assert np.array_equal(one.at_reset, other.at_reset)


# --- the command --------------------------------------------------------------------


def ran(
    capsys: pytest.CaptureFixture[str], arguments: Sequence[str]
) -> tuple[int, str, str]:
    """Run the program; return exit code, stdout and stderr."""
    code = cli.run(["simulate", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def sample() -> str:
    """Return the folder of the committed run."""
    (folder,) = SAMPLE_RUN.glob("2*")
    return str(folder)


def test_the_readme_shows_what_the_command_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, rewrite_golden: bool
) -> None:
    """The README's tables are the command's own; a note and a CSV file come with them."""
    out_file = tmp_path / "simulation.csv"
    code, out, err = ran(capsys, [sample(), "--out", str(out_file)])
    assert code == 0
    shown = f"\n```\n{out.strip()}\n```\n\n"
    if rewrite_golden:
        write_between("simulate", shown)
    assert between(README.read_text(encoding="utf-8"), "simulate") == shown
    assert "last_week is left out: the ledger has no run of a week before" in err
    rows = list(csv.DictReader(out_file.read_text("utf-8").splitlines()))
    # 8 seats and a line for all of them, under 4 policies.
    assert len(rows) == 9 * 4
    assert {row["policy"] for row in rows} == {
        "plan", "even_split", "even_split_free", "greedy",
    }  # fmt: skip


def test_the_same_seed_gives_the_same_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    """Twice the same is the same document."""
    arguments = [sample(), "--json", "--draws", "40", "--policy", "greedy"]
    first, again = (ran(capsys, arguments)[1] for _ in range(2))
    assert first == again
    document: dict[str, Any] = json.loads(first)
    assert [item["policy"] for item in document["policies"]] == ["plan", "greedy"]
    assert document["seed"] == 1
    assert "clairvoyant" not in document


@pytest.mark.parametrize(
    ("policy", "nearest"), [("even-splitt", "even_split"), ("greddy", "greedy")]
)
def test_an_unknown_policy_is_told(
    capsys: pytest.CaptureFixture[str], policy: str, nearest: str
) -> None:
    """A policy that does not exist is bad input, and the nearest one is named."""
    code, out, err = ran(capsys, [sample(), "--policy", policy])
    assert (code, out) == (3, "")
    assert f"did you mean {nearest}?" in err


def test_an_unknown_run_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that is not among those there are is bad input."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "reports" / "2026-W48-00000000"
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text("{}", "utf-8")
    code, _, err = ran(capsys, ["2031-W01"])
    assert code == 3
    assert "there is no run" in err


def test_last_week_comes_from_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a run of the week before, its volumes are repeated on this week's list."""
    monkeypatch.chdir(tmp_path)
    write_lists(tmp_path, range(12))
    assert cli.run(plan()) == 0
    write_lists(tmp_path, range(12, 30), "more.csv")
    assert cli.run(plan("more.csv", "2026-11-30")) == 0
    code, out, err = ran(
        capsys,
        ["2026-W49", "--draws", "50", "--policy", "last_week", "--policy", "plan"],
    )
    assert (code, err) == (0, "")
    assert "Against last_week" in out


def test_a_plan_of_another_version_is_told(
    found: run_files.RunFiles, worked: Worked
) -> None:
    """Leads that are planned differently today are counted, new and missing ones too."""
    assert simulation.differing(worked.plan, found.assignments) == 0
    changed = found.assignments.iloc[1:].copy()
    changed.loc[changed.index[:2], "send_on"] = "2026-11-29"
    assert simulation.differing(worked.plan, changed) == 3


def test_the_run_before_is_of_the_latest_week_in_force() -> None:
    """Runs of this week, later ones and voided ones do not count."""

    def run(entry: int, week: str, voided: str | None = None) -> Run:
        return Run(
            entry=entry, run_id=str(entry), name=week, folder="", week=week,
            as_of=dt.date(2026, 11, 23), recorded_at="", version="", document={},
            voided_from=voided,
        )  # fmt: skip

    every = (
        run(1, "2026-W46"), run(2, "2026-W47"), run(3, "2026-W47", ""),
        run(4, "2026-W48"),
    )  # fmt: skip
    before = command._before(every, "2026-W48")
    assert before is not None
    assert before.entry == 2
    assert command._before(every, "2026-W46") is None


# --- words --------------------------------------------------------------------------


def outcome(needs: int, *, replies: int = 0, at_reset: int = 0) -> engine.Outcome:
    """Return 1,000 draws of one seat: in so many it needs 6 credits, else none."""
    blank = engine.Outcome.blank(1000, 1)
    return replace(
        blank,
        needed=np.where(np.arange(1000) < needs, 6, 0)[:, None].astype(np.int32),
        replies=blank.replies + np.int32(replies),
        weighted=blank.weighted + replies,
        at_reset=blank.at_reset + np.int32(at_reset),
    )


def simulated(
    plan: engine.Outcome, other: engine.Outcome, *, is_joint: bool = False
) -> Simulation:
    """Return a simulation of one seat with 10 credits and a reserve of 5."""
    return Simulation(
        setup=Setup(num_draws=1000, seed=1, num_bounds=1),
        outcomes={Policy.PLAN: plan, Policy.GREEDY: other}, sent={}, bound=np.zeros(0),
        terms=(replace(terms(10), reserve=5),), alpha=0.05, level=0.9, is_joint=is_joint,
        num_held=1200,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("needs", "is_joint", "said"),
    [
        (0, False, "1 of 1 keep it (90% intervals)"),
        (50, False, "1,000 draws do not decide it for anna"),
        (200, False, "more than 5%: anna."),
        (0, True, "keeps alpha (90% interval); alpha is 5% for all seats together"),
        (50, True, "1,000 draws do not decide it"),
        (200, True, "is above alpha"),
    ],
)
def test_the_sentence_on_the_guarantee_says_what_is_known(
    needs: int, is_joint: bool, said: str
) -> None:
    """Kept, broken or not decided, of each seat or of all together."""
    one = outcome(needs)
    assert said in words.guarantee(simulated(one, one, is_joint=is_joint))


def test_who_switched_the_guarantee_off_is_told() -> None:
    """Parts of the guarantee that the run only reports are named; other limits are not."""
    one = outcome(0)
    off = limits.switched_off("velocity, alpha, credits")
    assert off == ("credits", "alpha")
    said = words.guarantee(replace(simulated(one, one), switched_off=off))
    assert "its user switched credits and alpha off (report_only)" in said
    assert "report_only" not in words.guarantee(simulated(one, one))


def test_one_draw_decides_no_difference() -> None:
    """Two draws, 1 and 3: 2 with 1.645 x sqrt(2) / sqrt(2); one draw has no interval."""
    two = report.difference(np.array([1, 3]), 0.9)
    assert (two.low, two.high) == pytest.approx((2 - 1.645, 2 + 1.645), abs=1e-3)
    assert (two.sign, report.difference(np.array([-3, -3]), 0.9).sign) == (1, -1)
    one = report.difference(np.array([3]), 0.9)
    assert (one.mean, one.low, one.high, one.sign) == (3.0, None, None, 0)


def test_the_command_says_that_one_draw_decides_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With --draws 1 differences are not decided, in the table and in words."""
    code, out, _ = ran(capsys, [sample(), "--draws", "1", "--policy", "greedy"])
    assert code == 0
    assert "1 draw, seed 1" in out
    assert "not decided" in between_lines(out, "Plan less policy")
    assert "Against greedy, nothing is decided by 1 draw" in out


def between_lines(text: str, start: str) -> str:
    """Return the block of lines after a heading and a blank line."""
    return text.split(start)[1].split("\n\n")[1]


@pytest.mark.parametrize(
    ("replies", "at_reset", "said"),
    [
        (3, 0, "2.0 more replies this week (5.0 to 3.0)"),
        (5, 0, "as many replies as far as the draws can tell"),
        (7, 0, "2.0 fewer replies"),
        (7, 8, "2.0 fewer replies"),
    ],
)
def test_the_comparison_says_who_is_ahead(replies: int, at_reset: int, said: str) -> None:
    """The plan has 5 replies and 4 credits at its reset in every draw."""
    plan, other = (
        outcome(0, replies=5, at_reset=4),
        outcome(0, replies=replies, at_reset=at_reset),
    )
    (line,) = words.comparison(simulated(plan, other))
    assert said in line
    assert f"has 4.0 {'fewer' if at_reset else 'more'} credits" in line
    # Whoever reads of fewer replies reads why, whatever the credits are.
    why = "it leaves 1,200 leads for later weeks, and `--weeks 12` compares"
    assert (why in line) == (replies > 5)

"""Why InMails failed: posteriors by hand, scenarios, promises, calibration, next steps."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner import schemas
from planner.domain import Cause, NextStep
from planner.errors import ParameterError
from planner.params import Parameters, specs
from planner.triage import causes, states
from planner.triage.records import FINDINGS, SeatRecord, SeatState, SentInMail, Triage
from planner.triage.steps import expected_replies, first_inmail_day
from planner.triage.timeline import Mark, _block, timeline
from planner.triage.verdicts import _fine_words
from triage_factory import (
    TODAY,
    daily,
    judge,
    make_day,
    make_failures,
    make_record,
    make_seat,
    verdict_of,
)

SEAT = "seat-01"
CREDITS_TEXT = "You are out of InMail credits"


def failed(at: str, **cells: Any) -> dict[str, Any]:
    """Return a failure of the seat at an instant."""
    return {"seat_id": SEAT, "failed_on": at, **cells}


def cell_of(found: Triage, row: int, column: str) -> Any:
    """Return one cell of the findings."""
    return found.findings[column].iloc[row]


def run_of(num: int, day: str = "2026-11-19", **cells: Any) -> list[dict[str, Any]]:
    """Return failures of the seat on one day, a quarter of an hour apart."""
    return [
        failed(f"{day}T{10 + k // 4:02d}:{15 * (k % 4):02d}:00Z", **cells)
        for k in range(num)
    ]


# --- by hand ----------------------------------------------------------------------


def test_posterior_without_a_seat() -> None:
    """Nothing but a closed profile of unknown degree: the priors decide."""
    found = judge(make_failures({"degree": 0})).findings.iloc[0]
    # Lead: off 0.05, messaged 0.005, connected 0.01, gone 0.02, reachable 0.915.
    # Seat: exhausted 0.05, blocked 0.95 * 0.005 = 0.00475, fine 0.94525.
    # A reachable lead fails with 0.99 (no credit), 0.95 (block), 0.01 (otherwise):
    #   credits  0.915 * 0.05    * 0.99 = 0.0452925
    #   velocity 0.915 * 0.00475 * 0.95 = 0.0041289
    #   unknown  0.915 * 0.94525 * 0.01 = 0.0086490
    # with off 0.05, messaged 0.005, connected 0.01, gone 0.02 the sum is 0.1430704.
    total = 0.05 + 0.005 + 0.01 + 0.02 + 0.0452925 + 0.004128938 + 0.008649038
    assert found["cause"] == Cause.INMAIL_OFF
    assert found["cause_probability"] == pytest.approx(0.05 / total, abs=1e-6)
    assert found["p_credits_exhausted"] == pytest.approx(0.0452925 / total, abs=1e-6)
    assert found["p_velocity_block"] == pytest.approx(0.004128938 / total, abs=1e-6)
    assert sum(found[f"p_{cause}"] for cause in Cause) == pytest.approx(1)


def test_text_about_credits_does_not_tell_credits_from_inmail_off() -> None:
    """The text "out of credits" leaves the odds of the two as they were."""
    found = judge(
        make_failures({"degree": 0}, {"degree": 0, "error_text": CREDITS_TEXT})
    ).findings
    odds = found["p_credits_exhausted"] / found["p_inmail_off"]
    # 0.0452925 / 0.05, with the text 0.0452925 * 0.6 / (0.05 * 0.6).
    assert odds.tolist() == pytest.approx([0.90585, 0.90585])
    assert found["error_class"].tolist() == ["", "credits_exhausted"]
    # The rest is what the text speaks against: velocity 0.30 * 0.0041289 = 0.0012387,
    # the others 0.005 of unknown 0.0086490 and of 0.005 + 0.01 + 0.02: 0.0002182; with
    # 0.03 + 0.0271755 the sum is 0.0586324.
    rest = 1 - found.loc[1, ["p_credits_exhausted", "p_inmail_off"]].sum()
    assert rest == pytest.approx(1 - 0.0571755 / 0.0586324, abs=1e-5)


def test_states_equal_the_sum_over_all_paths() -> None:
    """Forward and backward passes give what adding up every path of states gives."""
    parameters = Parameters()
    record = make_record(
        sent=[("2026-11-17T09:00:00Z", 1.0), ("2026-11-19T12:00:00Z", 0.4)],
        seen=[("2026-11-16", 3)],
        seat={"reset_rule": "day:20"},
    )
    at = ["2026-11-18T10:00:00Z", "2026-11-18T11:00:00Z", "2026-11-20T09:00:00Z"]
    line = timeline(record, [(one, k, 0.9) for k, one in enumerate(at)], TODAY, parameters)
    marks = [event.mark for event in line.events]
    assert marks == [
        Mark.RESET, Mark.SETTLED,
        Mark.SEEN, Mark.SENT, Mark.FAILED, Mark.FAILED, Mark.SENT, Mark.RESET,
        Mark.FAILED, Mark.SETTLED,
    ]  # fmt: skip
    by_row = [(0.1, 0.8, 0.95, 0.9)] * 3
    others, given_all = states.Chain(line, 0.9, parameters).smooth(by_row)
    start = states._start(line.priors[0], parameters)
    steps = states._steps(line, parameters)
    seen = [
        by_row[event.index]
        if event.mark is Mark.FAILED
        else states._likelihood(event, 0.9, parameters)
        for event in line.events
    ]
    one_of = [
        (1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0),
        (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0),
    ]  # fmt: skip
    # All 4 ** 11 paths at once: a path's state at each event, the first one before any.
    paths = np.indices((4,) * (len(seen) + 1)).reshape(len(seen) + 1, -1)
    weight = np.array(start)[paths[0]]
    for k, step in enumerate(steps):
        moves = np.array([step.ahead(state) for state in one_of])
        weight = weight * moves[paths[k], paths[k + 1]] * np.array(seen[k])[paths[k + 1]]
    total = np.array(
        [np.bincount(paths[k + 1], weights=weight, minlength=4) for k in range(len(seen))]
    )
    expected = total / total.sum(axis=1, keepdims=True)
    assert np.array(given_all) == pytest.approx(expected)
    without = expected / np.array(seen)
    assert np.array(others) == pytest.approx(without / without.sum(axis=1, keepdims=True))


def test_text_likelihoods_are_distributions() -> None:
    """Under each cause the classes of texts have probabilities that add up to one."""
    shown = [str(cause) for cause in Cause]
    table = causes.text_likelihoods(shown, Parameters())
    assert table.sum(axis=0) == pytest.approx(np.ones(len(causes.CAUSES)))
    assert (table > 0).all()
    credits_row = table[shown.index(Cause.CREDITS_EXHAUSTED)]
    by_cause = dict(zip(causes.CAUSES, credits_row, strict=True))
    assert by_cause[Cause.CREDITS_EXHAUSTED] == by_cause[Cause.INMAIL_OFF]


@pytest.mark.parametrize("end", ["low", "high"])
def test_shares_of_texts_fit_together_over_their_ranges(end: str) -> None:
    """At either end of every range some texts match nothing: no share is negative."""
    shares = [spec for spec in specs() if spec.name.startswith("text_")]
    assert len(shares) == 6
    ends = {spec.name: getattr(spec, end) for spec in shares}
    shown = [str(cause) for cause in Cause]
    table = causes.text_likelihoods(shown, Parameters().override(ends))
    # The fullest row: InMail off with 0.65 + 0.25 + 4 * 0.02 = 0.98.
    assert table.min() > 0
    assert table.sum(axis=0) == pytest.approx(np.ones(len(causes.CAUSES)))


# --- scenarios --------------------------------------------------------------------


def test_isolated_failure_among_successes_is_inmail_off() -> None:
    """A paid InMail went out after it before any grant: the seat had credits."""
    seat = make_record(
        sent=daily("2026-10-20", 35, 3, 1.0), seen=[("2026-11-18", 12)], spare_requests=5
    )
    found = judge(
        make_failures(failed("2026-11-19T10:30:00Z", error_text=CREDITS_TEXT)), seat
    )
    row = found.findings.iloc[0]
    assert row["cause"] == Cause.INMAIL_OFF
    assert row["cause_probability"] > 0.9
    assert row["p_credits_exhausted"] < 0.01
    # Three each on the four days from the 20th to the 23rd.
    assert "sent 12 paid InMails after this one" in row["evidence"]
    assert "12 credits on 2026-11-18 (seen)" in row["evidence"]
    assert "also shown where InMail is off" in row["evidence"]
    assert (row["next_step"], row["next_seat"]) == ("connection_request", SEAT)
    verdict = verdict_of(found)
    assert verdict.state is SeatState.FINE
    assert verdict.assumed_credits is None
    assert not verdict.asks_balance


def test_run_on_a_low_balance_is_exhaustion() -> None:
    """Paid InMails fail in a row from a folded balance of about zero until the grant."""
    seat = make_record(
        sent=daily("2026-10-20", 30, 3, 1.0),
        folded=[("2026-11-19T10:00:00Z", 0, 2)],
        seen=[("2026-11-02", 50)],
    )
    found = judge(make_failures(*run_of(4)), seat)
    assert set(found.findings["cause"]) == {"credits_exhausted"}
    assert found.findings["cause_probability"].min() > 0.7
    verdict = verdict_of(found)
    assert verdict.state is SeatState.EXHAUSTED
    assert (verdict.since, verdict.until) == ("2026-11-19T10:00:00Z", "2026-12-01")
    assert verdict.assumed_credits == 0
    assert verdict.asks_balance
    assert "number 2 of 4" in cell_of(found, 1, "evidence").lower()


def test_a_grant_ends_exhaustion() -> None:
    """After the reset the seat is fine; the failures before it keep their cause."""
    seat = make_record(sent=daily("2026-10-20", 30, 3, 1.0), seen=[("2026-11-19", 0)])
    today = dt.date(2026, 12, 3)
    found = judge(make_failures(*run_of(4)), seat, as_of=today)
    assert set(found.findings["cause"]) == {"credits_exhausted"}
    assert "until the grant of 2026-12-01" in cell_of(found, 0, "evidence")
    verdict = verdict_of(found)
    assert verdict.state is SeatState.FINE
    assert verdict.assumed_credits is None
    assert [(one.state, one.until) for one in verdict.spells] == [
        (SeatState.EXHAUSTED, "2026-12-01")
    ]


def test_free_inmails_fail_on_an_empty_seat() -> None:
    """At a balance of zero that was seen, a free InMail's failure is the freeze."""
    seat = make_record(sent=daily("2026-10-20", 30, 3, 1.0), seen=[("2026-11-19", 0)])
    rows = [*run_of(3), failed("2026-11-19T15:00:00Z", open_flag=1, route="open_inmail")]
    found = judge(make_failures(*rows), seat).findings
    assert found.loc[3, "cause"] == "credits_exhausted"


def test_velocity_block_with_credits_left() -> None:
    """Everything fails after a fivefold week while 31 credits are left: hold the seat."""
    seat = make_record(
        sent=daily("2026-10-15", 28, 2, 1.0) + daily("2026-11-12", 7, 12, 0.5),
        seen=[("2026-11-18", 31)],
        seat={"inmails_last_28_days": None},
    )
    rows = run_of(5, "2026-11-20", error_text="InMail limit reached")
    found = judge(make_failures(*rows), seat)
    assert set(found.findings["cause"]) == {"velocity_block"}
    verdict = verdict_of(found)
    assert verdict.state is SeatState.BLOCKED
    assert verdict.held_until == "2026-11-27"  # the 20th and seven days
    assert verdict.pace_factor == 0.5
    assert verdict.assumed_credits is None
    assert "stood at" in cell_of(found, 0, "evidence")
    step = found.findings.iloc[0]
    assert (step["next_step"], step["next_on"]) == ("wait", "2026-11-27")


def test_growth_is_the_published_case() -> None:
    """72 InMails in 23 days, then 115 in seven: the growth that was seen to block."""
    sent = daily("2026-10-19", 24, 3, 1.0) + daily("2026-11-12", 7, 16, 1.0)
    record = make_record(sent=sent, seat={"inmails_last_28_days": None})
    line = timeline(record, [("2026-11-18T23:59:00Z", 0, 1.0)], TODAY, Parameters())
    # Up to the end of the 18th: 7 * 16 = 112 against 24 * 3 / 4 = 18 a week.
    assert line.events[-1].mark is Mark.FAILED
    assert line.priors[-1].growth == pytest.approx(112 / 18)
    assert line.priors[-1].block == pytest.approx(0.05)


def test_the_first_week_of_a_record_is_no_growth() -> None:
    """Of a seat known for a week, nobody knows what it sent in the weeks before."""
    sent = daily("2026-11-13", 7, 15, 1.0)
    rows = run_of(2, "2026-11-20", error_text="You are out of InMail credits")
    seat = {"inmails_last_28_days": None}
    known, unknown = (
        make_record(sent=sent, seen=[("2026-11-19", 60)], seat=seat, is_pace_known=told)
        for told in (True, False)
    )
    line = timeline(unknown, [("2026-11-20T15:00:00Z", 0, 1.0)], TODAY, Parameters())
    assert math.isnan(line.priors[-1].growth)
    assert verdict_of(judge(make_failures(*rows), known)).state is SeatState.BLOCKED
    verdict = verdict_of(judge(make_failures(*rows), unknown))
    assert (verdict.state, verdict.held_until) == (SeatState.FINE, "")
    assert "usual week" not in verdict.words


@pytest.mark.parametrize(
    ("cells", "cause", "step"),
    [
        ({"inmail_on": "2026-10-01", "inmail_seat": SEAT}, "already_messaged", "drop"),
        ({"error_text": "cannot_resend_within_24hrs"}, "already_messaged", "drop"),
        ({"degree": 1}, "already_connected", "message"),
        ({"accepted_by": SEAT}, "already_connected", "message"),
        ({"error_text": "SN_CONFLICT"}, "already_connected", "message"),
        ({"error_text": "invalid_recipient"}, "profile_gone", "drop"),
        ({"error_text": "HTTP 404"}, "profile_gone", "drop"),
        ({"inmail_flag": 0}, "inmail_off", "connection_request"),
        ({"error_text": "not_allowed_inmail"}, "inmail_off", "connection_request"),
        ({"error_text": "internal error"}, "unknown", "connection_request"),
    ],
)
def test_the_lead_s_own_cause(cells: dict[str, Any], cause: str, step: str) -> None:
    """On a seat that keeps sending, flags, the past and the text tell the lead's case."""
    seat = make_record(
        sent=daily("2026-10-20", 35, 3, 1.0), seen=[("2026-11-18", 30)], spare_requests=5
    )
    found = judge(make_failures(failed("2026-11-19T10:30:00Z", **cells)), seat)
    row = found.findings.iloc[0]
    if cause == "unknown":  # off 0.05 * 0.2 against unknown 0.0092 * 0.88
        assert row["p_unknown"] > 0.2
    else:
        assert row["cause"] == cause
        assert row["cause_probability"] > 0.6
    assert row["next_step"] == step


def test_unknown_wins_where_everything_else_is_ruled_out() -> None:
    """A lead that takes InMails, a seat that sends, a text that says nothing: unknown."""
    seat = make_record(sent=daily("2026-10-20", 35, 3, 1.0), spare_requests=1)
    cells = {"inmail_flag": 1, "error_text": "internal error"}
    found = judge(make_failures(failed("2026-11-19T10:30:00Z", **cells)), seat)
    assert cell_of(found, 0, "cause") == "unknown"
    assert cell_of(found, 0, "next_step") == "connection_request"


def test_a_lead_that_fails_on_two_sound_seats_is_the_cause() -> None:
    """Two failures of one lead speak louder than one; only the last decides."""
    seats = [
        make_record(name, sent=daily("2026-11-02", 10, 3, 1.0), spare_requests=3)
        for name in (SEAT, "seat-02")
    ]
    alone = make_failures({"seat_id": SEAT, "failed_on": "2026-11-12"})
    twice = make_failures(
        {"lead_id": "a", "seat_id": SEAT, "failed_on": "2026-11-12"},
        {"lead_id": "a", "seat_id": "seat-02", "failed_on": "2026-11-13"},
    )
    one = judge(alone, *seats).findings
    two = judge(twice, *seats).findings
    assert two["p_inmail_off"].min() > one.loc[0, "p_inmail_off"]
    assert two["is_latest"].tolist() == [False, True]
    assert two["next_step"].nunique() == 1


def test_patterns_are_parameters() -> None:
    """A phrase of one's own tool can be added; a broken pattern is refused by name."""
    rows = make_failures({"error_text": "Fehler 77"})
    found = judge(rows, error_pattern_profile_gone="fehler 77").findings
    assert found.loc[0, "cause"] == "profile_gone"
    assert judge(rows, error_pattern_credits="").findings.loc[0, "error_class"] == "unknown"
    with pytest.raises(ParameterError, match="error_pattern_credits: not a regular"):
        judge(rows, error_pattern_credits="(")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("insufficient_credits", "credits_exhausted"),
        ("LK_INMAIL_NOT_ENOUGH_CREDIT", "credits_exhausted"),
        ("You are out of InMail credits", "credits_exhausted"),
        ("not_allowed_inmail", "inmail_off"),
        ("This member can\u2019t receive InMail", "inmail_off"),
        ("InMails are turned off", "inmail_off"),
        ("limit_exceeded", "velocity_block"),
        ("InMail limit has been reached", "velocity_block"),
        ("429 Too Many Requests", "velocity_block"),
        ("LK_INMAIL_CANNOT_RESEND: wait for reply", "already_messaged"),
        ("SN_CONFLICT", "already_connected"),
        ("SN_INMAIL_UNREACHABLE_USER", "profile_gone"),
        ("error 404", "profile_gone"),
        ("task 84042 stopped", "unknown"),
        ("  ", ""),
    ],
)
def test_public_vocabularies_are_understood(text: str, cause: str) -> None:
    """What tools are known to say is sorted by the default patterns."""
    assert causes.error_classes([text], Parameters()) == [cause]


def test_a_balance_of_zero_seen_afterwards_empties_a_seat() -> None:
    """One failure and then a balance of zero that somebody read: out of credits."""
    seat = make_record(sent=daily("2026-11-02", 17, 2, 1.0), seen=[("2026-11-20", 0)])
    found = judge(make_failures(failed("2026-11-19T10:30:00Z")), seat)
    assert cell_of(found, 0, "cause") == "credits_exhausted"
    assert verdict_of(found).state is SeatState.EXHAUSTED
    assert "0 credits seen on 2026-11-20" in cell_of(found, 0, "evidence")


# --- promises ---------------------------------------------------------------------


def test_one_text_never_empties_a_seat() -> None:
    """A single failure that says "out of credits" leaves the balance as it is."""
    found = judge(
        make_failures(failed("2026-11-19T10:00:00Z", error_text=CREDITS_TEXT)),
        make_record(),
    )
    assert verdict_of(found).state is SeatState.FINE
    assert verdict_of(found).assumed_credits is None
    assert verdict_of(found).asks_balance


@settings(max_examples=60)
@given(
    num=st.integers(1, 60),
    seen=st.integers(15, 150),
    paid=st.integers(1, 4),
    free=st.integers(0, 3),
    is_open=st.booleans(),
    losses=st.floats(0.0, 1.0),
)
def test_texts_never_empty_a_seat_that_has_credits(
    *, num: int, seen: int, paid: int, free: int, is_open: bool, losses: float
) -> None:
    """Whatever failed with "out of credits": a balance seen and paid InMails win."""
    later = [("2026-11-20T10:00:00Z", 1.0)] * paid + [("2026-11-20T11:00:00Z", 0.0)] * free
    seat = make_record(
        sent=daily("2026-11-02", 14, 2, 1.0) + later, seen=[("2026-11-18", float(seen))]
    )
    rows = run_of(min(num, 40), error_text=CREDITS_TEXT, open_flag=int(is_open))
    found = judge(make_failures(*rows), seat, failed_send_credit_loss=losses)
    verdict = verdict_of(found)
    assert verdict.state is not SeatState.EXHAUSTED
    assert verdict.assumed_credits is None


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["failed", "sent", "free", "seen"]),
        st.integers(1, 23),
        st.integers(8, 17),
        st.integers(0, 40),
    ),
    max_size=14,
)


def _history(events: Sequence[tuple[str, int, int, int]], text: str) -> Any:
    """Return failures and a seat from drawn events."""
    rows, sent, seen = [failed("2026-11-10T07:00:00Z", error_text=text)], [], []
    for kind, day, hour, number in events:
        at = f"2026-11-{day:02d}T{hour:02d}:00:00Z"
        if kind == "failed":
            rows.append(failed(at, error_text=text))
        elif kind == "seen":
            seen.append((at, float(number)))
        else:
            sent.append((at, float(kind == "sent")))
    return make_failures(*rows), make_record(sent=sent, seen=seen)


@settings(max_examples=40)
@given(_EVENTS)
def test_a_verdict_does_not_hear_texts_about_credits(
    events: list[tuple[str, int, int, int]],
) -> None:
    """With or without the texts of missing credits, every verdict is the same."""
    told, seat = _history(events, CREDITS_TEXT)
    untold, _ = _history(events, "")
    assert judge(told, seat).verdicts == judge(untold, seat).verdicts


@settings(max_examples=40)
@given(_EVENTS)
def test_an_empty_seat_has_no_later_proof_of_a_credit(
    events: list[tuple[str, int, int, int]],
) -> None:
    """Judged empty means: nothing that shows a credit came after the last failure."""
    failures, seat = _history(events, CREDITS_TEXT)
    verdict = verdict_of(judge(failures, seat))
    if verdict.state is SeatState.EXHAUSTED:
        last = failures["failed_on"].max()
        proofs = [one.happened_on for one in seat.sent if one.credit_probability]
        proofs += [one.happened_on for one in seat.balances if one.expected >= 1]
        assert all(at <= last for at in proofs)
        num = sum(failures["failed_on"] > max([at for at in proofs if at <= last] or [""]))
        # Or on a balance of nothing: one that was seen, or a small one that was spent.
        low = [one.expected for one in seat.balances if one.expected < 20]
        assert num >= Parameters().exhausted_run or low
    else:
        assert verdict.assumed_credits is None


@settings(max_examples=40)
@given(_EVENTS, st.randoms(use_true_random=False))
def test_row_order_decides_nothing(
    events: list[tuple[str, int, int, int]], random: Any
) -> None:
    """Failures in any order, and seats' events in any order, give the same findings."""
    failures, seat = _history(events, CREDITS_TEXT)
    order = list(range(len(failures)))
    random.shuffle(order)
    mixed = failures.iloc[order]
    turned = make_record(
        sent=[(one.happened_on, one.credit_probability) for one in reversed(seat.sent)],
        seen=[(one.happened_on, one.expected) for one in seat.balances],
    )
    one, other = judge(failures, seat), judge(mixed, turned)
    assert one.verdicts == other.verdicts
    pd.testing.assert_frame_equal(
        one.findings.iloc[order].reset_index(drop=True), other.findings, check_exact=True
    )


@settings(max_examples=40)
@given(_EVENTS)
def test_findings_are_whole(events: list[tuple[str, int, int, int]]) -> None:
    """Rows in are rows out, in order; columns are as stated; probabilities add up."""
    failures, seat = _history(events, CREDITS_TEXT)
    found = judge(failures, seat).findings
    assert schemas.check(found, FINDINGS) == []
    assert found["lead_id"].tolist() == failures["lead_id"].tolist()
    total = found[[f"p_{cause}" for cause in Cause]].sum(axis=1)
    assert total.to_numpy() == pytest.approx(np.ones(len(found)))
    assert set(found["next_step"]) <= {str(step) for step in NextStep}
    assert found["evidence"].str.endswith(".").all()


def test_no_failures_no_findings() -> None:
    """An empty list is judged without a complaint."""
    empty = make_failures(failed("2026-11-19")).iloc[:0]
    found = judge(empty, make_record())
    assert schemas.names(FINDINGS) == list(found.findings.columns)
    assert found.findings.empty
    assert found.verdicts == ()


# --- calibration ------------------------------------------------------------------

NUM_SEATS = 1000
PER_SEAT = 16
SHOWN = [str(cause) for cause in Cause]


def _draw(rng: np.random.Generator, chances: Sequence[float]) -> int:
    return int(np.searchsorted(np.cumsum(chances), rng.random() * sum(chances)))


def _simulated(
    parameters: Parameters, *, has_texts: bool
) -> tuple[pd.DataFrame, list[SeatRecord], list[str]]:
    """Return failures, seats and true causes, drawn from the model itself."""
    rng = np.random.default_rng(11)
    days = [f"2026-11-{2 + k:02d}T10:00:00Z" for k in range(PER_SEAT)]
    # A long and large history of sends keeps the growth of every week below 1.3.
    seat = {"inmails_last_28_days": 400, "reset_rule": "day:1"}
    frame = make_failures({"failed_on": days[0]})
    priors = causes.lead_priors(frame, parameters)[0]
    chance = states.failure_chance(1.0, parameters)
    table = causes.text_likelihoods(SHOWN, parameters)
    rows, records, truth = [], [], []
    for number in range(NUM_SEATS):
        name = f"seat-{number:04d}"
        blank = make_record(name, seat=seat)
        line = timeline(blank, [(d, k, 1.0) for k, d in enumerate(days)], TODAY, parameters)
        now = [states._start(line.priors[0], parameters)]
        state, sent = _draw(rng, now[0]), []
        for event, step in zip(line.events, states._steps(line, parameters), strict=True):
            certain = [0.0, 0.0, 0.0, 0.0]
            certain[state] = 1.0
            a, b, c, d = certain
            state = _draw(rng, step.ahead((a, b, c, d)))
            if event.mark is not Mark.FAILED:
                continue
            lead = _draw(rng, priors.tolist())
            if lead == len(causes.LEAD_CAUSES):
                if rng.random() >= chance[state]:
                    sent.append((event.at, 1.0))
                    continue
                lead += causes._BY_STATE[state]
            shown = SHOWN[_draw(rng, table[:, lead].tolist())] if has_texts else ""
            truth.append(str(causes.CAUSES[lead]))
            rows.append({
                "seat_id": name, "failed_on": event.at, "error_text": shown,
            })  # fmt: skip
        records.append(make_record(name, sent=sent, seat=seat))
    return make_failures(*rows), records, truth


@pytest.mark.parametrize("has_texts", [False, True])
def test_probabilities_are_calibrated_and_beat_the_naive_rule(*, has_texts: bool) -> None:
    """Of failures drawn from the model, stated probabilities come true as stated.

    Drawn texts are independent of each other, but triage takes the weak ones of a run
    for one and the same: with texts it may be right more often than it says.
    """
    changed: dict[str, Any] = {
        "exhausted_share": 0.15,
        "velocity_block_share": 0.3,
        **{name: str(cause) for cause, name in causes.PATTERNS.items()},
    }
    failures, records, truth = _simulated(
        Parameters().override(changed), has_texts=has_texts
    )
    found = judge(failures, *records, **changed).findings
    right = found["cause"].to_numpy() == np.array(truth)
    stated = found["cause_probability"].to_numpy()
    assert len(right) > 1000
    for low, high in ((0.0, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.01)):
        inside = (stated >= low) & (stated < high)
        if inside.sum() < 30:
            continue
        mean = stated[inside].mean()
        # Three standard errors; a run is judged as one, so eight failures count as one.
        error = 3 * np.sqrt(8 * mean * (1 - mean) / inside.sum())
        assert right[inside].mean() > mean - error
        assert has_texts or right[inside].mean() < mean + error
    naive = (np.array(truth) == "credits_exhausted").mean()
    assert right.mean() > naive + (0.2 if has_texts else 0.1)
    assert right.mean() == pytest.approx(stated.mean(), abs=0.04)


# --- no burst, no certainty -------------------------------------------------------


@pytest.mark.parametrize(
    ("growth", "chance"),
    [
        (0.1, 1e-5),
        (1.0, 1e-5),
        # 0.05 / 50 = 0.001 at 1.3; half of the way from 1.0 a quarter of it.
        (1.15, 0.00025),
        (1.3, 0.001),
        # Log-linear: half of the way to 5.2 it is 0.001 * 50 ** 0.5.
        (3.25, 0.001 * 50**0.5),
        (5.2, 0.05),
        (9.0, 0.05),
        (float("nan"), 0.001),
    ],
)
def test_chance_of_a_block_by_growth(growth: float, chance: float) -> None:
    """A block follows a burst; in an ordinary week it is next to impossible."""
    assert _block(growth, Parameters()) == pytest.approx(chance)


def test_failures_without_a_burst_or_a_low_balance() -> None:
    """Credits left by the book, no burst: nothing goes out, and nobody knows why."""
    seat = make_record(
        sent=daily("2026-10-20", 30, 3, 1.0), seen=[("2026-11-18", 30)], spare_requests=9
    )
    found = judge(make_failures(*run_of(6, "2026-11-20")), seat)
    verdict = verdict_of(found)
    assert verdict.state is SeatState.STOPPED
    assert verdict.asks_balance
    assert (verdict.assumed_credits, verdict.held_until) == (None, "")
    # 3 sent on the 18th after the balance: about 27 are left.
    assert "about 27 credits" in verdict.words
    assert "usual week" not in verdict.words
    assert set(found.findings["next_step"]) == {"wait"}
    assert "read the balance" in cell_of(found, 0, "next_reason")


def test_words_are_no_surer_than_the_numbers() -> None:
    """A seat that a grant has freed is fine only if it likely is, or sent something."""
    seat = make_record(
        sent=daily("2026-10-10", 50, 3, 1.0), seen=[("2026-11-28", 30)],
        seat={"reset_rule": "month"},
    )  # fmt: skip
    rows = make_failures(*run_of(6, "2026-11-30"))
    day = dt.date(2026, 12, 1)
    open_ = verdict_of(judge(rows, seat, as_of=day, stopped_exhausted_share=0.2))
    assert open_.state is SeatState.FINE
    assert open_.spells[-1].until == "2026-12-01"
    assert open_.probability < Parameters().hold_evidence
    assert not open_.is_sure
    assert "Fine now" not in open_.words
    # Had it been out of credits, the grant would have ended that: fine, or blocked.
    assert re.search(r"in a velocity block \(\d+%\) or fine \(\d+%\)", open_.words)
    assert open_.probability + open_.blocked == pytest.approx(1, abs=0.2)
    sent = replace(seat, sent=(
        *seat.sent, SentInMail(happened_on="2026-12-01T09:00:00Z", credit_probability=1.0)
    ))  # fmt: skip
    went = verdict_of(judge(rows, sent, as_of=day, stopped_exhausted_share=0.2))
    assert went.is_sure
    assert went.words.endswith("Fine now.")


@pytest.mark.parametrize(
    ("fine", "words"),
    [
        (0.8, "Fine: 1 failed InMail"),
        (0.65, "Not known: it may be fine (65%) or out of credits (30%): 1 failed InMail"),
        (0.4, "Not known: it may be out of credits (55%) or fine (40%): 1 failed InMail"),
    ],
)
def test_words_on_a_failure_that_nothing_followed(fine: float, words: str) -> None:
    """Below `hold_evidence` nobody knows; the leads are the cause, probably, or unsaid."""
    chances = {
        SeatState.FINE: fine, SeatState.EXHAUSTED: 0.95 - fine, SeatState.BLOCKED: 0.05,
    }  # fmt: skip
    found = judge(make_failures(failed("2026-11-20T10:00:00Z")), make_record())
    one = replace(verdict_of(found), is_sure=fine >= 0.7)
    said = " ".join(_fine_words(one, chances, is_paid=False))
    assert said.startswith(words)
    leads = {0.8: "The cause lies with", 0.65: "The cause probably lies with"}
    assert ("The cause" in said) == (fine in leads)
    assert leads.get(fine, "") in said
    assert "The cause" not in " ".join(_fine_words(one, chances, is_paid=True))


@pytest.mark.parametrize(
    ("share", "held_until"),
    [(0.5, ""), (0.3, ""), (0.25, "2026-11-27"), (0.01, "2026-11-27")],
)
def test_a_stopped_seat_is_held_if_a_block_is_likely_enough(
    share: float, held_until: str
) -> None:
    """Whatever the odds: from `hold_evidence` on nothing is planned for it, and said so."""
    seat = make_record(sent=daily("2026-10-20", 30, 3, 1.0), seen=[("2026-11-18", 30)])
    rows = [failed(f"2026-11-20T10:0{k}:00Z") for k in range(6)]
    found = judge(make_failures(*rows), seat, stopped_exhausted_share=share, refund_share=0)
    # Failures are 1.2549 to 1 for exhaustion (see below). 0.7 / (0.7 + 0.3 * 1.2549) is
    # 0.650; 0.75 / (0.75 + 0.25 * 1.2549) is 0.705.
    verdict = verdict_of(found)
    assert verdict.state is SeatState.STOPPED
    assert (verdict.blocked >= Parameters().hold_evidence) == bool(held_until)
    assert verdict.held_until == held_until
    assert ("it is held: nothing before 2026-11-27" in verdict.words) == bool(held_until)
    assert set(found.findings["next_step"]) == {"wait"}


@pytest.mark.parametrize("text", ["", CREDITS_TEXT, "internal error"])
def test_leads_of_a_stopped_seat_are_no_surer_than_the_seat(text: str) -> None:
    """Where the verdict leaves exhaustion and a block open, so do its leads."""
    seat = make_record(sent=daily("2026-10-20", 30, 3, 1.0), seen=[("2026-11-18", 30)])
    rows = [failed(f"2026-11-20T10:0{k}:00Z", error_text=text) for k in range(6)]
    found = judge(make_failures(*rows), seat, stopped_exhausted_share=0.5, refund_share=0)
    # A lead: off 0.05, messaged and connected 0.005 each, gone 0.02, reachable 0.92. Its
    # InMail fails with 0.08 + 0.92 * 0.99 = 0.9908 without a credit, with
    # 0.08 + 0.92 * 0.95 = 0.954 in a block: 1.03857 to 1. Even odds before six of them
    # are 1.2549 to 1 after: the seat is out of credits in 0.5565 of what stopped it.
    # (Paths on which it stopped at a later failure count for less than 1 %.)
    words = verdict_of(found).words
    assert "out of credits (56%) or in a velocity block (44%)" in words
    # Of one lead, reachable: five others, and its own 0.99 to 0.95.
    ratio = found.findings["p_credits_exhausted"] / found.findings["p_velocity_block"]
    assert ratio.to_numpy() == pytest.approx(np.full(6, 1.03857**5 * 0.99 / 0.95), rel=0.01)
    assert found.findings["p_credits_exhausted"].max() < Parameters().hold_evidence


def test_free_inmails_that_went_out_speak_against_a_block() -> None:
    """Paid ones fail, free ones go out: the seat's words and its leads both say so."""
    free = [(f"2026-11-20T10:{10 + k}:30Z", 0.0) for k in range(4)]
    seat = make_record(
        sent=daily("2026-10-20", 30, 3, 1.0) + free, seen=[("2026-11-18", 30)]
    )
    rows = [failed(f"2026-11-20T10:{10 + k}:00Z") for k in range(6)]
    found = judge(make_failures(*rows), seat)
    # Each free one goes out of a blocked seat with 0.05 only: 0.05 ** 4.
    verdict = verdict_of(found)
    assert verdict.state is SeatState.STOPPED
    assert "velocity block (0%)" in verdict.words
    assert found.findings["p_velocity_block"].max() < 0.01


def test_a_balance_seen_afterwards_tells_block_from_exhaustion() -> None:
    """The same failures with credits seen after them are a block, with zero seen not."""
    rows = make_failures(*run_of(6, "2026-11-20"))
    sent = daily("2026-10-20", 30, 3, 1.0)
    left = verdict_of(judge(rows, make_record(
        sent=sent, seen=[("2026-11-18", 30), ("2026-11-21", 27)]
    )))  # fmt: skip
    assert (left.state, left.held_until) == (SeatState.BLOCKED, "2026-11-27")
    assert "27 credits were seen on 2026-11-21" in left.words
    none = verdict_of(judge(rows, make_record(
        sent=sent, seen=[("2026-11-18", 30), ("2026-11-21", 0)]
    )))  # fmt: skip
    assert (none.state, none.assumed_credits) == (SeatState.EXHAUSTED, 0)


def test_free_inmails_are_stopped_all_or_none() -> None:
    """At zero, some free InMails that went out say that the failed ones have a cause."""
    rows = run_of(3) + [
        failed(f"2026-11-20T1{k}:30:00Z", open_flag=1, route="open_inmail")
        for k in range(4)
    ]
    sent = daily("2026-10-20", 30, 3, 1.0)
    frozen = judge(make_failures(*rows), make_record(sent=sent, seen=[("2026-11-19", 0)]))
    assert set(frozen.findings["cause"].iloc[3:]) == {"credits_exhausted"}
    assert frozen.findings["cause_probability"].iloc[3:].min() > 0.9
    free = [(f"2026-11-20T1{k}:00:00Z", 0.0) for k in range(4)]
    mixed = judge(
        make_failures(*rows), make_record(sent=sent + free, seen=[("2026-11-19", 0)])
    )
    # What is left of it is a profile that has closed since: it did need a credit.
    assert mixed.findings["p_credits_exhausted"].iloc[3:].max() < 0.5


def test_planned_inmails_are_weak_evidence() -> None:
    """What nobody said to have gone out ends no run; what did go out does."""
    rows = make_failures(*run_of(1, "2026-11-12"), *run_of(1, "2026-11-18"))
    between = [("2026-11-16T10:00:00Z", 1.0)] * 3
    certain = make_record(sent=between)
    unsure = replace(
        certain, sent=tuple(replace(one, is_certain=False) for one in certain.sent)
    )
    sure, weak = judge(rows, certain), judge(rows, unsure)
    assert "single failed" in cell_of(sure, 0, "evidence")
    assert "3 more were planned" in cell_of(weak, 1, "evidence")
    column = "p_credits_exhausted"
    assert cell_of(sure, 0, column) < cell_of(weak, 0, column)


# --- next steps -------------------------------------------------------------------


def chances(**given: float) -> dict[Cause, float]:
    """Return probabilities of causes, 0 where nothing is said."""
    return {cause: given.get(str(cause), 0.0) for cause in Cause}


def test_expected_replies_by_hand() -> None:
    """InMail 0.1, acceptance 0.25, answers 0.18, half a credit burned by a failure."""

    def values(*, needs_credit: bool = True, **given: float) -> tuple[float, float, float]:
        found = expected_replies(
            chances(**given), needs_credit=needs_credit, inmail_rate=0.1, acceptance=0.25,
            parameters=Parameters(),
        )  # fmt: skip
        return found.inmail, found.request, found.message

    # Works in 0.8: 0.1 * (0.8 - 0.5 * 0.2) = 0.07; a request always: 0.25 * 0.18.
    assert values(credits_exhausted=0.7, unknown=0.1, inmail_off=0.2) == pytest.approx(
        (0.07, 0.045, 0.0)
    )
    # Free: nothing is burned. Gone in 0.4: 0.045 * 0.6.
    free = values(needs_credit=False, unknown=0.6, profile_gone=0.4)
    assert free == pytest.approx((0.06, 0.027, 0.0))
    # Connected in 0.9: 0.18 * 0.9; an InMail: 0.1 * (0.1 - 0.5 * 0.9).
    assert values(already_connected=0.9, unknown=0.1) == pytest.approx(
        (-0.035, 0.0045, 0.162)
    )


def test_dropping_needs_certainty() -> None:
    """A free InMail that failed alone: gone at 40 % or so is not dropped."""
    seat = make_record(
        sent=daily("2026-10-20", 35, 3, 0.0), spare_requests=5, spare_inmails=5
    )
    cells = {"open_flag": 1, "route": "open_inmail", "degree": 2}
    found = judge(make_failures(failed("2026-11-19T10:30:00Z", **cells)), seat)
    assert cell_of(found, 0, "cause") == "profile_gone"
    assert cell_of(found, 0, "cause_probability") < 0.8
    # A free InMail burns nothing; it is worth more than a request where it may work.
    assert cell_of(found, 0, "next_step") in ("restart", "connection_request")
    assert "not sure" in cell_of(found, 0, "next_reason")
    told = make_failures(failed("2026-11-19T10:30:00Z", error_text="HTTP 404", **cells))
    assert judge(told, seat).findings.loc[0, "next_step"] == "drop"
    unsure = judge(told, seat, drop_evidence=1.0).findings
    assert unsure.loc[0, "next_step"] != "drop"


def test_days_are_filled_one_after_the_other() -> None:
    """Two InMails a day, none on the second: the third goes to the third day."""
    days = (
        make_day("2026-11-25", 2), make_day("2026-11-26", 0), make_day("2026-11-27", 2),
    )  # fmt: skip
    found = judge(
        make_failures(*run_of(5)),
        _exhausted(),
        make_record("seat-02", spare_credits=9, spare_inmails=9, days=days),
    ).findings
    restarts = found[found["next_step"] == "restart"]
    assert sorted(restarts["next_on"]) == ["2026-11-25"] * 2 + ["2026-11-27"] * 2


def test_no_more_people_of_a_company_than_allowed() -> None:
    """One was contacted this week: one more may be, the other one waits."""
    rows = [{**row, "company_key": "tarn", "company_near": 1} for row in run_of(3)]
    found = judge(
        make_failures(*rows),
        _exhausted(),
        make_record("seat-02", spare_credits=9, spare_inmails=9, spare_requests=9),
    ).findings
    assert sorted(found["next_step"]) == ["restart", "wait", "wait"]
    waits = found[found["next_step"] == "wait"]
    assert waits["next_reason"].str.contains("2 people of its company").all()


@pytest.mark.parametrize(
    ("zone", "away", "day"),
    [
        # Sending begins at 8:00; a grant of 1 December 00:00 UTC is sure 24 hours later.
        ("UTC", (), "2026-12-02"),
        # 8:00 in Auckland on the 2nd is 19:00 UTC on the 1st: too early.
        ("Pacific/Auckland", (), "2026-12-03"),
        # Away up to the 4th, a Friday: the Monday after.
        ("UTC", ((dt.date(2026, 12, 1), dt.date(2026, 12, 4)),), "2026-12-07"),
    ],
)
def test_first_day_after_a_grant(zone: str, away: Any, day: str) -> None:
    """No InMail before the grant must have come, nor on a day off."""
    seat = make_seat(time_zone=zone, away=away)
    found = first_inmail_day(seat, dt.date(2026, 12, 1), Parameters())
    assert found == dt.date.fromisoformat(day)


def _exhausted(**room: Any) -> SeatRecord:
    return make_record(seen=[("2026-11-19", 0)], **room)


def steps_of(found: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Return step, seat and day of each failure."""
    columns = ["next_step", "next_seat", "next_on"]
    return [(step, seat, on) for step, seat, on in found[columns].to_numpy().tolist()]


def test_restarts_go_by_priority_to_seats_with_credits() -> None:
    """Three credits on two seats: the three best leads restart, the fullest seat first."""
    rows = [
        {**row, "priority": priority}
        for row, priority in zip(run_of(5), (10.0, 90.0, 50.0, 70.0, 30.0), strict=True)
    ]
    found = judge(
        make_failures(*rows),
        _exhausted(spare_credits=9, spare_inmails=9, spare_after_reset=1),
        make_record("seat-02", spare_credits=1, spare_inmails=9),
        make_record("seat-03", spare_credits=2, spare_inmails=9, spare_requests=1),
    ).findings
    # Priorities 90, 70, 50 restart: seat-03 has 2, then both have 1 (the name decides),
    # then seat-03. 30 waits for the grant of the seat (the 1st and 24 hours); 10 finds
    # nothing but a connection request.
    assert steps_of(found) == [
        ("connection_request", "seat-03", "2026-11-24"),
        ("restart", "seat-03", "2026-11-24"),
        ("restart", "seat-03", "2026-11-24"),
        ("restart", "seat-02", "2026-11-24"),
        ("wait", SEAT, "2026-12-02"),
    ]
    assert found.loc[1, "next_route"] == "paid_inmail"


def test_owner_group_and_company_bind_the_seat() -> None:
    """Who owns a lead, its group and its company's seat decide who may take over."""
    cells: list[dict[str, Any]] = [
        {"owner": SEAT},
        {"group": "dach"},
        {"company_key": "tarn", "company_seat": "seat-02"},
        {"company_key": "ossia", "priority": 99.0},
        {"company_key": "ossia"},
    ]
    rows = [{**row, **more} for row, more in zip(run_of(5), cells, strict=True)]
    found = judge(
        make_failures(*rows),
        _exhausted(spare_after_reset=9),
        make_record("seat-02", spare_credits=4, spare_inmails=9),
        make_record(
            "seat-03", spare_credits=9, spare_inmails=9, seat={"groups": ("dach",)}
        ),
    ).findings
    steps = [(step, seat) for step, seat, _ in steps_of(found)]
    assert steps[0] == ("wait", SEAT)
    assert steps[1] == ("restart", "seat-03")
    assert steps[2] == ("restart", "seat-02")
    assert steps[3] == steps[4] == ("restart", "seat-03")


def test_a_lead_that_waits_says_for_which_seat() -> None:
    """Another seat has credits: company's seat, owner or crowd is the reason."""
    cells: list[dict[str, Any]] = [
        {"owner": SEAT},
        {"company_key": "tarn", "company_seat": SEAT},
        {"company_key": "ossia", "company_near": 99},
    ]
    rows = [{**row, **more} for row, more in zip(run_of(3), cells, strict=True)]
    found = judge(
        make_failures(*rows),
        _exhausted(spare_after_reset=9),
        make_record("seat-02", spare_credits=9, spare_inmails=9),
    ).findings
    assert found["next_step"].tolist() == ["wait"] * 3
    until = "before the grant of 2026-12-01: plan it again then"
    assert found["next_reason"].tolist() == [
        f"its owner's seat {SEAT} has no credit to spare {until}",
        f"its company belongs to seat {SEAT}, which has no credit to spare {until}",
        f"enough people of its company are contacted {until}",
    ]


def test_one_restart_at_most() -> None:
    """A lead that was tried again before gets a connection request, not a third InMail."""
    found = judge(
        make_failures(*[{**row, "num_restarts": 1} for row in run_of(3)]),
        _exhausted(spare_requests=2),
        make_record("seat-02", spare_credits=9, spare_inmails=9),
    ).findings
    assert sorted(found["next_step"]) == [
        "connection_request",
        "connection_request",
        "wait",
    ]


def test_who_replied_is_left_to_a_person() -> None:
    """A lead that has replied is dropped, whatever the failure's cause."""
    rows = [{**row, "replied_on": "2026-11-01"} for row in run_of(3)]
    found = judge(make_failures(*rows), _exhausted(spare_requests=9)).findings
    assert set(found["next_step"]) == {"drop"}
    assert set(found["next_on"]) == {""}


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", SEAT, "seat-02", "seat-03"]),
            st.sampled_from(["", CREDITS_TEXT, "too many", "not_allowed_inmail"]),
            st.integers(0, 100),
            st.sampled_from(["", "tarn", "ossia"]),
            st.sampled_from(["", "dach"]),
        ),
        min_size=1,
        max_size=25,
    ),
    st.lists(st.integers(0, 4), min_size=12, max_size=12),
)
def test_no_seat_is_given_more_than_it_has(
    leads: list[tuple[str, str, int, str, str]], room: list[int]
) -> None:
    """Restarts and requests never exceed what a seat has to spare; companies stay."""
    names = ("credits", "inmails", "requests", "after_reset")
    seats: dict[str, dict[str, Any]] = {
        f"seat-{k + 1:02d}": {f"spare_{n}": room[4 * k + i] for i, n in enumerate(names)}
        for k in range(3)
    }
    rows = make_failures(*(
        {"seat_id": seat, "failed_on": f"2026-11-{10 + k % 9}", "error_text": text,
         "priority": float(points), "company_key": company, "group": group}
        for k, (seat, text, points, company, group) in enumerate(leads)
    ))  # fmt: skip
    records = [
        make_record(name, seat={"groups": ("dach",) if name == "seat-03" else ()}, **spare)
        for name, spare in seats.items()
    ]
    found = judge(rows, *records).findings
    for name, spare in seats.items():
        own = found[found["next_seat"] == name]
        count = own["next_step"].value_counts()
        assert count.get("restart", 0) <= min(
            spare["spare_credits"], spare["spare_inmails"]
        )
        assert count.get("connection_request", 0) <= spare["spare_requests"]
    sent = found[found["next_step"].isin(["restart", "connection_request"])]
    assert set(sent.loc[sent["group"] == "dach", "next_seat"]) <= {"seat-03"}
    of_company = sent[sent["company_key"] != ""].groupby("company_key")["next_seat"]
    assert (of_company.nunique() <= 1).all()

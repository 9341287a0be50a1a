"""The credit book: published facts, cases by hand, and a naive model over histories."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from planner.dates import resets_after
from planner.domain import CreditEvent, CreditTerms, EventKind
from planner.ledger.balance import (
    Balance,
    assertions,
    fold,
    least_used,
    live_grants,
    most_used,
    uses,
)
from planner.params import Parameters

ALPHA = 0.05
TERMS = CreditTerms(
    reset_rule="month",
    monthly_grant=50,
    credit_cap=150,
    lifetime_days=90,
    refund_window_days=90,
)
FOREVER = CreditTerms(
    reset_rule="month",
    monthly_grant=50,
    credit_cap=150,
    lifetime_days=0,
    refund_window_days=90,
)


def day(text: str) -> dt.date:
    """Return a date of 2026 from ``MM-DD``, or of any year from ``YYYY-MM-DD``."""
    return dt.date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


def seen(on: str, credits: float) -> CreditEvent:
    """Return a sighting."""
    return CreditEvent(happened_on=_full(on), kind=EventKind.SEEN, credits=credits)


def spent(on: str, credits: float = 1.0) -> CreditEvent:
    """Return an InMail."""
    return CreditEvent(happened_on=_full(on), kind=EventKind.SPENT, credits=credits)


def refunded(on: str, sent: str, credits: float = 1.0) -> CreditEvent:
    """Return a refund."""
    return CreditEvent(
        happened_on=_full(on),
        kind=EventKind.REFUNDED,
        credits=credits,
        sent_on=_full(sent),
    )


def _full(on: str) -> str:
    return on if on.startswith("20") else f"2026-{on}"


def balance(
    events: Sequence[CreditEvent], at: str, terms: CreditTerms = TERMS, alpha: float = ALPHA
) -> Balance:
    """Return the balance, which must be known."""
    found = fold(events, terms, day(at), alpha=alpha)
    assert found is not None
    return found


# --- published facts --------------------------------------------------------------


@pytest.mark.parametrize(("granted", "lapses"), [("03-01", "05-30"), ("02-01", "05-02")])
def test_a_lot_lapses_ninety_days_after_its_grant(granted: str, lapses: str) -> None:
    """The lot of 1 March lapses on 30 May, that of 1 February on 2 May (domain.md 1)."""
    events = [seen(granted, 50)]
    last_day = (day(lapses) - dt.timedelta(days=1)).isoformat()
    assert day(granted) in dict(balance(events, last_day).lots)
    assert day(granted) not in dict(balance(events, lapses).lots)


def test_the_lot_of_february_is_forfeited_in_part_the_day_before_it_lapses() -> None:
    """50 + 50 + 50 on 1 April; 1 May forfeits a whole grant; 2 May takes February's 50."""
    events = [seen("02-01", 50)]
    may = balance(events, "05-01")
    assert (may.expected, may.granted, may.forfeited, may.expired) == (150, 150, 50, 0)
    second = balance(events, "05-02")
    assert (second.expected, second.expired) == (100, 50)


@pytest.mark.parametrize("before", [0, 99, 100, 101, 130, 150, 170])
def test_the_cap_forfeits_what_exceeds_it(before: int) -> None:
    """``forfeit = max(0, balance_before + 50 - 150)`` (domain.md 1), also above the cap."""
    found = balance([seen("11-23", before)], "12-01", FOREVER)
    assert found.forfeited == max(0, before + 50 - 150)
    assert found.expected == min(150, before + 50)


@pytest.mark.parametrize(("rate", "sends"), [(0.1, 55.6), (0.2, 62.5), (0.25, 66.7)])
def test_a_steady_seat_sends_fifty_over_one_less_the_reply_rate(
    rate: float, sends: float
) -> None:
    """50 credits a month, each answered share coming back at once: 50 / (1 - r) sends."""
    events = [seen("2025-01-01", 50)]
    month_sends = 0.0
    for month in range(1, 13):
        on = f"2025-{month:02d}-02"
        left = 50.0
        month_sends = 0.0
        # Each round is answered in part before the next one is sent.
        for hour in range(24):
            sent = f"{on}T{hour:02d}:00:00Z"
            events += [spent(sent, 1.0)] * int(left) + [spent(sent, left - int(left))]
            back = left * rate
            events.append(refunded(f"{on}T{hour:02d}:30:00Z", sent, back))
            month_sends += left
            left = back
    assert month_sends == pytest.approx(sends, abs=0.05)
    end = balance(events, "2025-12-31")
    assert end.expected == pytest.approx(0.0, abs=1e-6)
    # Eleven further grants, all spent, nothing thrown away.
    assert end.spent == pytest.approx(12 * 50 / (1 - rate), rel=1e-6)
    assert (end.forfeited, end.expired) == (0, 0)


# --- what is known, and when ------------------------------------------------------


def test_a_balance_before_the_first_sighting_is_unknown() -> None:
    """None before the sighting, whatever was spent; known from its day on."""
    events = [spent("11-20"), seen("11-23", 40), spent("11-23")]
    assert fold(events, TERMS, day("11-22"), alpha=ALPHA) is None
    assert fold([], TERMS, day("11-22"), alpha=ALPHA) is None
    assert balance(events, "11-23").expected == 40
    assert balance(events, "11-24").expected == 39


def test_at_one_instant_grant_refund_sighting_spend() -> None:
    """A balance seen on 1 December holds its grant and refunds, not its spends."""
    events = [
        seen("11-23", 20),
        spent("11-24"),
        spent("12-01"),
        refunded("12-01", "11-24"),
        seen("12-01", 60),
    ]
    assert balance(events, "12-01").expected == 60
    assert balance(events, "12-02").expected == 59
    # 20 - 1 + 50 + 1 = 70 expected just before the sighting.
    (only,) = assertions(events, TERMS, alpha=ALPHA)
    assert (only.expected, only.seen, only.difference) == (70, 60, -10)


def test_the_start_of_a_day_holds_its_grant_and_nothing_with_a_time() -> None:
    """``at`` counts the grant of that day, as `resets_after` does; no timed event."""
    events = [seen("11-30", 10), seen("2026-12-01T08:00:00Z", 33)]
    first = balance(events, "12-01")
    assert (first.expected, first.granted) == (60, 50)
    assert first.next_reset == day("2027-01-01")
    assert balance(events, "12-02").expected == 33


def test_a_timed_sighting_follows_the_spends_before_it() -> None:
    """Spends at 9 are in what was seen at 10; those at 11 are not."""
    events = [
        seen("11-23", 40),
        spent("2026-11-24T09:00:00Z"),
        seen("2026-11-24T10:00:00Z", 39),
        spent("2026-11-24T11:00:00Z"),
    ]
    found = balance(events, "11-25")
    assert (found.expected, found.spent, found.seen.credits) == (38, 1, 39)


def test_a_balance_never_falls_below_zero() -> None:
    """Three spends of two credits: two are booked, and the next grant is whole."""
    events = [seen("11-23", 2), *[spent("11-24")] * 3]
    assert (balance(events, "11-25").expected, balance(events, "11-25").spent) == (0, 2)
    assert balance(events, "12-01").expected == 50


def test_a_spend_dated_on_the_day_of_a_grant_comes_after_it() -> None:
    """Nothing on 30 November, 50 on 1 December, one spent that day: 49."""
    assert balance([seen("11-23", 0), spent("12-01")], "12-02").expected == 49


# --- lots -------------------------------------------------------------------------


def test_a_first_sighting_is_put_into_the_newest_lots() -> None:
    """120 seen on 23 November: 50 of November, 50 of October, 20 of September."""
    assert balance([seen("11-23", 120)], "11-23").lots == (
        (day("09-01"), 20),
        (day("10-01"), 50),
        (day("11-01"), 50),
    )


def test_what_no_grant_explains_goes_to_the_oldest_lot() -> None:
    """170 seen: three grants of 50 are alive, so the oldest holds 70."""
    lots = balance([seen("11-23", 170)], "11-23").lots
    assert lots[0] == (day("09-01"), 70)


def test_what_no_grant_explains_goes_to_a_lot_older_than_all_live_grants() -> None:
    """Without expiry 50 of January to March are left; 310 seen: 150 new, 10 to January."""
    lots = dict(balance([seen("01-01", 50), seen("11-23", 310)], "11-23", FOREVER).lots)
    assert (lots[day("01-01")], lots[day("11-01")]) == (60, 50)


def test_fewer_than_expected_takes_from_the_oldest() -> None:
    """120 expected, 75 seen: September's 20 and 25 of October's are gone."""
    events = [seen("11-23", 120), seen("11-24", 75)]
    assert balance(events, "11-24").lots == ((day("10-01"), 25), (day("11-01"), 50))


def test_more_than_expected_fills_the_newest_lot_first() -> None:
    """30 (of November), then 90 seen: November is filled to 50, October gets 40."""
    events = [seen("11-20", 30), seen("11-24", 90)]
    assert balance(events, "11-24").lots == ((day("10-01"), 40), (day("11-01"), 50))


def test_spends_are_oldest_first() -> None:
    """25 spends of 20 + 50 + 50: September's 20 and 5 of October's."""
    events = [seen("11-23", 120), *[spent("11-24")] * 25]
    assert balance(events, "11-25").lots == ((day("10-01"), 45), (day("11-01"), 50))


def test_lots_before_the_first_date_of_a_rule_are_its_anniversaries() -> None:
    """``date:2026-12-04`` on 23 November: credits are of 4 November and before."""
    terms = CreditTerms(
        reset_rule="date:2026-12-04",
        monthly_grant=50,
        credit_cap=150,
        lifetime_days=90,
        refund_window_days=90,
    )
    found = balance([seen("11-23", 60)], "11-23", terms)
    assert list(found.lots) == [(day("10-04"), 10), (day("11-04"), 50)]
    assert found.next_reset == day("12-04")


def test_without_expiry_the_oldest_of_as_many_lots_as_the_cap_holds() -> None:
    """Credits that never lapse: 150 / 50 = 3 lots; nothing expires in a year."""
    assert live_grants(FOREVER, day("11-23")) == [day("09-01"), day("10-01"), day("11-01")]
    year = balance([seen("01-01", 50)], "12-31", FOREVER)
    assert (year.expected, year.expired) == (150, 0)
    assert year.forfeited == 50 * 11 - 100


def test_a_day_without_a_live_grant_stands_for_itself() -> None:
    """Credits seen although all have lapsed by the rules are taken as new: seen wins."""
    terms = CreditTerms(
        reset_rule="month",
        monthly_grant=50,
        credit_cap=150,
        lifetime_days=10,
        refund_window_days=90,
    )
    found = balance([seen("11-23", 7)], "11-24", terms)
    assert found.lots == ((day("11-23"), 7),)


# --- refunds ----------------------------------------------------------------------


def test_a_refund_comes_back_to_its_own_lot() -> None:
    """A credit of October, spent and answered, lapses with October's on 30 December."""
    events = [seen("11-23", 60), spent("11-24"), refunded("11-30", "11-24")]
    assert balance(events, "12-01").lots[0] == (day("10-01"), 10)
    assert day("10-01") + dt.timedelta(days=90) == day("12-30")
    assert balance(events, "12-30").expired == 10


def test_a_refund_to_a_lapsed_lot_is_lost() -> None:
    """Sent from September's lot (lapses 30 November), answered on 5 December."""
    events = [seen("11-23", 120), spent("11-24"), refunded("12-05", "11-24")]
    found = balance(events, "12-06")
    # 120 - 1; 30 November takes September's 19; + 50; the refund lapses at once.
    assert (found.expected, found.refunded, found.expired) == (150, 1, 20)


@pytest.mark.parametrize(("on", "refunds"), [("11-30", 1), ("12-01", 0)])
def test_a_refund_needs_an_answer_within_the_window(on: str, refunds: int) -> None:
    """Sent on 1 September: day 90 is 30 November, day 91 is too late."""
    events = [seen("08-31", 90), spent("09-01"), refunded(on, "09-01")]
    assert balance(events, "12-02").refunded == refunds


def test_a_refund_is_clipped_at_the_cap_at_once() -> None:
    """At 150 of 150 a refund of an older InMail is lost; at 149 it fits."""
    full = [seen("11-23", 150), refunded("11-24", "11-20")]
    assert balance(full, "11-25", FOREVER).expected == 150
    assert balance(full, "11-25", FOREVER).forfeited == 1
    assert balance([*full, spent("11-23")], "11-25", FOREVER).expected == 150


def test_a_refund_of_an_inmail_that_used_no_credit_refunds_nothing() -> None:
    """Free (0), or sent when nothing was left: the book took nothing, so none is back."""
    free = [seen("11-23", 9), spent("11-24", 0), refunded("11-25", "11-24", 0)]
    assert (balance(free, "11-26").expected, balance(free, "11-26").refunded) == (9, 0)
    empty = [seen("11-23", 0), spent("11-24"), refunded("11-25", "11-24")]
    assert balance(empty, "11-26").expected == 0


def test_a_credit_comes_back_once() -> None:
    """The same refund twice gives one credit: the send took one."""
    events = [seen("11-23", 9), spent("11-24"), *[refunded("11-25", "11-24")] * 2]
    assert balance(events, "11-26").expected == 9


def test_a_refund_of_an_inmail_from_before_the_first_sighting_counts() -> None:
    """Its lot is the oldest that lived when it was sent: 1 September on 20 November."""
    events = [spent("11-20"), seen("11-23", 9), refunded("11-25", "11-20")]
    assert balance(events, "11-26").lots == ((day("09-01"), 1), (day("11-01"), 9))


# --- unsure InMails ---------------------------------------------------------------


def test_the_bounds_are_exact_binomial_quantiles() -> None:
    """Ten InMails of use 0.8 from 38: 30 expected.

    P(10 used) = 0.107, P(9 or more) = 0.376: at 5 % all ten may be used. P(<= 5) = 0.033
    and P(<= 6) = 0.121: at least 6 are.
    """
    found = balance([seen("11-23", 38), *[spent("11-24", 0.8)] * 10], "11-25")
    assert found.expected == pytest.approx(30)
    assert (found.at_least, found.at_most) == (28, 32)
    assert found.unsure == (0.8,) * 10
    # At 20 %: P(10 used) < 0.2 < P(9 or more), so 9 of 38 are allowed for.
    events = [seen("11-23", 38), *[spent("11-24", 0.8)] * 10]
    assert balance(events, "11-25", alpha=0.2).at_least == 29


def test_an_unsure_inmail_that_was_answered_is_not_unsure() -> None:
    """Used and refunded, or neither: the balance is the same."""
    events = [seen("11-23", 38), spent("11-24", 0.5), refunded("11-25", "11-24", 0.5)]
    found = balance(events, "11-26")
    assert (found.expected, found.at_least, found.at_most, found.unsure) == (38, 38, 38, ())


def test_an_unsure_refund_of_an_older_inmail_may_fail() -> None:
    """10 seen, then a refund with probability 0.6: 10.6 expected, 10 or 11 for sure."""
    events = [spent("11-20", 0.6), seen("11-23", 10), refunded("11-25", "11-20", 0.6)]
    found = balance(events, "11-26")
    assert found.expected == pytest.approx(10.6)
    assert (found.at_least, found.at_most) == (10, 11)
    assert list(found.unsure) == pytest.approx([0.4])


def test_what_the_cap_swallows_is_not_unsure_any_more() -> None:
    """Unsure sends before a capping reset do not matter after it; those after it do."""
    events = [seen("11-23", 140), *[spent("11-24", 0.5)] * 20]
    # At most 20 used: 120 + 50 > 150 in any case.
    after = balance(events, "12-01", FOREVER)
    assert (after.expected, after.at_least, after.at_most) == (150, 150, 150)
    later = balance([*events, spent("12-02", 0.5)], "12-03", FOREVER)
    assert (later.expected, later.at_least) == (149.5, 149)


def test_using_more_may_leave_more() -> None:
    """The cap takes from a grant what room the day's lapses make too late.

    61 on 18 January are 11 of 1 December and 50 of 1 January. With k of 40 InMails used,
    100 + 11 - k are there before 1 March for k up to 11; the grant makes 150, forfeiting
    11 - k, and then the last 11 - k of December lapse (90 days): 139 + k are left. From
    k = 11 on it is 161 - k. Of 40 InMails at 0.25, P(k <= 4) + P(k >= 18) = 0.02 leave
    143 or less, and P(k <= 5) + P(k >= 17) = 0.055 leave 144 or less: 144 is at least
    there. 150 is left with P(k = 11) = 0.13, more never. None used leave 139, all 121.
    """
    events = [seen("01-18", 61), *(spent("01-18", 0.25) for _ in range(40))]
    found = balance(events, "03-01", alpha=0.05)
    assert (found.at_least, found.at_most) == (144, 150)
    assert (found.lowest, found.highest) == (121, 150)
    assert found.expected == pytest.approx(149)


def test_at_least_is_not_undercut_too_often() -> None:
    """Every outcome of eight unsure sends around a reset, weighed: at most alpha below.

    Four InMails of use 0.6 from 102 before the reset, where the cap swallows two of
    them, and four of use 0.3 after it.
    """
    before, after = [0.6] * 4, [0.3] * 4
    for alpha in (0.01, 0.05, 0.1, 0.3, 0.5):
        unsure = [seen("11-23", 102)]
        unsure += [spent("11-24", p) for p in before] + [spent("12-02", p) for p in after]
        found = balance(unsure, "12-03", FOREVER, alpha)
        below = above = 0.0
        for outcome in itertools.product([0, 1], repeat=8):
            # 102 less the early ones, plus 50, capped at 150, less the late ones.
            truth = min(150, 102 - sum(outcome[:4]) + 50) - sum(outcome[4:])
            weight = math.prod(
                p if used else 1 - p
                for p, used in zip([*before, *after], outcome, strict=True)
            )
            below += weight * (truth < found.at_least)
            above += weight * (truth > found.at_most)
        assert below <= alpha + 1e-12
        assert above <= alpha + 1e-12


@given(st.lists(st.floats(0, 1), max_size=9), st.sampled_from([0.01, 0.05, 0.3, 0.5]))
def test_quantiles_are_those_of_the_full_enumeration(
    probabilities: list[float], alpha: float
) -> None:
    """`most_used` and `least_used` agree with the sum over all outcomes."""
    mass = [0.0] * (len(probabilities) + 1)
    for outcome in itertools.product([0, 1], repeat=len(probabilities)):
        mass[sum(outcome)] += math.prod(
            p if used else 1 - p for p, used in zip(probabilities, outcome, strict=True)
        )
    found = uses(probabilities)
    assert found == pytest.approx(mass)
    most, least = most_used(found, alpha), least_used(found, alpha)
    assert sum(mass[: most + 1]) >= 1 - alpha - 1e-9
    assert sum(mass[:most]) < 1 - alpha + 1e-9
    assert sum(mass[least:]) >= 1 - alpha - 1e-9
    assert sum(mass[least + 1 :]) < 1 - alpha + 1e-9


def test_quantiles_without_inmails() -> None:
    """No InMail uses no credit."""
    assert np.array_equal(uses([]), [1.0])
    assert (most_used(uses([]), 0.05), least_used(uses([]), 0.05)) == (0, 0)


# --- assertions -------------------------------------------------------------------


def test_an_assertion_says_what_differs() -> None:
    """41 expected, 38 seen: the sentence of design.md, word by word."""
    events = [seen("11-16", 45), *[spent("11-17")] * 4, seen("11-23", 38)]
    (only,) = assertions(events, TERMS, alpha=ALPHA)
    assert only.in_words == "38 seen on 2026-11-23, 41 expected: 3 too few"
    assert not only.agrees
    (only,) = assertions([*events[:-1], seen("11-23", 43)], TERMS, alpha=ALPHA)
    assert only.in_words == "43 seen on 2026-11-23, 41 expected: 2 too many"
    (only,) = assertions([*events[:-1], seen("11-23", 41)], TERMS, alpha=ALPHA)
    assert only.in_words == "41 seen on 2026-11-23, as expected"
    assert only.agrees


def test_an_assertion_within_the_unsure_inmails_agrees() -> None:
    """Ten of use 0.8 from 38: 28 to 32 is agreement, 27 is one too few for it."""
    events = [seen("11-16", 38), *[spent("11-17", 0.8)] * 10]
    (only,) = assertions([*events, seen("11-23", 28)], TERMS, alpha=ALPHA)
    assert only.agrees
    assert only.in_words == (
        "28 seen on 2026-11-23, 30 expected: agrees within the unsure InMails (28 to 32)"
    )
    (only,) = assertions([*events, seen("11-23", 27)], TERMS, alpha=ALPHA)
    assert not only.agrees
    assert only.in_words == "27 seen on 2026-11-23, 30 expected: 3 too few"


def test_there_is_one_assertion_for_each_sighting_after_the_first() -> None:
    """Each is held against the one before, not against the first."""
    events = [seen("11-02", 40), seen("11-09", 30), spent("11-10"), seen("11-16", 29)]
    found = assertions(events, TERMS, alpha=ALPHA)
    assert [(one.expected, one.seen) for one in found] == [(40, 30), (29, 29)]
    assert assertions(events[:1], TERMS, alpha=ALPHA) == ()
    assert assertions([], TERMS, alpha=ALPHA) == ()


def test_lifetime_and_window_are_parameters() -> None:
    """Both are the published 90 days unless changed; the rest is the seat's own."""
    assert Parameters().credit_lifetime_days == TERMS.lifetime_days
    assert Parameters().refund_window_days == TERMS.refund_window_days


# --- random histories -------------------------------------------------------------

START = dt.date(2026, 1, 15)
RULES = ("month", "day:17", "day:31", "date:2026-03-10")
USES = (0.0, 0.25, 0.5, 1.0)


class Naive:
    """A plain model: one dict of lots, walked day by day, written from domain.md alone."""

    def __init__(self, terms: CreditTerms) -> None:
        self.terms = terms
        self.grants = set(
            itertools.takewhile(
                lambda reset: reset.year < 2029,
                resets_after(terms.reset_rule, dt.date(2025, 1, 1)),
            )
        )

    def balance(
        self, events: Sequence[CreditEvent], at: dt.date
    ) -> dict[dt.date, float] | None:
        """Return credits by lot at the start of `at`; None before the first sighting."""
        lots: dict[dt.date, float] | None = None
        took: dict[str, list[list[dt.date | float]]] = {}
        today = START
        while today <= at:
            if lots is not None:
                self.midnight(lots, today)
            mine = [event for event in events if event.happened_on[:10] == str(today)]
            for instant in sorted({event.happened_on for event in mine}):
                for kind in (EventKind.REFUNDED, EventKind.SEEN, EventKind.SPENT):
                    if today == at and (kind is EventKind.SPENT or len(instant) > 10):
                        continue
                    here = [e for e in mine if (e.happened_on, e.kind) == (instant, kind)]
                    for event in sorted(here, key=lambda e: (e.credits, e.sent_on)):
                        if kind is EventKind.SEEN:
                            lots = self.see(lots or {}, event.credits, today)
                        elif lots is not None and kind is EventKind.SPENT:
                            took.setdefault(instant, [])
                            self.spend(lots, event.credits, took[instant])
                        elif lots is not None:
                            self.refund(lots, event, took, today)
            today += dt.timedelta(days=1)
        return lots

    def lapsed(self, lot: dt.date, today: dt.date) -> bool:
        """Return whether a lot is gone."""
        life = self.terms.lifetime_days
        return bool(life) and (today - lot).days >= life

    def midnight(self, lots: dict[dt.date, float], today: dt.date) -> None:
        """Grant, cap, expire."""
        if today in self.grants:
            lots[today] = lots.get(today, 0) + self.terms.monthly_grant
            while sum(lots.values()) > self.terms.credit_cap:
                newest = max(lot for lot in lots if lots[lot] > 0)
                over = sum(lots.values()) - self.terms.credit_cap
                lots[newest] -= min(over, lots[newest])
        for lot in list(lots):
            if self.lapsed(lot, today):
                del lots[lot]

    def spend(
        self, lots: dict[dt.date, float], amount: float, took: list[list[dt.date | float]]
    ) -> None:
        """Take from the oldest, quarter by quarter."""
        for _ in range(round(amount * 4)):
            left = [lot for lot in sorted(lots) if lots[lot] > 0]
            if left:
                lots[left[0]] -= 0.25
                took.append([left[0], 0.25])

    def refund(
        self,
        lots: dict[dt.date, float],
        event: CreditEvent,
        took: dict[str, list[list[dt.date | float]]],
        today: dt.date,
    ) -> None:
        """Give back quarter by quarter what the sends of that instant took."""
        days = (today - dt.date.fromisoformat(event.sent_on[:10])).days
        if not 0 <= days <= self.terms.refund_window_days:
            return
        for _ in range(round(event.credits * 4)):
            if event.sent_on in took:
                if not took[event.sent_on]:
                    return
                lot = took[event.sent_on].pop(0)[0]
            else:
                sent = dt.date.fromisoformat(event.sent_on[:10])
                lot = self.alive(sent)[0]
            assert isinstance(lot, dt.date)
            full = sum(lots.values()) + 0.25 > self.terms.credit_cap
            if not full and not self.lapsed(lot, today):
                lots[lot] = lots.get(lot, 0) + 0.25

    def alive(self, today: dt.date) -> list[dt.date]:
        """Return the days whose grants may still be there, one by one backwards."""
        rule = self.terms.reset_rule
        first = int(rule[-2:]) if ":" in rule else 1
        found: list[dt.date] = []
        for back in range(600):
            when = today - dt.timedelta(days=back)
            next_day = when + dt.timedelta(days=1)
            is_last = next_day.month != when.month
            if (when.day == first or (is_last and when.day < first)) and not self.lapsed(
                when, today
            ):
                found.insert(0, when)
            if not self.terms.lifetime_days and len(found) == 3:
                break
        return found or [today]

    def see(
        self, lots: dict[dt.date, float], credits: float, today: dt.date
    ) -> dict[dt.date, float]:
        """Take quarters from the oldest, or fill up from the newest."""
        lots = {lot: amount for lot, amount in lots.items() if amount > 0}
        while sum(lots.values()) > credits:
            oldest = min(lot for lot in lots if lots[lot] > 0)
            lots[oldest] -= 0.25
        alive = self.alive(today)
        oldest = min([*alive, *[lot for lot in lots if lots[lot] > 0]])
        while sum(lots.values()) < credits:
            room = [
                lot for lot in alive if lots.get(lot, 0) + 0.25 <= self.terms.monthly_grant
            ]
            lot = max(room) if room else oldest
            lots[lot] = lots.get(lot, 0) + 0.25
        return lots


class Histories(RuleBasedStateMachine):
    """Builds a history of one seat, event by event, and compares at any instant.

    Amounts are quarters, so that every sum is exact and equality may be strict.
    """

    @initialize(
        rule=st.sampled_from(RULES),
        lifetime=st.sampled_from([0, 10, 45, 90]),
        window=st.sampled_from([0, 14, 90]),
        first=st.integers(0, 170),
    )
    def open(self, rule: str, lifetime: int, window: int, first: int) -> None:
        """Start with a sighting, under some rules."""
        self.terms = CreditTerms(
            reset_rule=rule,
            monthly_grant=50,
            credit_cap=150,
            lifetime_days=lifetime,
            refund_window_days=window,
        )
        self.naive = Naive(self.terms)
        self.today = START + dt.timedelta(days=3)
        self.sends: list[tuple[str, float]] = [(str(START), 1.0)]
        self.events = [
            CreditEvent(happened_on=str(self.today), kind=EventKind.SEEN, credits=first)
        ]

    def instant(self, hour: int) -> str:
        """Return today, as a date or with a time."""
        return str(self.today) if hour < 8 else f"{self.today}T{hour:02d}:00:00Z"

    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        """Let days pass: grants come, lots lapse."""
        self.today += dt.timedelta(days=days)

    @rule(hour=st.integers(6, 18), use=st.sampled_from(USES), num=st.integers(1, 40))
    def send(self, hour: int, use: float, num: int) -> None:
        """Send some InMails of one use at one instant."""
        when = self.instant(hour)
        self.sends.append((when, use))
        self.events += [
            CreditEvent(happened_on=when, kind=EventKind.SPENT, credits=use)
        ] * num

    @rule(hour=st.integers(6, 18), data=st.data(), num=st.integers(1, 5))
    def answer(self, hour: int, data: st.DataObject, num: int) -> None:
        """Refund some InMail sent before, perhaps too late, perhaps once too often."""
        sent_on, use = data.draw(st.sampled_from(self.sends))
        self.events += [
            CreditEvent(
                happened_on=self.instant(hour),
                kind=EventKind.REFUNDED,
                credits=use,
                sent_on=sent_on,
            )
        ] * num

    @rule(hour=st.integers(6, 18), credits=st.integers(0, 170))
    def look(self, hour: int, credits: int) -> None:
        """See any balance."""
        self.events.append(
            CreditEvent(
                happened_on=self.instant(hour), kind=EventKind.SEEN, credits=credits
            )
        )

    @rule(back=st.integers(-35, 120), random=st.randoms(use_true_random=False))
    def compare(self, back: int, random: object) -> None:
        """Fold and model agree lot by lot at any instant, past or to come."""
        at = max(START, self.today - dt.timedelta(days=back))
        shuffled = list(self.events)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        found = fold(shuffled, self.terms, at, alpha=ALPHA)
        plain = self.naive.balance(self.events, at)
        if found is None or plain is None:
            assert (found is None) == (plain is None)
            return
        assert dict(found.lots) == {lot: amount for lot, amount in plain.items() if amount}
        assert found == fold(self.events, self.terms, at, alpha=ALPHA)
        self.check(found)

    def check(self, found: Balance) -> None:
        """Hold the invariants of one balance."""
        assert found.expected == sum(amount for _, amount in found.lots)
        assert found.expected >= 0
        assert found.expected == (
            found.seen.credits + found.granted + found.refunded
            - found.spent - found.forfeited - found.expired
        )  # fmt: skip
        assert 0 <= math.floor(found.lowest) <= found.at_least <= found.at_most
        assert found.at_most <= math.ceil(found.highest)
        assert list(found.lots) == sorted(found.lots)
        assert all(amount > 0 for _, amount in found.lots)

    @invariant()
    def today_agrees(self) -> None:
        """Hold that the balance of today is the plain model's."""
        if hasattr(self, "events"):
            found = fold(self.events, self.terms, self.today, alpha=ALPHA)
            plain = self.naive.balance(self.events, self.today)
            assert found is not None
            assert plain is not None
            assert found.expected == sum(plain.values())


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)

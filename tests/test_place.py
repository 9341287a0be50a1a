"""Which leads go, and from which seat: companies whole, slots kept, the best dealt out."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model_factory import (
    UNSURE,
    assert_risks_hold,
    assert_rows_hold,
    make_class,
    make_classing,
    make_credit_row,
    make_instance,
    make_limit,
    make_period,
)
from planner.assign.growth import Growth
from planner.assign.pick import Picked, pick
from planner.assign.place import Companies, LeadCodes, Placed, place
from planner.assign.slots import Slots, whole
from planner.domain import Atom, Instance, Pool, SeatDay, Solution, Status
from planner.model import solve
from planner.model.classes import Classing, LeadValues, number_classes
from planner.params import Parameters

OPEN, CLOSED = 0, 1
INMAIL, REQUEST = True, False


def _atoms(*groups: Sequence[int]) -> tuple[Atom, ...]:
    return tuple(
        Atom(seats=tuple(seats), inmail_factor=1.0, connection_factor=1.0)
        for seats in groups
    )


def _instance(num_seats: int, atoms: Sequence[Sequence[int]] = ()) -> Instance:
    """Return seats with one period each; pool 0 is everyone, pool k + 1 is atom k."""
    groups = atoms or [range(num_seats)]
    return make_instance(
        [make_period(seat=s) for s in range(num_seats)],
        [],
        atoms=_atoms(*groups),
        pools=(
            Pool(name="all", atoms=tuple(range(len(groups)))),
            *(Pool(name=str(a), atoms=(a,)) for a in range(len(groups))),
        ),
    )


def _slots(table: Sequence[tuple[int, int, int]]) -> Slots:
    """Return slots given by seat as (free, paid, requests)."""
    array = np.array(table)
    return Slots(inmails=array[:, :2], connections=array[:, 2])


def _filled(instance: Instance, slots: Sequence[tuple[int, int, int]]) -> Instance:
    """Return the instance with daily limits that leave no room beyond the slots."""
    days = [
        SeatDay(
            date=dt.date(2026, 11, 23),
            max_inmails=free + paid,
            max_open_inmails=free,
            max_paid_inmails=paid,
            max_connection_requests=requests,
        )
        for free, paid, requests in slots
    ]
    periods = zip(instance.periods, days, strict=True)
    return replace(instance, periods=tuple(replace(p, days=(day,)) for p, day in periods))


def _place(  # noqa: PLR0913 -- the columns of a lead
    instance: Instance,
    slots: Sequence[tuple[int, int, int]],
    leads: Sequence[tuple[int, bool, int]],
    *,
    kind: int | Sequence[int] = OPEN,
    pool: Sequence[int] | None = None,
    atom: Sequence[int] | None = None,
    company_seat: dict[int, int] | None = None,
    one_seat: bool = True,
    waiting: int = 0,
    spare: bool = False,
) -> Placed:
    """Place leads given as (company, is InMail, value); ``slots`` are by seat.

    The last `waiting` leads were not picked, but may go this week. Limits leave no room
    beyond the slots unless `spare`: then each day takes ten of each.
    """
    count = len(leads)
    company = np.array([lead[0] for lead in leads])
    atoms = np.array(atom if atom is not None else [0] * count)
    atoms[count - waiting :] = -1
    return place(
        instance if spare else _filled(instance, slots),
        _slots(slots),
        Picked(
            atom=atoms, by_inmail=np.array([lead[1] for lead in leads]), planned=atoms >= 0
        ),
        LeadCodes(
            kind=np.full(count, kind) if isinstance(kind, int) else np.array(kind),
            pool=np.array(pool if pool is not None else [0] * count),
            value=np.array([float(lead[2]) for lead in leads]),
            company=company,
        ),
        Companies(seat=company_seat or {}, most=2, one_seat=one_seat),
        eligible=np.ones(count, dtype=bool),
    )  # fmt: skip


# --- dealing --------------------------------------------------------------------------


def test_the_best_leads_are_dealt_out() -> None:
    """No seat gets all the best leads: they alternate in proportion to open slots."""
    # Seat 0 has 4 slots, at 1/8, 3/8, 5/8, 7/8; seat 1 has 2, at 1/4 and 3/4.
    placed = _place(
        _instance(2),
        [(4, 0, 0), (2, 0, 0)],
        [(-1, INMAIL, 60 - 10 * k) for k in range(6)],
    )
    assert placed.seat.tolist() == [0, 1, 0, 0, 1, 0]
    assert not placed.company_conflict.any()


def test_leads_beyond_the_slots_are_not_placed() -> None:
    """Where slots are short, the best leads get them; the rest has no seat."""
    placed = _place(
        _instance(1), [(2, 0, 0)], [(-1, INMAIL, 1), (-1, INMAIL, 3), (-1, INMAIL, 2)]
    )
    assert placed.seat.tolist() == [-1, 0, 0]
    assert not placed.company_conflict.any()


def test_each_kind_uses_its_own_slots() -> None:
    """Free, paid and request slots are not exchanged."""
    placed = _place(
        _instance(2),
        [(1, 0, 0), (0, 1, 1)],
        [(-1, INMAIL, 1), (-1, INMAIL, 1), (-1, REQUEST, 1)],
        kind=[OPEN, CLOSED, OPEN],
    )
    assert placed.seat.tolist() == [0, 1, 1]
    assert placed.by_inmail.tolist() == [True, True, False]


# --- companies ------------------------------------------------------------------------


def test_a_company_gets_one_seat() -> None:
    """Two people of a company go from one seat, the one that can take both."""
    # Seat 0 has one slot, seat 1 two: the company goes to seat 1 whole.
    placed = _place(
        _instance(2),
        [(1, 0, 0), (2, 0, 0)],
        [(7, INMAIL, 5), (7, INMAIL, 4), (-1, INMAIL, 9)],
    )
    assert placed.seat.tolist() == [1, 1, 0]


def test_whom_the_seat_cannot_take_is_held() -> None:
    """A third person of a company does not go from another seat: a conflict, held."""
    placed = _place(
        _instance(2), [(2, 0, 0), (2, 0, 0)], [(7, INMAIL, v) for v in (3, 2, 1)]
    )
    # Equal seats: the earlier one takes the two best.
    assert placed.seat.tolist() == [0, 0, -1]
    assert placed.company_conflict.tolist() == [False, False, True]


def test_company_stays_with_its_seat() -> None:
    """A company that a seat writes to already goes from that seat, even a single lead."""
    slots = [(5, 0, 0), (1, 0, 0)]
    leads = [(7, INMAIL, 5), (7, INMAIL, 4), (8, INMAIL, 3)]
    placed = _place(_instance(2), slots, leads, company_seat={7: 1, 8: 1})
    assert placed.seat.tolist() == [1, -1, -1]
    assert placed.company_conflict.tolist() == [False, True, True]


def test_a_company_does_not_leave_its_leads_pools() -> None:
    """A company's seat takes only those of its people whom its pool allows."""
    # Pool 2 is atom 1, seat 1 alone. The best lead was picked for atom 0.
    placed = _place(
        _instance(2, [[0], [1]]),
        [(5, 0, 0), (5, 0, 0)],
        [(7, INMAIL, 5), (7, INMAIL, 4), (7, INMAIL, 3)],
        pool=[1, 2, 0],
        atom=[0, 1, 1],
    )
    assert placed.seat.tolist() == [0, -1, 0]
    assert placed.company_conflict.tolist() == [False, True, False]


def test_no_request_instead_of_an_inmail() -> None:
    """A lead picked for an InMail is held rather than spent on its seat's request."""
    placed = _place(_instance(2), [(1, 0, 1), (0, 0, 0)], [(7, INMAIL, 2), (7, INMAIL, 1)])
    assert placed.seat.tolist() == [0, -1]


def test_a_slot_is_opened_for_a_colleague() -> None:
    """Where limits leave room, the company's seat sends one more than its slots."""
    # One slot on each seat; company 7 has two leads. Seat 0 takes both, within its ten a
    # day, and what it sends is booked: two free InMails.
    placed = _place(
        _instance(2), [(1, 0, 0), (1, 0, 0)], [(7, INMAIL, 2), (7, INMAIL, 1)], spare=True
    )
    assert placed.seat.tolist() == [0, 0]
    assert placed.slots.inmails[0].tolist() == [2, 0]


def test_idle_seats_take_leads_that_wait() -> None:
    """Waiting leads fill what limits leave, two of a company at the most, one seat."""
    placed = _place(
        _instance(2), [(0, 0, 0), (0, 0, 0)],
        [(7, INMAIL, 3), (7, INMAIL, 2), (7, INMAIL, 1)], waiting=3, spare=True,
    )  # fmt: skip
    assert placed.seat.tolist() == [0, 0, -1]


def test_companies_may_be_shared_where_that_is_allowed() -> None:
    """Without the rule, people of one company are dealt like everyone else."""
    placed = _place(
        _instance(2), [(1, 0, 0), (1, 0, 0)], [(7, INMAIL, 2), (7, INMAIL, 1)],
        one_seat=False,
    )  # fmt: skip
    assert sorted(placed.seat.tolist()) == [0, 1]


def test_slots_of_a_conflict_go_to_others() -> None:
    """A slot that a conflict leaves open goes to the best waiting lead of a new company."""
    # Company 7 takes seat 0's slot; its second lead is held. Seat 1's slot would stay
    # open: lead 2 is of company 7, too; lead 3 is worth more than lead 4.
    placed = _place(
        _instance(2),
        [(1, 0, 0), (1, 0, 0)],
        [(7, INMAIL, 9), (7, INMAIL, 8), (7, INMAIL, 7), (8, INMAIL, 6), (-1, INMAIL, 5)],
        waiting=3,
    )
    assert placed.seat.tolist() == [0, -1, -1, 1, -1]
    assert placed.company_conflict.tolist() == [False, True, False, False, False]


@st.composite
def _cases(draw: st.DrawFn) -> tuple[Instance, list[tuple[int, int, int]], list[list[int]]]:
    num_seats = draw(st.integers(1, 4))
    cut = draw(st.integers(0, num_seats - 1))
    groups = [range(num_seats)] if cut == 0 else [range(cut), range(cut, num_seats)]
    slots = [tuple(draw(st.integers(0, 4)) for _ in range(3)) for _ in range(num_seats)]
    leads = draw(
        st.lists(
            st.tuples(
                st.integers(-1, 3),  # company
                st.integers(0, 1),  # by InMail
                st.integers(1, 5),  # value
                st.integers(0, 1),  # kind
                st.integers(0, len(groups)),  # pool
                st.integers(-1, len(groups) - 1),  # atom
            ),
            min_size=1,
            max_size=20,
        )
    )
    for k, lead in enumerate(leads):
        if lead[4]:  # a lead of a smaller pool is picked for its atom, or not at all
            leads[k] = (*lead[:5], -1 if lead[5] < 0 else lead[4] - 1)
    return _instance(num_seats, groups), slots, [list(lead) for lead in leads]  # type: ignore[return-value]


@settings(max_examples=150)
@given(_cases(), st.booleans(), st.dictionaries(st.integers(0, 3), st.integers(0, 3)))
def test_placing_keeps_every_rule(
    case: tuple[Instance, list[tuple[int, int, int]], list[list[int]]],
    one_seat: bool,
    company_seat: dict[int, int],
) -> None:
    """No seat above its slots, no lead outside its pool, no company from two seats."""
    instance, slots, leads = case
    company, by_inmail, value, kind, pool, atom = map(np.array, zip(*leads, strict=True))
    owned = {c: s for c, s in company_seat.items() if s < len(slots)}
    placed = place(
        _filled(instance, slots),
        _slots(slots),
        Picked(atom=atom, by_inmail=by_inmail.astype(bool), planned=atom >= 0),
        LeadCodes(kind=kind, pool=pool, value=value.astype(float), company=company),
        Companies(seat=owned, most=2, one_seat=one_seat),
        eligible=np.ones(len(leads), dtype=bool),
    )  # fmt: skip
    used: Counter[tuple[int, int]] = Counter()
    seats_of: dict[int, set[int]] = defaultdict(set)
    for lead, seat in enumerate(placed.seat):
        if seat < 0:
            continue
        assert not placed.company_conflict[lead]
        used[int(seat), int(kind[lead]) if placed.by_inmail[lead] else 2] += 1
        allowed = {
            s for a in instance.pools[pool[lead]].atoms for s in instance.atoms[a].seats
        }
        assert seat in allowed
        if company[lead] >= 0:
            seats_of[int(company[lead])].add(int(seat))
    for (seat, column), count in used.items():
        assert count <= slots[seat][column]
    if one_seat:
        assert all(len(seats) == 1 for seats in seats_of.values())
        assert all(seats_of[c] <= {s} for c, s in owned.items())


# --- growth ---------------------------------------------------------------------------


def test_growth_gives_up_a_send_of_a_later_week() -> None:
    """One more this week may take the place of one later, if that is asked for."""
    instance = make_instance(
        [make_period(week=0), make_period(week=1)],
        [],
        pending=(make_limit(3.0, {0: 1.0, 1: 1.0}, name="pending_1"),),
    )
    slots = Slots(inmails=np.zeros((2, 2), dtype=np.int64), connections=np.array([1, 2]))
    assert not Growth(instance, slots).add(0, -1, make_room=False)
    growth = Growth(instance, slots)
    assert growth.add(0, -1, make_room=True)
    assert growth.slots.connections.tolist() == [2, 1]
    assert slots.connections.tolist() == [1, 2]  # what was given stays as it is


def test_growth_that_costs_later_inmails_keeps_velocity() -> None:
    """What is given up for the risk of a cycle lowers what the week after may send."""
    # Closed leads: 3 credits for weeks 0 and 1, which hold 1 and 2. One more now takes
    # one from week 1; week 2 may send no more than week 1: 1, not 2.
    instance = make_instance(
        [make_period(week=week, cycle=week) for week in range(3)],
        [],
        credit_rows=(make_credit_row(3, weights=(0.0, 0.5), last=1),),
        velocity=(make_limit(0.0, {1: -1.0, 2: 1.0}, name="velocity_2"),),
    )
    inmails = np.array([[0, 1], [0, 2], [0, 2]])
    growth = Growth(instance, Slots(inmails=inmails, connections=np.zeros(3, dtype=int)))
    assert growth.add(0, CLOSED, make_room=True)
    assert growth.slots.inmails[:, CLOSED].tolist() == [2, 1, 1]


@st.composite
def _planned(draw: st.DrawFn) -> tuple[Instance, Slots]:
    """Return one or two seats over three weeks and cycles, and whole sends for them."""
    small = st.integers(0, 5)
    num_seats = draw(st.integers(1, 2))
    instance = make_instance(
        [
            make_period(
                seat=seat, week=week, cycle=week, inmails=draw(st.integers(0, 8)),
                free=draw(small), paid=draw(small), requests=draw(small),
            )
            for seat in range(num_seats)
            for week in range(3)
        ],
        [],
        tiers=UNSURE,
        credit_rows=tuple(
            make_credit_row(
                draw(small), weights=(0.03, 0.9, 0.7), seat=seat, first=first, last=last
            )
            for seat in range(num_seats)
            for first, last in ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2))
        ),
        velocity=tuple(
            make_limit(
                draw(st.integers(0, 2)), {3 * seat + week - 1: -1.0, 3 * seat + week: 1.0},
                seat=seat, name=f"velocity_{week}",
            )
            for seat in range(num_seats)
            for week in (1, 2)
        ),
        pending=tuple(
            make_limit(
                draw(small), {3 * seat: 1.0, 3 * seat + 1: 1.0}, seat=seat, name="pending_1"
            )
            for seat in range(num_seats)
        ),
    )  # fmt: skip
    shape = (len(instance.periods), len(instance.tiers))
    volumes = np.array([[draw(small) for _ in range(shape[1])] for _ in range(shape[0])])
    requests = np.array([draw(small) for _ in range(shape[0])])
    nothing = np.zeros((0, 1))
    solution = Solution(
        status=Status.OPTIMAL, objective=0.0, class_inmails=nothing,
        class_connections=nothing, flows={}, connection_flows={},
        inmails=volumes.astype(float), connections=requests.astype(float), prices={},
        solver="by hand",
    )  # fmt: skip
    return instance, whole(instance, solution)


@settings(max_examples=150)
@given(
    _planned(),
    st.lists(st.tuples(st.integers(0, 1), st.integers(-1, 2), st.booleans()), max_size=8),
)
def test_growth_keeps_every_limit(
    planned: tuple[Instance, Slots], asked: list[tuple[int, int, bool]]
) -> None:
    """After any sends added, every row and risk holds, and nothing else of now is lost."""
    instance, slots = planned
    growth = Growth(instance, slots)
    this_week = np.array([period.week == 0 for period in instance.periods])
    for seat, column, make_room in asked:
        if seat >= instance.num_seats:
            continue
        before = np.c_[growth.slots.inmails, growth.slots.connections]
        added = growth.add(seat, column, make_room=make_room)
        after = np.c_[growth.slots.inmails, growth.slots.connections]
        assert_rows_hold(instance, after[:, :-1], after[:, -1])
        assert_risks_hold(instance, after[:, :-1])
        gained = after - before
        assert gained[this_week].sum() == int(added)
        assert (gained[this_week] >= 0).all()
        assert (gained[~this_week] <= 0).all()
        if not (added and make_room):
            assert (gained[~this_week] == 0).all()


# --- picking ----------------------------------------------------------------------------


def _problem(
    leads: Sequence[tuple[int, float, float]], instance: Instance, *, coarse: bool
) -> tuple[Instance, Classing, LeadValues]:
    """Return classes of leads, each given as (kind, InMail value, request value).

    A class holds equal leads or, if `coarse`, all of one kind.
    """
    count = len(leads)
    zero = np.zeros(count, dtype=np.int64)
    values = LeadValues(
        open_probability=zero.astype(float),
        segment=zero,
        inmail_reply_rate=np.array([lead[1] for lead in leads]),
        connection_reply_rate=np.array([lead[2] for lead in leads]),
        weight=np.ones(count),
    )
    kinds = np.array([lead[0] for lead in leads])
    _, bucket = np.unique(np.array(leads), axis=0, return_inverse=True)
    if coarse:
        bucket = zero
    lead_class, classes = number_classes(
        values, np.arange(count), np.stack([zero, kinds, zero]), bucket.ravel()
    )
    fields = {name: getattr(instance, name) for name in ("pools", "atoms", "credit_rows")}
    built = make_instance(instance.periods, classes, **fields)
    return built, make_classing(built, lead_class=lead_class, lead_kind=kinds), values


def _picked(
    leads: Sequence[tuple[int, float, float]], instance: Instance, *, coarse: bool = False
) -> tuple[Picked, Slots]:
    built, classing, values = _problem(leads, instance, coarse=coarse)
    solution = solve.solve_once(built, Parameters())
    slots = whole(built, solution)
    nobody = np.full(len(leads), -1)
    return pick(built, solution, slots, classing, values, nobody), slots


def test_the_best_leads_are_picked() -> None:
    """With three InMails and two requests, the best go by InMail, the next by request."""
    instance = make_instance([make_period(inmails=3, requests=2)], [])
    leads = [(OPEN, 0.01 * k, 0.001) for k in (3, 9, 1, 7, 5, 8)]
    picked, _ = _picked(leads, instance)
    # 9, 8 and 7 by InMail; requests are worth the same for all of the others.
    assert [k for k in range(6) if picked.atom[k] >= 0 and picked.by_inmail[k]] == [1, 3, 5]
    assert int((picked.atom >= 0).sum()) == 5


def test_the_best_leads_of_a_class_go_first() -> None:
    """Within a class of unequal leads, InMails go to the best, requests to the next."""
    instance = make_instance([make_period(inmails=2, requests=1)], [])
    leads = [(OPEN, 0.01 * k, 0.001) for k in (3, 9, 1, 7, 5)]
    picked, _ = _picked(leads, instance, coarse=True)
    assert picked.atom.tolist() == [-1, 0, -1, 0, 0]
    assert [k for k in (1, 3, 4) if picked.by_inmail[k]] == [1, 3]


def test_later_weeks_are_planned_but_not_sent() -> None:
    """Leads of next week have no atom yet, but are planned."""
    instance = make_instance(
        [make_period(week=0, inmails=1), make_period(week=1, inmails=1, requests=0)], []
    )
    picked, _ = _picked([(OPEN, 0.1, 0.0)] * 3, instance)
    assert picked.atom.tolist() == [0, -1, -1]
    assert picked.planned.tolist() == [True, True, False]


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            st.integers(1, 6).map(lambda v: v / 10),
            st.integers(0, 3).map(lambda v: v / 10),
        ),
        min_size=1,
        max_size=25,
    ),
    st.lists(st.tuples(*[st.integers(0, 6)] * 4), min_size=1, max_size=3),
)
def test_picking_fills_the_slots(
    leads: list[tuple[int, float, float]], seats: list[tuple[int, int, int, int]]
) -> None:
    """Each lead gets at most one send; all slots are filled unless leads run out."""
    instance = make_instance(
        [
            make_period(
                seat=s, inmails=free + paid, free=free, paid=paid, requests=requests
            )
            for s, (free, paid, requests, _) in enumerate(seats)
        ],
        [make_class(kind=OPEN, size=1)],
        credit_rows=tuple(
            make_credit_row(credits, weights=(0.0, 1.0), seat=s)
            for s, (_, _, _, credits) in enumerate(seats)
        ),
    )
    picked, slots = _picked(leads, instance)
    kinds = np.array([lead[0] for lead in leads])
    sent = picked.atom >= 0
    for kind in (OPEN, CLOSED):
        count = int((sent & picked.by_inmail & (kinds == kind)).sum())
        assert count == slots.inmails[:, kind].sum()
    assert int((sent & ~picked.by_inmail).sum()) == slots.connections.sum()
    assert (picked.planned | ~sent).all()

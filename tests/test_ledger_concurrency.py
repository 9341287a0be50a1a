"""Several planners at once: one after the other or exit 5, never a double assignment."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest

import ledger_factory as make
from crash import LEDGER, Place, workspace
from forking import Ended, Planners
from planner.ledger import store
from postgres import Database, fresh_database

#: A planner of these lists takes about as long: later ones start within that time.
LATEST = 0.5
MORE = "more.csv"


@pytest.fixture(params=[None, fresh_database], ids=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Give a workspace with two lists that share half of their leads, and no ledger."""
    kind: Callable[[Database | None], AbstractContextManager[Database]] | None
    kind = request.param
    with workspace(tmp_path, kind) as found:
        make.write_lists(found.folder, range(8))
        make.write_lists(found.folder, range(4, 12), name=MORE)
        yield found


def start(
    planners: Planners, place: Place, argvs: Sequence[Sequence[str]], seed: int | None
) -> list[Ended]:
    """Run commands at once; none may fail but with 5.

    With a seed, each starts after a wait of its own. Without one, all are held up where
    they are about to record, and let go together.
    """
    wait = random.Random(seed)
    delays = [0.0] * len(argvs)
    if seed is not None:
        delays = [wait.choice([0.0, wait.uniform(0, LATEST)]) for _ in argvs]
    with nullcontext() if seed is not None else held_up(place, len(argvs)):
        ends = planners.run(
            *(
                place.command(argv, delay=delay)
                for argv, delay in zip(argvs, delays, strict=True)
            )
        )
    for end in ends:
        assert end.code in (0, 5), end
        assert (end.code == 0) == (end.stderr == ""), end
    return ends


@contextmanager
def held_up(place: Place, count: int) -> Iterator[None]:
    """Hold the ledger until so many planners have made all files of their runs."""
    url = place.url or f"sqlite:///{place.folder / LEDGER}"
    held = threading.Event()
    waited = []

    def hold() -> None:
        with store.opened(url, wait_seconds=10, create=True) as ledger:
            assert ledger is not None
            with ledger.writing():
                held.set()
                for _ in range(2000):
                    made = list(place.folder.glob("reports/.tmp-new-*/plan.xlsx"))
                    if len(made) == count:
                        break
                    time.sleep(0.01)
                time.sleep(0.3)  # so that they flush their files, too
                waited.append(len(made))

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    yield
    holder.join()
    assert waited == [count], "not all planners came so far"


def check(place: Place, num_runs: int, *, num_voided: int = 0, num_others: int = 0) -> None:
    """Check that ledger and folders tell the same, and that nobody is assigned twice."""
    ledger = place.ledger()
    entries = [line[0] for line in ledger["entries"]]
    assert entries == [*range(1, num_runs + num_voided + num_others + 1)]
    voided = {line[1] for line in ledger["voids"]}
    assert len(voided) == len(ledger["voids"]) == num_voided
    runs = {line[0]: (line[1], line[3]) for line in ledger["runs"]}
    weeks = [line[4] for line in ledger["runs"] if line[0] not in voided]
    assert len(runs) == num_runs
    assert len(set(weeks)) == len(weeks), "a week is planned twice"
    folders = {
        (json.loads((folder / "plan.json").read_text("utf-8"))["run_id"], folder.name)
        for folder in (place.folder / "reports").iterdir()
    }
    assert folders == set(runs.values())
    people = [line[1] for line in ledger["assignments"] if line[0] not in voided]
    assert people
    assert len(set(people)) == len(people), "somebody is assigned twice"
    # One person per profile: a slug that two persons had would hide a double touch.
    persons = [line[3] for line in ledger["identities"] if line[1] == "slug"]
    assert len(set(persons)) == len(persons) == len(ledger["persons"])


@pytest.mark.parametrize("seed", [None, 0])
def test_the_same_plan_twice_at_once(
    place: Place, planners: Planners, seed: int | None
) -> None:
    """Both say the same, or one exits with 5: there is one run and one folder."""
    ends = start(planners, place, [make.PLAN] * 2, seed)
    assert 0 in [end.code for end in ends]
    assert len({end.stdout for end in ends if end.code == 0}) == 1
    check(place, num_runs=1)


@pytest.mark.parametrize("seed", [None, 0])
def test_two_lists_for_one_week(place: Place, planners: Planners, seed: int | None) -> None:
    """The first one is recorded; the other exits with 5 and leaves no folder."""
    ends = start(planners, place, [make.PLAN, make.plan(MORE)], seed)
    assert sorted(end.code for end in ends) == [0, 5]
    check(place, num_runs=1)


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_three_at_once(place: Place, planners: Planners, seed: int | None) -> None:
    """Two lists, one of them twice: one of the lists is planned."""
    ends = start(planners, place, [make.PLAN, make.plan(MORE), make.PLAN], seed)
    codes = [end.code for end in ends]
    assert 0 in codes
    assert not (codes[1] == 0 and 0 in (codes[0], codes[2]))
    check(place, num_runs=1)


@pytest.mark.parametrize("seed", [None, 0])
def test_two_weeks_at_once(place: Place, planners: Planners, seed: int | None) -> None:
    """Leads of both lists go into one of the weeks; what is refused can be run again."""
    argvs = [make.PLAN, make.plan(MORE, "2026-11-30")]
    ends = start(planners, place, argvs, seed)
    done = sum(end.code == 0 for end in ends)
    assert done
    check(place, num_runs=done)
    if ends[1].code:  # the earlier week is planned: now the later one can be
        assert planners.run(place.command(argvs[1]))[0].code == 0
        check(place, num_runs=2)


def test_a_later_week_comes_first(tmp_path: Path, planners: Planners) -> None:
    """No plan is recorded after that of a later week, which did not know of its sends.

    On PostgreSQL who asks for the lock first gets it first, so that the order is sure.
    """
    with workspace(tmp_path, fresh_database) as place:
        make.write_lists(place.folder, range(8))
        make.write_lists(place.folder, range(20, 28), name=MORE)  # nobody is on both
        week, later = make.PLAN, make.plan(MORE, "2026-11-30")
        with held_up(place, 2):
            ends = planners.run(
                # It has all of its plan to make still when the other is about to ask.
                place.command(week, after="reports/.tmp-new-*/plan.xlsx"),
                place.command(later),
            )
        assert [end.code for end in ends] == [5, 0], ends
        check(place, num_runs=1)


@pytest.mark.parametrize("seed", [None, 0])
def test_two_supersede_at_once(place: Place, planners: Planners, seed: int | None) -> None:
    """One replaces the run and the other what that one made, or exits with 5."""
    assert planners.run(place.command(make.PLAN))[0].code == 0
    argvs = [make.plan(name, make.MONDAY, "--supersede") for name in (MORE, "both.csv")]
    make.write_lists(place.folder, range(12), name="both.csv")
    ends = start(planners, place, argvs, seed)
    done = sum(end.code == 0 for end in ends)
    assert done
    check(place, num_runs=1 + done, num_voided=done)


@pytest.mark.parametrize("seed", [0])
def test_two_plans_and_a_record(place: Place, planners: Planners, seed: int) -> None:
    """Replies are recorded once or not at all; next week's plan is made once."""
    assert planners.run(place.command(make.PLAN))[0].code == 0
    make.write_replies(place.folder)
    week = make.plan(MORE, "2026-11-30")
    ends = start(planners, place, [week, make.RECORD, week], seed)
    recorded = ends[1].code == 0
    assert sum(line[3] == "replied" for line in place.ledger()["outcomes"]) == 2 * recorded
    check(place, num_runs=1 + (0 in (ends[0].code, ends[2].code)), num_others=recorded)
    for argv in (make.RECORD, week):
        assert planners.run(place.command(argv))[0].code == 0
    check(place, num_runs=2, num_others=1)

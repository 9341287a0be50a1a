"""The ledger through the commands: what a week leaves, and what the next one sees."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from planner.cli import console
from planner.errors import Issue, Severity
from workspaces import Run, runner

WEEK_1, WEEK_2 = "2026-11-23", "2026-11-30"
HEADER = "LinkedIn URL,First Name,Last Name,Company,Open Profile,Segment"


def lead(number: int, *, flag: str = "no", company: str = "") -> str:
    """Return a row of a lead list."""
    url = f"https://www.linkedin.com/in/sample-lead-{number:03d}"
    return f"{url},Given{number},Surname{number},{company},{flag},"


def write(path: Path, *lines: str) -> None:
    """Write lines to a file."""
    path.write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace with 60 leads and two seats; the ledger is its planner.db."""
    write(tmp_path / "leads.csv", HEADER, *(lead(k) for k in range(60)))
    write(
        tmp_path / "seats.csv",
        "seat_id,sender,credits,inmails_last_28_days",
        "anna,Anna Sampleby,50,40",
        "ben,Ben Sampleton,30,40",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PLANNER_LEDGER")
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], folder: Path) -> Run:
    """Return a function that runs a command in `folder`."""
    return runner(capsys, folder)


def plan(run: Run, as_of: str, *more: str, leads: str = "leads.csv") -> dict[str, object]:
    """Plan as of a day and return the run's document."""
    code, out, err = run(
        "plan", leads, "-s", "seats.csv", "--as-of", as_of, "--json", *more
    )
    assert code == 0, err
    document: dict[str, object] = json.loads(out)
    return document


def assigned(document: dict[str, object]) -> list[dict[str, str]]:
    """Return the run's assignments."""
    path = Path(str(document["folder"])) / "assignments.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sent(document: dict[str, object]) -> list[dict[str, str]]:
    """Return the assignments that are sent this week."""
    return [row for row in assigned(document) if row["send_on"]]


def record(run: Run, folder: Path, rows: Sequence[str], as_of: str) -> dict[str, object]:
    """Record outcomes given as lines of ``url,status,date``."""
    write(folder / "outcomes.csv", "LinkedIn URL,status,date", *rows)
    code, out, err = run("record", "outcomes.csv", "--as-of", as_of, "--json")
    assert code == 0, err
    result: dict[str, object] = json.loads(out)
    return result


# --- the same week ----------------------------------------------------------------


def test_the_same_command_finds_the_same_run(run: Run, folder: Path) -> None:
    """Planning twice is one run, one folder; nothing is appended."""
    first = plan(run, WEEK_1)
    assert plan(run, WEEK_1)["run_id"] == first["run_id"]
    assert len(list((folder / "reports").iterdir())) == 1
    code, out, _ = run("runs", "--json")
    assert code == 0, out
    assert [item["status"] for item in json.loads(out)["runs"]] == ["in force"]


def test_the_same_command_finds_its_run_after_outcomes(run: Run, folder: Path) -> None:
    """What was recorded since does not make the planned week another one."""
    first = plan(run, WEEK_1)
    record(run, folder, [f"{sent(first)[0]['linkedin_url']},replied,2026-11-25"], WEEK_2)
    assert plan(run, WEEK_1)["run_id"] == first["run_id"]


def test_a_dry_run_leaves_no_ledger(run: Run, folder: Path) -> None:
    """``--dry-run`` writes neither files nor a ledger."""
    plan(run, WEEK_1, "--dry-run")
    assert sorted(path.name for path in folder.iterdir()) == ["leads.csv", "seats.csv"]


def test_superseding_voids_the_rest_of_the_week(run: Run, folder: Path) -> None:
    """On Wednesday the week is planned anew; Monday's and Tuesday's sends stand."""
    monday = plan(run, WEEK_1)
    early = {r["lead_id"] for r in sent(monday) if r["send_on"] < "2026-11-25"}
    code, _, err = run("plan", "leads.csv", "-s", "seats.csv", "--as-of", "2026-11-25")
    assert code == 5
    assert "--supersede" in err
    wednesday = plan(run, "2026-11-25", "--supersede")
    by_lead = {row["lead_id"]: row for row in assigned(wednesday)}
    assert early
    assert {by_lead[lead_id]["route"] for lead_id in early} == {"excluded"}
    late = {r["lead_id"] for r in sent(monday)} - early
    assert late & {r["lead_id"] for r in sent(wednesday)}
    assert plan(run, "2026-11-25", "--supersede")["run_id"] == wednesday["run_id"]
    assert plan(run, "2026-11-25")["run_id"] == wednesday["run_id"]


def test_a_clock_that_went_back_is_refused(run: Run) -> None:
    """A plan for before the last one is refused, and says which run is in the way."""
    made = plan(run, WEEK_2)
    code, _, err = run("plan", "leads.csv", "-s", "seats.csv", "--as-of", WEEK_1)
    assert code == 5
    assert str(made["name"]) in err


# --- the next week ----------------------------------------------------------------


def test_nobody_is_contacted_twice(run: Run) -> None:
    """Whoever was planned last week is excluded this week, recorded or not."""
    first = {row["lead_id"] for row in sent(plan(run, WEEK_1))}
    second = assigned(plan(run, WEEK_2))
    rules = {row["lead_id"]: row for row in second if row["lead_id"] in first}
    assert first
    assert {row["route"] for row in rules.values()} == {"excluded"}
    assert all("contacted before" in row["reason"] for row in rules.values())


def test_a_person_is_known_by_another_key(run: Run, folder: Path) -> None:
    """A lead planned by its handle is known again by its member id alone."""
    write(
        folder / "both.csv",
        "LinkedIn URL,Member ID,Open Profile",
        "https://www.linkedin.com/in/known-by-two,123456789,yes",
    )
    write(folder / "ids.csv", "Member ID,Open Profile", "123456789,yes", "987654321,yes")
    first = plan(run, WEEK_1, leads="both.csv")
    assert [row["route"] for row in assigned(first)] == ["open_inmail"]
    second = assigned(plan(run, WEEK_2, leads="ids.csv"))
    assert sorted(row["route"] for row in second) == ["excluded", "open_inmail"]


def test_a_failed_lead_may_be_planned_again(run: Run, folder: Path) -> None:
    """A send that did not reach the lead is no touch; one that did is."""
    first = sent(plan(run, WEEK_1))
    failed, reached = first[0], first[1]
    record(
        run, folder,
        [
            f"{failed['linkedin_url']},failed,{failed['send_on']}",
            f"{reached['linkedin_url']},sent,{reached['send_on']}",
        ],
        "2026-11-28",
    )  # fmt: skip
    by_lead = {row["lead_id"]: row for row in assigned(plan(run, WEEK_2))}
    assert by_lead[failed["lead_id"]]["route"] != "excluded"
    assert by_lead[reached["lead_id"]]["route"] == "excluded"


def test_a_voided_run_frees_its_leads(run: Run, folder: Path) -> None:
    """After ``void`` the leads may be planned again; proven sends stay."""
    first = plan(run, WEEK_1)
    proven = sent(first)[0]
    record(run, folder, [f"{proven['linkedin_url']},sent,2026-11-24"], "2026-11-28")
    code, out, _ = run("void", str(first["name"]), "--as-of", "2026-11-28")
    assert code == 0, out
    assert f"{len(sent(first)) - 1} planned sends" in out
    again = {row["lead_id"]: row for row in assigned(plan(run, WEEK_2))}
    assert again[proven["lead_id"]]["route"] == "excluded"
    others = [again[row["lead_id"]]["route"] for row in sent(first)[1:]]
    assert "excluded" not in others


def test_a_company_stays_with_its_seat(run: Run, folder: Path) -> None:
    """People of a company contacted from anna's seat are planned on no other one."""
    write(
        folder / "leads.csv",
        HEADER,
        *(lead(k, company=f"Firm {k % 12}") for k in range(96)),
    )
    seat_of = {row["company"]: row["seat_id"] for row in sent(plan(run, WEEK_1))}
    second = sent(plan(run, WEEK_2))
    kept = [row for row in second if row["company"] in seat_of]
    assert kept
    assert all(row["seat_id"] == seat_of[row["company"]] for row in kept)


def test_who_accepted_is_a_connection_of_that_seat(run: Run, folder: Path) -> None:
    """Contacted again, they get a message from the seat whose request they accepted."""
    write(folder / "leads.csv", HEADER, *(lead(k) for k in range(240)))
    requests = [r for r in sent(plan(run, WEEK_1)) if r["route"] == "connection_request"]
    accepted = {
        seat: next(row for row in requests if row["seat_id"] == seat)
        for seat in ("anna", "ben")
    }
    record(
        run, folder,
        [f"{row['linkedin_url']},accepted,2026-11-28" for row in accepted.values()],
        WEEK_2,
    )  # fmt: skip
    again = ("-p", "recontact_after_days=1")
    found = {row["lead_id"]: row for row in assigned(plan(run, WEEK_2, *again))}
    for seat, row in accepted.items():
        line = found[row["lead_id"]]
        assert (line["route"], line["seat_id"]) == ("message", seat)
    # The others are strangers as before.
    routes = {found[row["lead_id"]]["route"] for row in requests[5:]}
    assert routes & {"paid_inmail", "connection_request", "hold"}
    # Its seat is gone: nobody else writes to somebody who is its connection.
    write(folder / "seats.csv", "seat_id,credits", "ben,30")
    left = {row["lead_id"]: row for row in assigned(plan(run, "2026-12-07", *again))}
    assert left[accepted["anna"]["lead_id"]]["route"] == "excluded"
    assert left[accepted["ben"]["lead_id"]]["seat_id"] in ("", "ben")


def test_last_weeks_hold_comes_first(run: Run, folder: Path) -> None:
    """Of leads that nothing else tells apart, those on hold go before the new ones."""
    first = assigned(plan(run, WEEK_1))
    held = {row["lead_id"] for row in first if row["route"] == "hold"}
    write(folder / "leads.csv", HEADER, *(lead(k) for k in range(400)))
    second = assigned(plan(run, WEEK_2))
    going = {row["lead_id"] for row in second if row["send_on"]}
    assert held
    assert len(going) < 400 - 60
    assert held <= going


def test_requests_of_last_week_count_day_by_day(run: Run, folder: Path) -> None:
    """Any 7 days hold at most the weekly limit of requests, over the weekend too."""
    write(folder / "leads.csv", HEADER, *(lead(k) for k in range(600)))
    rows = [*sent(plan(run, WEEK_1)), *sent(plan(run, WEEK_2))]
    days: dict[tuple[str, int], int] = {}
    from datetime import date

    for row in rows:
        if row["route"] == "connection_request":
            key = (row["seat_id"], date.fromisoformat(row["send_on"]).toordinal())
            days[key] = days.get(key, 0) + 1
    for seat, day in days:
        window = sum(days.get((seat, day - back), 0) for back in range(7))
        assert window <= 80
    assert sum(days.values()) > 200


# --- pace -------------------------------------------------------------------------

PACE = (
    "seat_id,credits,max_connection_requests_per_week,max_inmails_per_day,"
    "inmails_last_28_days"
)


def test_an_old_seat_is_not_new_in_its_second_week(run: Run, folder: Path) -> None:
    """What the first inventory stated holds for the days before, three weeks long."""
    write(folder / "leads.csv", HEADER, *(lead(k, flag="yes") for k in range(400)))
    write(folder / "seats.csv", PACE, "anna,50,1,,80", "ben,50,1,4,")
    paces = {}
    for week, day in enumerate((WEEK_1, WEEK_2, "2026-12-07")):
        document = plan(run, day)
        rows = [row for row in sent(document) if "inmail" in row["route"]]
        num = sum(row["seat_id"] == "anna" for row in rows)
        paces[week] = num
        seats = {seat["seat_id"]: seat for seat in document["seats"]}  # type: ignore[attr-defined]
        assert "new seat" not in seats["anna"]["note"]
        assert "new seat" in seats["ben"]["note"]
        write(folder / "seats.csv", PACE, "anna,50,1,,", "ben,50,1,4,")
        earlier = 80 * (4 - week) / 4 + sum(paces[k] for k in range(week))
        # 1.3 times the weekly mean, and five.
        assert num <= 1.3 * earlier / 4 + 5
        assert num > 20
    assert plan(run, day)["run_id"] == document["run_id"]


def test_a_run_that_was_never_carried_out_says_nothing_of_a_pace(
    run: Run, folder: Path
) -> None:
    """Tried and voided; three weeks on, 212 sent by hand count, blank the same day too."""
    write(folder / "seats.csv", PACE, "anna,50,1,,300")
    tried = plan(run, WEEK_1)
    assert run("void", str(tried["run_id"]), "--as-of", WEEK_1)[0] == 0
    write(folder / "seats.csv", PACE, "anna,50,1,,212")
    first = plan(run, "2026-12-14")
    assert not [i for i in first["issues"] if "stated" in i["code"]]  # type: ignore[attr-defined]
    again = plan(run, "2026-12-14")
    assert again["run_id"] == first["run_id"]
    # The same day once more, now blank: what was stated this morning holds.
    write(folder / "seats.csv", PACE, "anna,50,1,,")
    second = plan(run, "2026-12-14", "--supersede")
    assert "new seat" not in second["seats"][0]["note"]  # type: ignore[index]
    assert plan(run, "2026-12-14")["run_id"] == second["run_id"]


def test_stale_counts_of_an_inventory_break_no_limit(run: Run, folder: Path) -> None:
    """Counts filled in once and left: 30 requests in any 7 days, through four plans."""
    from datetime import date

    write(folder / "leads.csv", HEADER, *(lead(k) for k in range(300)))
    stale = ("connection_requests_last_7_days", "pending_connection_requests")
    write(folder / "seats.csv", f"{PACE},{','.join(stale)}", "anna,20,30,,40,0,0")
    days: dict[int, int] = {}
    for day in (WEEK_1, "2026-11-26", WEEK_2, "2026-12-03"):
        # A plan in the middle of a week takes the place of what is left of the one before.
        today = date.fromisoformat(day).toordinal()
        days = {on: num for on, num in days.items() if on < today}
        document = plan(run, day, "--supersede")
        for row in sent(document):
            if row["route"] == "connection_request":
                on = date.fromisoformat(row["send_on"]).toordinal()
                days[on] = days.get(on, 0) + 1
        issues = [i for i in document["issues"] if i["code"] == "fewer-sends-stated"]  # type: ignore[attr-defined]
        assert bool(issues) == (day != WEEK_1)
        assert {issue["severity"] for issue in issues} <= {"warning"}
    assert all(sum(days.get(day - back, 0) for back in range(7)) <= 30 for day in days)
    assert sum(days.values()) > 50
    # On Friday, Monday's counts are behind: that is no news to who judges failures.
    write(
        folder / "failed.csv",
        "LinkedIn URL,seat,date",
        "https://www.linkedin.com/in/sample-stranger,anna,2026-12-03",
    )
    code, out, _ = run(
        "triage", "failed.csv", "-s", "seats.csv", "--as-of", "2026-12-04", "--json"
    )
    assert code == 0
    assert "fewer-sends-stated" not in out


def test_two_failures_of_a_sound_seat_in_its_second_week(run: Run, folder: Path) -> None:
    """A ledger that is a week old knows no growth: the seat is not held."""
    write(folder / "leads.csv", HEADER, *(lead(k, flag="yes") for k in range(400)))
    write(folder / "seats.csv", PACE, "anna,50,,8,160", "ben,50,,8,")
    plan(run, WEEK_1)
    write(folder / "seats.csv", PACE, "anna,50,,8,", "ben,50,,8,")
    rows = sent(plan(run, WEEK_2))
    for seat in ("anna", "ben"):
        failed = [
            row for row in rows
            if row["seat_id"] == seat and row["route"] == "open_inmail"
            and row["send_on"] == WEEK_2
        ][:2]  # fmt: skip
        assert len(failed) == 2
        write(
            folder / "failed.csv", "LinkedIn URL,status,date,error",
            *(
                f"{row['linkedin_url']},failed,{WEEK_2},You are out of InMail credits"
                for row in failed
            ),
        )  # fmt: skip
        code, out, err = run(
            "triage", "failed.csv", "-s", "seats.csv", "--as-of", "2026-12-01", "--apply",
            "--json",
        )  # fmt: skip
        assert code == 0, err
        (found,) = [one for one in json.loads(out)["seats"] if one["seat_id"] == seat]
        assert found["state"] == "fine", found["words"]
        assert found["held_until"] == ""
        assert "usual week" not in out


# --- balances ---------------------------------------------------------------------


def test_a_seat_without_credits_takes_the_ledgers(run: Run, folder: Path) -> None:
    """50 credits, closed leads at one credit each: what was sent is gone on Monday."""
    first = plan(run, WEEK_1)
    used = sum(
        row["seat_id"] == "anna" and row["route"] == "paid_inmail" for row in sent(first)
    )
    write(folder / "seats.csv", "seat_id,credits", "anna,", "ben,30")
    second = plan(run, WEEK_2)
    seats = {seat["seat_id"]: seat for seat in second["seats"]}  # type: ignore[attr-defined]
    assert used > 0
    assert seats["anna"]["credits"] == 50 - used


def test_a_seat_without_credits_or_ledger_is_an_error(run: Run, folder: Path) -> None:
    """Without a balance anywhere the seat cannot be planned."""
    write(folder / "seats.csv", "seat_id,credits", "anna,")
    code, _, err = run("plan", "leads.csv", "-s", "seats.csv", "--as-of", WEEK_1)
    assert code == 3
    assert "seat-without-credits" in err


def test_a_balance_that_differs_is_shown_and_wins(run: Run, folder: Path) -> None:
    """The inventory's 20 replace the ledger's figure, and the difference is said."""
    first = plan(run, WEEK_1)
    used = sum(
        row["seat_id"] == "anna" and row["route"] == "paid_inmail" for row in sent(first)
    )
    write(folder / "seats.csv", "seat_id,credits", "anna,20", "ben,30")
    code, out, _ = run("plan", "leads.csv", "-s", "seats.csv", "--as-of", WEEK_2)
    assert code == 0, out
    expected = 50 - used
    assert f"seat anna: 20 seen on {WEEK_2}, {expected} expected" in out
    assert f"{expected - 20} too few" in out


# --- seats under another name -----------------------------------------------------


def warnings(run: Run, *command: str) -> list[str]:
    """Return what a command says of seats that may be renamed."""
    code, out, err = run(*command, "--as-of", WEEK_2, "--json")
    assert code == 0, err
    issues = json.loads(out)["issues"]
    return [one["message"] for one in issues if one["code"] == "seat-renamed"]


PLAN_AGAIN = ("plan", "leads.csv", "-s", "seats.csv", "--dry-run")


@pytest.mark.parametrize("command", [PLAN_AGAIN, ("forecast", "--seats", "seats.csv")])
def test_a_renamed_seat_is_noticed(command: Sequence[str], run: Run, folder: Path) -> None:
    """Anna's seat has another id and the same sender: both are named, with the cure."""
    num = sum(row["seat_id"] == "anna" for row in sent(plan(run, WEEK_1)))
    write(
        folder / "seats.csv",
        "seat_id,sender,credits",
        "anna-new,anna SAMPLEBY,50",
        "ben,Ben Sampleton,30",
    )
    (message,) = warnings(run, *command)
    assert "seat anna-new looks like seat anna renamed" in message
    assert f"{num} sends in the last five weeks" in message
    assert "Give it its old seat_id anna back" in message


@pytest.mark.parametrize("command", [PLAN_AGAIN, ("forecast", "--seats", "seats.csv")])
def test_one_seat_gone_and_one_new(command: Sequence[str], run: Run, folder: Path) -> None:
    """Without a name in common it may be a rename or not: both are named."""
    plan(run, WEEK_1)
    write(
        folder / "seats.csv",
        "seat_id,sender,credits",
        "carl,Carl Samplewood,50",
        "ben,Ben Sampleton,30",
    )
    (message,) = warnings(run, *command)
    assert message.startswith("the ledger does not know carl, and the inventory lacks")
    assert "anna (" in message


def test_a_seat_that_is_only_new_or_only_gone_is_no_rename(run: Run, folder: Path) -> None:
    """A colleague joins, another leaves: nothing to warn of."""
    plan(run, WEEK_1)
    both = ["anna,Anna Sampleby,50", "ben,Ben Sampleton,30"]
    write(folder / "seats.csv", "seat_id,sender,credits", *both, "carl,Carl Samplewood,9")
    assert warnings(run, *PLAN_AGAIN) == []
    write(folder / "seats.csv", "seat_id,sender,credits", both[1])
    assert warnings(run, *PLAN_AGAIN) == []


def test_a_seat_that_sent_nothing_lately_is_not_missed(run: Run, folder: Path) -> None:
    """Six weeks after its last send, a seat that is gone is only gone."""
    plan(run, WEEK_1)
    write(folder / "seats.csv", "seat_id,sender,credits", "anna-new,Anna Sampleby,50")
    code, out, err = run(*PLAN_AGAIN, "--as-of", "2027-01-11", "--json")
    assert code == 0, err
    assert "seat-renamed" not in [one["code"] for one in json.loads(out)["issues"]]


# --- recording --------------------------------------------------------------------


def test_recording_twice_changes_nothing(run: Run, folder: Path) -> None:
    """The second time all lines are known; the ledger is byte for byte as before."""
    rows = [
        f"{row['linkedin_url']},sent,{row['send_on']}" for row in sent(plan(run, WEEK_1))
    ]
    first = record(run, folder, rows, "2026-11-28")
    before = (folder / "planner.db").read_bytes()
    second = record(run, folder, rows, "2026-11-29")
    assert first["new"]["sent"] == len(rows)  # type: ignore[index]
    assert second["entry"] == 0
    assert second["known"]["sent"] == len(rows)  # type: ignore[index]
    assert (folder / "planner.db").read_bytes() == before


def test_rows_that_match_no_assignment_are_reported(run: Run, folder: Path) -> None:
    """A send that no run planned is reported with its row, and kept as a touch."""
    plan(run, WEEK_1, leads="leads.csv")
    write(folder / "new.csv", HEADER, lead(900), lead(901))
    url = "https://www.linkedin.com/in/sample-lead-900"
    told = record(run, folder, [f"{url},sent,2026-11-24"], "2026-11-28")
    codes = [(issue["code"], issue["row"]) for issue in told["issues"]]  # type: ignore[attr-defined]
    assert codes == [("no-assignment", 2)]
    second = assigned(plan(run, WEEK_2, leads="new.csv"))
    assert sorted(row["route"] == "excluded" for row in second) == [False, True]


def test_the_handed_out_workbook_comes_back(run: Run, folder: Path) -> None:
    """Statuses filled into a seat's own sheet are recorded as they stand."""
    openpyxl = pytest.importorskip("openpyxl")
    first = plan(run, WEEK_1)
    path = Path(str(first["folder"])) / "plan.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["Anna Sampleby"] if "Anna Sampleby" in book.sheetnames else book["anna"]
    header = next(
        row for row in sheet.iter_rows() if "status" in [cell.value for cell in row]
    )
    column = next(cell.column for cell in header if cell.value == "status")
    rows = [
        r for r in range(header[0].row + 1, sheet.max_row + 1)
        if sheet.cell(r, column).value
    ]  # fmt: skip
    for number, status in zip(rows, ("sent", "replied", "failed"), strict=False):
        sheet.cell(number, column).value = status
    book.save(folder / "back.xlsx")
    code, out, err = run("record", "back.xlsx", "--as-of", "2026-11-28", "--json")
    assert code == 0, err
    new = json.loads(out)["new"]
    assert {kind: new.get(kind, 0) for kind in ("sent", "replied", "failed")} == {
        "sent": 1, "replied": 1, "failed": 1,
    }  # fmt: skip


# --- people -----------------------------------------------------------------------


def test_forget_erases_and_remembers_not_to_contact(run: Run, folder: Path) -> None:
    """No byte of the person stays in ledger or run; she is not planned again."""
    first = plan(run, WEEK_1)
    gone = sent(first)[0]
    slug = gone["linkedin_url"].rsplit("/", 1)[-1]
    counts = run("show", str(first["name"]))[1]
    code, out, _ = run("forget", gone["linkedin_url"], "--as-of", "2026-11-28")
    assert code == 0, out
    assert "assignments.csv" in out
    for path in (folder / "planner.db", *(folder / "reports").rglob("*")):
        if path.is_file() and path.suffix != ".xlsx":
            assert slug.encode() not in path.read_bytes()
    assert run("show", str(first["name"]))[1] == counts
    again = {row["lead_id"]: row for row in assigned(plan(run, WEEK_2))}
    assert again[gone["lead_id"]]["route"] == "excluded"
    assert "do not contact" in again[gone["lead_id"]]["reason"]


def test_forget_knows_no_names(run: Run) -> None:
    """A name could be anybody's: it is refused, and not repeated."""
    code, _, err = run("forget", "Given1 Surname1")
    assert code == 2
    assert "Surname1" not in err


# --- looking back -----------------------------------------------------------------


def test_diff_says_who_moved_and_why(run: Run, folder: Path) -> None:
    """Last week's sends are excluded now, and the reason says so."""
    plan(run, WEEK_1)
    plan(run, WEEK_2)
    code, out, _ = run("diff", "2026-W48", "2026-W49", "--out", "moved.csv", "--json")
    assert code == 0, out
    found = json.loads(out)
    moved = {(m["route_before"], m["route_after"]): m["leads"] for m in found["moves"]}
    assert any(after == "excluded" for before, after in moved if before != "excluded")
    assert all(line["why"] for line in found["leads"])
    with (folder / "moved.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found["leads"])
    assert "name" not in rows[0]
    assert "linkedin_url" not in found["leads"][0]
    (week,) = (folder / "reports").glob("2026-W49-*")
    with (week / "assignments.csv").open(encoding="utf-8", newline="") as file:
        known = list(csv.DictReader(file))
    for row in rows:
        own = known[int(row["row"]) - 2]
        assert all(own[key] == row[key] for key in ("lead_id", "linkedin_url", "company"))
    _, out, _ = run("diff", "2026-W48", "2026-W49", "--with-names")
    assert f"{known[int(rows[0]['row']) - 2]['first_name']} " in out
    assert "assignments.csv" in out


def test_diff_says_what_failed(run: Run, folder: Path) -> None:
    """A send that failed was not made: what became of it is said instead."""
    first = plan(run, WEEK_1)
    rows = assigned(first)
    lost = next(row for row in rows if row["route"] == "paid_inmail")
    (folder / "failed.csv").write_text(
        "LinkedIn URL,sender,failed at\n"
        f"{lost['linkedin_url']},{lost['seat_id']},{lost['send_on']}\n", "utf-8",
    )  # fmt: skip
    code, _, err = run(
        "triage", "failed.csv", "-s", "seats.csv", "--as-of", "2026-11-28", "--apply"
    )
    assert code == 0, err
    plan(run, WEEK_2)
    _, out, _ = run("diff", "2026-W48", "2026-W49", "--json")
    why = {line["lead_id"]: line["why"] for line in json.loads(out)["leads"]}
    told = f"paid inmail from {lost['seat_id']} failed on {lost['send_on']}, and triage "
    assert why[lost["lead_id"]].startswith(told)
    assert sum("was sent to by" in words for words in why.values()) > 1


def test_show_takes_a_triage(run: Run, folder: Path) -> None:
    """What `runs` lists and `void` takes can be shown: what it put into the ledger."""
    row = sent(plan(run, WEEK_1))[0]
    (folder / "failed.csv").write_text(
        f"LinkedIn URL,failed at\n{row['linkedin_url']},{row['send_on']}\n", "utf-8"
    )
    options = ("-s", "seats.csv", "--as-of", "2026-11-28", "--apply", "--json")
    code, out, err = run("triage", "failed.csv", *options)
    assert code == 0, err
    name = json.loads(out)["name"]
    code, out, err = run("show", name)
    assert code == 0, err
    assert f"Triage {name}, in force" in out
    assert f"planner void {name}" in out
    run("void", name, "--as-of", "2026-11-28")
    code, out, _ = run("show", f"reports/{name}/", "--json")
    shown = json.loads(out)
    assert (code, shown["triage"], shown["status"]) == (0, name, "voided")
    assert (shown["failures"], shown["seats_held"]) == (1, [])
    code, _, err = run("show", "2026-W48-triage-00000000")
    assert (code, "no triage" in err) == (3, True)


def test_a_send_of_long_ago_is_warned_of(run: Run, folder: Path) -> None:
    """More than a year before the first run, the year is likely wrong; it counts."""
    plan(run, WEEK_1)
    rows = [f"linkedin.com/in/long-ago-{k},sent,{day}" for k, day in enumerate(
        ("2021-11-20", "2025-11-21", "2025-11-23")
    )]  # fmt: skip
    found = record(run, folder, rows, "2026-11-27")
    issues: Any = found["issues"]
    old = [one for one in issues if one["code"] == "sent-long-ago"]
    assert [(one["row"], one["severity"]) for one in old] == [
        (2, "warning"),
        (3, "warning"),
    ]
    assert "(2026-11-23)" in old[0]["message"]
    assert found["new"] == {"balance_seen": 0, "sent": 3}


def test_what_shows_all_findings_reads_the_same_files(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`check` reads lists and inventories only: elsewhere --json has all of them."""
    issues = [Issue(code="x", message="y", severity=Severity.WARNING)] * 3
    console.show_issues(issues, limit=1)
    console.show_issues(issues, limit=1, every=console.CHECK)
    found = capsys.readouterr().err
    assert "... and 2 warnings more (all of them: --json)" in found
    assert "... and 2 warnings more (all of them: planner check)" in found


def test_an_unknown_run_names_the_nearest(run: Run) -> None:
    """A wrong name is exit 3 and shows which run may be meant."""
    made = plan(run, WEEK_1)
    code, _, err = run("show", "2026-W47")
    assert code == 3
    assert str(made["name"]) in err


@pytest.mark.parametrize("command", ["runs", "show x", "void x", "forecast", "diff x y"])
def test_without_a_ledger_the_way_to_one_is_named(command: str, run: Run) -> None:
    """Commands about the past say that there is no ledger, and make none."""
    code, _, err = run(*command.split())
    assert code == 5
    assert "planner plan" in err


def test_fail_under_is_an_exit_code_of_its_own(run: Run) -> None:
    """A scheduled job can tell a short seat from a wrong option."""
    plan(run, WEEK_1)
    assert run("forecast", "--as-of", WEEK_1)[0] == 0
    code, out, err = run("forecast", "--as-of", WEEK_1, "--fail-under", "60")
    assert code == 8
    assert "anna" in out
    assert "60 credits" in err


def test_learned_rates_are_shown_and_used(run: Run, folder: Path) -> None:
    """After a month of many answers the plan expects more replies than the default."""
    first = plan(run, WEEK_1)
    inmails = [row for row in sent(first) if "inmail" in row["route"]]
    rows = [f"{row['linkedin_url']},replied,2026-11-27" for row in inmails]
    record(run, folder, rows, "2026-12-28")
    code, out, _ = run("estimate", "leads.csv", "--as-of", "2026-12-28", "--json")
    assert code == 0, out
    learned = json.loads(out)["rates"]
    rate = json.dumps(learned)
    assert learned is not None
    assert "interval" in rate or "low" in rate
    code, out, _ = run("estimate", "leads.csv", "--as-of", "2026-12-28")
    assert "InMail reply rate" in out


# --- what is settled beside the plan ----------------------------------------------


def test_restarts_take_room_and_credits_of_the_next_plan(run: Run, folder: Path) -> None:
    """InMails that triage restarts on Monday are off that seat's credits and limits."""
    first = plan(run, WEEK_1)
    failed = [row for row in sent(first) if row["route"] == "paid_inmail"][:6]
    others = [row for row in sent(first) if row not in failed]
    record(
        run, folder,
        [f"{row['linkedin_url']},sent,{row['send_on']}" for row in others], "2026-11-28",
    )  # fmt: skip
    write(
        folder / "failed.csv", "LinkedIn URL,Failed at",
        *(f"{row['linkedin_url']},{row['send_on']}" for row in failed),
    )  # fmt: skip
    write(folder / "now.csv", "seat_id,credits,credits_as_of", "anna,32,2026-11-29",
          "ben,12,2026-11-29", "cora,90,2026-11-29")  # fmt: skip
    code, out, err = run(
        "triage",
        "failed.csv",
        "-s",
        "now.csv",
        "--as-of",
        "2026-11-29",
        "--apply",
        "--json",
    )
    assert code == 0, err
    steps = json.loads(out)["failures"]
    inmails = [s for s in steps if s["next_route"] in ("paid_inmail", "open_inmail")]
    requests = [s for s in steps if s["next_route"] == "connection_request"]
    assert inmails or requests
    write(folder / "seats.csv", "seat_id,credits", "anna,32", "ben,12", "cora,90")
    code, out, _ = run("plan", "leads.csv", "-s", "seats.csv", "--as-of", WEEK_2)
    assert code == 0, out
    assert "settled already" in out
    again = json.loads(run("runs", "--json")[1])["runs"][-1]
    with (Path(str(again["folder"])) / "assignments.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    triaged = {s["lead_id"] for s in steps if s["next_route"]}
    assert {r["route"] for r in rows if r["lead_id"] in triaged} == {"excluded"}
    by_day: dict[tuple[str, str], int] = {}
    for seat, day in [(s["next_seat"], s["next_on"]) for s in requests] + [
        (r["seat_id"], r["send_on"]) for r in rows if r["route"] == "connection_request"
    ]:
        by_day[seat, day] = by_day.get((seat, day), 0) + 1
    assert max(by_day.values()) <= 15


# --- found by review --------------------------------------------------------------


def test_what_a_partly_voided_run_still_plans_stands(run: Run, folder: Path) -> None:
    """Voided from Thursday on, the run's Wednesday is not planned a second time."""
    made = plan(run, WEEK_1)
    wednesday = [r for r in sent(made) if r["send_on"] == "2026-11-25"]
    assert wednesday
    assert run("void", str(made["name"]), "--from", "2026-11-26")[0] == 0
    code, _, err = run("plan", "leads.csv", "-s", "seats.csv", "--as-of", "2026-11-24")
    assert code == 5
    assert "--supersede" in err
    thursday = plan(run, "2026-11-26")
    routes = {row["lead_id"]: row["route"] for row in assigned(thursday)}
    assert {routes[row["lead_id"]] for row in wednesday} == {"excluded"}


def test_a_partly_voided_run_is_not_taken_for_the_whole(run: Run, folder: Path) -> None:
    """Monday's command again is refused; with --supersede all its sends are known again."""
    made = plan(run, WEEK_1)
    late = {row["lead_id"] for row in sent(made) if row["send_on"] >= "2026-11-25"}
    assert late
    assert run("void", str(made["name"]), "--from", "2026-11-25")[0] == 0
    command = ("plan", "leads.csv", "-s", "seats.csv", "--as-of", WEEK_1)
    for _ in range(2):
        code, _, err = run(*command)
        assert code == 5
        assert "up to 2026-11-25" in err
        assert "--supersede" in err
    again = plan(run, WEEK_1, "--supersede")
    ledger = (folder / "planner.db").read_bytes()
    assert plan(run, WEEK_1, "--supersede")["run_id"] == again["run_id"]
    assert (folder / "planner.db").read_bytes() == ledger
    late |= {row["lead_id"] for row in sent(again)}
    routes = {row["lead_id"]: row["route"] for row in assigned(plan(run, WEEK_2))}
    assert {routes[lead_id] for lead_id in late} == {"excluded"}


def test_two_leads_that_are_one_person_get_one_send(run: Run, folder: Path) -> None:
    """A look-up shows that a handle and a member id are one: the list's two rows, too."""
    plan(run, WEEK_1)
    write(
        folder / "flags.csv",
        "LinkedIn URL,Member ID,Open Profile,checked on",
        "https://www.linkedin.com/in/twofold,123456789,yes,2026-11-24",
    )
    assert run("record", "flags.csv", "--as-of", "2026-11-25")[0] == 0
    write(
        folder / "two.csv",
        "LinkedIn URL,Member ID,Open Profile",
        "https://www.linkedin.com/in/twofold,,yes",
        ",123456789,yes",
    )
    rows = assigned(plan(run, WEEK_2, leads="two.csv"))
    assert sorted(row["route"] for row in rows) == ["excluded", "open_inmail"]
    assert any("same person" in row["reason"] for row in rows)


def test_two_persons_who_are_one_are_both_barred(run: Run, folder: Path) -> None:
    """Met apart, then joined by a list with both keys, then met by one key alone."""
    header = "LinkedIn URL,Member ID,Open Profile"
    url = "https://www.linkedin.com/in/late-joined"
    plan(run, "2026-11-09")
    write(folder / "a.csv", f"{header},checked on", f"{url},,yes,2026-11-10",
          ",555555555,no,2026-11-10")  # fmt: skip
    assert run("record", "a.csv", "--as-of", "2026-11-11")[0] == 0
    write(folder / "b.csv", header, f"{url},555555555,yes")
    first = assigned(plan(run, WEEK_1, leads="b.csv"))
    assert [row["route"] for row in first] == ["open_inmail"]
    write(folder / "c.csv", header, ",555555555,yes", ",777777777,yes")
    second = assigned(plan(run, WEEK_2, leads="c.csv"))
    assert sorted(row["route"] for row in second) == ["excluded", "open_inmail"]


def test_an_old_failure_is_not_the_new_sends(run: Run, folder: Path) -> None:
    """The same file of failures, given again, says nothing about the send planned since."""
    first = plan(run, WEEK_1)
    lost = sent(first)[0]
    rows = [f"{lost['linkedin_url']},failed,{lost['send_on']}"]
    record(run, folder, rows, "2026-11-28")
    again = {row["lead_id"]: row for row in assigned(plan(run, WEEK_2))}
    assert again[lost["lead_id"]]["send_on"]
    told = record(run, folder, rows, "2026-12-04")
    assert told["entry"] == 0
    write(folder / "more.csv", HEADER, *(lead(k) for k in range(90)))
    third = assigned(plan(run, "2026-12-07", leads="more.csv"))
    (row,) = [row for row in third if row["lead_id"] == lost["lead_id"]]
    assert row["route"] == "excluded"


def test_a_mark_spreads_to_what_a_list_shows(run: Run, folder: Path) -> None:
    """Forgotten by handle; a list shows the member id beside it; then the id alone."""
    header = "LinkedIn URL,Member ID,Open Profile"
    url = "https://www.linkedin.com/in/let-me-be"
    plan(run, "2026-11-16")
    assert run("forget", url, "--as-of", "2026-11-17", "--unknown")[0] == 0
    write(folder / "b.csv", header, f"{url},444444444,yes", ",777777777,yes")
    rows = assigned(plan(run, WEEK_1, leads="b.csv"))
    assert sorted(row["route"] for row in rows) == ["excluded", "open_inmail"]
    assert b"444444444" not in (folder / "planner.db").read_bytes()
    write(folder / "c.csv", header, ",444444444,yes", ",888888888,yes")
    rows = assigned(plan(run, WEEK_2, leads="c.csv"))
    assert sorted(row["route"] for row in rows) == ["excluded", "open_inmail"]


def test_a_lost_ledger_is_noticed(run: Run, folder: Path) -> None:
    """Runs without the ledger that knows them: refused, unless one says so."""
    plan(run, WEEK_1)
    (folder / "planner.db").unlink()
    code, _, err = run("plan", "leads.csv", "-s", "seats.csv", "--as-of", WEEK_2)
    assert code == 5
    assert "--new-ledger" in err
    assert not (folder / "planner.db").exists()
    # A ledger that holds a suppression mark only knows nobody whom the runs contacted.
    url = "https://www.linkedin.com/in/somebody-else"
    assert run("forget", url, "--as-of", WEEK_2, "--unknown")[0] == 0
    assert run("plan", "leads.csv", "-s", "seats.csv", "--as-of", WEEK_2)[0] == 5
    assert plan(run, WEEK_2, "--new-ledger")["run_id"]


def test_the_same_stranger_twice_is_one_send(run: Run, folder: Path) -> None:
    """Two rows of one unknown person on one day are one touch, two days are two."""
    plan(run, WEEK_1)
    url = "https://www.linkedin.com/in/nobody-planned"
    rows = [f"{url},sent,2026-11-24", f"{url},sent,2026-11-24", f"{url},sent,2026-11-25"]
    told = record(run, folder, rows, "2026-11-28")
    assert told["new"]["sent"] == 2  # type: ignore[index]
    assert record(run, folder, rows, "2026-11-29")["entry"] == 0


# --- forecast ---------------------------------------------------------------------


def test_the_forecast_is_what_the_plan_says_up_to_the_reset(run: Run, folder: Path) -> None:
    """What the plan leaves before 1 December, the forecast leaves; so no seat is short.

    Week 49 is cut by the reset: its InMails wait for the grant of Tuesday. Later than the
    horizon the forecast sends no more than what keeps the reserve of 5.
    """
    write(
        folder / "seats.csv",
        "seat_id,credits,inmails_last_28_days", "anna,12,40", "ben,8,40",
    )  # fmt: skip
    folder_of_run = Path(str(plan(run, WEEK_1)["folder"]))
    document = json.loads((folder_of_run / "plan.json").read_text("utf-8"))
    left = {
        row["seat_id"]: row["expected_balance"]
        for row in document["outlook"]
        if row["cycle"] == 0
    }
    after = [r for r in document["outlook"] if (r["week"], r["cycle"]) == ("2026-W49", 1)]
    assert sum(row["paid_inmails"] for row in after) > 0
    code, out, err = run("forecast", "--as-of", WEEK_1, "--fail-under", "5", "--json")
    assert code == 0, err
    for seat in json.loads(out)["seats"]:
        planned = seat["planned"]
        assert seat["planned_until"] == document["horizon_end"]
        assert planned["before_reset"][0] == pytest.approx(left[seat["seat_id"]], abs=0.01)
        late = [low for day, _, low, _ in planned["daily"] if day > document["horizon_end"]]
        assert min(late) >= 5
    out = run("forecast", "--as-of", WEEK_1)[1]
    assert f"The plan says nothing of days after {document['horizon_end']}" in out

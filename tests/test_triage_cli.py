"""``planner triage`` through the real commands, and the plan of the week after."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import chdir, closing, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from planner import cli
from planner.ledger.tables import metadata

MONDAY, SUNDAY, NEXT = "2026-11-23", "2026-11-29", "2026-11-30"
SEATS = ("anna", "piet", "tilda")
INMAILS = ("open_inmail", "paid_inmail")
LEADS = 160

Row = dict[str, str]
Run = Callable[..., tuple[int, str, str]]


# --- a workspace with one planned week ----------------------------------------------


def profile(number: int) -> str:
    """Return the profile URL of a lead."""
    return f"https://www.linkedin.com/in/invented-{number:04d}"


def write_csv(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Write rows of equal keys."""
    every = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(every[0]))
        writer.writeheader()
        writer.writerows(every)


def read_csv(path: Path) -> list[Row]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def write_workspace(folder: Path) -> None:
    """Write leads of a company each, every tenth of them open, and three seats.

    The seats have 60 credits each and sent 25 InMails in each of the last four weeks,
    so this week may have 1.3 * 25 + 5 = 37 of them.
    """
    write_csv(
        folder / "leads.csv",
        (
            {
                "linkedin_url": profile(number), "first_name": "Alba",
                "last_name": "Ashgrove", "company": f"Quillbrook {number}",
                "title": "Head of Sales", "open_profile": "no" if number % 10 else "yes",
            }
            for number in range(LEADS)
        ),
    )  # fmt: skip
    seats = [
        {"seat_id": seat, "credits": "60", "credits_as_of": MONDAY,
         "inmails_last_28_days": "100"}
        for seat in SEATS
    ]  # fmt: skip
    write_csv(folder / "seats.csv", seats)
    # As people keep it from the second week on: the ledger knows the rest.
    write_csv(folder / "later.csv", ({"seat_id": seat} for seat in SEATS))


def call(folder: Path, *arguments: str, text: str = "") -> tuple[int, str, str]:
    """Run a command in a folder; return exit code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8"))
        patch.setenv("PLANNER_LEDGER", "planner.db")
        with chdir(folder), redirect_stdout(out), redirect_stderr(err):
            code = cli.run(arguments)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace whose week was planned once for all tests."""
    folder = tmp_path_factory.mktemp("week")
    write_workspace(folder)
    code, _, err = call(
        folder, "-q", "plan", "leads.csv", "--seats", "seats.csv", "--as-of", MONDAY
    )
    assert code == 0, err
    return folder


class Workspace:
    """A copy of the planned week: what was sent and what failed is up to the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (self.plan_folder,) = (folder / "reports").glob("2026-W48-*")
        rows = read_csv(self.plan_folder / "assignments.csv")
        self.sends = self._timed([row for row in rows if row["seat_id"]])

    @staticmethod
    def _timed(rows: list[Row]) -> list[Row]:
        """Give each send its time: ten minutes apart, paid and free ones mixed."""
        rows.sort(key=lambda row: (row["seat_id"], row["send_on"], row["lead_id"]))
        count: dict[tuple[str, str], int] = {}
        for row in rows:
            key = (row["seat_id"], row["send_on"])
            count[key] = count.get(key, -1) + 1
            hour, ten = divmod(count[key], 6)
            row["at"] = f"{row['send_on']}T{8 + hour:02d}:{ten}0:00Z"
        return rows

    def inmails(self, seat: str = "", since: str = "") -> list[Row]:
        """Return planned InMails in order of time."""
        return [
            row
            for row in sorted(self.sends, key=lambda row: (row["at"], row["lead_id"]))
            if row["route"] in INMAILS
            and row["seat_id"] == (seat or row["seat_id"])
            and row["at"] >= since
        ]

    def write(self, failed: Sequence[Row], name: str = "failed.csv", **more: str) -> None:
        """Write an export of failures."""
        write_csv(
            self.folder / name,
            (
                {"LinkedIn URL": row["linkedin_url"], "sender": row["seat_id"],
                 "failed at": row["at"], **more}
                for row in failed
            ),
        )  # fmt: skip

    def record_sent(self, failed: Sequence[Row], upto: str = "2026-12") -> None:
        """Record everything as sent that did not fail."""
        lost = {row["lead_id"] for row in failed}
        rows = (
            {"LinkedIn URL": row["linkedin_url"], "sender": row["seat_id"],
             "sent at": row["at"]}
            for row in self.sends
            if row["lead_id"] not in lost and row["at"] < upto
        )  # fmt: skip
        write_csv(self.folder / "sent.csv", rows)
        code, _, err = self.run("record", "sent.csv", "--as", "sent", "--as-of", SUNDAY)
        assert code == 0, err

    def record_balance(self, seat: str, credits: int, on: str) -> None:
        """Record a balance that somebody read."""
        line = {"seat": seat, "credits": str(credits), "date": on}
        write_csv(self.folder / "balance.csv", [line])
        code, _, err = self.run("record", "balance.csv", "--as-of", SUNDAY)
        assert code == 0, err

    def run(self, *arguments: str, text: str = "") -> tuple[int, str, str]:
        """Run a command here."""
        return call(self.folder, "-q", *arguments, text=text)

    def triage(self, *more: str, files: Sequence[str] = ("failed.csv",)) -> dict[str, Any]:
        """Run triage; return what it says as JSON."""
        as_of = () if "--as-of" in more else ("--as-of", SUNDAY)
        code, out, err = self.run(
            "triage", *files, "--seats", "later.csv", *as_of, "--json", *more
        )
        assert code == 0, err
        found: dict[str, Any] = json.loads(out)
        return found

    def plan(self, as_of: str = NEXT) -> list[Row]:
        """Plan the next week; return its assignments.

        A strong prior, as nobody here ever replies: the rates stay what they were.
        """
        before = set((self.folder / "reports").iterdir())
        code, _, err = self.run(
            "plan", "leads.csv", "--seats", "later.csv", "--as-of", as_of,
            "--param", "rate_prior_strength=100000",
        )  # fmt: skip
        assert code == 0, err
        (made,) = set((self.folder / "reports").iterdir()) - before
        return read_csv(made / "assignments.csv")

    def doubts(self) -> list[str]:
        """Return what the next plan would say of seats whose stop is not explained."""
        code, out, err = self.run(
            "plan", "leads.csv", "--seats", "later.csv", "--as-of", NEXT, "--dry-run",
            "--json",
        )  # fmt: skip
        assert code == 0, err
        issues = json.loads(out)["issues"]
        found = [one for one in issues if one["code"] == "seat-in-doubt"]
        assert {one["severity"] for one in found} <= {"warning"}
        return [one["message"] for one in found]

    def dump(self) -> str:
        """Return every line of the ledger."""
        with closing(sqlite3.connect(self.folder / "planner.db")) as database:
            return "\n".join(database.iterdump())

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """Return the lines of a table."""
        assert table in metadata.tables
        with closing(sqlite3.connect(self.folder / "planner.db")) as database:
            return database.execute(f"SELECT * FROM {table}").fetchall()


@pytest.fixture
def place(week: Path, tmp_path: Path) -> Workspace:
    """Return a copy of the planned workspace."""
    shutil.copytree(week, tmp_path / "copy")
    return Workspace(tmp_path / "copy")


def by_lead(rows: Iterable[Row]) -> dict[str, Row]:
    """Return rows by lead."""
    return {row["lead_id"]: row for row in rows}


def steps(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the failures of a document by lead."""
    return {one["lead_id"]: one for one in found["failures"]}


def seat_of(found: Mapping[str, Any], seat: str) -> dict[str, Any]:
    """Return the verdict on a seat."""
    verdict: dict[str, Any]
    (verdict,) = (one for one in found["seats"] if one["seat_id"] == seat)
    return verdict


# --- situations ---------------------------------------------------------------------


def test_a_seat_out_of_credits(place: Workspace) -> None:
    """From Thursday on nothing goes out, and somebody reads a balance of zero.

    The leads go to the other seats, on days of the week to come; the seat starts the
    next plan with nothing until its grant of 1 December.
    """
    failed = place.inmails("anna", "2026-11-26")
    assert len(failed) > 5
    place.write(failed)
    place.record_sent(failed)
    place.record_balance("anna", 0, "2026-11-28")
    found = place.triage("--apply")
    verdict = seat_of(found, "anna")
    assert (verdict["state"], verdict["assumed_credits"]) == ("exhausted", 0)
    assert verdict["since"][:10] == "2026-11-26"
    judged = steps(found)
    assert {one["cause"] for one in judged.values()} == {"credits_exhausted"}
    restarts = [one for one in judged.values() if one["next_step"] == "restart"]
    assert restarts
    assert {one["next_seat"] for one in restarts} <= {"piet", "tilda"}
    # The 29th is a Sunday. The grant of the 1st may come a day late, so the 1st is out.
    assert {one["next_on"] for one in restarts} <= {
        "2026-11-30", "2026-12-02", "2026-12-03", "2026-12-04",
    }  # fmt: skip
    plan = by_lead(place.plan())
    for one in restarts:
        assert plan[one["lead_id"]]["route"] == "excluded"
        assert "contacted" in plan[one["lead_id"]]["reason"]
    paid = [
        row
        for row in plan.values()
        if row["seat_id"] == "anna" and row["route"] == "paid_inmail"
    ]
    assert all(row["send_on"] > "2026-12-01" for row in paid)


def test_this_weeks_own_plan_takes_its_room_once(tmp_path: Path) -> None:
    """What the other seat has planned comes off its days once, and off nothing else.

    Anna has 15 credits above her reserve and plans 15 InMails, piet 17; on Monday all of
    anna's fail. Piet's days hold 8 paid InMails, Friday's 0.7 of that: 29 from Tuesday
    on, and at most 17 are planned on them. His velocity is 1.3 * 50 + 5 = 70 a week.
    """
    leads = [
        {"linkedin_url": profile(number), "first_name": "Alba", "title": "Head of Sales",
         "company": f"Quillbrook {number}", "open_profile": "no"}
        for number in range(300)
    ]  # fmt: skip
    seats = [
        {"seat_id": seat, "credits": credits, "credits_as_of": MONDAY,
         "inmails_last_28_days": "200", "reset_rule": "day:20"}
        for seat, credits in (("anna", "20"), ("piet", "22"))
    ]  # fmt: skip
    write_csv(tmp_path / "leads.csv", leads)
    write_csv(tmp_path / "seats.csv", seats)
    plan = ("plan", "leads.csv", "--seats", "seats.csv", "--as-of", MONDAY)
    assert call(tmp_path, "-q", *plan)[0] == 0
    (folder,) = (tmp_path / "reports").glob("2026-W48-*")
    paid = [
        row for row in read_csv(folder / "assignments.csv") if row["route"] == "paid_inmail"
    ]
    own = [row["send_on"] for row in paid if row["seat_id"] == "piet"]
    failed = [row for row in paid if row["seat_id"] == "anna"]
    assert (len(own), len(failed)) == (17, 15)
    write_csv(
        tmp_path / "failed.csv",
        (
            {"LinkedIn URL": row["linkedin_url"], "sender": "anna", "failed at": MONDAY}
            for row in failed
        ),
    )
    # Piet bought more: his credits limit nothing.
    now = [{**seats[0], "credits": "0"}, {**seats[1], "credits": "100"}]
    write_csv(
        tmp_path / "later.csv", [{**row, "credits_as_of": "2026-11-24"} for row in now]
    )
    code, out, err = call(
        tmp_path, "-q", "triage", "failed.csv", "--seats", "later.csv",
        "--as-of", "2026-11-24", "--json",
    )  # fmt: skip
    assert code == 0, err
    assert "sends-settled" not in out + err
    most = {"2026-11-24": 8, "2026-11-25": 8, "2026-11-26": 8, "2026-11-27": 5}
    room = {day: limit - own.count(day) for day, limit in most.items()}
    again = [one for one in json.loads(out)["failures"] if one["next_step"] == "restart"]
    assert {one["next_seat"] for one in again} == {"piet"}
    on = [one["next_on"] for one in again]
    assert all(on.count(day) <= room[day] for day in set(on))
    assert len(on) == min(len(failed), sum(room.values())) > 3


def is_idle(place: Workspace, seat: str, first: str, last: str) -> bool:
    """Return whether the forecast sends nothing from a seat on some days, at any pace."""
    code, out, err = place.run("forecast", "--as-of", SUNDAY, "--json")
    assert code == 0, err
    (found,) = (one for one in json.loads(out)["seats"] if one["seat_id"] == seat)
    return all(
        len({left for day, left, *_ in found[pace]["daily"] if first <= day <= last}) == 1
        for pace in ("planned", "present")
    )


def test_a_block_with_credits_left(place: Workspace) -> None:
    """Nothing goes out although 40 credits were seen: the seat is held, then slower."""
    failed = place.inmails("piet", "2026-11-26")
    place.write(failed)
    place.record_sent(failed)
    place.record_balance("piet", 40, "2026-11-28")
    found = place.triage("--apply")
    verdict = seat_of(found, "piet")
    last = max(row["at"] for row in failed)[:10]
    assert last == "2026-11-27"
    assert verdict["state"] == "velocity_block"
    assert verdict["held_until"] == "2026-12-04"  # the 27th and seven days
    assert verdict["assumed_credits"] is None
    assert "40 credits were seen" in verdict["words"]
    # Nothing goes on days 1 to 3 of December, also where the week was planned before.
    assert is_idle(place, "piet", "2026-12-01", "2026-12-03")
    plan = place.plan()
    own = [row for row in plan if row["seat_id"] == "piet"]
    assert all(row["send_on"] >= "2026-12-04" for row in own)
    assert is_idle(place, "piet", "2026-12-01", "2026-12-03")
    # Half of the pace of before: 0.5 * sends of four weeks / 4 * 1.3 + 5 at the most.
    sent = [row for row in place.inmails("piet") if row not in failed]
    num = sum(row["route"] in INMAILS for row in own)
    assert num <= 0.5 * len(sent) / 4 * 1.3 + 5


def test_nothing_goes_out_and_nobody_knows_why(place: Workspace) -> None:
    """Neither balance nor burst explains it: honest words, the balance stays.

    Leads that wait for the balance stay open, and are judged anew once it is read.
    """
    failed = place.inmails("anna", "2026-11-26")
    place.write(failed)
    place.record_sent(failed)
    found = place.triage("--apply", "--param", "max_inmails_per_day=1")
    verdict = seat_of(found, "anna")
    assert verdict["state"] == "stopped"
    assert verdict["asks_balance"]
    assert (verdict["assumed_credits"], verdict["held_until"]) == (None, "")
    assert "times its usual week" not in verdict["words"]
    assert "No credits left" in verdict["words"]
    assert "Credits left: LinkedIn blocks it" in verdict["words"]
    assert not [row for row in place.rows("balances") if row[-1] == "triage"]
    assert place.rows("seat_holds") == []
    judged = steps(found)
    waiting = {key for key, one in judged.items() if one["next_step"] == "wait"}
    assert waiting
    assert all(one["next_seat"] != "anna" or key in waiting for key, one in judged.items())
    (doubt,) = place.doubts()
    assert doubt.startswith(f"seat anna: on {SUNDAY} triage found that nothing goes out")
    assert f"planner void {found['name']} takes" in doubt
    place.record_balance("anna", 31, SUNDAY)
    (doubt,) = place.doubts()
    assert "31 credits were read on 2026-11-29: unless a grant brought them" in doubt
    again = place.triage("--apply")
    assert place.doubts() == []
    assert set(steps(again)) == waiting
    assert seat_of(again, "anna")["state"] == "velocity_block"


def test_inmail_off_here_and_there(place: Workspace) -> None:
    """Single failures among sends: requests now, and never an InMail by a later plan."""
    failed = place.inmails()[3::9]
    paid = [row for row in failed if row["route"] == "paid_inmail"]
    place.write(paid[::2], "told.csv", error="not_allowed_inmail")
    place.write(paid[1::2], "untold.csv")
    place.record_sent(paid)
    # Nobody has room for a request: the leads wait for the next plan.
    none = ("--param", "max_pending_connection_requests=0")
    found = place.triage("--apply", *none, files=("told.csv", "untold.csv"))
    assert {one["cause"] for one in found["failures"]} == {"inmail_off"}
    assert {one["state"] for one in found["seats"]} == {"fine"}
    assert found["next_steps"]["wait"] == len(paid)
    sure = {one["lead_id"] for one in found["failures"] if one["cause_probability"] >= 0.8}
    assert sure == {row["lead_id"] for row in paid[::2]}
    plan = by_lead(place.plan())
    assert {plan[key]["route"] for key in sure} == {"connection_request"}


def test_inmail_off_at_even_chances_is_no_flag(place: Workspace) -> None:
    """Below `inmail_off_evidence` the next plan may try an InMail again."""
    paid = [row for row in place.inmails()[3::9] if row["route"] == "paid_inmail"]
    place.write(paid)
    place.record_sent(paid)
    found = place.triage("--apply", "--param", "max_pending_connection_requests=0")
    assert max(one["cause_probability"] for one in found["failures"]) < 0.8
    plan = by_lead(place.plan())
    reasons = {plan[row["lead_id"]]["reason"] for row in paid}
    assert not [reason for reason in reasons if "accepts no InMails" in reason]


def test_free_inmails_are_not_dropped_on_weak_evidence(place: Workspace) -> None:
    """A free InMail that failed alone has no sure cause: it is tried again, not dropped."""
    free = [row for row in place.inmails() if row["route"] == "open_inmail"]
    place.write(free[1:2])
    place.record_sent(free[1:2])
    (one,) = place.triage()["failures"]
    assert one["cause_probability"] < 0.8
    assert one["next_step"] in ("restart", "connection_request")
    assert "not sure" in one["next_reason"]


def test_a_profile_that_is_gone_is_dropped_for_good(place: Workspace) -> None:
    """The error says so: the next plan leaves the lead out, and says why."""
    failed = [row for row in place.inmails("tilda") if row["route"] == "paid_inmail"][2:4]
    place.write(failed, error="invalid_recipient")
    place.record_sent(failed)
    found = place.triage("--apply")
    assert {one["next_step"] for one in found["failures"]} == {"drop"}
    assert min(one["cause_probability"] for one in found["failures"]) >= 0.8
    plan = by_lead(place.plan())
    for row in failed:
        assert plan[row["lead_id"]]["route"] == "excluded"
        assert "drop" in plan[row["lead_id"]]["reason"].casefold()


def test_waiting_leads_are_free_for_the_next_plan(place: Workspace) -> None:
    """Who waits for a grant is planned again by the plan after it."""
    failed = place.inmails("anna", "2026-11-26")
    place.write(failed)
    place.record_sent(failed)
    place.record_balance("anna", 0, "2026-11-28")
    none = ("--param", "max_inmails_per_day=0", "--param", "max_paid_inmails_per_day=0")
    found = place.triage("--apply", *none)
    paid = {row["lead_id"] for row in failed if row["route"] == "paid_inmail"}
    waiting = {
        key for key, one in steps(found).items() if one["next_route"] == "paid_inmail"
    }
    assert waiting == paid
    assert {steps(found)[key]["next_on"] for key in paid} == {"2026-12-02"}
    plan = by_lead(place.plan())
    assert "excluded" not in {plan[key]["route"] for key in waiting}
    assert all(plan[key]["seat_id"] for key in waiting)


# --- again --------------------------------------------------------------------------


def _some(place: Workspace) -> list[Row]:
    failed = place.inmails("anna", "2026-11-26")
    place.write(failed)
    place.record_sent(failed)
    place.record_balance("anna", 0, "2026-11-28")
    return failed


def test_apply_twice_is_once(place: Workspace) -> None:
    """The second time nothing is added, and the folder is the same."""
    _some(place)
    first = place.triage("--apply")
    ledger = place.dump()
    second = place.triage("--apply")
    assert place.dump() == ledger
    assert second == first
    # Without --apply it shows the same as well.
    assert {**place.triage(), "applied": True} == first
    assert place.dump() == ledger


def test_a_voided_triage_leaves_no_trace(place: Workspace) -> None:
    """Restarts, holds, assumed balances and causes go; that the InMails failed stays."""
    failed = place.inmails("anna", "2026-11-26")
    refused = place.inmails("piet")[3::9]
    place.write(failed)
    place.write(refused, "refused.csv", error="not_allowed_inmail")
    place.record_sent([*failed, *refused])
    place.record_balance("anna", 0, "2026-11-28")
    files = ("failed.csv", "refused.csv")
    first = place.triage("--apply", files=files)
    assert first["seats"][0]["assumed_credits"] == 0
    sent = [one for one in first["failures"] if one["next_on"] and one["next_seat"]
            and one["next_step"] != "wait"]  # fmt: skip
    code, out, err = place.run("void", first["name"], "--as-of", SUNDAY, "--json")
    assert code == 0, err
    done = json.loads(out)
    assert done["sends_freed"] == len(sent) > 0
    assert done["causes_dropped"] == len(failed) + len(refused)
    assert done["balances_dropped"] == ["anna"]
    # Once more: nothing is left to take back, nothing is appended.
    ledger = place.dump()
    again = json.loads(place.run("void", f"reports/{first['name']}", "--json")[1])
    assert (again["sends_freed"], again["balances_dropped"]) == (0, [])
    assert place.dump() == ledger
    # The same failures are judged anew, to the same end.
    second = place.triage("--apply", files=files)
    assert second["failures"] == first["failures"]
    assert second["seats"] == first["seats"]
    listed = json.loads(place.run("runs", "--json")[1])["triages"]
    assert [one["status"] for one in listed] == ["voided", "in force"]


def test_a_plan_after_a_voided_triage_is_as_without_it(
    place: Workspace, week: Path, tmp_path: Path
) -> None:
    """The next week's plan is the one of a ledger that knows the failures only."""
    untold = Workspace(Path(shutil.copytree(week, tmp_path / "untold")))
    for one in (place, untold):
        failed = one.inmails("anna", "2026-11-26")
        one.write(failed, status="failed")
        one.record_sent(failed)
        one.record_balance("anna", 0, "2026-11-28")
    name = place.triage("--apply")["name"]
    code, _, err = place.run("void", name, "--as-of", SUNDAY)
    assert code == 0, err
    code, _, err = untold.run("record", "failed.csv", "--as-of", SUNDAY)
    assert code == 0, err
    for mine, other in zip(place.plan(), untold.plan(), strict=True):
        assert mine == other


@pytest.mark.parametrize(
    ("name", "more", "code", "told"),
    [
        (
            "2026-W48-triage-00000000",
            (),
            3,
            "there is no triage '2026-W48-triage-00000000'",
        ),
        ("", ("--from", "2026-11-27"), 2, "leave --from out"),
    ],
)
def test_voiding_a_triage_that_cannot_be(
    place: Workspace, name: str, more: Sequence[str], code: int, told: str
) -> None:
    """One that was never applied, or a part of one: said, and nothing recorded."""
    _some(place)
    made = place.triage("--apply")["name"]
    ledger = place.dump()
    found, _, err = place.run("void", name or made, *more, "--as-of", SUNDAY)
    assert found == code
    assert told in err
    assert place.dump() == ledger


def test_without_apply_nothing_is_recorded(place: Workspace) -> None:
    """The ledger's file stays as it is, byte for byte; the lists are written."""
    _some(place)
    before = (place.folder / "planner.db").read_bytes()
    found = place.triage()
    assert (place.folder / "planner.db").read_bytes() == before
    assert found["applied"] is False
    folder = place.folder / found["folder"]
    assert (folder / "triage.xlsx").is_file()
    assert (folder / "getsales" / "README.md").is_file()


def test_a_dry_run_writes_nothing(place: Workspace) -> None:
    """Neither in the ledger nor in the folder, also with --apply."""
    _some(place)

    def files() -> dict[Path, bytes]:
        every = place.folder.rglob("*")
        return {path: path.read_bytes() for path in every if path.is_file()}

    before = files()
    found = place.triage("--dry-run", "--apply")
    assert files() == before
    assert (found["folder"], found["applied"]) == (None, False)


@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--apply",)])
def test_no_ledger_at_all(place: Workspace, more: tuple[str, ...]) -> None:
    """Strangers' failures are judged all the same; only --apply makes a ledger."""
    failed = place.inmails()[:4]
    place.write(failed)
    (place.folder / "planner.db").unlink()
    code, out, err = place.run(
        "triage", "failed.csv", "--seats", "seats.csv", "--as-of", SUNDAY, "--json", *more
    )
    assert code == 0, err
    assert len(json.loads(out)["failures"]) == 4
    assert (place.folder / "planner.db").exists() is (more == ("--apply",))
    if more == ("--apply",):
        ledger = place.dump()
        code, out, err = place.run(
            "triage", "failed.csv", "--seats", "seats.csv", "--as-of", "2026-12-06",
            "--json", "--apply",
        )  # fmt: skip
        assert code == 0, err
        assert json.loads(out)["failures"] == []
        assert place.dump() == ledger


def test_a_cumulative_export_brings_only_what_is_new(place: Workspace) -> None:
    """Old failures in next week's export are noted, and left as they are."""
    old = _some(place)
    place.triage("--apply")
    lost = {row["lead_id"] for row in old}
    new = [row for row in place.inmails("tilda") if row["lead_id"] not in lost][:2]
    place.write([*old, *new])
    code, out, err = place.run(
        "triage", "failed.csv", "--seats", "later.csv", "--as-of", "2026-12-06", "--apply",
        "--json",
    )  # fmt: skip
    assert code == 0, err
    found = json.loads(out)
    assert {one["lead_id"] for one in found["failures"]} == {row["lead_id"] for row in new}
    notes = [one for one in found["issues"] if one["code"] == "triaged-before"]
    assert len(notes) == len(old)


def test_dates_are_not_needed(place: Workspace) -> None:
    """Without dates the planned days count; a second time all is known."""
    failed = _some(place)
    rows = ({"LinkedIn URL": row["linkedin_url"]} for row in failed)
    write_csv(place.folder / "failed.csv", rows)
    found = place.triage("--apply")
    assert {one["failed_on"] for one in found["failures"]} == {"2026-11-26", "2026-11-27"}
    assert seat_of(found, "anna")["state"] == "exhausted"
    assert place.triage("--as-of", "2026-12-06")["failures"] == []


def test_a_restart_that_fails_again_is_not_tried_a_third_time(place: Workspace) -> None:
    """The second failure of a lead leads to a request or a wait, never to an InMail."""
    old = _some(place)
    first = place.triage("--apply")
    again = [one for one in first["failures"] if one["next_step"] == "restart"][:3]
    url = {row["lead_id"]: row["linkedin_url"] for row in old}
    rows = [
        {"LinkedIn URL": url[one["lead_id"]], "sender": one["next_seat"],
         "failed at": f"{one['next_on']}T10:00:00Z"}
        for one in again
    ]  # fmt: skip
    write_csv(place.folder / "failed.csv", rows)
    found = place.triage("--apply", "--as-of", "2026-12-06")
    assert set(steps(found)) == {one["lead_id"] for one in again}
    assert {one["next_step"] for one in found["failures"]} <= {"connection_request", "wait"}
    assert not {one["next_route"] for one in found["failures"]} & set(INMAILS)


def test_a_lead_planned_again_is_left_alone(place: Workspace) -> None:
    """A failure that nobody triaged, but that the next plan took up, needs no step."""
    failed = place.inmails("tilda")[:3]
    place.write(failed)
    place.record_sent(failed)
    code, _, err = place.run("record", "failed.csv", "--as", "failed", "--as-of", SUNDAY)
    assert code == 0, err
    plan = by_lead(place.plan())
    planned = {row["lead_id"] for row in failed if plan[row["lead_id"]]["seat_id"]}
    assert planned
    found = place.triage("--as-of", "2026-12-01")
    assert not set(steps(found)) & planned
    notes = [one for one in found["issues"] if one["code"] == "contacted-since"]
    assert len(notes) == len(planned)


def test_a_partial_export_does_not_empty_a_seat(place: Workspace) -> None:
    """Nothing was recorded as sent: planned InMails are weak evidence, both ways."""
    place.write(place.inmails("anna", "2026-11-26")[:2])
    found = place.triage("--apply")
    assert seat_of(found, "anna")["state"] == "fine"
    assert not [row for row in place.rows("balances") if row[-1] == "triage"]


# --- files --------------------------------------------------------------------------


def test_standard_input(place: Workspace) -> None:
    """A pipe is a file like any other."""
    place.write(place.inmails()[:2])
    text = (place.folder / "failed.csv").read_text("utf-8")
    code, out, err = place.run(
        "triage", "-", "--seats", "later.csv", "--as-of", SUNDAY, "--json", text=text
    )
    assert code == 0, err
    assert len(json.loads(out)["failures"]) == 2


def test_a_bad_row_is_exit_3_and_the_rest_is_judged(place: Workspace) -> None:
    """A row without a person is reported with its place; the others go on."""
    failed = place.inmails()[:2]
    place.write([*failed, {**failed[0], "linkedin_url": ""}])
    code, out, err = place.run(
        "triage", "failed.csv", "--seats", "later.csv", "--as-of", SUNDAY, "--json"
    )
    assert code == 3, err
    found = json.loads(out)
    assert len(found["failures"]) == 2
    assert [(one["code"], one["row"]) for one in found["issues"]
            if one["severity"] == "error"] == [("no-identity", 4)]  # fmt: skip


def test_nothing_failed_is_exit_3(place: Workspace) -> None:
    """A file that says that all went well has nothing to judge."""
    rows = [
        {"LinkedIn URL": row["linkedin_url"], "status": "sent"} for row in place.inmails()
    ]
    write_csv(place.folder / "failed.csv", rows)
    code, _, err = place.run(
        "triage", "failed.csv", "--seats", "later.csv", "--as-of", SUNDAY
    )
    assert code == 3
    assert "nothing to judge" in err


def test_of_a_task_export_only_failed_inmails_count(place: Workspace) -> None:
    """What was sent is evidence; failed requests are no business of triage."""
    inmails = place.inmails("tilda")[:6]
    requests = place.inmails("piet")[:2]  # the automation went on to a request
    tasks = [
        *((row, "closed", "linkedin_send_inmail") for row in inmails[:2]),
        (inmails[2], "failed", "linkedin_send_inmail"),
        *((row, "closed", "linkedin_send_inmail") for row in inmails[3:]),
        *((row, "failed", "linkedin_send_connection_request") for row in requests),
    ]
    write_csv(
        place.folder / "failed.csv",
        (
            {"LinkedIn URL": row["linkedin_url"], "type": kind, "status": status,
             "sender": row["seat_id"], "executed_at": row["at"]}
            for row, status, kind in tasks
        ),
    )  # fmt: skip
    found = place.triage("--apply")
    assert [one["lead_id"] for one in found["failures"]] == [inmails[2]["lead_id"]]
    assert "sent 3 paid InMails after this one" in found["failures"][0]["evidence"]
    kinds = [row[3] for row in place.rows("outcomes")]
    assert sorted(kinds) == ["failed", *["sent"] * 5]

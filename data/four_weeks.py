"""Play four simulated weeks through the real commands: ``python data/four_weeks.py DIR``.

A small world (`world`) has a hidden truth: who is open, who has InMail off, what each
seat's balance really is, which seat LinkedIn slows down, whose owner sends by hand. Each
Monday this writes lead exports and a seat inventory and runs ``planner plan``; it carries
out what the import files say, writes exports of what happened in the forms that users
have, and runs ``record``, ``triage`` and ``forecast``. The program works in
``DIR/workspace``; what it must not know goes to ``DIR/world``.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from world import (
    BLOCKED,
    CAP,
    DAY,
    EXHAUSTED,
    FIRST_MONDAY,
    GONE,
    GRANT,
    INMAILS,
    MESSAGE,
    OFF,
    READ_ON_FRIDAY,
    REQUEST,
    STATED,
    TEXTS,
    Attempt,
    Sender,
    Task,
    World,
    getsales_list,
    people,
    public_list,
    sales_list,
    senders,
    write_csv,
)

from planner import cli

FRIDAY = 4

# --- the play ---------------------------------------------------------------------

SALES_FILE = "exports/sales-navigator.csv"
#: Who wants no contact, kept from the second Wednesday on.
REFUSING_FILE = "do-not-contact.csv"
_TASKS = (
    "uuid", "lead_uuid", "LinkedIn URL", "sender_profile_uuid", "type", "status",
    "automation_error_code", "error_msg", "executed_at",
)  # fmt: skip
_TYPES = {
    "open_inmail": "linkedin_send_inmail", "paid_inmail": "linkedin_send_inmail",
    REQUEST: "linkedin_send_connection_request", MESSAGE: "linkedin_send_message",
}  # fmt: skip


class Play:
    """The weeks, command by command."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.workspace = folder / "workspace"
        self.truth = folder / "world"
        everybody = people(seed, 575)
        self.everybody = everybody
        self.world = World(
            people={person.number: person for person in everybody},
            senders={sender.seat_id: sender for sender in senders()},
        )
        self.by_key = {
            key: person.number
            for person in everybody
            for key in (person.slug, person.sales_id, person.uuid)
        }
        self.seat_of = {one.name: one.seat_id for one in self.world.senders.values()}
        self.steps: list[dict[str, Any]] = []
        self.triaged_until = ""
        self.runs: list[str] = []
        self.week = 0
        self.today = FIRST_MONDAY

    # --- commands -----------------------------------------------------------------

    def run(self, step: str, *arguments: str) -> dict[str, Any]:
        """Run one command with ``--json`` through the real entry point; note it."""
        out, err = io.StringIO(), io.StringIO()
        line = [*arguments, "--json", "--ledger", "planner.db"]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.run(line)
        text = out.getvalue()
        found: dict[str, Any] = json.loads(text) if text.strip() else {}
        self.steps.append(
            {"step": step, "week": self.week, "today": self.today.isoformat(),
             "arguments": line, "code": code, "stderr": err.getvalue(), "result": found}
        )  # fmt: skip
        if code:
            self.save()
            raise SystemExit(f"planner {' '.join(line)}: exit {code}\n{err.getvalue()}")
        return found

    def plan(self, lists: Sequence[str], seats: str, *more: str) -> str:
        """Plan; in odd weeks plan again, which must change nothing."""
        line = (
            "plan", *lists, "--seats", seats, "--as-of", self.today.isoformat(),
            "--scraped-by", "anna",
        )  # fmt: skip
        if Path(REFUSING_FILE).exists():
            line = (*line, "--exclude", REFUSING_FILE)
        made = self.run("plan", *line, *more)
        if self.week % 2:
            before = digest(self.workspace / made["folder"])
            again = self.run("plan-again", *line)
            is_same = made["run_id"] == again["run_id"]
            is_same = is_same and before == digest(self.workspace / made["folder"])
            self.steps[-1]["same"] = is_same
        name = Path(made["folder"]).name
        self.runs.append(name)
        return name

    def enqueue(self, folder: Path, run: str) -> None:
        """Import a folder's files into GetSales: contacts move from their old lists."""
        for path in sorted((self.workspace / folder / "getsales").glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as lines:
                for row in csv.DictReader(lines):
                    person = self.whose(row)
                    self.world.queue = [
                        task for task in self.world.queue if task.person != person
                    ]
                    self.world.queue.append(
                        Task(
                            run=run, seat_id=self.seat_of[row["plan_sender"]],
                            route=row["plan_route"], send_on=row["plan_send_on"],
                            person=person, url=row["LinkedIn URL"],
                        )
                    )  # fmt: skip

    def whose(self, row: Mapping[str, str]) -> int:
        """Return the true person of a line of an import file."""
        path = unquote(urlsplit(row.get("LinkedIn URL", "")).path).strip("/")
        keys = (
            path.rsplit("/", 1)[-1].split(",")[0], row.get("Sales Navigator ID", ""),
            row.get("System UUID", ""),
        )  # fmt: skip
        return next(self.by_key[key] for key in keys if key in self.by_key)

    # --- files --------------------------------------------------------------------

    def seat_file(self, name: str, **wrong: int) -> str:
        """Write the inventory of this Monday; some seats' credits are left blank."""
        rows = []
        stated = STATED[(self.week - 1) % len(STATED)]
        for sender in self.world.senders.values():
            is_stated = sender.seat_id in stated
            known: object = sender.credits if is_stated else ""
            past = self.past_inmails(sender) if sender.inmails_before else ""
            away = "" if sender.away is None else f"{sender.away[0]}..{sender.away[1]}"
            rows.append(
                (
                    sender.seat_id, sender.name, sender.uuid,
                    wrong.get(sender.seat_id, known), self.today if is_stated else "",
                    "month" if sender.reset_day == 1 else f"day:{sender.reset_day}",
                    GRANT, CAP, sender.reserve, past, 8, 5, 4, 16, away,
                )
            )  # fmt: skip
        header = (
            "seat_id", "sender", "sender_profile_uuid", "credits", "credits_as_of",
            "reset_rule", "monthly_grant", "credit_cap", "reserve", "inmails_last_28_days",
            "max_inmails_per_day", "max_paid_inmails_per_day",
            "max_connection_requests_per_day", "max_connection_requests_per_week", "away",
        )  # fmt: skip
        write_csv(self.workspace / name, header, rows)
        return name

    def past_inmails(self, sender: Sender) -> int:
        """Return the InMails of a seat's last 28 days; before the play it had a pace."""
        first = self.today - 28 * DAY
        before = max(0, (FIRST_MONDAY - first).days)
        sent = sum(
            one.seat_id == sender.seat_id and one.route in INMAILS and not one.cause
            and one.at >= first.isoformat()
            for one in self.world.attempts
        )  # fmt: skip
        return sent + sender.inmails_before * before // 28

    def happened(self) -> list[str]:
        """Write what happened until yesterday in the forms that users have."""
        stem = f"outcomes/{self.today}"
        files = [*self.sheets_of("anna"), f"{stem}-bruno.csv", f"{stem}-tasks.csv"]
        own = [one for one in self.world.attempts if one.seat_id == "bruno"]
        write_csv(
            self.workspace / files[-2],
            ("LinkedIn URL", "Sender", "Route", "Status", "Date", "Credit used", "Error"),
            [
                (
                    one.url, "Bruno Worldby", one.route, "failed" if one.cause else "sent",
                    one.at, "yes" if one.credit_used else "no", TEXTS.get(one.cause, ""),
                )
                for one in own
            ],
        )  # fmt: skip
        # What triage sent on its way stands in no sheet of a plan.
        others = [
            one for one in self.world.attempts
            if one.seat_id not in ("anna", "bruno")
            or (one.seat_id == "anna" and one.run not in self.runs)
        ]  # fmt: skip
        rows = [*map(self.task_row, others), *map(self.canceled_row, self.world.canceled)]
        write_csv(self.workspace / files[-1], _TASKS, rows)
        for kind, header in (("replied", "Replied at"), ("accepted", "Accepted at")):
            answers = [one for one in self.world.answers if one.kind == kind]
            if answers:
                files.append(f"{stem}-{kind}.csv")
                write_csv(
                    self.workspace / files[-1], ("LinkedIn URL", "Sender", header),
                    [
                        (one.url, self.world.senders[one.seat_id].name, one.at)
                        for one in answers
                    ],
                )  # fmt: skip
        return files

    def task_row(self, one: Attempt) -> tuple[object, ...]:
        """Return a task of GetSales, joined with the contact's URL."""
        return (
            f"task-{one.at}-{one.person}", self.world.people[one.person].uuid, one.url,
            self.world.senders[one.seat_id].uuid, _TYPES[one.route],
            "failed" if one.cause else "closed", "unknown" if one.cause else "",
            TEXTS.get(one.cause, ""), one.at,
        )  # fmt: skip

    def canceled_row(self, task: Task) -> tuple[object, ...]:
        """Return a task that was canceled because its seat was held."""
        return (
            f"task-{task.send_on}-{task.person}", self.world.people[task.person].uuid,
            task.url, self.world.senders[task.seat_id].uuid, _TYPES[task.route],
            "canceled", "", "", "",
        )  # fmt: skip

    def sheets_of(self, seat_id: str) -> list[str]:
        """Fill in the status column of a seat's sheet, in a copy of each workbook."""
        from openpyxl import load_workbook

        files = []
        for run in self.runs[-2:]:
            done = {
                one.person: "failed" if one.cause else "sent"
                for one in self.world.attempts
                if one.run == run and one.seat_id == seat_id
            }
            if not done:
                continue
            book = load_workbook(self.workspace / "reports" / run / "plan.xlsx")
            for name in book.sheetnames:
                if name != seat_id:
                    del book[name]
            self.fill(book[seat_id], run, done)
            files.append(f"outcomes/{self.today}-{seat_id}-{run}.xlsx")
            book.save(self.workspace / files[-1])
        return files

    def fill(self, sheet: Any, run: str, done: Mapping[int, str]) -> None:
        """Write statuses below the header ``status``."""
        by_lead = self.persons_of(run)
        rows = list(sheet.iter_rows())
        start = next(k for k, row in enumerate(rows) if row[0].value == "day")
        column = {cell.value: k for k, cell in enumerate(rows[start])}
        for row in rows[start + 1 :]:
            person = by_lead.get(str(row[column["lead id"]].value))
            if person is not None and person in done:
                row[column["status"]].value = done[person]

    def persons_of(self, run: str) -> dict[str, int]:
        """Return the true person of each lead id of a run."""
        path = self.workspace / "reports" / run / "assignments.csv"
        with path.open(encoding="utf-8", newline="") as lines:
            return {
                row["lead_id"]: self.whose({"LinkedIn URL": row["linkedin_url"]})
                for row in csv.DictReader(lines)
                if row["linkedin_url"]
            }

    # --- days ---------------------------------------------------------------------

    def record(self) -> None:
        """Record what happened, and the same files once more."""
        files = self.happened()
        if self.today.weekday() == FRIDAY:
            seen = READ_ON_FRIDAY[(self.week - 1) % len(READ_ON_FRIDAY)]
            files.append(self.balance_file("balances", seen))
        line = ("record", *files, "--as-of", self.today.isoformat())
        self.run("record", *line)
        if self.today.weekday() == FRIDAY:
            self.run("record-again", *line)

    def balance_file(self, name: str, seats: Iterable[str]) -> str:
        """Read some seats' balances off LinkedIn, and write them down."""
        path = f"outcomes/{self.today}-{name}.csv"
        rows = [
            (seat, self.world.senders[seat].credits, self.today.isoformat())
            for seat in seats
        ]
        header = ("Seat", "InMail credits", "Credits as of")
        write_csv(self.workspace / path, header, rows)
        return path

    def triage(self) -> None:
        """Sort the failures since the last triage, and import what comes of them.

        First look, read the balances that triage asks for, then apply.
        """
        since, today = self.triaged_until, self.today.isoformat()
        failed = [
            one for one in self.world.attempts
            if one.cause and one.route in INMAILS and since <= one.at < today
        ]  # fmt: skip
        self.triaged_until = today
        if not failed:
            return
        name = f"outcomes/{today}-failed.csv"
        write_csv(self.workspace / name, _TASKS, map(self.task_row, failed))
        line = (
            "triage", name, "--seats", f"seats-{self.week}.csv", "--as-of", today,
            "--out", "reports",
        )  # fmt: skip
        looked = self.run("triage", *line)
        asked = [one["seat_id"] for one in looked["seats"] if one["asks_balance"]]
        if asked:
            path = self.balance_file("asked", asked)
            self.run("record-asked", "record", path, "--as-of", today)
        found = self.run("triage-apply", *line, "--apply")
        for seat in found["seats"]:
            if seat["held_until"]:
                self.world.held[seat["seat_id"]] = seat["held_until"]
        folder = Path(found["folder"])
        self.enqueue(folder, folder.name)

    def monday(self) -> None:
        """Record the end of last week, and plan this one."""
        lists = self.lists()
        if self.week > 1:
            self.record()
        if self.week == 3:
            self.forget()
            wrong = self.seat_file("seats-wrong.csv", edda=140)
            name = self.plan(lists, wrong)
            self.runs.remove(name)
            self.void(name)
        seats = self.seat_file(f"seats-{self.week}.csv")
        self.enqueue(Path("reports") / self.plan(lists, seats), self.runs[-1])

    def void(self, name: str) -> None:
        """Void a run that nobody carried out."""
        out = io.StringIO()
        line = ["void", name, "--as-of", self.today.isoformat(), "--ledger", "planner.db"]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = cli.run(line)
        self.steps.append(
            {"step": "void", "week": self.week, "today": self.today.isoformat(),
             "arguments": line, "code": code, "stderr": "", "result": {"run": name}}
        )  # fmt: skip

    def lists(self) -> list[str]:
        """Write the list that arrives this week; return the lists that are planned."""
        who, folder = self.everybody, self.workspace
        if self.week == 1:
            public_list(folder / "exports/public.csv", who[:230])
            return ["exports/public.csv"]
        if self.week == 2:
            sales_list(folder / SALES_FILE, [*who[:100], *who[230:400]], ())
            return ["exports/public.csv", SALES_FILE]
        if self.week == 3:
            # Without the older lists: the ledger alone knows who was contacted.
            known, hidden = [*who[20:120], *who[230:300]], who[20:60] + who[230:260]
            getsales_list(
                folder / "exports/getsales.csv", [*known, *who[400:560]],
                [person.number for person in hidden],
            )  # fmt: skip
            return ["exports/getsales.csv"]
        return ["exports/public.csv", SALES_FILE, "exports/getsales.csv"]

    def wednesday(self) -> None:
        """Correct a list in the second week: some want no contact, some were missing."""
        who = self.everybody
        refusing = [person.number for person in who[235:250]]
        write_csv(
            self.workspace / REFUSING_FILE, ("LinkedIn URL", "Sales Navigator ID"),
            [(person.url, person.sales_id) for person in who[235:250]],
        )  # fmt: skip
        members = [*who[:100], *who[230:400], *who[560:575]]
        sales_list(self.workspace / SALES_FILE, members, refusing)
        name = self.plan(["exports/public.csv", SALES_FILE], "seats-2.csv", "--supersede")
        self.world.queue.clear()
        self.enqueue(Path("reports") / name, name)
        self.steps.append({"step": "correction", "week": self.week, "refusing": refusing})

    def forget(self) -> None:
        """Forget somebody who was contacted; keep a copy of the workspace as it is then."""
        touched = {one.person for one in self.world.attempts if not one.cause}
        person = next(p for p in self.everybody[20:60] if p.number in touched)
        lead_ids = {
            lead for run in self.runs for lead, number in self.persons_of(run).items()
            if number == person.number
        }  # fmt: skip
        self.run(
            "forget", "forget", person.url,
            f"https://www.linkedin.com/sales/lead/{person.sales_id}", person.uuid,
            "--as-of", self.today.isoformat(),
        )  # fmt: skip
        copy = self.truth / "after-forget"
        shutil.copytree(self.workspace / "reports", copy / "reports")
        for path in self.workspace.glob("planner.db*"):
            shutil.copy2(path, copy / path.name)
        self.steps.append(
            {"step": "forgotten", "week": self.week, "person": person.number,
             "lead_ids": sorted(lead_ids)}
        )  # fmt: skip

    def friday(self) -> None:
        """Record the week so far, sort the failures, look ahead."""
        self.record()
        if self.week == 2:
            self.look_up()
        self.triage()
        self.run("forecast", "forecast", "--as-of", self.today.isoformat())

    def look_up(self) -> None:
        """Look up whether some people are open, and record it."""
        path = f"outcomes/{self.today}-looked-up.csv"
        chosen = self.everybody[200:230]
        rows = [
            (person.url, "yes" if person.is_open else "no", self.today) for person in chosen
        ]
        header = ("LinkedIn URL", "Open Profile", "Looked up on")
        write_csv(self.workspace / path, header, rows)
        self.run("look-up", "record", path, "--as-of", self.today.isoformat())
        self.steps[-1]["persons"] = [person.number for person in chosen]

    def one_week(self) -> None:
        """Play seven days."""
        for weekday in range(7):
            self.today = FIRST_MONDAY + ((self.week - 1) * 7 + weekday) * DAY
            self.world.morning(self.today)
            if weekday == 0:
                self.monday()
            if weekday == 2 and self.week == 2:
                self.wednesday()
            if weekday == FRIDAY:
                self.friday()
            self.world.live(self.today)

    def play(self, weeks: int) -> None:
        """Play all weeks, then record the rest and ask what was learned."""
        for sub in ("exports", "outcomes"):
            (self.workspace / sub).mkdir(parents=True)
        with contextlib.chdir(self.workspace):
            for week in range(1, weeks + 1):
                self.week = week
                self.one_week()
            self.today += DAY
            self.world.morning(self.today)
            self.record()
            as_of = ("--as-of", self.today.isoformat())
            self.run("forecast", "forecast", *as_of)
            self.run("estimate", "estimate", *self.lists_so_far(), *as_of)
            self.run("runs", "runs")
            for name in self.runs:
                self.run("show", "show", name)
            if weeks > 1:
                self.run("diff", "diff", self.runs[0], self.runs[-1])
        self.save()

    def lists_so_far(self) -> list[str]:
        """Return the exports that are there."""
        return sorted(f"exports/{path.name}" for path in Path("exports").glob("*.csv"))

    def save(self) -> None:
        """Write what the world knows."""
        self.truth.mkdir(parents=True, exist_ok=True)
        document = {
            "people": [asdict(person) for person in self.everybody],
            "senders": [asdict(sender) for sender in self.world.senders.values()],
            "attempts": [asdict(one) for one in self.world.attempts],
            "answers": [asdict(one) for one in self.world.answers],
            "canceled": [asdict(one) for one in self.world.canceled],
            "balances": self.world.balances, "by_hand": self.world.by_hand,
            "runs": self.runs, "steps": self.steps,
        }  # fmt: skip
        text = json.dumps(document, indent=1, default=str)
        (self.truth / "truth.json").write_text(text + "\n", encoding="utf-8")

    # --- table --------------------------------------------------------------------

    def table(self, weeks: int) -> list[tuple[str, ...]]:
        """Return the header and one line per week."""
        header = (
            "week", "planned", "sent", "failed", "replies", "accepted", "no credits",
            "InMail off", "blocked", "gone", "causes right", "false empty seats",
        )  # fmt: skip
        return [header, *(self.table_line(week) for week in range(1, weeks + 1))]

    def table_line(self, week: int) -> tuple[str, ...]:
        """Return what was planned and what happened in one week."""
        tried = [one for one in self.world.attempts if one.week == week]
        causes = Counter(one.cause for one in tried)
        first = FIRST_MONDAY + (week - 1) * 7 * DAY
        span = (first.isoformat(), (first + 7 * DAY).isoformat())
        answers = Counter(a.kind for a in self.world.answers if span[0] <= a.at < span[1])
        right, judged, false = self.triage_score(week)
        return tuple(
            str(value)
            for value in (
                week, len(tried) + sum(span[0] <= c.send_on < span[1]
                                       for c in self.world.canceled),
                causes[""], len(tried) - causes[""], answers["replied"],
                answers["accepted"], causes[EXHAUSTED], causes[OFF], causes[BLOCKED],
                causes[GONE], f"{right} of {judged}", false,
            )
        )  # fmt: skip

    def triage_score(self, week: int) -> tuple[int, int, int]:
        """Return causes found right, causes judged, and seats falsely called empty."""
        found = [
            step for step in self.steps
            if step["step"] == "triage-apply" and step["week"] == week
        ]  # fmt: skip
        right = judged = false = 0
        for step in found:
            day = step["today"]
            failed = {
                (one.url, one.at): one.cause for one in self.world.attempts if one.cause
            }
            with Path(self.workspace / f"outcomes/{day}-failed.csv").open() as lines:
                rows = list(csv.DictReader(lines))
            for failure in step["result"]["failures"]:
                row = rows[failure["source_row"] - 2]
                truth = failed[row["LinkedIn URL"], row["executed_at"]]
                judged += 1
                right += failure["cause"] == truth
            empty = {s["seat_id"] for s in step["result"]["seats"]
                     if s["state"] == "exhausted"}  # fmt: skip
            true = {
                one.seat_id for one in self.world.attempts
                if one.cause == EXHAUSTED and one.at < day
            }  # fmt: skip
            false += len(empty - true)
        return right, judged, false


def digest(folder: Path) -> str:
    """Return a hash of all files below a folder."""
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found.update(str(path.relative_to(folder)).encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def main() -> None:
    """Play, then print one line per week."""
    parser = argparse.ArgumentParser(description="Play simulated weeks with planner.")
    parser.add_argument("dir", type=Path, metavar="DIR", help="where; must not exist")
    parser.add_argument("--weeks", type=int, default=4, choices=(1, 2, 3, 4))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.dir.exists() and any(given.dir.iterdir()):
        parser.error(f"{given.dir} is not empty")
    os.environ.pop("PLANNER_LEDGER", None)
    cli.collect_rarely()
    play = Play(given.dir.absolute(), given.seed)
    play.play(given.weeks)
    lines = play.table(given.weeks)
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    for line in lines:
        print(
            "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        )


if __name__ == "__main__":
    main()

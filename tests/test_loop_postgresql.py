"""Two weeks through the real commands, with the ledger on PostgreSQL."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import ledger_factory as make
from planner import cli
from postgres import fresh_database

SATURDAY, SUNDAY, NEXT = "2026-11-28", "2026-11-29", "2026-11-30"
LEADS = 40


def write_csv(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Write rows of equal keys."""
    every = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(every[0]))
        writer.writeheader()
        writer.writerows(every)


class Loop:
    """A workspace whose commands all end well, with the ledger at `url`."""

    def __init__(self, folder: Path, url: str) -> None:
        folder.mkdir()
        self.folder, self.url = folder, url
        make.write_lists(folder, range(LEADS))
        # As people keep it from the second week on: the ledger knows the balances.
        write_csv(folder / "later.csv", ({"seat_id": seat} for seat in ("anna", "piet")))

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run a command; return its document."""
        out, err = io.StringIO(), io.StringIO()
        with chdir(self.folder), redirect_stdout(out), redirect_stderr(err):
            code = cli.run(["-q", *arguments, "--json", "--ledger", self.url])
        assert code == 0, err.getvalue()
        document: dict[str, Any] = json.loads(out.getvalue())
        return document

    def assigned(self, document: Mapping[str, Any]) -> list[dict[str, str]]:
        """Return a run's assignments."""
        path = self.folder / document["folder"] / "assignments.csv"
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def write_week(self, sends: Iterable[Mapping[str, str]]) -> None:
        """Write what went out, and what failed: all InMails of anna's from Thursday on."""
        told = [
            {
                "LinkedIn URL": row["linkedin_url"], "sender": row["seat_id"],
                "date": row["send_on"],
                "status": "failed"
                if row["seat_id"] == "anna"
                and row["route"].endswith("inmail")
                and row["send_on"] >= "2026-11-26"
                else "sent",
            }
            for row in sends
        ]  # fmt: skip
        write_csv(self.folder / "sent.csv", (r for r in told if r["status"] == "sent"))
        write_csv(self.folder / "failed.csv", (r for r in told if r["status"] == "failed"))
        balance = {"seat": "anna", "credits": "0", "date": SATURDAY}
        write_csv(self.folder / "balance.csv", [balance])


def two_weeks(loop: Loop) -> dict[str, Any]:
    """Plan, record, triage, forecast, plan again and forget; return what was said."""
    found: dict[str, Any] = {}
    inventory = ("--seats", "later.csv")
    plan = loop.run("plan", "leads.csv", "--seats", "seats.csv", "--as-of", make.MONDAY)
    first = loop.assigned(plan)
    loop.write_week(row for row in first if row["send_on"])
    loop.run("record", "sent.csv", "balance.csv", "--as-of", SUNDAY)
    triage = ("triage", "failed.csv", *inventory, "--apply", "--as-of", SUNDAY)
    found["triage"] = loop.run(*triage)
    found["triage again"] = loop.run(*triage)
    found["void"] = loop.run("void", found["triage"]["name"], "--as-of", SUNDAY)
    found["triage anew"] = loop.run(*triage)
    found["runs"] = [one["status"] for one in loop.run("runs")["triages"]]
    found["forecast"] = loop.run("forecast", *inventory, "--as-of", SUNDAY)
    found["estimate"] = loop.run("estimate", "leads.csv", "--as-of", NEXT)
    again = loop.run("plan", "leads.csv", *inventory, "--as-of", NEXT)
    found["first"], found["second"] = first, loop.assigned(again)
    found["diff"] = loop.run("diff", plan["run_id"], again["run_id"])
    found["show"] = loop.run("show", plan["run_id"])["progress"]
    found["forget"] = loop.run("forget", make.profile(0), "--as-of", NEXT)
    loop.run("void", again["run_id"], "--as-of", NEXT)
    found["third"] = loop.assigned(
        loop.run("plan", "leads.csv", *inventory, "--as-of", NEXT)
    )
    return found


def test_two_weeks_are_the_same_on_postgresql(tmp_path: Path) -> None:
    """Plan, record, triage, forecast, plan and forget say what they say on SQLite."""
    with fresh_database() as database:
        found = two_weeks(Loop(tmp_path / "postgresql", database.url))
        marks = database.query("SELECT COUNT(*) FROM forgotten")
        kept = database.query("SELECT COUNT(*) FROM identities WHERE value LIKE '%-0000%'")
    plain = two_weeks(Loop(tmp_path / "sqlite", "planner.db"))
    assert found["triage"]["applied"]
    assert {one["cause"] for one in found["triage"]["failures"]} == {"credits_exhausted"}
    assert found["triage again"]["failures"] == found["triage"]["failures"]
    assert found["triage anew"]["failures"] == found["triage"]["failures"]
    assert found["void"]["balances_dropped"] == ["anna"]
    assert found["runs"] == ["voided", "in force"]
    (anna,) = (one for one in found["forecast"]["seats"] if one["seat_id"] == "anna")
    assert anna["credits"] == 0
    assert marks[0][0] > 0
    assert kept == [(0,)]
    forgotten = {row["linkedin_url"]: row["route"] for row in found["third"]}
    assert forgotten[make.profile(0)] == "excluded"
    for name, document in found.items():
        text = json.dumps(document).replace("/postgresql/", "/sqlite/")
        assert json.loads(text) == json.loads(json.dumps(plain[name])), name

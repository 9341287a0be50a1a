"""Lead lists and inventories drawn to be difficult, and what they say of each person.

Everything is drawn with a seed: small companies and large ones, few credits, resets in
the middle of the week, seats that are away, paused, new or part-time, duplicates, names
that a spreadsheet would run.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from independent import Person

HEADER = (
    "LinkedIn URL", "First Name", "Last Name", "Title", "Company", "Open Profile",
    "Premium", "Degree", "Scraped By", "Priority", "Owner", "Group", "Do Not Contact",
    "Last Contacted On",
)  # fmt: skip
SEAT_HEADER = (
    "seat_id", "sender", "credits", "reset_rule", "reserve", "inmails_last_28_days",
    "max_inmails_per_day", "max_open_inmails_per_month", "max_paid_inmails_per_day",
    "max_connection_requests_per_week", "connection_requests_last_7_days",
    "pending_connection_requests", "working_days", "time_zone", "away", "groups",
    "paused", "inmail_reply_rate", "acceptance_rate",
)  # fmt: skip
ODD_NAMES = ('=HYPERLINK("http://evil.example","x")', "+49 30", "-1+1", "@SUM(A1)", "NA",
             "O'Brien", "Zoë", "样本", "a,b", 'say "hi"', "two\nlines", " =1")  # fmt: skip
SEAT_NAMES = ("anna", "bert", "cleo", "dora", "emil", "fay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nasty:
    """A drawn week: leads, seats and the plan's date, and each person by handle."""

    leads: Sequence[Mapping[str, str]]
    seats: Sequence[Mapping[str, str]]
    as_of: dt.date
    people: Mapping[str, Person]

    def write(self, folder: Path) -> None:
        """Write ``leads.csv`` and ``seats.csv``."""
        (folder / "leads.csv").write_text(as_csv(HEADER, self.leads), "utf-8")
        (folder / "seats.csv").write_text(as_csv(SEAT_HEADER, self.seats), "utf-8")


def draw(seed: int, *, num_people: int = 150) -> Nasty:
    """Return a difficult week; equal seeds give equal weeks."""
    rng = Random(seed)
    as_of = dt.date(2026, 11, 23) + dt.timedelta(days=rng.randrange(21))
    seats = [draw_seat(rng, name, as_of) for name in SEAT_NAMES[: rng.randint(1, 6)]]
    seats[0] |= {"away": "", "paused": "", "working_days": "Mon-Fri"}
    groups = {name for seat in seats for name in seat["groups"].split("; ") if name}
    leads, people = [], {}
    companies = [f"Company {number} {rng.choice(['AG', 'Ltd', ''])}".strip()
                 for number in range(num_people // 4)]  # fmt: skip
    companies += ["Self-employed", "", "Big Corp", "Big Corp", "Big Corp"]
    for number in range(num_people):
        lead = draw_lead(rng, number, companies, [s["seat_id"] for s in seats])
        lead["Group"] = rng.choice(["", "", "", *sorted(groups)])
        lead["Last Contacted On"] = (
            (as_of - dt.timedelta(days=rng.randrange(1, 12))).isoformat()
            if rng.random() < 0.05
            else ""
        )
        leads.append(lead)
        people[f"nasty-{number:04d}"] = person(lead)
        if rng.random() < 0.05:
            leads.append(lead | {"Open Profile": rng.choice(["", "yes"])})
    rng.shuffle(leads)
    return Nasty(leads=leads, seats=seats, as_of=as_of, people=people)


def draw_lead(
    rng: Random, number: int, companies: Sequence[str], seats: Sequence[str]
) -> dict[str, str]:
    """Return one row of the list."""
    degree = rng.choices(["1st", "2nd", "3rd", ""], [1, 5, 3, 3])[0]
    return {
        "LinkedIn URL": f"https://www.linkedin.com/in/nasty-{number:04d}",
        "First Name": rng.choice([*ODD_NAMES, "Alba", "Bertil"]),
        "Last Name": rng.choice([*ODD_NAMES, "Ashgrove", "Dunwick"]),
        "Title": rng.choice(["Founder", "VP Sales", "=1+1", ""]),
        "Company": rng.choice(companies),
        "Open Profile": rng.choice(["yes", "no", "", ""]),
        "Premium": rng.choice(["yes", "no", ""]),
        "Degree": degree,
        "Scraped By": rng.choice([*seats, ""]) if degree == "1st" else "",
        "Priority": rng.choice(["", "", "90", "10", "A"]),
        "Owner": rng.choice(seats) if rng.random() < 0.1 else "",
        "Group": "",
        "Do Not Contact": "yes" if rng.random() < 0.03 else "",
        "Last Contacted On": "",
    }


def draw_seat(rng: Random, name: str, as_of: dt.date) -> dict[str, str]:
    """Return one row of the inventory."""
    soon = as_of + dt.timedelta(days=rng.randrange(1, 9))
    gone = as_of + dt.timedelta(days=rng.randrange(4))
    return {
        "seat_id": name,
        "sender": f"{name.title()} Sampleby",
        "credits": str(rng.choice([0, 3, 6, 12, 40, 150])),
        "reset_rule": rng.choice(
            ["", "month", f"day:{soon.day}", f"date:{soon}", "day:31"]
        ),
        "reserve": rng.choice(["", "", "0", "10"]),
        "inmails_last_28_days": rng.choice(["", "0", "60", "200", "330"]),
        "max_inmails_per_day": rng.choice(["", "9", "0"]),
        "max_open_inmails_per_month": rng.choice(["", "", "120"]),
        "max_paid_inmails_per_day": rng.choice(["", "3"]),
        "max_connection_requests_per_week": rng.choice(["", "30"]),
        "connection_requests_last_7_days": rng.choice(["", "25", "79"]),
        "pending_connection_requests": rng.choice(["", "485", "600"]),
        "working_days": rng.choice(["", "", "Mon-Thu", "Tue, Fri", "Sat-Sun"]),
        "time_zone": rng.choice(["", "Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo"]),
        "away": f"{gone}..{gone + dt.timedelta(days=2)}" if rng.random() < 0.3 else "",
        "groups": rng.choice(["", "", "dach", "dach; uk"]),
        "paused": rng.choice(["", "", "", "yes", f"until:{soon}"]),
        "inmail_reply_rate": rng.choice(["", "", "0.14"]),
        "acceptance_rate": rng.choice(["", "", "0.4"]),
    }


def person(lead: Mapping[str, str]) -> Person:
    """Return what a row says of its person."""
    touched = lead["Last Contacted On"]
    return Person(
        refused=bool(touched) or lead["Do Not Contact"] == "yes",
        connected=lead["Degree"] == "1st",
        owner=lead["Owner"],
        group=lead["Group"],
        company=lead["Company"],
        touched=dt.date.fromisoformat(touched) if touched else None,
    )


def as_csv(header: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows as the text of a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()

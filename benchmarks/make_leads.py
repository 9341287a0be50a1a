"""Make large inputs for measurements: leads.csv and seats.csv, invented from a seed.

    python benchmarks/make_leads.py --leads 1000000 --seats 200 --seed 1 OUT_DIR

``skewed`` is the reference set of model.md B4: territories (groups) with supply
proportional to 1 / rank ** 0.8, credits from 3 to 150, 15 % of the leads without a group,
companies of very different size. In ``uniform`` all territories, seats and companies are
alike. The open flag follows Premium as in model.md C8.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from planner.sample import AS_OF, OPEN_SHARE

CHUNK = 250_000
LEADS_PER_COMPANY = 4
SEATS_PER_TERRITORY = 5
WITHOUT_GROUP = 0.15
OPEN_FLAG_KNOWN = 0.6
PREMIUM_FLAG_KNOWN = 0.9

TITLES = {  # title -> share of Premium
    "Founder & CEO": 0.50,
    "Co-Founder": 0.50,
    "Chief Revenue Officer": 0.45,
    "VP Sales": 0.45,
    "Sales Director": 0.40,
    "Business Development Manager": 0.40,
    "Talent Acquisition Lead": 0.35,
    "Head of Marketing": 0.25,
    "Chief Financial Officer": 0.18,
    "Head of Operations": 0.15,
    "VP Engineering": 0.15,
    "IT Manager": 0.10,
    "Plant Manager": 0.08,
    "Compliance Officer": 0.08,
}
INDUSTRIES = (
    "Software Development",
    "Financial Services",
    "Staffing and Recruiting",
    "Business Consulting and Services",
    "Marketing Services",
    "Industrial Machinery Manufacturing",
    "Hospitals and Health Care",
    "Higher Education",
)
PLACES = (
    "Berlin, Germany",
    "Vienna, Austria",
    "Zurich, Switzerland",
    "Paris, France",
    "Amsterdam, Netherlands",
    "London, United Kingdom",
    "Stockholm, Sweden",
    "New York, United States",
    "Toronto, Canada",
    "Singapore",
)
TIME_ZONES = ("Europe/Berlin", "Europe/London", "Europe/Paris", "America/New_York")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Companies:
    """What all leads of a company share, one entry per company."""

    name: np.ndarray
    industry: np.ndarray
    place: np.ndarray
    group: np.ndarray


def make_companies(
    num_leads: int, num_seats: int, rng: np.random.Generator, *, skewed: bool
) -> Companies:
    """Draw the companies; a company is in one territory, so one of its seats can own it."""
    count = max(1, num_leads // LEADS_PER_COMPANY)
    groups = np.array([*_groups(num_seats), ""], dtype=object)
    rank = np.arange(1, len(groups))
    supply = rank**-0.8 if skewed else np.ones(len(rank))
    chance = np.append(supply / supply.sum() * (1 - WITHOUT_GROUP), WITHOUT_GROUP)
    parts = np.array(_syllables("Bel Cor Dra Elu Fen Gol Iva Kel Lor Mav Nel Ori Rov Tam"))
    ends = np.array(_syllables("dex fold gen lane lith nex phor quor rise tron via wix"))
    words = np.char.add(rng.choice(parts, count), rng.choice(ends, count))
    numbers = np.arange(count).astype(str)
    return Companies(
        name=np.char.add(np.char.add(words, " "), numbers).astype(object),
        industry=rng.choice(np.array(INDUSTRIES, dtype=object), count),
        place=rng.choice(np.array(PLACES, dtype=object), count),
        group=rng.choice(groups, count, p=chance),
    )


def lead_chunks(
    num_leads: int, num_seats: int, seed: int, *, skewed: bool
) -> Iterator[pd.DataFrame]:
    """Yield the leads as text, `CHUNK` at a time."""
    rng = np.random.default_rng([seed, 1])
    companies = make_companies(num_leads, num_seats, rng, skewed=skewed)
    for start in range(0, num_leads, CHUNK):
        count = min(CHUNK, num_leads - start)
        yield _leads(np.arange(start, start + count), companies, rng, skewed=skewed)


def seat_frame(num_seats: int, seed: int, *, skewed: bool) -> pd.DataFrame:
    """Return the seats; every seat serves one territory, some of the skewed ones two."""
    rng = np.random.default_rng([seed, 2])
    groups = np.array(_groups(num_seats), dtype=object)
    own = groups[np.arange(num_seats) % len(groups)]
    frame = pd.DataFrame({"seat_id": [f"seat-{n:04d}" for n in range(1, num_seats + 1)]})
    frame["sender"] = [f"Sample Sender {n:04d}" for n in range(1, num_seats + 1)]
    frame["credits"] = rng.integers(3, 151, num_seats) if skewed else 50
    frame["credits_as_of"] = AS_OF.isoformat()
    frame["reset_rule"] = "month"
    frame["inmails_last_28_days"] = rng.integers(20, 281, num_seats) if skewed else 120
    frame["connection_requests_last_7_days"] = (
        rng.integers(0, 81, num_seats) if skewed else 40
    )
    frame["pending_connection_requests"] = (
        rng.integers(0, 481, num_seats) if skewed else 200
    )
    frame["time_zone"] = "UTC"
    frame["groups"] = own
    if skewed:
        frame["time_zone"] = rng.choice(np.array(TIME_ZONES, dtype=object), num_seats)
        day = rng.integers(1, 29, num_seats)
        anniversary = [f"day:{number}" for number in day]
        is_monthly = rng.random(num_seats) < 0.8
        frame["reset_rule"] = np.where(is_monthly, "month", anniversary)
        second = rng.choice(groups, num_seats)
        serves_two = (rng.random(num_seats) < 0.15) & (second != own)
        frame["groups"] = np.where(serves_two, own + "; " + second, own)
    return frame


def _groups(num_seats: int) -> list[str]:
    count = max(1, num_seats // SEATS_PER_TERRITORY)
    return [f"territory-{number:03d}" for number in range(1, count + 1)]


def _syllables(text: str) -> list[str]:
    return text.split()


def _leads(
    number: np.ndarray, companies: Companies, rng: np.random.Generator, *, skewed: bool
) -> pd.DataFrame:
    count = len(number)
    # The power makes the first companies large: some 70 of a million leads in the first.
    place = rng.random(count) ** (1.3 if skewed else 1.0)
    company = (place * len(companies.name)).astype(np.int64)
    titles = np.array(list(TITLES), dtype=object)
    title = rng.integers(0, len(titles), count)
    is_premium = rng.random(count) < np.array(list(TITLES.values()))[title]
    chance = np.where(is_premium, OPEN_SHARE[True], OPEN_SHARE[False])
    is_open = rng.random(count) < chance
    first, last = _names(rng, count)
    url = [
        f"https://www.linkedin.com/in/{a.lower()}-{b.lower()}-sample-{n:08d}"
        for a, b, n in zip(first, last, number.tolist(), strict=True)
    ]
    # Priorities of the skewed set are lopsided: few leads are wanted much.
    score = 100 * (rng.beta(1.2, 3.0, count) if skewed else rng.random(count))
    return pd.DataFrame(
        {
            "defaultProfileUrl": url,
            "firstName": first,
            "lastName": last,
            "companyName": companies.name[company],
            "title": titles[title],
            "location": companies.place[company],
            "industry": companies.industry[company],
            "connectionDegree": rng.choice(
                np.array(["1st", "2nd", "3rd"], dtype=object), count, p=[0.01, 0.39, 0.6]
            ),
            "isPremium": _flag(is_premium, rng.random(count) < PREMIUM_FLAG_KNOWN),
            "isOpenLink": _flag(is_open, rng.random(count) < OPEN_FLAG_KNOWN),
            "priority": np.array([str(n) for n in range(101)], dtype=object)[
                np.rint(score).astype(np.int64)
            ],
            "group": companies.group[company],
        }
    )


def _names(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    starts = _syllables("Ade Bra Cor Dal Elo Fen Hal Ilka Jor Kes Lio Mar Ner Osr Tam Yor")
    ends = _syllables("ba din fra gil ko lin mo na ra s tin vin wen ya")
    firsts = np.array([a + b for a in starts for b in ends], dtype=object)
    woods = _syllables(
        "Amber Birch Clover Elder Fern Gorse Hazel Linden Moss Oat Reed Wren"
    )
    sites = _syllables("acre berg brook combe dale field holt lund mere stead thorpe wick")
    lasts = np.array([a + b for a in woods for b in sites], dtype=object)
    return rng.choice(firsts, count), rng.choice(lasts, count)


def _flag(value: np.ndarray, known: np.ndarray) -> np.ndarray:
    words = np.array(["", "false", "true"], dtype=object)
    return np.asarray(words[np.where(known, 1 + value, 0)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both files and say how large they are."""
    parser = argparse.ArgumentParser(description="Make large leads.csv and seats.csv.")
    parser.add_argument("out_dir", type=Path, metavar="OUT_DIR")
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--seats", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shape", choices=("skewed", "uniform"), default="skewed")
    given = parser.parse_args(arguments)
    if given.leads < 1 or given.seats < 1:
        parser.error("--leads and --seats must be at least 1")
    start = time.perf_counter()
    skewed = given.shape == "skewed"
    given.out_dir.mkdir(parents=True, exist_ok=True)
    leads_file, seats_file = given.out_dir / "leads.csv", given.out_dir / "seats.csv"
    with leads_file.open("w", encoding="utf-8", newline="") as file:
        chunks = lead_chunks(given.leads, given.seats, given.seed, skewed=skewed)
        for number, chunk in enumerate(chunks):
            chunk.to_csv(file, index=False, header=number == 0, lineterminator="\n")
    seats = seat_frame(given.seats, given.seed, skewed=skewed)
    seats.to_csv(seats_file, index=False, lineterminator="\n")
    for path in (leads_file, seats_file):
        print(f"{path}: {path.stat().st_size / 1e6:,.1f} MB")
    print(f"{time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()

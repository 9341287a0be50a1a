"""What the same week is worth by even split and by greedy rules.

Reads what `week_problem.py` wrote. The rules are favoured: a seat may spend credits as
they are expected to be used, without the safety of the guarantee; cycles and days do not
bind them; they see the same leads (those
whose company has room this week) and the same limits.

    python benchmarks/policies.py DIR
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

#: Limits by seat: which of free, paid and all InMails and requests a row counts, and how
#: the rows of a seat come together. Sums are over its periods of the week.
FAMILIES: dict[str, tuple[int, Callable[[list[int]], int]]] = {
    "open_month": (0, max),  # nested: the last day's covers the others
    "open": (0, sum),
    "paid": (1, sum),
    "inmails": (2, sum),
    "velocity": (2, min),
    "requests": (3, sum),
    "connections": (3, min),
    "pending": (3, min),
}


def limits_of(week: dict[str, Any]) -> list[list[int]]:
    """Return most free, paid and all InMails and most requests, each by seat."""
    place = {seat: n for n, seat in enumerate(dict.fromkeys(week["seats"]))}
    most = [[10**9] * len(place) for _ in range(4)]
    for name, (kind, join) in FAMILIES.items():
        by_seat: dict[int, list[int]] = {}
        for row in week["rows"]:
            if re.fullmatch(rf"{name}_\d+(_\d+)?", row["name"]) and row["terms"]:
                seat = place[week["seats"][row["terms"][0][0] // week["width"]]]
                by_seat.setdefault(seat, []).append(int(row["limit"] + 1e-9))
        for seat, limits in by_seat.items():
            most[kind][seat] = min(most[kind][seat], join(limits))
    return most


class Seats:
    """What each seat has left this week."""

    def __init__(self, week: dict[str, Any]) -> None:
        self.free, self.paid, self.inmails, self.requests = limits_of(week)
        self.capacity = [a + b for a, b in zip(self.inmails, self.requests, strict=True)]
        seats = dict.fromkeys(week["seats"])
        self.credits = [float(week["credits"][str(seat)]) for seat in seats]
        self.use = week["use"]
        self.sent = [0] * len(self.free)

    def takes_inmail(self, seat: int, kind: int) -> bool:
        """Return whether the seat can send one more InMail to a lead of this kind."""
        own = self.free if kind == 0 else self.paid
        return (
            self.inmails[seat] > 0
            and own[seat] > 0
            and self.credits[seat] >= self.use[kind]
        )

    def send(self, seat: int, kind: int, *, inmail: bool) -> None:
        """Book one send."""
        self.sent[seat] += 1
        if not inmail:
            self.requests[seat] -= 1
            return
        self.inmails[seat] -= 1
        self.credits[seat] -= self.use[kind]
        own = self.free if kind == 0 else self.paid
        own[seat] -= 1

    def load(self, seat: int) -> float:
        """Return how much of what it can bear the seat sends."""
        return float(self.sent[seat] / max(1, self.capacity[seat]))


def even_split(week: dict[str, Any], leads: Any, order: Iterable[int]) -> float:
    """Return the value of handing leads to the next seat in turn, whatever it has left.

    The seat sends an InMail if it can, else a request if it can; else the lead waits.
    """
    seats, total = Seats(week), 0.0
    turn = [cycle(own) for own in week["pools"]]
    for i in order:
        kind, seat = int(leads["kind"][i]), next(turn[leads["pool"][i]])
        if seats.takes_inmail(seat, kind):
            seats.send(seat, kind, inmail=True)
            total += float(leads["inmail"][i])
        elif seats.requests[seat] > 0:
            seats.send(seat, kind, inmail=False)
            total += float(leads["request"][i])
    return total


def greedy(week: dict[str, Any], leads: Any, order: Iterable[int]) -> float:
    """Return the value of the best channel on the least loaded seat that has room."""
    seats, total = Seats(week), 0.0
    for i in order:
        kind, own = int(leads["kind"][i]), week["pools"][leads["pool"][i]]
        by_inmail = [s for s in own if seats.takes_inmail(s, kind)]
        by_request = [s for s in own if seats.requests[s] > 0]
        inmail, request = float(leads["inmail"][i]), float(leads["request"][i])
        if by_inmail and (inmail >= request or not by_request):
            seats.send(min(by_inmail, key=seats.load), kind, inmail=True)
            total += inmail
        elif by_request:
            seats.send(min(by_request, key=seats.load), kind, inmail=False)
            total += request
    return total


def main() -> None:
    """Print the value of each rule as JSON."""
    folder = Path(sys.argv[1])
    week = json.loads((folder / "week.json").read_text("utf-8"))
    place = {seat: n for n, seat in enumerate(dict.fromkeys(week["seats"]))}
    week["pools"] = [
        sorted({place[week["seats"][period]] for period in own}) for own in week["pools"]
    ]
    leads = dict(np.load(folder / "leads.npz"))
    by_value = np.lexsort(
        (np.arange(len(leads["pool"])), -np.maximum(leads["inmail"], leads["request"]))
    )
    print(
        json.dumps(
            {
                "file order": even_split(week, leads, range(len(by_value))),
                "best first": even_split(week, leads, by_value.tolist()),
                "greedy": greedy(week, leads, by_value.tolist()),
            }
        )
    )


if __name__ == "__main__":
    main()

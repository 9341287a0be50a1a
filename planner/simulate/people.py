"""The people of simulated weeks: who is on the list, who arrives, what is true of each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from planner.domain import Identities, LeadTable
from planner.simulate import numbers
from planner.simulate.field import Fate
from planner.simulate.world import World

#: Apart from the seed and the draw, what the generator of arrivals hangs on.
_STREAM = 1


@dataclass(slots=True, kw_only=True, eq=False)
class People:
    """One draw of the truth about the list and about the new leads of each week.

    Parameters
    ----------
    world : World
        Draws of the truth about the list.
    leads : pandas.DataFrame
        The list, `planner.schemas.LEADS`, in the order of the world's leads.
    draw : int
        Which draw: also decides who arrives.
    arrivals : int, optional
        New leads a week; if not given, as many as the plan of the week before sent.
    """

    world: World
    leads: pd.DataFrame
    draw: int
    arrivals: int | None = None
    _weeks: dict[int, pd.DataFrame] = field(default_factory=dict)
    _place: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Know the list by its lead ids."""
        ids = self.leads["lead_id"].tolist()
        self._place = {lead_id: place for place, lead_id in enumerate(ids)}

    def arriving(self, week: int, num_sent: int) -> pd.DataFrame:
        """Return the new leads of a week: drawn once, the same for all who ask.

        Others in the same companies, with the same flags and segments as leads of the
        list that nothing excludes, drawn with replacement.
        """
        if week not in self._weeks:
            count = num_sent if self.arrivals is None else self.arrivals
            rng = np.random.default_rng([self.world.seed, self.draw, week, _STREAM])
            usable = np.flatnonzero((self.leads["exclusion"] == "").to_numpy())
            drawn = rng.integers(max(1, len(usable)), size=count if len(usable) else 0)
            places = usable[drawn]
            self._weeks[week] = self._like(places, rng.bytes(8).hex())
        return self._weeks[week]

    def _like(self, places: np.ndarray, salt: str) -> pd.DataFrame:
        """Return new leads like those at some places of the list."""
        new = self.leads.iloc[places].reset_index(drop=True)
        ids = [_lead_id(salt, number) for number in range(len(new))]
        self._place.update(zip(ids, places.tolist(), strict=True))
        new["lead_id"] = pd.Series(ids, dtype="str")
        known = new["linkedin_url"] != ""
        new["linkedin_url"] = ("lead:" + new["lead_id"]).where(known, "")
        new["last_contacted_on"] = ""
        return new.sort_values("lead_id", ignore_index=True)

    def fates_of(self, leads: pd.DataFrame) -> Mapping[str, Fate]:
        """Return what is true of leads of the list or of those who arrived."""
        ids = leads["lead_id"].tolist()
        places = np.array([self._place[lead_id] for lead_id in ids], dtype=np.int64)
        world, count = self.world, np.arange(len(ids))
        own = replace(
            world, key=numbers.keys_of(ids), open_flag=world.open_flag[places],
            inmail_flag=world.inmail_flag[places], segment=world.segment[places],
            rate_segment=world.rate_segment[places],
        )  # fmt: skip
        draws = slice(self.draw, self.draw + 1)
        written, asked = own.inmails(count, draws), own.requests(count, draws)
        columns = (
            ~written.is_free, written.is_off, written.is_gone, written.burns,
            written.answers_from, written.delay, asked.accepts_from,
            asked.acceptance_delay, asked.answers, asked.reply_delay,
        )  # fmt: skip
        known = [column[0].tolist() for column in columns]
        lines = zip(*known, world.weight[places].tolist(), strict=True)
        return {
            lead_id: Fate(**dict(zip(_FATE, line, strict=True)))
            for lead_id, line in zip(ids, lines, strict=True)
        }


_FATE = (
    "needs_credit", "is_off", "is_gone", "burns", "answers_from", "delay",
    "accepts_from", "acceptance_delay", "answers", "reply_delay", "weight",
)  # fmt: skip


def _lead_id(salt: str, number: int) -> str:
    return hashlib.blake2b(f"{salt} {number}".encode(), digest_size=8).hexdigest()


# --- the list -----------------------------------------------------------------------


def listed(leads: pd.DataFrame) -> LeadTable:
    """Return leads as a table, one row each, known to a ledger by the lead id alone."""
    count = len(leads)
    rows = pd.DataFrame(
        {
            "source_file": leads["source_file"], "source_row": leads["source_row"],
            "lead_id": leads["lead_id"], "outcome": "lead", "code": "",
        }
    ).astype({"outcome": "str", "code": "str"})  # fmt: skip
    identities = Identities(
        lead=np.arange(count, dtype=np.int64),
        space=np.full(count, "lead", dtype=object),
        value=leads["lead_id"].to_numpy(dtype=object),
    )
    return LeadTable(leads=leads, rows=rows, issues=(), identities=identities)


def joined(table: LeadTable, new: pd.DataFrame) -> LeadTable:
    """Return the list with new leads in it."""
    if new.empty:
        return table
    leads = pd.concat([table.leads, new], ignore_index=True)
    return listed(leads.sort_values("lead_id", ignore_index=True))

"""Applied triages as the ledger lists them, and taking one of them back.

A voided triage is as if it had never been: what it planned is free again unless it
happened, and its causes, seat holds and assumed balances do not count. That the InMails
failed stays: files said so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Table

from planner.errors import InputError
from planner.ledger.store import append, append_entry
from planner.ledger.tables import (
    BALANCES,
    ENTRIES,
    SEAT_HOLDS,
    TRIAGES,
    VOIDS,
)
from planner.ledger.touches import ALL, View, reached, touches

#: Where a balance comes from that triage goes on with until somebody reads it.
ASSUMED = "triage"
_KIND = "triage"
_BETWEEN = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """An applied triage; ``name`` is that of its folder."""

    entry: int
    name: str
    as_of: dt.date
    recorded_at: str
    is_voided: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What a triage put into the ledger that voiding takes back.

    ``num_sends`` are planned sends of which nobody has said that they happened.
    """

    num_sends: int
    num_leads: int
    held: tuple[str, ...]
    emptied: tuple[str, ...]


def digest(key: str, name: str) -> str:
    """Return what the entry keeps of a triage: what it is known by again, and its name."""
    return f"{key}{_BETWEEN}{name}"


def standing(connection: Connection, key: str, as_of: dt.date) -> int | None:
    """Return the entry of an applied triage of the same failures; None if there is none."""
    found = connection.scalar(
        sa.select(sa.func.max(ENTRIES.c.entry)).where(
            ENTRIES.c.kind == _KIND, ENTRIES.c.digest.startswith(f"{key}{_BETWEEN}"),
            ENTRIES.c.as_of == as_of.isoformat(), in_force(ENTRIES),
        )
    )  # fmt: skip
    return None if found is None else int(found)


def in_force(table: Table, upto: int = ALL) -> ColumnElement[bool]:
    """Return the condition that a line's entry is seen and not voided."""
    voided = sa.select(VOIDS.c.voided).where(VOIDS.c.entry < upto)
    return sa.and_(table.c.entry < upto, table.c.entry.not_in(voided))


def balances_in_force(upto: int = ALL) -> ColumnElement[bool]:
    """Return the condition on balances; what somebody read stands whatever is voided."""
    was_read = BALANCES.c.source != ASSUMED
    return sa.and_(BALANCES.c.entry < upto, sa.or_(was_read, in_force(BALANCES, upto)))


def triages(connection: Connection) -> tuple[Applied, ...]:
    """Return all applied triages, oldest first."""
    voided = set(connection.scalars(sa.select(VOIDS.c.voided)))
    found = connection.execute(
        sa.select(ENTRIES).where(ENTRIES.c.kind == _KIND).order_by(ENTRIES.c.entry)
    )
    return tuple(
        Applied(
            entry=row.entry, name=row.digest.partition(_BETWEEN)[2],
            as_of=dt.date.fromisoformat(row.as_of), recorded_at=row.recorded_at,
            is_voided=row.entry in voided,
        )
        for row in found
    )  # fmt: skip


def find(connection: Connection, name: str) -> Applied | None:
    """Return the triage with this name or folder; None if the name is not a triage's.

    Raises
    ------
    InputError
        If it looks like one that was not applied to this ledger.
    """
    last = name.strip().rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1]
    if f"-{_KIND}" not in last:
        return None
    every = triages(connection)
    hits = [one for one in every if one.name == last]
    if not hits:
        raise InputError(f"there is no triage {last[:60]!r} in the ledger{_known(every)}")
    # Voided and applied once more it has the same name: the last one counts.
    return hits[-1]


def _known(every: Sequence[Applied]) -> str:
    if not every:
        return ": none was applied (planner triage --apply)"
    return f"; the last one applied is {every[-1].name} (planner runs lists all)"


def effects(connection: Connection, triage: Applied) -> Effects:
    """Return what a triage in force put into the ledger."""
    own = f"AND a.entry = {triage.entry}"
    sends = reached(touches(connection, View(as_of=triage.as_of), where=own))

    def seats(table: Table) -> tuple[str, ...]:
        found = sa.select(table.c.seat_id).where(table.c.entry == triage.entry)
        return tuple(sorted(set(connection.scalars(found))))

    judged = sa.select(sa.func.count()).where(TRIAGES.c.entry == triage.entry)
    return Effects(
        num_sends=int((~sends["happened"].astype(bool)).sum()),
        num_leads=int(connection.scalar(judged) or 0),
        held=seats(SEAT_HOLDS),
        emptied=seats(BALANCES),
    )


def append_void(connection: Connection, triage: Applied, *, as_of: dt.date) -> int:
    """Append that a triage does not count."""
    entry = append_entry(connection, "void", as_of=as_of, digest=triage.name)
    append(connection, VOIDS, [{"entry": entry, "voided": triage.entry, "from_date": ""}])
    return entry

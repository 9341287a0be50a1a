"""Who is who in the ledger: identities to persons, and marks of the forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.domain import Identities
from planner.ledger import keys
from planner.ledger.store import append, append_lines, keyed_hash, secret_key
from planner.ledger.tables import FORGOTTEN, PERSONS, SAME_PERSONS

_BATCH = 50_000
#: Whose a key is that the ledger does not have.
NOBODY = keys.NOBODY
_SIDES: Final = ("left", "right")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LookUp:
    """What the ledger has of the identities of a list, as long as its head stays.

    ``person`` has one entry per identity: whose it is, or `NOBODY`. ``named`` says the
    same of the leads' ids, one entry per lead, none if they were not asked for.
    ``hashes`` are those of all these keys, in order, and ``order`` where each stands
    among the identities and, after them, the ids. ``forgotten`` are the positions of the
    leads who asked to be forgotten.
    """

    person: npt.NDArray[np.int64]
    named: npt.NDArray[np.int64]
    hashes: keys.Hashes
    order: npt.NDArray[np.int64]
    forgotten: npt.NDArray[np.int64]


def load(connection: Connection, name: str, columns: str, rows: list[Any]) -> None:
    """Put rows into a temporary table of this connection, anew.

    Parameters
    ----------
    columns : str
        Names and types, as in ``CREATE TABLE``.
    """
    # By its full name: another program's table of that name is not ours to drop.
    place = "pg_temp" if connection.dialect.name == "postgresql" else "temp"
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {place}.{name}")
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {name} ({columns})")
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        raw: Any = connection.connection.cursor()
        with raw.copy(f"COPY {name} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    places = ", ".join("?" * len(rows[0]))
    for start in range(0, len(rows), _BATCH):
        connection.exec_driver_sql(
            f"INSERT INTO {name} VALUES ({places})", rows[start : start + _BATCH]
        )


def match(connection: Connection, identities: Identities) -> pd.DataFrame:
    """Return which leads the ledger knows.

    Returns
    -------
    pandas.DataFrame
        ``lead`` (position) and ``person``, one line per pair; a lead that the ledger
        took for two people has two, and so has whoever is known as one of them.
    """
    return pairs(connection, identities, owners(connection, identities))


def look_up(
    connection: Connection,
    identities: Identities,
    lead_ids: npt.NDArray[np.object_] | None = None,
) -> LookUp:
    """Return whose the identities of a list are, and which leads are forgotten.

    Parameters
    ----------
    lead_ids : numpy.ndarray of object, optional
        Id of each lead of the list, to be looked up, too.
    """
    ids = np.empty(0, dtype=object) if lead_ids is None else lead_ids
    secret, count = secret_key(connection), len(identities.lead)
    hashed = keys.hashed(secret, identities.space, identities.value)
    named = keys.hashed(secret, np.full(len(ids), "lead", dtype=object), ids)
    # In one pass over all keys that the ledger has.
    hashes = np.concatenate([hashed, named])
    order = np.argsort(hashes)
    hashes = hashes[order]
    person = np.empty(len(order), dtype=np.int64)
    person[order] = keys.find_ordered(connection, hashes)
    return LookUp(
        person=person[:count],
        named=person[count:],
        hashes=hashes,
        order=order,
        forgotten=forgotten(connection, secret, identities),
    )


def pairs(
    connection: Connection, identities: Identities, person: np.ndarray
) -> pd.DataFrame:
    """Return leads and persons as `match` does, given whose each identity is."""
    place = np.flatnonzero(person != NOBODY)
    pairs = (identities.lead[place].astype(np.int64) << 32) | person[place]
    distinct = np.unique(pairs)
    if groups := _groups(_joined(connection)):
        more = [
            (int(pair) >> 32 << 32) | other
            for pair in distinct
            for other in groups.get(int(pair) & 0xFFFFFFFF, ())
        ]
        distinct = np.unique(np.concatenate([distinct, np.array(more, dtype=np.int64)]))
    return pd.DataFrame({"lead": distinct >> 32, "person": distinct & 0xFFFFFFFF})


def _groups(pairs: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    """Return, by person, all persons that are the same one."""
    groups: dict[int, set[int]] = {}
    for person, other in pairs:
        joined = groups.get(person, {person}) | groups.get(other, {other})
        groups |= dict.fromkeys(joined, joined)
    return groups


def owners(connection: Connection, identities: Identities) -> npt.NDArray[np.int64]:
    """Return whose each identity is; `NOBODY` where the ledger does not have it."""
    secret = secret_key(connection)
    return keys.find(connection, keys.hashed(secret, identities.space, identities.value))


def forgotten(
    connection: Connection, key: bytes, identities: Identities
) -> npt.NDArray[np.int64]:
    """Return the positions of the leads who asked to be forgotten."""
    marks = set(connection.scalars(sa.select(FORGOTTEN.c.mark)))
    if not marks:
        return np.empty(0, dtype=np.int64)
    hit = [
        mark_of(key, space, value) in marks
        for space, value in zip(identities.space, identities.value, strict=True)
    ]
    return np.unique(identities.lead[np.array(hit, dtype=bool)]).astype(np.int64)


def mark_of(key: bytes, space: str, value: str) -> str:
    """Return what stays of an identity when its person is forgotten."""
    return keyed_hash(key, f"{space}:{value}").hex()


def register(
    connection: Connection, entry: int, identities: Identities, num_leads: int
) -> np.ndarray:
    """Return the person of each lead; make one where the ledger knows none.

    Identities that are new are added; what an identity points to never changes. A lead
    that the ledger took for two people goes to the one it met first.
    """
    person, _ = _registered(
        connection, entry, identities, num_leads, owners(connection, identities)
    )
    return person


def register_listed(
    connection: Connection,
    entry: int,
    identities: Identities,
    lead_ids: Mapping[int, str],
    seen: LookUp,
) -> tuple[np.ndarray, LookUp]:
    """Register some leads of a list with their lead ids; return their persons.

    Parameters
    ----------
    identities : Identities
        Of all leads of the list.
    lead_ids : mapping of int to str
        Position and id of the leads to register.
    seen : LookUp
        Of `identities` and the ids of the list, at the ledger's head.

    Returns
    -------
    person : numpy.ndarray
        In the order of `lead_ids`.
    seen : LookUp
        Of `identities`, as the ledger is now.
    """
    leads = np.fromiter(lead_ids, dtype=np.int64, count=len(lead_ids))
    own, is_own = _only(identities, leads)
    every = Identities(
        lead=np.concatenate([own.lead, np.arange(len(leads), dtype=np.int64)]),
        space=np.concatenate([own.space, np.full(len(leads), "lead", dtype=object)]),
        value=np.concatenate([own.value, np.array(list(lead_ids.values()), dtype=object)]),
    )
    known = np.concatenate([seen.person[is_own], seen.named[leads]])
    person, added = _registered(connection, entry, every, len(leads), known)
    now = seen.person.copy()
    place, owner = _of_added(connection, seen, added)
    now[place] = owner
    return person, replace(seen, person=now)


def _of_added(
    connection: Connection, seen: LookUp, added: Mapping[tuple[str, str], int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the places of the identities that stand for added keys, and whose they are."""
    if not added:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    space, value = (np.array(texts, dtype=object) for texts in zip(*added, strict=True))
    new = keys.hashed(secret_key(connection), space, value)
    by_hash = np.argsort(new)
    owner = np.fromiter(added.values(), dtype=np.int64, count=len(added))[by_hash]
    new = new[by_hash]
    start, end = (np.searchsorted(seen.hashes, new, side=side) for side in _SIDES)
    # From each start to its end, all places; another lead may have a key of one of these.
    num = end - start
    at = np.repeat(start - np.cumsum(num) + num, num) + np.arange(num.sum())
    place = seen.order[at]
    is_identity = place < len(seen.person)  # the others are ids of leads
    return place[is_identity], np.repeat(owner, num)[is_identity]


def _registered(
    connection: Connection,
    entry: int,
    identities: Identities,
    num_leads: int,
    known: np.ndarray,
) -> tuple[np.ndarray, dict[tuple[str, str], int]]:
    """Return the person of each lead, and the keys that were added, with their persons."""
    found = pairs(connection, identities, known)
    _join(connection, entry, found)
    person = np.full(num_leads, NOBODY, dtype=np.int64)
    first = found.drop_duplicates("lead")
    person[first["lead"].to_numpy()] = first["person"].to_numpy()
    new = np.flatnonzero(person == NOBODY)
    last = int(connection.scalar(sa.select(sa.func.max(PERSONS.c.person))) or 0)
    person[new] = last + 1 + np.arange(len(new))
    append_lines(
        connection, PERSONS, ("person", "entry"), [(p, entry) for p in person[new].tolist()]
    )
    is_new = known == NOBODY
    return person, _append_identities(connection, _some(identities, is_new), person)


def _append_identities(
    connection: Connection, identities: Identities, person: np.ndarray
) -> dict[tuple[str, str], int]:
    """Append keys that the ledger does not have, in their order; return whose they are."""
    added: dict[tuple[str, str], int] = {}
    whose = person[identities.lead].tolist()
    lines = zip(identities.space.tolist(), identities.value.tolist(), whose, strict=True)
    for space, value, one in lines:
        added.setdefault((str(space), str(value)), one)
    keys.add(connection, sorted((*key, one) for key, one in added.items()))
    return added


def learn(
    connection: Connection, entry: int, identities: Identities, seen: LookUp | None = None
) -> int:
    """Keep what a list shows of people whom the ledger knows; return how much was new.

    A new key of a known person, two persons who are one, a further key of somebody who
    asked to be forgotten (as a mark, never in clear).

    Parameters
    ----------
    seen : LookUp, optional
        Of `identities`, at the ledger's head, if it is known already.
    """
    seen = seen or look_up(connection, identities)
    gone = np.isin(identities.lead, seen.forgotten)
    num_marks = _mark(connection, entry, _some(identities, gone))
    rest, person = _some(identities, ~gone), seen.person[~gone]
    known = pairs(connection, rest, person)
    num_same = _join(connection, entry, known)
    first = known.drop_duplicates("lead")
    own = only(_some(rest, person == NOBODY), first["lead"].to_numpy())
    added = _append_identities(connection, own, first["person"].to_numpy())
    return num_marks + num_same + len(added)


def _some(identities: Identities, chosen: np.ndarray) -> Identities:
    return Identities(
        lead=identities.lead[chosen],
        space=identities.space[chosen],
        value=identities.value[chosen],
    )


def _mark(connection: Connection, entry: int, identities: Identities) -> int:
    """Append the marks of all keys of the forgotten; return how many are new."""
    if not len(identities.lead):
        return 0
    key = secret_key(connection)
    known = set(connection.scalars(sa.select(FORGOTTEN.c.mark)))
    pairs = zip(identities.space, identities.value, strict=True)
    new = sorted({mark_of(key, str(space), str(value)) for space, value in pairs} - known)
    append(connection, FORGOTTEN, [{"mark": mark, "entry": entry} for mark in new])
    return len(new)


def _join(connection: Connection, entry: int, known: pd.DataFrame) -> int:
    """Append that the persons of one lead are one person; return how many pairs are new."""
    several = known[known.duplicated("lead", keep=False)]
    if several.empty:
        return 0
    taken = set(_joined(connection))
    first = several.groupby("lead")["person"].transform("min")
    pairs = {
        (int(person), int(other))
        for person, other in zip(first, several["person"], strict=True)
        if person != other
    }
    rows = [
        {"person": person, "other": other, "entry": entry}
        for person, other in sorted(pairs - taken)
    ]
    append(connection, SAME_PERSONS, rows)
    return len(rows)


def _joined(connection: Connection) -> list[tuple[int, int]]:
    found = connection.execute(sa.select(SAME_PERSONS.c.person, SAME_PERSONS.c.other))
    return [(int(person), int(other)) for person, other in found]


def only(identities: Identities, leads: Sequence[int] | np.ndarray) -> Identities:
    """Return the identities of some leads, who are numbered anew in the order given."""
    return _only(identities, np.asarray(leads, dtype=np.int64))[0]


def _only(identities: Identities, leads: np.ndarray) -> tuple[Identities, np.ndarray]:
    """Return what `only` does, and which of the identities they are."""
    size = int(max(identities.lead.max(initial=-1), leads.max(initial=-1))) + 1
    number = np.full(size, -1, dtype=np.int64)
    number[leads] = np.arange(len(leads))
    lead = number[identities.lead]
    kept = lead >= 0
    return replace(_some(identities, kept), lead=lead[kept]), kept


def grouped(identities: Identities, group: np.ndarray) -> Identities:
    """Return the identities with the number of each lead's group in place of the lead's."""
    return Identities(
        lead=group[identities.lead], space=identities.space, value=identities.value
    )


def same_person(keys: Identities, count: int) -> np.ndarray:
    """Return a number per line, the same for lines that share a key."""
    group = np.arange(count)
    first: dict[tuple[str, str], int] = {}
    for line, space, value in zip(keys.lead, keys.space, keys.value, strict=True):
        other = first.setdefault((str(space), str(value)), int(line))
        low, high = sorted((int(group[other]), int(group[line])))
        group[group == high] = low
    return np.unique(group, return_inverse=True)[1]

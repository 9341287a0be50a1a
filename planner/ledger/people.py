"""Who is who in the ledger: identities to persons, and marks of the forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.domain import Identities
from planner.ledger.store import append, keyed_hash, secret_key
from planner.ledger.tables import FORGOTTEN, IDENTITIES, PERSONS, SAME_PERSONS

_BATCH = 50_000


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
    return _pairs(connection, identities, *_known(connection, identities))


def _pairs(
    connection: Connection, identities: Identities, place: np.ndarray, person: np.ndarray
) -> pd.DataFrame:
    """Return leads and persons, given which identities are known and whose they are."""
    pairs = (identities.lead[place].astype(np.int64) << 32) | person
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


#: The values of one kind go over in one piece: a row for each would take longer.
_LOOK_UP = {
    "sqlite": (
        "SELECT w.key, i.person FROM json_each(?) w CROSS JOIN identities i "
        "ON i.space = ? AND i.value = w.value"
    ),
    "postgresql": (
        "SELECT w.place - 1, i.person FROM unnest(%s::text[]) WITH ORDINALITY "
        "AS w(value, place) JOIN identities i ON i.space = %s AND i.value = w.value"
    ),
}


def _known(connection: Connection, identities: Identities) -> tuple[np.ndarray, np.ndarray]:
    """Return which identities the ledger has, by position, and whose they are."""
    name = connection.dialect.name
    places, persons = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for space in sorted(set(identities.space.tolist())):
        at = np.flatnonzero(identities.space == space)
        values: object = identities.value[at].tolist()
        if name == "sqlite":
            values = json.dumps(values)
        rows = connection.exec_driver_sql(_LOOK_UP[name], (values, str(space))).all()
        pairs = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 2)
        places.append(at[pairs[:, 0]])
        persons.append(pairs[:, 1])
    return np.concatenate(places), np.concatenate(persons)


def forgotten(connection: Connection, key: bytes, identities: Identities) -> np.ndarray:
    """Return the positions of the leads who asked to be forgotten."""
    marks = set(connection.scalars(sa.select(FORGOTTEN.c.mark)))
    if not marks:
        return np.empty(0, dtype=np.int64)
    hit = [
        mark_of(key, space, value) in marks
        for space, value in zip(identities.space, identities.value, strict=True)
    ]
    return np.unique(identities.lead[np.array(hit, dtype=bool)])


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
    known = match(connection, identities)
    _join(connection, entry, known)
    person = np.full(num_leads, -1, dtype=np.int64)
    first = known.drop_duplicates("lead")
    person[first["lead"].to_numpy()] = first["person"].to_numpy()
    new = np.flatnonzero(person < 0)
    last = int(connection.scalar(sa.select(sa.func.max(PERSONS.c.person))) or 0)
    person[new] = last + 1 + np.arange(len(new))
    append(connection, PERSONS, [{"person": int(p), "entry": entry} for p in person[new]])
    _add_identities(connection, identities, person)
    return person


def _add_identities(
    connection: Connection, identities: Identities, person: np.ndarray
) -> int:
    """Append keys that the ledger does not have; return how many."""
    known, _ = _known(connection, identities)
    taken = {
        (str(space), str(value))
        for space, value in zip(
            identities.space[known], identities.value[known], strict=True
        )
    }
    return _append_identities(connection, identities, person, taken)


def _append_identities(
    connection: Connection,
    identities: Identities,
    person: np.ndarray,
    taken: set[tuple[str, str]],
) -> int:
    rows = []
    for lead, space, value in zip(
        identities.lead, identities.space, identities.value, strict=True
    ):
        pair = (str(space), str(value))
        if pair not in taken:
            taken.add(pair)
            rows.append({"space": pair[0], "value": pair[1], "person": int(person[lead])})
    append(connection, IDENTITIES, rows)
    return len(rows)


def learn(connection: Connection, entry: int, identities: Identities) -> int:
    """Keep what a list shows of people whom the ledger knows; return how much was new.

    A new key of a known person, two persons who are one, a further key of somebody who
    asked to be forgotten (as a mark, never in clear).
    """
    key = secret_key(connection)
    gone = np.isin(identities.lead, forgotten(connection, key, identities))
    num_marks = _mark(connection, entry, key, _some(identities, gone))
    rest = _some(identities, ~gone)
    # One look-up tells both who is known and which of their keys are not.
    place, person = _known(connection, rest)
    known = _pairs(connection, rest, place, person)
    num_same = _join(connection, entry, known)
    first = known.drop_duplicates("lead")
    is_new = np.ones(len(rest.lead), dtype=np.bool_)
    is_new[place] = False
    own = only(_some(rest, is_new), first["lead"].to_numpy())
    num_keys = _append_identities(connection, own, first["person"].to_numpy(), set())
    return num_marks + num_same + num_keys


def _some(identities: Identities, chosen: np.ndarray) -> Identities:
    return Identities(
        lead=identities.lead[chosen],
        space=identities.space[chosen],
        value=identities.value[chosen],
    )


def _mark(connection: Connection, entry: int, key: bytes, identities: Identities) -> int:
    """Append the marks of all keys of the forgotten; return how many are new."""
    if not len(identities.lead):
        return 0
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
    wanted = np.asarray(leads, dtype=np.int64)
    size = int(max(identities.lead.max(initial=-1), wanted.max(initial=-1))) + 1
    number = np.full(size, -1, dtype=np.int64)
    number[wanted] = np.arange(len(wanted))
    kept = number[identities.lead] >= 0
    return Identities(
        lead=number[identities.lead[kept]],
        space=identities.space[kept],
        value=identities.value[kept],
    )


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

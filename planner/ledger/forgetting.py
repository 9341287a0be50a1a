"""Forgetting a person: identities go, marks under the ledger's key stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.domain import Identities
from planner.ledger import keys, people
from planner.ledger.store import append, append_entry, secret_key
from planner.ledger.tables import FORGOTTEN, IDENTITIES

#: Persons or identities that one query names.
_AT_ONCE = 500
#: Kind of key and key.
Pair = tuple[str, str]


def known_keys(connection: Connection, given: Collection[Pair]) -> tuple[Pair, ...]:
    """Return all keys of the people who have one of the given ones, and those given."""
    pairs, found = set(given), set[Pair]()
    while pairs != found:
        found = set(pairs)
        matched = people.match(connection, _identities(sorted(found)))
        pairs |= {pair for _, pair in _lines_of(connection, matched["person"].unique())}
    return tuple(sorted(pairs))


def _lines_of(connection: Connection, persons: np.ndarray) -> list[tuple[int, Pair]]:
    """Return number and key of all identities of some persons."""
    lines: list[tuple[int, Pair]] = []
    # One pass over the table for many persons: no index leads to them.
    for start in range(0, len(persons), _AT_ONCE):
        some = persons[start : start + _AT_ONCE].tolist()
        rows = connection.execute(
            sa.select(IDENTITIES.c.number, IDENTITIES.c.space, IDENTITIES.c.value).where(
                IDENTITIES.c.person.in_(some)
            )
        )
        lines += [(number, (str(space), str(value))) for number, space, value in rows]
    return lines


def is_known(connection: Connection, given: Collection[Pair]) -> bool:
    """Whether anybody has one of these keys, or had one and was forgotten."""
    identities = _identities(sorted(given))
    if len(people.match(connection, identities)):
        return True
    return bool(len(people.forgotten(connection, secret_key(connection), identities)))


def forget(connection: Connection, pairs: Collection[Pair], *, as_of: dt.date) -> int:
    """Remove identities and leave their marks; return how many identities went.

    What was sent stays, as the line of a person without a name: balances and rates are
    as before. Forgetting the same person again changes nothing.
    """
    secret = secret_key(connection)
    marks = {people.mark_of(secret, space, value) for space, value in pairs}
    known = set(connection.scalars(sa.select(FORGOTTEN.c.mark)))
    new = sorted(marks - known)
    if new:
        entry = append_entry(connection, "erasure", as_of=as_of, digest="")
        append(connection, FORGOTTEN, [{"mark": mark, "entry": entry} for mark in new])
    return _remove(connection, secret, sorted(pairs))


def _remove(connection: Connection, secret: bytes, pairs: Sequence[Pair]) -> int:
    """Remove identities wherever they stand; return how many there were."""
    given = _identities(pairs)
    hashed = keys.hashed(secret, given.space, given.value)
    owners = keys.find(connection, hashed)
    persons = np.unique(owners[owners != keys.NOBODY])
    wanted = set(pairs)
    numbers = [number for number, pair in _lines_of(connection, persons) if pair in wanted]
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        connection.execute(sa.delete(IDENTITIES).where(IDENTITIES.c.number.in_(some)))
    keys.erase(connection, hashed)
    return len(numbers)


def _identities(pairs: Sequence[Pair]) -> Identities:
    """Return keys as those of a list, each of a lead of its own."""
    return Identities(
        lead=np.arange(len(pairs)),
        space=np.array([space for space, _ in pairs], dtype=object),
        value=np.array([value for _, value in pairs], dtype=object),
    )

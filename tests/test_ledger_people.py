"""Who is who in the ledger: one look-up serves a whole recording."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from planner.domain import Identities
from planner.ledger import people, store
from planner.ledger.tables import IDENTITIES, PERSONS, SAME_PERSONS

#: Kind of key and key; few, so that people of a list often share one.
Key = tuple[str, str]
KEYS = st.tuples(
    st.sampled_from(["email", "slug"]), st.sampled_from(["a", "b", 'q"', "\\", "é\n"])
)
LISTS = st.lists(st.lists(KEYS, min_size=1, max_size=3, unique=True), max_size=5)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty ledger; copy it, never change it."""
    path = tmp_path_factory.mktemp("people") / "planner.db"
    with store.opened(f"sqlite:///{path}", wait_seconds=5, create=True):
        pass
    return path


@contextmanager
def ledger(empty: Path, known: list[list[Key]]) -> Iterator[Connection]:
    """Give a connection to a ledger that knows people by these keys."""
    path = Path(shutil.copy(empty, empty.parent / "copy.db"))
    with store.opened(f"sqlite:///{path}", wait_seconds=5, create=True) as book:
        assert book is not None
        with book.writing() as connection:
            people.register(connection, 1, identities(known), len(known))
            yield connection


def identities(leads: list[list[Key]]) -> Identities:
    """Return the keys of the leads of a list."""
    lines = [(lead, *key) for lead, keys in enumerate(leads) for key in keys]
    return Identities(
        lead=np.array([line[0] for line in lines], dtype=np.int64),
        space=np.array([line[1] for line in lines], dtype=object),
        value=np.array([line[2] for line in lines], dtype=object),
    )


def contents(connection: Connection) -> list[list[tuple[object, ...]]]:
    """Return all that the ledger says of people, in order."""
    tables = (PERSONS, IDENTITIES, SAME_PERSONS)
    return [sorted(map(tuple, connection.execute(select(table)))) for table in tables]


@settings(max_examples=60, deadline=None)
@given(known=LISTS, leads=LISTS, data=st.data())
def test_one_look_up_records_what_looking_up_at_each_step_does(
    empty: Path, known: list[list[Key]], leads: list[list[Key]], data: st.DataObject
) -> None:
    """Registering part of a list and learning from the rest needs no second look-up."""
    sent = data.draw(st.lists(st.integers(0, len(leads) - 1), unique=True)) if leads else []
    ids = {lead: f"{lead:016x}" for lead in sorted(sent)}
    listed = identities(leads)
    every = np.array([f"{lead:016x}" for lead in range(len(leads))], dtype=object)
    with ledger(empty, known) as connection:
        seen = people.look_up(connection, listed, every)
        person, seen = people.register_listed(connection, 2, listed, ids, seen)
        assert seen.person.tolist() == people.owners(connection, listed).tolist()
        people.learn(connection, 2, listed, seen)
        found = contents(connection)
    own = [[*leads[lead], ("lead", ids[lead])] for lead in ids]
    # All keys first, then the lead ids: who comes first gets a key that two share.
    keys = identities([lead[:-1] for lead in own] + [lead[-1:] for lead in own])
    keys = people.grouped(keys, np.tile(np.arange(len(ids)), 2))
    with ledger(empty, known) as connection:
        again = people.register(connection, 2, keys, len(ids))
        people.learn(connection, 2, listed)
        assert (person.tolist(), found) == (again.tolist(), contents(connection))


def test_keys_are_found_whatever_stands_in_them(empty: Path) -> None:
    """Quotes, backslashes and line breaks in a key are no syntax of the query."""
    leads: list[list[Key]] = [
        [("slug", text)] for text in ('a"', "b\\", "c\nd", "e','f", 'g","h', "ü")
    ]
    with ledger(empty, leads) as connection:
        assert people.owners(connection, identities(leads)).tolist() == [1, 2, 3, 4, 5, 6]
        nobody = identities([[("slug", "g")], [("slug", "h")]])
        assert people.owners(connection, nobody).tolist() == [people.NOBODY] * 2

"""Keys of people, packed: what a pack says is what the identities say, or it is ignored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from planner.ledger import forgetting, keys, store
from planner.ledger.tables import IDENTITIES, KEY_LINES, KEY_PACKS, MIGRATIONS
from postgres import Database, fresh_database

Pair = tuple[str, str]

DAY = dt.date(2026, 11, 23)
PAIRS = [(space, f"{space}-{n}") for space in ("email", "slug") for n in range(12)]
#: What may be asked of keys: add these new ones, or take these out.
STEPS = st.lists(
    st.tuples(st.booleans(), st.sets(st.sampled_from(PAIRS), max_size=8)), max_size=8
)


@pytest.fixture
def database() -> Iterator[Database]:
    """Give an empty database on PostgreSQL."""
    with fresh_database() as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a ledger that is yet to be made, on each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fresh.db'}"
    found: Database = request.getfixturevalue("database")
    return found.url


@contextmanager
def written(url: str) -> Iterator[Connection]:
    """Give a connection to append with."""
    with store.opened(url, wait_seconds=5, create=True) as ledger:
        assert ledger is not None
        with ledger.writing() as connection:
            yield connection


def hashed(connection: Connection, pairs: list[Pair]) -> keys.Hashes:
    """Return the keyed hash of each key."""
    space, value = (
        np.array([pair[part] for pair in pairs], dtype=object) for part in (0, 1)
    )
    return keys.hashed(store.secret_key(connection), space, value)


def owners(connection: Connection, pairs: list[Pair]) -> dict[Pair, int]:
    """Return whose each key is, of those that the ledger has."""
    found = keys.find(connection, hashed(connection, pairs)).tolist()
    return {pair: one for pair, one in zip(pairs, found, strict=True) if one != keys.NOBODY}


def in_table(connection: Connection) -> dict[Pair, int]:
    """Return whose each key is by the identities alone."""
    i = IDENTITIES.c
    rows = connection.execute(sa.select(i.space, i.value, i.person))
    return {(space, value): person for space, value, person in rows}


def in_packs(connection: Connection) -> list[int]:
    """Return the persons of all lines of all packs, in order."""
    persons: list[int] = []
    for pack in keys._packs(connection):
        for _, lines in keys._chunks(connection, pack, np.arange(2**pack.bits)):
            assert lines is not None
            persons += lines.person.tolist()
    return sorted(persons)


@contextmanager
def small_chunks() -> Iterator[None]:
    """Have chunks of two lines, so that few keys fill many chunks and packs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "_CHUNK_LINES", 2)
        yield


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_packs_say_what_the_identities_say(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, set[Pair]]]
) -> None:
    """Whatever was added and forgotten, packs and identities have the same keys."""
    path = tmp_path_factory.mktemp("keys") / "planner.db"
    with small_chunks(), written(f"sqlite:///{path}") as connection:
        known: dict[Pair, int] = {}
        for number, (is_new, some) in enumerate(steps, start=1):
            if is_new:
                new = sorted(some - known.keys())
                keys.add(connection, [(*pair, number) for pair in new])
                known |= dict.fromkeys(new, number)
            else:
                gone = forgetting.forget(connection, some, as_of=DAY)
                assert gone == len(some & known.keys())
                known = {pair: one for pair, one in known.items() if pair not in some}
            assert owners(connection, PAIRS) == in_table(connection) == known
            assert in_packs(connection) == sorted(known.values())
        bits = [pack.bits for pack in keys._packs(connection)]
        assert bits == sorted(set(bits), reverse=True), "packs alike in size are merged"


FAULTS = {
    "all packs are dropped": "DELETE FROM key_packs",
    "all chunks are dropped": "DELETE FROM key_lines",
    "the first pack is dropped": "DELETE FROM key_packs WHERE first = 1",
    "the last pack is dropped": "DELETE FROM key_packs WHERE first > 1",
    "a chunk is dropped": "DELETE FROM key_lines WHERE chunk = 1",
    "chunks are short": "UPDATE key_lines SET data = SUBSTR(data, 1, LENGTH(data) - 1)",
    "a chunk is another one": "UPDATE key_lines SET data = (SELECT k.data FROM key_lines k "
    "WHERE k.upto = key_lines.upto AND k.chunk = 0) WHERE chunk = 2",
    "keys were added without a pack": "INSERT INTO identities (number, space, value, "
    "person) VALUES (999, 'slug', 'slug-99', 99)",
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_stale_or_damaged_pack_is_ignored(url: str, fault: str) -> None:
    """What packs do not say is read from the identities; the next to write packs it."""
    pairs = [*PAIRS, ("slug", "slug-99"), ("slug", "slug-100")]
    with small_chunks(), written(url) as connection:
        # Sixteen keys in eight chunks and more, then three in a pack of their own.
        keys.add(connection, [(*pair, n) for n, pair in enumerate(PAIRS[:16])])
        keys.add(connection, [(*pair, n) for n, pair in enumerate(PAIRS[16:19], 16)])
        assert len(keys._packs(connection)) == 2
        before = in_table(connection)
        connection.exec_driver_sql(FAULTS[fault])
        known = in_table(connection)
        assert before.items() <= known.items()
        assert owners(connection, pairs) == known
        keys.add(connection, [("slug", "slug-100", 100)])
        known[("slug", "slug-100")] = 100
        assert owners(connection, pairs) == in_table(connection) == known
        assert forgetting.forget(connection, list(known)[:3], as_of=DAY) == 3
        assert owners(connection, pairs) == dict(list(known.items())[3:])


def test_texts_that_are_hashed_otherwise_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a library hashes otherwise, packs are ignored; who writes next makes new ones."""
    url = f"sqlite:///{tmp_path / 'planner.db'}"
    lines = [(*pair, n) for n, pair in enumerate(PAIRS)]
    with small_chunks(), written(url) as connection:
        keys.add(connection, lines[:20])
        before = keys._hashed
        keys._probe.cache_clear()
        monkeypatch.setattr(
            keys, "_hashed", lambda *given: before(*given) ^ np.uint64(2**63 + 1)
        )
        assert in_table(connection) == owners(connection, PAIRS)
        keys.add(connection, lines[20:])
        assert in_packs(connection) == list(range(len(PAIRS)))
        assert in_table(connection) == owners(connection, PAIRS)


def test_nothing_of_a_forgotten_key_is_left_in_the_file(tmp_path: Path) -> None:
    """Neither the key nor what packs held of it stands in any page, used or free."""
    path = tmp_path / "planner.db"
    pair = ("slug", "jane-doe-of-nowhere")
    others = [("slug", f"somebody-{n}", n) for n in range(500)]
    with small_chunks(), written(f"sqlite:///{path}") as connection:
        keys.add(connection, [*others, (*pair, 500)])
        mark = hashed(connection, [pair]).astype("<u8").tobytes()
    assert pair[1].encode() in path.read_bytes()
    assert mark in path.read_bytes()
    with written(f"sqlite:///{path}") as connection:
        assert forgetting.forget(connection, [pair], as_of=DAY) == 1
        assert len(in_packs(connection)) == len(others)
    assert pair[1].encode() not in path.read_bytes()
    assert mark not in path.read_bytes()


def test_an_older_ledger_keeps_its_people(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Identities of version 1 are found today, and can be added to and forgotten."""
    with monkeypatch.context() as patch:
        patch.setattr(store, "MIGRATIONS", MIGRATIONS[:1])
        patch.setattr(store, "VERSION", 1)
        with written(url) as connection:
            for number, (space, value) in enumerate(PAIRS):
                connection.execute(
                    sa.text("INSERT INTO identities VALUES (:space, :value, :person)"),
                    {"space": space, "value": value, "person": number % 5 + 1},
                )
    with written(url) as connection:
        known = {pair: number % 5 + 1 for number, pair in enumerate(PAIRS)}
        assert owners(connection, PAIRS) == in_table(connection) == known
        keys.add(connection, [("lead", "new", 6)])
        assert owners(connection, [("lead", "new"), *PAIRS]) == known | {("lead", "new"): 6}
        assert len(in_packs(connection)) == len(known) + 1
        person = sa.select(IDENTITIES.c.person).order_by(IDENTITIES.c.number)
        assert connection.scalars(person).all() == [*sorted(known.values()), 6]
        assert forgetting.forget(connection, PAIRS[:2], as_of=DAY) == 2
        tables = {KEY_PACKS.name, KEY_LINES.name, IDENTITIES.name, "identities_1"}
        found = set(sa.inspect(connection).get_table_names())
        assert tables & found == tables - {"identities_1"}


def test_an_older_ledger_loses_its_unused_indexes(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger of version 2 ends with the indexes of a new one; forgetting needs none."""
    unused = {"identities": "person", "outcomes": "happened_on"}
    with monkeypatch.context() as patch:
        patch.setattr(store, "MIGRATIONS", MIGRATIONS[:2])
        patch.setattr(store, "VERSION", 2)
        with written(url) as connection:
            for table, column in unused.items():
                connection.exec_driver_sql(
                    f"CREATE INDEX ix_{table}_{column} ON {table} ({column})"
                )
            keys.add(connection, [(*pair, n) for n, pair in enumerate(PAIRS)])
    with written(url) as connection:
        for table, column in unused.items():
            found = sa.inspect(connection).get_indexes(table)
            assert [column] not in [index["column_names"] for index in found]
        assert forgetting.forget(connection, PAIRS[:3], as_of=DAY) == 3
        left = set(in_table(connection))
        assert left == set(PAIRS[3:])

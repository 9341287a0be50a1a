"""Tables of the ledger, and how an older ledger becomes the present one.

Entries are appended and never edited: triggers refuse it. Only identities go, when a
person is forgotten. Everything else that people ask a ledger (balances, touches, pace)
is a fold over the entries.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()

#: Facts about the ledger itself: schema version, the key of keyed hashes.
META = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

#: One line per thing that happened, numbered without gaps in the order of recording.
ENTRIES = Table(
    "entries",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("as_of", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("digest", Text, nullable=False),
)

#: A weekly plan. ``document`` is JSON without a name or URL of any lead; ``leads`` packs
#: what `planner.ledger.packing` says of every lead, under keyed hashes.
RUNS = Table(
    "runs",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("run_id", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("week", Text, nullable=False),
    Column("week_start", Text, nullable=False),
    Column("week_end", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("leads", LargeBinary, nullable=False),
)

#: People who were planned or of whom an outcome is known.
PERSONS = Table(
    "persons",
    metadata,
    Column("person", Integer, primary_key=True, autoincrement=False),
    Column("entry", Integer, nullable=False),
)

#: How people are recognised again; the only lines that are ever taken out. ``number``
#: counts them as they are appended, so that new ones stand together at the end of the
#: file. Nobody looks here for a key: `planner.ledger.keys` does that in `KEY_LINES`.
#: Persons are looked for only to forget them: an index would make every plan pay for it,
#: as all pages are checked.
IDENTITIES = Table(
    "identities",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("space", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("person", Integer, nullable=False),
)

#: Which identities are in `KEY_LINES`: those from ``first`` to ``upto``, in
#: ``2 ** bits`` chunks. Made from `IDENTITIES` alone: may be dropped at any time.
KEY_PACKS = Table(
    "key_packs",
    metadata,
    Column("upto", Integer, primary_key=True, autoincrement=False),
    Column("first", Integer, nullable=False),
    Column("bits", Integer, nullable=False),
)

#: Keyed hashes of identities and their persons, packed: ``chunk`` holds the hashes that
#: begin with its bits.
KEY_LINES = Table(
    "key_lines",
    metadata,
    Column("upto", Integer, primary_key=True, autoincrement=False),
    Column("chunk", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

#: Two persons who turned out to be one: a lead had keys of both.
SAME_PERSONS = Table(
    "same_persons",
    metadata,
    Column("person", Integer, primary_key=True, autoincrement=False),
    Column("other", Integer, primary_key=True, autoincrement=False),
    Column("entry", Integer, nullable=False),
)

#: Keyed hashes of the identities of people who asked to be forgotten.
FORGOTTEN = Table(
    "forgotten",
    metadata,
    Column("mark", Text, primary_key=True),
    Column("entry", Integer, nullable=False),
)

#: What a run, or a triage, planned for a person.
ASSIGNMENTS = Table(
    "assignments",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("person", Integer, primary_key=True, autoincrement=False, index=True),
    Column("seat_id", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("send_on", Text, nullable=False, index=True),
    Column("company_key", Text, nullable=False, index=True),
    Column("segment", Text, nullable=False),
    Column("open_flag", Integer, nullable=False),
    Column("open_probability", Float, nullable=False),
    Column("credit_probability", Float, nullable=False),
    Column("expected_replies", Float, nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
    Column("group_name", Text, nullable=False, server_default=""),
    Column("priority", Float, nullable=True),
    sa.Index("assignments_of_seat", "seat_id", "send_on"),
)

#: What happened. ``assignment`` is the entry that had planned it, 0 if none had.
OUTCOMES = Table(
    "outcomes",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("person", Integer, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("happened_on", Text, nullable=False),
    Column("seat_id", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("credit_used", Integer, nullable=False),
    Column("open_flag", Integer, nullable=False),
    Column("assignment", Integer, nullable=False),
    sa.Index("outcomes_of_assignment", "assignment", "person"),
)

#: Balances that somebody read (``source`` *seen*), or that triage goes on with until
#: somebody does (*triage*).
BALANCES = Table(
    "balances",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("seat_id", Text, primary_key=True),
    Column("happened_on", Text, primary_key=True),
    Column("credits", Integer, nullable=False),
    Column("source", Text, nullable=False, server_default="seen"),
)

#: Runs, or their part from a day on, that were not carried out.
VOIDS = Table(
    "voids",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("voided", Integer, primary_key=True, autoincrement=False),
    Column("from_date", Text, nullable=False),
)

#: Why InMails failed, and where their leads went. ``assignment`` is the entry that had
#: planned the failed one, 0 if none had.
TRIAGES = Table(
    "triages",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("person", Integer, primary_key=True, autoincrement=False, index=True),
    Column("seat_id", Text, nullable=False),
    Column("failed_on", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("probability", Float, nullable=False),
    Column("step", Text, nullable=False),
    Column("assignment", Integer, nullable=False),
)

#: Seats that LinkedIn slowed down: nothing before ``until_date``, then a lower pace.
SEAT_HOLDS = Table(
    "seat_holds",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("seat_id", Text, primary_key=True),
    Column("from_date", Text, nullable=False),
    Column("until_date", Text, nullable=False),
    Column("pace_factor", Float, nullable=False),
)

#: Seats of which triage found that nothing goes out, and the chances of the two causes.
SEAT_DOUBTS = Table(
    "seat_doubts",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("seat_id", Text, primary_key=True),
    Column("from_date", Text, nullable=False),
    Column("failed_on", Text, nullable=False),
    Column("exhausted", Float, nullable=False),
    Column("blocked", Float, nullable=False),
)

#: Lines of an entry once more, packed (`planner.ledger.columns`). ``last_day`` is the
#: ordinal of the last day for which something is planned in it, or on which something
#: happened; 0 if it has no lines.
PACKS = Table(
    "packs",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("last_day", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

#: Tables whose lines nobody may change or remove.
APPEND_ONLY = (
    ENTRIES, RUNS, PERSONS, FORGOTTEN, ASSIGNMENTS, OUTCOMES, BALANCES, VOIDS, TRIAGES,
    SEAT_HOLDS, SEAT_DOUBTS, PACKS, SAME_PERSONS,
)  # fmt: skip

_REFUSAL = "the ledger is append-only"

# --- migrations -------------------------------------------------------------------

#: Tables of version 1 that are as they were, all of them append-only but the first.
_FIRST = (
    META, ENTRIES, RUNS, PERSONS, FORGOTTEN, ASSIGNMENTS, OUTCOMES, BALANCES, VOIDS,
    TRIAGES, SEAT_HOLDS, PACKS, SAME_PERSONS,
)  # fmt: skip
#: Identities of version 1: in the order of their keys, so that each new one came to a
#: page of its own.
_FIRST_IDENTITIES = Table(
    "identities",
    MetaData(),
    Column("space", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("person", Integer, nullable=False, index=True),
    sqlite_with_rowid=False,
)


def _first_schema(connection: Connection) -> None:
    metadata.create_all(connection, tables=_FIRST)
    _FIRST_IDENTITIES.create(connection)
    if _is_postgresql(connection):
        connection.execute(
            sa.text(
                "CREATE FUNCTION planner_append_only() RETURNS trigger LANGUAGE plpgsql "
                f"AS $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
            )
        )
    for table in _FIRST[1:]:
        _refuse_edits(connection, table)


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _refuse_edits(connection: Connection, table: Table) -> None:
    for action in ("UPDATE", "DELETE"):
        name = f"{table.name}_no_{action.lower()}"
        body = (
            "FOR EACH ROW EXECUTE FUNCTION planner_append_only()"
            if _is_postgresql(connection)
            else f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
        connection.execute(
            sa.text(f"CREATE TRIGGER {name} BEFORE {action} ON {table.name} {body}")
        )


def _number_identities(connection: Connection) -> None:
    """Keep identities in the order of their persons; the next to write packs the keys."""
    for statement in (
        "ALTER TABLE identities RENAME TO identities_1",
        "DROP INDEX ix_identities_person",
    ):
        connection.exec_driver_sql(statement)
    metadata.create_all(connection, tables=(IDENTITIES, KEY_PACKS, KEY_LINES))
    connection.exec_driver_sql(
        "INSERT INTO identities (number, space, value, person) SELECT ROW_NUMBER() OVER "
        "(ORDER BY person, space, value), space, value, person FROM identities_1 "
        "ORDER BY person, space, value"
    )
    connection.exec_driver_sql("DROP TABLE identities_1")


def _drop_unused_indexes(connection: Connection) -> None:
    """Take out indexes that hardly anything asks, an eighth of the file."""
    for name in ("ix_identities_person", "ix_outcomes_happened_on"):
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {name}")


def _add_doubts(connection: Connection) -> None:
    """Keep what triage could not tell of a seat."""
    SEAT_DOUBTS.create(connection)
    _refuse_edits(connection, SEAT_DOUBTS)


#: Step n brings a ledger of version n to n + 1. Append to this list; never change it.
MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    _first_schema, _number_identities, _drop_unused_indexes, _add_doubts,
)  # fmt: skip
VERSION = len(MIGRATIONS)

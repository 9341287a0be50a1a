"""The ledger's database: open, lock, read, append. SQLite by default, PostgreSQL by URL.

One transaction at a time writes: SQLite's own lock, an advisory lock on PostgreSQL. A
reader sees the ledger as it was at one instant.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection as Connection
from sqlalchemy import Engine, Table, event, exc

from planner.errors import LedgerError
from planner.ledger.tables import ENTRIES, META, MIGRATIONS, VERSION

#: Any number that no other program of the database is likely to lock.
_ADVISORY_LOCK = 0x706C616E
#: Room for changed pages while writing; unused where there are few.
_PAGES_KIB = 64 * 1024
_SQLITE_MAGIC = b"SQLite format 3\x00"


class Damage(Exception):  # noqa: N818 - a plain word, like LedgerError's "damaged"
    """What stands in the ledger is not what was written; whoever opened it says which."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ledger:
    """An open ledger. Make one with `opened`."""

    engine: Engine
    name: str
    wait_seconds: int
    check: Thread | None = None
    faults: list[str] = field(default_factory=list)

    @contextmanager
    def reading(self, *, ahead: bool = False) -> Iterator[Connection]:
        """Give a connection that sees the ledger at one instant.

        Parameters
        ----------
        ahead : bool
            Do not wait until all pages are looked through: before anything is written,
            and before the ledger is closed, that is done all the same. A broken page
            that is read is noticed as it is read.

        Raises
        ------
        LedgerError
            If the ledger is damaged.
        """
        if not ahead:
            self.checked()
        with _explained(self.name), self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection to append with; nobody else writes until the block ends.

        What the block did is kept if it ends, and undone if it raises.

        Raises
        ------
        LedgerError
            If another planner writes for longer than ``ledger_wait_seconds``, or the
            ledger is damaged.
        """
        self.checked()
        with _explained(self.name), self.engine.connect() as connection:
            connection = connection.execution_options(planner_writes=True)
            with connection.begin():
                _lock(connection, self.wait_seconds)
                yield connection

    def checked(self) -> None:
        """Wait until all pages of the file are looked through.

        Raises
        ------
        LedgerError
            If one is broken.
        """
        if self.check is not None:
            self.check.join()
        if self.faults:
            raise _damaged(self.name, self.faults[0])


@contextmanager
def opened(url: str, *, wait_seconds: int, create: bool) -> Iterator[Ledger | None]:
    """Open the ledger at `url`, bringing an older one up to date.

    Parameters
    ----------
    url : str
        A file, or a URL: ``sqlite:///planner.db``, ``postgresql://...``.
    wait_seconds : int
        How long to wait for another planner.
    create : bool
        Make a ledger where there is none. Without it, there being none gives None.

    Raises
    ------
    LedgerError
        If it cannot be opened, is damaged, or was made by a newer planner; if it is
        damaged where nobody read, when the block ends.
    """
    parsed = _parsed(url)
    name = ledger_name(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(parsed.database or "")
        _check_file(path)
        if not create and not (path.exists() and path.stat().st_size):
            yield None
            return
    with _explained(name):
        engine = _engine(parsed, wait_seconds)
    try:
        ledger = Ledger(engine=engine, name=name, wait_seconds=wait_seconds)
        if not _prepare(ledger, create=create):
            yield None
            return
        ledger = _checking(ledger)
        try:
            yield ledger
            ledger.checked()
        finally:
            if ledger.check is not None:
                ledger.check.join()
    finally:
        engine.dispose()


def ledger_name(url: str) -> str:
    """Return how messages name a ledger: a file, or a URL without its password."""
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return str(parsed.database)
    # A query may hold a password, too (`password=`, `sslpassword=`): none is shown.
    return parsed.set(query={}).render_as_string(hide_password=True)


def head(connection: Connection) -> int:
    """Return the number of the last entry, 0 if there is none."""
    return int(connection.scalar(sa.select(sa.func.max(ENTRIES.c.entry))) or 0)


def append_entry(connection: Connection, kind: str, *, as_of: dt.date, digest: str) -> int:
    """Append the line that stands for all that one command records; return its number."""
    entry = head(connection) + 1
    connection.execute(
        sa.insert(ENTRIES).values(
            entry=entry, kind=kind, as_of=as_of.isoformat(), digest=digest,
            recorded_at=dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
    )  # fmt: skip
    return entry


def append(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append lines to a table."""
    if rows:
        connection.execute(sa.insert(table), list(rows))


def append_lines(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    lines: Sequence[tuple[Any, ...]],
) -> None:
    """Append many lines to a table, given by their columns in one order.

    The library would look at each value of each line, which takes as long as the
    database does.
    """
    if not lines:
        return
    columns = ", ".join(names)
    with _driver(connection) as cursor:
        if connection.dialect.name == "postgresql":
            with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
        else:
            places = ", ".join("?" * len(names))
            cursor.executemany(
                f"INSERT INTO {table.name} ({columns}) VALUES ({places})", lines
            )


def read_lines(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    """Return the many lines that a query finds, as the driver has them."""
    with _driver(connection) as cursor:
        cursor.execute(query)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def read_document(text: str) -> dict[str, Any]:
    """Return a run's document.

    Raises
    ------
    Damage
        If it is none.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Damage("a run's document cannot be read") from error
    if not isinstance(found, dict):
        raise Damage("a run's document is none")
    return found


@contextmanager
def _driver(connection: Connection) -> Iterator[Any]:
    """Give a cursor of the driver itself, whose errors come as the library's."""
    cursor: Any = connection.connection.cursor()
    try:
        yield cursor
    except connection.dialect.loaded_dbapi.Error as error:
        raise exc.DBAPIError(None, None, error) from error
    finally:
        cursor.close()


def keyed_hash(key: bytes, text: str) -> bytes:
    """Return 16 bytes that stand for a text, for holders of the ledger's key only."""
    return hashlib.blake2b(text.encode(), digest_size=16, key=key).digest()


def secret_key(connection: Connection) -> bytes:
    """Return the ledger's own key, made when the ledger was."""
    value = connection.scalar(sa.select(META.c.value).where(META.c.name == "key"))
    return bytes.fromhex(str(value))


# --- opening ----------------------------------------------------------------------


def _parsed(url: str) -> sa.URL:
    try:
        is_file = "://" not in url
        parsed = sa.URL.create("sqlite", database=url) if is_file else sa.make_url(url)
        backend = parsed.get_backend_name()
    except (exc.SQLAlchemyError, ValueError) as error:
        raise LedgerError(
            "--ledger takes a file such as planner.db or a URL such as "
            "postgresql://user@host/database"
        ) from error
    if parsed.drivername in ("postgresql", "postgres"):  # libpq takes both
        return parsed.set(drivername="postgresql+psycopg")
    if backend not in ("sqlite", "postgresql"):
        raise LedgerError(
            f"--ledger: {backend} is not supported; use SQLite (a file) or PostgreSQL"
        )
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise LedgerError("--ledger names no file; give one, such as planner.db")
    return parsed


def _check_file(path: Path) -> None:
    """Refuse a file that is no database, before anything could be written to it."""
    try:
        if not path.exists():
            return
        with path.open("rb") as file:
            start = file.read(len(_SQLITE_MAGIC))
    except OSError as error:
        raise LedgerError(
            f"{path}: the ledger cannot be read ({error.strerror}); nothing was changed: "
            "change its permissions, or name another file with --ledger"
        ) from error
    if start and start != _SQLITE_MAGIC:
        raise _damaged(str(path), "it is not an SQLite database")


def _engine(url: sa.URL, wait_seconds: int) -> Engine:
    if url.get_backend_name() == "postgresql":
        # 0 would mean to wait for ever, here and in `_lock`.
        seconds = max(1, wait_seconds)
        return sa.create_engine(url, connect_args={"connect_timeout": seconds})
    engine = sa.create_engine(
        url, connect_args={"timeout": wait_seconds}, poolclass=sa.pool.NullPool
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # `_begin_sqlite` begins transactions
    # What is removed must be gone from the file; a commit must survive a power cut.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("planner_writes", False)
    if writes:
        # Keys go to pages all over the file: with room for them, they are synced once.
        connection.exec_driver_sql(f"PRAGMA cache_size = -{_PAGES_KIB}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _lock(connection: Connection, wait_seconds: int) -> None:
    if connection.dialect.name == "postgresql":
        milliseconds = max(1, 1000 * wait_seconds)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")


def _prepare(ledger: Ledger, *, create: bool) -> bool:
    """Bring the schema up to date; return whether there is a ledger now."""
    with ledger.reading() as connection:
        version = _version(connection, ledger.name)
    if version == VERSION:
        return True
    if version == 0 and not create:
        return False
    with ledger.writing() as connection:
        version = _version(connection, ledger.name)  # another planner may have been here
        for step in MIGRATIONS[version:]:
            step(connection)
        if version == 0:
            key = secrets.token_hex(32)
            connection.execute(sa.insert(META).values(name="key", value=key))
            connection.execute(sa.insert(META).values(name="version", value=str(VERSION)))
        elif version < VERSION:
            connection.execute(
                sa.update(META).where(META.c.name == "version").values(value=str(VERSION))
            )
    return True


def _checking(ledger: Ledger) -> Ledger:
    """Return the ledger with all pages of its file being looked through meanwhile.

    Without that, entries would be appended to what is half lost, where this command
    happens to read no broken page. For a million touches it takes nearly as long as
    reading a hundred thousand leads, so other work goes on: what writes waits for it.
    """
    if ledger.engine.dialect.name != "sqlite":
        return ledger
    faults: list[str] = []

    def look() -> None:
        try:
            with ledger.engine.connect() as connection:
                found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        except exc.SQLAlchemyError as error:
            found = str(getattr(error, "orig", None) or type(error).__name__)
        # A planner that is writing now will find out for itself.
        if found != "ok" and not any(words in str(found) for words in _BUSY):
            faults.append(str(found).splitlines()[-1][:80])

    check = Thread(target=look, name="check of the ledger's pages", daemon=True)
    check.start()
    return replace(ledger, check=check, faults=faults)


def _version(connection: Connection, name: str) -> int:
    """Return the schema version, 0 for an empty database."""
    tables = sa.inspect(connection).get_table_names()
    if META.name not in tables:
        if tables and connection.dialect.name == "sqlite":
            raise LedgerError(
                f"{name}: this database is not a ledger of planner; nothing was changed: "
                "name another file with --ledger"
            )
        return 0
    value = connection.scalar(sa.select(META.c.value).where(META.c.name == "version"))
    version = int(str(value)) if str(value).isdigit() else -1
    if version < 0:
        raise _damaged(name, "it does not say its version")
    if version > VERSION:
        raise LedgerError(
            f"{name}: a newer planner made this ledger (version {version}, this one knows "
            f"{VERSION}): upgrade planner; nothing was changed"
        )
    return version


# --- what went wrong --------------------------------------------------------------


def _damaged(name: str, why: str) -> LedgerError:
    return LedgerError(
        f"{name}: the ledger is damaged ({why}). Nothing was changed. Put back a copy of "
        "it; or move it away, and the next plan starts a new one from the balances in the "
        "seat inventory and the lists given with --exclude"
    )


#: Words of SQLite's messages and codes of PostgreSQL's, whose words depend on its
#: language (SQLSTATE: PostgreSQL 15, appendix A).
_BUSY = ("database is locked", "55P03")
_DAMAGED = (
    "malformed", "not a database", "corrupt", "no such table", "no such column",
    "Could not decode", "42P01", "42703", "XX001", "XX002",
)  # fmt: skip
#: What Python says of a text that is no date, time or number.
_NO_VALUE = (
    "isoformat", "must be in", "out of range", "could not convert", "invalid literal",
)  # fmt: skip
_FULL = ("disk is full", "disk I/O error", "53100")


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn the database's errors into `LedgerError`, without what stood in a row."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        cause = getattr(error, "orig", None)
        said = str(cause or "") or type(error).__name__
        known = f"{getattr(cause, 'sqlstate', '')} {said}"
        if any(words in known for words in _BUSY):
            raise LedgerError(
                f"{name}: another planner is writing to the ledger; nothing was recorded: "
                "run the same command again"
            ) from error
        if any(words in known for words in _FULL):
            raise LedgerError(
                f"{name}: the disk is full or failing; nothing was recorded: free some "
                "space and run the same command again"
            ) from error
        if any(words in known for words in _DAMAGED):
            raise _damaged(name, said.splitlines()[0][:80]) from error
        words = said.splitlines()[0][:120]
        raise LedgerError(
            f"{name}: the ledger cannot be used ({words}); nothing was recorded"
        ) from error
    except (Damage, OverflowError, zlib.error) as error:
        raise _damaged(name, str(error)[:80]) from error
    except ValueError as error:
        # Of a date or a number; not what it says, which may be anything.
        if not any(words in str(error) for words in _NO_VALUE):
            raise
        raise _damaged(name, "a date or number in it is none") from error
    except ImportError as error:
        raise LedgerError(
            "a ledger on PostgreSQL needs the driver: pip install 'planner[postgresql]'"
        ) from error

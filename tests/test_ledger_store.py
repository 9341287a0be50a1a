"""The ledger's database: opened, locked, refused, damaged, full. Nothing is lost.

What can be tried with the whole program is: `Planners` runs real processes.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

import ledger_factory as make
from crash import LEDGER, Place
from forking import WORKERS, Command, Ended, Planners, digest
from planner.errors import LedgerError
from planner.ledger import people, store
from planner.ledger.tables import APPEND_ONLY, ENTRIES, META, MIGRATIONS, VERSION, metadata
from postgres import Database, fresh_database

DAY = dt.date(2026, 11, 23)
WAIT = ["-p", "ledger_wait_seconds=1"]
NEXT_WEEK = make.plan("leads.csv", "2026-11-30", *WAIT)


@pytest.fixture(scope="module")
def planned(planners: Planners, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace whose ledger has a run; copy it, never change it."""
    folder = tmp_path_factory.mktemp("planned")
    make.write_lists(folder)
    end = planners.run_one(make.PLAN, folder)
    assert end.code == 0, end.stderr
    make.write_lists(folder, range(12))
    return folder


@pytest.fixture
def place(planned: Path, tmp_path: Path) -> Place:
    """Return a copy of the workspace whose ledger has a run."""
    return Place(folder=Path(shutil.copytree(planned, tmp_path / "place")))


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
def opened(url: str, *, create: bool = True) -> Iterator[store.Ledger]:
    """Open a ledger that there is, or that is made."""
    with store.opened(url, wait_seconds=1, create=create) as ledger:
        assert ledger is not None
        yield ledger


def execute(url: str, *statements: str) -> None:
    """Run statements on a ledger behind the planner's back."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
    finally:
        engine.dispose()


def record(ledger: store.Ledger, digest: str) -> int:
    """Append an entry that stands for nothing."""
    with ledger.writing() as connection:
        return store.append_entry(connection, "run", as_of=DAY, digest=digest)


def num_entries(ledger: store.Ledger) -> int:
    """Return how many entries a reader sees."""
    with ledger.reading() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(ENTRIES)) or 0)


# --- opening ----------------------------------------------------------------------


def test_made_once_and_kept(url: str) -> None:
    """What was appended is there after reopening, under the same key."""
    with store.opened(url, wait_seconds=1, create=False) as none:
        assert none is None
    with opened(url) as ledger:
        assert [record(ledger, text) for text in ("a", "b")] == [1, 2]
        with ledger.reading() as connection:
            key = store.secret_key(connection)
    with opened(url, create=False) as ledger, ledger.reading() as connection:
        assert store.head(connection) == 2
        assert store.secret_key(connection) == key
        assert len(key) == 32
        tables = set(sa.inspect(connection).get_table_names())
        assert tables == set(metadata.tables)


def test_no_ledger_is_made_unless_asked(tmp_path: Path) -> None:
    """A command that only looks leaves no file behind."""
    with store.opened(f"sqlite:///{tmp_path / 'x.db'}", wait_seconds=1, create=False):
        pass
    assert list(tmp_path.iterdir()) == []


def _record_and_fail(ledger: store.Ledger) -> None:
    with ledger.writing() as connection:
        store.append_entry(connection, "run", as_of=DAY, digest="lost")
        raise RuntimeError


def test_a_block_that_raises_leaves_nothing(url: str) -> None:
    """An entry is whole or not there; the next one takes its number."""
    with opened(url) as ledger:
        with pytest.raises(RuntimeError):
            _record_and_fail(ledger)
        assert num_entries(ledger) == 0
        assert record(ledger, "kept") == 1


def test_sqlite_keeps_what_is_committed(tmp_path: Path) -> None:
    """A commit survives a kill and a power cut; what is removed is gone from the file."""
    wanted = {"journal_mode": "delete", "synchronous": 2, "secure_delete": 1}
    with opened(f"sqlite:///{tmp_path / 'x.db'}") as ledger, ledger.writing() as connection:
        for name, value in wanted.items():
            found = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            assert found == value, name


def test_a_reader_sees_one_instant(database: Database) -> None:
    """What is committed while somebody reads is not seen before they read anew."""
    with opened(database.url) as ledger:
        record(ledger, "a")
        with ledger.reading() as connection:
            assert store.head(connection) == 1
            assert record(ledger, "b") == 2
            assert store.head(connection) == 1
        assert num_entries(ledger) == 2


def test_every_version_has_its_migration() -> None:
    """The version is the number of migrations, so that none can be left out."""
    assert len(MIGRATIONS) == VERSION


def test_an_older_ledger_is_brought_up_to_date(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration runs once, keeps what was recorded, and is undone if it fails."""
    with opened(url) as ledger:
        record(ledger, "old")

    def step(connection: sa.Connection) -> None:
        connection.execute(sa.text("CREATE TABLE added (x INTEGER)"))
        if failing:
            raise RuntimeError

    monkeypatch.setattr(store, "MIGRATIONS", (*MIGRATIONS, step))
    monkeypatch.setattr(store, "VERSION", VERSION + 1)
    failing = True
    with pytest.raises(RuntimeError), opened(url):
        pass
    failing = False
    for _ in range(2):  # a second time it would fail: the table is there
        with opened(url) as ledger, ledger.reading() as connection:
            assert num_entries(ledger) == 1
            assert "added" in sa.inspect(connection).get_table_names()
            version = sa.select(META.c.value).where(META.c.name == "version")
            assert connection.scalar(version) == str(VERSION + 1)


def test_a_newer_ledger_is_refused(url: str) -> None:
    """A planner that does not know the schema says so."""
    with opened(url):
        pass
    execute(url, "UPDATE meta SET value = '99' WHERE name = 'version'")
    with pytest.raises(LedgerError, match="upgrade planner"), opened(url):
        pass


@pytest.mark.parametrize("table", APPEND_ONLY, ids=lambda table: table.name)
def test_sqlite_refuses_to_edit(tmp_path: Path, table: sa.Table) -> None:
    """No line of an append-only table can be changed or removed."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    with opened(url):
        pass
    _check_append_only(url, table)


def test_postgresql_refuses_to_edit(database: Database) -> None:
    """No line of an append-only table can be changed or removed."""
    with opened(database.url):
        pass
    for table in APPEND_ONLY:
        _check_append_only(database.url, table)


def _check_append_only(url: str, table: sa.Table) -> None:
    blank = {"INTEGER": "7", "TEXT": "'x'", "FLOAT": "0.5"}
    binary = "x'00'" if url.startswith("sqlite") else "'\\x00'"
    values = [blank.get(str(column.type), binary) for column in table.columns]
    execute(url, f"INSERT INTO {table.name} VALUES ({', '.join(values)})")
    column = next(iter(table.columns)).name
    for statement in (
        f"UPDATE {table.name} SET {column} = {column}",
        f"DELETE FROM {table.name}",
    ):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            execute(url, statement)


# --- which database ---------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:hush5ecret@127.0.0.1:1/x",
        "postgres://anna:hush5ecret@127.0.0.1:1/x",
        "postgresql://anna@127.0.0.1:1/x?password=hush5ecret",
        "postgresql://anna:hush5ecret@127.0.0.1:nonsense/x",
        "postgresql://anna:hush5ecret@127.0.0.1:1/x?no_such_option=1",
        "mysql://anna:hush5ecret@127.0.0.1/x",
    ],
)
def test_a_password_is_never_shown(url: str, planned: Path, planners: Planners) -> None:
    """Whatever is wrong with a URL, the message shows no password."""
    before = digest(planned)
    argv = make.plan("leads.csv", make.MONDAY, "--ledger", url, *WAIT)
    end = planners.run_one(["--debug", *argv], planned)
    assert end.code == 5, end
    assert "error: " in end.stderr
    assert "hush5ecret" not in end.stderr + end.stdout
    assert digest(planned) == before


def test_postgresql_that_refuses_the_password(database: Database) -> None:
    """A database that is not there is named without its password."""
    url = database.url.replace("postgres@", "postgres:hush5ecret@") + "_gone"
    with pytest.raises(LedgerError, match="cannot be used") as caught, opened(url):
        pass
    assert "hush5ecret" not in str(caught.value)


def test_another_program_s_tables_stay(database: Database) -> None:
    """A database may have tables of others; the planner's own work spares them."""
    names = ("companies", "matched", "wanted")  # also the planner's temporary tables
    for name in names:
        database.query(f"CREATE TABLE {name} AS SELECT 42 AS answer")
    with opened(database.url) as ledger, ledger.reading() as connection:
        for name in names:
            people.load(connection, name, "x INTEGER", [(1,)])
    for name in names:
        assert database.query(f"SELECT answer FROM public.{name}") == [(42,)]


def test_a_foreign_sqlite_database_is_left_alone(place: Place, planners: Planners) -> None:
    """A database of another program is no ledger, and no table is added to it."""
    (place.folder / LEDGER).unlink()
    with closing(sqlite3.connect(place.folder / LEDGER)) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
        connection.commit()
    before = digest(place.folder)
    end = planners.run_one(NEXT_WEEK, place.folder)
    _check_refused(place, end, "not a ledger", before)


def test_a_newer_ledger_stops_the_plan(place: Place, planners: Planners) -> None:
    """The program leaves with 5 and changes nothing."""
    execute(
        f"sqlite:///{place.folder / LEDGER}",
        "UPDATE meta SET value = '99' WHERE name = 'version'",
    )
    before = digest(place.folder)
    end = planners.run_one(NEXT_WEEK, place.folder)
    _check_refused(place, end, "upgrade planner", before)


# --- damage -----------------------------------------------------------------------


def _zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 // 4096 * 4096])


def _cut_in_a_page(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: -4096 - 1000])


def _header_only(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def _noise_after_header(path: Path) -> None:
    noise = random.Random(3).randbytes(path.stat().st_size - 100)
    path.write_bytes(path.read_bytes()[:100] + noise)


def _text(path: Path) -> None:
    path.write_text("name,credits\nanna,12\n")


def _text_of_one_byte(path: Path) -> None:
    path.write_text("x")


def _no_key(path: Path) -> None:
    execute(f"sqlite:///{path}", "DELETE FROM meta")


def _no_table(path: Path) -> None:
    execute(f"sqlite:///{path}", "DROP TABLE assignments")


@pytest.mark.parametrize(
    "damage",
    [
        _zeros, _halved, _cut_in_a_page, _header_only, _noise_after_header, _text,
        _text_of_one_byte, _no_key, _no_table,
    ],
)  # fmt: skip
def test_a_damaged_ledger_is_left_alone(
    place: Place, planners: Planners, damage: Callable[[Path], None]
) -> None:
    """The program says what to do, and neither overwrites it nor plans without it."""
    damage(place.folder / LEDGER)
    before = digest(place.folder)
    end = planners.run_one(NEXT_WEEK, place.folder)
    _check_refused(place, end, "damaged", before)
    assert "Put back a copy" in end.stderr


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("packs", "data = CAST(substr(data, 1, length(data) - 1) || 'x' AS BLOB)"),
        ("packs", "data = x'00000001'"),
        ("runs", "leads = x'00'"),
        ("runs", "document = substr(document, 2)"),
        ("balances", "happened_on = '2026-11-3x'"),
        ("runs", "document = '[]'"),
        ("entries", "as_of = '2026-99-99'"),
        ("balances", "credits = 'many'"),
    ],
)
def test_damage_that_pages_do_not_show_is_noticed(
    place: Place, planners: Planners, table: str, change: str
) -> None:
    """Bytes changed inside a line: every page is sound, what stands in it is not."""
    execute(f"sqlite:///{place.folder / LEDGER}", f"DROP TRIGGER {table}_no_update")
    execute(f"sqlite:///{place.folder / LEDGER}", f"UPDATE {table} SET {change}")
    before = digest(place.folder)
    end = planners.run_one(NEXT_WEEK, place.folder)
    _check_refused(place, end, "damaged", before)


def test_a_folder_is_no_ledger(place: Place, planners: Planners) -> None:
    """A folder of the ledger's name is refused."""
    (place.folder / LEDGER).unlink()
    (place.folder / LEDGER).mkdir()
    before = digest(place.folder)
    end = planners.run_one(NEXT_WEEK, place.folder)
    _check_refused(place, end, "cannot be read", before)


def test_noise_in_any_page_is_noticed(
    planned: Path, planners: Planners, tmp_path: Path
) -> None:
    """Noise in one page, whichever: exit 5, and the file stays as it was."""
    places = []
    for page in range(1, (planned / LEDGER).stat().st_size // 4096):
        folder = Path(shutil.copytree(planned, tmp_path / f"page-{page}"))
        with (folder / LEDGER).open("rb+") as file:
            file.seek(page * 4096)
            file.write(random.Random(page).randbytes(4096))
        places.append((folder, (folder / LEDGER).read_bytes()))
    commands = [Command(argv=NEXT_WEEK, cwd=str(folder)) for folder, _ in places]
    for page, end in enumerate(planners.run(*commands, at_once=WORKERS), start=1):
        folder, before = places[page - 1]
        assert end.code == 5, f"page {page}: {end}"
        assert "damaged" in end.stderr
        assert (folder / LEDGER).read_bytes() == before, f"page {page}"


def _check_refused(place: Place, end: Ended, words: str, before: str) -> None:
    """Check that a command said why it changed nothing in its workspace."""
    assert end.code == 5, end
    assert words in end.stderr
    assert "Traceback" not in end.stderr
    assert digest(place.folder) == before


# --- in the way -------------------------------------------------------------------


def test_a_busy_ledger(place: Place, planners: Planners) -> None:
    """While another program writes for too long, nothing is planned; then it is."""
    before = place.ledger()
    listed = sorted(place.files())
    with closing(sqlite3.connect(place.folder / LEDGER, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        end = planners.run_one(NEXT_WEEK, place.folder)
        assert end.code == 5, end
        assert "run the same command again" in end.stderr
        assert sorted(place.files()) == listed
        other.execute("ROLLBACK")
    assert place.ledger() == before
    assert planners.run_one(NEXT_WEEK, place.folder).code == 0
    assert len(place.ledger()["runs"]) == 2


def test_a_ledger_that_nobody_can_even_read(place: Place, planners: Planners) -> None:
    """The same where the other program keeps readers out."""
    before = digest(place.folder)  # not later: it would end this process's lock
    with closing(sqlite3.connect(place.folder / LEDGER, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        end = planners.run_one(NEXT_WEEK, place.folder)
    _check_refused(place, end, "run the same command again", before)


@pytest.mark.parametrize("wait", ["0", "1"])
def test_a_busy_ledger_on_postgresql(
    database: Database, tmp_path: Path, planners: Planners, wait: str
) -> None:
    """The lock of a planner that writes is waited for, but not for ever."""
    place = Place(folder=tmp_path, url=database.url)
    make.write_lists(tmp_path)
    argv = [*make.PLAN, "-p", f"ledger_wait_seconds={wait}"]
    with opened(database.url) as ledger, ledger.writing():
        before = digest(tmp_path)
        end = planners.run(place.command(argv))[0]
        assert end.code == 5, end
        assert "run the same command again" in end.stderr
        assert list((tmp_path / "reports").iterdir()) == []
        shutil.rmtree(tmp_path / "reports")
        assert digest(tmp_path) == before
    assert planners.run(place.command(argv))[0].code == 0
    assert len(place.ledger()["runs"]) == 1


def _without_privileges(argv: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a planner that permissions hold for, though the tests may run as root."""
    program = [sys.executable, "-m", "planner", *argv]
    if not os.geteuid():
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("root may do everything, and setpriv is missing")
        program = [setpriv, "--bounding-set=-dac_override,-dac_read_search", *program]
    return subprocess.run(
        program, cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PLANNER_LEDGER": ""},
    )  # fmt: skip


@pytest.mark.parametrize("mode", [0, stat.S_IRUSR], ids=["unreadable", "read-only"])
def test_no_permission(place: Place, mode: int) -> None:
    """A ledger that may not be read, or not be written, stays; no folder appears."""
    listed = sorted(place.files())
    path = place.folder / LEDGER
    before = path.read_bytes()
    path.chmod(mode)
    end = _without_privileges(NEXT_WEEK, place.folder)
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert end.returncode == 5, end
    assert LEDGER in end.stderr
    assert "Traceback" not in end.stderr
    assert path.read_bytes() == before
    assert sorted(place.files()) == listed


# --- full disk --------------------------------------------------------------------


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    """Mount a disk of 4 MB there; root only."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("mount is missing: no small disk can be made")
    if done.returncode:
        pytest.skip(f"no small disk can be mounted: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _fill(path: Path, left: int) -> None:
    """Fill the disk but for so many bytes."""
    room = os.statvfs(path.parent)
    with path.open("wb") as file:
        file.write(bytes(max(0, room.f_bavail * room.f_frsize - left)))


@pytest.mark.parametrize("first", [True, False], ids=["first plan", "next week"])
def test_a_full_disk(
    planned: Path, planners: Planners, tmp_path: Path, first: bool
) -> None:
    """With little room the plan fails and says so; with room it does all its work.

    The room left grows from none until it is enough, then is narrowed down to where it
    runs out last, so that it does on each kind of file: run folder, ledger, its journal.
    """
    argv = make.PLAN if first else NEXT_WEEK
    clean = Path(shutil.copytree(planned, tmp_path / "clean"))
    if first:
        shutil.rmtree(clean / "reports")
        (clean / LEDGER).unlink()
    source = Path(shutil.copytree(clean, tmp_path / "source"))
    assert planners.run_one(argv, clean).code == 0
    wanted = (Place(folder=clean).ledger(), Place(folder=clean).files())
    before = (Place(folder=source).ledger(), Place(folder=source).files())

    def code_with(left: int) -> int:
        """Plan with so many bytes left; if that fails, again with enough."""
        place = Place(folder=Path(shutil.copytree(source, tmp_path / "disk" / "at")))
        ballast = tmp_path / "disk" / "ballast"
        _fill(ballast, left)
        end = planners.run_one(argv, place.folder)
        if end.code:
            assert end.code in (3, 5), end
            assert "error: " in end.stderr
            assert "Traceback" not in end.stderr
            _check_whole(place, before, wanted)
            ballast.unlink()
            assert planners.run_one(argv, place.folder).code == 0
        ballast.unlink(missing_ok=True)
        assert (place.ledger(), place.files()) == wanted, f"{left} bytes left"
        shutil.rmtree(place.folder)
        return end.code

    with _small_disk(tmp_path / "disk"):
        codes = {left: code_with(left) for left in (0, 300_000)}
        low, high = 300_000, 300_000
        while codes[high]:
            low, high = high, high + 300_000
            codes[high] = code_with(high)
            assert high < 2_400_000, "there never was enough room"
        while not {3, 5} <= set(codes.values()) and high - low > 4096:
            middle = (low + high) // 2
            codes[middle] = code_with(middle)
            low, high = (middle, high) if codes[middle] else (low, middle)
    assert {0, 3, 5} <= set(codes.values()), codes


def _check_whole(place: Place, before: object, wanted: object) -> None:
    """Check what a failed plan left: nothing hidden or half, and no run in the ledger."""
    assert isinstance(before, tuple)
    assert isinstance(wanted, tuple)
    left = place.ledger()
    assert left == before[0] or not left[ENTRIES.name]  # an empty one may have been made
    files = place.files()
    assert not [name for name in files if ".tmp-" in name]
    assert files in (before[1], wanted[1])

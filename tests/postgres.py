"""A PostgreSQL of the tests' own: started on loopback, gone when they end.

Nothing of the machine's own PostgreSQL is touched but its programs. Where they are not
installed, or do not start, tests are skipped and say why.
"""

from __future__ import annotations

import atexit
import functools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_PATIENCE = 60.0
_TRIES = 3
#: What a database may lose in a power cut is of no interest here.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "40",
    "shared_buffers": "16MB",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
}


@dataclass(frozen=True, kw_only=True)
class Database:
    """An empty database of one test."""

    port: int
    name: str

    @property
    def url(self) -> str:
        """What ``--ledger`` takes."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{self.name}"

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement from outside of the planner and return its rows."""
        return _query(self.port, self.name, statement)


@contextmanager
def fresh_database(template: Database | None = None) -> Iterator[Database]:
    """Give a database, empty or a copy of `template`; drop it at the end."""
    port = _port()
    name = f"planner_{secrets.token_hex(6)}"
    copied = f" TEMPLATE {template.name}" if template else ""
    _query(port, "postgres", f"CREATE DATABASE {name}{copied}")
    try:
        yield Database(port=port, name=name)
    finally:
        _query(port, "postgres", f"DROP DATABASE {name} WITH (FORCE)")


def _query(port: int, name: str, statement: str) -> list[tuple[Any, ...]]:
    import psycopg

    with psycopg.connect(
        host="127.0.0.1", port=port, user="postgres", dbname=name, autocommit=True
    ) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


# --- the cluster ------------------------------------------------------------------


def _port() -> int:
    """Return the port of the running cluster, or skip the test."""
    try:
        return _cluster()
    except _StartError as error:
        pytest.skip(str(error))


class _StartError(Exception):
    """PostgreSQL cannot be started here."""


@functools.cache
def _outcome() -> int | str:
    """Start the cluster once; return its port, or why it does not start."""
    why = ""
    for _ in range(_TRIES):  # another program may take the port first
        try:
            return _start()
        except _StartError as error:
            why = str(error)
        except (OSError, subprocess.SubprocessError) as error:
            why = f"PostgreSQL cannot be started: {error}"
    return why


def _cluster() -> int:
    found = _outcome()
    if isinstance(found, str):
        raise _StartError(found)
    return found


def _program(name: str) -> str:
    # The newest of Debian's packages; 9.6 is not newer than 15.
    places = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    versions = sorted(places, key=lambda path: float(path.parts[4]))
    found = str(versions[-1]) if versions else shutil.which(name)
    if found is None:
        raise _StartError(f"PostgreSQL is not installed ({name} is missing)")
    return found


def _as_user() -> dict[str, Any]:
    """Return whom PostgreSQL runs as: it refuses to be root."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise _StartError("PostgreSQL does not run as root, and there is no other user")


def _start() -> int:
    try:
        import psycopg
    except ImportError as error:
        raise _StartError("psycopg, the driver of PostgreSQL, is missing") from error
    initdb, server = _program("initdb"), _program("postgres")
    user = _as_user()
    home = Path(tempfile.mkdtemp(prefix="planner-postgres-"))
    if user:
        os.chown(home, user["user"], user["group"])
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    data, log = home / "data", home / "log"
    plain = {"LC_ALL": "C", "PATH": os.environ.get("PATH", ""), "HOME": str(home)}
    made = subprocess.run(
        [
            initdb, "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8",
            "--no-locale", str(data),
        ],
        cwd=home, env=plain, capture_output=True, text=True, check=False, **user,
    )  # fmt: skip
    if made.returncode:
        raise _StartError(f"initdb failed: {made.stderr.strip()[-300:]}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = [f"--{name}={value}" for name, value in _SETTINGS.items()]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [server, "-D", str(data), "-p", str(port), *options],
            cwd=home, env=plain, stdout=output, stderr=output, **user,
        )  # fmt: skip
    atexit.register(_stop, process)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            _query(port, "postgres", "SELECT 1")
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return port
    _stop(process)
    raise _StartError(f"PostgreSQL does not start: {log.read_text()[-300:].strip()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server at once, breaking what is still connected."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

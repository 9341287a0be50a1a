"""Real planner processes, started fast and killed where a test says.

A warm process imports everything once and forks a planner for each command. A planner
counts its instants (a file opened for writing, renamed, flushed or removed; a statement
or commit sent to the ledger) and kills itself with SIGKILL at the one it was told.

Run as a script this file is that warm process; `Planners` talks to it.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import ledger_factory

#: Planners that run at the same time where a test does not say.
WORKERS = max(2, os.cpu_count() or 2)
#: Seconds after which a planner counts as stuck.
PATIENCE = 120.0

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CHANGES = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link", "os.truncate")


@dataclass(frozen=True, kw_only=True)
class Command:
    """One planner: arguments without the program, folder, what becomes of it.

    ``delay`` are seconds to wait first, ``after`` a pattern of files in the folder, one of
    which must be there first; ``kill_at`` the instant of its SIGKILL (from 1);
    ``kill_after`` the seconds after which it is killed; ``trace`` a folder for what a
    kill would leave: a copy of `cwd` at each instant that finds it changed, by number.
    """

    argv: Sequence[str]
    cwd: str
    env: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    after: str = ""
    kill_at: int = 0
    kill_after: float = 0.0
    trace: str = ""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A planner that ended: exit code (negative: signal), output, instants noted.

    An instant is its kind and a digest of the folder as it stood then.
    """

    code: int
    stdout: str
    stderr: str
    instants: tuple[tuple[str, str], ...]


class Planners:
    """The warm process. Use it as a context manager."""

    def __enter__(self) -> Planners:
        self._scratch = tempfile.TemporaryDirectory()
        single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **single, "PYTHONHASHSEED": "0", "PLANNER_LEDGER": ""},
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=PATIENCE)
        self._process.stdout.close()
        self._scratch.cleanup()

    def run(self, *commands: Command, at_once: int | None = None) -> list[Ended]:
        """Run the commands, `at_once` of them at the same time; return how they ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        outputs = [tempfile.mkdtemp(dir=self._scratch.name) for _ in commands]
        jobs = [
            asdict(command) | {"output": output}
            for command, output in zip(commands, outputs, strict=True)
        ]
        request = {"jobs": jobs, "at_once": at_once or len(jobs)}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the warm process ended with {self._process.wait(PATIENCE)}"
        codes = json.loads(answer)
        return [
            _ended(code, Path(output)) for code, output in zip(codes, outputs, strict=True)
        ]

    def run_one(self, argv: Sequence[str], cwd: Path, **changes: Any) -> Ended:
        """Run one command to its end."""
        return self.run(Command(argv=argv, cwd=str(cwd), **changes))[0]


def _ended(code: int, output: Path) -> Ended:
    noted = output / "instants"
    lines = noted.read_text().splitlines() if noted.exists() else []
    return Ended(
        code=code,
        stdout=(output / "stdout").read_text("utf-8"),
        stderr=(output / "stderr").read_text("utf-8"),
        instants=tuple((line.split()[0], line.split()[1]) for line in lines),
    )


def digest(folder: str | Path) -> str:
    """Return a hash of all names and bytes of a folder."""
    found = hashlib.sha256()
    for path in sorted(Path(folder).rglob("*")):
        found.update(f"{path.relative_to(folder)}|{path.is_dir()}|".encode())
        if path.is_file():
            found.update(path.read_bytes())
    return found.hexdigest()


# --- the warm process -------------------------------------------------------------


def serve() -> None:
    """Read requests from stdin until it closes."""
    _import_everything()
    for line in sys.stdin:
        request = json.loads(line)
        codes = _run_all(request["jobs"], request["at_once"])
        sys.stdout.write(json.dumps(codes) + "\n")
        sys.stdout.flush()


def _import_everything() -> None:
    import importlib
    import pkgutil

    import planner

    modules = pkgutil.walk_packages(planner.__path__, "planner.")
    names = [module.name for module in modules if not module.name.endswith("__main__")]
    for name in (*names, "psycopg", "pydantic", "sqlalchemy.dialects.sqlite.pysqlite"):
        with suppress(Exception):  # a planner that needs it says so itself
            importlib.import_module(name)
    from planner.cli import collect_rarely, run

    collect_rarely()  # as every planner does
    with tempfile.TemporaryDirectory() as folder:
        before, out = Path.cwd(), sys.stdout
        os.chdir(folder)
        sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
        try:
            # What is imported, compiled and cached on first use, some on the second.
            for number in range(2):
                Path(str(number)).mkdir()
                os.chdir(str(number))
                ledger_factory.write_lists(Path())
                with suppress(SystemExit):
                    run(ledger_factory.PLAN)
                os.chdir("..")
        finally:
            os.chdir(before)
            sys.stdout, sys.stderr = out, sys.__stderr__
    gc.freeze()  # what the planners share need not be looked through by each


def _run_all(jobs: list[dict[str, Any]], at_once: int) -> list[int]:
    codes = [0] * len(jobs)
    waiting = list(enumerate(jobs))[::-1]
    running: dict[int, tuple[int, float]] = {}  # process: number, when to kill it
    while waiting or running:
        while waiting and len(running) < at_once:
            number, job = waiting.pop()
            deadline = time.monotonic() + (job["kill_after"] or PATIENCE)
            running[_fork(job)] = (number, deadline)
        for process, (number, deadline) in list(running.items()):
            if time.monotonic() > deadline:
                os.kill(process, signal.SIGKILL)
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                codes[number] = os.waitstatus_to_exitcode(status)
                del running[process]
        time.sleep(0.002)
    return codes


def _fork(job: dict[str, Any]) -> int:
    process = os.fork()
    if process:
        return process
    code = 70  # of this file, not of planner
    try:
        code = _be_planner(job)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _be_planner(job: dict[str, Any]) -> int:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "stdout"), (2, "stderr")):
        path = Path(job["output"], name)
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.chdir(job["cwd"])
    os.environ.update(job["env"])
    random.seed(0)
    time.sleep(job["delay"])
    while job["after"] and not list(Path().glob(job["after"])):
        time.sleep(0.005)
    if job["trace"]:
        noted = Path(job["output"], "instants")
        _watch(_Tracer(job["cwd"], noted, Path(job["trace"])))
    elif job["kill_at"]:
        _watch(_Killer(job["kill_at"]))
    from planner.cli import run

    try:
        return run(job["argv"])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)


class _Tracer:
    """Notes each instant with what the folder looks like, and copies the folder.

    The planner waits meanwhile, so the copy has what a kill at that instant leaves: all
    that was handed to the system, nothing of what Python or SQLite still hold back.
    """

    def __init__(self, folder: str, path: Path, copies: Path) -> None:
        self._folder, self._copies = folder, copies
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT)
        self._busy = False
        self._number, self._last = 0, ""

    def __call__(self, kind: str) -> None:
        if self._busy:
            return
        self._busy = True
        self._number += 1
        looks = digest(self._folder)
        os.write(self._file, f"{kind} {looks}\n".encode())
        if looks != self._last:
            shutil.copytree(self._folder, self._copies / str(self._number))
        self._last = looks
        self._busy = False


class _Killer:
    """Kills its own process at an instant."""

    def __init__(self, instant: int) -> None:
        self._left = instant

    def __call__(self, kind: str) -> None:
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


def _watch(instant: Callable[[str], None]) -> None:
    """Call `instant` before whatever this process changes, and after each commit."""
    import sqlalchemy
    from sqlalchemy import event

    home = str(Path.cwd())

    def audited(name: str, arguments: tuple[Any, ...]) -> None:
        writes = name in _CHANGES or (name == "open" and (arguments[2] or 0) & _WRITING)
        place = arguments[0] if writes else 0  # a number: a file that is open already
        # Temporary files elsewhere are of no interest.
        if place and not isinstance(place, int) and _absolute(place).startswith(home):
            instant(name)

    def executed(_: object, __: object, statement: str, *___: object) -> None:
        instant("write" if statement.startswith("INSERT") else "statement")

    flush = os.fsync

    def fsync(descriptor: int) -> None:
        instant("os.fsync")
        flush(descriptor)

    os.fsync = fsync  # type: ignore[assignment]
    sys.addaudithook(audited)
    engine, pool = sqlalchemy.Engine, sqlalchemy.Pool
    event.listen(engine, "before_cursor_execute", executed)
    event.listen(engine, "commit", lambda *_: instant("commit"))
    event.listen(pool, "reset", lambda *_: instant("committed"))


def _absolute(path: str | bytes | os.PathLike[str]) -> str:
    return str(Path(os.fsdecode(path)).absolute())


if __name__ == "__main__":
    serve()

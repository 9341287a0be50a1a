"""Plans that many tests begin with, made once.

Equal files and an equal command make an equal plan (`test_determinism` shows it), and a
workspace may be moved with its ledger. So a command that ran before in a folder with the
same bytes need not be run again: what it left is copied, what it said is said again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from atexit import register
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from forking import digest
from planner import cli

#: What a finished command left: exit code, stdout, stderr.
Outcome = tuple[int, str, str]
Run = Callable[..., Outcome]

_kept: dict[tuple[str, ...], tuple[Path, Outcome]] = {}


def runner(capsys: pytest.CaptureFixture[str], folder: Path) -> Run:
    """Return a function that runs a command in `folder`, the working directory.

    It returns exit code, stdout and stderr. Equal plans are made once.
    """

    def fresh(arguments: Sequence[str]) -> Outcome:
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    def call(*arguments: str) -> Outcome:
        if arguments[0] == "plan":
            return once(folder, arguments, lambda: fresh(arguments))
        return fresh(arguments)

    return call


def once(folder: Path, arguments: Sequence[str], call: Callable[[], Outcome]) -> Outcome:
    """Run a command in `folder`, or copy what it left and return what it said before.

    Parameters
    ----------
    folder : Path
        The workspace, which is the working directory and has the ledger.
    call : callable
        Runs the command. It is called each time if arguments or environment point to
        something outside of the folder.
    """
    outside = any(Path(one).is_absolute() or ".." in one for one in arguments)
    if outside or "-" in arguments or "PLANNER_LEDGER" in os.environ:
        return call()
    environment = {**os.environ, "PYTEST_CURRENT_TEST": ""}
    key = (digest(folder), *arguments, *sorted(map("=".join, environment.items())))
    if key not in _kept:
        outcome = call()
        place = Path(tempfile.mkdtemp()) / "left"
        register(shutil.rmtree, place.parent, ignore_errors=True)
        shutil.copytree(folder, place)
        _kept[key] = (place, outcome)
    place, outcome = _kept[key]
    if digest(folder) != digest(place):
        for old in folder.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        shutil.copytree(place, folder, dirs_exist_ok=True)
    return outcome

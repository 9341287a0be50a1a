"""The command line: a thin skin over `planner.pipeline`. One file per command.

Nothing heavy is imported here: ``planner --help`` must feel instant.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typer.core import TyperGroup

#: New objects, and rounds of the younger generations, after which Python looks for
#: garbage in circles (`gc.set_threshold`).
_COLLECT_AFTER = (100_000, 20, 100)


def main() -> None:
    """Run the command line and leave with its exit code."""
    collect_rarely()
    sys.exit(run(sys.argv[1:]))


def collect_rarely() -> None:
    """Look for garbage in circles far less often than Python does by itself.

    A command is a process that ends soon and makes next to none, but holds every lead:
    looking through them all again and again takes a tenth of a plan.
    """
    gc.set_threshold(*_COLLECT_AFTER)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; all errors become one message."""
    if list(arguments) == ["--version"]:
        from planner import __version__

        sys.stdout.write(f"planner {__version__}\n")
        return 0
    from planner.cli import console

    with console.errors() as outcome:
        _command().main(args=list(arguments), prog_name="planner", standalone_mode=True)
    return outcome.code


@cache
def _command() -> TyperGroup:
    """Return all commands, made once: a script may run many in one process."""
    from typer.core import TyperGroup
    from typer.main import get_command

    from planner.cli.app import app

    command = get_command(app)
    assert isinstance(command, TyperGroup)
    return command

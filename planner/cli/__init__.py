"""The command line: a thin skin over `planner.pipeline`. One file per command.

Nothing heavy is imported here: ``planner --help`` must feel instant.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; all errors become one message."""
    if list(arguments) == ["--version"]:
        from planner import __version__

        sys.stdout.write(f"planner {__version__}\n")
        return 0
    from planner.cli import console
    from planner.cli.app import app

    with console.errors() as outcome:
        app(args=list(arguments), prog_name="planner", standalone_mode=True)
    return outcome.code

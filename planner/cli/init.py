"""``planner init``: a workspace with a commented planner.toml and a seat template."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli import console


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder to set up; made if missing.")
    ] = Path(),
) -> None:
    """Set up a workspace: planner.toml, seats.xlsx and folders. Never overwrites.

    Example:

      planner init outreach
    """
    from planner.intake.seat_template import seat_template
    from planner.output.atomic import write_file
    from planner.params import Parameters, specs
    from planner.templates import planner_toml

    files = {
        "planner.toml": planner_toml(specs()).encode("utf-8"),
        "seats.xlsx": seat_template(Parameters()),
    }
    for name in ("exports", "reports"):
        make_folder(folder / name)
    for name, content in files.items():
        path = folder / name
        if path.exists():
            console.result(f"kept     {path} (it was there)")
            continue
        write_file(path, content)
        console.result(f"written  {path}")
    console.result(
        f"\nNext: fill in {folder / 'seats.xlsx'}, put lead exports into "
        f"{folder / 'exports'}, then in {folder}:\n"
        "  planner check exports/*.csv --seats seats.xlsx\n"
        "  planner plan exports/*.csv --seats seats.xlsx"
    )


def make_folder(path: Path) -> None:
    """Make a folder and its parents; say what to do if that fails."""
    from planner.errors import InputError

    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{path}: cannot make this folder ({error.strerror}): choose another"
        ) from error

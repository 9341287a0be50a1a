"""``planner forget``: erase a person from the ledger and the files of all runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs, ledgers
from planner.cli.ledgers import LedgerOption
from planner.cli.plan import AsOf, Config, Json, Param
from planner.errors import InputError, UsageError

if TYPE_CHECKING:
    from planner.ledger.forgetting import Pair
    from planner.ledger.runs import Run
    from planner.ledger.store import Ledger
    from planner.output.erase import Touched

#: Folders that are looked for where none are named: these may be missing.
_DEFAULTS = (Path("reports"), Path("exports"))
_LEAD_ID = re.compile(r"[0-9a-f]{16}")

#: Copies of a run that are looked for one by one; some may be gone by now.
_MAX_COPIES = 99


def forget(
    lead: Annotated[
        list[str],
        typer.Argument(
            metavar="LEAD...",
            help=(
                "One person, by as many keys as you have: profile URL or handle, Sales "
                "Navigator URL or id, member id, GetSales UUID, e-mail, lead id."
            ),
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Folder of all runs.")
    ] = Path("reports"),
    exports: Annotated[
        Path,
        typer.Option(
            "--exports", metavar="DIR", help="Lead exports; searched, never changed."
        ),
    ] = Path("exports"),
    unknown: Annotated[
        bool,
        typer.Option(
            "--unknown", help="Bar the person from lists to come, though nothing has them."
        ),
    ] = False,
    as_of: AsOf = None,
    param: Param = [],
    config: Config = None,
    ledger: LedgerOption = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", "-n", help="Say what it would touch, erase nothing."),
    ] = False,
    json: Json = False,
) -> None:
    """Erase a person from the ledger and from the files of all runs.

    Runs are looked for in --out, and where the ledger says that they were written.
    Counts stay, and a keyed mark by which nobody contacts the person again. Files in the
    folder that you work in and below it (not in hidden folders, links and virtual
    environments), copies of the ledger too, and in --exports, are searched and named,
    never changed.
    Somebody whom neither the ledger nor a file has is most likely mistyped, and refused
    without --unknown. Example:

      planner forget https://www.linkedin.com/in/jane-doe --dry-run
    """
    from planner.ledger import forgetting, runs
    from planner.output import erase
    from planner.output.erase_traces import Traces

    console.settings.json = json
    given = keys_of(lead)
    for path, option in ((out, "--out"), (exports, "--exports")):
        if path not in _DEFAULTS and not path.is_dir():
            raise InputError(f"{option} {path}: there is no such folder")
    parameters = inputs.parameters(config, param)
    today = inputs.date_option(as_of)
    if not unknown:
        with ledgers.opened(ledger, config, parameters, create=False) as known:
            _require_known(known, given, out, exports)
    removed = 0
    with ledgers.opened(ledger, config, parameters, create=not dry_run) as book:
        name = "" if book is None else book.name
        if book is None:
            places = _places(out, ())
            touched = erase.find(places.searched, Traces.of(given))
            keys = given
        elif dry_run:
            with book.reading() as connection:
                keys = forgetting.known_keys(connection, given)
                places = _places(out, runs.runs(connection))
            touched = _but_ledger(erase.find(places.searched, Traces.of(keys)), name)
        else:
            # Files first: until the ledger has let go, the same command can go on.
            with book.writing() as connection:
                keys = forgetting.known_keys(connection, given)
                places = _places(out, runs.runs(connection))
                found = [erase.erase(place, Traces.of(keys)) for place in places.searched]
                removed = forgetting.forget(connection, keys, as_of=today)
            touched = _but_ledger((one for part in found for one in part), name)
    told = {one.path.absolute() for one in touched}
    left, near = (
        tuple(one for one in found if one.path.absolute() not in told)
        for found in (
            erase.find([exports], Traces.of(keys)),
            _but_ledger(
                erase.beside(Path(), Traces.of(keys), (*places.searched, exports)), name
            ),
        )
    )
    erased = _Erased(
        touched=touched, exports=left, beside=near, removed=removed,
        missing=places.missing,
    )  # fmt: skip
    _report(erased, as_json=json, dry_run=dry_run)


def _require_known(
    book: Ledger | None, given: tuple[Pair, ...], out: Path, exports: Path
) -> None:
    """Refuse keys that nothing has: the mark of a mistyped one would bar somebody else.

    Raises
    ------
    InputError
        If neither the ledger nor a file that is searched has one of them.
    """
    from planner.ledger import forgetting, runs
    from planner.output import erase
    from planner.output.erase_traces import Traces

    every: Sequence[Run] = ()
    name = ""
    if book is not None:
        name = book.name
        with book.reading() as connection:
            if forgetting.is_known(connection, given):
                return
            every = runs.runs(connection)
    places, person = _places(out, every), Traces.of(given)
    folders = (*places.searched, exports)
    if any(one.is_found for one in erase.find(folders, person)):
        return
    near = _but_ledger(erase.beside(Path(), person, folders), name)
    if not any(one.is_found for one in near):
        raise InputError(
            "neither the ledger nor a file that was searched has this person, so nothing "
            "was done: look for a typing error; to bar somebody from lists to come all "
            "the same, say --unknown"
        )


# --- where runs are ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Folders that are searched, and folders of runs that are not on this machine."""

    searched: tuple[Path, ...]
    missing: tuple[str, ...]


def _places(out: Path, every: Sequence[Run]) -> _Places:
    """Return where the files of runs may be: in `out`, or where they were written."""
    found, missing = [out.resolve()], set()
    for folder in sorted({run.folder for run in every}):
        path = Path(folder)
        if path.is_dir():
            found += _around(path.resolve())
        elif not (out / path.name).is_dir():
            missing.add(folder)
    outermost: list[Path] = []
    for place in sorted(set(found)):
        if not any(place.is_relative_to(one) for one in outermost):
            outermost.append(place)
    # As the user wrote it, unless it is a link: those are not followed.
    searched = [
        out if place == out.resolve() and not out.is_symlink() else place
        for place in outermost
    ]
    return _Places(searched=tuple(searched), missing=tuple(sorted(missing)))


def _around(folder: Path) -> list[Path]:
    """Return the folder of all runs around a run's, with whatever else lies in it.

    Where runs lie in the workspace itself or above it, only the run and the copies that
    planner kept of it: the rest is none of planner's.
    """
    if not Path.cwd().is_relative_to(folder.parent):
        return [folder.parent]
    copies = (
        folder.with_name(f"{folder.name}--kept-{number}")
        for number in range(1, _MAX_COPIES + 1)
    )
    return [folder, *(copy for copy in copies if copy.is_dir())]


def _but_ledger(touched: Iterable[Touched], name: str) -> tuple[Touched, ...]:
    """Leave out the ledger's own file, which lets go of the person by itself."""
    own = Path(name).absolute()
    return tuple(one for one in touched if not _is_of(one.path.absolute(), own))


def _is_of(path: Path, ledger: Path) -> bool:
    return path.parent == ledger.parent and path.name in (
        ledger.name, f"{ledger.name}-journal", f"{ledger.name}-wal", f"{ledger.name}-shm",
    )  # fmt: skip


# --- whom -------------------------------------------------------------------------


def keys_of(texts: list[str]) -> tuple[Pair, ...]:
    """Return the keys that a user names a person by.

    Raises
    ------
    UsageError
        If one of them is no key; what it was is not repeated.
    """
    import numpy as np

    from planner.intake import identity

    keys: set[Pair] = set()
    for number, text in enumerate(texts, start=1):
        plain = text.strip()
        if _LEAD_ID.fullmatch(plain):
            keys.add(("lead", plain))
            continue
        cells = [np.array([plain], dtype=object)]
        read = identity.read(dict.fromkeys(identity.FORMS, cells), 1)
        found = {
            (space, str(values[0]))
            for space, values, counts in identity.recognisable(read)
            if counts[0]
        }
        if not found:
            raise UsageError(
                f"LEAD {number} is no profile URL, handle, id, UUID or personal e-mail: a "
                "name alone could be anybody's"
            )
        keys |= found
    return tuple(sorted(keys | _lead_ids(keys)))


def _lead_ids(keys: set[Pair]) -> set[Pair]:
    """Return the lead ids that lists with these keys alone would have given."""
    from planner.intake import identity

    return {
        ("lead", identity.lead_id(space, value)) for space, value in keys if space != "lead"
    }


# --- what was done ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Erased:
    """What forgetting touched: files of runs, exports, identities; and where it was not."""

    touched: tuple[Touched, ...]
    exports: tuple[Touched, ...]
    beside: tuple[Touched, ...]
    removed: int
    missing: tuple[str, ...]


def _report(erased: _Erased, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        console.result_json(
            {
                "dry_run": dry_run, "identities_removed": erased.removed,
                "files": [_record(one) for one in erased.touched],
                "exports": [_record(one) for one in erased.exports],
                "beside": [_record(one) for one in erased.beside],
                "not_searched": list(erased.missing),
            }
        )  # fmt: skip
        return
    cleaned = [one for one in erased.touched if not one.left]
    still = [one for one in erased.touched if one.left]
    verb = "would be erased" if dry_run else "erased"
    if cleaned:
        console.table(
            ("file", "kind", f"rows {verb}"),
            [(str(one.path), str(one.kind), one.rows) for one in cleaned],
        )
    elif still:
        console.result("No file of a run could be cleaned of this person; see below.")
    elif erased.missing:
        console.result(
            "No file that was searched holds this person; not all runs were, see below."
        )
    else:
        console.result("No file of a run holds this person.")
    if not dry_run:
        console.result(
            f"\nIdentities that went from the ledger: {erased.removed}. A keyed mark "
            "stays: whoever comes in a list with one of these keys again is excluded."
        )
    for one in (*still, *erased.exports, *erased.beside):
        console.say(
            f"still there: {one.path}: {one.left or 'a lead export; delete the row'}"
        )
    for folder in erased.missing:
        console.say(
            f"not searched: {folder}: not on this machine; if the run's files are "
            "elsewhere, run the same command there with --out"
        )


def _record(one: Touched) -> dict[str, object]:
    return {
        "file": str(one.path), "kind": str(one.kind), "rows": one.rows, "left": one.left,
    }  # fmt: skip

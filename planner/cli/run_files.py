"""The files of a run that was planned, read back: for commands that look at it again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.cli import console, inputs, ledgers
from planner.errors import InputError, LedgerError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from planner.domain import Given
    from planner.ledger.runs import Run

_REPORTS = Path("reports")
_TEXTS = ("name", "run_id", "week", "version")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunFiles:
    """A run as its folder has it.

    Parameters
    ----------
    name : str
        Week and start of the id.
    folder : Path
        Where the files are.
    document : dict
        ``plan.json``.
    given : Given
        What the run was planned from.
    assignments : pandas.DataFrame
        ``assignments.csv`` as text, without the lines of forgotten people.
    """

    name: str
    folder: Path
    document: dict[str, Any]
    given: Given
    assignments: pd.DataFrame

    @property
    def num_forgotten(self) -> int:
        """Leads that were forgotten since: the run is planned again without them."""
        return int(self.document["totals"]["leads"]) - len(self.assignments)


def load(name: str, ledger: str | None, config: Path | None) -> RunFiles:
    """Read a run back.

    Parameters
    ----------
    name : str
        Folder of the run; or its id (or the start of it), name or week, looked up in the
        ledger, or among the folders in ``reports`` where there is no ledger.

    Raises
    ------
    InputError
        If there is no such run (the nearest one is named), its folder is not here, or
        its files were edited.
    LedgerError
        If there is neither a ledger nor a run.
    """
    from planner.output import kept

    console.step("reading the run")
    folder = _folder(name, ledger, config)
    document = _document(folder)
    given = kept.read(folder, document["files"])
    _check_inputs(folder, document, given)
    assignments = kept.table((folder / "assignments.csv").read_bytes())
    return RunFiles(
        name=str(document["name"]), folder=folder, document=document, given=given,
        assignments=assignments,
    )  # fmt: skip


def folder_of(run: Run) -> Path | None:
    """Return where a run's files are: where they were written, or below reports here."""
    places = (Path(run.folder), Path("reports") / run.name)
    return next((place for place in places if place.is_dir()), None)


def assignments_of(run: Run) -> pd.DataFrame:
    """Return a run's assignments from its folder.

    Raises
    ------
    InputError
        If the file is not there: the ledger keeps no names and no reasons.
    """
    import pandas as pd

    from planner.ledger.diffs import COLUMNS, PERSON

    path = (folder_of(run) or Path(run.folder)) / "assignments.csv"
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be read; the comparison needs the files of both runs"
        ) from error
    missing = [name for name in (*COLUMNS, *PERSON) if name not in frame.columns]
    if missing:
        raise InputError(f"{path}: the column {missing[0]} is missing")
    return frame


def _folder(name: str, ledger: str | None, config: Path | None) -> Path:
    """Return the folder of a run."""
    if (Path(name) / "plan.json").is_file():
        return Path(name)
    parameters = inputs.parameters(config, [])
    with ledgers.opened(ledger, config, parameters, create=False) as book:
        if book is None:
            return _below_reports(name)
        from planner.ledger import runs

        with book.reading() as connection:
            run = runs.find(connection, name)
    folder = folder_of(run)
    if folder is None:
        raise InputError(
            f"run {run.name}: its folder {run.folder} is not here: name the folder of the "
            "run instead"
        )
    return folder


def _below_reports(name: str) -> Path:
    """Return the folder of a run by its name, its week or the start of its id."""
    last = name.strip().rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1]
    known = sorted(path.parent for path in _REPORTS.glob("*/plan.json"))
    known = [path for path in known if not path.name.startswith(".")]
    hits = [
        path
        for path in known
        if last and (path.name.startswith(last) or path.name.endswith(f"-{last[:8]}"))
    ]
    if len(hits) == 1:
        return hits[0]
    if not known:
        raise LedgerError(
            f"there is neither a ledger nor a run in {_REPORTS} to look for {last[:60]!r} "
            "in; planner plan makes both, --ledger names another"
        )
    names = [path.name for path in hits or known]
    if hits:
        raise InputError(f"{last[:60]!r} could be any of these runs: {', '.join(names)}")
    hint = did_you_mean(last, names, likeness=0.5)
    raise InputError(
        f"there is no run {last[:60]!r}: no ledger and no such folder in {_REPORTS}{hint}"
    )


def _document(folder: Path) -> dict[str, Any]:
    import json

    path = folder / "plan.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be read: put the run's folder back as it was, or plan again"
        ) from error
    if not isinstance(document, dict):
        raise InputError(f"{path}: this is not the plan.json of a run")
    document.setdefault("files", {})
    texts = all(isinstance(document.get(name), str) for name in _TEXTS)
    if not texts or not isinstance(document["files"], dict):
        raise InputError(
            f"{path}: this is not the plan.json of a run as it was written: put it back, "
            "or plan again"
        )
    return document


def _check_inputs(folder: Path, document: dict[str, Any], given: Given) -> None:
    """Refuse inputs that are not those of the run that the document names.

    Another version may give the same inputs another id, and so does a forgotten person.
    """
    from planner import __version__, pipeline

    totals = document.get("totals")
    planned = totals.get("leads") if isinstance(totals, dict) else None
    if document["version"] != __version__ or planned != len(given.inputs.leads.leads):
        return
    run_id = pipeline.prospective_run_id(
        given.inputs, given.parameters, as_of=given.as_of, history=given.history
    )
    if run_id != document["run_id"]:
        raise InputError(
            f"{folder}: plan.json and inputs/ are of two runs ({document['run_id'][:8]} "
            f"and {run_id[:8]}): put the run's folder back as it was, or plan again"
        )

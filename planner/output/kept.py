"""What a run was planned from, kept in its folder: for `simulate` and `whatif`.

``inputs/leads.csv`` has one line per lead without name or address, ``inputs/known.csv``
what the ledger knew of them, ``inputs/inputs.json`` seats, parameters and what else the
ledger knew. All are text, so that `planner forget` finds a person in them as anywhere.
``plan.json`` holds their hashes: an edited run is told from the one that was planned.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner import schemas
from planner.domain import DayCount, Given, History, Identities, Inputs, LeadTable, Seat
from planner.errors import InputError, ParameterError
from planner.output.tables import write_table
from planner.params import Parameters

#: Raised when a key or column changes its meaning or goes.
SCHEMA_VERSION = 1

FOLDER = "inputs"
LEADS = f"{FOLDER}/leads.csv"
KNOWN = f"{FOLDER}/known.csv"
REST = f"{FOLDER}/inputs.json"
#: Files whose hashes are kept.
FILES = ("assignments.csv", LEADS, KNOWN, REST)

#: Columns of the leads that can change a plan, and where each lead came from.
LEAD_COLUMNS = (
    "lead_id", "company_key", "open_flag", "premium_flag", "inmail_flag", "degree",
    "degree_seat", "priority", "segment", "seniority", "industry", "region", "owner",
    "group", "exclusion", "last_contacted_on", "source_file", "source_row",
)  # fmt: skip
_HAS_PROFILE = "has_profile"
_DATES = ("recent_requests", "recent_open_inmails")


# --- writing ----------------------------------------------------------------------


def write(given: Given, folder: Path) -> None:
    """Write what a run was planned from into its folder; equal inputs, equal bytes."""
    (folder / FOLDER).mkdir()
    leads = given.inputs.leads.leads
    frame = leads[list(LEAD_COLUMNS)].copy()
    frame[_HAS_PROFILE] = schemas.has_profile(leads).astype("int8")
    write_table(frame, folder / LEADS)
    write_table(_known(given.history), folder / KNOWN)
    text = json.dumps(_rest(given), ensure_ascii=False, allow_nan=False)
    (folder / REST).write_bytes(text.encode() + b"\n")


def _known(history: History | None) -> pd.DataFrame:
    names = schemas.names(schemas.KNOWN_LEADS)
    if history is None:
        return pd.DataFrame(columns=names, dtype="str")
    frame = history.leads[names].copy()
    frame["held"] = frame["held"].astype("int8")
    return frame


def _rest(given: Given) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": given.as_of.isoformat(),
        "parameters": given.parameters.as_dict(),
        "seats": [_seat(seat) for seat in given.inputs.seats],
        "history": None if given.history is None else _history(given.history),
    }


def _seat(seat: Seat) -> dict[str, Any]:
    record = asdict(seat)
    record["credits_as_of"] = seat.credits_as_of.isoformat()
    record["away"] = [[day.isoformat() for day in span] for span in seat.away]
    record["ahead"] = [{**asdict(d), "date": d.date.isoformat()} for d in seat.ahead]
    for name in _DATES:
        days = getattr(seat, name)
        record[name] = days and [[day.isoformat(), count] for day, count in days]
    return record


def _history(history: History) -> dict[str, Any]:
    until = history.observed_until
    return {
        "company_seats": dict(sorted(history.company_seats.items())),
        "company_touches": dict(sorted(history.company_touches.items())),
        "cohorts": _columns(history.cohorts),
        "responses": _columns(history.responses),
        "observed_until": None if until is None else until.isoformat(),
        "digest": history.digest,
    }


def _columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): frame[name].tolist() for name in frame.columns}


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a run that it can be looked at again from."""
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in FILES
        if (folder / name).is_file()
    }


# --- reading ----------------------------------------------------------------------


def read(folder: Path, expected: Mapping[str, str]) -> Given:
    """Return what a run was planned from.

    Parameters
    ----------
    folder : Path
        The run's folder.
    expected : mapping of str to str
        Hashes of its files, from its ``plan.json``.

    Raises
    ------
    InputError
        If a file is missing, was edited, or was kept by another version of the program.
    """
    if not expected:
        raise InputError(
            f"{folder}: this run was planned before runs kept what they were planned "
            "from: plan again"
        )
    if missing := [name for name in FILES if name not in expected]:
        raise InputError(
            f"{folder / 'plan.json'}: the hash of {missing[0]} is gone, so this file was "
            "edited: put it back, or plan again"
        )
    texts = {name: _checked(folder, name, expected) for name in FILES}
    try:
        rest = json.loads(texts[REST])
        if rest["schema_version"] != SCHEMA_VERSION:
            raise ValueError("another version")
        parameters = Parameters().override(rest["parameters"])
        return Given(
            inputs=Inputs(
                leads=_lead_table(texts[LEADS]),
                seats=tuple(map(_read_seat, rest["seats"])),
                seat_issues=(),
                mappings=(),
                files=(),
            ),
            parameters=parameters,
            as_of=dt.date.fromisoformat(rest["as_of"]),
            history=_read_history(rest["history"], texts[KNOWN]),
        )
    except (ValueError, KeyError, TypeError, ParameterError) as error:
        raise InputError(
            f"{folder / FOLDER}: another version of planner kept these inputs: plan again"
        ) from error


def _checked(folder: Path, name: str, expected: Mapping[str, str]) -> bytes:
    path = folder / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}): put the run's folder back as it "
            "was, or plan again"
        ) from error
    if hashlib.sha256(content).hexdigest() != expected[name]:
        raise InputError(
            f"{path}: this file was edited after the run was planned, so what would be "
            "said of it would not be about that run: put the file back, or plan again"
        )
    return content


def table(content: bytes) -> pd.DataFrame:
    """Return a CSV file of a run as text, without the lines of forgotten people."""
    from io import BytesIO

    frame = pd.read_csv(BytesIO(content), dtype="str", keep_default_na=False)
    return frame[frame["lead_id"].str.fullmatch("[0-9a-f]{16}")].reset_index(drop=True)


def _lead_table(content: bytes) -> LeadTable:
    frame = table(content)
    leads = _typed(frame, schemas.LEADS)
    reachable = frame[_HAS_PROFILE] == "1"
    # Whoever can be sent to has an address; which one makes no difference to a plan.
    leads["linkedin_url"] = ("lead:" + frame["lead_id"]).where(reachable, "")
    rows = pd.DataFrame(
        {
            "source_file": leads["source_file"], "source_row": leads["source_row"],
            "lead_id": leads["lead_id"], "outcome": "lead", "code": "",
        }
    )  # fmt: skip
    rows = rows.astype({"outcome": "str", "code": "str"})
    return LeadTable(leads=leads, rows=rows, issues=(), identities=Identities.none())


def _typed(frame: pd.DataFrame, columns: Sequence[schemas.Column]) -> pd.DataFrame:
    """Return text columns as a schema has them; columns that are missing are blank."""
    return pd.DataFrame({column.name: _column(frame, column) for column in columns})


def _column(frame: pd.DataFrame, column: schemas.Column) -> Any:
    text = frame.get(column.name)
    if column.kind == "text":
        return pd.Series("", index=frame.index, dtype="str") if text is None else text
    numbers = np.ones(len(frame)) if text is None else pd.to_numeric(text).to_numpy()
    if column.kind == "number":
        return numbers.astype(np.float64)
    if column.kind == "bool":
        return numbers.astype(np.bool_)
    is_byte = column.kind == "flag" or column.name == "degree"
    return numbers.astype(np.int8 if is_byte else np.int64)


def _read_seat(record: Mapping[str, Any]) -> Seat:
    date = dt.date.fromisoformat
    values = dict(record)
    values["credits_as_of"] = date(record["credits_as_of"])
    values["away"] = tuple((date(first), date(last)) for first, last in record["away"])
    values["ahead"] = tuple(
        DayCount(**{**item, "date": date(item["date"])}) for item in record["ahead"]
    )
    for name in _DATES:
        days = record[name]
        values[name] = None if days is None else tuple((date(d), n) for d, n in days)
    for name in ("day_shares", "groups", "stated"):
        values[name] = tuple(record[name])
    return Seat(**values)


def _read_history(record: Mapping[str, Any] | None, known: bytes) -> History | None:
    if record is None:
        return None
    until = record["observed_until"]
    nothing = pd.DataFrame()
    return History(
        leads=_typed(table(known), schemas.KNOWN_LEADS),
        company_seats=record["company_seats"],
        company_touches=record["company_touches"],
        seats={},
        cohorts=pd.DataFrame(record["cohorts"]),
        responses=pd.DataFrame(record["responses"]),
        observed_until=None if until is None else dt.date.fromisoformat(until),
        scored=nothing,
        newly_scored=nothing,
        digest=record["digest"],
    )

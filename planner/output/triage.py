"""The folder of one triage: sheet, document, and a GetSales list per seat and route.

``triage.xlsx`` is for people, ``triage.json`` for machines (without a name or URL of any
lead), ``getsales/`` holds the lists of those leads for whom something is to be sent now.
Leads that wait or are dropped are in no list.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from planner.dates import iso_week
from planner.domain import Cause, InputFile, NextStep, Route
from planner.errors import Issue
from planner.output import clickpath, folder, getsales, run, workbook
from planner.output.columns import ROUTE_WORDS, full_names, listed, taken
from planner.output.getsales import Batch, ImportFiles
from planner.output.grid import Block, Kind, Page, heading
from planner.output.names import clean
from planner.output.sheets import parameter_page
from planner.output.tables import texts
from planner.params import Parameters
from planner.triage.records import SeatVerdict, Triage
from planner.words import counted

#: Raised when a key changes its meaning or goes; new keys do not raise it.
SCHEMA_VERSION = 1

CAUSE_WORDS: Mapping[str, str] = {
    str(Cause.CREDITS_EXHAUSTED): "credits exhausted",
    str(Cause.INMAIL_OFF): "InMail off",
    str(Cause.VELOCITY_BLOCK): "velocity block",
    str(Cause.ALREADY_MESSAGED): "already messaged",
    str(Cause.ALREADY_CONNECTED): "already connected",
    str(Cause.PROFILE_GONE): "profile gone",
    str(Cause.UNKNOWN): "unknown",
}
STEP_WORDS: Mapping[str, str] = {
    str(NextStep.RESTART): "restart",
    str(NextStep.CONNECTION_REQUEST): "connection request",
    str(NextStep.MESSAGE): "message",
    str(NextStep.WAIT): "wait",
    str(NextStep.DROP): "drop",
}
STATE_WORDS: Mapping[str, str] = {
    "fine": "fine",
    "exhausted": "out of credits",
    "velocity_block": "velocity block",
    "stopped": "nothing goes out",
}

#: Steps that GetSales gets a list for.
_SENT_STEPS = (NextStep.RESTART, NextStep.CONNECTION_REQUEST, NextStep.MESSAGE)
_ORDER = ["seat_id", "failed_on", "lead_id", "source_file", "source_row", "error_text"]
# What the document says of a failure: no names, no URLs, no text of a stranger.
_TOLD = (
    "lead_id", "seat_id", "failed_on", "error_class", "cause", "cause_probability",
    *(f"p_{cause}" for cause in Cause),
    "evidence", "is_latest", "next_step", "next_route", "next_seat", "next_on",
    "next_reason", "source_file", "source_row",
)  # fmt: skip
_ID_LENGTH = 20
_DIGITS = 9  # the last bits of a float hang on the numpy build

_README = r"""
## 1. Take the failed contacts out

In the automation, click the **Failed** count of the InMail node; a window with the failed
tasks opens. Do **not** use *Restart on This Node* or *Restart from Top*: GetSales would try
each contact again on the seat that failed. *Cancel* the contacts of the lists below, so
that none is in two automations at once. For all others see section 5.

## 2. Import: one file, one list

CRM → Contacts → Import → CSV, into a list of exactly the name given, with **"move to list
if saved" on**. Map the columns as the README of the weekly plan says; *plan\_run* and the
other fields that begin with *plan\_* must exist before the import.

"""
_AFTER = r"""
## 3. Automations

One segment per list (auto-filter *list is …* **and** *plan\_run is the run above*), with
the sender of the line as its **only** sender, and the first step of the line. Switch off
every automation that reads these lists before the import. A contact does not enter the same
automation twice: use a copy of it. GetSales does not read *plan\_send\_on*: do not switch
an automation on before the first day of its list, and keep the sender's daily limits.
"""
_NO_LIST: Mapping[str, str] = {
    str(NextStep.WAIT): (
        "wait: *Cancel* them as well and send them nothing. The next plan takes them again "
        "if they are in its lead files; triage.xlsx gives the day and what each waits for."
    ),
    str(NextStep.DROP): (
        "dropped: *Cancel* them. No plan takes them again once this triage is recorded."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TriageRun:
    """One triage with what it was made from.

    ``senders`` are the names in GetSales of all seats by id; ``issues`` are findings of
    reading the failures.
    """

    triage: Triage
    senders: Mapping[str, str]
    as_of: dt.date
    version: str
    parameters: Parameters
    files: tuple[InputFile, ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def findings(self) -> pd.DataFrame:
        """Findings by seat, time and lead, whatever order the failures came in."""
        ordered = self.triage.findings.sort_values(_ORDER, kind="stable")
        return ordered.reset_index(drop=True)


def write_triage(
    made: TriageRun, out_dir: Path, *, placing: folder.Placing = nullcontext
) -> Path:
    """Write everything into ``<out_dir>/<week>-triage-<id>/``; return that folder.

    Parameters
    ----------
    placing : callable
        See `planner.output.folder.place`.

    Raises
    ------
    InputError
        If the folder cannot be written, or holds something else. Nothing is left behind.
    """
    run_id = triage_id(made)
    about = folder.Target(name=triage_name(made), document="triage.json", run_id=run_id)
    return folder.place(
        out_dir, about, lambda path: _write_files(made, path), placing=placing
    )


def triage_id(made: TriageRun) -> str:
    """Return a hash of findings, verdicts, parameters, date and version."""
    rows = made.findings.round(_DIGITS).astype(object).to_numpy().tolist()
    parts = [
        made.version,
        made.as_of.isoformat(),
        json.dumps(made.parameters.as_dict()),
        json.dumps([asdict(one) for one in made.triage.verdicts]),
        json.dumps(dict(sorted(made.senders.items()))),
        json.dumps(rows, default=str),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_ID_LENGTH]


def triage_name(made: TriageRun) -> str:
    """Return the name of a triage as people see it: ``2026-W48-triage-3f9c1a7b``."""
    return f"{iso_week(made.as_of)}-triage-{triage_id(made)[:8]}"


def _write_files(made: TriageRun, path: Path) -> None:
    imports = lists(made)
    told = replace(made, issues=(*made.issues, *imports.issues))
    name = triage_name(made)
    getsales.write_lists(imports, readme(name, made, imports), path / "getsales")
    text = json.dumps(document(told, name), indent=2, ensure_ascii=False, allow_nan=False)
    (path / "triage.json").write_bytes(text.encode() + b"\n")
    about = workbook.About(
        creator=f"planner {made.version}",
        title=f"Triage of failed InMails, {name}",
        name=name,
        made_on=made.as_of,
    )
    workbook.write_pages(pages(told, name), path / "triage.xlsx", about)


# --- lists ------------------------------------------------------------------------


def lists(made: TriageRun) -> ImportFiles:
    """Return a list for each seat and route of the leads to be sent to now."""
    found = made.findings
    now = found[found["is_latest"] & found["next_step"].isin([*map(str, _SENT_STEPS)])]
    leads = now[[*getsales.HEADERS, "lead_id", "source_file", "source_row"]].assign(
        route=now["next_route"],
        seat_id=now["next_seat"],
        sender=[made.senders.get(seat_id, "") for seat_id in now["next_seat"]],
        send_on=now["next_on"],
    )
    seat_ids = sorted({*made.senders, *leads["seat_id"]} - {""})
    batch = Batch(
        name=triage_name(made),
        label=f"{iso_week(made.as_of)} triage",
        max_bytes=getsales.max_bytes(made.parameters),
    )
    return getsales.list_files(leads, seat_ids, batch)


def readme(name: str, made: TriageRun, imports: ImportFiles) -> str:
    """Return what to click in GetSales, as Markdown."""
    rows = sum(file.num_rows for file in imports.files)
    head = (
        f"# GetSales: failed InMails, {name}\n\n"
        f"{counted(len(imports.files), 'list')}, {counted(rows, 'contact')}, as of "
        f"{made.as_of}. Menus may be named differently in your version.\n"
    )
    table = clickpath.file_table(imports.files)
    return head + _README + table + _AFTER + _seat_lines(made) + _other_leads(made)


def _seat_lines(made: TriageRun) -> str:
    lines = [
        f"- **{clickpath.plain(one.sender)}**: {clickpath.plain(one.words)}\n"
        for one in made.triage.verdicts
        if one.asks_balance or one.held_until or one.pace_factor < 1
    ]
    head = "\n## 4. Seats\n\n"
    if not lines:
        return head + "Nothing to do: no seat is out of credits or slowed down.\n"
    return head + "Before anything is switched on:\n\n" + "".join(lines)


def _other_leads(made: TriageRun) -> str:
    latest = made.findings[made.findings["is_latest"]]
    counts = _counts(latest["next_step"], list(_NO_LIST))
    lines = [f"- {counts[step]:,} {words}\n" for step, words in _NO_LIST.items()]
    return "\n## 5. Leads in no list\n\n" + "".join(lines)


# --- document ---------------------------------------------------------------------


def document(made: TriageRun, name: str) -> dict[str, Any]:
    """Return the triage as plain values."""
    found = made.findings
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": triage_id(made),
        "name": name,
        "version": made.version,
        "as_of": made.as_of.isoformat(),
        "inputs": [asdict(file) for file in made.files],
        "parameters": made.parameters.as_dict(),
        "causes": _counts(found["cause"], list(map(str, Cause))),
        "next_steps": _counts(
            found.loc[found["is_latest"], "next_step"], list(map(str, NextStep))
        ),
        "seats": [_verdict(one) for one in made.triage.verdicts],
        "failures": run.records(found[list(_TOLD)]),
        "issues": [
            {
                **asdict(issue),
                "severity": str(issue.severity),
                "file": clean(issue.file),
                "column": clean(issue.column),
                "message": clean(issue.message),
            }
            for issue in made.issues
        ],
    }


def _counts(values: pd.Series, known: Sequence[str]) -> dict[str, int]:
    counts = values.value_counts()
    return {name: int(counts.get(name, 0)) for name in known}


def _verdict(one: SeatVerdict) -> dict[str, Any]:
    plain = asdict(one)
    return {key: clean(cell) if isinstance(cell, str) else cell
            for key, cell in plain.items()}  # fmt: skip


# --- sheets -----------------------------------------------------------------------


def pages(made: TriageRun, name: str) -> tuple[Page, ...]:
    """Return all sheets of the workbook, in order."""
    return (_summary(made, name), _failures(made), parameter_page(made.parameters))


def _summary(made: TriageRun, name: str) -> Page:
    found = made.findings
    latest = found[found["is_latest"]]
    num_empty = sum(one.assumed_credits is not None for one in made.triage.verdicts)
    num_held = sum(bool(one.held_until) for one in made.triage.verdicts)
    num_ask = sum(one.asks_balance for one in made.triage.verdicts)
    what = f"{len(found):,} failed InMails of {len(latest):,} leads"
    seats = (
        f"Seats out of credits: {num_empty:,}. To be held: {num_held:,}. "
        f"Balances to read: {num_ask:,}."
    )
    notes = (
        f"{name}, as of {made.as_of}. {what}.",
        seats,
        "Probabilities are of the cause; the step is the one worth most over all causes.",
    )
    return Page(
        name="Summary",
        lines=heading("Triage of failed InMails", *notes),
        blocks=(
            _seats(made.triage.verdicts),
            _count_block("causes", "Causes", found["cause"], CAUSE_WORDS),
            _count_block("next_steps", "Next steps", latest["next_step"], STEP_WORDS),
        ),
    )


def _seats(verdicts: Sequence[SeatVerdict]) -> Block:
    columns = (
        listed("seat", [one.seat_id for one in verdicts]),
        listed("sender", [one.sender for one in verdicts]),
        listed("verdict", [judged(one) for one in verdicts]),
        listed("probability", [one.probability for one in verdicts], Kind.PERCENT),
        listed("since", [one.since[:10] for one in verdicts], Kind.DATE),
        listed("until", [one.until for one in verdicts], Kind.DATE),
        listed("held until", [one.held_until for one in verdicts], Kind.DATE),
        listed("pace afterwards", [one.pace_factor for one in verdicts], Kind.PERCENT),
        listed(
            "balance to go on with", [one.assumed_credits for one in verdicts], Kind.COUNT
        ),
        listed("read its balance", ["yes" if v.asks_balance else "" for v in verdicts]),
        listed("failures", [one.num_failures for one in verdicts], Kind.COUNT),
        listed("sent since the first", [one.num_sent for one in verdicts], Kind.COUNT),
        listed("in words", [one.words for one in verdicts], Kind.WRAP),
    )
    return Block(name="seats", caption="Seats", columns=columns)


def judged(verdict: SeatVerdict) -> str:
    """Return the verdict on a seat in a word or two."""
    if verdict.state == "fine" and (verdict.asks_balance or not verdict.is_sure):
        return "not sure"
    return STATE_WORDS[str(verdict.state)]


def _count_block(
    name: str, caption: str, values: pd.Series, words: Mapping[str, str]
) -> Block:
    counts = _counts(values, list(words))
    columns = (
        listed(caption.lower(), [words[key] for key in counts]),
        listed("number", list(counts.values()), Kind.COUNT),
    )
    return Block(name=name, caption=caption, columns=columns)


def _failures(made: TriageRun) -> Page:
    found = made.findings
    steps = [
        STEP_WORDS[step] if is_latest else f"{STEP_WORDS[step]} (see its last failure)"
        for step, is_latest in zip(found["next_step"], found["is_latest"], strict=True)
    ]
    columns = (
        listed("lead", full_names(found)),
        taken(found, "company", "company"),
        taken(found, "linkedin_url", "profile", Kind.LINK),
        taken(found, "seat_id", "seat"),
        listed("failed on", [at[:10] for at in texts(found["failed_on"])], Kind.DATE),
        listed("cause", [CAUSE_WORDS[cause] for cause in found["cause"]]),
        taken(found, "cause_probability", "probability", Kind.PERCENT),
        taken(found, "evidence", "evidence", Kind.WRAP),
        listed("next step", steps),
        listed("by", [_ROUTES.get(one, "") for one in texts(found["next_route"])]),
        taken(found, "next_seat", "target seat"),
        taken(found, "next_on", "on", Kind.DATE),
        taken(found, "next_reason", "why", Kind.WRAP),
        taken(found, "error_text", "error text", Kind.WRAP),
        taken(found, "lead_id", "lead id"),
    )
    note = f"{len(found):,} failed InMails, by seat and time."
    return Page(
        name="Failures",
        lines=heading("Failures", note),
        blocks=(Block(name="failures", caption="", columns=columns),),
        freeze_columns=1,
        pages_wide=2,
        last_printed="why",
    )


_ROUTES: Mapping[str, str] = {
    str(route): ROUTE_WORDS.get(str(route), "") for route in Route
}

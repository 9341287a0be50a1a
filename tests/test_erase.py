"""`planner forget` in the folders: the person goes everywhere, everybody else stays."""

from __future__ import annotations

import base64
import csv
import fcntl
import gzip
import io
import json
import os
import signal
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment

from plan_factory import make_plan
from planner.output import erase as erase_module
from planner.output import erase_search, erase_text, folder, workbook
from planner.output.erase import BUSY, TOO_MANY, Kind, Touched, beside, erase, find
from planner.output.erase_search import Answer
from planner.output.erase_text import (
    Edit,
    Namings,
    UncleanableError,
    clean_csv,
    clean_json,
    clean_page,
)
from planner.output.erase_traces import Traces, matcher
from planner.output.erase_xlsx import PIVOT, clean_workbook

#: The person, and somebody whose handle begins like theirs.
SLUG, NEIGHBOUR = "jane-doe", "jane-doe-2"
URL, NEIGHBOUR_URL = (f"https://www.linkedin.com/in/{slug}" for slug in (SLUG, NEIGHBOUR))
LEAD = "00aa11bb22cc33dd"
MAIL = "jane.doe@quillbrook.example"
UUID = "10d25735-7df4-4d00-8000-0000000001e6"
MEMBER = "123456789"
OPAQUE = base64.urlsafe_b64encode(
    b"\x00\x2c" + int(MEMBER).to_bytes(6, "big") + b"\x01" + bytes(range(20))
).decode()[:39]
TWIN = base64.urlsafe_b64encode(  # the profile's id of the same member
    b"\x00\x2a" + int(MEMBER).to_bytes(6, "big") + b"\x01" + bytes(range(20, 40))
).decode()[:39]
PERSON = Traces(
    lead_ids=(LEAD,), urls=(URL,), slugs=(SLUG,), opaque_ids=(OPAQUE,),
    uuids=(UUID,), emails=(MAIL,),
)  # fmt: skip
JANE = matcher(PERSON)
NOBODY = Namings()

#: Rows of the plan that are the person and the neighbour; row 0 is sent this week.
ROW, NEXT = 0, 1
CELLS: dict[str, dict[int, object]] = {
    "lead_id": {ROW: LEAD, NEXT: "00aa11bb22cc33de"},
    "linkedin_url": {ROW: URL, NEXT: NEIGHBOUR_URL},
    "first_name": {ROW: "Jane", NEXT: "Jane"},
    "last_name": {ROW: "Doe", NEXT: "Doe"},
    "company": {ROW: "Quillbrook Labs", NEXT: "Quillbrook Labs"},
    "sales_navigator_id": {ROW: OPAQUE, NEXT: ""},
    "email": {ROW: MAIL, NEXT: "other.doe@quillbrook.example"},
    "getsales_uuid": {ROW: UUID, NEXT: ""},
    "title": {ROW: "Head of Growth", NEXT: "Head of Growth"},
    "route": {ROW: "open_inmail", NEXT: "open_inmail"},
    "seat_id": {ROW: "seat-01", NEXT: "seat-01"},
    "sender": {ROW: "Nora Lindqvale 1", NEXT: "Nora Lindqvale 1"},
    "send_on": {ROW: "2026-11-23", NEXT: "2026-11-23"},
}


def make_run(reports: Path, **changes: dict[int, object]) -> Path:
    """Write a run with the person and the neighbour; return its folder."""
    plan = make_plan(60, 3, cells={**CELLS, **changes})
    return folder.write_run(plan, reports, {"plan.xlsx": workbook.write})


def contents(root: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def all_bytes(root: Path) -> bytes:
    """Return every file below a folder, members of archives unpacked."""
    found = []
    for data in contents(root).values():
        found.append(data)
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                found += [archive.read(name) for name in archive.namelist()]
    return b"\n".join(found).lower()


def holds_trace(data: bytes) -> bool:
    """Return whether bytes hold an identity of the person; the neighbour's is none."""
    data = data.replace(b"jane-doe-2", b"")
    words = (SLUG, LEAD, MAIL, MAIL.replace("@", "%40"), UUID, OPAQUE)
    return any(word.lower().encode() in data for word in words)


def table(path: Path, sheet: str) -> list[tuple[Any, ...]]:
    """Return the cells of a sheet."""
    return list(openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True))


# --- a run of the program ---------------------------------------------------------


def test_the_person_is_gone_from_a_run(tmp_path: Path) -> None:
    """No identity is left in any byte of the run, and what was touched is said."""
    run = make_run(tmp_path)
    assert holds_trace(all_bytes(run))
    touched = erase(tmp_path, PERSON)
    assert not holds_trace(all_bytes(run))
    assert [(t.path.name, t.kind, t.rows, t.left) for t in touched] == [
        ("plan.xlsx", Kind.WORKBOOK, 2, ""),  # the week and the seat's own sheet
        ("plan.json", Kind.JSON, 0, ""),  # the hash of the assignments
        ("seat-01--open_inmail.csv", Kind.IMPORT, 1, ""),
        ("assignments.csv", Kind.ASSIGNMENTS, 1, ""),
    ]
    assert erase(tmp_path, PERSON) == ()


def test_counts_stay_in_the_assignments(tmp_path: Path) -> None:
    """The row keeps what the plan decided; all other rows are the same bytes."""
    run = make_run(tmp_path)
    before = (run / "assignments.csv").read_bytes().splitlines(keepends=True)
    erase(tmp_path, PERSON)
    after = (run / "assignments.csv").read_bytes().splitlines(keepends=True)
    changed = [k for k, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert changed == [ROW + 1]
    with (run / "assignments.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    (row,) = [row for row in rows if row["lead_id"] == "erased"]
    kept = {"route": "open_inmail", "seat_id": "seat-01", "send_on": "2026-11-23"}
    assert {name: row[name] for name in kept} == kept
    blank = ("linkedin_url", "first_name", "last_name", "company")
    assert [row[name] for name in blank] == [""] * 4
    assert row["source_row"] == "0"
    assert row["source_file"] == "leads.csv"


def test_an_import_file_loses_the_row_and_nothing_else(tmp_path: Path) -> None:
    """A row without identity would be imported: it goes, the others keep their bytes."""
    path = make_run(tmp_path) / "getsales" / "seat-01--open_inmail.csv"
    before = path.read_bytes().splitlines(keepends=True)
    erase(tmp_path, PERSON)
    after = path.read_bytes().splitlines(keepends=True)
    assert after == [line for line in before if URL.encode() + b"," not in line]
    assert len(after) == len(before) - 1


def test_the_workbook_keeps_everything_else(tmp_path: Path) -> None:
    """Tables, drop-downs and all other rows stay; the row keeps its plan and status."""
    run = make_run(tmp_path)
    with zipfile.ZipFile(run / "plan.xlsx") as archive:
        before = {name: archive.read(name) for name in archive.namelist()}
    week = table(run / "plan.xlsx", "This week")
    erase(tmp_path, PERSON)
    with zipfile.ZipFile(run / "plan.xlsx") as archive:
        after = {name: archive.read(name) for name in archive.namelist()}
    assert list(after) == list(before)
    changed = {name for name in before if before[name] != after[name]}
    assert all(name.startswith("xl/worksheets/") for name in changed)
    assert len(changed) == 4  # two sheets and their links
    new = table(run / "plan.xlsx", "This week")
    ((old_row, new_row),) = [
        (old, now) for old, now in zip(week, new, strict=True) if old != now
    ]
    assert new_row[:4] == old_row[:4]
    assert new_row[4:8] == (None,) * 4
    assert new_row[8:13] == old_row[8:13]
    assert new_row[13] == "erased"
    book = openpyxl.load_workbook(run / "plan.xlsx")
    links = [cell.hyperlink for row in book["seat-01"].iter_rows() for cell in row]
    targets = {link.target for link in links if link is not None}
    assert NEIGHBOUR_URL in targets
    assert URL not in targets


def test_copies_are_runs_too(tmp_path: Path) -> None:
    """A copy that was kept beside the run is cleaned like the run."""
    run = make_run(tmp_path)
    (run / "assignments.csv").write_bytes((run / "assignments.csv").read_bytes() + b"x\n")
    make_run(tmp_path)
    assert len(list(tmp_path.glob("*--kept-1"))) == 1
    assert len({touched.path.parent for touched in erase(tmp_path, PERSON)}) == 4
    assert not holds_trace(all_bytes(tmp_path))


def test_a_dry_run_says_the_same_and_changes_nothing(tmp_path: Path) -> None:
    """`find` gives what `erase` will give, and not one byte changes."""
    make_run(tmp_path)
    before = contents(tmp_path)
    found = find([tmp_path], PERSON)
    assert contents(tmp_path) == before
    assert found == erase(tmp_path, PERSON)


def test_exports_are_named_and_left(tmp_path: Path) -> None:
    """Outside the runs nothing is changed; that the person is there is said."""
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "leads.csv").write_text(f"Profile URL,Name\n{URL},Jane\n")
    (exports / "free.csv").write_text(f"Profile URL,Name\n{NEIGHBOUR_URL},Jane\n")
    before = contents(tmp_path)
    (found,) = find([exports, tmp_path / "missing"], PERSON)
    assert (found.path.name, found.rows) == ("leads.csv", 1)
    assert "outside" in found.left
    (again,) = erase(exports, PERSON)
    assert again == found
    assert contents(tmp_path) == before


def test_a_lead_without_address_goes_from_the_seats_sheet(tmp_path: Path) -> None:
    """A sheet that shows only a name is cleaned by what the tables of the run say."""
    run = make_run(tmp_path, linkedin_url={ROW: "", NEXT: NEIGHBOUR_URL})
    (workbook_, *_rest) = erase(tmp_path, PERSON)
    assert workbook_ == Touched(path=run / "plan.xlsx", kind=Kind.WORKBOOK, rows=2)
    names = [row[1] for row in table(run / "plan.xlsx", "seat-01")]
    assert names.count("Jane Doe") == 1  # the namesake with an address


def test_a_namesake_is_not_erased_by_name(tmp_path: Path) -> None:
    """Of two people whom only the lead id tells apart, the other one stays."""
    run = make_run(tmp_path, linkedin_url={ROW: "", NEXT: ""})
    (touched, *_rest) = erase(tmp_path, PERSON)
    assert touched.left == ""
    assert [r[1] for r in table(run / "plan.xlsx", "seat-01")].count("Jane Doe") == 1


def test_permissions_stay(tmp_path: Path) -> None:
    """A file that only its owner may read stays so."""
    run = make_run(tmp_path)
    (run / "assignments.csv").chmod(0o600)
    erase(tmp_path, PERSON)
    assert (run / "assignments.csv").stat().st_mode & 0o777 == 0o600


def test_triage_folders_are_runs(tmp_path: Path) -> None:
    """A folder of triage is cleaned; its JSON stays JSON."""
    run = tmp_path / "2026-W49-triage"
    run.mkdir()
    (run / "triage.json").write_text(json.dumps({"leads": [LEAD, "ff"], "n": 2}))
    (run / "list.csv").write_text(f"System UUID,plan_run\n{UUID},x\n{'0' * 36},x\n")
    erase(tmp_path, PERSON)
    assert json.loads((run / "triage.json").read_text()) == {
        "leads": ["erased", "ff"],
        "n": 2,
    }
    assert (run / "list.csv").read_text() == f"System UUID,plan_run\n{'0' * 36},x\n"


def test_what_cannot_be_cleaned_is_left_and_said(tmp_path: Path) -> None:
    """Notes, archives and PDFs are not touched; the user is told."""
    run = make_run(tmp_path)
    (run / "notes.txt").write_text(f"call {URL}")
    (run / "other.txt").write_text(f"call {NEIGHBOUR_URL}")
    (run / "print.pdf").write_bytes(b"%PDF-1.7 compressed")
    (run / "broken.xlsx").write_bytes(b"PK\x03\x04" + URL.encode())
    with zipfile.ZipFile(run / "old.zip", "w") as archive:
        archive.writestr("a/leads.csv", URL)
    before = contents(run)
    left = {t.path.name: t.left for t in erase(tmp_path, PERSON) if t.left}
    assert set(left) == {"notes.txt", "print.pdf", "broken.xlsx", "old.zip"}
    after = contents(run)
    assert all(after[name] == before[name] for name in left)
    assert not any(SLUG in text for text in left.values())


def test_a_folder_at_work_is_left(tmp_path: Path) -> None:
    """What a living planner holds is not touched, and that is said."""
    run = make_run(tmp_path)
    before = contents(tmp_path)
    descriptor = os.open(run, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        assert erase(tmp_path, PERSON) == (
            Touched(path=run, kind=Kind.FOLDER, rows=0, left=BUSY),
        )
    finally:
        os.close(descriptor)
    assert contents(tmp_path) == before
    assert erase(tmp_path, PERSON)


def test_leftovers_of_crashes_go(tmp_path: Path) -> None:
    """A run half written and a file half written are swept away."""
    run = make_run(tmp_path)
    (tmp_path / ".tmp-new-x-00000000").mkdir()
    (tmp_path / ".tmp-new-x-00000000" / "assignments.csv").write_text(URL)
    (run / ".tmp-ab12cd_8").write_text(URL)
    erase(tmp_path, PERSON)
    assert not holds_trace(all_bytes(tmp_path))
    assert not list(tmp_path.rglob(".tmp-*"))


def killed(reports: Path, steps: int) -> int:
    """Erase in a process that kills itself after some steps; return how it ended."""
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    left = steps
    replace, fsync = Path.replace, os.fsync

    def tick() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def slow_replace(path: Path, target: Path) -> Path:
        tick()
        done = replace(path, target)
        tick()
        return done

    def slow_fsync(number: int) -> None:
        tick()
        fsync(number)

    try:
        Path.replace, os.fsync = slow_replace, slow_fsync  # type: ignore[assignment, method-assign]
        erase(reports, PERSON)
    finally:
        os._exit(1)  # it lived: nothing of the tests may run here


@pytest.mark.parametrize("steps", range(0, 9, 2))
def test_killed_at_any_instant_and_run_again(tmp_path: Path, steps: int) -> None:
    """After SIGKILL each file is old or new; the same call ends where it would have."""
    one, two = tmp_path / "one", tmp_path / "two"
    for reports in (one, two):
        make_run(reports, linkedin_url={ROW: "", NEXT: NEIGHBOUR_URL})
    old = contents(two)
    erase(one, PERSON)
    new = contents(one)
    assert killed(two, steps) == -signal.SIGKILL
    for name, data in contents(two).items():
        if ".tmp-" not in name:
            assert data in (old[name], new[name])
    erase(two, PERSON)
    assert contents(two) == new


# --- who is meant -----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        URL,
        f"{URL}/",
        f"{URL}/de?x=1",
        "http://de.linkedin.com/in/Jane-Doe",
        f"see {URL}.",
        "in/jane-doe",
        "https://x.example/?u=https%3A%2F%2Fwww.linkedin.com%2Fin%2Fjane-doe",
        "https:\\/\\/www.linkedin.com\\/in\\/jane-doe",
        f"https://www.linkedin.com/sales/lead/{OPAQUE},NAME_SEARCH,abcd",
        f"urn:li:fs_salesProfile:({OPAQUE},NAME,x)",
        f"https://www.linkedin.com/in/{TWIN}",
        f"urn:li:member:{MEMBER}",
        UUID.upper(),
        UUID.replace("-", ""),
        f"mailto:{MAIL.title()}",
        MAIL.replace("@", "%40"),
        LEAD,
    ],
)
def test_every_spelling_is_found(text: str) -> None:
    """Addresses, ids and mailboxes are known however a tool writes them."""
    assert JANE.finds(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Jane Doe",
        SLUG,  # a name with a hyphen, such as a seat's id
        NEIGHBOUR_URL,
        "https://www.linkedin.com/in/jane-doe%C3%A9",
        "https://www.linkedin.com/in/jane-do\u00e9",
        "https://www.linkedin.com/in/mary-jane-doe",
        "in/jane-doe\u2026",
        f"x.{MAIL}",
        f"{MAIL}.uk",
        f"{LEAD}00",
        f"{OPAQUE}x",
        f"urn:li:member:{MEMBER}0",
        MEMBER,
        "https://github.com/admin/jane-doe",
    ],
)
def test_nobody_else_is_found(text: str) -> None:
    """A handle, id or mailbox that only begins or ends like the person's is another's."""
    assert not JANE.finds(text)


@pytest.mark.parametrize(
    "text",
    [
        "in/zo\u00eb-m\u00fcller",
        "in/zo%C3%AB-m%c3%bcller",
        "in/ZOE\u0308-MU\u0308LLER",
        "in/zo%EB-m%FCller",
    ],
)
def test_handles_in_every_script(text: str) -> None:
    """A handle is known composed or not, percent-encoded or not, in any case."""
    person = matcher(Traces(urls=("https://www.linkedin.com/in/zo%C3%AB-m%C3%BCller",)))
    assert person.finds(f"https://www.linkedin.com/{text}")
    assert not person.finds("https://www.linkedin.com/in/zoe-muller")


def test_traces_come_from_the_ledgers_spaces() -> None:
    """Identity rows of the ledger become traces; nobody is found by no traces."""
    rows = [("slug", SLUG), ("member", MEMBER), ("lead", LEAD), ("email", MAIL)]
    person = Traces.of([*rows, ("hash", OPAQUE), ("uuid", UUID)])
    assert person.slugs == (SLUG,)
    assert matcher(person).finds(URL)
    assert not matcher(Traces()).finds(URL)


# --- CSV --------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_other_rows_keep_their_bytes(delimiter: str, end: str, codec: str) -> None:
    """Encoding, delimiter, quotes and line ends of a list that people made stay."""
    rows = [
        ["profile", "Full Name", "status", "notes"],
        [NEIGHBOUR_URL, '"Zo\u00eb ""Z"" Doe"', "sent", f'"two{end}lines"'],
        [f"{URL}?x=1", '"Doe, Jane"', "replied", f'"call{end}her"'],
        ["https://www.linkedin.com/in/third", "Ilse", "", '5" screen'],
    ]
    lines = [delimiter.join(row) + end for row in rows]
    edit = clean_csv("".join(lines).encode(codec), JANE)
    lines[2] = delimiter.join(["", "", "replied", ""]) + end
    assert edit == Edit(content="".join(lines).encode(codec), rows=1)


def test_a_mention_in_anothers_row_takes_the_cell_only() -> None:
    """Who is named in a remark about somebody else does not take their row along."""
    text = f"profile,name,referred by,notes\n{NEIGHBOUR_URL},Jo,{URL},ask {MAIL}\n"
    edit = clean_csv(text.encode(), JANE)
    assert (
        edit.content.decode() == f"profile,name,referred by,notes\n{NEIGHBOUR_URL},Jo,,\n"
    )
    assert edit.rows == 1


def test_handles_and_member_ids_count_in_their_columns() -> None:
    """A bare handle or number names the person only where the header says so."""
    person = matcher(Traces(slugs=(SLUG,), member_ids=(MEMBER,)))
    text = "LinkedIn Nickname,seat,status\njane-doe,jane-doe,sent\nother,jane-doe,sent\n"
    lines = clean_csv(text.encode(), person).content.decode().splitlines()
    assert lines[1:] == [",jane-doe,sent", "other,jane-doe,sent"]
    text = f"member id,priority,name\n{MEMBER},5,Jane\n7,{MEMBER},Jo\n"
    lines = clean_csv(text.encode(), person).content.decode().splitlines()
    assert lines[1:] == [",5,", f"7,{MEMBER},Jo"]


def test_a_row_that_cannot_be_told_apart_is_left() -> None:
    """Where a stray quote runs rows together, nothing is blanked that is not hers."""
    text = f'profile,name\n"{URL},Jane\n{NEIGHBOUR_URL},"Jo"\n'
    with pytest.raises(erase_text.UncleanableError):
        clean_csv(text.encode(), JANE)


SAFE = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    rows=st.lists(st.tuples(SAFE, SAFE), max_size=12),
    at=st.integers(0, 12),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_only_the_persons_row_changes(
    rows: list[tuple[str, str]], at: int, end: str
) -> None:
    """Whatever the other rows hold, each of them is the same bytes afterwards."""

    def record(*cells: str) -> str:
        return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + end

    others = [record(f"{NEIGHBOUR_URL}{k}", *row) for k, row in enumerate(rows)]
    head = record("profile", "name", "notes")
    text = [head, *others[:at], record(URL, "Jane", "x"), *others[at:]]
    edit = clean_csv("".join(text).encode(), JANE)
    expected = [head, *others[:at], ",," + end, *others[at:]]
    assert edit.content == "".join(expected).encode()


def test_a_record_no_longer_points_into_an_export() -> None:
    """Her record's row becomes 0, for the export may still hold her; others' rows stay."""
    text = f'[{{"lead_id": "{LEAD}", "source_row": 17}}, {{"source_row": 18}}]'
    edit = clean_json(text.encode(), JANE)
    assert edit.content == b'[{"lead_id": "erased", "source_row": 0}, {"source_row": 18}]'
    assert edit.rows == 1


def page(*rows: tuple[str, str], elsewhere: str = "") -> bytes:
    """Return a page of pictures with a table of people, by lead id and name."""
    body = "".join(
        f'          <tr data-lead="{key}"><td>{name}</td></tr>\n' for key, name in rows
    )
    return f"<p>{elsewhere}</p>\n<table>\n{body}</table>\n".encode()


def test_a_page_loses_the_rows_of_the_person_alone() -> None:
    """The row says by its lead id whose it is; all else stays byte for byte."""
    mine = LEAD
    others = (("0123456789abcdef", "Jane Doe"), ("fedcba9876543210", "John"))
    edit = clean_page(page(others[0], (mine, "Jane Doe"), others[1]), JANE)
    assert edit == Edit(content=page(*others), rows=1)


def test_a_page_that_names_the_person_elsewhere_says_so() -> None:
    """A row is dropped and the address in a sentence is left: to be cleaned by hand."""
    mine = LEAD
    edit = clean_page(page((mine, "Jane"), elsewhere=URL), JANE)
    assert edit.rows == 1
    assert "edit or delete it" in edit.left
    with pytest.raises(UncleanableError, match="edit or delete it"):
        clean_page(page(elsewhere=URL), JANE)


def test_json_keeps_its_layout() -> None:
    """Only texts that name the person are replaced; spaces and numbers stay."""
    text = f'{{ "a": "{LEAD}",\n "{URL}" : [1.50, "ok"] }}\n'
    edit = clean_json(text.encode(), JANE)
    assert edit.content.decode() == '{ "a": "erased",\n "erased" : [1.50, "ok"] }\n'
    assert edit.rows == 2


# --- workbooks --------------------------------------------------------------------


def parts_of(content: bytes) -> dict[str, bytes]:
    """Return the parts of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, str]) -> bytes:
    """Return an archive of parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return target.getvalue()


def test_a_workbook_saved_again_is_cleaned(tmp_path: Path) -> None:
    """The links, statuses and comments of a workbook that people worked in."""
    run = make_run(tmp_path)
    path = run / "plan.xlsx"
    book: Any = openpyxl.load_workbook(path)
    sheet = book["seat-01"]
    (row,) = [
        cell.row for cells in sheet.iter_rows() for cell in cells
        if cell.hyperlink and cell.hyperlink.target == URL
    ]  # fmt: skip
    sheet.cell(row, 8).value = "replied"
    sheet.cell(row, 2).comment = Comment("Jane wants a call", "Nora")
    sheet.cell(row + 1, 2).comment = Comment(f"ask {URL} first", "Nora")
    sheet.cell(row + 2, 2).comment = Comment("stays", "Nora")
    book.save(path)
    erase(tmp_path, PERSON)
    assert not holds_trace(all_bytes(run))
    assert b"wants a call" not in all_bytes(run)
    book = openpyxl.load_workbook(path)
    sheet = book["seat-01"]
    cells = [cell.value for cell in sheet[row]]
    assert (cells[1], cells[2], cells[3], cells[4], cells[7]) == (*[None] * 4, "replied")
    assert cells[5] == "open InMail"
    assert sheet.cell(row + 2, 2).comment.text == "stays"
    assert sheet.tables
    assert sheet.data_validations.dataValidation


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHARED_BOOK = {
    "[Content_Types].xml": '<Types xmlns="t"><Override PartName="/xl/calcChain.xml" '
    'ContentType="c"/></Types>',
    "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="r1" Type="c" '
    'Target="calcChain.xml"/></Relationships>',
    "xl/calcChain.xml": '<calcChain><c r="D2" i="1"/></calcChain>',
    "xl/sharedStrings.xml": f'<x:sst xmlns:x="{MAIN}">'
    "<x:si><x:t>profile</x:t></x:si><x:si><x:t>name</x:t></x:si>"
    "<x:si><x:t>status</x:t></x:si>"
    "<x:si><x:r><x:t>linkedin.com/in/jane</x:t></x:r><x:r><x:t>-doe</x:t></x:r></x:si>"
    "<x:si><x:t>Jane Doe</x:t></x:si><x:si><x:t>sent</x:t></x:si>"
    "<x:si><x:t>linkedin.com/in/jane-doe-2</x:t></x:si><x:si><x:t>Only Hers</x:t></x:si>"
    "</x:sst>",
    "xl/worksheets/sheet1.xml": f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>'
    '<x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c><x:c r="B1" t="s"><x:v>1</x:v></x:c>'
    '<x:c r="C1" t="s"><x:v>2</x:v></x:c></x:row>'
    '<x:row r="2"><x:c r="A2" s="4" t="s"><x:v>3</x:v></x:c>'
    '<x:c r="B2" t="s"><x:v>4</x:v></x:c><x:c r="C2" t="s"><x:v>5</x:v></x:c>'
    '<x:c r="D2" t="str"><x:f>HYPERLINK("https://www.linkedin.com/in/jane-doe")</x:f>'
    '<x:v>x</x:v></x:c><x:c r="E2" t="s"><x:v>7</x:v></x:c></x:row>'
    '<x:row r="3"><x:c r="A3" t="s"><x:v>6</x:v></x:c>'
    '<x:c r="B3" t="s"><x:v>4</x:v></x:c><x:c r="C3" t="s"><x:v>5</x:v></x:c></x:row>'
    "</x:sheetData></x:worksheet>",
}


def test_shared_texts_of_others_stay() -> None:
    """A text that only the person's cells used goes; one that a namesake uses stays."""
    edit = clean_workbook(packed(SHARED_BOOK), JANE, NOBODY)
    parts = parts_of(edit.content)
    shared = parts["xl/sharedStrings.xml"].decode()
    assert edit.rows == 1
    assert shared.count("<x:si>") == 8  # numbers of texts stay
    assert shared.count("<x:si><x:t/></x:si>") == 2  # her address, and "Only Hers"
    assert "Jane Doe" in shared
    assert "jane-doe-2" in shared
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    assert '<x:c r="A2" s="4"/><x:c r="B2"/><x:c r="C2" t="s"><x:v>5</x:v></x:c>' in sheet
    assert '<x:c r="D2"/><x:c r="E2"/>' in sheet
    assert "xl/calcChain.xml" not in parts
    assert b"calcChain" not in b"".join(parts.values())
    row = SHARED_BOOK["xl/worksheets/sheet1.xml"].partition('<x:row r="3">')[2]
    assert sheet.endswith(row)


def test_traces_in_other_parts_go() -> None:
    """Properties, filters and drawings lose the person; pivot tables are pointed out."""
    book = {
        **SHARED_BOOK,
        "docProps/core.xml": f"<a><title>For {MAIL}</title><b>kept</b></a>",
        "xl/tables/table1.xml": f'<table><filter val="{URL}"/><filter val="kept"/></table>',
        "xl/pivotCache/pivotCacheDefinition1.xml": f'<p><s v="{URL}"/></p>',
    }
    edit = clean_workbook(packed(book), JANE, NOBODY)
    assert not holds_trace(b"".join(parts_of(edit.content).values()))
    assert (
        parts_of(edit.content)["docProps/core.xml"] == b"<a><title></title><b>kept</b></a>"
    )
    assert edit.left == PIVOT


def test_an_entity_declared_in_a_part_is_not_followed() -> None:
    """A part that declares entities is neither read as XML nor rewritten."""
    part = f'<!DOCTYPE x [<!ENTITY e "e">]><x>{URL}</x>'
    edit = clean_workbook(packed({"xl/worksheets/sheet1.xml": part}), JANE, NOBODY)
    assert edit.rows == 0
    assert edit.left


def test_the_last_link_takes_the_list_along(tmp_path: Path) -> None:
    """An empty list of links would be refused by Excel: it goes with its last link."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["profile", "name"])
    sheet.append(["her", "Jane"])
    sheet["A2"].hyperlink = URL
    book.save(tmp_path / "a.xlsx")
    edit = clean_workbook((tmp_path / "a.xlsx").read_bytes(), JANE, NOBODY)
    assert b"hyperlink" not in b"".join(parts_of(edit.content).values())
    again = openpyxl.load_workbook(io.BytesIO(edit.content)).active
    assert again is not None
    assert [cell.value for cell in again[2]] == [None, None]


# --- other files ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (URL.encode("utf-16"), Answer.YES),
        (b"\x00\x01" + URL.encode(), Answer.YES),
        (packed({"a.txt": URL}), Answer.YES),
        (packed({"a.txt": NEIGHBOUR_URL}), Answer.NO),
        (b"%PDF-1.4", Answer.UNKNOWN),
        (b"PK\x03\x04 damaged", Answer.UNKNOWN),
        (b"", Answer.NO),
    ],
)
def test_files_of_any_kind_are_searched(content: bytes, answer: Answer) -> None:
    """Text in any encoding and archives are searched; what cannot be read is said."""
    assert erase_search.search(content, JANE) is answer


def ledger_copy(path: Path, *keys: tuple[str, str], is_first: bool = False) -> bytes:
    """Return a database with a ledger's table of identities, filled in."""
    columns = "space TEXT, value TEXT, person INTEGER"
    table = (
        f"identities ({columns}, PRIMARY KEY (space, value)) WITHOUT ROWID"
        if is_first
        else f"identities (number INTEGER PRIMARY KEY, {columns})"
    )
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE {table}")
        connection.executemany(
            "INSERT INTO identities (space, value, person) VALUES (?, ?, ?)",
            [(*key, 65 + k) for k, key in enumerate(keys)],  # persons "A", "B", ...
        )
    connection.close()
    return path.read_bytes()


@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize(
    "key",
    [
        ("slug", SLUG), ("member", MEMBER), ("hash", OPAQUE), ("uuid", UUID),
        ("email", MAIL), ("lead", LEAD),
    ],
)  # fmt: skip
def test_a_copy_of_a_ledger_holds_the_person(
    tmp_path: Path, key: tuple[str, str], is_first: bool
) -> None:
    """In a record the key has its kind before it, and anything at all behind it."""
    before, after = (("slug", f"{name}-of-someone") for name in ("aa", "zz"))
    content = ledger_copy(tmp_path / "a.db", before, key, after, is_first=is_first)
    assert erase_search.search(content, JANE) is Answer.YES
    assert erase_search.search(gzip.compress(content), JANE) is Answer.YES


@pytest.mark.parametrize(
    "key",
    [
        ("slug", f"{SLUG}-2"), ("slug", f"{SLUG}A"), ("slug", f"mary-{SLUG}"),
        ("member", f"{MEMBER}0"), ("hash", f"{OPAQUE}x"), ("lead", LEAD[:-1]),
        ("email", f"x.{MAIL}"), ("person", SLUG),
    ],
)  # fmt: skip
def test_a_copy_of_a_ledger_does_not_hold_a_namesake(
    tmp_path: Path, key: tuple[str, str]
) -> None:
    """A longer or shorter key is another's, whatever byte stands behind it."""
    content = ledger_copy(tmp_path / "a.db", key, ("slug", "zz-of-someone"))
    assert erase_search.search(content, JANE) is Answer.NO


def test_a_key_of_any_length_is_found_in_a_record(tmp_path: Path) -> None:
    """The length of a long key takes two bytes, and may count letters of two bytes."""
    for number, slug in enumerate(["j\u00f6rg-" + "x" * 80, "\u6797" * 20]):
        content = ledger_copy(tmp_path / f"{number}.db", ("slug", slug))
        person = matcher(Traces(slugs=(slug,)))
        assert erase_search.search(content, person) is Answer.YES


# --- beside the runs --------------------------------------------------------------


def test_folders_below_are_searched_but_for_those_apart(tmp_path: Path) -> None:
    """Copies in any folder are named; hidden and installed ones are passed over."""
    for name in ("old/2026", "reports", ".git", ".venv", "tools"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "leads.csv").write_text(f"Profile URL\n{URL}\n")
    (tmp_path / "tools" / "pyvenv.cfg").touch()
    (tmp_path / "link").symlink_to(tmp_path / "reports")
    (tmp_path / "here.txt").write_text(URL)
    found = beside(tmp_path, PERSON, [tmp_path / "reports"])
    names = [str(one.path.relative_to(tmp_path)) for one in found]
    assert names == ["here.txt", "old/2026/leads.csv"]
    assert all(one.is_found for one in found)


def test_a_folder_of_too_many_files_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not searched is not taken for clean, nor for the person."""
    monkeypatch.setattr(erase_module, "_MAX_BESIDE", 2)
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(URL if name == "a" else "")
    first, last = beside(tmp_path, PERSON)
    assert (first.path.name, first.is_found) == ("a.txt", True)
    assert (last.path, last.left, last.is_found) == (tmp_path, TOO_MANY, False)

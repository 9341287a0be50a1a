"""From files to tables of text."""

from __future__ import annotations

import codecs
import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain import RawTable
from planner.errors import Issue, Severity
from planner.intake import gather, read, records, text, workbook
from planner.intake.text import parse_text

FAULTY = Path(__file__).parent / "faulty"
HEADER = "First Name,Last Name,LinkedIn URL\n"
URL = "https://www.linkedin.com/in/ada-example"


def parse(content: str | bytes, **options: Any) -> tuple[RawTable, list[Issue]]:
    """Read text that has a table."""
    data = content.encode() if isinstance(content, str) else content
    table, issues = parse_text(data, "leads.csv", **options)
    assert table is not None, issues
    return table, issues


def cells(table: RawTable) -> list[list[str]]:
    """Return the cells row by row."""
    return [list(row) for row in table.frame.itertuples(index=False)]


def codes(issues: list[Issue]) -> list[tuple[str, int | None]]:
    """Return code and row of each issue."""
    return [(issue.code, issue.row) for issue in issues]


def refused(content: str | bytes, **options: Any) -> Issue:
    """Return the error for which a file is not read at all."""
    data = content.encode() if isinstance(content, str) else content
    table, issues = parse_text(data, "leads.csv", **options)
    assert table is None
    return next(issue for issue in issues if issue.severity is Severity.ERROR)


# --- cells ------------------------------------------------------------------------


def test_cells_arrive_as_written() -> None:
    """Surnames like NA, leading zeros and long ids are text, and stay so."""
    table, issues = parse(
        "First Name,Last Name,Member ID,Note\n"
        "Null,NA,007,1234567890123456789\nNone,nan,1E5,TRUE\n"
    )
    assert cells(table) == [
        ["Null", "NA", "007", "1234567890123456789"],
        ["None", "nan", "1E5", "TRUE"],
    ]
    assert not issues
    assert all(pd.api.types.is_string_dtype(table.frame[name]) for name in table.frame)


def test_edges_are_stripped_and_inner_line_ends_kept() -> None:
    """Spaces, NBSP and zero-width characters go at the ends; a line end inside stays."""
    table, _ = parse(
        "\u200bFirst Name\u00a0, Last Name ,Title\n"
        ' Ada\u200b,\u00a0Lovelace\u00a0,"Head\nof Numbers "\n'
    )
    assert list(table.frame.columns) == ["First Name", "Last Name", "Title"]
    assert cells(table) == [["Ada", "Lovelace", "Head\nof Numbers"]]


def test_row_numbers_are_those_of_a_spreadsheet() -> None:
    """Header, preamble and blank records count; a cell of several lines is one row."""
    table, _ = parse(
        'Notes:\n"Some text,\nof two lines"\n\n'  # rows 1, 2, 3
        "First Name,Last Name,Title\n"  # row 4
        'Ada,Lovelace,"Head\nof Numbers"\n'  # row 5
        ",,\n\n"  # rows 6, 7
        "Grace,Hopper,Admiral\n"  # row 8
    )
    assert table.rows.tolist() == [5, 8]
    assert table.frame["First Name"].tolist() == ["Ada", "Grace"]


def test_blank_rows_are_no_data() -> None:
    """Rows in which nothing can be seen are skipped without a word."""
    table, issues = parse(HEADER + ",,\n \t, ,\u200b\nAda,Lovelace,\n\n\n")
    assert table.rows.tolist() == [4]
    assert not issues


def test_sha256_is_of_the_bytes() -> None:
    """The hash is the one that any tool gives for the file."""
    data = b"\xef\xbb\xbfName,Email\r\nAda,\r\n"
    assert parse(data)[0].sha256 == hashlib.sha256(data).hexdigest()


# --- encoding ---------------------------------------------------------------------

ACCENTS = "Vorname,Nachname,E-Mail\nZo\u00eb,M\u00fcller,\nJos\u00e9,\u0141,\n"


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_unicode_is_recognised(codec: str, encoding: str, end: str) -> None:
    """With or without a byte order mark, with all line ends, the same cells come out."""
    table, issues = parse(ACCENTS.replace("\n", end).encode(codec))
    assert cells(table) == [["Zo\u00eb", "M\u00fcller", ""], ["Jos\u00e9", "\u0141", ""]]
    assert table.encoding == encoding
    assert not issues


def test_windows_text_is_read_with_a_note() -> None:
    """What is not UTF-8 is taken for cp1252, and the user is told."""
    table, issues = parse(
        "Vorname;Nachname\nZo\u00eb;M\u00fcller \u20ac\n".encode("cp1252")
    )
    assert cells(table) == [["Zo\u00eb", "M\u00fcller \u20ac"]]
    assert (table.encoding, table.delimiter) == ("cp1252", ";")
    assert codes(issues) == [("assumed-cp1252", None)]
    assert issues[0].severity is Severity.NOTE


def test_encoding_given_by_the_user_wins() -> None:
    """Mac text is read as such if the user says so."""
    data = "Vorname,Nachname\nZo\u00eb,M\u00fcller\n".encode("mac_roman")
    table, issues = parse(data, encoding="mac_roman")
    assert cells(table) == [["Zo\u00eb", "M\u00fcller"]]
    assert not issues


def test_one_bad_byte_does_not_spoil_utf_8() -> None:
    """A file of good UTF-8 with one bad byte is not read as cp1252."""
    data = ("Vorname,Nachname\n" + "Zo\u00eb,M\u00fcller\n" * 5).encode() + b"A\xff,B\n"
    table, issues = parse(data)
    assert table.frame["Vorname"].tolist() == ["Zo\u00eb"] * 5 + ["A\ufffd"]
    assert codes(issues) == [("undecodable-bytes", None)]


def test_mojibake_is_refused_until_the_encoding_is_given() -> None:
    """UTF-8 that was once read as cp1252 is an error that names the option."""
    wrong = ACCENTS.encode().decode("cp1252", "replace")
    issue = refused(wrong)
    assert issue.code == "mojibake"
    assert "--encoding" in issue.message
    assert parse(wrong, encoding="utf-8")[0].frame.iloc[0, 0] == "Zo\u00c3\u00ab"


def test_a_little_mojibake_is_a_warning() -> None:
    """Below the share of the parameter, the file is read."""
    content = HEADER + "Ada,Lovelace,x\n" * 50 + "Zo\u00c3\u00ab,Hopper,x\n"
    _, issues = parse(content)
    assert [(issue.code, issue.severity) for issue in issues] == [("mojibake", "warning")]


def test_unknown_encoding_is_an_error() -> None:
    """A misspelt encoding is named."""
    assert refused(HEADER + "a,b,c\n", encoding="utf-9").code == "unknown-encoding"
    assert refused(HEADER + "a,b,c\n", encoding="hex").code == "unknown-encoding"


def test_nul_bytes_are_left_out() -> None:
    """GetSales exports hold NUL bytes: they go, and the user is told."""
    table, issues = parse(HEADER + "A\0da,Love\0lace,\n")
    assert cells(table) == [["Ada", "Lovelace", ""]]
    assert codes(issues) == [("nul-bytes", None)]


# --- layout -----------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    """The delimiter that gives most known headers is chosen, not the most frequent."""
    content = (
        "First Name;Title;Location\n"
        "Ada;Head, of, many, things;London, UK\nGrace;Admiral, retired;Arlington\n"
    )
    table, _ = parse(content.replace(";", delimiter) if delimiter != "," else content)
    assert table.delimiter == (delimiter if delimiter != "," else ";")
    assert table.frame["Location"].iloc[1] == "Arlington"


def test_separator_line_of_excel_is_obeyed() -> None:
    """``sep=;`` is not shown by a spreadsheet: the header is row 1."""
    table, issues = parse("sep=;\r\nA;B,C\r\n1;2,3\r\n")
    assert cells(table) == [["1", "2,3"]]
    assert table.rows.tolist() == [2]
    assert not issues


def test_list_of_sales_navigator_urls_is_not_cut_at_its_commas() -> None:
    """A plain list of /sales/lead/ACw...,NAME_SEARCH,x has one column."""
    line = "https://www.linkedin.com/sales/lead/ACwAABexample{},NAME_SEARCH,ab{}\n"
    table, issues = parse("".join(line.format(n, n) for n in range(4)))
    assert table.frame.shape == (4, 1)
    assert table.frame["column 1"].iloc[2].endswith("2,NAME_SEARCH,ab2")
    assert codes(issues) == [("no-header", None)]


def test_preamble_of_linkedin_connections_is_skipped() -> None:
    """The notes above the header are no data, and the user is told where it was found."""
    table, issues = parse(
        'Notes:\n"When exporting, you may notice, that some ""emails"" are missing."\n\n'
        "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
        f"Ada,Lovelace,{URL},,Engines,Countess,16 Mar 2025\n"
    )
    assert table.rows.tolist() == [5]
    assert table.frame["URL"].tolist() == [URL]
    assert codes(issues) == [("preamble", 4)]


def test_report_title_with_an_email_is_skipped() -> None:
    """An address above the header does not make the file headerless."""
    table, _ = parse(
        "Weekly report\nby,someone@example.com\n\n"
        "First Name,Last Name,Email\nAda,L,a@b.org\n"
    )
    assert list(table.frame.columns) == ["First Name", "Last Name", "Email"]
    assert table.rows.tolist() == [5]


def test_row_of_generic_names_above_the_header_is_skipped() -> None:
    """Excel puts Column1, Column2 above a table without a header of its own."""
    table, _ = parse(f"Column1;Column2\nFirst Name;URL\nAda;{URL}\n")
    assert list(table.frame.columns) == ["First Name", "URL"]


def test_file_without_header() -> None:
    """If the first row is a lead already, the columns are numbered."""
    table, issues = parse(f"{URL},Ada,Lovelace\n{URL}-2,Grace,Hopper\n")
    assert list(table.frame.columns) == ["column 1", "column 2", "column 3"]
    assert table.rows.tolist() == [1, 2]
    assert codes(issues) == [("no-header", None)]


def test_unknown_headers_are_headers() -> None:
    """The row above the first lead is its header, in whatever language."""
    table, _ = parse(f"Etunimi,Linkki\nAda,{URL}\n")
    assert list(table.frame.columns) == ["Etunimi", "Linkki"]


def test_headers_of_other_tables_can_be_given() -> None:
    """Seats are recognised by their own column names."""
    table, _ = parse(
        "Our seats\n\nseat_id,credits\nanna,40\n", known_headers={"seatid", "credits"}
    )
    assert table.frame.to_dict("list") == {"seat_id": ["anna"], "credits": ["40"]}


def test_headers_are_made_unique() -> None:
    """Second columns of a name are numbered, blank ones named after their place."""
    table, issues = parse("Email,Email,,Email (2),Email\na,b,c,d,e\n")
    assert list(table.frame.columns) == [
        "Email",
        "Email (3)",
        "column 3",
        "Email (2)",
        "Email (4)",
    ]
    assert [issue.code for issue in issues] == ["duplicate-header"] * 2


def test_columns_of_nothing_are_left_out() -> None:
    """A delimiter at the end of every line makes no column."""
    table, issues = parse("First Name,Last Name,\nAda,Lovelace,\n")
    assert list(table.frame.columns) == ["First Name", "Last Name"]
    assert not issues


def test_header_that_repeats_is_skipped() -> None:
    """Exports that were appended to each other repeat their header."""
    table, issues = parse(HEADER + f"Ada,L,{URL}\n" + HEADER + f"Grace,H,{URL}-2\n")
    assert table.rows.tolist() == [2, 4]
    assert codes(issues) == [("repeated-header", None)]


# --- ragged rows and quotes -------------------------------------------------------


def test_short_row_is_padded_with_a_warning() -> None:
    """Missing cells count as blank; the row stays."""
    table, issues = parse(HEADER + "Ada\nGrace,Hopper,x\nAlan,Turing,y\n")
    assert cells(table)[0] == ["Ada", "", ""]
    assert codes(issues) == [("short-row", 2)]
    assert issues[0].severity is Severity.WARNING


def test_exporter_that_leaves_trailing_blanks_out_is_noted_once() -> None:
    """If most rows are short, that is the tool's habit and no news per row."""
    _, issues = parse(HEADER + "Ada,Lovelace\n" * 5 + "Grace,Hopper,x\n")
    assert codes(issues) == [("short-row", None)]


def test_long_row_is_kept_out() -> None:
    """With more cells than headers, none can be trusted; blank ones do not count."""
    table, issues = parse(HEADER + "Ada,L,x,,\nGrace,H,y,Arlington\nAlan,T,z\n")
    assert table.rows.tolist() == [2, 4]
    assert codes(issues) == [("long-row", 3)]
    assert issues[0].severity is Severity.ERROR


def test_file_of_long_rows_is_refused() -> None:
    """If every row has a cell too many, the header is wrong, not the rows."""
    assert refused(HEADER + "0,Ada,L,x\n1,Grace,H,y\n").code == "shifted-columns"


def test_cell_beyond_the_limit_of_excel_is_kept_out() -> None:
    """A cell of more than 32,767 characters rejects its row."""
    table, issues = parse(HEADER + f"Ada,L,{'x' * 32_768}\nGrace,H,{'x' * 32_767}\n")
    assert table.rows.tolist() == [3]
    assert codes(issues) == [("long-cell", 2)]


def test_open_quote_loses_one_row_only() -> None:
    """What a quote that is never closed swallows is read again as rows."""
    lines = [f"Ada,L,x{n}\n" for n in range(200)]
    table, issues = parse(HEADER + "".join(lines[:9]) + 'Grace,"H,y\n' + "".join(lines[9:]))
    assert len(table.frame) == 200
    assert codes(issues) == [("open-quote", 11)]
    assert 11 not in table.rows


def test_open_quote_that_the_next_quoted_cell_closes() -> None:
    """It is found, too, if the quote of another cell seems to close it."""
    content = HEADER + 'Ada,"L,x\nGrace,H,y\nAlan,"T, of all",z\nMary,S,u\n'
    table, issues = parse(content)
    assert table.frame["First Name"].tolist() == ["Grace", "Alan", "Mary"]
    assert codes(issues) == [("open-quote", 2)]


def test_cell_of_many_lines_is_no_open_quote() -> None:
    """A summary of 80 lines is one cell if it is quoted as it should be."""
    summary = "\n".join(f"line {n}, with a comma" for n in range(80))
    table, issues = parse(f'{HEADER}Ada,"{summary}",x\nGrace,H,y\n')
    assert table.frame["Last Name"].iloc[0] == summary
    assert table.rows.tolist() == [2, 3]
    assert not issues


def test_broken_quotes_in_prose_lose_their_row() -> None:
    """Lines of prose below an open quote are not taken for rows."""
    content = HEADER + 'Ada,"She said:\nno\nand "left" again",x\nGrace,H,y\n'
    table, issues = parse(content)
    assert table.frame["First Name"].tolist() == ["Grace"]
    assert codes(issues) == [("open-quote", 2)]


def test_broken_quotes_in_a_row_of_wrong_width_lose_it() -> None:
    """If quotes are broken and the width is wrong, no cell can be trusted."""
    table, issues = parse(HEADER + 'Ada,"L "L", J",x\nGrace,H,y\n')
    assert table.frame["First Name"].tolist() == ["Grace"]
    assert codes(issues) == [("open-quote", 2)]


def test_quotes_inside_a_cell_are_text() -> None:
    """A quote in the middle of a cell opens nothing, nor does a space before a quote."""
    table, _ = parse(HEADER + 'Ada,5" disc, "Berlin, Germany"\n')
    assert cells(table) == [["Ada", '5" disc', "Berlin, Germany"]]


# --- both parsers -----------------------------------------------------------------

_PIECES = st.sampled_from(
    [
        *(",", ",", ",", "\n", "\n", "\r\n", '"', '""', " ", "a", "b", "\u00e9", "\u00a0"),
        *(";", "\t", "\r", "x,y", '"q"', '"q,\nr"', "\U0001f600", "\u200b", "NA"),
        *("\x1a", "\x0b", "\x1c", "\x85"),
    ]
)
_CELL = st.text(alphabet='ab" ,;\n\r\u00e9\U0001f600', max_size=6)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _both(content: str, monkeypatch_fast: Callable[..., bool]) -> tuple[Any, Any]:
    fast = parse_text(content.encode(), "f.csv")
    original = text._read_fast
    text._read_fast = monkeypatch_fast
    try:
        tolerant = parse_text(content.encode(), "f.csv")
    finally:
        text._read_fast = original
    return fast, tolerant


def _never(*_: object) -> bool:
    return False


def assert_equal(content: str) -> None:
    """Check that both parsers give the same table and the same findings."""
    (fast, fast_issues), (tolerant, tolerant_issues) = _both(content, _never)
    assert fast_issues == tolerant_issues
    assert (fast is None) == (tolerant is None)
    if fast is not None and tolerant is not None:
        pd.testing.assert_frame_equal(fast.frame, tolerant.frame)
        assert fast.rows.tolist() == tolerant.rows.tolist()


@settings(deadline=None, max_examples=300)
@given(st.lists(_PIECES, max_size=60).map("".join))
def test_both_parsers_agree_on_messy_text(body: str) -> None:
    """Whatever stands in a file, the fast path gives what the reference path gives."""
    assert_equal("First Name,Last Name,Title\n" + body)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(_CELL, _CELL, _CELL), min_size=1, max_size=20),
    st.sampled_from(["\n", "\r\n"]),
)
def test_well_quoted_text_takes_the_fast_path(
    table: list[tuple[str, str, str]], end: str
) -> None:
    """Proper CSV is read by the C parser, and every cell comes out as it went in."""
    lines = [",".join(map(_quoted, row)) for row in table]
    content = end.join(["First Name,Last Name,Title", *lines, ""])
    assert_equal(content)
    expected = [[records.clean(cell) for cell in row] for row in table if any(row)]
    found, issues = parse_text(content.encode(), "f.csv")
    if found is not None and not issues:
        assert cells(found) == [row for row in expected if any(row)]


def test_fast_path_is_taken_for_clean_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain export does not need the slow parser."""

    def fail(*_: object) -> list[Issue]:
        raise AssertionError

    monkeypatch.setattr(text, "_read_tolerant", fail)
    table, _ = parse(HEADER + f'Ada,"Love, lace",{URL}\r\n"Gr""ace",H,\n,,\n\nAlan,T,z')
    assert table.rows.tolist() == [2, 3, 6]


def test_blocks_of_the_scan_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file gives the same table wherever the blocks of the scan end."""
    content = HEADER + 'Ada,"Love\nlace, ""A""",x\r\nGrace,H,y\n,,\n"Al,an",T,z\n' * 3
    expected, _ = parse(content)
    for size in (1, 2, 3, 7, 20):
        monkeypatch.setattr("planner.intake.scan._BLOCK", size)
        found, issues = parse(content)
        pd.testing.assert_frame_equal(found.frame, expected.frame)
        assert not issues


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records are cleaned in chunks; their size changes nothing."""
    content = HEADER + "Ada,L,x\n,,\n" * 7 + HEADER + "Grace,H,y\n"
    expected, _ = parse(content)
    monkeypatch.setattr(gather, "CHUNK", 3)
    found, _ = parse(content)
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    assert found.rows.tolist() == expected.rows.tolist()


def test_columns_can_be_dropped_early() -> None:
    """`keep` sees the first records and says which columns are worth the memory."""
    seen: list[list[str]] = []

    def keep(sample: pd.DataFrame) -> list[str]:
        seen.append(list(sample.columns))
        return ["Last Name"]

    content = HEADER + "Ada,L,x\nGrace,,y\n , ,\n"
    for odd in ("", "Alan,T\n"):
        table, _ = parse(content + odd, keep=keep)
        assert list(table.frame.columns) == ["Last Name"]
        # Row 3 is blank in the column that is kept, but not in the file.
        assert table.rows.tolist() == [2, 3, 5][: 3 if odd else 2]
    assert seen[0] == ["First Name", "Last Name", "LinkedIn URL"]


# --- files ------------------------------------------------------------------------


def test_all_problems_of_files_are_reported_at_once(tmp_path: Path) -> None:
    """Missing, empty, header-only files and folders each have their own error."""
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "header.csv").write_text(HEADER)
    (tmp_path / "good.csv").write_text(HEADER + "Ada,L,x\n")
    names = ["missing.csv", "empty.csv", "header.csv", "good.csv"]
    paths = [tmp_path / name for name in names]
    tables, issues = read.tables([*paths, tmp_path, str(tmp_path / "*.xls")])
    assert [table.file for table in tables] == [str(tmp_path / "good.csv")]
    assert [issue.code for issue in issues] == [
        "no-file",
        "no-file",
        "empty-file",
        "no-rows",
        "folder",
    ]


def test_patterns_are_expanded_and_repeats_read_once(tmp_path: Path) -> None:
    """A pattern that the shell left alone gives its files in order, each once."""
    for name in ("b.csv", "a.csv"):
        (tmp_path / name).write_text(HEADER + f"{name},L,x\n")
    tables, issues = read.tables([tmp_path / "b.csv", f"{tmp_path}/*.csv"])
    assert [Path(table.file).name for table in tables] == ["b.csv", "a.csv"]
    assert [issue.code for issue in issues] == ["file-twice"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` reads bytes from standard input, under that name."""

    class Stdin:
        buffer = io.BytesIO(HEADER.encode() + b"Ada,L,x\n")

    monkeypatch.setattr("sys.stdin", Stdin)
    tables, issues = read.tables(["-"])
    assert tables[0].file == "-"
    assert not issues


@pytest.mark.parametrize(
    "content",
    [
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        b"%PDF-1.7\n",
        b'{"leads": []}',
        b'[{"name": "Ada"}]',
        b"<!DOCTYPE html><html><table>",
        b'<?xml version="1.0"?><Workbook>',
        b"\x1f\x8b\x08\x00\x00",
        b"PAR1\x15\x04",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"MIME-Version: 1.0\nX-Document-Type: Workbook\n",
    ],
    ids=[
        "xls", "pdf", "json", "json-list", "html", "xml", "gzip", "parquet", "png", "mhtml"
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-16"])
def test_other_formats_are_refused_with_advice(
    content: bytes, encoding: str | None
) -> None:
    """The content decides, not the name, and the message says what to do.

    Text of a format (the first character is no mark of it) may be in any encoding.
    """
    if encoding == "utf-16" and content[:1] in b"{[<":
        content = content.decode().encode(encoding)
    table, (issue,) = parse_text(content, "leads.xlsx", encoding=encoding)
    assert table is None
    assert issue.code == "unreadable-format"
    assert ";" in issue.message


NOISE = hashlib.shake_256(b"any").digest(4096)


@pytest.mark.parametrize(
    "content",
    [NOISE, NOISE[:60], codecs.BOM_UTF16_LE + NOISE],
    ids=["long", "short", "bom"],
)
@pytest.mark.parametrize("encoding", [None, "utf-8", "cp1252", "mac_roman"])
def test_noise_is_one_finding_and_no_table(content: bytes, encoding: str | None) -> None:
    """Bytes that mean nothing get one sentence, and no line for each "row" of them."""
    table, (issue,) = parse_text(content, "leads.xlsx", encoding=encoding)
    assert table is None
    assert (issue.code, issue.severity) == ("unreadable-format", Severity.ERROR)
    assert issue.message == (
        "the file is neither a workbook nor a list as text, or it is damaged; export the "
        "list again as CSV or .xlsx"
    )


@pytest.mark.parametrize("stray", ["\x1a", "\x1b", "\0", "\x0b", "\ue0ff"])
def test_stray_control_characters_do_not_make_a_file_binary(stray: str) -> None:
    """One in a cell, as old programs and copied icons leave them, keeps the list a list."""
    table, _ = parse(HEADER + f"Ada{stray},L,{URL}\n")
    assert len(table.frame) == 1


@pytest.mark.parametrize(
    ("name", "code", "rows"),
    [
        ("open-quote.csv", "open-quote", [2, 4, 5]),
        ("long-row.csv", "long-row", [2, 4]),
        ("short-row.csv", "short-row", [2, 3, 4]),
        ("mojibake.csv", "mojibake", None),
        ("cp1252.csv", "assumed-cp1252", [2, 3]),
        ("nul-bytes.csv", "nul-bytes", [2]),
        ("header-only.csv", "no-rows", None),
        ("json-named.csv", "unreadable-format", None),
        ("duplicate-header.csv", "duplicate-header", [2]),
        ("shifted-columns.csv", "shifted-columns", None),
    ],
)
def test_faulty_files(name: str, code: str, rows: list[int] | None) -> None:
    """Each file in `faulty` has the fault that it is named after, and no other."""
    tables, issues = read.tables([FAULTY / name])
    assert [issue.code for issue in issues] == [code]
    assert [table.rows.tolist() for table in tables] == ([] if rows is None else [rows])


# --- workbooks --------------------------------------------------------------------


def book(**sheets: list[list[Any]]) -> bytes:
    """Return a workbook with these sheets."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def rewritten(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """Return a workbook whose parts went through `change`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def test_stored_values_become_text() -> None:
    """Numbers, dates, booleans and errors are text as people read them."""
    header = ["First Name", "Number", "Share", "Date", "Time", "Flag", "Error"]
    moment = dt.datetime(2026, 1, 9, 8, 38, 58)  # noqa: DTZ001 - Excel knows no zones
    day = dt.datetime(2026, 1, 9)  # noqa: DTZ001
    rows: list[list[Any]] = [
        header,
        ["Ada", 123.0, 0.5, day, moment, True, "#N/A"],
        ["NA", 7, 1, None],
    ]
    tables, issues = workbook.parse_workbook(book(Sheet1=rows), "leads.xlsx")
    assert cells(tables[0]) == [
        ["Ada", "123", "0.5", "2026-01-09", "2026-01-09 08:38:58", "true", ""],
        ["NA", "7", "1", "", "", "", ""],
    ]
    assert tables[0].file == "leads.xlsx"
    assert tables[0].numeric_columns == {"Number", "Share"}
    assert tables[0].rows.tolist() == [2, 3]
    assert not issues


def test_long_numbers_have_lost_digits() -> None:
    """A number of more than 15 digits is reported, and keeps the form of a number."""
    rows: list[list[Any]] = [
        ["First Name", "Member ID"],
        ["Ada", 1.2345678901234568e18],
        ["Grace", 42],
    ]
    tables, issues = workbook.parse_workbook(book(Sheet1=rows), "leads.xlsx")
    assert "e+18" in tables[0].frame["Member ID"].iloc[0]
    assert [(i.code, i.row, i.column) for i in issues] == [("id-mangled", 2, "Member ID")]


def test_every_visible_sheet_with_a_list_is_read() -> None:
    """Sheets are named in brackets; hidden ones and prose are not read."""
    data = book(
        Notes=[["Some prose"], ["and more"]],
        May=[["My leads"], [], ["First Name", "URL"], ["Ada", URL]],
        June=[["First Name", "URL"], ["Grace", URL]],
    )
    made = openpyxl.load_workbook(io.BytesIO(data))
    made.create_sheet("Secret").append(["First Name", "URL"])
    made["Secret"].append(["Alan", URL])
    made["Secret"].sheet_state = "hidden"
    buffer = io.BytesIO()
    made.save(buffer)
    tables, issues = workbook.parse_workbook(buffer.getvalue(), "leads.xlsx")
    assert [table.file for table in tables] == ["leads.xlsx[May]", "leads.xlsx[June]"]
    assert [table.rows.tolist() for table in tables] == [[4], [2]]
    assert [issue.code for issue in issues] == ["sheet-skipped", "preamble"]


def test_dimension_of_the_sheet_is_not_trusted() -> None:
    """A sheet that says it is A1:B2 is read to its end all the same."""
    rows: list[list[Any]] = [["First Name", "URL"], *[["Ada", URL]] * 50]

    def lie(name: str, part: bytes) -> bytes:
        return part.replace(b"A1:B51", b"A1:B2") if "sheet1" in name else part

    tables, _ = workbook.parse_workbook(rewritten(book(Sheet1=rows), lie), "leads.xlsx")
    assert len(tables[0].frame) == 50


def test_note_beside_the_table_does_not_reject_its_row() -> None:
    """In a sheet, a cell to the right shifts nothing: it gets a column of its own."""
    rows: list[list[Any]] = [
        ["First Name", "URL"],
        ["Ada", URL, None, "call her"],
        ["Grace", URL],
    ]
    tables, issues = workbook.parse_workbook(book(Sheet1=rows), "leads.xlsx")
    assert list(tables[0].frame.columns) == ["First Name", "URL", "column 4"]
    assert tables[0].frame["column 4"].tolist() == ["call her", ""]
    assert not issues


def test_zip_bomb_is_not_opened() -> None:
    """A part that unpacks to a thousand times its size is refused unread."""

    def pad(name: str, part: bytes) -> bytes:
        return part + b" " * 20_000_000 if "sheet1" in name else part

    data = rewritten(book(Sheet1=[["First Name"], ["Ada"]]), pad)
    _, issues = workbook.parse_workbook(data, "leads.xlsx")
    assert [issue.code for issue in issues] == ["zip-bomb"]


def test_archive_that_names_files_outside_is_not_opened() -> None:
    """Names with ``..`` or a leading slash are refused."""
    for name in ("../evil.xml", "/etc/evil.xml", "xl\\..\\..\\evil.xml"):
        buffer = io.BytesIO(book(Sheet1=[["First Name"], ["Ada"]]))
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.writestr(name, b"x")
        _, issues = workbook.parse_workbook(buffer.getvalue(), "leads.xlsx")
        assert [issue.code for issue in issues] == ["zip-bomb"]


def test_entities_are_not_expanded() -> None:
    """A workbook that defines entities (billion laughs) is refused."""
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'

    def laugh(name: str, part: bytes) -> bytes:
        if "sheet1" not in name:
            return part
        head, mark, rest = part.partition(b"<worksheet")
        return head + entity + mark + rest

    data = rewritten(book(Sheet1=[["First Name"], ["Ada"]]), laugh)
    _, issues = workbook.parse_workbook(data, "leads.xlsx")
    assert [issue.code for issue in issues] == ["broken-workbook"]


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_broken_workbook(cut: float) -> None:
    """A download that was cut off is an error, not a crash."""
    data = book(Sheet1=[["First Name"], ["Ada"]])
    _, issues = workbook.parse_workbook(data[: int(len(data) * cut)], "leads.xlsx")
    assert [issue.code for issue in issues] == ["broken-workbook"]


def test_archive_that_is_no_workbook(tmp_path: Path) -> None:
    """A zip of CSV files is refused with advice."""
    path = tmp_path / "leads.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("leads.csv", HEADER)
    _, issues = read.tables([path])
    assert [issue.code for issue in issues] == ["unreadable-format"]


@pytest.mark.parametrize(
    ("part", "word"),
    [
        ("Index/Document.iwa", "Numbers"),
        ("content.xml", "OpenDocument"),
        ("xl/workbook.bin", ".xlsb"),
        ("word/document.xml", "Word"),
    ],
)
def test_documents_of_other_programs_are_named(part: str, word: str) -> None:
    """What is an archive too, but another program's, is refused by its name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(part, "x")
    _, (issue,) = workbook.parse_workbook(buffer.getvalue(), "leads.xlsx")
    assert issue.code == "unreadable-format"
    assert word in issue.message


def test_workbook_is_known_by_its_content(tmp_path: Path) -> None:
    """Text in a file called .xlsx and a workbook called .csv are both read."""
    (tmp_path / "a.xlsx").write_text(HEADER + "Ada,L,x\n")
    (tmp_path / "b.csv").write_bytes(book(S=[["First Name", "URL"], ["Ada", URL]]))
    tables, issues = read.tables([tmp_path / "a.xlsx", tmp_path / "b.csv"])
    assert [len(table.frame) for table in tables] == [1, 1]
    assert not issues


def test_no_issue_names_a_person() -> None:
    """Names, e-mails and URLs of leads never reach a message."""
    secret = "Lovelace"
    broken = HEADER + f'"Ada,{secret},x\n' + f"{secret},{secret},{secret},{secret}\n"
    _, issues = parse_text((broken + f"{secret}\n").encode(), "leads.csv")
    assert issues
    assert not any(secret in str(issue) for issue in issues)


# --- files without rows among others ----------------------------------------------


def test_a_file_without_rows_is_skipped_if_others_have_some(tmp_path: Path) -> None:
    """Of a batch, it is only a warning; alone, or where not allowed, it is an error."""
    good, bare, empty = (tmp_path / name for name in ("a.csv", "b.csv", "c.csv"))
    good.write_text(f"{HEADER}Ada,Example,{URL}\n", encoding="utf-8")
    bare.write_text(HEADER, encoding="utf-8")
    empty.write_text("", encoding="utf-8")
    for paths, skip_empty, severity in (
        ([good, bare, empty], True, Severity.WARNING),
        ([good, bare, empty], False, Severity.ERROR),
        ([bare, empty], True, Severity.ERROR),
    ):
        found, issues = read.tables(paths, skip_empty=skip_empty)
        assert len(found) == (good in paths)
        assert codes(issues) == [("no-rows", None), ("empty-file", None)]
        assert {issue.severity for issue in issues} == {severity}


@pytest.mark.parametrize("edge", sorted(records.EDGE))
def test_no_edge_goes_unseen(edge: str) -> None:
    """A block of cells counts as stripped only if no cell has anything to strip."""
    assert gather._are_stripped(["a b", "", "c`", "`"])
    for cell in (f"a{edge}", f"{edge}a", edge):
        assert not gather._are_stripped(["first", cell, "last"])
        assert not gather._are_stripped([cell])

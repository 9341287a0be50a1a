"""The workbook as a printer gets it: pages of the PDF that LibreOffice makes of it.

Other programs than ours lay the pages out, draw them and read them back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from office import convert, needs_office, needs_poppler, output
from plan_factory import make_plan
from planner.output import workbook

pytestmark = [needs_office, needs_poppler]

A4_LANDSCAPE = (841.89, 595.28)  # points: 297 mm and 210 mm
SCRIPT, FORMULA = "<script>alert(1)</script>", '=HYPERLINK("http://x","y")'
SEATS = ("nora", "piet", "sanna")
#: Height of a line of text over the size of its font, at most, of the usual fonts.
LINE_HEIGHT = 1.25


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the PDF of a plan of 600 leads from three seats, two of them hostile."""
    folder = tmp_path_factory.mktemp("print")
    sent = {"route": "paid_inmail", "seat_id": "nora", "send_on": "2026-11-23"}
    plan = make_plan(
        600,
        3,
        seat_ids=SEATS,
        cells={
            **{name: dict.fromkeys((0, 1), value) for name, value in sent.items()},
            "first_name": {0: SCRIPT, 1: FORMULA},
            "last_name": {0: "", 1: ""},
        },
    )
    workbook.write(plan, folder / "plan.xlsx")
    return convert(folder / "plan.xlsx", "pdf", folder)


@pytest.fixture(scope="module")
def pages(pdf: Path) -> Mapping[str, list[str]]:
    """Return the text of the pages of each sheet, in order, by the sheet's footer."""
    text = output("pdftotext", "-layout", str(pdf), "-").decode()
    found: dict[str, list[str]] = {}
    for page in text.split("\f")[:-1]:
        footer = page.strip().rpartition("\n")[2]
        match = re.search(r"2026-W48-\w{8}\s+(\S.*\S)\s+Page \d+ of \d+", footer)
        assert match, footer
        found.setdefault(match[1], []).append(page)
    return found


def test_every_sheet_is_there_and_nothing_else(
    pages: Mapping[str, list[str]], pdf: Path
) -> None:
    """Each sheet has its pages, in order, none of them blank; all are A4 landscape."""
    names = openpyxl.load_workbook(pdf.with_suffix(".xlsx")).sheetnames
    assert list(pages) == names
    assert len(pages["Summary"]) == 1
    blank = {name for name, own in pages.items() for one in own if one.count("\n") < 8}
    assert not blank
    sizes = output("pdfinfo", "-f", "1", "-l", "999", str(pdf)).decode()
    found = re.findall(r"size:\s+([\d.]+) x ([\d.]+) pts", sizes)
    assert len(found) >= sum(map(len, pages.values()))
    for size in found:
        assert tuple(map(float, size)) == pytest.approx(A4_LANDSCAPE, abs=0.5)


def test_no_cell_is_too_narrow_or_wrong(pages: Mapping[str, list[str]]) -> None:
    """No number is printed as hashes for want of room, and no cell as an error."""
    for name, own in pages.items():
        for page in own:
            assert not re.search(r"##|Err:|#(?:REF|NAME|VALUE|DIV|N/A)", page), name


def test_hostile_names_are_printed_as_text(pages: Mapping[str, list[str]]) -> None:
    """A lead that is called like a script or a formula is printed by that name."""
    for name in ("This week", "nora"):
        text = "\n".join(pages[name])
        assert SCRIPT in text
        assert FORMULA in text


@pytest.mark.parametrize(
    ("name", "heads"),
    [
        ("This week", ("send on", "sender", "route", "profile", "why")),
        ("nora", ("day", "lead", "profile", "company", "route", "subject", "status")),
        ("Connection requests", ("send on", "lead", "why")),
        ("Hold", ("reason", "priority", "lead", "why")),
    ],
)
def test_the_header_stands_on_every_page(
    pages: Mapping[str, list[str]], name: str, heads: tuple[str, ...]
) -> None:
    """A list that goes on has its header on the next page, too."""
    assert len(pages[name]) > 1
    for page in pages[name]:
        assert any(all(head in line for head in heads) for line in page.splitlines())


def test_a_seats_sheet_prints_what_its_owner_needs(pages: Mapping[str, list[str]]) -> None:
    """Everything up to the status on one page's width; keys for the program stay off."""
    for page in pages["nora"]:
        assert not re.search(r"\b[0-9a-f]{16}\b", page)
        assert "lead id" not in page
    assert any(re.search(r"paid InMail\s+todo", page) for page in pages["nora"])
    dashed = re.compile(r"connection request\s+\u2013\s+todo")
    assert any(dashed.search(page) for page in pages["nora"])


def test_print_is_large_enough_to_read(pages: Mapping[str, list[str]], pdf: Path) -> None:
    """No sheet is scaled down below 5 points, a seat's own not below 7.

    Lists for the screen are the small ones, where a wide font stands in for Calibri.
    """
    found = output("pdftotext", "-bbox", str(pdf), "-").decode().split("<page ")[1:]
    names = [name for name, own in pages.items() for _ in own]
    for name, page in zip(names, found, strict=True):
        boxes = re.findall(r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)"', page)
        heights = sorted(float(bottom) - float(top) for top, bottom in boxes)
        size = heights[len(heights) // 2] / LINE_HEIGHT
        assert size >= (7 if name in SEATS else 5), name


@pytest.mark.parametrize(
    ("sheet", "title", "words"),
    [
        ("Summary", "InMails this week by seat", ("open InMails", "paid InMails", "nora")),
        ("Summary", "Credits day by day:", ("expected", "at least", "reserve", "23 Nov")),
        ("Seats", "Credits now and at", ("credits now", "balance at reset")),
        ("Seats", "Credits day by day:", ("expected", "at least", "reserve", "30 Nov")),
        ("By day", "Sends by day", ("open InMails", "connection requests", "Mon 23 Nov")),
    ],
)
def test_charts_are_drawn(
    pages: Mapping[str, list[str]],
    pdf: Path,
    sheet: str,
    title: str,
    words: tuple[str, ...],
) -> None:
    """Charts have their title, their legend and axis in words, and ink below the title."""
    page = next(page for page in pages[sheet] if title in page)
    assert all(word in page for word in words)
    number = [one for own in pages.values() for one in own].index(page) + 1
    only = ("-f", str(number), "-l", str(number), str(pdf))
    box = output("pdftotext", "-bbox", *only, "-").decode()
    first, second = title.split()[:2]
    place = re.search(
        rf'xMin="([\d.]+)" yMin="([\d.]+)"[^>]*>{first}</word>\s*<word[^>]*>{second}<', box
    )
    assert place
    left, top = (round(float(text)) for text in place.groups())
    image = grey(output("pdftoppm", "-r", "72", "-gray", *only))
    drawn = image[top + 15 : top + 95, max(0, left - 60) : left + 160]
    assert 0.01 < (drawn < 200).mean() < 0.6


def test_charts_end_on_their_page(pages: Mapping[str, list[str]], pdf: Path) -> None:
    """The second page of *Seats* has the rest of the table, and no part of a chart."""
    assert len(pages["Seats"]) == 2
    number = str(len(pages["Summary"]) + 2)
    only = ("-f", number, "-l", number, str(pdf))
    image = grey(output("pdftoppm", "-r", "72", "-gray", *only))
    below_table, above_footer = 200, 540
    assert (image[below_table:above_footer] > 250).all()


def grey(image: bytes) -> np.ndarray:
    """Return the shades of a PGM image, 0 is black."""
    head = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", image)
    assert head
    width, height = int(head[1]), int(head[2])
    pixels = np.frombuffer(image, np.uint8, width * height, head.end())
    return pixels.reshape(height, width)

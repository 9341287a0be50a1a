"""A person out of a workbook: at the level of its XML, so that all else stays as it is.

Through openpyxl a workbook would lose what openpyxl does not know. Here only the cells of
the person's rows change, their links, comments and shared texts; every other part is
copied. It may be a workbook of the program, or one that Excel or LibreOffice has saved
since: texts inside the cells or shared, names of elements with a prefix or without.
"""

from __future__ import annotations

import html
import io
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape
from zipfile import BadZipFile, ZipFile, ZipInfo

from planner.output.cells import letter
from planner.output.erase_search import Answer, search
from planner.output.erase_table import (
    NO_HEADING,
    Heading,
    Role,
    Whose,
    erased,
    heading,
    is_heading,
    is_hit,
    whose,
)
from planner.output.erase_text import Edit, Namings, UncleanableError, naming
from planner.output.erase_traces import Matcher, fold, plain

#: Bytes that a workbook may unpack to.
MAX_UNPACKED = 2_000_000_000
PIVOT = (
    "a pivot table may keep a copy of the rows: refresh it, save, and run forget again, "
    "or remove it"
)
NAMESAKE = (
    "a row without link or id has the person's name and company, and somebody else's: "
    "look yourself"
)
ELSEWHERE = "it holds the person in a part that cannot be cleaned: remove that by hand"

_P = r"(?:\w+:)?"  # prefix of a name
_ROW = re.compile(rf"<({_P}row)\b([^>]*?)(?:/>|>(.*?)</\1>)", re.DOTALL)
_CELL = re.compile(rf"<({_P}c)\b([^>]*?)(?:/>|>(.*?)</\1>)", re.DOTALL)
_TEXT = re.compile(rf"<({_P}t)\b[^>]*?(?:/>|>(.*?)</\1>)", re.DOTALL)
_PHONETIC = re.compile(rf"<({_P}rPh)\b.*?</\1>", re.DOTALL)
_VALUE = re.compile(rf"<({_P}v)\b[^>]*>(.*?)</\1>", re.DOTALL)
_FORMULA = re.compile(rf"<({_P}f)\b([^>]*?)(?:/>|>(.*?)</\1>)", re.DOTALL)
_ITEM = re.compile(rf"<({_P}si)\b[^>]*?(?:/>|>(.*?)</\1>)", re.DOTALL)
_LINK = re.compile(rf"<({_P}hyperlink)\b([^>]*?)(?:/>|>\s*</\1>)")
_LINKS = re.compile(rf"<({_P}hyperlinks)\b[^>]*>\s*</\1>")
_RELATION = re.compile(r"<(\w+:)?Relationship\b([^>]*?)(?:/>|>\s*</(?:\w+:)?Relationship>)")
_NOTE = re.compile(rf"<({_P}(?:comment|threadedComment))\b([^>]*)>(.*?)</\1>", re.DOTALL)
_NOTE_TEXT = re.compile(rf"<({_P}(?:t|text))\b([^>]*)>([^<]*)</\1>")
_ATTRIBUTE = re.compile(r"([\w:]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d+)")
_SHARED_CELL = re.compile(
    rf"<{_P}c\b[^>]*\bt=[\"']s[\"'][^>]*>\s*<{_P}v>\s*(\d+)\s*</{_P}v>"
)
_FIGURE = re.compile(rf"<{_P}c\b(?![^>]*\bt=)[^>]*>\s*<{_P}v>")
_INLINE_RUN = re.compile(rf"<{_P}is\b[^>]*>\s*<{_P}r\b")
_NODE = re.compile(r">([^<]+)<")
_STRANGE = re.compile(r"<!DOCTYPE|<!ENTITY|<!\[CDATA\[")
_SHEET = re.compile(r"xl/(?:work|chart)sheets/[^/]+\.xml", re.IGNORECASE)
_TYPE_OF_CELL = re.compile(r"\s*\bt\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_ENCRYPTED = 0x1
_PACK_LEVEL = 4
_BLOCK = 200  # rows looked at together: most hold nothing
_BLANK_PAGE = "https://www.linkedin.com/"


def clean_workbook(content: bytes, person: Matcher, known: Namings) -> Edit:
    """Erase a person from a workbook.

    Parameters
    ----------
    content : bytes
        An ``.xlsx`` or ``.xlsm`` file.
    known : Namings
        Names in the run's CSV files: some sheets show no more of a lead who has no
        profile address.

    Raises
    ------
    UncleanableError
        If it is no workbook, is encrypted or unpacks to too much.
    """
    infos, parts = _unpacked(content)
    book = _Book(parts=dict(parts), person=person, known=known)
    book.clean()
    changed = {name for name, data in book.parts.items() if parts.get(name) != data}
    gone = parts.keys() - book.parts.keys()
    _check(book.parts[name] for name in changed)
    left = "; ".join(dict.fromkeys(book.left))
    if not changed and not gone:
        return Edit(content=content, rows=0, left=left)
    return Edit(content=_packed(infos, book.parts), rows=max(book.rows, 1), left=left)


# --- the archive ------------------------------------------------------------------


def _unpacked(content: bytes) -> tuple[list[ZipInfo], dict[str, bytes]]:
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            if any(info.flag_bits & _ENCRYPTED for info in infos):
                raise UncleanableError("it is encrypted: look yourself")
            if sum(info.file_size for info in infos) > MAX_UNPACKED:
                raise UncleanableError("it is too large to be searched: look yourself")
            return infos, {info.filename: archive.read(info) for info in infos}
    except (BadZipFile, EOFError, NotImplementedError, ValueError, OSError) as error:
        if isinstance(error, UncleanableError):
            raise
        raise UncleanableError("it is no workbook or is damaged: look yourself") from error


def _packed(infos: list[ZipInfo], parts: Mapping[str, bytes]) -> bytes:
    """Return an archive with the same members in the same order, stamps and packing."""
    target = io.BytesIO()
    with ZipFile(target, "w") as archive:
        for info in infos:
            if info.filename not in parts:
                continue
            new = ZipInfo(info.filename, info.date_time)
            new.compress_type = info.compress_type
            new.external_attr = info.external_attr
            new.create_system = info.create_system
            archive.writestr(new, parts[info.filename], compresslevel=_PACK_LEVEL)
    return target.getvalue()


def _check(parts: Iterator[bytes]) -> None:
    """Refuse to write a part that is no longer XML."""
    for part in parts:
        try:
            expat.ParserCreate().Parse(part, True)
        except expat.ExpatError as error:
            raise UncleanableError(ELSEWHERE) from error


# --- the workbook -----------------------------------------------------------------


class _Cell(NamedTuple):
    """One cell: where it stands, what it shows, and its XML."""

    column: int
    place: str
    text: str
    shared: int | None
    match: re.Match[str]


@dataclass(slots=True)
class _Sheet:
    """One sheet while it is cleaned."""

    name: str
    links: dict[str, str]
    theirs: dict[str, str]
    heads: dict[int, Heading] = field(default_factory=dict)
    rows: set[int] = field(default_factory=set)
    blanked: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Book:
    """A workbook while it is cleaned; `parts` changes in place."""

    parts: dict[str, bytes]
    person: Matcher
    known: Namings
    rows: int = 0
    left: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    hits: frozenset[str] = frozenset()
    freed: set[int] = field(default_factory=set)
    clear: set[str] = field(default_factory=set)
    lost_formula: bool = False

    def clean(self) -> None:
        """Clean all parts."""
        shared = next((n for n in self.parts if n.lower() == "xl/sharedstrings.xml"), "")
        if shared:
            self.texts = [_joined(match[2] or "") for match in self._items(shared)]
            hits = (str(k) for k, text in enumerate(self.texts) if self._may_name(text))
            self.hits = frozenset(hits)
        for name in [name for name in self.parts if _SHEET.fullmatch(name)]:
            self._clean_sheet(name)
        if shared:
            self._clean_shared(shared)
        if self.lost_formula:
            self._drop_calculation_chain()
        if self.rows and any("pivotcache" in name.lower() for name in self.parts):
            self.left.append(PIVOT)
        for name in [name for name in self.parts if name not in self.clear]:
            self._clean_other(name)

    def _items(self, shared: str) -> Iterator[re.Match[str]]:
        return _ITEM.finditer(_decoded(self.parts[shared]))

    # --- one sheet ---

    def _clean_sheet(self, name: str) -> None:
        xml = _decoded(self.parts[name])
        relations = posixpath.join(
            posixpath.dirname(name), "_rels", f"{posixpath.basename(name)}.rels"
        )
        related = _decoded(self.parts.get(relations, b""))
        if not self._may_be(xml) and not self.person.may_find(related):
            self.clear |= {name, relations}
            return
        targets = _targets(related)
        links = _links(xml, targets)
        known = {url for url in targets.values() if self.person.finds(url)}
        theirs = {place: url for place, url in links.items() if url in known}
        sheet = _Sheet(name=name, links=links, theirs=theirs)
        if _STRANGE.search(xml):
            self.left.append(ELSEWHERE)
            return
        xml = self._clean_rows(xml, sheet)
        xml, dropped = self._clean_links(xml, sheet)
        self.parts[name] = _encoded(xml)
        if dropped:
            self.parts[relations] = _without(_decoded(self.parts[relations]), dropped)
        for identity, target in targets.items():
            part = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            part = part.lstrip("/")
            if identity not in dropped and part in self.parts and "omment" in part:
                self._clean_notes(part, sheet)

    def _may_name(self, text: str) -> bool:
        names = {name for name, _, _ in self.known.theirs}
        return fold(text).strip() in names or self.person.may_find(text)

    def _clean_rows(self, xml: str, sheet: _Sheet) -> str:
        rows = list(_ROW.finditer(xml))
        places = filter(None, map(_REFERENCE.match, sheet.theirs))
        linked = {int(place[2]) for place in places}
        new, end = [], 0
        for index in self._candidates(xml, rows, linked):
            row = rows[index]
            number = _row_number(row, index)
            cleaned = self._clean_row(row, number, rows[:index], sheet)
            if cleaned != row[0]:
                new += [xml[end : row.start()], cleaned]
                end = row.end()
                self.rows += 1
        return "".join([*new, xml[end:]])

    def _candidates(
        self, xml: str, rows: list[re.Match[str]], linked: set[int]
    ) -> Iterator[int]:
        """Yield the rows that may name the person, by their place in the list."""
        for start in range(0, len(rows), _BLOCK):
            block = range(start, min(start + _BLOCK, len(rows)))
            some = self._may_be(xml[rows[block[0]].start() : rows[block[-1]].end()])
            for index in block:
                is_linked = linked and _row_number(rows[index], index) in linked
                if is_linked or (some and self._may_be(rows[index][0])):
                    yield index

    def _may_be(self, xml: str) -> bool:
        """Return whether rows may name the person: no means no."""
        if self.hits and any(m[1] in self.hits for m in _SHARED_CELL.finditer(xml)):
            return True
        if self.person.may_find(xml) or _INLINE_RUN.search(xml):
            return True
        lower = fold(plain(xml)) if self.known.theirs else ""
        return any(
            name in lower and company in lower and fold(link) in lower
            for name, company, link in self.known.theirs
        )

    def _clean_row(
        self, row: re.Match[str], number: int, above: list[re.Match[str]], sheet: _Sheet
    ) -> str:
        cells = list(self._cells(row[3] or "", number))
        head = self._heading(above, sheet)
        texts = _by_column(cells, {})
        seen = _by_column(cells, sheet.theirs)
        verdict = whose(seen, head, self.person)
        if verdict is not Whose.THEIRS and self._is_naming(cells, texts, head, sheet):
            verdict = Whose.THEIRS
        if verdict is Whose.OTHERS:
            return row[0]
        if verdict is Whose.THEIRS:
            sheet.rows.add(number)
        content, end = [], 0
        inner = row[3] or ""
        for cell in cells:
            new = self._clean_cell(cell, head, verdict, sheet)
            content += [inner[end : cell.match.start()], new]
            end = cell.match.end()
        content.append(inner[end:])
        start = row.start(3) - row.start()
        return row[0][:start] + "".join(content) + row[0][start + len(inner) :]

    def _is_naming(
        self, cells: list[_Cell], texts: list[str], head: Heading, sheet: _Sheet
    ) -> bool:
        """Return whether a row without ids shows what the person's row shows."""
        if any(cell.place in sheet.links for cell in cells):
            return False
        if Role.LINK not in head.roles or Role.LEAD_ID in head.roles:
            return False
        shown = naming(texts, head)
        if shown not in self.known.theirs:
            return False
        if shown in self.known.others:
            self.left.append(NAMESAKE)
            return False
        return True

    def _heading(self, above: list[re.Match[str]], sheet: _Sheet) -> Heading:
        """Return the nearest header above a row."""
        passed, found = [], NO_HEADING
        for row in reversed(above):
            if row.start() in sheet.heads:
                found = sheet.heads[row.start()]
                break
            passed.append(row.start())
            if _FIGURE.search(row[0]):  # headers are words
                continue
            texts = _by_column(list(self._cells(row[3] or "", 0)), {})
            if is_heading(texts):
                found = heading(texts)
                break
        sheet.heads.update(dict.fromkeys(passed, found))
        return found

    def _cells(self, inner: str, number: int) -> Iterator[_Cell]:
        column = -1
        for match in _CELL.finditer(inner):
            attributes = _attributes(match[2])
            found = _REFERENCE.match(attributes.get("r", ""))
            column = _number(found[1]) if found else column + 1
            text, shared = self._text(match[3] or "", attributes.get("t", "n"))
            place = f"{letter(column)}{found[2] if found else number}"
            yield _Cell(column, place, text, shared, match)

    def _text(self, inner: str, kind: str) -> tuple[str, int | None]:
        if kind == "inlineStr":
            return _joined(inner), None
        value = _VALUE.search(inner)
        text = html.unescape(value[2]).strip() if value else ""
        if kind == "s" and text.isdigit() and int(text) < len(self.texts):
            return self.texts[int(text)], int(text)
        formula = _FORMULA.search(inner)
        if formula and self.person.finds(html.unescape(formula[3] or "")):
            return html.unescape(formula[3]), None
        return text, None

    def _clean_cell(self, cell: _Cell, head: Heading, verdict: Whose, sheet: _Sheet) -> str:
        role = head.role(cell.column)
        if verdict is Whose.THEIRS:
            kept = erased(cell.text, role, self.person)
        else:
            hit = is_hit(cell.text, role, self.person) or cell.place in sheet.theirs
            kept = "" if hit else cell.text
        if kept == cell.text:
            return cell.match[0]
        sheet.blanked.add(cell.place)
        if cell.shared is not None:
            self.freed.add(cell.shared)
        return self._rewritten(cell, kept, role)

    def _rewritten(self, cell: _Cell, kept: str, role: Role) -> str:
        """Return a cell with another text, in its style; a sound formula stays."""
        name, inner = cell.match[1], cell.match[3] or ""
        prefix = name[:-1]
        attributes = _TYPE_OF_CELL.sub("", cell.match[2]).rstrip()
        formula = _FORMULA.search(inner)
        if formula and not self.person.finds(html.unescape(formula[3] or "")):
            return f"<{name}{attributes}>{formula[0]}</{name}>"
        self.lost_formula |= formula is not None
        if not kept:
            return f"<{name}{attributes}/>"
        if role is Role.SOURCE_ROW:
            return f"<{name}{attributes}><{prefix}v>{kept}</{prefix}v></{name}>"
        text = f"<{prefix}is><{prefix}t>{escape(kept)}</{prefix}t></{prefix}is>"
        return f'<{name}{attributes} t="inlineStr">{text}</{name}>'

    def _clean_links(self, xml: str, sheet: _Sheet) -> tuple[str, set[str]]:
        """Take the person's links out; return relations that nothing uses any more."""
        dropped, used = set(), set()

        def cleaned(match: re.Match[str]) -> str:
            attributes = _attributes(match[2])
            identity = _relation(attributes)
            first, _, last = attributes.get("ref", "").partition(":")
            is_theirs = first in sheet.theirs or (
                first in sheet.blanked and last in ("", first)
            )
            if is_theirs or self.person.finds(match[0]):
                dropped.add(identity)
                return ""
            used.add(identity)
            return match[0]

        xml = _LINK.sub(cleaned, xml)
        if dropped:
            xml = _LINKS.sub("", xml)  # an empty list of links is refused by Excel
        return xml, dropped - used - {""}

    def _clean_notes(self, part: str, sheet: _Sheet) -> None:
        """Empty the comments on the person's rows, and those that name the person."""

        def cleaned(match: re.Match[str]) -> str:
            found = _REFERENCE.match(_attributes(match[2]).get("ref", ""))
            on_row = found is not None and int(found[2]) in sheet.rows
            if not on_row and not self.person.finds(_joined(match[3])):
                return match[0]
            inner = _NOTE_TEXT.sub(r"<\1\2></\1>", match[3])
            start = match.start(3) - match.start()
            return match[0][:start] + inner + match[0][start + len(match[3]) :]

        self.parts[part] = _encoded(_NOTE.sub(cleaned, _decoded(self.parts[part])))

    # --- other parts ---

    def _clean_shared(self, shared: str) -> None:
        """Empty the shared texts that only the person's cells used; numbers stay."""
        used = {
            int(match[1])
            for name, data in self.parts.items()
            if self.freed and _SHEET.fullmatch(name)
            for match in _SHARED_CELL.finditer(_decoded(data))
        }
        xml = _decoded(self.parts[shared])
        if not self.freed and not self.person.may_find(xml):
            return
        new, end = [], 0
        for number, match in enumerate(_ITEM.finditer(xml)):
            free = number in self.freed and number not in used
            if free or self.person.finds(self.texts[number]):
                name = match[1]
                empty = f"<{name}><{name[:-2]}t/></{name}>"
                new += [xml[end : match.start()], empty]
                end = match.end()
        self.parts[shared] = _encoded("".join([*new, xml[end:]]))

    def _drop_calculation_chain(self) -> None:
        """Leave out the list of formulas: Excel makes it anew, and refuses a wrong one."""
        for name in [n for n in self.parts if n.lower().endswith("calcchain.xml")]:
            del self.parts[name]
            for part in ("[Content_Types].xml", "xl/_rels/workbook.xml.rels"):
                if part in self.parts:
                    xml = _decoded(self.parts[part])
                    pattern = r"<[^<>]*calcChain\.xml[^<>]*/>"
                    self.parts[part] = _encoded(re.sub(pattern, "", xml))

    def _clean_other(self, name: str) -> None:
        """Empty texts and attributes that name the person, in whatever part they are."""
        if not name.lower().endswith((".xml", ".rels", ".vml")):
            if search(self.parts[name], self.person) is Answer.YES:
                self.left.append(ELSEWHERE)
            return
        xml = _decoded(self.parts[name])
        if not self.person.finds(xml):
            return
        if _STRANGE.search(xml):
            self.left.append(ELSEWHERE)
            return
        is_relations = name.lower().endswith(".rels")
        blank = _BLANK_PAGE if is_relations else ""

        def node(match: re.Match[str]) -> str:
            return "><" if self.person.finds(match[1]) else match[0]

        def attribute(match: re.Match[str]) -> str:
            if not self.person.finds(match[2][1:-1]):
                return match[0]
            return f'{match[1]}="{blank}"'

        xml = _ATTRIBUTE.sub(attribute, _NODE.sub(node, xml))
        self.parts[name] = _encoded(xml)
        if self.person.finds(xml):
            self.left.append(ELSEWHERE)


# --- pieces of XML ----------------------------------------------------------------


def _decoded(data: bytes) -> str:
    """Return a part as text; one that is not UTF-8 gives its bytes back as well."""
    return data.decode("utf-8", "surrogateescape")


def _encoded(xml: str) -> bytes:
    return xml.encode("utf-8", "surrogateescape")


def _attributes(text: str) -> dict[str, str]:
    found = _ATTRIBUTE.finditer(text)
    return {match[1]: html.unescape(match[2][1:-1]) for match in found}


def _joined(inner: str) -> str:
    """Return the text of all runs, without what is only read aloud."""
    runs = _TEXT.finditer(_PHONETIC.sub("", inner))
    return plain_sheet("".join(html.unescape(run[2] or "") for run in runs))


def plain_sheet(text: str) -> str:
    """Return a text of a sheet with its escaped characters decoded."""
    if "_x" not in text:
        return text
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def _number(letters: str) -> int:
    """Return the number of a column (A is 0)."""
    number = 0
    for mark in letters:
        number = 26 * number + ord(mark) - 64
    return number - 1


def _row_number(row: re.Match[str], index: int) -> int:
    text = _attributes(row[2]).get("r", "")
    return int(text) if text.isdigit() else index + 1


def _by_column(cells: list[_Cell], links: Mapping[str, str]) -> list[str]:
    """Return the texts of a row by column, or the target of the cell's link."""
    texts = [""] * (max((cell.column for cell in cells), default=-1) + 1)
    for cell in cells:
        texts[cell.column] = links.get(cell.place, cell.text)
    return texts


def _relation(attributes: Mapping[str, str]) -> str:
    """Return the id of the relation that an element uses."""
    return next((v for k, v in attributes.items() if k.endswith(":id")), "")


def _targets(relations: str) -> dict[str, str]:
    found = (_attributes(match[2]) for match in _RELATION.finditer(relations))
    return {one.get("Id", ""): one.get("Target", "") for one in found}


def _links(xml: str, targets: Mapping[str, str]) -> dict[str, str]:
    """Return the target of each cell's link."""
    found = (_attributes(match[2]) for match in _LINK.finditer(xml))
    return {
        one.get("ref", "").partition(":")[0]: targets.get(_relation(one), "")
        for one in found
    }


def _without(relations: str, dropped: set[str]) -> bytes:
    def cleaned(match: re.Match[str]) -> str:
        return "" if _attributes(match[2]).get("Id", "") in dropped else match[0]

    return _encoded(_RELATION.sub(cleaned, relations))

"""The workbook's archive: openpyxl's parts, with cells and links put into the sheets.

Cells and links are streamed past openpyxl because through it they take three times as
long. Time stamps are fixed, so equal workbooks are equal bytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from planner.output.cells import letter, page_rows
from planner.output.grid import CANONICAL_URL, Kind, Page

#: Links that a sheet may have (Excel refuses a file with more).
MAX_LINKS = 65_530

_PACK_LEVEL = 4  # half the time of 6 for a twentieth more bytes
_STAMP = (1980, 1, 1, 0, 0, 0)
_NO_CELLS = re.compile(rb"<sheetData\s*/>|<sheetData>\s*</sheetData>")
# Links stand right before these (they are always there).
_AFTER_LINKS = re.compile(rb"<printOptions|<pageMargins")
_END = b"</Relationships>"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_URL_MARKS = ":/%,()~"  # what a canonical URL may hold beside letters and digits
_LINK_TYPE = f"{_RELATIONS}/hyperlink"


def _links(page: Page) -> list[tuple[str, str]]:
    """Return cell and target of each link of a sheet: canonical profiles only."""
    return [
        (f"{letter(index)}{row}", url)
        for number, block in enumerate(page.blocks)
        for index, column in enumerate(block.columns)
        if column.kind is Kind.LINK
        for row, url in enumerate(column.values, start=page.first_row(number) + 1)
        if isinstance(url, str) and CANONICAL_URL.fullmatch(url)
    ][:MAX_LINKS]


class Archive(ZipFile):
    """A zip file without the time of day, which puts cells and links into the sheets.

    openpyxl hands over each sheet without cells, then the targets of its relations.

    Parameters
    ----------
    path : Path
        File to write.
    pages : sequence of Page
        What stands in the sheets, in order.
    style_ids : mapping of Kind to int
        Number of each style.
    """

    def __init__(
        self, path: Path, pages: Sequence[Page], style_ids: Mapping[Kind, int]
    ) -> None:
        super().__init__(
            path, "w", ZIP_DEFLATED, allowZip64=True, compresslevel=_PACK_LEVEL
        )
        self._pages = {f"sheet{number}.xml": page for number, page in enumerate(pages, 1)}
        self._style_ids = style_ids

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Write one small part; the relations of a sheet with its links added."""
        name = str(zinfo_or_arcname)
        content = data.encode() if isinstance(data, str) else bytes(data)
        if name.startswith("xl/worksheets/_rels/"):
            page = self._pages[Path(name).name.removesuffix(".rels")]
            relations = "".join(
                f'<Relationship Id="link{number}" Type="{_LINK_TYPE}" '
                f'Target={_attribute(url)} TargetMode="External"/>'
                for number, (_cell, url) in enumerate(_links(page), start=1)
            )
            content = content.replace(_END, relations.encode() + _END)
        with self._part(name) as part:
            part.write(content)

    def write(
        self, filename: str | os.PathLike[str], arcname: Any = None, *_: Any, **__: Any
    ) -> None:
        """Write one sheet: openpyxl's frame with rows and links put in."""
        name = str(arcname)
        frame = Path(filename).read_bytes()
        cells, after = _NO_CELLS.search(frame), _AFTER_LINKS.search(frame)
        if cells is None or after is None:
            raise RuntimeError(f"{name}: openpyxl's frame has no place for the cells")
        page = self._pages[Path(name).name]
        with self._part(name) as part:
            part.write(frame[: cells.start()] + b"<sheetData>")
            for rows in page_rows(page, self._style_ids):
                part.write(rows.encode())
            part.write(b"</sheetData>" + frame[cells.end() : after.start()])
            part.write(_links_xml(_links(page)).encode())
            part.write(frame[after.start() :])

    def _part(self, name: str) -> IO[bytes]:
        info = ZipInfo(name, _STAMP)
        info.compress_type = ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        info.create_system = 3  # the same on every system
        return self.open(info, "w", force_zip64=True)


def _links_xml(links: Sequence[tuple[str, str]]) -> str:
    if not links:
        return ""
    each = (
        f'<hyperlink ref="{cell}" r:id="link{number}"/>'
        for number, (cell, _url) in enumerate(links, start=1)
    )
    return f'<hyperlinks xmlns:r="{_RELATIONS}">{"".join(each)}</hyperlinks>'


def _attribute(url: str) -> str:
    """Return a link's target as an attribute; letters beyond ASCII are percent-encoded."""
    return quoteattr(quote(url, safe=_URL_MARKS))

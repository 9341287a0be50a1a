"""What a file is that is no list: pictures, archives, other programs' documents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from planner.errors import Issue
from planner.intake import encodings

_EXPORT = "export the list as CSV or .xlsx"
_SAVE = "open it in Excel and save it as .xlsx, or as CSV UTF-8"

#: First bytes of files that are not tables, with what to do about them.
KINDS: tuple[tuple[bytes, str, str], ...] = (
    (
        b"\xd0\xcf\x11\xe0",
        "an old .xls workbook or one with a password",
        "open it in Excel and save it as .xlsx without a password, or as CSV UTF-8",
    ),
    (b"%PDF", "a PDF", _EXPORT),
    (b"\x1f\x8b", "a gzip archive", "unpack it first (gunzip)"),
    (b"BZh9", "a bzip2 archive", "unpack it first (bunzip2)"),
    (b"\xfd7zXZ", "an xz archive", "unpack it first (unxz)"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"PAR1", "a Parquet file", "write it as CSV"),
    (b"SQLite format 3", "a database", "export the table as CSV"),
    (b"\x89PNG", "a picture (PNG)", _EXPORT),
    (b"\xff\xd8\xff", "a picture (JPEG)", _EXPORT),
    (b"GIF8", "a picture (GIF)", _EXPORT),
    (b"{\\rtf", "a text document (RTF)", "save it as plain text or CSV"),
    (b"MIME-Version:", "a web page, whatever its name says", _SAVE),
)
#: Parts by which an archive is another program's document, with what to do about it.
_DOCUMENTS: tuple[tuple[str, str, str], ...] = (
    (r"xl/workbook\.bin", "a binary workbook (.xlsb)", _SAVE),
    (r".*\.iwa", "an Apple document (Numbers)", "export it from Numbers as CSV or Excel"),
    (r"word/document\.xml", "a Word document", _EXPORT),
    (r"content\.xml", "an OpenDocument file (.ods)", "save it as .xlsx or CSV"),
)
_JSON = re.compile(rb"\s*(?:\[\s*)?\{\s*(?:\"|\})|\s*\[\s*(?:\]|\[)")
_MARKUP = re.compile(rb"\s*<(?:!doctype|html|\?xml|table|head|body|meta|script)", re.I)

#: Bytes at the start of a file by which it is judged.
_HEAD_BYTES = 2048
#: Noise has a tenth of control characters; lists have none, or one that slipped in.
_MAX_CONTROL_SHARE = 0.05
_MAX_NUL_SHARE = 0.3
#: Control characters and what no character is: unassigned or of private use.
_NO_TEXT = frozenset(("Cc", "Cn", "Co"))


def refusal(data: bytes, file: str, encoding: str | None) -> Issue | None:
    """Return why bytes that are not an archive cannot be a table of text, or None.

    Parameters
    ----------
    data : bytes
        Content of the file.
    file : str
        Its name, for the issue.
    encoding : str, optional
        The encoding that the user named, one that there is.
    """
    start, name = encodings.detect(data, encoding)
    raw = data[start : start + _HEAD_BYTES]
    head = raw.decode(name, "replace").encode() if name.startswith("utf-16") else raw
    for magic, what, cure in KINDS:
        if raw.startswith(magic):
            return _issue(what, cure, file)
    if _JSON.match(head):
        return _issue("JSON", _EXPORT, file)
    if _MARKUP.match(head):
        return _issue("a web page or XML, whatever its name says", _SAVE, file)
    if _is_binary(raw, name):
        what = "neither a workbook nor a list as text, or it is damaged"
        return _issue(what, "export the list again as CSV or .xlsx", file)
    return None


def document(members: Collection[str], file: str) -> Issue | None:
    """Return what an archive with these parts is if it is no workbook, else None."""
    names = [name.lower() for name in members]
    if "xl/workbook.xml" in names:
        return None
    for pattern, what, cure in _DOCUMENTS:
        if any(re.fullmatch(pattern, name) for name in names):
            return _issue(what, cure, file)
    return _issue(
        "an archive (ZIP) but not a workbook", "unpack it, or save as .xlsx", file
    )


def _is_binary(raw: bytes, encoding: str) -> bool:
    """Whether too many characters are none that people write."""
    text = raw.decode(encoding or "ascii", "ignore")
    num_nul = text.count("\0")
    num_odd = sum(
        unicodedata.category(char) in _NO_TEXT for char in text if not char.isspace()
    )
    return num_nul > _MAX_NUL_SHARE * len(
        text
    ) or num_odd - num_nul > _MAX_CONTROL_SHARE * len(text)


def _issue(what: str, cure: str, file: str) -> Issue:
    message = f"the file is {what}; {cure}"
    return Issue(code="unreadable-format", message=message, file=file)

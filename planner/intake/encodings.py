"""From the bytes of a text file to UTF-8 bytes, with findings about the encoding."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from planner.errors import Issue, Severity
from planner.words import counted

#: Bytes decoded at a time: a whole file decoded at once can need four times its size.
BLOCK = 1 << 22
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: UTF-8 read as cp1252 and saved again, seen as UTF-8: "Ã©", "Â°", "â€™" ...
MOJIBAKE = re.compile(
    "\u00c3(?:[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013-\u203a\u20ac\u2122])|\u00c2[\u0080-\u00bf]|\u00e2\u20ac"
)
_MOJIBAKE_BYTES = re.compile(
    rb"\xc3\x83[\xc2\xc5\xc6\xcb\xe2]|\xc3\x82\xc2|\xc3\xa2\xe2\x82\xac"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Text:
    """A text file as UTF-8.

    Parameters
    ----------
    data : bytes
        Valid UTF-8 without NUL; line ends as in the file, but LF where it had CR only.
    start : int
        Where the text begins (after a byte order mark).
    encoding : str
        How the file was encoded.
    is_explicit : bool
        Whether the user named the encoding.
    """

    data: bytes
    start: int
    encoding: str
    is_explicit: bool


def unknown(encoding: str | None, file: str) -> Issue | None:
    """Return what is wrong with the encoding that the user named, or None."""
    try:
        b"a".decode(encoding or "utf-8", "replace")
    except LookupError:
        return Issue(
            code="unknown-encoding",
            message=f"there is no encoding {str(encoding)[:40]!r}; try utf-8, cp1252, "
            "utf-16 or mac_roman",
            file=file,
        )
    return None


def to_utf8(data: bytes, file: str, encoding: str | None) -> tuple[Text, list[Issue]]:
    """Decode `data`: by the user's word, else by mark, NUL pattern, UTF-8, cp1252."""
    issues: list[Issue] = []
    start, name = detect(data, encoding)
    text = data
    if name in ("utf-8", ""):
        bad = _first_bad_byte(data, start)
        if bad is not None and name == "" and encoding is None and _is_rather_cp1252(data):
            name = "cp1252"
            issues.append(_cp1252_note(file))
        else:
            name = "utf-8"
            if bad is not None:
                text, start = _transcode(data, start, "utf-8", file, issues)
    if name != "utf-8":
        text, start = _transcode(data, start, name, file, issues)
    text, start = _without_nul(text, start, file, issues)
    if b"\n" not in text and b"\r" in text:
        text = text.replace(b"\r", b"\n")
    return (
        Text(data=text, start=start, encoding=name, is_explicit=encoding is not None),
        issues,
    )


def num_mojibake(data: bytes) -> int:
    """Count the places that read like wrongly decoded UTF-8; cheap, an upper bound."""
    if data.isascii():
        return 0
    return sum(1 for _ in _MOJIBAKE_BYTES.finditer(data))


def detect(data: bytes, encoding: str | None) -> tuple[int, str]:
    """Return where the text begins, and its encoding; "" for UTF-8 or cp1252.

    By the user's word, else by mark or by the pattern of NULs.
    """
    return _guess(data) if encoding is None else _named(data, encoding)


def _guess(data: bytes) -> tuple[int, str]:
    for mark, name in BOMS:
        if data.startswith(mark):
            return len(mark), name
    head = data[:4096]
    even, odd = head[0::2], head[1::2]
    if len(head) >= 4:
        if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.1 * len(even):
            return 0, "utf-16-le"
        if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.1 * len(odd):
            return 0, "utf-16-be"
    return 0, ""


def _named(data: bytes, encoding: str) -> tuple[int, str]:
    """Return where the text begins in the encoding that the user named."""
    name = codecs.lookup(encoding).name.removesuffix("-sig")
    for mark, marked in BOMS:
        if data.startswith(mark) and marked.startswith(name):
            return len(mark), marked
    start = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    return start, "utf-16-le" if name == "utf-16" else name


def _first_bad_byte(data: bytes, start: int) -> int | None:
    if data.isascii():
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    for at in range(start, len(data), BLOCK):
        try:
            decoder.decode(data[at : at + BLOCK], final=at + BLOCK >= len(data))
        except UnicodeDecodeError as error:
            return at + error.start
    return None


def _is_rather_cp1252(data: bytes) -> bool:
    """Whether invalid UTF-8 is another encoding, not UTF-8 with a few bad bytes."""
    num_bad = num_good = 0
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for at in range(0, len(data), BLOCK):
        block = decoder.decode(data[at : at + BLOCK], final=at + BLOCK >= len(data))
        bad = block.count("\ufffd")
        num_bad += bad
        num_good += sum(1 for char in re.findall(r"[^\x00-\x7f]", block)) - bad
    return num_good <= 4 * num_bad


def _transcode(
    data: bytes, start: int, name: str, file: str, issues: list[Issue]
) -> tuple[bytes, int]:
    decoder = codecs.getincrementaldecoder(name)("replace")
    parts = []
    num_bad = 0
    for at in range(start, max(len(data), start + 1), BLOCK):
        block = decoder.decode(data[at : at + BLOCK], final=at + BLOCK >= len(data))
        num_bad += block.count("\ufffd")
        # A lone surrogate of broken UTF-16 cannot be written as UTF-8.
        parts.append(block.encode("utf-8", "replace"))
    if num_bad:
        issues.append(
            Issue(
                code="undecodable-bytes",
                message=f"{counted(num_bad, 'character')} could not be read as {name} and "
                "became \ufffd; export again, or give its encoding with --encoding",
                severity=Severity.WARNING,
                file=file,
            )
        )
    return b"".join(parts), 0


def _without_nul(
    text: bytes, start: int, file: str, issues: list[Issue]
) -> tuple[bytes, int]:
    if b"\0" not in text:
        return text, start
    issues.append(
        Issue(
            code="nul-bytes",
            message=f"left out: {counted(text.count(0), 'NUL byte')}; the rest is read",
            severity=Severity.NOTE,
            file=file,
        )
    )
    return text[start:].replace(b"\0", b""), 0


def _cp1252_note(file: str) -> Issue:
    return Issue(
        code="assumed-cp1252",
        message="the file is not UTF-8 and was read as Windows text (cp1252); if names "
        "with accents look wrong, give the encoding, e.g. --encoding mac_roman",
        severity=Severity.NOTE,
        file=file,
    )

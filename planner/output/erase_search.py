"""Whether a file of any kind names a person."""

from __future__ import annotations

import gzip
import io
import zlib
from enum import Enum, auto
from zipfile import BadZipFile, ZipFile

from planner.output.erase_traces import Matcher

#: Bytes of a file, or of what it unpacks to, that are searched.
MAX_BYTES = 1_000_000_000
_MAX_DEPTH = 3
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_ENCRYPTED = 0x1
#: Beginnings of a database of SQLite, of its journal and of its write-ahead log.
_DATABASES = (
    b"SQLite format 3\0", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", b"\x37\x7f\x06\x82",
    b"\x37\x7f\x06\x83",
)  # fmt: skip
#: Beginnings of files whose text cannot be read here: PDF, old Office or encrypted
#: new Office, RAR, 7z, XZ, bzip2.
_OPAQUE = (
    b"%PDF", b"\xd0\xcf\x11\xe0", b"Rar!", b"7z\xbc\xaf", b"\xfd7zXZ", b"BZh",
)  # fmt: skip


class Answer(Enum):
    """What a search gave."""

    NO = auto()
    YES = auto()
    UNKNOWN = auto()


def search(content: bytes, person: Matcher, depth: int = 0) -> Answer:
    """Return whether a file names a person, also inside archives.

    UNKNOWN where its text cannot be read and nothing was found in what can be.
    """
    if content.startswith(_ZIP) and depth < _MAX_DEPTH:
        return _in_zip(content, person, depth)
    if content.startswith(_GZIP) and depth < _MAX_DEPTH:
        return _in_gzip(content, person, depth)
    if content.startswith(_DATABASES) and person.finds_stored(content):
        return Answer.YES
    if any(person.finds(text) for text in _texts(content)):
        return Answer.YES
    is_opaque = content.startswith((*_OPAQUE, _ZIP, _GZIP))
    return Answer.UNKNOWN if is_opaque else Answer.NO


def _texts(content: bytes) -> list[str]:
    """Return a file's bytes read in every way in which they may be text."""
    texts = [content.decode("utf-8", "replace")]
    if "\ufffd" in texts[0]:
        texts.append(content.decode("cp1252", "replace"))
    if b"\0" in content:
        texts += [content.decode(f"utf-16-{end}", "replace") for end in ("le", "be")]
        texts.append(content.replace(b"\0", b"").decode("latin-1"))
    return texts


def _in_zip(content: bytes, person: Matcher, depth: int) -> Answer:
    answer = Answer.NO
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > MAX_BYTES:
                return Answer.UNKNOWN
            for info in infos:
                if person.finds(info.filename):
                    return Answer.YES
                if info.flag_bits & _ENCRYPTED:
                    answer = Answer.UNKNOWN
                    continue
                found = search(archive.read(info), person, depth + 1)
                if found is Answer.YES:
                    return found
                answer = found if found is Answer.UNKNOWN else answer
    except (BadZipFile, NotImplementedError, EOFError, OSError, ValueError, zlib.error):
        return Answer.UNKNOWN
    return answer


def _in_gzip(content: bytes, person: Matcher, depth: int) -> Answer:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            inner = file.read(MAX_BYTES + 1)
    except (EOFError, OSError, zlib.error):
        return Answer.UNKNOWN
    if len(inner) > MAX_BYTES:
        return Answer.UNKNOWN
    return search(inner, person, depth + 1)

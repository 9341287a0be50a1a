"""Sends and outcomes column by column, for folds that go through all of them.

Lines of entries never change, so each entry keeps its lines once more, packed: a fold
over a year of touches takes them from there, and from the tables where an entry has no
pack. Texts stand as codes into ``words``, instants as numbers in the order of their texts,
company keys as keyed hashes.
"""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain, pairwise
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.ledger import packing
from planner.ledger.store import Damage, append, read_lines, secret_key
from planner.ledger.tables import ASSIGNMENTS, ENTRIES, OUTCOMES, PACKS

Numbers = npt.NDArray[np.int64]
#: Whole numbers as narrow as packs hold them: widen them before counting with them.
Narrow = npt.NDArray[np.integer[Any]]
Days = TypeVar("Days", int, Numbers)

#: Instants of a day: the plain date, then its seconds, with one to spare for a leap second.
_DAY = 86_402
#: Entries that one query asks for.
_AT_ONCE = 500
#: No outcome of a kind.
NEVER = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sends:
    """Planned sends, one entry per line of the assignments, by entry and person.

    ``seat``, ``route`` and ``segment`` are codes, ``company`` a keyed hash (0 for none),
    ``day`` is the ordinal of the day planned.
    """

    entry: Narrow
    person: Narrow
    seat: Narrow
    route: Narrow
    segment: Narrow
    day: Narrow
    company: npt.NDArray[np.uint64]
    credit_probability: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """Outcomes, one entry per line, by entry and line; ``at`` is an instant."""

    entry: Narrow
    person: Narrow
    kind: Narrow
    at: Numbers
    seat: Narrow
    route: Narrow
    credit_used: Narrow
    open_flag: Narrow
    assignment: Narrow


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Lines of some entries, and the texts that codes stand for."""

    words: npt.NDArray[np.object_]
    sends: Sends
    told: Told

    def code(self, word: str) -> int:
        """Return the code of a word; one that nothing has if it does not occur."""
        return code(self.words, word)


def code(words: npt.NDArray[np.object_], word: str) -> int:
    """Return where a word stands among `words`; -1 if it is not there."""
    found = np.flatnonzero(words == word)
    return int(found[0]) if len(found) else -1


def among(
    codes: Narrow, words: npt.NDArray[np.object_], wanted: Iterable[str]
) -> npt.NDArray[np.bool_]:
    """Return which codes stand for one of the wanted words."""
    chosen = set(wanted)
    is_wanted = np.array([str(word) in chosen for word in words], dtype=np.bool_)
    return is_wanted[codes]


_SENDS = {
    "person": "<i4", "seat": "<u2", "route": "<u2", "segment": "<u2", "day": "<i4",
    "company": "<u8", "credit_probability": "<f8",
}  # fmt: skip
_TOLD = {
    "person": "<i4", "kind": "<u2", "at": "<i8", "seat": "<u2", "route": "<u2",
    "credit_used": "<i1", "open_flag": "<i1", "assignment": "<i4",
}  # fmt: skip


# --- instants ---------------------------------------------------------------------


def instants(texts: Sequence[str]) -> Numbers:
    """Return numbers in the order of ISO dates, and dates and times in UTC."""
    plain = np.array([text[:10] for text in texts], dtype="datetime64[D]").astype(np.int64)
    times = np.array(
        [0 if len(text) == len("2026-11-23") else _second(text) for text in texts],
        dtype=np.int64,
    )
    return (plain + _EPOCH) * _DAY + times


_EPOCH = dt.date(1970, 1, 1).toordinal()


def _second(text: str) -> int:
    return 1 + 3600 * int(text[11:13]) + 60 * int(text[14:16]) + int(text[17:19])


def day_of(at: Numbers) -> Numbers:
    """Return the ordinal of the day of each instant; -1 for `NEVER`."""
    return at // _DAY


def plain(days: Days) -> Days:
    """Return the instants of plain dates, given by their ordinals."""
    return days * _DAY


def text_of(at: int) -> str:
    """Return an instant as text."""
    day, time = divmod(at, _DAY)
    text = dt.date.fromordinal(day).isoformat()
    if not time:
        return text
    minutes, second = divmod(time - 1, 60)
    return f"{text}T{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}Z"


# --- keeping ----------------------------------------------------------------------


def keep(connection: Connection, entry: int) -> None:
    """Pack the lines of an entry, once all of them are appended."""
    part = _from_tables(connection, [entry])
    body = b"".join(
        getattr(lines, name).astype(kind).tobytes()
        for lines, kinds in ((part.sends, _SENDS), (part.told, _TOLD))
        for name, kind in kinds.items()
    )
    words = [str(word) for word in part.words]
    counts = (len(part.sends.person), len(part.told.person))
    header = json.dumps([words, *counts, zlib.crc32(body)]).encode()
    last = max(part.sends.day.max(initial=0), day_of(part.told.at).max(initial=0))
    append(
        connection, PACKS,
        [
            {
                "entry": entry,
                "last_day": int(last),
                "data": len(header).to_bytes(4, "little") + header + body,
            }
        ],
    )  # fmt: skip


_CODED = frozenset({"seat", "route", "segment", "kind"})


# --- reading ----------------------------------------------------------------------


def read(connection: Connection, upto: int, since: dt.date | None = None) -> Columns:
    """Return the lines of the entries before number `upto`.

    Parameters
    ----------
    since : datetime.date, optional
        Leave out entries, oldest first, as long as nothing in them is planned for that
        day or later, or was sent or answered then.
    """
    lines = connection.execute(sa.select(PACKS.c.entry, PACKS.c.last_day))
    packed = {int(entry): int(last) for entry, last in lines}
    entries = connection.scalars(
        sa.select(ENTRIES.c.entry).where(ENTRIES.c.entry < upto).order_by(ENTRIES.c.entry)
    )
    every = [(int(entry), packed.get(int(entry))) for entry in entries]
    if since is None:
        return _concatenated(list(_parts(connection, every, 0)))
    first = since.toordinal()
    late = [entry for entry, last in every if last is None or last >= first]
    start = min(late, default=upto)
    parts = list(_parts(connection, every, start))
    earliest = start
    for part in parts:
        recent = (day_of(part.told.at) >= first) & (part.told.assignment > 0)
        earliest = min(earliest, int(part.told.assignment[recent].min(initial=earliest)))
    if earliest < start:
        before = [item for item in every if item[0] < start]
        parts = [*_parts(connection, before, earliest), *parts]
    return _concatenated(parts)


def _parts(
    connection: Connection, every: Sequence[tuple[int, int | None]], start: int
) -> Iterator[Columns]:
    wanted = [item for item in every if item[0] >= start]
    if not wanted:
        return
    bare = [entry for entry, last in wanted if last is None]
    if len(bare) < len(wanted):
        first, last = wanted[0][0], wanted[-1][0]
        packs = connection.execute(
            sa.select(PACKS.c.entry, PACKS.c.data).where(
                PACKS.c.entry >= first, PACKS.c.entry <= last
            )
        )
        for entry, data in packs:
            yield unpacked(int(entry), data)
    if bare:
        yield _from_tables(connection, bare)


def unpacked(entry: int, data: bytes) -> Columns:
    """Return the lines of an entry that `keep` packed, in the narrow types they have.

    Raises
    ------
    Damage
        If they are not as they were packed.
    """
    size = int.from_bytes(data[:4], "little")
    place = 4 + size
    try:
        # Packs of earlier versions have no checksum.
        words, num_sends, num_told, *checksum = json.loads(data[4:place])
    except ValueError as error:
        raise Damage(f"what entry {entry} packs cannot be read") from error
    if checksum and checksum != [zlib.crc32(memoryview(data)[place:])]:
        raise Damage(f"what entry {entry} packs is not what was written")
    columns: list[dict[str, Any]] = []
    for count, kinds in ((num_sends, _SENDS), (num_told, _TOLD)):
        lines: dict[str, Any] = {"entry": np.full(count, entry, dtype=np.int32)}
        for name, kind in kinds.items():
            column = np.frombuffer(data, dtype=kind, count=count, offset=place)
            place += column.nbytes
            lines[name] = column
        columns.append(lines)
    return Columns(
        words=np.array([*words, ""], dtype=object)[:-1],
        sends=Sends(**columns[0]), told=Told(**columns[1]),
    )  # fmt: skip


def _from_tables(connection: Connection, entries: Sequence[int]) -> Columns:
    """Return the lines of some entries, oldest first, as the tables have them."""
    sends: list[Any] = []
    told: list[Any] = []
    for start in range(0, len(entries), _AT_ONCE):
        some = ", ".join(str(int(entry)) for entry in entries[start : start + _AT_ONCE])
        where = f"WHERE entry IN ({some}) ORDER BY entry"
        sends += read_lines(
            connection,
            "SELECT entry, person, seat_id, route, segment, send_on, company_key, "
            f"credit_probability FROM {ASSIGNMENTS.name} {where}, person",
        )
        told += read_lines(
            connection,
            "SELECT entry, person, kind, happened_on, seat_id, route, credit_used, "
            f"open_flag, assignment FROM {OUTCOMES.name} {where}, line",
        )
    s = list(zip(*sends, strict=True)) or [()] * 8
    t = list(zip(*told, strict=True)) or [()] * 9
    texts = (s[2], s[3], s[4], t[2], t[4], t[5])
    codes, words = pd.factorize(np.array(list(chain.from_iterable(texts)), dtype=object))
    ends = np.cumsum([0, *map(len, texts)]).tolist()
    seat, route, segment, kind, told_seat, told_route = (
        codes[start:end] for start, end in pairwise(ends)
    )
    return Columns(
        sends=Sends(
            entry=_numbers(s[0]), person=_numbers(s[1]), seat=seat, route=route,
            segment=segment, day=day_of(instants(s[5])),
            company=companies(connection, s[6]),
            credit_probability=np.array(s[7], dtype=np.float64),
        ),
        told=Told(
            entry=_numbers(t[0]), person=_numbers(t[1]), kind=kind, at=instants(t[3]),
            seat=told_seat, route=told_route, credit_used=_numbers(t[6]),
            open_flag=_numbers(t[7]), assignment=_numbers(t[8]),
        ),
        words=words,
    )  # fmt: skip


def companies(connection: Connection, keys: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return what stands for each company key: a keyed hash, 0 for a blank."""
    marks = packing.marks(secret_key(connection), keys)
    return np.where(np.array([key != "" for key in keys], dtype=bool), marks, 0).astype(
        np.uint64
    )


def _numbers(values: Sequence[int]) -> Numbers:
    return np.array(values, dtype=np.int64)


def _concatenated(parts: Sequence[Columns]) -> Columns:
    """Return the lines of all parts, by entry, with one set of words."""
    codes: dict[str, int] = {}
    numbers = [
        _numbers([codes.setdefault(str(word), len(codes)) for word in part.words])
        for part in parts
    ]
    code_type = np.min_scalar_type(max(0, len(codes) - 1))
    made: dict[str, Any] = {}
    for group, kind, types in (("sends", Sends, _SENDS), ("told", Told, _TOLD)):
        lines = [getattr(part, group) for part in parts]
        ends = np.cumsum([0, *(len(line.entry) for line in lines)]).tolist()
        # As narrow as they are packed.
        kinds = {
            item.name: np.dtype(
                code_type if item.name in _CODED else types.get(item.name, "<i4")
            )
            for item in fields(kind)
        }
        columns = _columns(kinds, ends[-1])
        for number, line, (start, end) in zip(numbers, lines, pairwise(ends), strict=True):
            for name, column in columns.items():
                values = getattr(line, name)
                column[start:end] = number[values] if name in _CODED else values
        entry = columns["entry"]
        if (entry[1:] < entry[:-1]).any():
            order = np.argsort(entry, kind="stable")
            columns = {name: column[order] for name, column in columns.items()}
        made[group] = kind(**columns)
    return Columns(words=np.array([*codes, ""], dtype=object)[:-1], **made)


def _columns(kinds: Mapping[str, np.dtype[Any]], count: int) -> dict[str, Any]:
    """Return columns to fill, all in one piece of memory.

    Of a million lines, to get memory never used before takes longer than what is done
    with it; and less in one piece than in many.
    """
    piece = np.empty(count * sum(kind.itemsize for kind in kinds.values()), dtype=np.uint8)
    columns, start = {}, 0
    # The widest first, so that each begins at a multiple of its width.
    for name in sorted(kinds, key=lambda name: -kinds[name].itemsize):
        end = start + count * kinds[name].itemsize
        columns[name] = piece[start:end].view(kinds[name])
        start = end
    return columns

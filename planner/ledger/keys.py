"""Whose a key is: identities as keyed hashes, packed, so that a list is looked up at once.

A tree over the keys' texts would be walked once for each key of a list, and each new key
would come to a page of its own, which takes a recording most of its time. Here hashes
stand in chunks by how they begin: a list goes through them in order, a single key reads
one chunk of each pack, and new keys make a pack of their own. A pack that has grown as
large as the one before it is merged with that one, so that a ledger has few.

Packs say nothing that `IDENTITIES` does not. What none of them covers, or what is damaged,
is read from there, and packed by whoever writes next.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.ledger.store import append, append_lines, read_lines, secret_key
from planner.ledger.tables import IDENTITIES, KEY_LINES, KEY_PACKS

Hashes = npt.NDArray[np.uint64]
Persons = npt.NDArray[np.int64]

#: Whose a key is that the ledger does not have.
NOBODY = -1
#: Lines of a chunk at most, about: few enough for a processor's own memory.
_CHUNK_LINES = 32_768
_LINE_BYTES = 12  # hash, person
_CHECKSUM_BYTES = 4
#: Chunks that one query names.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Lines:
    """Hashes in order, and their persons."""

    hash: Hashes
    person: Persons


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pack:
    """Identities from number ``first`` to ``upto``, in ``2 ** bits`` chunks."""

    first: int
    upto: int
    bits: int


def hashed(
    secret: bytes, space: npt.NDArray[np.object_], value: npt.NDArray[np.object_]
) -> Hashes:
    """Return the keyed hash of each key, of whatever kind."""
    result = np.zeros(len(space), dtype=np.uint64)
    kind_of, kinds = pd.factorize(space)
    for number, kind in enumerate(kinds):
        of = np.flatnonzero(kind_of == number)
        result[of] = _hashed(secret, str(kind), value[of])
    return result


def _hashed(secret: bytes, space: str, values: npt.NDArray[np.object_]) -> Hashes:
    """Return the keyed hash of each key of one kind."""
    # A secret of its own for each kind: one text as e-mail and as handle is two keys.
    key = hashlib.blake2b(space.encode(), digest_size=8, key=secret).hexdigest()
    found = pd.util.hash_array(values, hash_key=key, categorize=False)
    return np.asarray(found, dtype=np.uint64)


def find(connection: Connection, wanted: Hashes) -> Persons:
    """Return whose each hashed key is; `NOBODY` where the ledger does not have it."""
    order = np.argsort(wanted)
    person = np.empty(len(wanted), dtype=np.int64)
    person[order] = find_ordered(connection, wanted[order])
    return person


def find_ordered(connection: Connection, ordered: Hashes) -> Persons:
    """Return what `find` does, of hashes in order."""
    found = np.full(len(ordered), NOBODY, dtype=np.int64)
    bare, covered = [], 0
    for pack in _packs(connection):
        bare.append((covered + 1, pack.first - 1))
        covered = pack.upto
        of_pack = _found(connection, pack, ordered)
        if of_pack is None:
            bare.append((pack.first, pack.upto))
        else:
            found = np.where(found == NOBODY, of_pack, found)
    bare.append((covered + 1, _last(connection)))
    for first, upto in bare:
        if first <= upto:
            of_table = _among(_from_table(connection, first, upto), ordered)
            found = np.where(found == NOBODY, of_table, found)
    return found


def add(connection: Connection, new: Sequence[tuple[str, str, int]]) -> None:
    """Append identities (kind of key, key, person), none of which the ledger has."""
    if not new:
        return
    covered = max((pack.upto for pack in _packs(connection)), default=0)
    last = _last(connection)
    first = max(covered, last) + 1
    append_lines(
        connection, IDENTITIES, ("number", "space", "value", "person"),
        [(number, *line) for number, line in enumerate(new, start=first)],
    )  # fmt: skip
    keep(connection, _lines(connection, new) if last <= covered else None)


def keep(connection: Connection, new: _Lines | None = None) -> None:
    """Pack the identities that no sound pack covers.

    Parameters
    ----------
    new : _Lines, optional
        Those that no pack covers, if it is known that they are all.
    """
    before = _packs(connection)
    packs = _sound(connection)
    first = packs[-1].upto + 1 if packs else 1
    upto = _last(connection)
    if first > upto:
        return
    if new is None or packs != before:
        new = _from_table(connection, first, upto)
    lines = new
    # Each key is packed anew as often as its pack doubles: hardly more than ten times.
    while packs and packs[-1].bits <= _bits(lines):
        last = packs.pop()
        lines = _merged(_all(connection, last), lines)
        first = last.first
        _drop(connection, last)
    _write(connection, lines, _Pack(first=first, upto=upto, bits=_bits(lines)))


def erase(connection: Connection, gone: Hashes) -> None:
    """Take hashed keys out of all packs."""
    ordered, packs = np.sort(gone), _packs(connection)
    # Chunks of no pack are read by nobody; what they hold is to be gone all the same.
    known = [pack.upto for pack in packs]
    connection.execute(sa.delete(KEY_LINES).where(KEY_LINES.c.upto.not_in(known)))
    secret = secret_key(connection)
    for pack in packs:
        numbers = np.unique(_chunk_of(ordered, pack.bits))
        for number, lines in _chunks(connection, pack, numbers):
            if lines is None:
                _drop(connection, pack)
                break
            kept = ~np.isin(lines.hash, ordered)
            connection.execute(
                sa.update(KEY_LINES)
                .where(KEY_LINES.c.upto == pack.upto, KEY_LINES.c.chunk == number)
                .values(data=_packed(_some(lines, kept), _seal(secret, pack, number)))
            )


# --- packs ------------------------------------------------------------------------


def _packs(connection: Connection) -> list[_Pack]:
    """Return all packs, oldest first."""
    found = connection.execute(sa.select(KEY_PACKS).order_by(KEY_PACKS.c.upto))
    return [_Pack(first=row.first, upto=row.upto, bits=row.bits) for row in found]


def _sound(connection: Connection) -> list[_Pack]:
    """Return the packs up to the first gap or fault, and drop those after it."""
    sound: list[_Pack] = []
    for pack in _packs(connection):
        follows = pack.first == (sound[-1].upto + 1 if sound else 1)
        # A chunk of each tells whether texts are hashed today as they were then.
        if follows and _found(connection, pack, np.zeros(1, dtype=np.uint64)) is not None:
            sound.append(pack)
        else:
            _drop(connection, pack)
    return sound


def _found(connection: Connection, pack: _Pack, ordered: Hashes) -> Persons | None:
    """Return whose each of some hashes in order is by a pack; None if it is damaged."""
    person = np.full(len(ordered), NOBODY, dtype=np.int64)
    numbers, starts = np.unique(_chunk_of(ordered, pack.bits), return_index=True)
    spans = pairwise([*starts.tolist(), len(ordered)])
    span_of = {
        number: slice(*span) for number, span in zip(numbers.tolist(), spans, strict=True)
    }
    for number, lines in _chunks(connection, pack, numbers):
        if lines is None:
            return None
        span = span_of[number]
        person[span] = _among(lines, ordered[span])
    return person


def _among(lines: _Lines, wanted: Hashes) -> Persons:
    """Return whose each wanted hash is by some lines; `NOBODY` where it is not there."""
    if not len(lines.hash):
        return np.full(len(wanted), NOBODY, dtype=np.int64)
    # Of two lines of one key the first counts.
    place = np.minimum(np.searchsorted(lines.hash, wanted), len(lines.hash) - 1)
    return np.where(lines.hash[place] == wanted, lines.person[place], NOBODY)


def _all(connection: Connection, pack: _Pack) -> _Lines:
    """Return all lines of a pack; from the table if it is damaged."""
    parts = [lines for _, lines in _chunks(connection, pack, np.arange(2**pack.bits))]
    sound = [lines for lines in parts if lines is not None]
    if len(sound) < len(parts):
        return _from_table(connection, pack.first, pack.upto)
    return _Lines(
        hash=np.concatenate([lines.hash for lines in sound]),
        person=np.concatenate([lines.person for lines in sound]),
    )


def _chunks(
    connection: Connection, pack: _Pack, numbers: npt.NDArray[np.integer]
) -> Iterator[tuple[int, _Lines | None]]:
    """Yield some chunks of a pack; None in place of what is damaged or not there."""
    query = sa.select(KEY_LINES.c.chunk, KEY_LINES.c.data).where(
        KEY_LINES.c.upto == pack.upto
    )
    secret = secret_key(connection)
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE].tolist()
        missing = set(some)
        for number, data in connection.execute(query.where(KEY_LINES.c.chunk.in_(some))):
            missing.discard(number)
            yield number, _unpacked(data, _seal(secret, pack, number))
        for number in sorted(missing):
            yield number, None


def _write(connection: Connection, lines: _Lines, pack: _Pack) -> None:
    _drop(connection, pack)
    append(
        connection, KEY_PACKS,
        [{"upto": pack.upto, "first": pack.first, "bits": pack.bits}],
    )  # fmt: skip
    secret, chunk = secret_key(connection), _chunk_of(lines.hash, pack.bits)
    ends = np.searchsorted(chunk, np.arange(2**pack.bits + 1)).tolist()
    append_lines(
        connection, KEY_LINES, ("upto", "chunk", "data"),
        [
            (
                pack.upto, number,
                _packed(_some(lines, slice(start, end)), _seal(secret, pack, number)),
            )
            for number, (start, end) in enumerate(pairwise(ends))
        ],
    )  # fmt: skip


def _drop(connection: Connection, pack: _Pack) -> None:
    for table in (KEY_PACKS, KEY_LINES):
        connection.execute(sa.delete(table).where(table.c.upto == pack.upto))


# --- lines ------------------------------------------------------------------------


def _bits(lines: _Lines) -> int:
    """Return how many first bits of a hash tell the chunks of so many lines apart."""
    return (max(1, len(lines.hash)) // _CHUNK_LINES).bit_length()


def _chunk_of(hashes: Hashes, bits: int) -> npt.NDArray[np.int64]:
    # By 63 first: a shift by all 64 bits is no number at all.
    return (hashes >> np.uint64(1) >> np.uint64(63 - bits)).astype(np.int64)


def _seal(secret: bytes, pack: _Pack, number: int) -> int:
    """Return what the checksum of a chunk begins with: its place, and how texts are hashed.

    Once a library hashes otherwise, no chunk is what it was.
    """
    return zlib.crc32(f"{pack.upto} {number}".encode(), _probe(secret))


@lru_cache(maxsize=1)
def _probe(secret: bytes) -> int:
    return int(_hashed(secret, "slug", np.array(["probe"], dtype=object))[0]) & 0xFFFFFFFF


def _packed(lines: _Lines, seal: int) -> bytes:
    data = lines.hash.astype("<u8").tobytes() + lines.person.astype("<i4").tobytes()
    return data + zlib.crc32(data, seal).to_bytes(_CHECKSUM_BYTES, "little")


def _unpacked(data: bytes, seal: int) -> _Lines | None:
    """Return what `_packed` packed; None if it is not that any more."""
    size, rest = divmod(len(data) - _CHECKSUM_BYTES, _LINE_BYTES)
    checksum = int.from_bytes(data[-_CHECKSUM_BYTES:], "little")
    if rest or checksum != zlib.crc32(memoryview(data)[:-_CHECKSUM_BYTES], seal):
        return None
    return _Lines(
        hash=np.frombuffer(data, dtype="<u8", count=size),
        person=np.frombuffer(data, dtype="<i4", count=size, offset=8 * size),
    )


def _some(lines: _Lines, chosen: npt.NDArray[np.bool_] | slice) -> _Lines:
    return _Lines(hash=lines.hash[chosen], person=lines.person[chosen])


def _merged(one: _Lines, other: _Lines) -> _Lines:
    return _ordered(
        np.concatenate([one.hash, other.hash]), np.concatenate([one.person, other.person])
    )


def _ordered(hashes: Hashes, person: Persons) -> _Lines:
    order = np.argsort(hashes, kind="stable")
    return _Lines(hash=hashes[order], person=person[order])


# --- the table --------------------------------------------------------------------


def _last(connection: Connection) -> int:
    """Return the number of the last identity, 0 if there is none."""
    return int(connection.scalar(sa.select(sa.func.max(IDENTITIES.c.number))) or 0)


def _from_table(connection: Connection, first: int, upto: int) -> _Lines:
    """Return the hashed keys of some identities, given by their numbers."""
    found = read_lines(
        connection,
        f"SELECT space, value, person FROM {IDENTITIES.name} WHERE number >= {int(first)} "
        f"AND number <= {int(upto)} ORDER BY number",
    )
    return _lines(connection, found)


def _lines(connection: Connection, found: Sequence[tuple[str, str, int]]) -> _Lines:
    """Return the hashed keys of some identities: kind of key, key, person."""
    space, value, person = zip(*found, strict=True) if found else ((), (), ())
    hashes = hashed(
        secret_key(connection), np.array(space, dtype=object), np.array(value, dtype=object)
    )
    return _ordered(hashes, np.array(person, dtype=np.int64))

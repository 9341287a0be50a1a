"""What a run says of every lead, packed: who waited, and whose open flag was forecast.

A line of a database for each lead on hold would make a ledger of millions of people who
were never contacted. Tens of bytes under a keyed hash do, and name nobody.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_MARK_BYTES = 8
_LINE = np.dtype([("mark", "<u8"), ("segment", "<u2"), ("state", "u1")])
_HELD = 1
_UNKNOWN = 2
_PACK_LEVEL = 1  # hashes do not shrink; the rest does at any level


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PackedLeads:
    """Leads of one run that were held, or whose open flag was unknown.

    One entry per lead: ``mark`` is the keyed hash of its id, ``segment`` points into the
    segments of the run's open share.
    """

    mark: npt.NDArray[np.uint64]
    segment: npt.NDArray[np.int64]
    held: npt.NDArray[np.bool_]
    unknown: npt.NDArray[np.bool_]


def marks(key: bytes, lead_ids: Iterable[str]) -> npt.NDArray[np.uint64]:
    """Return the keyed hash of each lead id."""
    # A copy of one that has the key takes less time than giving the key each time.
    begun = hashlib.blake2b(digest_size=_MARK_BYTES, key=key).copy
    digests = []
    for text in lead_ids:
        hashed = begun()
        hashed.update(text.encode())
        digests.append(hashed.digest())
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def pack(leads: PackedLeads) -> bytes:
    """Return the leads as bytes, in the order of their marks."""
    lines = np.empty(len(leads.mark), dtype=_LINE)
    lines["mark"] = leads.mark
    lines["segment"] = leads.segment
    lines["state"] = leads.held * _HELD + leads.unknown * _UNKNOWN
    # By the marks alone: sorting lines of several fields takes ten times as long.
    lines = lines[np.argsort(leads.mark, kind="stable")]
    return zlib.compress(lines.tobytes(), _PACK_LEVEL)


def unpack(data: bytes) -> PackedLeads:
    """Return what `pack` packed, in the order of the marks."""
    lines = np.frombuffer(zlib.decompress(data), dtype=_LINE)
    return PackedLeads(
        mark=lines["mark"].astype(np.uint64),
        segment=lines["segment"].astype(np.int64),
        held=(lines["state"] & _HELD) > 0,
        unknown=(lines["state"] & _UNKNOWN) > 0,
    )


def find(leads: PackedLeads, wanted: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return where each wanted mark stands among the leads, -1 where it does not."""
    if not len(leads.mark):
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(leads.mark, wanted), len(leads.mark) - 1)
    return np.where(leads.mark[place] == wanted, place, -1).astype(np.int64)

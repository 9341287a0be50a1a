"""What the benchmarks measure, as records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Medians of one size, in seconds and GB, with figures of the plan itself.

    ``page`` is `report.html`, ``write`` all other files. ``busy`` is processor time, the
    solver's included; a shared machine stretches it less than the clock.
    """

    leads: int
    seats: int
    runs: int
    floor: float
    total: float
    read: float
    plan: float
    write: float
    page: float
    busy: float
    ratio: float
    busy_ratio: float
    memory: float
    totals: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One week solved here, by the peers and by simple rules."""

    leads: int
    seats: int
    shape: str
    ours: dict[str, Any]
    textbook: dict[str, Any] | None = None
    flow: dict[str, Any] | None = None
    rules: dict[str, float] | None = None

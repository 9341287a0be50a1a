"""Names and text that are safe in files: slugs, sheet names, cleaned cells.

What a file holds comes from strangers: nothing here may let a lead or a seat choose a
path, a sheet or a control character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from planner.domain import Plan

#: Longest slug of a seat: with route, part and suffix a file name stays below 80.
MAX_SLUG = 48
#: Longest name of a sheet (Excel).
MAX_SHEET_NAME = 31

# C0 and C1 controls but tab, LF and CR; lone surrogates; the two non-characters that
# XML refuses. The built string keeps control characters out of this source file.
_ODD = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"
ODD_CHARACTERS = re.compile(_ODD)

_NOT_SLUG = re.compile(r"[^A-Za-z0-9._]+")
_NOT_SHEET = re.compile(r"[\[\]:*?/\\\x00-\x1f]+")
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul"]
    + [f"{device}{number}" for device in ("com", "lpt") for number in range(10)]
)


def run_name(plan: Plan) -> str:
    """Return the name of a run as people see it: ``2026-W48-3f9c1a7b``."""
    return f"{slug(plan.week, 'week')}-{slug(plan.run_id, 'run')[:8]}"


def clean(text: str) -> str:
    """Return `text` without control characters and broken code units."""
    return ODD_CHARACTERS.sub("", text) if ODD_CHARACTERS.search(text) else text


def slug(text: str, fallback: str) -> str:
    """Return `text` as a safe part of a file name: ``[A-Za-z0-9._-]{1,48}``.

    Accents are dropped; anything else becomes one hyphen. Never empty, never with a
    leading dot, never a name that Windows reserves.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    name = _NOT_SLUG.sub("-", plain).strip("-._")[:MAX_SLUG].rstrip("-._")
    if not name:
        return fallback
    if name.split(".")[0].lower() in _RESERVED:
        return f"{fallback}-{name}"
    return name


def unique_slugs(keys: Iterable[str], fallback: str) -> dict[str, str]:
    """Return a slug for each key, unique even where upper and lower case are one."""
    taken: set[str] = set()
    slugs: dict[str, str] = {}
    for key in keys:
        if key in slugs:
            continue
        slugs[key] = _unique(slug(key, fallback), MAX_SLUG, "-", taken)
    return slugs


def unique_sheet_names(keys: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Return a legal sheet name for each key; none equals one of `taken`."""
    used = {name.lower() for name in taken} | {"history"}  # Excel keeps that one
    names: dict[str, str] = {}
    for key in keys:
        plain = _NOT_SHEET.sub(" ", clean(key)).strip(" '")[:MAX_SHEET_NAME].strip(" '")
        names[key] = _unique(plain or "seat", MAX_SHEET_NAME, " ", used)
    return names


def _unique(name: str, longest: int, joint: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate.lower() in taken:
        number += 1
        tail = f"{joint}{number}"
        candidate = name[: longest - len(tail)].rstrip("-._ '") + tail
    taken.add(candidate.lower())
    return candidate

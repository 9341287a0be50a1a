"""What cells say: flags, degrees, dates, priorities. Vectorised over distinct values."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.domain import Degree, Flag
from planner.intake import translations

#: Cells of a column.
Column: TypeAlias = "pd.Series[str] | npt.NDArray[np.object_]"
Small: TypeAlias = npt.NDArray[np.int8]
Mask: TypeAlias = npt.NDArray[np.bool_]
Days: TypeAlias = npt.NDArray[np.datetime64]


def _texts(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(","))


#: Text that stands for "not known", or blank.
UNKNOWN = _texts(
    ", -, --, \u2013, \u2014, ?, unknown, n/a, n.a., na, #n/a, nan, null, none, nil, "
    "undefined, (blank), not available, not found, not_found, no data, unbekannt, "
    "nicht bekannt, inconnu, desconocido, desconhecido, no encontrado, onbekend, "
    + translations.UNKNOWN
)
_YES = _texts(
    "true, yes, y, 1, 1.0, x, t, on, oui, o, vrai, ja, j, wahr, si, s\u00ed, s, sim, "
    "verdadero, verdadeiro, waar, open, offen, abierto, aberto, ouvert, open profile, "
    "open link, enabled, premium, activo, \u2713, \u2714, \u2705, \u2611, "
    + translations.YES
    + ", "
    + translations.OPEN
)
_NO = _texts(
    "false, no, n, 0, 0.0, f, off, non, faux, nein, falsch, nee, falso, nao, n\u00e3o, "
    "onwaar, closed, geschlossen, cerrado, fechado, ferm\u00e9, ferme, not open, "
    "not premium, free, disabled, inactivo, \u2717, \u2718, \u274c, \u2716, \u2610, "
    + translations.NO
)

_GRADES = {
    "a": 100.0,
    "b": 70.0,
    "c": 40.0,
    "d": 10.0,
    "high": 100.0,
    "medium": 50.0,
    "low": 10.0,
}

_DEGREE = re.compile(
    r"\W*(?P<digit>[123])(?:\.0+)?\s*"
    r"(?:st|nd|rd|er|\u00e8re|re|\u00e8me|eme|e|de|\u00ba|\u00aa|\u00b0|\.|:[ae]|-?[^\W\da-z_]{1,2})?"
    r"\s*\+?(?:\s*(?:" + translations.DEGREE + r").*)?\W*",
    re.IGNORECASE,
)
#: Compared without spaces and punctuation.
_DEGREE_WORDS = {
    "first": Degree.FIRST,
    "firstdegree": Degree.FIRST,
    "distance1": Degree.FIRST,
    "connected": Degree.FIRST,
    "second": Degree.SECOND,
    "seconddegree": Degree.SECOND,
    "distance2": Degree.SECOND,
    "third": Degree.THIRD,
    "thirddegree": Degree.THIRD,
    "distance3": Degree.THIRD,
    "3plus": Degree.THIRD,
    "thirdplus": Degree.THIRD,
    "outofnetwork": Degree.THIRD,
}
#: LinkedIn's own -1 means out of network, as seen in raw search results.
_OUT_OF_NETWORK = frozenset(("-1", "-1.0"))

_MANGLED = re.compile(r"[+-]?\d(?:[.,]\d+)?[eE]\+?\d{2,3}")

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier janv ene enero januari janeiro j\u00e4n",
            "feb february februar f\u00e9vrier fevrier fevr febrero februari fev fevereiro",
            "mar march m\u00e4rz maerz mrz mars marzo maart mrt mar\u00e7o marco",
            "apr april avril avr abr abril",
            "may mai mayo mei maio",
            "jun june juni juin junio junho",
            "jul july juli juillet juil julio julho",
            "aug august ao\u00fbt aout ago agosto augustus",
            "sep sept september septembre septiembre setembro set",
            "oct october okt oktober octobre octubre outubro out",
            "nov november novembre noviembre novembro",
            "dec december dez dezember d\u00e9cembre decembre dic diciembre dezembro",
        ),
        1,
    )
    for name in names.split()
}
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:$|[t\s].*)")
_COMPACT = re.compile(r"(20\d{2})(\d{2})(\d{2})")
_NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?:$|[,\s].*)")
_DAY_MONTH = re.compile(
    r"(?:\w+,\s+)?(\d{1,2})(?:st|nd|rd|th|\.)?[\s-]+(?:de\s+)?([^\W\d_]+)\.?,?[\s-]+"
    r"(?:de\s+)?(\d{4}|\d{2})(?:$|[,\s].*)"
)
_MONTH_DAY = re.compile(
    r"(?:[^\W\d_]+,?\s+)??([^\W\d_]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})"
    r"(?:$|[,\s].*)"
)
_EPOCH = re.compile(r"(\d{10}|\d{13})(?:\.0+)?")
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
_NEVER = frozenset(("never", "nie", "jamais", "nunca", "nooit", "not contacted", "no", "0"))


def flags(values: Column) -> tuple[Small, Mask]:
    """Read yes/no cells as `planner.domain.Flag`.

    Blank, ``unknown``, ``n/a``, ``-`` and the like are unknown.

    Returns
    -------
    tuple
        Flags (1, 0, -1) and which cells could not be read (these are unknown, too).
    """

    def parse(text: str) -> int | None:
        folded = _fold(text)
        if folded in UNKNOWN:
            return int(Flag.UNKNOWN)
        if folded in _YES:
            return int(Flag.YES)
        return int(Flag.NO) if folded in _NO else None

    numbers, unreadable = _by_distinct(values, parse, int(Flag.UNKNOWN))
    return numbers.astype(np.int8), unreadable


def degrees(values: Column) -> tuple[Small, Mask]:
    """Read ``2nd``, ``3rd+``, ``· 2nd``, ``2.0``, ``SECOND_DEGREE``, ``DISTANCE_2`` ...

    Out of network counts as third.

    Returns
    -------
    tuple
        `planner.domain.Degree` (0 if unknown) and which cells could not be read.
    """

    def parse(text: str) -> int | None:
        folded = _fold(text)
        if folded in UNKNOWN or folded in {"0", "0.0"}:
            return int(Degree.UNKNOWN)
        if folded in _OUT_OF_NETWORK:
            return int(Degree.THIRD)
        if match := _DEGREE.fullmatch(folded):
            return int(match["digit"])
        found = _DEGREE_WORDS.get(re.sub(r"[\W_]+", "", folded))
        return None if found is None else int(found)

    numbers, unreadable = _by_distinct(values, parse, int(Degree.UNKNOWN))
    return numbers.astype(np.int8), unreadable


def priorities(values: Column) -> tuple[npt.NDArray[np.float64], Mask]:
    """Read 0 to 100, or A = 100, B = 70, C = 40, D = 10; high 100, medium 50, low 10.

    Returns
    -------
    tuple
        Priorities (NaN if none) and which cells could not be read.
    """

    def parse(text: str) -> float | None:
        folded = _fold(text)
        if folded in UNKNOWN:
            return float("nan")
        if folded in _GRADES:
            return _GRADES[folded]
        try:
            number = float(folded.rstrip("% ").replace(",", "."))
        except ValueError:
            return None
        return number if 0 <= number <= 100 else None

    return _by_distinct(values, parse, float("nan"))


def dates(values: Column) -> tuple[Days, Mask]:
    """Read dates in the forms that exports use; times of day are left out.

    Whether the day or the month comes first in ``01/09/2026`` is decided for the whole
    column (`is_day_first`), month first if nothing tells. Dotted dates (``09.01.2026``)
    are day first everywhere.

    Returns
    -------
    tuple
        ``datetime64[D]`` (NaT if none) and which cells could not be read.
    """
    order = bool(is_day_first(values))

    def parse(text: str) -> float | None:
        folded = _fold(text)
        if folded in UNKNOWN or folded in _NEVER:
            return float("nan")
        day = _date(folded, is_day_first=order)
        return None if day is None else float(day.toordinal() - _EPOCH_DAY)

    numbers, unreadable = _by_distinct(values, parse, float("nan"))
    days = np.full(len(numbers), "NaT", dtype="datetime64[D]")
    known = ~np.isnan(numbers)
    days[known] = numbers[known].astype(np.int64).astype("datetime64[D]")
    return days, unreadable


def is_day_first(values: Column) -> bool | None:
    """Whether days come first in ``13/09/2026``; None if no value above 12 tells.

    None, too, if the values contradict each other as often as not.
    """
    num_day_first = num_month_first = 0
    for text in pd.unique(np.asarray(values, dtype=object)):
        match = _NUMERIC.fullmatch(_fold(text))
        if match and match[2] != ".":
            num_day_first += int(match[1]) > 12 >= int(match[3])
            num_month_first += int(match[3]) > 12 >= int(match[1])
    if num_day_first == num_month_first:
        return None
    return num_day_first > num_month_first


def has_ambiguous_dates(values: Column) -> bool:
    """Whether a column has dates such as 01/09/2026 and nothing tells their order."""
    if is_day_first(values) is not None:
        return False
    cells = pd.unique(np.asarray(values, dtype=object))
    matches = (_NUMERIC.fullmatch(_fold(text)) for text in cells)
    return any(match is not None and match[2] != "." for match in matches)


def is_mangled_number(text: str) -> bool:
    """Whether a spreadsheet has turned an id into a number: ``1.23457E+18``."""
    return bool(_MANGLED.fullmatch(text.strip()))


def _fold(text: str) -> str:
    return str(text).casefold().strip(" '\"\u00a0")


def _by_distinct(
    values: Column, parse: Callable[[str], float | None], unknown: float
) -> tuple[npt.NDArray[np.float64], Mask]:
    """Parse each distinct text once; where `parse` returns None, the cell is unreadable."""
    codes, distinct = pd.factorize(np.asarray(values, dtype=object))
    parsed = [parse(text) for text in distinct]
    # The last element serves code -1, which pandas gives to missing values.
    numbers = np.array([unknown if n is None else n for n in [*parsed, unknown]])
    unreadable = np.array([n is None for n in parsed] + [False], dtype=np.bool_)
    return numbers.astype(np.float64)[codes], unreadable[codes]


def _date(text: str, *, is_day_first: bool) -> dt.date | None:
    if match := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        return _day(match[1], match[2], match[3])
    if match := _NUMERIC.fullmatch(text):
        day_first = match[2] == "." or is_day_first
        month, day = (match[3], match[1]) if day_first else (match[1], match[3])
        return _day(match[4], month, day)
    if match := _DAY_MONTH.fullmatch(text):
        return _day(match[3], _MONTHS.get(match[2], 0), match[1])
    if match := _MONTH_DAY.fullmatch(text):
        return _day(match[3], _MONTHS.get(match[1], 0), match[2])
    match = _EPOCH.fullmatch(text)
    if match is None:
        return None
    seconds = int(match[1]) / (1000 if len(match[1]) == 13 else 1)
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).date()


def _day(year: str, month: str | int, day: str) -> dt.date | None:
    full_year = int(year) + (2000 if len(year) == 2 else 0)
    if not _FIRST_YEAR <= full_year <= _LAST_YEAR:
        return None
    try:
        return dt.date(full_year, int(month), int(day))
    except ValueError:
        return None

"""What cells say: flags, degrees, dates, priorities. Vectorised over distinct values."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.domain import Degree, Flag

#: Text that stands for "not known", besides blank.
UNKNOWN = frozenset(
    "- -- \u2013 \u2014 ? unknown n/a na #n/a nan null none undefined nil (blank) "
    "unbekannt inconnu desconocido desconhecido onbekend not_found".split()
) | {"not available", "not found", "no data", "no encontrado", "nicht bekannt", "n.a."}
_YES = frozenset(
    "true yes y 1 1.0 x t on oui o vrai ja wahr j si s sim verdadero verdadeiro waar "
    "open offen abierto aberto ouvert \u2713 \u2714 \u2705 \u2611 enabled premium activo".split()
) | {"s\u00ed", "open profile", "open link"}
_NO = frozenset(
    "false no n 0 0.0 f off non faux nein falsch nee falso nao onwaar closed "
    "geschlossen cerrado fechado ferm\u00e9 ferme \u2717 \u2718 \u274c \u2716 \u2610 disabled "
    "inactivo".split()
) | {"n\u00e3o", "not open", "not premium", "free"}

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
    r"\W*(?P<digit>[123])(?:\.0+)?\s*(?:st|nd|rd|er|\u00e8re|re|\u00e8me|eme|e|de|\u00ba|\u00b0|\.)?"
    r"\s*\+?(?:\s*(?:degree|grade?s?|grad|niveau|graad).*)?\W*",
    re.IGNORECASE,
)
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
    "outofnetwork": Degree.THIRD,
    "thirdplus": Degree.THIRD,
    "3plus": Degree.THIRD,
    "1": Degree.FIRST,
    "2": Degree.SECOND,
    "3": Degree.THIRD,
}
#: LinkedIn's own -1 and 0: out of network, as seen in raw search results.
_OUT_OF_NETWORK = frozenset(("-1", "-1.0", "4", "out of network", "out-of-network"))

_MANGLED = re.compile(r"[+-]?\d(?:[.,]\d+)?[eE]\+?\d{2,3}")

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier janv ene enero januari janeiro j\u00e4n",
            "feb february februar f\u00e9vrier fevrier f\u00e9vr fevr febrero februari fevereiro fev",
            "mar march m\u00e4rz maerz mrz mars marzo maart mrt mar\u00e7o marco",
            "apr april avril avr abr abril",
            "may mai mayo mei maio",
            "jun june juni juin junio junho",
            "jul july juli juillet juil julio julho",
            "aug august ao\u00fbt aout ago agosto augustus",
            "sep sept september septembre septiembre setembro set",
            "oct october okt oktober octobre octubre outubro out",
            "nov november novembre noviembre novembro",
            "dec december dez dezember d\u00e9cembre decembre d\u00e9c dic diciembre dezembro",
        ),
        1,
    )
    for name in names.split()
}
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:$|[T\s].*)")
_COMPACT = re.compile(r"(20\d{2})(\d{2})(\d{2})")
_NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?:$|[,\s].*)")
_DAY_MONTH = re.compile(
    r"(?:\w+,\s+)?(\d{1,2})(?:st|nd|rd|th|\.)?[\s-]+(?:de\s+)?([^\W\d_]+)\.?,?[\s-]+"
    r"(?:de\s+)?(\d{4}|\d{2})(?:$|[,\s].*)"
)
_MONTH_DAY = re.compile(
    r"(?:[^\W\d_]+,?\s+)??([^\W\d_]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?:$|[,\s].*)"
)
_EPOCH = re.compile(r"(\d{10}|\d{13})(?:\.0+)?")
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flags:
    """Yes/no values (`planner.domain.Flag`) and which cells could not be read."""

    values: np.ndarray
    unreadable: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Degrees:
    """Degrees (`planner.domain.Degree`) and which cells could not be read."""

    values: np.ndarray
    unreadable: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dates:
    """ISO dates as text, blank if none, and which cells could not be read.

    ``is_assumed`` says that nothing in the column tells whether 01/09 is in January or
    in September, and that the month was taken to come first.
    """

    values: pd.Series
    unreadable: np.ndarray
    is_assumed: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Priorities:
    """Priorities from 0 to 100, NaN if none, and which cells could not be read."""

    values: np.ndarray
    unreadable: np.ndarray


def flags(values: pd.Series) -> Flags:
    """Read yes/no cells; blank, ``unknown``, ``n/a``, ``-`` and the like are unknown."""

    def parse(text: str) -> int | None:
        folded = text.casefold().strip(" '\"")
        if not folded or folded in UNKNOWN:
            return int(Flag.UNKNOWN)
        if folded in _YES:
            return int(Flag.YES)
        return int(Flag.NO) if folded in _NO else None

    numbers, unreadable = _by_distinct(values, parse, int(Flag.UNKNOWN), np.int8)
    return Flags(values=numbers, unreadable=unreadable)


def degrees(values: pd.Series) -> Degrees:
    """Read ``2nd``, ``3rd+``, ``· 2nd``, ``2.0``, ``SECOND_DEGREE``, ``DISTANCE_2`` ..."""

    def parse(text: str) -> int | None:
        folded = text.casefold().strip(" '\"")
        if not folded or folded in UNKNOWN or folded in {"0", "0.0"}:
            return int(Degree.UNKNOWN)
        if folded in _OUT_OF_NETWORK:
            return int(Degree.THIRD)
        if match := _DEGREE.fullmatch(folded):
            return int(match["digit"])
        found = _DEGREE_WORDS.get(re.sub(r"[\W_]+", "", folded))
        return None if found is None else int(found)

    numbers, unreadable = _by_distinct(values, parse, int(Degree.UNKNOWN), np.int8)
    return Degrees(values=numbers, unreadable=unreadable)


def priorities(values: pd.Series) -> Priorities:
    """Read 0 to 100, or A = 100, B = 70, C = 40, D = 10; high 100, medium 50, low 10."""

    def parse(text: str) -> float | None:
        folded = text.casefold().strip(" '\"")
        if not folded or folded in UNKNOWN:
            return float("nan")
        if folded in _GRADES:
            return _GRADES[folded]
        try:
            number = float(folded.rstrip("% ").replace(",", "."))
        except ValueError:
            return None
        return number if 0 <= number <= 100 else None

    numbers, unreadable = _by_distinct(values, parse, float("nan"), np.float64)
    return Priorities(values=numbers, unreadable=unreadable)


def dates(values: pd.Series) -> Dates:
    """Read dates in the forms that exports use, as ISO text without the time.

    Whether the day or the month comes first in ``01/09/2026`` is decided for the whole
    column: by any value above 12, else month first, which `Dates.is_assumed` says.
    Dotted dates (``09.01.2026``) are day first everywhere.
    """
    codes, distinct = pd.factorize(values.to_numpy(dtype=object))
    order = _day_first(distinct)
    parsed = [_date(str(text), is_day_first=bool(order)) for text in distinct]
    texts = np.array(
        ["" if text is None else text for text in parsed] or [""], dtype=object
    )
    bad = np.array([text is None for text in parsed] or [False], dtype=bool)
    is_numeric = any(_slashed(str(text)) for text in distinct)
    return Dates(
        values=pd.Series(texts[codes], index=values.index, dtype="str"),
        unreadable=bad[codes],
        is_assumed=is_numeric and order is None,
    )


def is_mangled_number(text: str) -> bool:
    """Whether a spreadsheet has turned an id into a number: ``1.23457E+18``."""
    return bool(_MANGLED.fullmatch(text.strip()))


def _by_distinct(
    values: pd.Series,
    parse: Callable[[str], float | None],
    unknown: float,
    dtype: type[np.int8] | type[np.float64],
) -> tuple[np.ndarray, np.ndarray]:
    """Parse each distinct text once; where `parse` returns None, the cell is unreadable."""
    codes, distinct = pd.factorize(values.to_numpy(dtype=object))
    parsed = [parse(str(text)) for text in distinct] or [unknown]
    numbers = np.array([unknown if n is None else n for n in parsed], dtype=dtype)
    unreadable = np.array([n is None for n in parsed], dtype=bool)
    return numbers[codes], unreadable[codes]


def _slashed(text: str) -> re.Match[str] | None:
    match = _NUMERIC.fullmatch(text.strip(" '\""))
    return match if match and match[2] != "." else None


def _day_first(distinct: np.ndarray) -> bool | None:
    """Whether days come first in a column; None if nothing in it tells."""
    num_day_first = num_month_first = 0
    for text in distinct:
        match = _slashed(str(text))
        if match:
            num_day_first += int(match[1]) > 12 >= int(match[3])
            num_month_first += int(match[3]) > 12 >= int(match[1])
    if num_day_first == num_month_first:
        return None
    return num_day_first > num_month_first


def _date(text: str, *, is_day_first: bool) -> str | None:
    """Return the ISO date, blank if the cell says that there is none, None if unread."""
    folded = text.casefold().strip(" '\"")
    if (
        not folded
        or folded in UNKNOWN
        or folded in {"never", "nie", "jamais", "0", "nunca"}
    ):
        return ""
    if match := _ISO.fullmatch(folded) or _COMPACT.fullmatch(folded):
        return _iso(int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMERIC.fullmatch(folded):
        first, second, year = int(match[1]), int(match[3]), _year(match[4])
        if match[2] == "." or is_day_first:
            return _iso(year, second, first)
        return _iso(year, first, second)
    if match := _DAY_MONTH.fullmatch(folded):
        return _iso(_year(match[3]), _MONTHS.get(match[2], 0), int(match[1]))
    if match := _MONTH_DAY.fullmatch(folded):
        return _iso(int(match[3]), _MONTHS.get(match[1], 0), int(match[2]))
    if match := _EPOCH.fullmatch(folded):
        seconds = int(match[1]) / (1000 if len(match[1]) == 13 else 1)
        return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).date().isoformat()
    return None


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _iso(year: int, month: int, day: int) -> str | None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None

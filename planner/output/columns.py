"""Columns of sheets made from the columns of tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from planner.domain import Route
from planner.output.grid import Column, Kind, Value
from planner.output.tables import texts

#: Volumes of a seat, as sheets and tables name them.
VOLUMES = (
    ("open InMails", "open_inmails"),
    ("paid InMails", "paid_inmails"),
    ("connection requests", "connection_requests"),
    ("messages", "messages"),
)
ROUTE_WORDS = {
    str(Route.OPEN_INMAIL): "open InMail",
    str(Route.PAID_INMAIL): "paid InMail",
    str(Route.CONNECTION_REQUEST): "connection request",
    str(Route.MESSAGE): "message",
}


def listed(header: str, values: Sequence[Value], kind: Kind = Kind.TEXT) -> Column:
    """Return a column of the given values."""
    return Column(header=header, kind=kind, values=values)


def taken(frame: pd.DataFrame, name: str, header: str, kind: Kind = Kind.TEXT) -> Column:
    """Return column `name` of a table as a column of a sheet."""
    values = frame[name]
    if pd.api.types.is_numeric_dtype(values):
        return Column(header=header, kind=kind, values=values.tolist())
    return Column(header=header, kind=kind, values=texts(values))


def volumes(frame: pd.DataFrame) -> tuple[Column, ...]:
    """Return the four volumes of a table of seats or days."""
    return tuple(taken(frame, name, header, Kind.COUNT) for header, name in VOLUMES)


def full_names(leads: pd.DataFrame) -> list[str]:
    """Return first and last name of each lead."""
    pairs = zip(texts(leads["first_name"]), texts(leads["last_name"]), strict=True)
    return [f"{first} {last}".strip() for first, last in pairs]


def routes(leads: pd.DataFrame) -> list[str]:
    """Return each lead's route as people say it."""
    return [ROUTE_WORDS.get(route, route) for route in texts(leads["route"])]


def weekdays(dates: Sequence[str]) -> list[str]:
    """Return the short name of each day."""
    names = {day: _WEEKDAYS[dt.date.fromisoformat(day).weekday()] for day in set(dates)}
    return [names[day] for day in dates]


def in_words(day: dt.date) -> str:
    """Return a date as people write it: ``23 November 2026``."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


# Not strftime: its names follow the machine's locale, and equal plans give equal bytes.
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

"""What changed since the last run: who moved, which parameters, whose credits."""

from __future__ import annotations

from dataclasses import dataclass

from planner.ledger.diffs import Difference
from planner.output.columns import ROUTE_WORDS
from planner.report.blocks import Part, Section, Table, command, count
from planner.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """The run before this one; ``found`` is None where its files are not here."""

    name: str
    week: str
    found: Difference | None


def changes(previous: Previous | None, *, is_known: bool = True) -> Section:
    """Return what changed since the last run, as far as anybody can tell.

    Parameters
    ----------
    is_known : bool
        Whether the ledger that was asked knows the run that is shown.
    """
    parts: tuple[Part, ...] = ()
    if not is_known:
        words = "No ledger here knows this run: nothing to compare it with."
    elif previous is None:
        words = "This is the first run that the ledger knows: nothing to compare with."
    elif previous.found is None:
        words = (
            f"The last run was {previous.name}; its files are not here, so who moved "
            "cannot be told."
        )
    else:
        found = previous.found
        words = (
            f"Against run {previous.name}: {counted(len(found.leads), 'lead')} changed "
            f"route or seat. {command('planner diff')} names them and says why."
        )
        parts = (_moves(found, previous.week), *_values(found))
    return Section(
        name="changes", title="What changed since the last run", words=(words,), parts=parts
    )


def _moves(found: Difference, week: str) -> Part:
    lines = [
        (
            _route(str(line["route_before"])), _route(str(line["route_after"])),
            int(line["leads"]),
        )
        for line in found.moves.to_dict("records")
    ]  # fmt: skip
    lines.sort(key=lambda line: (-line[2], line[:2]))
    table = Table(
        caption="Leads by route, then and now",
        headers=(week, "now", "leads"),
        rows=[(before, now, count(number)) for before, now, number in lines],
        numbers=frozenset({2}),
        is_open=True,
    )
    return Part(table=table)


def _values(found: Difference) -> list[Part]:
    """Return the tables of changed parameters and credits, where there are any."""
    parts = []
    for caption, what, lines in (
        ("Parameters that changed", "parameter", found.parameters),
        ("Credits of the seats", "seat", found.seats),
    ):
        if not lines:
            continue
        rows = [(name, _shown(before), _shown(now)) for name, before, now in lines]
        table = Table(
            caption=caption,
            headers=(what, "before", "now"),
            rows=rows,
            numbers=frozenset({1, 2}),
        )
        parts.append(Part(table=table))
    return parts


def _route(name: str) -> str:
    return ROUTE_WORDS.get(name, name)


def _shown(value: object) -> str:
    return "-" if value is None else str(value)

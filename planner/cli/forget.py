"""``planner forget``: erase a person from the ledger and the files of all runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs, ledgers
from planner.cli.ledgers import LedgerOption
from planner.cli.plan import AsOf, Config, Json, Param
from planner.errors import UsageError

if TYPE_CHECKING:
    from planner.ledger.forgetting import Pair
    from planner.output.erase import Touched

_LEAD_ID = re.compile(r"[0-9a-f]{16}")


def forget(
    lead: Annotated[
        list[str],
        typer.Argument(
            metavar="LEAD...",
            help=(
                "One person, by as many keys as you have: profile URL or handle, Sales "
                "Navigator URL or id, member id, GetSales UUID, e-mail, lead id."
            ),
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Folder of all runs.")
    ] = Path("reports"),
    exports: Annotated[
        Path,
        typer.Option(
            "--exports", metavar="DIR", help="Lead exports; searched, never changed."
        ),
    ] = Path("exports"),
    as_of: AsOf = None,
    param: Param = [],
    config: Config = None,
    ledger: LedgerOption = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", "-n", help="Say what it would touch, erase nothing."),
    ] = False,
    json: Json = False,
) -> None:
    """Erase a person from the ledger and from the files of all runs.

    Counts stay, and a keyed mark by which nobody contacts the person again. Example:

      planner forget https://www.linkedin.com/in/jane-doe --dry-run
    """
    from planner.ledger import forgetting
    from planner.output import erase
    from planner.output.erase_traces import Traces

    console.settings.json = json
    given = keys_of(lead)
    parameters = inputs.parameters(config, param)
    today = inputs.date_option(as_of)
    removed = 0
    with ledgers.opened(ledger, config, parameters, create=not dry_run) as book:
        if book is None:
            touched = erase.find([out], Traces.of(given))
            keys = given
        elif dry_run:
            with book.reading() as connection:
                keys = forgetting.known_keys(connection, given)
            touched = erase.find([out], Traces.of(keys))
        else:
            # Files first: until the ledger has let go, the same command can go on.
            with book.writing() as connection:
                keys = forgetting.known_keys(connection, given)
                touched = erase.erase(out, Traces.of(keys))
                removed = forgetting.forget(connection, keys, as_of=today)
    left = erase.find([exports], Traces.of(keys))
    _report(touched, left, removed, as_json=json, dry_run=dry_run)


def keys_of(texts: list[str]) -> tuple[Pair, ...]:
    """Return the keys that a user names a person by.

    Raises
    ------
    UsageError
        If one of them is no key; what it was is not repeated.
    """
    import numpy as np

    from planner.intake import identity

    keys: set[Pair] = set()
    for number, text in enumerate(texts, start=1):
        plain = text.strip()
        if _LEAD_ID.fullmatch(plain):
            keys.add(("lead", plain))
            continue
        cells = [np.array([plain], dtype=object)]
        read = identity.read(dict.fromkeys(identity.FORMS, cells), 1)
        found = {
            (space, str(values[0]))
            for space, values, counts in identity.recognisable(read)
            if counts[0]
        }
        if not found:
            raise UsageError(
                f"LEAD {number} is no profile URL, handle, id, UUID or personal e-mail: a "
                "name alone could be anybody's"
            )
        keys |= found
    return tuple(sorted(keys | _lead_ids(keys)))


def _lead_ids(keys: set[Pair]) -> set[Pair]:
    """Return the lead ids that lists with these keys alone would have given."""
    from planner.intake import identity

    return {
        ("lead", identity.lead_id(space, value)) for space, value in keys if space != "lead"
    }


def _report(
    touched: tuple[Touched, ...],
    exports: tuple[Touched, ...],
    removed: int,
    *,
    as_json: bool,
    dry_run: bool,
) -> None:
    if as_json:
        console.result_json(
            {
                "dry_run": dry_run, "identities_removed": removed,
                "files": [_record(one) for one in touched],
                "exports": [_record(one) for one in exports],
            }
        )  # fmt: skip
        return
    cleaned = [one for one in touched if not one.left]
    verb = "would be erased" if dry_run else "erased"
    if cleaned:
        console.table(
            ("file", "kind", f"rows {verb}"),
            [(str(one.path), str(one.kind), one.rows) for one in cleaned],
        )
    else:
        console.result("No file of a run holds this person.")
    if not dry_run:
        console.result(
            f"\n{removed} identities went from the ledger. A keyed mark stays: whoever "
            "comes in a list with one of these keys again is excluded."
        )
    for one in (*(one for one in touched if one.left), *exports):
        console.say(
            f"still there: {one.path}: {one.left or 'a lead export; delete the row'}"
        )


def _record(one: Touched) -> dict[str, object]:
    return {
        "file": str(one.path), "kind": str(one.kind), "rows": one.rows, "left": one.left,
    }  # fmt: skip

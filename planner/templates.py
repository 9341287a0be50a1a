"""Texts that `planner init` writes into a new workspace."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from itertools import groupby

from planner.params import Spec, Value

_HEAD = """\
# Parameters of this workspace.
#
# Every parameter is shown with its default, commented out. To change one, remove the #
# in front of its name and edit the value. A default that is left commented out follows
# the planner's own when that is improved. What is in force: planner params

# The ledger: a file or, for a team, a database such as postgresql://user@host/database
#ledger = "planner.db"

# Columns of your lead lists whose headers are not understood (planner check shows what
# is): a meaning and its header, or several, best first. --map on the command line wins.
#[map]
#open = "Free InMail?"
#company = ["Employer", "Customer of"]

[parameters]
"""


def planner_toml(specs: Sequence[Spec]) -> str:
    """Return ``planner.toml`` with every parameter at its default, commented out.

    Lines of text begin with ``# ``, settings with ``#`` alone, so taking one character
    away puts a setting in force.
    """
    parts = [_HEAD]
    for group, members in groupby(specs, key=lambda spec: spec.group):
        parts.append(f"\n# ---- {group} {'-' * (80 - len(group))}\n")
        parts.extend(_setting(spec) for spec in members)
    return "".join(parts)


def toml_value(value: Value) -> str:
    """Return a parameter's value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # a TOML basic string
    return repr(value)


def _setting(spec: Spec) -> str:
    about = [f"Range: {spec.range_text}.", f"Source: {spec.source}."]
    if spec.unit:
        about.insert(0, f"Unit: {spec.unit}.")
    prose = [*_wrapped(spec.description), *_wrapped(" ".join(about))]
    return "\n".join(["", *prose, f"#{spec.name} = {toml_value(spec.default)}", ""])


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        text, 88, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )


def parameter_table(specs: Sequence[Spec]) -> str:
    """Return all parameters as a Markdown table, for the README."""
    lines = [
        "| parameter | default | unit | range | meaning | source |",
        "|---|---|---|---|---|---|",
    ]
    for spec in specs:
        default = toml_value(spec.default).strip('"').replace("|", "\\|")
        cells = (
            f"`{spec.name}`", default, spec.unit, spec.range_text.replace("|", "or"),
            spec.description, spec.source,
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"

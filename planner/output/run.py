"""``plan.json``: the run in full for machines, without a name or URL of any lead."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from planner import limits
from planner.domain import OpenShare, Plan, Route
from planner.errors import Issue, Severity
from planner.output.names import clean, run_name
from planner.params import specs

#: Raised when a key changes its meaning or goes; new keys do not raise it.
SCHEMA_VERSION = 1


def write(plan: Plan, path: Path, files: Mapping[str, str] = MappingProxyType({})) -> None:
    """Write ``plan.json``; equal plans give equal bytes.

    Parameters
    ----------
    files : mapping of str to str
        SHA-256 of files of the run, by which edited ones are told.
    """
    text = json.dumps(
        {**document(plan), "files": dict(files)},
        indent=2,
        ensure_ascii=False,
        allow_nan=False,
        sort_keys=False,
    )
    path.write_bytes(text.encode() + b"\n")


def document(plan: Plan) -> dict[str, Any]:
    """Return the run as plain values: no missing number is left, only None."""
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": plan.run_id,
        "name": run_name(plan),
        "version": plan.version,
        "as_of": plan.as_of.isoformat(),
        "week": plan.week,
        "week_start": plan.week_start.isoformat(),
        "week_end": plan.week_end.isoformat(),
        "horizon_end": plan.horizon_end.isoformat(),
        "inputs": _inputs(plan),
        "parameters": _parameters(plan),
        "solver": _plain(plan.solver),
        "totals": _plain(plan.totals),
        "routes": route_counts(plan),
        "exclusions": rule_counts(plan, Route.EXCLUDED),
        "holds": rule_counts(plan, Route.HOLD),
        "seats": records(plan.seat_weeks),
        "days": records(plan.days),
        "limits": records(plan.limits),
        "outlook": records(plan.outlook),
        "report_only": {
            name: [_plain(item) for item in plan.breaches if item.limit == name]
            for name in limits.parse(plan.parameters.report_only)
        },
        "open_share": _open_share(plan.open_share),
        "issue_counts": issue_counts(plan.issues),
        "issues": [_issue(issue) for issue in plan.issues],
    }


def route_counts(plan: Plan) -> dict[str, int]:
    """Return the number of leads by route, every route named."""
    counts = plan.assignments["route"].value_counts()
    return {str(route): int(counts.get(str(route), 0)) for route in Route}


def rule_counts(plan: Plan, route: Route) -> dict[str, int]:
    """Return the number of leads of a route by rule, most first."""
    of_route = plan.assignments.loc[plan.assignments["route"] == str(route), "rule"]
    counts = {str(rule): int(number) for rule, number in of_route.value_counts().items()}
    pairs = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return {rule: number for rule, number in pairs if number}  # unused categories go


def issue_counts(issues: Sequence[Issue]) -> dict[str, int]:
    """Return the number of issues by severity, every severity named."""
    return {str(s): sum(issue.severity is s for issue in issues) for s in Severity}


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as one mapping per line, of plain values."""
    names = [str(name) for name in frame.columns]
    columns = [_plain(frame[name].astype(object).tolist()) for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _inputs(plan: Plan) -> list[dict[str, Any]]:
    mappings = {mapping.file: mapping for mapping in plan.mappings}
    inputs = []
    for file in plan.files:
        mapping = mappings.get(file.file)
        columns = {} if mapping is None else _plain(mapping.columns)
        origin = {} if mapping is None else _plain(mapping.origin)
        inputs.append({**_plain(file), "columns": columns, "origin": origin})
    return inputs


def _parameters(plan: Plan) -> dict[str, Any]:
    return {
        spec.name: {
            "value": _plain(getattr(plan.parameters, spec.name)),
            "default": spec.default,
            "unit": spec.unit,
            "changed": getattr(plan.parameters, spec.name) != spec.default,
        }
        for spec in specs()
    }


def _open_share(share: OpenShare) -> dict[str, Any]:
    shown: dict[str, Any] = _plain(share)
    return shown


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "severity": str(issue.severity),
        "code": issue.code,
        "file": clean(issue.file),
        "row": issue.row,
        "column": clean(issue.column),
        "message": clean(issue.message),
    }


def _plain(value: Any) -> Any:
    """Return `value` as JSON knows it; infinite and missing numbers are None."""
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {clean(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (bool, int)) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if value is pd.NA or value is pd.NaT else clean(str(value))

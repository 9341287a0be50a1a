"""Findings about the input, parameters that differ, and where the run comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from planner.domain import Plan
from planner.errors import Severity
from planner.output.names import clean, run_name
from planner.output.proof import certified
from planner.output.run import issue_counts
from planner.params import specs
from planner.report.blocks import Part, Section, Table, count
from planner.words import counted

#: Findings that the page lists one by one; the workbook and ``plan.json`` have more.
MAX_ISSUES = 100

_ORDER = {severity: number for number, severity in enumerate(Severity)}


def short_names(plan: Plan) -> dict[str, str]:
    """Return the input files as the page names them, by the path that the user gave.

    Their names alone, with the folder where two are alike: the page is made to be sent
    around, and a path may say whose computer it comes from.
    """
    paths = {file.file: file.file.replace("\\", "/").split("/") for file in plan.files}
    alike = Counter(parts[-1] for parts in paths.values())
    return {
        path: clean("/".join(parts[-2 if alike[parts[-1]] > 1 else -1 :]))
        for path, parts in paths.items()
    }


def _shortened(text: str, names: Mapping[str, str]) -> str:
    """Return a text with the paths in it shortened, the longest first."""
    for path in sorted(names, key=lambda path: (-len(path), path)):
        text = text.replace(path, names[path])
    return clean(text)


def issues(plan: Plan) -> Section:
    """Return the findings about the input, by kind and then one by one, errors first."""
    counts = issue_counts(plan.issues)
    if not plan.issues:
        return Section(name="issues", title="Issues", words=("Nothing was found.",))
    words = (
        f"{counted(counts['error'], 'error')} (rows kept out), "
        f"{counted(counts['warning'], 'warning')} (rows used, with something left out or "
        f"guessed), {counted(counts['note'], 'note')}."
    )
    return Section(
        name="issues",
        title="Issues",
        words=(words,),
        parts=(_kinds(plan), _one_by_one(plan)),
    )


def _kinds(plan: Plan) -> Part:
    names = short_names(plan)
    found = Counter((issue.severity, issue.code) for issue in plan.issues)
    first = {(issue.severity, issue.code): issue for issue in reversed(plan.issues)}
    kinds = sorted(found, key=lambda kind: (_ORDER[kind[0]], -found[kind], kind[1]))
    table = Table(
        caption="Findings by kind",
        headers=("severity", "kind", "times", "the first"),
        rows=[
            (
                str(kind[0]),
                kind[1],
                count(found[kind]),
                _shortened(first[kind].message, names),
            )
            for kind in kinds
        ],
        numbers=frozenset({2}),
        is_open=True,
    )
    return Part(table=table)


def _one_by_one(plan: Plan) -> Part:
    names = short_names(plan)
    found = sorted(plan.issues, key=lambda issue: _ORDER[issue.severity])[:MAX_ISSUES]
    left = len(plan.issues) - len(found)
    more = f"; the first {len(found)}, all are in plan.json" if left else ""
    table = Table(
        caption=f"{counted(len(plan.issues), 'finding')}{more}",
        headers=("severity", "file", "row", "column", "what, and what to do"),
        rows=[
            (
                str(issue.severity), _shortened(issue.file, names),
                "" if issue.row is None else count(issue.row), clean(issue.column),
                _shortened(issue.message, names),
            )
            for issue in found
        ],
        numbers=frozenset({2}),
    )  # fmt: skip
    return Part(table=table)


def parameters(plan: Plan) -> Section:
    """Return the parameters that differ from their defaults."""
    changed = plan.parameters.changed()
    found = [spec for spec in specs() if spec.name in changed]
    if not found:
        words = "All parameters have their defaults."
        return Section(name="parameters", title="Parameters", words=(words,))
    table = Table(
        caption="Parameters that differ from their default",
        headers=("parameter", "value", "default", "unit", "meaning"),
        rows=[
            (
                spec.name, str(getattr(plan.parameters, spec.name)), str(spec.default),
                spec.unit, spec.description,
            )
            for spec in found
        ],
        numbers=frozenset({1, 2}),
        is_open=True,
    )  # fmt: skip
    words = (
        f"{counted(len(found), 'parameter differs', 'parameters differ')} from the default."
    )
    return Section(
        name="parameters",
        title="Parameters",
        words=(words,),
        parts=(Part(table=table),),
    )


def provenance(plan: Plan) -> Section:
    """Return where the run comes from: versions, inputs, solver, certificate."""
    rows = [
        ("run", run_name(plan)),
        ("run id", plan.run_id),
        ("planner", plan.version),
        ("balances as of", plan.as_of.isoformat()),
        ("week", f"{plan.week}: {plan.week_start} to {plan.week_end}"),
        ("horizon ends", plan.horizon_end.isoformat()),
        *((f"solver: {name}", str(value)) for name, value in plan.solver.items()),
    ]
    about = Table(caption="This run", headers=("what", "value"), rows=rows, is_open=True)
    names = short_names(plan)
    files = Table(
        caption="Files in",
        headers=("file", "kind", "rows", "SHA-256"),
        rows=[
            (names[file.file], file.kind, count(file.num_rows), file.sha256)
            for file in plan.files
        ],
        numbers=frozenset({2}),
    )
    return Section(
        name="provenance",
        title="Where this comes from",
        words=(certified(plan.totals),) if "any_order_gap" in plan.totals else (),
        parts=(Part(table=about), Part(table=files)),
    )

"""The certificate of a plan in words, the same for terminal and workbook."""

from __future__ import annotations

from collections.abc import Mapping

from planner.words import counted

Figures = Mapping[str, float | int | str]


def certified(totals: Figures) -> str:
    """Return how far the plan may be from the best, and what `exact` came to."""
    bound = (
        f"Certificate: of what any choice of single leads could be worth over the horizon, "
        f"under the same limits and credit rows, the program misses at most "
        f"{_percent(totals['gap'])} ({_percent(totals['any_order_gap'])} whoever of a "
        "company comes first)"
    )
    whole = "--exact says what whole sends cost on top"
    if "written_gap" in totals:
        whole = (
            "the week as written in whole sends, with the program's best weeks after it, "
            f"at most {_percent(totals['written_gap'])}"
        )
    sentences = [f"{bound}; {whole}."]
    if "exact" in totals:
        sentences.append(exact(totals))
    return " ".join(sentences)


def exact(totals: Figures) -> str:
    """Return what the search for a smaller gap came to: target, passes, why it ended."""
    passes = int(totals["exact_passes_used"])
    solves = counted(passes, "further solve")
    return f"Exact to {_percent(totals['target_gap'])}: {totals['exact']} ({solves})."


def _percent(share: float | int | str) -> str:
    """Return a share in percent, to two digits of a small one."""
    value = 100 * float(share)
    return f"{value:.2f}%" if value >= 0.1 or value == 0 else f"{value:.2g}%"

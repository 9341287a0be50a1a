"""How a number is said with its noun: the same on terminal, page and workbook."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 week``, ``2,000 weeks``; `many` if irregular."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"

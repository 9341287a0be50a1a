"""A PuLP problem that is looked through once instead of for each question.

PuLP collects its variables from all rows anew whenever it is asked for them, and formats
each number of its file for the solver apart. Over half a million terms that takes longer
than the solver. What is written here is the same, byte for byte (a test compares them).
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pulp


class Problem(pulp.LpProblem):
    """A linear program of continuous columns that are at least 0, to be minimised."""

    _known: tuple[tuple[int, int], list[Any], dict[str, Any]] | None = None

    def variables(self) -> list[Any]:
        """Return the columns in use, ordered by name."""
        return self._looked_through()[0]

    def variablesDict(self) -> dict[str, Any]:
        """Return the columns in use by name."""
        return self._looked_through()[1]

    def _looked_through(self) -> tuple[list[Any], dict[str, Any]]:
        state = (len(self.constraints), id(self.objective))
        if self._known is None or self._known[0] != state:
            columns = list(super().variables())
            self._known = (state, columns, {v.name: v for v in columns})
        return self._known[1], self._known[2]

    def writeMPS(self, filename: str, *_: Any, **__: Any) -> tuple[Any, ...]:
        """Write the file that CBC reads, with ordinals for names; return what they mean.

        As PuLP's own with ``rename=1``: columns ``X0000000`` ... ordered by name, rows
        ``C0000000`` ... in the order in which they were added, objective ``OBJ``.
        """
        columns = self.variables()
        rows = self.constraints
        row_names = [f"C{number:07d}" for number in range(len(rows))]
        names = [f"X{number:07d}" for number in range(len(columns))]
        signs = pulp.const.LpConstraintTypeToMps
        text = [
            "*SENSE:Minimize\nNAME          MODEL\nROWS\n N  OBJ\n",
            *(
                f" {signs[row.sense]}  {name}\n"
                for name, row in zip(row_names, rows.values(), strict=True)
            ),
            "COLUMNS\n",
            *self._entries(names, [*row_names, "OBJ     "]),
            "RHS\n",
            *(
                f"    RHS       {name}  {-row.constant if row.constant != 0 else 0: .12e}\n"
                for name, row in zip(row_names, rows.values(), strict=True)
            ),
            "BOUNDS\n",
            *(
                f" {'UP' if v.upBound else 'FX'} BND       {name}  {v.upBound: .12e}\n"
                for name, v in zip(names, columns, strict=True)
                if v.upBound is not None
            ),
            "ENDATA\n",
        ]
        Path(filename).write_text("".join(text), encoding="ascii")
        named = {v.name: name for v, name in zip(columns, names, strict=True)}
        return columns, named, dict(zip(rows, row_names, strict=True)), "OBJ"

    def _entries(self, names: list[str], row_names: list[str]) -> list[str]:
        """Return a line per term, column by column, the objective's term last."""
        expressions = [*(row.expr for row in self.constraints.values()), self.objective]
        place = {id(v): number for number, v in enumerate(self.variables())}
        column = np.array(
            [place[id(v)] for terms in expressions for v in terms], dtype=np.int64
        )
        values = np.array(
            list(chain.from_iterable(terms.values() for terms in expressions)), dtype=float
        )
        row = np.repeat(np.arange(len(expressions)), [len(terms) for terms in expressions])
        order = np.argsort(column, kind="stable")
        # By their bits: a negative zero is written as one.
        bits, kind = np.unique(values[order].view(np.int64), return_inverse=True)
        numbers = [f"{number: .12e}\n" for number in bits.view(np.float64).tolist()]
        return [
            f"    {names[c]}  {row_names[r]}  {numbers[k]}"
            for c, r, k in zip(
                column[order].tolist(), row[order].tolist(), kind.tolist(), strict=True
            )
        ]

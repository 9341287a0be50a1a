"""The promise on credits is said in the same words wherever it is said."""

from __future__ import annotations

import pytest

from leads_factory import make_leads, plan_for
from model_factory import make_seat
from plan_factory import make_plan
from planner.cli.plan import summary
from planner.output import promise


@pytest.mark.parametrize(
    ("joint", "said", "scope"),
    [
        (False, "each seat runs out before its reset with 5%", "each seat and reset"),
        (True, "any seat at all runs out before its reset with 5%", "all seats together"),
    ],
)
def test_alpha_is_for_each_seat_or_for_all(joint: bool, said: str, scope: str) -> None:
    """With `joint`, alpha holds over all seats: the sentence and the scope say so."""
    plan = make_plan(40, 2, parameters={"joint": joint})
    assert promise.promised(plan, "5%") == said
    assert promise.scope(plan) == scope
    assert promise.not_promised(plan) == ""


def test_what_a_seat_is_called_matters_only_where_each_has_the_promise() -> None:
    """A sentence about a seat may say "it"; one about all seats may not."""
    each, joint = (make_plan(40, 2, parameters={"joint": own}) for own in (False, True))
    assert promise.promised(each, "5%", seat="it").startswith("it runs out")
    assert promise.promised(joint, "5%", seat="it").startswith("any seat at all runs out")


@pytest.mark.parametrize("joint", [False, True])
def test_the_terminal_says_it(joint: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """The last lines of a plan have the promise, with alpha as it was given."""
    plan = plan_for(make_leads(3), [make_seat()], joint=joint, alpha=0.02)
    summary(plan)
    words = promise.promised(plan, "probability at most 0.02")
    assert f"Guarantee: {words}; the highest is" in capsys.readouterr().out


def test_what_is_only_reported_is_not_promised(capsys: pytest.CaptureFixture[str]) -> None:
    """A switched-off part takes the place of the promise, as the start of a sentence."""
    plan = plan_for(make_leads(3), [make_seat()], report_only="reserve")
    assert promise.not_promised(plan) == "Not promised: report-only reserve"
    summary(plan)
    out = capsys.readouterr().out
    assert "Guarantee:" not in out
    assert "Not promised: report-only reserve; the highest probability" in out

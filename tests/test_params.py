"""Parameters: ranges, messages and the round trip of what was changed."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.errors import ExitCode, ParameterError
from planner.params import Parameters, Spec, specs

ALL = {spec.name: spec for spec in specs()}
RANGED = [spec for spec in specs() if spec.low is not None]
WHOLE = [spec for spec in RANGED if type(spec.default) is int]
SWITCHES = [spec for spec in specs() if isinstance(spec.default, bool)]


def _id(spec: Spec) -> str:
    return spec.name


@pytest.mark.parametrize("spec", specs(), ids=_id)
def test_default_is_its_own_value(spec: Spec) -> None:
    """A default passes its own check unchanged, in its own type."""
    checked = spec.check(spec.default)
    assert checked == spec.default
    assert type(checked) is type(spec.default)


@pytest.mark.parametrize("spec", specs(), ids=_id)
def test_spec_is_complete(spec: Spec) -> None:
    """Each parameter says its group, meaning, source and, if a number, its range."""
    assert spec.group
    assert spec.description.endswith(".")
    assert spec.source
    if isinstance(spec.default, int | float) and not isinstance(spec.default, bool):
        assert spec.low is not None
        assert spec.high is not None
        assert spec.low <= spec.default <= spec.high


def test_specs_follow_the_fields() -> None:
    """Specs come in declaration order, one per field, under the field's name."""
    assert [spec.name for spec in specs()] == [item.name for item in fields(Parameters)]


@pytest.mark.parametrize("spec", RANGED, ids=_id)
def test_range_is_closed(spec: Spec) -> None:
    """Both ends of the range are accepted."""
    assert spec.check(spec.low) == spec.low
    assert spec.check(spec.high) == spec.high


@pytest.mark.parametrize("spec", RANGED, ids=_id)
def test_outside_the_range_is_refused_with_the_range(spec: Spec) -> None:
    """A value beyond an end is refused; the message names parameter, range and value."""
    assert spec.low is not None
    assert spec.high is not None
    for value in (spec.low - 1, spec.high + 1):
        with pytest.raises(ParameterError) as caught:
            spec.check(value)
        message = str(caught.value)
        assert message.startswith(f"parameter {spec.name}: expected {spec.range_text}")
        assert message.endswith(f"got {str(value)!r}")


def test_message_in_full() -> None:
    """The message reads as one sentence with the unit."""
    with pytest.raises(ParameterError) as caught:
        Parameters().override({"alpha": 0.9})
    assert str(caught.value) == (
        "parameter alpha: expected 0.001 to 0.5 probability, got '0.9'"
    )
    assert caught.value.exit_code is ExitCode.INPUT


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "", "ten", "1e999"])
@pytest.mark.parametrize("name", ["alpha", "reserve"])
def test_what_is_no_number_is_refused(name: str, text: str) -> None:
    """NaN, infinities and words are no numbers, neither whole nor fractional."""
    with pytest.raises(ParameterError, match=f"parameter {name}: expected"):
        ALL[name].check(text)


@pytest.mark.parametrize("spec", WHOLE, ids=_id)
def test_whole_numbers_stay_whole(spec: Spec) -> None:
    """A fraction is refused where a whole number is meant; ``5.0`` is 5."""
    assert spec.check(f" {float(spec.default)} ") == spec.default
    with pytest.raises(ParameterError):
        spec.check(float(spec.default) + 0.5)


@pytest.mark.parametrize("spec", SWITCHES, ids=_id)
def test_switches_take_words(spec: Spec) -> None:
    """A switch takes true, yes, 1 and their opposites in any case; nothing else."""
    assert [spec.check(text) for text in ("TRUE", "yes", "1", True)] == [True] * 4
    assert [spec.check(text) for text in ("False", "no", "0", False)] == [False] * 4
    with pytest.raises(ParameterError, match=r"expected true \| false, got 'maybe'"):
        spec.check("maybe")


def test_choices_are_named() -> None:
    """A value that is no choice is refused with the choices."""
    assert Parameters().override({"solver": "highs"}).solver == "highs"
    with pytest.raises(ParameterError, match=r"expected cbc \| highs, got 'gurobi'"):
        Parameters().override({"solver": "gurobi"})


def test_unknown_name_suggests_the_nearest() -> None:
    """A misspelt name is refused; the nearest parameter is proposed."""
    with pytest.raises(ParameterError, match=r"did you mean monthly_grant\?"):
        Parameters().override({"montly_grant": 50})
    with pytest.raises(ParameterError) as caught:
        Parameters().override({"xyzzy": 50})
    assert str(caught.value) == ("unknown parameter 'xyzzy' (planner params lists all)")


def test_all_faults_at_once() -> None:
    """Every fault of an override is in the one message."""
    with pytest.raises(ParameterError) as caught:
        Parameters().override({"alpha": 2, "xyzzy": 1, "reserve": "much"})
    message = str(caught.value)
    assert [part.split(":")[0] for part in message.split("; ")] == [
        "parameter alpha",
        "unknown parameter 'xyzzy' (planner params lists all)",
        "parameter reserve",
    ]


@pytest.mark.parametrize(("start", "end"), [(9, 9), (10, 9), (18, None), (None, 8)])
def test_sending_ends_after_it_starts(start: int | None, end: int | None) -> None:
    """The end of sending is checked against the start, whichever of them is changed."""
    values = {"send_hour_start": start, "send_hour_end": end}
    with pytest.raises(ParameterError, match="must be later than send_hour_start"):
        Parameters().override({k: v for k, v in values.items() if v is not None})


def test_refused_override_changes_nothing() -> None:
    """Parameters are frozen; a refused override leaves no trace."""
    parameters = Parameters()
    with pytest.raises(ParameterError):
        parameters.override({"reserve": 7, "alpha": 9})
    assert parameters == Parameters()
    with pytest.raises(FrozenInstanceError):
        parameters.reserve = 7  # type: ignore[misc]


def test_changed_names_what_differs() -> None:
    """`changed` holds what differs from the defaults, `as_dict` everything."""
    parameters = Parameters().override({"reserve": 7, "alpha": 0.05, "joint": True})
    # alpha is given but equal to its default
    assert parameters.changed() == {"reserve": 7, "joint": True}
    assert Parameters().changed() == {}
    assert list(parameters.as_dict()) == list(ALL)


def _values(spec: Spec) -> st.SearchStrategy[Any]:
    if spec.choices:
        return st.sampled_from(spec.choices)
    if isinstance(spec.default, bool):
        return st.booleans()
    if spec.low is None or spec.high is None:
        return st.just(spec.default)
    if isinstance(spec.default, int):
        return st.integers(math.ceil(spec.low), math.floor(spec.high))
    return st.floats(spec.low, spec.high)


@given(st.fixed_dictionaries({}, optional={s.name: _values(s) for s in specs()}))
def test_round_trip(values: dict[str, Any]) -> None:
    """What `changed` and `as_dict` return, also as text, makes the same parameters."""
    if values.get("send_hour_end", 18) <= values.get("send_hour_start", 8):
        values = {k: v for k, v in values.items() if not k.startswith("send_hour")}
    parameters = Parameters().override(values)
    assert Parameters().override(parameters.changed()) == parameters
    assert Parameters().override(parameters.as_dict()) == parameters
    as_text = {name: str(value) for name, value in parameters.as_dict().items()}
    assert Parameters().override(as_text) == parameters

"""``planner params``: every parameter with unit, range, source and value in force."""

from __future__ import annotations

from planner.cli import console, inputs
from planner.cli.plan import Config, Json, Param


def params(
    param: Param = [],
    config: Config = None,
    json: Json = False,
) -> None:
    """List every parameter: value in force, default, unit, range, source.

    Example:

      planner params -p reserve=8
    """
    from planner.params import specs

    console.settings.json = json
    in_force = inputs.parameters(config, param)
    if json:
        console.result_json(
            [
                {
                    "name": spec.name,
                    "value": getattr(in_force, spec.name),
                    "default": spec.default,
                    "unit": spec.unit,
                    "range": spec.range_text,
                    "group": spec.group,
                    "description": spec.description,
                    "source": spec.source,
                }
                for spec in specs()
            ]
        )
        return
    group = ""
    for spec in specs():
        if spec.group != group:
            group = spec.group
            console.result(f"\n[{group}]" if group != specs()[0].group else f"[{group}]")
        value = getattr(in_force, spec.name)
        changed = "" if value == spec.default else f" (default {spec.default})"
        unit = f" {spec.unit}" if spec.unit else ""
        console.result(f"{spec.name} = {value}{unit}{changed}")
        console.result(f"    {spec.description}")
        console.result(f"    range {spec.range_text}; source: {spec.source}")

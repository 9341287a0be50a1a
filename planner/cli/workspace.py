"""What the workspace's planner.toml says: parameters, the ledger, columns by meaning."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from planner.errors import InputError, ParameterError, did_you_mean

CONFIG_NAME = "planner.toml"
#: How findings about files call the table of columns.
MAP = "[map]"
_ENTRIES = ("parameters", "ledger", "map")


def parameter_values(config: Path | None) -> dict[str, object]:
    """Return what ``[parameters]`` sets; planner.toml of this folder if None is named."""
    return _table(config, "parameters", "name = value")


def ledger(config: Path | None) -> str | None:
    """Return the ledger that planner.toml names; None if it names none."""
    named = _document(config).get("ledger")
    if named is not None and not isinstance(named, str):
        raise ParameterError(f"{config or CONFIG_NAME}: ledger must be a file or a URL")
    return named or None


def kept_columns(config: Path | None) -> dict[str, tuple[str, ...]]:
    """Return the columns of ``[map]`` by meaning, best first.

    Raises
    ------
    ParameterError
        If a key is no meaning, or its value neither a column nor a list of columns.
    """
    from planner.intake.columns import MEANINGS, find_meaning

    place = f"{config or CONFIG_NAME}, [map]"
    found: dict[str, tuple[str, ...]] = {}
    for key, value in _table(config, "map", 'meaning = "Column"').items():
        if find_meaning(key) is None:
            known = [name for one in MEANINGS for name in (one.name, *one.short_names)]
            near = did_you_mean(key, known)
            raise ParameterError(
                f"{place}: there is no meaning {key[:40]!r}"
                + (near or f"; there are: {', '.join(one.name for one in MEANINGS)}")
            )
        given = value if isinstance(value, list) else [value]
        headers = tuple(header for header in given if isinstance(header, str))
        if len(headers) < len(given):
            raise ParameterError(
                f"{place} {key}: takes a column or a list of columns, such as "
                f'{key} = "Header"'
            )
        found[key] = headers
    return found


def _table(config: Path | None, name: str, form: str) -> dict[str, object]:
    table = _document(config).get(name, {})
    if not isinstance(table, dict):
        raise ParameterError(f"{config or CONFIG_NAME}: [{name}] must be a table of {form}")
    return dict(table)


def _document(config: Path | None) -> Mapping[str, object]:
    path = config or Path(CONFIG_NAME)
    return _read(path) if config is not None or path.exists() else {}


def _read(path: Path) -> Mapping[str, object]:
    import tomllib

    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a TOML file: {error}") from error
    for name in document:
        if name not in _ENTRIES:
            near = did_you_mean(name, _ENTRIES)
            raise ParameterError(f"{path}: unknown entry {name[:40]!r}{near}")
    return document

"""The page as one file: everything in it, nothing fetched, the same run the same bytes.

The text of a list passes through the template's escaping; what the charts draw from is
JSON in which no character can end the script that holds it. Scripts run only if their
hash is the one named at the top of the page, so nothing else in it can ever run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape

from planner import __version__
from planner.report.blocks import COMMAND, END, Page

#: Charting libraries as their makers publish them, with their licences: see vendor/.
LIBRARIES = ("d3", "plot")

#: Scripts of the page itself, in the order in which they build on each other.
SCRIPTS = ("shared.js", "runway.js", "bars.js", "page.js")

_CODE = re.compile(f"{COMMAND}([^{COMMAND}{END}]+){END}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Script:
    """A script of the page; ``digest`` is what the page's policy knows it by."""

    text: Markup
    digest: str
    licence: Markup


def render(page: Page) -> str:
    """Return the page as HTML."""
    scripts = [_library(name) for name in LIBRARIES]
    scripts += [_script(_text(name).strip()) for name in SCRIPTS]
    html: str = _template().render(
        page=page,
        version=__version__,
        style=Markup(_text("page.css").strip()),
        data=Markup(_json(page)),
        scripts=scripts,
    )
    return html + "\n"


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.filters["code"] = _as_code
    return environment.from_string(_text("template.html"))


def _as_code(text: str) -> Markup:
    """Return escaped text, its commands set as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def write(page: Page, path: Path) -> None:
    """Write the page to a file."""
    path.write_bytes(render(page).encode())


def _json(page: Page) -> str:
    """Return the charts' data; nothing in it can end the element around it."""
    charts = {
        chart.name: {"kind": chart.kind, "title": chart.title, "data": chart.data}
        for chart in page.charts
    }
    text = json.dumps(charts, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _library(name: str) -> _Script:
    licence = _text(f"vendor/{name}.LICENSE").strip()
    return _script(_text(f"vendor/{name}.min.js").rstrip("\n"), licence)


def _script(text: str, licence: str = "") -> _Script:
    if "</script" in text.lower() or "<!--" in text:
        raise ValueError("a script of the page would end too early")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return _Script(text=Markup(text), digest=f"sha256-{digest}", licence=Markup(licence))


@cache
def _text(name: str) -> str:
    return resources.files("planner.report").joinpath(name).read_text("utf-8")

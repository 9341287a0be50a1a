"""What the cells of a column hold, judged from a sample of them."""

from __future__ import annotations

import re
from collections import Counter
from enum import StrEnum

import numpy as np
import pandas as pd

from planner.intake.values import UNKNOWN

#: Cells that are looked at; more would not change the verdict.
SAMPLE_CELLS = 2_000
#: Share of the sample that must agree.
_AGREEMENT = 0.6
_STRIDE_ROWS = 20_000


class Content(StrEnum):
    """Kinds of cell that tell by themselves what they are."""

    BLANK = "blank"
    PUBLIC_URL = "public_url"
    HASH_URL = "hash_url"
    SALES_URL = "sales_url"
    COMPANY_URL = "company_url"
    OTHER_URL = "other_url"
    SALES_ID = "sales_id"
    PROFILE_ID = "profile_id"
    MEMBER_URN = "member_urn"
    COMPANY_URN = "company_urn"
    UUID = "uuid"
    EMAIL = "email"
    DEGREE = "degree"
    NUMBER = "number"
    FLAG = "flag"
    OTHER = "other"


#: URLs of a person, best first.
PERSON_URLS = (Content.PUBLIC_URL, Content.HASH_URL, Content.SALES_URL)

_HOST = r"(?:https?://)?(?:[\w-]{2,6}\.)?linkedin\.com/+(?:mwlite/)?"
_HASH = r"A[CE][a-zA-Z]AA[\w-]{8,}"
_DEGREE = (
    r"[1-3](?:st|nd|rd|er|re|e|\.)?\+?(?:\s+degree.*)?|distance_[1-3]|"
    r"(?:first|second|third)_degree|out_of_network|self"
)
#: Tried in order; the first that matches the start of a cell names it.
_PATTERNS: tuple[tuple[Content, str], ...] = (
    (Content.HASH_URL, rf"(?:{_HOST}|/)(?:in|profile)/{_HASH}"),
    (Content.HASH_URL, rf"(?:{_HOST}|/)talent/profile/{_HASH}"),
    (Content.PUBLIC_URL, rf"(?:{_HOST}|/)(?:in|pub)/\S"),
    (Content.SALES_URL, rf"(?:{_HOST}|/)sales/(?:lead|people|profile)/\S"),
    (
        Content.COMPANY_URL,
        rf"{_HOST}(?:company|school|showcase|organization|sales/(?:company|accounts?))/",
    ),
    (Content.SALES_ID, r"AC[wr]AA[\w-]{8,}(?:,\S*)?$"),
    (Content.PROFILE_ID, rf"{_HASH}$"),
    (Content.SALES_ID, r"urn:li:fs_salesProfile:"),
    (
        Content.PROFILE_ID,
        rf"urn:li:fsd?_(?:mini)?profile:|urn:li:person:|urn:li:\w+:{_HASH}",
    ),
    (Content.MEMBER_URN, r"urn:li:(?:member|fs_member)\w*:\d+$"),
    (Content.COMPANY_URN, r"urn:li:\w*(?:company|organization)\w*:"),
    (Content.UUID, r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$"),
    (Content.EMAIL, r"(?:mailto:)?[^\s@,;<>]+@[^\s@,;<>]+\.[a-z]{2,}\b"),
    (Content.OTHER_URL, r"(?:https?://|www\.)\S+"),
    (Content.DEGREE, rf"\W*(?:{_DEGREE})\W*$"),
    (Content.NUMBER, r"-?\d+(?:[.,]\d+)?$"),
    (Content.FLAG, r"(?:true|false|yes|no|y|n|oui|non|ja|nein|si|x)$"),
)
_REGEXES = tuple((kind, re.compile(text, re.IGNORECASE)) for kind, text in _PATTERNS)
_DEGREE_LIKE = (Content.DEGREE, Content.NUMBER)


def of_cell(cell: str) -> Content:
    """Return what one cell holds."""
    for kind, regex in _REGEXES:
        if regex.match(cell):
            return kind
    return Content.OTHER if cell else Content.BLANK


def of_column(values: pd.Series) -> Content:
    """Return what most cells of a column hold; `OTHER` if they disagree."""
    cells = sample(values)
    if not cells:
        return Content.BLANK
    counts = Counter(of_cell(cell) for cell in cells)
    kind, number = counts.most_common(1)[0]
    people = [counts[url] for url in PERSON_URLS]
    if sum(people) >= _AGREEMENT * len(cells):
        # A mixed column of people: named after its most frequent form.
        return PERSON_URLS[int(np.argmax(people))]
    if number >= _AGREEMENT * len(cells):
        return kind
    return Content.OTHER


def share(values: pd.Series, kinds: tuple[Content, ...]) -> float:
    """Return the share of non-blank cells (sampled) that are of one of `kinds`."""
    cells = sample(values)
    return sum(of_cell(cell) in kinds for cell in cells) / len(cells) if cells else 0.0


def share_of(values: pd.Series, texts: frozenset[str]) -> float:
    """Return the share of non-blank cells (sampled) that are one of `texts`."""
    cells = sample(values)
    return sum(cell.casefold() in texts for cell in cells) / len(cells) if cells else 0.0


def is_mostly_distinct(values: pd.Series) -> bool:
    """Whether cells rarely repeat, as e-mails of leads do and those of owners do not."""
    cells = sample(values)
    return len(set(cells)) > 0.5 * len(cells)


def sample(values: pd.Series) -> list[str]:
    """Return the cells that are looked at: filled, and no word for *not known*."""
    cells = values.to_numpy(dtype=object)
    step = max(1, len(cells) // _STRIDE_ROWS)
    found = [cell for cell in cells[::step] if cell and cell.casefold() not in UNKNOWN]
    if len(found) < 20 and step > 1:
        found = [cell for cell in cells if cell and cell.casefold() not in UNKNOWN]
    if len(found) > SAMPLE_CELLS:
        found = found[:: len(found) // SAMPLE_CELLS][:SAMPLE_CELLS]
    return found

"""What the rows of a file tell of people: status words, yes/no and date columns, steps.

Columns add up: a row may be sent by one, accepted by the next and replied by a third.
What excludes each other (sent, failed, skipped) keeps the row out, unless one of them is
only the date of an attempt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.domain import Route
from planner.intake import outcome_words
from planner.intake.aliases import normalise
from planner.intake.cells import Cells, Mask, blank, filled
from planner.intake.outcome_columns import KIND_OF
from planner.intake.outcome_file import IN_FUTURE, OutcomeFile, first
from planner.intake.outcome_words import KINDS, Said, Steps

#: Headers that only a table of tasks has.
_TASK_HEADERS = frozenset(("executedat", "flowuuid", "flowleaduuid"))
_NOT_SENT = (str(Route.HOLD), str(Route.EXCLUDED))
_NO_ERROR = frozenset(
    (
        "",
        "none",
        "no",
        "ok",
        "0",
        "null",
        "false",
        "no error",
        "success",
        "n a",
        "na",
        "nan",
    )
)


@dataclass(slots=True, kw_only=True, eq=False)
class Told:
    """What the rows say: outcomes by kind, their own dates, and routes by the way.

    ``dated`` are sends told by a date alone, which may be that of a failed attempt;
    ``has_status`` are rows whose status is understood; ``error`` is why a row failed.
    """

    said: dict[Said, Mask]
    on: dict[Said, Cells]
    route: dict[Said, Cells]
    dated: Mask
    has_status: Mask
    error: Cells

    @property
    def any(self) -> Mask:
        """Rows that tell anything."""
        return np.logical_or.reduce(list(self.said.values()))  # type: ignore[no-any-return]

    def add(self, said: np.ndarray) -> None:
        """Add what the cells of one column say."""
        for word in KINDS:
            self.said[word] = self.said[word] | (said == word)

    def move(self, rows: Mask, source: Said, target: Said) -> None:
        """Make outcomes of one kind another, and let them keep their dates."""
        self.said[source] = self.said[source] & ~rows
        self.said[target] = self.said[target] | rows
        own = self.on[target]
        self.on[target] = np.where(rows & ~filled(own), self.on[source], own).astype(object)


def tell(file: OutcomeFile, steps: Steps) -> Told:
    """Return what the rows say, as the file has it or as the user says of all of it."""
    told = Told(
        said={word: file.none() for word in KINDS},
        on={word: blank(file.num_rows) for word in KINDS},
        route={word: blank(file.num_rows) for word in KINDS},
        dated=file.none(),
        has_status=file.none(),
        error=outcome_words.each_text(file.text("error_text"), error),
    )
    if file.what is None:
        _add_statuses(file, told, steps)
        for meaning, word in KIND_OF.items():
            for header in file.headers(meaning):
                _add_column(file, told, word, header)
        _add_code(file, told)
        _add_weak(file, told, steps)
        _settle_steps(told, steps)
        _settle_sends(file, told)
    else:
        _add_given(file, told)
    is_other = steps.kind == Said.NOTHING
    for word in KINDS:
        told.said[word] = told.said[word] & ~is_other
    return told


def error(text: str) -> str:
    """Return the text of an error, blank if it says that there was none."""
    is_dashes = set(text) <= set("-\u2013\u2014 ")
    return "" if is_dashes or outcome_words.words(text) in _NO_ERROR else text


def _add_given(file: OutcomeFile, told: Told) -> None:
    """Take the user's word for every row; only dates and reasons come from the file."""
    word = next((word for word, kind in KINDS.items() if kind is file.what), None)
    if word is None:
        return
    for meaning, kind in KIND_OF.items():
        for header in file.headers(meaning) if kind is word else ():
            _add_column(file, told, word, header)
    for other in KINDS:
        told.said[other] = file.none()
    told.said[word] = ~np.isin(file.planned_routes(), _NOT_SENT)
    for header in file.headers("status") if word is Said.FAILED else ():
        _add_reason(told, file.column(header))


def _add_statuses(file: OutcomeFile, told: Told, steps: Steps) -> None:
    for header in file.headers("status"):
        found = file.column(header)
        said = outcome_words.each(found, outcome_words.status)
        said = _by_context(file, said, steps)
        told.has_status = told.has_status | (filled(found) & (said != Said.UNKNOWN))
        told.add(said)
        hints = outcome_words.each_text(found, outcome_words.hinted_route)
        for word in KINDS:
            told.route[word] = first(told.route[word], np.where(said == word, hints, ""))
        _add_reason(told, found)


def _add_reason(told: Told, statuses: Cells) -> None:
    """Keep a status that says why, such as *out of credits*, as the text of the error."""
    reasons = outcome_words.each_text(statuses, outcome_words.reason)
    told.error = first(told.error, reasons)


def _by_context(file: OutcomeFile, said: np.ndarray, steps: Steps) -> np.ndarray:
    """Return statuses with the words resolved that depend on the kind of file.

    A closed task is done. A pending invitation was sent; a pending task was not.
    """
    keys = set(map(normalise, map(str, file.table.frame.columns)))
    is_tasks = bool(file.headers("error_code") or keys & _TASK_HEADERS)
    request = str(Route.CONNECTION_REQUEST)
    is_request = (steps.route == request) | (file.planned_routes() == request)
    closed = Said.SENT if is_tasks or file.headers("step") else Said.UNKNOWN
    waits = Said.NOTHING if is_tasks else Said.UNKNOWN
    pending = np.where(is_request, Said.NOTHING if is_tasks else Said.SENT, waits)
    said = np.where(said == Said.CLOSED, closed, said)
    return np.where(said == Said.PENDING, pending, said)


def _add_column(file: OutcomeFile, told: Told, word: Said, header: str) -> None:
    """Add a column that names an outcome by its header: yes, a date, or a word."""
    found = file.column(header)
    when = file.moments(header)
    is_date = filled(when.texts)
    file.refuse(when.late & is_date, "date-in-future", IN_FUTURE, header)
    file.warn_zones(when, is_date, header)
    said = outcome_words.each(found, lambda text: outcome_words.below(word, text))
    said = np.where(is_date, word, said)
    file.refuse(
        np.isin(said, (Said.UNKNOWN, Said.REFUSED, Said.CLOSED)),
        "unreadable-outcome",
        "the cell is neither yes nor no nor a date: write one of them, or nothing",
        header,
    )
    if word is Said.SENT:
        is_plain = (said == word) & ~is_date
        told.dated = (told.dated | (is_date & ~told.said[word])) & ~is_plain
    told.add(said)
    told.on[word] = first(told.on[word], np.where(is_date, when.texts, ""))
    hint = outcome_words.hinted_route(header)
    told.route[word] = first(told.route[word], np.where(said == word, hint, ""))


def _add_code(file: OutcomeFile, told: Told) -> None:
    """Count a task that failed because the lead had replied as skipped, not as failed."""
    code = file.text("error_code")
    replied = outcome_words.each(code, lambda text: outcome_words.words(text) == "replied")
    is_replied = replied == 1
    told.move(told.said[Said.FAILED] & is_replied, Said.FAILED, Said.SKIPPED)
    told.said[Said.REPLIED] = told.said[Said.REPLIED] | is_replied


def _add_weak(file: OutcomeFile, told: Told, steps: Steps) -> None:
    """Add events, texts of errors, pipeline stages and tags, where nothing else speaks.

    Of a status that is not understood, say so; the text of an error beside it counts.
    """
    event = steps.is_event & ~told.has_status
    told.add(np.where(event, steps.kind, Said.NOTHING))
    silent = ~told.has_status & (~told.any | told.dated)
    told.said[Said.FAILED] = told.said[Said.FAILED] | (silent & filled(told.error))
    for header in (*file.headers("stage"), *file.headers("tags")):
        told.add(outcome_words.each(file.column(header), outcome_words.tags))
    for header in file.headers("status"):
        said = outcome_words.each(file.column(header), outcome_words.status)
        said = np.where(
            told.any | told.has_status, Said.NOTHING, _by_context(file, said, steps)
        )
        file.warn(
            said == Said.UNKNOWN,
            "unknown-status",
            "the status is not understood, so nothing was recorded; write sent, failed, "
            "replied, accepted, skipped or todo",
            header,
        )
    for header in file.headers("status"):
        said = outcome_words.each(file.column(header), outcome_words.status)
        file.warn(
            (said == Said.REFUSED) & ~told.any,
            "wants-no-contact",
            "the status says that the person wants no contact: that is no outcome; put "
            "the row on the exclusion list of the next plan",
            header,
        )


def _settle_steps(told: Told, steps: Steps) -> None:
    """Count a finished trigger as what it waited for; one that waits is nothing."""
    for word in (Said.REPLIED, Said.ACCEPTED):
        is_trigger = steps.kind == word
        told.move(told.said[Said.SENT] & is_trigger, Said.SENT, word)
        for other in (Said.FAILED, Said.SKIPPED):
            told.said[other] = told.said[other] & ~is_trigger


def _settle_sends(file: OutcomeFile, told: Told) -> None:
    """Keep out rows of which only one of sent, failed and skipped can be true."""
    # The date below *Sent at* of a failed send is that of the attempt.
    attempt = told.said[Said.SENT] & told.said[Said.FAILED] & told.dated
    told.move(attempt, Said.SENT, Said.FAILED)
    sent, failed, skipped = (
        told.said[word] for word in (Said.SENT, Said.FAILED, Said.SKIPPED)
    )
    file.refuse(
        ((sent & failed) | (sent & skipped) | (failed & skipped)) & ~file.kept_out,
        "conflicting-outcomes",
        "the row says more than one of sent, failed and skipped; leave the one that is "
        "true",
    )

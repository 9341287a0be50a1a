"""Level of a position: from a seniority column, else from the words of a title."""

from __future__ import annotations

import numpy as np
import pandas as pd

from planner.intake.cells import BLOCK, Cells, blank, filled, fold, on_uniques

#: Levels from the highest; the first that a text mentions counts.
LEVELS = ("entry", "c-level", "vp", "director", "manager", "senior", "other")

# Phrases are closed up into one word first, so that each word can be looked up alone.
# Entry comes first in `LEVELS`: an intern of the CEO is an intern. Words of entry that
# also stand in higher titles ("entry level manager") are settled by `_PHRASES`.
_PHRASES = (
    ("c level", "chief"), ("c suite", "chief"), ("managing director", "chief"),
    ("managing partner", "chief"), ("founding partner", "chief"),
    ("general partner", "chief"), ("general manager", "director"),
    ("directeur general", "chief"), ("board member", "chief"),
    ("direttore generale", "chief"), ("director general", "chief"),
    ("owner partner", "chief"), ("vice president", "vp"), ("vice presidente", "vp"),
    ("vizeprasident", "vp"), ("vp level", "vp"), ("head of", "director"),
    ("responsable de", "manager"), ("product owner", "other"),
    ("process owner", "other"), ("account owner", "other"), ("non manager", "other"),
    ("entry level manager", "manager"), ("entry level", "intern"),
    ("lead generation", "other"), ("lead gen", "other"),
    ("assistant to", "assistantto"), ("executive assistant", "assistantto"),
    ("personal assistant", "assistantto"), ("chief of staff", "director"),
    ("in training", "trainee"), ("co founder", "founder"), ("team lead", "manager"),
    ("teamleiter", "manager"), ("teamleitung", "manager"), ("former", "other"),
)  # fmt: skip
_WORDS: dict[str, tuple[str, ...]] = {
    "entry": (
        "intern", "internship", "junior", "jr", "trainee", "apprentice", "werkstudent",
        "werkstudentin", "praktikant", "praktikantin", "stagiaire", "graduate",
        "student", "assistantto", "becario", "estagiario", "tirocinante", "azubi",
        "entry",
    ),
    "c-level": (
        "ceo", "cto", "cfo", "coo", "cmo", "cio", "ciso", "chro", "cpo", "cro", "cdo",
        "cso", "cco", "cxo", "chief", "founder", "cofounder", "owner", "president",
        "prasident", "geschaftsfuhrer", "geschaftsfuhrerin", "geschaftsfuhrung",
        "vorstand", "inhaber", "inhaberin", "grunder", "grunderin", "pdg", "fondateur",
        "fondatrice", "fondatore", "fundador", "fundadora", "oprichter", "eigenaar",
        "presidente", "proprietario", "amministratore", "dg", "chairman", "chairwoman",
        "chairperson", "partner",
    ),
    "vp": ("vp", "svp", "evp", "avp", "gvp", "rvp"),
    "director": (
        "director", "head", "leiter", "leiterin", "bereichsleiter", "abteilungsleiter",
        "directeur", "directrice", "direktor", "direktorin", "direttore", "direttrice",
        "diretor", "diretora", "directora", "direktør", "direktor", "hoofd", "dyrektor",
    ),
    "manager": (
        "manager", "managers", "managerin", "mgr", "lead", "supervisor", "superviseur",
        "responsable", "responsabile", "gerente", "jefe", "encargado", "coordinador",
        "kierownik", "chef", "teamleiterin", "manageress", "leader",
    ),
    "senior": (
        "senior", "sr", "snr", "principal", "staff", "strategic", "expert", "fellow",
    ),
}  # fmt: skip
_OTHER = len(LEVELS) - 1
_LEVEL_OF_WORD = {
    word: LEVELS.index(level) for level, words in _WORDS.items() for word in words
}
#: "HR business partner", "partner manager": a partner of a firm stands alone.
_PARTNER_BESIDE = (
    "business partner",
    "partner manager",
    "channel partner",
    "partner success",
)


def seniority(given: Cells | None, titles: Cells | None, num_rows: int) -> Cells:
    """Return a level of `LEVELS` per row; blank where neither column says anything."""
    result = blank(num_rows)
    for cells in (given, titles):
        if cells is None:
            continue
        at = np.flatnonzero(~filled(result) & filled(cells))
        result[at] = on_uniques(cells[at], levels)
    return result


def levels(texts: Cells) -> Cells:
    """Return the level that each text mentions, ``other`` if none."""
    names = np.array(LEVELS, dtype=object)
    result = np.empty(len(texts), dtype=object)
    for start in range(0, len(texts), BLOCK):
        block = fold(texts[start : start + BLOCK])
        result[start : start + len(block)] = names[_levels(block)]
    return result


def _levels(folded: Cells) -> np.ndarray:
    """Look every word of every line up at once."""
    whole = " \n ".join(folded).translate(_TO_BLANK)
    whole = " " + " ".join(whole.split(" ")) + " "
    for phrase in _PARTNER_BESIDE:
        whole = whole.replace(f" {phrase} ", " other ")
    for phrase, word in _PHRASES:
        whole = whole.replace(f" {phrase} ", f" {word} ")
    words = np.array(whole.split(" "), dtype=object)
    codes, uniques = pd.factorize(words)
    level = np.array([_LEVEL_OF_WORD.get(word, _OTHER) for word in uniques], dtype=np.int64)
    line = np.cumsum(words == "\n")
    result = np.full(len(folded), _OTHER, dtype=np.int64)
    np.minimum.at(result, line, level[codes])
    return result


_TO_BLANK = str.maketrans(
    dict.fromkeys(
        "-\u2013\u2014/\\,.;:|&+()[]{}'\u2019\"\u201c\u201d*\u2022\u00b7@#_!?~\t\r", " "
    )
)

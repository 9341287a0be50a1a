"""One key per employer, so that its people are throttled and kept with one seat."""

from __future__ import annotations

import re
import string

from planner.intake.cells import Cells, by_line, column, filled, fold_text, on_uniques

#: What people write where there is no employer (folded, punctuation as blanks).
NOT_COMPANIES = frozenset({
    "autonomo", "autonoma", "between jobs", "career break", "confidencial",
    "confidential", "confidentiel", "desconocido", "inconnu", "unbekannt",
    "consultant", "consulting", "contractor",
    "en recherche", "en recherche d emploi", "en busca de empleo", "entrepreneur",
    "freelance", "freelance consultant", "freelancer", "freelancing", "freiberuflich",
    "freiberufler", "homemaker", "independant", "independent", "independent consultant",
    "independent contractor", "independent professional", "independiente",
    "indipendente", "investor", "job seeker", "jobless", "libero professionista",
    "libre", "looking", "looking for a job", "looking for new opportunities",
    "looking for opportunities", "me", "multiple", "my own company", "myself", "n a",
    "na", "nan", "nil", "none", "not applicable", "not available", "not employed",
    "null", "open for work", "open to opportunities", "open to work", "opentowork",
    "own business", "own company", "parental leave", "pensionist", "privat", "private",
    "profession liberale", "recherche d emploi", "rentner", "retired", "retiree",
    "retraite", "sabbatical", "seeking new opportunities", "seeking opportunities",
    "self", "self employed", "self employed consultant", "self employment",
    "selfemployed", "selbstandig", "selbststandig", "selbststandige", "sou autonomo",
    "stealth", "stealth ai startup", "stealth company", "stealth mode",
    "stealth mode startup", "stealth start up", "stealth startup", "student",
    "studentin", "tba", "tbd", "undisclosed", "unemployed", "unknown", "various",
    "various companies", "zzp", "zzp er", "no encontrado", "no encontrada", "not found",
    "ninguno", "ninguna", "desconocida", "desconhecido", "nicht bekannt", "non trouve",
    "onbekend", "keine", "aucun", "aucune",
})  # fmt: skip

#: Legal forms, dropped from the end of a name as often as they occur.
LEGAL_FORMS = frozenset({
    "ab", "ag", "aktiengesellschaft", "and", "aps", "as", "asa", "asbl", "ay", "bhd",
    "bv", "bvba", "co", "comm", "company", "corp", "corporation", "cv", "cyf", "doo",
    "dd", "dba", "dmcc", "ead", "eg", "eirl", "eireli", "eood", "esp", "ev", "fzc",
    "fze", "fz", "gbr", "ges", "gesmbh", "ggmbh", "gie", "gmbh", "hf", "incorporated",
    "inc", "ivs", "jsc", "kft", "kg", "kgaa", "kk", "ks", "lda", "limited", "limitada",
    "llc", "llp", "lp", "ltd", "ltda", "mbh", "nv", "nyrt", "oao", "ohg", "ood", "ooo",
    "oy", "oyj", "oue", "ou", "pbc", "pc", "plc", "pllc", "ps", "pte", "pty", "pvt",
    "private", "rl", "rt", "sa", "sab", "saoc", "sal", "sapi", "sarl", "sas", "sasu",
    "sbc", "sc", "sca", "scarl", "sccl", "scop", "scrl", "scs", "sdn", "se", "sia",
    "sl", "slu", "snc", "soparfi", "spa", "spj", "spk", "sro", "srl", "srls", "sp",
    "spz", "spzoo", "tbk", "ua", "uab", "ug", "ulc", "unlimited", "vof", "vzw", "zao",
    "zoo", "zrt",
})  # fmt: skip

#: Mail providers, whose domain says nothing about an employer.
MAIL_PROVIDERS = frozenset({
    "163.com", "aol.com", "bluewin.ch", "free.fr", "gmail.com", "gmx.at", "gmx.ch",
    "gmx.de", "gmx.net", "googlemail.com", "hotmail.co.uk", "hotmail.com", "hotmail.fr",
    "icloud.com", "laposte.net", "libero.it", "linkedin.com", "live.com", "mac.com",
    "mail.com", "mail.ru", "me.com", "msn.com", "orange.fr", "outlook.com",
    "outlook.fr", "pm.me", "proton.me", "protonmail.com", "qq.com", "t-online.de",
    "wanadoo.fr", "web.de", "yahoo.co.uk", "yahoo.com", "yahoo.fr", "yandex.ru",
    "facebook.com", "instagram.com", "linktr.ee",
})  # fmt: skip

#: Characters of a name that count; longer cells are no names, and slow to look at.
MAX_NAME = 200

_ASIAN_FORMS = re.compile(
    "株式会社|有限会社|合同会社|股份有限公司|有限公司|주식회사|(?:\\(|\uff08)(?:株|주)(?:\\)|\uff09)"
)
_TAIL = re.compile(
    r"(?<=\S)[^\S\n]*(?:[|\uff5c\u2022\u00b7].*|[(\[\uff08][^\n]*[)\]\uff09][^\S\n]*)$",
    re.MULTILINE,
)
_OTHER_AND = re.compile(r"[^\S\n](?:und|et|y|e)[^\S\n]+(?=co\b)")
#: Stands for "says that there is no company", which a domain must not overrule.
_NO_COMPANY = "-"
_DANISH = re.compile(r"\ba/s\b")
_CLOSED_UP = ".'\u2019`\u00b4"
_KEPT = frozenset(string.ascii_letters + string.digits + "\n")
_TO_WORDS = str.maketrans({
    **dict.fromkeys(frozenset(map(chr, range(128))) - _KEPT, " "),
    **dict.fromkeys("&+", " and "),
    **dict.fromkeys(_CLOSED_UP, ""),
})  # fmt: skip
_PUNCTUATION = re.compile(r"[^\w\n]")
_DOMAIN = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@\s]*@)?(?:www\d?\.)?((?:[\w-]+\.)+[a-z]{2,})\b.*"
)
_COMPANY_PAGE = re.compile(
    r".*/(?:company|school|showcase|organization)/([^/?#\s]+).*", re.IGNORECASE
)
_COMPANY_URN = re.compile(
    r"urn:li:\w*(?:company|organization)\w*:\(?(\d+).*", re.IGNORECASE
)


def keys(
    names: Cells,
    domains: Cells | None = None,
    pages: Cells | None = None,
) -> Cells:
    """Return a key per company: its name folded, else its domain, else its LinkedIn page.

    Blank where there is no company, also where the name says so ("self-employed").
    """
    result = on_uniques(names, _names)
    for cells, change in ((domains, _domains), (pages, _pages)):
        if cells is None or not (at := ~filled(result)).any():
            continue
        result = result.copy()
        result[at] = on_uniques(cells[at], change)
    result[result == _NO_COMPANY] = ""
    return result


def domains(cells: Cells) -> Cells:
    """Return the domains of websites or e-mails, blank for those of mail providers."""
    return on_uniques(cells, _domains)


def normalise(names: Cells) -> Cells:
    """Fold company names: no case, marks, punctuation, slogan or legal form."""
    return by_line(column([name[:MAX_NAME] for name in names]), _normalise)


def _normalise(text: str) -> str:
    if not text.isascii():
        text = _ASIAN_FORMS.sub(" ", text)
    if any(mark in text for mark in "|\uff5c\u2022\u00b7([\uff08"):
        text = _TAIL.sub("", text)
    text = _DANISH.sub("as", fold_text(text))
    if any(word in text for word in (" und ", " et ", " y ", " e ")):
        text = _OTHER_AND.sub(" and ", text)
    text = text.translate(_TO_WORDS)
    if not text.isascii():
        text = _PUNCTUATION.sub(" ", text)
    return "\n".join([_short(line.split()) for line in text.split("\n")])


def _short(words: list[str]) -> str:
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        words = words[:-1]
    return " ".join(words)


def _names(names: Cells) -> Cells:
    return column([
        _NO_COMPANY if name in NOT_COMPANIES else name for name in normalise(names)
    ])  # fmt: skip


def _domains(cells: Cells) -> Cells:
    def domain(text: str) -> str:
        match = _DOMAIN.fullmatch(text.strip().lower())
        return match[1] if match and match[1] not in MAIL_PROVIDERS else ""

    return column([domain(text) for text in cells])


def _pages(cells: Cells) -> Cells:
    def page(text: str) -> str:
        match = _COMPANY_PAGE.fullmatch(text) or _COMPANY_URN.fullmatch(text)
        name = match[1] if match else text.removesuffix(".0")
        return f"linkedin:{name.lower()}" if match or name.isdigit() else ""

    return column([page(text) for text in cells])

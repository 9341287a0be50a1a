"""Who is who: keys of every row, which rows are one person, and a person's lasting id.

Rows are one person when they share a key, directly or through other rows. E-mail is the
weakest key: it joins rows only where nothing else says that they are two people, and a
shared mailbox (``info@``) is no key at all. ``ACo...`` and ``ACw...`` ids of one person
differ as text, but both are base64 and hold the member id: it is read from them, so that
lists from different tools meet. A handle and an opaque id meet only where one row (or a
chain of rows) holds both.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
import pandas as pd

from planner.intake.cells import Cells, Mask, Rows, blank, column, filled
from planner.intake.reference_columns import parse_column
from planner.intake.references import Form, Kind

#: Meanings of columns that say who a person is, best first, and what they may hold.
FORMS: Mapping[str, Form] = {
    "profile_url": Form.ANY,
    "sales_navigator_url": Form.LINK,
    "sales_navigator_id": Form.LINK,
    "linkedin_id": Form.ANY,
    "public_slug": Form.SLUG,
    "member_id": Form.MEMBER,
    "getsales_uuid": Form.UUID,
    "email": Form.EMAIL,
    "personal_email": Form.EMAIL,
}

#: Mailboxes that several people read.
SHARED_MAILBOXES = frozenset({
    "abuse", "accounting", "accounts", "admin", "administration", "administrator",
    "ask", "billing", "bonjour", "bookings", "booking", "business", "career", "careers",
    "company", "contact", "contactus", "contacto", "contato", "contatti",
    "customercare", "customerservice", "customersupport", "donotreply", "email",
    "enquiries", "enquiry", "events", "feedback", "finance", "general", "hallo",
    "hello", "help", "helpdesk", "hi", "hola", "hr", "info", "informacion",
    "information", "inquiries", "inquiry", "invoice", "invoices", "jobs", "kontakt",
    "legal", "mail", "mailbox", "marketing", "media", "news", "newsletter", "noreply",
    "nospam", "office", "orders", "partners", "postmaster", "post", "pr", "press",
    "privacy", "reception", "recruiting", "recruitment", "sales", "secretary",
    "service", "services", "shop", "studio", "support", "talent", "team", "vertrieb",
    "verkauf", "web", "webmaster", "welcome",
})  # fmt: skip

#: Kinds of key in the order in which they name a person (`lead_ids`).
LEAD_ID_ORDER = ("slug", "member", "hash", "uuid", "email")

_PUBLIC = "https://www.linkedin.com/in/"
_SALES = "https://www.linkedin.com/sales/lead/"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Keys:
    """Identity keys of rows, one column per key space; blank where a row has none.

    ``sales_id`` holds opaque ids of Sales Navigator (``ACw...``) and of unknown kinds,
    ``profile_id`` those of profiles (``ACo...``). ``member`` is also filled from them.
    ``mangled`` marks rows with an id that lost digits or its capitals.
    """

    slug: Cells
    sales_id: Cells
    profile_id: Cells
    member: Cells
    uuid: Cells
    email: Cells
    personal_email: Cells
    mangled: Mask

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.slug)

    @property
    def hash(self) -> Cells:
        """Opaque id: that of Sales Navigator, else that of the profile."""
        return _coalesced(self.sales_id, self.profile_id)

    @property
    def mail(self) -> Cells:
        """Mailbox that is one person's, for rows that have no other key."""
        result = blank(len(self))
        at = np.flatnonzero(~_any_filled(self.strong))
        for cells in (self.personal_email, self.email):
            own = at[is_personal(cells[at])]
            result[own] = cells[own]
        return result

    @property
    def strong(self) -> tuple[Cells, ...]:
        """Every key space but the e-mails."""
        return (self.slug, self.sales_id, self.profile_id, self.member, self.uuid)

    @property
    def known(self) -> Mask:
        """Rows that say who the person is; a shared mailbox does not."""
        known = _any_filled(self.strong)
        for cells in (self.email, self.personal_email):
            open_rows = np.flatnonzero(~known & filled(cells))
            known[open_rows] = is_personal(cells[open_rows])
        return known


def read(columns: Mapping[str, Sequence[Cells]], num_rows: int) -> Keys:
    """Return the keys of the rows of one file.

    Parameters
    ----------
    columns : mapping of str to sequence of arrays
        Meaning (see `FORMS`) to the columns that have it, best first. Where two columns
        give different keys of one kind, the first counts.
    num_rows : int
        Length of every column.
    """
    found = {
        field.name: blank(num_rows) for field in fields(Keys) if field.name != "mangled"
    }
    mangled = np.zeros(num_rows, dtype=np.bool_)
    for meaning, form in FORMS.items():
        for cells in columns.get(meaning, ()):
            kinds, values = parse_column(cells, form)
            for kind in np.unique(kinds[kinds > 0]):
                hit = kinds == kind
                if kind == Kind.MANGLED:
                    mangled |= hit
                else:
                    _put(found, Kind(kind), meaning, hit, values)
    for cells in (found["sales_id"], found["profile_id"]):
        _fill(found["member"], np.ones(num_rows, dtype=np.bool_), member_ids(cells))
    return Keys(**found, mangled=mangled)


def concatenate(parts: Sequence[Keys]) -> Keys:
    """Return the keys of several files as one."""
    names = [field.name for field in fields(Keys)]
    if not parts:
        return read({}, 0)
    return Keys(**{
        name: np.concatenate([getattr(part, name) for part in parts]) for name in names
    })  # fmt: skip


def member_ids(hashes: Cells) -> Cells:
    """Read the numeric member id out of opaque ids; blank where it cannot be read.

    An id is 29 bytes in URL-safe base64 (39 characters): two of type (``00 2a`` profile,
    ``00 2c`` Sales Navigator), six of member id, ``01``, and twenty that only LinkedIn
    understands. Ids of any other shape stay opaque.
    """
    result = blank(len(hashes))
    rows = np.flatnonzero(np.fromiter(map(len, hashes), np.int64, len(hashes)) == 39)
    if not len(rows):
        return result
    heads = base64.urlsafe_b64decode("".join([text[:12] for text in hashes[rows]]))
    data = np.frombuffer(heads, dtype=np.uint8).reshape(len(rows), 9).astype(np.int64)
    numbers = data[:, 2:8] @ (256 ** np.arange(5, -1, -1, dtype=np.int64))
    sound = (data[:, 0] == 0) & (data[:, 8] == 1) & (numbers > 0) & (numbers < 2**40)
    result[rows[sound]] = list(map(str, numbers[sound].tolist()))
    return result


def is_personal(emails: Cells) -> Mask:
    """Return which e-mail addresses are one person's mailbox, as far as one can tell."""

    def personal(email: str) -> bool:
        name, _, domain = email.partition("@")
        plain = name.partition("+")[0].translate(_SEPARATORS)
        return bool(domain) and plain not in SHARED_MAILBOXES

    return np.fromiter(map(personal, emails), np.bool_, len(emails))


def recognisable(keys: Keys) -> Iterator[tuple[str, Cells, Mask]]:
    """Yield each kind of key that people are recognised by: name, cells, which count.

    Both kinds of opaque id are of one kind here, as both e-mails are; a shared mailbox
    is nobody's.
    """
    yield "slug", keys.slug, filled(keys.slug)
    yield "hash", keys.sales_id, filled(keys.sales_id)
    yield "hash", keys.profile_id, filled(keys.profile_id)
    yield "member", keys.member, filled(keys.member)
    yield "uuid", keys.uuid, filled(keys.uuid)
    for mails in (keys.email, keys.personal_email):
        own = filled(mails)
        own[own] = is_personal(mails[own])
        yield "email", mails, own


# --- which rows are one person ----------------------------------------------------


class Persons(NamedTuple):
    """Which rows are one person.

    ``person`` numbers the people from 0 (-1: the row names nobody). ``contested`` are
    rows whose e-mail also stands beside another profile, so that it joins nothing.
    """

    person: Rows
    contested: Rows


def persons(keys: Keys) -> Persons:
    """Join rows that share a key, transitively; e-mails last and only where unopposed."""
    num_rows = len(keys)
    spaces = [(np.flatnonzero(filled(cells)), cells) for cells in keys.strong]
    links = [_links(rows, cells[rows]) for rows, cells in spaces]
    mail_rows, mails = _personal_mails(keys)
    weak = ~_any_filled(keys.strong)[mail_rows]
    links.append(_links(mail_rows[weak], mails[weak]))  # nothing can speak against these
    labels = _components(num_rows, links)
    by_mail, contested = _mail_links(labels, mail_rows, mails, keys)
    if len(by_mail[0]):
        labels = _components(num_rows, [*links, by_mail])
    known = keys.known
    person = np.full(num_rows, -1, dtype=np.int64)
    person[known] = np.unique(labels[known], return_inverse=True)[1]
    return Persons(person, contested)


_Links = tuple[Rows, Rows]


def _links(rows: Rows, values: Cells) -> _Links:
    """Link each row to the first with the same value; most values occur once."""
    codes, uniques = pd.factorize(values)
    if len(uniques) == len(values):
        return rows[:0], rows[:0]
    first = np.full(len(uniques), len(values), dtype=np.int64)
    np.minimum.at(first, codes, np.arange(len(values)))
    others = np.flatnonzero(first[codes] != np.arange(len(values)))
    return rows[others], rows[first[codes[others]]]


def _components(num_rows: int, links: Sequence[_Links]) -> Rows:
    """Label connected rows by their smallest member (hooking and pointer jumping)."""
    labels = np.arange(num_rows, dtype=np.int64)
    left = np.concatenate([pair[0] for pair in links])
    right = np.concatenate([pair[1] for pair in links])
    while len(left):
        low = np.minimum(labels[left], labels[right])
        high = np.maximum(labels[left], labels[right])
        np.minimum.at(labels, high, low)
        while not np.array_equal(jumped := labels[labels], labels):
            labels = jumped
        apart = labels[left] != labels[right]
        left, right = left[apart], right[apart]
    return labels


def _personal_mails(keys: Keys) -> tuple[Rows, Cells]:
    rows, mails = [], []
    for cells in (keys.email, keys.personal_email):
        at = np.flatnonzero(filled(cells))
        rows.append(at)
        mails.append(cells[at])
    all_rows, all_mails = np.concatenate(rows), np.concatenate(mails)
    codes, uniques = pd.factorize(all_mails)
    repeated = np.bincount(codes, minlength=len(uniques))[codes] > 1
    all_rows, all_mails = all_rows[repeated], all_mails[repeated]
    personal = is_personal(all_mails)
    return all_rows[personal], all_mails[personal]


def _mail_links(labels: Rows, rows: Rows, mails: Cells, keys: Keys) -> tuple[_Links, Rows]:
    """Return the links that e-mails make, and one row of each that must not make any.

    An e-mail joins people unless two of them have a key of the same kind (two slugs, two
    member ids ...): as they share none, they are two people. The same must hold after
    all e-mails together have joined what they can, else none of that cluster's count.
    """
    codes, _ = pd.factorize(mails)
    pairs = pd.DataFrame({"mail": codes, "label": labels[rows], "row": rows})
    pairs = pairs.drop_duplicates(["mail", "label"])
    pairs = pairs[pairs.duplicated("mail", keep=False)]
    if pairs.empty:
        return (rows[:0], rows[:0]), rows[:0]
    kinds = _kinds_by_label(labels, pairs["label"].to_numpy(), keys)
    opposed = _opposed(pairs["mail"], pairs["label"], kinds)
    free = pairs[~opposed]
    left, right = _links(free["row"].to_numpy(), free["mail"].to_numpy(dtype=object))
    clusters = _components(len(labels), [(labels[left], labels[right])])
    cluster = pd.Series(clusters[free["label"].to_numpy()], index=free.index)
    clashing = _opposed(cluster, free["label"], kinds)
    bad = pd.concat([pairs[opposed], free[clashing]]).drop_duplicates("mail")
    good = free[~clashing]
    links = _links(good["row"].to_numpy(), good["mail"].to_numpy(dtype=object))
    return links, np.sort(bad["row"].to_numpy())


def _kinds_by_label(labels: Rows, wanted: Rows, keys: Keys) -> pd.DataFrame:
    """Return which kinds of key the rows of each label have (label by kind)."""
    at = np.flatnonzero(np.isin(labels, wanted))
    has = {str(kind): filled(cells[at]) for kind, cells in enumerate(keys.strong)}
    return pd.DataFrame(has).groupby(labels[at]).any()


def _opposed(group: pd.Series, label: pd.Series, kinds: pd.DataFrame) -> pd.Series:
    """Return which lines are in a group with two labels that have one kind of key."""
    once = pd.DataFrame({"group": group, "label": label}).drop_duplicates()
    has = kinds.loc[once["label"]].astype(np.int64).set_axis(once.index)
    clash = (has.groupby(once["group"]).sum() > 1).any(axis=1)
    return group.map(clash).astype(bool)


# --- names of a person ------------------------------------------------------------


def lead_ids(keys: Mapping[str, Cells]) -> tuple[Cells, Rows]:
    """Return each person's id and the order that sorts them.

    The id is the first 16 hex digits of the SHA-256 of ``kind:value``, where kind is the
    first of `LEAD_ID_ORDER` that the person has a key of.
    """
    num = len(keys[LEAD_ID_ORDER[0]])
    names = blank(num)
    for kind in LEAD_ID_ORDER:
        at = np.flatnonzero(~filled(names) & filled(keys[kind]))
        names[at] = f"{kind}:" + keys[kind][at]
    sha256 = hashlib.sha256
    digests = b"".join([sha256(name.encode()).digest() for name in names.tolist()])
    # A digest is four numbers of eight bytes; the first is kept.
    first = np.frombuffer(digests, dtype=">u8")[::4]
    order = np.argsort(first.astype(np.uint64), kind="stable")
    text = first.tobytes().hex()
    ids = column([text[start : start + 16] for start in range(0, 16 * num, 16)])
    return ids, order.astype(np.int64)


def lead_id(kind: str, value: str) -> str:
    """Return the id of the person whose best key is this one."""
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()[:16]


def urls(slugs: Cells, hashes: Cells) -> Cells:
    """Return canonical addresses: public profile, else Sales Navigator, else blank."""
    result = blank(len(slugs))
    public = np.flatnonzero(filled(slugs))
    if "".join(slugs[public]).isascii():
        result[public] = _PUBLIC + slugs[public]
    else:
        result[public] = [
            _PUBLIC + (slug if slug.isascii() else quote(slug, safe="-._~"))
            for slug in slugs[public]
        ]
    sales = np.flatnonzero(~filled(slugs) & filled(hashes))
    result[sales] = [_SALES + text for text in hashes[sales]]
    return result


_SEPARATORS = str.maketrans("", "", ".-_0123456789")
_COLUMN = {Kind.SLUG: "slug", Kind.MEMBER: "member", Kind.UUID: "uuid"}


def _put(
    found: dict[str, Cells], kind: Kind, meaning: str, hit: Mask, values: Cells
) -> None:
    """Put keys of one kind where they belong; what is there already stays."""
    if kind is Kind.HASH:
        profile = np.fromiter((v.startswith("ACo") for v in values), np.bool_, len(values))
        _fill(found["profile_id"], hit & profile, values)
        _fill(found["sales_id"], hit & ~profile, values)
    elif kind is Kind.EMAIL:
        _fill(
            found["personal_email" if meaning == "personal_email" else "email"], hit, values
        )
    else:
        _fill(found[_COLUMN[kind]], hit, values)


def _fill(target: Cells, hit: Mask, values: Cells) -> None:
    rows = np.flatnonzero(hit & ~filled(target))
    target[rows] = values[rows]


def _any_filled(columns: Sequence[Cells]) -> Mask:
    result = filled(columns[0])
    for cells in columns[1:]:
        result |= filled(cells)
    return result


def _coalesced(first: Cells, second: Cells) -> Cells:
    return np.where(filled(first), first, second)

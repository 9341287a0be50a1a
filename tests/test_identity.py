"""Who is who: one key per spelling, one person per set of shared keys."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.intake import identity
from planner.intake.cells import Cells, column, fold_text, tidy
from planner.intake.reference_columns import parse_column
from planner.intake.references import Form, Kind, Reference, parse

# Invented ids: ACwAA/ACoAA followed by text that holds no member id.
SALES = "ACwAAFAKEfakeFAKEfakeFAKEfakeFAKEfakeFA"
PROFILE = "ACoAAFAKEfakeFAKEfakeFAKEfakeFAKEfakeFA"
UUID = "3f2b8c1e-5a4d-4e6f-8a9b-0c1d2e3f4a5b"

handles = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=3, max_size=40).filter(
    lambda text: any(map(str.isalnum, text)) and text not in {"unknown", "null"}
)
words = st.text(st.characters(categories=["Ll", "Lu", "Lo", "Nd"]), min_size=4, max_size=12)


def opaque(kind: str, member: int) -> str:
    """Return an id of LinkedIn's shape that holds this member id."""
    tag = {"ACo": b"\x00\x2a", "ACw": b"\x00\x2c"}[kind]
    data = tag + member.to_bytes(6, "big") + b"\x01" + kind.encode() * 6 + b"xy"
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def people(rows: Sequence[dict[str, str]]) -> list[int]:
    """Return the person of each row; a row is meaning -> cell."""
    columns: dict[str, list[Cells]] = {
        meaning: [column([row.get(meaning, "") for row in rows])]
        for meaning in identity.FORMS
    }
    return [int(at) for at in identity.persons(identity.read(columns, len(rows))).person]


# --- one reference ----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "https://www.linkedin.com/in/jane-doe-12ab",
        "http://www.linkedin.com/in/jane-doe-12ab/",
        "https://linkedin.com/in/Jane-Doe-12AB",
        "HTTPS://WWW.LINKEDIN.COM/IN/JANE-DOE-12AB",
        "www.linkedin.com/in/jane-doe-12ab",
        "linkedin.com/in/jane-doe-12ab",
        "//linkedin.com/in/jane-doe-12ab",
        "/in/jane-doe-12ab",
        "in/jane-doe-12ab",
        "https://de.linkedin.com/in/jane-doe-12ab?trk=people&x=1",
        "https://uk.linkedin.com/in/jane-doe-12ab/en",
        "https://m.linkedin.com/in/jane-doe-12ab/#about",
        "https://www.linkedin.com/mwlite/in/jane-doe-12ab",
        "https://www.linkedin.com/mwlite/profile/in/jane-doe-12ab",
        "https://www.linkedin.com/comm/in/jane-doe-12ab",
        "https://www.linkedin.com/in/jane-doe-12ab/overlay/contact-info/",
        "https://www.linkedin.com:443/in/jane-doe-12ab",
        "https://https://www.linkedin.com/in/jane-doe-12ab",
        "  <https://www.linkedin.com/in/jane-doe-12ab> ",
        "\ufeffhttps://www.linkedin.com/in/jane-doe-12ab\u200b",
        "https://www.linkedin.com/in/jane%2Ddoe%2D12ab",
        "jane-doe-12ab",
        "@jane-doe-12ab",
    ],
)
def test_every_spelling_of_a_profile_gives_its_handle(text: str) -> None:
    """Scheme, host, case, locale, query, wrappers and encoding do not matter."""
    assert parse(text) == Reference(Kind.SLUG, "jane-doe-12ab")


@pytest.mark.parametrize(
    "text",
    [
        "https://www.linkedin.com/in/zo\u00eb-m\u00fcller",
        "https://www.linkedin.com/in/zoe\u0308-mu\u0308ller",
        "https://www.linkedin.com/in/ZO\u00cb-M\u00dcLLER/",
        "https://www.linkedin.com/in/zo%C3%AB-m%C3%BCller",
        "https://www.linkedin.com/in/zo%25C3%25AB-m%25C3%25BCller?a=b",
        "https://www.linkedin.com/in/zo%EB-m%FCller",
        "zo%c3%ab-m%c3%bcller",
    ],
)
def test_accents_have_one_form(text: str) -> None:
    """Composed, decomposed, percent-encoded once, twice or as Latin-1: one handle."""
    assert parse(text) == Reference(Kind.SLUG, "zo\u00eb-m\u00fcller")


@pytest.mark.parametrize(
    "text",
    [
        SALES,
        f"{SALES},NAME_SEARCH,ab-C",
        f"https://www.linkedin.com/sales/lead/{SALES},NAME_SEARCH,ab-C?_ntb=x%3D%3D",
        f"https://www.linkedin.com/sales/people/{SALES},name,tok/",
        f"/sales/lead/{SALES},NAME_SEARCH,tok",
        f"https://www.linkedin.com/sales/profile/{SALES},NAME_SEARCH,tok",
        f"https://www.linkedin.com/sales/profile/urn:li:fs_salesProfile:({SALES},N,t)",
        f"https://www.linkedin.com/in/{SALES}",
        f"https://www.linkedin.com/people/{SALES}",
        f"urn:li:fs_salesProfile:({SALES},NAME_SEARCH,tok)",
        f"urn%3Ali%3Afsd_profile%3A{SALES}",
        f"({SALES},NAME_SEARCH,tok)",
    ],
)
def test_every_spelling_of_an_opaque_id_keeps_its_case(text: str) -> None:
    """Sales Navigator pages, hash profiles and urns give the id before the comma."""
    assert parse(text) == Reference(Kind.HASH, SALES)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("urn:li:member:123", Kind.MEMBER, "123"),
        ("12345678", Kind.MEMBER, "12345678"),
        ("12345678.0", Kind.MEMBER, "12345678"),
        ("https://www.linkedin.com/sales/profile/4711,AbC,NAME", Kind.MEMBER, "4711"),
        (UUID.upper(), Kind.UUID, UUID),
        ("Jane.Doe@Example.COM", Kind.EMAIL, "jane.doe@example.com"),
        ("http://pl.linkedin.com/pub/jane-doe/a7/6/b50", Kind.SLUG, "jane-doe-b50006a7"),
        ("https://www.linkedin.com/profile/view?id=4711", Kind.MEMBER, "4711"),
        ("1.2E+18", Kind.MANGLED, ""),
        ("1,23457E+17", Kind.MANGLED, ""),
        ("1234567890123456800", Kind.MANGLED, ""),
        (f"https://www.linkedin.com/in/{SALES.lower()}", Kind.MANGLED, ""),
    ],
)
def test_other_references(text: str, kind: Kind, value: str) -> None:
    """Member ids, UUIDs, e-mails and old public URLs have keys of their own kind."""
    assert parse(text) == Reference(kind, value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "n/a",
        "Profile",
        "View profile",
        "https://linkedin.com.evil.com/in/jane-doe",
        "https://notlinkedin.com/in/jane-doe",
        "https://linkedin.com@evil.com/in/jane-doe",
        "https://evil.com/linkedin.com/in/jane-doe",
        "https://evil.com/?u=https://www.linkedin.com/in/jane-doe",
        "https://www.linkedin.com/company/acme",
        "https://www.linkedin.com/school/acme/people/",
        "https://www.linkedin.com/company/acme/in/jane-doe",
        "https://www.linkedin.com/search/results/people/?keywords=jane",
        "https://www.linkedin.com/sales/search/people?query=(x)",
        "https://www.linkedin.com/sales/company/4711",
        "https://www.linkedin.com/pub/dir/jane/doe",
        "https://www.linkedin.com/in/",
        "https://www.linkedin.com/in/unavailable",
        "https://www.linkedin.com/feed/update/urn:li:activity:7000000000000000000",
        "urn:li:company:4711",
        "urn:li:activity:4711471147",
        "https://acme.com/jane",
        "acme.com",
        "12345",
        "00000000-0000-0000-0000-000000000000 or so",
    ],
)
def test_what_names_no_person_has_no_key(text: str) -> None:
    """Companies, searches, other sites, look-alike hosts and stray words are nobody."""
    assert parse(text).value == ""
    assert parse(text).kind is Kind.NONE


@given(handles, st.sampled_from(["https://www.", "http://de.", "www.", "https://", ""]))
def test_spellings_of_any_handle_agree(handle: str, prefix: str) -> None:
    """Whatever the handle, its addresses give the same key."""
    expected = parse(f"https://www.linkedin.com/in/{handle}")
    for text in (
        f"{prefix}linkedin.com/in/{handle}",
        f"{prefix}linkedin.com/in/{handle.upper()}/",
        f"{prefix}linkedin.com/in/{handle}/?trk=x",
        f"{prefix}linkedin.com/in/{quote(handle).replace('-', '%2D')}",
    ):
        assert parse(text) == expected


@given(words)
def test_canonical_form_is_a_fixed_point(word: str) -> None:
    """The address made from a key gives that key again."""
    found = parse(f"https://www.linkedin.com/in/{word}")
    if found.kind is Kind.SLUG:
        url = identity.urls(column([found.value]), column([""]))[0]
        assert url.isascii()
        assert parse(url) == found
        assert parse(f"/in/{found.value}") == found


@given(
    st.lists(
        st.one_of(
            st.text(max_size=30),
            handles,
            st.builds("https://www.linkedin.com/in/{}".format, st.text(max_size=20)),
            st.builds("https://{}.linkedin.com/in/{}/".format, handles, handles),
            st.sampled_from([SALES, PROFILE, UUID, "12345678", "a\nb", "x@example.com"]),
            st.builds("https://www.linkedin.com/sales/lead/{},a,b".format, handles),
            st.sampled_from(["https://www.linkedin.com/in/null", "null", "link", "ACoA"]),
            st.sampled_from(["https://www.linkedin.com/in/NULL", "NULL", "Link", "N-A"]),
        ),
        max_size=8,
    ),
    st.sampled_from(list(Form)),
)
def test_a_column_is_parsed_as_its_cells(texts: list[str], form: Form) -> None:
    """The fast path over a column agrees with the parser of one cell."""
    kinds, values = parse_column(tidy(column(texts)), form)
    found = [
        Reference(Kind(kind), value) for kind, value in zip(kinds, values, strict=True)
    ]
    assert found == [parse(text, form) for text in texts]


# --- which rows are one person ----------------------------------------------------


def test_rows_that_share_a_key_are_one_person_transitively() -> None:
    """A slug in rows 0 and 1, a uuid in rows 1 and 2: all three are one person."""
    rows = [
        {"profile_url": "https://www.linkedin.com/in/jane-doe"},
        {"profile_url": "linkedin.com/in/Jane-Doe/", "getsales_uuid": UUID},
        {"getsales_uuid": UUID, "sales_navigator_id": SALES},
        {"profile_url": "https://www.linkedin.com/in/somebody-else"},
    ]
    assert people(rows) == [0, 0, 0, 1]


def test_opaque_ids_of_one_member_meet() -> None:
    """ACo and ACw ids differ as text but hold one member id, as does a plain number."""
    rows = [
        {"linkedin_id": opaque("ACo", 9_000_123)},
        {"sales_navigator_id": opaque("ACw", 9_000_123)},
        {"member_id": "9000123"},
        {"sales_navigator_id": opaque("ACw", 9_000_124)},
        {"sales_navigator_id": SALES},
        {"linkedin_id": PROFILE},
    ]
    assert people(rows) == [0, 0, 0, 1, 2, 3]


@given(st.integers(1, 2**32 - 1), st.sampled_from(["ACo", "ACw"]))
def test_member_ids_are_read_out_of_opaque_ids(member: int, kind: str) -> None:
    """The member id comes back from an id that was made with it."""
    assert identity.member_ids(column([opaque(kind, member)])).tolist() == [str(member)]


def test_ids_of_another_shape_hold_no_member_id() -> None:
    """Short, long and random ids stay opaque."""
    texts = [SALES, PROFILE, "ACwAAA1", opaque("ACw", 7) + "A", ""]
    assert identity.member_ids(column(texts)).tolist() == [""] * 5


def test_an_email_joins_only_where_nothing_speaks_against_it() -> None:
    """A shared e-mail joins a slug and an id, but not two slugs."""
    rows = [
        {"public_slug": "jane-doe", "email": "jane@example.com"},
        {"sales_navigator_id": SALES, "personal_email": "jane@example.com"},
        {"public_slug": "bob-roe", "email": "desk@example.com"},
        {"public_slug": "al-poe", "email": "desk@example.com"},
        {"email": "desk@example.com"},
    ]
    assert people(rows) == [0, 0, 1, 2, 3]


def test_emails_together_join_no_two_profiles() -> None:
    """Two e-mails of one row may not make the people behind each of them one."""
    rows = [
        {"public_slug": "jane-doe", "email": "a@example.com"},
        {"email": "a@example.com", "personal_email": "b@example.com"},
        {"public_slug": "bob-roe", "email": "b@example.com"},
    ]
    assert people(rows) == [0, 1, 2]


def test_contested_emails_are_named() -> None:
    """Each e-mail that stands beside two profiles is reported at one row."""
    rows = [{"public_slug": slug, "email": "desk@example.com"} for slug in ("abc", "def")]
    columns = {name: [column([r[name] for r in rows])] for name in ("public_slug", "email")}
    found = identity.persons(identity.read(columns, 2))
    assert found.contested.tolist() == [0]


@pytest.mark.parametrize("mailbox", ["info", "Sales", "no-reply", "contact+x", "info2"])
def test_a_shared_mailbox_is_nobody(mailbox: str) -> None:
    """Rows with nothing but info@ say nothing about a person."""
    assert people([{"email": f"{mailbox}@example.com"}]) == [-1]


def test_rows_with_only_an_email_are_one_person() -> None:
    """Rows that only hold an e-mail agree even where the e-mail joins nothing else."""
    rows = [
        {"email": "desk@example.com"},
        {"public_slug": "bob-roe", "email": "desk@example.com"},
        {"public_slug": "al-poe", "email": "desk@example.com"},
        {"personal_email": "desk@example.com"},
    ]
    assert people(rows) == [0, 1, 2, 0]


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "public_slug": st.sampled_from(["anna", "berta", "clara", "dora"]),
                "member_id": st.sampled_from(["1", "2", "3", "4"]),
                "getsales_uuid": st.sampled_from([UUID, UUID.replace("3", "4")]),
                "sales_navigator_id": st.sampled_from(
                    [SALES, opaque("ACw", 1), opaque("ACw", 2), opaque("ACo", 1)]
                ),
                "email": st.sampled_from(["a@x.org", "b@x.org", "info@x.org"]),
                "personal_email": st.sampled_from(["a@x.org", "c@x.org"]),
            },
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_order_of_rows_does_not_matter(
    rows: list[dict[str, str]], random: np.random.Generator
) -> None:
    """The same rows in another order make the same people."""
    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled = people([rows[at] for at in order])
    found = [0] * len(rows)
    for person, at in zip(shuffled, order, strict=True):
        found[at] = person
    expected = people(rows)
    pairs = set(zip(expected, found, strict=True))
    assert len(pairs) == len(set(expected)) == len(set(found))
    assert all((a == -1) == (b == -1) for a, b in pairs)


# --- ids, addresses, text ---------------------------------------------------------


def test_lead_id_is_the_hash_of_the_best_key() -> None:
    """A slug counts before a member id, that before an opaque id, e-mail last."""
    keys = {
        "slug": column(["jane-doe", "", "", "", ""]),
        "member": column(["7", "7", "", "", ""]),
        "hash": column([SALES, SALES, SALES, "", ""]),
        "uuid": column([UUID, UUID, UUID, UUID, ""]),
        "email": column(["a@x.org"] * 5),
    }
    ids, order = identity.lead_ids(keys)
    # printf slug:jane-doe | sha256sum | cut -c1-16
    assert ids[0] == "6f17ae10fca6ab77" == identity.lead_id("slug", "jane-doe")
    assert ids[1:].tolist() == [
        identity.lead_id(kind, keys[kind][at])
        for at, kind in enumerate(("member", "hash", "uuid", "email"), start=1)
    ]
    assert ids[order].tolist() == sorted(ids)


def test_canonical_addresses() -> None:
    """Public profile if there is a slug, else Sales Navigator, else nothing."""
    slugs, hashes = column(["jane", "zo\u00eb", "", ""]), column([SALES, "", SALES, ""])
    assert identity.urls(slugs, hashes).tolist() == [
        "https://www.linkedin.com/in/jane",
        "https://www.linkedin.com/in/zo%C3%AB",
        f"https://www.linkedin.com/sales/lead/{SALES}",
        "",
    ]


@given(st.lists(st.text(max_size=12), max_size=6))
def test_tidy_is_idempotent_and_keeps_clean_text(texts: list[str]) -> None:
    """A tidy column stays as it is, composed, without control characters or edges."""
    once = tidy(column(texts))
    assert tidy(once).tolist() == once.tolist()
    assert all(text == text.strip() and "\n" not in text for text in once)


def test_folding_drops_case_and_latin_marks() -> None:
    """Accents and case do not count, letters of other scripts do."""
    assert fold_text("\u00c5ngstr\u00f6m \u0141\u00f3d\u017a") == "angstrom lodz"
    assert fold_text("\u304c") != fold_text("\u304b")


@pytest.mark.parametrize(
    "text", ["(" * 30_000, "not " * 8_000, "; " * 15_000, "a." * 15_000]
)
def test_long_cells_are_nobody(text: str) -> None:
    """Cells made to keep a regular expression busy are read like any other."""
    assert parse(text) == parse(text, Form.EMAIL) == Reference(Kind.NONE, "")

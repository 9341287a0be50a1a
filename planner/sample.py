"""Sample leads and seats, invented from a seed: for `planner demo`, README and tests.

No person, company or address in them exists. Every slug ends in ``-sample-0001`` and so
on, every domain in ``.example``, every numeric id is above LinkedIn's range. Only
``random()`` is drawn from, whose sequence Python promises never to change.
"""

# Longer than other files for its word lists and headers; both are data.

from __future__ import annotations

import csv
import datetime as dt
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar
from urllib.parse import quote
from uuid import UUID

Item = TypeVar("Item")

#: The Monday that the sample is meant to be planned on; the next reset is 2026-12-01.
AS_OF = dt.date(2026, 11, 23)
SEED = 20261123

#: Open share among Premium members and the rest (model.md, C8).
OPEN_SHARE = {True: 0.83, False: 0.09}


def _fields(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PHANTOMBUSTER = _fields(
    "profileUrl,fullName,firstName,lastName,companyName,title,companyId,companyUrl,"
    "regularCompanyUrl,summary,titleDescription,industry,companyLocation,location,"
    "durationInRole,durationInCompany,pastExperienceCompanyName,pastExperienceCompanyUrl,"
    "pastExperienceCompanyTitle,pastExperienceDate,pastExperienceDuration,"
    "connectionDegree,profileImageUrl,sharedConnectionsCount,name,vmid,"
    "linkedInProfileUrl,isPremium,isOpenLink,query,timestamp,defaultProfileUrl"
)
GETSALES = _fields(
    "System UUID,Pipeline Stage,Full Name,First Name,Last Name,Position,Headline,About,"
    "LinkedIn ID,Sales Navigator ID,LinkedIn Nickname,LinkedIn URL,Facebook Nickname,"
    "Twitter Nickname,Work Email,Personal Email,Work Phone Number,Personal Phone Number,"
    "Connections Number,Followers Number,Primary Language,Has Open Profile,"
    "Has Verified Profile,Has Premium,Location Country,Location State,Location City,"
    "Active Flows,List,Tags,Company Name,Company Industry,Company LinkedIn ID,"
    "Company Domain,Company LinkedIn URL,Company Employees Range,Company Headquarter,"
    "icp_segment,plan_route,Created At"
)
EVABOOT = _fields(
    "First Name,Last Name,Full Name,Current Job,Location,Linkedin URL Public,"
    "Linkedin URL Unique ID,Sales Navigator URL,Profile Headline,Current Jobs Number,"
    "Years in Position,Has New Position,Connections,Total Positions Count,Is Premium,"
    "Is Open Profile,Email,Email Status,Matches Filters,No Match Reasons,Company Name,"
    "Company Domain,Company Website URL,Company Linkedin URL Unique ID,"
    "Company Employee Exact Count,Company Employee Range,Company Industry,"
    "Company Year Founded,Company Location,Company Headquarters (Full Address),"
    "Department Headcounts"
)
APOLLO = _fields(
    "First Name,Last Name,Title,Company,Company Name for Emails,Email,Email Status,"
    "Seniority,Departments,Contact Owner,# Employees,Industry,Keywords,"
    "Person Linkedin Url,Website,Company Linkedin Url,City,State,Country,"
    "Apollo Contact Id,Apollo Account Id"
)
CONNECTIONS = _fields(
    "First Name,Last Name,URL,Email Address,Company,Position,Connected On"
)
HEYREACH = _fields(
    "Lead first name,Lead last name,Lead LinkedIn URL,Lead location,Lead summary,"
    "Lead company name,Lead company URL,Lead position,Lead about,Sender first name,"
    "Sender last name,Sender LinkedIn URL,Last action taken,Last action time,"
    "Sender Status,Tags,Failed Reason Code"
)
TEAM_LIST = _fields(
    "Vorname,Nachname,Firma,Position,LinkedIn-Profil,Ort,Priorität,Absender,Gruppe,"
    "Nicht kontaktieren,Letzter Kontakt"
)
SEATS = _fields(
    "seat_id,sender,sender_profile_uuid,credits,credits_as_of,reset_rule,monthly_grant,"
    "credit_cap,reserve,inmails_last_28_days,max_inmails_per_day,"
    "max_open_inmails_per_month,max_connection_requests_per_week,"
    "connection_requests_last_7_days,pending_connection_requests,working_days,time_zone,"
    "away,groups,paused,inmail_reply_rate,acceptance_rate"
)

_FIRST = _words(
    "Adelko Alvira Arvo Belisa Bramwen Brisco Calla Cedrin Corvane Dalia Darrin Delphia "
    "Edrik Elowen Emeka Fabrin Farida Fenno Gildas Greta Halvor Hanneke Idris Ilka Imre "
    "Jorvin Juna Kaspar Kestrel Lamin Leonie Lioba Madoc Marlo Mireia Nadir Nerys Odile "
    "Orla Osric Perrin Petra Quill Ramona Rasmin Saoirse Selim Sunniva Tamsin Tessaly "
    "Tirza Ulrik Valeska Vikram Wanda Wilmar Xanthe Yoana Yorick Zelda"
)
_LAST_START = _words(
    "Amber Ash Barley Birch Bramble Clover Copper Cran Dapple Elder Fern Finch Flint Gorse "
    "Hazel Heather Iron Juniper Kelp Lark Linden Maple Marsh Mill Moss Nettle Oat Otter "
    "Pebble Pine Plum Quince Reed Rowan Rush Saffron Sedge Thistle Umber Wren"
)
_LAST_END = _words(
    "acre bank berg bridge brook combe croft dale feld garth holt hurst lund mead mere "
    "moor rigg shaw stad stead strand thorpe vang ward water wick worth"
)
_COMPANY_START = _words(
    "Aro Bel Bri Cal Cor Dra Elu Fen Gol Hal Iva Jun Kel Lor Mav Nel Ori Pra Qua Rov Sol "
    "Tam Uvi Vel Wex Yar Zeb"
)
_COMPANY_MIDDLE = _words("bi da du fa go ka li lo mi na no pe ri ro sa ti va vo xa zu")
_COMPANY_END = _words(
    "dex fold gen lane lith mark nex phor quor rise sen tron vance via wix"
)
_SUFFIX = ("", "", "", "", " GmbH", " AG", " Ltd", " Inc.", " S.A.", " BV", " Group")
_NO_COMPANY = ("Self-employed", "Freelance", "Stealth Startup", "")

#: Title, Apollo's seniority, chance of Premium.
_TITLES = (
    ("Founder & CEO", "Founder", 0.5),
    ("Co-Founder", "Founder", 0.5),
    ("Chief Revenue Officer", "C suite", 0.45),
    ("VP Sales", "VP", 0.45),
    ("Head of Sales, EMEA", "Head", 0.4),
    ("Sales Director", "Director", 0.4),
    ("Business Development Manager", "Manager", 0.4),
    ("Managing Partner", "Partner", 0.35),
    ("Talent Acquisition Lead", "Manager", 0.35),
    ("Head of Marketing", "Head", 0.25),
    ("Chief Financial Officer", "C suite", 0.18),
    ("Head of Operations", "Head", 0.15),
    ("VP Engineering", "VP", 0.15),
    ("IT Manager", "Manager", 0.1),
    ("Plant Manager", "Manager", 0.08),
    ("Compliance Officer", "Senior", 0.08),
)
_INDUSTRIES = (
    "Software Development",
    "Software Development",
    "Financial Services",
    "Financial Services",
    "Staffing and Recruiting",
    "Business Consulting and Services",
    "Marketing Services",
    "Industrial Machinery Manufacturing",
    "Hospitals and Health Care",
    "Transportation, Logistics, Supply Chain and Storage",
    "Higher Education",
)
_PLACES = (
    ("Berlin", "Berlin", "Germany"),
    ("Munich", "Bavaria", "Germany"),
    ("Hamburg", "Hamburg", "Germany"),
    ("Vienna", "Vienna", "Austria"),
    ("Zurich", "Zurich", "Switzerland"),
    ("Amsterdam", "North Holland", "Netherlands"),
    ("Paris", "Île-de-France", "France"),
    ("London", "England", "United Kingdom"),
    ("London", "England", "United Kingdom"),
    ("Dublin", "County Dublin", "Ireland"),
    ("Stockholm", "Stockholm County", "Sweden"),
    ("Lisbon", "Lisbon", "Portugal"),
    ("New York", "New York", "United States"),
    ("Boston", "Massachusetts", "United States"),
    ("Singapore", "", "Singapore"),
)
_DACH = ("Germany", "Austria", "Switzerland")
_EMPLOYEES = ("1-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000")
_SEGMENTS = ("founders", "sales leaders", "agencies", "operations", "", "")

#: Names that have broken other programs; put over the first people of the first file.
_ODD_NAMES = (
    ("Imre", "NA"),
    ("Juna", "Null"),
    ("Orla", "O'Neil"),
    ("=cmd|' /C calc'!A0", "Sample"),
    ("Jürn", "Größnøß"),
    ("样本", "李"),
    ("サンプル", "花子"),
    ("None", "True"),
    ("+49", "-Minus"),
    ("@wanda", 'Quote "Q" Comma, MBA'),
    ("Łucja", "Żółćberg"),
    ("  Spacey ", "Tabber\t"),
)

#: One seat each: rich, ordinary, new, few days to its reset, hurried, full of pending
#: requests, one credit above the reserve, paused below it.
_SEATS: tuple[Mapping[str, str], ...] = (
    {
        "seat_id": "anna",
        "sender": "Anna Samplewick",
        "credits": "150",
        "inmails_last_28_days": "212",
        "connection_requests_last_7_days": "61",
        "pending_connection_requests": "148",
        "time_zone": "Europe/Berlin",
        "groups": "dach",
    },
    {
        "seat_id": "piet",
        "sender": "Piet Samplemoor",
        "credits": "96",
        "inmails_last_28_days": "184",
        "max_inmails_per_day": "15",
        "connection_requests_last_7_days": "44",
        "pending_connection_requests": "207",
        "time_zone": "Europe/Amsterdam",
        "inmail_reply_rate": "0.12",
        "acceptance_rate": "0.31",
    },
    {
        "seat_id": "tilda",
        "sender": "Tilda Samplefeld",
        "credits": "50",
        "max_connection_requests_per_week": "40",
        "connection_requests_last_7_days": "0",
        "pending_connection_requests": "0",
        "time_zone": "Europe/Stockholm",
    },
    {
        "seat_id": "sanna",
        "sender": "Sanna Sampleholt",
        "credits": "41",
        "reset_rule": "day:17",
        "inmails_last_28_days": "156",
        "connection_requests_last_7_days": "58",
        "pending_connection_requests": "265",
        "working_days": "Mon-Fri",
        "time_zone": "Europe/Helsinki",
        "groups": "fintech",
        "paused": "no",
    },
    {
        "seat_id": "ilka",
        "sender": "Ilka Samplestad",
        "credits": "23",
        "reserve": "8",
        "inmails_last_28_days": "268",
        "connection_requests_last_7_days": "70",
        "pending_connection_requests": "312",
        "time_zone": "Europe/Zurich",
        "away": "2026-12-24..2027-01-02",
        "groups": "dach; fintech",
        "inmail_reply_rate": "0.14",
    },
    {
        "seat_id": "ruben",
        "sender": "Ruben Samplebrook",
        "credits": "12",
        "reset_rule": "date:2026-12-04",
        "inmails_last_28_days": "128",
        "max_connection_requests_per_week": "100",
        "connection_requests_last_7_days": "52",
        "pending_connection_requests": "481",
        "time_zone": "America/New_York",
        "away": "2026-11-26..2026-11-27",
        "acceptance_rate": "0.22",
    },
    {
        "seat_id": "maeve",
        "sender": "Maeve Sampleshaw",
        "credits": "6",
        "inmails_last_28_days": "196",
        "connection_requests_last_7_days": "33",
        "pending_connection_requests": "96",
        "working_days": "Mon-Thu",
        "time_zone": "Europe/Dublin",
        "inmail_reply_rate": "0.09",
        "acceptance_rate": "0.27",
    },
    {
        "seat_id": "joris",
        "sender": "Joris Samplelund",
        "credits": "3",
        "inmails_last_28_days": "20",
        "connection_requests_last_7_days": "0",
        "pending_connection_requests": "35",
        "paused": "until:2026-12-07",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Company:
    number: int
    name: str
    domain: str
    industry: str
    place: tuple[str, str, str]
    employees: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    number: int
    first: str
    last: str
    slug: str
    sales_id: str
    hash_id: str
    uuid: str
    token: str
    title: str
    seniority: str
    company: _Company
    is_premium: bool
    is_open: bool
    degree: str

    @property
    def full(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def member_id(self) -> str:
        return str(9_900_000_000 + self.number)

    @property
    def email(self) -> str:
        if not self.company.domain:
            return ""
        return (
            f"{_ascii(self.first)}.{_ascii(self.last)}{self.number}@{self.company.domain}"
        )

    @property
    def location(self) -> str:
        return ", ".join(part for part in self.company.place if part)


def sample_files(seed: int = SEED) -> dict[str, bytes]:
    """Return file name -> content of the whole sample; the same seed, the same bytes."""
    rng = Random(seed)
    people = _people(rng, 2110)
    # Each person has a home file; some turn up in a second one under another identity.
    sales, getsales, evaboot, apollo, team, heyreach, connections = _split(
        people, (860, 640, 215, 225, 110, 32, 28)
    )
    bridge = sales[40:60]  # Sales Navigator id, slug, and in Evaboot both
    files = {
        "phantombuster-sales-navigator.csv": _phantombuster(
            rng, [*sales, *getsales[:24]], repeated=sales[100:112], without_slug=bridge
        )
    }
    both = getsales[200:210]  # the same contact in both files of one export
    second_home = [*sales[112:176], *connections[:6], *heyreach[:6]]
    cut = 340
    files["getsales-contacts-1.csv"] = _getsales(
        rng, [*getsales[:cut], *second_home[:40]], ("Yes", "No")
    )
    files["getsales-contacts-2.csv"] = _getsales(
        rng, [*getsales[cut:], *second_home[40:], *both], ("1", "0")
    )
    files["evaboot.csv"] = _evaboot(
        rng, [*evaboot, *bridge, *sales[60:76]], wrong=sales[60:64]
    )
    files["apollo.csv"] = _apollo(rng, [*apollo, *bridge[:12], *getsales[50:72]])
    files["connections.csv"] = _connections(rng, [*connections, *sales[180:192]])
    files["heyreach.csv"] = _heyreach(rng, [*heyreach, *sales[200:214], *getsales[80:94]])
    files["do-not-contact.csv"] = _do_not_contact(
        [*sales[220:225], *getsales[100:103], *apollo[:3], *team[:1]]
    )
    wanted = [*team, *sales[4:10], *sales[300:350], *getsales[300:330]]
    files["team-list.xlsx"] = _team_list(rng, wanted)
    files["seats.csv"] = _csv(SEATS, seat_rows())
    files["seats.xlsx"] = _seats_xlsx()
    return files


def seat_rows() -> list[dict[str, str]]:
    """Return the sample's seats: one dict per seat, keyed by `SEATS`, blank is ``""``."""
    rows = []
    for number, given in enumerate(_SEATS, start=1):
        row = dict.fromkeys(SEATS, "") | {"reset_rule": "month"} | dict(given)
        row["sender_profile_uuid"] = f"00000000-0000-4000-8000-{number:012d}"
        row["credits_as_of"] = AS_OF.isoformat()
        rows.append(row)
    return rows


# --- people -----------------------------------------------------------------------


def _pick(rng: Random, items: Sequence[Item]) -> Item:
    return items[int(rng.random() * len(items))]


def _whole(rng: Random, low: int, high: int) -> int:
    return low + int(rng.random() * (high - low + 1))


def _maybe(rng: Random, chance: float, text: str) -> str:
    return text if rng.random() < chance else ""


def _letters(rng: Random, count: int) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(_pick(rng, alphabet) for _ in range(count))


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(char for char in plain if char.isalnum()) or "lead"


def _split(people: Sequence[_Person], sizes: Sequence[int]) -> list[list[_Person]]:
    parts, start = [], 0
    for size in sizes:
        parts.append(list(people[start : start + size]))
        start += size
    return parts


def _companies(rng: Random) -> Iterable[_Company]:
    """Yield companies without end; no name twice."""
    used = {""}
    number = 0
    while True:
        number += 1
        name = ""
        while name in used:
            parts = (_COMPANY_START, _COMPANY_MIDDLE, _COMPANY_END)
            name = "".join(_pick(rng, part) for part in parts)
        used.add(name)
        yield _Company(
            number=990_000_000 + number,
            name=name + _pick(rng, _SUFFIX),
            domain=f"{name.lower()}.example",
            industry=_pick(rng, _INDUSTRIES),
            place=_pick(rng, _PLACES),
            employees=_whole(rng, 3, 4000),
        )


def _people(rng: Random, count: int) -> list[_Person]:
    """Return `count` people in random order, one to six of them in a company."""
    people: list[_Person] = []
    for company in _companies(rng):
        if rng.random() < 0.04:
            company = replace(company, name=_pick(rng, _NO_COMPANY), domain="")
        size = _pick(rng, (1, 1, 1, 1, 1, 2, 2, 2, 3, 4, 6)) if company.domain else 1
        people += [_person(rng, len(people) + n + 1, company) for n in range(size)]
        if len(people) >= count:
            break
    ordered = sorted(people[:count], key=lambda _: rng.random())
    for index, (first, last) in enumerate(_ODD_NAMES):
        ordered[index] = replace(ordered[index], first=first, last=last)
    # A slug outside ASCII, which some exports write percent-encoded.
    odd = ordered[4]
    ordered[4] = replace(odd, slug=f"jürn-größnøß-sample-{odd.number:04d}")
    return ordered


def _person(rng: Random, number: int, company: _Company) -> _Person:
    first = _pick(rng, _FIRST)
    last = _pick(rng, _LAST_START) + _pick(rng, _LAST_END)
    title, seniority, chance = _pick(rng, _TITLES)
    is_premium = rng.random() < chance
    return _Person(
        number=number,
        first=first,
        last=last,
        slug=f"{_ascii(first)}-{_ascii(last)}-sample-{number:04d}",
        sales_id=f"ACwAASAMPLE{number:04d}{_letters(rng, 24)}",
        hash_id=f"ACoAASAMPLE{number:04d}{_letters(rng, 24)}",
        uuid=str(UUID(int=int(rng.random() * 2**53) << 72 | number, version=4)),
        token=_letters(rng, 4),
        title=title,
        seniority=seniority,
        company=company,
        is_premium=is_premium,
        is_open=rng.random() < OPEN_SHARE[is_premium],
        degree=_pick(rng, ("1st", *["2nd"] * 22, *["3rd"] * 27)),
    )


# --- files ------------------------------------------------------------------------


def _csv(
    header: Sequence[str], rows: Iterable[Mapping[str, str]], *, end: str = "\n"
) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, restval="", lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _in_order(rng: Random, people: Iterable[_Person]) -> list[_Person]:
    return sorted(people, key=lambda _: rng.random())


def _company_urls(company: _Company) -> tuple[str, str]:
    if not company.domain:
        return "", ""
    base = "https://www.linkedin.com"
    return f"{base}/sales/company/{company.number}", f"{base}/company/{company.number}"


def _phantombuster(
    rng: Random,
    people: Sequence[_Person],
    *,
    repeated: Sequence[_Person],
    without_slug: Sequence[_Person],
) -> bytes:
    """Sales Navigator search: flags known for most, slug for nine in ten."""
    rows = []
    hidden = {person.number for person in without_slug}
    for person in [*people, *_in_order(rng, repeated)]:
        sales_url, company_url = _company_urls(person.company)
        months = _whole(rng, 1, 90)
        profile = "https://www.linkedin.com/in/"
        known = rng.random() < 0.93
        slug = "" if person.number in hidden else _maybe(rng, 0.92, person.slug)
        day, minute, second = _whole(rng, 16, 20), _whole(rng, 0, 59), _whole(rng, 0, 59)
        rows.append(
            {
                "profileUrl": "https://www.linkedin.com/sales/lead/"
                f"{person.sales_id},NAME_SEARCH,{person.token}",
                "fullName": person.full,
                "firstName": person.first,
                "lastName": person.last,
                "companyName": person.company.name,
                "title": person.title,
                "companyId": str(person.company.number) if sales_url else "",
                "companyUrl": sales_url,
                "regularCompanyUrl": company_url,
                "summary": _maybe(rng, 0.3, "Sample profile.\nNothing here is real."),
                "industry": person.company.industry,
                "companyLocation": person.location,
                "location": person.location,
                "durationInRole": f"{months // 12} years {months % 12} months in role",
                "connectionDegree": _maybe(rng, 0.97, person.degree),
                "sharedConnectionsCount": str(_whole(rng, 0, 40)),
                "name": person.full,
                "vmid": person.sales_id,
                "linkedInProfileUrl": profile + person.sales_id,
                "isPremium": str(person.is_premium).lower() if known else "",
                "isOpenLink": _maybe(rng, 0.9, str(person.is_open).lower() * known),
                "query": "https://www.linkedin.com/sales/search/people?query=sample",
                "timestamp": f"2026-11-{day:02d}T09:{minute:02d}:{second:02d}.000Z",
                "defaultProfileUrl": profile + quote(slug) if slug else "",
            }
        )
    rows = sorted(rows, key=lambda _: rng.random())
    nobody = {"firstName": "Nobody", "fullName": "Nobody Sample", "isOpenLink": "false"}
    data = _csv(PHANTOMBUSTER, [*rows, nobody, nobody | {"name": "LinkedIn Member"}])
    return data + b"https://www.linkedin.com/sales/lead/ragged,Ragged Sample,Ragged\n"


def _getsales(rng: Random, people: Sequence[_Person], words: tuple[str, str]) -> bytes:
    """GetSales contacts: most flags blank (not enriched), text cells with newlines."""
    yes_no = dict(zip((True, False), words, strict=True))
    rows = []
    for person in _in_order(rng, people):
        enriched = rng.random() < 0.4
        city_state_country = person.company.place
        nickname = _maybe(rng, 0.95, person.slug)
        rows.append(
            {
                "System UUID": person.uuid,
                "Pipeline Stage": "New lead",
                "Full Name": person.full,
                "First Name": person.first,
                "Last Name": person.last,
                "Position": person.title,
                "Headline": f"{person.title} at {person.company.name}",
                "About": _maybe(
                    rng, 0.25, f"Sample profile,\n{person.title}.\n\nNot real."
                ),
                "LinkedIn ID": _pick(rng, (person.member_id, person.hash_id)),
                "Sales Navigator ID": _maybe(rng, 0.6 if nickname else 1, person.sales_id),
                "LinkedIn Nickname": nickname,
                "LinkedIn URL": f"https://www.linkedin.com/in/{quote(nickname)}"
                if nickname
                else "",
                "Work Email": _maybe(rng, 0.5, person.email),
                "Connections Number": str(_whole(rng, 60, 9000)) if enriched else "",
                "Primary Language": "en",
                "Has Open Profile": yes_no[person.is_open] if enriched else "",
                "Has Verified Profile": yes_no[rng.random() < 0.4] if enriched else "",
                "Has Premium": _maybe(rng, 0.6 + enriched, yes_no[person.is_premium]),
                "Location City": city_state_country[0],
                "Location State": city_state_country[1],
                "Location Country": city_state_country[2],
                "List": "Sample Q4",
                "Tags": _maybe(rng, 0.3, "webinar; q4"),
                "Company Name": person.company.name.upper()
                if rng.random() < 0.1
                else person.company.name,
                "Company Industry": person.company.industry,
                "Company LinkedIn ID": str(person.company.number)
                if person.company.domain
                else "",
                "Company Domain": person.company.domain,
                "Company LinkedIn URL": _company_urls(person.company)[1],
                "Company Employees Range": _employees(person.company.employees),
                "icp_segment": _pick(rng, _SEGMENTS),
                "Created At": f"2026-{_whole(rng, 3, 10):02d}-{_whole(rng, 1, 28):02d}"
                " 10:15:00",
            }
        )
    rows[3]["About"] = "A NUL byte \0 came with this cell."
    rows[7]["Headline"] = "Growth; sales | \u201cquotes\u201d, a comma\nand a second line"
    nobody = {"System UUID": "", "First Name": "Nobody", "Last Name": "Without Identity"}
    return _csv(GETSALES, [*rows, nobody])


def _employees(number: int) -> str:
    for text in _EMPLOYEES:
        if number <= int(text.split("-")[1]):
            return text
    return _EMPLOYEES[-1]


def _evaboot(rng: Random, people: Sequence[_Person], *, wrong: Sequence[_Person]) -> bytes:
    """Evaboot: both flags, all three URLs, rows that do not match the search.

    The open flag of `wrong` contradicts the other export.
    """
    contradicts = {person.number for person in wrong}
    rows = []
    for person in _in_order(rng, people):
        company = person.company
        matches = person.number in contradicts or rng.random() < 0.92
        is_open = person.is_open != (person.number in contradicts)
        email = _maybe(rng, 0.4, person.email)
        profile = "https://www.linkedin.com/in/"
        rows.append(
            {
                "First Name": person.first,
                "Last Name": person.last,
                "Full Name": person.full,
                "Current Job": person.title + " " * (rng.random() < 0.1),
                "Location": person.location,
                "Linkedin URL Public": profile + person.slug,
                "Linkedin URL Unique ID": profile + person.sales_id,
                "Sales Navigator URL": "https://www.linkedin.com/sales/lead/"
                f"{person.sales_id},NAME_SEARCH,{_letters(rng, 4)}",
                "Profile Headline": f"{person.title} | {company.name}",
                "Current Jobs Number": "1",
                "Years in Position": str(_whole(rng, 0, 12)),
                "Connections": str(_whole(rng, 40, 500)),
                "Is Premium": str(person.is_premium).upper(),
                "Is Open Profile": str(is_open).upper(),
                "Email": email,
                "Email Status": "safe" if email else "not found",
                "Matches Filters": "YES" if matches else "NO",
                "No Match Reasons": "" if matches else "Job title does not match",
                "Company Name": company.name,
                "Company Domain": company.domain,
                "Company Website URL": f"https://{company.domain}" * bool(company.domain),
                "Company Linkedin URL Unique ID": _company_urls(company)[1],
                "Company Employee Exact Count": str(company.employees),
                "Company Employee Range": _employees(company.employees),
                "Company Industry": company.industry,
                "Company Year Founded": _pick(rng, ("0", "1999", "2008", "2015", "2021")),
                "Company Location": company.place[2],
                "Department Headcounts": _maybe(rng, 0.5, "Sales: 12\nEngineering: 30"),
            }
        )
    return _csv(EVABOOT, rows)


def _apollo(rng: Random, people: Sequence[_Person]) -> bytes:
    """Apollo: no flags and no Sales Navigator id; some rows have only an e-mail."""
    rows = []
    for person in _in_order(rng, people):
        company = person.company
        city, state, country = company.place
        email = _maybe(rng, 0.7, person.email)
        slug = _maybe(rng, 0.96 if email else 1, person.slug)
        rows.append(
            {
                "First Name": person.first,
                "Last Name": person.last,
                "Title": person.title,
                "Company": company.name,
                "Company Name for Emails": company.name.split(" ")[0],
                "Email": email,
                "Email Status": "Verified" if email else "Unavailable",
                "Seniority": person.seniority,
                "Contact Owner": "crm@planner.example",
                "# Employees": str(company.employees),
                "Industry": company.industry.lower(),
                "Keywords": "sample, invented",
                "Person Linkedin Url": f"http://www.linkedin.com/in/{slug}" if slug else "",
                "Website": f"http://www.{company.domain}" if company.domain else "",
                "Company Linkedin Url": f"http://www.linkedin.com/company/{company.number}",
                "City": city,
                "State": state,
                "Country": country,
                "Apollo Contact Id": f"sample{person.number:018d}",
                "Apollo Account Id": f"sample{company.number:018d}",
            }
        )
    wrong = {
        "First Name": "Nobody",
        "Last Name": "With A Company's URL",
        "Person Linkedin Url": "http://www.linkedin.com/company/990000000",
    }
    data = _csv(APOLLO, [*rows, wrong])
    # An unquoted comma in the company's name makes the row one cell too long.
    blanks = "," * (len(APOLLO) - 6)
    return data + f"Ragged,Sample,CEO,Comma, Inc.,Comma,{blanks}sampleragged\n".encode()


def _connections(rng: Random, people: Sequence[_Person]) -> bytes:
    """LinkedIn's own Connections.csv, with its preamble and a row of only commas."""
    rows = [
        {
            "First Name": person.first,
            "Last Name": person.last,
            "URL": f"https://www.linkedin.com/in/{quote(person.slug)}",
            "Email Address": _maybe(rng, 0.1, person.email),
            "Company": person.company.name,
            "Position": person.title,
            "Connected On": f"{_whole(rng, 1, 28):02d} "
            + _pick(rng, ("Mar 2025", "Sep 2025", "Jan 2026", "Jul 2026")),
        }
        for person in _in_order(rng, people)
    ]
    preamble = (
        'Notes:\n"Sample file. Addresses are missing where members keep them to '
        'themselves, and ""connected"" is a date only."\n\n'
    )
    return preamble.encode() + _csv(CONNECTIONS, [*rows, {}])


def _heyreach(rng: Random, people: Sequence[_Person]) -> bytes:
    """HeyReach: what was sent and answered so far; UTF-8 with BOM, CRLF."""
    senders = [row["sender"].split(" ") for row in seat_rows()[:4]]
    rows = []
    for person in _in_order(rng, people):
        first, last = _pick(rng, senders)
        status = _pick(rng, (*["AWAITING_REPLY"] * 6, "REPLIED", "REPLIED", "FAILED"))
        rows.append(
            {
                "Lead first name": person.first,
                "Lead last name": person.last,
                "Lead LinkedIn URL": f"https://www.linkedin.com/in/{quote(person.slug)}",
                "Lead location": person.location,
                "Lead company name": person.company.name,
                "Lead company URL": _company_urls(person.company)[1],
                "Lead position": person.title,
                "Sender first name": first,
                "Sender last name": last,
                "Sender LinkedIn URL": "https://www.linkedin.com/in/"
                f"{first.lower()}-{last.lower()}-sample-sender",
                "Last action taken": _pick(rng, ("MESSAGE", "CONNECTION_REQUEST")),
                "Last action time": f"{_whole(rng, 9, 11):02d}/{_whole(rng, 1, 20):02d}"
                f"/2026 {_whole(rng, 8, 17):02d}:{_whole(rng, 0, 59):02d}:00",
                "Sender Status": status,
                "Tags": "sample",
                "Failed Reason Code": "UserBlockedByRecipient"
                if status == "FAILED"
                else "",
            }
        )
    return b"\xef\xbb\xbf" + _csv(HEYREACH, rows, end="\r\n")


def _do_not_contact(people: Sequence[_Person]) -> bytes:
    """Return a plain list; its last three are on no other list."""
    rows = [
        {"LinkedIn URL": f"https://www.linkedin.com/in/{person.slug}", "Reason": "asked us"}
        for person in people
    ]
    rows[2] = {"LinkedIn URL": "", "Email": people[2].email, "Reason": "customer"}
    rows += [
        {
            "LinkedIn URL": f"linkedin.com/in/customer-sample-{9000 + n}",
            "Reason": "customer",
        }
        for n in range(1, 4)
    ]
    return _csv(("LinkedIn URL", "Email", "Reason"), rows)


# --- workbooks --------------------------------------------------------------------


def _team_list(rng: Random, people: Sequence[_Person]) -> bytes:
    """Return the team's own list: priorities, owners, groups, German headers."""
    from openpyxl import Workbook  # slow to import
    from openpyxl.styles import Font

    from planner.intake.seat_template import reproducible

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Leads"
    sheet.append(TEAM_LIST)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for person in _in_order(rng, people):
        sheet.append(_team_row(rng, person))
        for cell in sheet[sheet.max_row]:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    sheet.append(["Nobody", "Sample", "", "", "n/a", "", "A"])
    sheet.freeze_panes = "A2"
    for letter, width in zip(
        "ABCDEFGHIJK", (16, 24, 20, 30, 66, 34, *[16] * 5), strict=True
    ):
        sheet.column_dimensions[letter].width = width
    file = io.BytesIO()
    book.save(file)
    return reproducible(file.getvalue())


def _team_row(rng: Random, person: _Person) -> list[str | dt.date | None]:
    group = ""
    if person.company.industry == "Financial Services":
        group = "fintech"
    elif person.company.place[2] in _DACH:
        group = "dach"
    url = _pick(
        rng,
        (
            f"https://www.linkedin.com/in/{person.slug}/",
            f"linkedin.com/in/{person.slug}",
            f"https://de.linkedin.com/in/{person.slug}?trk=sample",
        ),
    )
    owner = _pick(rng, ("anna", "Piet Samplemoor", "maeve", *[""] * 20))
    contacted = dt.date(2026, 10, 1) + dt.timedelta(days=_whole(rng, 0, 45))
    return [
        person.first,
        person.last,
        person.company.name or None,
        person.title,
        url,
        person.location,
        _pick(rng, "AABBBCCD"),
        owner or None,
        (group if not owner else "") or None,
        "ja" if rng.random() < 0.03 else None,
        contacted if rng.random() < 0.05 else None,
    ]


def _seats_xlsx() -> bytes:
    """Return the seats in the workbook that `planner init` writes."""
    from planner.intake.seat_template import seat_workbook
    from planner.params import Parameters

    return seat_workbook(Parameters(), seat_rows())

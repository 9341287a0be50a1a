"""What stands on the page: figures worked out by hand, text that stays text, no names."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from leads_factory import make_inputs, make_leads
from model_factory import MONDAY, make_seat
from planner import pipeline, report
from planner.domain import Given, InputFile, Seat
from planner.errors import Issue, Severity
from planner.limits import MEANINGS
from planner.params import Parameters
from planner.pipeline import Worked
from planner.report import blocks, changes, content, limits, page, run, seats
from planner.report.blocks import Chart, Figure, Page, Part, Section, Table
from planner.whatif import rules

PACKAGE = Path(report.__file__).parent

#: Published files of the libraries in vendor/: SHA-256 as their registry's archive has it.
PUBLISHED = {
    "d3.min.js": "912111098ea99503a6f4967361d2bbdc9dbf58cf9c678c8e27e5b02d1a07f0c1",
    "plot.min.js": "4358086467740777dd788d6b27a95cebdbaefdd50c730a3060117073bd7134cb",
}


def worked(
    leads: list[dict[str, Any]], inventory: list[Seat], **parameters: object
) -> tuple[Worked, Given]:
    """Return a plan with what it was worked out from."""
    given = Given(
        inputs=make_inputs(leads, inventory),
        parameters=Parameters().override(parameters),
        as_of=MONDAY,
    )
    return pipeline.work_out(given), given


def page_of(
    leads: list[dict[str, Any]], inventory: list[Seat], **parameters: object
) -> Page:
    """Return the page of a plan."""
    made, given = worked(leads, inventory, **parameters)
    behind = content.Behind(played=content.play(made, given), costs=None, previous=None)
    return content.page(made, behind)


def figure(shown: Page, label: str) -> Figure:
    """Return a figure of the answer."""
    (found,) = [one for one in shown.figures if one.label == label]
    return found


def section(shown: Page, name: str) -> Section:
    """Return a section of the page."""
    (found,) = [one for one in shown.sections if one.name == name]
    return found


def plain(**changes: Any) -> Page:
    """Return a page with one table and one chart, to be rendered."""
    cell = changes.get("cell", "cell")
    table = Table(caption="table", headers=("one",), rows=[(cell,)])
    chart = Chart(name="load", kind="dots", title=cell, data={"points": [], "x": cell})
    parts = (Part(chart=chart, table=table),)
    return Page(
        title=cell, subtitle=cell, warning="",
        figures=(Figure(label=cell, value="1", remark=cell, against=cell),),
        answer=(cell,),
        sections=(Section(name="one", title=cell, words=(cell,), parts=parts),),
    )  # fmt: skip


# --- the answer -------------------------------------------------------------------


def test_figures_of_a_week_that_fits() -> None:
    """3 open and 2 closed leads, 50 credits: 5 InMails, 3 free; nobody waits, no risk.

    Each InMail brings 0.1 replies: 0.5, and less in the draws, where profiles are gone or
    take no InMail. An even split on one seat sends the same, and so fares the same.
    """
    leads = [*make_leads(3, flag="yes"), *make_leads(2, 4, flag="no")]
    shown = page_of(leads, [make_seat()])
    values = [one.value for one in shown.figures]
    assert values[:3] + values[4:] == ["5", "0", "0", "0.0%"]
    replies = figure(shown, "Expected replies")
    assert replies.remark.endswith("; 0.5 if no send fails")
    assert replies.against.startswith(replies.value)
    inmails = figure(shown, "InMails")
    assert inmails.remark == "3 of them free, to open profiles"
    assert inmails.against == "5, 3 of them free"
    assert figure(shown, "On hold").against == "0; none fails"
    assert figure(shown, "Chance that any seat runs out").against == "0.0%"


def test_an_even_split_fails_where_credits_are_short() -> None:
    """7 credits, 30 closed leads: the plan pays for 2, an even split runs the seat dry.

    Its 8 paid InMails a day meet 7 credits on the first day: the eighth fails for sure.
    """
    shown = page_of(make_leads(30, flag="no"), [make_seat(credits=7)])
    assert figure(shown, "InMails").value == "2"
    assert figure(shown, "Chance that any seat runs out").against == "100.0%"
    assert "1.0 of 1 seat would need more credits" in shown.answer[0]
    assert any("Every seat keeps the guarantee" in sentence for sentence in shown.answer)


def test_leads_are_counted_alike_on_both_sides() -> None:
    """What is sent and what waits comes to the same number under both."""
    shown = page_of(make_leads(80), [make_seat(credits=20)])
    numbers = {
        one.label: (_first(one.value), _first(one.against)) for one in shown.figures[:3]
    }
    own = sum(pair[0] for pair in numbers.values())
    even = sum(pair[1] for pair in numbers.values())
    assert own == even == 80


def _first(text: str) -> int:
    return int(re.split(r"[,; ]", text)[0])


def test_a_switched_off_guarantee_is_said_first() -> None:
    """A run that only reports credits carries the warning on top."""
    shown = page_of(make_leads(3, flag="no"), [make_seat(credits=7)], report_only="credits")
    assert shown.warning.startswith("THE CREDIT GUARANTEE IS OFF")


# --- sections ---------------------------------------------------------------------


def test_the_page_is_in_reading_order() -> None:
    """Runway first, provenance last, and every chart has its table."""
    shown = page_of(make_leads(4), [make_seat()])
    assert [one.name for one in shown.sections] == [
        "runway", "volume", "load", "open-share", "limits", "changes", "issues",
        "parameters", "provenance",
    ]  # fmt: skip
    parts = [part for one in shown.sections for part in one.parts]
    assert all(part.table is not None for part in parts)


def test_the_runway_is_the_plans() -> None:
    """3 closed leads of 130 credits: 127 before the reset, 150 after it, 27 forfeited."""
    shown = page_of(make_leads(3, flag="no"), [make_seat(credits=130)])
    (part,) = section(shown, "runway").parts
    assert part.table is not None
    assert part.table.rows == [
        ("anna", "130", "5", "127", "0.0%", "2026-12-01", "127.0", "150.0", "27.0")
    ]
    assert part.chart is not None
    (drawn,) = part.chart.data["seats"]
    # The grant comes eight days after the plan's Monday.
    assert drawn["grants"] == [[8, 23.0, 27.0]]
    assert drawn["expected"][7:9] == [127.0, 150.0]


def test_seats_nearest_to_running_out_come_first() -> None:
    """Without any risk, the seat that its low bound leaves least above the reserve."""
    inventory = [
        make_seat(seat_id=name, credits=n) for name, n in (("rich", 90), ("poor", 6))
    ]
    made, _ = worked(make_leads(2, flag="yes"), inventory)
    assert [seat["seat_id"] for seat in seats.ranked(made.plan)] == ["poor", "rich"]


def test_days_without_sends_are_shown() -> None:
    """The week has seven days, whether anybody works on them or not."""
    shown = page_of(make_leads(4, flag="yes"), [make_seat()])
    _, by_day = section(shown, "volume").parts
    assert by_day.table is not None
    assert [row[0][:3] for row in by_day.table.rows] == [
        "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
    ]  # fmt: skip


def test_rule_costs_are_listed_when_given() -> None:
    """What each rule costs is shown if it was worked out; else how to get it."""
    made, given = worked(make_leads(30, flag="no"), [make_seat(credits=7)])
    costs = rules.costs(given, made, ["credits"], lambda _: None)
    told = limits.limits(made, costs, "2026-W48-abc")
    assert any("credits" in words for words in told.words)
    names = [part.chart.name for part in told.parts if part.chart is not None]
    assert "rule-costs" in names
    without = limits.limits(made, None, "2026-W48-abc")
    assert any("planner show 2026-W48-abc --html" in words for words in without.words)
    names = [part.chart.name for part in without.parts if part.chart is not None]
    assert "limit-costs" in names


def test_limits_cost_what_planning_anew_says() -> None:
    """Where nothing is unsure, solving without a limit's rows is planning without it.

    30 closed leads, 7 credits, 2 of them above the reserve; the next reset is far away.
    """
    seat = make_seat(credits=7, reset_rule="date:2027-03-01")
    made, given = worked(make_leads(30, flag="no"), [seat])
    quick = rules.limit_costs(made)
    names = ["credits", "velocity", "paid_inmails_per_day", "requests_per_day"]
    anew = {
        item.limit: item.cost for item in rules.costs(given, made, names, lambda _: None)
    }
    # 28 leads more get an InMail (0.1) instead of a request (0.045), less what is spent
    # on later weeks: more than 1 reply, and at most 28 * 0.055 = 1.54.
    assert 1.0 < quick["credits"] <= 1.54
    for name in names:
        assert quick[name] == pytest.approx(anew[name], abs=2e-3), name


def test_a_limit_counts_where_it_cuts_another_ones_room() -> None:
    """40 free InMails a day are allowed, but 20 in all: it is the 20 that cost.

    The row of the program that binds is that of the free ones, cut down to the 20.
    """
    seat = make_seat(inmails_last_28_days=400, max_open_inmails_per_day=40)
    made, given = worked(make_leads(300, flag="yes"), [seat])
    quick = rules.limit_costs(made)
    (anew,) = rules.costs(given, made, ["inmails_per_day"], lambda _: None)
    assert quick["inmails_per_day"] > 0.5
    assert quick["inmails_per_day"] == pytest.approx(anew.cost, rel=0.02)
    assert "inmails_per_day" in rules.acting(made)


def test_one_lead_of_a_company_may_have_to_wait_for_another_one() -> None:
    """Somebody of the company was contacted on Saturday: the throttle of 1 acts."""
    own: dict[str, Any] = {"company": "Acme", "company_key": "acme"}
    gone = own | {"last_contacted_on": "2026-11-21", "exclusion": "contacted_before"}
    leads = [*make_leads(1, **gone), *make_leads(1, 2, **own)]
    made, _ = worked(leads, [make_seat()], max_new_leads_per_company=1)
    assert "company_throttle" in rules.acting(made)


@pytest.mark.parametrize("credits", [7, 60])
def test_rules_left_out_cost_nothing(credits: int) -> None:
    """A rule that is not among the acting ones costs nothing when it is taken away."""
    made, given = worked(make_leads(25, flag="no"), [make_seat(credits=credits)])
    acting = set(rules.acting(made))
    others = [name for name in MEANINGS if name not in acting]
    assert others
    found = rules.costs(given, made, others, lambda _: None)
    assert {item.limit: item.cost for item in found if abs(item.cost) > 1e-6} == {}


def test_the_first_run_has_nothing_to_compare_with() -> None:
    """Without a run before it the section says so, and has no table."""
    told = changes.changes(None)
    assert told.parts == ()
    assert "first run" in told.words[0]


def test_a_run_that_no_ledger_knows_is_not_compared() -> None:
    """Neither a first run nor one after another: nobody can tell."""
    told = changes.changes(None, is_known=False)
    assert "No ledger here knows this run" in told.words[0]


def test_files_are_named_without_their_folders() -> None:
    """A path may say whose computer it is; the folder stands where two names are alike."""
    made, _ = worked(make_leads(1), [make_seat()])
    files = tuple(
        InputFile(file=path, kind="leads", sha256="", num_rows=1)
        for path in (
            "/home/jane/a/leads.csv",
            "/home/jane/b/leads.csv",
            "c:\\jane\\seats.csv",
        )
    )
    told = Issue(
        severity=Severity.NOTE, code="x", file="/home/jane/a/leads.csv", row=1, column="",
        message="as in /home/jane/b/leads.csv, row 2",
    )  # fmt: skip
    plan = replace(made.plan, files=files, issues=(told,))
    names = run.short_names(plan)
    assert list(names.values()) == ["a/leads.csv", "b/leads.csv", "seats.csv"]
    shown = [
        cell
        for part in run.issues(plan).parts
        if part.table is not None
        for row in part.table.rows
        for cell in row
    ]
    assert "as in b/leads.csv, row 2" in shown
    assert not [cell for cell in shown if "jane" in cell]


# --- text stays text --------------------------------------------------------------

NASTY = "</script><script>alert(1)</script> `=1` \u2028 <b>&amp;"


def test_nothing_in_a_cell_ends_an_element() -> None:
    """Markup, script ends, ampersands and line separators are shown as they are."""
    html = page.render(plain(cell=NASTY))
    assert "<script>alert(1)" not in html
    assert "<b>" not in html
    assert html.count("</script>") == 7  # data, two libraries, the page's own four
    data = re.search(r'id="data">(.*?)</script>', html, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["load"]["data"]["x"] == NASTY


def test_commands_are_code() -> None:
    """A command in a sentence is set as code; what is in it is escaped all the same."""
    html = page.render(plain(cell=f"run {blocks.command('planner <x>')} now `x`"))
    assert "run <code>planner &lt;x&gt;</code> now `x`" in html


def test_only_the_pages_own_scripts_may_run() -> None:
    """The policy names the hash of each script, in order, and allows no other source."""
    html = page.render(plain())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digests = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in scripts
    ]
    named = re.findall(r"'sha256-([^']+)'", policy[1])
    assert named == digests
    assert len(named) == len(page.LIBRARIES) + len(page.SCRIPTS)
    assert policy[1].startswith("default-src 'none'; style-src 'unsafe-inline'; script-src")


def test_nothing_on_the_page_comes_from_elsewhere() -> None:
    """No element names a place to load anything from."""
    html = re.sub(r"<script>.*?</script>", "", page.render(plain()), flags=re.DOTALL)
    assert not re.search(r"\s(?:src|href)=\"(?!#)|url\(|@import|<link|<iframe", html)


def test_libraries_are_as_published() -> None:
    """The charting libraries are the files that their makers published, licence beside."""
    vendor = PACKAGE / "vendor"
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in vendor.glob("*.js")
    }
    assert found == PUBLISHED
    html = page.render(plain())
    for name in page.LIBRARIES:
        licence = (vendor / f"{name}.LICENSE").read_text("utf-8").strip()
        assert "Permission to use, copy, modify" in licence
        assert licence in html


def test_the_same_page_twice_is_the_same() -> None:
    """Equal plans give equal bytes, whatever order the leads come in."""
    leads = make_leads(40)
    first, second = (
        page.render(page_of(rows, [make_seat(), make_seat(seat_id="bert", credits=12)]))
        for rows in (leads, leads[::-1])
    )
    assert first == second


# --- colours ----------------------------------------------------------------------


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, as WCAG 2 defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_formula() -> None:
    """Black on white is 21 to 1, by definition."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_apart(scheme: str) -> None:
    """Text has 4.5 to 1 on its ground, marks of charts 3 to 1 (WCAG 2.1, AA)."""
    style = (PACKAGE / "page.css").read_text("utf-8")
    blocks_of = style.split("@media (prefers-color-scheme: dark)")
    block = blocks_of[0] if scheme == "light" else blocks_of[1].split("@media")[0]
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block))
    for name in ("ink", "quiet", "accent", "alarm"):
        for ground in ("surface", "raised"):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
    for name in ("open", "paid", "request", "message"):
        assert contrast(colours[name], colours["surface"]) >= 3.0, name


# --- numbers in words -------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0, "0.0%"), (0.0004, "below 0.1%"), (0.0494, "4.9%")]
)
def test_a_small_chance_does_not_look_like_none(share: float, shown: str) -> None:
    """Only what is zero is shown as zero."""
    assert blocks.percent(share) == shown


def test_numbers_have_no_negative_zero() -> None:
    """-0.0001 with one digit is 0.0."""
    assert blocks.decimal(-0.0001) == "0.0"
    assert blocks.decimal(-0.26) == "-0.3"


def test_dates_of_the_subtitle() -> None:
    """The week is named by its first and last day."""
    shown = page_of(make_leads(1), [make_seat()])
    assert shown.subtitle.startswith(
        "23 November 2026 to 29 November 2026, 1 seat, 1 lead."
    )
    assert dt.date(2026, 11, 23) == MONDAY

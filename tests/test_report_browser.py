"""The page as a person sees it: in a real browser, on phone and desk, by day and night.

The browser is Debian's Chromium, driven through its own driver; without the two, these
tests skip and say so.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions, Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from report_factory import FORMULA, IMAGE, LONG, SCRIPT, plan_week, write_week

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    BROWSER is None or DRIVER is None,
    reason="no Chromium here: install Debian's chromium and chromium-driver",
)

#: Nothing that the browser does by itself may look like a request of the page.
SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars",
)  # fmt: skip

PHONE, DESK = (390, 844), (1280, 900)
A4, LETTER = (8.27, 11.69), (8.5, 11.0)
CHARTS = ("runway", "volume-seat", "volume-day", "load", "open-share", "look-ups")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a week, people named, the rules that limit it costed."""
    folder = tmp_path_factory.mktemp("week")
    write_week(folder)
    return plan_week(folder, "--with-names") / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    """Return a browser that notes what its pages say and ask for."""
    options = ChromeOptions()
    options.binary_location = str(BROWSER)
    for switch in SWITCHES:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


def shown(
    browser: Chrome, page: Path, size: tuple[int, int] = DESK, scheme: str = "light"
) -> None:
    """Open a page as a screen of this size and scheme shows it."""
    browser.get("about:blank")
    logged(browser, "performance")
    logged(browser, "browser")
    width, height = size
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {
            "width": width, "height": height, "deviceScaleFactor": 1,
            "mobile": size == PHONE,
        },
    )  # fmt: skip
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    browser.get(page.as_uri())


def logged(browser: Chrome, kind: str) -> list[dict[str, Any]]:
    """Return what the browser logged since it was last asked."""
    return list(browser.get_log(kind))  # type: ignore[no-untyped-call]  # selenium's gap


def requests(browser: Chrome) -> list[str]:
    """Return what the page asked for since it was opened, itself left out."""
    entries = logged(browser, "performance")
    events = [json.loads(entry["message"])["message"] for entry in entries]
    urls = [
        str(event["params"]["request"]["url"])
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    return [url for url in urls if not url.startswith(("file:", "about:", "data:"))]


def ask(browser: Chrome, script: str, *arguments: object) -> Any:
    """Return what a script in the page returns."""
    return browser.execute_script(script, *arguments)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_chart_draws_and_nothing_leaves(
    browser: Chrome, page: Path, size: tuple[int, int], scheme: str
) -> None:
    """All charts are there with marks in them, no request left, no error was told."""
    shown(browser, page, size, scheme)
    drawn = ask(
        browser,
        """return [...document.querySelectorAll("figure[data-chart]")].map((figure) => [
          figure.dataset.chart,
          figure.dataset.drawn,
          Math.max(...[...figure.querySelectorAll(
            "svg rect, svg circle, svg path")].map((mark) => mark.getBBox().width)),
        ])""",
    )
    assert {name for name, _, _ in drawn} >= set(CHARTS)
    assert [name for name, is_drawn, _ in drawn if is_drawn != "yes"] == []
    assert [name for name, _, width in drawn if not width > 3] == []
    assert requests(browser) == []
    told = [entry["message"] for entry in logged(browser, "browser")]
    assert told == []
    assert ask(browser, "return document.documentElement.dataset.drawn") == "yes"


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_page_is_never_wider_than_the_screen(
    browser: Chrome, page: Path, size: tuple[int, int]
) -> None:
    """Nobody has to scroll sideways; wide tables scroll within themselves."""
    shown(browser, page, size)
    width = "return document.documentElement.scrollWidth"
    assert ask(browser, width) <= size[0]
    # Not even with the seat of the longest name picked.
    names = "return [...document.getElementById('seat').options].map((one) => one.text)"
    index = ask(browser, names).index(LONG)
    ask(
        browser,
        """const select = document.getElementById("seat");
        select.value = String(arguments[0]);
        select.dispatchEvent(new Event("change"));""",
        index,
    )
    assert ask(browser, width) <= size[0]


def test_no_axis_label_is_cut_off(browser: Chrome, page: Path) -> None:
    """Everything that is written in a chart lies within the box that shows it."""
    for size in (PHONE, DESK):
        shown(browser, page, size)
        cut = ask(
            browser,
            """return [...document.querySelectorAll(".plot svg text")].filter((text) => {
              const own = text.getBoundingClientRect();
              const box = text.closest(".plot").getBoundingClientRect();
              return own.height && own.bottom > box.bottom + 1;
            }).map((text) => text.textContent)""",
        )
        assert cut == []


def test_schemes_differ(browser: Chrome, page: Path) -> None:
    """By night the page is dark, and the writing in its charts is light."""
    colours = {}
    for scheme in ("light", "dark"):
        shown(browser, page, DESK, scheme)
        colours[scheme] = ask(
            browser,
            """const styleOf = (one) => getComputedStyle(document.querySelector(one));
            return [styleOf("body").backgroundColor, styleOf(".plot svg").color];""",
        )
    assert colours["light"] == ["rgb(255, 255, 255)", "rgb(28, 33, 40)"]
    assert colours["dark"] == ["rgb(20, 23, 28)", "rgb(232, 234, 237)"]


def test_names_stay_text(browser: Chrome, page: Path) -> None:
    """Leads, companies, segments and seats called like scripts are shown as they are."""
    shown(browser, page)
    text = ask(browser, "return document.body.textContent")
    for name in (SCRIPT, FORMULA, IMAGE):
        assert name in text
    assert ask(browser, "return typeof window.hacked") == "undefined"
    assert (
        ask(browser, "return document.querySelectorAll('main img, main script').length")
        == 0
    )
    # The picker and the small charts name the seat called like a script, too.
    options = ask(
        browser, "return [...document.querySelectorAll('#seat option')].map((o) => o.text)"
    )
    assert SCRIPT in options


def test_a_seat_can_be_picked_by_keyboard(browser: Chrome, page: Path) -> None:
    """An arrow key in the list shows the next seat's runway and its table of days."""
    shown(browser, page)
    select = browser.find_element(By.ID, "seat")
    label = "return document.querySelector('#chart-runway svg').getAttribute('aria-label')"
    first = ask(browser, label)
    select.send_keys(Keys.ARROW_DOWN)
    second = ask(browser, label)
    assert first != second
    picked = ask(browser, "return document.getElementById('seat').selectedOptions[0].text")
    assert second == f"Credits of seat {picked} by day"
    summary = ask(
        browser,
        "return document.querySelector('#chart-runway details summary').textContent",
    )
    assert summary == f"Seat {picked} by day"


def test_small_charts_pick_a_seat_and_all_can_be_shown(browser: Chrome, page: Path) -> None:
    """12 of the 14 seats are drawn small; the button draws all, a click picks one."""
    shown(browser, page)
    small = "#chart-runway .multiple"
    assert len(browser.find_elements(By.CSS_SELECTOR, small)) == 12
    more = browser.find_element(By.CSS_SELECTOR, "#chart-runway .more")
    assert more.text == "Show all 14 seats"
    more.click()
    seats = browser.find_elements(By.CSS_SELECTOR, small)
    assert len(seats) == 14
    seats[13].click()
    assert seats[13].get_attribute("aria-pressed") == "true"
    chosen = ask(browser, "return document.getElementById('seat').value")
    assert chosen == "13"


def test_hovering_shows_values(browser: Chrome, page: Path) -> None:
    """The pointer over the runway shows the day, what is expected and the band."""
    shown(browser, page)
    chart = browser.find_element(By.CSS_SELECTOR, "#chart-runway svg")
    ActionChains(browser).move_to_element(chart).perform()
    tip = ask(
        browser,
        """return document.querySelector(
          "#chart-runway svg [aria-label=tip]").textContent""",
    )
    assert "expected" in tip
    assert "band" in tip


def test_every_picture_has_a_name_and_a_table(browser: Chrome, page: Path) -> None:
    """A screen reader hears each chart's name once and finds its table right below."""
    shown(browser, page)
    lacking = ask(
        browser,
        """return [...document.querySelectorAll("figure[data-chart]")].filter((figure) => {
          const table = figure.nextElementSibling;
          const images = [...figure.querySelectorAll(".plot svg")];
          return !table?.matches("details") || !table.querySelector("tbody tr td")
            || images.length === 0
            || images.some((one) => one.getAttribute("role") !== "img"
              || !one.getAttribute("aria-label"));
        }).map((figure) => figure.dataset.chart)""",
    )
    assert lacking == []
    headings = ask(
        browser, "return [...document.querySelectorAll('h1, h2')].map((h) => h.tagName)"
    )
    assert headings[0] == "H1"
    assert set(headings[1:]) == {"H2"}


def test_without_scripts_the_tables_say_it_all(browser: Chrome, page: Path) -> None:
    """A mail program that runs no scripts shows every table, open, and says why."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        shown(browser, page)
        tables = browser.find_elements(By.CSS_SELECTOR, "details[open] table tbody tr")
        assert len(tables) > 100
        closed = browser.find_elements(By.CSS_SELECTOR, "details:not([open])")
        assert closed == []
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("paper", [A4, LETTER], ids=["a4", "letter"])
def test_the_page_prints(
    browser: Chrome, page: Path, tmp_path: Path, paper: tuple[float, float]
) -> None:
    """On paper there are the figures, the charts at full width and the short tables."""
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext here: install Debian's poppler-utils")
    shown(browser, page, PHONE, "dark")
    printed = browser.execute_cdp_cmd(
        "Page.printToPDF",
        {"paperWidth": paper[0], "paperHeight": paper[1], "printBackground": True},
    )
    (tmp_path / "page.pdf").write_bytes(base64.b64decode(printed["data"]))
    text = subprocess.run(
        ["pdftotext", "-layout", "page.pdf", "-"],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for words in ("Plan of week 2026-W48", "Runway of 14 seats", "This run", "seat-02"):
        assert words in text
    assert "Show all" not in text
    about = subprocess.run(
        ["pdfinfo", "page.pdf"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    size = next(line for line in about.splitlines() if line.startswith("Page size"))
    points = [float(word) for word in size.split() if word[0].isdigit()]
    assert points == pytest.approx([72 * side for side in paper], abs=1)


def test_two_hundred_seats_draw(browser: Chrome, tmp_path: Path) -> None:
    """With 200 seats every chart still draws, the first 40 bars and 12 runways of them."""
    write_week(tmp_path, num_leads=600, num_seats=200)
    made = plan_week(tmp_path) / "report.html"
    assert made.stat().st_size < 1_500_000
    shown(browser, made)
    drawn = ask(
        browser,
        """return [...document.querySelectorAll('figure[data-chart]')].map(
          (figure) => figure.dataset.drawn)""",
    )
    assert set(drawn) == {"yes"}
    assert len(browser.find_elements(By.CSS_SELECTOR, "#chart-runway .multiple")) == 12
    more = browser.find_element(By.CSS_SELECTOR, "#chart-volume-seat .more")
    assert more.text == "Show all 200"


def test_rule_costs_are_drawn(browser: Chrome, tmp_path: Path) -> None:
    """Asked for, what each rule costs is a chart of its own: two seats for 60 leads."""
    write_week(tmp_path, num_leads=60, num_seats=2)
    shown(browser, plan_week(tmp_path, "--rule-costs") / "report.html")
    drawn = "return document.getElementById('chart-rule-costs').dataset.drawn"
    assert ask(browser, drawn) == "yes"

"""What somebody runs into who uses the program for the first time, by the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from planner.cli import console
from workspaces import Outcome, Run, runner

AS_OF = ("--as-of", "2026-11-23")
LEADS = """\
LinkedIn,Talo,Ilmaiseksi
https://www.linkedin.com/in/alba-1,Acme,kyllä
https://www.linkedin.com/in/bertil-2,Acme,ei
https://www.linkedin.com/in/chiaka-3,Tarn,
"""
SEATS = "seat_id,sender,credits\nanna,Anna Sampleby,50\nbo,Bo Sampleby,40\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with leads.csv and seats.csv, which is the working directory."""
    (tmp_path / "leads.csv").write_text(LEADS, "utf-8")
    (tmp_path / "seats.csv").write_text(SEATS, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PLANNER_LEDGER")
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], folder: Path) -> Run:
    """Return a function that runs a command in `folder`."""
    return runner(capsys, folder)


# --- [map] of planner.toml --------------------------------------------------------


def checked(run: Run, *options: str) -> tuple[dict[str, list[str]], list[str]]:
    """Return the columns that `planner check` finds by meaning, and codes of findings."""
    code, out, _ = run("check", "leads.csv", *AS_OF, "--json", *options)
    assert code == 0
    document = json.loads(out)
    (mapping,) = document["mappings"]
    return mapping["columns"], [issue["code"] for issue in document["issues"]]


def test_columns_can_be_kept_in_the_workspace(run: Run, folder: Path) -> None:
    """``[map]`` names columns for good, one or several, and ``--map`` wins over it."""
    columns, codes = checked(run)
    assert set(columns) == {"profile_url"}
    assert codes == ["no-company-column", "no-open-flag-column"]
    (folder / "planner.toml").write_text(
        '[map]\nopen = "Ilmaiseksi"\ncompany = ["Yritysnimi", "Talo"]\n', "utf-8"
    )
    columns, codes = checked(run)
    assert columns["open_flag"] == ["Ilmaiseksi"]
    assert columns["company"] == ["Talo"]
    assert not codes
    # By meaning, not by spelling: open_flag on the command line replaces open in the file.
    columns, _ = checked(run, "--map", "open_flag=Talo")
    assert columns["open_flag"] == ["Talo"]
    assert columns["company"] == ["Talo"] or "company" not in columns
    columns, codes = checked(run, "--map", "company=")
    assert "company" not in columns
    assert not codes


def test_a_kept_column_that_no_list_has_is_a_warning(run: Run, folder: Path) -> None:
    """Other weeks' lists have other columns: the run goes on, and the nearest is named."""
    (folder / "planner.toml").write_text('[map]\ncompany = "Tallo"\n', "utf-8")
    code, out, _ = run("check", "leads.csv", *AS_OF)
    assert code == 0
    assert (
        "warning: [map] company: no file has a column 'Tallo'; did you mean 'Talo'?" in out
    )
    # On the command line, it is an error.
    code, _, err = run("check", "leads.csv", *AS_OF, "--map", "company=Tallo")
    assert code == 3
    assert "--map: no file has a column 'Tallo'; did you mean 'Talo'?" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[map]\ncompnay = "Talo"\n', "planner.toml, [map]: there is no meaning 'compnay'"),
        ('[map]\ncompnay = "Talo"\n', "did you mean company?"),
        ("[map]\nopen = 3\n", "planner.toml, [map] open: takes a column or a list"),
        ('map = "Talo"\n', 'planner.toml: [map] must be a table of meaning = "Column"'),
        ('[maps]\nopen = "Talo"\n', "planner.toml: unknown entry 'maps'; did you mean map"),
    ],
)  # fmt: skip
def test_faults_of_the_kept_columns_name_file_and_key(
    run: Run, folder: Path, text: str, said: str
) -> None:
    """A fault in ``[map]`` stops the run, and says where it is and what was meant."""
    (folder / "planner.toml").write_text(text, "utf-8")
    code, _, err = run("check", "leads.csv", *AS_OF)
    assert code == 3
    assert said in err


def test_a_new_workspace_shows_how_columns_are_kept(run: Run, folder: Path) -> None:
    """The example in the planner.toml that `init` writes works once uncommented."""
    assert run("init", "outreach")[0] == 0
    path = folder / "outreach" / "planner.toml"
    text = path.read_text("utf-8")
    assert '#[map]\n#open = "Free InMail?"\n' in text
    text = text.replace("#[map]", "[map]").replace(
        '#open = "Free InMail?"', 'open = "Talo"'
    )
    path.write_text(text, "utf-8")
    columns, _ = checked(run, "--config", "outreach/planner.toml")
    assert columns["open_flag"] == ["Talo"]


# --- record -----------------------------------------------------------------------


@pytest.fixture
def planned(run: Run) -> str:
    """Return the name of a run in the ledger, of two seats."""
    code, out, _ = run(
        "plan", "leads.csv", "-s", "seats.csv", *AS_OF, "--json",
        "--map", "company=Talo", "--map", "open=Ilmaiseksi",
    )  # fmt: skip
    assert code == 0
    return Path(json.loads(out)["folder"]).name


def total(run: Run, kind: str) -> int:
    """Return how many sends of the run the ledger has this outcome of."""
    progress = json.loads(run("show", "2026-W48", "--json")[1])["progress"]
    return sum(counts[kind] for counts in progress.values())


def seen_balance(run: Run) -> float:
    """Return the credits of the first seat as the ledger has them."""
    code, out, _ = run("forecast", "--as-of", "2026-11-27", "--json")
    assert code == 0
    return float(json.loads(out)["seats"][0]["credits"])


def recorded(run: Run, folder: Path, text: str, *options: str) -> Outcome:
    """Record a file of outcomes with this text."""
    (folder / "told.csv").write_text(text, "utf-8")
    return run("record", "told.csv", "--as-of", "2026-11-27", "--json", *options)


@pytest.mark.usefixtures("planned")
def test_an_outcome_of_an_unknown_seat_belongs_to_no_planned_send(
    run: Run, folder: Path
) -> None:
    """The row says so and names the seats; who replied is kept, who failed is left out."""
    rows = (
        "LinkedIn,Seat,Outcome\n"
        "linkedin.com/in/alba-1,ana,replied\n"
        "linkedin.com/in/bertil-2,ana,failed\n"
    )
    code, out, _ = recorded(run, folder, rows, "--map", "status=Outcome")
    assert code == 0
    document = json.loads(out)
    assert document["new"] == {"replied": 1} | {"balance_seen": 0}
    replied, failed = document["issues"]
    assert (replied["code"], replied["row"]) == ("unknown-seat", 2)
    assert "matched to no planned send" in replied["message"]
    assert replied["message"].endswith("the seats are: anna, bo; did you mean anna?")
    assert (failed["code"], failed["severity"], failed["row"]) == (
        "unknown-seat",
        "error",
        3,
    )
    # The planned send of the one who replied has no reply: nobody knows whose it was.
    assert total(run, "replied") == total(run, "failed") == 0


@pytest.mark.usefixtures("planned")
def test_a_seat_option_that_no_run_knows_is_refused(run: Run, folder: Path) -> None:
    """``--seat`` is for all rows, so a mistyped one stops the command."""
    rows = "LinkedIn\nlinkedin.com/in/alba-1\n"
    code, _, err = recorded(run, folder, rows, "--as", "replied", "--seat", "annna")
    assert code == 3
    assert "--seat 'annna' is no run's seat; there are: anna, bo; did you mean anna?" in err
    for seat in ("Anna", "Anna Sampleby"):
        assert recorded(run, folder, rows, "--as", "replied", "--seat", seat, "-n")[0] == 0


@pytest.mark.usefixtures("planned")
def test_what_record_says_of_corrections_is_true(run: Run, folder: Path) -> None:
    """Sent wins over failed, whichever came first; a balance wins over those before."""
    help_text = " ".join(run("record", "--help")[1].split())
    assert "sent wins over failed and skipped" in help_text
    lead = "LinkedIn\nlinkedin.com/in/alba-1\n"

    assert recorded(run, folder, lead, "--as", "failed")[0] == 0
    assert (total(run, "failed"), total(run, "sent")) == (1, 0)
    assert recorded(run, folder, lead, "--as", "sent")[0] == 0
    assert (total(run, "failed"), total(run, "sent")) == (0, 1)
    assert recorded(run, folder, lead, "--as", "failed")[0] == 0
    assert (total(run, "failed"), total(run, "sent")) == (0, 1)
    assert "the balance recorded last for a day" in help_text
    for credits in (50, 30, 41):
        balance = f"Seat,Credits\nanna,{credits}\n"
        assert recorded(run, folder, balance)[0] == 0
        assert seen_balance(run) == credits
    # An old file, recorded once more, does not undo the correction.
    code, out, _ = recorded(run, folder, "Seat,Credits\nanna,30\n")
    told = json.loads(out)
    assert (code, told["entry"]) == (0, 0)
    assert [issue["code"] for issue in told["issues"]] == ["corrected-balance"]
    assert "corrected to 41 since" in told["issues"][0]["message"]
    assert seen_balance(run) == 41


# --- forecast ---------------------------------------------------------------------


@pytest.mark.usefixtures("planned")
def test_the_forecast_names_the_pace_of_each_seat(run: Run) -> None:
    """The table's last column is the pace that JSON calls the worse one.

    The plan reaches the reset, so it is the plan.
    """
    as_of = ("--as-of", "2026-11-24")
    told = json.loads(run("forecast", *as_of, "--json")[1])["seats"]
    out = run("forecast", *as_of)[1]
    assert "by the worse of two paces: planned, and present" in out
    lines = [line.split() for line in out.splitlines() if line.startswith(("anna", "bo"))]
    named = {line[0]: line[-1] for line in lines if line[-1] in ("planned", "present")}
    assert named == {seat["seat_id"]: seat["worse_pace"] for seat in told}
    assert {(seat["worse_pace"], seat["is_plan_whole"]) for seat in told} == {
        ("planned", True)
    }


@pytest.mark.usefixtures("planned")
def test_a_seat_that_sends_nothing_is_not_short(run: Run, folder: Path) -> None:
    """A paused seat does not make ``--fail-under`` exit with 8; one that sends does."""
    command = ("forecast", "--as-of", "2026-11-23", "--seats", "seats.csv")
    header = "seat_id,sender,credits,paused\n"
    (folder / "seats.csv").write_text(f"{header}cy,Cy,2,until:2027-02-01\n", "utf-8")
    assert run(*command, "--fail-under", "5")[0] == 0
    (folder / "seats.csv").write_text(
        f"{header}anna,Anna,2,\nbo,Bo,2,\ncy,Cy,2,until:2027-02-01\n", "utf-8"
    )
    code, _, err = run(*command, "--fail-under", "5")
    seats = json.loads(run(*command, "--json")[1])["seats"]
    sending = [
        seat["seat_id"]
        for seat in seats
        if seat["planned"]["inmails"]
        or (not seat["is_plan_whole"] and seat["present"]["inmails"])
    ]
    assert sending
    assert "cy" not in sending
    assert code == 8
    assert f"{', '.join(sending)}: may fall below 5 credits" in err
    text = " ".join(run("forecast", "--help")[1].split())
    assert "passes over seats that send nothing" in text


# --- dry runs ---------------------------------------------------------------------


@pytest.mark.usefixtures("planned")
def test_a_dry_run_of_a_planned_week_says_that_the_real_one_needs_supersede(
    run: Run,
) -> None:
    """It shows the plan that --supersede would make, and changes nothing."""
    again = ("plan", "leads.csv", "-s", "seats.csv", "--as-of", "2026-11-24")
    code, _, err = run(*again)
    assert code == 5
    refusal = err.removeprefix("error: ").strip()
    code, dry, err = run(*again, "--dry-run", "--json")
    assert code == 0
    document = json.loads(dry)
    (stop,) = [one for one in document["issues"] if one["code"] == "dry-run-only"]
    assert stop["severity"] == "warning"
    assert stop["message"] == f"without --dry-run this is refused: {refusal}"
    code, real, _ = run(*again, "--supersede", "--json")
    assert code == 0
    assert json.loads(real)["run_id"] == document["run_id"]


def test_a_dry_run_of_the_same_run_needs_nothing(planned: str, run: Run) -> None:
    """The same inputs are the same run: nothing would be refused."""
    code, out, _ = run(
        "plan", "leads.csv", "-s", "seats.csv", *AS_OF, "--json", "--dry-run",
        "--map", "company=Talo", "--map", "open=Ilmaiseksi",
    )  # fmt: skip
    document = json.loads(out)
    assert code == 0
    assert planned.endswith(document["run_id"][:8])
    assert "dry-run-only" not in out


@pytest.mark.usefixtures("planned")
def test_a_dry_run_beside_runs_of_another_ledger_says_so(run: Run) -> None:
    """What the real run is refused for is a warning of the dry one."""
    other = ("plan", "leads.csv", "-s", "seats.csv", *AS_OF, "--ledger", "other.db")
    code, _, err = run(*other)
    assert code == 5
    refusal = err.removeprefix("error: ").strip()
    code, _, err = run("-q", *other, "--dry-run")
    assert code == 0
    assert f"without --dry-run this is refused: {refusal}" in err
    _, _, err = run("-q", *other, "--dry-run", "--new-ledger")
    assert "refused" not in err


# --- small things -----------------------------------------------------------------


def test_missing_files_are_counted_once(run: Run) -> None:
    """Faults of lists and inventory are one sentence, and each file is named."""
    code, _, err = run("plan", "a.csv", "-s", "b.csv")
    assert code == 3
    assert err.splitlines()[-1] == (
        "error: 2 input files cannot be used; nothing was written"
    )
    assert "a.csv: error: there is no such file" in err
    assert "b.csv: error: there is no such file" in err
    _, _, err = run("plan", "a.csv", "-s", "seats.csv")
    assert err.endswith("error: 1 input file cannot be used; nothing was written\n")
    _, _, err = run("plan", "leads.csv", "-s", "seats.csv", "--map", "opne=Talo")
    assert err.endswith("error: 1 column choice cannot be used; nothing was written\n")


@pytest.mark.parametrize(
    "command", ["simulate x", "whatif x", "forecast", "show x", "runs"]
)
def test_without_a_ledger_every_command_exits_alike(command: str, run: Run) -> None:
    """Where nothing was ever planned, it is the ledger that is missing: 5."""
    code, _, err = run(*command.split())
    assert code == 5
    assert "planner plan makes" in err


@pytest.mark.parametrize("command", ["simulate", "whatif", "show"])
@pytest.mark.usefixtures("planned")
def test_an_unknown_run_is_bad_input(command: str, run: Run) -> None:
    """A name that no run has exits with 3, whether the ledger is there or its runs are."""
    assert run(command, "2026-W40")[0] == 3
    if command != "show":
        code, _, err = run(command, "2026-W40", "--ledger", "none.db")
        assert code == 3
        assert "did you mean 2026-W48" in err


@pytest.mark.parametrize(
    "command",
    [
        "simulate 2026-W48 --out nodir/x.csv",
        "simulate 2026-W48 --weeks 2 --out nodir/x.csv",
        "whatif 2026-W48 --limits --out nodir/x.csv",
        "diff 2026-W48 2026-W48 --out nodir/x.csv",
        "estimate leads.csv --lookups-out nodir/x.csv",
    ],
)
@pytest.mark.usefixtures("planned")
def test_a_file_that_cannot_be_written_is_refused_first(command: str, run: Run) -> None:
    """The path is looked at before the work, so nothing else is said."""
    code, out, err = run(*command.split())
    assert (code, out) == (3, "")
    assert (
        err == "error: nodir/x.csv: there is no folder nodir: make it, or choose another\n"
    )


def test_a_mistyped_seat_column_says_what_is_lost(run: Run, folder: Path) -> None:
    """The nearest column that is not there is named, with what its seats have instead."""
    (folder / "seats.csv").write_text(
        "seat_id,credits,reserv,credit\nanna,50,9,1\n", "utf-8"
    )
    code, out, _ = run("check", "leads.csv", "-s", "seats.csv", *AS_OF)
    assert code == 0
    assert (
        "column reserv: warning: the column is not used; did you mean reserve? What it "
        "says is lost: each seat has what a blank reserve stands for" in out
    )
    # There is a column of credits, so credit is not it.
    assert "did you mean credits" not in out


@pytest.mark.usefixtures("planned")
def test_one_is_not_plural(run: Run, folder: Path) -> None:
    """Counts of one have a singular noun."""
    told = json.loads(run("show", "2026-W48", "--json")[1])["progress"]
    planned = sum(counts["planned"] for counts in told.values())
    (folder / "told.csv").write_text(
        "LinkedIn\nlinkedin.com/in/alba-1\nlinkedin.com/in/bertil-2\n", "utf-8"
    )
    run("record", "told.csv", "--as", "sent", "--as-of", "2026-11-27")
    assert planned == 3
    assert "1 planned send would be free" in run("void", "2026-W48", "-n")[1]


def test_code_spans_of_the_import_page_hold_no_backslash(
    planned: str, run: Run, folder: Path
) -> None:
    """Names of fields in ``getsales/README.md`` can be copied as they stand."""
    text = (folder / "reports" / planned / "getsales" / "README.md").read_text("utf-8")
    assert "\\" not in text
    assert "`plan_run`" in text


# --- narrow terminals -------------------------------------------------------------


def test_a_table_too_wide_for_the_terminal_goes_on_below(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each part begins with the first column, and an interval stays with its figure."""
    header = ("seat", "credits", "replies", "interval", "failed")
    rows = [("anna", 150, "10.0", "3 to 19", "4.7"), ("bo", 3, "0.0", "0 to 0", "0.0")]
    whole = console.table_lines(header, rows)
    assert whole == [
        "seat  credits  replies  interval  failed",
        "anna      150     10.0  3 to 19      4.7",
        "bo          3      0.0  0 to 0       0.0",
    ]
    # 4 + 2 + 7 = 13 fit in 24, 13 + 2 + 7 + 2 + 8 = 32 do not; 4 + 2 + 7 + 2 + 8 = 23 do.
    monkeypatch.setattr(console, "_terminal_width", lambda: 24)
    assert console.table_lines(header, rows) == [
        "seat  credits",
        "anna      150",
        "bo          3",
        "",
        "seat  replies  interval",
        "anna     10.0  3 to 19",
        "bo        0.0  0 to 0",
        "",
        "seat  failed",
        "anna     4.7",
        "bo       0.0",
    ]
    monkeypatch.setattr(console, "_terminal_width", lambda: 40)
    assert console.table_lines(header, rows) == whole


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals there")
@pytest.mark.usefixtures("planned")
def test_nothing_that_is_shown_in_a_terminal_is_wider_than_it(folder: Path) -> None:
    """In a terminal of 80 columns the tables of `simulate` keep within them."""
    import pty

    read, write = pty.openpty()
    command = [sys.executable, "-m", "planner", "simulate", "2026-W48", "--draws", "200"]
    done = subprocess.Popen(
        command, cwd=folder, stdout=write, stderr=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    os.close(write)
    parts = []
    while True:
        try:
            part = os.read(read, 65536)
        except OSError:  # the other end has gone
            break
        if not part:
            break
        parts.append(part)
    os.close(read)
    assert done.wait() == 0
    text = b"".join(parts).decode("utf-8").replace("\r\n", "\n")
    tables = [line for line in text.split("\n") if "  " in line.strip()]
    assert len(tables) > 10
    assert max(map(len, tables)) <= 80

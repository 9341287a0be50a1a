"""``planner plan``: the weekly run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs, ledgers, page, workspace
from planner.cli.ledgers import LedgerOption
from planner.cli.page import RuleCosts, WithNames
from planner.errors import UsageError
from planner.intake.mapping_words import mappings_in_words
from planner.words import counted

if TYPE_CHECKING:
    import datetime as dt

    from planner.cli.ledgers import Recalled
    from planner.domain import Given, Plan
    from planner.errors import Issue
    from planner.ledger.store import Ledger
    from planner.params import Parameters
    from planner.pipeline import Worked

LeadFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="LEADS...",
        help="Lead exports: CSV, TSV or XLSX, files or patterns; - is standard input.",
        show_default=False,
    ),
]
SeatFile = Annotated[
    str,
    typer.Option("--seats", "-s", metavar="FILE", help="Seat inventory, CSV or XLSX."),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        help="Day on which the balances hold; today if not given.",
    ),
]
Map = Annotated[
    list[str],
    typer.Option(
        "--map",
        metavar="K=COL",
        help='Column by meaning, e.g. --map open="Free InMail?"; [map] in planner.toml '
        "keeps them.",
    ),
]
Param = Annotated[
    list[str],
    typer.Option("--param", "-p", metavar="K=V", help="Parameter, e.g. -p reserve=8."),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="Parameter file; planner.toml here if not given."
    ),
]
Exclude = Annotated[
    list[str],
    typer.Option(
        "--exclude", "-x", metavar="FILE", help="People not to contact, any list format."
    ),
]
ScrapedBy = Annotated[
    str,
    typer.Option(
        "--scraped-by",
        metavar="SEAT",
        help="Seat that made the exports: whose connections 1st-degree leads are.",
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="Encoding of the text files."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse the run if any row is bad.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def plan(
    leads: LeadFiles,
    seats: SeatFile,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Folder of all runs.")
    ] = Path("reports"),
    as_of: AsOf = None,
    exclude: Exclude = [],
    scraped_by: ScrapedBy = "",
    mapping: Map = [],
    param: Param = [],
    config: Config = None,
    encoding: Encoding = None,
    strict: Strict = False,
    report_only: Annotated[
        list[str],
        typer.Option(
            "--report-only",
            metavar="LIMIT",
            help="Plan beyond a limit and say by how much; planner whatif lists limits.",
        ),
    ] = [],
    ledger: LedgerOption = None,
    supersede: Annotated[
        bool,
        typer.Option(
            "--supersede", help="Plan a planned week again; voids the rest of that run."
        ),
    ] = False,
    new_ledger: Annotated[
        bool,
        typer.Option(
            "--new-ledger", help="Start a ledger although the folder has runs already."
        ),
    ] = False,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact", help="Refine until the certified gap is at most target_gap."
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            "-n",
            help="Plan and audit, but write nothing; say what would stop the real run.",
        ),
    ] = False,
    rule_costs: RuleCosts = False,
    with_names: WithNames = False,
    json: Json = False,
) -> None:
    """Plan this week: leads and seats in, workbook and import files out.

    The run goes into the ledger (planner.db here, or --ledger), so that nobody is
    contacted twice and next week starts from what was sent. Examples:

      planner plan exports/*.csv --seats seats.xlsx

      planner plan leads.csv -s seats.csv --exclude customers.csv -p reserve=8 --dry-run
    """
    from dataclasses import replace

    from planner import limits, pipeline

    console.settings.json = json
    asked = page.Asked(rule_costs=rule_costs, with_names=with_names)
    if dry_run and asked != page.Asked():
        raise UsageError("--dry-run writes no page: leave --rule-costs, --with-names out")
    parameters = inputs.parameters(config, [*param, *(["exact=true"] if exact else [])])
    if report_only:
        names = limits.parse(", ".join([parameters.report_only, *report_only]))
        parameters = parameters.override({"report_only": ", ".join(names)})
    today = inputs.date_option(as_of)
    options = inputs.LeadOptions(
        leads=leads, exclude=exclude, mapping=mapping, scraped_by=scraped_by,
        encoding=encoding, kept=workspace.kept_columns(config),
    )  # fmt: skip
    folder = None
    with ledgers.opened(ledger, config, parameters, create=False) as book:
        recalled = ledgers.load(
            book, options, seats, parameters, as_of=today, supersede=supersede
        )
        pipeline.check_issues(recalled.loaded.leads.issues, strict=strict)
        stops: tuple[Issue, ...] = ()
        if dry_run:
            recalled, stops = ledgers.rehearsed(
                book, recalled, parameters, out, as_of=today, supersede=supersede,
                new_ledger=new_ledger,
            )  # fmt: skip
        elif not new_ledger:
            ledgers.check_known(recalled, parameters, out, as_of=today)
        worked = make(recalled, parameters, as_of=today, supersede=supersede or dry_run)
        planned = replace(worked.plan, issues=(*worked.plan.issues, *stops))
        worked = replace(worked, plan=planned)
        pipeline.check_issues(planned.issues, strict=strict)
        if not dry_run:
            made = Made(worked=worked, recalled=recalled, asked=asked, before=book)
            with ledgers.to_write(book, ledger, config, parameters) as writer:
                folder = write(made, out, writer, supersede=supersede)
    console.steps_done()
    report(with_import_findings(worked.plan), folder, as_json=json)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made:
    """A plan to be written: what it was worked out from, and what its page shall say.

    ``before`` is the ledger that knows the runs before it; None if there is none yet.
    """

    worked: Worked
    recalled: Recalled
    asked: page.Asked
    before: Ledger | None


def make(
    recalled: Recalled,
    parameters: Parameters,
    *,
    as_of: dt.date,
    supersede: bool = False,
) -> Worked:
    """Make the plan, once the ledger has no objection."""
    from planner import pipeline

    ledgers.check_standing(recalled, parameters, as_of=as_of, supersede=supersede)
    console.step("planning")
    return pipeline.work_out(given_of(recalled, parameters, as_of))


def given_of(recalled: Recalled, parameters: Parameters, as_of: dt.date) -> Given:
    """Return what a plan follows from; a ledger that knows nothing is no ledger."""
    from planner.domain import Given
    from planner.intake import past

    known = recalled.history
    return Given(
        inputs=recalled.inputs, parameters=parameters, as_of=as_of,
        history=None if known is None or past.is_blank(known) else known,
    )  # fmt: skip


def with_import_findings(made: Plan) -> Plan:
    """Return the plan with what the import files change or leave out among its issues."""
    from dataclasses import replace

    from planner.output.getsales import import_files

    return replace(made, issues=(*made.issues, *import_files(made).issues))


def write(made: Made, out: Path, book: Ledger, *, supersede: bool = False) -> Path:
    """Write all files of a run, record it in the same instant, and return its folder."""
    from dataclasses import replace

    from planner.output import folder, names, workbook
    from planner.report.page import write as write_page

    plan = made.worked.plan
    recording = ledgers.Recording(
        ledger=book, made=plan, recalled=made.recalled, supersede=supersede,
        folder=(out / names.run_name(plan)).absolute(),
    )  # fmt: skip
    given = given_of(made.recalled, plan.parameters, plan.as_of)
    past = page.before(made.before, plan)

    def pictures(told: Plan, path: Path) -> None:
        worked = replace(made.worked, plan=told)
        write_page(page.composed(worked, given, past, made.asked), path)

    console.step("writing files")
    return folder.write_run(
        plan,
        out,
        {"plan.xlsx": workbook.write, page.NAME: pictures},
        given=given,
        placing=recording.placing,
    )


def report(made: Plan, folder: Path | None, *, as_json: bool) -> None:
    """Show a plan: its findings on stderr, its figures on stdout."""
    from planner.output import run

    if as_json:
        document = run.document(made)
        document["folder"] = None if folder is None else str(folder)
        console.result_json(document)
        return
    for line in mappings_in_words(made.mappings):
        console.say(line)
    console.show_issues(made.issues, every=console.CHECK)
    summary(made)
    if folder is None:
        console.result("\nDry run: nothing was written.")
        return
    console.result(f"\nWritten to {folder}:")
    console.result("  report.html         start here: the plan in pictures, one page")
    console.result("  plan.xlsx           one sheet per seat to hand out")
    console.result("  getsales/README.md  how to import, list by list")
    console.result("  assignments.csv     every lead with route, seat, day and reason")
    console.result("  plan.json           the run in full")


def summary(made: Plan) -> None:
    """Show the plan in figures, seat by seat."""
    from planner.output import breaches
    from planner.output.promise import not_promised, promised
    from planner.output.proof import certified

    total = made.totals
    console.result(
        f"Plan {made.run_id[:8]} for {made.week} "
        f"({made.week_start} to {made.week_end}), balances as of {made.as_of}"
    )
    share = made.open_share.share
    console.result(
        f"{counted(int(total['leads']), 'lead')}, "
        f"{counted(int(total['seats']), 'seat')}; open profiles "
        f"{share.median:.0%} ({share.low:.0%} to {share.high:.0%})\n"
    )
    console.table(
        ("route", "leads"),
        [(name, total[name]) for name in ROUTE_ROWS],
    )
    console.result("")
    console.table(
        (
            "seat", "credits", "free", "paid", "requests", "messages", "credits used",
            "at reset", "runs out",
        ),
        [
            (
                row["seat_id"], row["credits"], row["open_inmails"], row["paid_inmails"],
                row["connection_requests"], row["messages"],
                round(float(row["expected_credits_week"]), 1),
                round(float(row["expected_balance_at_reset"]), 1),
                f"{float(row['exhaustion_probability']):.1%}",
            )
            for row in made.seat_weeks.to_dict("records")
        ],
    )  # fmt: skip
    for issue in made.issues:
        if issue.code in TOLD:
            console.result(f"  {issue.message}")
    worst = total["worst_exhaustion_probability"]
    any_seat = total["any_seat_exhaustion_probability"]
    for name, count, where in breaches.lines(made):
        console.result(f"  report-only {name}, {count:,} beyond it: {where}")
    most = f"probability at most {total['alpha']:g}"
    promise = f"Guarantee: {promised(made, most)}; the highest is"
    if loose := not_promised(made):
        promise = f"{loose}; the highest probability that a seat runs out is"
    console.result(
        f"\n{total['expected_replies']:.1f} replies expected from this week's sends. "
        f"{promise} {worst:.3f} (that any of them does: "
        f"{any_seat:.3f}). {certified(total)} The program planned "
        f"{total['sends_planned']:,.0f} InMails and requests for this week; with what "
        f"idle seats took, {total['sends_written']:,} are assigned."
    )


#: Findings that stand beside the seats' figures: they are about balances.
TOLD = ("balance-assertion", "seat-held", "seat-in-doubt", "sends-settled")

ROUTE_ROWS = (
    "open_inmail",
    "paid_inmail",
    "connection_request",
    "message",
    "hold",
    "excluded",
)

"""The import map against the design: arrows point down, libraries have owners."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import planner

ROOT = Path(planner.__file__).parent

#: Layer of each part of the package, lowest first; arrows point down only. ``templates``
#: and ``sample`` make files for `init` and `demo`: they serve the shell.
NOUNS = {"domain", "params", "limits", "schemas", "errors", "dates", "words"}
VERBS = {"intake", "estimate", "model", "assign", "output", "ledger", "triage", "simulate"}
LINE = {"pipeline"}
#: Questions about a plan, answered by planning again.
STUDIES = {"whatif"}
#: The page that shows what plan, simulation and studies come to.
PICTURES = {"report"}
SHELL = {"cli", "templates", "sample", "__main__"}

#: Arrows inside a layer, all that there are: part -> parts that it may import.
BESIDE = {
    # params needs the errors that it raises and the limits that one of them names;
    # records hold issues and parameters.
    "limits": {"errors"},
    "params": {"errors", "limits"},
    "domain": {"errors", "params"},
    # Volumes become people in terms of the model's classes and periods.
    "assign": {"model"},
    "cli": {"templates", "sample"},
    # What the ledger knows around a failure, in the terms of triage; its balances are
    # read into the inventory's seats, its people by the keys of intake.
    "ledger": {"intake", "triage"},
    "output": {"triage"},
    # The truth is drawn from the estimates that the plan was made from.
    "simulate": {"assign", "estimate", "model"},
    "__main__": {"cli"},
}

#: Modules that may import a library that nobody else may.
OWNERS = {
    "pulp": {"model.program", "model.problem", "model.solve"},
    "openpyxl": {
        "intake.workbook", "intake.seat_template", "output.workbook", "output.charts",
        "output.styles", "sample",
    },
    "typer": {"cli.*"},
    "sqlite3": {"ledger.*"},
    "sqlalchemy": {"ledger.*"},
    "httpx": {"getsales.*"},
    "jinja2": {"report.page"},
    "markupsafe": {"report.page"},
    "random": {"sample"},
    "subprocess": set(),
    "socket": set(),
    "urllib.request": set(),
    "pickle": set(),
}  # fmt: skip

#: Modules of the shell: only these touch the disk.
FILES = {
    "cli.init", "cli.console", "cli.run_files", "cli.workspace", "intake.read",
    "model.problem", "output.atomic", "output.archive", "output.erase", "output.folder",
    "output.getsales", "output.kept", "output.run", "output.tables", "output.triage",
    "ledger.store", "report.page",
}  # fmt: skip
DISK = {
    "open", "read_bytes", "read_text", "write_bytes", "write_text", "mkdir", "unlink",
    "rmdir", "rmtree", "rename", "iterdir", "rglob", "mkstemp", "NamedTemporaryFile",
}  # fmt: skip


def modules() -> dict[str, ast.Module]:
    """Return every module of the package by its name below ``planner``."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        found[name] = ast.parse(path.read_text("utf-8"))
    return found


MODULES = modules()


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the full name of everything that a module imports, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(name: str, *, at_run_time: bool = False) -> Iterator[str]:
    """Yield the modules of the package that a module imports, by name."""
    tree = Running().visit(ast.parse(ast.unparse(MODULES[name]))) if at_run_time else None
    for full in imports(tree or MODULES[name]):
        top, _, rest = full.partition(".")
        if top != "planner":
            continue
        while rest and rest not in MODULES:
            rest = rest.rpartition(".")[0]
        if rest:
            yield rest


class Running(ast.NodeTransformer):
    """Takes out what only the type checker sees."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """Drop ``if TYPE_CHECKING``."""
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else node


def part(module: str) -> str:
    """Return the package or module right below ``planner``."""
    return module.partition(".")[0]


def rank(module: str) -> int:
    """Return the layer of a module, 0 the lowest."""
    for number, layer in enumerate((NOUNS, VERBS, LINE, STUDIES, PICTURES, SHELL)):
        if part(module) in layer:
            return number
    raise AssertionError(f"{module} is in no layer: put it into one, here and in design.md")


def is_allowed(module: str, allowed: set[str]) -> bool:
    """Return whether a module is named, or lies in a package named ``package.*``."""
    return module in allowed or f"{part(module)}.*" in allowed


@pytest.mark.parametrize("module", [name for name in MODULES if name])
def test_arrows_point_down(module: str) -> None:
    """A module imports its own package, lower layers, and what the map says beside it."""
    for other in own_imports(module):
        inside = part(other) == part(module)
        beside = part(other) in BESIDE.get(part(module), set())
        assert inside or beside or rank(other) < rank(module), f"{module} -> {other}"


def test_the_map_has_no_arrow_too_many() -> None:
    """Every arrow inside a layer that the map allows is there."""
    arrows = {(part(name), part(other)) for name in MODULES for other in own_imports(name)}
    for name, others in BESIDE.items():
        assert {(name, other) for other in others} <= arrows


def test_no_modules_import_each_other() -> None:
    """Imports have no cycle, not even between modules of one package."""
    open_modules = {
        name: set(own_imports(name, at_run_time=True)) - {name} for name in MODULES if name
    }
    packages = {part(name) for name in MODULES if "." in name}
    for others in open_modules.values():
        others -= packages
    while open_modules:
        free = {name for name, others in open_modules.items() if not others}
        assert free, f"a cycle among {sorted(open_modules)}"
        open_modules = {
            name: others - free for name, others in open_modules.items() if name not in free
        }


@pytest.mark.parametrize("library", OWNERS)
def test_libraries_stay_with_their_owners(library: str) -> None:
    """A library is imported by the modules that own it, and by no other."""
    users = {
        name
        for name, tree in MODULES.items()
        if any(f"{full}.".startswith(f"{library}.") for full in imports(tree))
    }
    assert {name for name in users if not is_allowed(name, OWNERS[library])} == set()


def test_the_audit_shares_no_code_with_what_it_audits() -> None:
    """The audit imports nouns only: no model, no rounding, no placing, no dates."""
    assert set(own_imports("assign.audit")) == {"domain", "errors"}


def test_the_independent_check_imports_nothing_of_the_program() -> None:
    """The outsider's check knows the written files only."""
    tree = ast.parse((Path(__file__).parent / "independent.py").read_text("utf-8"))
    assert not {full for full in imports(tree) if full.partition(".")[0] == "planner"}


def test_only_the_shell_touches_the_disk() -> None:
    """Verbs and the line take values: no other module opens, writes or removes a file."""
    found = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) in DISK
    }
    assert found - FILES == set()


def test_only_the_shell_looks_at_the_clock() -> None:
    """The date is read in one place, the time of an entry in one; else it is given."""
    clock = {"now", "today", "utcnow"}
    found = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) in clock
    }
    assert found == {"cli.inputs", "ledger.store"}


def test_only_the_console_talks() -> None:
    """Nothing is printed but by ``cli.console`` and by the version in ``cli``."""
    found = set()
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) == "print":
                found.add(name)
            if isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr"):
                found.add(name)
    assert found == {"cli", "cli.console"}


@pytest.mark.parametrize("module", sorted(NOUNS - {"dates", "words"}))
def test_nouns_are_frozen(module: str) -> None:
    """Every dataclass among the nouns is frozen, has slots and takes keywords only."""
    decorators = [
        ast.unparse(decorator)
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
    ]
    assert decorators
    for words in decorators:
        assert all(f"{name}=True" in words for name in ("frozen", "slots", "kw_only"))


def called(node: ast.Call) -> str:
    """Return the last name of what is called: ``open`` of ``path.open``."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""

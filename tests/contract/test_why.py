"""docs/why.md is whole and true where a program can tell.

- Every direct dependency has its place: a paragraph that begins with its name in bold, and says by
  a link where in the repository it works. No other package has one.
- Its links lead to something, and so do those of every other page.
- Its table of figures has those of docs/performance.md.
- What would make us decide otherwise, and can be tried here, is tried.
"""

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest
from connexion.exceptions import InvalidSpecification
from connexion.spec import Specification
from packaging.requirements import Requirement

from openapi import bundle

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WHY = (DOCS / "why.md").read_text()
PERFORMANCE = (DOCS / "performance.md").read_text()
PAGES = sorted(
    [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "bench").rglob("*.md")],
    key=lambda page: page.as_posix(),
)
PAGES = [page for page in PAGES if "node_modules" not in page.parts]

LINK = re.compile(r"\]\(([^()\s]+)\)")
NAME = r"`([\w@/.-]+)`"


def dependencies() -> set[str]:
    """Return the names of all that setup.cfg and package.json ask for."""
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "setup.cfg")
    texts = [metadata["options"]["install_requires"]]
    texts += metadata["options.extras_require"].values()
    npm = json.loads((ROOT / "package.json").read_text())
    python = {Requirement(line).name for text in texts for line in text.splitlines() if line}
    return python | npm["devDependencies"].keys() | npm["optionalDependencies"].keys()


def places() -> dict[str, str]:
    """Return the paragraph of each package; several may share one, as `a`, `b` in bold."""
    found: dict[str, str] = {}
    for paragraph in WHY.split("\n\n"):
        bold = re.match(r"\*\*([^*]+)\*\*", paragraph)
        for name in re.findall(NAME, bold[1]) if bold else ():
            assert name not in found, f"{name} has two places"
            found[name] = paragraph
    return found


def prose(page: Path) -> str:
    """Return the page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return what a link into the page may name, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def lost(page: Path) -> list[str]:
    """Return the links of a page, to files of this repository, that lead to nothing."""
    wrong = []
    for link in LINK.findall(prose(page)):
        if re.match(r"https?:|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        inside = target.is_relative_to(ROOT) and target.exists()
        if not inside or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("name", sorted(dependencies()))
def test_every_dependency_has_its_place_which_says_where_it_works(name: str) -> None:
    assert name in places(), f"docs/why.md has no paragraph that begins with **`{name}`**"
    links = [link for link in LINK.findall(places()[name]) if link.startswith("../")]
    assert links, f"the place of {name} in docs/why.md does not say where it works"


def test_nothing_else_has_a_place() -> None:
    assert places().keys() - dependencies() == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_something(page: Path) -> None:
    assert lost(page) == []


def test_a_lost_link_is_found(tmp_path: Path) -> None:
    assert "a-compiled-path-of-our-own" in anchors(DOCS / "why.md")
    page = tmp_path / "page.md"
    page.write_text("[a](nowhere.md) [b](#nowhere) [c](https://example.org)\n")
    assert lost(page) == ["nowhere.md", "#nowhere"]


def test_the_figures_of_other_servers_are_those_of_the_performance_page() -> None:
    rows = re.findall(
        r"^\| (FastAPI|Litestar|Fastify|Connexion)([^|]*)\|(.+)\|$", WHY, re.MULTILINE
    )
    assert len(rows) == 4
    for name, _, cells in rows:
        lines = "\n".join(line for line in PERFORMANCE.splitlines() if line.startswith(f"| {name}"))
        for figure in re.findall(r"\d[\d.]*", cells):
            assert f"**{figure}**" in lines, (
                f"{name}: {figure} is not in docs/performance.md any more"
            )


def test_connexion_takes_no_openapi_3_1() -> None:
    """When this fails, the contract may become OpenAPI 3.1, and docs/why.md has to change."""
    document: dict[str, Any] = bundle()
    Specification.load(dict(document))
    with pytest.raises(InvalidSpecification):
        Specification.load({**document, "openapi": "3.1.0"})

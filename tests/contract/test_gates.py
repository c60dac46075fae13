"""The gates of `make contract`: they refuse what they should, and each exception is on record."""

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

import openapi

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "node_modules" / ".bin"
PAGE = (ROOT / "docs" / "reference" / "contract-gates.md").read_text()
RULES = yaml.safe_load((ROOT / ".spectral.yaml").read_text())
LINTED = "build/openapi.json"

Contract = dict[str, Any]
Place = tuple[str, ...]
Exceptions = set[tuple[str, Place]]


def tool(name: str) -> Path:
    """Return where a tool of npm is; the test is skipped when it is not there."""
    if not (TOOLS / name).exists():
        pytest.skip(f"npm ci installs {name}")
    return TOOLS / name


def lint(contract: Contract, directory: Path = ROOT) -> tuple[int, Exceptions]:
    """Return the exit status of spectral, and which rule it found broken at which place."""
    options = ["--fail-severity=hint", "--format=json", "--quiet", f"--stdin-filepath={LINTED}"]
    command = [tool("spectral"), "lint", *options]
    # A file, not a pipe: of a pipe that has nothing yet it says EAGAIN and gives up.
    with tempfile.TemporaryFile("w+") as file:
        json.dump(contract, file)
        file.seek(0)
        done = subprocess.run(
            command, stdin=file, capture_output=True, cwd=directory, timeout=120, check=False
        )
    assert not done.stderr, done.stderr
    found = json.loads(done.stdout)
    return done.returncode, {(each["code"], tuple(map(str, each["path"]))) for each in found}


def place(pointer: str) -> Place:
    """Return the names on the way that a pointer of an override goes."""
    plain = pointer.replace("%7B", "{").replace("%7D", "}")
    return tuple(name.replace("~1", "/").replace("~0", "~") for name in plain.split("/")[1:])


def exceptions() -> Exceptions:
    """Return what `.spectral.yaml` takes back: a rule, and below which place (none: everywhere)."""
    found: Exceptions = {(name, ()) for name, rule in RULES["rules"].items() if rule == "off"}
    for override in RULES["overrides"]:
        for file in override["files"]:
            path, _, pointer = file.partition("#")
            assert path == LINTED
            found |= {(name, place(pointer)) for name in override["rules"]}
    return found


def table(heading: str) -> list[list[str]]:
    """Return the rows of the page's table under a heading."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip("|").split(" | ") for line in section.splitlines() if line[:3] == "| `"]
    return [[cell.strip() for cell in line] for line in lines]


@pytest.fixture(scope="module")
def without_exceptions(tmp_path_factory: pytest.TempPathFactory) -> Exceptions:
    """What spectral finds in the contract when nothing is taken back from its rules."""
    directory = tmp_path_factory.mktemp("rules")
    (directory / "node_modules").symlink_to(ROOT / "node_modules")
    own = {name: rule for name, rule in RULES["rules"].items() if rule != "off"}
    rules = {"extends": RULES["extends"], "rules": own}
    (directory / ".spectral.json").write_text(json.dumps(rules))
    return lint(openapi.bundle(), directory)[1]


def test_every_exception_is_on_the_page_with_its_reason() -> None:
    documented: Exceptions = set()
    for rule, where, why in table("Spectral's rules that are off"):
        places = [""] if where == "everywhere" else re.findall(r"`(.+?)`", where)
        documented |= {(rule.strip("`"), place(each)) for each in places}
        assert why.endswith(".")
    assert documented == exceptions()


def test_every_raised_check_is_on_the_page_with_its_reason() -> None:
    documented = table("Changes that count as breaking here")
    lines = (ROOT / "docs" / "released" / "severity-levels.txt").read_text().splitlines()
    assert [f"{check.strip('`')} err" for check, _ in documented] == lines
    assert all(why.endswith(".") for _, why in documented)


def test_every_exception_is_needed(without_exceptions: Exceptions) -> None:
    assert {
        (rule, above)
        for rule, above in exceptions()
        if not any(
            rule == broken and found[: len(above)] == above for broken, found in without_exceptions
        )
    } == set()


def test_nothing_is_found_but_the_exceptions(without_exceptions: Exceptions) -> None:
    known = exceptions()
    assert {
        (rule, found)
        for rule, found in without_exceptions
        if not any((rule, found[:length]) in known for length in range(len(found) + 1))
    } == set()


def test_spectral_refuses_what_breaks_a_rule() -> None:
    contract = openapi.bundle()
    paths, components = contract["paths"], contract["components"]
    del paths["/sites"]["get"]["description"]
    for status in ("400", "401"):
        del paths["/sites"]["get"]["responses"][status]
    paths["/sites"]["post"]["security"] = []
    components["parameters"]["name"]["name"] = "access_token"
    del components["schemas"]["SiteName"]["maxLength"]
    components["schemas"]["Site"]["additionalProperties"] = True
    status, found = lint(contract)
    assert status == 1
    assert found == {
        ("operation-description", ("paths", "/sites", "get")),
        ("owasp:api8:2023-define-error-validation", ("paths", "/sites", "get", "responses")),
        ("owasp:api8:2023-define-error-responses-401", ("paths", "/sites", "get", "responses")),
        ("owasp:api2:2023-write-restricted", ("paths", "/sites", "post", "security")),
        ("owasp:api2:2023-no-credentials-in-url", ("components", "parameters", "name", "name")),
        ("owasp:api4:2023-string-limit", ("components", "schemas", "SiteName")),
        (
            "owasp:api3:2023-no-additionalProperties",
            ("components", "schemas", "Site", "additionalProperties"),
        ),
    }

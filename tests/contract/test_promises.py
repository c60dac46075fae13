"""The page of the promises: every promise has its tests, and they are there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (DOCS / "promises.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| promise "))
]
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


def functions(module: Path) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.name for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, kinds)
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_a_promise_is_proven_by_tests_that_are_there(row: list[str]) -> None:
    promise, proof, seen = row
    assert promise.endswith(".")
    assert seen
    proofs = LINK.findall(proof)
    assert proofs, "nothing proves it"
    for name, place in proofs:
        assert name.startswith("test_")
        assert name in functions((DOCS / place).resolve()), f"{place} has no {name}"


def test_no_promise_stands_twice() -> None:
    promises = [row[0] for row in ROWS]
    assert len(promises) > 20
    assert len(set(promises)) == len(promises)

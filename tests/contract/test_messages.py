"""The page of what can be wrong: each message is one of the program's, and each kind is there."""

import re
from pathlib import Path

import openapi

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "messages.md").read_text()
START, SERVING = PAGE.split("## While it serves")


def first_cells(text: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE)


def test_each_message_of_the_page_stands_in_the_program() -> None:
    files = [*ROOT.glob("sitewatt/**/*.py"), *ROOT.glob("storage/*.py")]
    # A sentence may be cut into pieces where lines end.
    source = re.sub(r'"\s*\n\s*f?"', "", "\n".join(file.read_text() for file in files))
    said = re.sub(r"\{[^{}\"\n]*\}", "", source)
    missing = [words for words in first_cells(START) if words not in said]
    assert not missing
    assert len(first_cells(START)) > 15


def test_each_kind_of_not_being_ready_is_explained() -> None:
    kinds = openapi.bundle()["components"]["schemas"]["Hindrance"]["enum"]
    assert sorted(first_cells(SERVING)) == sorted(kinds)

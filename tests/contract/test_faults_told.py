"""What a fault says: where it is, what is wrong, and what would be right."""

from typing import Any

import pytest

from sitewatt.contract.faults import Fault, did_you_mean, explain, pointer, shown
from sitewatt.contract.formats import FORMATS

TOLD: list[tuple[str, Any, Any, str, str | None]] = [
    ("type", 5, "string", "must be a string", None),
    ("type", 5, "object", "must be an object", None),
    ("type", "5.5", "number", "must be a number", "write it without quotes"),
    ("type", "5", "integer", "must be an integer", "write it without quotes"),
    ("type", "five", "integer", "must be an integer", None),
    ("type", None, "integer", "must be an integer", None),
    ("type", "true", "boolean", "must be a boolean", "write it without quotes"),
    ("type", "false", "boolean", "must be a boolean", "write it without quotes"),
    ("type", "1", "boolean", "must be a boolean", None),
    ("type", "5", "array", "must be an array", None),
    ("enum", "tesla", ["Tesla", "KATL"], "must be `Tesla` or `KATL`", "did you mean `Tesla`?"),
    ("enum", "zzz", ["Tesla", "KATL"], "must be `Tesla` or `KATL`", None),
    ("enum", 5, ["5"], "must be `5`", None),
    ("minimum", -1, 0, "must not be less than 0", None),
    ("maximum", 9, 8, "must not be more than 8", None),
    ("minLength", "", 1, "must have at least 1 character", None),
    ("maxLength", "abc", 2, "must have at most 2 characters", None),
    ("minItems", [], 1, "must have at least 1 item", None),
    ("maxItems", [1, 2, 3], 2, "must have at most 2 items", None),
    ("minProperties", {}, 1, "must have at least 1 member", None),
    ("uniqueItems", [1, 1], True, "must not name anything twice", None),
    ("pattern", "a", "^b$", "is not spelt as the contract describes", None),
    ("format", "x", "colour", "is not of the format `colour`", None),
    ("format", "x", "instant", "is not a time stamp", None),
    ("multipleOf", 3, 2, "breaks `multipleOf`", None),
]


@pytest.mark.parametrize(("keyword", "given", "setting", "said", "hint"), TOLD)
def test_a_broken_keyword_says_what_is_wrong_and_what_would_be_right(
    keyword: str, given: Any, setting: Any, said: str, hint: str | None
) -> None:
    assert explain(keyword, given, {keyword: setting}) == (said, hint)


def test_what_the_contract_says_of_a_spelling_is_the_hint() -> None:
    described = {"pattern": "^b$", "description": "One b,\n  and nothing else.", "example": "b"}
    said = "is not spelt as the contract describes"
    assert explain("pattern", "a", described) == (said, "One b, and nothing else.")
    named = {"format": "time-zone", "example": "Europe/Oslo", "description": "A zone."}
    said = "is not the name of a time zone of the IANA database"
    assert explain("format", "a", named) == (said, "for example `Europe/Oslo`")


def test_a_fault_is_an_entry_of_a_problem() -> None:
    fault = Fault("body", "/soc", "type", "must be a number")
    told = {"in": "body", "pointer": "/soc", "keyword": "type", "detail": "must be a number"}
    assert fault.members() == told
    fault = Fault("query", "limit", "type", "must be an integer", "digits only")
    told = {"in": "query", "name": "limit", "keyword": "type", "detail": "must be an integer"}
    assert fault.members() == {**told, "hint": "digits only"}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("x" * 64, "x" * 64),
        ("x" * 65, "x" * 63 + "…"),
        ("a\x1bb\u202e", "a\ufffdb\ufffd"),
        ("", ""),
    ],
)
def test_a_name_is_shown_cut_to_64_characters_that_can_be_printed(name: str, told: str) -> None:
    assert shown(name) == told
    assert pointer([name, 3]) == f"/{told}/3"


def test_a_pointer_escapes_the_tilde_before_the_slash() -> None:
    assert pointer(["~1", "a/b"]) == "/~01/a~1b"
    assert pointer([]) == ""


def test_a_hint_is_the_nearest_name_as_the_contract_spells_it() -> None:
    assert did_you_mean("LOAD_KWH", ["net_load_kwh", "load_kwh"]) == "did you mean `load_kwh`?"
    assert did_you_mean("Straße", ["STRASSE"]) == "did you mean `STRASSE`?"
    assert did_you_mean("x" * 64 + "y" * 500, ["x" * 64]) == f"did you mean `{'x' * 64}`?"


def test_a_text_of_a_format_has_nothing_wrong() -> None:
    assert FORMATS["time-zone"]("America/Argentina/Buenos_Aires") is None
    assert FORMATS["instant"]("2023-01-01 00:00:00") is None

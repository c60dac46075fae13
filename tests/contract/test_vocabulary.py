"""The rules of the contract that JSON Schema cannot say, one by one: what they keep, what they say.

`kept` judges what has been read, `broken` explains what came; both are asked of each case here.
"""

from typing import Any

import pytest

from handlers.instants import parse
from sitewatt.contract.vocabulary import RULES, UNTIMED, Request

NOW = parse("2023-01-02T00:00:00Z")
REQUEST = Request(now=NOW, parameters={"site_id": 7})
NEW_YEAR = "2023-01-01 00:00:00"
SAME = "2023-01-01T01:00:00+01:00"
CLOCK = "the server's clock says 2023-01-02T00:00:00Z; is yours right?"
AHEAD = "lies more than 24 hours ahead"
APART = {"member": "sites", "array": "scopes", "value": "admin"}
LONGER = "must have as many values as the other columns"
IN_ALL = {"member": "rows", "most": 3}
TWICE = "names an instant that stands in the list already"


def read(value: Any) -> Any:
    """The value as its rule gets it once it has been read: instants as numbers."""
    if isinstance(value, list):
        return [read(entry) for entry in value]
    return parse(value) if isinstance(value, str) and value.startswith("2") else value


KEPT: list[tuple[str, Any, Any]] = [
    ("x-equal-length", ["a", "b"], {"a": [1, 2], "b": [3, 4], "c": []}),
    ("x-equal-length", ["a", "b"], {"a": [1, 2]}),
    ("x-equal-length", ["a", "b"], {}),
    ("x-unique-instants", True, []),
    ("x-unique-instants", True, [NEW_YEAR, "2023-01-01 00:00:01"]),
    ("x-unique-by", "id", [{"id": 1, "n": 5}, {"id": 2, "n": 5}, {}, {}]),
    ("x-most-in-all", IN_ALL, [{"rows": [1, 2]}, {}, {"rows": [3]}, {"more": [1, 2, 3]}]),
    ("x-not-after-now", 86_400, "2023-01-03T00:00:00Z"),
    ("x-not-after-now", 86_400, ["2023-01-03T00:00:00Z", NEW_YEAR]),
    ("x-not-after-now", 86_400, []),
    ("x-after-now", True, "2023-01-02T00:00:01Z"),
    ("x-not-together", APART, {"scopes": ["admin"]}),
    ("x-not-together", APART, {"scopes": ["read"], "sites": [1]}),
    ("x-equals-parameter", "site_id", 7),
    ("x-equals-parameter", "site_id", 7.0),
]

BROKEN: list[tuple[str, Any, Any, list[Any]]] = [
    (
        *("x-equal-length", ["a", "b", "c"], {"a": [1], "b": [1, 2], "c": []}),
        [
            (("b",), LONGER, "`b` has 2 values, `a` has 1"),
            (("c",), LONGER, "`c` has 0 values, `a` has 1"),
        ],
    ),
    (
        *("x-equal-length", ["a", "b", "c"], {"b": [1, 2], "c": [1]}),
        [(("c",), LONGER, "`c` has 1 value, `b` has 2")],
    ),
    (
        *("x-unique-instants", True, ["2022-12-31 00:00:00", NEW_YEAR, SAME, NEW_YEAR]),
        [((2,), TWICE, "it is the instant of row 1"), ((3,), TWICE, "it is the instant of row 1")],
    ),
    (
        *("x-unique-by", "id", [{"id": 4}, {"id": 1}, {"n": 4}, {"id": 1}, {"id": 4}]),
        [
            ((3, "id"), "repeats the `id` of entry 1", None),
            ((4, "id"), "repeats the `id` of entry 0", None),
        ],
    ),
    (
        *("x-most-in-all", IN_ALL, [{"rows": [1, 2]}, {}, {"rows": [3, 4]}]),
        [((), "must have at most 3 values of `rows` in all", "it has 4; send them in parts")],
    ),
    ("x-not-after-now", 86_400, "2023-01-03T00:00:01Z", [((), AHEAD, CLOCK)]),
    (
        *("x-not-after-now", 86_400, [NEW_YEAR, "2023-01-03T00:00:01Z", "2024-01-01T00:00:00Z"]),
        [((1,), AHEAD, CLOCK), ((2,), AHEAD, CLOCK)],
    ),
    ("x-after-now", True, "2023-01-02T00:00:00Z", [((), "must be later than now", CLOCK)]),
    ("x-after-now", True, NEW_YEAR, [((), "must be later than now", CLOCK)]),
    (
        *("x-not-together", APART, {"scopes": ["read", "admin"], "sites": []}),
        [(("sites",), "cannot be together with `admin` in `scopes`", "leave one of them out")],
    ),
    (
        *("x-equals-parameter", "site_id", 8),
        [((), "must be equal to the `site_id` of the path, or be left out", None)],
    ),
]

ODD: list[tuple[str, Any, Any]] = [
    ("x-equal-length", ["a", "b"], []),
    ("x-equal-length", ["a", "b"], {"a": "text", "b": [1]}),
    ("x-equal-length", ["a", "b"], {"a": 5}),
    ("x-unique-instants", True, {"a": 1}),
    ("x-unique-instants", True, [5, 5, None, None, "never", "never"]),
    ("x-unique-by", "id", "text"),
    ("x-unique-by", "id", [1, 1, {"id": None}, {"id": None}, {"id": []}, {"id": []}]),
    ("x-most-in-all", IN_ALL, {"rows": [1, 2, 3, 4]}),
    ("x-most-in-all", IN_ALL, [5, {"rows": "texts"}, {"rows": {}}]),
    ("x-not-after-now", 86_400, 5_000_000_000),
    ("x-not-after-now", 86_400, [None, "never"]),
    ("x-after-now", True, "never"),
    ("x-after-now", True, 5),
    ("x-not-together", APART, []),
    ("x-not-together", APART, {"sites": [1]}),
    ("x-not-together", APART, {"sites": [1], "scopes": "admin"}),
]


@pytest.mark.parametrize(("keyword", "setting", "value"), KEPT)
def test_a_value_that_keeps_a_rule_has_no_fault(keyword: str, setting: Any, value: Any) -> None:
    assert RULES[keyword].kept(read(value), setting, REQUEST) is True
    assert [*RULES[keyword].broken(value, setting, REQUEST)] == []


@pytest.mark.parametrize(("keyword", "setting", "value", "found"), BROKEN)
def test_a_value_that_breaks_a_rule_is_told_where_and_how(
    keyword: str, setting: Any, value: Any, found: list[Any]
) -> None:
    assert RULES[keyword].kept(read(value), setting, REQUEST) is False
    assert [*RULES[keyword].broken(value, setting, REQUEST)] == found


@pytest.mark.parametrize(("keyword", "setting", "value"), ODD)
def test_of_a_value_of_another_shape_a_rule_says_nothing(
    keyword: str, setting: Any, value: Any
) -> None:
    assert [*RULES[keyword].broken(value, setting, REQUEST)] == []


def test_what_is_judged_by_no_clock_is_never_too_early_nor_too_late() -> None:
    assert RULES["x-after-now"].kept(0, True, UNTIMED)
    assert RULES["x-not-after-now"].kept(2**32, 0, UNTIMED)

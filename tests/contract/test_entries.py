"""Rules inside the entries of an array: many sites with long columns each, in one body."""

import copy
import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from fleets import BODY, COLUMNS, FLEET, NAMES, REQUEST, SCHEMA, entry, fleet
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from handlers.instants import parse
from sitewatt.contract import ContractError, Fault, NotJson
from sitewatt.contract.formats import FORMATS
from sitewatt.contract.schema import Schema


def faults(document: Any) -> list[Fault]:
    found = SCHEMA.faults(document, REQUEST, most=100)
    assert SCHEMA.accepts(document, REQUEST) == (not found)
    return found


def told(document: Any) -> list[tuple[str, str]]:
    return [(fault.place, fault.keyword) for fault in faults(document)]


# Reading


def test_stamps_and_integers_of_entries_are_read() -> None:
    raw = orjson.dumps(fleet(2, 3)).replace(b'"id":2', b'"id":2.0')
    read = BODY.read(raw, REQUEST)
    instants = [parse(stamp) for stamp in entry(1, 3)["dt-stamp"]]
    assert [site["dt-stamp"] for site in read["sites"]] == [instants] * 2
    assert [(site["id"], type(site["id"])) for site in read["sites"]] == [(1, int), (2, int)]


@pytest.mark.parametrize(("sites", "rows"), [(1, 0), (1000, 0), (1000, 10), (1, 10_000), (3, 7)])
def test_a_body_of_many_sites_is_accepted_and_its_strings_are_counted(
    sites: int, rows: int
) -> None:
    raw = orjson.dumps(fleet(sites, rows))
    assert len(BODY.read(raw, REQUEST)["sites"]) == sites
    assert 2 * SCHEMA.strings(orjson.loads(raw)) == raw.count(b'"')


@pytest.mark.parametrize("place", [0, 500, 999])
@pytest.mark.parametrize(
    "again",
    [
        b'"id":%d,"id":%d',
        b'"soc":["a","b"],"id":%d',
        b'"i\\u0064":7,"id":%d',
        b'"dt-stamp":[],"id":%d',
    ],
)
def test_a_name_that_one_entry_of_many_repeats_is_found(place: int, again: bytes) -> None:
    site = place + 1
    member = again % ((site,) * again.count(b"%d"))
    raw = orjson.dumps(fleet(1000, 1)).replace(b'"id":%d,' % site, member + b",")
    with pytest.raises(NotJson, match="twice"):
        BODY.read(raw, REQUEST)


# Each rule, in an entry


def change(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A change of the member at the path below `sites`, as a pointer spells it."""

    def changed(document: dict[str, Any]) -> None:
        *way, last = (int(step) if step.isdigit() else step for step in path.split("/"))
        spot: Any = document["sites"]
        for step in way:
            spot = spot[step]
        spot[last] = value

    return changed


def without(path: str) -> Callable[[dict[str, Any]], None]:
    place, name = path.split("/")
    return lambda document: document["sites"][int(place)].pop(name)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (change("3/soc/7", 101), [("/sites/3/soc/7", "maximum")]),
        (change("3/soc/7", "7"), [("/sites/3/soc/7", "type")]),
        (change("3/soc/7", [[1]]), [("/sites/3/soc/7", "type")]),
        (change("3/soc", {"a": 1}), [("/sites/3/soc", "type")]),
        (change("3/id", 0), [("/sites/3/id", "minimum")]),
        (change("3/id", [1]), [("/sites/3/id", "type")]),
        (change("3/x", 1), [("/sites/3/x", "additionalProperties")]),
        (without("3/soc"), [("/sites/3", "required")]),
        (change("3/dt-stamp/7", "never"), [("/sites/3/dt-stamp/7", "format")]),
        (change("3/soc", [1]), [("/sites/3/soc", "x-equal-length")]),
        (change("3/dt-stamp/7", "2020-09-13T14:36:40+02:00"),
         [("/sites/3/dt-stamp/7", "x-unique-instants")]),
        (change("3/dt-stamp/7", "2023-11-16T00:00:00Z"),
         [("/sites/3/dt-stamp/7", "x-not-after-now")]),
        (change("3/id", 3), [("/sites/3/id", "x-unique-by")]),
        (change("3", 5), [("/sites/3", "type")]),
        (change("3", [5]), [("/sites/3", "type")]),
    ],
)  # fmt: skip
def test_a_fault_in_an_entry_is_pointed_at(
    changed: Callable[[dict[str, Any]], None], expected: list[tuple[str, str]]
) -> None:
    document = fleet(5, 10)
    changed(document)
    assert told(document) == expected


@given(st.integers(1, 20), st.integers(1, 450), st.data())
@settings(deadline=None, max_examples=50)
def test_a_fault_is_pointed_at_wherever_it_is(sites: int, rows: int, data: st.DataObject) -> None:
    document = fleet(sites, rows)
    place, row = data.draw(st.integers(0, sites - 1)), data.draw(st.integers(0, rows - 1))
    name = data.draw(st.sampled_from(NAMES))
    document["sites"][place][name][row] = -1
    assert [pointer for pointer, _ in told(document)] == [f"/sites/{place}/{name}/{row}"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"sites": []}, [("/sites", "minItems")]),
        ({"sites": {}}, [("/sites", "type")]),
        ({"sites": 5}, [("/sites", "type")]),
        ({}, [("", "required")]),
        ([], [("", "type")]),
        ({**fleet(1, 1), "site": 1}, [("/site", "additionalProperties")]),
        (fleet(1001, 0), [("/sites", "maxItems")]),
    ],
)
def test_a_fault_around_the_entries_is_pointed_at(
    document: Any, expected: list[tuple[str, str]]
) -> None:
    assert told(document) == expected


@pytest.mark.parametrize(("sites", "rows"), [(2, 5001), (1000, 11)])
def test_too_many_rows_in_all_are_one_fault(sites: int, rows: int) -> None:
    (fault,) = faults(fleet(sites, rows))
    assert (fault.place, fault.keyword) == ("/sites", "x-most-in-all")
    assert fault.detail == "must have at most 10000 values of `dt-stamp` in all"
    assert fault.hint == f"it has {sites * rows}; send them in parts"


def test_as_many_rows_in_all_as_may_be_are_accepted() -> None:
    assert told(fleet(2, 5000)) == []


def test_faults_of_the_list_come_with_those_of_its_entries() -> None:
    document = fleet(3, 4000)
    document["sites"][2]["id"] = 1
    document["sites"][1]["soc"][3999] = -1
    assert sorted(told(document)) == [
        ("/sites", "x-most-in-all"),
        ("/sites/1/soc/3999", "minimum"),
        ("/sites/2/id", "x-unique-by"),
    ]


# Against the reference

JUNK: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 10**12) | st.floats(allow_nan=False) | st.text(),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "soc", "x"]), children, max_size=3)
    ),
    max_leaves=4,
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_the_verdict_is_that_of_the_reference_and_the_rules(data: st.DataObject) -> None:
    document: Any = fleet(data.draw(st.integers(1, 3)), data.draw(st.integers(0, 3)))
    spot, key = document, "sites"
    while isinstance(spot[key], dict | list) and spot[key] and data.draw(st.integers(0, 4)):
        spot = spot[key]
        key = data.draw(st.sampled_from([*spot] if isinstance(spot, dict) else range(len(spot))))
    spot[key] = data.draw(JUNK)
    checker = Draft202012Validator.FORMAT_CHECKER.__class__(formats=())
    for format_, reason in FORMATS.items():
        checker.checks(format_)(lambda text, r=reason: not isinstance(text, str) or r(text) is None)
    reference = Draft202012Validator(FLEET, format_checker=checker)
    found = faults(document)
    by_schema = {fault.place for fault in found if not fault.keyword.startswith("x-")}
    assert bool(by_schema) == (not reference.is_valid(document))
    places = {_pointer(error) for error in reference.iter_errors(document)}
    assert {place.rpartition("/")[0] for place in by_schema} <= {
        part.rpartition("/")[0] for place in places for part in (place, place + "/")
    }


def _pointer(error: Any) -> str:
    return "".join(f"/{step}" for step in error.absolute_path)


# What stands elsewhere


def test_a_rule_inside_an_array_of_an_inner_object_is_refused() -> None:
    inner = {"type": "object", "properties": {"list": FLEET["properties"]["sites"]}}
    with pytest.raises(ContractError, match="inside the items"):
        Schema({"type": "object", "properties": {"inner": inner}})


def test_a_rule_inside_an_array_of_arrays_is_refused() -> None:
    rows = {
        "type": "array",
        "minItems": 0,
        "maxItems": 9,
        "items": COLUMNS["properties"]["dt-stamp"],
    }
    with pytest.raises(ContractError, match="inside the items"):
        Schema({"type": "object", "properties": {"rows": rows}})


def test_what_is_read_is_not_what_is_explained() -> None:
    """A body that reads well and breaks a rule is told of as it came."""
    document = fleet(3, 3)
    document["sites"][2]["id"] = 1.0
    came = copy.deepcopy(document)
    assert told(document) == [("/sites/2/id", "x-unique-by")]
    assert json.dumps(document) == json.dumps(came)

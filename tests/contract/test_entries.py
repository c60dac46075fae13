"""Rules inside the entries of an array: many sites with long columns each, in one body."""

import copy
import json
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import openapi
from handlers.instants import format_instant, parse
from sitewatt.contract import ContractError, Fault, InvalidBody, NotJson, Request
from sitewatt.contract.formats import FORMATS
from sitewatt.contract.operations import Body
from sitewatt.contract.schema import Schema, resolved

COMPONENTS = openapi.bundle()["components"]
COLUMNS: Any = resolved(COMPONENTS["schemas"]["ReadingColumns"], COMPONENTS)
ID = resolved(COMPONENTS["schemas"]["SiteId"], COMPONENTS)
NAMES: list[str] = COLUMNS["required"]

ENTRY = {
    **COLUMNS,
    "required": ["id", *NAMES],
    "properties": {"id": ID, **COLUMNS["properties"]},
}
FLEET: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["sites"],
    "properties": {
        "sites": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "x-unique-by": "id",
            "x-most-in-all": {"member": "dt-stamp", "most": 10_000},
            "items": ENTRY,
        }
    },
}
SCHEMA = Schema(FLEET)
LIMITS = {"faults": 100, "body_depth": 32}
BODY = Body("POST", {"content": {"application/json": {"schema": FLEET}}}, LIMITS)
REQUEST = Request(now=1_700_000_000, parameters={})
MOST_BYTES = 2_097_152
VALUES = {"soc": 50, "load_kwh": 0.5, "net_load_kwh": 1.5}


def entry(site_id: int, rows: int) -> dict[str, Any]:
    columns = {name: [VALUES.get(name, True)] * rows for name in NAMES}
    stamps = [format_instant(1_600_000_000 + 600 * row) for row in range(rows)]
    return {"id": site_id, **columns, "dt-stamp": stamps}


def fleet(sites: int, rows: int) -> dict[str, Any]:
    return {"sites": [entry(number + 1, rows) for number in range(sites)]}


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


# What is meant to be dear


def filled(head: bytes, item: bytes, tail: bytes) -> bytes:
    """As long a body as there may be, of one item again and again."""
    return head + b",".join([item] * ((MOST_BYTES - len(head + tail)) // (len(item) + 1))) + tail


def in_entries(number: int, member: bytes, item: bytes) -> bytes:
    """As long a body as there may be, with an array of one item again and again in each entry."""
    items = b",".join([item] * ((MOST_BYTES // number - 40) // (len(item) + 1)))
    entries = (b'{"id":%d,"%b":[%b]}' % (n + 1, member, items) for n in range(number))
    return b'{"sites":[' + b",".join(entries) + b"]}"


def names(number: int) -> bytes:
    return b",".join(b'"k%d":1' % n for n in range(number))


DEAR = {
    "numbers that are wrong, in one entry": filled(b'{"sites":[{"soc":[', b"-1", b"]}]}"),
    "stamps that are none, in one entry": filled(b'{"sites":[{"dt-stamp":[', b'""', b"]}]}"),
    "numbers that are right, in one entry": filled(b'{"sites":[{"soc":[', b"1", b"]}]}"),
    "a list in a list": filled(b'{"sites":[{"soc":[[', b"1", b"]]}]}"),
    "numbers that are wrong, in a hundred": in_entries(100, b"soc", b"-1"),
    "numbers that are right, in a hundred": in_entries(100, b"soc", b"1"),
    "numbers that are right, in a thousand": in_entries(1000, b"soc", b"1"),
    "stamps that are none, in a thousand": in_entries(1000, b"dt-stamp", b'""'),
    "entries of nothing": filled(b'{"sites":[', b"{}", b"]}"),
    "entries that are numbers": filled(b'{"sites":[', b"1", b"]}"),
    "names, at the root": b'{"sites":[],' + names(150_000) + b"}",
    "names, in one entry": b'{"sites":[{' + names(150_000) + b"}]}",
    "names, in place of entries": b'{"sites":{' + names(150_000) + b"}}",
    "names, in place of a column": b'{"sites":[{"soc":{' + names(150_000) + b"}}]}",
    "names, in a thousand": b'{"sites":[' + b",".join([b"{" + names(150) + b"}"] * 1000) + b"]}",
    "one moment again and again": filled(
        b'{"sites":[{"dt-stamp":[', b'"2023-01-01 00:00:00"', b"]}]}"
    ),
}


@pytest.mark.parametrize("case", DEAR)
def test_a_body_that_is_wrong_all_over_is_explained_cheaply(case: str) -> None:
    raw = DEAR[case]
    assert len(raw) <= MOST_BYTES
    began = time.process_time()
    with pytest.raises(InvalidBody) as refusal:
        BODY.read(raw, REQUEST)
    # A fifth to a half of it here; without windows a case takes 16 s.
    assert time.process_time() - began < 2
    assert len(refusal.value.faults) <= 100


@pytest.mark.parametrize("case", ["numbers that are wrong, in one entry", "names, in a thousand"])
def test_what_explains_a_body_weighs_less_than_the_body(case: str) -> None:
    value = orjson.loads(DEAR[case])
    SCHEMA.faults(value, REQUEST, most=101)
    tracemalloc.start()
    try:
        SCHEMA.faults(value, REQUEST, most=101)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(DEAR[case])


def test_the_first_hundred_faults_are_told_in_their_order() -> None:
    with pytest.raises(InvalidBody) as refusal:
        BODY.read(DEAR["numbers that are wrong, in a hundred"], REQUEST)
    assert refusal.value.more
    places = [f.place for f in refusal.value.faults if f.keyword == "minimum"]
    assert places == [f"/sites/0/soc/{row}" for row in range(len(places))]
    assert len(places) > 90


def test_what_is_read_is_not_what_is_explained() -> None:
    """A body that reads well and breaks a rule is told of as it came."""
    document = fleet(3, 3)
    document["sites"][2]["id"] = 1.0
    came = copy.deepcopy(document)
    assert told(document) == [("/sites/2/id", "x-unique-by")]
    assert json.dumps(document) == json.dumps(came)


def test_accepting_costs_little_more_than_parsing() -> None:
    """A thousand entries of one row took 3 times what orjson and jsonschema-rs alone need."""
    raw = orjson.dumps(fleet(1000, 1))
    fits = SCHEMA._fits
    alone = min(_seconds(lambda: fits(orjson.loads(raw))) for _ in range(15))
    whole = min(_seconds(lambda: BODY.read(raw, REQUEST)) for _ in range(15))
    assert whole < 8 * alone, (whole, alone)


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

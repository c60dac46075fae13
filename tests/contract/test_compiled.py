"""The compiled contract: its judgement, value by value, and against the reference."""

import copy
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import openapi
from handlers import handlers, instants
from handlers.instants import format_instant
from sitewatt.app import check_one_to_one
from sitewatt.auth import OpenToThisMachine
from sitewatt.compiled import CompiledOperations, nowhere
from sitewatt.contract import (
    BadParameters,
    BrokenReply,
    Contract,
    ContractError,
    InvalidBody,
    NotJson,
    Request,
    strict_json,
)
from sitewatt.contract.faults import did_you_mean, pointer, shown
from sitewatt.contract.formats import FORMATS
from sitewatt.contract.media_types import essence
from sitewatt.contract.parameters import Parameters, argument_name
from sitewatt.contract.schema import Schema, resolved
from sitewatt.web.problem_documents import ProblemDocuments

BUNDLE = openapi.bundle()
CONTRACT = Contract(BUNDLE)
COMPONENTS = BUNDLE["components"]
REQUEST = Request(now=1_700_000_000, parameters={"site_id": 1})
BODIES = {name: op.body for name, op in CONTRACT.operations.items() if op.body is not None}


INSTANT = COMPONENTS["schemas"]["Instant"]
LOOSE = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.0{1,22})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
"""Wider than the contract's own pattern in the digits that it takes."""


def schema(name: str) -> Schema:
    return Schema(resolved(COMPONENTS["schemas"][name], COMPONENTS))


# One to one


def test_every_operation_has_its_handler_and_every_handler_its_operation() -> None:
    check_one_to_one(CONTRACT, handlers())


def test_an_operation_without_a_handler_is_refused() -> None:
    given = handlers()
    del given["get_site"]
    with pytest.raises(ContractError, match="without a handler: get_site"):
        check_one_to_one(CONTRACT, given)


def test_a_handler_without_an_operation_is_refused() -> None:
    given = handlers() | {"paint_site": handlers()["get_site"]}
    with pytest.raises(ContractError, match="without an operation: paint_site"):
        check_one_to_one(CONTRACT, given)


def test_a_handler_that_takes_other_parameters_is_refused() -> None:
    given = handlers() | {"get_site": handlers()["get_latest_reading"]}
    with pytest.raises(ContractError, match=r"get_site and its handler differ.*if_none_match"):
        check_one_to_one(CONTRACT, given)


# Against the reference

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-10, 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "soc", "units", "x"]), children, max_size=3)
    ),
    max_leaves=4,
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Any]:
    """One of the brief's documents with a value or two exchanged for something else."""
    name = draw(st.sampled_from(["sites", "configuration", "live"]))
    document = copy.deepcopy(COMPONENTS["examples"][f"brief_{name}"]["value"])
    for _ in range(draw(st.integers(1, 2))):
        spot: Any = document
        while True:
            keys = [*spot] if isinstance(spot, dict) else [*range(len(spot))]
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if not isinstance(spot[key], dict | list) or not draw(st.booleans()):
                spot[key] = draw(JUNK)
                break
            spot = spot[key]
    return name, document


SCHEMA_OF = {
    "sites": "NewSiteOrSites",
    "configuration": "NewConfiguration",
    "live": "ReadingOrColumns",
}
OPERATION_OF = {"sites": "create_sites", "configuration": "push_configuration", "live": "push_live"}


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_the_compiled_verdict_is_that_of_the_reference_and_the_rules(case: tuple[str, Any]) -> None:
    name, document = case
    whole = resolved(COMPONENTS["schemas"][SCHEMA_OF[name]], COMPONENTS)
    checker = Draft202012Validator.FORMAT_CHECKER.__class__(formats=())
    for format_, reason in FORMATS.items():
        checker.checks(format_)(lambda text, r=reason: not isinstance(text, str) or r(text) is None)
    reference = Draft202012Validator(whole, format_checker=checker).is_valid(document)
    compiled = Schema(whole)
    faults = compiled.faults(document, REQUEST, most=100)
    assert compiled.accepts(document, REQUEST) == (not faults)
    if not reference:
        assert faults
    else:
        assert all(fault.keyword.startswith("x-") for fault in faults)


@settings(max_examples=200, deadline=None)
@given(mutated())
def test_a_refusal_is_a_problem_document_of_the_contract(case: tuple[str, Any]) -> None:
    name, document = case
    problems = ProblemDocuments(CONTRACT)
    try:
        BODIES[OPERATION_OF[name]].read(json.dumps(document).encode(), REQUEST)
    except (InvalidBody, NotJson) as refusal:
        answer = problems.answer(refusal, "r")
        assert schema("Problem").accepts(json.loads(answer.content), REQUEST)
        assert len(answer.content) <= CONTRACT.limits["problem_bytes"]
        assert answer.status in (400, 422)


# Strict JSON


def read(raw: bytes, *, depth: int) -> Any:
    value = strict_json.parse(raw)
    strict_json.check(raw, value, depth=depth)
    return value


@given(JUNK)
def test_strict_json_reads_what_json_writes(value: Any) -> None:
    assert read(json.dumps(value).encode(), depth=32) == value


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 9), min_size=1, max_size=4), st.data())
def test_strict_json_refuses_a_name_that_stands_twice(
    members: dict[str, int], data: st.DataObject
) -> None:
    again = data.draw(st.sampled_from([*members]))
    pairs = [*members.items(), (again, 1)]
    text = "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in pairs) + "}"
    with pytest.raises(NotJson, match="twice"):
        read(text.encode(), depth=32)


@pytest.mark.parametrize("depth", [1, 31, 32, 33])
def test_strict_json_counts_levels_not_brackets(depth: int) -> None:
    flat = b"[" + b",".join([b"[]"] * 100) + b"]"
    assert read(flat, depth=2) == [[]] * 100
    nested = b'{"a":' * depth + b"1" + b"}" * depth
    if depth <= 32:
        assert read(nested, depth=32)
    else:
        with pytest.raises(NotJson, match="deeper than 32"):
            read(nested, depth=32)


def test_brackets_inside_strings_are_no_levels() -> None:
    assert read(b'["' + b"[" * 100 + b'"]', depth=32) == ["[" * 100]


def test_a_repeated_name_among_very_many_is_found_in_one_pass() -> None:
    names = ",".join(f'"{n}":1' for n in range(180_000))
    with pytest.raises(NotJson, match="`179999` twice"):
        read(f'{{{names},"179999":2}}'.encode(), depth=32)


# Integers


def test_an_integer_is_read_as_int_however_it_is_spelt() -> None:
    raw = b'{"battery":{"vendor":"KATL","capacity_kwh":1.0,"max_power_kw":1},"production":{"pv":'
    raw += b'{"units":1e0},"bio":{"units":2.0},"cro":{"units":3}},"revision":1.0}'
    value = BODIES["push_configuration"].read(raw, REQUEST)
    units = [value["production"][kind]["units"] for kind in ("pv", "bio", "cro")]
    assert (units, [type(unit) for unit in units]) == ([1, 2, 3], [int, int, int])
    assert type(value["revision"]) is int
    assert type(value["battery"]["capacity_kwh"]) is float


def test_an_instant_is_read_as_utc_seconds() -> None:
    raw = orjson.dumps(COMPONENTS["examples"]["brief_live"]["value"])
    assert BODIES["push_live"].read(raw, REQUEST)["dt-stamp"] == [
        1_672_531_200,
        1_672_531_800,
        1_672_532_400,
    ]


@given(st.from_regex(INSTANT["pattern"]) | st.from_regex(LOOSE, fullmatch=True))
def test_what_reads_as_an_instant_keeps_every_keyword_beside_its_format(text: str) -> None:
    reference = Draft202012Validator({k: v for k, v in INSTANT.items() if k != "format"})
    with suppress(ValueError):
        assert instants.parse(text) is not None
        assert reference.is_valid(text)


def test_the_strings_of_an_accepted_body_are_counted_as_a_walk_counts_them() -> None:
    for name, operation_id in OPERATION_OF.items():
        document = COMPONENTS["examples"][f"brief_{name}"]["value"]
        meant = schema(SCHEMA_OF[name]).meant(document)
        assert meant.strings(document) == json.dumps(document).count('"') / 2, operation_id
        assert BODIES[operation_id].read(orjson.dumps(document), REQUEST)


@pytest.mark.parametrize("name", ["sites", "configuration", "live"])
def test_a_name_that_an_accepted_body_repeats_is_found(name: str) -> None:
    text = json.dumps(COMPONENTS["examples"][f"brief_{name}"]["value"])
    member = re.search(r'("[a-z-]+"): ', text)
    assert member is not None
    twice = text.replace(member[0], member[0] + "[], " + member[0], 1)
    for spelling in (twice, twice.replace(member[1], member[1].replace("s", r"\u0073"), 1)):
        with pytest.raises(NotJson, match="twice"):
            BODIES[OPERATION_OF[name]].read(spelling.encode(), REQUEST)


# Faults


def test_a_pointer_escapes_and_cuts_names() -> None:
    assert pointer(["a/b~c", 3]) == "/a~1b~0c/3"
    assert len(pointer(["x" * 1000])) == 65


def test_a_shown_name_has_nothing_a_terminal_would_obey() -> None:
    assert shown("a\x1b[31m\u202eb").isprintable()


def test_a_hint_names_the_nearest_known_word_in_any_case() -> None:
    assert did_you_mean("TESLA", ["Tesla", "KATL"]) == "did you mean `Tesla`?"
    assert did_you_mean("zzz", ["Tesla", "KATL"]) is None


LIVE = COMPONENTS["examples"]["brief_live"]["value"]


def test_a_fault_far_into_a_long_array_is_found_where_it_is() -> None:
    stamps = [format_instant(600 * row) for row in range(1_000)]
    columns = {name: values[:1] * 1_000 for name, values in LIVE.items()} | {"dt-stamp": stamps}
    columns["soc"][777] = 101
    stamps[999] = "never"
    faults = schema("ReadingOrColumns").faults(columns, REQUEST, most=100)
    assert [(f.place, f.keyword) for f in faults] == [
        ("/soc/777", "maximum"),
        ("/dt-stamp/999", "format"),
    ]


@pytest.mark.parametrize("items", [10_001, 600_000])
def test_an_array_that_is_too_long_is_told_so_at_once(items: int) -> None:
    columns = LIVE | {"dt-stamp": [1] * items}
    faults = schema("ReadingOrColumns").faults(columns, REQUEST, most=100)
    assert ("/dt-stamp", "maxItems") in {(f.place, f.keyword) for f in faults}
    assert len(faults) == 100


@pytest.mark.parametrize("stamp", ["x", "", "2023-13-01T00:00:00Z" + "0" * 30])
def test_as_many_wrong_stamps_are_told_as_there_is_room_for(stamp: str) -> None:
    body = {name: values[:1] * 10_000 for name, values in LIVE.items()} | {
        "dt-stamp": [stamp] * 10_000
    }
    with pytest.raises(InvalidBody) as refusal:
        BODIES["push_live"].read(orjson.dumps(body), REQUEST)
    assert (len(refusal.value.faults), refusal.value.more) == (100, True)


@pytest.mark.parametrize("operation_id", ["create_sites", "push_configuration"])
def test_names_without_end_below_the_root_are_told_as_well(operation_id: str) -> None:
    names: dict[str, Any] = dict.fromkeys(map(str, range(150_000)))
    body = {"sites": [names]} if operation_id == "create_sites" else {"production": names}
    with pytest.raises(InvalidBody) as refusal:
        BODIES[operation_id].read(orjson.dumps(body), REQUEST)
    assert (len(refusal.value.faults), refusal.value.more) == (100, True)


@pytest.mark.parametrize("depth", [33, 960, 1000, 1023])
@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_a_deep_value_that_was_dropped_for_its_name_is_refused_all_the_same(
    depth: int, begin: bytes, end: bytes
) -> None:
    deep = begin * depth + b"1" + end * depth
    good = orjson.dumps(LIVE)
    for raw in (b'{"a":' + deep + b',"a":1}', b'{"soc":' + deep + b"," + good[1:]):
        with pytest.raises(NotJson):
            BODIES["push_live"].read(raw, REQUEST)


def test_names_without_end_are_told_as_far_as_there_is_room() -> None:
    body = LIVE | {f"k{number}": 1 for number in range(150_000)}
    faults = schema("ReadingOrColumns").faults(body, REQUEST, most=100)
    assert [fault.keyword for fault in faults] == ["additionalProperties"] * 100


def test_a_site_far_into_a_list_is_pointed_at() -> None:
    sites: list[dict[str, Any]] = [{"name": "a", "location": "b"} for _ in range(900)]
    sites[850] = {"name": "", "location": "b"}
    faults = schema("NewSiteOrSites").faults({"sites": sites}, REQUEST, most=100)
    assert {f.place for f in faults} == {"/sites/850/name"}


def test_every_array_of_a_body_is_a_member_of_it_or_of_an_object_in_such_an_array() -> None:
    def arrays(node: Any, way: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        if isinstance(node, dict):
            if node.get("type") == "array":
                yield way
            for name, child in node.items():
                step = (name,) if name in ("properties", "items", "oneOf") else ()
                yield from arrays(child, way + step)
        for child in node if isinstance(node, list) else ():
            yield from arrays(child, way)

    member = ("properties",)
    known = {member, ("oneOf", *member)}
    known |= {(*way, "items", *member) for way in known}
    found = {way for body in BODIES.values() for way in arrays(body._schema.schema)}
    assert found <= known


@pytest.mark.parametrize(
    ("document", "places"),
    [
        ({"sites": [{"name": "a", "location": "b"}], "name": "z"}, {"/name"}),
        ({"sites": "a"}, {"/sites"}),
        ({"name": "z"}, {""}),
        ([], {""}),
    ],
)
def test_a_body_with_sites_is_read_as_a_list_of_them(document: Any, places: set[str]) -> None:
    faults = schema("NewSiteOrSites").faults(document, REQUEST, most=100)
    assert {fault.place for fault in faults} == places


def test_a_body_whose_stamps_are_an_array_is_read_as_columns() -> None:
    mixed = {name: values[0] for name, values in LIVE.items()} | {"dt-stamp": LIVE["dt-stamp"]}
    faults = schema("ReadingOrColumns").faults(mixed, REQUEST, most=100)
    assert {fault.place for fault in faults} == {f"/{name}" for name in LIVE} - {"/dt-stamp"}
    assert {fault.detail for fault in faults} == {"must be an array"}


# Parameters


def test_an_argument_has_a_name_that_python_can_have() -> None:
    assert [argument_name(n) for n in ("If-Match", "from", "type", "limit")] == [
        "if_match",
        "from_",
        "type_",
        "limit",
    ]


@given(st.binary(max_size=40))
def test_any_query_is_read_or_refused(query: bytes) -> None:
    parameters = CONTRACT.operations["list_readings"].parameters
    with suppress(BadParameters):
        assert parameters.read({"site_id": "1"}, query, {})["limit"] >= 1


@given(st.integers(1, 10_000))
def test_an_integer_parameter_has_one_spelling(limit: int) -> None:
    parameters = CONTRACT.operations["list_readings"].parameters
    assert parameters.read({"site_id": "1"}, b"limit=%d" % limit, {})["limit"] == limit
    for spelling in (b"0%d", b"+%d", b"%d.0", b"%%20%d", b"%d_0"):
        with pytest.raises(BadParameters):
            parameters.read({"site_id": "1"}, b"limit=" + spelling % limit, {})


def test_a_range_that_ends_before_it_begins_is_a_fault() -> None:
    query = b"from=2023-01-02T00:00:00Z&to=2023-01-01T00:00:00Z"
    for operation in ("list_readings", "delete_readings"):
        with pytest.raises(BadParameters) as refusal:
            CONTRACT.operations[operation].parameters.read({"site_id": "1"}, query, {})
        assert [(f.place, f.keyword) for f in refusal.value.faults] == [("from", "x-before")]


def test_a_missing_parameter_is_the_contracts_default_or_none() -> None:
    values = CONTRACT.operations["push_live"].parameters.read({"site_id": "1"}, b"", {})
    assert values == {"site_id": 1, "on_conflict": "reject", "dry_run": False}


@pytest.mark.parametrize(
    ("media_type", "limit"), [("application/json", 1_000), ("text/csv", None), (None, 1_000)]
)
def test_a_default_for_one_media_type_is_none_for_others(
    media_type: str | None, limit: int | None
) -> None:
    parameters = CONTRACT.operations["list_readings"].parameters
    path = {"site_id": "1"}
    assert parameters.read(path, b"", {}, media_type)["limit"] == limit
    assert parameters.read(path, b"limit=7", {}, media_type)["limit"] == 7


def test_a_default_for_a_media_type_that_is_not_offered_is_refused_at_start() -> None:
    bundle = copy.deepcopy(BUNDLE)
    bundle["components"]["parameters"]["row_limit"]["x-default-for"] = "text/plain"
    with pytest.raises(ContractError, match=r"list_readings has parameters .* text/plain"):
        Contract(bundle)


def test_a_parameter_without_its_required_text_is_a_fault() -> None:
    declared = {"name": "to", "in": "query", "required": True, "schema": {"type": "string"}}
    with pytest.raises(BadParameters) as refusal:
        Parameters([declared]).read({}, b"", {})
    assert [fault.keyword for fault in refusal.value.faults] == ["required"]


# Media types


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("application/json", "application/json"),
        ("Application/JSON ; Charset=UTF-8", "application/json"),
        ("application/json; charset=latin-1", None),
        ("application/json; version=1", "application/json"),
    ],
)
def test_the_essence_of_a_media_type(text: str | None, expected: str | None) -> None:
    assert essence(text) == expected


# Replies and the contract itself


def test_a_reply_that_breaks_the_contract_is_found() -> None:
    operation = CONTRACT.operations["get_site"]
    json_ = {"Content-Type": "application/json", "ETag": '"a"'}
    good = b'{"id":1,"name":"a","location":"b","time_zone":"UTC"}'
    operation.check_reply(200, json_, good)
    broken: list[tuple[int, dict[str, str], bytes]] = [
        (201, json_, good),
        (200, json_ | {"Content-Type": "text/plain"}, good),
        (200, json_, good.replace(b"1", b"0")),
        (200, json_, b"{}"),
    ]
    for status, headers, content in broken:
        with pytest.raises(BrokenReply):
            operation.check_reply(status, headers, content)
    with pytest.raises(BrokenReply, match="Location"):
        CONTRACT.operations["create_sites"].check_reply(201, json_, good)


FLEET = CONTRACT.operations["push_fleet"].body
_NAMES = CONTRACT.bundle["components"]["schemas"]["SiteReadings"]["required"]
COLUMNS_OF_NOTHING: dict[str, list[Any]] = {name: [] for name in _NAMES if name != "id"}


def fleet(*entries: Any) -> Any:
    """The body of a push for many sites; what an entry does not say of columns is empty."""
    return {"sites": [{**COLUMNS_OF_NOTHING, **e} if isinstance(e, dict) else e for e in entries]}


def refused(body: Any) -> dict[str, str]:
    """Where a fleet's push is at fault, and against which keyword."""
    assert FLEET is not None
    with pytest.raises(InvalidBody) as refusal:
        FLEET.read(json.dumps(body).encode(), Request(1_700_000_000, {}))
    return {fault.place: fault.keyword for fault in refusal.value.faults}


def test_a_rule_inside_the_items_of_an_array_is_kept_by_each_entry() -> None:
    stamp = "2023-01-01 00:00:00"
    assert refused(fleet({"id": 1}, {"id": 2, "dt-stamp": [stamp]})) == dict.fromkeys(
        (f"/sites/1/{name}" for name in COLUMNS_OF_NOTHING if name != "dt-stamp"), "x-equal-length"
    )
    row = {name: [True] if "notification" in name else [0] for name in COLUMNS_OF_NOTHING}
    two = {name: 2 * values for name, values in row.items()}
    same = {"id": 2, **two, "dt-stamp": [stamp, "2023-01-01T01:00:00+01:00"]}
    assert refused(fleet(same)) == {"/sites/0/dt-stamp/1": "x-unique-instants"}
    ahead = {"id": 2, **row, "dt-stamp": ["2033-01-01 00:00:00"]}
    assert refused(fleet({"id": 1}, ahead)) == {"/sites/1/dt-stamp/0": "x-not-after-now"}
    assert refused(fleet({"id": 7}, {"id": 7})) == {"/sites/1/id": "x-unique-by"}


def test_a_fault_inside_the_items_of_an_array_is_named_where_it_is() -> None:
    wrong = {"id": 0, "soc": [1, 101], "x": 1, "dt-stamp": ["2023-02-30 00:00:00", "no"]}
    found = refused(fleet({"id": 1}, 5, wrong))
    assert found["/sites/1"] == "type"
    assert found["/sites/2/id"] == "minimum"
    assert found["/sites/2/soc/1"] == "maximum"
    assert found["/sites/2/x"] == "additionalProperties"
    assert found["/sites/2/dt-stamp/0"] == found["/sites/2/dt-stamp/1"] == "format"


def test_the_rows_of_all_entries_are_counted_together() -> None:
    def rows(number: int, site_id: int) -> Any:
        first = 86_400 * site_id
        stamps = [format_instant(first + place) for place in range(number)]
        flags = {name: [True] * number for name in COLUMNS_OF_NOTHING if "notification" in name}
        numbers = {name: [0] * number for name in COLUMNS_OF_NOTHING}
        return {"id": site_id, **numbers, **flags, "dt-stamp": stamps}

    assert FLEET is not None
    whole = json.dumps(fleet(rows(6_000, 1), rows(4_000, 2))).encode()
    read = FLEET.read(whole, Request(1_700_000_000, {}))
    assert read["sites"][1]["dt-stamp"][:2] == [172_800, 172_801]
    assert refused(fleet(rows(6_000, 1), rows(4_001, 2))) == {"/sites": "x-most-in-all"}


@pytest.mark.parametrize(
    "entries",
    [
        [{"id": 1, "soc": ["x"] * 300_000}],
        [{"id": n, "soc": [-1] * 200} for n in range(1, 1_001)],
        [{}] * 300_000,
        [{"id": 1, **{f"x{n}": 0 for n in range(100_000)}}],
    ],
)
def test_of_many_faults_inside_of_items_the_first_hundred_are_told(entries: list[Any]) -> None:
    assert FLEET is not None
    with pytest.raises(InvalidBody) as refusal:
        FLEET.read(json.dumps({"sites": entries}).encode(), Request(0, {}))
    assert len(refusal.value.faults) == 100
    assert refusal.value.more


def test_alternatives_that_cannot_be_told_apart_are_refused_at_start() -> None:
    with pytest.raises(ContractError, match="x-alternative-by"):
        Schema({"oneOf": [{"type": "object", "properties": {}}]})


def test_a_query_with_too_many_faults_is_not_said_to_lack_what_was_not_read() -> None:
    query = b"&".join([b"x=1"] * 101) + b"&from=2023-01-01T00:00:00Z&to=2023-01-02T00:00:00Z"
    with pytest.raises(BadParameters) as refusal:
        CONTRACT.operations["delete_readings"].parameters.read({"site_id": "1"}, query, {})
    assert {fault.keyword for fault in refusal.value.faults} == {"unknown"}


def test_bodies_of_one_operation_have_one_schema() -> None:
    bundle = openapi.bundle()
    content = bundle["paths"]["/sites"]["post"]["requestBody"]["content"]
    content["text/json"] = {"schema": {"type": "string"}}
    with pytest.raises(ContractError, match="one schema"):
        Contract(bundle)


def test_an_operation_that_is_not_compiled_is_named_at_start() -> None:
    bundle = openapi.bundle()
    bundle["paths"]["/sites"]["trace"] = bundle["paths"]["/sites"]["get"]
    with pytest.raises(ContractError, match="TRACE /sites"):
        Contract(bundle)


def test_a_url_is_made_of_the_contracts_path() -> None:
    assert CONTRACT.url_for("get_site", site_id=7) == "/v1/sites/7"
    assert CONTRACT.url_for("get_problem_type", type="a/b") == "/problems/a%2Fb"


def test_an_operation_of_another_contract_is_not_served() -> None:
    operations = CompiledOperations(
        nowhere, contract=CONTRACT, authority=OpenToThisMachine(), clock=lambda: 0
    )
    operations._add("get_site", handlers()["get_site"])
    with pytest.raises(ContractError, match="get_sight has not been compiled"):
        operations._add("get_sight", handlers()["get_site"])

"""A schema by itself: what is accepted, what it means, how it is told what is wrong."""

from typing import Any

import orjson
import pytest

from sitewatt.contract import ContractError, Request
from sitewatt.contract.faults import Fault
from sitewatt.contract.readers import counter, reader, unread
from sitewatt.contract.schema import Schema, Unfit, compiled, resolved
from sitewatt.contract.strict_json import check
from sitewatt.contract.windows import WINDOW

REQUEST = Request(now=1_700_000_000, parameters={"site_id": 7})
INSTANT = {"type": "string", "format": "instant", "pattern": "^2", "maxLength": 30}
STAMP, SECONDS = "2023-01-01T00:00:00Z", 1_672_531_200
WORD = {"type": "string", "minLength": 1}


def an_object(**members: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": members}


def an_array(items: Any, most: int = 3, **said: Any) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "maxItems": most, "items": items, **said}


def told(schema: dict[str, Any], value: Any, most: int = 9) -> list[tuple[str, str]]:
    judge = Schema(schema)
    found = judge.faults(value, REQUEST, most=most)
    assert judge.accepts(value, REQUEST) == (not found)
    assert {fault.in_ for fault in found} <= {"body"}
    return [(fault.place, fault.keyword) for fault in found]


# What it means


READING = an_object(
    id={"type": "integer"},
    at=INSTANT,
    name=WORD,
    all=an_array(INSTANT, 9),
    inner=an_object(number={"type": "integer"}, flag={"type": "boolean"}),
    list=an_array(an_object(id={"type": "integer"}, word=WORD)),
    words=an_array(WORD),
)


def test_a_value_is_read_as_its_schema_says_and_stays_as_it_was() -> None:
    value = {"id": 1.0, "at": STAMP, "name": "a", "all": [STAMP], "inner": {"number": 2.0}}
    value["list"] = [{"id": 3.0}, {"word": "b"}]
    before = orjson.dumps(value)
    read = Schema(READING).read(value, REQUEST)
    assert orjson.dumps(value) == before
    meant = {"id": 1, "at": SECONDS, "name": "a", "all": [SECONDS], "inner": {"number": 2}}
    assert orjson.dumps(read) == orjson.dumps({**meant, "list": [{"id": 3}, {"word": "b"}]})


def test_where_nothing_is_to_be_read_a_value_is_itself() -> None:
    assert reader(an_object(name=WORD, words=an_array(WORD))) is None
    value = {"name": "a"}
    assert Schema(an_object(name=WORD)).read(value, REQUEST) is value


@pytest.mark.parametrize("value", [{"at": "2023-13-01T00:00:00Z"}, {"id": 1.5}, {"x": 1}, 5])
def test_what_does_not_fit_is_not_read(value: Any) -> None:
    with pytest.raises(Unfit):
        Schema(READING).read(value, REQUEST)
    assert not Schema(READING).accepts(value, REQUEST)


@pytest.mark.parametrize(
    ("value", "strings"),
    [
        ({}, 0),
        ({"id": 1}, 1),
        ({"name": "a", "at": STAMP}, 4),
        ({"all": [STAMP] * 3, "words": ["a", "b"]}, 7),
        ({"inner": {"number": 1, "flag": True}}, 3),
        ({"list": [{"id": 1, "word": "a"}, {"word": "b"}]}, 6),
    ],
)
def test_the_names_and_strings_of_a_value_are_counted(value: Any, strings: int) -> None:
    assert Schema(READING).strings(value) == strings
    assert Schema({**READING, "required": [*value]}).strings(value) == strings
    check(orjson.dumps(value), value, depth=3)


def test_strings_that_are_always_there_are_counted() -> None:
    assert Schema({**an_object(name=WORD), "required": ["name"]}).strings({"name": "a"}) == 2


def test_what_has_no_strings_is_not_counted() -> None:
    assert counter({"type": "integer"}) is counter(an_array({"type": "number"})) is None
    assert Schema({"type": "integer"}).strings(5) == 0
    assert Schema(WORD).strings("a") == 1


def test_what_reading_judges_is_not_judged_before() -> None:
    assert unread([INSTANT, 5]) == [{"type": "string"}, 5]
    zone = {"type": "string", "format": "time-zone", "x-as-stored": True}
    assert unread(zone) == {"type": "string", "x-as-stored": True}
    for judged in ({**zone, "x-as-stored": False}, {"type": "string", "format": "time-zone"}):
        assert unread(judged) == judged


def test_equal_schemas_are_compiled_once() -> None:
    assert compiled(an_object(a=WORD)) is compiled(an_object(a=dict(WORD)))
    assert compiled(an_object(a=WORD)) is not compiled(an_object(b=WORD))


def test_a_reference_is_what_it_names_however_deep() -> None:
    components = {
        "schemas": {"Word": WORD, "Words": an_array({"$ref": "#/components/schemas/Word"})}
    }
    given = {
        "oneOf": [{"$ref": "#/components/schemas/Words"}, 5, {"$ref": "#/components/schemas/Word"}]
    }
    assert resolved(given, components) == {"oneOf": [an_array(WORD), 5, WORD]}


# Rules of the vocabulary


def test_a_rule_is_kept_wherever_it_stands() -> None:
    ruled = an_object(
        id={"type": "integer", "x-equals-parameter": "site_id"},
        inner=an_object(at={**INSTANT, "x-not-after-now": 0}),
        list=an_array(an_object(at={**INSTANT, "x-not-after-now": 0}), **{"x-unique-by": "at"}),
    )
    late = {"at": "2024-01-01T00:00:00Z"}
    assert told(ruled, {"id": 7, "inner": {}, "list": [{}, {"at": STAMP}]}) == []
    assert told(ruled, {"id": 8, "inner": late, "list": [{"at": STAMP}, late]}) == [
        ("/id", "x-equals-parameter"),
        ("/inner/at", "x-not-after-now"),
        ("/list/1/at", "x-not-after-now"),
    ]
    assert told(ruled, {"list": [{"at": STAMP}, {"at": STAMP}]}) == [("/list/1/at", "x-unique-by")]


def test_a_broken_rule_says_what_is_wrong_and_what_would_be_right() -> None:
    apart = {"member": "sites", "array": "scopes", "value": "admin"}
    key = an_object(sites=an_array(WORD), scopes=an_array(WORD)) | {"x-not-together": apart}
    (found,) = Schema(key).faults({"sites": ["a"], "scopes": ["admin"]}, REQUEST, most=9)
    said = "cannot be together with `admin` in `scopes`"
    assert found == Fault("body", "/sites", "x-not-together", said, "leave one of them out")


def test_a_rule_deep_inside_the_items_of_an_array_is_kept() -> None:
    inner = an_object(
        rows=an_array(an_object(id={"type": "integer", "x-equals-parameter": "site_id"}))
    )
    outer = an_object(list=an_array(inner))
    assert told(outer, {"list": [{"rows": [{"id": 7}]}, {}]}) == []
    assert told(outer, {"list": [{}, {"rows": [{"id": 7}, {"id": 8}]}]}) == [
        ("/list/1/rows/1/id", "x-equals-parameter")
    ]


@pytest.mark.parametrize(
    "schema",
    [
        an_object(list=an_array({**INSTANT, "x-not-after-now": 0})),
        an_object(inner=an_object(list=an_array(an_object(at={**INSTANT, "x-after-now": True})))),
        an_object(
            inner=an_object(
                list=an_array(an_object(rows=an_array(an_object(at={"x-after-now": True}))))
            )
        ),
        an_array({**INSTANT, "x-not-after-now": 0}),
    ],
)
def test_a_rule_where_it_would_not_be_kept_is_refused_at_start(schema: dict[str, Any]) -> None:
    with pytest.raises(
        ContractError, match=r"a rule of the x- vocabulary stands inside the items of \("
    ):
        Schema(schema)


# Alternatives

EITHER = {
    "x-alternative-by": "at",
    "oneOf": [an_object(at=INSTANT, n={"type": "number"}), an_object(at=an_array(INSTANT))],
}
MEMBER = {
    "x-alternative-by": "sites",
    "oneOf": [an_object(name=WORD), an_object(sites=an_array(WORD))],
}


@pytest.mark.parametrize(
    ("schema", "value", "place"),
    [
        (EITHER, {"at": STAMP}, 0),
        (EITHER, {"at": [STAMP]}, 1),
        (EITHER, {"at": 5}, 0),
        (EITHER, {}, 0),
        (EITHER, 5, 0),
        (MEMBER, {"name": "a"}, 0),
        (MEMBER, {}, 0),
        (MEMBER, [], 0),
        (MEMBER, {"sites": ["a"]}, 1),
        (MEMBER, {"sites": 5}, 1),
        (MEMBER, {"sites": None, "name": "a"}, 1),
    ],
)
def test_of_alternatives_one_is_meant(schema: Any, value: Any, place: int) -> None:
    judge = Schema(schema)
    assert judge.meant(value).schema == schema["oneOf"][place]
    assert judge.accepts(value, REQUEST) == Schema(schema["oneOf"][place]).accepts(value, REQUEST)


def test_alternatives_of_other_kinds_are_told_apart_by_the_values() -> None:
    flag, number = an_object(a={"type": "boolean"}), an_object(a={"type": "integer"})
    judge = Schema({"x-alternative-by": "a", "oneOf": [flag, number]})
    assert judge.meant({"a": "x"}).schema == flag
    assert judge.meant({"a": 1.0}).schema == number
    assert judge.meant({"a": True}).schema == flag


def test_what_an_alternative_means_and_counts_is_what_the_whole_does() -> None:
    assert Schema(EITHER).read({"at": [STAMP]}, REQUEST) == {"at": [SECONDS]}
    assert Schema(EITHER).strings({"at": [STAMP] * 2}) == 3
    assert told(EITHER, {"at": [STAMP], "n": 1}) == [("/n", "additionalProperties")]
    own = an_object(id={"type": "integer", "x-equals-parameter": "site_id"})
    ruled = {"x-alternative-by": "at", "oneOf": [own, an_object(at=INSTANT)]}
    assert told(ruled, {"id": 7}) == []
    assert told(ruled, {"id": 8}) == [("/id", "x-equals-parameter")]


def test_alternatives_of_which_none_is_meant_are_refused_at_start() -> None:
    with pytest.raises(ContractError) as refusal:
        Schema({"oneOf": [an_object()]})
    assert str(refusal.value) == "a oneOf says by x-alternative-by which alternative is meant"


# What is wrong


def test_a_fault_says_where_what_and_what_would_be_right() -> None:
    schema = {**an_object(colour=WORD, size={"type": "number"}), "required": ["size"]}
    found = Schema(schema).faults({"color": 1, "colour": ""}, REQUEST, most=9)
    hint = "did you mean `colour`?"
    assert sorted(found, key=lambda fault: fault.place) == [
        Fault("body", "", "required", "`size` is missing"),
        Fault("body", "/color", "additionalProperties", "is not known here", hint),
        Fault("body", "/colour", "minLength", "must have at least 1 character"),
    ]
    unquoted = Fault("body", "/size", "type", "must be a number", "write it without quotes")
    assert Schema(schema).faults({"size": "5"}, REQUEST, most=9) == [unquoted]


def test_a_spelling_is_wrong_once() -> None:
    stamps = an_object(at=INSTANT, all=an_array(INSTANT, 9))
    assert told(stamps, {"at": "x" * 40, "all": ["never", STAMP]}) == [
        ("/at", "format"),
        ("/all/0", "format"),
    ]
    assert told(an_object(at={**INSTANT, "minLength": 9}), {"at": "2"}) == [("/at", "format")]
    assert told(an_object(at={**WORD, "pattern": "^b"}), {"at": ""}) == [
        ("/at", "minLength"),
        ("/at", "pattern"),
    ]


@pytest.mark.parametrize("most", [1, 3, 9])
def test_no_more_faults_are_told_than_are_asked_for(most: int) -> None:
    assert len(told(an_object(all=an_array(INSTANT, 500)), {"all": ["never"] * 450}, most)) == most


def test_a_fault_is_found_in_every_window_of_a_long_array() -> None:
    numbers = an_object(all=an_array({"type": "number"}, 1000), word=WORD)
    places = [0, WINDOW - 1, WINDOW, 2 * WINDOW - 1, 2 * WINDOW, 899]
    value = {"all": ["x" if place in places else 1 for place in range(900)], "word": ""}
    found = told(numbers, value)
    assert sorted(found, key=str) == sorted(
        [*((f"/all/{place}", "type") for place in places), ("/word", "minLength")], key=str
    )
    assert told(numbers, {"all": [1] * 1001}) == [("/all", "maxItems")]
    assert told(numbers, {"all": [1] * 1000}) == []
    assert told(numbers, {"all": []}) == [("/all", "minItems")]
    few = an_object(all=an_array({"type": "number"}, 2))
    assert told(few, {"all": [1, "x", 1]}) == [("/all", "maxItems"), ("/all/1", "type")]


def test_of_an_array_what_is_nested_is_wrong_and_the_rest_is_not() -> None:
    numbers = an_object(all=an_array({"type": "number"}, 1000))
    for nested in ({}, {"a": 1}, [], [[1]]):
        for before in (1, WINDOW, 2 * WINDOW):
            value = {"all": [1] * before + [nested, 1]}
            assert told(numbers, value) == [(f"/all/{before}", "type")]


def test_entries_of_a_list_are_explained_as_many_as_it_may_have() -> None:
    sites = an_object(list=an_array(an_object(id={"type": "integer"}, words=an_array(WORD))))
    assert told(sites, {"list": [{}, {"id": "x", "words": ["", "a"]}, 5, {"id": "x"}]}) == [
        ("/list", "maxItems"),
        ("/list/1/id", "type"),
        ("/list/1/words/0", "minLength"),
        ("/list/2", "type"),
    ]
    assert told(sites, {"list": [{}, {}, {"id": "x"}]}) == [("/list/2/id", "type")]
    assert told(sites, 5) == told(sites, [{}]) == [("", "type")]
    assert told(sites, {"list": []}) == [("/list", "minItems")]
    assert told(sites, {"list": {}}) == [("/list", "type")]
    (long,) = Schema(sites).faults({"list": [{}] * 4}, REQUEST, most=9)
    assert long == Fault("body", "/list", "maxItems", "must have at most 3 items")

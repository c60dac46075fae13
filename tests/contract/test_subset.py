"""The subset: schemas that mean the same to OpenAPI 3.0 and to JSON Schema of draft 2020-12."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from openapi import bundle

BUNDLE = bundle()
SCHEMAS = BUNDLE["components"]["schemas"]
OPERATIONS = [
    operation | {"parameters": item.get("parameters", []) + operation.get("parameters", [])}
    for item in BUNDLE["paths"].values()
    for method, operation in item.items()
    if method not in {"parameters", "servers"}
]

VOCABULARY = {
    "x-equal-length",
    "x-unique-instants",
    "x-not-after-now",
    "x-equals-parameter",
    "x-unique-by",
    "x-most-in-all",
    "x-alternative-by",
    "x-after-now",
    "x-not-together",
    "x-as-stored",
    "x-names-site",
}
IN_ALL = {"type", "title", "description", "example", "default"}
KEYWORDS = {
    "string": {"minLength", "maxLength", "pattern", "format", "enum"},
    "number": {"minimum", "maximum"},
    "integer": {"minimum", "maximum", "format"},
    "boolean": set[str](),
    "array": {"minItems", "maxItems", "uniqueItems", "items"},
    "object": {"properties", "required", "additionalProperties", "minProperties"},
}
FORMATS = {"instant", "time-zone", "uri-reference"}
BRANCHED = {"NewSiteOrSites", "SiteOrSites", "ReadingOrColumns"}
OPEN = {"OpenApiDocument", "SchemaDocument"}
INTEGERS = {"int32": 2**31 - 1, "int64": 2**63 - 1}
RUINOUS_NAMES = {"Configuration", "Client", "Response", "Model"}


def below(place: str, schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield a schema and every schema in it, each with its place."""
    yield place, schema
    for name, member in schema.get("properties", {}).items():
        yield from below(f"{place}/{name}", member)
    for index, branch in enumerate(schema.get("oneOf", [])):
        yield from below(f"{place}/oneOf/{index}", branch)
    if "items" in schema:
        yield from below(f"{place}/items", schema["items"])


def inline(node: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the schemas that stand outside of components/schemas."""
    if not isinstance(node, dict):
        return
    for name, member in node.items():
        if name == "schema":
            yield f"{place}/schema", member
        elif (place, name) != ("/components", "schemas"):
            yield from inline(member, f"{place}/{name}")


ALL = dict(
    pair for place, root in [*SCHEMAS.items(), *inline(BUNDLE)] for pair in below(place, root)
)
TYPED = {place: schema for place, schema in ALL.items() if "type" in schema}


def of_type(*types: str) -> pytest.MarkDecorator:
    """Return the mark that gives a test each schema of these types."""
    found = [pytest.param(place, TYPED[place], id=place) for place in TYPED]
    chosen = [param for param in found if param.values[1]["type"] in types]
    return pytest.mark.parametrize(("place", "schema"), chosen)


@pytest.mark.parametrize("place", ALL)
def test_a_schema_has_one_type_or_is_a_reference_alone_or_branches_where_named(place: str) -> None:
    schema = ALL[place]
    if "$ref" in schema:
        assert list(schema) == ["$ref"]
    elif "oneOf" in schema:
        assert place in BRANCHED
        assert set(schema) == {"title", "description", "oneOf", "x-alternative-by"}
        assert all(list(branch) == ["$ref"] for branch in schema["oneOf"])
    else:
        assert schema["type"] in KEYWORDS


@pytest.mark.parametrize("place", TYPED)
def test_a_schema_uses_only_keywords_that_mean_the_same_in_both(place: str) -> None:
    schema = TYPED[place]
    assert set(schema) - IN_ALL - VOCABULARY - KEYWORDS[schema["type"]] == set()


@of_type("object")
def test_an_object_is_closed_and_has_a_title_and_a_file(place: str, schema: Any) -> None:
    assert place in SCHEMAS
    assert schema["title"]
    assert schema["additionalProperties"] is (place in OPEN)
    assert set(schema.get("required", [])) <= set(schema["properties"])


@of_type("string")
def test_a_string_has_limits(place: str, schema: Any) -> None:
    if "enum" in schema:
        assert schema["enum"]
        assert all(isinstance(word, str) for word in schema["enum"])
    else:
        assert 0 <= schema["minLength"] <= schema["maxLength"]
    assert schema.get("format", "instant") in FORMATS


@of_type("string")
def test_a_pattern_is_anchored_and_spells_its_characters_out(place: str, schema: Any) -> None:
    pattern = schema.get("pattern", "^$")
    assert re.fullmatch(r"\^.*\$", pattern)
    assert not re.search(r"\\[dDwWbBpPuAzZ]|\(\?", pattern)
    assert re.compile(pattern)
    assert jsonschema_rs.validator_for({"pattern": pattern})


@of_type("number", "integer")
def test_a_number_has_limits(place: str, schema: Any) -> None:
    assert schema["minimum"] <= schema["maximum"]
    assert not isinstance(schema["minimum"], bool)


@of_type("integer")
def test_an_integer_fits_its_format(place: str, schema: Any) -> None:
    limit = INTEGERS[schema["format"]]
    assert -limit <= schema["minimum"] <= schema["maximum"] <= limit


@of_type("array")
def test_an_array_has_limits_and_items(place: str, schema: Any) -> None:
    assert 0 <= schema["minItems"] <= schema["maxItems"]
    assert schema["items"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_named_schema_is_valid_draft_2020_12_to_both_validators(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    jsonschema_rs.meta.validate(
        {"$schema": Draft202012Validator.META_SCHEMA["$id"]} | SCHEMAS[name]
    )


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_named_schema_has_a_title_a_description_and_a_name_that_sdks_can_use(name: str) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]*", name)
    assert name not in RUINOUS_NAMES
    assert SCHEMAS[name]["title"]
    assert SCHEMAS[name]["description"].endswith(".")


def test_no_two_schemas_have_the_same_title() -> None:
    titles = [schema["title"] for schema in SCHEMAS.values()]
    assert len(set(titles)) == len(titles)


def test_equal_length_names_arrays_of_its_object() -> None:
    for schema in TYPED.values():
        for name in schema.get("x-equal-length", []):
            assert schema["properties"][name]["type"] == "array"


def test_instant_keywords_stand_on_instants_and_on_arrays_of_them() -> None:
    for schema in TYPED.values():
        if {"x-unique-instants", "x-not-after-now"} & set(schema):
            name = schema.get("items", {}).get("$ref", "").rpartition("/")[2]
            assert SCHEMAS.get(name, schema)["format"] == "instant"


def test_unique_by_names_an_integer_of_the_items() -> None:
    for schema in TYPED.values():
        if "x-unique-by" in schema:
            items = SCHEMAS[schema["items"]["$ref"].rpartition("/")[2]]
            assert schema["x-unique-by"] in items["properties"]


def test_most_in_all_names_an_array_of_the_items_that_may_be_so_long() -> None:
    for schema in TYPED.values():
        if "x-most-in-all" in schema:
            rule = schema["x-most-in-all"]
            items = SCHEMAS[schema["items"]["$ref"].rpartition("/")[2]]
            assert items["properties"][rule["member"]]["maxItems"] <= rule["most"]


def test_a_parameter_for_a_media_type_names_one_of_the_answers() -> None:
    parameters = BUNDLE["components"]["parameters"]
    for operation in OPERATIONS:
        named = [parameters[p["$ref"].rpartition("/")[2]] for p in operation["parameters"]]
        offered = operation["responses"].get("200", {}).get("content", {})
        assert {p["x-media-type"] for p in named if "x-media-type" in p} <= offered.keys()


def test_equals_parameter_names_a_path_parameter_of_the_operation_that_takes_the_body() -> None:
    (name,) = {s["x-equals-parameter"] for s in TYPED.values() if "x-equals-parameter" in s}
    pushes = [op for op in OPERATIONS if op["operationId"] == "push_configuration"]
    assert [{"$ref": f"#/components/parameters/{name}"}] == pushes[0]["parameters"]


def test_the_two_instants_differ_only_in_how_late_they_may_be() -> None:
    for keyword in ("type", "format", "pattern", "minLength", "maxLength"):
        assert SCHEMAS["Instant"][keyword] == SCHEMAS["ReadingInstant"][keyword]
    assert "x-not-after-now" not in SCHEMAS["Instant"]


def test_a_series_is_columns_without_the_rules_of_what_comes_in() -> None:
    series, columns = SCHEMAS["ReadingSeries"], SCHEMAS["ReadingColumns"]
    assert series["x-equal-length"] == columns["x-equal-length"] == columns["required"]
    own = {"dt-stamp": 0, "configurations": 0}
    assert series["properties"] | own == columns["properties"] | own
    for keyword in ("type", "minItems", "maxItems", "items"):
        stamps = series["properties"]["dt-stamp"]
        assert stamps[keyword] == columns["properties"]["dt-stamp"][keyword]


def agree(schema: Any, value: str) -> bool:
    """Return whether a value is valid, which both validators must see alike."""
    valid = Draft202012Validator(schema).is_valid(value)
    assert jsonschema_rs.validator_for(schema).is_valid(value) is valid
    return valid


@pytest.mark.parametrize(
    "stamp",
    [
        "2023-01-01 00:00:00",
        "2023-01-01T00:00:00Z",
        "2023-01-01t00:00:00z",
        "2023-01-01 00:00:00.000Z",
        "2023-01-01T23:59:59.0",
        "1970-01-01T00:00:00+05:30",
        "2105-12-31T23:59:59-23:59",
    ],
)
def test_an_instant_may_be_spelt(stamp: str) -> None:
    assert agree(SCHEMAS["Instant"], stamp)


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "2023-01-01",
        "2023-01-01T00:00Z",
        "2023-01-01  00:00:00",
        "2023-01-01T00:00:00.5Z",
        "2023-01-01T00:00:00.Z",
        "2023-01-01T00:00:00 Z",
        "2023-01-01T00:00:00+0100",
        "2023-01-01T24:00:00Z",
        "2023-01-01T00:00:60Z",
        "2023-13-01T00:00:00Z",
        "2023-01-32T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2106-01-01T00:00:00Z",
        "٢٠٢٣-01-01T00:00:00Z",
        "2023-01-01T00:00:00.000000000000000000000Z",
    ],
)
def test_an_instant_may_not_be_spelt(stamp: str) -> None:
    assert not agree(SCHEMAS["Instant"], stamp)


@pytest.mark.parametrize("name", ["SiteName", "Location"])
@pytest.mark.parametrize("text", ["a", " a ", "Ærø", "🌞", "north of\u00a0it", "日本"])
def test_a_text_may_be(name: str, text: str) -> None:
    assert agree(SCHEMAS[name], text)


@pytest.mark.parametrize("name", ["SiteName", "Location"])
@pytest.mark.parametrize(
    "text", ["", " ", "\u3000", "\t", "a\x00", "\x1fa", "a\x7f", "\x85a", "a\nb"]
)
def test_a_text_may_not_be(name: str, text: str) -> None:
    assert not agree(SCHEMAS[name], text)


@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize(
    ("value", "valid"),
    [('"a"', True), ("*", True), ('W/"a" , "b"', True), ("a", False), ('"a" "b"', False)],
)
def test_a_precondition_is_a_star_or_a_list_of_etags(name: str, value: str, valid: bool) -> None:
    by_name = {each["name"]: each["schema"] for each in BUNDLE["components"]["parameters"].values()}
    assert agree(by_name[name], value) is valid

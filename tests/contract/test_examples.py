"""The examples: each operation has them, and each is what its schema allows."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from openapi import bundle

BUNDLE = bundle()
COMPONENTS = BUNDLE["components"]
TYPES = BUNDLE["x-problem-types"]
OPERATIONS = {
    operation["operationId"]: operation
    | {"parameters": item.get("parameters", []) + operation.get("parameters", [])}
    for item in BUNDLE["paths"].values()
    for method, operation in item.items()
    if method not in {"parameters", "servers"}
}
# These answer where the contract has no operation, so no operation can show them.
OF_NO_OPERATION = {"unknown-path", "method-not-allowed"}

BRIEF_SITES = '{"sites": [{"name": "Willo Woods", "location": "north", "id": 1}]}'
BRIEF_CONFIGURATION = """{"id": 1,
    "battery": {"vendor": "Tesla", "capacity_kwh": 3100, "max_power_kw": 400},
    "production": {"pv": {"units": 1, "kwp": 500}, "bio": {"units": 0},
                   "cro": {"units": 2, "kwp": 800}}}"""
BRIEF_LIVE = """{"dt-stamp": ["2023-01-01 00:00:00", "2023-01-01 00:10:00", "2023-01-01 00:20:00"],
    "soc": [0, 10, 20], "load_kwh": [350, 600, 500], "net_load_kwh": [400, 700, 600],
    "pv_notification": [true, true, true], "bio_notification": [false, false, false],
    "cro_notification": [false, false, false]}"""


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """Return what a local reference refers to, or the node itself."""
    if "$ref" not in node:
        return node
    kind, name = node["$ref"].removeprefix("#/components/").split("/")
    return resolve(COMPONENTS[kind][name])


def values(holder: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the examples of a parameter, a header, a schema or a media type by name."""
    if "example" in holder:
        yield "example", holder["example"]
    for name, example in holder.get("examples", {}).items():
        yield name, resolve(example)["value"]


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every media type of a body or an answer with its place."""
    for name, operation in OPERATIONS.items():
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{name}/body/{media}", content
        for status, answer in operation["responses"].items():
            for media, content in resolve(answer).get("content", {}).items():
                yield f"{name}/{status}/{media}", content


def schemas(node: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Yield every schema below one of components/schemas that has an example."""
    if isinstance(node, dict):
        if "example" in node and ("type" in node or "oneOf" in node):
            yield place, node
        for name, member in node.items():
            if name != "example":
                yield from schemas(member, f"{place}/{name}")


def cases() -> Iterator[Any]:
    """Yield every example of the contract as a test parameter: schema, value."""
    holders = [(place, content, content["schema"]) for place, content in contents()]
    for kind in ("parameters", "headers"):
        holders += [
            (f"{kind}/{name}", each, each["schema"]) for name, each in COMPONENTS[kind].items()
        ]
    holders += [(place, node, node) for place, node in schemas(COMPONENTS["schemas"], "schemas")]
    for place, holder, schema in holders:
        for name, value in values(holder):
            yield pytest.param(schema, value, id=f"{place}/{name}")


def problems() -> Iterator[Any]:
    """Yield every example of a refusal as a test parameter: operation, status, problem."""
    for name, operation in OPERATIONS.items():
        for status, answer in operation["responses"].items():
            content = resolve(answer).get("content", {}).get("application/problem+json", {})
            for example, problem in values(content):
                yield pytest.param(name, int(status), problem, id=f"{name}/{status}/{example}")


def links() -> Iterator[Any]:
    """Yield every link as a test parameter: operation, answer, link."""
    for name, operation in OPERATIONS.items():
        for status, answer in operation["responses"].items():
            for key, link in resolve(answer).get("links", {}).items():
                yield pytest.param(
                    operation, resolve(answer), resolve(link), id=f"{name}/{status}/{key}"
                )


def found(document: Any, pointer: str) -> bool:
    """Return whether a JSON Pointer leads anywhere in a document."""
    for part in pointer.split("/")[1:]:
        index = int(part) if isinstance(document, list) else part
        try:
            document = document[index]
        except (KeyError, IndexError):
            return False
    return True


@pytest.mark.parametrize(("schema", "value"), list(cases()))
def test_an_example_is_what_its_schema_allows(schema: Any, value: Any) -> None:
    standalone = {"components": COMPONENTS, "allOf": [schema]}
    Draft202012Validator(standalone).validate(value)
    jsonschema_rs.validator_for(standalone).validate(value)


@pytest.mark.parametrize(("place", "content"), list(contents()))
def test_a_body_and_an_answer_have_examples(place: str, content: Any) -> None:
    assert list(values(content))


@pytest.mark.parametrize("kind", ["parameters", "headers"])
def test_a_parameter_and_a_header_have_an_example(kind: str) -> None:
    assert [name for name, each in COMPONENTS[kind].items() if not list(values(each))] == []


def test_an_example_has_a_summary_and_a_value() -> None:
    for example in COMPONENTS["examples"].values():
        assert set(example) == {"summary", "value"}
        assert not example["summary"].endswith(".")


@pytest.mark.parametrize(
    ("operation", "brief"),
    [
        ("create_sites", BRIEF_SITES),
        ("push_configuration", BRIEF_CONFIGURATION),
        ("push_live", BRIEF_LIVE),
    ],
)
def test_the_first_example_of_a_body_is_the_one_of_the_brief(operation: str, brief: str) -> None:
    content = OPERATIONS[operation]["requestBody"]["content"]["application/json"]
    _, first = next(values(content))
    assert first == json.loads(brief)


def test_columns_in_examples_have_the_same_length() -> None:
    for example in COMPONENTS["examples"].values():
        if isinstance(example["value"], dict) and isinstance(
            example["value"].get("dt-stamp"), list
        ):
            assert len({len(column) for column in example["value"].values()}) == 1


def test_receipts_in_examples_add_up() -> None:
    shown = [example["value"] for example in COMPONENTS["examples"].values()]
    receipts = [each for each in shown if isinstance(each, dict) and "received" in each]
    receipts += [each["receipt"] for each in shown if isinstance(each, dict) and "receipt" in each]
    for each in receipts:
        parts = ("stored", "unchanged", "replaced", "conflicts")
        assert each["received"] == sum(each[part] for part in parts)
        assert ("first" in each) == ("last" in each) == (each["received"] > 0)
    assert len(receipts) >= 4


@pytest.mark.parametrize(("operation", "status", "problem"), list(problems()))
def test_a_problem_shown_is_one_of_the_table(operation: str, status: int, problem: Any) -> None:
    kind = TYPES[problem["type"].removeprefix("/problems/")]
    assert (problem["title"], problem["status"]) == (kind["title"], kind["status"])
    assert problem["status"] == status


def test_every_problem_type_is_shown_by_an_operation() -> None:
    shown = {param.values[2]["type"].removeprefix("/problems/") for param in problems()}
    assert shown == set(TYPES) - OF_NO_OPERATION


def test_faults_shown_say_where_they_are() -> None:
    for param in problems():
        for fault in param.values[2].get("errors", []):
            assert ("pointer" in fault) == (fault["in"] == "body")
            assert ("name" in fault) == (fault["in"] != "body")


@pytest.mark.parametrize(("operation", "answer", "link"), list(links()))
def test_a_link_leads_to_an_operation_and_its_parameters(
    operation: Any, answer: Any, link: Any
) -> None:
    target = OPERATIONS[link["operationId"]]
    known = {resolve(parameter)["name"] for parameter in target["parameters"]}
    given = {name.removeprefix("header.") for name in link.get("parameters", {})}
    assert given <= known
    in_path = {name for name in known if name in {"site_id", "revision"}}
    assert in_path <= given


@pytest.mark.parametrize(("operation", "answer", "link"), list(links()))
def test_a_link_takes_what_the_request_and_the_answer_have(
    operation: Any, answer: Any, link: Any
) -> None:
    own = {resolve(parameter)["name"] for parameter in operation["parameters"]}
    shown = [
        value for content in answer.get("content", {}).values() for _, value in values(content)
    ]
    for expression in [*link.get("parameters", {}).values(), link.get("requestBody", "$request")]:
        if match := re.fullmatch(r"\$request\.path\.(\w+)", expression):
            assert match[1] in own
        elif match := re.fullmatch(r"\$response\.header\.(\w+)", expression):
            assert match[1] in answer["headers"]
        elif match := re.fullmatch(r"\$response\.body(#(.*))?", expression):
            assert any(found(value, match[2] or "") for value in shown)
        else:
            assert expression == "$request"

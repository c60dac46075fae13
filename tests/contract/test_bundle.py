"""The bundle: every file in it, every reference resolved, every operation and answer declared."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from connexion import AsyncApp
from connexion.resolver import Resolver
from connexion.spec import Specification

from openapi import bundle
from sitewatt.auth import SCOPES

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "openapi"
REDOCLY = ROOT / "node_modules" / ".bin" / "redocly"

BUNDLE = bundle()
METHODS = {"get", "put", "post", "patch", "delete", "head", "options", "trace"}
OPERATIONS = {
    operation["operationId"]: {"path": path, "method": method, "item": item} | operation
    for path, item in BUNDLE["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}
NAMES = {
    "create_sites",
    "list_sites",
    "get_site",
    "update_site",
    "delete_site",
    "push_configuration",
    "get_configuration",
    "list_configuration_revisions",
    "get_configuration_revision",
    "push_live",
    "get_latest_reading",
    "list_readings",
    "delete_readings",
    "aggregate_readings",
    "list_gaps",
    "push_fleet",
    "list_latest_readings",
    "create_key",
    "list_keys",
    "revoke_key",
    "rotate_key",
    "get_liveness",
    "get_readiness",
    "get_version",
    "get_metrics",
    "get_openapi_json",
    "get_openapi_yaml",
    "get_schema",
    "get_problem_type",
}

WITHOUT_A_PLACE = ("push_live", "push_fleet", "create_key", "rotate_key")
"""The operations whose work has no address of its own to be read at."""


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """Return what a local reference refers to, or the node itself."""
    if "$ref" not in node:
        return node
    target: Any = BUNDLE
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return resolve(target)


def referring(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object below a node that refers to something."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield node
        for member in node.values():
            yield from referring(member)
    elif isinstance(node, list):
        for item in node:
            yield from referring(item)


def refs(node: Any) -> set[str]:
    """Return every reference below a node."""
    return {each["$ref"] for each in referring(node)}


def reached(node: Any, seen: set[str]) -> set[str]:
    """Return every reference that a node leads to, over however many others."""
    for ref in refs(node) - seen:
        seen.add(ref)
        reached(resolve({"$ref": ref}), seen)
    return seen


def parameters(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parameters of an operation, those of its path included."""
    declared = [*operation["item"].get("parameters", []), *operation.get("parameters", [])]
    return [resolve(parameter) for parameter in declared]


def answers() -> Iterator[Any]:
    """Yield each declared answer as a test parameter: operation, status, answer."""
    for name, operation in OPERATIONS.items():
        for status, answer in operation["responses"].items():
            yield pytest.param(operation, status, resolve(answer), id=f"{name}-{status}")


def test_bundle_equals_what_redocly_bundles(tmp_path: Path) -> None:
    if not REDOCLY.exists():
        pytest.skip("npm ci installs redocly")
    file = tmp_path / "bundle.json"
    command = [REDOCLY, "bundle", "sitewatt", "--output", file]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, timeout=120)
    assert bundle() == json.loads(file.read_bytes())


def test_bundle_is_json_and_nothing_else() -> None:
    assert json.loads(json.dumps(BUNDLE, allow_nan=False)) == BUNDLE


def test_bundle_keeps_stamps_and_dates_as_strings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "openapi.yaml").write_text("x-stamps: [2023-01-01 00:00:00, 2023-01-01]")
    monkeypatch.setattr("openapi._ROOT", tmp_path)
    assert bundle()["x-stamps"] == ["2023-01-01 00:00:00", "2023-01-01"]


def test_bundle_gives_every_caller_a_document_of_its_own() -> None:
    bundle()["paths"].clear()
    assert bundle() == BUNDLE


def test_every_component_file_is_in_the_bundle_under_its_folder_and_stem() -> None:
    files = {(file.parent.name, file.stem) for file in CONTRACT.glob("*/*.yaml")}
    bundled = {(kind, name) for kind, named in BUNDLE["components"].items() for name in named}
    assert {(kind, name) for kind, name in files if kind != "paths"} == bundled


def test_every_reference_in_a_file_stands_alone() -> None:
    for file in CONTRACT.rglob("*.yaml"):
        for node in referring(yaml.safe_load(file.read_bytes())):
            assert list(node) == ["$ref"], file


def test_every_component_stands_in_a_file_of_its_own() -> None:
    root = yaml.safe_load((CONTRACT / "openapi.yaml").read_bytes())
    for kind, named in root["components"].items():
        assert named == {name: {"$ref": f"{kind}/{name}.yaml"} for name in named}


def test_every_path_file_is_used_by_one_path() -> None:
    used = re.findall(r"\$ref: (paths/.*\.yaml)$", (CONTRACT / "openapi.yaml").read_text(), re.M)
    assert sorted(used) == sorted(f"paths/{file.name}" for file in CONTRACT.glob("paths/*"))
    assert len(used) == len(BUNDLE["paths"])


def test_every_reference_resolves_inside_the_bundle() -> None:
    for ref in refs(BUNDLE):
        assert ref.startswith("#/components/")
        assert resolve({"$ref": ref})


def test_every_component_is_reachable_from_a_path() -> None:
    named = {
        f"#/components/{kind}/{name}"
        for kind, components in BUNDLE["components"].items()
        for name in components
        if kind != "securitySchemes"
    }
    assert named - reached(BUNDLE["paths"], set()) == set()


def test_every_security_scheme_is_used() -> None:
    used = {name for op in OPERATIONS.values() for need in op["security"] for name in need}
    assert used == set(BUNDLE["components"]["securitySchemes"])


def test_connexion_finds_the_bundle_a_valid_openapi_document() -> None:
    assert Specification.load(bundle()).version == (3, 0, 3)


def test_connexion_adds_every_operation() -> None:
    asked: list[str] = []

    def answer(operation_id: str) -> Any:
        async def handler(**_: Any) -> None: ...

        asked.append(operation_id)
        return handler

    app = AsyncApp("contract", resolver=Resolver(answer))
    app.add_api(bundle())
    with app.test_client():
        assert set(asked) == NAMES


def test_the_operations_are_those_that_the_service_has() -> None:
    assert set(OPERATIONS) == NAMES


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_named_verb_noun_and_described(name: str) -> None:
    operation = OPERATIONS[name]
    assert re.fullmatch(
        r"(aggregate|create|list|get|update|delete|push|revoke|rotate)(_[a-z]+)+", name
    )
    assert operation["summary"]
    assert not operation["summary"].endswith(".")
    assert operation["description"].endswith(".")
    assert set(operation["tags"]) <= {tag["name"] for tag in BUNDLE["tags"]}


def test_the_scopes_of_the_program_are_those_of_the_contract() -> None:
    assert sorted(BUNDLE["components"]["schemas"]["Scope"]["enum"]) == sorted(SCOPES)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_asks_for_one_scope_by_either_scheme_or_is_public(name: str) -> None:
    operation = OPERATIONS[name]
    if operation["item"].get("servers") == [{"url": "/"}] and name != "get_metrics":
        assert operation["security"] == []
        return
    (scope,) = operation["security"][0]["bearer"]
    assert scope in SCOPES
    assert operation["security"] == [{"bearer": [scope]}, {"api_key": [scope]}]
    of_keys = operation["tags"] == ["keys"]
    assert operation["method"] != "get" or scope == ("admin" if of_keys else "read")
    assert operation["method"] != "delete" or scope == "admin"


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_declares_each_answer_that_applies_to_it(name: str) -> None:
    operation = OPERATIONS[name]
    statuses = set(operation["responses"])
    named = {parameter["name"]: parameter for parameter in parameters(operation)}
    assert {"403", "414", "500"} <= statuses
    assert ("401" in statuses) == bool(operation["security"])
    assert ("304" in statuses) == ("If-None-Match" in named)
    assert ({"412", "428"} <= statuses) == ("If-Match" in named)
    assert ({"413", "415", "422"} <= statuses) == ("requestBody" in operation)
    successes = [resolve(each) for status, each in operation["responses"].items() if status < "3"]
    assert ("406" in statuses) == any("content" in each for each in successes)
    assert "400" in statuses
    names_something = any(parameter["in"] == "path" for parameter in named.values())
    assert ("404" in statuses) == (names_something or name == "push_fleet")
    always_admitted = operation.get("x-always-admitted", False)
    assert ("503" in statuses) == (not always_admitted or name == "get_readiness")
    assert ("429" in statuses) == (not always_admitted or name == "get_metrics")


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_path_parameters_are_those_of_the_path(name: str) -> None:
    operation = OPERATIONS[name]
    in_path = [each["name"] for each in parameters(operation) if each["in"] == "path"]
    assert in_path == re.findall(r"{(\w+)}", operation["path"])


@pytest.mark.parametrize(("operation", "status", "answer"), list(answers()))
def test_an_answer_declares_its_headers(operation: Any, status: str, answer: Any) -> None:
    headers = set(answer.get("headers", {}))
    assert "X-Request-Id" in headers
    assert ("WWW-Authenticate" in headers) == (status == "401")
    assert ("Retry-After" in headers) == (status in ("429", "503"))
    if "429" in operation["responses"]:
        # An address that is too long is refused before anything is counted.
        assert ({"RateLimit", "RateLimit-Policy"} <= headers) == (status != "414")
    assert status != "304" or "ETag" in headers
    if status == "200" and "304" in operation["responses"]:
        assert "ETag" in headers
    if status == "201" and operation["operationId"] not in WITHOUT_A_PLACE:
        assert "Location" in headers
    if status == "200" and "cursor" in {each["name"] for each in parameters(operation)}:
        assert "Link" in headers


@pytest.mark.parametrize(("operation", "status", "answer"), list(answers()))
def test_a_refusal_is_a_problem_document(operation: Any, status: str, answer: Any) -> None:
    content = answer.get("content", {})
    if status in {"204", "304"}:
        assert content == {}
    elif int(status) >= 400:
        assert list(content) == ["application/problem+json"]
        problem = content["application/problem+json"]["schema"]
        assert problem == {"$ref": "#/components/schemas/Problem"}
    else:
        assert "application/problem+json" not in content


@pytest.mark.parametrize("slug", BUNDLE["x-problem-types"])
def test_a_problem_type_says_what_it_means_and_what_to_do(slug: str) -> None:
    problem = BUNDLE["x-problem-types"][slug]
    assert set(problem) == {"title", "status", "description", "remedy"}
    assert re.fullmatch(resolve({"$ref": "#/components/schemas/ProblemSlug"})["pattern"], slug)
    assert 400 <= problem["status"] <= 503
    assert problem["description"].endswith(".")
    assert problem["remedy"].endswith(".")


def test_each_problem_type_has_a_title_of_its_own() -> None:
    titles = [problem["title"] for problem in BUNDLE["x-problem-types"].values()]
    assert len(set(titles)) == len(titles)

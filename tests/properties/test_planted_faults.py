"""The property tests can fail: a service with a planted fault is caught by the check it is for."""

import json
from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from exemptions import EXEMPTIONS, is_exempt
from running import Outcome, contract, run

import openapi

Reply = tuple[int, Mapping[str, str], Any]
App = Callable[[Any, Any, Any], Awaitable[None]]

JSON = {"Content-Type": "application/json", "X-Request-Id": "0123"}
SITES: Reply = (200, JSON, {"sites": []})
VERSION: Reply = (200, JSON, {"name": "sitewatt", "version": "0.1.0"})


def answering(reply: Reply) -> App:
    """Return an application that answers a GET always the same, and every other method with 405."""
    refusal = json.loads(json.dumps(example("problem_bad_parameter"))) | {"status": 405}
    not_allowed = (405, {"Content-Type": "application/problem+json", "Allow": "GET"}, refusal)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            status, headers, body = reply if scope["method"] == "GET" else not_allowed
            raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": status, "headers": raw})
            await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    return app


def example(name: str) -> Any:
    """Return one of the contract's examples."""
    return openapi.bundle()["components"]["examples"][name]["value"]


def found(path: str, reply: Reply) -> Outcome:
    """Return what the checks find when the GET of a path always answers so."""
    document = openapi.bundle()
    item = {name: value for name, value in document["paths"][path].items() if name != "post"}
    document["paths"] = {path: item}
    return run(contract(document, answering(reply)), "coverage")


def test_a_reply_that_keeps_the_contract_is_no_failure() -> None:
    assert found("/version", VERSION).failures == []


@pytest.mark.parametrize(
    ("check", "reply"),
    [
        ("status_code_conformance", (418, JSON, VERSION[2])),
        ("not_a_server_error", (500, JSON, VERSION[2])),
        ("content_type_conformance", (200, {"Content-Type": "text/plain"}, VERSION[2])),
        ("response_headers_conformance", (200, JSON | {"X-Request-Id": "?"}, VERSION[2])),
        ("response_schema_conformance", (200, JSON, {"name": "sitewatt"})),
        ("response_schema_conformance", (200, JSON, VERSION[2] | {"more": 1})),
    ],
)
def test_a_reply_that_breaks_the_contract_is_found(check: str, reply: Reply) -> None:
    failures = found("/version", reply).failures
    assert any(failure.startswith(f"{check}: GET /version") for failure in failures)


@pytest.mark.parametrize("check", ["negative_data_rejection", "ignored_auth"])
def test_a_service_that_takes_everything_is_found(check: str) -> None:
    failures = found("/sites", SITES).failures
    assert any(failure.startswith(f"{check}: GET /sites") for failure in failures)


def test_a_service_that_refuses_everything_is_found() -> None:
    headers = JSON | {"Content-Type": "application/problem+json"}
    failures = found("/sites", (400, headers, example("problem_bad_parameter"))).failures
    assert any(failure.startswith("positive_data_acceptance: GET /sites") for failure in failures)


def test_an_exemption_holds_for_its_own_operation_and_status_only() -> None:
    exemption = next(entry for entry in EXEMPTIONS if entry.check == "use_after_free")
    for_it = failure_of(exemption.check, exemption.after)
    assert is_exempt(for_it, case_of(exemption.operation_id), response_of(exemption.status))
    assert not is_exempt(for_it, case_of("get_site"), response_of(exemption.status))
    assert not is_exempt(for_it, case_of(exemption.operation_id), response_of(201))
    after_the_site = failure_of(exemption.check, "DELETE /sites/{site_id}")
    assert not is_exempt(after_the_site, case_of("list_readings"), response_of(200))


def failure_of(check: str, operation: str | None) -> Any:
    return SimpleNamespace(checks=(check,), operation=operation)


def case_of(operation_id: str) -> Any:
    definition = SimpleNamespace(raw={"operationId": operation_id})
    return SimpleNamespace(operation=SimpleNamespace(definition=definition, label="GET /x"))


def response_of(status: int) -> Any:
    return SimpleNamespace(status_code=status)

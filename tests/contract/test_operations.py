"""An operation of a small contract: its body, its answers, and what of it is refused at start."""

from typing import Any

import pytest
from small_contract import (
    ALL,
    CONTRACT,
    CSV,
    GET,
    JSON,
    NAME,
    PAINT,
    PAINTED,
    PATCH,
    PATCHED,
    PATCHING,
    PROBLEM,
    REQUEST,
    bundle,
    content,
)

from sitewatt.contract import (
    BrokenReply,
    Contract,
    ContractError,
    InvalidBody,
    MediaTypeNotTaken,
    NotAcceptable,
    NotJson,
    Operation,
)

# What it is


def test_an_operation_is_what_the_contract_says() -> None:
    assert (PATCHING.method, PATCHING.path) == ("PATCH", "/v9/sites/{site_id}/paint")
    assert (ALL.method, ALL.path) == ("GET", "/paint")
    assert [one.scopes for one in (PAINTED, PATCHING, ALL)] == [("read",), ("admin",), None]
    assert [one.always_admitted for one in (PAINTED, PATCHING, ALL)] == [False, True, False]
    assert [one.negotiates for one in (PAINTED, PATCHING, ALL)] == [True, False, False]
    assert PAINTED.arguments == ["site_id", "media_type"]
    assert PATCHING.arguments == ["site_id", "body", "own_sites"]
    assert (PAINTED.statuses, PATCHING.statuses) == ([200, 201, 204, 404], [204])
    assert CONTRACT.limits == {"faults": 2, "body_depth": 3}
    assert CONTRACT.problem_types == {"internal": {"status": 500}}


def test_parameters_of_a_path_are_those_of_its_operations_and_come_first() -> None:
    own = {"name": "shade", "in": "query", "schema": {"type": "string"}}
    shared = {"parameters": [{"$ref": "#/components/parameters/site"}]}
    given = {**PATCHED, "parameters": [own]}
    both = Contract(bundle(**shared, patch=given)).operations["paint_site"]
    assert both.arguments == ["site_id", "shade", "body", "own_sites"]
    none = Contract(bundle(**shared, patch=PATCHED)).operations["paint_site"]
    assert none.arguments == ["site_id", "body", "own_sites"]


def test_the_path_of_an_operation_is_filled_in() -> None:
    assert CONTRACT.url_for("get_paint", site_id="a/b c") == "/v9/sites/a%2Fb%20c/paint"
    assert CONTRACT.url_for("get_all_paint") == "/paint"


@pytest.mark.parametrize("method", ["head", "options", "trace"])
def test_a_method_that_nobody_answers_is_refused_at_start(method: str) -> None:
    two = {method: GET, "get": {**GET, "operationId": "other"}}
    with pytest.raises(ContractError) as refusal:
        Contract(bundle(**two))
    said = f"operations that are not compiled: {method.upper()} /sites/{{site_id}}/paint"
    assert str(refusal.value) == said


def test_two_schemas_for_one_body_are_refused_at_start() -> None:
    two = {"content": content(PAINT, JSON) | content(NAME, PATCH)}
    with pytest.raises(ContractError) as refusal:
        Contract(bundle(patch={**PATCHED, "requestBody": two}))
    assert str(refusal.value) == "a body has one schema for all its media types"


def test_a_parameter_for_an_answer_that_there_is_not_is_refused_at_start() -> None:
    odd = {"name": "x", "in": "query", "schema": NAME, "x-media-type": PROBLEM}
    with pytest.raises(ContractError) as refusal:
        Contract(bundle(get={**GET, "parameters": [*GET["parameters"], odd]}))
    assert str(refusal.value) == f"get_paint has parameters for answers in {PROBLEM}"


# Its body


def body_of(operation: Operation) -> Any:
    assert operation.body is not None
    return operation.body


def test_a_body_has_a_media_type_of_the_contract() -> None:
    body = body_of(PATCHING)
    assert body.media_types == (PATCH, JSON)
    assert body.admit("Application/JSON; charset=utf-8") == JSON
    for other in (None, "text/plain", "application/json; charset=latin-1"):
        with pytest.raises(MediaTypeNotTaken) as refusal:
            body.admit(other)
        assert (refusal.value.taken, refusal.value.header) == ((PATCH, JSON), "Accept-Patch")
        assert str(refusal.value) == f"{PATCH}, {JSON}"


def test_a_body_of_another_method_says_so_in_another_header() -> None:
    refusal = MediaTypeNotTaken("POST", (JSON,))
    assert (refusal.taken, refusal.header) == ((JSON,), "Accept-Post")


def test_a_body_is_read_or_its_faults_are_told_as_many_as_may_be() -> None:
    body = body_of(PATCHING)
    assert body.read(b'{"colour": "red"}', REQUEST) == {"colour": "red"}
    for raw, number, more in (
        (b'{"colour": 1}', 1, False),
        (b'{"colour": 1, "x": 1}', 2, False),
        (b'{"colour": 1, "x": 1, "y": 1}', 2, True),
    ):
        with pytest.raises(InvalidBody) as refusal:
            body.read(raw, REQUEST)
        assert (len(refusal.value.faults), refusal.value.more) == (number, more)
        assert str(refusal.value) == f"{number} faults"


def test_a_body_that_is_not_strict_has_no_faults_of_its_own() -> None:
    for raw, said in (
        (b'{"colour": "red", "colour": "red"}', "twice"),
        (b'{"colour": [[[1]]]}', "deeper than 3 levels"),
        (b'{"colour": 1, "colour": 1}', "twice"),
        (b"{", "not JSON"),
    ):
        with pytest.raises(NotJson, match=said):
            body_of(PATCHING).read(raw, REQUEST)


# Its answers


def test_an_answer_comes_in_the_media_type_that_is_liked_best() -> None:
    assert PAINTED.admit_accept(None) == JSON
    assert PAINTED.admit_accept("text/*, application/json;q=0.5") == CSV
    assert PATCHING.admit_accept(None) is PATCHING.admit_accept("text/csv") is None
    with pytest.raises(NotAcceptable) as refusal:
        PAINTED.admit_accept("image/png")
    assert refusal.value.offered == (JSON, CSV)
    assert str(refusal.value) == f"{JSON}, {CSV}"


def test_a_handler_is_told_the_media_type_where_it_has_a_choice() -> None:
    path = {"site_id": "7"}
    assert PAINTED.read_parameters(path, b"", {}, CSV) == {"site_id": 7, "media_type": CSV}
    assert PATCHING.read_parameters(path, b"", {}, JSON) == {"site_id": 7}


GOOD = b'{"colour": "red"}'
TAGGED = {"Content-Type": JSON, "ETag": '""', "Location": "/"}


@pytest.mark.parametrize(
    ("status", "headers", "raw"),
    [
        (200, {"Content-Type": f"{JSON}; charset=utf-8"}, GOOD),
        (200, {"Content-Type": CSV}, b"colour\r\n\xc3\xa9"),
        (200, {"Content-Type": CSV}, None),
        (201, TAGGED, GOOD),
        (204, {}, b""),
        (404, {"Content-Type": PROBLEM}, GOOD),
    ],
)
def test_an_answer_keeps_the_contract(
    status: int, headers: dict[str, str], raw: bytes | None
) -> None:
    PAINTED.check_reply(status, headers, raw)


LONG = [{"in": "body", "pointer": "/colour", "keyword": "maxLength"}]


@pytest.mark.parametrize(
    ("status", "headers", "raw", "said"),
    [
        (202, {}, b"", "an undeclared 202"),
        (200, {"Content-Type": "text/html"}, GOOD, "200 with an undeclared text/html"),
        (200, {}, b"", "200 with an undeclared None"),
        (204, {}, b"x", "204 with an undeclared None"),
        (201, {"Content-Type": JSON, "Location": "/"}, GOOD, "201 without ETag"),
        (201, {"Content-Type": JSON, "ETag": '""'}, GOOD, "201 without Location"),
        (201, TAGGED | {"Content-Type": CSV}, GOOD, "201 with an undeclared text/csv"),
        (201, {"Content-Type": CSV}, None, "201 without Location"),
        (200, {"Content-Type": CSV, "ETag": '""'}, None, "200 in pieces, with ETag"),
        (
            *(200, {"Content-Type": CSV, "Content-Length": "1"}, None),
            "200 in pieces, with Content-Length",
        ),
        (200, {"Content-Type": JSON}, None, "200 JSON in pieces, which nobody can check"),
    ],
)
def test_an_answer_that_breaks_the_contract_is_told_of(
    status: int, headers: dict[str, str], raw: bytes | None, said: str
) -> None:
    with pytest.raises(BrokenReply) as refusal:
        PAINTED.check_reply(status, headers, raw)
    assert str(refusal.value) == f"get_paint answers {said}"


def test_of_an_answer_that_breaks_its_schema_three_faults_are_told() -> None:
    with pytest.raises(BrokenReply) as refusal:
        PAINTED.check_reply(404, {"Content-Type": PROBLEM}, b'{"colour": 1}')
    one = {"in": "body", "pointer": "/colour", "keyword": "type", "detail": "must be a string"}
    assert str(refusal.value) == f"get_paint answers 404 with {[one]}"
    with pytest.raises(BrokenReply) as refusal:
        PAINTED.check_reply(404, {"Content-Type": PROBLEM}, b'{"a": 1, "b": 1, "c": 1, "d": 1}')
    assert str(refusal.value).count("pointer") == 3

"""An operation of a small contract: its body, its answers, and what of it is refused at start."""

from types import SimpleNamespace
from typing import Any

import pytest
from small_contract import (
    CSV,
    GET,
    JSON,
    NAME,
    PAINT,
    PATCH,
    PATCHED,
    PROBLEM,
    REQUEST,
    SITE,
    bundle,
    content,
    contract,
    header,
    painted,
    painting,
)

from sitewatt.contract import (
    BadParameters,
    BrokenReply,
    Contract,
    ContractError,
    InvalidBody,
    MediaTypeNotTaken,
    NotAcceptable,
    NotJson,
    Operation,
    Request,
)
from sitewatt.contract.operations import Body
from storage import UnknownSites

# What it is


def test_an_operation_is_what_the_contract_says() -> None:
    whole = contract().operations["get_all_paint"]
    three = (painted(), painting(), whole)
    assert (painting().method, painting().path) == ("PATCH", "/v9/sites/{site_id}/paint")
    assert (whole.method, whole.path) == ("GET", "/paint")
    assert [one.scopes for one in three] == [("read",), ("admin",), None]
    assert [one.always_admitted for one in three] == [False, True, False]
    assert [one.negotiates for one in three] == [True, False, False]
    assert painted().arguments == ["site_id", "media_type"]
    assert painting().arguments == ["site_id", "body", "own_sites"]
    assert (painted().statuses, painting().statuses) == ([200, 201, 204, 404], [204])
    assert contract().bundle == bundle(get=GET, patch={**PATCHED, "parameters": [SITE]})
    assert contract().limits == {"faults": 2, "body_depth": 3}
    assert contract().problem_types == {"internal": {"status": 500}}


def test_parameters_of_a_path_are_those_of_its_operations_and_come_first() -> None:
    own = {"name": "shade", "in": "query", "schema": {"type": "string"}}
    shared = {"parameters": [{"$ref": "#/components/parameters/site"}]}
    given = {**PATCHED, "parameters": [own]}
    both = Contract(bundle(**shared, patch=given)).operations["paint_site"]
    assert both.arguments == ["site_id", "shade", "body", "own_sites"]
    none = Contract(bundle(**shared, patch=PATCHED)).operations["paint_site"]
    assert none.arguments == ["site_id", "body", "own_sites"]


def test_the_path_of_an_operation_is_filled_in() -> None:
    assert contract().url_for("get_paint", site_id="a/b c") == "/v9/sites/a%2Fb%20c/paint"
    assert contract().url_for("get_all_paint") == "/paint"


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


def test_an_operation_is_about_the_sites_that_its_body_names() -> None:
    named = {**PAINT, "properties": {"colour": NAME, "id": {"type": "integer"}}}
    body = {"content": content({**named, "x-names-site": "id"}, JSON)}
    given = {**PATCHED, "requestBody": body, "x-bound-keys": None}
    rights = Contract(bundle(patch=given)).operations["paint_site"].rights
    bound = SimpleNamespace(key_id="k", sites={7})
    rights.narrow(bound, {"body": {"colour": "red", "id": 7}})
    with pytest.raises(UnknownSites):
        rights.narrow(bound, {"body": {"colour": "red", "id": 8}})


# Its body


def body_of(operation: Operation) -> Any:
    assert operation.body is not None
    return operation.body


def test_a_body_has_a_media_type_of_the_contract() -> None:
    body = body_of(painting())
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
    body = body_of(painting())
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
            body_of(painting()).read(raw, REQUEST)


def test_a_body_is_judged_with_its_request_by_the_alternative_that_is_meant() -> None:
    number = {"type": "integer", "x-equals-parameter": "site_id"}
    shut = {"type": "object", "additionalProperties": False}
    alternatives = [{**shut, "properties": {"sites": {"type": "boolean"}}}]
    alternatives += [{**shut, "properties": {"id": number}}]
    either = {"x-alternative-by": "sites", "oneOf": alternatives}
    body = Body("POST", {"content": content(either, JSON)}, contract().limits)
    of_seven = Request(now=0, parameters={"site_id": 7})
    assert body.read(b'{"sites": true}', of_seven) == {"sites": True}
    assert body.read(b'{"id": 7.0}', of_seven) == {"id": 7}
    with pytest.raises(InvalidBody) as refusal:
        body.read(b'{"id": 8}', of_seven)
    assert [fault.keyword for fault in refusal.value.faults] == ["x-equals-parameter"]


# Its answers


def test_an_answer_comes_in_the_media_type_that_is_liked_best() -> None:
    assert painted().admit_accept(None) == JSON
    assert painted().admit_accept("text/*, application/json;q=0.5") == CSV
    assert painting().admit_accept(None) is painting().admit_accept("text/csv") is None
    with pytest.raises(NotAcceptable) as refusal:
        painted().admit_accept("image/png")
    assert refusal.value.offered == (JSON, CSV)
    assert str(refusal.value) == f"{JSON}, {CSV}"


def test_a_handler_is_told_the_media_type_where_it_has_a_choice() -> None:
    path = {"site_id": "7"}
    assert painted().read_parameters(path, b"", {}, CSV) == {"site_id": 7, "media_type": CSV}
    assert painting().read_parameters(path, b"", {}, JSON) == {"site_id": 7}


def test_parameters_are_read_for_the_answer_that_is_chosen() -> None:
    query = {"name": "shade", "in": "query", "schema": {"type": "string"}}
    given = [*GET["parameters"], {**query, "x-media-type": CSV}]
    given += [{"name": "If-Match", "in": "header", "schema": {"type": "string"}}]
    operation = Contract(bundle(get={**GET, "parameters": given})).operations["get_paint"]
    path, headers = {"site_id": "7"}, {"if-match": "*"}
    read = operation.read_parameters(path, b"shade=dark", headers, CSV)
    assert read == {"site_id": 7, "shade": "dark", "if_match": "*", "media_type": CSV}
    with pytest.raises(BadParameters):
        operation.read_parameters(path, b"shade=dark", headers, JSON)


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
    painted().check_reply(status, headers, raw)


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
        (201, {"Content-Type": JSON}, b"", "201 without ETag"),
        (201, {"Content-Type": CSV}, None, "201 without Location"),
        (
            *(200, {"Content-Type": CSV, "ETag": '""', "Content-Length": "1"}, None),
            "200 in pieces, with Content-Length, ETag",
        ),
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
        painted().check_reply(status, headers, raw)
    assert str(refusal.value) == f"get_paint answers {said}"


def test_of_an_answer_that_breaks_its_schema_three_faults_are_told() -> None:
    with pytest.raises(BrokenReply) as refusal:
        painted().check_reply(404, {"Content-Type": PROBLEM}, b'{"colour": 1}')
    one = {"in": "body", "pointer": "/colour", "keyword": "type", "detail": "must be a string"}
    assert str(refusal.value) == f"get_paint answers 404 with {[one]}"
    with pytest.raises(BrokenReply) as refusal:
        painted().check_reply(404, {"Content-Type": PROBLEM}, b'{"a": 1, "b": 1, "c": 1, "d": 1}')
    assert str(refusal.value).count("pointer") == 3


def test_an_answer_is_judged_by_no_clock_and_a_stream_names_all_that_it_lacks() -> None:
    late = {"type": "string", "format": "instant", "x-after-now": True}
    said = {"200": {"content": content(late, JSON)}}
    lacking = {"Age": header(required=True), "Vary": header(required=True)}
    said["201"] = {"content": content(late, CSV), "headers": lacking}
    operation = Contract(bundle(get={**GET, "responses": said})).operations["get_paint"]
    operation.check_reply(200, {"Content-Type": JSON}, b'"1970-01-01T00:00:00Z"')
    with pytest.raises(BrokenReply, match="201 without Age, Vary"):
        operation.check_reply(201, {"Content-Type": CSV}, None)
    with pytest.raises(BrokenReply, match="is not a time stamp"):
        operation.check_reply(200, {"Content-Type": JSON}, b'"never"')


def test_of_an_answer_that_is_wrong_elsewhere_no_time_is_wrong() -> None:
    late = {"type": "string", "format": "instant", "x-after-now": True}
    paint = {**PAINT, "properties": {"colour": NAME, "dries": late}}
    said = {"200": {"content": content(paint, JSON)}}
    operation = Contract(bundle(get={**GET, "responses": said})).operations["get_paint"]
    wrong = b'{"colour": 1, "dries": "1970-01-01T00:00:00Z"}'
    with pytest.raises(BrokenReply) as refusal:
        operation.check_reply(200, {"Content-Type": JSON}, wrong)
    one = {"in": "body", "pointer": "/colour", "keyword": "type", "detail": "must be a string"}
    assert str(refusal.value) == f"get_paint answers 200 with {[one]}"

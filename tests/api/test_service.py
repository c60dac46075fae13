"""The service itself: health, documents, manners, and who may ask."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from api_service import (
    BUNDLE,
    CONTRACT,
    KEY,
    PATHS,
    Service,
    client_of,
    example,
    locked_service,
)
from jsonschema import Draft202012Validator

from sitewatt.app import create_app
from sitewatt.auth import AdminKey, OpenToThisMachine
from sitewatt.hindrances import HINDRANCES
from sitewatt.web.terms import Terms
from storage import NotReady, Store
from storage.errors import KINDS


async def test_get_liveness_does_not_ask_the_database(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "ready", None)
    assert (await client.get("/livez")).json() == {"status": "alive"}


async def test_get_readiness_tells_that_the_database_is_away(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await client.get("/readyz")).json() == {"status": "ready"}

    kinds = BUNDLE["components"]["schemas"]["Hindrance"]["enum"]
    assert {*kinds} == {*KINDS, "unsuitable", "ending"}
    for kind in kinds:

        async def away(kind: Any = kind) -> None:
            raise NotReady(kind, "mongodb://one:secret@host")

        monkeypatch.setattr(store, "ready", away)
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
        assert answer.json()["kind"] == kind
        assert "secret" not in answer.text
        assert int(answer.headers["retry-after"]) > 0


async def test_get_readiness_of_a_process_that_ends_says_so_wherever_its_database_is(
    store: Store, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = Terms()
    app = create_app(store, OpenToThisMachine(), serve=PATHS[path], terms=terms)
    async with client_of(app) as client:
        assert (await client.get("/readyz")).status_code == 200
        terms.ending = True
        there = await client.get("/readyz")
        assert (there.status_code, there.json()["kind"]) == (503, "ending")
        assert int(there.headers["retry-after"]) > 0
        assert (await client.get("/livez")).status_code == 200

        async def away() -> None:
            raise NotReady("no_server", "away")

        monkeypatch.setattr(store, "ready", away)
        assert (await client.get("/readyz")).json()["kind"] == "ending"


@pytest.mark.parametrize(
    "told", [e["value"] for n, e in BUNDLE["components"]["examples"].items() if "not_ready_" in n]
)
def test_each_example_of_not_being_ready_says_what_is_said(told: Any) -> None:
    assert HINDRANCES[told["kind"]] == told["detail"]


async def test_nothing_is_read_or_written_before_the_store_is_prepared(
    client: httpx.AsyncClient, site: int, store: Store
) -> None:
    store.database.prepared = False
    answers = [
        await client.get("/readyz"),
        await client.get(f"/v1/sites/{site}"),
        await client.post(f"/v1/sites/{site}/live", json=example("brief_live")),
    ]
    assert {answer.json()["type"] for answer in answers} == {"/problems/unavailable"}
    store.database.prepared = True
    assert (await client.get(f"/v1/sites/{site}/live/latest")).status_code == 404


async def test_a_request_that_the_end_of_the_process_cancels_is_answered_503_and_the_last(
    client: httpx.AsyncClient, site: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cancelled(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(store.live, "push", cancelled)
    answer = await client.post(f"/v1/sites/{site}/live", json=example("brief_live"))
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert "Send it again" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["connection"] == "close"


async def test_get_openapi_json_and_yaml_are_the_bundle(client: httpx.AsyncClient) -> None:
    as_json = await client.get("/openapi.json")
    assert as_json.json() == BUNDLE
    assert yaml.safe_load((await client.get("/openapi.yaml")).content) == BUNDLE
    again = await client.get("/openapi.json", headers={"If-None-Match": as_json.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("name", BUNDLE["components"]["schemas"])
async def test_get_schema_stands_alone(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/schemas/{name}")
    assert answer.headers["content-type"] == "application/schema+json"
    schema = answer.json()
    assert (schema["$id"], "#/components" in answer.text) == (f"/schemas/{name}", False)
    Draft202012Validator.check_schema(schema)


async def test_get_schema_of_columns_judges_by_itself(client: httpx.AsyncClient) -> None:
    schema = (await client.get("/schemas/ReadingColumns")).json()
    judge = Draft202012Validator(schema)
    assert judge.is_valid(example("brief_live"))
    assert not judge.is_valid(example("brief_live") | {"soc": [101]})


@pytest.mark.parametrize("slug", BUNDLE["x-problem-types"])
async def test_get_problem_type_explains_each_type(client: httpx.AsyncClient, slug: str) -> None:
    page = await client.get(f"/problems/{slug}")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"HTTP {BUNDLE['x-problem-types'][slug]['status']}" in page.text


async def test_the_docs_are_served_without_any_other_host(client: httpx.AsyncClient) -> None:
    page = await client.get("/", follow_redirects=True)
    assert page.url.path == "/docs/"
    for path in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js", "favicon-32x32.png"):
        assert f"/docs/{path}" in page.text
        assert (await client.get(f"/docs/{path}")).status_code == 200
    assert "//" not in page.text.replace("http://localhost", "")


@pytest.mark.parametrize("url", ["/nothing", "/v1", "/v1/", "/v1/sites/", "/sites", "/docs/none"])
async def test_an_unknown_path_is_a_problem(client: httpx.AsyncClient, url: str) -> None:
    answer = await client.get(url)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-path")


async def test_another_method_is_answered_with_all_that_are_allowed(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.put("/v1/sites/1", json={})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    options = await client.options("/v1/sites/1")
    assert (options.status_code, options.headers["allow"]) == (204, answer.headers["allow"])


async def test_every_answer_has_a_request_id_and_takes_the_clients_own(
    client: httpx.AsyncClient,
) -> None:
    own = await client.get("/livez", headers={"X-Request-Id": "gateway-7.1"})
    odd = await client.get("/livez", headers={"X-Request-Id": "two words"})
    assert own.headers["x-request-id"] == "gateway-7.1"
    assert odd.headers["x-request-id"] not in ("two words", own.headers["x-request-id"])


# Bodies on the wire

NOT_JSON = [
    (b"", "send a JSON document"),
    (b'{"name": "a",\n "location": "b",}', "take away the comma at line 2 column 17"),
    (b"{'name': 'a'}", "JSON strings stand in double quotes"),
    (b'{"name": NaN}', "numbers are finite in JSON"),
    (b'{"name": 1e999}', "numbers are finite in JSON"),
    (b'{"name": True}', "JSON writes true, false and null"),
    (b'{"name": "a"', "the document is cut short, or a bracket is not closed"),
    (b'{"name": "a", "name": "a", "location": "b"}', "name each member of an object once"),
    (b'{"name": "a", "n\\u0061me": "a"}', "name each member of an object once"),
    (b'{"name": "\xff"}', "JSON is UTF-8 (RFC 8259, section 8.1)"),
    (b'{"name": "\\ud800"}', None),
    (b'\xef\xbb\xbf{"name": "a"}', None),
    (b"[" * 33 + b"]" * 33, None),
    (b"[" * 5000 + b"]" * 5000, None),
    (b"1" * 5000, "numbers are finite in JSON"),
]


@pytest.mark.parametrize(("body", "hint"), NOT_JSON)
async def test_what_is_not_json_is_400_with_a_hint(
    client: httpx.AsyncClient, body: bytes, hint: str | None
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/v1/sites", content=body, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/not-json")
    assert answer.json()["errors"][0].get("hint") == hint


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", ""],
)
async def test_another_media_type_is_415(client: httpx.AsyncClient, media_type: str) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    answer = await client.post("/v1/sites", content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert answer.headers["accept-post"] == "application/json"


async def test_a_patch_of_another_media_type_names_the_one_it_takes(
    client: httpx.AsyncClient, site: int
) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = await client.patch(f"/v1/sites/{site}", content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert "application/merge-patch+json" in answer.headers["accept-patch"]


async def test_parameters_without_end_are_a_problem_of_a_hundred_faults(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/v1/sites?" + "&".join(f"a{n}" for n in range(500)))
    assert (answer.status_code, len(answer.json()["errors"])) == (400, 100)
    assert answer.json()["more"] is True


async def test_an_error_that_nobody_expected_is_a_problem_all_the_same(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.event_hooks = {}

    async def broken(**_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(store.sites, "list", broken)
    answer = await client.get("/v1/sites")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert "secret" not in answer.text


@pytest.mark.parametrize("url", ["/docs/", "/docs/start.js", "/"])
async def test_the_docs_take_no_other_method(client: httpx.AsyncClient, url: str) -> None:
    answer = await client.post(url)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    answer = await client.options(url)
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("name", ["index.html", "index.j2", "swagger-ui.js.map", "..%2fx"])
async def test_the_docs_have_no_page_but_ours(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/docs/{name}")).status_code == 404


@pytest.mark.parametrize(
    "media_type", ["APPLICATION/JSON", 'application/json; charset="UTF-8"', "application/json;"]
)
async def test_a_media_type_is_understood_however_it_is_spelt(
    client: httpx.AsyncClient, media_type: str
) -> None:
    answer = await client.post(
        "/v1/sites", content=b'{"name": 1}', headers={"Content-Type": media_type}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_body_over_the_limit_is_413(client: httpx.AsyncClient, chunked: bool) -> None:
    limit = CONTRACT.limits["body_bytes"]

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(limit // 65_536 + 1):
            yield b" " * 65_536

    answer = await client.post(
        "/v1/sites",
        content=chunks() if chunked else b" " * (limit + 1),
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")


async def test_a_chunked_body_is_a_body(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"name": "a", '
        yield b'"location": "b"}'

    answer = await client.post(
        "/v1/sites", content=chunks(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 201


# Open mode


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "sites.example"},
        {"Host": "127.0.0.1.example"},
        {"Host": ""},
        {"Forwarded": "for=192.0.2.1"},
        {"X-Forwarded-For": "192.0.2.1"},
        {"X-Forwarded-Proto": "https"},
        {"Via": "1.1 proxy"},
        {"X-Real-IP": "192.0.2.1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://["},
        {"Host": "["},
        {"Host": "[::1"},
        {"Host": "127.0.0.2"},
        {"Host": "a@localhost"},
        {"X-Forwarded-Ssl": "on"},
    ],
)
async def test_without_a_key_only_this_machine_is_served(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    for path in ("/v1/sites", "/docs/", "/livez"):
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")


async def test_without_a_key_two_hosts_are_one_too_many(client: httpx.AsyncClient) -> None:
    headers = [("Host", "localhost"), ("Host", "sites.example")]
    assert (await client.get("/v1/sites", headers=headers)).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080"])
async def test_without_a_key_this_machine_is_served(client: httpx.AsyncClient, host: str) -> None:
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert (await client.get("/v1/sites", headers=headers)).status_code == 200


# With a key

PUBLIC = {
    "get_liveness",
    "get_readiness",
    "get_version",
    "get_openapi_json",
    "get_openapi_yaml",
    "get_schema",
    "get_problem_type",
}


class TestWithAKey:
    @pytest.fixture
    def service(self, path: str) -> Service:
        return locked_service(path)

    @pytest.mark.parametrize("operation_id", sorted(CONTRACT.operations))
    async def test_every_operation_but_the_public_ones_needs_it(
        self, client: httpx.AsyncClient, operation_id: str
    ) -> None:
        operation = CONTRACT.operations[operation_id]
        words = {"site_id": 1, "revision": 1, "name": "Site", "type": "internal"}
        path = operation.path.format(**words, key_id="0" * 12)
        media_type = operation.body.media_types[0] if operation.body else "application/json"
        headers = {"Content-Type": media_type, "Host": "sites.example"}
        bare = await client.request(operation.method, path, headers=headers)
        wrong = await client.request(
            operation.method, path, headers=headers | {"X-API-Key": "x" * 32}
        )
        if operation_id in PUBLIC:
            assert {bare.status_code, wrong.status_code} == {200}
            return
        assert {bare.status_code, wrong.status_code} == {401}
        assert bare.headers["www-authenticate"].startswith("Bearer")

    @pytest.mark.parametrize(
        "header", [{"Authorization": f"Bearer {KEY}"}, {"authorization": f"bearer {KEY}"},
                   {"X-API-Key": KEY}]
    )  # fmt: skip
    async def test_it_comes_in_either_header(
        self, client: httpx.AsyncClient, header: dict[str, str]
    ) -> None:
        headers = header | {"Host": "sites.example", "X-Forwarded-For": "192.0.2.1"}
        assert (await client.get("/v1/sites", headers=headers)).status_code == 200

    async def test_it_is_asked_for_before_parameters_and_body(
        self, client: httpx.AsyncClient
    ) -> None:
        answer = await client.post("/v1/sites/abc/live?x=1", json={"soc": 1})
        assert answer.status_code == 401


@pytest.mark.parametrize("text", ["", "short", "x" * 31, "x " * 20, "é" * 40])
def test_a_key_file_that_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    from sitewatt.auth import KeyFileError

    file = tmp_path / "key"
    file.write_text(text)
    with pytest.raises(KeyFileError, match="key"):
        AdminKey.from_file(file)

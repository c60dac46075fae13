"""Codings of bodies and answers, and what a client takes: manners of HTTP on both paths."""

import gzip
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from api_service import CONTRACT, Service, example, locked_service

LIMIT = CONTRACT.limits["body_bytes"]
EMPTY_MEMBER = gzip.compress(b"", mtime=0)
BRIEF = orjson.dumps(example("brief_live"))


def in_gzip(**more: str) -> dict[str, str]:
    return {"Content-Type": "application/json", "Content-Encoding": "gzip"} | more


def columns(rows: int) -> dict[str, list[Any]]:
    first = datetime(2023, 1, 1, tzinfo=UTC)
    stamps = [first + timedelta(minutes=10) * row for row in range(rows)]
    return {
        "dt-stamp": [stamp.strftime("%Y-%m-%dT%H:%M:%SZ") for stamp in stamps],
        "soc": [row % 101 for row in range(rows)],
        "load_kwh": [row * 0.37 for row in range(rows)],
        "net_load_kwh": [row * 0.73 for row in range(rows)],
        **{f"{kind}_notification": [row % 7 == 0 for row in range(rows)] for kind in
           ("pv", "bio", "cro")},
    }  # fmt: skip


async def holds_nothing(client: httpx.AsyncClient, site: int) -> bool:
    return (await client.get(f"/v1/sites/{site}/live/latest")).status_code == 404


# Bodies in gzip


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZip", " gzip "])
async def test_a_body_in_gzip_is_the_body(
    client: httpx.AsyncClient, site: int, coding: str
) -> None:
    url, headers = f"/v1/sites/{site}/live", in_gzip() | {"Content-Encoding": coding}
    packed = await client.post(url, content=gzip.compress(BRIEF), headers=headers)
    assert (packed.status_code, packed.json()["stored"]) == (201, 3)
    plain = await client.post(url, content=BRIEF, headers={"Content-Type": "application/json"})
    assert (plain.status_code, plain.json()["unchanged"]) == (200, 3)


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
async def test_a_body_in_no_coding_is_taken_as_it_is(
    client: httpx.AsyncClient, site: int, coding: str
) -> None:
    headers = in_gzip() | {"Content-Encoding": coding}
    answer = await client.post(f"/v1/sites/{site}/live", content=BRIEF, headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "gzip, identity", "zip"])
async def test_another_coding_is_415_and_told_which_are_taken(
    client: httpx.AsyncClient, site: int, coding: str
) -> None:
    headers = in_gzip() | {"Content-Encoding": coding}
    body = gzip.compress(BRIEF)
    answer = await client.post(f"/v1/sites/{site}/live", content=body, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-media-type")
    assert answer.headers["accept-encoding"] == "gzip, identity"
    assert await holds_nothing(client, site)


async def test_two_headers_of_codings_are_two_codings(client: httpx.AsyncClient, site: int) -> None:
    headers = [*in_gzip().items(), ("Content-Encoding", "identity")]
    body = gzip.compress(BRIEF)
    answer = await client.post(f"/v1/sites/{site}/live", content=body, headers=headers)
    assert answer.status_code == 415


PACKED = gzip.compress(BRIEF, mtime=0)

NOT_GZIP = {
    "plain": (BRIEF, "is not gzip"),
    "zlib": (zlib.compress(BRIEF), "is not gzip"),
    "wrong checksum": (PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], "is not gzip"),
    "wrong length": (PACKED[:-4] + b"\0\0\0\0", "is not gzip"),
    "followed by text": (PACKED + b"and more", "is not gzip"),
    "followed by zeros": (PACKED + b"\0" * 10, "is not gzip"),
    "followed by a byte": (PACKED + b"\x1f", "is cut short"),
    "cut in its text": (PACKED[: len(PACKED) // 2], "is cut short"),
    "cut in its end": (PACKED[:-1], "is cut short"),
    "cut in its head": (PACKED[:5], "is cut short"),
    "nothing": (b"", "is cut short"),
}


@pytest.mark.parametrize("case", NOT_GZIP)
async def test_a_body_that_is_not_the_gzip_it_is_said_to_be_is_400(
    client: httpx.AsyncClient, site: int, case: str
) -> None:
    body, said = NOT_GZIP[case]
    answer = await client.post(f"/v1/sites/{site}/live", content=body, headers=in_gzip())
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-request")
    assert said in answer.json()["detail"]
    assert await holds_nothing(client, site)


async def test_what_a_body_inflates_to_is_judged_like_any_other(
    client: httpx.AsyncClient, site: int
) -> None:
    url = f"/v1/sites/{site}/live"
    no_json = await client.post(url, content=EMPTY_MEMBER, headers=in_gzip())
    wrong = gzip.compress(orjson.dumps(example("brief_live") | {"soc": [101, 0, 0]}))
    invalid = await client.post(url, content=wrong, headers=in_gzip())
    assert (no_json.json()["type"], invalid.json()["type"]) == (
        "/problems/not-json",
        "/problems/invalid-body",
    )


async def test_a_body_in_several_members_is_their_sum(client: httpx.AsyncClient, site: int) -> None:
    members = [gzip.compress(BRIEF[:50]), EMPTY_MEMBER, gzip.compress(BRIEF[50:]), EMPTY_MEMBER]

    async def chunks() -> AsyncIterator[bytes]:
        for byte in b"".join(members):
            yield bytes([byte])

    answer = await client.post(f"/v1/sites/{site}/live", content=chunks(), headers=in_gzip())
    assert (answer.status_code, answer.json()["stored"]) == (201, 3)


async def test_ten_thousand_readings_come_in_gzip(client: httpx.AsyncClient, site: int) -> None:
    body = gzip.compress(orjson.dumps(columns(10_000)))
    answer = await client.post(f"/v1/sites/{site}/live", content=body, headers=in_gzip())
    assert (answer.status_code, answer.json()["stored"]) == (201, 10_000)


@pytest.mark.parametrize("beyond", [0, 1])
async def test_the_limit_holds_for_what_a_body_inflates_to(
    client: httpx.AsyncClient, beyond: int
) -> None:
    body = gzip.compress(b" " * (LIMIT + beyond))
    answer = await client.post("/v1/sites", content=body, headers=in_gzip())
    assert answer.status_code == (413 if beyond else 400)


@pytest.mark.parametrize("announced", [True, False])
async def test_the_limit_holds_for_what_is_sent_too(
    client: httpx.AsyncClient, announced: bool
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(LIMIT // len(EMPTY_MEMBER) // 1000 + 1):
            yield EMPTY_MEMBER * 1000

    body = EMPTY_MEMBER * (LIMIT // len(EMPTY_MEMBER) + 1) if announced else chunks()
    answer = await client.post("/v1/sites", content=body, headers=in_gzip())
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")


# Answers in gzip


@pytest.fixture
async def readings(client: httpx.AsyncClient, site: int) -> str:
    """A page of a hundred readings, some 8 KiB of JSON; returns its address."""
    assert (await client.post(f"/v1/sites/{site}/live", json=columns(200))).status_code == 201
    return f"/v1/sites/{site}/live?limit=100"


@pytest.fixture
async def long_site(client: httpx.AsyncClient) -> str:
    """A site whose name makes it longer than a KiB; returns its address."""
    answer = await client.post("/v1/sites", json={"name": "𝄞" * 200, "location": "ö" * 100})
    assert len(answer.content) >= 1024
    return answer.headers["location"]


def taking(coding: str) -> dict[str, str]:
    return {"Accept-Encoding": coding}


def varies_by_coding(answer: httpx.Response) -> bool:
    return "Accept-Encoding" in answer.headers.get("vary", "").split(", ")


def coding_of(answer: httpx.Response) -> str | None:
    """Return the coding of an answer whose headers agree with each other and with its bytes."""
    assert int(answer.headers["content-length"]) == answer.num_bytes_downloaded
    assert varies_by_coding(answer) == (len(answer.content) >= 1024)
    coding: str | None = answer.headers.get("content-encoding")
    if "etag" in answer.headers:
        assert answer.headers["etag"].endswith('-gzip"') == (coding == "gzip")
    return coding


@pytest.mark.parametrize(
    "url",
    [
        "/openapi.json",
        "/openapi.yaml",
        "/schemas/Site",
        "/docs/swagger-ui.css",
        "/docs/swagger-ui-bundle.js",
        "/v1/sites?" + "&".join(f"a{n}" for n in range(50)),
    ],
)
async def test_a_long_answer_comes_in_gzip_to_who_takes_it(
    client: httpx.AsyncClient, url: str
) -> None:
    packed = await client.get(url, headers=taking("gzip"))
    plain = await client.get(url, headers=taking("identity"))
    assert (coding_of(packed), coding_of(plain)) == ("gzip", None)
    assert packed.num_bytes_downloaded < plain.num_bytes_downloaded
    assert packed.headers["content-type"] == plain.headers["content-type"]
    if packed.status_code == 200:
        assert packed.content == plain.content


async def test_ten_thousand_readings_go_out_in_gzip(client: httpx.AsyncClient, site: int) -> None:
    sent = columns(10_000)
    await client.post(f"/v1/sites/{site}/live", json=sent)
    answer = await client.get(f"/v1/sites/{site}/live?limit=10000", headers=taking("gzip"))
    assert (coding_of(answer), answer.json()) == ("gzip", sent)


@pytest.mark.parametrize("coding", ["gzip", "identity"])
@pytest.mark.parametrize(
    "url", ["/livez", "/docs/start.js", "/docs/favicon-32x32.png", "/v1/sites"]
)
async def test_a_short_answer_is_never_in_a_coding(
    client: httpx.AsyncClient, url: str, coding: str
) -> None:
    assert coding_of(await client.get(url, headers=taking(coding))) is None


@pytest.mark.parametrize("length", [1023, 1024])
async def test_a_kibibyte_is_where_coding_begins(client: httpx.AsyncClient, length: int) -> None:
    site = {"name": "n" * 110, "location": "l", "time_zone": "UTC"}
    sites = [site | {"id": n} for n in range(1, 7)]
    sites[0]["name"] = "n" * (110 + length - len(orjson.dumps({"sites": sites})))
    answer = await client.post("/v1/sites", json={"sites": sites}, headers=taking("gzip"))
    assert (answer.status_code, len(answer.content)) == (201, length)
    assert coding_of(answer) == ("gzip" if length == 1024 else None)


async def test_a_client_that_says_nothing_gets_no_coding(
    client: httpx.AsyncClient, readings: str
) -> None:
    del client.headers["accept-encoding"]
    assert coding_of(await client.get(readings)) is None


@pytest.mark.parametrize("coding", ["gzip", "identity"])
@pytest.mark.parametrize("url", ["/openapi.json", "/livez", "/docs/swagger-ui.css"])
async def test_head_has_the_headers_of_get(
    client: httpx.AsyncClient, url: str, coding: str
) -> None:
    got = await client.get(url, headers=taking(coding) | {"X-Request-Id": "1"})
    headed = await client.head(url, headers=taking(coding) | {"X-Request-Id": "1"})
    assert headed.headers == got.headers


# Entity tags of answers in gzip


@pytest.mark.parametrize("url", ["/openapi.json", "/docs/swagger-ui.css", "readings"])
async def test_what_a_client_has_in_gzip_is_not_sent_again(
    client: httpx.AsyncClient, readings: str, url: str
) -> None:
    url = readings if url == "readings" else url
    packed = await client.get(url, headers=taking("gzip"))
    plain = await client.get(url, headers=taking("identity"))
    assert packed.headers["etag"] != plain.headers["etag"]
    for named in (packed.headers["etag"], plain.headers["etag"]):
        for condition in (named, f"W/{named}", f'"0", {named}'):
            headers = taking("gzip") | {"If-None-Match": condition}
            again = await client.get(url, headers=headers)
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == named
            assert varies_by_coding(again)
            assert "content-encoding" not in again.headers


async def test_what_a_client_has_in_gzip_is_sent_again_when_it_takes_gzip_no_more(
    client: httpx.AsyncClient, readings: str
) -> None:
    packed = await client.get(readings, headers=taking("gzip"))
    known = {"If-None-Match": packed.headers["etag"]}
    again = await client.get(readings, headers=taking("gzip;q=0") | known)
    assert (again.status_code, coding_of(again), again.content) == (200, None, packed.content)


@pytest.mark.parametrize("coding", ["gzip", "identity"])
async def test_a_site_is_changed_by_the_tag_of_either_coding(
    client: httpx.AsyncClient, long_site: str, coding: str
) -> None:
    seen = await client.get(long_site, headers=taking("gzip"))
    assert coding_of(seen) == "gzip"
    headers = taking(coding) | {"If-Match": seen.headers["etag"]}
    changed = await client.patch(long_site, json={"location": "ä" * 100}, headers=headers)
    assert (changed.status_code, changed.json()["location"]) == (200, "ä" * 100)
    late = await client.patch(long_site, json={"location": "x"}, headers=headers)
    assert (late.status_code, late.json()["current"]) == (412, changed.json())
    assert (await client.get(long_site)).json() == changed.json()
    headers = {"If-Match": f"W/{changed.headers['etag']}"}
    weak = await client.patch(long_site, json={"location": "x"}, headers=headers)
    assert weak.status_code == 412


async def test_the_tag_of_a_refused_change_names_the_state(
    client: httpx.AsyncClient, long_site: str
) -> None:
    asked = await client.patch(long_site, json={"location": "b"}, headers=taking("gzip"))
    assert (asked.status_code, coding_of(asked)) == (428, "gzip")
    headers = {"If-Match": asked.headers["etag"]}
    assert (await client.patch(long_site, json={"location": "b"}, headers=headers)).is_success


# Links


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [("GET", "/livez", 200), ("GET", "/nothing", 404), ("OPTIONS", "/v1/sites", 204),
     ("POST", "/v1/sites", 415), ("GET", "/", 307), ("GET", "/docs/", 200)],
)  # fmt: skip
async def test_every_answer_leads_to_the_contract_and_its_pages(
    client: httpx.AsyncClient, method: str, url: str, status: int
) -> None:
    answer = await client.request(method, url)
    assert answer.status_code == status
    for relation in ("service-desc", "service-doc"):
        assert (await client.get(answer.links[relation]["url"])).status_code == 200


async def test_the_next_page_is_a_link_among_others(
    client: httpx.AsyncClient, readings: str
) -> None:
    page = await client.get(readings)
    assert set(page.links) == {"next", "service-desc", "service-doc"}
    known = await client.get(readings, headers={"If-None-Match": page.headers["etag"]})
    assert (known.status_code, known.links) == (304, page.links)


# What a client accepts


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "APPLICATION/Json; charset=utf-8",
        "application/*",
        "text/html, application/xhtml+xml, */*;q=0.8",
        "text/html, image/gif, image/jpeg, */*; q=.2",
        "text/html, *; q=.2",
        "text/html;q=0, application/json;q=0.001",
        "",
        "json",
    ],
)
async def test_a_client_that_takes_json_gets_it(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.get("/v1/sites", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


@pytest.mark.parametrize(
    "accept",
    ["text/csv", "text/*", "application/json;q=0", "application/json;q=0, */*",
     "application/problem+json", "text/csv, application/*;q=0"],
)  # fmt: skip
async def test_a_client_that_takes_no_json_gets_406_and_nothing_is_done(
    client: httpx.AsyncClient, site: int, accept: str
) -> None:
    url = f"/v1/sites/{site}/live"
    answer = await client.post(url, json=example("brief_live"), headers={"Accept": accept})
    assert (answer.status_code, answer.json()["type"]) == (406, "/problems/not-acceptable")
    assert "application/json" in answer.json()["detail"]
    assert await holds_nothing(client, site)


OFFERED = {
    "/openapi.json": "application/json",
    "/openapi.yaml": "application/yaml",
    "/schemas/Site": "application/schema+json",
    "/problems/internal": "text/html",
    "/version": "application/json",
}


@pytest.mark.parametrize("url", OFFERED)
async def test_each_operation_has_media_types_of_its_own(
    client: httpx.AsyncClient, url: str
) -> None:
    for media_type in (*OFFERED.values(), "text/csv"):
        answer = await client.get(url, headers={"Accept": media_type})
        written_in_json = (OFFERED[url], media_type) == (
            "application/schema+json",
            "application/json",
        )
        taken = media_type == OFFERED[url] or written_in_json
        assert answer.status_code == (200 if taken else 406)
        assert (await client.head(url, headers={"Accept": media_type})).is_success == taken


async def test_two_headers_accept_are_one_list(client: httpx.AsyncClient) -> None:
    for first, second in (("text/csv", "application/json"), ("application/json", "text/csv")):
        headers = [("Accept", first), ("Accept", second)]
        # httpx sends one of its own when the request has none in a mapping.
        request = httpx.Request("GET", "http://localhost/v1/sites", headers=headers)
        assert (await client.send(request)).status_code == 200


async def test_what_answers_without_a_body_asks_for_no_media_type(
    client: httpx.AsyncClient, site: int
) -> None:
    headers = {"Accept": "text/csv"}
    assert (await client.options("/v1/sites", headers=headers)).status_code == 204
    assert (await client.delete(f"/v1/sites/{site}", headers=headers)).status_code == 204


async def test_a_refusal_is_a_problem_document_whatever_is_accepted(
    client: httpx.AsyncClient, site: int
) -> None:
    html = {"Accept": "application/json, text/html", "If-Match": '"0"'}
    answers = [
        await client.get("/nothing", headers={"Accept": "text/csv"}),
        await client.put("/v1/sites", headers={"Accept": "text/csv"}),
        await client.patch(f"/v1/sites/{site}", json={"name": "a"}, headers=html),
    ]
    assert [answer.status_code for answer in answers] == [404, 405, 412]


class TestWithAKey:
    @pytest.fixture
    def service(self, path: str) -> Service:
        return locked_service(path)

    async def test_acceptability_is_judged_after_the_media_type_and_before_the_key(
        self, client: httpx.AsyncClient
    ) -> None:
        csv = {"Accept": "text/csv", "Content-Type": "text/plain"}
        json = csv | {"Content-Type": "application/json"}
        answers = [
            await client.post("/v1/sites?x", content=b"{", headers=csv),
            await client.post("/v1/sites?x", content=b"{", headers=json),
            await client.post("/v1/sites?x", content=b"{", headers=json | {"Accept": "*/*"}),
        ]
        assert [answer.status_code for answer in answers] == [415, 406, 401]

"""Codings of bodies and answers, and what a client takes: manners of HTTP on both paths."""

import gzip
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from api_service import CONTRACT, example

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

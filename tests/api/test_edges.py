"""What the contract states as a limit is where the line is drawn: just within, just beyond."""

import gzip
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from api_service import CONTRACT, SCHEMAS

from sitewatt.web.heads import LONGEST_HEAD, MOST_HEADERS

LIMITS = CONTRACT.limits
ROWS: int = SCHEMAS["ReadingColumns"]["properties"]["dt-stamp"]["maxItems"]
FLEET = SCHEMAS["FleetReadings"]["properties"]["sites"]
SITE = {"name": "Willo Woods", "location": "north", "id": 7}
JSON = {"Content-Type": "application/json"}


def of(answer: httpx.Response) -> str:
    """What an answer is: its status, and of a refusal the type."""
    kind = answer.json()["type"].removeprefix("/problems/") if answer.is_error else ""
    return f"{answer.status_code} {kind}".strip()


def columns(rows: int) -> dict[str, list[Any]]:
    first = datetime(2023, 1, 1, tzinfo=UTC)
    stamps = [first + timedelta(minutes=10) * row for row in range(rows)]
    return {
        "dt-stamp": [stamp.strftime("%Y-%m-%dT%H:%M:%SZ") for stamp in stamps],
        **{name: [1] * rows for name in ("soc", "load_kwh", "net_load_kwh")},
        **{f"{kind}_notification": [True] * rows for kind in ("pv", "bio", "cro")},
    }


def test_a_head_may_be_as_long_as_the_contract_says() -> None:
    """tests/api/test_hostile.py sends one of that length, and one that is longer."""
    assert LIMITS["head_bytes"] == LONGEST_HEAD
    assert LIMITS["head_headers"] == MOST_HEADERS


@pytest.mark.parametrize("target", ["/v1/sites", "/livez", "/nowhere", "/docs/"])
async def test_an_address_may_be_as_long_as_the_contract_says(
    client: httpx.AsyncClient, target: str
) -> None:
    room = LIMITS["url_bytes"] - len(f"{target}?name=")
    within = await client.get(f"{target}?name={'x' * room}")
    beyond = await client.get(f"{target}?name={'x' * (room + 1)}")
    assert of(within) in ("400 bad-parameter", "404 unknown-path", "200")
    assert of(beyond) == "414 uri-too-long"


@pytest.mark.parametrize("in_gzip", [False, True])
async def test_a_body_may_be_as_long_as_the_contract_says(
    client: httpx.AsyncClient, in_gzip: bool
) -> None:
    content = orjson.dumps(SITE)
    for more, said in ((0, "201"), (1, "413 too-large")):
        body = content + b" " * (LIMITS["body_bytes"] + more - len(content))
        headers = JSON | ({"Content-Encoding": "gzip"} if in_gzip else {})
        sent = gzip.compress(body) if in_gzip else body
        assert of(await client.post("/v1/sites", content=sent, headers=headers)) == said


async def test_a_body_may_be_as_deep_as_the_contract_says(client: httpx.AsyncClient) -> None:
    for depth, said in ((LIMITS["body_depth"], "422 invalid-body"),
                        (LIMITS["body_depth"] + 1, "400 not-json")):  # fmt: skip
        body = b"[" * depth + b"]" * depth
        assert of(await client.post("/v1/sites", content=body, headers=JSON)) == said


async def test_a_push_may_have_as_many_readings_as_the_contract_says(
    client: httpx.AsyncClient, site: int
) -> None:
    for rows, said in ((ROWS, "201"), (ROWS + 1, "422 invalid-body")):
        assert of(await client.post(f"/v1/sites/{site}/live", json=columns(rows))) == said


async def test_a_push_of_many_sites_may_have_as_many_as_the_contract_says(
    client: httpx.AsyncClient,
) -> None:
    most = FLEET["x-most-in-all"]["most"]
    whole, half = columns(most // 2), columns(most // 2 + 1)
    for second, said in ((whole, "404 unknown-sites"), (half, "422 invalid-body")):
        sites = [{"id": 1, **whole}, {"id": 2, **second}]
        assert of(await client.post("/v1/live", json={"sites": sites})) == said
    one = columns(1)
    for number, said in (
        (FLEET["maxItems"], "404 unknown-sites"),
        (FLEET["maxItems"] + 1, "422 invalid-body"),
    ):
        sites = [{"id": 1 + place, **one} for place in range(number)]
        assert of(await client.post("/v1/live", json={"sites": sites})) == said


async def test_a_refusal_is_no_longer_than_the_contract_says(
    client: httpx.AsyncClient, site: int
) -> None:
    wrong = columns(ROWS) | {"soc": ["x"] * ROWS}
    answer = await client.post(f"/v1/sites/{site}/live", json=wrong)
    assert len(answer.json()["errors"]) == LIMITS["faults"]
    assert len(answer.content) <= LIMITS["problem_bytes"]

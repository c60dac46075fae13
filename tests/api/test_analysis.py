"""Operations that analyse readings."""

import httpx
import pytest
from api_service import Clock, example

DAYS = "from=2023-01-01T00:00:00Z&to=2023-01-03T00:00:00Z"


@pytest.fixture(autouse=True)
async def readings(client: httpx.AsyncClient, site: int) -> None:
    answer = await client.post(f"/v1/sites/{site}/live", json=example("brief_live"))
    assert answer.status_code == 201


async def test_aggregate_readings_says_what_each_bucket_comes_to(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/v1/sites/1/live/aggregate?every=1d&{DAYS}")
    assert answer.status_code == 200
    assert answer.json() == example("aggregate")


async def test_aggregate_readings_follows_the_sites_time_zone(client: httpx.AsyncClient) -> None:
    etag = (await client.get("/v1/sites/1")).headers["etag"]
    changed = await client.patch(
        "/v1/sites/1", json={"time_zone": "Asia/Kathmandu"}, headers={"If-Match": etag}
    )
    assert changed.status_code == 200
    answer = (await client.get(f"/v1/sites/1/live/aggregate?every=1h&{DAYS}&limit=2")).json()
    assert answer["time_zone"] == "Asia/Kathmandu"
    assert [bucket["to"] for bucket in answer["buckets"]] == [
        "2023-01-01T00:15:00Z",
        "2023-01-01T01:15:00Z",
    ]
    assert [bucket["rows"] for bucket in answer["buckets"]] == [2, 1]


async def test_aggregate_readings_comes_in_pages(client: httpx.AsyncClient) -> None:
    address, stamps = f"?every=1h&{DAYS}&limit=20", list[str]()
    while address:
        answer = await client.get(f"/v1/sites/1/live/aggregate{address}")
        stamps += [bucket["from"] for bucket in answer.json()["buckets"]]
        address = answer.links["next"]["url"] if "next" in answer.links else ""
    assert len(stamps) == len(set(stamps)) == 48


async def test_list_gaps_ends_with_the_clock(client: httpx.AsyncClient, clock: Clock) -> None:
    answer = await client.get(f"/v1/sites/1/live/gaps?{DAYS}")
    assert answer.json()["gaps"] == [
        {"from": "2023-01-01T00:30:00Z", "to": "2023-01-03T00:00:00Z", "slots": 285}
    ]
    clock.now = 1_672_531_200 + 1_800
    assert (await client.get(f"/v1/sites/1/live/gaps?{DAYS}")).json() == example("no_gaps")


async def test_list_gaps_comes_in_pages(client: httpx.AsyncClient) -> None:
    row = {name: values[:1] for name, values in example("brief_live").items()}
    row["dt-stamp"] = ["2023-01-02 00:00:00"]
    await client.post("/v1/sites/1/live", json=row)
    first = await client.get(f"/v1/sites/1/live/gaps?{DAYS}&limit=1")
    second = await client.get(f"/v1/sites/1/live/gaps{first.links['next']['url']}")
    assert first.json()["gaps"][0]["to"] == "2023-01-02T00:00:00Z"
    assert second.json()["gaps"][0]["from"] == "2023-01-02T00:10:00Z"


@pytest.mark.parametrize(
    ("query", "place"),
    [
        (f"every=2h&{DAYS}", "every"),
        (DAYS, "every"),
        ("every=1d&from=2023-01-01T00:00:00Z", "to"),
        ("every=1d&from=2023-01-02T00:00:00Z&to=2023-01-01T00:00:00Z", "from"),
        (f"every=1d&{DAYS}&limit=1001", "limit"),
        (f"every=1d&{DAYS}&cursor=nothing", "cursor"),
    ],
)
async def test_aggregate_readings_refuses_what_the_contract_does_not_allow(
    client: httpx.AsyncClient, query: str, place: str
) -> None:
    answer = await client.get(f"/v1/sites/1/live/aggregate?{query}")
    assert answer.status_code == 400
    assert [error["name"] for error in answer.json()["errors"]] == [place]


async def test_analyses_of_an_unknown_site_are_refused(client: httpx.AsyncClient) -> None:
    for operation in (f"aggregate?every=1d&{DAYS}", f"gaps?{DAYS}"):
        assert (await client.get(f"/v1/sites/7/live/{operation}")).status_code == 404

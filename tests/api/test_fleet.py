"""Operations on the readings of many sites."""

from typing import Any

import httpx
import pytest
from api_service import example

ROW = {
    "dt-stamp": ["2023-01-01 00:00:00"],
    "soc": [80.5],
    "load_kwh": [12.25],
    "net_load_kwh": [0],
    "pv_notification": [False],
    "bio_notification": [False],
    "cro_notification": [False],
}


@pytest.fixture(autouse=True)
async def sites(client: httpx.AsyncClient) -> None:
    new = [{"id": i, "name": f"Site {i}", "location": "north"} for i in (1, 2, 3)]
    assert (await client.post("/v1/sites", json={"sites": new})).status_code == 201


async def test_push_fleet_gives_each_site_its_receipt(client: httpx.AsyncClient) -> None:
    body = example("fleet_readings")
    answer = await client.post("/v1/live", json=body)
    assert answer.status_code == 201
    assert answer.json() == example("fleet_stored")
    again = await client.post("/v1/live", json=body)
    assert again.status_code == 200
    assert again.json() == example("fleet_unchanged")


async def test_push_fleet_with_dry_run_stores_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/live?dry_run=true", json=example("fleet_readings"))
    assert answer.status_code == 200
    assert answer.json() == example("fleet_stored")
    latest = (await client.get("/v1/live/latest")).json()
    assert latest == {"sites": [{"id": 1}, {"id": 2}, {"id": 3}]}


async def test_push_fleet_names_the_sites_that_are_not_there_and_stores_nothing(
    client: httpx.AsyncClient,
) -> None:
    body = {"sites": [{"id": 1, **ROW}, {"id": 9, **ROW}, {"id": 7, **ROW}]}
    answer = await client.post("/v1/live", json=body)
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/unknown-sites"
    assert answer.json()["site_ids"] == [7, 9]
    assert (await client.get("/v1/sites/1/live/latest")).status_code == 404


async def test_push_fleet_tells_conflicts_with_their_sites(client: httpx.AsyncClient) -> None:
    await client.post("/v1/live", json=example("fleet_readings"))
    body: Any = example("fleet_readings")
    body["sites"][1]["soc"] = [1]
    answer = await client.post("/v1/live", json=body)
    assert answer.status_code == 409
    problem = answer.json()
    stamp = "2023-01-01T00:00:00Z"
    assert problem["conflicts"] == [{"id": 2, "dt-stamp": stamp, "columns": ["soc"]}]
    assert problem["receipt"]["received"] == 3
    assert problem["receipt"]["conflicts"] == 1
    assert "more" not in problem
    replaced = await client.post("/v1/live?on_conflict=replace", json=body)
    assert replaced.json()["sites"][1]["receipt"]["replaced"] == 1


async def test_push_fleet_stores_nothing_when_one_row_of_one_site_is_at_fault(
    client: httpx.AsyncClient,
) -> None:
    body = {"sites": [{"id": 1, **ROW}, {"id": 2, **ROW, "soc": [101]}]}
    answer = await client.post("/v1/live", json=body)
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/sites/1/soc/0"]
    assert (await client.get("/v1/live/latest")).json()["sites"][0] == {"id": 1}


async def test_push_fleet_with_more_conflicts_than_are_told_says_so(
    client: httpx.AsyncClient,
) -> None:
    def rows(soc: int) -> Any:
        stamps = [f"2023-01-01 00:{n // 60:02}:{n % 60:02}" for n in range(150)]
        return {"sites": [{"id": 3, **{k: v * 150 for k, v in ROW.items()}, "soc": [soc] * 150,
                           "dt-stamp": stamps}]}  # fmt: skip

    await client.post("/v1/live", json=rows(1))
    problem = (await client.post("/v1/live", json=rows(2))).json()
    assert problem["more"] is True
    assert len(problem["conflicts"]) == 100
    assert problem["receipt"]["conflicts"] == 150


async def test_list_latest_readings_comes_in_pages(client: httpx.AsyncClient) -> None:
    await client.post("/v1/live", json=example("fleet_readings"))
    first = await client.get("/v1/live/latest?limit=2")
    assert [site["id"] for site in first.json()["sites"]] == [1, 2]
    assert first.json()["sites"][0]["reading"]["dt-stamp"] == "2023-01-01T00:10:00Z"
    assert first.links["next"]["url"] == f"?limit=2&cursor={first.json()['next']}"
    second = await client.get(f"/v1/live/latest{first.links['next']['url']}")
    assert second.json() == {"sites": [{"id": 3}]}
    assert "next" not in second.links

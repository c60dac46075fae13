"""A site whose time zone this server's database does not know can be read, and mended."""

import httpx

from storage import Store

DAYS = "from=2023-01-01T00:00:00Z&to=2023-01-03T00:00:00Z"


async def test_a_site_of_an_unknown_time_zone_is_read_and_gets_no_calendar(
    client: httpx.AsyncClient, site: int, store: Store
) -> None:
    unknown = {"$set": {"time_zone": "Mars/Olympus"}}
    await store.database.sites.update_one({"_id": site}, unknown)
    told = await client.get(f"/v1/sites/{site}")
    assert (told.status_code, told.json()["time_zone"]) == (200, "Mars/Olympus")
    assert (await client.get("/v1/sites")).json()["sites"] == [told.json()]
    assert (await client.get(f"/v1/sites/{site}/live/gaps?{DAYS}")).status_code == 200
    aggregate = f"/v1/sites/{site}/live/aggregate?every=1d&{DAYS}"
    refused = await client.get(aggregate)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/unknown-time-zone")
    mended = await client.patch(
        f"/v1/sites/{site}", json={"time_zone": "UTC"}, headers={"If-Match": told.headers["etag"]}
    )
    assert mended.status_code == 200
    assert (await client.get(aggregate)).status_code == 200

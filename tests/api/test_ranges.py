"""What list_readings answers beside plain columns: tables, configurations, and tags of ranges."""

import json
import re
from typing import Any

import httpx
import orjson
import pytest
from api_service import Clock, example

from storage import COLUMNS, Store, Unavailable

URL = "/v1/sites/1/live"
CSV, NDJSON, JSON = "text/csv", "application/x-ndjson", "application/json"
FIRST = 1_672_531_200
GRID = 600


@pytest.fixture(autouse=True)
async def _brief_site(site: int) -> None:
    assert site == 1


@pytest.fixture
async def brief(client: httpx.AsyncClient) -> None:
    """The brief's three readings."""
    assert (await client.post(URL, json=example("brief_live"))).status_code == 201


@pytest.fixture
async def many(store: Store) -> int:
    """More readings than are read at once, of days that are settled; returns how many."""
    rows = 4_321
    values = (41.5, 350, 1e-7, True, False, True)
    await store.live.push(1, {FIRST + GRID * row: values for row in range(rows)})
    return rows


def taking(media_type: str, **more: str) -> dict[str, str]:
    return {"Accept": media_type, **more}


def rows_of(answer: httpx.Response) -> list[str]:
    """Return the stamps of an answer in any media type."""
    kind = answer.headers["content-type"]
    if kind == JSON:
        stamps: list[str] = answer.json()["dt-stamp"]
        return stamps
    return re.findall("20[0-9T:-]{17}Z", answer.text)


def following(answer: httpx.Response) -> str | None:
    link = answer.links.get("next")
    return None if link is None else str(answer.url.join(link["url"]))


def reading(stamp: str, **members: Any) -> dict[str, Any]:
    columns = example("brief_live")
    values = {name: values[0] for name, values in columns.items()}
    return values | members | {"dt-stamp": stamp}


def configuration(capacity: float, since: str) -> dict[str, Any]:
    battery = {"vendor": "Tesla", "capacity_kwh": capacity, "max_power_kw": 400}
    return example("brief_configuration") | {"battery": battery, "effective_from": since}


# CSV and NDJSON


@pytest.mark.parametrize("query", ["", "?limit=10"])
async def test_list_readings_answers_with_the_csv_of_the_contract(
    client: httpx.AsyncClient, brief: None, query: str
) -> None:
    answer = await client.get(URL + query, headers=taking(CSV))
    assert answer.text == example("reading_table")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert "Accept" in answer.headers["vary"].split(", ")


@pytest.mark.parametrize("query", ["", "?limit=10"])
async def test_list_readings_answers_with_a_reading_a_line(
    client: httpx.AsyncClient, brief: None, query: str
) -> None:
    answer = await client.get(URL + query, headers=taking(NDJSON))
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"] == NDJSON
    assert [line["soc"] for line in lines] == [0, 10, 20]
    assert lines[-1] == (await client.get(f"{URL}/latest")).json()


@pytest.mark.parametrize(("media_type", "text"), [(CSV, "dt-stamp,soc (%)\r\n"), (NDJSON, "")])
async def test_a_table_of_nothing_has_its_head_alone(
    client: httpx.AsyncClient, media_type: str, text: str
) -> None:
    for query in ("columns=soc", "columns=soc&limit=1"):
        answer = await client.get(f"{URL}?{query}", headers=taking(media_type))
        assert (answer.status_code, answer.text) == (200, text)


@pytest.mark.parametrize("media_type", [CSV, NDJSON])
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_table_without_limit_has_every_reading_once(
    client: httpx.AsyncClient, many: int, media_type: str, order: str
) -> None:
    answer = await client.get(f"{URL}?order={order}", headers=taking(media_type))
    stamps = rows_of(answer)
    assert len(set(stamps)) == len(stamps) == many
    assert stamps == sorted(stamps, reverse=order == "desc")
    assert following(answer) is None


async def test_a_table_without_limit_has_neither_tag_nor_length(
    client: httpx.AsyncClient, many: int
) -> None:
    known = taking(CSV, **{"If-None-Match": "*"})
    answer = await client.get(URL, headers=known)
    assert answer.status_code == 200
    assert not {"etag", "content-length"} & answer.headers.keys()


@pytest.mark.parametrize("media_type", [JSON, CSV, NDJSON])
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_pages_have_every_reading_once_and_say_whether_more_follow(
    client: httpx.AsyncClient, many: int, media_type: str, order: str
) -> None:
    url: str | None = f"{URL}?order={order}&limit=2000&columns=soc"
    sizes, stamps = list[int](), list[str]()
    while url is not None:
        answer = await client.get(url, headers=taking(media_type))
        stamps += (page := rows_of(answer))
        sizes.append(len(page))
        url = following(answer)
    assert sizes == [2_000, 2_000, many - 4_000]
    assert stamps == sorted(set(stamps), reverse=order == "desc")


async def test_json_without_limit_has_a_thousand_readings(
    client: httpx.AsyncClient, many: int
) -> None:
    answer = await client.get(URL)
    assert len(rows_of(answer)) == 1_000
    assert following(answer) is not None


async def test_a_table_goes_on_where_a_cursor_stands(client: httpx.AsyncClient, many: int) -> None:
    page = await client.get(URL, params={"limit": 4_000})
    cursor = httpx.URL(following(page) or "").params["cursor"]
    rest = await client.get(URL, params={"cursor": cursor}, headers=taking(CSV))
    assert len(rows_of(rest)) == many - 4_000


@pytest.mark.parametrize("media_type", [CSV, NDJSON])
async def test_a_refusal_of_a_table_is_a_problem(
    client: httpx.AsyncClient, media_type: str
) -> None:
    unknown = await client.get("/v1/sites/9/live", headers=taking(media_type))
    cursor = await client.get(f"{URL}?cursor=AAAA", headers=taking(media_type))
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/unknown-site")
    assert (cursor.status_code, cursor.json()["type"]) == (400, "/problems/bad-parameter")


async def test_a_table_that_cannot_be_begun_is_503(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise Unavailable("a test says so")

    monkeypatch.setattr(store.live, "list", fail)
    assert (await client.get(URL, headers=taking(CSV))).status_code == 503


async def test_list_readings_has_no_other_media_type(client: httpx.AsyncClient) -> None:
    assert (await client.get(URL, headers=taking("text/html"))).status_code == 406
    answer = await client.get(URL, headers=taking("text/html, text/*;q=0.5"))
    assert answer.headers["content-type"].startswith(CSV)


# Tags of ranges


async def tag_of(client: httpx.AsyncClient, query: str = "", media_type: str = JSON) -> str:
    answer = await client.get(f"{URL}?{query}", headers=taking(media_type))
    tag: str = answer.headers["etag"]
    return tag


async def status_for(client: httpx.AsyncClient, tags: str, query: str = "") -> int:
    answer = await client.get(f"{URL}?{query}", headers={"If-None-Match": tags})
    return answer.status_code


@pytest.mark.parametrize("spelt", ["{}", "W/{}", '"a", {}', '{}, "b"', 'W/"a" , W/{},"b"', "*"])
async def test_a_range_is_known_by_any_spelling_of_its_tag(
    client: httpx.AsyncClient, brief: None, spelt: str
) -> None:
    tag = await tag_of(client)
    assert await status_for(client, spelt.format(tag)) == 304
    assert await status_for(client, spelt.format(tag).replace(tag, '"c"')) == (
        304 if spelt == "*" else 200
    )


async def test_a_range_is_known_by_the_second_of_two_tags_of_its_shape(
    client: httpx.AsyncClient, brief: None
) -> None:
    before = await tag_of(client)
    await client.post(URL, json=reading("2023-01-01T00:30:00Z"))
    after = await tag_of(client)
    assert before != after
    assert await status_for(client, f"{before}, {after}") == 304
    assert await status_for(client, before) == 200


async def test_a_known_range_is_answered_without_listing_it(
    client: httpx.AsyncClient, store: Store, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await client.get(f"{URL}?limit=2000")
    monkeypatch.setattr(store.live, "list", None)
    known = {"If-None-Match": first.headers["etag"]}
    again = await client.get(f"{URL}?limit=2000", headers=known)
    assert again.status_code == 304
    assert again.headers["etag"] == first.headers["etag"]
    assert following(again) == following(first) is not None


async def test_a_known_range_in_gzip_is_known(client: httpx.AsyncClient, many: int) -> None:
    packed = {"Accept-Encoding": "gzip"}
    first = await client.get(URL, headers=packed)
    tag = first.headers["etag"]
    assert tag.endswith('-gzip"')
    again = await client.get(URL, headers={**packed, "If-None-Match": tag})
    assert (again.status_code, again.headers["etag"]) == (304, tag)


async def test_each_shape_of_a_range_has_a_tag_of_its_own(
    client: httpx.AsyncClient, brief: None
) -> None:
    queries = ["", "columns=soc", "columns=load_kwh", "columns=soc,load_kwh", "order=desc",
               "limit=3", "include=configuration", "from=2022-12-31T00:00:00Z"]  # fmt: skip
    tags = {await tag_of(client, query) for query in queries}
    tags |= {await tag_of(client, "limit=3", media_type) for media_type in (CSV, NDJSON)}
    assert len(tags) == len(queries) + 2
    for tag in tags:
        assert re.fullmatch(r'"[0-9a-f]{16}\.[0-9]*-[0-9a-f]{24}"', tag)


@pytest.mark.parametrize("media_type", [CSV, NDJSON])
async def test_a_page_of_a_table_is_known_by_its_tag(
    client: httpx.AsyncClient, brief: None, media_type: str
) -> None:
    tag = await tag_of(client, "limit=2", media_type)
    known = taking(media_type, **{"If-None-Match": tag})
    answer = await client.get(f"{URL}?limit=2", headers=known)
    assert (answer.status_code, following(answer) is not None) == (304, True)
    assert await status_for(client, tag, "limit=2") == 200


CHANGES: dict[str, tuple[str, dict[str, Any], bool]] = {
    "a new reading": ("", reading("2023-01-01T00:05:00Z"), True),
    "another value": ("?on_conflict=replace", reading("2023-01-01T00:00:00Z", soc=1), True),
    "the same again": ("", reading("2023-01-01T00:00:00Z"), False),
    "outside of the range": ("", reading("2023-02-01T00:00:00Z"), False),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_tag_is_another_after_a_change_in_its_range(
    client: httpx.AsyncClient, brief: None, change: str
) -> None:
    query, body, seen = CHANGES[change]
    month = "to=2023-02-01T00:00:00Z"
    tag = await tag_of(client, month)
    assert (await client.post(URL + query, json=body)).status_code < 300
    assert (await tag_of(client, month) != tag) is seen
    assert await status_for(client, tag, month) == (200 if seen else 304)


# The configurations in force


async def included(client: httpx.AsyncClient, query: str = "") -> list[tuple[Any, Any, int]]:
    answer = await client.get(f"{URL}?include=configuration&{query}")
    return [
        (stretch["from"], stretch.get("to"), stretch["configuration"]["revision"])
        for stretch in answer.json()["configurations"]
    ]


@pytest.fixture
async def rebuilt(client: httpx.AsyncClient, brief: None) -> None:
    """A site that was built at 00:05 and rebuilt at 00:15, in the time of its readings."""
    for capacity, since in ((100, "2023-01-01T00:05:00Z"), (200, "2023-01-01T00:15:00Z")):
        body = configuration(capacity, since)
        answer = await client.post("/v1/sites/1/configuration", json=body)
        assert answer.status_code == 201


async def test_a_range_without_include_has_no_configurations(
    client: httpx.AsyncClient, rebuilt: None
) -> None:
    assert set((await client.get(URL)).json()) == {"dt-stamp", *COLUMNS}


async def test_configurations_are_cut_to_the_range_and_open_where_it_is(
    client: httpx.AsyncClient, rebuilt: None
) -> None:
    five, quarter = "2023-01-01T00:05:00Z", "2023-01-01T00:15:00Z"
    ten, twenty = "2023-01-01T00:10:00Z", "2023-01-01T00:20:00Z"
    assert await included(client) == [(five, quarter, 1), (quarter, None, 2)]
    assert await included(client, f"from={ten}&to={twenty}") == [
        (ten, quarter, 1),
        (quarter, twenty, 2),
    ]
    assert await included(client, f"to={five}") == []
    assert await included(client, "order=desc") == await included(client)


async def test_configurations_are_cut_to_what_a_page_shows(
    client: httpx.AsyncClient, rebuilt: None
) -> None:
    five, quarter = "2023-01-01T00:05:00Z", "2023-01-01T00:15:00Z"
    ten = "2023-01-01T00:10:00Z"
    assert await included(client, "limit=1") == [(five, ten, 1)]
    assert await included(client, "limit=1&order=desc") == [
        ("2023-01-01T00:10:01Z", quarter, 1),
        (quarter, None, 2),
    ]
    page = await client.get(f"{URL}?include=configuration&limit=2")
    rest = await client.get(following(page) or "")
    both = page.json()["configurations"] + rest.json()["configurations"]
    assert [(s["from"], s.get("to")) for s in both] == [
        (five, quarter),
        (quarter, "2023-01-01T00:20:00Z"),
        ("2023-01-01T00:20:00Z", None),
    ]


async def test_a_configuration_in_a_range_is_as_get_configuration_gives_it(
    client: httpx.AsyncClient, rebuilt: None
) -> None:
    listed = (await client.get(f"{URL}?include=configuration")).json()["configurations"]
    alone = await client.get("/v1/sites/1/configuration")
    assert listed[-1]["configuration"] == alone.json()


async def test_a_new_configuration_changes_the_tag_of_who_asks_for_it_alone(
    client: httpx.AsyncClient, rebuilt: None, clock: Clock
) -> None:
    with_it, without = await tag_of(client, "include=configuration"), await tag_of(client)
    body = configuration(300, "2023-01-01T00:10:00Z")
    assert (await client.post("/v1/sites/1/configuration", json=body)).status_code == 201
    assert await status_for(client, with_it, "include=configuration") == 200
    assert await status_for(client, without) == 304


async def test_a_range_with_configurations_is_not_for_posting_back(
    client: httpx.AsyncClient, rebuilt: None
) -> None:
    listed = await client.get(f"{URL}?include=configuration")
    assert (await client.post(URL, content=orjson.dumps(listed.json()),
                              headers={"Content-Type": JSON})).status_code == 422  # fmt: skip


@pytest.mark.parametrize("media_type", [CSV, NDJSON])
async def test_a_table_includes_no_configurations(
    client: httpx.AsyncClient, media_type: str
) -> None:
    answer = await client.get(f"{URL}?include=configuration", headers=taking(media_type))
    assert answer.status_code == 400
    assert [(f["name"], f["keyword"]) for f in answer.json()["errors"]] == [
        ("include", "x-media-type")
    ]


async def test_the_next_page_includes_configurations_too(
    client: httpx.AsyncClient, rebuilt: None
) -> None:
    page = await client.get(f"{URL}?include=configuration&limit=1")
    assert "configurations" in (await client.get(following(page) or "")).json()

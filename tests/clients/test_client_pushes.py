"""What the Python client makes of readings that are pushed and read."""

import json
import math
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import numpy
import pandas
import pytest
from program import example
from readings_of_tests import START, day, row, rows

from sitewatt_client import Client, Receipt, errors
from sitewatt_client.frames import columns_of_frame


async def all_of(receipts: AsyncIterator[Receipt]) -> Receipt:
    whole = Receipt()
    async for receipt in receipts:
        whole += receipt
    return whole


async def test_a_conflict_is_told_and_does_not_stop_the_rest(sites: Client, site: int) -> None:
    await sites.push(site, row(1))
    receipt = await sites.push(site, {**day(), "soc": [50] * 144})
    assert (receipt.received, receipt.stored, receipt.conflicts) == (144, 143, 1)
    assert receipt.conflicting == ({"dt-stamp": "2023-01-01T00:10:00Z", "columns": ["soc"]},)
    assert (await sites.push(site, row(1, soc=50), on_conflict="replace")).replaced == 1


async def test_the_same_again_is_unchanged_and_a_dry_run_stores_nothing(
    sites: Client, site: int
) -> None:
    assert (await sites.push(site, day(), dry_run=True)).stored == 144
    assert (await sites.push(site, day())).stored == 144
    assert (await sites.push(site, day())).unchanged == 144


async def test_a_refused_push_shows_pointer_and_hint(sites: Client, site: int) -> None:
    broken = {**example("brief_live"), "soc": [0, 101], "Load_kwh": []}
    with pytest.raises(errors.InvalidBody) as refused:
        await sites.push(site, broken)
    text = str(refused.value)
    assert text.startswith("422 The body breaks the contract: ")
    assert "body /soc/1: must not be more than 100" in text
    assert "(did you mean `load_kwh`?)" in text
    assert len(refused.value.request_id) == 16


async def test_a_stamp_without_a_time_zone_is_refused_by_the_client(
    sites: Client, site: int
) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        await sites.push(site, row(0, **{"dt-stamp": datetime(2023, 1, 1)}))  # noqa: DTZ001


BAD: list[dict[str, Any]] = [
    row(3, soc=101),
    row(5, load_kwh="350"),
    row(7, **{"dt-stamp": "2023-13-01 00:00:00"}),
    row(8, **{"dt-stamp": "2099-01-01 00:00:00"}),
    {"dt-stamp": "2023-01-01 02:00:00", "soc": 1},
    row(11, load=3),
    row(12, soc=math.nan),
    row(13, soc=None),
]


async def test_one_bad_reading_does_not_block_the_rest(sites: Client, site: int) -> None:
    good = [row(place) for place in range(100, 400)]
    mixed = [*good[:100], *BAD[:4], *good[100:200], *BAD[4:], *good[200:]]
    receipts = [receipt async for receipt in sites.push_all(site, mixed, batch=150)]
    assert [receipt.received + len(receipt.refused) for receipt in receipts] == [150, 150, 8]
    whole = await all_of(sites.push_all(site, mixed))
    assert (whole.unchanged, len(whole.refused)) == (300, 8)
    faults = {id(bad.reading): {fault["pointer"] for fault in bad.faults} for bad in whole.refused}
    expected = [{"/soc"}, {"/load_kwh"}, {"/dt-stamp"}, {"/dt-stamp"}]
    assert [faults[id(bad)] for bad in BAD[:4]] == expected
    assert faults[id(BAD[4])] == {""}
    assert faults[id(BAD[5])] == {"/load"}
    assert faults[id(BAD[7])] == {"/soc"}
    assert len((await sites.columns(site))["dt-stamp"]) == 300


async def test_a_moment_that_comes_twice_is_unchanged_or_a_conflict(
    sites: Client, site: int
) -> None:
    readings = [row(0), row(1), row(0), row(1, soc=77), row(2)]
    whole = await all_of(sites.push_all(site, readings))
    assert (whole.stored, whole.unchanged, whole.conflicts, whole.refused) == (3, 1, 1, ())


async def test_more_faults_than_a_problem_lists_are_all_found(sites: Client, site: int) -> None:
    bad = [row(place, soc=-1 if place % 2 else 1) for place in range(600)]
    whole = await all_of(sites.push_all(site, bad))
    assert (whole.stored, len(whole.refused)) == (300, 300)


async def test_a_site_that_is_not_there_is_no_fault_of_the_readings(sites: Client) -> None:
    with pytest.raises(errors.NotFound):
        await all_of(sites.push_all(2**31 - 1, rows(3)))
    with pytest.raises(errors.BadRequest):
        await all_of(sites.push_all(-1, rows(3)))


async def test_readings_come_from_anything_that_yields_them(sites: Client, site: int) -> None:
    async def live() -> AsyncIterator[dict[str, Any]]:
        for reading in rows(10):
            yield reading

    assert (await all_of(sites.push_all(site, live(), batch=3))).stored == 10
    assert (await all_of(sites.push_all(site, iter(rows(10)), batch=3))).unchanged == 10
    assert (await all_of(sites.push_all(site, day()))).stored == 134
    assert [receipt async for receipt in sites.push_all(site, [])] == []


async def test_values_of_numpy_go_by_row_and_by_column(sites: Client, site: int) -> None:
    numbers = {"soc": numpy.int64(50), "pv_notification": numpy.bool_(True)}
    numbers |= {"load_kwh": numpy.float32(1.5)}
    taken = [row(place, **numbers) for place in range(3)]
    assert (await sites.push(site, taken[0])).stored == 1
    assert [receipt.received async for receipt in sites.push_all(site, taken)] == [3]
    columns = {**day(), "soc": [numpy.int64(50)] * 144, "load_kwh": numpy.full(144, 1.5)}
    columns["pv_notification"] = [numpy.bool_(True)] * 144
    assert (await sites.push(site, columns)).unchanged == 3
    with pytest.raises(TypeError, match="nothing that JSON has"):
        await sites.push(site, row(0, soc=object()))


async def test_readings_are_read_over_pages_in_both_orders(sites: Client, site: int) -> None:
    await all_of(sites.push_all(site, rows(250)))
    pages = [page async for page in sites.series(site, page=100)]
    assert [len(page["dt-stamp"]) for page in pages] == [100, 100, 50]
    taken = [reading["soc"] async for reading in sites.readings(site, START, columns=["soc"])]
    assert taken == [reading["soc"] for reading in rows(250)]
    down = [
        reading async for reading in sites.readings(site, end=START.replace(day=2), order="desc")
    ]
    assert (len(down), down[0]["dt-stamp"]) == (144, "2023-01-01T23:50:00Z")


async def test_what_is_read_by_column_can_be_pushed_as_it_is(sites: Client, site: int) -> None:
    await sites.push(site, day())
    assert (await sites.push(site, await sites.columns(site))).unchanged == 144


async def test_an_export_is_a_table_in_lines(sites: Client, site: int) -> None:
    await sites.push(site, day())
    lines = [line async for line in sites.export(site, columns=["soc"])]
    assert (lines[0], lines[1], len(lines)) == (
        b"dt-stamp,soc (%)\r\n",
        b"2023-01-01T00:00:00Z,0\r\n",
        145,
    )
    objects = [json.loads(line) async for line in sites.export(site, format="ndjson")]
    assert objects == [reading async for reading in sites.readings(site)]
    with pytest.raises(errors.NotFound):
        [line async for line in sites.export(2**31 - 1)]


async def test_a_frame_goes_in_and_comes_out(sites: Client, site: int) -> None:
    await sites.push(site, day())
    frame = await sites.frame(site)
    assert (len(frame), str(frame.index.dtype).endswith("UTC]")) == (144, True)
    assert frame["soc"].max() == 100
    assert (await sites.push(site, frame)).unchanged == 144
    frame["soc"] = 1
    assert (await all_of(sites.push_all(site, frame, batch=100))).conflicts > 100
    assert (await sites.push(site, frame.reset_index(), on_conflict="replace")).replaced > 100


def test_a_frame_without_a_time_zone_is_refused() -> None:
    index = pandas.DatetimeIndex(["2023-01-01"], name="dt-stamp")
    with pytest.raises(ValueError, match="no time zone"):
        columns_of_frame(pandas.DataFrame({"soc": [1]}, index=index))

"""Why readings are in no native time-series collection: it cannot tell a reading sent twice.

When one of these fails with a newer MongoDB, docs/why.md and record 0004 have to be thought over.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

AT = datetime(2023, 1, 1, tzinfo=UTC)
READING: dict[str, Any] = {"_id": 1, "site": 1, "at": AT, "soc": 10}


@pytest.fixture
async def native(real_database: AsyncDatabase[dict[str, Any]]) -> AsyncCollection[dict[str, Any]]:
    fields = {"timeField": "at", "metaField": "site"}
    return await real_database.create_collection("native", timeseries=fields)


async def test_a_time_series_collection_has_no_unique_key(
    native: AsyncCollection[dict[str, Any]],
) -> None:
    with pytest.raises(OperationFailure, match="Unique indexes are not supported"):
        await native.create_index([("site", 1), ("at", 1)], unique=True)


async def test_a_time_series_collection_stores_one_reading_twice(
    native: AsyncCollection[dict[str, Any]],
) -> None:
    await native.insert_one(dict(READING))
    await native.insert_one(dict(READING))
    assert await native.count_documents({"_id": 1}) == 2


async def test_a_time_series_collection_corrects_no_value(
    native: AsyncCollection[dict[str, Any]],
) -> None:
    await native.insert_one(dict(READING))
    with pytest.raises(OperationFailure, match="time-series collection"):
        await native.update_many({"site": 1}, {"$set": {"soc": 11}})

"""Readings by PyMongo's asynchronous client, as one would write it in an afternoon.

One document a reading. Its `_id` is the site and the stamp, so that the unique index that every
collection has is the only one there is to keep.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, ReplaceOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from storage import COLUMNS, Receipt, Values

Document = dict[str, Any]
DUPLICATE_KEY = 11000
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # without a zone, as the driver gives them back


class Conflict(Exception):
    """Stored readings have other values; `receipt` says what became of the rest."""

    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt


class NoReadings(Exception):
    """The site has no readings."""


class Live:
    """The readings of sites."""

    def __init__(self, uri: str) -> None:
        client = AsyncMongoClient[Document](uri, w="majority", journal=True)
        self._live = client.get_default_database()["live"]

    async def push(
        self,
        site_id: int,
        readings: Mapping[int, Values],
        overwrite: bool = False,
        dry_run: bool = False,
    ) -> Receipt:
        """Store what is new; raises Conflict when other values are stored, unless `overwrite`."""
        documents = [_document(site_id, instant, readings[instant]) for instant in readings]
        taken = await (self._taken(documents) if dry_run else self._insert(documents))
        different = await self._different(taken)
        if different and overwrite and not dry_run:
            changes = [ReplaceOne({"_id": document["_id"]}, document) for document in different]
            await self._live.bulk_write(changes, ordered=False)
        receipt = Receipt(
            received=len(readings),
            stored=len(readings) - len(taken),
            unchanged=len(taken) - len(different),
            replaced=len(different) if overwrite else 0,
            conflicts=0 if overwrite else len(different),
            first=min(readings, default=None),
            last=max(readings, default=None),
        )
        if receipt.conflicts and not dry_run:
            raise Conflict(receipt)
        return receipt

    async def latest(self, site_id: int) -> tuple[int, Values]:
        """Return the newest reading; raises NoReadings."""
        newest = {"_id": {"$gte": {"site": site_id}, "$lt": {"site": site_id + 1}}}
        document = await self._live.find_one(newest, sort=[("_id", DESCENDING)])
        if document is None:
            raise NoReadings
        instant = (document["_id"]["stamp"] - EPOCH) // timedelta(seconds=1)
        soc, load, net, pv, bio, cro = (document[column] for column in COLUMNS)
        return instant, (soc, load, net, pv, bio, cro)

    async def between(
        self, site_id: int, start: int, end: int, *, descending: bool, limit: int
    ) -> list[Document]:
        """Return up to `limit` readings with start <= stamp < end (UTC seconds), by stamp."""
        bounds = {"$gte": _id(site_id, start), "$lt": _id(site_id, end)}
        order = DESCENDING if descending else ASCENDING
        # In one batch, where the driver would ask for 101 documents first.
        found = self._live.find({"_id": bounds}, limit=limit, batch_size=limit + 1)
        return await found.sort("_id", order).to_list()

    async def _insert(self, documents: list[Document]) -> list[Document]:
        """Insert documents; return those whose site and stamp were taken."""
        if len(documents) == 1:
            try:
                await self._live.insert_one(documents[0])
            except DuplicateKeyError:
                return documents
        elif documents:
            try:
                await self._live.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                failures = error.details["writeErrors"] if error.details else []
                if any(failure["code"] != DUPLICATE_KEY for failure in failures):
                    raise
                return [documents[failure["index"]] for failure in failures]
        return []

    async def _taken(self, documents: list[Document]) -> list[Document]:
        ids = [document["_id"] for document in documents]
        found = self._live.find({"_id": {"$in": ids}}, {"_id": 1}, batch_size=len(ids) + 1)
        stamps = {document["_id"]["stamp"] async for document in found}
        return [document for document in documents if document["_id"]["stamp"] in stamps]

    async def _different(self, documents: list[Document]) -> list[Document]:
        """Return the documents, of stored stamps, that are not as they are stored."""
        if len(documents) == 1:
            stored = await self._live.find_one({"_id": documents[0]["_id"]})
            return [] if stored == documents[0] else documents
        if not documents:
            return []
        ids = [document["_id"] for document in documents]
        found = self._live.find({"_id": {"$in": ids}}, batch_size=len(ids) + 1)
        known = {document["_id"]["stamp"]: document async for document in found}
        return [document for document in documents if known[document["_id"]["stamp"]] != document]


def _id(site_id: int, instant: int) -> Document:
    return {"site": site_id, "stamp": EPOCH + timedelta(seconds=instant)}


def _document(site_id: int, instant: int, values: Values) -> Document:
    soc, load, net, pv, bio, cro = values
    return {
        "_id": _id(site_id, instant),
        "soc": soc,
        "load_kwh": load,
        "net_load_kwh": net,
        "pv_notification": pv,
        "bio_notification": bio,
        "cro_notification": cro,
    }

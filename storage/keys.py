"""Keys: who may do what, until when. Every change of them is counted in its transaction."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from storage.availability import bounded, limited
from storage.clock import awake_or_not
from storage.database import Database, Document
from storage.errors import KeysExist, Unavailable, UnknownKey
from storage.key_documents import KEYS, key_document, key_of, life_of
from storage.key_state import KeyLooks, KeyStates
from storage.known_keys import REFRESH_SECONDS, STALE_SECONDS, KnownKeys
from storage.model import Key, KeyPage
from storage.watching import Watch


class Keys:
    """The keys of the store. Every method raises Unavailable when the database is."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = awake_or_not) -> None:
        self.database = database
        self._known = KnownKeys(clock)
        self._exist = False
        self._states = KeyStates(database)
        self._looks = KeyLooks(database)
        self._refreshing: asyncio.Task[None] | None = None

    def watch(self, watch: Watch) -> None:
        """Let somebody watch the calls that callers share."""
        self._states.watch = self._looks.watch = watch

    @bounded
    async def create(self, key: Key, *, first: bool = False) -> None:
        """Store a new key; as the `first` only if there is none, else KeysExist.

        Of several that come first at once one is stored: all of them change the count.
        """

        async def work(session: AsyncClientSession) -> None:
            if first and await self.database.keys.find_one({}, {"_id": 1}, session=session):
                raise KeysExist
            await self.database.keys.insert_one(key_document(key), session=session)
            await self._count(session)

        await self.database.transaction(work)

    @bounded
    async def list(self, *, limit: int, after: str | None) -> KeyPage:
        """Return up to `limit` keys with ids greater than `after`, in the order of ids."""
        found = self.database.keys.find({"_id": {"$gt": after or ""}}).sort("_id", ASCENDING)
        keys = [key_of(document) async for document in found.limit(limit + 1)]
        page = keys[:limit]
        return KeyPage(page, page[-1].id if len(keys) > limit else None)

    @bounded
    async def revoke(self, key_id: str) -> None:
        """Remove a key, and all that is known of it; raises UnknownKey."""

        async def work(session: AsyncClientSession) -> None:
            result = await self.database.keys.delete_one({"_id": key_id}, session=session)
            if not result.deleted_count:
                raise UnknownKey(key_id)
            await self._count(session)

        await self.database.transaction(work)

    @bounded
    async def rotate(self, key_id: str, new_id: str, digest: str, *, grace: int, now: int) -> Key:
        """Return a new key with all that the old one may; raises UnknownKey.

        The old one ends after `grace` seconds, if not before; without grace it is removed. The new
        one has as long a life as the old one was given.
        """

        async def work(session: AsyncClientSession) -> Key:
            found = await self.database.keys.find_one({"_id": key_id}, session=session)
            if found is None:
                raise UnknownKey(key_id)
            life = life_of(found)
            expires_at = now + life if life else None
            new = key_of(found)._replace(
                id=new_id, digest=digest, created_at=now, expires_at=expires_at
            )
            await self.database.keys.insert_one(key_document(new), session=session)
            await self._end(found, now + grace if grace else None, session)
            await self._count(session)
            return new

        return await self.database.transaction(work)

    @limited
    async def has_admin(self, *, now: int) -> bool:
        """Return whether there is a key with the scope `admin` that has not expired."""
        lasting = [{"expires_at": {"$exists": False}}, {"expires_at": {"$gt": now}}]
        found = await self.database.keys.find_one({"scopes": "admin", "$or": lasting}, {"_id": 1})
        return found is not None

    async def find(self, key_id: str) -> Key | None:
        """Return the key as it was within the last second; None when there was none."""
        await self._keep_fresh()
        known = self._known.get(key_id)
        return await self._look(key_id) if known is None else known

    def recall(self, key_id: str) -> Key | None:
        """Return the key if `find` would return it without waiting for anything; else None."""
        return self._known.get(key_id) if self._known.age() < REFRESH_SECONDS else None

    async def exist(self, *, at_once: bool = False) -> bool:
        """Return whether there was any key within the last second, or is one now."""
        await (self._refresh() if at_once else self._keep_fresh())
        return self._exist

    async def close(self) -> None:
        """End what runs in the background."""
        if self._refreshing is not None:
            self._refreshing.cancel()
        await self._states.close()
        await self._looks.close()

    async def _keep_fresh(self) -> None:
        """Promise a count of changes that is young enough; a young one is read anew in passing."""
        age = self._known.age()
        if age >= STALE_SECONDS:
            await self._refresh()
        elif age >= REFRESH_SECONDS and self._refreshing is None:
            self._refreshing = asyncio.create_task(self._refresh_beside(), context=Context())

    async def _refresh_beside(self) -> None:
        """Read the count; when that fails, whoever finds it too old tries again and is told."""
        try:
            with suppress(Unavailable):
                await self._refresh()
        finally:
            self._refreshing = None

    @bounded
    async def _refresh(self) -> None:
        asked = self._known.now()
        state = await self._states.now()
        self._exist = state.exist
        self._known.hear(state.changes, asked)

    @bounded
    async def _look(self, key_id: str) -> Key | None:
        generation = self._known.generation
        key = await self._looks.at(key_id)
        if key is not None:
            self._known.remember(key, generation)
        return key

    async def _end(self, key: Document, at: int | None, session: AsyncClientSession) -> None:
        """End the key at an instant, or at once; one that ends sooner is left to it."""
        this = {"_id": key["_id"]}
        if at is None:
            await self.database.keys.delete_one(this, session=session)
        elif key.get("expires_at") is None or key["expires_at"] > at:
            ended = {"expires_at": at, "life": life_of(key)}
            await self.database.keys.update_one(this, {"$set": ended}, session=session)

    async def _count(self, session: AsyncClientSession) -> None:
        await self.database.counters.update_one(
            KEYS, {"$inc": {"last": 1}}, upsert=True, session=session
        )

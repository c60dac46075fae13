"""What workers ask of the keys again and again; who asks at the same time shares the round trip."""

import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from storage.database import CHUNK, Database
from storage.key_documents import KEYS, key_of
from storage.model import Key
from storage.sharing import Asking, Waiter


class KeyState(NamedTuple):
    """How many changes of keys there have been, and whether there is any key, then or later."""

    changes: int
    exist: bool


class KeyStates(Asking[Waiter[KeyState], KeyState]):
    """Tells the state of the keys at some instant after the call."""

    most = sys.maxsize

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock, database.timeout)
        self.database = database

    async def now(self) -> KeyState:
        """Return the state; raises Unavailable in the end, and what the database raised."""
        state: KeyState = await self._ask(Waiter[KeyState](self._clock()))
        return state

    async def _call(self, chosen: list[Waiter[KeyState]]) -> KeyState:
        # In this order: a key that comes in between changes the next count.
        counter = await self.database.counters.find_one(KEYS)
        some = await self.database.keys.find_one({}, {"_id": 1})
        return KeyState(counter["last"] if counter else 0, some is not None)

    def _see(self, waiter: Waiter[KeyState], result: KeyState) -> None:
        waiter.resolve(result)


class _Look(Waiter[Key | None]):
    """Somebody who wants to know a key."""

    __slots__ = ("key_id",)

    def __init__(self, key_id: str, since: float) -> None:
        super().__init__(since)
        self.key_id = key_id


class KeyLooks(Asking[_Look, dict[str, Key]]):
    """Tells keys by their ids."""

    most = CHUNK

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock, database.timeout)
        self.database = database

    async def at(self, key_id: str) -> Key | None:
        """Return the key as it is at some instant after the call, None when it is not there.

        Raises Unavailable after the database's timeout, and what the database raised.
        """
        key: Key | None = await self._ask(_Look(key_id, self._clock()))
        return key

    async def _call(self, chosen: list[_Look]) -> dict[str, Key]:
        ids = list({look.key_id: None for look in chosen})
        found = self.database.keys.find({"_id": {"$in": ids}})
        return {document["_id"]: key_of(document) for document in await found.to_list()}

    def _see(self, waiter: _Look, result: dict[str, Key]) -> None:
        waiter.resolve(result.get(waiter.key_id))

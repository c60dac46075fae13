"""A database whose every call passes a gate, which may hold it back, fail it or answer itself."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple


class Call(NamedTuple):
    """One call of the database, everything it depends on included."""

    collection: str
    method: str
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    chain: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    def __str__(self) -> str:
        parts = [repr(argument) for argument in self.arguments]
        parts += [f"{name}={value!r}" for name, value in self.options.items()]
        chain = "".join(
            f".{name}({', '.join(map(repr, arguments))})" for name, arguments in self.chain
        )
        return f"{self.collection}.{self.method}({', '.join(parts)}){chain}"


Gate = Callable[[Call, Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""Gets a call and what executes it, and returns the answer; a cursor's is the list it holds."""


class Cursor:
    """What was found, read in one step as soon as the first document is asked for."""

    def __init__(self, collection: "Collection", call: Call) -> None:
        self._collection = collection
        self._call = call

    def __getattr__(self, name: str) -> Callable[..., "Cursor"]:
        def chained(*arguments: Any) -> Cursor:
            chain = (*self._call.chain, (name, arguments))
            return Cursor(self._collection, self._call._replace(chain=chain))

        return chained

    async def to_list(self, length: int | None = None) -> list[Any]:
        documents: list[Any] = await self._collection.step(self._call)
        return documents

    async def close(self) -> None:
        """Nothing is open."""

    async def __aiter__(self) -> AsyncIterator[Any]:
        for document in await self.to_list():
            yield document


class Collection:
    def __init__(self, name: str, collection: Any, gate: Gate) -> None:
        self._name = name
        self._collection = collection
        self._gate = gate

    def find(self, *arguments: Any, **options: Any) -> Cursor:
        return Cursor(self, Call(self._name, "find", arguments, options))

    async def aggregate(self, *arguments: Any, **options: Any) -> Cursor:
        return Cursor(self, Call(self._name, "aggregate", arguments, options))

    def with_options(self, **options: Any) -> "Collection":
        return Collection(self._name, self._collection.with_options(**options), self._gate)

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any, **options: Any) -> Any:
            return await self.step(Call(self._name, method, arguments, options))

        return call

    async def step(self, call: Call) -> Any:
        """Return the answer to one call, whatever the gate makes of it."""
        return await self._gate(call, lambda: self._execute(call))

    async def _execute(self, call: Call) -> Any:
        answer = getattr(self._collection, call.method)(*call.arguments, **call.options)
        if call.method not in {"find", "aggregate"}:
            return await answer
        cursor = await answer if call.method == "aggregate" else answer
        for name, arguments in call.chain:
            cursor = getattr(cursor, name)(*arguments)
        return [document async for document in cursor]


class Database:
    """A database of PyMongo's, or the facade's, behind a gate. Commands pass it unseen."""

    def __init__(self, database: Any, gate: Gate) -> None:
        self._database = database
        self._gate = gate
        self.client = database.client

    def __getitem__(self, name: str) -> Collection:
        return Collection(name, self._database[name], self._gate)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

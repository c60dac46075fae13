"""States of a database as values: what a call makes of one, worked out by mongomock once."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import gates
import mongomock
from bson.objectid import ObjectId
from mongomock_facade import ShimmedBulk
from pymongo.errors import BulkWriteError, PyMongoError
from standing import START, Answer

Documents = Mapping[str, Mapping[Any, dict[str, Any]]]
"""Collection to id to document."""

_RESULT = (
    "inserted_id",
    "inserted_ids",
    "matched_count",
    "modified_count",
    "deleted_count",
    "upserted_id",
)


def frozen(value: Any) -> Any:
    """Return something hashable that is equal for equal values, of documents, results, errors."""
    if isinstance(value, Mapping):
        return tuple((key, frozen(value[key])) for key in sorted(value, key=str))
    if isinstance(value, (list, tuple)):
        return tuple(map(frozen, value))
    if value is None or isinstance(value, (int, float, str, bytes, ObjectId)):
        return value
    if isinstance(value, BulkWriteError):
        faults = (value.details or {})["writeErrors"]
        return (type(value).__name__, tuple((each["index"], each["code"]) for each in faults))
    if isinstance(value, PyMongoError):
        return (type(value).__name__, getattr(value, "code", None))
    if hasattr(value, "acknowledged"):
        return tuple(frozen(getattr(value, name, None)) for name in _RESULT)
    return (type(value).__name__, *(frozen(getattr(value, slot)) for slot in value.__slots__))


def call_key(call: gates.Call) -> Any:
    """Return what is equal for calls that do the same."""
    return (call.collection, call.method, frozen(call[2:]))


class State:
    """A database at rest, and what it has turned out to become by each call."""

    def __init__(self, key: Any, documents: Documents) -> None:
        self.key = key
        self.documents = documents
        self.known: dict[Any, tuple[State, Answer, Any]] = {}


class Mongomock:
    """Executes calls on any state of a database; equal states are one object."""

    def __init__(self) -> None:
        self._database = mongomock.MongoClient()["states"]
        self._states: dict[Any, State] = {}
        self._at: State | None = None
        self.executed: list[tuple[State, gates.Call, Any, State]] = []

    def state(self, documents: Documents) -> State:
        """Return the one state with these documents."""
        held = {name: dict(found) for name, found in documents.items() if found}
        key = frozen(held)
        if key not in self._states:
            self._states[key] = State(key, held)
        return self._states[key]

    def execute(self, state: State, call: gates.Call, key: Any) -> tuple[State, Answer, Any]:
        """Return what the call makes of the state, its answer, and the answer's frozen form."""
        if key not in state.known:
            if call.method == START:
                state.known[key] = (state, Answer(None, None), None)
            else:
                state.known[key] = self._execute(state, call)
        return state.known[key]

    def again(self, database: Any, state: State, call: gates.Call) -> tuple[Any, Any]:
        """Return the frozen answer and the state that a call leads to on another database."""
        _load(database, state)
        answer = _try(database, call)
        return answer.seen, self.state(_dump(database)).key

    def _execute(self, state: State, call: gates.Call) -> tuple[State, Answer, Any]:
        if state is not self._at:
            _load(self._database, state)
        value, error, seen = _try(self._database, call)
        self._at = after = self.state(_dump(self._database))
        self.executed.append((state, call, seen, after))
        return after, Answer(value, error), seen


class _Tried(NamedTuple):
    """An answer, and what of it two databases have in common."""

    value: Any
    error: PyMongoError | None
    seen: Any


def _load(database: Any, state: State) -> None:
    for name in database.list_collection_names():
        database[name].delete_many({})
    for name, documents in state.documents.items():
        database[name].insert_many(list(documents.values()))


def _dump(database: Any) -> Documents:
    names = database.list_collection_names()
    return {name: {d["_id"]: d for d in database[name].find()} for name in names}


def _try(database: Any, call: gates.Call) -> _Tried:
    try:
        value = _answer(database[call.collection], call)
    except PyMongoError as error:
        return _Tried(None, error, frozen(error))
    return _Tried(value, None, frozen(value))


def _answer(collection: Any, call: gates.Call) -> Any:
    options = {name: value for name, value in call.options.items() if name != "session"}
    answer = getattr(collection, call.method)(*call.arguments, **options)
    if call.method not in {"find", "aggregate"}:
        return answer
    for name, arguments in call.chain:
        answer = answer if name == "hint" else getattr(answer, name)(*arguments)
    return list(answer)


assert mongomock.collection.BulkOperationBuilder is ShimmedBulk

"""What the store asks of a server: MongoDB 6.0 or newer, as a replica set or behind mongos."""

from storage.database import Database, Document
from storage.errors import Unavailable, UnsuitableServer

_WIRE_VERSION_OF_6_0 = 17


async def greet(database: Database) -> None:
    """Return when the server suits the store and takes writes.

    Raises UnsuitableServer, and Unavailable when it is no writable primary.
    """
    answer = await database.raw.command({"hello": 1})
    if fault := unsuitable(answer):
        raise UnsuitableServer(fault)
    if not answer.get("isWritablePrimary"):
        raise Unavailable("not a writable primary", "not_primary")


def unsuitable(hello: Document) -> str | None:
    """Return why a server that greets so cannot keep what the store promises, or None."""
    if hello.get("maxWireVersion", 0) < _WIRE_VERSION_OF_6_0:
        return "the database is older than MongoDB 6.0"
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        return "the database is a single mongod; make it a replica set (of one member, if need be)"
    return None

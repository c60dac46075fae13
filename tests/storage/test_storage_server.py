"""Which servers suit the store."""

from types import SimpleNamespace
from typing import Any

import pytest

from storage.errors import Unavailable, UnsuitableServer
from storage.server import greet, unsuitable

PRIMARY = {"maxWireVersion": 17, "setName": "rs0", "isWritablePrimary": True}


@pytest.mark.parametrize(
    ("hello", "fault"),
    [
        ({"maxWireVersion": 17, "setName": "rs0"}, None),
        ({"maxWireVersion": 25, "msg": "isdbgrid"}, None),
        ({"maxWireVersion": 13, "setName": "rs0"}, "the database is older than MongoDB 6.0"),
        (
            {"maxWireVersion": 17},
            "the database is a single mongod; make it a replica set (of one member, if need be)",
        ),
        ({}, "the database is older than MongoDB 6.0"),
    ],
)
def test_a_server_suits_that_is_new_enough_and_a_replica_set(
    hello: dict[str, Any], fault: str | None
) -> None:
    assert unsuitable(hello) == fault


def answering(hello: dict[str, Any]) -> Any:
    """A database whose server greets so."""

    async def command(asked: dict[str, int]) -> dict[str, Any]:
        assert asked == {"hello": 1}
        return hello

    return SimpleNamespace(raw=SimpleNamespace(command=command))


async def test_a_server_is_greeted_that_suits_and_takes_writes() -> None:
    await greet(answering(PRIMARY))
    with pytest.raises(UnsuitableServer, match=r"^the database is older than MongoDB 6\.0$"):
        await greet(answering(PRIMARY | {"maxWireVersion": 16}))
    for hello in (PRIMARY | {"isWritablePrimary": False}, {**PRIMARY, "isWritablePrimary": None}):
        with pytest.raises(Unavailable, match=r"should: not a writable primary$") as refusal:
            await greet(answering(hello))
        assert refusal.value.kind == "not_primary"

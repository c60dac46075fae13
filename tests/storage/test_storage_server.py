"""Which servers suit the store."""

from typing import Any

import pytest

from storage.server import unsuitable


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

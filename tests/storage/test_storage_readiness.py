"""Whether the store is ready is the truth, told in time, with the kind of what is wrong."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from private_mongod import PrivateMongod
from second_member import second_member

from storage import NotReady, Store, Unavailable, UnsuitableServer, connect
from storage.errors import MissingRights
from storage.readiness import READY_SECONDS
from storage.rights import ACTIONS, COLLECTIONS, TO_LOOK, missing_rights, require_rights
from storage.validators import validators

IN_TIME = READY_SECONDS + 2
"""Two seconds for a machine that is busy with other things."""


@asynccontextmanager
async def store_of(uri: str, schemas: dict[str, Any]) -> AsyncIterator[Store]:
    async with connect(uri, timeout=20) as client:
        store = Store(client["sitewatt"], schemas=schemas)
        yield store
        await store.close()


async def kind_of(store: Store) -> str:
    """The kind of what keeps the store from its work, which is told in time; "" for nothing."""
    began = time.monotonic()
    try:
        await store.ready()
    except NotReady as refusal:
        return refusal.kind
    finally:
        assert time.monotonic() - began < IN_TIME
    return ""


async def eventually(store: Store, kind: str) -> None:
    async with asyncio.timeout(60):
        while await kind_of(store) != kind:
            await asyncio.sleep(0.1)


async def test_a_store_is_ready_once_it_is_prepared(store: Store, schemas: dict[str, Any]) -> None:
    assert await kind_of(store) == ""
    other = Store(store.database.raw, schemas=schemas, plain=store.database.plain)
    assert await kind_of(other) == "not_prepared"
    await other.prepare()
    assert await kind_of(other) == ""


async def test_what_kept_the_store_from_being_prepared_is_told(
    store: Store, schemas: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Store(store.database.raw, schemas=schemas, plain=store.database.plain)

    async def refused() -> None:
        raise Unavailable("Unauthorized", "unauthorized")

    monkeypatch.setattr(other, "_greet", refused)
    with pytest.raises(Unavailable):
        await other.prepare()
    assert await kind_of(other) == "unauthorized"


async def test_a_database_that_hangs_is_told_in_time_and_taken_back(
    own_mongod: PrivateMongod, schemas: dict[str, Any]
) -> None:
    async with store_of(own_mongod.uri, schemas) as store:
        await store.prepare()
        assert await kind_of(store) == ""
        own_mongod.send(signal.SIGSTOP)
        try:
            kinds = await asyncio.gather(*(kind_of(store) for _ in range(50)))
            assert set(kinds) <= {"timeout", "no_server", "connection", "write_concern"}
            store.readiness.has_room = lambda: False
            assert await kind_of(store) == "disk_full"
        finally:
            own_mongod.send(signal.SIGCONT)
        await eventually(store, "")


async def test_nobody_there_is_no_server(schemas: dict[str, Any]) -> None:
    async with store_of("mongodb://127.0.0.1:1/?replicaSet=none", schemas) as store:
        assert await kind_of(store) == "no_server"


async def test_a_primary_that_has_lost_the_majority_is_not_ready_though_it_takes_writes(
    own_mongod: PrivateMongod, schemas: dict[str, Any]
) -> None:
    with second_member(own_mongod) as second:
        uri = own_mongod.uri.replace("directConnection=true", "replicaSet=tests")
        async with store_of(uri, schemas) as store:
            await store.prepare()
            assert await kind_of(store) == ""
            second.send(signal.SIGSTOP)
            assert await kind_of(store) == "write_concern"
            await eventually(store, "not_primary")


async def test_who_asks_at_the_same_time_shares_one_look(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[None] = []
    ask = store.readiness._ask

    async def counted() -> None:
        looks.append(None)
        await ask()

    monkeypatch.setattr(store.readiness, "_ask", counted)
    await asyncio.gather(*(store.ready() for _ in range(50)))
    assert len(looks) == 1
    await store.ready()
    assert len(looks) == 2


async def test_a_look_that_is_broken_off_is_told_to_nobody_who_has_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    began = asyncio.Event()

    async def hanging() -> None:
        began.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(store.readiness, "_ask", hanging)
    asking = asyncio.create_task(store.ready())
    await began.wait()
    look = store.readiness._look
    assert look is not None
    look.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.sleep(0)
    assert told == []
    monkeypatch.undo()
    assert await kind_of(store) == "", "the next one looks anew"


def privilege(actions: Any, **resource: Any) -> dict[str, Any]:
    return {"resource": resource, "actions": list(actions)}


def test_rights_are_asked_for_on_every_collection_that_there_is(schemas: dict[str, Any]) -> None:
    assert sorted(COLLECTIONS) == sorted(validators(schemas))


LOOK = privilege([TO_LOOK], db="sitewatt", collection="")
ALL = [*ACTIONS, TO_LOOK]


@pytest.mark.parametrize(
    ("privileges", "missing"),
    [
        ([], ALL),
        ([privilege(ALL, db="sitewatt", collection="")], []),
        ([privilege(ALL, db="", collection="")], []),
        ([privilege(ALL, anyResource=True)], []),
        ([privilege(ALL, cluster=True)], ALL),
        ([privilege(ALL, db="other", collection="")], ALL),
        ([privilege(ALL, db="sitewatt", collection="live"), LOOK], [*ACTIONS]),
        ([privilege(ALL, db="sitewatt", collection=c) for c in COLLECTIONS], [TO_LOOK]),
        ([*(privilege(ALL, db="sitewatt", collection=c) for c in COLLECTIONS), LOOK], []),
        ([privilege(ACTIONS[:-1], db="sitewatt", collection=""), LOOK], ["collMod"]),
        (
            [
                privilege(ACTIONS[:-1], db="sitewatt", collection=""),
                privilege(["collMod", TO_LOOK], db="", collection=""),
            ],
            [],
        ),
    ],
)
def test_the_rights_that_are_missing_are_named(privileges: Any, missing: list[str]) -> None:
    assert missing_rights(privileges, "sitewatt") == missing


def answering(**known: Any) -> Any:
    """A database that says so of who asks it."""

    async def command(asked: dict[str, Any]) -> dict[str, Any]:
        assert asked == {"connectionStatus": 1, "showPrivileges": True}
        return {"ok": 1, "authInfo": known} if known else {"ok": 1}

    return SimpleNamespace(raw=SimpleNamespace(command=command, name="sitewatt"))


async def test_a_user_needs_all_rights_and_where_there_are_no_users_nobody_needs_any() -> None:
    users, some = [{"user": "one", "db": "admin"}], [privilege(ACTIONS, db="", collection="")]
    await require_rights(answering())
    await require_rights(answering(authenticatedUsers=[], authenticatedUserPrivileges=[]))
    all_rights = [*some, LOOK]
    await require_rights(
        answering(authenticatedUsers=users, authenticatedUserPrivileges=all_rights)
    )
    with pytest.raises(MissingRights, match="the database `sitewatt`: listCollections;") as refusal:
        await require_rights(answering(authenticatedUsers=users, authenticatedUserPrivileges=some))
    assert refusal.value.missing == [TO_LOOK]


async def test_a_user_without_collmod_is_told_before_anything_is_changed(
    real_store: Store, schemas: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words of a real server; a server that checks passwords is the system tests' affair."""
    other, command = (
        Store(real_store.database.raw, schemas=schemas),
        type(real_store.database.raw).command,
    )

    async def restricted(self: Any, asked: Any, *args: Any, **options: Any) -> Any:
        answer = await command(self, asked, *args, **options)
        if "connectionStatus" in asked:
            answer["authInfo"] = {
                "authenticatedUsers": [{"user": "one", "db": "admin"}],
                "authenticatedUserPrivileges": [
                    privilege([*ACTIONS[:-1], TO_LOOK], db=other.database.raw.name, collection="")
                ],
            }
        return answer

    monkeypatch.setattr(type(real_store.database.raw), "command", restricted)
    for refused in (other.ping(), other.prepare()):
        with pytest.raises(UnsuitableServer, match="collMod; give it the roles"):
            await refused
    assert await kind_of(other) == "unauthorized"

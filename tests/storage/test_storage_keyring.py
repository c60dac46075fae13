"""Whom the keys of a store let in, and who else is while there is none."""

from typing import Any, NamedTuple

import pytest
from minted import NOW, Steady, minted

from sitewatt.auth import (
    ANYONE,
    BOOTSTRAP,
    AdminKey,
    Forbidden,
    ForeignRequest,
    Identity,
    Unauthenticated,
)
from sitewatt.keyring import Keyring
from storage import Key, Store, Unavailable
from storage.key_texts import mint_key
from storage.keys import Keys
from storage.known_keys import STALE_SECONDS

HERE, ELSEWHERE = {"host": "localhost"}, {"host": "sites.example"}
ADMIN = "k" * 32


class Made(NamedTuple):
    """A key in the store, and the headers of who has it."""

    key: Key
    headers: dict[str, str]


async def made(store: Store, **changes: Any) -> Made:
    key, text = minted(**changes)
    await store.keys.create(key)
    return Made(key, {"x-api-key": text})


def ring(keys: Keys, *, admin: bool = False, may_open: bool = True) -> Keyring:
    admin_key = AdminKey(ADMIN) if admin else None
    return Keyring(keys, lambda: NOW, admin_key=admin_key, may_open=may_open)


async def test_a_key_is_its_scopes_and_its_sites(store: Store, worker: Keys) -> None:
    plain = await made(store)
    bound = await made(store, sites=frozenset({7}), scopes=frozenset({"read", "write_live"}))
    for each in (plain, bound, bound):
        who = await ring(worker).authorize(each.headers | ELSEWHERE, ["read"])
        assert who == Identity(each.key.id, each.key.scopes, each.key.sites)


async def test_a_scope_that_the_key_lacks_is_forbidden(store: Store, worker: Keys) -> None:
    one = await made(store)
    with pytest.raises(Forbidden) as refusal:
        await ring(worker).authorize(one.headers, ["read", "admin"])
    assert refusal.value.scopes == ("admin", "read")


@pytest.mark.parametrize(("seconds", "over"), [(-1, True), (0, True), (1, False)])
async def test_a_key_is_over_at_the_second_of_its_end(
    store: Store, worker: Keys, seconds: int, over: bool
) -> None:
    one = await made(store, expires_at=NOW + seconds)
    if not over:
        assert (await ring(worker).authorize(one.headers, ["read"])).key_id == one.key.id
        return
    with pytest.raises(Unauthenticated) as refusal:
        await ring(worker).authorize(one.headers, ["read"])
    assert refusal.value.detail == str(refusal.value) == "The key has expired."


async def test_a_text_that_differs_in_its_secret_alone_is_no_key(
    store: Store, worker: Keys
) -> None:
    one = await made(store)
    text = one.headers["x-api-key"]
    await ring(worker).authorize(one.headers, ["read"])
    other = text[:-1] + ("0" if text[-1] != "0" else "1")
    for wrong in (other, text[:16], text.replace("sw_", "xx_"), mint_key().text, "rubbish", ADMIN):
        for remembered in (worker, store.keys):
            with pytest.raises(Unauthenticated) as refusal:
                await ring(remembered).authorize({"x-api-key": wrong} | HERE, ["read"])
            assert refusal.value.detail == "The key is not known here."


async def test_a_key_that_is_remembered_costs_no_read_nor_does_what_is_none(
    store: Store, worker: Keys
) -> None:
    one = await made(store)
    await ring(worker).authorize(one.headers, ["read"])

    async def away(key_id: str) -> None:
        raise Unavailable("it is away")

    worker.find = away  # type: ignore[assignment,method-assign]
    assert (await ring(worker).authorize(one.headers, ["read"])).key_id == one.key.id
    with pytest.raises(Unavailable):
        await ring(worker).authorize({"x-api-key": mint_key().text}, ["read"])
    with pytest.raises(Unauthenticated):
        await ring(worker).authorize({"x-api-key": "no key at all"}, ["read"])


async def test_the_key_of_the_settings_may_do_everything_and_closes_the_service(
    worker: Keys,
) -> None:
    closed = ring(worker, admin=True)
    assert await closed.authorize({"x-api-key": ADMIN} | ELSEWHERE, ["admin"]) is BOOTSTRAP
    await closed.admit(ELSEWHERE)
    with pytest.raises(Unauthenticated) as refusal:
        await closed.authorize(HERE, ["read"])
    assert refusal.value.detail == "Send a key: Authorization: Bearer KEY, or X-API-Key: KEY."


async def test_without_keys_this_machine_is_let_in_whatever_it_brings(worker: Keys) -> None:
    opened = ring(worker)
    with pytest.raises(ForeignRequest):
        await opened.admit(ELSEWHERE)
    for headers in (HERE, HERE | {"x-api-key": "rubbish"}, HERE | {"x-api-key": mint_key().text}):
        assert await opened.authorize(headers, ["admin"]) is ANYONE
        with pytest.raises(ForeignRequest):
            await opened.authorize(headers | ELSEWHERE, ["read"])
        with pytest.raises(ForeignRequest):
            await opened.admit(ELSEWHERE)
        await opened.admit(HERE)


async def test_a_service_that_others_can_reach_is_never_open(worker: Keys) -> None:
    shut = ring(worker, may_open=False)
    with pytest.raises(Unauthenticated):
        await shut.authorize(HERE, ["read"])
    await shut.admit(ELSEWHERE)


async def test_the_first_key_closes_the_service_within_a_second_and_for_admin_at_once(
    store: Store, worker: Keys, steady: Steady
) -> None:
    opened = ring(worker)
    assert await opened.authorize(HERE, ["read"]) is ANYONE
    await made(store)
    assert await opened.authorize(HERE, ["read"]) is ANYONE, "it was looked at just now"
    with pytest.raises(ForeignRequest):
        await opened.admit(ELSEWHERE)
    with pytest.raises(Unauthenticated):
        await opened.authorize(HERE, ["admin"])
    await opened.admit(ELSEWHERE)
    steady.now += STALE_SECONDS + 0.01
    with pytest.raises(Unauthenticated):
        await opened.authorize(HERE, ["read"])


async def test_who_would_be_refused_while_the_service_was_open_is_looked_at_again(
    store: Store, worker: Keys, steady: Steady
) -> None:
    opened = ring(worker)
    await opened.authorize(HERE, ["read"])
    await made(store)
    steady.now += STALE_SECONDS + 0.01
    await opened.admit(ELSEWHERE)


async def test_when_nobody_knows_whether_there_is_a_key_none_from_elsewhere_is_admitted(
    worker: Keys, steady: Steady
) -> None:
    opened = ring(worker)
    await opened.authorize(HERE, ["read"])

    async def away() -> None:
        raise Unavailable("it is away")

    worker._states.now = away  # type: ignore[assignment,method-assign]
    steady.now += STALE_SECONDS + 0.01
    with pytest.raises(ForeignRequest):
        await opened.admit(ELSEWHERE)
    with pytest.raises(Unavailable):
        await opened.authorize(HERE, ["read"])

"""Keys in the store: every change is counted, and what is remembered is never older than a second.

Of what is remembered nothing is said after a change, whichever worker made it.
"""

import asyncio
from typing import Any

import pytest
from minted import NOW, Steady, minted
from pymongo.errors import WriteError

from storage import Key, KeysExist, Store, Unavailable, UnknownKey
from storage.key_texts import key_id_of, mint_key, without_secrets
from storage.keys import Keys
from storage.known_keys import REFRESH_SECONDS, STALE_SECONDS, KnownKeys


def new_key(**changes: Any) -> Key:
    return minted(**changes)[0]


async def test_a_key_is_kept_as_it_was_made(store: Store) -> None:
    bound = new_key(sites=frozenset({1, 7}), label="gateway", expires_at=NOW + 9)
    for key in (new_key(), bound, new_key(scopes=frozenset({"admin", "read"}))):
        await store.keys.create(key)
        assert await store.keys.find(key.id) == key


async def test_keys_are_listed_by_their_ids_a_page_at_a_time(store: Store) -> None:
    made = sorted([new_key() for _ in range(5)], key=lambda key: key.id)
    for key in reversed(made):
        await store.keys.create(key)
    first = await store.keys.list(limit=3, after=None)
    assert first == (made[:3], made[2].id)
    assert await store.keys.list(limit=3, after=first.next) == (made[3:], None)


async def test_a_revoked_key_is_gone_with_all_that_was_known_of_it(store: Store) -> None:
    key = new_key()
    await store.keys.create(key)
    await store.keys.revoke(key.id)
    assert await store.database.keys.find_one({"_id": key.id}) is None
    for again in (store.keys.revoke(key.id), store.keys.revoke("0" * 12)):
        with pytest.raises(UnknownKey):
            await again


async def test_a_rotated_key_has_the_rights_and_the_life_of_the_old_one(store: Store) -> None:
    old = new_key(sites=frozenset({3}), label="pump", expires_at=NOW + 1_000)
    await store.keys.create(old)
    new = await store.keys.rotate(old.id, "0" * 12, "f" * 64, grace=0, now=NOW + 400)
    lasting = {"created_at": NOW + 400, "expires_at": NOW + 1_400}
    assert new == old._replace(id="0" * 12, digest="f" * 64, **lasting)
    assert (await store.keys.list(limit=9, after=None)).keys == [new]


@pytest.mark.parametrize(("expires_at", "ends"), [(None, 60), (50, 50), (70, 60)])
async def test_with_grace_the_old_key_goes_on_for_so_long_and_no_longer_than_it_would(
    store: Store, expires_at: int | None, ends: int
) -> None:
    old = new_key(expires_at=None if expires_at is None else NOW + expires_at)
    await store.keys.create(old)
    await store.keys.rotate(old.id, "0" * 12, "f" * 64, grace=60, now=NOW)
    kept = await store.keys.find(old.id)
    assert kept is not None
    assert kept.expires_at == NOW + ends


@pytest.mark.parametrize("life", [None, 1_000])
async def test_a_key_that_is_rotated_again_in_its_grace_gives_the_life_that_it_was_given(
    store: Store, life: int | None
) -> None:
    old = new_key(expires_at=None if life is None else NOW + life)
    await store.keys.create(old)
    for number, at in enumerate((NOW, NOW + 10, NOW + 20)):
        new = await store.keys.rotate(old.id, f"{number:012}", f"{number:064}", grace=60, now=at)
        assert new.expires_at == (None if life is None else at + life)
    kept = await store.keys.find(old.id)
    assert kept is not None
    assert kept.expires_at == NOW + 60


async def test_a_key_that_is_not_there_is_not_rotated(store: Store) -> None:
    with pytest.raises(UnknownKey):
        await store.keys.rotate("1" * 12, "0" * 12, "f" * 64, grace=0, now=NOW)
    assert (await store.keys.list(limit=9, after=None)).keys == []


async def test_of_many_that_would_be_the_first_key_one_is(real_store: Store) -> None:
    asked = [real_store.keys.create(new_key(), first=True) for _ in range(8)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert answers.count(None) == 1
    assert sum(isinstance(answer, KeysExist) for answer in answers) == 7
    assert len((await real_store.keys.list(limit=9, after=None)).keys) == 1


async def test_every_change_is_counted(store: Store) -> None:
    key = new_key()
    await store.keys.create(key)
    await store.keys.rotate(key.id, "0" * 12, "f" * 64, grace=5, now=NOW)
    await store.keys.revoke(key.id)
    counter = await store.database.counters.find_one({"_id": "keys"})
    assert counter is not None
    assert counter["last"] == 3


async def test_a_change_by_another_worker_is_known_within_a_second(
    store: Store, worker: Keys, steady: Steady
) -> None:
    key = new_key()
    assert not await worker.exist()
    await store.keys.create(key)
    steady.now += STALE_SECONDS + 0.01
    assert await worker.exist()
    assert await worker.find(key.id) == key
    await store.keys.revoke(key.id)
    assert await worker.find(key.id) == key, "it is remembered"
    steady.now += STALE_SECONDS + 0.01
    assert await worker.find(key.id) is None
    assert not await worker.exist()


async def test_a_count_that_ages_is_read_beside_the_requests(
    store: Store, worker: Keys, steady: Steady
) -> None:
    key = new_key()
    await store.keys.create(key)
    assert await worker.find(key.id) == key
    await store.keys.revoke(key.id)
    steady.now += REFRESH_SECONDS
    assert await worker.find(key.id) == key
    assert worker._refreshing is not None
    await worker._refreshing
    assert await worker.find(key.id) is None


async def test_a_count_that_is_read_beside_the_requests_ends_with_the_store(
    worker: Keys, steady: Steady, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not await worker.exist()

    async def hanging() -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(worker._states, "now", hanging)
    steady.now += REFRESH_SECONDS
    assert not await worker.exist()
    reading = worker._refreshing
    assert reading is not None
    await asyncio.sleep(0)
    await worker.close()
    await asyncio.wait({reading}, timeout=5)
    assert reading.cancelled()


async def test_a_key_is_not_taken_when_nobody_knows_whether_it_still_holds(
    store: Store, worker: Keys, steady: Steady
) -> None:
    key = new_key()
    await store.keys.create(key)
    assert await worker.find(key.id) == key

    async def away() -> None:
        raise Unavailable("it is away")

    worker._states.now = away  # type: ignore[assignment,method-assign]
    steady.now += REFRESH_SECONDS
    assert await worker.find(key.id) == key, "the count is young enough still"
    await asyncio.sleep(0.01)
    steady.now += STALE_SECONDS + 0.01
    with pytest.raises(Unavailable):
        await worker.find(key.id)


async def test_a_key_that_is_looked_up_while_it_is_revoked_is_not_remembered(
    store: Store, worker: Keys, steady: Steady
) -> None:
    key = new_key()
    await store.keys.create(key)
    await worker.exist()
    looked, read = asyncio.Event(), asyncio.Event()
    plain = worker._looks.at

    async def slow(key_id: str) -> Key | None:
        found = await plain(key_id)
        read.set()
        await looked.wait()
        return found

    worker._looks.at = slow  # type: ignore[method-assign]
    slowly = asyncio.create_task(worker.find(key.id))
    await read.wait()
    await store.keys.revoke(key.id)
    steady.now += STALE_SECONDS + 0.01
    await worker.exist()
    looked.set()
    await slowly
    assert worker._known.get(key.id) is None


async def test_keys_that_nobody_has_are_not_remembered(store: Store) -> None:
    for number in range(20):
        assert await store.keys.find(f"{number:012x}") is None
    assert store.keys._known._keys == {}


def test_a_memory_of_keys_forgets_the_oldest_and_all_of_them_after_a_minute() -> None:
    steady = Steady()
    known = KnownKeys(steady)
    known.hear(1, steady())
    many = [new_key(sites=frozenset(range(1_000))) for _ in range(150)]
    for key in many:
        known.remember(key, known.generation)
    kept = [key.id for key in many if known.get(key.id)]
    assert kept == [key.id for key in many[-99:]]
    steady.now += 61
    known.hear(1, steady())
    assert known.get(kept[-1]) is None


@pytest.mark.parametrize("seconds", [None, -1, 1])
async def test_an_admin_key_is_one_that_has_not_expired(store: Store, seconds: int | None) -> None:
    assert not await store.keys.has_admin(now=NOW)
    await store.keys.create(new_key(expires_at=NOW + 1_000))
    assert not await store.keys.has_admin(now=NOW)
    expires_at = None if seconds is None else NOW + seconds
    await store.keys.create(new_key(scopes=frozenset({"admin"}), expires_at=expires_at))
    assert await store.keys.has_admin(now=NOW) == (seconds != -1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("_id", "short"),
        ("digest", "f" * 63),
        ("scopes", ["everything"]),
        ("scopes", []),
        ("sites", [0]),
        ("label", 5),
        ("key", "sw_"),
        ("expires_at", "never"),
    ],
)
async def test_a_bad_key_written_behind_the_services_back_is_refused(
    real_store: Store, field: str, value: Any
) -> None:
    right = {"_id": "0" * 12, "digest": "f" * 64, "scopes": ["read"], "created_at": NOW}
    with pytest.raises(WriteError, match="Document failed validation"):
        await real_store.database.keys.insert_one({**right, field: value})
    await real_store.database.keys.insert_one(right)


def test_a_text_names_its_id_and_has_256_random_bits() -> None:
    minted = mint_key()
    assert key_id_of(minted.text) == minted.id
    assert len({mint_key().text[-64:] for _ in range(100)}) == 100
    for text in (minted.text[:-1], f"{minted.text}0", minted.text.upper(), f" {minted.text}", ""):
        assert key_id_of(text) is None


def test_a_secret_is_left_out_of_what_is_told_whole_or_cut() -> None:
    minted = mint_key()
    for text in (minted.text, minted.text[:40]):
        told = without_secrets(f"DELETE /v1/keys/{text} 400")
        assert told.startswith(f"DELETE /v1/keys/sw_{minted.id}_...")
        assert minted.text[16:40] not in told
        assert without_secrets(text.upper()) == f"SW_{minted.id.upper()}_..."
    assert without_secrets(f"/v1/{minted.text[-64:]}/live") == "/v1/.../live"
    assert without_secrets(f"/v1/{minted.text[-63:]}") == f"/v1/{minted.text[-63:]}"

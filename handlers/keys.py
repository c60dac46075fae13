"""Operations on keys. The text of a key is in the answer that makes it, and nowhere else."""

from collections.abc import Mapping
from typing import Any

from handlers import cursors, replies
from handlers.instants import format_instant
from handlers.ports import Clock
from handlers.replies import Response
from storage import Key, KeyText, Store, key_digest, mint_key

LAST_KEY = 2**48 - 1
"""The last id of a key, as a number."""


async def create_key(
    body: Mapping[str, Any], without_key: bool, *, store: Store, clock: Clock
) -> Response:
    """Create a key; one that is asked for without a key must be the first."""
    minted = mint_key()
    key = _key(minted, body, clock())
    await store.keys.create(key, first=without_key)
    return _shown_once(key, minted)


async def list_keys(limit: int, cursor: str | None, *, store: Store) -> Response:
    """Return a page of keys in the order of their ids."""
    position = cursors.read(cursor, LAST_KEY)
    after = None if position is None else f"{position:012x}"
    keys, last = await store.keys.list(limit=limit, after=after)
    body = {"keys": [_members(key) for key in keys]}
    if last is None:
        return replies.json(body)
    following = cursors.write(int(last, 16))
    link = replies.next_link(limit=limit, cursor=following)
    return replies.json({**body, "next": following}, headers=link)


async def revoke_key(key_id: str, *, store: Store) -> Response:
    """Revoke a key: within a second nobody can use it any more."""
    await store.keys.revoke(key_id)
    return replies.empty()


async def rotate_key(key_id: str, grace: int, *, store: Store, clock: Clock) -> Response:
    """Create a key that may do what another may, whose end is set."""
    minted = mint_key()
    key = await store.keys.rotate(
        key_id, minted.id, key_digest(minted.text), grace=grace, now=clock()
    )
    return _shown_once(key, minted)


def _key(minted: KeyText, body: Mapping[str, Any], now: int) -> Key:
    sites = body.get("sites")
    return Key(
        id=minted.id,
        digest=key_digest(minted.text),
        scopes=frozenset(body["scopes"]),
        sites=None if sites is None else frozenset(sites),
        label=body.get("label"),
        created_at=now,
        expires_at=body.get("expires_at"),
    )


def _shown_once(key: Key, minted: KeyText) -> Response:
    return replies.json({**_members(key), "key": minted.text}, 201)


def _members(key: Key) -> dict[str, Any]:
    """Return what is told of a key in the wire's shape; what it does not have is left out."""
    members = {
        "id": key.id,
        "scopes": sorted(key.scopes),
        "sites": None if key.sites is None else sorted(key.sites),
        "label": key.label,
        "created_at": format_instant(key.created_at),
        "expires_at": replies.instant(key.expires_at),
    }
    return {name: value for name, value in members.items() if value is not None}

"""The authority over a service that runs: the admin key of its settings, and the keys of its store.

Without either it is open to this machine. Whether there is a key, and what one may do, is known by
looks at the store that are never older than a second; when none succeeds nobody is let in.
"""

import hmac
from collections.abc import Iterable, Mapping

from handlers.ports import Clock
from sitewatt.auth import (
    BOOTSTRAP,
    NO_KEY,
    AdminKey,
    Forbidden,
    ForeignRequest,
    Identity,
    OpenToThisMachine,
    Unauthenticated,
    presented_key,
)
from storage import Keys, StorageError, key_digest, key_id_of

_OPEN = OpenToThisMachine()


class Keyring:
    """Decides by keys. `may_open` says that nobody but this machine can connect."""

    def __init__(
        self, keys: Keys, clock: Clock, *, admin_key: AdminKey | None, may_open: bool
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._admin_key = admin_key
        self._may_open = may_open and admin_key is None
        self._is_open = self._may_open
        """Whether it was, when it was last looked at; before that, whether it may be."""

    async def admit(self, headers: Mapping[str, str]) -> None:
        """Raise ForeignRequest for a request from elsewhere while the service is open.

        What is public needs no database. Who would be refused is looked at again, for the service
        may have a key by now.
        """
        if self._is_open:
            try:
                await _OPEN.admit(headers)
            except ForeignRequest:
                if await self._is_open_still():
                    raise

    async def authorize(self, headers: Mapping[str, str], scopes: Iterable[str]) -> Identity:
        """Return on whose behalf the request is made; raises also what the store does."""
        text = presented_key(headers)
        identity = None if text is None else await self._identity(text)
        if identity is None:
            return await self._without_key(headers, scopes, text)
        if not identity.scopes.issuperset(scopes):
            raise Forbidden(scopes)
        return identity

    async def _identity(self, text: str) -> Identity | None:
        """Return whose key the text is; None when it is nobody's."""
        digest = key_digest(text)
        if self._admin_key is not None and self._admin_key.has_digest(digest):
            return BOOTSTRAP
        # Whether it is the text of a key at all, the digest tells of one that is remembered.
        key = self._keys.recall(text[3:15])
        if key is None:
            key_id = key_id_of(text)
            key = None if key_id is None else await self._keys.find(key_id)
        if key is None or not hmac.compare_digest(digest, key.digest):
            return None
        if key.expires_at is not None and key.expires_at <= self._clock():
            raise Unauthenticated("The key has expired.")
        return Identity(key.id, key.scopes, key.sites)

    async def _without_key(
        self, headers: Mapping[str, str], scopes: Iterable[str], text: str | None
    ) -> Identity:
        """Let in who brings no key that is known, if the service is open; else Unauthenticated."""
        if self._may_open:
            # Who may do everything is let in by what is true now.
            await self._look(at_once="admin" in scopes)
            if self._is_open:
                await _OPEN.admit(headers)
                return await _OPEN.authorize(headers, scopes)
        raise Unauthenticated(NO_KEY if text is None else "The key is not known here.")

    async def _look(self, *, at_once: bool = False) -> None:
        self._is_open = not await self._keys.exist(at_once=at_once)

    async def _is_open_still(self) -> bool:
        try:
            await self._look()
        except StorageError:
            return True
        return self._is_open

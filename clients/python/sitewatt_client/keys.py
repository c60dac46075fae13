"""Calls about who may do what; they need a key with the scope `admin`."""

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import Any, cast

from sitewatt_client.calls import Calls
from sitewatt_client.generated import models, operations
from sitewatt_client.rows import text


class KeyCalls(Calls):
    """The operations on keys. None of them is sent again when nobody knows whether it was done."""

    async def create_key(
        self,
        scopes: Collection[str],
        *,
        sites: Collection[int] | None = None,
        label: str | None = None,
        expires_at: datetime | str | None = None,
    ) -> models.CreatedKey:
        """Return a new key with its text, which nobody can see again.

        `scopes` are of `read`, `write_live`, `write_sites` and `admin`; with `sites` it is bound to
        these. Raises InvalidBody.
        """
        members: dict[str, Any] = {"scopes": [*scopes], "label": label}
        members["sites"] = None if sites is None else [*sites]
        members["expires_at"] = None if expires_at is None else text(expires_at)
        new = {member: value for member, value in members.items() if value is not None}
        return (await self.send(operations.create_key(cast(models.NewKey, new)))).document

    async def list_keys(self) -> AsyncIterator[models.Key]:
        """Yield what is known of each key, by rising id; no text is."""
        async for page in self.pages(operations.list_keys(limit=100)):
            for key in page["keys"]:
                yield key

    async def rotate_key(self, key_id: str, *, grace: int = 0) -> models.CreatedKey:
        """Return a new key that may do the same; the old one ends after `grace` seconds.

        Raises NotFound.
        """
        return (await self.send(operations.rotate_key(key_id, grace=grace))).document

    async def revoke_key(self, key_id: str) -> None:
        """End a key: within a second nobody takes it any more. Raises NotFound."""
        await self.send(operations.revoke_key(key_id))

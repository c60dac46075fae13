"""The client of a sitewatt service."""

from typing import Self

from sitewatt_client.generated import models, operations
from sitewatt_client.keys import KeyCalls
from sitewatt_client.pushes import PushCalls
from sitewatt_client.reads import ReadCalls
from sitewatt_client.sites import SiteCalls
from sitewatt_client.transport import Transport


class Client(SiteCalls, PushCalls, ReadCalls, KeyCalls):
    """A service and its sites: `async with Client("http://127.0.0.1:8080") as sites:`.

    `key` is the API key, if the service asks for one. `timeout` is the seconds one attempt may
    take, `patience` the seconds in which a request is tried again where that is safe (`retries`
    says when it is), 0 for once. What cannot be done raises a SitewattError; `errors` has the tree
    of them. Raises ValueError for a `url` that is no address of the web.
    """

    def __init__(
        self, url: str, key: str | None = None, *, timeout: float = 30.0, patience: float = 60.0
    ) -> None:
        super().__init__(Transport(url, key, timeout=timeout, patience=patience))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def version(self) -> models.Version:
        """Return the name and the version of the service."""
        return (await self.send(operations.get_version())).document

    async def ready(self) -> models.Readiness:
        """Return that the service can do its work. Raises Unavailable while it cannot."""
        return (await self.send(operations.get_readiness())).document

"""What the calls of the client have in common."""

from collections.abc import AsyncIterator
from typing import TypeVar

from sitewatt_client.request import Answer, Request
from sitewatt_client.transport import Transport

T = TypeVar("T")


class Calls:
    """Sends requests of the contract to the service."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def send(self, request: Request[T]) -> Answer[T]:
        """Return the answer to a request of `sitewatt_client.operations`: each operation is there.

        A 304 is an answer as any other. Raises Problem, UnexpectedAnswer or Unreachable.
        """
        return await self._transport.send(request)

    async def pages(self, request: Request[T]) -> AsyncIterator[T]:
        """Yield the document of each page, from that of the request on."""
        following: Request[T] | None = request
        while following is not None:
            answer = await self.send(following)
            yield answer.document
            following = answer.following

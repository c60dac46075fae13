"""An authority that counts: whose key asks how often, and from where wrong ones come."""

from collections.abc import Iterable, Mapping

from sitewatt.admission.rates import Rates
from sitewatt.admission.visits import visiting
from sitewatt.auth import Authority, Identity, Unauthenticated, presented_key


class CountingAuthority:
    """Asks another authority, and counts what it says."""

    def __init__(self, authority: Authority, rates: Rates) -> None:
        self._authority = authority
        self._rates = rates

    async def admit(self, headers: Mapping[str, str]) -> None:
        """Promise that the request may be looked at; raises ForeignRequest."""
        await self._authority.admit(headers)

    async def authorize(self, headers: Mapping[str, str], scopes: Iterable[str]) -> Identity:
        """Return what the other authority does, and promise that none has asked too often.

        Raises what it raises, and TooManyRequests. After too many wrong keys from an address no key
        from there is looked at, so that guessing gets nowhere. Who was let in and is asked for
        again in the same visit is not counted again.
        """
        visit = visiting.get()
        if visit is None or visit.key_id is not None:
            return await self._authority.authorize(headers, scopes)
        key = presented_key(headers)
        if key is not None:
            self._rates.admit_key(visit)
        try:
            identity = await self._authority.authorize(headers, scopes)
        except Unauthenticated:
            if key is not None:
                self._rates.count_wrong_key(visit)
            raise
        self._rates.count_key(visit, identity.key_id)
        visit.key_id = identity.key_id
        return identity

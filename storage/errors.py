"""What the store refuses, and when it cannot answer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

from storage.model import Conflict, Receipt

Kind = Literal[
    "no_server",  # none that takes writes was found in time
    "timeout",  # the time of the call was over before the database had done its work
    "connection",  # it was lost or could not be made
    "not_primary",  # the server takes no writes, or is shutting down
    "write_concern",  # a majority did not confirm
    "unauthorized",  # the database does not know the user, or does not let it
    "disk_full",
    "conflict",  # something changed under the call, more often than it may
    "not_prepared",  # the collections are not yet what they must be
    "other",
]
"""What kept the database from doing its work."""

KINDS: tuple[Kind, ...] = get_args(Kind)

Hindrance = Kind | Literal["unsuitable"]
"""What keeps the store from its work: the database's troubles, or that it is not a fit one."""


class StorageError(Exception):
    """The base of everything the store raises on purpose.

    StorageError
    ├── UnknownSite         there is no such site (or it has been deleted)
    ├── UnknownSites        some of many sites are not there
    ├── SitesExist          ids to create belong to sites with other content
    ├── SiteBeingDeleted    ids to create belong to sites whose purge has not ended
    ├── NoIdsLeft           every id the store may give has been given
    ├── NoConfiguration     nothing was in force at that instant
    ├── UnknownRevision     the site's history has no such number
    ├── TooManyRevisions    the site's history is full
    ├── NoReadings          the site has no reading
    ├── UnknownTimeZone     the site's time zone is none that is known here
    ├── ReadingsConflict    other values are stored for some of the pushed instants
    ├── FleetConflict       the same, for readings of many sites
    ├── UnknownKey          there is no such key
    ├── KeysExist           a key was to be the first, and there is one
    ├── BadAddress          the address of the database is none
    ├── UnsuitableServer    the database is too old, or no replica set
    │   ├── MissingRights   its user may not do all that the store does
    │   └── NewerStore      a newer version of sitewatt has upgraded the store
    ├── NotReady            the store cannot do its work just now
    ├── UnknownFormat       a document was written by a newer version of sitewatt
    └── Unavailable         the database is away, slow, not writable or did not confirm
        └── Overloaded      more rows wait to be written than may wait
    """


class UnknownSite(StorageError):
    """There is no such site, or it has been deleted."""

    def __init__(self, site_id: int) -> None:
        super().__init__(f"no site {site_id}")
        self.site_id = site_id


class UnknownSites(StorageError):
    """There are no such sites, or they have been deleted; nothing was stored for any other."""

    def __init__(self, site_ids: Iterable[int]) -> None:
        self.site_ids = sorted(site_ids)
        super().__init__(f"no sites {self.site_ids}")


class SitesExist(StorageError):
    """These ids belong to sites with other content; nothing was created."""

    def __init__(self, site_ids: Iterable[int]) -> None:
        self.site_ids = sorted(site_ids)
        super().__init__(f"sites exist with other content: {self.site_ids}")


class SiteBeingDeleted(StorageError):
    """These ids belong to deleted sites whose readings are still being purged."""

    def __init__(self, site_ids: Iterable[int]) -> None:
        self.site_ids = sorted(site_ids)
        super().__init__(f"sites are being deleted: {self.site_ids}")


class NoIdsLeft(StorageError):
    """Every id the store may give has been given."""


class NoConfiguration(StorageError):
    """No configuration of the site was in force at the instant."""

    def __init__(self, site_id: int, at: int) -> None:
        super().__init__(f"site {site_id} has no configuration in force at {at}")
        self.site_id = site_id
        self.at = at


class UnknownRevision(StorageError):
    """The site's configuration history has no revision of that number."""

    def __init__(self, site_id: int, revision: int) -> None:
        super().__init__(f"site {site_id} has no configuration revision {revision}")
        self.site_id = site_id
        self.revision = revision


class TooManyRevisions(StorageError):
    """The site's configuration history holds as many revisions as it may."""

    def __init__(self, site_id: int, limit: int) -> None:
        super().__init__(f"site {site_id} has {limit} revisions, the most there can be")
        self.site_id = site_id
        self.limit = limit


class NoReadings(StorageError):
    """The site has no reading."""

    def __init__(self, site_id: int) -> None:
        super().__init__(f"site {site_id} has no readings")
        self.site_id = site_id


class UnknownTimeZone(StorageError):
    """The database of time zones that this process has does not know the site's."""

    def __init__(self, site_id: int) -> None:
        super().__init__(f"the time zone of site {site_id} is not known here")
        self.site_id = site_id


class ReadingsConflict(StorageError):
    """Other values are stored for some instants; these are as they were, all other rows stored.

    `receipt.conflicts` is how many there are, `conflicts` the first 100 by instant.
    """

    def __init__(self, receipt: Receipt, conflicts: Sequence[Conflict]) -> None:
        super().__init__(f"{receipt.conflicts} readings differ from the stored ones")
        self.receipt = receipt
        self.conflicts = list(conflicts)


class FleetConflict(StorageError):
    """Other values are stored for some instants of some sites; all other rows are stored.

    `receipts` has every site's, `conflicts` the first 100 by site and instant.
    """

    def __init__(
        self, receipts: Mapping[int, Receipt], conflicts: Sequence[tuple[int, Conflict]]
    ) -> None:
        self.receipts = receipts
        self.conflicts = list(conflicts)
        number = sum(receipt.conflicts for receipt in receipts.values())
        super().__init__(f"{number} readings differ from the stored ones")


class UnknownKey(StorageError):
    """There is no such key, or it has been revoked."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"no key {key_id}")
        self.key_id = key_id


class KeysExist(StorageError):
    """A key was to be the first, and there is one; nothing was stored."""


class UnsuitableServer(StorageError):
    """The database is one that cannot keep what the store promises; the text says why."""

    kind: Hindrance = "unsuitable"


class MissingRights(UnsuitableServer):
    """The database does not let its user do all that the store does."""

    kind: Hindrance = "unauthorized"

    def __init__(self, database: str, missing: Sequence[str]) -> None:
        super().__init__(
            f"the user may not do this on the database `{database}`: {', '.join(missing)};"
            " give it the roles readWrite and dbAdmin there"
        )
        self.missing = list(missing)


class NewerStore(UnsuitableServer):
    """The store has a format that this version does not know; nothing of it is touched."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"a newer version of sitewatt has upgraded this store to format {found}, and this one"
            f" knows formats up to {known}: run that version, or a store of an older backup"
        )
        self.found = found


class UnknownFormat(StorageError):
    """A document was written by a newer version of sitewatt, in a format that this one lacks."""

    def __init__(self, found: int) -> None:
        super().__init__(f"a document has format {found}; a newer sitewatt wrote it")
        self.found = found


class BadAddress(StorageError):
    """The address of the database cannot be one; the text says why and shows no password."""


class Unavailable(StorageError):
    """The database is away, too slow, not writable, or did not confirm a write.

    `kind` is None for what is no failure of the database. `is_counted` is for who counts them.
    """

    def __init__(self, reason: str, kind: Kind | None = "other") -> None:
        super().__init__(f"the database does not answer as it should: {reason}")
        self.reason = reason
        self.kind: Kind | None = kind
        self.is_counted = False


class NotReady(StorageError):
    """The store cannot do its work just now; `kind` says what keeps it."""

    def __init__(self, kind: Hindrance, reason: str) -> None:
        super().__init__(reason)
        self.kind: Hindrance = kind


class Overloaded(Unavailable):
    """More rows wait to be written than may wait; none of the refused ones has been stored."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} rows wait to be written", None)
        self.waiting = waiting

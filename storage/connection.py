"""The connection to MongoDB, with everything that matters set explicitly."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import ConfigurationError
from pymongo.monitoring import CommandListener

from storage.errors import BadAddress

_log = logging.getLogger(__name__)

DATABASE_NAME = "sitewatt"
"""The database to use when the URI names none."""

LONGEST_CONNECT = 5.0
"""In seconds: a server that takes longer to let itself be connected to counts as away."""

_IGNORED = "an option in the address of the database is unknown, or its value none, and is ignored"
"""Which one is not said: of an address whose password is not escaped it may be a part of that."""

_OPTIONS: Mapping[str, Any] = {
    "w": "majority",
    "journal": True,
    "readConcernLevel": "majority",
    "readPreference": "primary",
    "retryWrites": True,
    "retryReads": True,
    "document_class": dict,
    "tz_aware": True,
    "uuidRepresentation": "standard",
    "unicode_decode_error_handler": "strict",
    "maxPoolSize": 100,
    "maxIdleTimeMS": 60_000,
    # Every server is asked so often, unless it answers before by itself. One that has said nothing
    # for so long and LONGEST_CONNECT more hangs: what is under way with it is given up, and tried
    # again with whoever is primary then.
    "heartbeatFrequencyMS": 2_000,
    "appname": "sitewatt",
}


def connect(
    uri: str, *, timeout: float, listeners: Sequence[CommandListener] = ()
) -> AsyncMongoClient[dict[str, Any]]:
    """Return a client whose every call ends within `timeout` seconds; it connects when first used.

    Written means by a majority and journalled, read means from the primary what a majority has;
    these options win over the same ones in the URI. `listeners` hear of every command. Whoever
    connects closes the client. Raises BadAddress for a URI that is none; an option of it that is
    unknown is ignored with a word in the log.
    """
    milliseconds = max(1, round(timeout * 1000))
    try:
        with warnings.catch_warnings(record=True, action="always", category=UserWarning) as ignored:
            client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
                uri,
                timeoutMS=milliseconds,
                serverSelectionTimeoutMS=milliseconds,
                connectTimeoutMS=min(milliseconds, round(LONGEST_CONNECT * 1000)),
                event_listeners=listeners,
                **_OPTIONS,
            )
    except (ConfigurationError, ValueError) as error:
        raise BadAddress(_without_secrets(str(error))) from None
    if ignored:
        _log.warning(_IGNORED)
    return client


def _without_secrets(said: str) -> str:
    """Return what is wrong with an address, unless that may repeat some of a password.

    One that has a slash in it, not escaped, is read as the end of the hosts.
    """
    if "@" in said:
        return "write / : ? # [ ] @ % in a password as %2F %3A %3F %23 %5B %5D %40 %25"
    return said

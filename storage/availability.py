"""The one place where failures of the database become Unavailable, and where calls are bounded."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import pymongo
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
)

from storage.database import Database
from storage.errors import Kind, Unavailable

P = ParamSpec("P")
R = TypeVar("R")

# https://github.com/mongodb/mongo/blob/v6.0/src/mongo/base/error_codes.yml
_CODES: Mapping[int, Kind] = {
    6: "connection",  # HostUnreachable
    7: "connection",  # HostNotFound
    13: "unauthorized",  # Unauthorized
    18: "unauthorized",  # AuthenticationFailed
    24: "timeout",  # LockTimeout
    43: "other",  # CursorNotFound
    50: "timeout",  # MaxTimeMSExpired
    64: "write_concern",  # WriteConcernFailed
    89: "timeout",  # NetworkTimeout
    91: "not_primary",  # ShutdownInProgress
    100: "write_concern",  # UnsatisfiableWriteConcern
    112: "conflict",  # WriteConflict
    133: "no_server",  # FailedToSatisfyReadPreference
    134: "other",  # ReadConcernMajorityNotAvailableYet
    175: "other",  # QueryPlanKilled
    189: "not_primary",  # PrimarySteppedDown
    202: "timeout",  # NetworkInterfaceExceededTimeLimit
    237: "other",  # CursorKilled
    246: "conflict",  # SnapshotUnavailable
    251: "conflict",  # NoSuchTransaction
    262: "timeout",  # ExceededTimeLimit
    290: "timeout",  # TransactionExceededLifetimeLimitSeconds
    365: "other",  # TemporarilyUnavailable
    9001: "connection",  # SocketException
    10107: "not_primary",  # NotWritablePrimary
    11600: "not_primary",  # InterruptedAtShutdown
    11601: "other",  # Interrupted
    11602: "not_primary",  # InterruptedDueToReplStateChange
    12587: "other",  # BackgroundOperationInProgressForNamespace: another worker builds an index
    13435: "not_primary",  # NotPrimaryNoSecondaryOk
    13436: "not_primary",  # NotPrimaryOrSecondary
    14031: "disk_full",  # OutOfDiskSpace
}
_LABELS = ("RetryableWriteError", "TransientTransactionError", "UnknownTransactionCommitResult")


class _Bounded(Protocol):
    """Whatever holds a database can bound its calls by the database's timeout."""

    @property
    def database(self) -> Database: ...


S = TypeVar("S", bound=_Bounded)


def bounded(
    method: Callable[Concatenate[S, P], Awaitable[R]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Return the method limited, and Unavailable until the collections are what they must be.

    A reading that came before them would make a collection without its validator.
    """
    within = limited(method)

    async def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if not self.database.prepared:
            error = Unavailable("the collections have not been prepared yet", "not_prepared")
            self.database.measures.add_error(error)
            raise error
        return await within(self, *args, **kwargs)

    update_wrapper(call, method)
    return call


def limited(
    method: Callable[Concatenate[S, P], Awaitable[R]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Return the method with a limit on the time of all its database calls together.

    Out of time, and every other failure that a later try may not meet, is Unavailable, and counted
    among the database's measures; any other PyMongo error is a bug and stays what it is.
    """

    async def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with pymongo.timeout(self.database.timeout):
                return await method(self, *args, **kwargs)
        except Unavailable as error:
            self.database.measures.add_error(error)
            raise
        except PyMongoError as error:
            if not means_unavailable(error):
                raise
            unavailable = Unavailable(_reason(error), kind_of(error))
            self.database.measures.add_error(unavailable)
            raise unavailable from error

    update_wrapper(call, method)
    return call


def _reason(error: PyMongoError) -> str:
    """Return what failed, in the server's words for its codes, without addresses or values."""
    details = error.details if isinstance(error, OperationFailure) else None
    return (details or {}).get("codeName") or type(error).__name__


def kind_of(error: PyMongoError) -> Kind:
    """Return what kept the database from its work, of an error that means that something did."""
    if isinstance(error, BulkWriteError):
        return _kind_of_bulk(error)
    if isinstance(error, OperationFailure) and (kind := _CODES.get(error.code or 0)):
        return kind
    for class_, named in _KINDS:
        if isinstance(error, class_):
            return named
    return "timeout" if error.timeout else "other"


def _kind_of_bulk(error: BulkWriteError) -> Kind:
    details = error.details or {}
    if details.get("writeConcernErrors"):
        return "write_concern"
    codes = [failure["code"] for failure in details.get("writeErrors", ())]
    kinds: list[Kind] = [_CODES[code] for code in codes if code in _CODES]
    return kinds[0] if kinds else "other"


_KINDS: Sequence[tuple[type[PyMongoError], Kind]] = (
    (ServerSelectionTimeoutError, "no_server"),
    (NetworkTimeout, "timeout"),
    (WaitQueueTimeoutError, "timeout"),
    (NotPrimaryError, "not_primary"),
    (WriteConcernError, "write_concern"),
    (ConnectionFailure, "connection"),
    (ConfigurationError, "connection"),
)
"""Errors without a code to tell by, the narrower ones first."""


def means_unavailable(error: PyMongoError) -> bool:
    """Return whether the error says that the database could not do its work just now."""
    if isinstance(error, BulkWriteError):
        return error.timeout or _bulk_is_unavailable(error)
    return (
        isinstance(error, (ConnectionFailure, WriteConcernError))
        or error.timeout
        or any(error.has_error_label(label) for label in _LABELS)
        or (isinstance(error, OperationFailure) and error.code in _CODES)
        # No session on a connection made while mongod started, or no name that DNS knows.
        or isinstance(error, ConfigurationError)
    )


def _bulk_is_unavailable(error: BulkWriteError) -> bool:
    details = error.details or {}
    failures = details.get("writeErrors", ())
    return bool(details.get("writeConcernErrors")) or any(f["code"] in _CODES for f in failures)

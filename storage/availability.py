"""The one place where failures of the database become Unavailable, and where calls are bounded."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import pymongo
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from storage.database import Database
from storage.errors import Unavailable

P = ParamSpec("P")
R = TypeVar("R")

# https://github.com/mongodb/mongo/blob/v6.0/src/mongo/base/error_codes.yml
_CODES = frozenset(
    {
        6,  # HostUnreachable
        7,  # HostNotFound
        13,  # Unauthorized
        18,  # AuthenticationFailed
        24,  # LockTimeout
        43,  # CursorNotFound
        50,  # MaxTimeMSExpired
        64,  # WriteConcernFailed
        89,  # NetworkTimeout
        91,  # ShutdownInProgress
        100,  # UnsatisfiableWriteConcern
        112,  # WriteConflict
        133,  # FailedToSatisfyReadPreference
        134,  # ReadConcernMajorityNotAvailableYet
        175,  # QueryPlanKilled
        189,  # PrimarySteppedDown
        202,  # NetworkInterfaceExceededTimeLimit
        237,  # CursorKilled
        246,  # SnapshotUnavailable
        251,  # NoSuchTransaction
        262,  # ExceededTimeLimit
        290,  # TransactionExceededLifetimeLimitSeconds
        365,  # TemporarilyUnavailable
        9001,  # SocketException
        10107,  # NotWritablePrimary
        11600,  # InterruptedAtShutdown
        11601,  # Interrupted
        11602,  # InterruptedDueToReplStateChange
        12587,  # BackgroundOperationInProgressForNamespace: another worker builds an index
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
        14031,  # OutOfDiskSpace
    }
)
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
            raise Unavailable("the collections have not been prepared yet")
        return await within(self, *args, **kwargs)

    update_wrapper(call, method)
    return call


def limited(
    method: Callable[Concatenate[S, P], Awaitable[R]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Return the method with a limit on the time of all its database calls together.

    Out of time, and every other failure that a later try may not meet, is Unavailable; any other
    PyMongo error is a bug and stays what it is.
    """

    async def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with pymongo.timeout(self.database.timeout):
                return await method(self, *args, **kwargs)
        except PyMongoError as error:
            if not means_unavailable(error):
                raise
            raise Unavailable(_reason(error)) from error

    update_wrapper(call, method)
    return call


def _reason(error: PyMongoError) -> str:
    """Return what failed, in the server's words for its codes, without addresses or values."""
    details = error.details if isinstance(error, OperationFailure) else None
    return (details or {}).get("codeName") or type(error).__name__


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

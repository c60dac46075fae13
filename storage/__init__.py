"""What is remembered, as MongoDB documents; nothing here knows HTTP.

`connect` gives a client, `Store` takes one of its databases; `Store.prepare` comes first.
"""

from storage.connection import DATABASE_NAME, connect
from storage.errors import (
    NoConfiguration,
    NoIdsLeft,
    NoReadings,
    ReadingsConflict,
    SiteBeingDeleted,
    SitesExist,
    StorageError,
    TooManyRevisions,
    Unavailable,
    UnknownRevision,
    UnknownSite,
)
from storage.model import (
    COLUMNS,
    Battery,
    Configuration,
    Conflict,
    Creation,
    NewSite,
    Production,
    ProductionUnit,
    Pushed,
    ReadingPage,
    Readings,
    Receipt,
    Revision,
    Site,
    SitePage,
    Values,
)
from storage.store import Store

__all__ = [
    "COLUMNS",
    "DATABASE_NAME",
    "Battery",
    "Configuration",
    "Conflict",
    "Creation",
    "NewSite",
    "NoConfiguration",
    "NoIdsLeft",
    "NoReadings",
    "Production",
    "ProductionUnit",
    "Pushed",
    "ReadingPage",
    "Readings",
    "ReadingsConflict",
    "Receipt",
    "Revision",
    "Site",
    "SiteBeingDeleted",
    "SitePage",
    "SitesExist",
    "StorageError",
    "Store",
    "TooManyRevisions",
    "Unavailable",
    "UnknownRevision",
    "UnknownSite",
    "Values",
    "connect",
]

"""What the errors of the store say, and what they carry for who answers with them."""

from typing import Any

import pytest

from storage import StorageError, UnsuitableServer, errors
from storage.errors import KINDS, Unavailable
from storage.measures import Measures
from storage.model import Conflict, Receipt

RECEIPT = Receipt(9, 4, 2, 0, 3, 0, 600)
OTHER = Receipt(5, 1, 0, 0, 4, 0, 600)
CONFLICTS = (Conflict(0, ("soc",)), Conflict(600, ("load_kwh",)))

TABLE: list[tuple[StorageError, str, dict[str, Any]]] = [
    (errors.UnknownSite(7), "no site 7", {"site_id": 7}),
    (errors.UnknownSites({9, 7}), "no sites [7, 9]", {"site_ids": [7, 9]}),
    (
        errors.SitesExist(iter((9, 7))),
        "sites exist with other content: [7, 9]",
        {"site_ids": [7, 9]},
    ),
    (errors.SiteBeingDeleted([9, 7]), "sites are being deleted: [7, 9]", {"site_ids": [7, 9]}),
    (
        errors.NoConfiguration(7, 600),
        "site 7 has no configuration in force at 600",
        {"site_id": 7, "at": 600},
    ),
    (
        errors.UnknownRevision(7, 3),
        "site 7 has no configuration revision 3",
        {"site_id": 7, "revision": 3},
    ),
    (
        errors.TooManyRevisions(7, 1_000),
        "site 7 has 1000 revisions, the most there can be",
        {"site_id": 7, "limit": 1_000},
    ),
    (errors.NoReadings(7), "site 7 has no readings", {"site_id": 7}),
    (errors.UnknownTimeZone(7), "the time zone of site 7 is not known here", {"site_id": 7}),
    (
        errors.ReadingsConflict(RECEIPT, CONFLICTS),
        "3 readings differ from the stored ones",
        {"receipt": RECEIPT, "conflicts": [*CONFLICTS]},
    ),
    (
        errors.FleetConflict({7: RECEIPT, 9: OTHER}, ((7, CONFLICTS[0]), (9, CONFLICTS[1]))),
        "7 readings differ from the stored ones",
        {
            "receipts": {7: RECEIPT, 9: OTHER},
            "conflicts": [(7, CONFLICTS[0]), (9, CONFLICTS[1])],
        },
    ),
    (errors.UnknownKey("0123456789ab"), "no key 0123456789ab", {"key_id": "0123456789ab"}),
    (errors.UnsuitableServer("too old"), "too old", {"kind": "unsuitable"}),
    (
        errors.MissingRights("mine", ["insert", "collMod"]),
        (
            "the user may not do this on the database `mine`: insert, collMod;"
            " give it the roles readWrite and dbAdmin there"
        ),
        {"missing": ["insert", "collMod"], "kind": "unauthorized"},
    ),
    (
        errors.NewerStore(3, 1),
        (
            "a newer version of sitewatt has upgraded this store to format 3, and this one knows"
            " formats up to 1: run that version, or a store of an older backup"
        ),
        {"found": 3, "kind": "unsuitable"},
    ),
    (
        errors.UnknownFormat(3),
        "a document has format 3; a newer sitewatt wrote it",
        {"found": 3},
    ),
    (
        errors.Unavailable("HostUnreachable"),
        "the database does not answer as it should: HostUnreachable",
        {"reason": "HostUnreachable", "kind": "other", "is_counted": False},
    ),
    (
        errors.Unavailable("the store is closing", None),
        "the database does not answer as it should: the store is closing",
        {"reason": "the store is closing", "kind": None, "is_counted": False},
    ),
    (errors.NotReady("disk_full", "no room"), "no room", {"kind": "disk_full"}),
    (
        errors.Overloaded(20_000),
        "the database does not answer as it should: 20000 rows wait to be written",
        {"waiting": 20_000, "reason": "20000 rows wait to be written", "kind": None},
    ),
]


@pytest.mark.parametrize(
    ("error", "said", "carried"), TABLE, ids=[type(error).__name__ for error, _, _ in TABLE]
)
def test_an_error_says_what_it_is_and_carries_what_an_answer_needs(
    error: StorageError, said: str, carried: dict[str, Any]
) -> None:
    assert str(error) == said
    assert {name: getattr(error, name) for name in carried} == carried


def test_every_error_that_says_something_of_its_own_is_in_the_table() -> None:
    named = {
        name
        for name, error in vars(errors).items()
        if isinstance(error, type) and issubclass(error, StorageError) and "__init__" in vars(error)
    }
    assert named - {type(error).__name__ for error, _, _ in TABLE} == set()


def test_who_catches_an_unsuitable_server_or_an_unavailable_one_catches_their_kinds_too() -> None:
    for error in (errors.MissingRights("mine", []), errors.NewerStore(3, 1)):
        assert isinstance(error, UnsuitableServer)
    assert isinstance(errors.Overloaded(1), Unavailable)


def test_an_unavailability_is_counted_once_by_its_kind_and_one_without_a_kind_never() -> None:
    measures = Measures()
    for error in (*(Unavailable("away", kind) for kind in KINDS), errors.Overloaded(1)):
        measures.add_error(error)
        measures.add_error(error)
        assert error.is_counted == (error.kind is not None)
    assert measures.errors == dict.fromkeys(KINDS, 1)

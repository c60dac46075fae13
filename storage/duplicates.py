"""What a bulk says about ids that were taken already."""

from pymongo.errors import BulkWriteError

_DUPLICATE_KEY = 11000


def duplicate_ids(error: BulkWriteError) -> list[int]:
    """Return the places in the bulk of the documents whose `_id` was taken.

    Raises the error again when anything else went wrong too, a write concern above all.
    """
    details = error.details or {}
    failures = details.get("writeErrors", [])
    if details.get("writeConcernErrors") or any(f["code"] != _DUPLICATE_KEY for f in failures):
        raise error
    return [failure["index"] for failure in failures]

"""What keeps the service from its work, in the words of its answers."""

from collections.abc import Mapping

from storage import Unavailable

HINDRANCES: Mapping[str, str] = {
    "no_server": "No server of the database answers.",
    "timeout": "The database does not answer in time.",
    "connection": "The connection to the database breaks.",
    "not_primary": "The database answers, but none of its servers takes writes.",
    "write_concern": "A majority of the database's servers does not confirm what is written.",
    "unauthorized": "The database refuses the user: name, password or rights are wrong.",
    "disk_full": "There is no room left on the disk of the database.",
    "not_prepared": "The store has not been prepared yet.",
    "unsuitable": "The database or its store is none that this version can use; its log says why.",
    "ending": "This process has been told to end. Another one takes its place.",
}
"""What keeps the service from its work, in words."""


def in_words(kind: str | None) -> str:
    """Return the words for what keeps the service from its work, those for others among them."""
    return HINDRANCES.get(kind or "", "The database does not answer as it should.")


def told(error: Unavailable) -> str:
    """Return what keeps the database from its work, in words, and in brackets what it is called."""
    return f"{in_words(error.kind).removesuffix('.')} ({error.reason})"

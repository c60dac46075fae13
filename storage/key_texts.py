"""The text of a key: `sw_<id>_<secret>`, 12 and 64 hexadecimal digits, the secret 256 random bits.

The id is public and stays with the key for good. Of the text only its SHA-256 is ever kept: with
that many random bits nobody finds a text to it, however fast it is.
"""

import hashlib
import re
import secrets
from typing import NamedTuple

_TEXT = re.compile(r"sw_([0-9a-f]{12})_[0-9a-f]{64}")
_SECRET = re.compile(r"(sw_[0-9a-f]{12}_)[0-9a-f]+|[0-9a-f]{64,}", re.IGNORECASE)


class KeyText(NamedTuple):
    """A key that has just been made: its id, and its text, which is shown once."""

    id: str
    text: str


def mint_key() -> KeyText:
    """Return a key that nobody else has."""
    key_id = secrets.token_hex(6)
    return KeyText(key_id, f"sw_{key_id}_{secrets.token_hex(32)}")


def key_id_of(text: str) -> str | None:
    """Return the id that the text of a key names; None for a text that is no key's."""
    found = _TEXT.fullmatch(text)
    return None if found is None else found[1]


def key_digest(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def without_secrets(text: str) -> str:
    """Return the text with what looks like the secret of a key left out, and the key's id kept."""
    return _SECRET.sub(r"\1...", text)

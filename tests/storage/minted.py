"""Keys for the tests of keys, and the clock by which a worker tells how old its count is."""

from typing import Any

from storage import Key, key_digest
from storage.key_texts import mint_key

NOW = 1_700_000_000


def minted(**changes: Any) -> tuple[Key, str]:
    """A key that has been stored nowhere yet, and its text."""
    made = mint_key()
    plain = Key(made.id, key_digest(made.text), frozenset({"read"}), None, None, NOW, None)
    return plain._replace(**changes), made.text


class Steady:
    """Stands for the clock by which a worker tells how old its count is."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

"""JSON as people write and print it, made JSON: stray commas, and the outermost braces.

Only what can mean one thing is mended: a comma before a closing bracket or at the end, and the
outermost pair of braces where the text begins with a name. A text that ends in the middle is not
closed, for nobody knows what was cut off; nor is a comma dropped where a value may be missing.
"""

from itertools import pairwise
from typing import NamedTuple

from sitewatt.exchange.outline import TOKEN


class Mend(NamedTuple):
    """What was changed, and at which offset of the text as it came."""

    offset: int
    said: str


class Mended(NamedTuple):
    """A text that may be JSON now; `shift` characters were put before it, none taken away."""

    text: str
    shift: int
    mends: list[Mend]


def mend(text: str) -> Mended:
    """Return the text with what could be mended mended; the same text where nothing could be."""
    tokens = [(found[0], found.start()) for found in TOKEN.finditer(text)]
    stray = _stray(tokens)
    text = _blanked(text, stray)
    mends = [Mend(at, "left out a comma with nothing after it") for at in stray]
    gone = {*stray}
    words = [word for word, at in tokens if at not in gone]
    opens = len(words) > 1 and words[0].startswith('"') and words[1] == ":"
    if opens:
        mends.insert(0, Mend(tokens[0][1], "put the missing opening brace before this"))
    if _depth(words) + opens == 1 and _ends_an_object(words, opens):
        text = text.rstrip()
        mends.append(Mend(len(text), "put the missing closing brace after this"))
        text += "}"
    return Mended("{" + text if opens else text, int(opens), mends)


def _blanked(text: str, offsets: list[int]) -> str:
    """Return the text with a space at each of the offsets."""
    bounds = pairwise([-1, *offsets, len(text)])
    return " ".join(text[before + 1 : at] for before, at in bounds)


def _stray(tokens: list[tuple[str, int]]) -> list[int]:
    """Return the offsets of the commas before a closing bracket or the end."""
    pairs = pairwise([*tokens, ("", 0)])
    return [at for (word, at), (after, _) in pairs if word == "," and after in ("", "}", "]")]


def _depth(words: list[str]) -> int:
    """Return how many brackets are open at the end."""
    return sum((word in ("{", "[")) - (word in ("}", "]")) for word in words)


def _ends_an_object(words: list[str], opens: bool) -> bool:
    """Return whether a closing brace would end the outermost object, after a value."""
    return (opens or words[:1] == ["{"]) and words[-1] not in (",", ":", "{", '"')

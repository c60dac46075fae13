"""What a client says that it takes, and how gladly (RFC 9110, section 12.4.2)."""

import re
from collections.abc import Mapping

_MEMBER = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*"?)+')
_PART = re.compile(r'(?:[^;"]|"(?:\\.|[^"\\])*"?)+')
_WORD = r"[!#$%&'*+.^_`|~0-9a-z-]+"
_RANGE = re.compile(rf"{_WORD}(?:/{_WORD})?")
_WEIGHT = re.compile(r"0\.?|0?\.[0-9]+|1(?:\.0*)?")
"""Wider than the RFC by the `.2` of Java's own client."""

LONGEST = 1000
"""A header with more characters is not read, as if it were not there; a browser's has 150."""


def preferences(text: str) -> Mapping[str, float]:
    """Return what is taken, in lower case, with the weight of each; 0 is a refusal.

    Parameters other than the weight do not count, nor does a member that is malformed.
    """
    weights: dict[str, float] = {}
    for member in _MEMBER.findall(text) if len(text) <= LONGEST else ():
        word, *parameters = [part.strip().lower() for part in _PART.findall(member)] or [""]
        weight = _weight(parameters)
        if weight is not None and _RANGE.fullmatch(word):
            weights[word] = max(weight, weights.get(word, 0))
    return weights


def _weight(parameters: list[str]) -> float | None:
    """Return the weight among the parameters of a member, 1 without any; None for none at all."""
    given = next((word[2:] for word in parameters if word.startswith("q=")), "1")
    return float(given) if _WEIGHT.fullmatch(given) else None

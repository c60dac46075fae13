"""Readings as hypothesis makes them up, and as the store gives them."""

from collections.abc import Mapping

from hypothesis import strategies as st

from handlers import instants
from storage import COLUMNS, Series, Values

INSTANTS = st.integers(instants.FIRST, instants.END - 1)
ENERGIES = st.integers(0, 10**9) | st.floats(0, 1e9)
VALUES: st.SearchStrategy[Values] = st.tuples(
    st.floats(0, 100), ENERGIES, ENERGIES, st.booleans(), st.booleans(), st.booleans()
)
READINGS = st.dictionaries(INSTANTS, VALUES, max_size=20)


def as_series(readings: Mapping[int, Values]) -> Series:
    """Return readings as the store gives them."""
    values = [[row[place] for row in readings.values()] for place in range(len(COLUMNS))]
    return Series([*readings], tuple(values))

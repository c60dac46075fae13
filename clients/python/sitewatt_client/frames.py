"""Readings as pandas frames. pandas is imported when a frame is asked for, and not before."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from sitewatt_client.rows import COLUMNS, STAMP

if TYPE_CHECKING:
    from pandas import DataFrame

    Frame: TypeAlias = DataFrame
else:
    Frame: TypeAlias = Any


def is_frame(value: object) -> "TypeGuard[Frame]":
    """Return whether the value is a pandas frame."""
    return type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "columns")


def frame_of(columns: Mapping[str, Any]) -> "Frame":
    """Return columns as a frame whose index are the moments, in UTC.

    Raises ImportError where pandas is not installed.
    """
    import pandas

    values = {name: columns[name] for name in COLUMNS[1:] if name in columns}
    moments = pandas.DatetimeIndex(pandas.to_datetime(columns[STAMP], utc=True), name=STAMP)
    return pandas.DataFrame(values, index=moments)


def columns_of_frame(frame: "Frame") -> dict[str, Any]:
    """Return a frame by column. The moments are its index, or its column `dt-stamp`.

    Raises ValueError for moments without a time zone.
    """
    if STAMP not in frame.columns:
        frame = frame.rename_axis(index=STAMP).reset_index()
    columns = {str(name): frame[name].tolist() for name in frame.columns}
    columns[STAMP] = [_text(moment) for moment in columns[STAMP]]
    return columns


def _text(moment: Any) -> Any:
    from sitewatt_client.rows import text

    return text(moment.to_pydatetime() if hasattr(moment, "to_pydatetime") else moment)

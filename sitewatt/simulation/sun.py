"""How high the sun stands, well enough for a yield that believes in days and seasons."""

from math import cos, pi, radians, sin

DAY = 86_400
YEAR_DAYS = 365.2425
TILT = radians(23.44)
SOLSTICE_DAYS = 10
"""Days from the winter solstice to the end of the year."""


def height(instant: int, latitude: float, longitude: float) -> float:
    """Return the sine of the sun's elevation at a moment in UTC seconds; 0 when it has set.

    Latitude and longitude are in degrees, the error is below a degree.
    """
    day_of_year = instant / DAY % YEAR_DAYS
    declination = -TILT * cos(2 * pi * (day_of_year + SOLSTICE_DAYS) / YEAR_DAYS)
    hour_angle = 2 * pi * (instant % DAY / DAY - 0.5) + radians(longitude)
    here = radians(latitude)
    sine = sin(here) * sin(declination) + cos(here) * cos(declination) * cos(hour_angle)
    return max(0.0, sine)

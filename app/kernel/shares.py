"""A share of a whole with the interval in which the true one plausibly lies: few cases say little. Pure."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

PPM: Final = 1_000_000
Z_95: Final = 1.959964  # Two-sided 95 %.


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval (Wilson), all in ppm; None where there is nothing to take a share of."""

    value: int
    of: int
    ppm: int | None
    low_ppm: int | None
    high_ppm: int | None

    def is_small(self, least: int) -> bool:
        """Too few cases to be compared with others by the share alone."""
        return self.of < least


def share(value: int, of: int, z: float = Z_95) -> Share:
    """The share and the interval in which the true one lies (Wilson, without correction): with 95 % confidence, or so
    many standard deviations wide on each side.

    >>> share(9, 10)
    Share(value=9, of=10, ppm=900000, low_ppm=595850, high_ppm=982124)
    >>> share(0, 0).ppm is None
    True
    """
    assert 0 <= value <= of, "a share is part of a whole"
    if of == 0:
        return Share(0, 0, None, None, None)
    part, square = value / of, z * z
    centre = (part + square / (2 * of)) / (1 + square / of)
    reach = z * sqrt(part * (1 - part) / of + square / (4 * of * of)) / (1 + square / of)
    low, high = max(0.0, centre - reach), min(1.0, centre + reach)
    return Share(value, of, value * PPM // of, round(low * PPM), round(high * PPM))

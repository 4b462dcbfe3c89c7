"""Who is called back: everybody who ended has the same small chance, and a larger one where something went wrong. Pure.

A draw has a seed. Each candidate's number comes from seed and suborder alone, so that anybody can draw again and find
the same ones; who is drawn does not depend on who else stood in the list.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

PPM: Final = 1_000_000


class Factor(StrEnum):
    """Why a case has a larger chance."""

    CONTACT_DENIED = "contact_denied"  # The firm denied a contact that the bank had registered.
    SILENT_WITHDRAWAL = "silent_withdrawal"  # Withdrawn after days in which nobody had got in touch.
    RED_CLOCK = "red_clock"
    COMPLAINED = "complained"
    BAD_RATING = "bad_rating"


@dataclass(frozen=True, slots=True)
class Sampling:
    """The dated rules: the chance of everybody and that of each factor, in ppm; how many days back a draw looks for
    what no draw has seen; after how many days without contact a withdrawal is told as silent; which states are ends."""

    base_ppm: int
    look_back_days: int
    silent_days: int
    ended: Sequence[str]
    risks: Mapping[Factor, int]


@dataclass(frozen=True, slots=True)
class Candidate:
    suborder_id: UUID
    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A candidate with its number and its chance: drawn where the number is below the chance."""

    candidate: Candidate
    number_ppm: int
    share_ppm: int

    @property
    def is_drawn(self) -> bool:
        return self.number_ppm < self.share_ppm


def number_of(seed: str, suborder_id: UUID) -> int:
    """A number from 0 to 999 999, the same for the same seed and suborder.

    >>> number_of("00ff", UUID(int=1)), number_of("00ff", UUID(int=2)), number_of("01ff", UUID(int=1))
    (397969, 699367, 590035)
    """
    digest = hashlib.sha256(f"{seed}:{suborder_id}".encode()).digest()
    return int.from_bytes(digest[:8]) * PPM >> 64


def choose(seed: str, candidates: Iterable[Candidate], sampling: Sampling) -> list[Chosen]:
    """Every candidate with its number and chance, by suborder."""
    return [
        Chosen(one, number_of(seed, one.suborder_id), share_of(one.factors, sampling))
        for one in sorted(candidates, key=lambda one: one.suborder_id)
    ]


def share_of(factors: Iterable[Factor], sampling: Sampling) -> int:
    """The largest chance among everybody's and those of the factors."""
    return max([sampling.base_ppm, *(sampling.risks.get(one, 0) for one in factors)])

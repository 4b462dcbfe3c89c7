"""In which order banks are shown and asked: published, dated weights over named factors. Pure.

Only a branch whose published list covers the need is ranked at all. Each factor says by itself how well a bank serves
the need, 0 to 1 000 000, so one bank more or less never turns two others around. Ties are broken by a seeded hash,
which favours nobody twice.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

FULL: Final = 1_000_000


class Factor(StrEnum):
    RATE = "rate"  # How low the lowest published rate is.
    SPEED = "speed"  # How soon the bank promises to decide.
    HEADROOM = "headroom"  # How far the branch's ceiling lies above the amount.
    DISTRICT = "district"  # Whether the branch names the firm's district, or only serves all.
    TERM = "term"  # How far the longest term lies above the asked one.
    PURPOSE = "purpose"  # Whether the branch names the purpose, or only takes any.


@dataclass(frozen=True, slots=True)
class Weights:
    """The dated policy: a weight per factor, and the figures at which a factor is worth nothing or all."""

    version: int
    of: Mapping[Factor, int]
    rate_ppm_worst: int
    workdays_worst: int
    term_months_spare: int


@dataclass(frozen=True, slots=True)
class Need:
    """What the firm asks for. `district` is None when it is unknown."""

    amount_fen: int
    term_months: int
    purpose: str
    district: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a branch has published for one product."""

    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    ceiling_fen: int
    rate_min_ppm: int
    promised_workdays: int
    term_months_max: int
    purposes: frozenset[str]
    districts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate in its place. `deciding` is the factor that put it before the next one, or `tie` for the hash."""

    candidate: Candidate
    score: int
    factors: Mapping[Factor, int]
    deciding: str


def rank(need: Need, candidates: Sequence[Candidate], weights: Weights, seed: str) -> tuple[Ranked, ...]:
    """Order the candidates, best first; one whose ceiling lies under the amount is never listed.

    The last in the list names its own strongest factor, since it stands before nobody.
    """
    scored = []
    for candidate in candidates:
        if candidate.ceiling_fen >= need.amount_fen:
            factors = factors_of(need, candidate, weights)
            score = sum(weights.of[factor] * value for factor, value in factors.items())
            scored.append((-score, _lot(seed, candidate), candidate, factors))
    scored.sort(key=lambda entry: entry[:2])
    following = [*(factors for *_, factors in scored[1:]), None]
    return tuple(
        Ranked(candidate, -negative, factors, _deciding(weights, factors, after))
        for (negative, _, candidate, factors), after in zip(scored, following, strict=False)
    )


def factors_of(need: Need, candidate: Candidate, weights: Weights) -> dict[Factor, int]:
    """How well a candidate serves the need, factor by factor, in ppm."""
    spare = candidate.term_months_max - need.term_months
    return {
        Factor.RATE: _share(weights.rate_ppm_worst - candidate.rate_min_ppm, weights.rate_ppm_worst),
        Factor.SPEED: _share(weights.workdays_worst - candidate.promised_workdays, weights.workdays_worst - 1),
        Factor.HEADROOM: _share(candidate.ceiling_fen - need.amount_fen, need.amount_fen),
        Factor.DISTRICT: _named(need.district, candidate.districts),
        Factor.TERM: _share(spare, weights.term_months_spare),
        Factor.PURPOSE: _named(need.purpose, candidate.purposes),
    }


def _share(part: int, whole: int) -> int:
    return max(0, min(FULL, part * FULL // whole))


def _named(wanted: str | None, published: frozenset[str]) -> int:
    """Named in the list: all; a list that restricts nothing: half; else nothing."""
    if not published:
        return FULL // 2
    return FULL if wanted in published else 0


def _deciding(weights: Weights, mine: Mapping[Factor, int], others: Mapping[Factor, int] | None) -> str:
    """The factor with the largest weighted lead; `tie` when no factor leads and the lot decided."""
    leads = {factor: weights.of[factor] * (value - (others or {}).get(factor, 0)) for factor, value in mine.items()}
    best = max(leads, key=lambda factor: leads[factor])
    return best.value if leads[best] > 0 and sum(leads.values()) > 0 else "tie"


def _lot(seed: str, candidate: Candidate) -> str:
    return hashlib.sha256(f"{seed}:{candidate.branch_id}:{candidate.product_id}".encode()).hexdigest()

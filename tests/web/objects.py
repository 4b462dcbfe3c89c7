"""Makers of things that belong to somebody, for the access matrix. A room that has such routes adds its maker here.

A maker gets a database and two casts of seats by role (`mine` and `others`, different organisations) and returns the
path parameters of a thing that each role of `mine` may see, and of one that belongs to `others`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from app.access.seats import Seat, SeatRole
from app.infra.db import Database

Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Made:
    """Path parameters of one's own thing and of another's."""

    own: Params
    foreign: Params


Maker = Callable[[Database, Mapping[SeatRole, Seat], Mapping[SeatRole, Seat]], Awaitable[Made]]

MAKERS: Final[dict[str, Maker]] = {}

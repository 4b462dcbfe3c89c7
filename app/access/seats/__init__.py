"""Seats: a person in an organisation in one role; sessions, sign-in and its limits."""

from app.access.seats.http import authenticate
from app.access.seats.rules import BANK_ROLES, BRANCH_ROLES, Seat, SeatRole
from app.access.seats.schemas import RateBody
from app.access.seats.service import (
    Opened,
    create_seat,
    end_seat,
    forget_old,
    limit_rate,
    list_seats,
    open_session,
    set_first_password,
    sign_in,
)

__all__ = [
    "BANK_ROLES",
    "BRANCH_ROLES",
    "Opened",
    "RateBody",
    "Seat",
    "SeatRole",
    "authenticate",
    "create_seat",
    "end_seat",
    "forget_old",
    "limit_rate",
    "list_seats",
    "open_session",
    "set_first_password",
    "sign_in",
]

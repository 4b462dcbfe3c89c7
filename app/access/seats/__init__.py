"""Seats: a person in an organisation in one role; sessions, sign-in and its limits."""

from app.access.seats.rules import BANK_ROLES, BRANCH_ROLES, Seat, SeatRole

__all__ = ["BANK_ROLES", "BRANCH_ROLES", "Seat", "SeatRole"]

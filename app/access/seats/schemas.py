"""Shapes of signing in and choosing a seat."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.access.seats.rules import Seat, SeatChoice
from app.web.body import Body, Form, text


class RateBody(BaseModel):
    """Policy `rate`, one key per class of call: so many at once, and one more each `refill_ms` milliseconds."""

    model_config = ConfigDict(extra="forbid", strict=True)

    burst: int = Field(ge=1, le=100_000)
    refill_ms: int = Field(ge=1, le=86_400_000)


LoginField = Annotated[str, text(60)]
PasswordField = Annotated[str, text(200)]


class SignIn(Body):
    login: LoginField
    password: PasswordField


class SignInForm(Form):
    login: LoginField
    password: PasswordField
    next: Annotated[str, text(300)] = "/"


class ChooseSeat(Body):
    seat_id: UUID


class ChooseSeatForm(Form):
    seat_id: UUID


class SignOutForm(Form):
    """Nothing but the hidden token."""


@dataclass(frozen=True, slots=True)
class SeatView:
    seat_id: UUID | None
    role: str
    org_id: UUID
    org_name: str
    branch_id: UUID | None

    @classmethod
    def of(cls, choice: SeatChoice) -> "SeatView":
        seat = choice.seat
        return cls(seat.seat_id, seat.role.value, seat.org_id, choice.org_name, seat.branch_id)


@dataclass(frozen=True, slots=True)
class SessionView:
    """Who is signed in, as what, and what else they could be. `csrf_token` goes into every request that changes."""

    person_id: UUID
    seat_id: UUID | None
    role: str | None
    org_id: UUID | None
    branch_id: UUID | None
    seats: tuple[SeatView, ...]
    csrf_token: str

    @classmethod
    def of(cls, person_id: UUID, seat: Seat | None, choices: tuple[SeatView, ...], csrf_token: str) -> "SessionView":
        return cls(
            person_id=person_id,
            seat_id=seat.seat_id if seat else None,
            role=seat.role.value if seat else None,
            org_id=seat.org_id if seat else None,
            branch_id=seat.branch_id if seat else None,
            seats=choices,
            csrf_token=csrf_token,
        )

"""The dated rules of oversight: which rung urges whom (`urge`), what a circular may ask (`circular`); its messages."""

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.web.i18n import N_


class UrgeRung(BaseModel):
    """At this share of the counted time, in percent, that addressee is urged."""

    model_config = ConfigDict(extra="forbid", strict=True)

    share: int = Field(ge=1, le=1000)
    addressee: Literal["branch", "head_office", "supervisor"]


class UrgeBody(BaseModel):
    """One key per clock."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rungs: list[UrgeRung]


class CircularBody(BaseModel):
    """Between how many days a bank is given to put things right; the share aimed at, in ppm."""

    model_config = ConfigDict(extra="forbid", strict=True)

    days_min: int = Field(ge=1)
    days_max: int = Field(ge=1, le=366)
    goal_ppm: int = Field(ge=1, le=1_000_000)


# How the messages read. `{bank}` is a name; slots in `_on` are days.
TEXTS: Final[Mapping[str, str]] = {
    "urge.issue": N_("收到一件督办（{bank}），请签收，并在 {due_on} 前回复。"),
    "urge.reply": N_("{bank}回复了一件督办，正在整改。"),
    "urge.rectify": N_("{bank}报告一件督办已整改，请查验办结。"),
    "urge.send_back": N_("一件督办被退回（{bank}），请在 {due_on} 前重新回复。"),
    "urge.close": N_("一件督办已办结（{bank}）。"),
    "urge.withdraw": N_("一件督办已撤销（{bank}）。"),
    "urge.breach": N_("{bank}有一件督办没有在 {due_on} 前回复。"),
    "circular.publish": N_("{bank}被通报，请在 {rectify_by_on} 前整改并回复。"),
    "circular.sent": N_("有一份新的通报，供{bank}对照自查。"),
    "circular.answer": N_("{bank}回复了通报的整改情况，请查验。"),
    "circular.accept": N_("{bank}的通报整改已获认可。"),
    "circular.return": N_("{bank}的通报整改被退回，请重新整改并回复。"),
}

"""The shapes of the policies `rating`/`marks`, `callback`/`sampling` and `callback`/`questions`; the message."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.market.ratings.rules import About, Factor, Marks, Questions, Sampling
from app.web.i18n import N_

TEXTS: Final[Mapping[str, str]] = {"rating.bad": N_("{bank}的一笔服务被评为差评，请在 3 个工作日内回访处理。")}

QUESTIONS_MAX: Final = 8  # As many as the form has fields.
Ppm = Annotated[int, Field(ge=0, le=1_000_000)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z_]{2,40}$")]


class Worded(BaseModel):
    """Something with a code that people read."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)

    code: Code
    zh: Annotated[str, Field(min_length=2)]
    en: Annotated[str, Field(min_length=2)]


class TagBody(Worded):
    kind: Literal["good", "bad"] = Field(alias="for")


class QuestionBody(Worded):
    bad: Literal["yes", "no"]


class MarksBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    bad_max: Annotated[int, Field(ge=1, le=4)]
    good_min: Annotated[int, Field(ge=2, le=5)]
    change_days: Annotated[int, Field(ge=0, le=90)]
    open_days: Annotated[int, Field(ge=1, le=3650)]
    words_min: Annotated[int, Field(ge=1, le=200)]
    small: Annotated[int, Field(ge=1, le=10_000)]
    refused: list[str]
    ended: list[str]
    tags: list[TagBody]


class SamplingBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    base_ppm: Ppm
    look_back_days: Annotated[int, Field(ge=1, le=365)]
    silent_days: Annotated[int, Field(ge=1, le=90)]
    ended: Annotated[list[str], Field(min_length=1)]
    risks: Mapping[str, Ppm]


class QuestionsBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    attempts_max: Annotated[int, Field(ge=1, le=20)]
    goal_ppm: Ppm
    questions: Annotated[list[QuestionBody], Field(min_length=1, max_length=QUESTIONS_MAX)]


@dataclass(frozen=True, slots=True)
class MarksPolicy:
    """The rules of rating, with the words of its tags; below `small` cases a share is marked."""

    version: int
    rules: Marks
    tags: Mapping[str, TagBody]
    small: int


@dataclass(frozen=True, slots=True)
class QuestionsPolicy:
    version: int
    rules: Questions
    questions: Mapping[str, QuestionBody]


def read_marks(version: int, body: Mapping[str, Any]) -> MarksPolicy:
    """Raises pydantic's ValidationError on a body of another shape, as the others here do."""
    read = MarksBody.model_validate(dict(body))
    states = {**dict.fromkeys(read.refused, About.REFUSED), **dict.fromkeys(read.ended, About.ENDED)}
    rules = Marks(
        read.bad_max, read.good_min, read.change_days, read.open_days, read.words_min, states,
        {one.code: one.kind for one in read.tags},
    )  # fmt: skip
    return MarksPolicy(version, rules, {one.code: one for one in read.tags}, read.small)


def read_sampling(body: Mapping[str, Any]) -> Sampling:
    read = SamplingBody.model_validate(dict(body))
    risks = {Factor(name): share for name, share in read.risks.items()}
    return Sampling(read.base_ppm, read.look_back_days, read.silent_days, tuple(read.ended), risks)


def read_questions(version: int, body: Mapping[str, Any]) -> QuestionsPolicy:
    read = QuestionsBody.model_validate(dict(body))
    bad = {one.code: one.bad for one in read.questions}
    return QuestionsPolicy(
        version, Questions(read.attempts_max, read.goal_ppm, bad), {one.code: one for one in read.questions}
    )

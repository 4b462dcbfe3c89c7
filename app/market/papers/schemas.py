"""Shape of the papers policy's body."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from app.market.papers.rules import Kind, Limits

BODY_MAX: Final = 64 << 20  # What the routes take at most; an edition of the policy may ask for less.


class LimitsBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kinds: Annotated[list[Kind], Field(min_length=1)]
    size_max_bytes: Annotated[int, Field(ge=1, le=BODY_MAX)]
    total_max_bytes: Annotated[int, Field(ge=1, le=BODY_MAX)]
    count_max: Annotated[int, Field(ge=1, le=100)]
    unpacked_max_bytes: Annotated[int, Field(ge=1, le=1 << 30)]
    pixels_max: Annotated[int, Field(ge=1, le=1 << 30)]


def read_limits(version: int, body: Mapping[str, Any]) -> Limits:
    """A `papers` policy's body as the rules want it. Raises pydantic's ValidationError on another shape."""
    read = LimitsBody.model_validate(dict(body))
    return Limits(
        version, frozenset(read.kinds), read.size_max_bytes, read.total_max_bytes, read.count_max,
        read.unpacked_max_bytes, read.pixels_max,
    )  # fmt: skip

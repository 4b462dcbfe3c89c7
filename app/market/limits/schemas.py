"""A limit model as it stands in the policies: inputs, words for every zero, and the decision document."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelInput(_Part):
    """One fact that the document reads. `path`: a figure of the credit report, or the key of a bank's own input."""

    name: str
    origin: Annotated[Literal["feature", "bank_input"], Field(alias="from")]
    path: str
    data_class: str | None = None
    words_zh: str
    words_en: str

    @model_validator(mode="after")
    def _class_of_features(self) -> Self:
        if (self.origin == "feature") != (self.data_class is not None):
            raise ValueError("a figure belongs to a data class, a bank's own input to none")
        return self


class ZeroWords(_Part):
    """Why nothing is lent, and what would change it."""

    zh: str
    en: str
    change_zh: str
    change_en: str


class Bounds(_Part):
    amount_min_fen: int
    amount_max_fen: int
    rate_min_ppm: int
    rate_max_ppm: int


class Label(_Part):
    """What a step or a field of a document is called on pages."""

    zh: str
    en: str


class ModelBody(_Part):
    """`labels`: by a field's name or a step's id; what has none is shown by its name."""

    title_zh: str
    title_en: str
    inputs: list[ModelInput]
    whys: dict[str, ZeroWords]
    bounds: Bounds
    estimate_days: Annotated[int, Field(ge=1, le=365)]
    document: dict[str, Any]
    labels: dict[str, Label] = Field(default_factory=dict)

    @property
    def text(self) -> str:
        """The document as the engine reads it; equal documents are equal texts, so they are compiled once."""
        return json.dumps(self.document, sort_keys=True)


MODEL_FAULT = "model_fault"
FAULT_WORDS = ZeroWords(
    zh="该产品的测算模型暂时不可用",
    en="This product's model cannot be run at the moment",
    change_zh="平台已收到提示，修复后可重新测算；不影响发布融资需求",
    change_en="The platform has been told; ask again later. You may post your need all the same",
)


def read_model(body: Mapping[str, Any]) -> ModelBody:
    """A policy body in its shape. Raises pydantic's ValidationError on one that is no model."""
    return ModelBody.model_validate(body)

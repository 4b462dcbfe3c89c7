"""Limits: what each product would lend this firm, by a decision document, with its explanation."""

from app.market.limits.jobs import keep_ratings
from app.market.limits.rules import BadModel, Input, Measured, Status, measure, plain_words
from app.market.limits.schemas import ModelBody, read_model
from app.market.limits.service import (
    BankInput,
    Estimate,
    ModelVersion,
    bank_inputs,
    cards,
    estimate,
    latest,
    model_versions,
    publish_model,
    record_input,
)

__all__ = [
    "BadModel",
    "BankInput",
    "Estimate",
    "Input",
    "Measured",
    "ModelBody",
    "ModelVersion",
    "Status",
    "bank_inputs",
    "cards",
    "estimate",
    "keep_ratings",
    "latest",
    "measure",
    "model_versions",
    "plain_words",
    "publish_model",
    "read_model",
    "record_input",
]

"""Columns that every table of orders has."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB


def at(*, nullable: bool = False) -> "sa.Column[datetime]":
    return sa.Column(sa.DateTime(timezone=True), nullable=nullable)


def fen(default: str | None = None) -> "sa.Column[int]":
    return sa.Column(sa.BigInteger, nullable=False, server_default=default)


def json(*, nullable: bool = False) -> "sa.Column[Any]":
    return sa.Column(JSONB, nullable=nullable)

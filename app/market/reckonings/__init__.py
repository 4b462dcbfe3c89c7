"""Reckonings: figures reckoned again by the replay, every night and for whoever asks what would have been."""

from app.market.reckonings.jobs import Compute, ask_nightly, run_waiting
from app.market.reckonings.schemas import Reckoning, WhatIfBody
from app.market.reckonings.service import ask_check, ask_what_if, get, newest

__all__ = [
    "Compute",
    "Reckoning",
    "WhatIfBody",
    "ask_check",
    "ask_nightly",
    "ask_what_if",
    "get",
    "newest",
    "run_waiting",
]

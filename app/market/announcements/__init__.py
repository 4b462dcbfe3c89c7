"""Announcements: which fact of an order is told to whom."""

from app.market.announcements.jobs import announce, announce_recommendation, announce_recount, announce_rung
from app.market.announcements.rules import ANNOUNCED
from app.market.announcements.schemas import TEXTS

__all__ = ["ANNOUNCED", "TEXTS", "announce", "announce_recommendation", "announce_recount", "announce_rung"]

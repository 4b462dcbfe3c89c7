"""Oversight: urges 督办 and circulars 通报, from their issue to what was put right."""

from app.market.oversight.events import CircularMoved, UrgeMoved
from app.market.oversight.jobs import tell_circular, tell_urge, urge_for_rung
from app.market.oversight.rules.circulars import Finding
from app.market.oversight.schemas import TEXTS
from app.market.oversight.service import circulars, urges, waiting
from app.market.oversight.service.circulars import Source, Who, register_source
from app.market.oversight.service.urges import KIND, Urge

__all__ = [
    "KIND",
    "TEXTS",
    "CircularMoved",
    "Finding",
    "Source",
    "Urge",
    "UrgeMoved",
    "Who",
    "circulars",
    "register_source",
    "tell_circular",
    "tell_urge",
    "urge_for_rung",
    "urges",
    "waiting",
]

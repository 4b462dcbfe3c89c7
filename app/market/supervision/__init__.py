"""Supervision: the regulator's figures, the cases behind every one of them, and case files."""

from app.market.supervision.jobs import fold
from app.market.supervision.rules import Board, By, CaseLine, Figure, LineKind, Share, Tally, share
from app.market.supervision.schemas import CasesAsked
from app.market.supervision.service import CaseFile, CaseFound, find_cases, open_case_file, read_board
from app.market.supervision.service import circular_figures as circular_figures  # Registers the figures of a circular.
from app.market.supervision.service.documents import Document
from app.market.supervision.service.documents import find as find_document
from app.market.supervision.service.months import find_damage, read_frozen
from app.market.supervision.service.traits import note_traits

__all__ = [
    "Board",
    "By",
    "CaseFile",
    "CaseFound",
    "CaseLine",
    "CasesAsked",
    "Document",
    "Figure",
    "LineKind",
    "Share",
    "Tally",
    "find_cases",
    "find_damage",
    "find_document",
    "fold",
    "note_traits",
    "open_case_file",
    "read_board",
    "read_frozen",
    "share",
]

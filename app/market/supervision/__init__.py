"""Supervision: the regulator's figures, the cases behind every one of them, and case files."""

from app.market.supervision.jobs import fold
from app.market.supervision.rules import Board, By, CaseLine, Figure, LineKind, Share, Tally, share
from app.market.supervision.schemas import CasesAsked
from app.market.supervision.service import CaseFile, CaseFound, find_cases, open_case_file, read_board

__all__ = [
    "Board",
    "By",
    "CaseFile",
    "CaseFound",
    "CaseLine",
    "CasesAsked",
    "Figure",
    "LineKind",
    "Share",
    "Tally",
    "find_cases",
    "fold",
    "open_case_file",
    "read_board",
    "share",
]

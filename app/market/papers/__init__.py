"""Papers: the files that a firm brings when a bank asks for them; judged by their bytes, kept sealed."""

from app.market.papers.rules import FAULT_WORDS, Checked, Fault, Kind, Limits, Upload
from app.market.papers.schemas import BODY_MAX
from app.market.papers.service import (
    Case,
    Paper,
    PaperReading,
    check,
    keep,
    limits_on,
    list_of_order,
    list_of_suborder,
    list_reads,
    open_paper,
)

__all__ = [
    "BODY_MAX",
    "FAULT_WORDS",
    "Case",
    "Checked",
    "Fault",
    "Kind",
    "Limits",
    "Paper",
    "PaperReading",
    "Upload",
    "check",
    "keep",
    "limits_on",
    "list_of_order",
    "list_of_suborder",
    "list_reads",
    "open_paper",
]

"""What may be read out of a file, row by row. Pure: text in, a verdict out."""

from app.credit.ingestion.rules.headers import HEADER_ROWS_MAX, Layout, read_header, squash
from app.credit.ingestion.rules.invoices import check_firm_key, check_invoice
from app.credit.ingestion.rules.lists import ListFacts, check_list
from app.credit.ingestion.rules.masked import check_masked
from app.credit.ingestion.rules.registry import RegistryFacts, check_registry
from app.credit.ingestion.rules.shapes import (
    BROKEN_WORDS,
    FAULT_WORDS,
    NOTE_WORDS,
    Accepted,
    Broken,
    Fault,
    FileKind,
    Note,
    Quarantined,
    Refused,
    Verdict,
)
from app.credit.ingestion.rules.titles import COLUMNS, Direction

__all__ = [
    "BROKEN_WORDS",
    "COLUMNS",
    "FAULT_WORDS",
    "HEADER_ROWS_MAX",
    "NOTE_WORDS",
    "Accepted",
    "Broken",
    "Direction",
    "Fault",
    "FileKind",
    "Layout",
    "ListFacts",
    "Note",
    "Quarantined",
    "Refused",
    "RegistryFacts",
    "Verdict",
    "check_firm_key",
    "check_invoice",
    "check_list",
    "check_masked",
    "check_registry",
    "read_header",
    "squash",
]

"""Credit records and the figures kept per subject: what providers reported, and whether it may be used."""

from app.credit.records.rules import Coverage, CreditRecord, Features, NewRecord, RecordStatus
from app.credit.records.service import (
    LandedInvoices,
    add_records,
    coverage_of,
    features_at,
    land_invoices,
    mark_covered,
    records_of,
    set_status,
    stage_invoices,
)

__all__ = [
    "Coverage",
    "CreditRecord",
    "Features",
    "LandedInvoices",
    "NewRecord",
    "RecordStatus",
    "add_records",
    "coverage_of",
    "features_at",
    "land_invoices",
    "mark_covered",
    "records_of",
    "set_status",
    "stage_invoices",
]

"""Ingestion 归集: files come in whole or not at all, row by row checked, with a receipt for every row not taken."""

from app.credit.ingestion.rules import Broken, Fault, FileKind, Note
from app.credit.ingestion.rules.receipts import Batch, Receipt, RejectedRow
from app.credit.ingestion.service import (
    LIST_KIND_DEFAULT,
    get_batch,
    import_file,
    load_batch,
    load_waiting,
    masked_inputs,
    profile_waiting,
    read_receipt,
    seal_open_files,
    sheets,
    store_batch,
    subjects_of_batch,
    waiting_long,
)

__all__ = [
    "LIST_KIND_DEFAULT",
    "Batch",
    "Broken",
    "Fault",
    "FileKind",
    "Note",
    "Receipt",
    "RejectedRow",
    "get_batch",
    "import_file",
    "load_batch",
    "load_waiting",
    "masked_inputs",
    "profile_waiting",
    "read_receipt",
    "seal_open_files",
    "sheets",
    "store_batch",
    "subjects_of_batch",
    "waiting_long",
]

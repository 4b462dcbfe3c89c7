"""Commands and reads of ingestion."""

from app.credit.ingestion.service.batches import (
    LIST_KIND_DEFAULT,
    get_batch,
    newest_batches,
    read_receipt,
    store_batch,
    subjects_of_batch,
)
from app.credit.ingestion.service.loads import import_file, load_batch, load_waiting, masked_inputs
from app.credit.ingestion.service.sheets import SIZE_MAX, BrokenFile

__all__ = [
    "LIST_KIND_DEFAULT",
    "SIZE_MAX",
    "BrokenFile",
    "get_batch",
    "import_file",
    "load_batch",
    "load_waiting",
    "masked_inputs",
    "newest_batches",
    "read_receipt",
    "store_batch",
    "subjects_of_batch",
]

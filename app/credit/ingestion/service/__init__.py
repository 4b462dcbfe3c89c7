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
from app.credit.ingestion.service.profiles import (
    accept_batch,
    cancel_batch,
    discard_batch,
    is_being_cancelled,
    is_quick,
    profile_batch,
    profile_waiting,
    read_profile,
    read_progress,
    seal_open_files,
    twins,
    waiting_long,
)
from app.credit.ingestion.service.sheets import SIZE_MAX, BrokenFile

__all__ = [
    "LIST_KIND_DEFAULT",
    "SIZE_MAX",
    "BrokenFile",
    "accept_batch",
    "cancel_batch",
    "discard_batch",
    "get_batch",
    "import_file",
    "is_being_cancelled",
    "is_quick",
    "load_batch",
    "load_waiting",
    "masked_inputs",
    "newest_batches",
    "profile_batch",
    "profile_waiting",
    "read_profile",
    "read_progress",
    "read_receipt",
    "seal_open_files",
    "store_batch",
    "subjects_of_batch",
    "twins",
    "waiting_long",
]

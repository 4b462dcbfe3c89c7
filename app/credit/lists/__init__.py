"""Red and black lists 红黑名单: entries, the reasons for them, and the subjects they are about."""

from app.credit.lists.rules import Entry, ListKind, Reason
from app.credit.lists.service import (
    LandedEntries,
    end_entry,
    entries_of,
    land_entries,
    landed_kinds,
    list_kind,
    match_waiting,
    stage_entries,
    waiting,
)

__all__ = [
    "Entry",
    "LandedEntries",
    "ListKind",
    "Reason",
    "end_entry",
    "entries_of",
    "land_entries",
    "landed_kinds",
    "list_kind",
    "match_waiting",
    "stage_entries",
    "waiting",
]

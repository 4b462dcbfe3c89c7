"""What kind of file it is, by its header: the kind that knows most of its columns."""

from itertools import islice
from typing import Final

from app.credit.ingestion.rules import Broken, FileKind
from app.credit.ingestion.rules.receipts import BANKISH
from app.credit.ingestion.service.rows import find_header
from app.credit.ingestion.service.sheets import BrokenFile, Line, Sheet, open_sheet

LOOKED_AT: Final = 200  # Lines from the top.
KINDS: Final = (FileKind.REGISTRY, FileKind.LIST, FileKind.INVOICES)


def recognise(content: bytes) -> FileKind | None:
    """The kind of a file; None where no kind knows its header, or two know it equally well. Raises BrokenFile.

    Registers and bank outlets have the same columns: it is outlets where most names are a bank's.
    """
    sheet = open_sheet(content)
    lines = list(islice(sheet.lines, LOOKED_AT))
    known: dict[FileKind, int] = {}
    broken: BrokenFile | None = None
    for kind in KINDS:
        try:
            layout = find_header(kind, Sheet(sheet.encoding, iter(lines)), reason_needed=False).layout
        except BrokenFile as error:
            broken = error if error.why is not Broken.WRONG_HEADER else broken
            continue
        known[kind] = sum(place >= 0 for place in layout.places)
    if not known and broken is not None:
        raise broken
    best = [kind for kind, columns in known.items() if columns == max(known.values())]
    if len(best) != 1:
        return None
    return FileKind.OUTLETS if best[0] is FileKind.REGISTRY and _names_banks(sheet, lines) else best[0]


def _names_banks(sheet: Sheet, lines: list[Line]) -> bool:
    layout = find_header(FileKind.REGISTRY, Sheet(sheet.encoding, iter(lines)), reason_needed=False).layout
    column = layout.names.index("name")
    place, title = layout.places[column], layout.titles[column]
    cells = [line.cells[place].strip() for line in lines if len(line.cells) > place]
    names = [cell for cell in cells if cell and cell != title]
    return bool(names) and sum(BANKISH.search(name) is not None for name in names) * 5 >= len(names) * 4

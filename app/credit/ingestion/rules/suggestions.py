"""What a person may compare an unread value with: a known spelling that is much like it. Never applied. Pure."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from app.credit.ingestion.rules.shapes import Fault

ALIKE: Final = 0.5  # Of a short Chinese name half the letters in order is much.
# Causes where a value is one of few spellings, so that a slip of the keyboard can be seen.
OF_FEW: Final = frozenset({Fault.PLACE_UNKNOWN, Fault.REASON_UNKNOWN, Fault.STATUS_UNKNOWN, Fault.RATING_UNKNOWN})
STATUSES: Final = ("正常", "正常发票", "有效", "有效发票", "作废", "作废发票", "已作废")
RATINGS: Final = ("A", "B", "C", "D")


def similar(text: str, known: Sequence[str]) -> str:
    """The known spelling that is most like a text; empty where none is.

    >>> similar("渝北新区", ["渝北区", "渝中区"]), similar("作度发票", STATUSES), similar("火星", ["渝北区"])
    ('渝北区', '作废发票', '')
    """
    found = get_close_matches(text.strip()[:80], known, n=1, cutoff=ALIKE)
    return found[0] if found else ""

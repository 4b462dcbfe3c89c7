"""What the worker does for operators: remind them of a year of the calendar that is missing."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from app.infra.db import Tx
from app.kernel.clock import SHANGHAI, shanghai_date
from app.office import clocks, messages
from app.office.messages import Audience, Draft, Mailbox
from app.web.i18n import N_

MISSING_YEAR: Final = "operator.calendar_missing"
TEXTS: Final[Mapping[str, str]] = {
    MISSING_YEAR: N_("{year} 年的放假安排还没有装载，落在那一年的期限都是暂定的。国务院办公厅公布后请装载新的日历。"),
}
CALENDAR_URL: Final = "/ops/health"


async def remind_of_calendar(tx: Tx) -> int:
    """Tell the operators of a missing year, once in each stretch of days that the policy names; 1 if they were told."""
    missing = await clocks.recounting.missing_year(tx, shanghai_date(tx.now))
    if missing is None:
        return 0
    about_id = uuid5(NAMESPACE_URL, f"calendar/cn/{missing.year}")
    draft = Draft(Mailbox(Audience.OPERATOR), MISSING_YEAR, {"year": str(missing.year)}, CALENDAR_URL, about_id)
    at = datetime.combine(missing.told_on, time(), SHANGHAI)
    return int(await messages.write(tx, draft, at=at))

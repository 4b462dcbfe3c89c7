"""The branch's desk: time left in words that hold, evidence to choose from, sums as typed, and verdicts said before."""

import json
from datetime import date, datetime
from typing import Any

import pytest

from app.infra.db import Database
from app.kernel.errors import Refusal
from app.kernel.workdays import Calendar, parse_calendar
from app.market import orders, reasons
from app.market.orders.pages.desk_evidence import choices
from app.market.orders.pages.desk_forms import RefusalForm, fen_of, ppm_of, said_of
from app.market.orders.service import desk
from app.market.orders.service.decisions import Said
from app.market.orders.service.desk import Left, time_left
from app.market.reasons import Claim, Comparison, Item, Source, Status, Why
from tests.browser.town import WAN, act, make_town, parts_of, post_need, set_clock
from tests.support import REPOSITORY, shanghai


def policy_body(kind: str, key: str = "") -> Any:
    rows = json.loads((REPOSITORY / "migrations" / "policies" / f"{kind}.json").read_text())
    return next(row["body"] for row in reversed(rows) if key in ("", row["key"]))


NOW = shanghai("2025-09-26 10:00")


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    found = parse_calendar(1, policy_body("calendar"))
    assert isinstance(found, Calendar)
    return found


def row(due_on: date | None, *, owner: str = "bank", state: str = "running", at: datetime | None = None) -> Any:
    day = due_on or date(2025, 9, 30)
    end = at or datetime.combine(day, datetime.min.time(), NOW.tzinfo).replace(hour=23, minute=59)
    return {
        "state": "accepted", "clock": None if due_on is None else "CONTACT", "owner": owner, "clock_state": state,
        "started_at": shanghai("2025-09-25 09:30"), "due_on": due_on, "due_at": end,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "how", "days", "tone"),
    [
        (row(date(2025, 9, 30)), Left.DAYS, 3, "good"),  # Friday to Tuesday over a worked Sunday.
        (row(date(2025, 9, 28)), Left.DAYS, 1, "warn"),
        (row(date(2025, 9, 26)), Left.TODAY, 0, "warn"),
        (row(date(2025, 9, 25)), Left.LATE, 1, "bad"),
        (row(date(2025, 9, 30), state="paused"), Left.PAUSED, 3, "still"),
        (row(date(2025, 9, 30), owner="firm"), Left.FIRM, 3, "still"),
        (row(None), Left.NONE, 0, "still"),
    ],
)
def test_time_left_is_told_in_workdays(calendar: Calendar, given: Any, how: Left, days: int, tone: str):
    """Holidays and make-up days count as they do for the deadline itself."""
    left = time_left(given, calendar, NOW)

    assert (left.how, left.days, left.tone) == (how, days, tone)


@pytest.mark.parametrize(("typed", "fen"), [("50", 50 * WAN), ("12.5", 12_500_000), ("86.5万", 86_500_000)])
def test_a_sum_is_read_as_it_is_typed(typed: str, fen: int):
    """The unit stands beside the field, and may be typed all the same."""
    assert fen_of(typed) == fen


@pytest.mark.parametrize("typed", ["", "很多", "-5", "0", "1e9", "4.35%%", "nan"])
def test_what_is_no_figure_is_refused_in_words(typed: str):
    """A figure that cannot be read never becomes another figure."""
    with pytest.raises(Refusal) as sum_refused:
        fen_of(typed)
    if typed != "0":
        with pytest.raises(Refusal):
            ppm_of(typed)

    assert sum_refused.value.code == "malformed-field"


def test_a_rate_is_read_in_percent():
    """To the millionth and no finer."""
    assert (ppm_of("4.35"), ppm_of("4.35 %"), ppm_of("0")) == (43_500, 43_500, 0)
    with pytest.raises(Refusal):
        ppm_of("4.350001")


def test_a_figure_that_cannot_be_read_is_no_value():
    """The rule then says that the value is missing, as it does to a machine."""
    form = RefusalForm(code="D1", words="…", path="tax.paid_12m_fen", comparison="lt", value="很多", unit="fen")

    assert said_of(form).claim == Claim("tax.paid_12m_fen", Comparison.LT, None)


def test_evidence_that_speaks_against_a_reason_stands_last_and_says_so(calendar: Calendar):
    """A clerk sees at once which item can bear the reason out."""
    tree = reasons.read_tree(1, policy_body("reason", "loan_refusal"), policy_body("empty_phrase", "refusal_text"))
    listed = Item("judicial.dishonest_listed", Source.PACKAGE, Status.VALUE, 0)
    open_fen = Item("judicial.enforcement_open_fen", Source.PACKAGE, Status.VALUE, 5 * WAN)
    other = Item("tax.paid_12m_fen", Source.PACKAGE, Status.VALUE, 18 * WAN)
    evidence = {one.path: one for one in (listed, open_fen, other)}

    found = choices(tree.reasons["B2"], evidence, (), own_only=False)

    assert [(one.path, one.contradicts) for one in found] == [(open_fen.path, False), (listed.path, True)]
    assert choices(tree.reasons["B2"], evidence, (), own_only=True) == []


async def test_what_is_said_before_is_what_is_said_on_sending(db: Database):
    """The page's verdict and the command's refusal come from the same rule on the same evidence."""
    town = await make_town(db)
    bank = town.banks[0]
    suborder_id = (await parts_of(db, await post_need(db, town)))[bank.bank_id]
    await set_clock(db, "2025-09-26 09:30")
    await act(db, bank.clerk, lambda tx, by: orders.acceptances.accept_suborder(tx, suborder_id, by=by, now=tx.now))
    words = "近十二个月实缴税款十八万元，低于本产品的要求。"
    low, high = (Claim("tax.paid_12m_fen", Comparison.LT, wan * WAN) for wan in (10, 30))
    cases = {
        Said(code="", words=words): Why.UNKNOWN,
        Said(code="D1", words="综合评分不足"): Why.TEXT_EMPTY,
        Said(code="D1", words=words): Why.CLAIM_MISSING,
        Said(code="D1", words=words, claim=low): Why.CLAIM_FALSE,
        Said(code="D1", words=words, claim=high): None,
    }

    refuse = orders.decisions.refuse_suborder
    for said, why in cases.items():
        weighed = await act(
            db, bank.clerk, lambda tx, by, said=said: desk.weigh_refusal(tx, suborder_id, said, by=by, now=tx.now)
        )
        assert weighed == desk.Weighed(why, needs_two=False)
        if why is not None:
            with pytest.raises(Refusal):
                await act(
                    db, bank.clerk,
                    lambda tx, by, said=said: refuse(tx, suborder_id, said, by=by, now=tx.now),
                )  # fmt: skip

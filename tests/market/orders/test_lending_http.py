"""A loan after signing over HTTP, as a bank's machine tells it, and how what is not taken is told."""

from datetime import date
from typing import Any
from uuid import uuid4

from app.market.orders.rules.loans import LoanType
from tests.market.orders.conftest import WAN
from tests.market.orders.test_http import Town, order_body, town
from tests.market.orders.test_lending_service import serviced
from tests.market.orders.test_loan_types import shelve

__all__ = ["town"]  # A fixture of the orders' tests over HTTP.


async def test_a_machine_tells_the_ledger_of_a_loan_and_what_is_owed_comes_back(town: Town) -> None:
    """Sent twice it counts once; a line that cannot be is named by its problem, and nothing is written."""
    part = await serviced(town.city)
    await town.at("2026-03-10 10:00")
    at, mark, key = f"/suborders/{part}/loan-entries", str(uuid4()), uuid4().hex
    line: dict[str, Any] = {"entry_id": mark, "kind": "repayment", "on": "2026-03-09", "amount_fen": 15 * WAN}

    first = await town.post("clerk0", at, line, key=key)
    again = await town.post("clerk0", at, line, key=key)
    twice = await town.post("clerk0", at, line)
    over = await town.post("clerk0", at, line | {"entry_id": str(uuid4()), "amount_fen": 26 * WAN})
    shapeless = await town.post("clerk0", at, line | {"kind": "settlement"})
    foreign = await town.post("clerk1", at, line | {"entry_id": str(uuid4())})

    loan = first.json()["loan"]
    assert (200, 200, loan) == (first.status_code, again.status_code, again.json()["loan"])
    assert (25 * WAN, 15 * WAN, 0, "2026-09-29") == (
        loan["outstanding_fen"], loan["repaid_fen"], loan["overdue_fen"], loan["ends_on"],
    )  # fmt: skip
    assert [(409, "already-exists"), (422, "amount-out-of-range"), (400, "malformed-field"), (404, "not-found")] == [
        (answer.status_code, answer.json()["code"]) for answer in (twice, over, shapeless, foreign)
    ]
    assert [(1,)] == await town.city.rows("select count(*) from loan_entries")


async def test_a_firm_posts_a_deferral_over_http(town: Town) -> None:
    """The loan is named beside the type; matches are asked for by type."""
    part = await serviced(town.city)
    n = await shelve(town.city, LoanType.DEFERRAL)
    await town.at("2026-03-10 10:00")
    body = order_body(town, n, amount_fen=40 * WAN, until_on="2026-05-20")

    posted = await town.post("firm", "/orders", body | {"loan_type": "deferral", "of_suborder_id": str(part)})
    twice = await town.post("firm", "/orders", body | {"loan_type": "deferral", "of_suborder_id": str(part)})
    query = f"amount_fen={40 * WAN}&term_months=12&purpose=x&collateral=none&district_code=500103"
    agri = await town.get("firm", f"/matches?{query}&loan_type=agri")
    loans = await town.get("firm", f"/matches?{query}&loan_type=deferral")

    assert (201, 409) == (posted.status_code, twice.status_code), posted.text
    assert (200, [], 400) == (agri.status_code, agri.json()["matches"], loans.status_code)
    assert [(date(2026, 5, 20), "deferral")] == await town.city.rows(
        "select until_on, loan_type from orders where of_suborder_id = $1", part
    )

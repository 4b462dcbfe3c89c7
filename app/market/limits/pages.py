"""The start page with the shelf, open to everybody; a firm's own estimates, one card per product."""

from typing import Any, Final

from litestar import Request, Response, get

from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.market import parties
from app.office import policies
from app.web.deps import Given
from app.web.i18n import N_
from app.web.pages import page

PROMISED: Final = ("ACCEPT", "CONTACT", "DECISION")
REPAYMENTS: Final = {
    "instalments": N_("等额分期"),
    "interest_first": N_("按月付息，到期还本"),
    "bullet": N_("到期一次还本付息"),
}


@get("/", opt={"roles": "public"}, include_in_schema=False)
async def show_start(tx: Given[ReadTx], request: Request[Any, Any, Any]) -> Response[str]:
    """What one can get, from whom, at which rate, how soon; no account is needed to look."""
    on = shanghai_date(tx.now)
    banks = await parties.shelf.banks(tx)
    products = sorted(
        await parties.shelf.products_on(tx, on), key=lambda p: (p.rate_min_ppm, -p.amount_max_fen, p.code)
    )
    limits = {name: await policies.in_force(tx, "clock", name, on) for name in PROMISED}
    return page(
        request,
        "market/start.html",
        shelf=[(product, banks[product.bank_id]) for product in products],
        repayments=REPAYMENTS,
        promise={name: policy.body["count"] for name, policy in limits.items()},
    )

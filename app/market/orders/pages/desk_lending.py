"""What a branch tells of a loan after signing, and the agreement of a deferral. Pages and machines."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from app.access.seats import Seat
from app.infra.db import Tx
from app.kernel.errors import Refusal
from app.market.orders import schemas
from app.market.orders.pages.desk import case_page
from app.market.orders.pages.desk_acts import ACT, do_once
from app.market.orders.pages.desk_forms import fen_of, typed_of
from app.market.orders.service import lending
from app.market.orders.service.answering import BRANCH_ACTS, act_once
from app.market.orders.service.lending import EntryKind, Told
from app.market.orders.service.showing import SuborderView
from app.web.body import CodeField, Form, Posted, Sent, text
from app.web.deps import Given
from app.web.i18n import N_, _

Asked = Request[Any, Any, Any]
ACT_OF: Final[Mapping[EntryKind, str]] = {
    EntryKind.REPAYMENT: "repay",
    EntryKind.EXTENSION: "extend",
    EntryKind.OVERDUE: "mark_overdue",
    EntryKind.SETTLEMENT: "settle",
}
SAID: Final[Mapping[EntryKind, str]] = {
    EntryKind.REPAYMENT: N_("还款已登记。"),
    EntryKind.EXTENSION: N_("展期已登记。"),
    EntryKind.OVERDUE: N_("逾期已登记，企业会收到通知。"),
    EntryKind.SETTLEMENT: N_("贷款已结清，分单办结。"),
}
# Why a line of the ledger is not taken: by the problem that the rule names, and what was told.
FAULTS: Final[Mapping[tuple[str, EntryKind | None], str]] = {
    ("amount-out-of-range", None): N_("金额须大于零，不超过贷款余额。"),
    ("amount-out-of-range", EntryKind.SETTLEMENT): N_("还有余额：请先登记还款，或写明核销的原因（至少十个字）。"),
    ("bad-time", None): N_("日期须在首次放款之后，不晚于今天。"),
    ("bad-time", EntryKind.EXTENSION): N_("展期须在贷款到期之前约定，日期不晚于今天。"),
    ("terms-out-of-range", None): N_("新的到期日须晚于现在的到期日，不超过允许的最长展期。"),
    ("wrong-state", None): N_("当前阶段不能这样登记。"),
    ("wrong-state", EntryKind.EXTENSION): N_("已逾期的贷款不能展期，请登记还款，或由企业申请延期还本付息。"),
}
FIELDS: Final[Mapping[str, str]] = {
    "amount-out-of-range": "f-amount_wan",
    "bad-time": "f-on",
    "terms-out-of-range": "f-until_on",
}


class EntryForm(Form):
    """`entry_id` was minted with the form, so that the same line sent twice counts once."""

    kind: EntryKind
    entry_id: UUID
    on: date
    amount_wan: Annotated[str, text(30)] = ""
    until_on: date | None = None
    reason: Annotated[str, text(500)] = ""

    def told(self) -> Told:
        """As the command wants it. Refuses `malformed-field` in words."""
        amount_fen = 0 if self.kind is EntryKind.SETTLEMENT else fen_of(self.amount_wan)
        return Told(
            kind=self.kind, entry_id=self.entry_id, on=self.on, amount_fen=amount_fen, until_on=self.until_on,
            reason=self.reason,
        )  # fmt: skip


class AgreementForm(Form):
    agreement_no: CodeField
    signed_on: date


@post("/suborders/{suborder_id:uuid}/loan-entries", opt=BRANCH_ACTS, status_code=200)
async def tell_loan(
    suborder_id: FromPath[UUID], data: Sent[schemas.LoanEntryBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Tell a repayment, an extension, what is overdue, or the end of a loan."""
    told = Told(
        kind=EntryKind(data.kind), entry_id=data.entry_id, on=data.on, amount_fen=data.amount_fen or 0,
        until_on=data.until_on, reason=data.reason,
    )  # fmt: skip
    return await act_once(
        request, tx, suborder_id, lambda: lending.tell_loan(tx, suborder_id, told, by=seat, now=tx.now)
    )


@post("/suborders/{suborder_id:uuid}/agreement", opt=BRANCH_ACTS, status_code=200)
async def agree_deferral(
    suborder_id: FromPath[UUID], data: Sent[schemas.AgreementBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Record the signed agreement of a deferral: its schedule stands on the loan from then on."""
    return await act_once(
        request, tx, suborder_id,
        lambda: lending.agree_deferral(
            tx, suborder_id, agreement_no=data.agreement_no, signed_on=data.signed_on, by=seat, now=tx.now
        ),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/loan-entries", opt=ACT, include_in_schema=False)
async def submit_entry(
    suborder_id: FromPath[UUID], data: Posted[EntryForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """The same from the desk; a line that is not taken comes back with what was typed."""
    fault, at = await _fault(tx, suborder_id, data, seat)
    if fault:
        return await case_page(
            request, tx, suborder_id, seat, status=422, act=ACT_OF[data.kind], typed=typed_of(data), fault=fault,
            fault_at=at,
        )  # fmt: skip
    return await do_once(
        request, tx, suborder_id,
        lambda: lending.tell_loan(tx, suborder_id, data.told(), by=seat, now=tx.now), _(SAID[data.kind]),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/agreement", opt=ACT, include_in_schema=False)
async def submit_agreement(
    suborder_id: FromPath[UUID], data: Posted[AgreementForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """The agreement of a deferral from the desk."""
    return await do_once(
        request, tx, suborder_id,
        lambda: lending.agree_deferral(
            tx, suborder_id, agreement_no=data.agreement_no, signed_on=data.signed_on, by=seat, now=tx.now
        ),
        _("延期协议已登记，新的还款计划已记到原贷款。"),
    )  # fmt: skip


async def _fault(tx: Tx, suborder_id: UUID, data: EntryForm, seat: Seat) -> tuple[str, str]:
    """Why a line would not be taken, in words, and the field; whose the loan is comes before what is wrong with it."""
    typed = ""
    told = Told(kind=data.kind, entry_id=data.entry_id, on=data.on)
    try:
        told = data.told()
    except Refusal as refusal:
        typed = _(refusal.detail)
    refused = await lending.weigh(tx, suborder_id, told, by=seat, now=tx.now)
    if typed:
        return typed, "f-amount_wan"
    if refused is None:
        return "", ""
    said = FAULTS.get((refused.code, data.kind)) or FAULTS[refused.code, None]
    settles = data.kind is EntryKind.SETTLEMENT and refused.code == "amount-out-of-range"
    return _(said), "f-reason" if settles else FIELDS.get(refused.code, "")

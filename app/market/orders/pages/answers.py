"""The firm's answers on its way to an order: read from the address, judged one by one, carried on in hidden fields.

Nothing is kept on the server before the order is posted, so the browser's own back button works, every step can be
kept as an address, and the whole way needs no script. `order_id` is minted with the first page, since the consents
name it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from litestar.datastructures import MultiDict

from app.kernel.ids import new_id
from app.kernel.money import ReadSum, format_wan, parse_sum
from app.market.orders.pages.kinds import NEW, Kind, value_of
from app.market.orders.pages.words import COLLATERAL, PURPOSES
from app.market.orders.rules.facts import Bounds
from app.market.orders.service.postings import Draft
from app.web import formats, i18n
from app.web.i18n import _

# In the order in which they are asked. The first is asked of who has a choice, the last three only of who wants it
# otherwise than suggested.
QUESTIONS: Final[Mapping[str, str]] = {
    "kind": "kind",
    "amount": "amount_wan",
    "term": "term_months",
    "purpose": "purpose",
    "collateral": "collateral",
    "district": "district",
    "until": "until_days",
    "places": "places",
}
FIELDS: Final = tuple(QUESTIONS.values())
STEPS: Final = ("amount", "term", "purpose", "collateral", "check", "data", "sign")  # As progress is told.


@dataclass(frozen=True, slots=True)
class Answers:
    """`values` are as typed; `faults` say what is wrong with one; a field in neither was not asked yet."""

    order_id: UUID
    previous_id: UUID | None
    values: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)
    kinds: Sequence[Kind] = (NEW,)
    kind: Kind = NEW

    @property
    def is_typed(self) -> bool:
        """Whether the firm has more than one type of loan to ask for."""
        return len(self.kinds) > 1

    @property
    def open_question(self) -> str | None:
        """The first question without a good answer."""
        for question, name in QUESTIONS.items():
            if question == "kind" and not self.is_typed:
                continue
            if name in self.faults or name not in self.values:
                return question
        return None

    def hidden(self, without: str = "") -> list[tuple[str, str]]:
        """What a form carries on, but for the fields that it asks itself."""
        kept = [("order_id", str(self.order_id))]
        if self.previous_id is not None:
            kept.append(("previous", str(self.previous_id)))
        return kept + [(name, value) for name, value in self.values.items() if name != without]

    def draft(self, on: date) -> Draft:
        """The whole need. Only for answers without an open question."""
        return Draft(
            order_id=self.order_id, amount_fen=self._amount_fen(),
            term_months=int(self.values["term_months"]), purpose=self.values["purpose"],
            collateral=self.values["collateral"], district_code=self.values["district"] or None,
            until_on=on + timedelta(days=int(self.values["until_days"])), places=int(self.values["places"]),
            previous_order_id=self.previous_id, loan_type=self.kind.loan_type, of_suborder_id=self.kind.of_suborder_id,
        )  # fmt: skip

    def _amount_fen(self) -> int:
        """A deferral asks for all that is owed, to the fen."""
        if "amount_wan" in self.kind.fixed:
            return self.kind.owed_fen
        return _fen(self.values["amount_wan"]) or 0


def read_answers(
    sent: MultiDict[str] | Mapping[str, str], districts: Mapping[str, str], bounds: Bounds, home: str = "",
    kinds: Sequence[Kind] = (NEW,),
) -> Answers:  # fmt: skip
    """The answers in an address or a form. `districts`: code to name, those of today; `bounds`: today's as well;
    `kinds`: the types that the firm may ask for.

    What hardly anybody wants otherwise is answered beforehand, and stands among the answers to be checked: how long,
    how many banks at once, and `home`, the district in which the firm is registered.
    """
    values = {"until_days": str(bounds.until_days_suggested), "places": str(bounds.places_suggested)}
    if home in districts:
        values["district"] = home
    typed = {name: sent[name].strip()[:60] for name in FIELDS if name in sent}
    kind = next((one for one in kinds if one.value == typed.get("kind")), kinds[0])
    if len(kinds) == 1:
        typed.pop("kind", None)
    before = {name: value for name, value in kind.answers.items() if not _fault(name, value, districts, bounds)}
    values |= {**before, **typed, **kind.fixed}
    faults = {
        name: fault for name, value in values.items()
        if name not in kind.fixed and (fault := _fault(name, value, districts, bounds, kinds))
    }  # fmt: skip
    return Answers(
        _uuid(sent.get("order_id")) or new_id(), _uuid(sent.get("previous")), values, faults, tuple(kinds), kind
    )


def of_order(order: Mapping[str, object]) -> list[tuple[str, str]]:
    """An old order as the answers of a new one, to post it again; how long is suggested anew."""
    amount_fen = order["amount_fen"]
    assert isinstance(amount_fen, int)
    kind = value_of(str(order["loan_type"]), order["of_suborder_id"])
    return [
        *([] if kind == NEW.value else [("kind", kind)]),
        ("previous", str(order["order_id"])), ("amount_wan", format_wan(amount_fen).replace(",", "")),
        ("term_months", str(order["term_months"])), ("purpose", str(order["purpose"])),
        ("collateral", str(order["collateral"])), ("district", str(order["district_code"] or "")),
        ("places", str(order["places"])),
    ]  # fmt: skip


def _fault(name: str, value: str, districts: Mapping[str, str], bounds: Bounds, kinds: Sequence[Kind] = ()) -> str:
    if name == "amount_wan":
        return _amount_fault(value, bounds)
    allowed: Mapping[str, tuple[object, ...]] = {
        "term_months": bounds.term_months, "purpose": tuple(PURPOSES), "collateral": tuple(COLLATERAL),
        "kind": tuple(one.value for one in kinds), "until_days": bounds.until_days,
        "places": tuple(range(1, bounds.places_max + 1)), "district": tuple(districts),
    }  # fmt: skip
    return "" if value in map(str, allowed[name]) else _("请在下列选项中选择一项。")


def _amount_fault(value: str, bounds: Bounds) -> str:
    fen = _fen(value)
    if not value:
        return _("请填写金额。")
    if fen is None:
        return _("请只填数字，单位是万元，例如 30 或 12.5。")
    if fen % 10_000:
        return _("金额请精确到百元，例如 12.5 万元。")
    if not bounds.amount_min_fen <= fen <= bounds.amount_max_fen:
        return _("金额须在 {low} 至 {high} 之间。").format(
            low=formats.money_text(bounds.amount_min_fen, i18n.language()),
            high=formats.money_text(bounds.amount_max_fen, i18n.language()),
        )
    return ""


def _fen(text: str) -> int | None:
    read = parse_sum(text)
    return int(read.fen) if isinstance(read, ReadSum) else None


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None

"""What will happen in half a year of the invented city, written down before it is lived.

Pure: a seed, the firms and the working calendar give the same plans for ever. Waits are workdays; a wait of 0 is a
later hour of the same day. Most plans are drawn; the last are written by hand, so that on the day of the visit every
state stands open somewhere, some of it due today and some of it late.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

from app.demo.city import WAN, Firm
from app.kernel.clock import SHANGHAI
from app.kernel.workdays import Calendar, workday_at, workdays_seen

ORDERS: Final = 190
SLOTS: Final = (570, 625, 680, 830, 885, 940, 995)  # Minutes of the day at which the city acts.
PURPOSES: Final = ("采购原材料", "支付货款", "设备更新", "订单周转", "备货", "门店装修")
OFFER_WORKDAYS: Final = 10
TWISTS: Final = ("deny", "contest", "retract", "move", "appeal")


@dataclass(frozen=True, slots=True)
class Step:
    """One act of a branch, so many workdays after the one before."""

    act: str  # accept, contact, investigate, ask_papers, offer, refuse, sign, pay; repay, overdue, settle, agree
    wait: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """One order: who asks, when, for what, and how the banks and the firm behave.

    `banks[n]` is what the n-th bank that gets it does before the pick; `after` what the picked one does. `pick`,
    `bring` and `withdraw` are the firm's waits after the first offer, the request for papers and the post; None:
    never.
    """

    number: int
    firm: int
    posted_at: datetime
    amount_fen: int
    term_months: int
    purpose: str
    places: int
    banks: tuple[tuple[Step, ...], ...]
    after: tuple[Step, ...] = ()
    pick: int | None = 1
    bring: int | None = 1
    withdraw: int | None = None
    revoke: int | None = None
    gives_up_rest: bool = False
    loan_type: str = "new"
    twist: str = ""  # See `demo.twists`.


@dataclass(frozen=True, slots=True)
class Days:
    """The working days of the city and the hours at which it acts."""

    calendar: Calendar

    def at(self, day: date, slot: int) -> datetime:
        """An hour of a day, a few minutes apart from that of the day before."""
        minutes = SLOTS[slot % len(SLOTS)] + day.toordinal() * 7 % 23
        return datetime.combine(day, time(), SHANGHAI).astimezone(UTC) + timedelta(minutes=minutes)

    def later(self, at: datetime, workdays: int, slot: int) -> datetime:
        """So many workdays later; on the same day the next hour, and after the last one the next workday."""
        day = at.astimezone(SHANGHAI).date()
        if workdays == 0:
            for hour in range(len(SLOTS)):
                if (found := self.at(day, hour)) > at:
                    return found
            workdays = 1
        return self.at(self.shift(day, workdays), slot)

    def shift(self, day: date, workdays: int) -> date:
        """The workday so many workdays later (earlier, when negative). 0 on a closed day: the workday before."""
        return workday_at(self.calendar, workdays_seen(self.calendar, day) + workdays)


def make_plans(
    firms: Sequence[Firm], days: Days, first: date, last: date, *, seed: int, drawn: int = ORDERS, twists: float = 0
) -> tuple[Plan, ...]:
    """Drawn orders from `first` on, then the written ones that stand open on `last`, in order of their posting.

    So large a share of the drawn ones takes a turn (`TWISTS`).
    """
    span = workdays_seen(days.calendar, last) - workdays_seen(days.calendar, first)
    plans = []
    for number in range(drawn):
        dice = Random(f"{seed}:order:{number}")  # noqa: S311 - repeatable on purpose
        # More orders month by month, as a new service grows.
        day = days.shift(first, int(span * dice.random() ** 0.75))
        plan = _drawn(number, dice, firms, days.at(day, dice.randrange(len(SLOTS) - 1)))
        turn = Random(f"{seed}:twist:{number}")  # noqa: S311 - its own, so that everything else stays as it is
        plans.append(_twisted(plan, turn) if turn.random() < twists else plan)
    for offset, (posted, banks, more) in enumerate(OPEN_TODAY):
        dice = Random(f"{seed}:open:{offset}")  # noqa: S311
        plans.append(_written(drawn + offset, dice, firms, days.at(days.shift(last, -posted), 0), banks, more))
    for offset, (posted, loan_type, banks, more) in enumerate(TYPED):
        dice = Random(f"{seed}:typed:{offset}")  # noqa: S311
        number = drawn + len(OPEN_TODAY) + offset
        plan = _written(number, dice, firms, days.at(days.shift(last, -posted), 3), banks, more)
        coop = next(n for n, firm in enumerate(firms) if firm.uscc.startswith("93"))
        plans.append(replace(plan, loan_type=loan_type, firm=coop if loan_type == "agri" else plan.firm))
    return tuple(sorted(plans, key=lambda plan: (plan.posted_at, plan.number)))


def _drawn(number: int, dice: Random, firms: Sequence[Firm], posted_at: datetime) -> Plan:
    firm = dice.randrange(len(firms))
    amount_fen = _amount(firms[firm], dice)
    ticks = dice.choice((2, 2, 3, 3, 4))
    banks = tuple(_bank(dice) for _ in range(ticks))
    draws = dice.choice((1, 1, 1, 2, 3))
    after = (
        Step("sign", dice.choice((1, 1, 2, 3, 4, 7))),
        Step("pay", dice.choice((0, 1, 1, 2, 4, 8))),
        *(Step("pay", dice.randrange(4, 18)) for _ in range(draws - 1)),
        *_afterwards(Random(f"loan:{number}")),  # noqa: S311
    )
    return Plan(
        number, firm, posted_at, amount_fen, dice.choice((6, 12, 12, 12)), dice.choice(PURPOSES), min(2, ticks), banks,
        after,
        pick=dice.choice((1, 1, 2, 3, 5, None)), bring=dice.choice((1, 2, 3, None)),
        withdraw=dice.choice((1, 3, 6)) if dice.random() < 0.05 else None,
        revoke=dice.choice((1, 4)) if dice.random() < 0.04 else None,
        gives_up_rest=draws > 1 and dice.random() < 0.3,
    )  # fmt: skip


def _twisted(plan: Plan, dice: Random) -> Plan:
    """The same order with a turn, and with a bank that gives occasion for it."""
    twist = dice.choice(TWISTS)
    first = TWISTED.get(twist)
    banks = plan.banks if first is None else (first, *plan.banks[1:])
    return replace(plan, twist=twist, banks=banks, bring=None if twist == "contest" else plan.bring)


def _afterwards(dice: Random) -> tuple[Step, ...]:
    """What becomes of a loan: most are repaid month by month, some late, some all at once."""
    luck = dice.random()
    if luck < 0.15:
        return Step("repay_all", dice.randrange(15, 40)), Step("settle", 1)
    if luck < 0.25:
        return Step("repay", 21), Step("overdue", 22), Step("repay", 6)
    if luck < 0.75:
        return Step("repay", 21), Step("repay", 21), Step("repay", 21)
    return ()


def _bank(dice: Random) -> tuple[Step, ...]:
    """What a branch does with an order: mostly in time, sometimes late, sometimes nothing."""
    luck = dice.random()
    if luck < 0.06:
        return ()
    if luck < 0.11:
        return (Step("refuse_unseen", dice.choice((0, 1))),)
    steps = [Step("accept", dice.choice((0, 0, 1, 1)))]
    steps.append(Step("contact", 5 if dice.random() < 0.06 else dice.choice((0, 0, 1, 1, 2))))
    if dice.random() < 0.7:
        steps.append(Step("investigate", dice.choice((0, 1))))
    if dice.random() < 0.18:
        steps.append(Step("ask_papers", dice.choice((0, 1))))
    wait = dice.choice((11, 13)) if dice.random() < 0.07 else dice.randrange(1, 7)
    steps.append(Step("refuse" if dice.random() < 0.36 else "offer", wait))
    return tuple(steps)


def _amount(firm: Firm, dice: Random) -> int:
    """A tenth of the year's sales, more or less, in steps of 5 万元 from 10 万元 on."""
    share = dice.choice((14, 10, 8, 6))
    return max(10, min(100, firm.turnover_12m_fen // WAN // share // 5 * 5)) * WAN


_ACCEPT: Final = (Step("accept", 1),)
_WORK: Final = (*_ACCEPT, Step("contact", 1), Step("investigate", 0))
_OFFER: Final = (*_WORK, Step("offer", 2))
TWISTED: Final = {  # What the first bank does, so that there is something to contest, to retract or to appeal against.
    "contest": (*_WORK, Step("ask_papers", 1), Step("offer", 4)),
    "retract": _OFFER,
    "appeal": (*_WORK, Step("refuse", 2)),
}
# (workdays before the visit on which it is posted, what the banks do, what the firm does). Limits: answer 2, contact
# 3, decision 10, signature 5, payout 5 workdays after the day of the act.
OPEN_TODAY: Final[tuple[tuple[int, tuple[tuple[Step, ...], ...], Mapping[str, object]], ...]] = (
    (0, ((),), {}),
    (1, ((), ()), {}),
    (2, ((),), {}),  # To be answered today.
    (2, ((Step("accept", 0),), ()), {}),
    (4, (_ACCEPT,), {}),  # To be contacted today.
    (7, (_ACCEPT,), {}),  # Late with the contact.
    (5, (_WORK,), {}),
    (11, (_WORK,), {}),  # To be decided today.
    (11, (_WORK, _OFFER), {"pick": None}),
    (14, (_WORK,), {}),  # Late with the decision.
    (18, (_WORK,), {}),  # Later still.
    (7, ((*_WORK, Step("ask_papers", 2)),), {"bring": None}),  # Waits for the firm's papers.
    (9, ((*_WORK, Step("ask_papers", 1)),), {"bring": None}),  # Asked in vain: the bank's time runs on.
    (8, (_OFFER, _OFFER), {"pick": None}),  # Two offers side by side.
    (10, (_OFFER,), {"pick": 1}),  # To be signed today.
    (13, (_OFFER,), {"pick": 1}),  # Late with the signature.
    (12, (_OFFER,), {"pick": 1, "after": (Step("sign", 2),)}),  # To be paid out today.
    (15, (_OFFER,), {"pick": 1, "after": (Step("sign", 2),)}),  # Late with the money.
    (16, (_OFFER,), {"pick": 1, "after": (Step("sign", 1), Step("pay_part", 2))}),  # Half drawn.
)

_SIGNED: Final = (Step("sign", 1), Step("pay", 1))
# Orders of the other types, like those above. Renewals and deferrals are of the oldest loans that still run.
TYPED: Final[tuple[tuple[int, str, tuple[tuple[Step, ...], ...], Mapping[str, object]], ...]] = (
    (45, "renewal", (_OFFER,), {"after": _SIGNED}),
    (40, "deferral", (_OFFER,), {"after": (Step("agree", 1),)}),
    (30, "renewal", (_OFFER,), {"after": _SIGNED}),
    (26, "agri", (_OFFER,), {"after": _SIGNED}),
    (24, "recommended", (_OFFER,), {"after": _SIGNED}),
    (12, "deferral", (_OFFER,), {"after": (Step("agree", 1),)}),
    (9, "renewal", (_WORK,), {}),  # The watch rung has been told.
    (8, "recommended", (_WORK,), {}),
    (5, "deferral", (_WORK,), {}),
    (4, "agri", (_OFFER,), {"pick": None}),
    (1, "renewal", ((),), {}),
    (1, "recommended", ((),), {}),
)


def _written(
    number: int, dice: Random, firms: Sequence[Firm], posted_at: datetime, banks: tuple[tuple[Step, ...], ...],
    more: Mapping[str, object],
) -> Plan:  # fmt: skip
    sound = [n for n, firm in enumerate(firms) if not firm.dishonest and not firm.abnormal]
    firm = dice.choice(sound)
    return Plan(
        number, firm, posted_at, _amount(firms[firm], dice), 12, dice.choice(PURPOSES), min(2, len(banks)), banks,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip

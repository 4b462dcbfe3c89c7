"""The demo's half year is written down before it is lived: the same for everybody, on working days, with all kinds."""

from collections import Counter
from datetime import date

from app.cli_calendar import load_calendar
from app.demo.city import make_city
from app.demo.plans import OPEN_TODAY, ORDERS, TYPED, Days, make_plans
from app.kernel.clock import shanghai_date
from app.kernel.workdays import is_workday

FIRST, LAST = date(2026, 5, 28), date(2026, 11, 24)
DAYS = Days(load_calendar())
CITY = make_city(FIRST)
PLANS = make_plans(CITY.firms, DAYS, FIRST, LAST, seed=CITY.seed)


def test_the_same_seed_tells_the_same_story():
    """A visitor who comes back, and a test that failed, find the same city."""
    again = make_plans(make_city(FIRST).firms, DAYS, FIRST, LAST, seed=CITY.seed)

    assert PLANS == again
    assert PLANS != make_plans(CITY.firms, DAYS, FIRST, LAST, seed=CITY.seed + 1)


def test_everybody_acts_on_working_days_of_the_half_year():
    """Nothing is posted on a holiday, before the city wakes up, or after the visit."""
    days = [shanghai_date(plan.posted_at) for plan in PLANS]

    assert ORDERS + len(OPEN_TODAY) + len(TYPED) == len(PLANS)
    assert all(is_workday(DAYS.calendar, day) and FIRST <= day <= LAST for day in days)


def test_every_month_and_every_kind_of_way_occurs():
    """Orders in each month; offers, refusals, silence, papers, withdrawals, several draws and rests given up."""
    months = {shanghai_date(plan.posted_at).month for plan in PLANS}
    acts = Counter(step.act for plan in PLANS for steps in (*plan.banks, plan.after) for step in steps)

    assert {6, 7, 8, 9, 10, 11} <= months
    assert {"accept", "contact", "investigate", "ask_papers", "offer", "refuse", "refuse_unseen", "sign", "pay"} <= set(
        acts
    )
    assert any(not steps for plan in PLANS for steps in plan.banks)
    assert any(plan.withdraw is not None for plan in PLANS)
    assert any(plan.revoke is not None for plan in PLANS)
    assert any(plan.gives_up_rest for plan in PLANS)
    assert any(plan.pick is None for plan in PLANS)
    assert {"repay", "repay_all", "overdue", "settle", "agree"} <= set(acts)
    assert {"new", "renewal", "deferral", "recommended", "agri"} == {plan.loan_type for plan in PLANS}


def test_a_wait_of_nothing_is_a_later_hour_and_after_the_last_the_next_workday():
    """Acts of one branch never fall on one instant, and nobody works at night."""
    last_hour = DAYS.at(date(2026, 9, 30), 6)  # The eve of the National Day holiday.

    assert DAYS.later(DAYS.at(date(2026, 9, 30), 0), 0, 5) == DAYS.at(date(2026, 9, 30), 1)
    assert shanghai_date(DAYS.later(last_hour, 0, 2)) == date(2026, 10, 8)

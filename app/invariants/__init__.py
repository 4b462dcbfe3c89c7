"""Truths that hold on live data at every commit; one file each, read-only."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from app.infra.db import Database, Role
from app.invariants import (
    accepted_suborders_have_decision_clocks,
    bad_ratings_are_followed_up,
    breaches_equal_replay,
    callbacks_can_be_drawn_again,
    circulars_stand_as_published,
    complaints_follow_their_moves,
    conduct_equals_history,
    draws_stay_inside_contracts,
    ended_orders_have_no_live_suborder,
    events_are_sealed,
    figures_equal_replay,
    frozen_months_equal_replay,
    frozen_months_stand,
    gates_precede_revocations,
    holds_belong_to_live_suborders,
    kept_figures_equal_history,
    live_suborders_have_consent,
    outstanding_equals_ledger,
    package_reads_are_audited,
    pools_equal_entries,
    reports_have_consent,
    running_clocks_have_live_suborders,
    states_equal_last_moves,
    transitions_equal_rules,
    urges_follow_their_moves,
)

TRUTHS: Final[Mapping[str, ModuleType]] = {
    module.__name__.rsplit(".", 1)[-1]: module
    for module in (
        accepted_suborders_have_decision_clocks,
        bad_ratings_are_followed_up,
        breaches_equal_replay,
        callbacks_can_be_drawn_again,
        circulars_stand_as_published,
        complaints_follow_their_moves,
        conduct_equals_history,
        draws_stay_inside_contracts,
        ended_orders_have_no_live_suborder,
        events_are_sealed,
        figures_equal_replay,
        frozen_months_equal_replay,
        frozen_months_stand,
        gates_precede_revocations,
        holds_belong_to_live_suborders,
        kept_figures_equal_history,
        live_suborders_have_consent,
        outstanding_equals_ledger,
        package_reads_are_audited,
        pools_equal_entries,
        reports_have_consent,
        running_clocks_have_live_suborders,
        states_equal_last_moves,
        transitions_equal_rules,
        urges_follow_their_moves,
    )
}


@dataclass(frozen=True, slots=True)
class Checked:
    """One truth: what it says, and a line for each place where it does not hold."""

    name: str
    says: str
    broken: tuple[str, ...]


async def check_all(db: Database) -> tuple[Checked, ...]:
    """Check every truth, each in a snapshot of its own, in the reporter's role, which can write nothing."""
    found = []
    for name, module in TRUTHS.items():
        async with db.reading(Role.REPORTER) as tx:
            broken = await module.find_broken(tx)
        found.append(Checked(name, (module.__doc__ or "").strip(), tuple(broken)))
    return tuple(found)


__all__ = ["TRUTHS", "Checked", "check_all"]

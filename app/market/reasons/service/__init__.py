"""The tree in force on a day."""

from datetime import date

from app.infra.db import ReadTx
from app.market.reasons.rules import Reason, Tree, in_force
from app.market.reasons.schemas import read_tree
from app.office import policies

TREE = ("reason", "loan_refusal")
WORDING = ("empty_phrase", "refusal_text")


async def tree_in_force(tx: ReadTx, on: date) -> Tree:
    """The refusal reasons and the empty phrases valid on `on`; `version` is that of the reasons."""
    tree = await policies.in_force(tx, *TREE, on)
    wording = await policies.in_force(tx, *WORDING, on)
    place = f"reasons.tree {tree.version} {wording.version}"  # A version never changes, so what was read of it stays.
    if place not in tx.shared:
        tx.shared[place] = read_tree(tree.version, tree.body, wording.body)
    found: Tree = tx.shared[place]
    return found


def reasons_on(tree: Tree, on: date, *, from_pushed: bool = False) -> tuple[Reason, ...]:
    """What a bank may choose from on that day, in the order of the codes."""
    chosen = (reason for reason in tree.reasons.values() if in_force(reason, on))
    return tuple(sorted((r for r in chosen if r.from_pushed or not from_pushed), key=lambda reason: reason.code))

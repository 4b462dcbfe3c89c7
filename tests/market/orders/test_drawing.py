"""The page about the machine is drawn from the table in the code."""

from app.market.orders.rules.drawing import BY_THEMSELVES, draw_graph, draw_matrix
from app.market.orders.rules.states import BANK_ACTS, FIRM_ACTS, Act
from tests.market.orders.test_exploration_bites import FAULTS
from tests.support import REPOSITORY

PAGE = (REPOSITORY / "docs" / "order-machine.md").read_text()


def test_the_page_shows_the_table_as_it_is() -> None:
    """A changed row of the table changes the page in the same commit."""
    assert draw_matrix() in PAGE
    assert draw_graph() in PAGE


def test_every_act_is_somebodys() -> None:
    """The firm's, the bank's, or it happens by itself."""
    assert set(Act) == {*BANK_ACTS, *FIRM_ACTS, *BY_THEMSELVES}


def test_the_page_lists_every_invariant_that_is_explored() -> None:
    """A number in a test leads to a sentence."""
    assert [] == sorted({number for number, _, _ in FAULTS if f"| {number} |" not in PAGE})

"""What a refusal says: emptiness in other words, honest words, what is not to be told, and copies."""

import pytest

from app.market.reasons.rules import WordFault, likeness_ppm, most_alike, text_fault
from tests.market.reasons import texts, voices
from tests.market.reasons.test_rules import POLICIES, TREE
from tests.market.reasons.texts import LEAKS

EMPTY = (*texts.EMPTY, *voices.EMPTY)
HONEST = (*texts.HONEST, *voices.HONEST)


@pytest.mark.parametrize("text", EMPTY)
def test_emptiness_in_other_words_is_still_empty(text: str) -> None:
    """A list of forbidden phrases alone is gamed by the next paraphrase."""
    assert text_fault(text, TREE.wording) in (WordFault.EMPTY, WordFault.SHORT, WordFault.LEAKS)


@pytest.mark.parametrize("text", HONEST)
def test_honest_words_are_let_through(text: str) -> None:
    """Whoever says what is wrong must not be made to say it again."""
    assert text_fault(text, TREE.wording) is None


@pytest.mark.parametrize("text", LEAKS)
def test_scores_and_confidences_are_not_passed_on(text: str) -> None:
    """A model's output, what another source holds, and a person's numbers are not the bank's to tell."""
    assert WordFault.LEAKS == text_fault(text, TREE.wording)


def test_no_text_here_stands_in_the_policy() -> None:
    """Otherwise the tests would only show that a list contains itself."""
    said = (POLICIES / "empty_phrase.json").read_text()

    assert not [text for text in (*EMPTY, *HONEST, *LEAKS) if text in said]
    assert min(len(EMPTY), len(HONEST)) >= 30


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        ("贵公司成立仅7个月，不满12个月。", "贵公司成立仅11个月，不满24个月！", True),
        ("近一年开票额低于产品下限三十万元", "近一年开票额低于产品下限，三十万元。", True),
        ("近一年开票额低于产品下限三十万元", "抵押的厂房已被法院查封，不能办理登记", False),
        ("法定代表人被列为失信被执行人，未履行", "法定代表人名下有逾期，尚未结清", False),
    ],
)
def test_a_copy_is_known_whatever_its_figures_and_signs(left: str, right: str, alike: bool) -> None:
    """One text for forty firms is no reason for any of them."""
    assert alike == (likeness_ppm(left, right) >= TREE.wording.alike_ppm)
    assert likeness_ppm(left, right) == likeness_ppm(right, left)


def test_the_likest_text_is_named() -> None:
    """Supervision opens the refusal it was copied from."""
    others = ["申请期限长于本产品最长期限", "近一年开票额低于产品下限", "近一年开票额低于产品的下限"]

    assert (1, 1_000_000) == most_alike("近一年开票额，低于产品下限", others)
    assert most_alike("近一年开票额低于产品下限", []) is None

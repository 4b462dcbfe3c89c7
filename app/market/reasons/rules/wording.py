"""Whether the words of a refusal tell its reader anything, and whether they tell what is not the bank's to tell.

Pure; all lists are dated data (`empty_phrase/refusal_text`). Words say something when they name a fact, which stands
for itself (逾期 overdue), or two of three: a topic (纳税 tax), a relation (低于 below), a figure with its unit. One
alone says nothing: 低于我行要求, below our requirements. Two topics say something too (厂房建在集体土地上, works on
village land), unless a phrase that says no stands beside them (we read your accounts and invoices and refuse) or one
of them is a term of every application (金额 amount).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class WordFault(StrEnum):
    """What is wrong with the words; in the order in which it is looked for."""

    LEAKS = "text_leaks"
    EMPTY = "text_empty"
    SHORT = "text_short"


@dataclass(frozen=True, slots=True)
class Wording:
    """When the words of a refusal say something. Letters are those that `meaning` leaves: signs and blanks say nothing.

    `empty_phrases` fit every refusal; normalised by `meaning`, the longest first, so that a phrase goes before its
    parts. `distinct_min`: ten times the same letter says nothing. `rest_letters_min`: what an honest text keeps when
    its courtesies are taken away. A phrase shorter than `verdict_letters_min` is filler: it only falls away beside one
    that says no. An edition without `topics` judges by the phrases alone.
    `terms`: topics that every application has. `denials`: a bare no (没, not) relates a topic (社保没交) but no term,
    for every refusal denies those. `leaks`: what no refusal may carry.
    """

    empty_phrases: tuple[str, ...]
    letters_min: int
    distinct_min: int
    rest_letters_min: int
    verdict_letters_min: int
    facts: "Lexicon | None" = None
    topics: "Lexicon | None" = None
    relations: "Lexicon | None" = None
    terms: "Lexicon | None" = None
    denials: "Lexicon | None" = None
    figure: re.Pattern[str] | None = None
    day: re.Pattern[str] | None = None  # No figure: a date, a number of a rule, the sum asked for, when to come again.
    leaks: tuple[re.Pattern[str], ...] = ()
    alike_ppm: int = 1_000_000  # From this likeness on two texts of a branch count as copied,
    alike_days: int = 0  # among those of so many days before,
    alike_texts_max: int = 0  # the newest first.
    hollow: tuple[re.Pattern[str], ...] = ()  # A verdict by a yardstick that is not told, whatever stands between.
    simplified: Mapping[int, int] | None = None  # Traditional characters as the lists write them.


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words to look for: ideographs wherever they stand, Latin words whole."""

    signs: tuple[str, ...]
    latin: re.Pattern[str] | None

    def finds(self, said: str, spaced: str) -> bool:
        return any(sign in said for sign in self.signs) or bool(self.latin and self.latin.search(spaced))

    def found(self, said: str, spaced: str) -> set[str]:
        """Which words stand there; a word inside a longer one (抵押 in 抵押物) is not counted beside it."""
        signs = {sign for sign in self.signs if sign in said}
        inner = {sign for sign in signs if any(sign in other for other in signs - {sign})}
        return (signs - inner) | set(self.latin.findall(spaced) if self.latin else ())


def lexicon(words: Iterable[str]) -> Lexicon:
    """Sort words by their script.

    >>> found = lexicon(["逾期", "overdue", "cash flow"])
    >>> found.finds("有逾期", ""), found.finds("", "the cash  flow is"), found.finds("", "overdues")
    (True, True, False)
    """
    kept = [word.casefold() for word in words]
    latin = [re.escape(word).replace(r"\ ", r"\s+") for word in kept if word.isascii()]
    return Lexicon(
        tuple(word for word in kept if not word.isascii()),
        re.compile(rf"\b(?:{'|'.join(latin)})\b", re.ASCII) if latin else None,
    )


def meaning(text: str) -> str:
    """A text without width, case, blanks, signs and invisible characters: letters, digits and ideographs alone.

    >>> meaning("综 合・评分，不足！！（ＡＢＣ）")
    '综合评分不足abc'
    """
    return "".join(letter for letter in spaced(text) if unicodedata.category(letter)[0] in "LN")


def spaced(text: str) -> str:
    """A text in one width and case, without invisible characters; blanks and signs stay."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")


def text_fault(text: str, wording: Wording) -> WordFault | None:
    """What is wrong with the words of a refusal; a text of nothing but phrases that fit every refusal is empty.

    >>> wording = Wording(("经综合评估不予通过", "综合评分不足"), 10, 5, 6, 4)
    >>> text_fault("综合评分不足，经综合评估不予通过", wording)
    <WordFault.EMPTY: 'text_empty'>
    >>> text_fault("太低", wording)
    <WordFault.SHORT: 'text_short'>
    >>> text_fault("近十二个月有效开票额低于本产品下限", wording) is None
    True
    """
    plain = spaced(text).translate(wording.simplified or {})
    if any(leak.search(plain) or leak.search("".join(plain.split())) for leak in wording.leaks):
        return WordFault.LEAKS
    said = meaning(plain)
    rest, said_no = _without(said, wording)
    if said_no and (len(rest) < wording.rest_letters_min or len(set(rest)) < wording.distinct_min):
        return WordFault.EMPTY
    if len(said) < wording.letters_min:
        return WordFault.SHORT
    if len(set(said)) < wording.distinct_min or not _is_tangible(rest, plain, said_no, wording):
        return WordFault.EMPTY
    return None


def _without(said: str, wording: Wording) -> tuple[str, bool]:
    """What the phrases leave, and whether one of them says no."""
    told = said
    for verdict in wording.hollow:
        said = verdict.sub("", said)
    said_no = said != told or any(
        len(one) >= wording.verdict_letters_min and one in said for one in wording.empty_phrases
    )
    if not said_no and wording.topics is None:
        return said, False
    for phrase in wording.empty_phrases:
        if len(phrase) >= wording.verdict_letters_min or said_no:
            said = said.replace(phrase, "")
    return said, said_no


def _is_tangible(rest: str, plain: str, said_no: bool, wording: Wording) -> bool:
    if wording.topics is None or wording.facts is None or wording.relations is None:
        return True
    if wording.facts.finds(rest, plain):
        return True
    about = wording.topics.found(rest, plain)
    asked = wording.terms.found(rest, plain) if wording.terms else set()
    if not said_no and len(about - asked) >= 2:
        return True
    denied = bool(wording.denials and wording.denials.finds(rest, plain) and about - asked)
    related = wording.relations.finds(rest, plain) or denied
    undated = wording.day.sub("", plain) if wording.day else plain
    measured = bool(wording.figure and wording.figure.search(undated))
    return (bool(about), related, measured).count(True) >= 2


SHINGLE: Final = 3
NUMERALS: Final = re.compile(r"[\d零〇一二三四五六七八九十百千万两半]+")


def likeness_ppm(left: str, right: str) -> int:
    """How alike two texts are: shared runs of three letters among all of both (Jaccard), in ppm; figures count as one.

    A text that only changes its figures is still a copy, so every numeral reads as the same digit.

    >>> likeness_ppm("成立 7 个月，不满十二个月。", "成立5个月不满24个月")
    1000000
    """
    first, second = _shingles(left), _shingles(right)
    both = len(first & second)
    return 1_000_000 * both // (len(first) + len(second) - both) if first or second else 0


def _shingles(text: str) -> frozenset[str]:
    said = NUMERALS.sub("0", meaning(text))
    return frozenset(said[place : place + SHINGLE] for place in range(max(1, len(said) - SHINGLE + 1)) if said)


def most_alike(text: str, others: Sequence[str]) -> tuple[int, int] | None:
    """The place of the likest of the others, and how alike it is (ppm); None when there are none."""
    found = [(likeness_ppm(text, other), -place) for place, other in enumerate(others)]
    if not found:
        return None
    alike, place = max(found)
    return -place, alike

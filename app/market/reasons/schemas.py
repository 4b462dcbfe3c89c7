"""The dated documents of this room as they stand in the policies: read strictly, turned into the rule's shapes."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from app.market.reasons.rules import Comparison, Proof, Reason, Source, Tree, Wording, lexicon, meaning


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProofDocument(_Document):
    path: str
    comparisons: list[Comparison]
    sources: list[Source]
    value_min: int | None = None
    value_max: int | None = None
    values: list[str] | None = None
    age_days_max: int | None = None
    back_days_max: int | None = None

    def proof(self) -> Proof:
        return Proof(
            re.compile(self.path, re.ASCII),
            frozenset(self.comparisons),
            frozenset(self.sources),
            self.value_min,
            self.value_max,
            None if self.values is None else frozenset(self.values),
            self.age_days_max,
            self.back_days_max,
        )


class ReasonDocument(_Document):
    code: str
    text_zh: str
    text_en: str
    proofs: list[ProofDocument]
    curable: bool
    cure_zh: str
    cure_en: str
    ask_again_days: int | None
    from_pushed: bool
    needs_firm_word: bool
    valid_from: date
    valid_to: date | None

    def reason(self) -> Reason:
        return Reason(
            self.code,
            self.code[0],
            self.text_zh,
            self.text_en,
            tuple(document.proof() for document in self.proofs),
            self.curable,
            self.cure_zh,
            self.cure_en,
            self.ask_again_days,
            self.from_pushed,
            self.needs_firm_word,
            self.valid_from,
            self.valid_to,
        )


class TreeDocument(_Document):
    groups: dict[str, tuple[str, str]]
    reasons: list[ReasonDocument]


class WordingDocument(_Document):
    letters_min: int
    distinct_min: int
    rest_letters_min: int
    verdict_letters_min: int
    phrases: list[str]
    facts: list[str] = []
    topics: list[str] = []
    relations: list[str] = []
    terms: list[str] = []
    denials: list[str] = []
    figure: str | None = None
    day: str | None = None
    leaks: list[str] = []
    alike_ppm: int = 1_000_000
    alike_days: int = 0
    alike_texts_max: int = 0
    hollow: list[str] = []
    traditional: str = ""  # Pairs: a traditional character, then its simplified one.

    def wording(self) -> Wording:
        said = {meaning(phrase) for phrase in self.phrases} - {""}
        longest_first = tuple(sorted(said, key=lambda phrase: (-len(phrase), phrase)))
        facts, topics, relations, terms, denials = (lexicon(words) if words else None for words in (
            self.facts, self.topics, self.relations, self.terms, self.denials))  # fmt: skip
        return Wording(
            longest_first, self.letters_min, self.distinct_min, self.rest_letters_min, self.verdict_letters_min,
            facts, topics, relations, terms, denials, re.compile(self.figure) if self.figure else None,
            re.compile(self.day) if self.day else None,
            tuple(re.compile(leak) for leak in self.leaks), self.alike_ppm, self.alike_days,
            self.alike_texts_max, tuple(re.compile(one) for one in self.hollow),
            str.maketrans(self.traditional[::2], self.traditional[1::2]),
        )  # fmt: skip


def read_tree(version: int, tree: Mapping[str, Any], wording: Mapping[str, Any]) -> Tree:
    """The rule's tree out of two policy bodies. Raises pydantic's ValidationError on a document that is no tree."""
    document = TreeDocument.model_validate(tree)
    reasons = {entry.code: entry.reason() for entry in document.reasons}
    assert len(reasons) == len(document.reasons), "a code stands twice in the tree"
    assert all(reason.group in document.groups for reason in reasons.values()), "a reason of no group"
    return Tree(version, reasons, WordingDocument.model_validate(wording).wording())

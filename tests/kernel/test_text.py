"""Text: what is refused, what is only another spelling, what stays as registered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.text import TEXT_FAULT_WORDS, TextFault, half_width, match_key, registered_name, text_fault

REFUSED = [
    ("a\x00b", TextFault.NUL),
    ("\ud800", TextFault.SURROGATE),
    ("重\udfff庆", TextFault.SURROGATE),
    ("a\ufffe", TextFault.NONCHARACTER),
    ("a\ufdd0", TextFault.NONCHARACTER),
    ("\u202egnp.exe", TextFault.BIDI),
    ("a\u2066b", TextFault.BIDI),
    ("a\u200fb", TextFault.BIDI),
    ("a\x1bb", TextFault.CONTROL),
    ("a\x7f", TextFault.CONTROL),
    ("a\x85b", TextFault.CONTROL),
    ("e" + "\u0301" * 5, TextFault.MARKS),
    ("重" + "\u20dd" * 10_000, TextFault.MARKS),
    ("\u0301" * 10_000, TextFault.MARKS),
]
KEPT = [
    "",
    "重庆（两江）某某有限公司",
    "第一行\n第二行\t列\r\n",
    "Việt Nam e\u0301 a\u0323\u0302",
    "अनुच्छेद",
    "ประเทศไทย",
    "👨‍👩‍👧",
    "葛󠄀",
    "𠮷野家",
    "é" * 10_000,
]


@pytest.mark.parametrize(("text", "fault"), REFUSED)
def test_bad_text_is_refused_with_its_reason(text, fault):
    """What PostgreSQL cannot hold, what reads otherwise than it is stored, what breaks a page."""
    assert fault is text_fault(text)


@pytest.mark.parametrize("text", KEPT)
def test_writing_that_people_use_is_kept(text):
    """Every script, line breaks, families of emoji, variation selectors."""
    assert text_fault(text) is None


def test_every_refusal_has_words_in_both_languages():
    """A new member cannot be forgotten."""
    assert set(TextFault) == set(TEXT_FAULT_WORDS)


SAME = [
    ("重庆（两江）有限公司", "重庆(两江)有限公司"),
    ("重庆（两江）有限公司", "重庆【两江】有限公司"),
    ("重庆（两江）有限公司", "重庆〔两江〕有限公司"),
    ("重庆某某有限公司.", "重庆某某有限公司"),
    ("重庆某某有限公司。 ", "重庆某某有限公司"),
    ("重庆ＡＢＣ１２３有限公司", "重庆ABC123有限公司"),
    ("重庆abc有限公司", "重庆ABC有限公司"),
    ("重庆 某某\xa0有限\u3000公司", "重庆某某有限公司"),
    ("重庆某\u200b某有限公司", "重庆某某有限公司"),
    ("重庆某—某有限公司", "重庆某-某有限公司"),
    ("重庆某－某有限公司", "重庆某–某有限公司"),
    ("买买提·某某商行", "买买提•某某商行"),
    ("（2019）渝0103执1号", "(2019)渝0103执1号"),
]
DIFFERENT = [
    ("重庆某某有限公司", "重庆某某有限责任公司"),
    ("重庆（两江）有限公司", "重庆两江有限公司"),
    ("第1分公司", "第2分公司"),
    ("某.某公司", "某某公司"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_of_one_name_match(one, other):
    """Width, brackets, blanks, dashes, dots, case and a trailing stop are the dirt of every file."""
    assert match_key(one) == match_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_names_do_not_match(one, other):
    """A key that forgets too much would join two firms."""
    assert match_key(one) != match_key(other)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" 重庆（某某）有限公司. ", "重庆（某某）有限公司."),
        ("\xa0\u3000ＡＢＣ商行\ufeff", "ＡＢＣ商行"),
        ("某某 商行", "某某 商行"),
    ],
)
def test_a_name_is_kept_as_registered(text, kept):
    """Only what surrounds it goes: full-width letters and brackets are part of the registered name."""
    assert kept == registered_name(text)


@given(st.text(max_size=40))
def test_normal_forms_are_stable(text):
    """Doing it twice is doing it once, so an index can be rebuilt from stored names."""
    assert half_width(text) == half_width(half_width(text))
    assert registered_name(text) == registered_name(registered_name(text))
    assert match_key(text) == match_key(match_key(text))
    assert match_key(text) == match_key(registered_name(text))

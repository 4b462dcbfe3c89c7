"""Codes: the published vectors, every reason for a refusal, and what the check characters catch."""

import csv
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.codes import (
    ALPHABET,
    AUTHORITIES,
    FAULT_WORDS,
    KIND_WORDS,
    NOTE_WORDS,
    BadCode,
    CitizenId,
    CitizenIdKind,
    CodeFault,
    CodeKind,
    CodeNote,
    OrgCode,
    Uscc,
    check_citizen_id,
    check_org_code,
    check_uscc,
    citizen_check,
    org_check,
    uscc_check,
)
from tests.support import real_data

VECTORS = {
    "91110000600037341L": CodeKind.ENTERPRISE,
    "91350100M000100Y43": CodeKind.ENTERPRISE,
    "91500103MA00000159": CodeKind.ENTERPRISE,
    "92500235MA00000A9C": CodeKind.SOLE_TRADER,
    "93500235MA00000B74": CodeKind.COOPERATIVE,
    "11500000MB0000019F": CodeKind.ORGAN,
    "12500000MB00000277": CodeKind.INSTITUTION,
    "51500000MJ0000018N": CodeKind.ASSOCIATION,
    "52500000MJ0000026E": CodeKind.PRIVATE_NON_ENTERPRISE,
    "N2500235MF0000013D": CodeKind.COLLECTIVE,
}


def made(first2: str, office: str = "500103", body: str = "XY000001") -> str:
    """A code of an invented subject with both check characters right."""
    first17 = first2 + office + body + org_check(body)
    return first17 + uscc_check(first17)


@pytest.mark.parametrize(("code", "kind"), VECTORS.items())
def test_a_published_code_is_read_with_its_kind(code, kind):
    """The documented codes and one of each kind; a library that refuses N codes fails here."""
    found = check_uscc(code)

    assert Uscc(code, kind) == found
    assert (code[0], code[2:8], code[8:17]) == (found.authority, found.office, found.org_code)


@pytest.mark.parametrize("code", VECTORS)
def test_every_single_wrong_character_is_caught(code):
    """Mod 31 with weights prime to 31 catches each substitution by another letter of the alphabet, in each place."""
    wrong = [code[:place] + letter + code[place + 1 :] for place in range(18) for letter in ALPHABET]

    accepted = [one for one in wrong if one != code and isinstance(check_uscc(one), Uscc)]

    assert [] == accepted
    by_mod_31 = [one for one in wrong if one != code and uscc_check(one[:17]) == one[17]]
    assert [] == by_mod_31


@pytest.mark.parametrize("authority", AUTHORITIES)
@pytest.mark.parametrize("second", "1239")
def test_every_authority_is_known(authority, second):
    """N, A and Y as well as digits; a second place that is not listed is noted, not refused."""
    found = check_uscc(made(authority + second))

    assert isinstance(found, Uscc)
    assert (found.kind is CodeKind.OTHER) or CodeNote.KIND_UNLISTED not in found.notes


CODE_SPELLINGS = [
    (" 91500103MA00000159 ", CodeNote.BLANKS),
    ("91500103 MA000001 59", CodeNote.BLANKS),
    ("\ufeff91500103MA00000159", CodeNote.BLANKS),
    ("91500103\u200bMA00000159", CodeNote.BLANKS),
    ("91500103MA00000159\xa0", CodeNote.BLANKS),
    ("\u300091500103MA00000159", CodeNote.BLANKS),
    ("91500103ma00000159", CodeNote.LOWER_CASE),
    ("91500103Ma00000159", CodeNote.LOWER_CASE),
    ("９１５００１０３ＭＡ０００００１５９", CodeNote.FULL_WIDTH),
    ("91500103ＭA00000159", CodeNote.FULL_WIDTH),
]


@pytest.mark.parametrize(("spelling", "note"), CODE_SPELLINGS)
def test_a_spelling_is_normalised_and_noted(spelling, note):
    """The receiver keeps the original and logs what was changed."""
    expected = Uscc("91500103MA00000159", CodeKind.ENTERPRISE, (note,))

    assert expected == check_uscc(spelling)


BAD_USCC = [
    ("", CodeFault.EMPTY),
    (" \u3000\xa0", CodeFault.EMPTY),
    ("00000000000000000X", CodeFault.PLACEHOLDER),
    ("000000000000000000", CodeFault.PLACEHOLDER),
    ("999999999999999999", CodeFault.PLACEHOLDER),
    ("111111111111111111", CodeFault.PLACEHOLDER),
    ("123456789012345678", CodeFault.PLACEHOLDER),
    ("00000000", CodeFault.PLACEHOLDER),
    ("n/a", CodeFault.PLACEHOLDER),
    ("-", CodeFault.PLACEHOLDER),
    ("——", CodeFault.PLACEHOLDER),
    ("\\N", CodeFault.PLACEHOLDER),
    ("无", CodeFault.PLACEHOLDER),
    ("60003734-1", CodeFault.LOOKS_LIKE_ORG_CODE),
    ("600037341", CodeFault.LOOKS_LIKE_ORG_CODE),
    ("XY0000017", CodeFault.LOOKS_LIKE_ORG_CODE),
    ("500103000012345", CodeFault.LOOKS_LIKE_REGISTRATION),
    ("5001030000123", CodeFault.LOOKS_LIKE_REGISTRATION),
    ("91500103MA0000015", CodeFault.LENGTH),
    ("91500103MA000001599", CodeFault.LENGTH),
    ("9" * 10_000 + "8", CodeFault.LENGTH),
    ("11010519491231002X", CodeFault.LOOKS_LIKE_CITIZEN_ID),
    ("91500103MA0000O159", CodeFault.CHARACTER),
    ("91500103MAI0000159", CodeFault.CHARACTER),
    ("91500103MAZ0000159", CodeFault.CHARACTER),
    ("91500103MA０0000重59", CodeFault.CHARACTER),
    ("91500103MA00000١59", CodeFault.CHARACTER),
    ("91500103MA000001ı9", CodeFault.CHARACTER),
    ("91500103MA00\x0000159", CodeFault.CHARACTER),
    ("91500103MA0\x0000159", CodeFault.LENGTH),
    ("B1500103MA00000159", CodeFault.AUTHORITY),
    ("01500103MA00000159", CodeFault.AUTHORITY),
    ("9150010AMA00000159", CodeFault.OFFICE),
    ("91500103MA0000015A", CodeFault.CHECK),
    ("91500103AM00000159", CodeFault.CHECK),
]


@pytest.mark.parametrize(("code", "fault"), BAD_USCC)
def test_a_bad_code_has_one_reason(code, fault):
    """A code in the wrong column is named as what it is; a placeholder is not called a typing error."""
    found = check_uscc(code)

    assert isinstance(found, BadCode)
    assert fault is found.fault


def test_the_inner_digit_is_checked_even_where_the_last_one_agrees():
    """A code made up around a right mod 31 check still has to have an organisation code that exists by GB 11714."""
    first17 = "91500103XY0000019"
    assert org_check(first17[8:16]) != first17[16]

    found = check_uscc(first17 + uscc_check(first17))

    assert BadCode(CodeFault.ORG_CHECK, first17 + uscc_check(first17)) == found


def test_a_citizen_id_in_the_wrong_column_does_not_travel_on():
    """A refusal is logged and shown; a personal number must not be inside it."""
    assert BadCode(CodeFault.LOOKS_LIKE_CITIZEN_ID, "") == check_uscc("11010519491231002X")


@given(st.text(max_size=40))
def test_any_text_gets_an_answer(text):
    """Total: whatever a file holds, no check raises."""
    assert isinstance(check_uscc(text), Uscc | BadCode)
    assert isinstance(check_org_code(text), OrgCode | BadCode)
    assert isinstance(check_citizen_id(text), CitizenId | BadCode)


@given(
    st.sampled_from(sorted(AUTHORITIES)),
    st.text("123", min_size=1, max_size=1),
    st.text(ALPHABET, min_size=8, max_size=8),
)
def test_a_code_with_both_checks_is_accepted_and_its_normal_spelling_is_stable(authority, second, body):
    """Reading a normal spelling again changes nothing and notes nothing new."""
    code = made(authority + second, body=body)

    found = check_uscc(code.lower())

    if isinstance(found, BadCode):
        assert CodeFault.PLACEHOLDER is found.fault
    else:
        assert code == found.text
        assert found.text == check_uscc(found.text).text
        assert OrgCode(found.org_code) == check_org_code(found.org_code) or len(set(found.org_code)) == 1


ORG_CODES = [
    ("600037341", OrgCode("600037341")),
    ("60003734-1", OrgCode("600037341", (CodeNote.HYPHEN,))),
    ("M000100Y4", OrgCode("M000100Y4")),
    ("m000100y4", OrgCode("M000100Y4", (CodeNote.LOWER_CASE,))),
    ("Ｍ000100Y－4", OrgCode("M000100Y4", (CodeNote.FULL_WIDTH, CodeNote.HYPHEN))),
    ("600037342", BadCode(CodeFault.ORG_CHECK, "600037342")),
    ("6000373410", BadCode(CodeFault.LENGTH, "6000373410")),
    ("60003734A", BadCode(CodeFault.CHARACTER, "60003734A")),
    ("000000000", BadCode(CodeFault.PLACEHOLDER, "000000000")),
    ("", BadCode(CodeFault.EMPTY, "")),
]


@pytest.mark.parametrize(("text", "expected"), ORG_CODES)
def test_an_organisation_code_is_read_or_refused(text, expected):
    """Lists carry nine places, with and without the hyphen before the check digit."""
    assert expected == check_org_code(text)


def test_a_citizen_id_is_read_with_its_date_of_birth():
    """The standard's own vector."""
    found = check_citizen_id("11010519491231002x")

    assert CitizenId("11010519491231002X", CitizenIdKind.RESIDENT, date(1949, 12, 31), (CodeNote.LOWER_CASE,)) == found


def test_an_old_id_of_fifteen_places_becomes_eighteen():
    """Old papers are read only; the century is 19."""
    found = check_citizen_id("110105491231002")

    assert ("11010519491231002X", (CodeNote.OLD_15,)) == (found.text, found.notes)


@pytest.mark.parametrize(
    ("first17", "kind"),
    [
        ("81000019900101001", CitizenIdKind.HMT_RESIDENCE),
        ("83000019900101001", CitizenIdKind.HMT_RESIDENCE),
        ("91150419900101001", CitizenIdKind.FOREIGN_RESIDENT),
        ("50010519900101001", CitizenIdKind.RESIDENT),
    ],
)
def test_permits_of_eighteen_places_are_read_and_an_abolished_area_is_no_fault(first17, kind):
    """500105 was abolished in 2025 and lives on in every id."""
    found = check_citizen_id(first17 + citizen_check(first17))

    assert kind is found.kind


BAD_IDS = [
    ("", CodeFault.EMPTY),
    ("11010519491231002", CodeFault.LENGTH),
    ("110105194912310021", CodeFault.CHECK),
    ("11010519490230002X", CodeFault.BIRTH_DATE),
    ("11010517491231002X", CodeFault.BIRTH_DATE),
    ("0101051949123100AX", CodeFault.CHARACTER),
    ("01010519491231002X", CodeFault.CHARACTER),
    ("000000000000000000", CodeFault.PLACEHOLDER),
]


@pytest.mark.parametrize(("text", "fault"), BAD_IDS)
def test_a_bad_citizen_id_has_a_reason_and_never_its_digits(text, fault):
    """What is refused may still be a person's number with one slip."""
    assert BadCode(fault, "") == check_citizen_id(text)


def test_a_birth_after_the_day_asked_about_is_refused():
    """The rule has no clock: the caller says which day it is."""
    first17 = "50010520300101001"

    assert BadCode(CodeFault.BIRTH_DATE) == check_citizen_id(first17 + citizen_check(first17), on=date(2026, 1, 1))


def test_a_citizen_id_keeps_its_digits_out_of_its_repr():
    """A log line or a traceback prints reprs."""
    found = check_citizen_id("11010519491231002X")

    assert "4912" not in repr(found)
    assert "110105********002X" == found.masked


def test_every_reason_note_and_kind_has_words_in_both_languages():
    """A new member cannot be forgotten."""
    assert set(CodeFault) == set(FAULT_WORDS)
    assert set(CodeNote) == set(NOTE_WORDS)
    assert set(CodeKind) == set(KIND_WORDS)
    assert all(zh and en for words in (FAULT_WORDS, NOTE_WORDS, KIND_WORDS) for zh, en in words.values())


@pytest.mark.parametrize(("file", "rows"), [("companies_2019", 5146), ("bank_outlets", 2574), ("bad_uscc", 3)])
def test_every_code_of_the_real_registry_is_accepted(file, rows):
    """Nothing is refused that a registering office has issued; lower case is noted."""
    with real_data(f"registry/{file}.csv").open(encoding="utf-8-sig", newline="") as source:
        found = [check_uscc(row["统一社会信用代码"]) for row in csv.DictReader(source)]

    assert (rows, []) == (len(found), [bad for bad in found if isinstance(bad, BadCode)])
    assert all((CodeNote.LOWER_CASE in one.notes) == (file == "bad_uscc") for one in found)

"""Identifiers of every authority and in every spelling: what is one, what is only like one, and what is a person's."""

import pytest

from app.credit.ingestion.rules import Accepted, FileKind, Quarantined, check_list, check_registry
from app.credit.subjects import kind_of
from app.kernel.codes import (
    AUTHORITIES,
    BadCode,
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
from tests.credit.ingestion.dirt import org_code, uscc
from tests.credit.ingestion.test_rules import FACTS, registry
from tests.hostile.files import REASONS, REGISTER_HEAD, firm, read_rows, text

FIRST_PLACES = {
    "11": "GOV", "12": "INST", "13": "SOC", "21": "ENT", "31": "SOC", "32": "SOC", "33": "SOC", "34": "SOC",
    "35": "SOC",
    "41": "ENT", "51": "SOC", "52": "SOC", "53": "SOC", "61": "ENT", "62": "ENT", "71": "SOC", "72": "SOC", "81": "SOC",
    "91": "ENT", "92": "SOLE", "93": "COOP", "A1": "INST", "N1": "COLLECTIVE", "N2": "COLLECTIVE", "N3": "COLLECTIVE",
}  # fmt: skip
OTHERS = ("19", "29", "39", "49", "59", "69", "79", "89", "99", "A9", "N9", "Y1")
FULL = {ord(c): ord(c) + 0xFEE0 for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def person(born: str, sequence: int = 1, area: str = "110105") -> str:
    """An id that no one has: its area and day are those of the standard's example or impossible together."""
    first = f"{area}{born}{sequence:03d}"
    return first + citizen_check(first)


@pytest.mark.parametrize(("begins", "kind"), FIRST_PLACES.items())
def test_a_code_of_every_authority_is_read_and_names_its_kind(begins: str, kind: str) -> None:
    """A register of another department comes with other first places; farmers' collectives with N."""
    code = uscc(17, begins)

    found = check_uscc(code.lower())

    assert isinstance(found, Uscc)
    assert (found.text, found.authority in AUTHORITIES, str(kind_of(found))) == (code, True, kind)
    assert isinstance(check_registry(registry(USCC=code), FACTS), Accepted)


@pytest.mark.parametrize("begins", OTHERS)
def test_a_code_of_something_else_is_a_code_whose_kind_a_person_must_say(begins: str) -> None:
    """The standard's 其他 names no kind: listed by its code all the same, never filed as a firm by guess."""
    found = check_uscc(uscc(17, begins))

    assert isinstance(found, Uscc)
    assert (found.kind, kind_of(found)) == (CodeKind.OTHER, None)
    assert isinstance(check_list(["山城", "", "", uscc(17, begins), "失信被执行人", "", "", "", ""], REASONS), Accepted)


@pytest.mark.parametrize("begins", ["01", "B1", "C1", "X1", "Z1", "I1", "O1"])
def test_a_code_of_no_authority_is_no_code(begins: str) -> None:
    """Also when its check character is right."""
    first = begins + "500103" + org_code(17)
    code = first + (uscc_check(first) if set(begins) <= set("0123456789ABCX") else "0")

    assert isinstance(check_uscc(code), BadCode)


@pytest.mark.parametrize(
    ("text_", "notes"),
    [
        (uscc(3).lower(), {CodeNote.LOWER_CASE}),
        (uscc(3).translate(FULL), {CodeNote.FULL_WIDTH}),
        (f" {uscc(3)}\u3000", {CodeNote.BLANKS}),
        (f"{uscc(3)[:8]} {uscc(3)[8:]}", {CodeNote.BLANKS}),
        (f"{uscc(3)[:4]}\u200b{uscc(3)[4:]}", {CodeNote.BLANKS}),
        (f"\ufeff{uscc(3)}", {CodeNote.BLANKS}),
    ],
)
def test_spellings_of_a_code_are_one_code(text_: str, notes: set[CodeNote]) -> None:
    """What a page, a scan or a spreadsheet puts in is taken out, and told."""
    found = check_uscc(text_)

    assert isinstance(found, Uscc)
    assert (found.text, set(found.notes)) == (uscc(3), notes)


@pytest.mark.parametrize("dash", ["-", "－"])
@pytest.mark.parametrize("lower", [False, True])
def test_an_organisation_code_with_its_hyphen_is_one_without(dash: str, lower: bool) -> None:
    """Certificates write the hyphen, registers do not."""
    code = org_code(5)
    written = f"{code[:8]}{dash}{code[8]}"

    found = check_org_code(written.lower() if lower else written)

    assert isinstance(found, OrgCode)
    assert found.text == code


def confusable(number: int) -> str:
    return uscc(number).replace("0", "O")


@pytest.mark.parametrize("number", range(100, 112))
def test_letters_read_for_digits_are_a_suggestion_never_a_correction(number: int) -> None:
    """O for 0 and I for 1: one right reading stands out, and still a person decides."""
    code = uscc(number)
    misread = code.replace("0", "O").replace("1", "I")

    verdict = check_registry(registry(USCC=misread), FACTS)

    assert isinstance(verdict, Quarantined)
    assert (verdict.original, verdict.suggestion) == (misread, code)


def test_an_organisation_code_misread_is_suggested_too() -> None:
    """Places 9-17 alone, as lists of before 2015 have them."""
    code = next(org_code(n) for n in range(1000, 2000) if org_code(n)[2:8].count("0"))
    misread = code[:2] + code[2:8].replace("0", "O").replace("1", "I") + code[8]

    verdict = check_list(["山城", "", misread, "", "失信被执行人", "", "", "", ""], REASONS)

    assert isinstance(verdict, Quarantined)
    assert verdict.suggestion == code


def test_every_single_slip_in_a_code_is_seen() -> None:
    """17 places by 30 wrong characters: the check character and the organisation code's digit catch them all."""
    code = uscc(23)
    slips = [
        (place, code[:place] + letter + code[place + 1 :])
        for place in range(18)
        for letter in "0123456789ABCDEFGHJKLMNPQRTUWXY"
        if letter != code[place]
    ]

    missed = [(place, slip) for place, slip in slips if isinstance(check_uscc(slip), Uscc)]

    assert missed == []


def test_two_places_changed_round_are_seen() -> None:
    """The slip of a typist; both checks are weighted by place."""
    code = uscc(23)
    turned = {code[:p] + code[p + 1] + code[p] + code[p + 2 :] for p in range(17)} - {code}

    assert [one for one in turned if isinstance(check_uscc(one), Uscc)] == []


@pytest.mark.parametrize("born", ["18991231", "19000101", "19491231", "19680229", "19991130", "20001231", "20191009"])
@pytest.mark.parametrize("slip", [0, 1])
def test_a_citizen_id_in_the_column_of_codes_leaves_no_digit(born: str, slip: int) -> None:
    """With its check character right or wrong: a person's number with a slip is a person's number."""
    number = person(born)
    written = number[:17] + ("0123456789X"["0123456789X".index(number[17]) - slip])

    _, rows, rejected = read_rows(FileKind.REGISTRY, text(REGISTER_HEAD, firm(code=written)).encode())

    assert rows == []
    assert rejected == [("person_identifier", "统一社会信用代码", "*" * 18, "")]


@pytest.mark.parametrize("area", ["810000", "830000", "911105"])
def test_ids_of_residents_from_elsewhere_are_persons_too(area: str) -> None:
    """港澳台居民居住证 and the permanent residence card of 2023, which begins with 9 as a firm's code does."""
    number = person("19700101", 7, area)

    _, _, rejected = read_rows(FileKind.REGISTRY, text(REGISTER_HEAD, firm(code=number)).encode())

    assert rejected == [("person_identifier", "统一社会信用代码", "*" * 18, "")]


def test_a_code_that_only_happens_to_look_like_an_id_is_still_a_code() -> None:
    """One code of digits in eleven would pass the check of citizen ids by chance; its own checks go first."""
    found = []
    for number in range(4000):
        eight = f"{number:08d}"
        first = "91500119" + eight + org_check(eight)
        code = first + uscc_check(first) if first[-1] != "X" else ""
        if code.isdigit() and not isinstance(check_citizen_id(code), BadCode):
            found.append(code)
    kept = [code for code in found if isinstance(check_uscc(code), Uscc)]

    assert kept == found


@pytest.mark.parametrize(
    ("text_", "fault"),
    [
        ("", CodeFault.EMPTY),
        ("   ", CodeFault.EMPTY),
        ("无", CodeFault.PLACEHOLDER),
        ("N/A", CodeFault.PLACEHOLDER),
        ("0" * 18, CodeFault.PLACEHOLDER),
        ("123456789012345678", CodeFault.PLACEHOLDER),
        ("500103000012345", CodeFault.LOOKS_LIKE_REGISTRATION),
        ("5001032012345", CodeFault.LOOKS_LIKE_REGISTRATION),
        (org_code(5), CodeFault.LOOKS_LIKE_ORG_CODE),
        (uscc(1)[:17], CodeFault.LENGTH),
        (uscc(1) + "0", CodeFault.LENGTH),
        ("ßı" * 9, CodeFault.CHARACTER),
        ("９" * 17 + "一", CodeFault.CHARACTER),
        ("١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨", CodeFault.CHARACTER),
        ("' OR 1=1 -- 123456", CodeFault.LENGTH),
        ("\x00A" * 9, CodeFault.CHARACTER),
    ],
)
def test_what_is_no_code_is_told_apart(text_: str, fault: CodeFault) -> None:
    """Each with its own word, since a clerk does something else about each."""
    found = check_uscc(text_)

    assert isinstance(found, BadCode)
    assert found.fault == fault

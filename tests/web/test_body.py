"""What the gate and the strict shapes let through (bad inputs 1 to 5, 7, 15)."""

from datetime import date
from typing import Annotated
from uuid import UUID

import pytest

from app.kernel.errors import Refusal
from app.web.body import BYTES_MAX, Body, FenField, Form, InstantField, PpmField, gate, text


class Inner(Body):
    code: Annotated[str, text(10)]


class Shape(Body):
    amount_fen: FenField
    rate_ppm: PpmField = 0
    note: Annotated[str, text(20)] = "-"
    at: InstantField | None = None
    on: date | None = None
    who: UUID | None = None
    agreed: bool = False
    inner: tuple[Inner, ...] = ()


class Fields(Form):
    amount_fen: FenField
    banks: tuple[UUID, ...] = ()
    note: Annotated[str, text(20)] = ""
    on: date | None = None
    agreed: bool = False


def refusal_for(raw: bytes) -> tuple[str, object]:
    with pytest.raises(Refusal) as caught:
        Shape.read(raw)
    return caught.value.code, caught.value.extra.get("pointer")


REFUSED = [
    (b'{"amount_fen":"100"}', "malformed-field", "/amount_fen"),
    (b'{"amount_fen":100.0}', "malformed-field", "/amount_fen"),
    (b'{"amount_fen":1e2}', "malformed-field", "/amount_fen"),
    (b'{"amount_fen":true}', "malformed-field", "/amount_fen"),
    (b'{"amount_fen":null}', "malformed-field", "/amount_fen"),
    (b'{"amount_fen":0}', "malformed-field", "/amount_fen"),
    (b'{"amount_fen":-1}', "malformed-field", "/amount_fen"),
    (b'{"amount_fen":10000000000000}', "malformed-field", "/amount_fen"),
    (b'{"amount_fen":9223372036854775808}', "malformed-field", "/amount_fen"),
    (b'{"amount_fen":' + b"9" * 5000 + b"}", "malformed-field", None),
    (b'{"amount_fen":NaN}', "malformed-field", None),
    (b'{"amount_fen":-Infinity}', "malformed-field", None),
    (b"{}", "malformed-field", "/amount_fen"),
    (b"[]", "malformed-field", ""),
    (b'{"amount_fen":1,"amount_fen":2}', "duplicate-key", "/amount_fen"),
    (b'{"amount_fen":1,"inner":[{"code":"a","code":"b"}]}', "duplicate-key", "/code"),
    (b'{"amount_fen":1,"status":"signed"}', "unknown-field", "/status"),
    (b'{"amount_fen":1,"inner":[{"code":"a","org_id":1}]}', "unknown-field", "/inner/0/org_id"),
    (b'{"amount_fen":1,"note":"a\\u0000b"}', "bad-text", "/note"),
    (b'{"amount_fen":1,"note":"\\ud800"}', "bad-text", "/note"),
    ('{"amount_fen":1,"note":"a\u202eb"}'.encode(), "bad-text", "/note"),
    (('{"amount_fen":1,"note":"e' + "\u0301" * 10_000 + '"}').encode(), "bad-text", "/note"),
    (b'{"amount_fen":1,"a\\u0000":1}', "bad-text", ""),
    (b'{"amount_fen":1,"note":"' + b"a" * 21 + b'"}', "malformed-field", "/note"),
    (b'{"amount_fen":1,"note":"   "}', "malformed-field", "/note"),
    (b'{"amount_fen":1,"at":"2026-02-30T10:00:00+08:00"}', "bad-time", "/at"),
    (b'{"amount_fen":1,"at":"2026-02-03T10:00:00+26:00"}', "bad-time", "/at"),
    (b'{"amount_fen":1,"at":"2026-02-03T10:00:00"}', "bad-time", "/at"),
    (b'{"amount_fen":1,"at":1700000000}', "malformed-field", "/at"),
    (b'{"amount_fen":1,"on":"2026-02-30"}', "bad-time", "/on"),
    (b'{"amount_fen":1,"who":"not-an-id"}', "malformed-field", "/who"),
    (b'{"amount_fen":1,"agreed":"true"}', "malformed-field", "/agreed"),
    (b'{"amount_fen":1,"agreed":1}', "malformed-field", "/agreed"),
    (b'{"amount_fen":1', "malformed-body", None),
    (b"", "malformed-body", None),
    (b'\xff\xfe{"amount_fen":1}', "malformed-body", None),
    (b'{"amount_fen":1} {}', "malformed-body", None),
    (b"[" * 2000, "too-deep", None),
    (b'{"amount_fen":' * 2000, "too-deep", None),
    (b"[" * 100_000, "too-deep", None),
    (b'"' + b"a" * BYTES_MAX + b'"', "too-large", None),
]


@pytest.mark.parametrize(("raw", "code", "place"), REFUSED, ids=[f"{i}-{case[1]}" for i, case in enumerate(REFUSED)])
def test_a_bad_body_is_refused_with_code_and_place(raw: bytes, code: str, place: object) -> None:
    """The framework alone would take the first four, keep the last of two keys, and fall over the deep ones."""
    assert (code, place) == refusal_for(raw)


def test_a_time_without_its_zone_is_told_what_it_lacks() -> None:
    """Whoever sends one has to know what to add."""
    with pytest.raises(Refusal, match="时间须带时区"):
        Shape.read(b'{"amount_fen":1,"at":"2026-02-03T10:00:00"}')


def test_a_good_body_keeps_its_dates_and_ids() -> None:
    """Strictness must not cost the types that JSON can't write."""
    raw = '{"amount_fen":100,"at":"2026-02-03T10:00:00+08:00","on":"2026-02-28","who":"WHO","note":" 重庆\\n "}'
    raw = raw.replace("WHO", str(UUID(int=7)))

    shape = Shape.read(raw.encode())

    assert (100, date(2026, 2, 28), UUID(int=7), "重庆") == (shape.amount_fen, shape.on, shape.who, shape.note)


def test_brackets_inside_text_are_not_depth() -> None:
    """A note may hold any number of brackets, escaped quotes between them or not."""
    raw = b'{"a":"' + b'[{\\"' * 5000 + b'"}'

    assert {"a": '[{"' * 5000} == gate(raw)


def test_depth_is_counted_exactly() -> None:
    """32 levels pass, 33 do not."""
    assert gate(b"[" * 32 + b"]" * 32) is not None

    with pytest.raises(Refusal, match="32"):
        gate(b"[" * 33 + b"]" * 33)


def test_a_form_takes_text_for_what_it_means() -> None:
    """A browser sends text only; an empty field counts as not given, one ticked box as a list of one."""
    fields = Fields.read(
        {"amount_fen": "100", "banks": str(UUID(int=7)), "note": "", "on": "2026-02-28", "_csrf": "x", "_key": "y"}
    )

    assert Fields(amount_fen=100, banks=(UUID(int=7),), on=date(2026, 2, 28)) == fields


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"amount_fen": "1.5"}, "malformed-field"),
        ({"amount_fen": "1", "is_admin": "1"}, "unknown-field"),
        ({"amount_fen": "1", "note": "a\x00"}, "bad-text"),
        ({"amount_fen": "1", "note": ["a", "b\x00"]}, "bad-text"),
        ({"amount_fen": "1", "on": "2026-02-30"}, "bad-time"),
        ({"amount_fen": ["1", "2"]}, "malformed-field"),
    ],
)
def test_a_bad_form_is_refused(values: dict[str, object], code: str) -> None:
    """Forms are held to the same list of codes as bodies."""
    with pytest.raises(Refusal) as caught:
        Fields.read(values)

    assert code == caught.value.code

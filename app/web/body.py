"""Request bodies: a gate over the raw bytes, then a strict pydantic shape.

The framework's own decoding takes `"1"`, `1.0` and `true` for an integer, keeps the last of two equal keys and falls
over deep nesting; so JSON bodies are read here. The shape of one extends `Body` and is
taken as `data: Sent[ThatBody]`; a shape behind an HTML form extends `Form` and is taken as `data: Posted[ThatForm]`.
"""

import json
import re
from collections.abc import Generator, Mapping
from typing import Annotated, Any, Final, Self, TypeVar, cast, get_args, get_origin

from litestar.dto import AbstractDTO
from litestar.dto.data_structures import DTOFieldDefinition
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Reference, Schema
from litestar.params import Body as FrameworkBody
from litestar.plugins import SerializationPlugin
from litestar.typing import FieldDefinition
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic import Field as _Field

from app.kernel.errors import Refusal
from app.kernel.text import TEXT_FAULT_WORDS, text_fault
from app.web.i18n import N_, _, language

BYTES_MAX: Final = 256 * 1024
DEPTH_MAX: Final = 32
FORM_EXTRAS: Final = frozenset({"_csrf", "_key"})  # Hidden fields of every form; read by the guard and idempotency.

FenField = Annotated[int, _Field(ge=1, le=10**12, description="分")]
PpmField = Annotated[int, _Field(ge=0, le=1_000_000, description="百万分之一；4.35 % = 43500")]


def text(max_length: int, min_length: int = 1) -> StringConstraints:
    """A text field of `min_length`..`max_length` characters, outer blanks cut: `Annotated[str, text(200)]`."""
    return StringConstraints(strip_whitespace=True, min_length=min_length, max_length=max_length)


NameField = Annotated[str, text(120)]
InstantField = AwareDatetime  # A time without its zone is refused as `bad-time`.
NoteField = Annotated[str, text(2000)]
CodeField = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Body(BaseModel):
    """Base of every JSON body: no coercion, no unknown field."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, json_schema_extra={"additionalProperties": False}
    )

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """Parse raw bytes. Refuses with the codes of `gate`, or `unknown-field`, `malformed-field`, `bad-time`."""
        gate(raw)
        try:
            return cls.model_validate_json(raw, strict=True)
        except ValidationError as error:
            raise refusal_of(error) from None


class Form(BaseModel):
    """Base of every HTML form: values arrive as text, an empty field counts as absent, no unknown field."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """Parse decoded form values. Refuses with `bad-text`, `unknown-field`, `malformed-field`, `bad-time`."""
        kept: dict[str, Any] = {}
        for name, value in values.items():
            if name in FORM_EXTRAS:
                continue
            _walk({name: value}, "")
            if value == "":
                continue
            kept[name] = [value] if cls._takes_many(name) and isinstance(value, str) else value
        try:
            return cls.model_validate(kept)
        except ValidationError as error:
            raise refusal_of(error) from None

    @classmethod
    def _takes_many(cls, name: str) -> bool:
        field = cls.model_fields.get(name)
        return field is not None and get_origin(field.annotation) in (list, tuple, set, frozenset)


T = TypeVar("T")
Sent = Annotated[T, FrameworkBody(media_type=RequestEncodingType.JSON)]
Posted = Annotated[T, FrameworkBody(media_type=RequestEncodingType.URL_ENCODED)]


def gate(raw: bytes) -> object:
    """Refuse bytes that no shape should ever see; returns the parsed value.

    Codes: `too-large`, `malformed-body` (not UTF-8, not JSON), `too-deep`, `duplicate-key`, `malformed-field`
    (NaN, Infinity, a number too long to read), `bad-text`.
    """
    if len(raw) > BYTES_MAX:
        raise Refusal("too-large", _("请求内容不得超过 {n} KiB。").format(n=BYTES_MAX // 1024))
    if _depth(raw) > DEPTH_MAX:
        raise Refusal("too-deep", _("请求内容嵌套不得超过 {n} 层。").format(n=DEPTH_MAX))
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise Refusal("malformed-body", "请求内容不是 UTF-8 编码。") from None
    except json.JSONDecodeError as error:
        raise Refusal(
            "malformed-body",
            _("第 {line} 行第 {column} 列不是有效的 JSON。").format(line=error.lineno, column=error.colno),
        ) from None
    except ValueError:  # An integer beyond Python's own limit of digits.
        raise Refusal("malformed-field", "数字过长。") from None
    _walk(value, "")
    return value


_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[\]{}]")


def _depth(raw: bytes) -> int:
    """Deepest nesting of brackets outside strings, read without recursion."""
    if raw.count(b"[") + raw.count(b"{") <= DEPTH_MAX:
        return 0
    deepest = depth = 0
    for found in _BRACKET.finditer(_STRING.sub(b"", raw)):
        depth += 1 if found.group() in (b"[", b"{") else -1
        deepest = max(deepest, depth)
    return deepest


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refusal("duplicate-key", "同一字段出现了两次。", pointer=pointer((twice,)))
    return found


def _no_constant(name: str) -> object:
    raise Refusal("malformed-field", _("{name} 不是数字。").format(name=name))


def _walk(value: object, at: str) -> None:
    """Refuse bad text anywhere in a parsed value; depth is bounded by then."""
    if isinstance(value, str):
        _check_text(value, at)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name, at)
            _walk(inner, at + pointer((name,)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _walk(inner, f"{at}/{index}")


def _check_text(text: str, at: str) -> None:
    if (fault := text_fault(text)) is not None:
        zh, en = TEXT_FAULT_WORDS[fault]
        detail = f"The text {en}." if language() == "en" else f"文字{zh}。"
        raise Refusal("bad-text", detail, pointer=at)


def pointer(loc: tuple[str | int, ...]) -> str:
    """A JSON pointer (RFC 6901) to a place in the body.

    >>> pointer(("banks", 0, "a/b"))
    '/banks/0/a~1b'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1")[:100] for step in loc)


_WORDS: Final[Mapping[str, str]] = {
    "missing": N_("此项必填。"),
    "extra_forbidden": N_("没有这个字段，或它不可由您填写。"),
    "int_type": N_("须为整数。"),
    "int_parsing": N_("须为整数。"),
    "int_from_float": N_("须为整数。"),
    "string_type": N_("须为文字。"),
    "bool_type": N_("须为 true 或 false。"),
    "bool_parsing": N_("须为是或否。"),
    "string_too_short": N_("不能少于 {min_length} 个字。"),
    "string_too_long": N_("不能超过 {max_length} 个字。"),
    "greater_than_equal": N_("不能小于 {ge}。"),
    "less_than_equal": N_("不能大于 {le}。"),
    "greater_than": N_("须大于 {gt}。"),
    "less_than": N_("须小于 {lt}。"),
    "too_long": N_("项数过多。"),
    "too_short": N_("项数过少。"),
    "timezone_aware": N_("时间须带时区。"),
    "uuid_parsing": N_("须为标识号。"),
    "uuid_type": N_("须为标识号。"),
    "string_pattern_mismatch": N_("格式不正确。"),
    "enum": N_("不在可选范围内。"),
    "literal_error": N_("不在可选范围内。"),
}


def _code(kind: str) -> str:
    if kind == "extra_forbidden":
        return "unknown-field"
    about_time = kind.startswith(("date", "time", "timezone"))
    return "bad-time" if about_time and not kind.endswith("_type") else "malformed-field"


def refusal_of(error: ValidationError) -> Refusal:
    """One refusal for a failed shape: code and pointer of the first fault, and all faults for machines."""
    faults = []
    for fault in error.errors(include_url=False, include_input=False, include_context=True)[:20]:
        words = _(_WORDS.get(fault["type"], N_("格式不正确。")))
        context = {k: v for k, v in fault.get("ctx", {}).items() if isinstance(v, int | str)}
        faults.append(
            {
                "code": _code(fault["type"]),
                "pointer": pointer(fault["loc"]),
                "detail": words.format_map(_Blank(context)),
            }
        )
    first = faults[0]
    code, words, place = (first[name] for name in ("code", "detail", "pointer"))
    return Refusal(code, words, pointer=place, errors=faults)


class _Blank(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "?"


class BodyDTO(AbstractDTO[Body]):
    """Hands raw bytes to `Body.read` and form values to `Form.read`; the OpenAPI schema stays the shape's own."""

    def decode_bytes(self, value: bytes) -> Any:
        kind = self.asgi_connection.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind != "application/json":
            raise Refusal("unsupported-media", "请以 application/json 发送。")
        if self.asgi_connection.headers.get("content-encoding", "identity").lower() != "identity":
            raise Refusal("unsupported-media", "不支持压缩的请求内容。")
        return self.model_type.read(value)

    def decode_builtins(self, value: dict[str, Any]) -> Any:
        return self.model_type.read(value)  # type: ignore[arg-type]  # Here the shape is a Form.

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """No transfer model: the shape itself is the model."""

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        shape: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return shape

    @classmethod
    def is_supported_model_type_field(cls, field_definition: FieldDefinition) -> bool:
        return False  # Never used for answers.

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Generator[DTOFieldDefinition, None, None]:
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        return False


class BodyPlugin(SerializationPlugin):
    """Gives every handler whose `data` is a `Body` or a `Form` the reading above."""

    def supports_type(self, field_definition: FieldDefinition) -> bool:
        shape = field_definition.annotation
        shape = get_args(shape)[0] if get_origin(shape) is Annotated else shape
        return isinstance(shape, type) and issubclass(shape, Body | Form)

    def create_dto_for_type(self, field_definition: FieldDefinition) -> type[AbstractDTO[Any]]:
        return cast(type[AbstractDTO[Any]], BodyDTO.__class_getitem__(field_definition.annotation))

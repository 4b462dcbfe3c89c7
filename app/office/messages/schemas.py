"""Shapes of messages: the texts of their kinds, the policy of channels, and the forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal

from markupsafe import Markup
from pydantic import BaseModel, ConfigDict

from app.office.messages.rules import Channel
from app.web import formats, i18n
from app.web.body import Form, text
from app.web.i18n import N_

CHANNEL_WORDS: Final = {Channel.SMS: N_("短信"), Channel.EMAIL: N_("电子邮件")}
CODE_TEXT: Final = N_("您的验证码是 {code}，15 分钟内有效。请勿告诉他人。")
SIGNED: Final = N_("【信易贷·渝惠融】{text} 详情请登录查看。")
_texts: dict[str, str] = {}


class ChannelsBody(BaseModel):
    """Policy `message`, one key per kind: on which channels a copy of such a message may go out."""

    model_config = ConfigDict(extra="forbid", strict=True)

    channels: list[Literal["sms", "email"]]


class AddressForm(Form):
    channel: Channel
    address: Annotated[str, text(254)]


class CodeForm(Form):
    code: Annotated[str, text(12)]


class RemovalForm(Form):
    channel: Channel


@dataclass(frozen=True, slots=True)
class Words:
    """What is known of a kind: its source text. `{bank}`, `{amount_fen}` … are filled by the message's slots."""

    kind: str
    text: str


def know(texts: Mapping[str, str]) -> None:
    """Tell how messages of some kinds read; done once at start-up by the composition root."""
    for kind, source in texts.items():
        assert _texts.setdefault(kind, source) == source, f"two texts for messages of the kind {kind}"


def known() -> frozenset[str]:
    """Every kind of message whose text is known."""
    return frozenset(_texts)


def is_known(kind: str) -> bool:
    return kind in _texts


def plain(kind: str, slots: Mapping[str, str | int]) -> str:
    """A message in words, for SMS and e-mail."""
    return i18n._(_texts[kind]).format_map({name: _slot(name, value) for name, value in slots.items()})


def marked(kind: str, slots: Mapping[str, str | int]) -> Markup:
    """The same for a page; names that came from outside are marked as such."""
    filled: dict[str, Any] = {}
    for name, value in slots.items():
        shown = _slot(name, value)
        own = isinstance(value, int) or name.endswith("_on")
        filled[name] = shown if own else Markup("<span data-text>{}</span>").format(shown)
    return Markup(i18n._(_texts[kind])).format_map(filled)  # noqa: S704 — our own text


def _slot(name: str, value: str | int) -> str:
    language = i18n.language()
    if isinstance(value, int):
        if name.endswith("_fen"):
            return formats.money_text(value, language)
        return formats.rate(value) if name.endswith("_ppm") else f"{value:,}"
    return formats.day(date.fromisoformat(value), language) if name.endswith("_on") else value

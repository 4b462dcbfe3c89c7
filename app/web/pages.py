"""Pages: Jinja templates rendered inside the unit of work, so that a page that fails to render commits nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from litestar import Request, Response
from litestar.datastructures import Cookie
from markupsafe import Markup, escape

from app.infra.resources import resource_dir
from app.kernel.money import format_yuan
from app.web import context, csrf, formats, i18n, idempotency, sealing, static

FLASH: Final = "flash"
FLASH_LENGTH_MAX: Final = 600
LANGUAGE_SECONDS: Final = 180 * 24 * 3600


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of a role's navigation. `label` is a Chinese source text marked with `N_`.

    `count_url` gives a piece of a page: how many things wait there. It is fetched after the page. `also` are paths of
    pages that belong to it, although their addresses do not begin with its own.
    """

    label: str
    url: str
    count_url: str = ""
    also: tuple[str, ...] = ()


def page(request: Request[Any, Any, Any], template: str, *, status: int = 200, **values: object) -> Response[str]:
    """Render `templates/<template>` as the answer. Uses up a waiting flash message, keeps a chosen language."""
    answer = Response(render(request, template, **values), status_code=status, media_type="text/html")
    if FLASH in request.cookies:
        answer.delete_cookie(FLASH)
    if request.query_params.get("lang") in i18n.LANGUAGES:
        _remember(request, answer, i18n.COOKIE, i18n.language(), max_age=LANGUAGE_SECONDS)
    return answer


def see_other(request: Request[Any, Any, Any], url: str, flash: str = "") -> Response[bytes]:
    """Send the browser to `url` after a form was accepted; `flash` is shown there once.

    Only paths of our own are followed; anything else leads to the start page.
    """
    answer = Response(b"", status_code=303, headers={"location": own_path(url)})
    if flash:
        payload = flash[:FLASH_LENGTH_MAX].encode()
        value = sealing.seal(request.app.state.secret, FLASH, payload)
        _remember(request, answer, FLASH, value, max_age=120)
    return answer


def _remember(request: Request[Any, Any, Any], answer: Response[Any], name: str, value: str, max_age: int) -> None:
    secure = request.app.state.secure_cookies
    answer.set_cookie(
        Cookie(key=name, value=value, httponly=True, samesite="lax", secure=secure, path="/", max_age=max_age)
    )


def own_path(url: str) -> str:
    """`url` when it is a plain path here, else the start page: no redirect leads elsewhere.

    >>> own_path("/orders?x=1"), own_path("//evil.example"), own_path("https://evil.example"), own_path("/a\\r\\nb")
    ('/orders?x=1', '/', '/', '/')
    """
    plain = url.startswith("/") and not url.startswith(("//", "/\\")) and url.isprintable() and "\\" not in url
    return url if plain else "/"


def render(request: Request[Any, Any, Any], template: str, **values: object) -> str:
    """The text of a page; `values` come on top of what every page has (see `_common`)."""
    return _environment().get_template(template).render(**(_common(request) | values))


def _common(request: Request[Any, Any, Any]) -> dict[str, object]:
    found = context.of(request)
    visitor = found.visitor
    navigation: dict[str, tuple[NavItem, ...]] = request.app.state.navigation
    return {
        "visitor": visitor,
        "seat": found.seat,
        "lang": i18n.language(),
        "other_lang_url": _other_language(request),
        "path": request.scope["path"],
        "trace_id": found.trace_id,
        "partial": context.is_partial(request),
        "nav": navigation.get(str(found.seat.role) if found.seat else "none", ()),
        "flash": _flash(request),
        "csrf_field": _csrf_field(request),
        "csrf_token": _csrf_token(request),
        "key_field": _key_field,
    }


def _csrf_token(request: Request[Any, Any, Any]) -> str:
    visitor = context.of(request).visitor
    if visitor is None or visitor.session_key is None:
        return ""
    return csrf.token(request.app.state.secret, visitor.session_key)


def _csrf_field(request: Request[Any, Any, Any]) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(csrf.FIELD, _csrf_token(request))


def _key_field() -> Markup:
    """A fresh idempotency key; call it once in each form that acts."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(idempotency.FIELD, idempotency.mint_key())


def _flash(request: Request[Any, Any, Any]) -> str:
    sealed = request.cookies.get(FLASH)
    payload = sealing.unseal(request.app.state.secret, FLASH, sealed) if sealed else None
    return payload.decode("utf-8", "replace") if payload else ""


def _other_language(request: Request[Any, Any, Any]) -> str:
    other = "en" if i18n.language() == "zh" else "zh"
    kept: Iterable[tuple[str, str]] = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
    return "?" + urlencode([*kept, ("lang", other)])


def _translated(text: str, /, **slots: object) -> Markup:
    """`_("…", slot=…)` of a template. Jinja's own takes whatever it is given for markup, also what a firm typed where
    a page translates words that may or may not be ours: that is escaped here, and its percent signs are no slots."""
    if i18n.is_ours(text):
        return Markup(i18n._(text)) % slots if slots else _fixed(text, i18n.language())  # noqa: S704 — our own text
    return escape(text) % slots if slots else escape(text)


@cache
def _fixed(text: str, language: str) -> Markup:
    """A text of ours without slots: a long list says the same few hundreds of times."""
    return Markup(i18n._(text)) % {}  # noqa: S704 — our own text


def _counted(one: str, many: str, n: int, /, **slots: object) -> Markup:
    """`ngettext("…", "…", n)` of a template; `num` is the number."""
    return Markup(i18n.ngettext(one, many, n)) % {"num": n, **slots}  # noqa: S704 — our own text


@cache
def _environment() -> Environment:
    """StrictUndefined: a misspelt value is an error in a test, not a gap on a page."""
    env = Environment(
        loader=FileSystemLoader(resource_dir("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(_translated, _counted, newstyle=False)  # type: ignore[attr-defined]
    env.globals["static"] = static.url
    # With the context, or Jinja would fold a constant into the language of the first visitor.
    env.filters.update(
        money=pass_context(lambda _, fen: formats.money(fen, i18n.language())),
        money_text=pass_context(lambda _, fen: formats.money_text(fen, i18n.language())),
        rate=formats.rate,
        figure=pass_context(lambda _, value, unit: formats.figure(value, unit, i18n.language())),
        day=pass_context(lambda _, value: formats.day(value, i18n.language())),
        instant=pass_context(lambda _, value: formats.instant(value, i18n.language())),
        code=pass_context(lambda _, value: formats.code(value)),
        yuan=format_yuan,
        workdays=pass_context(lambda _, count: formats.workdays_away(count)),
        nothing=pass_context(lambda _, kind: formats.nothing(kind)),
    )
    return env

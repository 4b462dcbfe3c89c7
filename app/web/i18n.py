"""Languages: Chinese is the source, English stands beside it in `app/locales`.

`_("…")` translates into the language of the request in hand; `N_("…")` only marks a text for collection, where it is
written down before any request. Catalogues are read from `.po` text at start-up: nothing compiled is kept.
"""

import gettext
import io
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Any, Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from litestar.connection import ASGIConnection

LANGUAGES: Final = ("zh", "en")
COOKIE: Final = "lang"
_current: ContextVar[str] = ContextVar("language", default="zh")


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    source = files("app") / "locales" / language / "LC_MESSAGES" / "messages.po"
    if not source.is_file():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source.read_bytes()), locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def _ours() -> frozenset[str]:
    """Every text that the house itself has written: the sources of the English catalogue."""
    source = files("app") / "locales" / "en" / "LC_MESSAGES" / "messages.po"
    entries = read_po(io.BytesIO(source.read_bytes()), locale="en") if source.is_file() else ()
    ids = [entry.id for entry in entries if entry.id]
    return frozenset(text for one in ids for text in ([one] if isinstance(one, str) else one))


def is_ours(text: str) -> bool:
    """Whether a text was written here, so that it may hold markup; what somebody typed never may."""
    return text in _ours()


def use(language: str) -> None:
    """Take `language` for the rest of this request."""
    _current.set(language if language in LANGUAGES else LANGUAGES[0])


def language() -> str:
    return _current.get()


def _(text: str) -> str:
    """`text` in the language in use; a text without translation stays as it is."""
    return _catalogue(_current.get()).gettext(text)


def ngettext(one: str, many: str, n: int) -> str:
    return _catalogue(_current.get()).ngettext(one, many, n)


def N_(text: str) -> str:
    return text


def choose(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """`?lang=`, else the cookie, else the first language of Accept-Language that is ours, else Chinese."""
    asked = connection.query_params.get("lang") or connection.cookies.get(COOKIE)
    if asked in LANGUAGES:
        return str(asked)
    for part in connection.headers.get("accept-language", "").split(",")[:10]:
        found = part.split(";")[0].strip()[:2].lower()
        if found in LANGUAGES:
            return found
    return LANGUAGES[0]

"""The toolkit as one plugin: `Litestar([...handlers], plugins=[WebPlugin(...)])` has everything switched on."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from litestar import Request, Router
from litestar.config.app import AppConfig
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.plugins import InitPlugin
from litestar.types import Scope as AsgiScope

from app.infra.db import Database
from app.kernel.errors import Refusal
from app.web import context, deps, health, problems, security, static
from app.web.body import BYTES_MAX, BodyPlugin
from app.web.guard import Authenticate, Bearer, Limit, guard
from app.web.help import list_problems, show_problem
from app.web.openapi import strict_document
from app.web.pages import NavItem

Noted = Callable[[Database, context.RequestContext, Refusal], Awaitable[None]]
NOTED: Final = frozenset({"consent-missing", "consent-grantee", "login-failed", "rate-limited", "four-eyes"})


async def _nobody(_: Request[Any, Any, Any]) -> None:
    return None


async def _unlimited(_: str, __: str, ___: str) -> None:
    """For an application whose calls cost nothing."""


async def _unnoted(_: Database, __: context.RequestContext, ___: Refusal) -> None:
    """For an application that keeps no audit."""


@dataclass(slots=True, eq=False)
class WebPlugin(InitPlugin):
    """What the toolkit can't know by itself, as the composition root gives it.

    `authenticate` turns a cookie into a visitor, `bearer` a token into a seat or None; `noted` writes a refusal of
    consent, sign-in or rate into the audit, in a short transaction of its own; `limit` refuses a call of a class (of a
    name, under a trace number) that comes too often; `navigation` is by seat role.
    """

    db: Database
    secret: bytes
    hosts: Sequence[str]
    secure_cookies: bool = True
    authenticate: Authenticate = _nobody
    bearer: Bearer | None = None
    noted: Noted = _unnoted
    limit: Limit = _unlimited
    navigation: Mapping[str, tuple[NavItem, ...]] = field(default_factory=dict)
    revision: str = ""

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        app_config.state.update(
            db=self.db,
            secret=self.secret,
            hosts=tuple(self.hosts),
            secure_cookies=self.secure_cookies,
            authenticate=self.authenticate,
            bearer=self.bearer,
            noted=self.noted,
            limit=self.limit,
            navigation=self.navigation,
            revision=self.revision or health.expected_revision(),
        )
        app_config.guards.append(guard)
        app_config.dependencies |= {
            "tx": Provide(deps.provide_tx),
            "seat": Provide(deps.provide_seat),
            "visitor": Provide(deps.provide_visitor),
        }
        app_config.exception_handlers[Exception] = problems.translate
        app_config.before_send.append(security.before_send)
        app_config.after_exception.append(self._note)
        app_config.middleware.append(deps.leave_none_open)
        app_config.plugins.append(BodyPlugin())
        app_config.request_max_body_size = BYTES_MAX
        app_config.logging_config = None
        app_config.openapi_config = _openapi()
        app_config.route_handlers.extend(
            [static.show_asset, health.show_liveness, health.show_readiness, list_problems, show_problem]
        )
        return app_config

    async def _note(self, error: Exception, scope: AsgiScope) -> None:
        if isinstance(error, Refusal) and error.code in NOTED:
            await self.noted(self.db, context.context_of(scope), error)  # type: ignore[arg-type]


class StrictJson(JsonRenderPlugin):
    """The document as written, with closed request bodies marked as closed."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return super().render(request, strict_document(openapi_schema))


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="信易贷·渝惠融",
        version="1",
        use_handler_docstrings=True,
        render_plugins=[StrictJson(path="/openapi.json")],
        openapi_router=Router("/schema", route_handlers=[], opt={"roles": "public", "seat": False}),
    )

"""Stylesheets, scripts and the mark, served from memory under a name that changes with their bytes."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath

from app.kernel.errors import Refusal

# Whatever is not in this table does not exist: no path from a request ever reaches the file system.
SOURCES: Final = {
    "bootstrap.css": ("js_lib_bootstrap5", "static/js-lib-bootstrap5/css/bootstrap.min.css", "text/css"),
    "bootstrap.js": ("js_lib_bootstrap5", "static/js-lib-bootstrap5/js/bootstrap.bundle.min.js", "text/javascript"),
    "htmx.js": ("js_lib_htmx", "static/htmx/htmx.min.js", "text/javascript"),
    "app.css": ("app.web", "static/app.css", "text/css"),
    "app.js": ("app.web", "static/app.js", "text/javascript"),
    "mark.svg": ("app.web", "static/mark.svg", "image/svg+xml"),
}


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    media_type: str
    version: str


@cache
def assets() -> dict[str, Asset]:
    found = {}
    for name, (package, path, media_type) in SOURCES.items():
        body = files(package).joinpath(path).read_bytes()
        if media_type != "image/svg+xml":  # The wheels' pointers to source maps lead nowhere.
            body = b"\n".join(line for line in body.split(b"\n") if b"sourceMappingURL=" not in line)
        found[name] = Asset(body, media_type, hashlib.sha256(body).hexdigest()[:12])
    return found


def url(name: str) -> str:
    """Where a template finds an asset; KeyError for one that does not exist."""
    return f"/static/{assets()[name].version}/{name}"


@get("/static/{version:str}/{name:str}", opt={"roles": "public", "seat": False}, include_in_schema=False)
async def show_asset(version: FromPath[str], name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    asset = assets().get(name)
    if asset is None:
        raise Refusal("not-found")
    lasting = "public, max-age=31536000, immutable" if version == asset.version else "no-store"
    return Response(asset.body, media_type=asset.media_type, headers={"cache-control": lasting})

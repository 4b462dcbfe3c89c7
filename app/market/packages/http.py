"""What the world may fetch about packages: the public keys that verify them.

The package itself is `GET /suborders/{id}/package`, in orders: whether its suborder is alive is known there.
"""

from litestar import Response, get

from app.infra import vault


@get("/package-keys", opt={"roles": "public", "seat": False})
async def list_package_keys() -> Response[dict[str, list[dict[str, str]]]]:
    """The platform's public signing keys as a JWK set (RFC 7517), newest first."""
    return Response(vault.public_jwks(vault.ring()), headers={"cache-control": "public, max-age=300"})

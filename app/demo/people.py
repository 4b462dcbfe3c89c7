"""Somebody who is signed in and acts over HTTP, exactly as a machine of theirs would."""

from typing import Any
from uuid import uuid4

import httpx


class Refused(Exception):
    """The service answered with a problem."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.problem: dict[str, Any] = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        kind = str(self.problem.get("type", "")).rsplit("/", 1)[-1]
        super().__init__(f"{answer.request.method} {answer.request.url.path}: {self.status} {kind} {answer.text[:400]}")


class Person:
    """One seat over HTTP: signs in once, sends the form token and a fresh Idempotency-Key with every act."""

    def __init__(self, base_url: str, login: str, password: str) -> None:
        self.login = login
        self._password = password
        self._http = httpx.AsyncClient(base_url=base_url, timeout=30, trust_env=False)
        self._csrf: str | None = None

    async def __aenter__(self) -> "Person":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: Any) -> Any:
        await self._sign_in()
        return _read(await self._http.get(path, params=query))

    async def act(self, path: str, body: dict[str, Any] | None = None, *, key: str | None = None) -> Any:
        """POST once; raise Refused on anything but success."""
        await self._sign_in()
        headers = {"idempotency-key": key or str(uuid4()), "x-csrf-token": self._csrf or ""}
        return _read(await self._http.post(path, json=body or {}, headers=headers))

    async def _sign_in(self) -> None:
        if self._csrf is None:
            body = {"login": self.login, "password": self._password}
            answer = _read(await self._http.post("/session", json=body))
            self._csrf = str(answer["csrf_token"])


def _read(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise Refused(answer)
    return answer.json() if answer.content else None

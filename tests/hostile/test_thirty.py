"""Inputs and attacks of the list of thirty, against the whole application; docs/refusals.md says where the others are.

Every refusal is a problem of the published list, names nothing of the inside, and leaves nothing behind.
"""

import gzip
import json
from typing import Any
from uuid import UUID, uuid4

import httpx

from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.infra.db import Database
from app.kernel.problems import PROBLEMS
from tests.hostile.raw import wired
from tests.market.orders.conftest import WAN
from tests.market.orders.test_http import OFFER, Town, order_body, posted
from tests.web.app_for_tests import make_org, make_seat

JSON = {"content-type": "application/json"}


def said(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal that is told as it must be."""
    problem = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    assert problem["type"] == f"/problems/{problem['code']}"
    assert PROBLEMS[problem["code"]].status == problem["status"] == answer.status_code
    assert problem["trace_id"] == answer.headers["x-trace-id"]
    assert not any(word in answer.text for word in ("Traceback", "asyncpg", "select ", "site-packages", "/app/"))
    return answer.status_code, problem["code"]


async def send(town: Town, who: str, path: str, raw: bytes, **headers: str) -> httpx.Response:
    """Post bytes as they are, with the client's cookie and token."""
    named = JSON | {"idempotency-key": uuid4().hex} | headers
    return await town.clients[who].post(path, content=raw, headers=named)


def order_with(town: Town, name: str, literal: str) -> bytes:
    """A good order with one value written as a piece of JSON text."""
    return json.dumps(order_body(town, 0) | {name: "@"}).replace('"@"', literal).encode()


async def orders_kept(town: Town) -> list[tuple[Any, ...]]:
    return await town.city.rows("select (select count(*) from orders), (select count(*) from consents)")


async def test_01_what_is_not_written_as_an_integer_is_none(town: Town) -> None:
    """A sum read out of another type is a sum that somebody did not say."""
    await town.at("2025-09-24 10:00")

    literals = ['"50000000"', "50000000.0", "5e7", "true", "null", "[50000000]", '{"fen": 1}']

    answers = [await send(town, "firm", "/orders", order_with(town, "amount_fen", one)) for one in literals]

    assert [(400, "malformed-field")] * len(literals) == [said(answer) for answer in answers]
    assert [(0, 0)] == await orders_kept(town)


async def test_02_a_key_given_twice_is_refused(town: Town) -> None:
    """Whoever signed the first value would be bound to the second."""
    await town.at("2025-09-24 10:00")
    raw = json.dumps(order_body(town, 0)).encode()

    answer = await send(town, "firm", "/orders", raw[:-1] + b', "amount_fen": 1}')
    inner = await send(town, "firm", "/orders", raw.replace(b'"data_classes"', b'"product_id": "x", "data_classes"'))

    assert [(400, "duplicate-key")] * 2 == [said(answer), said(inner)]
    assert [(0, 0)] == await orders_kept(town)


async def test_03_deep_large_and_packed_bodies_are_refused_on_the_wire(town: Town) -> None:
    """2,000 arrays, 10 MiB, a bomb of gzip: told, and the next caller is served."""
    bomb = gzip.compress(b"[" * (20 << 20))
    async with wired(town.app) as wire:
        deep = await wire.post("/session", b"[" * 2000)
        closed = await wire.post("/session", b"[" * 2000 + b"]" * 2000)
        large = await wire.post("/session", b'"' + b"a" * 4096, length=10 << 20)
        chunked = await wire.send(
            b"POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
            *[b"10000\r\n" + b"a" * 0x10000 + b"\r\n"] * 20, b"0\r\n\r\n",
        )  # fmt: skip
        packed = await wire.post("/session", bomb, "Content-Encoding: gzip")
        alive = await wire.request("GET /health/live")

    assert [(400, "too-deep")] * 2 == [(one.status, one.code) for one in (deep, closed)]
    assert [(413, "too-large")] * 2 == [(one.status, one.code) for one in (large, chunked)]
    assert (415, "unsupported-media") == (packed.status, packed.code)
    assert 200 == alive.status


async def test_04_numbers_beyond_a_sum_never_reach_the_database(town: Town) -> None:
    """Eight bytes hold more than any loan, and less than what can be typed."""
    await town.at("2025-09-24 10:00")

    literals = ["NaN", "Infinity", "-Infinity", "10000000000000", "-1", "0", str(2**63), "-" + str(2**63), "9" * 4301]

    answers = [await send(town, "firm", "/orders", order_with(town, "amount_fen", one)) for one in literals]

    assert [(400, "malformed-field")] * len(literals) == [said(answer) for answer in answers]


async def test_05_text_that_lies_or_breaks_is_refused(town: Town) -> None:
    """NUL, half characters, turned direction, heaps of marks."""
    await town.at("2025-09-24 10:00")

    texts = ["原\\u0000料", "\\ud800", "\\udc00\\ud800", "原\u202e料", "e" + "\u0301" * 10_000, "\\u0007", "\ufffe"]

    answers = [await send(town, "firm", "/orders", order_with(town, "purpose", f'"{text}"')) for text in texts]

    assert [(400, "bad-text")] * len(texts) == [said(answer) for answer in answers]
    assert {"/purpose"} == {answer.json()["pointer"] for answer in answers}


async def test_06_an_id_that_is_none_is_not_found(town: Town) -> None:
    """In every place that takes one, and for the caller whose things live there."""
    odd_ones = ["99999999999999999999999", "-1", "%27%20OR%201=1", "..%2f..%2fetc", "%00", "nil", "{}"]

    answers = [
        answer
        for odd in odd_ones
        for answer in (
            await town.get("firm", f"/orders/{odd}"),
            await town.get("firm", f"/suborders/{odd}"),
            await town.get("clerk0", f"/suborders/{odd}/clocks/ACCEPT"),
            await town.post("clerk0", f"/suborders/{odd}/acceptance"),
            await town.post("firm", f"/orders/{odd}/withdrawal"),
        )
    ]

    assert [(404, "not-found")] * 5 * len(odd_ones) == [said(answer) for answer in answers]


async def test_07_fields_that_are_not_the_callers_are_refused(town: Town) -> None:
    """Silently dropped they would look obeyed."""
    await town.at("2025-09-24 10:00")
    body = order_body(town, 0)
    names = ["status", "state", "org_id", "business_id", "is_admin", "posted_at", "id", "__class__"]

    outside = [await town.post("firm", "/orders", body | {name: "x"}) for name in names]
    inside = [await town.post("firm", "/orders", body | {"banks": [body["banks"][0] | {name: "x"}]}) for name in names]

    assert {(400, "unknown-field")} == {said(answer) for answer in outside + inside}
    assert [f"/{name}" for name in names] == [answer.json()["pointer"] for answer in outside]
    assert [f"/banks/0/{name}" for name in names] == [answer.json()["pointer"] for answer in inside]


async def test_08_anothers_id_in_a_body_is_as_good_as_none(db: Database, town: Town) -> None:
    """An order of another firm to follow, a draft's id that is taken, a branch of another bank."""
    order_id, _ = await posted(town, 0)
    stranger = await make_seat(db, SeatRole.BUSINESS, await make_org(db, OrgKind.BUSINESS), login="xy-stranger")
    await town.client("stranger", stranger)
    admins = []
    for n in (0, 1):
        bank_id = town.city.banks[n].bank_id
        await town.client(f"admin{n}", await make_seat(db, SeatRole.BANK_ADMIN, bank_id, login=f"xy-admin-{n}"))
        admins.append(town.city.banks[n])
    opening = {
        "branch_id": str(admins[0].branch_id), "product_id": str(admins[0].product_id), "quarter": "2099-01-01",
        "cap_fen": 100 * WAN, "why": "计划",
    }  # fmt: skip

    foreign = await town.post("stranger", f"/orders/{order_id}/withdrawal")
    missing = await town.post("stranger", f"/orders/{uuid4()}/withdrawal")
    follows = await town.post("stranger", "/orders", order_body(town, 0, previous_order_id=str(order_id)))
    nothing = await town.post("stranger", "/orders", order_body(town, 0, previous_order_id=str(uuid4())))
    pool, no_pool = [
        await town.post("admin1", "/pools", opening | {"branch_id": one})
        for one in (opening["branch_id"], str(uuid4()))
    ]

    for one, other in ((foreign, missing), (follows, nothing), (pool, no_pool)):
        assert said(one) == said(other)
        assert one.json() | {"trace_id": ""} == other.json() | {"trace_id": ""}
    assert (404, "not-found") == said(foreign) == said(pool)


async def test_09_another_verb_or_an_overriding_header_opens_nothing(town: Town) -> None:
    """What is not in the list of routes is 405, and a header is no verb."""
    order_id, _ = await posted(town, 0)
    firm = town.clients["firm"]
    override = {"x-http-method-override": "POST", "x-method-override": "DELETE", "idempotency-key": uuid4().hex}

    odd = [await firm.request(verb, f"/orders/{order_id}") for verb in ("PUT", "PATCH", "DELETE", "TRACE")]
    head = await firm.head(f"/orders/{order_id}")
    read = await firm.get(f"/orders/{order_id}/withdrawal", headers=override)
    clerk = await town.post("clerk0", f"/orders/{order_id}/withdrawal")

    assert [405] * 6 == [one.status_code for one in (*odd, head, read)]
    assert (405, "method-not-allowed") == said(odd[0])
    assert (403, "forbidden") == said(clerk)
    assert [(0,)] == await town.city.rows("select count(*) from suborder_moves where act = 'withdraw'")


async def test_12_keys_of_repetition_at_a_real_act(town: Town) -> None:
    """None, too short, two at once, and one that was used for something else."""
    await town.at("2025-09-24 10:00")
    raw, firm = json.dumps(order_body(town, 0)).encode(), town.clients["firm"]
    first = await send(town, "firm", "/orders", raw, **{"idempotency-key": "order-of-today-1"})

    none = await firm.post("/orders", content=raw, headers=JSON)
    short = await send(town, "firm", "/orders", raw, **{"idempotency-key": "a"})
    two = await firm.post("/orders", content=raw, headers=[*JSON.items(), ("idempotency-key", "order-of-today-2"),
                                                            ("idempotency-key", "order-of-today-3")])  # fmt: skip
    other = await send(town, "firm", "/orders", order_with(town, "amount_fen", "1000000"),
                       **{"idempotency-key": "order-of-today-1"})  # fmt: skip
    again = await send(town, "firm", "/orders", raw, **{"idempotency-key": "order-of-today-1"})

    assert (201, 201) == (first.status_code, again.status_code)
    assert (first.headers["location"], first.json()["order_id"]) == (
        again.headers["location"],
        again.json()["order_id"],
    )
    assert [(400, "idempotency-key-missing"), (400, "idempotency-key-invalid"), (400, "idempotency-key-invalid")] == [
        said(answer) for answer in (none, short, two)
    ]
    assert (422, "idempotency-key-reused") == said(other)
    assert [(1, 1)] == await orders_kept(town)


async def test_22_forged_proxies_change_nothing_and_an_unknown_host_is_refused(town: Town) -> None:
    """On the wire, where a library would not let it through."""
    forged = ("X-Forwarded-For: 10.0.0.1", "X-Forwarded-Host: evil.example", "Forwarded: for=1;host=evil.example",
              "X-SSL-Client-Cert: MIIB", "X-Forwarded-Proto: https", "X-Original-URL: /figures")  # fmt: skip
    hosts = [
        "evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "",
        "127.0.0.1:80:80",
        "[::1]",
        "a,127.0.0.1",
    ]
    async with wired(town.app) as wire:
        plain = await wire.request("GET /problems/not-found")
        through = await wire.request("GET /problems/not-found", *forged)
        closed = await wire.request("GET /figures", *forged)
        odd = [await wire.request("GET /problems/not-found", host=host) for host in hosts]
        double = await wire.request("GET /problems/not-found", "Host: evil.example")
        absolute = await wire.request("GET http://evil.example/problems/not-found", host="evil.example")

    assert (plain.status, plain.body) == (through.status, through.body)
    assert (401, "unauthenticated") == (closed.status, closed.code)
    assert ["bad-host"] * len(hosts) == [one.code for one in odd]
    assert {400} == {one.status for one in (*odd, absolute)}
    assert "evil.example" not in plain.body + through.body + double.body


async def test_27_queries_are_never_sql_and_cursors_cannot_be_written(town: Town) -> None:
    """Injection, another column, an edited or borrowed cursor, a limit without end."""
    await posted(town, 0)
    await town.post("firm", "/orders", order_body(town, 0))
    cursor = (await town.get("firm", "/orders?limit=1")).json()["next"]
    edited = [cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB"), "A" + cursor, cursor.upper(), "", "e30", "é" * 9]

    bad = [
        await town.get("firm", f"/orders?{query}")
        for query in ("order=password", "order=' OR 1=1--", "limit=1000000000", "limit=-1", "limit=1e1", "limit=١",
                      "q=%25%25%25", "order[]=x", "limit=999999&limit=999999", "id=1;drop table orders")
    ]  # fmt: skip
    cursors = [await town.get("firm", f"/orders?limit=1&cursor={one}") for one in edited]
    borrowed = await town.get("clerk0", f"/suborders?limit=1&cursor={cursor}")

    assert {(400, "bad-query")} == {said(answer) for answer in bad}
    assert {(400, "bad-cursor")} == {said(answer) for answer in (*cursors, borrowed)}
    assert 200 == (await town.get("firm", f"/orders?limit=1&cursor={cursor}")).status_code


async def test_28_a_thousand_addresses_buy_no_second_handful_of_passwords(town: Town) -> None:
    """Five tries at an account, whichever address a header claims; then 429 with the time to wait."""
    nobody = httpx.AsyncClient(transport=town.clients["firm"]._transport, base_url="http://127.0.0.1")
    answers = [
        await nobody.post(
            "/session", json={"login": "xy-firm", "password": f"wrong-{n}"},
            headers={"x-forwarded-for": f"203.0.113.{n}", "forwarded": f"for=198.51.100.{n}"},
        )
        for n in range(12)
    ]  # fmt: skip

    assert [(401, "login-failed")] * 5 == [said(answer) for answer in answers[:5]]
    assert {(429, "rate-limited")} == {said(answer) for answer in answers[5:]}
    assert all(0 < int(answer.headers["retry-after"]) <= 900 for answer in answers[5:])


async def test_28_two_hundred_reads_of_packages_in_a_minute_are_too_many(town: Town) -> None:
    """Counted per machine over all processes; a missing package costs as much as one that is there."""
    machine = await make_seat(town.city.db, SeatRole.BANK_CLIENT, town.city.banks[0].bank_id, login="xy-machine")
    await town.client("machine0", machine)

    answers = [said(await town.get("machine0", f"/suborders/{uuid4()}/package")) for _ in range(200)]

    assert {(404, "not-found"), (429, "rate-limited")} == set(answers)
    assert 100 <= answers.count((404, "not-found")) < 200


async def test_28_fifty_estimates_in_a_row_are_too_many(town: Town) -> None:
    """Each runs the model of every product."""
    await town.at("2025-09-24 10:00")

    answers = [await send(town, "firm", "/estimates", b"{}") for _ in range(50)]

    assert 201 == answers[0].status_code
    assert (429, "rate-limited") == said(answers[-1])


async def test_29_markup_formulas_and_line_ends_stay_text(town: Town) -> None:
    """Kept as written, shown escaped; a line end in a header is no header of ours."""
    purpose = "<script>alert(1)</script>{{7*7}}=cmd() 100%s %(x)d"
    order_id, (part,) = await posted(town, 0, purpose=purpose)

    pages = [
        (await town.clients[who].get(path, headers={"accept": "text/html"})).text
        for who, path in (("firm", f"/my/orders/{order_id}"), ("firm", "/my"), ("clerk0", f"/desk/suborders/{part}"),
                          ("clerk0", "/desk"))
    ]  # fmt: skip
    async with wired(town.app) as wire:
        split = await wire.request("GET /problems/not-found?lang=zh%0d%0aSet-Cookie:%20a=b")
        header = await wire.request("GET /problems/not-found", "Accept-Language: zh\r\n\tSet-Cookie: a=b")
        value = await wire.send(b"GET /login?next=/%0d%0ax:%20y HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: a\rb\r\n\r\n")

    assert purpose == (await town.get("firm", f"/orders/{order_id}")).json()["purpose"]
    assert [] == [page[:200] for page in pages if "<script>alert" in page or ">49=cmd" in page]
    assert any("&lt;script&gt;alert(1)" in page for page in pages)
    for heard in (split, header, value):
        assert heard.status in (200, 400)
        assert "a=b" not in heard.headers.get("set-cookie", "")
        assert "x" not in heard.headers


async def test_30_uploads_that_are_something_else_and_requests_in_two_readings(db: Database, town: Town) -> None:
    """A page called a PDF, a length of 10 GiB, a path for a name, two lengths at once."""
    officer = await make_seat(db, SeatRole.DATA_OFFICER, await make_org(db, OrgKind.DEPARTMENT), login="xy-officer")
    client = await town.client("officer", officer)

    async def hand_in(content: bytes, kind: str = "text/csv", name: str = "f.csv") -> httpx.Response:
        headers = {"content-type": kind, "idempotency-key": uuid4().hex}
        params = {"kind": "registry", "file_name": name}
        return await client.post("/batches", params=params, content=content, headers=headers)

    page, pdf = b"<html><script>alert(1)</script></html>", b"%PDF-1.7\n<script>"
    odd = [
        await hand_in(page), await hand_in(pdf), await hand_in(b"\x89PNG\r\n"), await hand_in(b"MZ\x90\x00"),
        await hand_in(b"a,b\n", name="../../x"), await hand_in(b"a,b\n", name="..\\x"), await hand_in(b""),
    ]  # fmt: skip
    media = [
        await hand_in(page, kind)
        for kind in ("application/pdf", "text/html", "image/png", "multipart/form-data; boundary=x")
    ]
    cookie = client.cookies["session"]
    signed = (f"Cookie: session={cookie}", f"X-CSRF-Token: {client.headers['x-csrf-token']}", "Content-Type: text/csv",
              f"Idempotency-Key: {uuid4().hex}")  # fmt: skip
    async with wired(town.app) as wire:
        huge = await wire.request("POST /batches?kind=registry&file_name=f.csv", *signed, "Content-Length: 10737418240")
        twice = [await wire.send(smuggled) for smuggled in SMUGGLED]

    assert {(400, "bad-upload")} == {said(answer) for answer in odd}
    assert {(415, "unsupported-media")} == {said(answer) for answer in media}
    assert (413, "too-large") == (huge.status, huge.code)
    for heard in twice:
        assert 400 == heard.status, heard
        assert b'"status":"ok"' not in heard.rest
    assert [(0,)] == await town.city.rows("select count(*) from batches")


HIDDEN = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HEAD = b"POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
SMUGGLED = [
    HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 60\r\n\r\n0\r\n\r\n" + HIDDEN,
    HEAD + b"Content-Length: 2\r\nContent-Length: 50\r\n\r\n{}" + HIDDEN,
    HEAD + b"Content-Length: +2\r\n\r\n{}" + HIDDEN,
    HEAD + b"Content-Length: 2, 50\r\n\r\n{}" + HIDDEN,
    HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
]


async def test_10_a_pool_takes_what_fits_to_the_last_fen(town: Town) -> None:
    """100 万 and three orders of 50 万: two are held, the third is refused, and a fen more would be too."""
    parts = []
    for _ in range(3):
        _, (part,) = await posted(town, 0)
        parts.append(part)

    answers = [await town.post("clerk0", f"/suborders/{part}/acceptance") for part in parts]

    assert [200, 200] == [answer.status_code for answer in answers[:2]]
    assert (409, "quota-exhausted") == said(answers[2])
    sql = "select held_fen, posted_fen from pools where quarter = '2025-07-01' and branch_id = $1"
    assert [(100 * WAN, 0)] == await town.city.rows(sql, town.city.banks[0].branch_id)


async def test_11_a_draw_counts_once_and_never_for_more_than_is_held(town: Town) -> None:
    """Twice the same mark, a fen too much, and one after the last."""
    _, (part,) = await posted(town, 0)
    at = f"/suborders/{part}"
    contract = {"contract_no": "XY-1", "signed_on": "2025-09-24", "amount_fen": 40 * WAN, "draw_until_on": "2025-12-31"}
    call = {"contacted_at": "2025-09-24T10:00:00+08:00", "how": "phone", "whom": "经办人"}
    for who, path, body in (("clerk0", "acceptance", {}), ("clerk0", "contact", call), ("clerk0", "offer", OFFER),
                            ("firm", "pick", {}), ("clerk0", "signature", contract)):  # fmt: skip
        answer = await town.post(who, f"{at}/{path}", body)
        assert 200 == answer.status_code, answer.text

    def draw(number: int, amount: int) -> dict[str, Any]:
        return {"draw_id": str(UUID(int=number)), "amount_fen": amount, "paid_on": "2025-09-24"}

    first, again = [await town.post("clerk0", f"{at}/draws", draw(1, 10 * WAN)) for _ in "ab"]
    over = await town.post("clerk0", f"{at}/draws", draw(2, 30 * WAN + 1))
    last = await town.post("clerk0", f"{at}/draws", draw(3, 30 * WAN))
    after = await town.post("clerk0", f"{at}/draws", draw(4, 1))

    assert [200, 200] == [first.status_code, last.status_code]
    assert again.status_code in (200, 409)
    assert (422, "amount-exceeds-hold") == said(over)
    assert 409 == said(after)[0]
    assert [(2, 40 * WAN)] == await town.city.rows(
        "select count(*), sum(amount_fen) from pool_entries where kind = 'post'"
    )


async def test_11_another_banks_mark_of_a_draw_is_no_mark_of_ones_own(town: Town) -> None:
    """Two banks that number their payments alike: both are paid out, and neither learns of the other's."""
    paid = []
    for n in (0, 1):
        _, (part,) = await posted(town, n)
        at, who = f"/suborders/{part}", f"clerk{n}"
        call = {"contacted_at": "2025-09-24T10:00:00+08:00", "how": "phone", "whom": "经办人"}
        contract = {"contract_no": "XY-1", "signed_on": "2025-09-24", "amount_fen": 40 * WAN,
                    "draw_until_on": "2025-12-31"}  # fmt: skip
        for by, path, body in ((who, "acceptance", {}), (who, "contact", call), (who, "offer", OFFER),
                               ("firm", "pick", {}), (who, "signature", contract)):  # fmt: skip
            answer = await town.post(by, f"{at}/{path}", body)
            assert 200 == answer.status_code, answer.text
        draw = {"draw_id": str(UUID(int=1)), "amount_fen": 10 * WAN, "paid_on": "2025-09-24"}
        paid.append(await town.post(who, f"{at}/draws", draw))

    assert [200, 200] == [answer.status_code for answer in paid]
    assert [(2, 20 * WAN)] == await town.city.rows("select count(*), sum(amount_fen) from draws")


async def test_13_states_are_not_jumped_and_the_answer_says_what_is_allowed(town: Town) -> None:
    """An offer before anything, a refusal after the offer, anything after the end."""
    order_id, (part,) = await posted(town, 0)
    at = f"/suborders/{part}"
    said_no = {"reason_code": "I2", "words": "本行本季度该产品额度已经用完"}
    early = await town.post("clerk0", f"{at}/offer", OFFER)
    call = {"contacted_at": "2025-09-24T10:00:00+08:00", "how": "phone", "whom": "经办人"}
    for path, body in (("acceptance", {}), ("contact", call), ("offer", OFFER)):
        assert 200 == (await town.post("clerk0", f"{at}/{path}", body)).status_code
    late = await town.post("clerk0", f"{at}/refusal", said_no)
    assert 200 == (await town.post("firm", f"/orders/{order_id}/withdrawal")).status_code
    ended = [
        await town.post("clerk0", f"{at}/{path}", body)
        for path, body in (("offer", OFFER), ("acceptance", {}), ("refusal", said_no), ("investigation", {}))
    ]
    picked = await town.post("firm", f"{at}/pick")

    assert {(409, "wrong-state")} == {said(answer) for answer in (early, late, *ended, picked)}
    assert [[]] * 4 == [answer.json()["allowed"] for answer in ended]
    assert late.json()["allowed"] != []


async def test_14_a_refusal_without_a_reason_is_refused(town: Town) -> None:
    """None, one outside the tree in force, one that says nothing."""
    order_id, (part,) = await posted(town, 0)
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "reason-required"),
        ({"reason_code": "", "words": "本行本季度该产品额度已经用完"}, "reason-required"),
        ({"reason_code": "ZZ9", "words": "本行本季度该产品额度已经用完"}, "reason-unknown"),
        ({"reason_code": "' OR 1=1", "words": "本行本季度该产品额度已经用完"}, "reason-unknown"),
        ({"reason_code": "I2", "words": "无"}, "reason-empty"),
        ({"reason_code": "I2", "words": "经综合评估，不符合我行要求"}, "reason-empty"),
        ({"reason_code": "I2", "words": " \u3000 "}, "reason-empty"),
    ]

    answers = [await town.post("clerk0", f"/suborders/{part}/refusal", body) for body, _ in cases]

    assert [(422, code) for _, code in cases] == [said(answer) for answer in answers]
    assert {0: "pushed"} == await town.city.states(order_id)


async def test_15_the_servers_clock_decides(town: Town) -> None:
    """Naive, impossible, ahead of now, or before there was anything to speak about."""
    _, (part,) = await posted(town, 0)
    assert 200 == (await town.post("clerk0", f"/suborders/{part}/acceptance")).status_code

    written = [
        "2025-09-24T10:00:00",
        "2025-02-30T10:00:00+08:00",
        "2025-09-24T10:00:00+26:00",
        "2025-09-24T25:00:00+08:00",
        "2025-09-24T10:00:01+08:00",
        "2030-01-01T00:00:00Z",
        "2020-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
    ]

    answers = [
        await town.post("clerk0", f"/suborders/{part}/contact", {"contacted_at": one, "how": "phone", "whom": "经办人"})
        for one in written
    ]
    own_time = await town.post("clerk0", f"/suborders/{part}/investigation", {"answered_at": "2025-09-24T10:00:00Z"})
    days = [await send(town, "firm", "/orders", order_with(town, "until_on", f'"{day}"'))
            for day in ("0001-01-01", "2025-09-24", "9999-12-31")]  # fmt: skip

    assert [(422, "bad-time")] * len(written) == [said(answer) for answer in answers]
    assert [(422, "bad-time")] * len(days) == [said(answer) for answer in days]
    assert (400, "unknown-field") == said(own_time)


async def test_16_nobody_checks_what_they_made(db: Database, town: Town) -> None:
    """A pool that one administrator asked for: told that a second person must look, and nothing is opened."""
    bank = town.city.banks[0]
    opening = {"branch_id": str(bank.branch_id), "product_id": str(bank.product_id), "quarter": "2099-01-01",
               "cap_fen": 100 * WAN, "why": "季度计划"}  # fmt: skip
    await town.client("admin", await make_seat(db, SeatRole.BANK_ADMIN, bank.bank_id, login="xy-admin"))
    asked = await town.post("admin", "/pools", opening)
    proposal_id = (await town.get("admin", "/proposals")).json()["proposals"][0]["proposal_id"]

    own = await town.post("admin", f"/proposals/{proposal_id}/approval")

    assert asked.status_code in (201, 202), asked.text
    assert (403, "four-eyes") == said(own)
    assert [(0,)] == await town.city.rows("select count(*) from pools where quarter = '2099-01-01'")


async def test_25_a_request_from_another_site_or_session_changes_nothing(town: Town) -> None:
    """With the cookie and without the token, with another's, as text, from another origin, after signing out."""
    order_id, _ = await posted(town, 0)
    firm, path = town.clients["firm"], f"/orders/{order_id}/withdrawal"
    token, key = firm.headers.pop("x-csrf-token"), {"idempotency-key": uuid4().hex}
    other = town.clients["clerk0"].headers["x-csrf-token"]

    none = await firm.post(path, json={}, headers=key)
    borrowed = await firm.post(path, json={}, headers=key | {"x-csrf-token": other})
    site = [
        await firm.post(path, json={}, headers=key | {"x-csrf-token": token} | odd)
        for odd in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
                    {"sec-fetch-site": "same-site"}, {"origin": "http://127.0.0.1.evil.example"})
    ]  # fmt: skip
    plain = await firm.post(path, content=b"{}", headers=key | {"x-csrf-token": token, "content-type": "text/plain"})
    fixed = httpx.AsyncClient(transport=firm._transport, base_url="http://127.0.0.1", cookies={"session": "chosen"})
    before = await fixed.get("/session")
    out = await firm.delete("/session", headers={"x-csrf-token": token, "idempotency-key": uuid4().hex})
    after = await firm.get(f"/orders/{order_id}")

    assert {(403, "csrf")} == {said(answer) for answer in (none, borrowed, *site)}
    assert (415, "unsupported-media") == said(plain)
    assert (401, "unauthenticated") == said(before) == said(after)
    assert out.status_code in (200, 204)
    assert [(0,)] == await town.city.rows("select count(*) from suborder_moves where act = 'withdraw'")

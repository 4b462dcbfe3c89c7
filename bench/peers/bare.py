"""The reference of B2: a bare handler that runs one statement writing the same five rows.

Quota, order, clock, outbox and audit in a single CTE; no guard, no session, no idempotency, no rules.
"""

import os
import uuid

import asyncpg
from litestar import Litestar, Request, post

SCHEMA = """
create table if not exists quota (id int primary key, cap bigint not null, held bigint not null check (held <= cap));
create table if not exists bare_order (id uuid primary key, firm uuid not null, amount bigint not null,
  body jsonb not null, at timestamptz not null default now());
create table if not exists bare_clock (id uuid primary key, order_id uuid not null references bare_order,
  due_at timestamptz not null);
create index if not exists bare_clock_due on bare_clock (due_at);
create table if not exists bare_outbox (seq bigint generated always as identity primary key, kind text not null,
  body jsonb not null);
create table if not exists bare_audit (seq bigint generated always as identity primary key, who uuid not null,
  act text not null, at timestamptz not null default now());
insert into quota values (1, 1000000000000000, 0) on conflict do nothing;
"""
ORDER = """
with q as (update quota set held = held + $3 where id = 1 and held + $3 <= cap returning id),
o as (insert into bare_order (id, firm, amount, body) select $1, $2, $3, $4::jsonb from q returning id),
c as (insert into bare_clock (id, order_id, due_at) select gen_random_uuid(), id, now() + interval '2 days' from o),
x as (insert into bare_outbox (kind, body) select 'OrderPosted', jsonb_build_object('order', id) from o)
insert into bare_audit (who, act) select $2, 'post' from o
"""


@post("/orders")
async def post_order(request: Request) -> dict[str, str]:
    body = await request.body()
    order_id, firm = uuid.uuid4(), uuid.uuid4()
    await request.app.state.pool.execute(ORDER, order_id, firm, 50_000_000, body.decode())
    return {"order_id": str(order_id)}


async def _open(app: Litestar) -> None:
    app.state.pool = await asyncpg.create_pool(os.environ["PEER_DSN"], min_size=8, max_size=8)


app = Litestar([post_order], on_startup=[_open], openapi_config=None)

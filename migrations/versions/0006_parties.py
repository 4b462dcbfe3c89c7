"""Banks, branches, products, published lists; pools and their ledger; estimates; two-person acts."""

from alembic import op
from rls import protect, role

revision = "0006"
down_revision = "0005"

EVERYBODY = ["business", "bank", "regulator", "ops", "public", "act", "worker", "loader", "reporter"]
TABLES = (
    "approvals", "proposals", "estimates", "bank_inputs", "pool_changes", "pool_entries", "reservations", "pools",
    "published_lists", "products", "outlets", "branches", "banks",
)  # fmt: skip
PUBLISHED = dict.fromkeys(EVERYBODY, ("select", "true"))
READS_ALL = dict.fromkeys(["regulator", "reporter"], ("select", "true")) | {
    "ops": ("select", "(select app_is_platform())"),  # Operators; a department's data officer has no business here.
}


def upgrade() -> None:
    _banks()
    _shelf()
    _pools()
    _ledger()
    _limits()
    _proposals()


def _banks() -> None:
    op.execute(
        """
        create table banks (
          bank_id uuid primary key,
          name text not null,
          name_key text not null unique check (name_key <> ''),
          head_office_no text,
          valid_from date not null,
          valid_to date,
          check (valid_to >= valid_from))
        """
    )
    op.execute(
        """
        create table branches (
          branch_id uuid primary key,
          bank_id uuid not null references banks,
          name text not null,
          uscc text,
          district_code text,
          address text,
          valid_from date not null,
          valid_to date,
          check (valid_to >= valid_from))
        """
    )
    op.execute("create index branches_bank on branches (bank_id)")
    op.execute("create index branches_district on branches (district_code)")
    op.execute(
        """
        create table outlets (
          outlet_id uuid primary key,
          name text not null,
          name_key text not null check (name_key <> ''),
          uscc text,
          district_code text,
          address text,
          opened_on date,
          state text not null check (state in ('placed', 'queued', 'dismissed')),
          placed_by text check (placed_by in ('longest_name', 'operator')),
          branch_id uuid references branches,
          settled_by uuid,
          settled_at timestamptz,
          recorded_at timestamptz not null default now(),
          check ((state = 'placed') = (branch_id is not null)),
          check ((state = 'placed') = (placed_by is not null)))
        """
    )
    op.execute("create unique index outlets_once on outlets (coalesce(uscc, name_key))")
    op.execute("create index outlets_queue on outlets (name_key) where state = 'queued'")
    writers = dict.fromkeys(["ops", "worker", "loader"], ("select, insert, update", "true"))
    protect("banks", PUBLISHED | writers)
    protect("branches", PUBLISHED | writers)
    protect("outlets", writers | {"reporter": ("select", "true")})


def _shelf() -> None:
    op.execute(
        """
        create table products (
          product_id uuid primary key,
          bank_id uuid not null references banks,
          code text not null,
          name text not null,
          name_en text not null,
          loan_type text not null check (loan_type in ('new')),
          amount_min_fen bigint not null check (amount_min_fen > 0),
          amount_max_fen bigint not null,
          term_months_min integer not null check (term_months_min > 0),
          term_months_max integer not null,
          rate_min_ppm integer not null check (rate_min_ppm > 0),
          rate_max_ppm integer not null check (rate_max_ppm <= 360000),
          repayment text not null check (repayment in ('instalments', 'interest_first', 'bullet')),
          is_unsecured boolean not null,
          promised_workdays integer not null check (promised_workdays between 1 and 60),
          model_key text not null,
          valid_from date not null,
          valid_to date,
          check (amount_min_fen <= amount_max_fen),
          check (term_months_min <= term_months_max),
          check (rate_min_ppm <= rate_max_ppm),
          check (valid_to >= valid_from),
          unique (bank_id, code))
        """
    )
    op.execute(
        """
        create table published_lists (
          list_id uuid primary key,
          bank_id uuid not null references banks,
          branch_id uuid not null references branches,
          product_id uuid not null references products,
          version integer not null check (version > 0),
          amount_min_fen bigint not null check (amount_min_fen > 0),
          ceiling_fen bigint not null,
          approval_level_fen bigint not null check (approval_level_fen >= 0),
          term_months_max integer not null check (term_months_max > 0),
          rate_min_ppm integer not null check (rate_min_ppm > 0),
          rate_max_ppm integer not null,
          purposes text[] not null,
          collateral text[] not null,
          districts text[] not null,
          materials text[] not null,
          two_person_reasons text[] not null,
          valid_from date not null,
          valid_to date,
          made_by uuid not null,
          checked_by uuid not null,
          published_at timestamptz not null,
          check (amount_min_fen <= ceiling_fen),
          check (rate_min_ppm <= rate_max_ppm),
          check (valid_to >= valid_from),
          check (made_by <> checked_by),
          unique (branch_id, product_id, version))
        """
    )
    op.execute("create index published_lists_product on published_lists (product_id, branch_id, valid_from)")
    setup = dict.fromkeys(["worker", "loader"], ("select, insert", "true"))
    protect("products", PUBLISHED | setup)
    protect("published_lists", PUBLISHED | setup)
    # A bank reads every list, as everybody does, and writes its own only.
    for name in ("bank", "act"):
        op.execute(f"grant insert on published_lists to {role(name)}")
        own = f"for insert to {role(name)} with check (bank_id = app_org())"
        op.execute(f"create policy {name}_insert on published_lists {own}")


def _pools() -> None:
    # Counters guard, entries explain: a reservation shrinks, posts many draws and closes once.
    op.execute(
        """
        create table pools (
          pool_id uuid primary key,
          bank_id uuid not null references banks,
          branch_id uuid not null references branches,
          product_id uuid not null references products,
          quarter date not null check (extract(day from quarter) = 1 and extract(month from quarter) in (1, 4, 7, 10)),
          cap_fen bigint not null check (cap_fen >= 0),
          held_fen bigint not null default 0 check (held_fen >= 0),
          posted_fen bigint not null default 0 check (posted_fen >= 0),
          is_frozen boolean not null default false,
          constraint pools_within_cap check (held_fen + posted_fen <= cap_fen),
          unique (branch_id, product_id, quarter))
        """
    )
    protect(
        "pools",
        {
            "bank": ("select, insert, update", "bank_id = app_org()"),
            "act": ("select, update", "true"),
            "worker": ("select, insert, update", "true"),
            "loader": ("select, insert", "true"),
            **READS_ALL,
        },
    )
    op.execute(f"grant insert on pools to {role('act')}")
    op.execute(f"create policy act_insert on pools for insert to {role('act')} with check (bank_id = app_org())")
    op.execute(
        """
        create table pool_changes (
          change_id uuid primary key,
          pool_id uuid not null references pools,
          bank_id uuid not null,
          kind text not null check (kind in ('open', 'raise', 'lower', 'freeze', 'thaw')),
          amount_fen bigint not null check (amount_fen >= 0),
          cap_after_fen bigint not null check (cap_after_fen >= 0),
          why text not null,
          made_by uuid,
          checked_by uuid,
          at timestamptz not null,
          check ((kind in ('freeze', 'thaw')) = (amount_fen = 0)),
          check (kind = 'freeze' or (made_by is not null and checked_by is not null and made_by <> checked_by)))
        """
    )
    op.execute("create index pool_changes_pool on pool_changes (pool_id, at)")
    protect(
        "pool_changes",
        {
            "bank": ("select, insert", "bank_id = app_org()"),
            "act": ("select, insert", "bank_id = app_org()"),
            "worker": ("select, insert", "true"),
            "loader": ("select, insert", "true"),
            **READS_ALL,
        },
    )


def _ledger() -> None:
    op.execute(
        """
        create table reservations (
          reservation_id uuid primary key,
          pool_id uuid not null references pools,
          bank_id uuid not null,
          order_id uuid not null,
          suborder_id uuid not null,
          held_fen bigint not null check (held_fen >= 0),
          opened_at timestamptz not null,
          closed_at timestamptz,
          check (closed_at >= opened_at),
          check (closed_at is null or held_fen = 0))
        """
    )
    op.execute("create unique index reservations_one_open on reservations (suborder_id) where closed_at is null")
    op.execute("create index reservations_pool on reservations (pool_id)")
    op.execute("create index reservations_suborder on reservations (suborder_id)")
    op.execute(
        """
        create table pool_entries (
          seq bigint generated always as identity primary key,
          reservation_id uuid not null references reservations,
          bank_id uuid not null,
          order_id uuid not null,
          kind text not null check (kind in ('hold', 'shrink', 'post', 'release', 'expire')),
          amount_fen bigint not null check (amount_fen > 0),
          draw_id uuid,
          at timestamptz not null,
          check ((kind = 'post') = (draw_id is not null)))
        """
    )
    op.execute("create unique index pool_entries_one_hold on pool_entries (reservation_id) where kind = 'hold'")
    op.execute(
        "create unique index pool_entries_one_end on pool_entries (reservation_id) where kind in ('release', 'expire')"
    )
    # A draw's id is the bank's own mark: another bank may use the same, and must not learn of it.
    op.execute("create unique index pool_entries_one_draw on pool_entries (bank_id, draw_id) where draw_id is not null")
    op.execute("create index pool_entries_reservation on pool_entries (reservation_id)")
    protect(
        "reservations",
        {
            "bank": ("select", "bank_id = app_org()"),
            "act": ("select, insert, update", "order_id = app_case()"),
            "worker": ("select, insert, update", "true"),
            **READS_ALL,
        },
    )
    protect(
        "pool_entries",
        {
            "bank": ("select", "bank_id = app_org()"),
            "act": ("select, insert", "order_id = app_case()"),
            "worker": ("select, insert", "true"),
            **READS_ALL,
        },
    )


def _limits() -> None:
    op.execute(
        """
        create table bank_inputs (
          input_id uuid primary key,
          bank_id uuid not null,
          subject_id uuid not null,
          key text not null check (key ~ '^[a-z][a-z0-9_]{1,63}$'),
          value text,
          number bigint,
          as_of_on date not null,
          source text not null,
          recorded_by uuid,
          recorded_at timestamptz not null,
          check ((value is null) <> (number is null)))
        """
    )
    op.execute("create index bank_inputs_latest on bank_inputs (subject_id, bank_id, key, recorded_at desc)")
    protect(
        "bank_inputs",
        {
            "business": ("select", "subject_id = (select app_subject())"),
            "bank": ("select, insert", "bank_id = app_org()"),
            "act": ("select", "true"),
            "worker": ("select, insert", "true"),
            "loader": ("select, insert", "true"),
            "reporter": ("select", "true"),
        },
    )
    op.execute(
        """
        create table estimates (
          estimate_id uuid primary key,
          business_id uuid not null,
          subject_id uuid not null,
          bank_id uuid not null,
          product_id uuid not null references products,
          amount_fen bigint not null check (amount_fen >= 0),
          rate_ppm integer not null check (rate_ppm >= 0),
          term_months integer not null check (term_months >= 0),
          raw_amount_fen bigint not null check (raw_amount_fen >= 0),
          raw_rate_ppm integer not null check (raw_rate_ppm >= 0),
          why_zero jsonb,
          model_key text not null,
          model_version integer not null,
          features_hash text not null check (features_hash ~ '^[0-9a-f]{64}$'),
          inputs jsonb not null,
          data_as_of_on date,
          trace jsonb not null,
          made_at timestamptz not null,
          expires_at timestamptz not null check (expires_at > made_at),
          check ((amount_fen = 0) = (why_zero is not null)))
        """
    )
    op.execute("create index estimates_business on estimates (business_id, made_at desc)")
    protect(
        "estimates",
        {
            "business": ("select, insert", "business_id = app_org()"),
            "worker": ("select, insert", "true"),
            "reporter": ("select", "true"),
        },
    )


def _proposals() -> None:
    op.execute(
        """
        create table proposals (
          proposal_id uuid primary key,
          kind text not null,
          case_id uuid not null,
          root_id uuid,
          org_id uuid not null,
          branch_id uuid,
          body jsonb not null,
          made_by uuid not null,
          made_at timestamptz not null,
          expires_at timestamptz not null check (expires_at > made_at),
          state text not null default 'open'
            check (state in ('open', 'approved', 'rejected', 'expired', 'void')),
          closed_at timestamptz,
          said text,
          check ((state = 'open') = (closed_at is null)),
          unique (proposal_id, made_by))
        """
    )
    op.execute("create unique index proposals_one_open on proposals (kind, case_id) where state = 'open'")
    op.execute("create index proposals_org on proposals (org_id, made_at desc)")
    op.execute("create index proposals_due on proposals (expires_at) where state = 'open'")
    op.execute(
        """
        create table approvals (
          proposal_id uuid primary key,
          org_id uuid not null,
          root_id uuid,
          maker_id uuid not null,
          checker_id uuid not null,
          verdict text not null check (verdict in ('approved', 'rejected')),
          at timestamptz not null,
          constraint approvals_four_eyes check (maker_id <> checker_id),
          unique (proposal_id, checker_id),
          foreign key (proposal_id, maker_id) references proposals (proposal_id, made_by))
        """
    )
    own = "org_id = app_org()"
    audiences = {
        "bank": own, "ops": own, "regulator": own, "worker": "true",
        "act": "org_id = app_org() or root_id = app_case()",
    }  # fmt: skip
    reporter = {"reporter": ("select", "true")}
    protect("proposals", {name: ("select, insert, update", rows) for name, rows in audiences.items()} | reporter)
    protect("approvals", {name: ("select, insert", rows) for name, rows in audiences.items()} | reporter)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"drop table {table}")

"""Facts: subjects and their names, credit records, invoices and the figures kept from them, lists, batches."""

from alembic import op
from rls import protect, role

revision = "0003"
down_revision = "0002"

PARTITIONS = 8
SEES_ALL = ("regulator", "ops", "worker", "loader", "act", "reporter")
EVERYTHING = dict.fromkeys(SEES_ALL, ("select", "true"))
# A department hands its files in and sees what became of them, not what others have reported of a firm. The machine's
# own commands act for no organisation.
NO_DEPARTMENT = "(select app_org()) is null or (select app_is_platform())"
PEOPLE_AND_EVENTS = ("persons", "seats", "outbox", "outbox_deliveries")
OWN_SUBJECT = "subject_id = (select app_subject())"
NOT_A_PERSON = "kind not in ('PER', 'HOUSEHOLD', 'MASKED')"
TABLES = (
    "masked_inputs", "batch_subjects", "rejected_rows", "batch_counts", "batch_progress", "batch_files", "batches",
    "list_entries", "invoice_features", "invoices", "coverages", "credit_records", "bank_outlets",
    "subject_identifiers", "subject_names", "subjects",
)  # fmt: skip


def upgrade() -> None:
    # COPY goes into temporary tables of the loading transaction: gone with it, whatever happens to it.
    op.execute(
        f"do $$ begin execute format('grant temporary on database %I to {role('loader')}', current_database()); end $$"
    )
    op.execute(
        "create function app_subject() returns uuid language sql stable"
        " return (select o.subject_id from orgs o where o.org_id = app_org())"
    )
    # The platform's own people look after the batches of every provider.
    op.execute(
        "create function app_is_platform() returns boolean language sql stable"
        " return exists (select 1 from orgs o where o.org_id = app_org() and o.kind = 'platform')"
    )
    _subjects()
    _records()
    _invoices()
    _lists()
    _batches()
    _rows()
    for table in PEOPLE_AND_EVENTS:
        op.execute(f"alter policy ops_select on {table} using ({NO_DEPARTMENT})")


def _subjects() -> None:
    op.execute(
        """
        create table subjects (
          subject_id uuid primary key,
          kind text not null constraint subjects_kind check (kind in
            ('ENT', 'SOLE', 'COOP', 'SOC', 'INST', 'GOV', 'PER', 'HOUSEHOLD', 'COLLECTIVE', 'MASKED')),
          name text not null,
          name_key text not null,
          uscc text constraint subjects_uscc check (uscc ~ '^[0-9A-HJ-NP-RTUWXY]{18}$'),
          org_code text,
          district_code text,
          place_as_written text not null default '',
          place_reason text constraint subjects_place_reason check (place_reason in
            ('not_a_division', 'abolished', 'not_stated', 'unknown')),
          address text not null default '',
          founded_on date,
          entity_type text not null default '',
          scope text not null default '',
          capital_fen bigint constraint subjects_capital check (capital_fen >= 0),
          capital_currency text,
          capital_as_written text not null default '',
          agri boolean not null default false,
          bank_id uuid,
          customer_no text,
          as_of_on date,
          batch_id uuid,
          first_seen_at timestamptz not null,
          changed_at timestamptz not null,
          constraint subjects_masked_has_number check (
            (kind = 'MASKED') = (bank_id is not null) and (kind = 'MASKED') = (customer_no is not null)),
          constraint subjects_masked_is_masked check (
            kind <> 'MASKED' or (uscc is null and org_code is null and district_code is null and founded_on is null)))
        """
    )
    op.execute("create unique index subjects_uscc_key on subjects (uscc)")
    op.execute("create unique index subjects_customer_key on subjects (bank_id, customer_no)")
    op.execute("create index subjects_org_code on subjects (org_code)")
    op.execute("create index subjects_name on subjects (name_key)")
    writes = {"loader": ("select, insert, update", "true"), "ops": ("select, insert, update", "true")}
    protect(
        "subjects",
        EVERYTHING
        | writes
        | {
            "auth": ("select", NOT_A_PERSON),
            "public": ("select", NOT_A_PERSON),
            "business": ("select", f"{NOT_A_PERSON} or {OWN_SUBJECT}"),
            "bank": ("select", f"{NOT_A_PERSON} or bank_id = (select app_org())"),
        },
    )
    op.execute(
        """
        create table subject_names (
          subject_id uuid not null,
          since_at timestamptz not null,
          name text not null,
          batch_id uuid,
          primary key (subject_id, since_at))
        """
    )
    op.execute(
        """
        create table subject_identifiers (
          subject_id uuid not null,
          value text not null,
          batch_id uuid,
          seen_at timestamptz not null,
          primary key (subject_id, value))
        """
    )
    op.execute("create table bank_outlets (batch_id uuid, subject_id uuid, primary key (batch_id, subject_id))")
    adds = {"loader": ("select, insert", "true"), "ops": ("select, insert", "true")}
    own = {"business": ("select", OWN_SUBJECT)}
    protect("subject_names", EVERYTHING | adds | own)
    protect("subject_identifiers", EVERYTHING | adds | own)
    protect("bank_outlets", EVERYTHING | adds)
    op.execute(
        "create view subjects_v_keys with (security_invoker = true) as"
        " select subject_id, uscc, org_code, bank_id, customer_no from subjects"
    )
    for name in ("loader", "worker", "ops"):
        op.execute(f"grant select on subjects_v_keys to {role(name)}")


def _records() -> None:
    op.execute(
        """
        create table credit_records (
          subject_id uuid not null,
          record_id uuid not null,
          item_code text not null,
          record_key text not null,
          content jsonb not null,
          as_of_on date,
          source text not null,
          status text not null
            constraint credit_records_status check (status in ('shown', 'shared', 'ended', 'hidden')),
          edition integer not null,
          batch_id uuid,
          first_reported_at timestamptz not null,
          status_at timestamptz not null,
          ended_at timestamptz,
          constraint credit_records_ended check ((status = 'ended') = (ended_at is not null)),
          primary key (subject_id, record_id)) partition by hash (subject_id)
        """
    )
    _partition("credit_records")
    op.execute("create unique index credit_records_key on credit_records (subject_id, item_code, record_key)")
    protect(
        "credit_records",
        EVERYTHING
        | {
            "loader": ("select, insert, update", "true"),
            "ops": ("select, insert, update", NO_DEPARTMENT),
            "business": ("select", OWN_SUBJECT),
        },
    )
    op.execute(
        """
        create table coverages (
          subject_id uuid not null,
          item_code text not null,
          known_at timestamptz not null,
          as_of_on date not null,
          source text not null,
          primary key (subject_id, item_code, known_at))
        """
    )
    protect(
        "coverages",
        EVERYTHING
        | {
            "loader": ("select, insert", "true"),
            "ops": ("select, insert", "true"),
            "business": ("select", OWN_SUBJECT),
        },
    )


def _invoices() -> None:
    op.execute(
        """
        create table invoices (
          subject_id uuid not null,
          direction text not null constraint invoices_direction check (direction in ('input', 'output')),
          issued_on date not null,
          number text not null,
          party text not null,
          amount_fen bigint not null,
          tax_fen bigint not null,
          status text not null constraint invoices_status check (status in ('valid', 'void')),
          batch_id uuid not null,
          primary key (subject_id, direction, issued_on, number, party, amount_fen, tax_fen))
          partition by hash (subject_id)
        """
    )
    _partition("invoices")
    own = {"business": ("select", OWN_SUBJECT), "ops": ("select", NO_DEPARTMENT)}
    protect("invoices", EVERYTHING | {"loader": ("select, insert, update", "true")} | own)
    op.execute(
        """
        create table invoice_features (
          subject_id uuid not null,
          known_at timestamptz not null,
          newest_on date not null,
          turnover_12m_fen bigint not null,
          gross_12m_fen bigint not null,
          returns_12m_fen bigint not null,
          purchases_12m_fen bigint not null,
          sold_count_12m integer not null,
          void_count_12m integer not null,
          void_share_ppm integer,
          return_share_ppm integer,
          upstream_count integer not null,
          downstream_count integer not null,
          active_months integer not null,
          batch_id uuid not null,
          primary key (subject_id, known_at))
        """
    )
    protect("invoice_features", EVERYTHING | {"loader": ("select, insert, update", "true")} | own)


def _lists() -> None:
    op.execute(
        """
        create table list_entries (
          entry_id uuid primary key,
          list_kind text not null,
          entry_key text not null,
          name text not null,
          name_key text not null,
          uscc text,
          org_code text,
          reg_no text,
          reasons text[] not null constraint list_entries_reasons check (cardinality(reasons) > 0),
          cause text not null,
          document text not null,
          listed_on date,
          organ text not null,
          subject_id uuid,
          matched_by text constraint list_entries_matched_by check (matched_by in ('uscc', 'org_code')),
          matched_at timestamptz,
          batch_id uuid not null,
          known_at timestamptz not null,
          ended_at timestamptz,
          ended_why text,
          constraint list_entries_match_is_whole check (
            (subject_id is null) = (matched_by is null) and (subject_id is null) = (matched_at is null)),
          constraint list_entries_identified check (coalesce(uscc, org_code, reg_no) is not null))
        """
    )
    op.execute("create unique index list_entries_key on list_entries (list_kind, entry_key)")
    op.execute("create index list_entries_subject on list_entries (subject_id) where subject_id is not null")
    op.execute("create index list_entries_waiting_uscc on list_entries (uscc) where subject_id is null")
    op.execute("create index list_entries_waiting_org_code on list_entries (org_code) where subject_id is null")
    protect(
        "list_entries",
        EVERYTHING
        | {
            "loader": ("select, insert, update", "true"),
            "ops": ("select, update", NO_DEPARTMENT),
            "business": ("select", OWN_SUBJECT),
        },
    )


def _batches() -> None:
    op.execute(
        """
        create table batches (
          batch_id uuid primary key,
          kind text not null
            constraint batches_kind check (kind in ('registry', 'outlets', 'list', 'invoices', 'masked')),
          file_name text not null,
          sha256 text not null constraint batches_sha256 check (sha256 ~ '^[0-9a-f]{64}$'),
          size_bytes integer not null,
          provider_id uuid,
          bank_id uuid,
          list_kind text,
          as_of_on date,
          state text not null constraint batches_state check (state in ('stored', 'landed', 'refused')),
          stored_at timestamptz not null,
          ended_at timestamptz,
          rows_read integer not null default 0,
          rows_accepted integer not null default 0,
          rows_normalised integer not null default 0,
          rows_quarantined integer not null default 0,
          rows_new integer not null default 0,
          direction text,
          encoding text,
          extra_columns text not null default '',
          absent_columns text not null default '',
          refusal text,
          refusal_where text not null default '',
          constraint batches_refusal check ((state = 'refused') = (refusal is not null)),
          constraint batches_ended check ((state = 'stored') = (ended_at is null)),
          constraint batches_rows check (rows_read = rows_accepted + rows_quarantined),
          constraint batches_list_kind check ((kind = 'list') = (list_kind is not null)))
        """
    )
    op.execute(
        "create unique index batches_file on batches (sha256, kind, provider_id, bank_id, list_kind) nulls not distinct"
    )
    op.execute("create index batches_stored on batches (stored_at) where state = 'stored'")
    reads = dict.fromkeys(("regulator", "worker", "reporter"), ("select", "true"))
    seen = "provider_id = (select app_org()) or (select app_is_platform())"
    protect("batches", reads | {"loader": ("select, insert, update", "true"), "ops": ("select, insert, update", seen)})
    op.execute("create table batch_files (batch_id uuid primary key, content bytea not null)")
    # A file that named a person is forgotten when it has landed.
    loads = {"loader": ("select, insert, delete", "true")}
    protect("batch_files", loads | {"ops": ("insert", _of_own_batch("batch_files"))})


def _rows() -> None:
    op.execute(
        "create table batch_progress (batch_id uuid primary key, rows_read integer not null, at timestamptz not null)"
    )
    op.execute(
        """
        create table batch_counts (
          batch_id uuid not null,
          outcome text not null constraint batch_counts_outcome check (outcome in ('note', 'fault')),
          code text not null,
          rows integer not null,
          primary key (batch_id, outcome, code))
        """
    )
    op.execute(
        """
        create table rejected_rows (
          batch_id uuid not null,
          row_no integer not null,
          code text not null,
          column_name text not null,
          original text not null,
          suggestion text not null,
          primary key (batch_id, row_no))
        """
    )
    op.execute("create table batch_subjects (batch_id uuid, subject_id uuid, primary key (batch_id, subject_id))")
    op.execute(
        """
        create table masked_inputs (
          batch_id uuid not null,
          subject_id uuid not null,
          bank_id uuid not null,
          customer_no text not null,
          bank_rating text constraint masked_inputs_rating check (bank_rating in ('A', 'B', 'C', 'D')),
          defaulted boolean,
          primary key (batch_id, subject_id))
        """
    )
    reads = dict.fromkeys(("regulator", "worker", "reporter"), ("select", "true"))
    for table in ("batch_counts", "rejected_rows"):
        protect(table, reads | {"loader": ("select, insert", "true"), "ops": ("select", _of_own_batch(table))})
    protect(
        "batch_progress",
        reads
        | {
            "loader": ("select", "true"),
            "worker": ("select, insert, update", "true"),
            "ops": ("select", _of_own_batch("batch_progress")),
        },
    )
    protect("batch_subjects", reads | {"loader": ("select, insert", "true")})
    # The bank's own word about its customer: to itself and to the jobs that hand it on, to no other audience.
    protect(
        "masked_inputs",
        {
            "loader": ("select, insert", "true"),
            "worker": ("select", "true"),
            "reporter": ("select", "true"),
            "bank": ("select", "bank_id = (select app_org())"),
        },
    )


def _of_own_batch(table: str) -> str:
    return f"exists (select 1 from batches b where b.batch_id = {table}.batch_id)"


def _partition(table: str) -> None:
    """Audiences reach a partition through its table alone; asked for by name it shows nothing."""
    for part in range(PARTITIONS):
        op.execute(
            f"create table {table}_p{part} partition of {table}"
            f" for values with (modulus {PARTITIONS}, remainder {part})"
        )
        protect(f"{table}_p{part}", {})


def downgrade() -> None:
    op.execute("drop view subjects_v_keys")
    for table in TABLES:
        op.execute(f"drop table {table}")
    for table in PEOPLE_AND_EVENTS:
        op.execute(f"alter policy ops_select on {table} using (true)")
    op.execute("drop function app_is_platform()")
    op.execute("drop function app_subject()")
    op.execute(
        f"do $$ begin execute format('revoke temporary on database %I from {role('loader')}', current_database());"
        " end $$"
    )

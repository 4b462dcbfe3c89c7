"""What operators and data officers work on: profiles before loading, cancelling, marks on quarantined rows, job runs.

Files are encrypted from here on, each under a data key of its batch. The key that wraps data keys lies outside the
database, so no migration can encrypt what is there already: such files are marked as lying open, the worker encrypts
them one by one (`seal_open_files`), and until then a reader takes both. Down again, an encrypted file cannot be told
back by SQL: files are dropped, receipts and hashes stay, and what had not landed is handed in anew.
"""

from alembic import op
from rls import protect, role

revision = "0015"
down_revision = "0014"

TABLES = ("batch_profiles", "batch_cancels", "quarantine_marks", "job_runs")


def upgrade() -> None:
    for name, rule in (
        ("batches_state", "state in ('offered', 'stored', 'landed', 'refused', 'discarded')"),
        ("batches_ended", "(state in ('offered', 'stored')) = (ended_at is null)"),
    ):
        op.execute(f"alter table batches drop constraint {name}")
        op.execute(f"alter table batches add constraint {name} check ({rule})")
    op.execute("create index batches_offered on batches (stored_at) where state = 'offered'")
    op.execute("create index batches_provider on batches (provider_id, stored_at)")
    _files()
    _profiles()
    _marks()
    _outlets()
    _machinery()


def _files() -> None:
    op.execute("alter table batch_files add column sealed boolean not null default false")
    op.execute("create index batch_files_open on batch_files (batch_id) where not sealed")
    op.execute(f"grant update on batch_files to {role('loader')}")
    op.execute(
        f"create policy loader_update on batch_files for update to {role('loader')} using (true) with check (true)"
    )
    op.execute(f"grant select, delete on batch_files to {role('ops')}")
    for verb in ("select", "delete"):  # A delete has to find its row.
        op.execute(f"create policy ops_{verb} on batch_files for {verb} to {role('ops')} using ({_own('batch_files')})")
    of_a_batch = "exists (select 1 from batches b where b.batch_id = subject_id)"  # The loader opens nothing else.
    for name, verb, clause in (
        ("ops", "insert", f"with check ({of_a_batch})"),
        ("loader", "insert", f"with check ({of_a_batch})"),
        ("loader", "select", f"using ({of_a_batch})"),
        ("loader", "delete", f"using ({of_a_batch})"),
    ):
        op.execute(f"grant {verb} on data_keys to {role(name)}")
        op.execute(f"create policy {name}_{verb} on data_keys for {verb} to {role(name)} {clause}")


def _profiles() -> None:
    op.execute(
        """
        create table batch_profiles (
          batch_id uuid primary key,
          profiled_at timestamptz not null,
          took_ms integer not null,
          rows_read integer not null,
          rows_accepted integer not null,
          rows_normalised integer not null,
          rows_quarantined integer not null,
          rows_new integer not null,
          direction text,
          encoding text not null,
          separator text not null,
          columns jsonb not null,
          samples jsonb not null,
          notes jsonb not null,
          faults jsonb not null,
          passed_over text not null,
          constraint batch_profiles_rows check (rows_read = rows_accepted + rows_quarantined))
        """
    )
    op.execute(
        "create table batch_cancels (batch_id uuid primary key, asked_by uuid not null, asked_at timestamptz not null)"
    )
    for column in (
        "phase text not null default 'load'"
        " constraint batch_progress_phase check (phase in ('profile', 'load', 'land'))",
        "began_at timestamptz", "rows_expected integer",
    ):  # fmt: skip
        op.execute(f"alter table batch_progress add column {column}")
    reads = dict.fromkeys(("worker", "reporter"), ("select", "true"))
    protect(
        "batch_profiles",
        reads
        | {
            "loader": ("select, insert, update, delete", "true"),
            "ops": ("select, delete", _own("batch_profiles")),
        },
    )
    protect(
        "batch_cancels",
        reads | {"loader": ("select, delete", "true"), "ops": ("select, insert, delete", _own("batch_cancels"))},
    )


def _marks() -> None:
    op.execute(
        """
        create table quarantine_marks (
          batch_id uuid not null,
          row_no integer not null,
          mark_id uuid not null,
          code text not null,
          mark text not null constraint quarantine_marks_mark check (mark in ('kept', 'mended')),
          marked_by uuid not null,
          marked_at timestamptz not null,
          primary key (batch_id, row_no))
        """
    )
    op.execute("create index quarantine_marks_act on quarantine_marks (mark_id)")
    op.execute("create index rejected_rows_code on rejected_rows (code, batch_id, row_no)")
    protect(
        "quarantine_marks",
        {"reporter": ("select", "true"), "ops": ("select, insert, delete", _own("quarantine_marks"))},
    )


def _outlets() -> None:
    """An operator takes back whose outlet it is; the branch goes, unless something refers to it."""
    op.execute(f"grant delete on branches to {role('ops')}")
    op.execute(f"create policy ops_delete on branches for delete to {role('ops')} using ((select app_is_platform()))")


def _machinery() -> None:
    op.execute(
        """
        create table job_runs (
          job text primary key,
          process text not null,
          began_at timestamptz not null,
          ended_at timestamptz not null,
          took_ms integer not null,
          done integer not null,
          busy_at timestamptz,
          failed_at timestamptz,
          error text)
        """
    )
    platform = "(select app_is_platform())"
    protect(
        "job_runs",
        {"worker": ("select, insert, update", "true"), "reporter": ("select", "true"), "ops": ("select", platform)},
    )
    # Whose transaction is the oldest is not for every role to see: the owner looks, the operator is told how old.
    op.execute(
        """
        create function database_facts(seen_at timestamptz)
        returns table (version text, fsync text, checksums text, synchronous_commit text, full_page_writes text,
          size_bytes bigint, oldest_seconds integer, connections integer, connections_max integer, revision text)
        language sql stable security definer set search_path = public, pg_temp as $$
          select split_part(current_setting('server_version'), ' ', 1), current_setting('fsync'),
            current_setting('data_checksums'), current_setting('synchronous_commit'),
            current_setting('full_page_writes'), pg_database_size(current_database()),
            (select extract(epoch from max(seen_at - a.xact_start))::integer from pg_stat_activity a
             where a.datname = current_database() and a.pid <> pg_backend_pid() and a.backend_type = 'client backend'),
            (select count(*)::integer from pg_stat_activity a where a.backend_type = 'client backend'),
            current_setting('max_connections')::integer,
            (select version_num from alembic_version)
        $$
        """
    )
    op.execute("revoke all on function database_facts from public")
    op.execute(f"grant execute on function database_facts to {role('ops')}")


def _own(table: str) -> str:
    return f"exists (select 1 from batches b where b.batch_id = {table}.batch_id)"


def downgrade() -> None:
    op.execute("drop function database_facts(timestamptz)")
    op.execute("drop policy ops_delete on branches")
    op.execute(f"revoke delete on branches from {role('ops')}")
    op.execute("drop index rejected_rows_code")
    for table in TABLES:
        op.execute(f"drop table {table}")
    for column in ("phase", "began_at", "rows_expected"):
        op.execute(f"alter table batch_progress drop column {column}")
    for name, verb in (("ops", "insert"), ("loader", "insert"), ("loader", "select"), ("loader", "delete")):
        op.execute(f"drop policy {name}_{verb} on data_keys")
        op.execute(f"revoke {verb} on data_keys from {role(name)}")
    op.execute("alter table batch_files no force row level security")
    op.execute("alter table batches no force row level security")
    op.execute("delete from batch_files where sealed")
    op.execute(
        "delete from batches b where state in ('offered', 'discarded')"
        " or (state = 'stored' and not exists (select 1 from batch_files f where f.batch_id = b.batch_id))"
    )
    op.execute("alter table batch_files force row level security")
    op.execute("alter table batches force row level security")
    for name, verb in (("loader", "update"), ("ops", "select"), ("ops", "delete")):
        op.execute(f"drop policy {name}_{verb} on batch_files")
        op.execute(f"revoke {verb} on batch_files from {role(name)}")
    op.execute("drop index batch_files_open")
    op.execute("alter table batch_files drop column sealed")
    op.execute("drop index batches_provider")
    op.execute("drop index batches_offered")
    for name, rule in (
        ("batches_state", "state in ('stored', 'landed', 'refused')"),
        ("batches_ended", "(state = 'stored') = (ended_at is null)"),
    ):
        op.execute(f"alter table batches drop constraint {name}")
        op.execute(f"alter table batches add constraint {name} check ({rule})")

"""Row-level security for a new table: who may do what with which rows, in one call (P16)."""

from collections.abc import Mapping

from alembic import context, op

VERBS = ("select", "insert", "update", "delete")


def role(name: str) -> str:
    """The full name of a login role in the database that is being migrated."""
    return f"{context.config.attributes['prefix']}_{name}"


def protect(table: str, audiences: Mapping[str, tuple[str, str]]) -> None:
    """Force row-level security on `table`; give each audience its verbs, on rows where the expression holds.

    `audiences`: role name (see app.infra.db.Role) → (verbs, SQL expression over the row). Whoever is not named sees
    nothing. The owner is forced too, so that even a view owned by it leaks no row.
    """
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    for name, (verbs, rows) in audiences.items():
        for verb in (v.strip() for v in verbs.split(",")):
            assert verb in VERBS, f"{verb} is no verb of row-level security"
            op.execute(f"grant {verb} on {table} to {role(name)}")
            clauses = {
                "select": f"using ({rows})",
                "delete": f"using ({rows})",
                "insert": f"with check ({rows})",
                "update": f"using ({rows}) with check ({rows})",
            }
            op.execute(f"create policy {name}_{verb} on {table} for {verb} to {role(name)} {clauses[verb]}")


def grant_sequence(table: str, column: str, *names: str) -> None:
    """Identity columns need no grant; serial-like sequences do."""
    for name in names:
        op.execute(f"grant usage on sequence {table}_{column}_seq to {role(name)}")

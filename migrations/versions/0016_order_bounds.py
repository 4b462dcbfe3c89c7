"""How far an order may go is dated policy; the tables keep only what no edition of it may leave."""

from alembic import op

revision = "0016"
down_revision = "0015"

CHECKS = (  # table, constraint, what any edition may say, what the tables said before
    ("orders", "orders_places_check", "places between 1 and 20", "places between 1 and 3"),
    (
        "offers", "offers_valid_workdays_check", "valid_workdays between 1 and 250", "valid_workdays between 5 and 30",
    ),
    (
        "contracts", "contracts_check", "draw_until_on >= signed_on",
        "draw_until_on between signed_on and signed_on + 180",
    ),
)  # fmt: skip


def upgrade() -> None:
    for table, name, wide, _narrow in CHECKS:
        _replace(table, name, wide)


def downgrade() -> None:
    for table, name, _wide, narrow in CHECKS:
        _replace(table, name, narrow)


def _replace(table: str, name: str, check: str) -> None:
    op.execute(f"alter table {table} drop constraint {name}, add constraint {name} check ({check})")

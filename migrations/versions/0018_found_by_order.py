"""What a page of an order asks for is found by index: letters, offers, requests for papers, pauses."""

from alembic import op

revision = "0018"
down_revision = "0017"

INDEXES = {
    "consents_by_order": "consents (order_id, granted_at)",
    "package_reads_by_business": "package_reads (business_id, read_at)",
    "offers_suborder": "offers (suborder_id, made_at)",
    "papers_requests_suborder": "papers_requests (suborder_id)",
    "papers_items_order": "papers_items (order_id)",
    "clock_pauses_root": "clock_pauses (root_id)",
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        op.execute(f"create index {name} on {columns}")


def downgrade() -> None:
    for name in reversed(INDEXES):
        op.execute(f"drop index {name}")

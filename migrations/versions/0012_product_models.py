"""What a head office edits: its products' decision documents, dated, and the draft of the next one."""

from alembic import op
from rls import protect

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    # A document belongs to the bank whose product it measures; the pair of keys says so for every writer.
    op.execute("alter table products add constraint products_of_bank unique (product_id, bank_id)")
    op.execute(
        """
        create table product_models (
          product_id uuid not null,
          version integer not null check (version > 0),
          bank_id uuid not null,
          valid_from date not null,
          body jsonb not null,
          made_by uuid not null,
          checked_by uuid not null,
          published_at timestamptz not null,
          primary key (product_id, version),
          unique (product_id, valid_from),
          check (made_by <> checked_by),
          foreign key (product_id, bank_id) references products (product_id, bank_id))
        """
    )
    reads = dict.fromkeys(["business", "regulator", "worker", "reporter"], ("select", "true"))
    own = "bank_id = app_org()"
    protect("product_models", dict.fromkeys(["bank", "act"], ("select, insert", own)) | reads)
    op.execute(
        """
        create table product_drafts (
          product_id uuid primary key,
          bank_id uuid not null,
          body jsonb not null,
          revision integer not null check (revision > 0),
          edited_by uuid not null,
          edited_at timestamptz not null,
          foreign key (product_id, bank_id) references products (product_id, bank_id))
        """
    )
    protect(
        "product_drafts",
        {"bank": ("select, insert, update, delete", own), "reporter": ("select", "true")},
    )


def downgrade() -> None:
    op.execute("drop table product_drafts")
    op.execute("drop table product_models")
    op.execute("alter table products drop constraint products_of_bank")

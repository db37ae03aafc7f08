"""Links to work orders for contractors, what phones sent, signatures.

Revision ID: 0044
Revises: 0043
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "work_order_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.id"], name=op.f("fk_work_order_acts_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order_acts")),
    )
    with op.batch_alter_table("work_order_acts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_work_order_acts_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_work_order_acts_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_work_order_acts_store_id"), ["store_id"], unique=False)

    op.create_table(
        "work_order_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("contractor", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.id"], name=op.f("fk_work_order_links_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order_links")),
    )
    with op.batch_alter_table("work_order_links", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_work_order_links_chain_id"), ["chain_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_work_order_links_order_id"), ["order_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_work_order_links_store_id"), ["store_id"], unique=False
        )

    with op.batch_alter_table("work_orders", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("signature", sa.String(length=8000), nullable=False, server_default="")
        )
    with op.batch_alter_table("work_orders", schema=None) as batch_op:
        batch_op.alter_column("signature", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("work_orders", schema=None) as batch_op:
        batch_op.drop_column("signature")

    with op.batch_alter_table("work_order_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_work_order_links_store_id"))
        batch_op.drop_index(batch_op.f("ix_work_order_links_order_id"))
        batch_op.drop_index(batch_op.f("ix_work_order_links_chain_id"))

    op.drop_table("work_order_links")
    with op.batch_alter_table("work_order_acts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_work_order_acts_store_id"))
        batch_op.drop_index(batch_op.f("ix_work_order_acts_order_id"))
        batch_op.drop_index(batch_op.f("ix_work_order_acts_chain_id"))

    op.drop_table("work_order_acts")

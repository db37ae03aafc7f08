"""Signatures under the cold-chain log of a day."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cold_chain_signatures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("user_name", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cold_chain_signatures")),
        sa.UniqueConstraint("store_id", "day", name=op.f("uq_cold_chain_signatures_store_id_day")),
    )
    with op.batch_alter_table("cold_chain_signatures", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_cold_chain_signatures_chain_id"), ["chain_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_cold_chain_signatures_store_id"), ["store_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("cold_chain_signatures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cold_chain_signatures_store_id"))
        batch_op.drop_index(batch_op.f("ix_cold_chain_signatures_chain_id"))

    op.drop_table("cold_chain_signatures")

"""goods of tickets."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sales_day_item",
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("revenue_cents", sa.BigInteger(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "store_id", "business_day", "code", "currency", name=op.f("pk_sales_day_item")
        ),
    )
    with op.batch_alter_table("sales_day_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sales_day_item_chain_id"), ["chain_id"], unique=False)

    op.create_table(
        "till_codes",
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("bound_by", sa.Uuid(), nullable=True),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "code", name=op.f("pk_till_codes")),
    )
    op.create_table(
        "unknown_codes",
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "code", name=op.f("pk_unknown_codes")),
    )
    with op.batch_alter_table("unknown_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unknown_codes_chain_id"), ["chain_id"], unique=False)

    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.create_index("ix_products_chain_id_name", ["chain_id", "name"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_index("ix_products_chain_id_name")

    with op.batch_alter_table("unknown_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unknown_codes_chain_id"))

    op.drop_table("unknown_codes")
    op.drop_table("till_codes")
    with op.batch_alter_table("sales_day_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sales_day_item_chain_id"))

    op.drop_table("sales_day_item")

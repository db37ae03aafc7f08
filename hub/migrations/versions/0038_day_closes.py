"""day closes."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


CLOSERS = ("hq_manager", "store_manager", "franchisee", "cashier")
GRANT = sa.text(
    'INSERT INTO role_rights (chain_id, role_id, "right") '
    "SELECT chain_id, id, 'sales.create' FROM roles WHERE code IN :codes AND NOT EXISTS "
    "(SELECT 1 FROM role_rights WHERE role_id = roles.id AND \"right\" = 'sales.create')"
).bindparams(sa.bindparam("codes", expanding=True))


def upgrade() -> None:
    op.create_table(
        "day_closes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("till", sa.String(length=64), nullable=False),
        sa.Column("cashier", sa.String(length=64), nullable=False),
        sa.Column("opening_cents", sa.BigInteger(), nullable=False),
        sa.Column("payouts_cents", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.JSON(), nullable=False),
        sa.Column("expected", sa.JSON(), nullable=False),
        sa.Column("difference_cents", sa.BigInteger(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("revenue_cents", sa.BigInteger(), nullable=False),
        sa.Column("till_total_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_closes")),
    )
    with op.batch_alter_table("day_closes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_day_closes_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_day_closes_store_id"), ["store_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_day_closes_store_id_business_day"),
            ["store_id", "business_day"],
            unique=False,
        )

    op.get_bind().execute(GRANT, {"codes": list(CLOSERS)})


def downgrade() -> None:
    op.execute("DELETE FROM role_rights WHERE \"right\" = 'sales.create'")
    with op.batch_alter_table("day_closes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_day_closes_store_id_business_day"))
        batch_op.drop_index(batch_op.f("ix_day_closes_store_id"))
        batch_op.drop_index(batch_op.f("ix_day_closes_chain_id"))

    op.drop_table("day_closes")

"""opening balances."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

EVERY = ("admin", "hq_manager", "store_manager", "franchisee")
KEEPERS = (*EVERY, "stock_keeper")
READERS = (*KEEPERS, "hq_analyst", "region_manager", "finance", "auditor")
RIGHTS = {
    "opening_balances.read": READERS,
    "opening_balances.create": KEEPERS,
    "opening_balances.update": KEEPERS,
    "opening_balances.archive": EVERY,
    "opening_balances.post": EVERY,
    "opening_balances.take_back": EVERY,
}
GRANT = sa.text(
    'INSERT INTO role_rights (chain_id, role_id, "right") '
    "SELECT chain_id, id, CAST(:right AS VARCHAR) FROM roles WHERE code IN :codes AND NOT EXISTS "
    '(SELECT 1 FROM role_rights WHERE role_id = roles.id AND "right" = CAST(:right AS VARCHAR))'
).bindparams(sa.bindparam("codes", expanding=True))


def upgrade() -> None:
    op.create_table(
        "opening_balances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("cut_over", sa.Date(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_opening_balances_store_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_balances")),
    )
    with op.batch_alter_table("opening_balances", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_opening_balances_chain_id"), ["chain_id"], unique=False
        )
        batch_op.create_index(
            "ix_opening_balances_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_opening_balances_store_id"), ["store_id"], unique=False
        )
        batch_op.create_index(
            "uq_opening_balances_code",
            ["store_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    for right, codes in RIGHTS.items():
        op.get_bind().execute(GRANT, {"right": right, "codes": list(codes)})


def downgrade() -> None:
    op.execute("DELETE FROM role_rights WHERE \"right\" LIKE 'opening_balances.%'")
    with op.batch_alter_table("opening_balances", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_opening_balances_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_opening_balances_store_id"))
        batch_op.drop_index(
            "ix_opening_balances_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_opening_balances_chain_id"))

    op.drop_table("opening_balances")

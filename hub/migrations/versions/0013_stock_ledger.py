"""stock ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

APPEND_ONLY = {
    "sqlite": tuple(
        f"CREATE TRIGGER stock_movements_no_{verb} BEFORE {verb.upper()} ON stock_movements "
        "BEGIN SELECT RAISE(ABORT, 'stock_movements is only ever added to'); END"
        for verb in ("update", "delete")
    ),
    "postgresql": (
        "CREATE FUNCTION refuse_change_of_stock_movements() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'stock_movements is only ever added to'; END $$",
        "CREATE TRIGGER stock_movements_append_only BEFORE UPDATE OR DELETE ON stock_movements "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_stock_movements()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "stock_balances",
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("on_hand_milli", sa.BigInteger(), nullable=False),
        sa.Column("reserved_milli", sa.BigInteger(), nullable=False),
        sa.Column("in_transit_milli", sa.BigInteger(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("in_transit_milli >= 0", name=op.f("ck_stock_balances_in_transit")),
        sa.CheckConstraint("reserved_milli >= 0", name=op.f("ck_stock_balances_reserved")),
        sa.PrimaryKeyConstraint("store_id", "item_id", name=op.f("pk_stock_balances")),
    )
    with op.batch_alter_table("stock_balances", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_balances_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stock_balances_item_id"), ["item_id"], unique=False)

    op.create_table(
        "stock_movements",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("document_type", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("lot", sa.String(length=40), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "quantity_milli <> 0 OR value_minor <> 0", name=op.f("ck_stock_movements_moves")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_stock_movements")),
        sa.UniqueConstraint(
            "document_id", "line", "kind", name=op.f("uq_stock_movements_document_id_line_kind")
        ),
    )
    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_movements_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_stock_movements_chain_id_seq"), ["chain_id", "seq"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_stock_movements_store_id"), ["store_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_stock_movements_store_id_item_id_occurred_at"),
            ["store_id", "item_id", "occurred_at"],
            unique=False,
        )

    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stock_movements_store_id_item_id_occurred_at"))
        batch_op.drop_index(batch_op.f("ix_stock_movements_store_id"))
        batch_op.drop_index(batch_op.f("ix_stock_movements_chain_id_seq"))
        batch_op.drop_index(batch_op.f("ix_stock_movements_chain_id"))

    op.drop_table("stock_movements")
    with op.batch_alter_table("stock_balances", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stock_balances_item_id"))
        batch_op.drop_index(batch_op.f("ix_stock_balances_chain_id"))

    op.drop_table("stock_balances")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_stock_movements()")

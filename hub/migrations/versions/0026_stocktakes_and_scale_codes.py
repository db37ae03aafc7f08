"""stocktakes and scale codes."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


EVERY = ("admin", "hq_manager", "store_manager", "franchisee")
KEEPERS = (*EVERY, "stock_keeper")
COUNTERS = (*KEEPERS, "clerk")
READERS = (*COUNTERS, "hq_analyst", "region_manager", "finance", "auditor")
RIGHTS = {
    "stock.read": ("franchisee", "region_manager", "stock_keeper", "purchaser", "finance"),
    "stock.create": ("franchisee", "stock_keeper"),
    "stock.update": ("franchisee",),
    "stock.archive": ("franchisee",),
    "stocktakes.read": READERS,
    "stocktakes.update": COUNTERS,
    "stocktakes.create": KEEPERS,
    "stocktakes.start": KEEPERS,
    "stocktakes.review": KEEPERS,
    "stocktakes.recount": KEEPERS,
    "stocktakes.archive": EVERY,
    "stocktakes.post": EVERY,
    "stocktakes.cancel": EVERY,
}
GRANT = sa.text(
    'INSERT INTO role_rights (chain_id, role_id, "right") '
    "SELECT chain_id, id, CAST(:right AS VARCHAR) FROM roles WHERE code IN :codes AND NOT EXISTS "
    '(SELECT 1 FROM role_rights WHERE role_id = roles.id AND "right" = CAST(:right AS VARCHAR))'
).bindparams(sa.bindparam("codes", expanding=True))
APPEND_ONLY = {
    "sqlite": tuple(
        f"CREATE TRIGGER stocktake_entries_no_{verb} BEFORE {verb.upper()} ON stocktake_entries "
        "BEGIN SELECT RAISE(ABORT, 'stocktake_entries is only ever added to'); END"
        for verb in ("update", "delete")
    ),
    "postgresql": (
        "CREATE FUNCTION refuse_change_of_stocktake_entries() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'stocktake_entries is only ever added to'; END $$",
        "CREATE TRIGGER stocktake_entries_append_only BEFORE UPDATE OR DELETE ON stocktake_entries "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_stocktake_entries()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "item_places",
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "item_id", "area_id", name=op.f("pk_item_places")),
    )
    with op.batch_alter_table("item_places", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_places_chain_id"), ["chain_id"], unique=False)

    op.create_table(
        "scale_layouts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("prefix", sa.String(length=3), nullable=False),
        sa.Column("article_digits", sa.Integer(), nullable=False),
        sa.Column("price_digits", sa.Integer(), nullable=False),
        sa.Column("weight_digits", sa.Integer(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scale_layouts")),
    )
    with op.batch_alter_table("scale_layouts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scale_layouts_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_scale_layouts_order",
            ["chain_id", "name", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_scale_layouts_name",
            ["chain_id", "name"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "stocktakes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("extent", sa.String(40), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("abc_class", sa.String(40), nullable=True),
        sa.Column("is_blind", sa.Boolean(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=True),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("difference_minor", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_stocktakes_area_id")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["product_categories.id"], name=op.f("fk_stocktakes_category_id")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_stocktakes_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktakes")),
    )
    with op.batch_alter_table("stocktakes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stocktakes_area_id"), ["area_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_stocktakes_category_id"), ["category_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_stocktakes_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_stocktakes_order",
            ["chain_id", "number", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_stocktakes_store_id"), ["store_id"], unique=False)
        batch_op.create_index(
            "uq_stocktakes_number",
            ["store_id", "number"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "stocktake_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stocktake_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stocktake_id"], ["stocktakes.id"], name=op.f("fk_stocktake_entries_stocktake_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktake_entries")),
    )
    with op.batch_alter_table("stocktake_entries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stocktake_entries_chain_id"), ["chain_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_stocktake_entries_stocktake_id"), ["stocktake_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_stocktake_entries_store_id"), ["store_id"], unique=False
        )

    op.create_table(
        "stocktake_lines",
        sa.Column("stocktake_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("snapshot_milli", sa.BigInteger(), nullable=False),
        sa.Column("snapshot_value_minor", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("is_extra", sa.Boolean(), nullable=False),
        sa.Column("first_milli", sa.BigInteger(), nullable=True),
        sa.Column("counted_milli", sa.BigInteger(), nullable=True),
        sa.Column("counted_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("to_recount", sa.Boolean(), nullable=False),
        sa.Column("keep", sa.String(length=12), nullable=False),
        sa.Column("posted_milli", sa.BigInteger(), nullable=True),
        sa.Column("posted_value_minor", sa.BigInteger(), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stocktake_id"], ["stocktakes.id"], name=op.f("fk_stocktake_lines_stocktake_id")
        ),
        sa.PrimaryKeyConstraint("stocktake_id", "item_id", name=op.f("pk_stocktake_lines")),
        sa.UniqueConstraint(
            "stocktake_id", "line", name=op.f("uq_stocktake_lines_stocktake_id_line")
        ),
    )
    with op.batch_alter_table("stocktake_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stocktake_lines_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stocktake_lines_store_id"), ["store_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_stocktake_lines_store_id_item_id"), ["store_id", "item_id"], unique=False
        )

    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)
    for right, codes in RIGHTS.items():
        op.get_bind().execute(GRANT, {"right": right, "codes": list(codes)})


def downgrade() -> None:
    op.execute("DELETE FROM role_rights WHERE \"right\" LIKE 'stocktakes.%'")
    with op.batch_alter_table("stocktake_lines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stocktake_lines_store_id_item_id"))
        batch_op.drop_index(batch_op.f("ix_stocktake_lines_store_id"))
        batch_op.drop_index(batch_op.f("ix_stocktake_lines_chain_id"))

    op.drop_table("stocktake_lines")
    with op.batch_alter_table("stocktake_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stocktake_entries_store_id"))
        batch_op.drop_index(batch_op.f("ix_stocktake_entries_stocktake_id"))
        batch_op.drop_index(batch_op.f("ix_stocktake_entries_chain_id"))

    op.drop_table("stocktake_entries")
    with op.batch_alter_table("stocktakes", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_stocktakes_number",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_stocktakes_store_id"))
        batch_op.drop_index(
            "ix_stocktakes_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_stocktakes_chain_id"))
        batch_op.drop_index(batch_op.f("ix_stocktakes_category_id"))
        batch_op.drop_index(batch_op.f("ix_stocktakes_area_id"))

    op.drop_table("stocktakes")
    with op.batch_alter_table("scale_layouts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_scale_layouts_name",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_scale_layouts_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_scale_layouts_chain_id"))

    op.drop_table("scale_layouts")
    with op.batch_alter_table("item_places", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_places_chain_id"))

    op.drop_table("item_places")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_stocktake_entries()")

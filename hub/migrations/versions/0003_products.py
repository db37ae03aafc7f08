"""products with their variants and categories, and who may see and keep them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEEPERS = ("admin", "hq_manager")
READERS = ("hq_analyst", "store_manager", "auditor")
GRANT = sa.text(
    'INSERT INTO role_rights (chain_id, role_id, "right") '
    "SELECT chain_id, id, :right FROM roles WHERE code IN :codes"
).bindparams(sa.bindparam("codes", expanding=True))


def _grant(action: str, codes: tuple[str, ...]) -> None:
    values = {"right": f"products.{action}", "codes": list(codes)}
    op.get_bind().execute(GRANT, values)


def upgrade() -> None:
    op.create_table(
        "product_categories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["product_categories.id"], name=op.f("fk_product_categories_parent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_categories")),
    )
    with op.batch_alter_table("product_categories", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_product_categories_chain_id"), ["chain_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_product_categories_parent_id"), ["parent_id"], unique=False
        )
        batch_op.create_index(
            "uq_product_categories_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "products",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("specification", sa.String(length=120), nullable=True),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=True),
        sa.Column("brand", sa.String(length=80), nullable=True),
        sa.Column("shelf_life_days", sa.Integer(), nullable=True),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("tax_percent", sa.Float(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["product_categories.id"], name=op.f("fk_products_category_id")
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers.id"], name=op.f("fk_products_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
    )
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_products_category_id"), ["category_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_products_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_products_supplier_id"), ["supplier_id"], unique=False)
        batch_op.create_index(
            "uq_products_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "product_variants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=True),
        sa.Column("barcode", sa.String(length=32), nullable=True),
        sa.Column("pack_size", sa.Integer(), nullable=True),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_variants_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_variants")),
    )
    with op.batch_alter_table("product_variants", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_product_variants_chain_id"), ["chain_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_product_variants_product_id"), ["product_id"], unique=False
        )
        batch_op.create_index("uq_product_variants_barcode", ["chain_id", "barcode"], unique=True)
    _grant("read", KEEPERS + READERS)
    for action in ("create", "update", "archive"):
        _grant(action, KEEPERS)


def downgrade() -> None:
    op.execute("DELETE FROM role_rights WHERE \"right\" LIKE 'products.%'")
    with op.batch_alter_table("product_variants", schema=None) as batch_op:
        batch_op.drop_index("uq_product_variants_barcode")
        batch_op.drop_index(batch_op.f("ix_product_variants_product_id"))
        batch_op.drop_index(batch_op.f("ix_product_variants_chain_id"))

    op.drop_table("product_variants")
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_products_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_products_supplier_id"))
        batch_op.drop_index(batch_op.f("ix_products_chain_id"))
        batch_op.drop_index(batch_op.f("ix_products_category_id"))

    op.drop_table("products")
    with op.batch_alter_table("product_categories", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_product_categories_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_product_categories_parent_id"))
        batch_op.drop_index(batch_op.f("ix_product_categories_chain_id"))

    op.drop_table("product_categories")

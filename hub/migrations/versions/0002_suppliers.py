"""suppliers, and who may see and keep them in chains that exist already."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEEPERS = ("admin", "hq_manager")
READERS = ("hq_analyst", "store_manager", "auditor")
GRANT = sa.text(
    'INSERT INTO role_rights (chain_id, role_id, "right") '
    "SELECT chain_id, id, :right FROM roles WHERE code IN :codes"
).bindparams(sa.bindparam("codes", expanding=True))


def _grant(action: str, codes: tuple[str, ...]) -> None:
    values = {"right": f"suppliers.{action}", "codes": list(codes)}
    op.get_bind().execute(GRANT, values)


def upgrade() -> None:
    op.create_table(
        "suppliers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("standing", sa.String(40), nullable=False),
        sa.Column("product_kinds", sa.Text(), nullable=True),
        sa.Column("contact", sa.String(length=80), nullable=True),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("email", sa.String(length=120), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("lead_time_days", sa.Integer(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("payment_days", sa.Integer(), nullable=True),
        sa.Column("tax_no", sa.String(length=30), nullable=True),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers")),
    )
    with op.batch_alter_table("suppliers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suppliers_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "uq_suppliers_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_suppliers_tax_no",
            ["chain_id", "tax_no"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
    _grant("read", KEEPERS + READERS)
    for action in ("create", "update", "archive"):
        _grant(action, KEEPERS)


def downgrade() -> None:
    op.execute("DELETE FROM role_rights WHERE \"right\" LIKE 'suppliers.%'")
    with op.batch_alter_table("suppliers", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_suppliers_tax_no",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "uq_suppliers_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_suppliers_chain_id"))

    op.drop_table("suppliers")

"""Limits of a chain beside the built-in ones, maintenance windows.

Revision ID: 0048
Revises: 0047
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_limits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("metric", sa.String(length=80), nullable=False),
        sa.Column("for_type", sa.String(40), nullable=True),
        sa.Column("for_model_id", sa.Uuid(), nullable=True),
        sa.Column("for_store_id", sa.Uuid(), nullable=True),
        sa.Column("for_equipment_id", sa.Uuid(), nullable=True),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("critical", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("hysteresis", sa.Float(), nullable=True),
        sa.Column("hold_min", sa.Integer(), nullable=True),
        sa.Column("keep_min", sa.Integer(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["for_equipment_id"], ["equipment.id"], name=op.f("fk_alert_limits_for_equipment_id")
        ),
        sa.ForeignKeyConstraint(
            ["for_model_id"], ["equipment_types.id"], name=op.f("fk_alert_limits_for_model_id")
        ),
        sa.ForeignKeyConstraint(
            ["for_store_id"], ["stores.id"], name=op.f("fk_alert_limits_for_store_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_limits")),
    )
    with op.batch_alter_table("alert_limits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alert_limits_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_alert_limits_for_equipment_id"), ["for_equipment_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_alert_limits_for_model_id"), ["for_model_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_alert_limits_for_store_id"), ["for_store_id"], unique=False
        )
        batch_op.create_index(
            "ix_alert_limits_order",
            ["chain_id", "name", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_alert_limits_name",
            ["chain_id", "name"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "maintenance_windows",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("equipment_id", sa.Uuid(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["equipment_id"], ["equipment.id"], name=op.f("fk_maintenance_windows_equipment_id")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_maintenance_windows_store_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_windows")),
    )
    with op.batch_alter_table("maintenance_windows", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_maintenance_windows_chain_id"), ["chain_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_maintenance_windows_equipment_id"), ["equipment_id"], unique=False
        )
        batch_op.create_index(
            "ix_maintenance_windows_order",
            ["chain_id", "starts_at", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_maintenance_windows_store_id"), ["store_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("maintenance_windows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_maintenance_windows_store_id"))
        batch_op.drop_index(
            "ix_maintenance_windows_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_maintenance_windows_equipment_id"))
        batch_op.drop_index(batch_op.f("ix_maintenance_windows_chain_id"))

    op.drop_table("maintenance_windows")
    with op.batch_alter_table("alert_limits", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_alert_limits_name",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_alert_limits_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_alert_limits_for_store_id"))
        batch_op.drop_index(batch_op.f("ix_alert_limits_for_model_id"))
        batch_op.drop_index(batch_op.f("ix_alert_limits_for_equipment_id"))
        batch_op.drop_index(batch_op.f("ix_alert_limits_chain_id"))

    op.drop_table("alert_limits")

"""Notices, channels, on call, routes, and who may see and keep them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEEPERS = ("admin", "hq_manager")
READERS = {
    "notice_routes": ("store_manager",),
    "notice_channels": (),
    "on_call": (
        "hq_analyst",
        "store_manager",
        "clerk",
        "technician",
        "installer",
        "auditor",
    ),
}
GRANT = sa.text(
    'INSERT INTO role_rights (chain_id, role_id, "right") '
    "SELECT chain_id, id, :right FROM roles WHERE code IN :codes"
).bindparams(sa.bindparam("codes", expanding=True))


def _grant() -> None:
    for subject, readers in READERS.items():
        for action in ("read", "create", "update", "archive"):
            codes = KEEPERS + (readers if action == "read" else ())
            values = {"right": f"{subject}.{action}", "codes": list(codes)}
            op.get_bind().execute(GRANT, values)


def upgrade() -> None:
    op.create_table(
        "notice_channels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("is_personal", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_channels")),
    )
    with op.batch_alter_table("notice_channels", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_channels_chain_id"), ["chain_id"], unique=False)

    op.create_table(
        "notice_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_delivered", sa.Boolean(), nullable=False),
        sa.Column("trouble", sa.String(length=300), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["notice_channels.id"], name=op.f("fk_notice_messages_channel_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notice_messages_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_messages")),
    )
    with op.batch_alter_table("notice_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_messages_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_notice_messages_chain_id_started_at"),
            ["chain_id", "started_at"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_notice_messages_user_id"), ["user_id"], unique=False)

    op.create_table(
        "notice_settings",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("ways", sa.JSON(), nullable=False),
        sa.Column("from_severity", sa.SmallInteger(), nullable=False),
        sa.Column("quiet_from", sa.SmallInteger(), nullable=True),
        sa.Column("quiet_to", sa.SmallInteger(), nullable=True),
        sa.Column("quiet_severity", sa.SmallInteger(), nullable=False),
        sa.Column("digest_at", sa.SmallInteger(), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notice_settings_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notice_settings")),
    )
    with op.batch_alter_table("notice_settings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_settings_chain_id"), ["chain_id"], unique=False)

    op.create_table(
        "notice_routes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("for_store_id", sa.Uuid(), nullable=True),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("from_level", sa.String(40), nullable=False),
        sa.Column("shift", sa.String(40), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["for_store_id"], ["stores.id"], name=op.f("fk_notice_routes_for_store_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_routes")),
    )
    with op.batch_alter_table("notice_routes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_routes_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_notice_routes_for_store_id"), ["for_store_id"], unique=False
        )
        batch_op.create_index(
            "ix_notice_routes_order",
            ["chain_id", "name", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_notice_routes_name",
            ["chain_id", "name"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("way", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(length=300), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_notices_alert_id")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["notice_messages.id"], name=op.f("fk_notices_message_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notices_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "alert_id", "step", "user_id", name=op.f("uq_notices_alert_id_step_user_id")
        ),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notices_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_notices_chain_id_created_at"), ["chain_id", "created_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_notices_due_at"),
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('queued', 'sending')"),
            postgresql_where=sa.text("state IN ('queued', 'sending')"),
        )
        batch_op.create_index(batch_op.f("ix_notices_message_id"), ["message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notices_store_id"), ["store_id"], unique=False)

    op.create_table(
        "on_call_shifts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("for_store_id", sa.Uuid(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_backup", sa.Boolean(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["for_store_id"], ["stores.id"], name=op.f("fk_on_call_shifts_for_store_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_on_call_shifts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_on_call_shifts")),
    )
    with op.batch_alter_table("on_call_shifts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_on_call_shifts_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_on_call_shifts_for_store_id"), ["for_store_id"], unique=False
        )
        batch_op.create_index(
            "ix_on_call_shifts_order",
            ["chain_id", "starts_at", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_on_call_shifts_user_id"), ["user_id"], unique=False)

    op.create_table(
        "notice_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("route_id", sa.Uuid(), nullable=False),
        sa.Column("whom", sa.String(40), nullable=False),
        sa.Column("after_min", sa.Integer(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["route_id"], ["notice_routes.id"], name=op.f("fk_notice_steps_route_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_steps")),
    )
    with op.batch_alter_table("notice_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_steps_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_steps_route_id"), ["route_id"], unique=False)

    _grant()


def downgrade() -> None:
    for subject in READERS:
        op.execute(f"DELETE FROM role_rights WHERE \"right\" LIKE '{subject}.%'")  # noqa: S608
    with op.batch_alter_table("notice_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_steps_route_id"))
        batch_op.drop_index(batch_op.f("ix_notice_steps_chain_id"))

    op.drop_table("notice_steps")
    with op.batch_alter_table("on_call_shifts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_on_call_shifts_user_id"))
        batch_op.drop_index(
            "ix_on_call_shifts_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_on_call_shifts_for_store_id"))
        batch_op.drop_index(batch_op.f("ix_on_call_shifts_chain_id"))

    op.drop_table("on_call_shifts")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notices_store_id"))
        batch_op.drop_index(batch_op.f("ix_notices_message_id"))
        batch_op.drop_index(
            batch_op.f("ix_notices_due_at"),
            sqlite_where=sa.text("state IN ('queued', 'sending')"),
            postgresql_where=sa.text("state IN ('queued', 'sending')"),
        )
        batch_op.drop_index(batch_op.f("ix_notices_chain_id_created_at"))
        batch_op.drop_index(batch_op.f("ix_notices_chain_id"))

    op.drop_table("notices")
    with op.batch_alter_table("notice_routes", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_notice_routes_name",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_notice_routes_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_notice_routes_for_store_id"))
        batch_op.drop_index(batch_op.f("ix_notice_routes_chain_id"))

    op.drop_table("notice_routes")
    with op.batch_alter_table("notice_settings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_settings_chain_id"))

    op.drop_table("notice_settings")
    with op.batch_alter_table("notice_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_messages_user_id"))
        batch_op.drop_index(batch_op.f("ix_notice_messages_chain_id_started_at"))
        batch_op.drop_index(batch_op.f("ix_notice_messages_chain_id"))

    op.drop_table("notice_messages")
    with op.batch_alter_table("notice_channels", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_channels_chain_id"))

    op.drop_table("notice_channels")

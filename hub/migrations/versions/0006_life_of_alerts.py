"""Life of alerts: families, returns, timers; play-book; votes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEEPERS = ("admin", "hq_manager")
READERS = ("hq_analyst", "store_manager", "clerk", "technician", "installer", "auditor")
GRANT = sa.text(
    'INSERT INTO role_rights (chain_id, role_id, "right") '
    "SELECT chain_id, id, :right FROM roles WHERE code IN :codes"
).bindparams(sa.bindparam("codes", expanding=True))


def _grant(action: str, codes: tuple[str, ...]) -> None:
    values = {"right": f"playbooks.{action}", "codes": list(codes)}
    op.get_bind().execute(GRANT, values)


def upgrade() -> None:
    op.create_table(
        "playbook_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("cause_zh", sa.Text(), nullable=True),
        sa.Column("cause_en", sa.Text(), nullable=True),
        sa.Column("measure_zh", sa.Text(), nullable=True),
        sa.Column("measure_en", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playbook_entries")),
    )
    with op.batch_alter_table("playbook_entries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_playbook_entries_chain_id"), ["chain_id"], unique=False
        )
        batch_op.create_index(
            "ix_playbook_entries_order",
            ["chain_id", "rule", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_playbook_entries_rule",
            ["chain_id", "rule"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "alert_votes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("is_useful", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_votes_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_votes")),
        sa.UniqueConstraint("alert_id", "user_id", name=op.f("uq_alert_votes_alert_id_user_id")),
    )
    with op.batch_alter_table("alert_votes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alert_votes_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_alert_votes_store_id"), ["store_id"], unique=False)

    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("since_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("returns", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("clears_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("step", sa.SmallInteger(), nullable=True))
        batch_op.add_column(sa.Column("step_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("told_severity", sa.SmallInteger(), nullable=True))
        batch_op.add_column(sa.Column("next_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_alerts_next_at"),
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_alerts_parent_id"), ["parent_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_alerts_parent_id"), "alerts", ["parent_id"], ["id"]
        )
    op.execute(
        "UPDATE alerts SET since_at = began_at, returns = 0, step = 0, told_severity = severity,"
        " next_at = shelved_until"
    )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.alter_column("since_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.alter_column("returns", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("step", existing_type=sa.SmallInteger(), nullable=False)
        batch_op.alter_column("told_severity", existing_type=sa.SmallInteger(), nullable=False)
    _grant("read", KEEPERS + READERS)
    for action in ("create", "update", "archive"):
        _grant(action, KEEPERS)


def downgrade() -> None:
    op.execute("DELETE FROM role_rights WHERE \"right\" LIKE 'playbooks.%'")
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_alerts_parent_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_alerts_parent_id"))
        batch_op.drop_index(
            batch_op.f("ix_alerts_next_at"),
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )
        batch_op.drop_column("next_at")
        batch_op.drop_column("told_severity")
        batch_op.drop_column("step_at")
        batch_op.drop_column("step")
        batch_op.drop_column("clears_at")
        batch_op.drop_column("returns")
        batch_op.drop_column("since_at")
        batch_op.drop_column("parent_id")

    with op.batch_alter_table("alert_votes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alert_votes_store_id"))
        batch_op.drop_index(batch_op.f("ix_alert_votes_chain_id"))

    op.drop_table("alert_votes")
    with op.batch_alter_table("playbook_entries", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_playbook_entries_rule",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_playbook_entries_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_playbook_entries_chain_id"))

    op.drop_table("playbook_entries")

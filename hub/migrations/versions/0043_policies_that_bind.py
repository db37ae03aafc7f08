"""Policies that bind, and the secrets of changes that wait for an approval."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_editions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_editions")),
        sa.UniqueConstraint(
            "policy_id", "number", name=op.f("uq_policy_editions_policy_id_number")
        ),
    )
    with op.batch_alter_table("policy_editions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_editions_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_policy_editions_chain_id_ended_at"),
            ["chain_id", "ended_at"],
            unique=False,
        )

    op.create_table(
        "policy_acceptances",
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["policy_editions.id"], name=op.f("fk_policy_acceptances_edition_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_policy_acceptances_user_id")
        ),
        sa.PrimaryKeyConstraint("edition_id", "user_id", name=op.f("pk_policy_acceptances")),
    )
    with op.batch_alter_table("policy_acceptances", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_policy_acceptances_chain_id"), ["chain_id"], unique=False
        )

    with op.batch_alter_table("approval_requests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("secret_fields", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("secrets", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("approval_requests", schema=None) as batch_op:
        batch_op.drop_column("secrets")
        batch_op.drop_column("secret_fields")

    with op.batch_alter_table("policy_acceptances", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_policy_acceptances_chain_id"))

    op.drop_table("policy_acceptances")
    with op.batch_alter_table("policy_editions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_policy_editions_chain_id_ended_at"))
        batch_op.drop_index(batch_op.f("ix_policy_editions_chain_id"))

    op.drop_table("policy_editions")

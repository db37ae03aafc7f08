"""A roll-out of software may be for the stores of one region.

Revision ID: 0050
Revises: 0049
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("agent_rollouts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("region_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_agent_rollouts_region_id"), "regions", ["region_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("agent_rollouts", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_agent_rollouts_region_id"), type_="foreignkey")
        batch_op.drop_column("region_id")

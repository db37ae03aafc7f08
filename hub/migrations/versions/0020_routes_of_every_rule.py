"""A route may be for every rule."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("notice_routes", schema=None) as batch_op:
        batch_op.alter_column("rules", existing_type=sa.TEXT(), nullable=True)


def downgrade() -> None:
    with op.batch_alter_table("notice_routes", schema=None) as batch_op:
        batch_op.alter_column("rules", existing_type=sa.TEXT(), nullable=False)

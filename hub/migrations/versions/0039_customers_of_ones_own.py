"""Rights to everybody's customers: all roles that read customers keep them, but the clerk's.

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

SUBJECTS = ("customers", "health_profiles")


def upgrade() -> None:
    roles = sa.table("roles", sa.column("id"), sa.column("code"))
    rights = sa.table(
        "role_rights", sa.column("chain_id"), sa.column("role_id"), sa.column("right")
    )
    for subject in SUBJECTS:
        readers = (
            sa.select(rights.c.chain_id, rights.c.role_id, sa.literal(f"{subject}.all"))
            .join(roles, roles.c.id == rights.c.role_id)
            .where(rights.c.right == f"{subject}.read", roles.c.code != "clerk")
        )
        op.execute(rights.insert().from_select(["chain_id", "role_id", "right"], readers))


def downgrade() -> None:
    rights = sa.table("role_rights", sa.column("right"))
    wide = [f"{subject}.all" for subject in SUBJECTS]
    op.execute(rights.delete().where(rights.c.right.in_(wide)))

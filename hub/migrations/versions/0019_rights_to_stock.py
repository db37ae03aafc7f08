"""Rights to stock for the chains that are there."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

KEEPERS = ("admin", "hq_manager", "store_manager")
READERS = (*KEEPERS, "hq_analyst", "clerk", "auditor")
RIGHTS = {
    "stock.read": READERS,
    "stock.create": KEEPERS,
    "stock.update": KEEPERS,
    "stock.archive": KEEPERS,
    "products.read": ("clerk",),
}
GRANT = sa.text(
    'INSERT INTO role_rights (chain_id, role_id, "right") '
    "SELECT chain_id, id, CAST(:right AS VARCHAR) FROM roles WHERE code IN :codes AND NOT EXISTS "
    '(SELECT 1 FROM role_rights WHERE role_id = roles.id AND "right" = CAST(:right AS VARCHAR))'
).bindparams(sa.bindparam("codes", expanding=True))


def upgrade() -> None:
    for right, codes in RIGHTS.items():
        op.get_bind().execute(GRANT, {"right": right, "codes": list(codes)})


def downgrade() -> None:
    op.execute("DELETE FROM role_rights WHERE \"right\" LIKE 'stock.%'")

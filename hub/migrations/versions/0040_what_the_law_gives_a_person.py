"""Health rows hang on a live consent; words can be taken out of the audit; rights of privacy.

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_OPEN = "SELECT 1 FROM audit_redactions r WHERE r.seq = OLD.seq AND r.seal IS NULL"
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'changes is only ever added to'); END"
_FUNCTION = (
    "CREATE OR REPLACE FUNCTION refuse_change_of_changes() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN {opened}RAISE EXCEPTION 'changes is only ever added to'; END $$"
)
_UNLESS = f"IF TG_OP = 'UPDATE' THEN IF EXISTS ({_OPEN}) THEN RETURN NEW; END IF; END IF; "


def upgrade() -> None:
    op.create_table(
        "audit_redactions",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_redactions")),
    )
    _refuse(f"WHEN NOT EXISTS ({_OPEN}) ", _UNLESS)
    with op.batch_alter_table("health_profiles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("consent_purpose", sa.String(), nullable=True))
    # What has a live consent hangs on it from now on; what has none is out of use.
    op.execute(
        "UPDATE health_profiles SET consent_purpose = 'health' WHERE EXISTS (SELECT 1 FROM "
        "live_consents l WHERE l.subject_id = health_profiles.customer_id AND l.purpose = 'health')"
    )
    op.execute(
        "UPDATE health_profiles SET archived_at = CURRENT_TIMESTAMP "
        "WHERE consent_purpose IS NULL AND archived_at IS NULL"
    )
    with op.batch_alter_table("health_profiles", schema=None) as batch_op:
        batch_op.create_foreign_key(
            "fk_health_profiles_live_consent",
            "live_consents",
            ["customer_id", "consent_purpose"],
            ["subject_id", "purpose"],
            ondelete="CASCADE",
        )
        batch_op.create_check_constraint(
            "needs_consent",
            "coalesce(consent_purpose, '') = 'health' OR archived_at IS NOT NULL",
        )
    _give_rights()


def downgrade() -> None:
    with op.batch_alter_table("health_profiles", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_health_profiles_needs_consent"), type_="check")
        batch_op.drop_constraint("fk_health_profiles_live_consent", type_="foreignkey")
        batch_op.drop_column("consent_purpose")
    _refuse("", "")
    op.drop_table("audit_redactions")
    rights = sa.table("role_rights", sa.column("right"))
    op.execute(rights.delete().where(rights.c.right.in_(["privacy.read", "privacy.update"])))


def _refuse(unless: str, opened: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER changes_no_update")
        op.execute(f"CREATE TRIGGER changes_no_update BEFORE UPDATE ON changes {unless}{_REFUSE}")
    else:
        op.execute(_FUNCTION.format(opened=opened))


def _give_rights() -> None:
    """To the privacy officers there are."""
    roles = sa.table("roles", sa.column("id"), sa.column("code"), sa.column("chain_id"))
    rights = sa.table(
        "role_rights", sa.column("chain_id"), sa.column("role_id"), sa.column("right")
    )
    for right in ("privacy.read", "privacy.update"):
        officers = sa.select(roles.c.chain_id, roles.c.id, sa.literal(right)).where(
            roles.c.code == "privacy_officer"
        )
        op.execute(rights.insert().from_select(["chain_id", "role_id", "right"], officers))

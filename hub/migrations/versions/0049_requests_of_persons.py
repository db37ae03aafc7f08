"""Requests of persons, drills and security cases; erasure reaches the audit on PostgreSQL too.

0040 opened the audit for redactions in a function that no trigger of PostgreSQL called.
"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

_OPEN = "SELECT 1 FROM audit_redactions r WHERE r.seq = OLD.seq AND r.seal IS NULL"
_UNLESS = f"IF TG_OP = 'UPDATE' THEN IF EXISTS ({_OPEN}) THEN RETURN NEW; END IF; END IF; "
_REFUSE = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN {unless}RAISE EXCEPTION 'changes is only ever added to'; END $$"
)
_OFFICER = ("create", "archive", "answer", "refuse")
_KEEPER = ("read", "create", "update", "archive", "passed", "failed", "contained", "close")
GIVEN = (
    *(("privacy_officer", f"privacy.{action}") for action in _OFFICER),
    *(("privacy_officer", f"safety.{action}") for action in ("read", "create", "update")),
    *(("admin", f"safety.{action}") for action in _KEEPER),
    ("auditor", "safety.read"),
)


def upgrade() -> None:
    op.create_table(
        "drills",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("repeat_months", sa.Integer(), nullable=True),
        sa.Column("allowed_minutes", sa.Integer(), nullable=True),
        sa.Column("took_minutes", sa.Integer(), nullable=True),
        sa.Column("lost_minutes", sa.Integer(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("steps", sa.Text(), nullable=True),
        sa.Column("findings", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drills")),
    )
    with op.batch_alter_table("drills", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_drills_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_drills_order",
            ["chain_id", "planned_on", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "security_cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("level", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noticed_by", sa.String(length=120), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("what", sa.Text(), nullable=True),
        sa.Column("persons", sa.Integer(), nullable=True),
        sa.Column("authority_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("persons_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_cases")),
    )
    with op.batch_alter_table("security_cases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_security_cases_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_security_cases_order",
            ["chain_id", "noticed_at", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "person_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wording", sa.String(length=120), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("identity_by", sa.String(length=120), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_person_requests_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_requests")),
    )
    with op.batch_alter_table("person_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_requests_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_person_requests_customer_id"), ["customer_id"], unique=False
        )
        batch_op.create_index(
            "ix_person_requests_order",
            ["chain_id", "received_on", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSE.format(unless=_UNLESS))
    roles = sa.table("roles", sa.column("id"), sa.column("code"), sa.column("chain_id"))
    rights = sa.table(
        "role_rights", sa.column("chain_id"), sa.column("role_id"), sa.column("right")
    )
    for code, right in GIVEN:
        holders = sa.select(roles.c.chain_id, roles.c.id, sa.literal(right)).where(
            roles.c.code == code
        )
        op.execute(rights.insert().from_select(["chain_id", "role_id", "right"], holders))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSE.format(unless=""))
    rights = sa.table("role_rights", sa.column("right"))
    op.execute(rights.delete().where(rights.c.right.in_([right for _, right in GIVEN])))
    with op.batch_alter_table("person_requests", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_person_requests_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_person_requests_customer_id"))
        batch_op.drop_index(batch_op.f("ix_person_requests_chain_id"))

    op.drop_table("person_requests")
    with op.batch_alter_table("security_cases", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_security_cases_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_security_cases_chain_id"))

    op.drop_table("security_cases")
    with op.batch_alter_table("drills", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_drills_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_drills_chain_id"))

    op.drop_table("drills")

"""record types of the whole archive."""

import re
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from hub.kit.ids import uuid7

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SEARCHED = {
    "stores": ("code", "name", "address", "phone"),
    "areas": ("name",),
    "regions": ("code", "name"),
    "equipment": ("code", "name", "device_id", "brand", "model", "serial_no"),
    "users": ("username", "name", "email"),
}
HAN = re.compile(r"[\u3400-\u9fff]+")
NEW_ROLES = {
    "region_manager": ("区域经理", "Region manager"),
    "franchisee": ("加盟商", "Franchisee"),
    "cashier": ("收银员", "Cashier"),
    "stock_keeper": ("库管员", "Stock keeper"),
    "purchaser": ("采购员", "Purchaser"),
    "practitioner": ("技师", "Practitioner"),
    "hr": ("人事", "HR"),
    "finance": ("财务", "Finance"),
    "privacy_officer": ("隐私负责人", "Privacy officer"),
}
GRANTS: dict[str, tuple[tuple[str, str], ...]] = {
    "admin": (
        (
            "competitors conditions contracts customers documents employees "
            "equipment_types membership partners policies posts purchase_orders teams",
            "archive create read update",
        ),
        (
            "contracts equipment equipment_types partners products suppliers",
            "cost",
        ),
        (
            "contracts",
            "end renegotiate renew reopen",
        ),
        (
            "purchase_orders",
            "cancel receive send",
        ),
    ),
    "hq_manager": (
        (
            "competitors conditions contracts customers documents employees "
            "equipment_types membership partners policies posts purchase_orders teams",
            "archive create read update",
        ),
        (
            "contracts equipment equipment_types partners products suppliers",
            "cost",
        ),
        (
            "contracts",
            "end renegotiate renew reopen",
        ),
        (
            "customers employees partners",
            "personal",
        ),
        (
            "purchase_orders",
            "cancel receive send",
        ),
    ),
    "hq_analyst": (
        (
            "competitors contracts equipment_types membership purchase_orders",
            "read",
        ),
        (
            "contracts equipment equipment_types products suppliers",
            "cost",
        ),
    ),
    "region_manager": (
        (
            "agents alerts areas chains competitors conditions contracts customers "
            "documents employees equipment equipment_types footfall membership policies "
            "posts products purchase_orders readings regions sales stores suppliers teams "
            "work_orders",
            "read",
        ),
        (
            "alerts areas competitors documents equipment stores work_orders",
            "update",
        ),
        (
            "areas competitors documents equipment work_orders",
            "archive create",
        ),
        (
            "employees",
            "personal",
        ),
        (
            "equipment",
            "cost",
        ),
    ),
    "store_manager": (
        (
            "competitors documents purchase_orders",
            "archive",
        ),
        (
            "competitors customers documents employees purchase_orders",
            "create update",
        ),
        (
            "competitors conditions customers documents employees equipment_types "
            "membership policies posts purchase_orders teams",
            "read",
        ),
        (
            "customers employees",
            "personal",
        ),
        (
            "equipment",
            "cost",
        ),
        (
            "purchase_orders",
            "cancel receive send",
        ),
    ),
    "franchisee": (
        (
            "alerts areas chains competitors conditions customers documents employees "
            "equipment equipment_types footfall membership on_call playbooks policies "
            "posts products purchase_orders readings regions sales stores teams "
            "work_orders",
            "read",
        ),
        (
            "areas competitors documents employees equipment purchase_orders",
            "archive",
        ),
        (
            "areas competitors customers documents employees equipment purchase_orders",
            "create update",
        ),
        (
            "customers employees",
            "personal",
        ),
        (
            "equipment",
            "cost",
        ),
        (
            "purchase_orders",
            "cancel receive send",
        ),
    ),
    "clerk": (
        (
            "customers",
            "create update",
        ),
        (
            "customers equipment_types policies",
            "read",
        ),
    ),
    "cashier": (
        (
            "chains customers membership policies products stores",
            "read",
        ),
        (
            "customers",
            "create update",
        ),
    ),
    "stock_keeper": (
        (
            "areas chains equipment equipment_types policies products purchase_orders "
            "regions stores suppliers",
            "read",
        ),
        (
            "purchase_orders",
            "receive",
        ),
    ),
    "purchaser": (
        (
            "areas chains competitors contracts equipment equipment_types policies "
            "products purchase_orders regions stores suppliers",
            "read",
        ),
        (
            "competitors contracts products purchase_orders suppliers",
            "archive create update",
        ),
        (
            "contracts products suppliers",
            "cost",
        ),
        (
            "contracts",
            "end renegotiate renew reopen",
        ),
        (
            "purchase_orders",
            "cancel receive send",
        ),
    ),
    "practitioner": (
        (
            "chains conditions customers health_profiles membership policies products stores",
            "read",
        ),
        (
            "customers health_profiles",
            "create update",
        ),
        (
            "customers",
            "personal",
        ),
        (
            "health_profiles",
            "reveal",
        ),
    ),
    "hr": (
        (
            "chains documents employees policies posts regions stores teams",
            "read",
        ),
        (
            "employees posts",
            "archive create update",
        ),
        (
            "employees",
            "personal reveal",
        ),
    ),
    "finance": (
        (
            "areas chains contracts equipment equipment_types footfall partners policies "
            "products purchase_orders regions sales stores suppliers",
            "read",
        ),
        (
            "contracts equipment equipment_types partners products suppliers",
            "cost",
        ),
        (
            "suppliers",
            "reveal",
        ),
    ),
    "privacy_officer": (
        (
            "audit chains conditions customers employees health_profiles membership "
            "partners policies stores",
            "read",
        ),
        (
            "customers policies",
            "archive update",
        ),
        (
            "customers",
            "personal",
        ),
        (
            "policies",
            "create",
        ),
    ),
    "technician": (
        (
            "documents equipment_types policies teams",
            "read",
        ),
    ),
    "installer": (
        (
            "equipment_types",
            "read",
        ),
    ),
    "auditor": (
        (
            "competitors contracts documents equipment_types partners policies "
            "purchase_orders teams",
            "read",
        ),
        (
            "contracts equipment equipment_types partners products suppliers",
            "cost",
        ),
    ),
}
"""Role → (subjects, actions) that it gains."""


def _readings(text: str) -> str:
    from pypinyin import lazy_pinyin  # noqa: PLC0415  # 58 MB, needed by this one step alone

    found = []
    for run in HAN.findall(text):
        syllables = lazy_pinyin(run, errors="ignore")
        found += ["".join(syllables), "".join(one[0] for one in syllables if one)]
    return " ".join(found)


def _keep_search_words(table: str, columns: tuple[str, ...]) -> None:
    here = sa.table(table, *(sa.column(name) for name in ("id", "search_words", *columns)))
    bind = op.get_bind()
    for row in bind.execute(sa.select(here)).mappings().all():
        words = _readings(" ".join(str(row[name] or "") for name in columns))
        if words:
            bind.execute(sa.update(here).where(here.c.id == row["id"]).values(search_words=words))


def _grant() -> None:
    bind = op.get_bind()
    roles = sa.table(
        "roles", *(sa.column(n) for n in ("id", "chain_id", "code", "name_zh", "name_en"))
    )
    rights = sa.table("role_rights", *(sa.column(n) for n in ("chain_id", "role_id", "right")))
    present = sa.select(roles.c.chain_id, roles.c.code, roles.c.id)
    known = {(chain, code): role for chain, code, role in bind.execute(present)}
    for chain in {chain for chain, _ in known}:
        for code, (zh, en) in NEW_ROLES.items():
            if (chain, code) not in known:
                role = _id_like(chain)
                values = {"id": role, "chain_id": chain, "code": code, "name_zh": zh, "name_en": en}
                bind.execute(sa.insert(roles).values(values))
                known[chain, code] = role
        for code, grants in GRANTS.items():
            if held := known.get((chain, code)):
                _give(rights, chain, held, grants)


def _id_like(other: object) -> object:
    """A new id in the form that this engine's driver gives ids in."""
    return uuid7() if isinstance(other, UUID) else uuid7().hex


def _give(
    rights: sa.TableClause, chain: object, role: object, grants: tuple[tuple[str, str], ...]
) -> None:
    bind = op.get_bind()
    query = sa.select(rights.c.right).where(rights.c.role_id == role)
    have = set(bind.execute(query).scalars())
    for subjects, actions in grants:
        for right in (f"{s}.{a}" for s in subjects.split() for a in actions.split()):
            if right not in have:
                values = {"chain_id": chain, "role_id": role, "right": right}
                bind.execute(sa.insert(rights).values(values))


def upgrade() -> None:
    op.create_table(
        "conditions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("advice", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conditions")),
    )
    with op.batch_alter_table("conditions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conditions_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_conditions_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_conditions_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "customer_classes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("discount_percent", sa.Float(), nullable=True),
        sa.Column("service_level", sa.String(length=120), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_classes")),
    )
    with op.batch_alter_table("customer_classes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_customer_classes_chain_id"), ["chain_id"], unique=False
        )
        batch_op.create_index(
            "ix_customer_classes_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_customer_classes_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "equipment_types",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("brand", sa.String(length=80), nullable=True),
        sa.Column("model", sa.String(length=80), nullable=True),
        sa.Column("service_life_months", sa.Integer(), nullable=True),
        sa.Column("service_every_days", sa.Integer(), nullable=True),
        sa.Column("setpoint_c", sa.Float(), nullable=True),
        sa.Column("power_w", sa.Integer(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_types")),
    )
    with op.batch_alter_table("equipment_types", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_equipment_types_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_equipment_types_order",
            ["chain_id", "name", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_equipment_types_name",
            ["chain_id", "name"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "member_tiers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("from_points", sa.Integer(), nullable=False),
        sa.Column("points_percent", sa.Integer(), nullable=False),
        sa.Column("discount_percent", sa.Float(), nullable=True),
        sa.Column("privileges", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_tiers")),
    )
    with op.batch_alter_table("member_tiers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_tiers_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_member_tiers_order",
            ["chain_id", "rank", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_member_tiers_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "packages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("valid_days", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("tags", sa.Text(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packages")),
    )
    with op.batch_alter_table("packages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_packages_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_packages_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_packages_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("applies_to", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("review_months", sa.Integer(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
    )
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policies_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_policies_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_policies_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "posts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("skills", sa.Text(), nullable=True),
        sa.Column("planned_count", sa.Integer(), nullable=True),
        sa.Column("duties", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
    )
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_posts_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_posts_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_posts_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "services",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("duration_min", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("skills", sa.Text(), nullable=True),
        sa.Column("room", sa.String(length=80), nullable=True),
        sa.Column("suitable_for", sa.Text(), nullable=True),
        sa.Column("not_suitable_for", sa.Text(), nullable=True),
        sa.Column("advice", sa.Text(), nullable=True),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
    )
    with op.batch_alter_table("services", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_services_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_services_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_services_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "skills",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("needs_certificate", sa.String(length=80), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skills")),
    )
    with op.batch_alter_table("skills", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_skills_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_skills_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_skills_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "teams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("members", sa.Text(), nullable=True),
        sa.Column("stores", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
    )
    with op.batch_alter_table("teams", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_teams_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_teams_order",
            ["chain_id", "name", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_teams_name",
            ["chain_id", "name"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "contracts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=True),
        sa.Column("decision", sa.String(40), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("reminder_days", sa.String(length=60), nullable=False),
        sa.Column("stores", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers.id"], name=op.f("fk_contracts_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
    )
    with op.batch_alter_table("contracts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contracts_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_contracts_order",
            ["chain_id", "valid_until", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_contracts_supplier_id"), ["supplier_id"], unique=False)
        batch_op.create_index(
            "uq_contracts_number",
            ["chain_id", "number"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "package_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("package_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["package_id"], ["packages.id"], name=op.f("fk_package_items_package_id")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_package_items_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_items")),
    )
    with op.batch_alter_table("package_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_package_items_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_package_items_package_id"), ["package_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_package_items_service_id"), ["service_id"], unique=False
        )

    op.create_table(
        "price_lists",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("stores", sa.Text(), nullable=True),
        sa.Column("tier_id", sa.Uuid(), nullable=True),
        sa.Column("class_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["customer_classes.id"], name=op.f("fk_price_lists_class_id")
        ),
        sa.ForeignKeyConstraint(
            ["tier_id"], ["member_tiers.id"], name=op.f("fk_price_lists_tier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_lists")),
    )
    with op.batch_alter_table("price_lists", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_price_lists_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_price_lists_class_id"), ["class_id"], unique=False)
        batch_op.create_index(
            "ix_price_lists_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_price_lists_tier_id"), ["tier_id"], unique=False)
        batch_op.create_index(
            "uq_price_lists_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "spare_parts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("fits", sa.Text(), nullable=True),
        sa.Column("supplier_id", sa.Uuid(), nullable=True),
        sa.Column("minimum", sa.Integer(), nullable=True),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers.id"], name=op.f("fk_spare_parts_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spare_parts")),
    )
    with op.batch_alter_table("spare_parts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spare_parts_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_spare_parts_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_spare_parts_supplier_id"), ["supplier_id"], unique=False
        )
        batch_op.create_index(
            "uq_spare_parts_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "supplier_contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("duty", sa.String(length=80), nullable=True),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("email", sa.String(length=120), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers.id"], name=op.f("fk_supplier_contacts_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier_contacts")),
    )
    with op.batch_alter_table("supplier_contacts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_supplier_contacts_chain_id"), ["chain_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_supplier_contacts_supplier_id"), ["supplier_id"], unique=False
        )

    op.create_table(
        "competitors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("distance_m", sa.Integer(), nullable=True),
        sa.Column("place", sa.String(length=24), nullable=True),
        sa.Column("strengths", sa.Text(), nullable=True),
        sa.Column("weaknesses", sa.Text(), nullable=True),
        sa.Column("opportunities", sa.Text(), nullable=True),
        sa.Column("threats", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_competitors_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competitors")),
    )
    with op.batch_alter_table("competitors", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_competitors_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_competitors_order",
            ["chain_id", "name", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_competitors_store_id"), ["store_id"], unique=False)
        batch_op.create_index(
            "uq_competitors_name",
            ["store_id", "name"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "employees",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("hired_on", sa.Date(), nullable=True),
        sa.Column("skills", sa.Text(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("email", sa.String(length=120), nullable=True),
        sa.Column("emergency_contact", sa.String(length=120), nullable=True),
        sa.Column("id_card_no", sa.Text(), nullable=True),
        sa.Column("bank_account", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_employees_post_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_employees_store_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_employees_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employees")),
    )
    with op.batch_alter_table("employees", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_employees_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_employees_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_employees_post_id"), ["post_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_employees_store_id"), ["store_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_employees_user_id"), ["user_id"], unique=False)
        batch_op.create_index(
            "uq_employees_code",
            ["store_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "holidays",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("opening_hours", sa.String(length=60), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_holidays_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holidays")),
    )
    with op.batch_alter_table("holidays", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_holidays_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_holidays_order",
            ["chain_id", "on", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_holidays_store_id"), ["store_id"], unique=False)
        batch_op.create_index(
            "uq_holidays_on",
            ["store_id", "on"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "partners",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("stores", sa.Text(), nullable=True),
        sa.Column("contact", sa.String(length=80), nullable=True),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("royalty_percent", sa.Float(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name=op.f("fk_partners_contract_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
    )
    with op.batch_alter_table("partners", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_partners_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_partners_contract_id"), ["contract_id"], unique=False)
        batch_op.create_index(
            "ix_partners_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_partners_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "price_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("price_list_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("from_quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["price_list_id"], ["price_lists.id"], name=op.f("fk_price_lines_price_list_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_price_lines_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_lines")),
    )
    with op.batch_alter_table("price_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_price_lines_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_price_lines_price_list_id"), ["price_list_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_price_lines_product_id"), ["product_id"], unique=False)

    op.create_table(
        "product_units",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("factor_milli", sa.BigInteger(), nullable=False),
        sa.Column("barcode", sa.String(length=32), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_units_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_units")),
    )
    with op.batch_alter_table("product_units", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_product_units_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_product_units_product_id"), ["product_id"], unique=False
        )
        batch_op.create_index("uq_product_units_barcode", ["chain_id", "barcode"], unique=True)

    op.create_table(
        "purchase_orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_purchase_orders_store_id")
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers.id"], name=op.f("fk_purchase_orders_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_orders")),
    )
    with op.batch_alter_table("purchase_orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_purchase_orders_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_purchase_orders_order",
            ["chain_id", "number", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_purchase_orders_store_id"), ["store_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_purchase_orders_supplier_id"), ["supplier_id"], unique=False
        )
        batch_op.create_index(
            "uq_purchase_orders_number",
            ["store_id", "number"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "service_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_service_items_product_id")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_service_items_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_items")),
    )
    with op.batch_alter_table("service_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_service_items_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_service_items_product_id"), ["product_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_service_items_service_id"), ["service_id"], unique=False
        )

    op.create_table(
        "supplier_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("pack_size", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=True),
        sa.Column("lead_time_days", sa.Integer(), nullable=True),
        sa.Column("is_preferred", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_supplier_items_product_id")
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers.id"], name=op.f("fk_supplier_items_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier_items")),
    )
    with op.batch_alter_table("supplier_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_supplier_items_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_supplier_items_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_supplier_items_product_id"), ["product_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_supplier_items_supplier_id"), ["supplier_id"], unique=False
        )

    op.create_table(
        "certificates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("issuer", sa.String(length=120), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employees.id"], name=op.f("fk_certificates_employee_id")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_certificates_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
    )
    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificates_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_certificates_employee_id"), ["employee_id"], unique=False
        )
        batch_op.create_index(
            "ix_certificates_order",
            ["chain_id", "valid_until", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_certificates_store_id"), ["store_id"], unique=False)

    op.create_table(
        "competitor_prices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("competitor_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("promotion", sa.String(length=200), nullable=True),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["competitor_id"], ["competitors.id"], name=op.f("fk_competitor_prices_competitor_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_competitor_prices_product_id")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_competitor_prices_store_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competitor_prices")),
    )
    with op.batch_alter_table("competitor_prices", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_competitor_prices_chain_id"), ["chain_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_competitor_prices_competitor_id"), ["competitor_id"], unique=False
        )
        batch_op.create_index(
            "ix_competitor_prices_order",
            ["chain_id", "seen_on", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_competitor_prices_product_id"), ["product_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_competitor_prices_store_id"), ["store_id"], unique=False
        )

    op.create_table(
        "customers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("gender", sa.String(40), nullable=True),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("class_id", sa.Uuid(), nullable=True),
        sa.Column("home_store_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.String(40), nullable=True),
        sa.Column("consented_on", sa.Date(), nullable=True),
        sa.Column("tags", sa.Text(), nullable=True),
        sa.Column("email", sa.String(length=120), nullable=True),
        sa.Column("wechat", sa.String(length=60), nullable=True),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["customer_classes.id"], name=op.f("fk_customers_class_id")
        ),
        sa.ForeignKeyConstraint(
            ["home_store_id"], ["stores.id"], name=op.f("fk_customers_home_store_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["employees.id"], name=op.f("fk_customers_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_class_id"), ["class_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_customers_home_store_id"), ["home_store_id"], unique=False
        )
        batch_op.create_index(
            "ix_customers_order",
            ["chain_id", "name", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_customers_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(
            "uq_customers_phone",
            ["chain_id", "phone"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "purchase_order_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["purchase_orders.id"], name=op.f("fk_purchase_order_lines_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_purchase_order_lines_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_order_lines")),
    )
    with op.batch_alter_table("purchase_order_lines", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_purchase_order_lines_chain_id"), ["chain_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_purchase_order_lines_order_id"), ["order_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_purchase_order_lines_product_id"), ["product_id"], unique=False
        )

    op.create_table(
        "customer_days",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("is_lunar", sa.Boolean(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_days_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_days")),
    )
    with op.batch_alter_table("customer_days", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_days_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_customer_days_customer_id"), ["customer_id"], unique=False
        )

    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("equipment_id", sa.Uuid(), nullable=True),
        sa.Column("reminder_days", sa.String(length=60), nullable=False),
        sa.Column("issuer", sa.String(length=120), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["equipment_id"], ["equipment.id"], name=op.f("fk_documents_equipment_id")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_documents_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_documents_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_documents_equipment_id"), ["equipment_id"], unique=False
        )
        batch_op.create_index(
            "ix_documents_order",
            ["chain_id", "valid_until", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_documents_store_id"), ["store_id"], unique=False)

    op.create_table(
        "health_profiles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("consent_on", sa.Date(), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=True),
        sa.Column("allergies", sa.Text(), nullable=True),
        sa.Column("history", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_health_profiles_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_profiles")),
    )
    with op.batch_alter_table("health_profiles", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_health_profiles_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_health_profiles_customer_id"), ["customer_id"], unique=False
        )
        batch_op.create_index(
            "ix_health_profiles_order",
            ["chain_id", "code", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_health_profiles_code",
            ["chain_id", "code"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_health_profiles_customer_id",
            ["chain_id", "customer_id"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.create_table(
        "members",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("tier_id", sa.Uuid(), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("referred_by_id", sa.Uuid(), nullable=True),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_members_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["referred_by_id"], ["customers.id"], name=op.f("fk_members_referred_by_id")
        ),
        sa.ForeignKeyConstraint(["tier_id"], ["member_tiers.id"], name=op.f("fk_members_tier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_members_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_members_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(
            "ix_members_order",
            ["chain_id", "number", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_members_referred_by_id"), ["referred_by_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_members_tier_id"), ["tier_id"], unique=False)
        batch_op.create_index(
            "uq_members_customer_id",
            ["chain_id", "customer_id"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_members_number",
            ["chain_id", "number"],
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    with op.batch_alter_table("areas", schema=None) as batch_op:
        batch_op.add_column(sa.Column("search_words", sa.Text(), nullable=False, server_default=""))

    points_to = sa.ForeignKey("equipment_types.id", name=op.f("fk_equipment_model_id"))
    op.add_column(
        "equipment",
        sa.Column("model_id", sa.Uuid(), points_to, nullable=True),
        inline_references=True,
    )
    with op.batch_alter_table("equipment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("search_words", sa.Text(), nullable=False, server_default=""))
        batch_op.create_index(batch_op.f("ix_equipment_model_id"), ["model_id"], unique=False)

    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suitable_for", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("not_suitable_for", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("advice", sa.Text(), nullable=True))

    with op.batch_alter_table("regions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("search_words", sa.Text(), nullable=False, server_default=""))

    with op.batch_alter_table("stores", schema=None) as batch_op:
        batch_op.add_column(sa.Column("search_words", sa.Text(), nullable=False, server_default=""))

    with op.batch_alter_table("suppliers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bank_account", sa.Text(), nullable=True))

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("search_words", sa.Text(), nullable=False, server_default=""))

    for table, columns in SEARCHED.items():
        _keep_search_words(table, columns)
    _grant()


def downgrade() -> None:
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("search_words")

    with op.batch_alter_table("suppliers", schema=None) as batch_op:
        batch_op.drop_column("bank_account")

    with op.batch_alter_table("stores", schema=None) as batch_op:
        batch_op.drop_column("search_words")

    with op.batch_alter_table("regions", schema=None) as batch_op:
        batch_op.drop_column("search_words")

    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_column("advice")
        batch_op.drop_column("not_suitable_for")
        batch_op.drop_column("suitable_for")

    with op.batch_alter_table("equipment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_equipment_model_id"))
        batch_op.drop_column("search_words")
        batch_op.drop_column("model_id")

    with op.batch_alter_table("areas", schema=None) as batch_op:
        batch_op.drop_column("search_words")

    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_members_number",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "uq_members_customer_id",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_members_tier_id"))
        batch_op.drop_index(batch_op.f("ix_members_referred_by_id"))
        batch_op.drop_index(
            "ix_members_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_members_customer_id"))
        batch_op.drop_index(batch_op.f("ix_members_chain_id"))

    op.drop_table("members")
    with op.batch_alter_table("health_profiles", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_health_profiles_customer_id",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "uq_health_profiles_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_health_profiles_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_health_profiles_customer_id"))
        batch_op.drop_index(batch_op.f("ix_health_profiles_chain_id"))

    op.drop_table("health_profiles")
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_documents_store_id"))
        batch_op.drop_index(
            "ix_documents_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_documents_equipment_id"))
        batch_op.drop_index(batch_op.f("ix_documents_chain_id"))

    op.drop_table("documents")
    with op.batch_alter_table("customer_days", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_days_customer_id"))
        batch_op.drop_index(batch_op.f("ix_customer_days_chain_id"))

    op.drop_table("customer_days")
    with op.batch_alter_table("purchase_order_lines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_purchase_order_lines_product_id"))
        batch_op.drop_index(batch_op.f("ix_purchase_order_lines_order_id"))
        batch_op.drop_index(batch_op.f("ix_purchase_order_lines_chain_id"))

    op.drop_table("purchase_order_lines")
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_customers_phone",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_customers_owner_id"))
        batch_op.drop_index(
            "ix_customers_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_customers_home_store_id"))
        batch_op.drop_index(batch_op.f("ix_customers_class_id"))
        batch_op.drop_index(batch_op.f("ix_customers_chain_id"))

    op.drop_table("customers")
    with op.batch_alter_table("competitor_prices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_competitor_prices_store_id"))
        batch_op.drop_index(batch_op.f("ix_competitor_prices_product_id"))
        batch_op.drop_index(
            "ix_competitor_prices_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_competitor_prices_competitor_id"))
        batch_op.drop_index(batch_op.f("ix_competitor_prices_chain_id"))

    op.drop_table("competitor_prices")
    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificates_store_id"))
        batch_op.drop_index(
            "ix_certificates_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_certificates_employee_id"))
        batch_op.drop_index(batch_op.f("ix_certificates_chain_id"))

    op.drop_table("certificates")
    with op.batch_alter_table("supplier_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_supplier_items_supplier_id"))
        batch_op.drop_index(batch_op.f("ix_supplier_items_product_id"))
        batch_op.drop_index(
            "ix_supplier_items_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_supplier_items_chain_id"))

    op.drop_table("supplier_items")
    with op.batch_alter_table("service_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_items_service_id"))
        batch_op.drop_index(batch_op.f("ix_service_items_product_id"))
        batch_op.drop_index(batch_op.f("ix_service_items_chain_id"))

    op.drop_table("service_items")
    with op.batch_alter_table("purchase_orders", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_purchase_orders_number",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_purchase_orders_supplier_id"))
        batch_op.drop_index(batch_op.f("ix_purchase_orders_store_id"))
        batch_op.drop_index(
            "ix_purchase_orders_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_purchase_orders_chain_id"))

    op.drop_table("purchase_orders")
    with op.batch_alter_table("product_units", schema=None) as batch_op:
        batch_op.drop_index("uq_product_units_barcode")
        batch_op.drop_index(batch_op.f("ix_product_units_product_id"))
        batch_op.drop_index(batch_op.f("ix_product_units_chain_id"))

    op.drop_table("product_units")
    with op.batch_alter_table("price_lines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_price_lines_product_id"))
        batch_op.drop_index(batch_op.f("ix_price_lines_price_list_id"))
        batch_op.drop_index(batch_op.f("ix_price_lines_chain_id"))

    op.drop_table("price_lines")
    with op.batch_alter_table("partners", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_partners_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_partners_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_partners_contract_id"))
        batch_op.drop_index(batch_op.f("ix_partners_chain_id"))

    op.drop_table("partners")
    with op.batch_alter_table("holidays", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_holidays_on",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_holidays_store_id"))
        batch_op.drop_index(
            "ix_holidays_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_holidays_chain_id"))

    op.drop_table("holidays")
    with op.batch_alter_table("employees", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_employees_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_employees_user_id"))
        batch_op.drop_index(batch_op.f("ix_employees_store_id"))
        batch_op.drop_index(batch_op.f("ix_employees_post_id"))
        batch_op.drop_index(
            "ix_employees_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_employees_chain_id"))

    op.drop_table("employees")
    with op.batch_alter_table("competitors", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_competitors_name",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_competitors_store_id"))
        batch_op.drop_index(
            "ix_competitors_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_competitors_chain_id"))

    op.drop_table("competitors")
    with op.batch_alter_table("supplier_contacts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_supplier_contacts_supplier_id"))
        batch_op.drop_index(batch_op.f("ix_supplier_contacts_chain_id"))

    op.drop_table("supplier_contacts")
    with op.batch_alter_table("spare_parts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_spare_parts_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_spare_parts_supplier_id"))
        batch_op.drop_index(
            "ix_spare_parts_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_spare_parts_chain_id"))

    op.drop_table("spare_parts")
    with op.batch_alter_table("price_lists", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_price_lists_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_price_lists_tier_id"))
        batch_op.drop_index(
            "ix_price_lists_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_price_lists_class_id"))
        batch_op.drop_index(batch_op.f("ix_price_lists_chain_id"))

    op.drop_table("price_lists")
    with op.batch_alter_table("package_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_package_items_service_id"))
        batch_op.drop_index(batch_op.f("ix_package_items_package_id"))
        batch_op.drop_index(batch_op.f("ix_package_items_chain_id"))

    op.drop_table("package_items")
    with op.batch_alter_table("contracts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_contracts_number",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_contracts_supplier_id"))
        batch_op.drop_index(
            "ix_contracts_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_contracts_chain_id"))

    op.drop_table("contracts")
    with op.batch_alter_table("teams", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_teams_name",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_teams_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_teams_chain_id"))

    op.drop_table("teams")
    with op.batch_alter_table("skills", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_skills_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_skills_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_skills_chain_id"))

    op.drop_table("skills")
    with op.batch_alter_table("services", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_services_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_services_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_services_chain_id"))

    op.drop_table("services")
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_posts_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_posts_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_posts_chain_id"))

    op.drop_table("posts")
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_policies_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_policies_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_policies_chain_id"))

    op.drop_table("policies")
    with op.batch_alter_table("packages", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_packages_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_packages_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_packages_chain_id"))

    op.drop_table("packages")
    with op.batch_alter_table("member_tiers", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_member_tiers_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_member_tiers_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_member_tiers_chain_id"))

    op.drop_table("member_tiers")
    with op.batch_alter_table("equipment_types", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_equipment_types_name",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_equipment_types_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_equipment_types_chain_id"))

    op.drop_table("equipment_types")
    with op.batch_alter_table("customer_classes", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_customer_classes_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_customer_classes_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_customer_classes_chain_id"))

    op.drop_table("customer_classes")
    with op.batch_alter_table("conditions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_conditions_code",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_conditions_order",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_conditions_chain_id"))

    op.drop_table("conditions")

"""The first tables.

Lock: none that anybody waits for; every table is new.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001_first_tables"
down_revision = None
branch_labels = None
depends_on = None


#: Rows of these tables are written once: referrals as received, and the trail of what was done.
KEPT_FOR_EVER = (
    "referrals",
    "referral_amendments",
    "person_records",
    "risk_assessments",
    "contact_attempts",
    "audit_events",
)

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are kept as written', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$
"""


def upgrade() -> None:
    op.execute(REFUSE_CHANGE)
    op.create_table(
        "agencies",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("fire", "ambulance", "police", "partner", name="agencykind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("rule_pack", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agencies")),
        sa.UniqueConstraint("code", name=op.f("uq_agencies_code")),
        sa.UniqueConstraint("name", name=op.f("uq_agencies_name")),
    )
    op.create_table(
        "areas",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("borough_code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["borough_code"], ["areas.code"], name=op.f("fk_areas_borough_code_areas")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_areas")),
    )
    op.create_table(
        "outbox",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["created_at", "id"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL AND problem = ''"),
    )
    op.create_table(
        "people",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_table(
        "users",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("temporary_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "sessions",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "gazetteer_addresses",
        sa.Column("uprn", sa.Text(), nullable=False),
        sa.Column("flat", sa.Text(), nullable=False),
        sa.Column("building", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("locality", sa.Text(), nullable=False),
        sa.Column("town", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("borough_code", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("address_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["borough_code"], ["areas.code"], name=op.f("fk_gazetteer_addresses_borough_code_areas")
        ),
        sa.PrimaryKeyConstraint("uprn", name=op.f("pk_gazetteer_addresses")),
    )
    op.create_index(op.f("ix_gazetteer_addresses_address_key"), "gazetteer_addresses", ["address_key"], unique=False)
    op.create_index(op.f("ix_gazetteer_addresses_postcode"), "gazetteer_addresses", ["postcode"], unique=False)
    op.create_table(
        "import_runs",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("handed_in_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("stored_as", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "PREVIEWING",
                "PREVIEWED",
                "QUEUED",
                "RUNNING",
                "CANCELLING",
                "CANCELLED",
                "FINISHED",
                "FAILED",
                name="importstate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("preview", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("joined", sa.Integer(), nullable=False),
        sa.Column("review", sa.Integer(), nullable=False),
        sa.Column("amended", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("to_confirm", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_import_runs_agency_id_agencies")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_import_runs_created_by_users")),
        sa.ForeignKeyConstraint(
            ["handed_in_by_id"], ["agencies.id"], name=op.f("fk_import_runs_handed_in_by_id_agencies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
    )
    op.create_index(op.f("ix_import_runs_agency_id"), "import_runs", ["agency_id"], unique=False)
    op.create_index("ix_import_runs_created_at_id", "import_runs", ["created_at", "id"], unique=False)
    op.create_table(
        "premises",
        sa.Column("uprn", sa.Text(), nullable=True),
        sa.Column(
            "status",
            sa.Enum("matched", "unmatched", "no_fixed_abode", name="addressstatus", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("flat", sa.Text(), nullable=False),
        sa.Column("building", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("locality", sa.Text(), nullable=False),
        sa.Column("town", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("address_text", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=True),
        sa.Column("borough_code", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("confidential_reason", sa.Text(), nullable=False),
        sa.Column("confidential_review_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["borough_code"], ["areas.code"], name=op.f("fk_premises_borough_code_areas")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_premises")),
    )
    op.create_index(
        "ix_premises_address_key",
        "premises",
        ["address_key"],
        unique=False,
        postgresql_where=sa.text("address_key IS NOT NULL"),
    )
    op.create_index("ix_premises_postcode", "premises", ["postcode"], unique=False)
    op.create_index(
        "uq_premises_uprn",
        "premises",
        ["uprn"],
        unique=True,
        postgresql_where=sa.text("uprn IS NOT NULL AND NOT confidential"),
    )
    op.create_table(
        "teams",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("station", "specialist", "ward_team", "desk", name="teamkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("is_intake_desk", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_teams_agency_id_agencies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("agency_id", "name", name=op.f("uq_teams_agency_id_name")),
    )
    op.create_index(
        "uq_teams_one_intake_desk", "teams", ["agency_id"], unique=True, postgresql_where=sa.text("is_intake_desk")
    )
    op.create_table(
        "cases",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("owner_agency_id", sa.Uuid(), nullable=False),
        sa.Column("owner_team_id", sa.Uuid(), nullable=True),
        sa.Column("owner_user_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "TRIAGE",
                "ACCEPTED",
                "ASSIGNED",
                "CONTACTING",
                "BOOKED",
                "IN_PROGRESS",
                "PARTIAL",
                "NO_ACCESS",
                "REFUSED",
                "UNABLE",
                "COMPLETED",
                "FOLLOW_UP",
                "ON_HOLD",
                "SIGNPOSTED_LOW",
                "REJECTED",
                "REDIRECTED",
                "CLOSED",
                name="casestate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "is_open",
            sa.Boolean(),
            sa.Computed("state NOT IN ('SIGNPOSTED_LOW', 'REJECTED', 'REDIRECTED', 'CLOSED')", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "risk_level",
            sa.Enum("VERY_HIGH", "HIGH", "MEDIUM", "LOW", name="risklevel", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("risk_rank", sa.SmallInteger(), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("act_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_action", sa.Text(), nullable=False),
        sa.Column("next_action_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "COMPLETED",
                "COMPLETED_PARTIAL",
                "REFUSED_AT_DOOR",
                "REFUSED_BY_PHONE",
                "NO_ACCESS_NO_REPLY",
                "NO_ACCESS_UNSAFE",
                "NOT_CONTACTABLE",
                "MOVED_AWAY",
                "DECEASED",
                "HOSPITAL_OR_RESPITE",
                "WRONG_ADDRESS",
                "VACANT_OR_DEMOLISHED",
                "ALREADY_VISITED",
                "DUPLICATE",
                "NOT_ELIGIBLE_LOW_RISK",
                "REDIRECTED_OUT_OF_AREA",
                "CANCELLED_BY_RESIDENT",
                "CANCELLED_BY_SERVICE",
                "LANDLORD_RESPONSIBLE",
                name="visitoutcome",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "reject_reason",
            sa.Enum(
                "NOT_ELIGIBLE",
                "OUT_OF_AREA",
                "NOT_ENOUGH_INFORMATION",
                "ALREADY_VISITED",
                "LANDLORD_RESPONSIBLE",
                "DECEASED",
                name="rejectreason",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "hold_reason",
            sa.Enum(
                "IN_HOSPITAL",
                "AWAITING_INFORMATION",
                "RESIDENT_AWAY",
                "AWAITING_PARTNER",
                "UNSAFE_TO_VISIT",
                name="holdreason",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("premises_id", sa.Uuid(), nullable=False),
        sa.Column("borough_code", sa.Text(), nullable=True),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("staff_safety", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("contact_constraints", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("referrer_kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("referral_count", sa.Integer(), nullable=False),
        sa.Column("last_referral_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "NOT (state NOT IN ('SIGNPOSTED_LOW', 'REJECTED', 'REDIRECTED', 'CLOSED')) OR ((owner_team_id IS NOT NULL OR owner_user_id IS NOT NULL) AND next_action_at IS NOT NULL)",
            name=op.f("ck_cases_open_has_owner_and_next_action"),
        ),
        sa.ForeignKeyConstraint(["borough_code"], ["areas.code"], name=op.f("fk_cases_borough_code_areas")),
        sa.ForeignKeyConstraint(["owner_agency_id"], ["agencies.id"], name=op.f("fk_cases_owner_agency_id_agencies")),
        sa.ForeignKeyConstraint(["owner_team_id"], ["teams.id"], name=op.f("fk_cases_owner_team_id_teams")),
        sa.ForeignKeyConstraint(["owner_user_id"], ["users.id"], name=op.f("fk_cases_owner_user_id_users")),
        sa.ForeignKeyConstraint(["premises_id"], ["premises.id"], name=op.f("fk_cases_premises_id_premises")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("reference", name=op.f("uq_cases_reference")),
    )
    op.create_index(
        "ix_cases_all", "cases", ["risk_rank", "act_by", "id"], unique=False, postgresql_where=sa.text("is_open")
    )
    op.create_index("ix_cases_opened", "cases", ["owner_agency_id", "opened_at", "id"], unique=False)
    op.create_index(
        "ix_cases_owner_team",
        "cases",
        ["owner_team_id", "risk_rank", "act_by", "id"],
        unique=False,
        postgresql_where=sa.text("is_open"),
    )
    op.create_index(
        "ix_cases_owner_user",
        "cases",
        ["owner_user_id", "risk_rank", "act_by", "id"],
        unique=False,
        postgresql_where=sa.text("is_open"),
    )
    op.create_index("ix_cases_premises_id_opened_at", "cases", ["premises_id", "opened_at"], unique=False)
    op.create_index(
        "ix_cases_queue",
        "cases",
        ["owner_agency_id", "risk_rank", "act_by", "id"],
        unique=False,
        postgresql_where=sa.text("is_open"),
    )
    op.create_table(
        "households",
        sa.Column("premises_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["premises_id"], ["premises.id"], name=op.f("fk_households_premises_id_premises")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_households")),
    )
    op.create_index(op.f("ix_households_premises_id"), "households", ["premises_id"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column(
            "role",
            sa.Enum(
                "field_officer",
                "coordinator",
                "supervisor",
                "administrator",
                "partner_referrer",
                name="role",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_memberships_agency_id_agencies")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_memberships_team_id_teams")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("user_id", "agency_id", name=op.f("uq_memberships_user_id_agency_id")),
    )
    op.create_index(op.f("ix_memberships_agency_id"), "memberships", ["agency_id"], unique=False)
    op.create_index(op.f("ix_memberships_team_id"), "memberships", ["team_id"], unique=False)
    op.create_table(
        "outreach",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "HOT_STRIKE", "CAMPAIGN", "COMMUNITY_EVENT", "TALK", name="outreachkind", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("incident_ref", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("head_count", sa.Integer(), nullable=True),
        sa.Column("leaflets", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_outreach_agency_id_agencies")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_outreach_created_by_users")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_outreach_team_id_teams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach")),
    )
    op.create_index("ix_outreach_agency_id_held_on_id", "outreach", ["agency_id", "held_on", "id"], unique=False)
    op.create_table(
        "referrals",
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=False),
        sa.Column("source_ref", sa.Text(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "WEB_FORM",
                "API_FHIR",
                "API_JSON",
                "CSV",
                "PHONE",
                "EMAIL_TRANSCRIBED",
                "ONLINE_CHECKER",
                "IN_PERSON",
                name="channel",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("concern_observed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("referred_by", sa.Uuid(), nullable=True),
        sa.Column("referrer_name", sa.Text(), nullable=False),
        sa.Column("referrer_team", sa.Text(), nullable=False),
        sa.Column("referrer_contact", sa.Text(), nullable=False),
        sa.Column("feedback_to", sa.Text(), nullable=False),
        sa.Column("premises_id", sa.Uuid(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("immediate_danger", sa.Boolean(), nullable=False),
        sa.Column("narrative", sa.Text(), nullable=False),
        sa.Column("household_flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "current_location",
            sa.Enum(
                "HOME",
                "HOSPITAL",
                "RESPITE",
                "CUSTODY",
                "UNKNOWN",
                name="currentlocation",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("location_detail", sa.Text(), nullable=False),
        sa.Column(
            "told",
            sa.Enum(
                "YES", "NO_UNSAFE", "NO_UNABLE", "NO_OTHER", "NOT_RECORDED", name="told", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("told_detail", sa.Text(), nullable=False),
        sa.Column(
            "agrees", sa.Enum("YES", "NO", "NOT_ASKED", name="agrees", native_enum=False, length=40), nullable=False
        ),
        sa.Column(
            "capacity_concern",
            sa.Enum("YES", "NO", "UNKNOWN", name="capacityconcern", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "lawful_basis",
            sa.Enum("PUBLIC_TASK", "VITAL_INTERESTS", "SAFEGUARDING", name="lawfulbasis", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "sharing_preference",
            sa.Enum(
                "AGREES", "REFUSES", "NOT_ASKED", "OVERRIDDEN", name="sharingpreference", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("staff_safety", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("contact_constraints", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("source_grade", sa.Text(), nullable=False),
        sa.Column("source_grade_scheme", sa.Text(), nullable=False),
        sa.Column("other_agencies_told", sa.Text(), nullable=False),
        sa.Column("suspect", sa.Boolean(), nullable=False),
        sa.Column("original", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_referrals_agency_id_agencies")),
        sa.ForeignKeyConstraint(["premises_id"], ["premises.id"], name=op.f("fk_referrals_premises_id_premises")),
        sa.ForeignKeyConstraint(["referred_by"], ["users.id"], name=op.f("fk_referrals_referred_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
        sa.UniqueConstraint("receipt", name=op.f("uq_referrals_receipt")),
        sa.UniqueConstraint("source_system", "source_ref", name=op.f("uq_referrals_source_system_source_ref")),
    )
    op.create_index(
        "ix_referrals_agency_id_received_at_id", "referrals", ["agency_id", "received_at", "id"], unique=False
    )
    op.create_index("ix_referrals_premises_id", "referrals", ["premises_id"], unique=False)
    op.create_index(
        "ix_referrals_referred_by_received_at_id", "referrals", ["referred_by", "received_at", "id"], unique=False
    )
    op.create_table(
        "team_areas",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_team_areas_area_code_areas")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_areas_team_id_teams")),
        sa.PrimaryKeyConstraint("team_id", "area_code", name=op.f("pk_team_areas")),
    )
    op.create_index(op.f("ix_team_areas_area_code"), "team_areas", ["area_code"], unique=False)
    op.create_table(
        "alerts",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["users.id"], name=op.f("fk_alerts_acknowledged_by_users")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_alerts_agency_id_agencies")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_alerts_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "ix_alerts_open",
        "alerts",
        ["agency_id", "raised_at", "id"],
        unique=False,
        postgresql_where=sa.text("acknowledged_at IS NULL"),
    )
    op.create_index(
        "uq_alerts_one_open_per_case",
        "alerts",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("acknowledged_at IS NULL"),
    )
    op.create_table(
        "assignments",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["assigned_by"], ["users.id"], name=op.f("fk_assignments_assigned_by_users")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_assignments_case_id_cases")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_assignments_team_id_teams")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_assignments_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    op.create_index(op.f("ix_assignments_case_id"), "assignments", ["case_id"], unique=False)
    op.create_table(
        "audit_events",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "tag",
            sa.Enum(
                "account:signed_in",
                "account:sign_in_failed",
                "account:locked_out",
                "account:signed_out",
                "account:password_changed",
                "account:saved",
                "agency:saved",
                "team:saved",
                "referral:received",
                "referral:joined",
                "referral:amended",
                "referral:separated",
                "import:started",
                "import:finished",
                "import:cancelled",
                "import:reported",
                "case:opened",
                "case:viewed",
                "case:reopened",
                "case:assessed",
                "case:risk_overridden",
                "case:escalated",
                "case:accepted",
                "case:rejected",
                "case:redirected",
                "case:signposted",
                "case:held",
                "case:resumed",
                "case:assigned",
                "case:contacted",
                "case:noted",
                "case:closed",
                "case:exported",
                "alert:raised",
                "alert:acknowledged",
                "address:revealed",
                "match:found",
                "match:answered",
                "visit:booked",
                "visit:started",
                "visit:interrupted",
                "visit:finished",
                "visit:cancelled",
                "outreach:saved",
                "followup:planned",
                "followup:fell_due",
                "followup:done",
                "followup:cancelled",
                "followup:reassigned",
                "onward:referred",
                "referrer:told",
                "demonstration:begun",
                "demonstration:loaded",
                "message:retried",
                name="audittag",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_audit_events_agency_id_agencies")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_audit_events_case_id_cases")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_audit_events_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index("ix_audit_events_at", "audit_events", ["at", "id"], unique=False)
    op.create_index("ix_audit_events_case_id_at_id", "audit_events", ["case_id", "at", "id"], unique=False)
    op.create_index("ix_audit_events_subject", "audit_events", ["subject_id", "at"], unique=False)
    op.create_table(
        "case_involvements",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_case_involvements_agency_id_agencies")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_involvements_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "agency_id", name=op.f("pk_case_involvements")),
    )
    op.create_index(op.f("ix_case_involvements_agency_id"), "case_involvements", ["agency_id"], unique=False)
    op.create_table(
        "case_notes",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_case_notes_agency_id_agencies")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_case_notes_author_id_users")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_notes_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_notes")),
    )
    op.create_index(op.f("ix_case_notes_case_id"), "case_notes", ["case_id"], unique=False)
    op.create_table(
        "case_search",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("document", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_search_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_search")),
    )
    op.create_index("ix_case_search_document", "case_search", ["document"], unique=False, postgresql_using="gin")
    op.create_table(
        "contact_attempts",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "PHONE",
                "TEXT",
                "EMAIL",
                "LETTER",
                "DOORSTEP",
                "REFERRER",
                name="contactmethod",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "result",
            sa.Enum(
                "SPOKE",
                "NO_REPLY",
                "LEFT_MESSAGE",
                "WRONG_NUMBER",
                "REFUSED",
                "CALL_BACK",
                name="contactresult",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_contact_attempts_case_id_cases")),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_contact_attempts_made_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_attempts")),
    )
    op.create_index(op.f("ix_contact_attempts_case_id"), "contact_attempts", ["case_id"], unique=False)
    op.create_table(
        "import_rows",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "NEW",
                "JOINED",
                "REVIEW",
                "AMENDED",
                "UNCHANGED",
                "TO_CONFIRM",
                "REFUSED",
                name="rowoutcome",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("original", sa.JSON(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_import_rows_referral_id_referrals")),
        sa.ForeignKeyConstraint(["run_id"], ["import_runs.id"], name=op.f("fk_import_rows_run_id_import_runs")),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_import_rows")),
    )
    op.create_table(
        "match_candidates",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("p_same_person", sa.Double(), nullable=False),
        sa.Column("p_same_household", sa.Double(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("contributions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "answer",
            sa.Enum(
                "same_concern",
                "same_home_same_concern",
                "same_person_new_concern",
                "same_household",
                "not_related",
                name="reviewanswer",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answer_reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["answered_by"], ["users.id"], name=op.f("fk_match_candidates_answered_by_users")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_match_candidates_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_match_candidates_referral_id_referrals")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_candidates")),
        sa.UniqueConstraint("referral_id", "case_id", name=op.f("uq_match_candidates_referral_id_case_id")),
    )
    op.create_index("ix_match_candidates_case_id", "match_candidates", ["case_id"], unique=False)
    op.create_index(
        "ix_match_candidates_open",
        "match_candidates",
        ["found_at", "id"],
        unique=False,
        postgresql_where=sa.text("answer IS NULL"),
    )
    op.create_table(
        "messages",
        sa.Column("effect_key", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum("WAITING", "SENT", "FAILED", name="messagestate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_messages_agency_id_agencies")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_messages_case_id_cases")),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_messages_referral_id_referrals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("effect_key", name=op.f("uq_messages_effect_key")),
    )
    op.create_index("ix_messages_agency_id_created_at_id", "messages", ["agency_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_messages_waiting", "messages", ["try_at", "id"], unique=False, postgresql_where=sa.text("state = 'WAITING'")
    )
    op.create_table(
        "outreach_doors",
        sa.Column("outreach_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("premises_id", sa.Uuid(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "COMPLETED",
                "COMPLETED_PARTIAL",
                "REFUSED_AT_DOOR",
                "REFUSED_BY_PHONE",
                "NO_ACCESS_NO_REPLY",
                "NO_ACCESS_UNSAFE",
                "NOT_CONTACTABLE",
                "MOVED_AWAY",
                "DECEASED",
                "HOSPITAL_OR_RESPITE",
                "WRONG_ADDRESS",
                "VACANT_OR_DEMOLISHED",
                "ALREADY_VISITED",
                "DUPLICATE",
                "NOT_ELIGIBLE_LOW_RISK",
                "REDIRECTED_OUT_OF_AREA",
                "CANCELLED_BY_RESIDENT",
                "CANCELLED_BY_SERVICE",
                "LANDLORD_RESPONSIBLE",
                name="visitoutcome",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("alarms_fitted", sa.Integer(), nullable=False),
        sa.Column("leaflet_left", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("knocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("knocked_by", sa.Uuid(), nullable=True),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["knocked_by"], ["users.id"], name=op.f("fk_outreach_doors_knocked_by_users")),
        sa.ForeignKeyConstraint(["outreach_id"], ["outreach.id"], name=op.f("fk_outreach_doors_outreach_id_outreach")),
        sa.ForeignKeyConstraint(["premises_id"], ["premises.id"], name=op.f("fk_outreach_doors_premises_id_premises")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_outreach_doors_referral_id_referrals")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_doors")),
    )
    op.create_index(
        "ix_outreach_doors_outreach_id_position", "outreach_doors", ["outreach_id", "position"], unique=False
    )
    op.create_index(op.f("ix_outreach_doors_premises_id"), "outreach_doors", ["premises_id"], unique=False)
    op.create_table(
        "person_records",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("premises_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("dob", sa.Date(), nullable=True),
        sa.Column("age", sa.Integer(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("nhs_number", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("interpreter", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_person_records_agency_id_agencies")),
        sa.ForeignKeyConstraint(["premises_id"], ["premises.id"], name=op.f("fk_person_records_premises_id_premises")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_person_records_referral_id_referrals")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_records")),
    )
    op.create_index(op.f("ix_person_records_premises_id"), "person_records", ["premises_id"], unique=False)
    op.create_index(
        "ix_person_records_referral_id_created_at", "person_records", ["referral_id", "created_at"], unique=False
    )
    op.create_table(
        "referral_amendments",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("original", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("said", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_referral_amendments_made_by_users")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_referral_amendments_referral_id_referrals")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_amendments")),
    )
    op.create_index(op.f("ix_referral_amendments_referral_id"), "referral_amendments", ["referral_id"], unique=False)
    op.create_table(
        "proposed_amendments",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("sent_by_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("said", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("original", sa.JSON(), nullable=False),
        sa.Column("about_another", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "WAITING",
                "ACCEPTED",
                "DECLINED",
                "REPLACED",
                name="proposalstate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_proposed_amendments_referral_id_referrals")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_proposed_amendments_agency_id_agencies")),
        sa.ForeignKeyConstraint(
            ["sent_by_id"], ["agencies.id"], name=op.f("fk_proposed_amendments_sent_by_id_agencies")
        ),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name=op.f("fk_proposed_amendments_settled_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposed_amendments")),
    )
    op.create_index(
        "ix_proposed_amendments_referral_id_proposed_at",
        "proposed_amendments",
        ["referral_id", "proposed_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_proposed_amendments_waiting",
        "proposed_amendments",
        ["agency_id", "proposed_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'WAITING'"),
    )
    op.create_table(
        "referral_links",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("added", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_referral_links_case_id_cases")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_referral_links_decided_by_users")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_referral_links_referral_id_referrals")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_links")),
    )
    op.create_index("ix_referral_links_case_id", "referral_links", ["case_id"], unique=False)
    op.create_index(
        "uq_referral_links_open",
        "referral_links",
        ["referral_id"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "visits",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("outreach_id", sa.Uuid(), nullable=True),
        sa.Column("premises_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("officer_id", sa.Uuid(), nullable=True),
        sa.Column(
            "visit_type",
            sa.Enum(
                "HFSV",
                "SAFE_AND_WELL",
                "HOT_STRIKE",
                "FOLLOW_UP",
                "EQUIPMENT_FIT_ONLY",
                "TELEPHONE",
                "CRIME_PREVENTION",
                "FRAUD_VICTIM",
                "TARGET_HARDENING",
                "WELFARE_CHECK",
                "JOINT",
                name="visittype",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "BOOKED",
                "STARTED",
                "INTERRUPTED",
                "FINISHED",
                "CANCELLED",
                name="visitstate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_by", sa.Uuid(), nullable=True),
        sa.Column("access_note", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("interrupted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "COMPLETED",
                "COMPLETED_PARTIAL",
                "REFUSED_AT_DOOR",
                "REFUSED_BY_PHONE",
                "NO_ACCESS_NO_REPLY",
                "NO_ACCESS_UNSAFE",
                "NOT_CONTACTABLE",
                "MOVED_AWAY",
                "DECEASED",
                "HOSPITAL_OR_RESPITE",
                "WRONG_ADDRESS",
                "VACANT_OR_DEMOLISHED",
                "ALREADY_VISITED",
                "DUPLICATE",
                "NOT_ELIGIBLE_LOW_RISK",
                "REDIRECTED_OUT_OF_AREA",
                "CANCELLED_BY_RESIDENT",
                "CANCELLED_BY_SERVICE",
                "LANDLORD_RESPONSIBLE",
                name="visitoutcome",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "risk_before",
            sa.Enum("VERY_HIGH", "HIGH", "MEDIUM", "LOW", name="risklevel", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column(
            "risk_after",
            sa.Enum("VERY_HIGH", "HIGH", "MEDIUM", "LOW", name="risklevel", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_visits_agency_id_agencies")),
        sa.ForeignKeyConstraint(["booked_by"], ["users.id"], name=op.f("fk_visits_booked_by_users")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_visits_case_id_cases")),
        sa.ForeignKeyConstraint(["officer_id"], ["users.id"], name=op.f("fk_visits_officer_id_users")),
        sa.ForeignKeyConstraint(["outreach_id"], ["outreach.id"], name=op.f("fk_visits_outreach_id_outreach")),
        sa.ForeignKeyConstraint(["premises_id"], ["premises.id"], name=op.f("fk_visits_premises_id_premises")),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_visits_recorded_by_users")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_visits_team_id_teams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        sa.UniqueConstraint("reference", name=op.f("uq_visits_reference")),
    )
    op.create_index(op.f("ix_visits_case_id"), "visits", ["case_id"], unique=False)
    op.create_index(
        "ix_visits_officer",
        "visits",
        ["officer_id", "scheduled_at", "id"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index(op.f("ix_visits_outreach_id"), "visits", ["outreach_id"], unique=False)
    op.create_index("ix_visits_premises_id_finished_at", "visits", ["premises_id", "finished_at"], unique=False)
    op.create_index(
        "ix_visits_team",
        "visits",
        ["team_id", "scheduled_at", "id"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "alarm_records",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column(
            "room",
            sa.Enum(
                "HALL",
                "LANDING",
                "LIVING_ROOM",
                "KITCHEN",
                "BEDROOM_1",
                "BEDROOM_2",
                "BEDROOM_3",
                "BATHROOM",
                "OTHER",
                name="room",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "alarm_type",
            sa.Enum(
                "SMOKE_OPTICAL",
                "SMOKE_IONISATION",
                "HEAT",
                "CO",
                "COMBINED",
                "MULTISENSOR",
                name="alarmtype",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "power",
            sa.Enum(
                "BATTERY_REPLACEABLE",
                "SEALED_10YR",
                "MAINS",
                "MAINS_BACKUP",
                name="alarmpower",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("interlinked", sa.Boolean(), nullable=True),
        sa.Column("working", sa.Boolean(), nullable=True),
        sa.Column("fitted_today", sa.Boolean(), nullable=False),
        sa.Column("expiry_year", sa.SmallInteger(), nullable=True),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_alarm_records_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_records")),
    )
    op.create_index(op.f("ix_alarm_records_visit_id"), "alarm_records", ["visit_id"], unique=False)
    op.create_table(
        "blocking_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["person_records.id"], name=op.f("fk_blocking_keys_record_id_person_records")
        ),
        sa.PrimaryKeyConstraint("key", "record_id", name=op.f("pk_blocking_keys")),
    )
    op.create_index(op.f("ix_blocking_keys_record_id"), "blocking_keys", ["record_id"], unique=False)
    op.create_table(
        "clutter_ratings",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column(
            "room",
            sa.Enum(
                "HALL",
                "LANDING",
                "LIVING_ROOM",
                "KITCHEN",
                "BEDROOM_1",
                "BEDROOM_2",
                "BEDROOM_3",
                "BATHROOM",
                "OTHER",
                name="room",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("rating", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("rating BETWEEN 1 AND 9", name=op.f("ck_clutter_ratings_one_to_nine")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_clutter_ratings_visit_id_visits")),
        sa.PrimaryKeyConstraint("visit_id", "room", name=op.f("pk_clutter_ratings")),
    )
    op.create_table(
        "equipment_items",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column(
            "item",
            sa.Enum(
                "SMOKE_ALARM_SEALED_10YR",
                "HEAT_ALARM",
                "CO_ALARM",
                "HEARING_IMPAIRED_KIT",
                "TELECARE_LINKED_DETECTOR",
                "FIRE_RETARDANT_BEDDING",
                "FIRE_RETARDANT_THROW",
                "ARSON_PROOF_LETTERBOX",
                "LETTERBOX_BLANKING_PLATE",
                "METAL_MAILBOX",
                "PORTABLE_MISTING_SYSTEM",
                "SAFER_ASHTRAY",
                "DEEP_FAT_FRYER_EXCHANGE",
                "OIL_FILLED_RADIATOR",
                "EXTENSION_LEAD_SWAP",
                "CALL_BLOCKER",
                "DOOR_CHAIN_OR_LOCK",
                "VIDEO_DOORBELL",
                "PERSONAL_ALARM",
                "PROPERTY_MARKING_KIT",
                name="equipment",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "action",
            sa.Enum("FITTED", "LEFT", "ORDERED", "DECLINED", name="equipmentaction", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("quantity", sa.SmallInteger(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_equipment_items_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_items")),
    )
    op.create_index(op.f("ix_equipment_items_visit_id"), "equipment_items", ["visit_id"], unique=False)
    op.create_table(
        "household_links",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_household_links_decided_by_users")),
        sa.ForeignKeyConstraint(
            ["household_id"], ["households.id"], name=op.f("fk_household_links_household_id_households")
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["person_records.id"], name=op.f("fk_household_links_record_id_person_records")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_links")),
    )
    op.create_index("ix_household_links_household_id", "household_links", ["household_id"], unique=False)
    op.create_index(
        "uq_household_links_open",
        "household_links",
        ["record_id"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "onward_referrals",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column(
            "destination",
            sa.Enum(
                "ADULT_SOCIAL_CARE",
                "SAFEGUARDING_ADULTS",
                "CHILDRENS_MASH",
                "GP_OR_COMMUNITY_NURSING",
                "FALLS_SERVICE",
                "OCCUPATIONAL_THERAPY",
                "TELECARE",
                "MEMORY_SERVICE",
                "STOP_SMOKING",
                "DRUG_AND_ALCOHOL",
                "MENTAL_HEALTH_CRISIS",
                "HOME_OXYGEN_SERVICE",
                "HOUSING_PROVIDER",
                "ENVIRONMENTAL_HEALTH",
                "HOARDING_PANEL",
                "FUEL_POVERTY",
                "BEFRIENDING",
                "DOMESTIC_ABUSE_IDVA",
                "POLICE_SNT",
                "FRAUD_SUPPORT",
                "GAS_OR_ELECTRIC_SAFETY",
                name="onwarddestination",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "SIGNPOST",
                "REFERRAL",
                "SAFEGUARDING_CONCERN",
                "INTERNAL_TASK",
                name="onwardkind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_onward_referrals_case_id_cases")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_onward_referrals_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onward_referrals")),
    )
    op.create_index(op.f("ix_onward_referrals_case_id"), "onward_referrals", ["case_id"], unique=False)
    op.create_index(op.f("ix_onward_referrals_visit_id"), "onward_referrals", ["visit_id"], unique=False)
    op.create_table(
        "person_links",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_person_links_decided_by_users")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_person_links_person_id_people")),
        sa.ForeignKeyConstraint(
            ["record_id"], ["person_records.id"], name=op.f("fk_person_links_record_id_person_records")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_links")),
    )
    op.create_index("ix_person_links_person_id", "person_links", ["person_id"], unique=False)
    op.create_index(
        "uq_person_links_open", "person_links", ["record_id"], unique=True, postgresql_where=sa.text("valid_to IS NULL")
    )
    op.create_table(
        "risk_assessments",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column(
            "level",
            sa.Enum("VERY_HIGH", "HIGH", "MEDIUM", "LOW", name="risklevel", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("rule_pack", sa.Text(), nullable=False),
        sa.Column("rule_pack_version", sa.Text(), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assessed_by", sa.Uuid(), nullable=True),
        sa.Column("overridden", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("triggers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("factors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["assessed_by"], ["users.id"], name=op.f("fk_risk_assessments_assessed_by_users")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_risk_assessments_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_risk_assessments_referral_id_referrals")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_risk_assessments_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_assessments")),
    )
    op.create_index(
        "ix_risk_assessments_case_id_assessed_at", "risk_assessments", ["case_id", "assessed_at"], unique=False
    )
    op.create_table(
        "visit_drafts",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["saved_by"], ["users.id"], name=op.f("fk_visit_drafts_saved_by_users")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_visit_drafts_visit_id_visits")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_visit_drafts")),
    )
    op.create_table(
        "follow_ups",
        sa.Column("effect_key", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("onward_referral_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "REVISIT",
                "FIT_EQUIPMENT",
                "ORDER_EQUIPMENT",
                "CALL_BACK",
                "JOINT_VISIT",
                "SEND_LETTER",
                "RAISE_SAFEGUARDING",
                "CHASE_ONWARD_REFERRAL",
                "SHARE_WITH_CARER",
                "REVIEW_REFUSAL",
                "RECHECK_AFTER_MOVE",
                "ALARM_EXPIRY",
                "SANCTUARY_REVIEW",
                "MARAC_ACTION",
                "OPERATIONAL_RISK_FLAG",
                "FEEDBACK_TO_REFERRER",
                name="followupkind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum("WAITING", "DUE", "DONE", "CANCELLED", name="followupstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("owner_team_id", sa.Uuid(), nullable=True),
        sa.Column("owner_user_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fell_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("end_note", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "owner_team_id IS NOT NULL OR owner_user_id IS NOT NULL", name=op.f("ck_follow_ups_has_owner")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_follow_ups_agency_id_agencies")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_follow_ups_case_id_cases")),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_follow_ups_ended_by_users")),
        sa.ForeignKeyConstraint(
            ["onward_referral_id"],
            ["onward_referrals.id"],
            name=op.f("fk_follow_ups_onward_referral_id_onward_referrals"),
        ),
        sa.ForeignKeyConstraint(["owner_team_id"], ["teams.id"], name=op.f("fk_follow_ups_owner_team_id_teams")),
        sa.ForeignKeyConstraint(["owner_user_id"], ["users.id"], name=op.f("fk_follow_ups_owner_user_id_users")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_follow_ups_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
        sa.UniqueConstraint("effect_key", name=op.f("uq_follow_ups_effect_key")),
    )
    op.create_index(op.f("ix_follow_ups_case_id"), "follow_ups", ["case_id"], unique=False)
    op.create_index(
        "ix_follow_ups_ended",
        "follow_ups",
        ["agency_id", "ended_at", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_index(
        "ix_follow_ups_open",
        "follow_ups",
        ["agency_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('WAITING', 'DUE')"),
    )
    op.create_index(op.f("ix_follow_ups_owner_team_id"), "follow_ups", ["owner_team_id"], unique=False)
    op.create_index(op.f("ix_follow_ups_owner_user_id"), "follow_ups", ["owner_user_id"], unique=False)
    op.create_index(
        "ix_follow_ups_to_pick",
        "follow_ups",
        ["due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'WAITING'"),
    )
    op.create_index(op.f("ix_follow_ups_visit_id"), "follow_ups", ["visit_id"], unique=False)
    for table in KEPT_FOR_EVER:
        op.execute(
            f"CREATE TRIGGER kept_for_ever BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_index(op.f("ix_follow_ups_visit_id"), table_name="follow_ups")
    op.drop_index("ix_follow_ups_to_pick", table_name="follow_ups", postgresql_where=sa.text("state = 'WAITING'"))
    op.drop_index(op.f("ix_follow_ups_owner_user_id"), table_name="follow_ups")
    op.drop_index(op.f("ix_follow_ups_owner_team_id"), table_name="follow_ups")
    op.drop_index(
        "ix_follow_ups_open", table_name="follow_ups", postgresql_where=sa.text("state IN ('WAITING', 'DUE')")
    )
    op.drop_index("ix_follow_ups_ended", table_name="follow_ups", postgresql_where=sa.text("ended_at IS NOT NULL"))
    op.drop_index(op.f("ix_follow_ups_case_id"), table_name="follow_ups")
    op.drop_table("follow_ups")
    op.drop_table("visit_drafts")
    op.drop_index("ix_risk_assessments_case_id_assessed_at", table_name="risk_assessments")
    op.drop_table("risk_assessments")
    op.drop_index("uq_person_links_open", table_name="person_links", postgresql_where=sa.text("valid_to IS NULL"))
    op.drop_index("ix_person_links_person_id", table_name="person_links")
    op.drop_table("person_links")
    op.drop_index(op.f("ix_onward_referrals_visit_id"), table_name="onward_referrals")
    op.drop_index(op.f("ix_onward_referrals_case_id"), table_name="onward_referrals")
    op.drop_table("onward_referrals")
    op.drop_index("uq_household_links_open", table_name="household_links", postgresql_where=sa.text("valid_to IS NULL"))
    op.drop_index("ix_household_links_household_id", table_name="household_links")
    op.drop_table("household_links")
    op.drop_index(op.f("ix_equipment_items_visit_id"), table_name="equipment_items")
    op.drop_table("equipment_items")
    op.drop_table("clutter_ratings")
    op.drop_index(op.f("ix_blocking_keys_record_id"), table_name="blocking_keys")
    op.drop_table("blocking_keys")
    op.drop_index(op.f("ix_alarm_records_visit_id"), table_name="alarm_records")
    op.drop_table("alarm_records")
    op.drop_index("ix_visits_team", table_name="visits", postgresql_where=sa.text("finished_at IS NULL"))
    op.drop_index("ix_visits_premises_id_finished_at", table_name="visits")
    op.drop_index(op.f("ix_visits_outreach_id"), table_name="visits")
    op.drop_index("ix_visits_officer", table_name="visits", postgresql_where=sa.text("finished_at IS NULL"))
    op.drop_index(op.f("ix_visits_case_id"), table_name="visits")
    op.drop_table("visits")
    op.drop_index("uq_referral_links_open", table_name="referral_links", postgresql_where=sa.text("valid_to IS NULL"))
    op.drop_index("ix_referral_links_case_id", table_name="referral_links")
    op.drop_table("referral_links")
    op.drop_index(
        "ix_proposed_amendments_waiting",
        table_name="proposed_amendments",
        postgresql_where=sa.text("state = 'WAITING'"),
    )
    op.drop_index("ix_proposed_amendments_referral_id_proposed_at", table_name="proposed_amendments")
    op.drop_table("proposed_amendments")
    op.drop_index(op.f("ix_referral_amendments_referral_id"), table_name="referral_amendments")
    op.drop_table("referral_amendments")
    op.drop_index("ix_person_records_referral_id_created_at", table_name="person_records")
    op.drop_index(op.f("ix_person_records_premises_id"), table_name="person_records")
    op.drop_table("person_records")
    op.drop_index(op.f("ix_outreach_doors_premises_id"), table_name="outreach_doors")
    op.drop_index("ix_outreach_doors_outreach_id_position", table_name="outreach_doors")
    op.drop_table("outreach_doors")
    op.drop_index("ix_messages_waiting", table_name="messages", postgresql_where=sa.text("state = 'WAITING'"))
    op.drop_index("ix_messages_agency_id_created_at_id", table_name="messages")
    op.drop_table("messages")
    op.drop_index("ix_match_candidates_open", table_name="match_candidates", postgresql_where=sa.text("answer IS NULL"))
    op.drop_index("ix_match_candidates_case_id", table_name="match_candidates")
    op.drop_table("match_candidates")
    op.drop_table("import_rows")
    op.drop_index(op.f("ix_contact_attempts_case_id"), table_name="contact_attempts")
    op.drop_table("contact_attempts")
    op.drop_index("ix_case_search_document", table_name="case_search", postgresql_using="gin")
    op.drop_table("case_search")
    op.drop_index(op.f("ix_case_notes_case_id"), table_name="case_notes")
    op.drop_table("case_notes")
    op.drop_index(op.f("ix_case_involvements_agency_id"), table_name="case_involvements")
    op.drop_table("case_involvements")
    op.drop_index("ix_audit_events_subject", table_name="audit_events")
    op.drop_index("ix_audit_events_case_id_at_id", table_name="audit_events")
    op.drop_index("ix_audit_events_at", table_name="audit_events")
    op.drop_table("audit_events")
    op.drop_index(op.f("ix_assignments_case_id"), table_name="assignments")
    op.drop_table("assignments")
    op.drop_index(
        "uq_alerts_one_open_per_case", table_name="alerts", postgresql_where=sa.text("acknowledged_at IS NULL")
    )
    op.drop_index("ix_alerts_open", table_name="alerts", postgresql_where=sa.text("acknowledged_at IS NULL"))
    op.drop_table("alerts")
    op.drop_index(op.f("ix_team_areas_area_code"), table_name="team_areas")
    op.drop_table("team_areas")
    op.drop_index("ix_referrals_referred_by_received_at_id", table_name="referrals")
    op.drop_index("ix_referrals_premises_id", table_name="referrals")
    op.drop_index("ix_referrals_agency_id_received_at_id", table_name="referrals")
    op.drop_table("referrals")
    op.drop_index("ix_outreach_agency_id_held_on_id", table_name="outreach")
    op.drop_table("outreach")
    op.drop_index(op.f("ix_memberships_team_id"), table_name="memberships")
    op.drop_index(op.f("ix_memberships_agency_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_index(op.f("ix_households_premises_id"), table_name="households")
    op.drop_table("households")
    op.drop_index("ix_cases_queue", table_name="cases", postgresql_where=sa.text("is_open"))
    op.drop_index("ix_cases_premises_id_opened_at", table_name="cases")
    op.drop_index("ix_cases_owner_user", table_name="cases", postgresql_where=sa.text("is_open"))
    op.drop_index("ix_cases_owner_team", table_name="cases", postgresql_where=sa.text("is_open"))
    op.drop_index("ix_cases_opened", table_name="cases")
    op.drop_index("ix_cases_all", table_name="cases", postgresql_where=sa.text("is_open"))
    op.drop_table("cases")
    op.drop_index("uq_teams_one_intake_desk", table_name="teams", postgresql_where=sa.text("is_intake_desk"))
    op.drop_table("teams")
    op.drop_index(
        "uq_premises_uprn", table_name="premises", postgresql_where=sa.text("uprn IS NOT NULL AND NOT confidential")
    )
    op.drop_index("ix_premises_postcode", table_name="premises")
    op.drop_index("ix_premises_address_key", table_name="premises", postgresql_where=sa.text("address_key IS NOT NULL"))
    op.drop_table("premises")
    op.drop_index("ix_import_runs_created_at_id", table_name="import_runs")
    op.drop_index(op.f("ix_import_runs_agency_id"), table_name="import_runs")
    op.drop_table("import_runs")
    op.drop_index(op.f("ix_gazetteer_addresses_postcode"), table_name="gazetteer_addresses")
    op.drop_index(op.f("ix_gazetteer_addresses_address_key"), table_name="gazetteer_addresses")
    op.drop_table("gazetteer_addresses")
    op.drop_index(op.f("ix_sessions_user_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_table("users")
    op.drop_table("people")
    op.drop_index("ix_outbox_unsent", table_name="outbox", postgresql_where=sa.text("sent_at IS NULL AND problem = ''"))
    op.drop_table("outbox")
    op.drop_table("areas")
    op.drop_table("agencies")
    op.execute("DROP FUNCTION refuse_change")

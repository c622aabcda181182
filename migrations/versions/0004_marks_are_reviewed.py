"""Marks of confidential addresses: who set them and when, what was decided about them, and what needs a second person.

Lock: premises and follow_ups for a moment each, to add columns that may be empty; the keys are checked afterwards
without holding anybody up, and the index on premises is made beside the work. The marks there are get a date for
their review: few rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004_marks_are_reviewed"
down_revision = "0003_whose_reference"
branch_labels = None
depends_on = None

MARKED = """
UPDATE premises
SET confidential_set_at = created_at,
    confidential_review_on = COALESCE(confidential_review_on, (CURRENT_DATE + INTERVAL '6 months')::date)
WHERE confidential
"""
KEYS = (("premises", "confidential_set_by"), ("follow_ups", "not_by"))


def upgrade() -> None:
    op.add_column("premises", sa.Column("confidential_set_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("premises", sa.Column("confidential_set_by", sa.Uuid(), nullable=True))
    op.add_column("follow_ups", sa.Column("not_by", sa.Uuid(), nullable=True))
    for table, column in KEYS:
        op.create_foreign_key(
            op.f(f"fk_{table}_{column}_users"), table, "users", [column], ["id"], postgresql_not_valid=True
        )
    op.create_table(
        "mark_decisions",
        sa.Column("premises_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column(
            "choice", sa.Enum("KEEP", "TAKE_OFF", name="markchoice", native_enum=False, length=40), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("answering_agency_id", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["premises_id"], ["premises.id"], name=op.f("fk_mark_decisions_premises_id_premises")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_mark_decisions_case_id_cases")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_mark_decisions_agency_id_agencies")),
        sa.ForeignKeyConstraint(
            ["answering_agency_id"], ["agencies.id"], name=op.f("fk_mark_decisions_answering_agency_id_agencies")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_mark_decisions_made_by_users")),
        sa.ForeignKeyConstraint(["answered_by"], ["users.id"], name=op.f("fk_mark_decisions_answered_by_users")),
        sa.CheckConstraint(
            "agreed IS NOT TRUE OR answered_by <> made_by", name=op.f("ck_mark_decisions_second_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mark_decisions")),
    )
    op.create_index(op.f("ix_mark_decisions_case_id_made_at"), "mark_decisions", ["case_id", "made_at"])
    op.create_index(op.f("ix_mark_decisions_premises_id"), "mark_decisions", ["premises_id"])
    op.create_index(
        op.f("uq_mark_decisions_unanswered"),
        "mark_decisions",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("choice = 'TAKE_OFF' AND answered_at IS NULL"),
    )
    with op.get_context().autocommit_block():
        for table, column in KEYS:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT fk_{table}_{column}_users")
        op.create_index(
            op.f("ix_premises_confidential"),
            "premises",
            ["id"],
            postgresql_where=sa.text("confidential"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
    op.execute(MARKED)


def downgrade() -> None:
    op.drop_index(op.f("ix_premises_confidential"), "premises")
    op.drop_table("mark_decisions")
    op.drop_column("follow_ups", "not_by")
    op.drop_column("premises", "confidential_set_by")
    op.drop_column("premises", "confidential_set_at")

"""A referral's reference belongs to its agency; a proposed amendment knows its file, and may be answered with others.

Lock: the new index is built while referrals come in. Putting it in the old one's place, and the new columns, which are
empty, lock `referrals`, `proposed_amendments`, `import_runs` and `users` for a moment each. The release before this one
goes on: it still takes a number that another agency has used for that agency's, and refuses it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003_whose_reference"
down_revision = "0002_import_lease"
branch_labels = None
depends_on = None

OLD = "uq_referrals_source_system_source_ref"
NEW = "uq_referrals_agency_id_source_system_source_ref"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NEW}")  # what a broken-off attempt has left
        op.create_index(
            NEW, "referrals", ["agency_id", "source_system", "source_ref"], unique=True, postgresql_concurrently=True
        )
    op.execute(f"ALTER TABLE referrals ADD CONSTRAINT {NEW} UNIQUE USING INDEX {NEW}")
    op.drop_constraint(OLD, "referrals", type_="unique")
    op.add_column("proposed_amendments", sa.Column("import_run_id", sa.Uuid(), nullable=True))
    op.add_column("proposed_amendments", sa.Column("ordered_answer", sa.String(length=40), nullable=True))
    op.add_column("proposed_amendments", sa.Column("ordered_by", sa.Uuid(), nullable=True))
    op.add_column("proposed_amendments", sa.Column("ordered_version", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_proposed_amendments_import_run_id_import_runs"),
        "proposed_amendments",
        "import_runs",
        ["import_run_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_proposed_amendments_ordered_by_users"), "proposed_amendments", "users", ["ordered_by"], ["id"]
    )
    op.create_index(
        "ix_proposed_amendments_import_run_id_waiting",
        "proposed_amendments",
        ["import_run_id"],
        postgresql_where=sa.text("state = 'WAITING'"),
    )


def downgrade() -> None:
    op.drop_index("ix_proposed_amendments_import_run_id_waiting", table_name="proposed_amendments")
    for column in ("ordered_version", "ordered_by", "ordered_answer", "import_run_id"):
        op.drop_column("proposed_amendments", column)
    op.create_unique_constraint(OLD, "referrals", ["source_system", "source_ref"])
    op.drop_constraint(NEW, "referrals", type_="unique")

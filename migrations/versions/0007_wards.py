"""Homes and the addresses of the gazetteer know their ward; a ward of an earlier list is told from one in force.

Lock: areas, gazetteer_addresses and premises for a moment each, to add columns that are empty (so that their keys need
no check) or have a fixed default; the indexes are built beside the work. It may be run again when it was broken off.
The previous release goes on: it writes no wards, and what it adds to areas is in force.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007_wards"
down_revision = "0006_referrals_of_outreach"
branch_labels = None
depends_on = None

TABLES = ("gazetteer_addresses", "premises")


def upgrade() -> None:
    op.execute("ALTER TABLE areas ADD COLUMN IF NOT EXISTS superseded boolean NOT NULL DEFAULT false")
    for table in TABLES:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS ward_code text "
            f"CONSTRAINT fk_{table}_ward_code_areas REFERENCES areas (code)"
        )
    with op.get_context().autocommit_block():
        for table in TABLES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS ix_{table}_ward_code")  # what a broken-off attempt has left
            op.create_index(
                op.f(f"ix_{table}_ward_code"),
                table,
                ["ward_code"],
                postgresql_where=sa.text("ward_code IS NOT NULL"),
                postgresql_concurrently=True,
            )


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "ward_code")
    op.drop_column("areas", "superseded")

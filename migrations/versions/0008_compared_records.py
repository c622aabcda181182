"""Person records are kept beside their keys in the form in which the engine compares them.

Lock: person_records for a moment, for the key of a new table. Records that were there before have no such form: the
engine reads them from their tidied values until ``flask matching renew`` was run. The previous release does not know it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008_compared_records"
down_revision = "0007_wards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compared_records",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("form", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["person_records.id"], name=op.f("fk_compared_records_record_id_person_records")
        ),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_compared_records")),
    )


def downgrade() -> None:
    op.drop_table("compared_records")

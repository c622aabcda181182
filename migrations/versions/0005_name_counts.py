"""How common each name is among the person records, so that agreeing on a rare one says more.

Lock: none on what is there; a new table. The previous release does not know it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005_name_counts"
down_revision = "0004_marks_are_reviewed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "name_counts",
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("part", "name", name=op.f("pk_name_counts")),
    )


def downgrade() -> None:
    op.drop_table("name_counts")

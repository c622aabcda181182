"""The models of the matching engine that were taken into use, the last of which decides.

Lock: none on what is there; a new table. The previous release does not know it and decides with the model it brings.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009_adopted_models"
down_revision = "0008_compared_records"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "adopted_models",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adopted_models")),
    )
    op.create_index("ix_adopted_models_adopted_at_id", "adopted_models", ["adopted_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_adopted_models_adopted_at_id", table_name="adopted_models")
    op.drop_table("adopted_models")

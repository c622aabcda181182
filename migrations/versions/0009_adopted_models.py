"""The models of the matching engine that were taken into use, and the comparisons of everybody with everybody.

Lock: none on what is there; two new tables. The previous release knows neither and decides with the model it brings.
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
    op.create_table(
        "match_batches",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("linked", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_batches")),
    )
    op.create_index("ix_match_batches_created_at_id", "match_batches", ["created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_match_batches_created_at_id", table_name="match_batches")
    op.drop_table("match_batches")
    op.drop_index("ix_adopted_models_adopted_at_id", table_name="adopted_models")
    op.drop_table("adopted_models")

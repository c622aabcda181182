"""Which referrals were taken at an event or talk.

Lock: outreach and referrals for a moment each, for the keys of a new table. The previous release does not know it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006_referrals_of_outreach"
down_revision = "0005_name_counts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outreach_referrals",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("outreach_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_outreach_referrals_referral_id_referrals")
        ),
        sa.ForeignKeyConstraint(
            ["outreach_id"], ["outreach.id"], name=op.f("fk_outreach_referrals_outreach_id_outreach")
        ),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_outreach_referrals")),
    )
    op.create_index(op.f("ix_outreach_referrals_outreach_id"), "outreach_referrals", ["outreach_id"])


def downgrade() -> None:
    op.drop_table("outreach_referrals")

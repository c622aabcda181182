"""Imports are leased: until when a run counts as in a worker's hands, or its message as on the way.

Lock: ACCESS EXCLUSIVE on import_runs for a moment; a column without a default rewrites nothing. The previous release
does not know the column and leaves it empty, which counts as run out.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002_import_lease"
down_revision = "0001_first_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_runs", sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("import_runs", "leased_until")

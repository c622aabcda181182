"""An address without a postcode is looked for along its street; nobody looks for the gazetteer's keys any more.

Lock: gazetteer_addresses cannot be loaded into while the index is made (a few seconds for a million addresses); it can
be read. The previous release looks addresses up by their key: without that index each of its look-ups reads the table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010_streets_of_the_gazetteer"
down_revision = "0009_adopted_models"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_gazetteer_addresses_plain_street",
        "gazetteer_addresses",
        [sa.text("lower(translate(street, '-''.', ' '))")],
    )
    op.drop_index(op.f("ix_gazetteer_addresses_address_key"), table_name="gazetteer_addresses")


def downgrade() -> None:
    op.create_index(op.f("ix_gazetteer_addresses_address_key"), "gazetteer_addresses", ["address_key"])
    op.drop_index("ix_gazetteer_addresses_plain_street", table_name="gazetteer_addresses")

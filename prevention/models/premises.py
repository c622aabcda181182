"""Premises, households, and the gazetteer's local table."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prevention.models.base import Base, Identified

#: A street's name without what people leave out, in SQL: small letters, no apostrophes or points, hyphens as spaces.
PLAIN_STREET = "lower(translate(street, '-''.', ' '))"


class AddressStatus(StrEnum):
    """How sure the product is of where a premises is."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    NO_FIXED_ABODE = "no_fixed_abode"


class GazetteerAddress(Base):
    """One address of the local gazetteer, BS 7666 parts (domain.md 5.1). Reference data."""

    __tablename__ = "gazetteer_addresses"
    __table_args__ = (
        Index("ix_gazetteer_addresses_plain_street", text(PLAIN_STREET)),
        Index("ix_gazetteer_addresses_ward_code", "ward_code", postgresql_where=text("ward_code IS NOT NULL")),
    )

    uprn: Mapped[str] = mapped_column(primary_key=True)
    flat: Mapped[str]
    building: Mapped[str]
    number: Mapped[str]
    street: Mapped[str]
    locality: Mapped[str]
    town: Mapped[str]
    postcode: Mapped[str] = mapped_column(index=True)
    borough_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    ward_code: Mapped[str | None] = mapped_column(ForeignKey("areas.code"))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    address_key: Mapped[str | None]


class Premises(Identified, Base):
    """A place people live. One row per UPRN, or per normalised address where there is no UPRN.

    ``confidential`` marks a safe address (domain.md 4.5): masked everywhere, never merged into another. The mark says
    when it was set and by whom (nobody, when it came in a file or from the public), and the day it is reviewed.
    A no-fixed-abode premises belongs to one referral alone.
    """

    __tablename__ = "premises"
    __table_args__ = (
        Index("uq_premises_uprn", "uprn", unique=True, postgresql_where=text("uprn IS NOT NULL AND NOT confidential")),
        Index("ix_premises_address_key", "address_key", postgresql_where=text("address_key IS NOT NULL")),
        Index("ix_premises_postcode", "postcode"),
        Index("ix_premises_confidential", "id", postgresql_where=text("confidential")),
        Index("ix_premises_ward_code", "ward_code", postgresql_where=text("ward_code IS NOT NULL")),
    )

    uprn: Mapped[str | None]
    status: Mapped[AddressStatus]
    flat: Mapped[str] = mapped_column(default="")
    building: Mapped[str] = mapped_column(default="")
    number: Mapped[str] = mapped_column(default="")
    street: Mapped[str] = mapped_column(default="")
    locality: Mapped[str] = mapped_column(default="")
    town: Mapped[str] = mapped_column(default="")
    postcode: Mapped[str | None]
    address_text: Mapped[str] = mapped_column(default="")
    address_key: Mapped[str | None]
    borough_code: Mapped[str | None] = mapped_column(ForeignKey("areas.code"))
    ward_code: Mapped[str | None] = mapped_column(ForeignKey("areas.code"))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    confidential: Mapped[bool] = mapped_column(default=False)
    confidential_reason: Mapped[str] = mapped_column(default="")
    confidential_review_on: Mapped[date | None]
    confidential_set_at: Mapped[datetime | None]
    confidential_set_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    households: Mapped[list["Household"]] = relationship(
        back_populates="premises", order_by="[Household.created_at, Household.id]"
    )

    @property
    def flat_words(self) -> str:
        """The flat as people say it: a bare ``3`` or ``2A`` is "Flat 3", "Flat 2A"; words stay as they are."""
        return f"Flat {self.flat}" if self.flat and (self.flat[0].isdigit() or len(self.flat) == 1) else self.flat

    @property
    def address_line(self) -> str:
        """The address on one line, as a person would write it. Callers mask it where it is confidential."""
        if self.status is AddressStatus.NO_FIXED_ABODE:
            return f"No fixed abode ({self.address_text})" if self.address_text else "No fixed abode"
        parts = [self.flat_words, self.building, f"{self.number} {self.street}".strip(), self.locality, self.town]
        line = ", ".join(part for part in parts if part) or self.address_text or "Address not known"
        return f"{line}, {self.postcode}" if self.postcode and self.postcode not in line else line


class Household(Identified, Base):
    """The people who live together at a premises. One premises may hold several (domain.md 5.1)."""

    __tablename__ = "households"

    premises_id: Mapped[UUID] = mapped_column(ForeignKey("premises.id"), index=True)
    created_at: Mapped[datetime]
    premises: Mapped[Premises] = relationship(back_populates="households")

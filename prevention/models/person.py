"""Person records as each agency gave them, and the links that say which are one person or one household."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prevention.models.base import Base, Identified, Linked
from prevention.models.premises import Household, Premises


class Person(Identified, Base):
    """A person: nothing but the set of person records linked to it."""

    __tablename__ = "people"

    created_at: Mapped[datetime]


class PersonRecord(Identified, Base):
    """A person as one referral gave them: tidied values beside ``given``, the words as they came. Never edited."""

    __tablename__ = "person_records"
    __table_args__ = (Index("ix_person_records_referral_id_created_at", "referral_id", "created_at"),)

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referrals.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    premises_id: Mapped[UUID] = mapped_column(ForeignKey("premises.id"), index=True)
    created_at: Mapped[datetime]
    given: Mapped[dict[str, Any]]
    title: Mapped[str] = mapped_column(default="")
    first_name: Mapped[str] = mapped_column(default="")
    middle_name: Mapped[str] = mapped_column(default="")
    surname: Mapped[str] = mapped_column(default="")
    dob: Mapped[date | None]
    age: Mapped[int | None]
    sex: Mapped[str] = mapped_column(default="")
    nhs_number: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="")
    interpreter: Mapped[bool] = mapped_column(default=False)
    premises: Mapped[Premises] = relationship()

    def agreements(self, other: "PersonRecord") -> int:
        """In how many of their own particulars two records agree, for choosing whom to show beside whom."""
        pairs = (
            (self.nhs_number, other.nhs_number),
            (self.dob, other.dob),
            (self.first_name.casefold(), other.first_name.casefold()),
            (self.surname.casefold(), other.surname.casefold()),
            (self.phone, other.phone),
            (self.email, other.email),
        )
        return sum(bool(one) and one == two for one, two in pairs)

    @property
    def display_name(self) -> str:
        """The name as shown on screen, or "Name not known"."""
        return " ".join(part for part in (self.first_name, self.middle_name, self.surname) if part) or "Name not known"


class BlockingKey(Base):
    """A blocking key of a person record: how the engine finds candidates (linkage.md 6)."""

    __tablename__ = "blocking_keys"

    key: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(ForeignKey("person_records.id"), primary_key=True, index=True)


class ComparedRecord(Base):
    """A person record as the engine compares it (``matching/record.py``), made anew when that form changes.

    It spares folding and parsing a record whenever it is a candidate.
    """

    __tablename__ = "compared_records"

    record_id: Mapped[UUID] = mapped_column(ForeignKey("person_records.id"), primary_key=True)
    form: Mapped[dict[str, Any]]


class NamePart(StrEnum):
    """Which part of a name a count is of; ``RECORD`` counts all records, whatever their names."""

    FORENAME = "FORENAME"
    SURNAME = "SURNAME"
    RECORD = "RECORD"


class NameCount(Base):
    """How many person records have this forename or surname, folded: agreeing on a rare name says more.

    Counted anew now and then; records that came in since are not in it.
    """

    __tablename__ = "name_counts"

    part: Mapped[NamePart] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    records: Mapped[int]


class PersonLink(Identified, Linked, Base):
    """This record is of this person."""

    __tablename__ = "person_links"
    __table_args__ = (
        Index("uq_person_links_open", "record_id", unique=True, postgresql_where=text("valid_to IS NULL")),
        Index("ix_person_links_person_id", "person_id"),
    )

    record_id: Mapped[UUID] = mapped_column(ForeignKey("person_records.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    record: Mapped[PersonRecord] = relationship()
    person: Mapped[Person] = relationship()


class HouseholdLink(Identified, Linked, Base):
    """The person of this record lives, or lived, in this household."""

    __tablename__ = "household_links"
    __table_args__ = (
        Index("uq_household_links_open", "record_id", unique=True, postgresql_where=text("valid_to IS NULL")),
        Index("ix_household_links_household_id", "household_id"),
    )

    record_id: Mapped[UUID] = mapped_column(ForeignKey("person_records.id"))
    household_id: Mapped[UUID] = mapped_column(ForeignKey("households.id"))
    record: Mapped[PersonRecord] = relationship()
    household: Mapped[Household] = relationship()

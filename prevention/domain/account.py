"""Roles, permissions and the actor: who is doing something, and for which agency.

A role is held *in an agency*; the table below is the only place that says what a role may do.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from prevention.domain.agency import AgencyKind

#: The demonstration's accounts end so. Their password is published, so nobody signs in with one in production.
DEMONSTRATION_DOMAIN = "demo.example"


class Role(StrEnum):
    """A role held in an agency (domain.md section 8, Permissions)."""

    FIELD_OFFICER = "field_officer"
    COORDINATOR = "coordinator"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    PARTNER_REFERRER = "partner_referrer"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return self.value.replace("_", " ").capitalize()


class Permission(StrEnum):
    """One thing a role may do, as ``subject:action``. Every route names one, or is public."""

    REFERRAL_MAKE = "referral:make"
    REFERRAL_OWN = "referral:own"
    REFERRAL_PHONE = "referral:phone"
    REFERRAL_AMEND = "referral:amend"
    REFERRAL_IMPORT = "referral:import"
    CASE_QUEUE = "case:queue"
    CASE_VIEW = "case:view"
    CASE_TRIAGE = "case:triage"
    CASE_ASSIGN = "case:assign"
    CASE_CONTACT = "case:contact"
    CASE_CLOSE = "case:close"
    CASE_ESCALATE = "case:escalate"
    MATCH_REVIEW = "match:review"
    VISIT_BOOK = "visit:book"
    VISIT_RECORD = "visit:record"
    OUTREACH_RECORD = "outreach:record"
    FOLLOWUP_VIEW = "followup:view"
    FOLLOWUP_COMPLETE = "followup:complete"
    ADDRESS_REVEAL = "address:reveal"
    MESSAGES_VIEW = "messages:view"
    AGENCY_ADMINISTER = "agency:administer"
    ACCOUNT_OWN = "account:own"


_EVERYONE = frozenset({Permission.ACCOUNT_OWN, Permission.REFERRAL_MAKE, Permission.REFERRAL_OWN})
_STAFF = _EVERYONE | {Permission.CASE_VIEW, Permission.CASE_ESCALATE, Permission.FOLLOWUP_VIEW}
_OFFICER = _STAFF | {
    Permission.CASE_CONTACT,
    Permission.VISIT_RECORD,
    Permission.OUTREACH_RECORD,
    Permission.FOLLOWUP_COMPLETE,
}
_COORDINATOR = _OFFICER | {
    Permission.REFERRAL_PHONE,
    Permission.REFERRAL_AMEND,
    Permission.REFERRAL_IMPORT,
    Permission.CASE_QUEUE,
    Permission.CASE_TRIAGE,
    Permission.CASE_ASSIGN,
    Permission.CASE_CLOSE,
    Permission.MATCH_REVIEW,
    Permission.VISIT_BOOK,
    Permission.ADDRESS_REVEAL,
    Permission.MESSAGES_VIEW,
}

#: The roles on offer in each kind of agency: partners refer, the three services also do the work.
_SERVICE_ROLES = (Role.FIELD_OFFICER, Role.COORDINATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)
_PARTNER_ROLES = (Role.PARTNER_REFERRER, Role.ADMINISTRATOR)


def roles_for(kind: AgencyKind) -> tuple[Role, ...]:
    """The roles somebody may hold in an agency of ``kind`` (domain.md section 8, Permissions: partners, own only)."""
    return _PARTNER_ROLES if kind is AgencyKind.PARTNER else _SERVICE_ROLES


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.PARTNER_REFERRER: _EVERYONE,
    Role.FIELD_OFFICER: _OFFICER,
    Role.COORDINATOR: _COORDINATOR,
    Role.SUPERVISOR: _COORDINATOR,
    Role.ADMINISTRATOR: frozenset({Permission.ACCOUNT_OWN, Permission.AGENCY_ADMINISTER, Permission.MESSAGES_VIEW}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in which agency and role. ``user_id`` is None for the public and for the product itself."""

    user_id: UUID | None
    agency_id: UUID | None
    agency_kind: AgencyKind | None
    role: Role | None
    team_ids: frozenset[UUID] = frozenset()
    name: str = ""
    is_system: bool = False

    def has(self, permission: Permission) -> bool:
        """Whether the actor's role carries ``permission``. The public has none; the system has all."""
        if self.is_system:
            return True
        return self.role is not None and permission in PERMISSIONS[self.role]


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """A session ends after ``idle`` without a click, and after ``longest`` however busy it is."""

    idle: timedelta
    longest: timedelta


SYSTEM = Actor(user_id=None, agency_id=None, agency_kind=None, role=None, name="Prevention", is_system=True)
PUBLIC = Actor(user_id=None, agency_id=None, agency_kind=None, role=None, name="A member of the public")

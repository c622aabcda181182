"""Makes the rows a test starts from. Everything has a sensible default; a test names what it is about."""

from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM, Role
from prevention.domain.agency import AgencyKind, TeamKind
from prevention.domain.case import CaseState
from prevention.domain.followup import FollowUpKind, FollowUpState
from prevention.domain.reference import ReferenceKind, new_reference
from prevention.domain.referral import (
    Agrees,
    CapacityConcern,
    Channel,
    CurrentLocation,
    GivenAddress,
    GivenPerson,
    LawfulBasis,
    ReceiveReferral,
    ReferralReason,
    SharingPreference,
    Told,
)
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitState, VisitType
from prevention.models.account import Membership, User
from prevention.models.agency import Agency, Area, Team
from prevention.models.base import Base
from prevention.models.case import Case, CaseInvolvement, ReferralLink
from prevention.models.followup import FollowUp
from prevention.models.match import MatchCandidate
from prevention.models.notification import Alert, Message, MessageState
from prevention.models.premises import AddressStatus, Premises
from prevention.models.referral import Referral
from prevention.models.visit import Visit
from prevention.services.referrals.intake import receive
from prevention.services.work import Work
from tests.support.client import PASSWORD

Row = TypeVar("Row", bound=Base)

#: When arranged things happened: a little before any test runs, so that whatever is due is due.
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

#: Cheap on purpose: tests sign in often, and argon2's cost is argon2's own business.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_HASH = CHEAP.hash(PASSWORD)


class Arranger:
    """Adds rows and commits each call. ``session`` is there for what has no method of its own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._numbers = count(1)

    def save(self, row: Row) -> Row:
        """Add and commit any row."""
        self.session.add(row)
        self.session.commit()
        return row

    def agency(
        self, kind: AgencyKind = AgencyKind.FIRE, *, name: str = "", rule_pack: str = "london_four_level"
    ) -> Agency:
        """An agency with its intake desk, ``agency.teams[0]``, that covers no area in particular."""
        number = next(self._numbers)
        agency = Agency(
            code=f"{kind.value}-{number}",
            name=name or f"{kind.label} Service {number}",
            short_name=f"{kind.label[0]}S{number}",
            kind=kind,
            rule_pack=rule_pack,
            mailbox=f"desk-{number}@example.org",
        )
        agency.teams.append(
            Team(name="Prevention desk", kind=TeamKind.DESK, is_intake_desk=True, mailbox=f"team-{number}@example.org")
        )
        return self.save(agency)

    def team(self, agency: Agency, *, name: str = "", areas: tuple[str, ...] = ()) -> Team:
        """A station of ``agency`` covering ``areas`` (ONS codes)."""
        number = next(self._numbers)
        team = Team(name=name or f"Station {number}", kind=TeamKind.STATION, mailbox=f"station-{number}@example.org")
        team.agency_id = agency.id
        team.areas = [area for code in areas if (area := self.session.get(Area, code)) is not None]
        return self.save(team)

    def user(self, agency: Agency, role: Role = Role.COORDINATOR, *, team: Team | None = None, name: str = "") -> User:
        """A user holding ``role`` in ``agency``; the password is ``tests.support.client.PASSWORD``."""
        number = next(self._numbers)
        user = User(
            email=f"user-{number}@example.org",
            name=name or f"{role.label} {number}",
            password_hash=_HASH,
        )
        user.memberships.append(Membership(agency=agency, team=team, role=role))
        return self.save(user)

    def premises(self, **values: Any) -> Premises:
        """A home in Camden with an address of its own."""
        number = next(self._numbers)
        usual: dict[str, Any] = {
            "status": AddressStatus.MATCHED,
            "number": str(number),
            "street": "Example Street",
            "town": "London",
            "postcode": "NW1 0AA",
            "borough_code": "E09000007",
            "created_at": NOW,
        }
        return self.save(Premises(**usual | values))

    def referral(self, agency: Agency, *, premises: Premises | None = None, **values: Any) -> Referral:
        """A referral from ``agency``, received a moment ago, that feeds no case yet."""
        number = next(self._numbers)
        usual: dict[str, Any] = {
            "receipt": new_reference(ReferenceKind.RECEIPT),
            "agency_id": agency.id,
            "source_system": "test",
            "source_ref": f"ref-{number}",
            "channel": Channel.WEB_FORM,
            "received_at": NOW,
            "recorded_at": NOW,
            "referrer_name": "",
            "referrer_team": "",
            "referrer_contact": "",
            "feedback_to": f"team-mailbox-{number}@example.org",
            "premises_id": (premises or self.premises()).id,
            "reasons": ["NO_ALARM"],
            "immediate_danger": False,
            "narrative": "",
            "household_flags": [],
            "current_location": CurrentLocation.HOME,
            "location_detail": "",
            "told": Told.YES,
            "told_detail": "",
            "agrees": Agrees.YES,
            "capacity_concern": CapacityConcern.NO,
            "lawful_basis": LawfulBasis.PUBLIC_TASK,
            "sharing_preference": SharingPreference.NOT_ASKED,
            "staff_safety": [],
            "contact_constraints": [],
            "source_grade": "",
            "source_grade_scheme": "",
            "other_agencies_told": "",
            "suspect": False,
            "original": {},
            "content": {},
            "content_hash": f"hash-{number}",
        }
        return self.save(Referral(**usual | values))

    def case(self, agency: Agency, *, referrals: tuple[Referral, ...] = (), **values: Any) -> Case:
        """An open case at medium risk owned by the agency's desk, fed by ``referrals``, seen by who is involved."""
        level = values.get("risk_level", RiskLevel.MEDIUM)
        usual: dict[str, Any] = {
            "reference": new_reference(ReferenceKind.CASE),
            "owner_agency_id": agency.id,
            "owner_team_id": agency.teams[0].id,
            "state": CaseState.ACCEPTED,
            "risk_level": level,
            "risk_rank": level.rank,
            "assessed_at": NOW,
            "act_by": NOW,
            "next_action": "Assign to a team or an officer",
            "next_action_at": NOW,
            "opened_at": NOW,
            "last_referral_at": NOW,
            "premises_id": referrals[0].premises_id if referrals else self.premises().id,
            "borough_code": "E09000007",
            "referral_count": len(referrals),
        }
        case = self.save(Case(**usual | values))
        for referral in referrals:
            self.save(
                ReferralLink(
                    referral_id=referral.id, case_id=case.id, valid_from=NOW, automatic=True, reason="", added=[]
                )
            )
        for agency_id in {agency.id, *(referral.agency_id for referral in referrals)}:
            self.save(CaseInvolvement(case_id=case.id, agency_id=agency_id, since=NOW))
        return case

    def visit(self, case: Case, **values: Any) -> Visit:
        """A booked visit to the case's home by its agency."""
        usual: dict[str, Any] = {
            "reference": new_reference(ReferenceKind.VISIT),
            "case_id": case.id,
            "premises_id": case.premises_id,
            "agency_id": case.owner_agency_id,
            "team_id": case.owner_team_id,
            "visit_type": VisitType.HFSV,
            "state": VisitState.BOOKED,
            "scheduled_at": NOW,
        }
        return self.save(Visit(**usual | values))

    def followup(self, case: Case, **values: Any) -> FollowUp:
        """A follow-up of the case that waits and is due, owned by the case's team."""
        number = next(self._numbers)
        usual: dict[str, Any] = {
            "effect_key": f"test:{number}",
            "agency_id": case.owner_agency_id,
            "case_id": case.id,
            "kind": FollowUpKind.CALL_BACK,
            "why": "Ask within 2 days when they are back",
            "rule": "test",
            "due_at": NOW,
            "state": FollowUpState.WAITING,
            "owner_team_id": case.owner_team_id,
            "created_at": NOW,
        }
        return self.save(FollowUp(**usual | values))

    def message(self, agency: Agency, **values: Any) -> Message:
        """A message of ``agency`` that waits to be sent."""
        number = next(self._numbers)
        usual: dict[str, Any] = {
            "effect_key": f"test:{number}",
            "agency_id": agency.id,
            "template": "acknowledgement",
            "recipient": f"team-{number}@example.org",
            "subject": f"We have your referral {number}",
            "body": "Thank you. See {site}.\n",
            "created_at": NOW,
            "try_at": NOW,
            "state": MessageState.WAITING,
        }
        return self.save(Message(**usual | values))

    def alert(self, case: Case, *, why: str = "Smoking and home oxygen", **values: Any) -> Alert:
        """An open very-high alert for the case's agency."""
        usual: dict[str, Any] = {"case_id": case.id, "agency_id": case.owner_agency_id, "why": why, "raised_at": NOW}
        return self.save(Alert(**usual | values))

    def received(self, agency: Agency, *, now: datetime | None = None, **command: Any) -> Case:
        """A case as the one door makes it: a referral from ``agency`` received, assessed and matched at ``now``."""
        number = next(self._numbers)
        usual: dict[str, Any] = {
            "source_system": "test",
            "source_ref": f"received-{number}",
            "channel": Channel.WEB_FORM,
            "address": GivenAddress(lines=f"{number} Harrow Street, London", postcode="NW1 0AA"),
            "person": GivenPerson(first_name="Joan", surname=f"Whitfield{number}", dob="27/03/1950"),
            "reasons": frozenset({ReferralReason.NO_ALARM, ReferralReason.ISOLATION}),
            "narrative": "Alone, and no alarm was seen",
            "feedback_to": f"mailbox-{number}@example.org",
        }
        work = Work(session=self.session, actor=SYSTEM, now=now or datetime.now(UTC))
        receipt = receive(work, ReceiveReferral(agency_id=agency.id, **usual | command))
        self.session.commit()
        return self.session.get_one(Case, receipt.case_id, populate_existing=True)

    def candidate(self, referral: Referral, case: Case, **values: Any) -> MatchCandidate:
        """A likeness of the referral to the case that nobody has answered."""
        usual: dict[str, Any] = {
            "referral_id": referral.id,
            "case_id": case.id,
            "found_at": NOW,
            "p_same_person": 0.82,
            "p_same_household": 0.17,
            "model_version": "test",
            "words": "Same surname and birth date; the address differs.",
            "contributions": [{"field": "name", "words": "The surnames are the same", "weight": 5.2}],
        }
        return self.save(MatchCandidate(**usual | values))

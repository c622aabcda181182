"""Keeping a case's sums true: what its referrals say together, who is involved, and what it is found by."""

import re
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload, selectinload

from prevention.domain.visit import VisitState
from prevention.domain.visit_findings import warnings_from_visit
from prevention.domain.visit_record import VisitRecord, from_json
from prevention.models.case import Case, CaseInvolvement, CaseSearch, ReferralLink
from prevention.models.person import PersonRecord
from prevention.models.premises import AddressStatus, Premises
from prevention.models.referral import Referral
from prevention.models.visit import Visit
from prevention.policies.sharing import names_a_suspect
from prevention.services.work import Work

#: Longest search document, in words: enough for dozens of referrals of one home.
_MOST_WORDS = 2000
_INVOLVE = text(
    "INSERT INTO case_involvements (case_id, agency_id, since) "
    "SELECT CAST(:case_id AS uuid), unnest(CAST(:agency_ids AS uuid[])), CAST(:since AS timestamptz) "
    "ON CONFLICT DO NOTHING"
)


def open_referrals(work: Work, case: Case) -> list[Referral]:
    """The referrals that feed ``case`` now, oldest first."""
    rows = work.session.scalars(
        select(Referral)
        .join(ReferralLink, ReferralLink.referral_id == Referral.id)
        .where(ReferralLink.case_id == case.id, ReferralLink.valid_to.is_(None))
        .order_by(Referral.received_at, Referral.id)
        .options(
            joinedload(Referral.agency),
            joinedload(Referral.premises),
            selectinload(Referral.amendments),
            selectinload(Referral.person_records).joinedload(PersonRecord.premises),
        )
    )
    return list(rows)


def summarise(work: Work, case: Case, referrals: list[Referral]) -> None:
    """Bring the case's sums, involvement and search document up to date with ``referrals``."""
    sum_up(case, referrals)
    _keep_warnings_of_visits(work, case)
    involve(work, case, _involved(case, referrals))
    statement = insert(CaseSearch).values(case_id=case.id, document=_document(case, referrals))
    work.session.execute(
        statement.on_conflict_do_update(
            index_elements=[CaseSearch.case_id], set_={"document": statement.excluded.document}
        )
    )


def sum_up(case: Case, referrals: list[Referral]) -> None:
    """Bring the case's own columns up to date with what ``referrals`` say together."""
    contents = [referral.current_content for referral in referrals]
    case.reasons = _union(content["reasons"] for content in contents)
    case.staff_safety = _union(content["staff_safety"] for content in contents)
    case.contact_constraints = _union(content["contact_constraints"] for content in contents)
    case.referrer_kinds = sorted({referral.agency.kind.value for referral in referrals})
    case.referral_count = len(referrals)
    if referrals:
        case.last_referral_at = max(referral.received_at for referral in referrals)


def warn_next_crew(case: Case, record: VisitRecord) -> None:
    """Add what the crew of a finished visit saw to the warnings for whoever goes next (domain.md 1.10)."""
    seen = warnings_from_visit(record.outcome, record.behaviours)
    case.staff_safety = sorted({*case.staff_safety, *(warning.value for warning in seen)})


def _keep_warnings_of_visits(work: Work, case: Case) -> None:
    records = select(Visit.record).where(Visit.case_id == case.id, Visit.state == VisitState.FINISHED)
    for record in work.session.scalars(records):
        warn_next_crew(case, from_json(record))


def make_findable(work: Work, case: Case, referrals: list[Referral]) -> None:
    """Let the owner and the agencies of ``referrals`` see a case that is being opened, and find it."""
    for agency_id in _involved(case, referrals):
        work.session.add(CaseInvolvement(case_id=case.id, agency_id=agency_id, since=work.now))
    work.session.add(CaseSearch(case_id=case.id, document=_document(case, referrals)))


def involve(work: Work, case: Case, agency_ids: Iterable[object]) -> None:
    """Let these agencies see the case. Nobody is taken away: what they could see they have seen."""
    work.session.execute(_INVOLVE, {"case_id": case.id, "agency_ids": list(agency_ids), "since": work.now})


def search_words(text: str) -> list[str]:
    """Words a person may search by: lower case, letters and digits only."""
    return re.findall(r"[^\W_]+", text.lower())


def search_token(text: str) -> str:
    """A reference, postcode or phone number as one word: lower case, nothing but letters and digits."""
    return "".join(re.findall(r"[a-z0-9]+", text.lower()))


def _union(lists: Iterable[list[str]]) -> list[str]:
    return sorted({code for codes in lists for code in codes})


def _involved(case: Case, referrals: list[Referral]) -> set[UUID]:
    return {referral.agency_id for referral in referrals} | {case.owner_agency_id}


def _document(case: Case, referrals: list[Referral]) -> str:
    hidden = case.premises.confidential  # then no voice's address may lead there
    words = [search_token(case.reference)]
    for referral in referrals:
        words += _words_of(referral, hidden=hidden) + ([] if hidden else _words_of_premises(referral.current_premises))
    return " ".join(dict.fromkeys(words[:_MOST_WORDS]))


def _words_of(referral: Referral, *, hidden: bool) -> list[str]:
    words = [search_token(referral.receipt)]
    if not (hidden and referral.reference.is_of_a_form):  # typed by hand: it may tell where the home is
        words.append(search_token(referral.sender_reference))
    if not names_a_suspect(referral):  # the document is one for all who see the case (domain.md 4.4)
        for record in referral.person_records:
            words += _words_of_person(record)
    return [word for word in words if word]


def _words_of_person(record: PersonRecord) -> list[str]:
    words = search_words(record.display_name) if record.surname or record.first_name else []
    if record.phone:
        words += [search_token(record.phone), "0" + search_token(record.phone).removeprefix("44")]
    return words


def _words_of_premises(premises: Premises) -> list[str]:
    if premises.confidential:
        return []
    if premises.status is AddressStatus.NO_FIXED_ABODE:
        return ["no", "fixed", "abode"]
    line = premises.address_line
    if premises.postcode:
        line = line.replace(premises.postcode, " ")
    return search_words(line) + ([search_token(premises.postcode)] if premises.postcode else [])

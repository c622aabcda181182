"""Notes on a case: its author's agency reads them, others when the author shares them."""

from uuid import UUID

from prevention.errors import Invalid, NotFound
from prevention.models.audit import AuditTag
from prevention.models.case import Case, CaseNote
from prevention.policies.cases import may_note_on_case
from prevention.services.cases.finding import check_version, involved_agencies, lock_cases
from prevention.services.work import Work


def add_note(work: Work, case_id: UUID, *, version: int, text: str, shared: bool) -> CaseNote:
    """Add a note to a case the actor's agency is involved in, open or closed.

    Raises:
        Invalid: it is empty (field ``text``).
        StaleCase: the case was changed meanwhile.
        NotFound, NotAllowed: by the policy.
    """
    case = lock_cases(work, [case_id]).get(case_id)
    if case is None:
        raise NotFound
    may_note_on_case(work.actor, involved_agencies(work, [case_id])[case_id]).require()
    check_version(case, version)
    return write_note(work, case, text, shared=shared)


def write_note(work: Work, case: Case, text: str, *, shared: bool) -> CaseNote:
    """Keep a note on a case that is loaded and checked already.

    Raises:
        Invalid: it is empty (field ``text``), or nobody signs it.
    """
    if not text.strip():
        raise Invalid({"text": "Write the note"})
    if work.actor.user_id is None or work.actor.agency_id is None:
        raise Invalid({"text": "Only a person can write a note"})
    note = CaseNote(
        case_id=case.id,
        agency_id=work.actor.agency_id,
        author_id=work.actor.user_id,
        written_at=work.now,
        text=text.strip(),
        shared=shared,
    )
    work.session.add(note)
    work.record(AuditTag.CASE_NOTED, case, case_id=case.id, shared=shared)
    return note

"""One tap, "urgent fire risk", by anyone involved makes a case very high (domain.md 7.2, 10)."""

from uuid import UUID

from prevention.domain.account import Permission
from prevention.domain.case import CaseState
from prevention.models.audit import AuditTag
from prevention.models.case import Case
from prevention.services.cases import assessing
from prevention.services.cases.finding import load_case
from prevention.services.cases.moving import move
from prevention.services.work import Work


def escalate(work: Work, case_id: UUID) -> Case:
    """Make the case very high and alert the owning agency; a closed case is opened again first, with a new clock.

    No version is asked for: whatever else changed meanwhile, a danger somebody has just seen comes first.

    Raises:
        NotFound, NotAllowed: by the policy.
    """
    case = load_case(work, case_id, Permission.CASE_ESCALATE)
    if not case.state.is_open:
        case.due_at = None
        move(work, case, CaseState.TRIAGE)
        case.outcome = case.reject_reason = None
        work.record(AuditTag.CASE_REOPENED, case, case_id=case.id)
    assessing.escalate(work, case)
    return case

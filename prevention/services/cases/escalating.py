"""One tap, "urgent fire risk", by anyone involved makes a case very high (domain.md 7.2, 10)."""

from uuid import UUID

from prevention.domain.account import Permission
from prevention.models.case import Case
from prevention.queries.cases.joined import goes_on_as
from prevention.services.cases import assessing
from prevention.services.cases.finding import load_case, lock_cases
from prevention.services.cases.moving import open_again
from prevention.services.work import Work


def escalate(work: Work, case_id: UUID) -> Case:
    """Make the case very high and alert the owning agency; a closed case is opened again first.

    Where the case was joined to another, that one is meant: it is what a crew goes by. It is given back.
    No version is asked for: whatever else changed meanwhile, a danger somebody has just seen comes first.

    Raises:
        NotFound, NotAllowed: by the policy.
    """
    case = load_case(work, case_id, Permission.CASE_ESCALATE)
    goes_on = goes_on_as(work.session, case)
    if goes_on is not None:
        case = lock_cases(work, [goes_on.id])[goes_on.id]
    if not case.state.is_open:
        open_again(work, case)
    assessing.escalate(work, case)
    return case

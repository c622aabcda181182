"""Following one's own referrals, like a parcel."""

from datetime import datetime
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.referrals.blueprint import bp
from prevention.blueprints.referrals.wording import change_rows, content_rows
from prevention.domain.account import Permission
from prevention.extensions import current_session
from prevention.queries.referrals.following import ReferralKey, Scope, followed_referrals, referral_detail
from prevention.queries.referrals.proposals import proposals_of
from prevention.web.auth import current_actor
from prevention.web.guards import guarded
from prevention.web.pagination import read_cursor, write_cursor

_CURSOR = "followed-referrals"


@bp.get("/mine")
@guarded(Permission.REFERRAL_OWN)
def mine() -> ResponseReturnValue:
    """My referrals; for staff also those of their agency."""
    actor = current_actor()
    whole_agency = request.args.get("whose") == Scope.AGENCY.value and actor.has(Permission.CASE_VIEW)
    scope = Scope.AGENCY if whole_agency else Scope.OWN
    page = followed_referrals(
        current_session(), actor, scope, after=_key(request.args.get("after")), before=_key(request.args.get("before"))
    )
    return render_template(
        "referrals/mine.html",
        page=page,
        scope=scope,
        may_see_agency=actor.has(Permission.CASE_VIEW),
        previous_url=_url(scope, "before", page.previous),
        next_url=_url(scope, "after", page.following),
    )


@bp.get("/<uuid:referral_id>")
@guarded(Permission.REFERRAL_OWN)
def show(referral_id: UUID) -> ResponseReturnValue:
    """One referral as received, its amendments, and how far it has come."""
    actor = current_actor()
    found = referral_detail(current_session(), actor, referral_id)
    may_amend = actor.has(Permission.REFERRAL_AMEND) and found.referral.agency_id == actor.agency_id
    return render_template(
        "referrals/show.html",
        found=found,
        may_amend=may_amend,
        proposals=proposals_of(current_session(), actor, referral_id),
        rows=content_rows(found.content, confidential=found.confidential),
        change_rows=change_rows,
    )


def _key(sealed: str | None) -> ReferralKey | None:
    match read_cursor(_CURSOR, sealed):
        case [str(received_at), str(referral_id)]:
            return ReferralKey(datetime.fromisoformat(received_at), UUID(referral_id))
    return None


def _url(scope: Scope, direction: str, key: ReferralKey | None) -> str | None:
    if key is None:
        return None
    sealed = write_cursor(_CURSOR, [key.received_at, key.referral_id])
    whose = {"whose": scope.value} if scope is Scope.AGENCY else {}
    return url_for("referrals.mine", **whose, **{direction: sealed})  # type: ignore[arg-type]

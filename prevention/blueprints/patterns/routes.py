"""Every component on one page, with invented content; what the accessibility test reads first."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, flash, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from prevention.blueprints.patterns.forms import PatternsForm
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.risk import RiskLevel
from prevention.web.guards import public

bp = Blueprint("patterns", __name__, url_prefix="/patterns")


@bp.route("", methods=["GET", "POST"])
@public
def index() -> ResponseReturnValue:
    form = PatternsForm()
    if form.validate_on_submit():
        flash("Saved. Nothing was kept, because this page only shows what pages are made of.", "success")
    now = datetime.now(UTC)
    return render_template(
        "patterns.html",
        form=form,
        levels=list(RiskLevel),
        agencies=list(AgencyKind),
        states=list(CaseState),
        due=[now + timedelta(hours=hours) for hours in (-49, -2, 3, 20, 170)],
        timeline=[
            {"title": "Visit booked", "at": now, "by": "Ana Cole, Fire", "words": "Tuesday morning, two people."},
            {"title": "Referral joined", "at": now - timedelta(hours=5), "by": "Police", "words": "A third voice."},
            {"title": "Case opened", "at": now - timedelta(days=2), "by": None, "words": None},
        ],
        banner=_banner(now) if "alerts" in request.args else None,
    )


def _banner(now: datetime) -> dict[str, object]:
    alert = {
        "words": "Case C-4F7K-92QD, Camden",
        "url": "#status",
        "acknowledge_url": "#status",
        "due_at": now + timedelta(hours=3),
    }
    return {"shown": [alert], "count": 1, "etag": "pattern", "all_url": "#status"}


@bp.get("/sheet")
@public
def sheet() -> ResponseReturnValue:
    return render_template("patterns_sheet.html", printed_at=datetime.now(UTC))


@bp.post("/addresses")
@public
def addresses() -> ResponseReturnValue:
    """Answer the address look-up with two invented homes, as the real one does."""
    postcode = request.form.get("postcode", "").strip().upper()
    found = [
        {"value": "1", "label": f"14 Harrow Street, London {postcode}"},
        {"value": "2", "label": f"Flat 2, 16 Harrow Street, London {postcode}"},
    ]
    return jsonify(addresses=found if postcode.startswith("SE1") else [])

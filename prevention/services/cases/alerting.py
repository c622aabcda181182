"""A case that is closed or passed on no longer rings at the desk that dealt with it."""

from sqlalchemy import select

from prevention.models.case import Case
from prevention.models.notification import Alert
from prevention.services.notifications.alerts import acknowledge_alert
from prevention.services.work import Work


def settle_alert(work: Work, case: Case) -> None:
    """Acknowledge the open alert in the actor's name, when it is their agency's: they have just dealt with it."""
    alert_id = work.session.scalar(
        select(Alert.id).where(
            Alert.case_id == case.id, Alert.acknowledged_at.is_(None), Alert.agency_id == work.actor.agency_id
        )
    )
    if alert_id is not None:
        acknowledge_alert(work, alert_id)

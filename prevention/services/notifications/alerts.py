"""Very-high alerts: on every coordinator's screen of the owning agency until one of them says "I have seen it"."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from prevention.errors import NotFound
from prevention.models.agency import Agency, Area
from prevention.models.audit import AuditTag
from prevention.models.base import new_id
from prevention.models.case import Case
from prevention.models.notification import Alert
from prevention.policies.notifications import may_acknowledge_alert
from prevention.services.notifications.messages import NewMessage, add_message, mailbox_of_desk
from prevention.services.notifications.wording import MessageKind, spoken_time
from prevention.services.work import Work


def raise_alert(work: Work, case: Case, why: str) -> Alert | None:
    """Alert the agency that owns ``case``: on screen, and by one message to its desk's mailbox.

    ``why`` is shown on screen to that agency's coordinators only; the message carries the reference, the borough and
    the time, no more; of a confidential home not the borough either (domain.md 4.5). None when the case has an open
    alert already: a second cause does not ring twice.
    """
    alert = _first_alert(work, case, why) if case in work.session.new else _alert_unless_open(work, case, why)
    if alert is None:
        return None
    work.record(AuditTag.ALERT_RAISED, alert, case_id=case.id)
    _write_message(work, alert, case)
    work.emit("alert.raised", alert_id=alert.id)
    return alert


def _first_alert(work: Work, case: Case, why: str) -> Alert:
    """The alert of a case that is opened in this unit of work: there can be no other, so nobody has to be asked."""
    alert = Alert(case=case, case_id=case.id, agency_id=case.owner_agency_id, why=why, raised_at=work.now)
    work.session.add(alert)
    return alert


def _alert_unless_open(work: Work, case: Case, why: str) -> Alert | None:
    work.session.flush()  # what is written of the case in this unit of work comes before its alert
    alert_id = work.session.execute(
        insert(Alert)
        .values(id=new_id(), case_id=case.id, agency_id=case.owner_agency_id, why=why, raised_at=work.now)
        .on_conflict_do_nothing(index_elements=[Alert.case_id], index_where=Alert.acknowledged_at.is_(None))
        .returning(Alert.id)
    ).scalar()
    return work.session.get_one(Alert, alert_id) if alert_id is not None else None


def acknowledge_alert(work: Work, alert_id: UUID) -> Alert:
    """Say, by the actor's name, that somebody has seen the alert. The first name stays; a second changes nothing.

    Raises:
        NotFound: there is no such alert in the actor's agency, or their role has no part in it.
    """
    alert = work.session.get(Alert, alert_id, with_for_update=True)
    if alert is None:
        raise NotFound
    may_acknowledge_alert(work.actor, alert).require()
    _put_name(work, alert)
    return alert


def acknowledge_alerts(work: Work, alert_ids: Collection[UUID]) -> int:
    """Say, by the actor's name, that somebody has seen each of these alerts and no other: all of them, or none.

    The number that now carry the actor's name; those that carried somebody's keep it.

    Raises:
        NotFound: one of them is not an alert of the actor's agency, or their role has no part in it.
    """
    wanted = set(alert_ids)
    alerts = work.session.scalars(
        select(Alert).where(Alert.id.in_(wanted)).order_by(Alert.id).with_for_update(of=Alert)
    ).all()
    if len(alerts) != len(wanted):
        raise NotFound
    for alert in alerts:
        may_acknowledge_alert(work.actor, alert).require()
    return sum(_put_name(work, alert) for alert in alerts)


def settle_alert(work: Work, case: Case) -> None:
    """Put the actor's name on the open alert of a case they have just dealt with, when it is their own agency's.

    No right of its own is asked for: whoever may close a case, pass it on or record its visit has answered the alert,
    an officer on the doorstep too, to whom alerts are not shown.
    """
    alert = work.session.scalar(
        select(Alert)
        .where(Alert.case_id == case.id, Alert.acknowledged_at.is_(None), Alert.agency_id == work.actor.agency_id)
        .with_for_update()
    )
    if alert is not None:
        _put_name(work, alert)


def _put_name(work: Work, alert: Alert) -> bool:
    if alert.acknowledged_at is not None:
        return False
    alert.acknowledged_at = work.now
    alert.acknowledged_by = work.actor.user_id
    work.record(AuditTag.ALERT_ACKNOWLEDGED, alert, case_id=alert.case_id)
    return True


def _write_message(work: Work, alert: Alert, case: Case) -> None:
    mailbox = mailbox_of_desk(work, alert.agency_id)
    if not mailbox:
        return
    area = work.session.get(Area, case.borough_code) if case.borough_code else None
    borough = area.name if area else "Not known"
    add_message(
        work,
        NewMessage(
            effect_key=alert_message_key(alert.id),
            kind=MessageKind.VERY_HIGH_ALERT,
            agency_id=alert.agency_id,
            recipient=mailbox,
            words={
                "reference": case.reference,
                "agency": work.session.get_one(Agency, alert.agency_id).name,
                "borough": None if case.premises.confidential else borough,
                "due_at": spoken_time(case.due_at) if case.due_at else None,
            },
            case_id=case.id,
        ),
    )


def alert_message_key(alert_id: UUID) -> str:
    """The effect key of an alert's message."""
    return f"alert:{alert_id}"

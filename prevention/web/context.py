"""What every template may use: who is signed in, the menu for their role, whether this is a demonstration."""

from dataclasses import dataclass

from flask import Flask, request, url_for
from flask_login import current_user

from prevention.domain.account import PUBLIC, Actor, Permission
from prevention.settings import Settings
from prevention.web.auth import current_actor
from prevention.web.device import device_key


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One entry of the main menu, shown to roles that hold ``permission``."""

    label: str
    endpoint: str
    permission: Permission


MENU = (
    MenuEntry("Queue", "cases.queue", Permission.CASE_QUEUE),
    MenuEntry("For review", "matches.review_list", Permission.MATCH_REVIEW),
    MenuEntry("My visits", "visits.my_visits", Permission.VISIT_RECORD),
    MenuEntry("Follow-ups", "followups.index", Permission.FOLLOWUP_VIEW),
    MenuEntry("Refer someone", "referrals.new", Permission.REFERRAL_MAKE),
    MenuEntry("My referrals", "referrals.mine", Permission.REFERRAL_OWN),
    MenuEntry("Imports", "imports.index", Permission.REFERRAL_IMPORT),
    MenuEntry("Outreach", "outreach.index", Permission.OUTREACH_RECORD),
    MenuEntry("Sent messages", "notifications.sent", Permission.MESSAGES_VIEW),
    MenuEntry("Agencies", "agencies.index", Permission.AGENCY_ADMINISTER),
    MenuEntry("Users", "accounts.index", Permission.AGENCY_ADMINISTER),
)

_OWN_ACCOUNT = frozenset({"accounts.mine", "accounts.change_password"})


def init_app(app: Flask, settings: Settings) -> None:
    """Register the context processor."""

    @app.context_processor
    def _context() -> dict[str, object]:
        shared: dict[str, object] = {
            "demonstration": settings.demonstration_notice,
            "is_demonstration_mode": settings.is_demonstration,
            "service_name": settings.service_name,
        }
        if not current_user or not current_user.is_authenticated:
            return {**shared, "actor": PUBLIC}
        actor = current_actor()
        return {
            **shared,
            "actor": actor,
            "may": actor.has,
            "Permission": Permission,
            "agency_name": current_user.signed_in.agency_name,
            "navigation": _navigation(app, actor),
            "account_url": url_for("accounts.mine"),
            "sign_out_url": url_for("accounts.sign_out"),
            "device_key": device_key(actor),
            "alerts_url": url_for("notifications.alerts") if actor.has(Permission.CASE_TRIAGE) else None,
        }


def _navigation(app: Flask, actor: Actor) -> list[tuple[str, str, bool, int | None]]:
    here = (request.endpoint or "").split(".")[0]
    return [
        (entry.label, url_for(entry.endpoint), request.endpoint == entry.endpoint or _is_only(here, entry), None)
        for entry in MENU
        if actor.has(entry.permission) and entry.endpoint in app.view_functions
    ]


def _is_only(blueprint: str, entry: MenuEntry) -> bool:
    """Whether ``entry`` is the one menu entry of the blueprint in use, so that its inner pages mark it too.

    One's own account is reached by one's name in the header, not by the menu.
    """
    if request.endpoint in _OWN_ACCOUNT:
        return False
    same = [other for other in MENU if other.endpoint.split(".")[0] == blueprint]
    return len(same) == 1 and same[0] is entry

"""Every view says who may call it: ``@guarded(Permission.X)`` or ``@public``. A test walks the URL map."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import ParamSpec

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from prevention.domain.account import Permission
from prevention.errors import NotAllowed
from prevention.web.auth import current_actor, last_membership
from prevention.web.errors import problem, wants_json

P = ParamSpec("P")
_GUARD = "__guard__"
_PASSWORD_ENDPOINTS = frozenset({"accounts.change_password", "accounts.sign_out"})


def public(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Mark a view that anybody may call."""
    setattr(view, _GUARD, "public")
    return view


def guarded(
    permission: Permission,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Let through only a signed-in user whose role carries ``permission``.

    Not signed in: to the sign-in page, or 401 for a script. Signed in without it: 403. A password that must change
    comes first.
    """

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                return _ask_to_sign_in()
            if current_user.signed_in.must_change_password and request.endpoint not in _PASSWORD_ENDPOINTS:
                if wants_json():
                    return problem(403, "Change your password first")
                return redirect(url_for("accounts.change_password"))
            if not current_actor().has(permission):
                raise NotAllowed("Your role does not include this.")
            return view(*args, **kwargs)

        setattr(checked, _GUARD, permission)
        return checked

    return decorate


def _ask_to_sign_in() -> ResponseReturnValue:
    """To the sign-in page and back to what was asked for, with the form that was sent; a script gets 401.

    A form with passwords or files is not carried along, nor one of somebody who was not signed in before.
    """
    if wants_json():
        return problem(401, "Sign in first")
    place = request.full_path.removesuffix("?")
    if request.method == "GET":
        return redirect(url_for("accounts.sign_in", next=None if place == "/" else place))
    if request.endpoint in _PASSWORD_ENDPOINTS or request.files or last_membership() is None:
        return redirect(url_for("accounts.sign_in"))
    return redirect(url_for("accounts.hold_form", next=place), HTTPStatus.TEMPORARY_REDIRECT)  # sends the form along


def guard_of(view: Callable[..., object]) -> Permission | str | None:
    """The permission a view declares, ``"public"``, or None when it declares nothing."""
    guard: Permission | str | None = getattr(view, _GUARD, None)
    return guard

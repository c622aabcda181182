"""Every view says who may call it: ``@guarded(Permission.X)`` or ``@public``. A test walks the URL map."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from prevention.domain.account import Permission
from prevention.errors import NotAllowed
from prevention.extensions import login_manager
from prevention.web.auth import current_actor

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

    Not signed in: to the sign-in page. Signed in without it: 403. A password that must change comes first.
    """

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                return login_manager.unauthorized()  # type: ignore[no-any-return]
            if current_user.signed_in.must_change_password and request.endpoint not in _PASSWORD_ENDPOINTS:
                return redirect(url_for("accounts.change_password"))
            if not current_actor().has(permission):
                raise NotAllowed("Your role does not include this.")
            return view(*args, **kwargs)

        setattr(checked, _GUARD, permission)
        return checked

    return decorate


def guard_of(view: Callable[..., object]) -> Permission | str | None:
    """The permission a view declares, ``"public"``, or None when it declares nothing."""
    guard: Permission | str | None = getattr(view, _GUARD, None)
    return guard

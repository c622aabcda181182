"""What a user's pages lock the copies with that they keep on a device until the server has what was typed."""

import base64
import hmac
from dataclasses import dataclass, field

from flask import current_app

from prevention.domain.account import Actor


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A user's key, and the mark on their copies that tells whose they are without saying who that is."""

    owner: str
    secret: str = field(repr=False)


def device_key(actor: Actor) -> DeviceKey:
    """The key of the actor's user, the same on every device. It leaves the server in their own pages only.

    Made from ``SECRET_KEY``, so that nothing is stored: with a new one, copies left on devices can be read no more.
    """
    return DeviceKey(owner=_derived("device owner", actor)[:16], secret=_derived("device secret", actor))


def _derived(purpose: str, actor: Actor) -> str:
    """32 bytes as base64, which holds no full stop."""
    secret_key = str(current_app.config["SECRET_KEY"]).encode()
    return base64.b64encode(hmac.digest(secret_key, f"{purpose}:{actor.user_id}".encode(), "sha256")).decode()

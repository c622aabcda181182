"""What a policy answers: allowed or not, and why not, in words that are safe to show."""

from dataclasses import dataclass

from prevention.errors import NotAllowed, NotFound


@dataclass(frozen=True, slots=True)
class Decision:
    """``allowed``, and for a refusal a ``reason``. ``hidden``: the thing must seem not to exist."""

    allowed: bool
    reason: str = ""
    hidden: bool = False

    def require(self) -> None:
        """Go on when allowed.

        Raises:
            NotFound: the actor may not know the thing exists.
            NotAllowed: the actor may see it, but not do this.
        """
        if self.hidden:
            raise NotFound
        if not self.allowed:
            raise NotAllowed(self.reason)


ALLOW = Decision(allowed=True)
HIDE = Decision(allowed=False, hidden=True, reason="Not found")


def deny(reason: str) -> Decision:
    """A refusal with its reason."""
    return Decision(allowed=False, reason=reason)

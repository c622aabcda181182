"""One box finds a case by name, address, postcode, phone or reference, whatever the spacing and case of letters.

Cases are found by their search document (``services/cases/summarising.py``): words of names and of the address; the
postcode, phone numbers and references each as one word. A confidential address is not in it.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, or_, select, tuple_
from sqlalchemy.orm import Session

from prevention.domain.account import Actor
from prevention.domain.reference import ReferenceKind, read_reference
from prevention.matching.normalise.addresses import ABBREVIATIONS
from prevention.models.case import Case, CaseSearch, ReferralLink
from prevention.models.referral import Referral
from prevention.policies.cases import visible_cases
from prevention.queries.cases.queue import PAGE_SIZE, QueueRow, as_row, list_statement

#: Longest text the box takes.
LONGEST_SEARCH = 200
#: Fewest letters or digits that are searched for.
SHORTEST_SEARCH = 2
#: Most cases that are put in order: a word that fits more tells nothing apart ("street").
MOST_SORTED = 1000

_POSTCODE = re.compile(r"\b(GIR|[A-Z]{1,2}[0-9][A-Z0-9]?)\s*([0-9][ABD-HJLNP-UW-Z]{2})\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_STARTS_A_REFERENCE = re.compile(r"^\s*[CR][\s-]", re.IGNORECASE)
_PHONE = re.compile(r"^[\s0-9+().-]{9,}$")
#: The zero in "+44 (0)20 7946 0018", which nobody dials.
_TRUNK_ZERO = re.compile(r"(?<=44)\s*\(0\)")
#: From a word of an address to the other ways to write it.
_OTHER_WAYS: dict[str, tuple[str, ...]] = {
    **{short.lower(): (long.lower(),) for short, long in ABBREVIATIONS.items()},
    **{
        long.lower(): tuple(short.lower() for short, meant in ABBREVIATIONS.items() if meant == long)
        for long in set(ABBREVIATIONS.values())
    },
}


@dataclass(frozen=True, slots=True)
class SearchKey:
    """Where a row stands among the results: open cases first, then as in the queue."""

    closed: bool
    risk_rank: int
    act_by: datetime
    case_id: UUID


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of results, the key from which the next is read, and how many cases fit in all.

    ``count`` stops one past ``MOST_SORTED``: then more cases fit than are put in order, and another word is wanted.
    """

    rows: tuple[QueueRow, ...]
    following: SearchKey | None
    count: int = 0

    @property
    def too_many(self) -> bool:
        """Whether more cases fit than are put in order."""
        return self.count > MOST_SORTED


def can_search(typed: str) -> bool:
    """Whether there is enough in ``typed`` to search for."""
    return len("".join(_WORD.findall(typed))) >= SHORTEST_SEARCH


def exact_case(session: Session, actor: Actor, typed: str) -> UUID | None:
    """The one visible case whose reference, receipt or sender's reference is just what was typed."""
    reference = read_reference(typed)
    if reference is not None and reference.startswith(ReferenceKind.CASE):
        return session.scalar(select(Case.id).where(Case.reference == reference, visible_cases(actor)))
    if reference is not None and reference.startswith(ReferenceKind.RECEIPT):
        return session.scalar(_cases_fed_by(actor).where(Referral.receipt == reference))
    token = _token(typed)
    if not (any(ch.isdigit() for ch in token) and len(token) >= 4):
        return None
    found = session.execute(
        _cases_fed_by(actor)
        .add_columns(Referral.source_ref)
        .join(CaseSearch, CaseSearch.case_id == Case.id)
        .where(CaseSearch.document.op("@@")(func.to_tsquery("simple", f"'{token}'")))
        .limit(50)
    )
    cases = {row[0] for row in found if _token(row[1]) == token}
    return cases.pop() if len(cases) == 1 else None


def search(
    session: Session, actor: Actor, typed: str, *, after: SearchKey | None = None, size: int = PAGE_SIZE
) -> SearchPage:
    """One page of the visible cases, open and closed, that ``typed`` fits. Nothing fits nothing."""
    condition = matching(typed)
    if condition is None:
        return SearchPage((), None)
    fitting = (
        select(CaseSearch.case_id)
        .join(Case, Case.id == CaseSearch.case_id)
        .where(condition, visible_cases(actor))
        .limit(MOST_SORTED + 1)
        .cte("fitting")
    )
    counted = select(func.count()).select_from(fitting).scalar_subquery()
    closed = case((Case.is_open, False), else_=True)
    order = (closed, Case.risk_rank, Case.act_by, Case.id)
    statement = list_statement(actor).where(Case.id.in_(select(fitting.c.case_id)))
    if after is not None:
        edge = tuple_(after.closed, after.risk_rank, after.act_by, after.case_id)
        statement = statement.where(tuple_(*order) > edge)
    found = session.execute(statement.add_columns(counted).order_by(*order).limit(size + 1)).all()
    rows = tuple(as_row(actor, *row[:3]) for row in found[:size])
    last = rows[-1] if len(found) > size else None
    following = SearchKey(not last.is_open, last.risk_rank, last.act_by, last.id) if last else None
    return SearchPage(rows, following, found[0][3] if found else 0)


def matching(typed: str) -> ColumnElement[bool] | None:
    """What was typed as a condition on ``CaseSearch``: all its words, the last one perhaps unfinished, or the whole
    as one word (a reference, a phone number, a postcode). None when there is nothing to look for.
    """
    if not can_search(typed):
        return None
    alternatives = [" & ".join(_terms(typed)), *(f"'{token}':*" for token in _whole_tokens(typed))]
    document = CaseSearch.document
    return or_(*(document.op("@@")(func.to_tsquery("simple", query)) for query in alternatives if query))


def _terms(typed: str) -> list[str]:
    """Each word as a term of a tsquery. Only letters and digits are left, so nothing typed can be an operator."""
    squeezed = _POSTCODE.sub(lambda found: f" {found[1]}{found[2]} ", typed[:LONGEST_SEARCH])
    words = [word.lower() for word in _WORD.findall(squeezed)]
    unfinished = len(words[-1]) >= SHORTEST_SEARCH
    return [_term(word, ":*" if unfinished and at == len(words) else "") for at, word in enumerate(words, start=1)]


def _term(word: str, ending: str) -> str:
    """The word, or the other ways to write it: addresses come with "Rd" and with "Road"."""
    ways = [f"'{way}'{ending}" for way in (word, *_OTHER_WAYS.get(word, ()))]
    return ways[0] if len(ways) == 1 else f"({' | '.join(ways)})"


def _whole_tokens(typed: str) -> list[str]:
    token = _token(_TRUNK_ZERO.sub("", typed[:LONGEST_SEARCH]))
    if len(token) < 3 or not (any(ch.isdigit() for ch in token) or _STARTS_A_REFERENCE.match(typed)):
        return []
    if _PHONE.match(typed.strip()):
        number = token.removeprefix("00")
        return [number] if number.startswith(("0", "44")) else [number, f"0{number}"]
    reference = read_reference(typed)
    return [token, _token(reference)] if reference else [token]


def _token(text: str) -> str:
    return "".join(re.findall(r"[a-z0-9]+", text.lower()))


def _cases_fed_by(actor: Actor) -> Select[UUID]:
    return (
        select(Case.id)
        .join(ReferralLink, ReferralLink.case_id == Case.id)
        .join(Referral, Referral.id == ReferralLink.referral_id)
        .where(ReferralLink.valid_to.is_(None), visible_cases(actor))
    )

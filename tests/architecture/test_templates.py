"""Guards over the templates as text."""

import re

from tests.architecture.source import TEMPLATES

#: Pages without breadcrumbs or a back link, and how one goes on from them instead.
WITHOUT_WAY_BACK = {
    "home/index.html": "it is the start page",
    "cases/queue.html": "it is where coordinators start",
    "visits/my_visits.html": "it is where field officers start",
    "agencies/index.html": "it is where administrators start",
    "referrals/before_sending.html": "a button goes back with the answers, a link would lose them",
    "referrals/amend_check.html": "a button goes back with the answers, a link would lose them",
    "accounts/held_form.html": "a link leaves without sending",
    "self_referrals/call_999.html": "it says to call 999, and how to go on",
    "self_referrals/sent.html": "it is sent; a way back would send it again",
}
_EXTENDS = re.compile(r'{%-? extends "([^"]+)"')
_WAY_BACK = re.compile(r"{%-? block (breadcrumbs|back_link) ")


def _lineage(name: str) -> list[str]:
    """A template and those it builds on, up to the layout, as text."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    parent = _EXTENDS.search(text)
    return [text] if parent is None or parent[1].startswith("layouts/") else [text, *_lineage(parent[1])]


def _is_page(text: str) -> bool:
    return _EXTENDS.search(text) is not None


def test_every_page_has_a_way_back() -> None:
    lost = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        name = path.relative_to(TEMPLATES).as_posix()
        if name.startswith(("layouts/", "components/", "errors/")) or not _is_page(path.read_text(encoding="utf-8")):
            continue
        if not any(map(_WAY_BACK.search, _lineage(name))):
            lost.append(name)
    assert sorted(lost) == sorted(WITHOUT_WAY_BACK)

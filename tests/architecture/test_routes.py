"""Every address says who may use it; every template is used; every menu entry leads somewhere."""

import ast
import inspect
import re

from flask import Flask

from prevention.domain.account import Permission
from prevention.services.notifications.wording import MessageKind
from prevention.web.auth import POLLED
from prevention.web.context import MENU
from prevention.web.errors import _PAGES
from prevention.web.guards import guard_of
from tests.architecture.source import ROOT, TEMPLATES, dotted, modules, tree, where

#: Addresses anybody may use, each for a reason.
PUBLIC = {
    "home.index": "the front page",
    "accounts.sign_in": "nobody is signed in yet",
    "accounts.hold_form": "the session has ended",
    "health.live": "asked by machines",
    "health.ready": "asked by machines",
    "statements": "accessibility, privacy and contact are for everybody",
    "patterns": "examples only, not in production",
    "self_referrals": "asking for a visit needs no account",
}

#: Views whose reading is itself kept on record, and why.
GETS_THAT_LEAVE_A_TRACE = {
    "cases.show": "who looked at a case is in the trail",
    "cases.sheet": "who printed a case is in the trail",
    "visits.show": "who opened a confidential address is recorded before they see it",
}


def test_every_view_declares_a_guard(app: Flask) -> None:
    without = [name for name, view in app.view_functions.items() if name != "static" and guard_of(view) is None]
    assert not without


def test_public_views_are_those_we_meant(app: Flask) -> None:
    for name, view in app.view_functions.items():
        if name == "static" or guard_of(view) != "public":
            continue
        assert name in PUBLIC or name.split(".")[0] in PUBLIC, name


def test_every_permission_opens_something(app: Flask) -> None:
    """A permission that no route and no policy asks for is a promise nobody keeps."""
    asked = {guard_of(view) for view in app.view_functions.values()}
    named = {
        node.attr
        for path in modules()
        if "domain" not in path.parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Permission"
    }
    assert not [
        permission.name for permission in Permission if permission not in asked and permission.name not in named
    ]


def test_every_menu_entry_leads_somewhere(app: Flask) -> None:
    missing = [entry.endpoint for entry in MENU if entry.endpoint not in app.view_functions]
    assert not missing
    for entry in MENU:
        assert guard_of(app.view_functions[entry.endpoint]) is entry.permission, entry.endpoint


def test_what_pages_poll_exists(app: Flask) -> None:
    assert set(app.view_functions) >= POLLED


def test_what_is_asked_for_by_get_writes_nothing(app: Flask) -> None:
    """A link, a browser's guess or a search engine may ask for it. What is read with a trace is named above."""
    writing = set()
    for rule in app.url_map.iter_rules():
        view = inspect.unwrap(app.view_functions[rule.endpoint])
        if (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS"} and _opens_work(view.__module__, view.__name__):
            writing.add(rule.endpoint)
    assert writing == GETS_THAT_LEAVE_A_TRACE.keys()


def _opens_work(module: str, name: str) -> bool:
    """Whether a function, or one of its own module that it calls, opens a unit of work."""
    path = ROOT / f"{module.replace('.', '/')}.py"
    if not path.is_file():  # Flask's own
        return False
    functions = {node.name: node for node in tree(path).body if isinstance(node, ast.FunctionDef)}
    open_names, seen = [name], set()
    while open_names:
        seen.add(current := open_names.pop())
        called = {dotted(node.func) for node in ast.walk(functions[current]) if isinstance(node, ast.Call)}
        if called & {"work_as", "unit_of_work"}:
            return True
        open_names += (called & functions.keys()) - seen
    return False


def test_addresses_hold_ids_never_names(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        for name in rule.arguments:
            assert not re.search(r"name|email|phone|postcode|nhs|birth", name) or name == "filename", rule.rule


def test_every_template_named_exists_and_every_template_is_used() -> None:
    files = {
        path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*") if path.suffix in {".html", ".txt"}
    }
    named: set[str] = set()
    patterns: set[str] = set()
    missing = []
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_template(node.value):
                named.add(node.value)
                if node.value not in files:
                    missing.append(f"{where(path, node.lineno)} {node.value}")
            elif isinstance(node, ast.JoinedStr):
                pattern = "".join(
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[^/]+" for part in node.values
                )
                if pattern.endswith((r"\.html", r"\.txt")) or "email/" in pattern:
                    patterns.add(pattern)
    links = re.compile(r"""{%-?\s*(?:extends|include|import|from)\s+["']([^"']+)["']""")
    for file in files:
        for name in links.findall((TEMPLATES / file).read_text(encoding="utf-8")):
            if name.startswith(("govuk_frontend", "moj")):
                continue
            named.add(name)
            if name not in files:
                missing.append(f"templates/{file} {name}")
    assert not missing, "\n".join(missing)
    known = named | {f"errors/{status}.html" for status in _PAGES}
    known |= {f"email/{kind.value}/{part}.txt" for kind in MessageKind for part in ("subject", "body")}
    unused = [file for file in files if file not in known and not any(re.fullmatch(p, file) for p in patterns)]
    assert not unused, "\n".join(sorted(unused))


def _is_template(text: str) -> bool:
    return bool(re.fullmatch(r"[a-z][a-z0-9_]*/[a-z0-9_/]+\.(html|txt)|patterns(_sheet)?\.html", text))

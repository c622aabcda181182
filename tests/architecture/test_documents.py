"""Documents say what is there, and their links lead somewhere."""

import re
from dataclasses import fields

import pytest

from prevention.demonstration.people import PASSWORD, USERS
from prevention.settings import Settings
from tests.architecture.source import ROOT, where

#: The plan is a working paper: it goes when the work is done.
DOCUMENTS = sorted(
    path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if path != ROOT / "docs" / "plan.md"
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+\s+(.+?)\s*$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", DOCUMENTS, ids=where)
def test_links_resolve(path: object) -> None:
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    for target in LINK.findall(text):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        place = (path.parent / file).resolve() if file else path  # type: ignore[attr-defined]
        assert place.exists(), f"{target} leads nowhere"
        assert place.is_relative_to(ROOT), f"{target} leads out of the repository"
        if anchor:
            assert anchor in _anchors(place.read_text(encoding="utf-8")), f"{target}: there is no such heading"


@pytest.mark.parametrize("field", fields(Settings), ids=lambda field: field.name)
def test_every_setting_is_described(field: object) -> None:
    name = "PREVENTION_MODE" if field.name == "mode" else field.name.upper()  # type: ignore[attr-defined]
    assert f"`{name}`" in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_the_readme_names_the_demonstrations_people() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert PASSWORD in readme
    named = re.findall(r"[\w.]+@demo\.example", readme)
    assert len(named) >= 3
    assert not set(named) - {user.email for user in USERS}


def test_commands_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for path in DOCUMENTS:
        for target in re.findall(r"`make ([a-z-]+)", path.read_text(encoding="utf-8")):
            assert target in targets, f"{where(path)}: make {target}"


def test_decisions_are_numbered_in_a_row() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_files_a_newcomer_looks_for_are_there() -> None:
    for name in ("README.md", "LICENSE", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"):
        assert (ROOT / name).stat().st_size > 200, name
    for name in ("architecture.md", "glossary.md", "settings.md", "adr", "runbooks"):
        assert (ROOT / "docs" / name).exists(), name

"""Runs axe-core on a page open in a browser."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: WCAG 2.0, 2.1 and 2.2, levels A and AA.
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


def assert_accessible(page: Page, *, context: str | None = None) -> None:
    """Fail with one paragraph per violation of WCAG 2.x A or AA on the page, once it is loaded.

    ``context`` is a CSS selector that limits the check to a part of the page.
    """
    page.wait_for_load_state()
    found = violations(page, context=context)
    assert not found, f"{page.url} breaks accessibility rules:\n\n" + "\n\n".join(found)


def violations(page: Page, *, context: str | None = None) -> list[str]:
    """List violations: the rule, what it asks, and up to five elements that break it."""
    result = Axe().run(page, context=context, options={"runOnly": {"type": "tag", "values": list(RULES)}})
    return [_sentence(violation) for violation in result.response["violations"]]


def _sentence(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    lines = [f"{violation['id']} ({violation['impact']}): {violation['help']} – {len(nodes)} element(s)"]
    for node in nodes[:5]:
        lines.append(f"  {' '.join(str(part) for part in node['target'])}")
        lines.append(f"    {node['html'][:200]}")
        lines.extend(f"    {line}" for line in str(node.get("failureSummary", "")).splitlines()[1:4])
    return "\n".join(lines)

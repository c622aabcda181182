"""Cells that are safe to open in a spreadsheet."""

#: The full-width ones too: some spreadsheets read them as the others.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_cell(text: str) -> str:
    """``text`` for a CSV cell: what a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def said_in_cell(text: str) -> str:
    """What a cell made safe by ``safe_cell`` says: without that apostrophe."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA_STARTS) else text

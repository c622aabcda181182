"""Word lists are written as running text, which reads and changes more easily than a thousand quotation marks."""


def words(text: str) -> tuple[str, ...]:
    """The words of ``text``; an underscore stands for a space inside a word."""
    return tuple(word.replace("_", " ") for word in text.split())

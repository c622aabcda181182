"""Reads a page as a strict visitor would and says what is wrong with it."""

from collections import Counter
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag

#: Inputs that need no visible label.
_UNLABELLED_TYPES = frozenset({"hidden", "submit", "button", "reset", "image"})


def problems(html: str) -> list[str]:
    """List what is wrong with a whole page, one sentence each; an empty list is a good page.

    Checked: language, title, exactly one h1 whose words the title carries, duplicate ids, labels of form fields, CSRF
    token in POST forms, images without alt, links and buttons without words, links within the page that point nowhere
    (the error summary's among them), labels for fields that are not there, inline script, style and on… attributes.
    """
    page = BeautifulSoup(html, "html5lib")
    return [
        *_document(page),
        *_headings(page),
        *_ids(page),
        *_fields(page),
        *_forms(page),
        *_images_and_links(page),
        *_inline_code(page),
    ]


def _document(page: BeautifulSoup) -> Iterator[str]:
    if not page.html or not _attribute(page.html, "lang"):
        yield "The page has no language: <html lang>"
    if not page.title or not _words(page.title):
        yield "The page has no title"
    mains = page.find_all("main")
    if len(mains) != 1:
        yield f"The page has {len(mains)} <main> elements instead of one"


def _headings(page: BeautifulSoup) -> Iterator[str]:
    headings = page.find_all("h1")
    if len(headings) != 1:
        yield f"The page has {len(headings)} h1 elements instead of one"
        return
    words = _words(headings[0])
    if not words:
        yield "The h1 has no words"
    elif words.casefold() not in _words(page.title).casefold():
        yield f"The title does not carry the words of the h1: {words!r}"
    level = 1
    for heading in page.select("main h2, main h3, main h4, main h5, main h6"):
        if not _words(heading):
            yield f"An empty {heading.name}"
        if headings[0] in heading.find_all_previous("h1"):
            if int(heading.name[1]) > level + 1:
                yield f"The headings jump from h{level} to {heading.name} {_words(heading)!r}"
            level = int(heading.name[1])


def _ids(page: BeautifulSoup) -> Iterator[str]:
    counts = Counter(_attribute(tag, "id") for tag in page.find_all(id=True))
    for name, count in counts.items():
        if count > 1:
            yield f"The id {name!r} is used {count} times"
        if not name or any(ch.isspace() for ch in name):
            yield f"The id {name!r} is empty or holds a space"


def _fields(page: BeautifulSoup) -> Iterator[str]:
    labels = {_attribute(label, "for"): label for label in page.find_all("label") if _words(label)}
    ids = {_attribute(tag, "id") for tag in page.find_all(id=True)}
    for field in page.select("input, select, textarea, progress, meter"):
        if field.name == "input" and _attribute(field, "type").lower() in _UNLABELLED_TYPES:
            continue
        own = _attribute(field, "id")
        wrapping = field.find_parent("label")
        named_by = [part for part in _attribute(field, "aria-labelledby").split() if part in ids]
        if (own and own in labels) or named_by or _attribute(field, "aria-label") or (wrapping and _words(wrapping)):
            continue
        yield f"The {field.name} {_attribute(field, 'name') or own!r} has no label"
    for name in labels:
        if name and name not in ids:
            yield f"A label is for {name!r}, which is not on the page"
    for tag in page.select("[aria-describedby]"):
        for part in _attribute(tag, "aria-describedby").split():
            if part not in ids:
                yield f"aria-describedby names {part!r}, which is not on the page"
    for group in page.find_all("fieldset"):
        legend = group.find("legend")
        if not isinstance(legend, Tag) or not _words(legend):
            yield "A fieldset has no legend"


def _forms(page: BeautifulSoup) -> Iterator[str]:
    for form in page.find_all("form"):
        where = _attribute(form, "action") or "this page"
        if form.find_parent("form"):
            yield f"The form to {where} is inside another form"
        if _attribute(form, "method").lower() != "post":
            continue
        token = form.find("input", attrs={"name": "csrf_token"})
        if not isinstance(token, Tag) or not _attribute(token, "value"):
            yield f"The POST form to {where} has no csrf_token"


def _images_and_links(page: BeautifulSoup) -> Iterator[str]:
    for image in page.find_all("img"):
        if not image.has_attr("alt"):
            yield f"The image {_attribute(image, 'src')!r} has no alt"
    for link in page.select("a, button"):
        if not _name_of(link):
            kind = "link" if link.name == "a" else "button"
            yield f"A {kind} has no words: {_attribute(link, 'href') or _attribute(link, 'class')}"
    targets = {_attribute(tag, "id") for tag in page.find_all(id=True)}
    for link in page.select('a[href^="#"]'):
        target = _attribute(link, "href")[1:]
        if target not in targets:
            where = "An error summary link" if link.find_parent(class_="govuk-error-summary") else "A link"
            yield f"{where} points nowhere: #{target}"


def _inline_code(page: BeautifulSoup) -> Iterator[str]:
    for script in page.find_all("script"):
        if not script.has_attr("src"):
            yield "An inline script"
    for _ in page.find_all("style"):
        yield "An inline <style>"
    for tag in page.find_all(True):
        for name, value in tag.attrs.items():
            if name == "style" or name.startswith("on"):
                yield f"An inline {name} attribute on <{tag.name}>"
            if name in ("href", "src", "action") and str(value).strip().lower().startswith("javascript:"):
                yield f"A javascript: address on <{tag.name}>"


def _attribute(tag: Tag, name: str) -> str:
    value = tag.get(name) or ""
    return value if isinstance(value, str) else " ".join(value)


def _words(tag: Tag | None) -> str:
    return " ".join(tag.get_text(" ").split()) if tag else ""


def _name_of(tag: Tag) -> str:
    images = " ".join(_attribute(image, "alt") for image in tag.find_all("img"))
    return " ".join([_words(tag), _attribute(tag, "aria-label"), images]).strip()

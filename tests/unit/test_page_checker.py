"""The checker finds each fault, and finds none in a good page."""

import pytest

from tests.support.pages import problems

GOOD = """<!DOCTYPE html>
<html lang="en"><head><title>Error: Queue – Prevention</title></head><body>
<a href="#main-content">Skip</a>
<main id="main-content">
<div class="govuk-error-summary"><h2>There is a problem</h2><a href="#name">Enter a name</a></div>
<h1>Queue</h1>
<h2>Filter</h2><h3>Risk</h3><h2>Cases</h2>
<form method="post" action="/x"><input type="hidden" name="csrf_token" value="abc">
<label for="name">Name</label><input id="name" name="name" aria-describedby="name-hint">
<span id="name-hint">Full name</span>
<label>Age <input name="age"></label>
<fieldset><legend>Risk</legend><input type="radio" id="r" name="r"><label for="r">High</label></fieldset>
<button type="submit">Send</button></form>
<form method="get"><input type="search" aria-label="Search" name="q"></form>
<img src="map.png" alt=""><a href="/y"><img src="call.png" alt="Call"></a>
</main><script src="/static/app.mjs" type="module"></script></body></html>"""


def test_a_good_page_has_no_problems() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('<html lang="en">', "<html>", "language"),
        ("<title>Error: Queue – Prevention</title>", "", "no title"),
        ("Error: Queue – Prevention", "Prevention", "title does not carry"),
        ("<h1>Queue</h1>", "", "0 h1"),
        ("<h1>Queue</h1>", "<h1>Queue</h1><h1>Queue</h1>", "2 h1"),
        ("<h1>Queue</h1>", "<h1> </h1>", "h1 has no words"),
        ("<h2>Filter</h2>", "", "jump from h1 to h3"),
        ("<h2>Cases</h2>", "<h2></h2>", "empty h2"),
        ('<span id="name-hint">', '<span id="name-hint"></span><span id="name-hint">', "'name-hint' is used 2 times"),
        ('<label for="name">Name</label>', "", "input 'name' has no label"),
        ('<label for="name">Name</label>', '<label for="name"></label>', "input 'name' has no label"),
        ("<label>Age ", "<label>", "input 'age' has no label"),
        ('aria-label="Search"', "", "input 'q' has no label"),
        ('aria-label="Search"', 'aria-labelledby="gone"', "input 'q' has no label"),
        ("</fieldset>", "</fieldset><select name='s'><option>1</option></select>", "select 's' has no label"),
        ("</fieldset>", "</fieldset><textarea name='t'></textarea>", "textarea 't' has no label"),
        ("</fieldset>", "</fieldset><label for='gone'>Gone</label>", "label is for 'gone'"),
        ('"name-hint">Full', '"other-hint">Full', "aria-describedby names 'name-hint'"),
        ("<legend>Risk</legend>", "", "fieldset has no legend"),
        ('<input type="hidden" name="csrf_token" value="abc">', "", "no csrf_token"),
        ('value="abc"', 'value=""', "no csrf_token"),
        ('alt=""', "", "has no alt"),
        ('alt="Call"', 'alt=""', "link has no words"),
        (">Send<", "><", "button has no words"),
        ('href="#name"', 'href="#nome"', "error summary link points nowhere: #nome"),
        ('href="#main-content"', 'href="#"', "link points nowhere"),
        ("</main>", "</main><script>alert(1)</script>", "inline script"),
        ("</main>", "</main><style>p{}</style>", "inline <style>"),
        ("<h1>", '<h1 style="color:red">', "inline style attribute"),
        ("<h1>", '<h1 onclick="x()">', "inline onclick attribute"),
        ('href="/y"', 'href=" JavaScript:alert(1)"', "javascript: address"),
        ('<main id="main-content">', '<div id="main-content">', "0 <main>"),
    ],
)
def test_a_fault_is_found(old: str, new: str, expected: str) -> None:
    assert old in GOOD
    found = problems(GOOD.replace(old, new, 1))
    assert any(expected.casefold() in sentence.casefold() for sentence in found), found


def test_an_empty_answer_has_problems_and_does_not_fail() -> None:
    assert problems("")
    assert problems("<<<>>>")

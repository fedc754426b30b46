"""What is wrong with a built site is found: links that lead nowhere, and whatever is asked of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin_site.soundness import problems


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Two pages that are sound."""
    (tmp_path / "how to").mkdir()
    (tmp_path / "index.html").write_text(
        '<h1 id="top">a</h1><a href="how%20to/page.html#there">b</a><a href="#top">c</a>'
    )
    (tmp_path / "how to/page.html").write_text(
        '<p id="there"><a href="../index.html">d</a><a href="https://e.org/">e</a>'
    )
    return tmp_path


def test_a_sound_site_has_no_problems(site: Path) -> None:
    assert list(problems(site)) == []


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ('<a href="gone.html">', "more.html: leads nowhere: gone.html"),
        ('<a href="index.html#gone">', "more.html: leads to no place in index.html: index.html#gone"),
        ('<a href="#gone">', "more.html: leads to no place in more.html: #gone"),
        ('<img src="gone.png">', "more.html: leads nowhere: gone.png"),
        ('<link href="https://fonts.example/x.css">', "more.html: loads https://fonts.example/x.css"),
        ('<script src="//cdn.example/x.js">', "more.html: loads //cdn.example/x.js"),
    ],
)
def test_what_is_wrong_is_named(site: Path, added: str, said: str) -> None:
    (site / "more.html").write_text(added)
    assert list(problems(site)) == [said]


def test_style_sheets_are_looked_into(site: Path) -> None:
    (site / "own.css").write_text("a { background: url(https://fonts.example/x.woff2) } @import 'own2.css';")
    assert list(problems(site)) == ["own.css: loads https://fonts.example/x.woff2"]

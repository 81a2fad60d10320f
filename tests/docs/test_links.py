"""Every page can be reached from the index, and no link leads nowhere."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.support.pages import pages
from tests.support.scenarios import ROOT

INDEX = ROOT / "docs" / "index.md"
FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
LINK = re.compile(r"\]\((?!\w+:)(?P<file>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")


def prose(page: Path) -> str:
    """Return a page without its fences."""
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[tuple[Path, str]]:
    """Return the files that a page links to, each with the anchor in it, or an empty one."""
    found = LINK.finditer(prose(page))
    return [
        ((page.parent / link["file"]).resolve() if link["file"] else page, link["anchor"] or "")
        for link in found
    ]


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings, as GitHub makes them."""
    found: Counter[str] = Counter()
    anchors = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.M):
        anchor = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        anchors.add(f"{anchor}-{found[anchor]}" if found[anchor] else anchor)
        found[anchor] += 1
    return anchors


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_no_link_of_a_page_leads_nowhere(page: Path) -> None:
    broken = [
        f"{file.name}#{anchor}"
        for file, anchor in links(page)
        if not file.exists() or (anchor and anchor not in anchors(file))
    ]
    assert broken == []


def test_every_page_can_be_reached_from_the_index() -> None:
    reached: set[Path] = set()
    to_read = [INDEX]
    while to_read:
        page = to_read.pop()
        if page not in reached:
            reached.add(page)
            to_read += [file for file, _ in links(page) if file.suffix == ".md" and file.exists()]
    assert [page.name for page in pages() if page not in reached] == []


def test_a_link_is_read_with_its_anchor(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(
        "# It's `a` page\n# run\n# Run\n[b](c/b.md#one) [here](#its-a-page) [out](https://x.y/z)\n"
    )
    assert links(page) == [(tmp_path / "c" / "b.md", "one"), (page, "its-a-page")]
    assert anchors(page) == {"its-a-page", "run", "run-1"}

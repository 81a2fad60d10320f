"""What the pages show is so: their code runs, and their outputs come out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pages import LANGUAGES, Block, blocks, pages, played, same
from tests.support.pipecat import needs_pipecat
from tests.support.scenarios import ROOT

REMEDY = "run python docs/generate.py"
each_page = pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)


@each_page
def test_every_fence_says_what_it_is(page: Path) -> None:
    fences = blocks(page.read_text(encoding="utf-8"))
    assert [block for block in fences if block.language not in LANGUAGES] == []


@pytest.mark.slow
@needs_pipecat
@each_page
def test_what_a_page_shows_is_what_comes_out(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shown = f"{page.relative_to(ROOT)}:"
    wrong = [
        f"{shown}{block.line}: {REMEDY}; it is\n{actual}"
        for block, actual in played(text, tmp_path)
        if not same(block.text, actual)
    ]
    assert wrong == []


PAGE = """
```python title="bot.py"
WORD = "hello"
```

```console
$ python -c "import bot; print(bot.WORD)"  # says it
hello
```
"""


@pytest.mark.slow
def test_a_page_is_played_in_its_order(tmp_path: Path) -> None:
    assert [(block.title, actual) for block, actual in played(PAGE, tmp_path)] == [
        ("bot.py", 'WORD = "hello"\n'),
        ("", '$ python -c "import bot; print(bot.WORD)"  # says it\nhello\n'),
    ]


@pytest.mark.slow
def test_an_output_that_is_another_one_is_seen(tmp_path: Path) -> None:
    wrong = PAGE.replace("says it\nhello", "says it\nhullo")
    assert [same(block.text, actual) for block, actual in played(wrong, tmp_path)] == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fence", "raised"),
    [
        ("```python\nassert 1 == 2\n```", "AssertionError"),
        ("```python\ndef test_one() -> None:\n    assert 1 == 2\n```", "1 failed"),
        ("```yaml\nversion: 2\n```", "must be 1, not 2"),
    ],
)
def test_code_that_fails_fails_the_page(tmp_path: Path, fence: str, raised: str) -> None:
    with pytest.raises(AssertionError, match=raised):
        list(played(fence, tmp_path))


def test_a_page_cannot_write_into_the_project(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"scenarios/x\.yaml would write into the project"):
        list(played('```yaml title="scenarios/x.yaml"\na: 1\n```', tmp_path))


@pytest.mark.parametrize(
    ("shown", "actual", "is_the_same"),
    [
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n  …\nd\n", "a\nd\n", True),
        ("a\n…\nd\n", "a\nb\n", False),
        ("clean      0.4 s\n", "clean     12.5 s\n", True),
        ("==== 1 passed in 0.31s ====\n", "====== 1 passed in 2.00s =====\n", True),
        ("2 clean\n", "3 clean\n", False),
    ],
)
def test_times_and_elisions_make_no_difference(shown: str, actual: str, is_the_same: bool) -> None:
    assert same(shown, actual) is is_the_same


def test_a_fence_is_found_with_its_language_title_and_line() -> None:
    assert blocks('one\n\n  ```yaml title="a.yaml"\n  b: 1\n  ```\n') == [
        Block("yaml", "a.yaml", "  b: 1\n", 4)
    ]

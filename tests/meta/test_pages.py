"""The pages that are made from the code are what the code says."""

from __future__ import annotations

import runpy
import sys

import pytest

from tests.support.pipecat import PINNED, needs_pipecat
from tests.support.reference import reference_page
from tests.support.scenarios import ROOT

REMEDY = "run python docs/generate.py"


def test_the_page_of_the_laws_is_up_to_date() -> None:
    pages = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    page = (ROOT / "docs" / "laws.md").read_text(encoding="utf-8")
    assert page == pages["laws_page"](), REMEDY


def test_the_page_of_the_public_names_is_up_to_date() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert page == reference_page(), REMEDY


def test_the_page_of_the_command_line_is_up_to_date() -> None:
    pages = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == pages["cli_page"](), REMEDY


def test_the_keys_of_a_json_report_are_up_to_date() -> None:
    pages = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    page = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    assert page == pages["json_page"](), REMEDY


@pytest.mark.slow
@needs_pipecat
@pytest.mark.skipif(
    not sys.version.startswith("3.11."),
    reason="the page is made on Python 3.11; asyncio takes other steps on "
    f"{sys.version_info.major}.{sys.version_info.minor}",
)
def test_the_page_of_what_pipecat_breaks_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    pages = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    page = (ROOT / "docs" / f"pipecat-{PINNED}.md").read_text(encoding="utf-8")
    assert page == pages["pipecat_page"](), REMEDY

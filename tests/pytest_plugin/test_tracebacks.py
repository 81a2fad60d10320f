"""What a test does wrong is told at its own line, without the way through this package."""

from __future__ import annotations

from tests.pytest_plugin.conftest import Inner

REFUSED = """
from llm_sim import Bot

def test_a_bot():
    Bot(None)

def test_a_call():
    call("x", args=3)

def test_a_run(llm_sim):
    llm_sim.run(*ORDER, bot=Bot(build)).call("c9")

def test_a_law(llm_sim):
    llm_sim.expects("LS999")
"""
OURS = """
from llm_sim import errors

def test_a_bug(monkeypatch):
    def broken(**words):
        raise errors.InternalError("attach this")
    monkeypatch.setattr("llm_sim.scenario._builders.Say", broken)
    say("Hm.")
"""


def test_what_is_refused_is_told_at_the_line_of_the_test(inner: Inner) -> None:
    told = [each.longreprtext for each in inner.run(REFUSED).reports if each.failed]
    for text, line in zip(told, ("Bot(None)", "args=3", '"c9"', '"LS999"'), strict=True):
        lines = text.splitlines()
        assert [each for each in lines if "llm_sim/" in each] == []
        assert [line in each for each in lines if each.startswith(">")] == [True]
        assert lines[-1].startswith("test_bot.py:")


def test_a_bug_of_ours_keeps_its_way(inner: Inner) -> None:
    [told] = [each.longreprtext for each in inner.run(OURS).reports if each.failed]
    assert "_builders.py" in told
    assert "InternalError: attach this" in told

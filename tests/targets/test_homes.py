"""Bots beside the files that name them, each with the modules of its own directory."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from llm_sim.errors import BotError
from llm_sim.scenario import Scenario, call, say, turn
from llm_sim.simulation import run
from llm_sim.targets import Bot, load_bot
from llm_sim.targets._homes import home_of

BOT = """
import tools
from handlers import early

async def who(params):
    import late
    from handlers import later
    await params.result_callback([tools.NAME, early.NAME, late.NAME, later.NAME])

def build(llm):
    llm.register_function("who", who)
"""


def _write(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return directory


def _service(directory: Path, bot: str = BOT) -> Path:
    """Plant a bot whose handler tells the service of each module that it imports."""
    name = f"NAME = {directory.name!r}"
    siblings = ("tools.py", "late.py", "handlers/early.py", "handlers/later.py")
    return _write(directory, {"bot.py": bot, **dict.fromkeys(siblings, name)})


def _answer(bot: Bot) -> Any:
    """Run the handler of a bot and return its result."""
    scenario = Scenario(script=[turn(call("who")), turn(say("Done."))], bot="bot:build")
    with bot.at_home():
        one = run(scenario, bot=bot)
    assert not one.violations
    (result,) = one.trace.of("answer")
    return result.data["result"]


@pytest.fixture(autouse=True)
def imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start from an empty current directory, and leave no planted module behind."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr(sys, "path", [*sys.path])
    modules = dict(sys.modules)
    yield
    for name in set(sys.modules) - set(modules):
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
    for name, module in modules.items():
        assert sys.modules[name] is module


@pytest.fixture
def twins(tmp_path: Path) -> tuple[Path, Path]:
    return _service(tmp_path / "a"), _service(tmp_path / "b")


def test_two_services_in_one_process_do_not_meet(twins: tuple[Path, Path]) -> None:
    a, b = (load_bot("bot:build", beside=directory) for directory in twins)
    assert [_answer(bot) for bot in (a, b, a, b)] == [["a"] * 4, ["b"] * 4, ["a"] * 4, ["b"] * 4]


def test_a_service_whose_directories_are_packages_does_not_meet_another_one(
    twins: tuple[Path, Path],
) -> None:
    for directory in twins:
        (directory / "handlers" / "__init__.py").touch()
    bots = [load_bot("bot:build", beside=directory) for directory in twins]
    assert [_answer(bot) for bot in bots] == [["a"] * 4, ["b"] * 4]


def test_two_services_do_not_meet_where_both_are_on_the_path(
    twins: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for directory in twins:
        monkeypatch.syspath_prepend(directory)
    bots = [load_bot("bot:build", beside=directory) for directory in twins]
    assert [_answer(bot) for bot in (*bots, *bots)] == [["a"] * 4, ["b"] * 4] * 2


def test_an_entered_home_can_be_left_for_another_one(twins: tuple[Path, Path]) -> None:
    a, b = (load_bot("bot:build", beside=directory) for directory in twins)
    with a.at_home():
        assert _answer(b) == ["b"] * 4
        assert _answer(a) == ["a"] * 4
        with b.at_home(), a.at_home():
            assert sys.modules["tools"].NAME == "a"


def test_a_service_leaves_the_imports_of_others_as_they_were(
    twins: tuple[Path, Path],
) -> None:
    path, modules = [*sys.path], {*sys.modules}
    _answer(load_bot("bot:build", beside=twins[0]))
    assert sys.path == path
    assert not ({*sys.modules} - modules) & {"bot", "tools", "late", "handlers", "handlers.later"}


def test_a_test_gets_the_module_that_is_run_where_its_directory_is_on_the_path(
    twins: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(twins[0])
    loaded = load_bot("bot:build", beside=twins[0])
    import bot  # type: ignore[import-not-found]
    import tools  # type: ignore[import-not-found]

    assert loaded.build is bot.build
    monkeypatch.setattr(tools, "NAME", "patched")
    assert _answer(loaded) == ["patched", "a", "a", "a"]


def test_a_module_of_an_editable_install_is_imported_once(
    twins: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Setuptools installs some of them as a finder, without an entry on the path."""

    class Editable:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> Any:
            file = twins[0] / f"{name}.py"
            return spec_from_file_location(name, file) if name in ("bot", "tools") else None

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Editable])
    loaded = load_bot("bot:build", beside=twins[0])
    import bot

    assert loaded.build is bot.build
    assert _answer(loaded) == ["a"] * 4
    assert _answer(load_bot("bot:build", beside=twins[1])) == ["b"] * 4
    assert sys.modules["bot"] is bot


def test_a_module_that_was_imported_before_is_not_imported_again(
    twins: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(twins[0])
    import bot

    assert load_bot("bot:build", beside=twins[0]).build is bot.build


def test_an_installed_package_stays_although_the_bot_has_a_module_of_its_name(
    tmp_path: Path,
) -> None:
    tools = "import pytest, json, llm_sim\nNAME = pytest.__name__ + json.__name__"
    shadows = ("pytest.py", "json.py", "llm_sim/__init__.py")
    _write(_service(tmp_path / "a"), {**dict.fromkeys(shadows, "1 / 0"), "tools.py": tools})
    assert _answer(load_bot("bot:build", beside=tmp_path / "a"))[0] == "pytestjson"


@pytest.mark.parametrize(("file", "module"), [("json.py", "json"), ("json/bot.py", "json.bot")])
def test_a_bot_whose_name_an_installed_package_has_is_refused(
    tmp_path: Path, file: str, module: str
) -> None:
    _write(tmp_path / "a", {file: "def build(llm): ..."})
    with pytest.raises(BotError, match=r"'json' is .*json/__init__\.py; rename your module$"):
        load_bot(f"{module}:build", beside=tmp_path / "a")


def test_what_a_bot_imports_from_elsewhere_is_shared(tmp_path: Path) -> None:
    a, b = (
        _write(tmp_path / name, {"bot.py": "import colorsys\ndef build(llm): ..."}) for name in "ab"
    )
    one, other = (load_bot("bot:build", beside=each) for each in (a, b))
    assert one.build.__globals__["colorsys"] is other.build.__globals__["colorsys"]


@pytest.mark.parametrize("root", ["pyproject.toml", "setup.cfg", "setup.py", "tox.ini", ".git"])
def test_a_module_is_looked_for_up_to_the_projects_root(tmp_path: Path, root: str) -> None:
    project = _service(tmp_path / "outside" / "project")
    _write(project, {root: "", "tests/calls/x.sim.yaml": ""})
    assert _answer(load_bot("bot:build", beside=project / "tests" / "calls")) == ["project"] * 4
    inner = _write(project / "inner", {root: ""})
    with pytest.raises(BotError, match=r"No module named 'bot' in .*inner, the current"):
        load_bot("bot:build", beside=inner)


def test_without_a_root_the_parents_up_to_the_current_directory_are_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _service(tmp_path / "a")
    _write(tmp_path / "a", {"b/c/x.sim.yaml": ""})
    monkeypatch.chdir(tmp_path / "a" / "b")
    with pytest.raises(BotError, match=r"in c, its parents up to the current directory or on sys"):
        load_bot("bot:build", beside="c")
    monkeypatch.chdir(tmp_path / "a")
    assert load_bot("bot:build", beside="b/c").name == "build"


def test_the_nearest_module_of_a_name_is_meant(tmp_path: Path) -> None:
    outer = _service(tmp_path / "outer")
    inner = _service(outer / "inner")
    _write(outer, {"pyproject.toml": "", "inner/more/x.sim.yaml": ""})
    assert _answer(load_bot("bot:build", beside=inner / "more")) == ["inner"] * 4


def test_a_directory_of_the_same_name_does_not_hide_a_module(tmp_path: Path) -> None:
    module = "def build(llm): ..."
    _write(tmp_path, {"pyproject.toml": "", "shop/bot.py": module, "tests/shop/test_bot.py": ""})
    assert load_bot("shop.bot:build", beside=tmp_path / "tests").name == "build"


def test_then_a_module_is_looked_for_in_the_current_directory(
    twins: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(twins[0])
    assert _answer(load_bot("bot:build", beside=tmp_path / "elsewhere")) == ["a"] * 4
    assert _answer(load_bot("bot:build")) == ["a"] * 4


def test_a_module_that_is_nowhere_beside_is_imported_as_any_other(tmp_path: Path) -> None:
    bot = load_bot("llm_sim.cli.demo.bots:booking_bot", beside=tmp_path)
    assert bot.reference == "llm_sim.cli.demo.bots:booking_bot"


def test_a_module_that_has_no_file_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("made_in_memory")
    module.build = print  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert load_bot("made_in_memory:build").build is print


@pytest.mark.parametrize("name", ["end-call", "0-calls", "test_end-call"])
def test_a_module_may_have_any_name_that_a_file_may_have(tmp_path: Path, name: str) -> None:
    _write(_service(tmp_path / "a"), {f"{name}.py": BOT})
    bot = load_bot(f"{name}:build", beside=tmp_path / "a")
    assert (_answer(bot), bot.reference) == (["a"] * 4, f"{name}:build")


def test_a_function_of_a_module_with_a_hyphen_has_a_reference_that_loads_it(
    twins: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pytest imports such a test file by its name, and puts its directory on the path."""
    _write(twins[0], {"test_end-call.py": BOT})
    monkeypatch.syspath_prepend(twins[0])
    module = __import__("test_end-call")
    bot = Bot(module.build)
    assert bot.reference == "test_end-call:build"
    assert load_bot(bot.reference, beside=twins[0]).build is module.build
    assert load_bot(bot.reference).build is module.build


def test_an_attribute_may_be_one_of_a_class(tmp_path: Path) -> None:
    _write(tmp_path, {"bots.py": "class Bots:\n    @staticmethod\n    def build(llm): ..."})
    bot = load_bot("bots:Bots.build", beside=tmp_path)
    assert bot.reference == Bot(bot.build).reference == "bots:Bots.build"
    with pytest.raises(BotError, match=r"bots\.Bots has no 'biuld' \(did you mean 'build'\?\)"):
        load_bot("bots:Bots.biuld", beside=tmp_path)


@pytest.mark.parametrize(("path", "beside"), [("../bot.py", "a/scenarios"), ("a/bot.py", None)])
def test_a_bot_is_named_by_the_path_of_its_file(
    twins: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    beside: str | None,
) -> None:
    (twins[0] / "scenarios").mkdir()
    monkeypatch.chdir(tmp_path)
    assert _answer(load_bot(f"{path}:build", beside=beside)) == ["a"] * 4


def test_a_path_into_a_package_names_a_module_of_it(tmp_path: Path) -> None:
    files = {"shop/__init__.py": "NAME = 1", "shop/bot.py": "from . import NAME\ndef build(l): ..."}
    _write(tmp_path, files)
    assert load_bot("shop/bot.py:build", beside=tmp_path).build.__module__ == "shop.bot"


def test_a_path_of_no_file_is_answered_with_the_nearest_one(twins: tuple[Path, Path]) -> None:
    with pytest.raises(
        BotError,
        match=r"there is no file 'bto\.py' in .*a or the current directory \(did you mean 'bot\.py",
    ):
        load_bot("bto.py:build", beside=twins[0])


def test_a_missing_module_is_answered_with_the_nearest_one(twins: tuple[Path, Path]) -> None:
    with pytest.raises(BotError, match=r"or on sys\.path \(did you mean 'bot'\?\)"):
        load_bot("bto:build", beside=twins[0])


def test_for_a_module_elsewhere_in_the_project_the_error_says_what_to_write(tmp_path: Path) -> None:
    project = _write(tmp_path / "shop", {"setup.py": "", "tests/x.sim.yaml": ""})
    _service(project / "src")
    with pytest.raises(BotError, match=r"src: write \.\./src/bot\.py:build, or set PYTHONPATH=/"):
        load_bot("bot:build", beside=project / "tests")
    assert _answer(load_bot("../src/bot.py:build", beside=project / "tests")) == ["src"] * 4


@pytest.mark.parametrize("reference", ["..bot:build", "a..b:build", "a/b:build", ".py:x", "bot:a."])
def test_a_reference_that_names_nothing_is_refused(reference: str) -> None:
    with pytest.raises(BotError, match=r"write package\.module:attribute or path/to/bot\.py:att"):
        load_bot(reference)


def test_a_bot_is_loaded_once(twins: tuple[Path, Path]) -> None:
    first = load_bot("bot:build", beside=twins[0])
    assert load_bot("bot:build", beside=twins[0]) is first
    assert load_bot("bot:build", beside=twins[1]) is not first


def test_a_module_whose_import_failed_is_tried_again(tmp_path: Path) -> None:
    _write(tmp_path, {"bot.py": "1 / 0"})
    with pytest.raises(BotError, match="ZeroDivisionError"):
        load_bot("bot:build", beside=tmp_path)
    _write(tmp_path, {"bot.py": "def build(llm): ...  # repaired"})
    assert load_bot("bot:build", beside=tmp_path).name == "build"


def test_a_pickled_bot_is_loaded_again(twins: tuple[Path, Path]) -> None:
    bots = [load_bot("bot:build", beside=directory) for directory in twins]
    again = pickle.loads(pickle.dumps(bots))
    assert all(one is other for one, other in zip(again, bots, strict=True))


def test_a_pickled_bot_keeps_what_was_changed_in_it(twins: tuple[Path, Path]) -> None:
    changed = replace(load_bot("bot.py:build", beside=twins[0]), terminal=("who",))
    again = pickle.loads(pickle.dumps(changed))
    assert (again, again.terminal, again.loaded_from) == (changed, ("who",), "bot.py:build")


_OTHER_PROCESS = """
import pickle, sys
from tests.targets.test_homes import _answer
print(_answer(pickle.load(sys.stdin.buffer)))
"""


@pytest.mark.slow
def test_a_pickled_bot_runs_in_another_process(twins: tuple[Path, Path]) -> None:
    bot = load_bot("bot:build", beside=twins[1])
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", _OTHER_PROCESS],
        input=pickle.dumps(bot),
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert done.stdout.split() == [b"['b',", b"'b',", b"'b',", b"'b']"]


def test_a_directory_has_one_home(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert home_of(tmp_path / "link") is home_of(tmp_path)
    assert pickle.loads(pickle.dumps(home_of(tmp_path))) is home_of(tmp_path)

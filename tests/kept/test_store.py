"""A directory of failures."""

from __future__ import annotations

from pathlib import Path
from platform import python_version

import pytest

from llm_sim.errors import ScenarioError, UsageError
from llm_sim.kept import FAILURES, FailureStore, load_failure
from tests.support.saved import TOKEN, saved


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FailureStore:
    """The store of an empty project."""
    monkeypatch.chdir(tmp_path)
    return FailureStore()


def test_what_is_saved_is_loaded_in_the_order_of_names(store: FailureStore) -> None:
    for law in ("LS111", "LS101", "LS106"):
        store.save(saved(law=law))
    assert [one.law for one in store.load()] == ["LS101", "LS106", "LS111"]
    assert store.load()[0] == saved()


def test_a_failures_file_can_be_read_by_people(store: FailureStore) -> None:
    path = store.save(saved())
    assert path.as_posix() == f"{FAILURES}/LS101-g-d974d2.failure.yaml"
    assert (
        path.read_text(encoding="utf-8")
        == f"""\
version: 2
failure:
  law: LS101
  kind: never-settled-after-started
  call: g1
  message: 'g1 `g` is never settled: last heard of as started'
  laws: [LS101, LS103, LS106, LS107, LS111]
  schedule: ls1-interrupt@start+1
  target: naive
  version: naive 0.1.0
  python: {python_version()}
  place: a.sim.yaml::two_tools
  scenario:
    name: two_tools
    mode: sequential
    script:
    - [{{call: f, as: f1}}, {{call: g, as: g1}}]
    - [{{say: Done.}}]
    tools:
      f: {{latency: 100ms}}
      g: {{latency: 50ms}}
"""
    )


def test_the_same_failure_is_one_file(store: FailureStore) -> None:
    assert store.save(saved()) == store.save(saved())
    assert len(list(store.directory.iterdir())) == 1


def test_the_files_are_all_that_is_left_and_git_ignores_them(
    store: FailureStore, tmp_path: Path
) -> None:
    store.save(saved())
    left = [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))]
    assert left == [
        ".llm_sim",
        ".llm_sim/.gitignore",
        ".llm_sim/failures",
        ".llm_sim/failures/LS101-g-d974d2.failure.yaml",
    ]
    assert (tmp_path / ".llm_sim" / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_directory_of_another_name_gets_no_gitignore(tmp_path: Path) -> None:
    FailureStore(tmp_path / "kept").save(saved())
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_store_that_is_not_there_is_empty(store: FailureStore) -> None:
    assert store.load() == []


def test_a_damaged_file_is_told_with_its_place_and_stays(store: FailureStore) -> None:
    store.save(saved())
    path = store.path_of(saved(law="LS111"))
    path.write_text("version: 1\nfailure:\n  lwa: LS111\n", encoding="utf-8")
    damaged: list[ScenarioError] = []
    assert store.load(damaged.append) == [saved()]
    (error,) = damaged
    assert str(error.problems[-1]) == f"{path}:3:3: unknown key 'lwa' (did you mean 'law'?)"
    store.drop(saved(law="LS111"))
    assert path.exists()


def test_a_damaged_file_is_shown_as_a_warning_where_nobody_asks(store: FailureStore) -> None:
    store.save(saved()).write_text("version: 1\nfailure: [\n", encoding="utf-8")
    with pytest.warns(UserWarning, match=r"LS101-g-d974d2\.failure\.yaml:3:1: not YAML"):
        assert store.load() == []


def test_a_file_that_another_process_drops_meanwhile_is_no_damaged_one(
    store: FailureStore,
) -> None:
    first, second = store.path_of(saved()), store.path_of(saved(law="LS111"))
    store.save(saved())
    for path in (first, second):
        path.write_text("version: 1\nfailure: [\n", encoding="utf-8")
    told: list[str] = []

    def note(damaged: ScenarioError) -> None:
        told.append(str(damaged).partition(":")[0])
        second.unlink()

    assert (store.load(note), told) == ([], [str(first)])


def test_a_file_of_another_version_is_refused(store: FailureStore) -> None:
    path = store.save(saved())
    path.write_text(path.read_text(encoding="utf-8").replace("version: 2", "version: 3", 1))
    with pytest.raises(ScenarioError) as raised:
        load_failure(path)
    assert str(raised.value) == (
        f"{path}:1:10: version must be 1 to 2, not 3: find the failure again"
    )


def test_a_file_of_the_first_version_is_read(store: FailureStore) -> None:
    path = store.save(saved())
    text = path.read_text(encoding="utf-8").replace("version: 2", "version: 1", 1)
    since = ("  kind:", "  python:")
    lines = [line for line in text.splitlines() if not line.startswith(since)]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert load_failure(path) == saved().model_copy(update={"kind": "", "python": ""})


def test_a_failure_is_dropped_whatever_its_file_is_called(store: FailureStore) -> None:
    store.save(saved(law="LS111"))
    store.save(saved()).rename(store.directory / "mine.failure.yaml")
    store.drop(saved())
    store.drop(saved())
    assert [one.law for one in store.load()] == ["LS111"]


def test_a_failure_is_found_by_its_name_and_by_its_token(store: FailureStore) -> None:
    store.save(saved())
    assert store.find("LS101-g-d974d2") == store.find(TOKEN) == saved()


def test_a_token_of_several_failures_is_answered_with_their_names(store: FailureStore) -> None:
    store.save(saved())
    store.save(saved(law="LS111"))
    with pytest.raises(UsageError) as raised:
        store.find(TOKEN)
    assert str(raised.value) == (f"2 failures have {TOKEN}: name one, LS101-g-d974d2, LS111-75db80")


def test_a_reference_to_nothing_is_answered_with_what_is_there(store: FailureStore) -> None:
    with pytest.raises(UsageError) as raised:
        store.find("LS101")
    assert str(raised.value) == (
        "there is no failure 'LS101' in .llm_sim/failures: it is empty: find one with llm-sim sweep"
    )
    store.save(saved())
    with pytest.raises(UsageError) as raised:
        store.find("LS101-g-d974d2x")
    assert str(raised.value) == (
        "there is no failure 'LS101-g-d974d2x' (did you mean 'LS101-g-d974d2'?) in "
        ".llm_sim/failures: it has LS101-g-d974d2"
    )


def test_a_file_is_never_half_written(store: FailureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    path = store.save(saved())
    before = path.read_text(encoding="utf-8")
    write_text = Path.write_text

    def disk_is_full(path: Path, text: str, **how: str) -> int:
        write_text(path, text[:10], **how)
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", disk_is_full)
    with pytest.raises(OSError, match="No space left"):
        store.save(saved())
    assert path.read_text(encoding="utf-8") == before
    assert len(list(store.directory.iterdir())) == 1

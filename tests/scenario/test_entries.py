"""Entries of a file: what they inherit, what a list of latencies makes of them, where it stands."""

from pathlib import Path
from textwrap import dedent, indent

import pytest

from llm_sim.errors import ScenarioError
from llm_sim.scenario import Scenario, dump_scenarios, format_duration, load_scenarios

BASE = """\
version: 1
scenarios:
  - name: base
    about: The base.
    script:
      - [{say: One moment.}, {call: slow, as: c1}, {call: fast, as: c2}]
      - [{say: Done.}]
    tools: {slow: {result: 1}, fast: {result: 2}}
    latency: {slow: 5s, playout: 300ms}
    inject: [{after: 1s, do: interrupt}]
    expect: [{call: {c1: cancelled}}]
    marks: [slow]
"""


@pytest.fixture(autouse=True)
def in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(entries: str, reference: str = "f.yaml") -> tuple[Scenario, ...]:
    Path("f.yaml").write_text(BASE + indent(dedent(entries), "  "))
    return load_scenarios(reference)


def mistakes(entries: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(entries)
    return str(caught.value).splitlines()


def test_an_entry_inherits_everything_but_the_name() -> None:
    base, child = load("- {name: child, extends: base}")
    assert child == base.replace(name="child")


def test_of_a_mapping_each_item_is_inherited_for_itself() -> None:
    _, child = load("""\
        - name: child
          extends: base
          tools: {slow: {raises: broken}}
          latency: {playout: 10ms}
    """)
    assert child.to_plain()["tools"] == {
        "slow": {"raises": "broken", "latency": "5s"},
        "fast": {"result": 2},
    }
    assert child.to_plain()["latency"] == {"playout": "10ms"}


def test_a_list_is_replaced() -> None:
    _, child = load("""\
        - name: child
          extends: base
          inject: []
          expect: [{call: {c2: result}}]
          marks: []
    """)
    assert child.to_plain()["expect"] == [{"call": {"c2": "result"}}]
    assert (child.inject, child.marks) == ((), ())


def test_an_entry_may_extend_what_extends_another_one() -> None:
    _, grandchild, _ = load("""\
        - {name: grandchild, extends: child, latency: {playout: 1ms}}
        - {name: child, extends: base, user: Hurry.}
    """)
    assert (grandchild.name, grandchild.user, grandchild.latency) == (
        "grandchild",
        "Hurry.",
        {"playout": 1_000_000},
    )


def test_an_entry_of_another_file_can_be_extended() -> None:
    Path("more").mkdir()
    Path("more/g.yaml").write_text(
        "version: 1\nscenarios: [{name: child, extends: '../f.yaml::base', user: Hurry.}]\n"
    )
    (base,) = load("")
    assert load_scenarios("more/g.yaml") == (base.replace(name="child", user="Hurry."),)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "- {name: child, extends: bse}",
            "f.yaml:13:28: extends names no scenario 'bse' (did you mean 'base'?): "
            "the file has base, child",
        ),
        (
            "- {name: child, extends: old.yaml}",
            "f.yaml:13:28: extends names no scenario 'old.yaml': the file has base, child; "
            "write old.yaml::NAME for one of another file",
        ),
        (
            "- {name: child, extends: 5}",
            "f.yaml:13:28: extends must be NAME or FILE::NAME, not 5",
        ),
        (
            "- {name: child, extends: child}",
            "f.yaml:13:28: extends goes in a circle: child -> child",
        ),
        (
            "- {name: child, extends: 'h.yaml::base'}",
            "f.yaml:13:28: extends names a file that cannot be used: "
            "h.yaml: there is no such file (did you mean 'f.yaml'?)",
        ),
        (
            "- {name: child, extends: 'old.yaml::base'}",
            "f.yaml:13:28: extends names a file whose version is 0, not 1",
        ),
        (
            "- {name: child, extends: base, mode: paralel}",
            "f.yaml:13:40: mode must be parallel or sequential, not 'paralel' "
            "(did you mean 'parallel'?)",
        ),
        (
            "- {name: child, extends: base, latency: {slwo: 1s}}",
            "f.yaml:13:44: unknown latency 'slwo' (did you mean 'slow'?): "
            "use executor, llm, playout or a tool's name",
        ),
        (
            "- {name: child, extends: base, scrip: []}",
            "f.yaml:13:34: unknown key 'scrip' (did you mean 'script'?)",
        ),
    ],
)
def test_a_mistake_of_an_entry_that_extends_is_placed(entry: str, message: str) -> None:
    Path("old.yaml").write_text(BASE.replace("version: 1", "version: 0"))
    assert mistakes(entry) == [message]


@pytest.mark.parametrize("expect", ["result", "5", "~"])
def test_expectations_are_a_list_or_a_mapping(expect: str) -> None:
    shown = {"result": "'result'", "5": "5", "~": "null"}[expect]
    assert mistakes(f"- {{name: child, extends: base, expect: {expect}}}") == [
        f"f.yaml:13:42: expect must be a list or a mapping, not {shown}"
    ]


def test_a_circle_is_told_at_each_entry_that_closes_it() -> None:
    assert mistakes("""\
        - {name: one, extends: two}
        - {name: two, extends: one}
        - {name: three, extends: one}
    """) == [
        "f.yaml:13:26: extends goes in a circle: two -> one -> two",
        "f.yaml:14:26: extends goes in a circle: one -> two -> one",
    ]


def test_a_circle_over_several_files_is_told_with_the_files() -> None:
    Path("g.yaml").write_text("version: 1\nscenarios: [{name: child, extends: 'f.yaml::child'}]\n")
    assert mistakes("- {name: child, extends: 'g.yaml::child'}") == [
        "g.yaml:2:36: extends goes in a circle: f.yaml::child -> g.yaml::child -> f.yaml::child"
    ]


def test_a_mistake_of_what_is_extended_is_told_once_in_its_own_file() -> None:
    Path("g.yaml").write_text(
        "version: 1\nscenarios:\n"
        "  - {name: one, extends: 'f.yaml::base'}\n"
        "  - {name: two, extends: 'f.yaml::base', mode: x}\n"
    )
    Path("f.yaml").write_text(BASE.replace("playout: 300ms", "playout: 300"))
    with pytest.raises(ScenarioError) as caught:
        load_scenarios("g.yaml")
    assert str(caught.value).splitlines() == [
        "g.yaml:4:48: mode must be parallel or sequential, not 'x'",
        "f.yaml:9:34: playout must have a unit: write 300ms or 5s, not 300",
    ]


def test_what_is_extended_and_is_no_yaml_is_told_in_its_own_file() -> None:
    Path("h.yaml").write_text("version: [")
    assert mistakes("- {name: child, extends: 'h.yaml::base'}") == [
        "h.yaml:1:11: not YAML: while parsing a flow node from line 1, column 11: "
        "expected the node content, but found '<stream end>'"
    ]


def test_a_list_of_latencies_makes_a_scenario_of_each() -> None:
    loaded = load("- {name: child, extends: base, latency: {slow: [50ms, 5000ms], llm: [0, 1ms]}}")
    assert [
        (each.name, each.tools["slow"].latency, format_duration(each.latency["llm"]))
        for each in loaded[1:]
    ] == [
        ("child[slow=50ms,llm=0s]", 50_000_000, "0s"),
        ("child[slow=50ms,llm=1ms]", 50_000_000, "1ms"),
        ("child[slow=5s,llm=0s]", 5_000_000_000, "0s"),
        ("child[slow=5s,llm=1ms]", 5_000_000_000, "1ms"),
    ]


def test_a_name_selects_all_that_its_lists_make_and_a_whole_name_one() -> None:
    entry = "- {name: child, extends: base, latency: {slow: [50ms, 5s]}}"
    assert [each.name for each in load(entry, "f.yaml::child")] == [
        "child[slow=50ms]",
        "child[slow=5s]",
    ]
    assert [each.name for each in load(entry, "f.yaml::child[slow=5s]")] == ["child[slow=5s]"]
    with pytest.raises(ScenarioError) as caught:
        load(entry, "f.yaml::child[slow=6s]")
    assert str(caught.value) == (
        "f.yaml: there is no scenario 'child[slow=6s]' (did you mean 'child[slow=5s]'?): "
        "the file has base, child[slow=50ms], child[slow=5s]"
    )


def test_lists_are_inherited() -> None:
    loaded = load("""\
        - {name: one, extends: base, latency: {slow: [50ms, 5s]}}
        - {name: two, extends: one, user: Hurry.}
    """)
    assert [each.name for each in loaded[3:]] == ["two[slow=50ms]", "two[slow=5s]"]


def test_what_lists_make_is_dumped_and_loads_back_equal() -> None:
    loaded = load("- {name: child, extends: base, latency: {slow: [50ms, 5s]}}")
    Path("g.yaml").write_text(dump_scenarios(loaded))
    assert load_scenarios("g.yaml") == loaded


@pytest.mark.parametrize(
    ("latency", "messages"),
    [
        (
            "{slow: []}",
            ["f.yaml:13:50: slow must be a duration such as 300ms or 5s, not a list"],
        ),
        (
            "{slow: [1s, 5]}",
            ["f.yaml:13:55: slow[1] must have a unit: write 300ms or 5s, not 5"],
        ),
        (
            "{slow: [1s, 1000ms]}",
            ["f.yaml:13:55: 1000ms is as long as slow[0]: remove one of them"],
        ),
        (
            f"{{slow: [{', '.join(f'{n}s' for n in range(101))}]}}",
            ["f.yaml:13:43: latency makes 101 scenarios of this one: give at most 100"],
        ),
    ],
)  # fmt: skip
def test_a_wrong_list_of_latencies_is_refused(latency: str, messages: list[str]) -> None:
    assert mistakes(f"- {{name: child, extends: base, latency: {latency}}}") == messages


def position(reference: str, path: tuple[str | int, ...]) -> tuple[int, int] | None:
    return load_scenarios(reference)[0].place.position(path)


def test_the_place_of_a_scenario_and_its_parts_can_be_asked() -> None:
    load("""\
        - name: child
          extends: base
          latency: {slow: [50ms, 5s]}
    """)
    Path("g.yaml").write_text(
        "version: 1\nscenarios:\n  - name: other\n    extends: f.yaml::base\n    user: Hurry.\n"
    )
    asked: list[tuple[str, tuple[str | int, ...]]] = [
        ("f.yaml::base", ()),
        ("f.yaml::base", ("expect", 0, "call", "c1")),
        ("f.yaml::base", ("expect", 5)),
        ("f.yaml::child[slow=5s]", ()),
        ("f.yaml::child[slow=5s]", ("latency", "slow")),
        ("f.yaml::child[slow=5s]", ("latency", "playout")),
        ("f.yaml::child", ("expect", 0)),
        ("g.yaml::other", ("user",)),
        ("g.yaml::other", ("expect", 0)),
    ]
    assert [position(*each) for each in asked] == [
        (3, 5),
        (11, 26),
        (11, 13),
        (13, 5),
        (15, 28),
        (9, 34),
        (11, 14),
        (5, 11),
        (4, 14),
    ]


def test_a_single_expectation_needs_no_list() -> None:
    entry = "- {name: child, extends: base, expect: {call: {c2: result}}}"
    loaded = load(entry)
    assert loaded[1].to_plain()["expect"] == [{"call": {"c2": "result"}}]
    assert position("f.yaml::child", ("expect", 0, "call", "c2")) == (13, 54)
    assert mistakes(entry.replace("c2", "c3")) == [
        "f.yaml:13:50: unknown call 'c3': the script has c1, c2"
    ]

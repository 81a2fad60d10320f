"""The file: what it says, what is wrong with it, and that it reads back."""

import os
from pathlib import Path
from textwrap import dedent

import pytest

from llm_sim.errors import ScenarioError
from llm_sim.scenario import (
    Scenario,
    Tool,
    after,
    at,
    call,
    dump_scenarios,
    end,
    interrupt,
    load_scenarios,
    say,
    scenario_schema,
    turn,
    user_says,
    wait,
)

EXAMPLE = """\
version: 1
scenarios:
- name: slow_tool_barge_in
  bot: tests.bots:support_bot
  script:
  - [{say: One moment.}, {call: slow, args: {q: x}, as: c1}, {wait: 50ms}]
  - [{say: 'Anyway, how can I help?'}]
  tools:
    slow: {result: [1, null], latency: 5s}
  latency: {playout: 300ms}
  inject:
  - {at: FunctionCallsStarted, do: interrupt}
  - {after: 2s, do: {say: Stop.}}
"""

SCENARIO = Scenario(
    name="slow_tool_barge_in",
    bot="tests.bots:support_bot",
    script=[
        turn(say("One moment."), call("slow", {"q": "x"}, as_="c1"), wait("50ms")),
        turn(say("Anyway, how can I help?")),
    ],
    tools={"slow": Tool(result=[1, None], latency="5s")},
    latency={"playout": "300ms"},
    inject=[at("FunctionCallsStarted", interrupt()), after("2s", user_says("Stop."))],
)


@pytest.fixture(autouse=True)
def in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(text: str | bytes) -> tuple[Scenario, ...]:
    content = text if isinstance(text, bytes) else dedent(text).encode()
    Path("f.yaml").write_bytes(content)
    return load_scenarios("f.yaml")


def mistakes(text: str | bytes) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(text)
    return str(caught.value).splitlines()


def mistakes_of_scenario(*lines: str) -> list[str]:
    """Return what is wrong with a scenario whose first line is line 3 of the file."""
    body = "".join(f"    {line}\n" for line in lines)
    return mistakes(f"version: 1\nscenarios:\n  - name: a\n{body}")


def test_a_file_is_loaded_as_what_it_says() -> None:
    assert load(EXAMPLE) == (SCENARIO,)


def test_scenarios_are_written_a_line_a_turn() -> None:
    assert dump_scenarios([SCENARIO]) == EXAMPLE


def test_one_scenario_is_chosen_by_its_name() -> None:
    both = (Scenario(name="a", script=[]), Scenario(name="b", script=[]))
    Path("f.yaml").write_text(dump_scenarios(both))
    assert load_scenarios("f.yaml::b") == both[1:]
    assert load_scenarios(Path("f.yaml")) == both


def test_scalars_are_those_of_yaml_1_2() -> None:
    (loaded,) = load("""\
        version: 1
        scenarios:
          - name: no
            user: yes
            script:
              - [{call: a, args: {
                  words: [on, off, y, 1:30, 2001-01-01, 1_000, "5", 0b1],
                  numbers: [010, 0o10, 0x10, 1e3, .5, -7],
                  others: [true, False, null, ~, ]}}]
            tools: {a: {}}
        """)
    assert (loaded.name, loaded.user) == ("no", "yes")
    assert loaded.to_plain()["script"][0][0]["args"] == {
        "words": ["on", "off", "y", "1:30", "2001-01-01", "1_000", "5", "0b1"],
        "numbers": [10, 8, 16, 1000.0, 0.5, -7],
        "others": [True, False, None, None],
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0o17", 15),
        ("017", 17),
        ("0x1F", 31),
        ("+12", 12),
        ("-0", 0),
        ("12e03", 12000.0),
        ("-2E+05", -200000.0),
        ("1.", 1.0),
        ("on", "on"),
        ("Yes", "Yes"),
        ("NO", "NO"),
        ("1_000", "1_000"),
        ("0b101", "0b101"),
        ("0o8", "0o8"),
        ("-0x10", "-0x10"),
        ("12:30:45", "12:30:45"),
        ("2001-12-14", "2001-12-14"),
        ("2001-12-14T21:59:43Z", "2001-12-14T21:59:43Z"),
        ("tRUE", "tRUE"),
        ("nUll", "nUll"),
        ("=", "="),
        ("<<", "<<"),
        ("1e", "1e"),
        (".", "."),
        ("'true'", "true"),
        ('"0x1F"', "0x1F"),
        ("TRUE", True),
        ("NULL", None),
    ],
)
def test_a_plain_scalar_is_what_the_core_schema_of_yaml_1_2_says(text: str, value: object) -> None:
    (loaded,) = load(f"""\
        version: 1
        scenarios: [{{name: a, script: [], tools: {{t: {{result: [{text}]}}}}}}]
        """)
    assert repr(loaded.tools["t"].result) == repr([value])


@pytest.mark.parametrize("text", [".inf", "-.INF", "+.Inf", ".nan", ".NaN"])
def test_an_infinity_is_a_number_and_no_scenario_can_hold_it(text: str) -> None:
    (mistake,) = mistakes_of_scenario("script: []", f"tools: {{t: {{result: {text}}}}}")
    assert "result must be a finite number" in mistake


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["script: []", "about: a", "'about': b"], "duplicate key 'about': first at line 5"),
        (["script: []", "tools: {a: {}, b: {}, a: {}}"], "duplicate key 'a': first at line 5"),
        (["script: []", "tools: {true: {}}"], "key true must be text: write 'true' in quotes"),
        (["script: []", "tools: {~: {}}"], "key ~ must be text: write '~' in quotes"),
        (["script: []", "tools: &t {a: {}}", "latency: {<<: *t}"], "the merge key << is not"),
        (["script: []", "tools: {a: {<<: [1]}}"], "the merge key << is not YAML 1.2"),
        (["script: []", "about: !!str 5"], "tag '!!str' is refused"),
        (["script: []", "about: ! x"], "tag '!' is refused"),
    ],
)
def test_what_yaml_1_2_or_plain_data_does_not_have_is_refused(
    lines: list[str], message: str
) -> None:
    assert any(message in mistake for mistake in mistakes_of_scenario(*lines))


@pytest.mark.parametrize("kind", ["say", "register", "unregister", "release"])
def test_a_stimulus_whose_text_is_none_is_told_by_its_own_key(kind: str) -> None:
    inject = f"inject: [{{after: 1s, do: {{{kind}: 5}}}}]"
    (mistake,) = mistakes_of_scenario("script: []", inject)
    place = f"f.yaml:5:{33 + len(kind)}"
    assert mistake == f"{place}: {kind} must be text, not 5: put it in quotes"


def test_a_file_is_one_document() -> None:
    (mistake,) = mistakes("version: 1\n---\nversion: 1\n")
    assert mistake.startswith("f.yaml:2:1: not YAML: expected a single document in the stream ")


def test_a_tab_separates_what_stands_on_a_line() -> None:
    tabbed = "version:\t1\nscenarios:\t# one\n  - name:\ta\t# its name\n    user: \t'Hm.'\t\n"
    script = "    script:\t[\t[{say:\tHi.}\t,\t{wait: 1s}\t]]\n"
    (loaded,) = load(tabbed + script)
    assert loaded == Scenario(name="a", user="Hm.", script=[turn(say("Hi."), wait("1s"))])


def test_anchors_and_aliases_are_followed() -> None:
    (loaded,) = load("""\
        version: 1
        scenarios:
          - name: a
            script:
              - &turn [{say: Again.}]
              - *turn
        """)
    assert loaded.script == (turn(say("Again.")), turn(say("Again.")))


def test_a_byte_order_mark_is_passed_over() -> None:
    assert load(b"\xef\xbb\xbf" + EXAMPLE.encode()) == (SCENARIO,)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("g.yaml", "g.yaml: there is no such file (did you mean 'f.yaml'?)"),
        ("", "the reference names no file: write FILE or FILE::NAME"),
        (".", ".: this is a directory: name a file in it"),
        ("f.yaml/g.yaml", "f.yaml/g.yaml: the file cannot be read: Not a directory"),
        ("a\0b", "a\0b: the file cannot be read: embedded null byte"),
        (5, "reference must be FILE or FILE::NAME, not 5"),
        (
            "f.yaml::slow_tool",
            "f.yaml: there is no scenario 'slow_tool' (did you mean 'slow_tool_barge_in'?): "
            "the file has slow_tool_barge_in",
        ),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(reference: str, message: str) -> None:
    Path("f.yaml").write_text(EXAMPLE)
    with pytest.raises(ScenarioError) as caught:
        load_scenarios(reference)
    assert str(caught.value) == message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file: see path_resolution(7)")
def test_a_file_without_permission_is_refused() -> None:
    Path("f.yaml").touch(mode=0o000)
    with pytest.raises(ScenarioError) as caught:
        load_scenarios("f.yaml")
    assert str(caught.value) == "f.yaml: the file cannot be read: Permission denied"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.yaml:1:1: the file is empty: begin with `version: 1`"),
        ("# nothing\n", "f.yaml:1:1: the file is empty: begin with `version: 1`"),
        ("hello", "f.yaml:1:1: the file must be a mapping, not 'hello'"),
        (
            b"version: 1\nscenarios: \xff",
            "f.yaml:2:12: byte 0xff is not UTF-8: save the file as UTF-8",
        ),
        (
            "version: 1\nscenarios: \x07",
            "f.yaml:2:12: character U+0007 is not allowed in YAML: escape it in double quotes",
        ),
        (
            "version: 1\nscenarios: [1, 2",
            "f.yaml:2:17: not YAML: while parsing a flow sequence from line 2, column 12: "
            "expected ',' or ']', but got '<stream end>'",
        ),
        (
            "version: 1\nscenarios:\n\t- name: a",
            "f.yaml:3:1: not YAML: a tab where a value begins: indent with spaces",
        ),
        (
            "version: 1\nscenarios:\n-\tname: a",
            "f.yaml:3:2: not YAML: a tab where a value begins: indent with spaces",
        ),
        (
            "version: 1\nscenarios: a\tb",
            "f.yaml:2:13: not YAML: a tab in a text: put the text in quotes",
        ),
        ("a: " + "[" * 5000, "f.yaml: the values are nested too deeply"),
    ],
)
def test_what_is_not_yaml_is_refused_in_one_line(text: str | bytes, message: str) -> None:
    assert mistakes(text) == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "scenarios: [{name: a, script: []}]",
            "f.yaml:1:1: missing key 'version': add `version: 1`",
        ),
        (
            "version: 2\nscenarios: [{name: a, script: []}]",
            "f.yaml:1:10: version must be 1, not 2",
        ),
        (
            "version: true\nscenarios: [{name: a, script: []}]",
            "f.yaml:1:10: version must be 1, not true",
        ),
        (
            "version: 1",
            "f.yaml:1:1: missing key 'scenarios': "
            'add `scenarios: [{name: greeting, script: [[{say: "Hello."}]]}]`',
        ),
        ("version: 1\nscenarios: []", "f.yaml:2:12: scenarios must have at least one scenario"),
        ("version: 1\nscenarios: {}", "f.yaml:2:12: scenarios must be a list, not a mapping"),
        ("version: 1\nscenarios: [5]", "f.yaml:2:13: scenarios[0] must be a mapping, not 5"),
        (
            "version: 1\nscenarios: [{script: []}]",
            "f.yaml:2:13: missing key 'name': add `name: my_scenario`",
        ),
        (
            "version: 1\nscenarios: [{name: a, script: []}, {name: a, script: []}]",
            "f.yaml:2:43: duplicate name 'a': another scenario has it; rename one of them",
        ),
        (
            "version: 1\nversion: 1\nscenarios: [{name: a, script: []}]",
            "f.yaml:2:1: duplicate key 'version': first at line 1, column 1; remove one",
        ),
        (
            "version: 1\nscenarios: [&a {name: a, script: [*a]}]",
            "f.yaml:2:13: an alias contains itself: write the values out",
        ),
    ],
)
def test_a_mistake_in_the_outline_is_placed(text: str, message: str) -> None:
    assert message in mistakes(text)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["about: x"],
            "f.yaml:3:5: missing key 'script': add `script: [[{say: \"Hello.\"}]]`",
        ),
        (["script: []", "scrip: []"], "f.yaml:5:5: unknown key 'scrip' (did you mean 'script'?)"),
        (["script: x"], "f.yaml:4:13: script must be a list, not 'x'"),
        (["script:"], "f.yaml:4:12: script must be a list, not null"),
        (["script: []", "about: 5"], "f.yaml:5:12: about must be text, not 5: put it in quotes"),
        (
            ["script: []", "mode: paralel"],
            "f.yaml:5:11: mode must be parallel or sequential, not 'paralel' "
            "(did you mean 'parallel'?)",
        ),
        (
            ["script:", "  - - {wait: 5}"],
            "f.yaml:5:18: wait must have a unit: write 300ms or 5s, not 5",
        ),
        (
            ["script:", "  - - {syy: hi}"],
            "f.yaml:5:12: unknown key 'syy' (did you mean 'say'?)",
        ),
        (
            ["script:", "  - - {say: hi, to: me}"],
            "f.yaml:5:21: unknown key 'to'",
        ),
        (
            ["script:", "  - - hi"],
            "f.yaml:5:11: script[0][0] must be a step, {say: text}, {call: name}, {wait: 50ms} or "
            "{fail: text}, not 'hi'",
        ),
        (
            ["script:", "  - {say: hi}"],
            "f.yaml:5:9: script[0] must be a list of steps such as [{say: text}], not a mapping",
        ),
        (
            ["script: [[{call: a, args: {x: [1, .nan]}}]]", "tools: {a: {}}"],
            "f.yaml:4:39: x[1] must be a finite number, not nan",
        ),
        (
            ["script: [[{call: a, args: {x: 1e999}}]]", "tools: {a: {}}"],
            "f.yaml:4:35: x must be a finite number, not inf",
        ),
        (
            ["script: [[{call: serch}]]", "tools: {search: {}}"],
            "f.yaml:4:22: unknown tool 'serch' (did you mean 'search'?): add it to tools, "
            "name the bot that has it, or write "
            "`tools: {serch: {registered: false}}` to call a tool without a handler",
        ),
        (
            ["script:", "  - [{call: a, as: c}]", "  - [{call: a, as: c}]", "tools: {a: {}}"],
            "f.yaml:6:24: duplicate id 'c': script[0][0] has it already; give each call its own",
        ),
        (
            ["script: []", "tools: {404: {}}"],
            "f.yaml:5:13: key 404 must be text: write '404' in quotes",
        ),
        (
            ["script: []", "tools: {[a]: {}}"],
            "f.yaml:5:13: a key must be text, not a list or a mapping",
        ),
        (
            ["script: []", 'tools: {a: {result: {x: "\\ud800"}}}'],
            "f.yaml:5:29: x must be text that UTF-8 can write, not '\\ud800'",
        ),
        (
            ["script: []", "tools: {a: {<<: {}}}"],
            "f.yaml:5:17: the merge key << is not YAML 1.2: write the keys out",
        ),
        (
            ["script: []", "tools: {a: {result: 1, raises: x}}"],
            "f.yaml:5:16: a tool answers or raises: remove result or raises",
        ),
        (
            ["script: []", "about: !!python/name:os.system"],
            "f.yaml:5:12: tag '!!python/name:os.system' is refused: write plain data without tags",
        ),
        (
            ["script: []", "about: !mine x"],
            "f.yaml:5:12: tag '!mine' is refused: write plain data without tags",
        ),
        (
            ["script: []", "latency: {lm: 5s}"],
            "f.yaml:5:15: unknown latency 'lm' (did you mean 'llm'?): "
            "use executor, llm, playout or a tool's name",
        ),
        (
            ["script: []", "tools: {a: {latency: 1s}}", "latency: {a: 5s}"],
            "f.yaml:6:15: the latency of 'a' is given in tools too: remove one of them",
        ),
        (
            ["script: []", "inject: [{at: LLMText}]"],
            "f.yaml:5:14: missing key 'do': add `do: interrupt`",
        ),
        (
            ["script: []", "inject: [{step: 1, do: intrupt}]"],
            "f.yaml:5:28: do must be interrupt, end, cancel, user_starts, user_stops, error, "
            "{say: text}, {register: tool}, {unregister: tool} or {release: tool}, not 'intrupt' "
            "(did you mean 'interrupt'?)",
        ),
        (
            ["script: []", "inject: [{step: 1, do: {sya: x}}]"],
            "f.yaml:5:29: unknown key 'sya' (did you mean 'say'?): "
            "a stimulus is interrupt, end, cancel, user_starts, user_stops, error, {say: text}, "
            "{register: tool}, {unregister: tool} or {release: tool}",
        ),
        (
            ["script: []", "inject: [{step: 1, do: {say: 5}}]"],
            "f.yaml:5:34: say must be text, not 5: put it in quotes",
        ),
        (
            ["script: []", "inject: [{step: 1, nth: 2, do: end}]"],
            "f.yaml:5:24: nth counts from a frame: remove it, or give at",
        ),
        (
            ["script: []", f"tools: {{a: {{result: {'9' * 5000}}}}}"],
            "f.yaml:5:25: a number of 5000 digits is too long: put it in quotes",
        ),
    ],
)
def test_a_mistake_in_a_scenario_is_placed(lines: list[str], message: str) -> None:
    assert mistakes_of_scenario(*lines) == [message]


def test_all_mistakes_of_a_file_are_listed_in_its_order() -> None:
    assert mistakes("""\
        version: 2
        scenaros: []
        scenarios:
          - name: one
            script:
              - [{call: slow, args: {q: .inf}}]
            tools: {slwo: {latency: 5}}
            name: two
          - name: a b
            script: []
        """) == [
        "f.yaml:1:10: version must be 1, not 2",
        "f.yaml:2:1: unknown key 'scenaros' (did you mean 'scenarios'?)",
        "f.yaml:6:17: unknown tool 'slow' (did you mean 'slwo'?): add it to tools, "
        "name the bot that has it, or write "
        "`tools: {slow: {registered: false}}` to call a tool without a handler",
        "f.yaml:6:33: q must be a finite number, not inf",
        "f.yaml:7:29: latency must have a unit: write 300ms or 5s, not 5",
        "f.yaml:8:5: duplicate key 'name': first at line 4, column 5; remove one",
        "f.yaml:9:11: name must be letters, digits, _ and -, not 'a b'",
    ]


def test_aliases_that_multiply_are_refused() -> None:
    levels = ["&l0 [x, x, x, x]"]
    levels += [f"&l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 9)]
    found = mistakes_of_scenario("script: []", f"tools: {{a: {{result: [{', '.join(levels)}]}}}}")
    assert [message.partition(": ")[2] for message in found] == [
        "aliases repeat more than 10000 values"
    ]


def test_a_dump_without_names_of_their_own_is_refused() -> None:
    with pytest.raises(ScenarioError) as caught:
        dump_scenarios([SCENARIO, SCENARIO])
    assert str(caught.value) == (
        "scenarios[1].name: duplicate name 'slow_tool_barge_in': another scenario has it; "
        "rename one of them"
    )


def test_the_schema_knows_the_keys_of_a_file() -> None:
    schema = scenario_schema()
    assert schema["required"] == ["version", "scenarios"]
    assert list(schema["$defs"]["Call"]["properties"]) == ["call", "args", "as"]
    assert schema["$defs"]["Turn"]["type"] == "array"


def test_end_is_a_stimulus_in_words() -> None:
    assert after("1s", end()).to_plain() == {"after": "1s", "do": "end"}

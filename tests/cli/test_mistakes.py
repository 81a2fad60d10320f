"""A mistake is answered with exit code 2 and one clear message."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Command

FILES = {
    "typo.sim.yaml": "version: 1\nscenarios:\n  - name: typo\n    scirpt:\n      - [{say: Hi.}]\n",
    "bot.sim.yaml": (
        "version: 1\nscenarios:\n  - name: bot\n    bot: no_such_module:build\n"
        "    script:\n      - [{say: Hi.}]\n"
    ),
    "law.sim.yaml": (
        "version: 1\nscenarios:\n  - name: law\n"
        "    script:\n      - [{say: Hi.}]\n    strict: [LS999]\n"
    ),
    "broken.sim.yaml": "version: 1\nscenarios: [\n",
    "empty.sim.yaml": "",
}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("run no.sim.yaml", "no.sim.yaml: there is no such file"),
        (
            "run race.sim.yaml::rice",
            "race.sim.yaml: there is no scenario 'rice' (did you mean 'race'?)",
        ),
        ("run broken.sim.yaml", "broken.sim.yaml:"),
        ("run empty.sim.yaml", "empty.sim.yaml:1:1: the file is empty: begin with `version: 1`"),
        ("run nothing", "nothing: there is no such file"),
        ("run .hidden", ".hidden: there is no *.sim.yaml file in it"),
        ("run no*.yaml", "no*.yaml: no file matches"),
        ("replay --schedule ls1-undisturbed", "name the scenario file that the token belongs to"),
        (
            "run race.sim.yaml --target refrence",
            "there is no target 'refrence' (did you mean 'reference'?); "
            "the targets are reference, naive, pipecat, auto",
        ),
        (
            "sweep race.sim.yaml --inject interupt",
            "cannot inject 'interupt' (did you mean 'interrupt'?); "
            "it is one of interrupt, end, cancel",
        ),
        (
            "run race.sim.yaml --bot no_such_module:build",
            "bot 'no_such_module:build': cannot import 'no_such_module': "
            "No module named 'no_such_module'",
        ),
        (
            "run race.sim.yaml --bot llm_sim.cli.demo.bots:boking_bot",
            "bot 'llm_sim.cli.demo.bots:boking_bot': llm_sim.cli.demo.bots has no 'boking_bot' "
            "(did you mean 'booking_bot'?)",
        ),
        *(
            (
                f"{command} bot.sim.yaml",
                "bot.sim.yaml:4:10: bot 'no_such_module:build': cannot import 'no_such_module'",
            )
            for command in ("run", "sweep", "replay", "reorder", "fuzz")
        ),
        (
            "run law.sim.yaml",
            "law.sim.yaml:6:14: there is no law 'LS999' (did you mean 'LS109'?)",
        ),
        (
            "replay race.sim.yaml --schedule nonsense",
            "schedule 'nonsense': a token starts with 'ls1-', "
            "like ls1-interrupt@FunctionCallsStarted+3",
        ),
        (
            "sweep race.sim.yaml --json no/sweep.json",
            "no/sweep.json: there is no directory no; create it first",
        ),
        ("sweep race.sim.yaml --json .", ".: is a directory; name a file"),
        (
            "run race.sim.yaml --trace no/race.jsonl",
            "no/race.jsonl: there is no directory no; create it first",
        ),
        (
            "replay race.sim.yaml --schedule ls1-undisturbed --trace .",
            ".: is a directory; name a file",
        ),
    ],
)
def test_a_mistake_is_answered_with_what_is_wrong(
    cli: Command, here: Path, line: str, message: str
) -> None:
    for name, text in FILES.items():
        (here / name).write_text(text, encoding="utf-8")
    (here / ".hidden").mkdir()
    wrong = cli(*line.split())
    assert wrong.err.startswith(f"llm-sim: {message}")
    assert (wrong.code, wrong.out, wrong.err.count("\n")) == (2, "", 1)


def test_a_typo_in_a_scenario_is_answered_with_its_place(cli: Command, here: Path) -> None:
    (here / "typo.sim.yaml").write_text(FILES["typo.sim.yaml"], encoding="utf-8")
    wrong = cli("run", "typo.sim.yaml")
    assert (wrong.code, wrong.out, wrong.err.startswith("llm-sim: ")) == (2, "", True)
    assert wrong.err.splitlines()[-1].removeprefix("llm-sim: ") == (
        "typo.sim.yaml:4:5: unknown key 'scirpt' (did you mean 'script'?)"
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sweep", "Missing argument 'FILE[::NAME]'."),
        ("promote LS101-g-123456", "Missing option '--name'."),
        ("run race.sim.yaml --targte naive", "No such option: --targte"),
        ("swep race.sim.yaml", "No such command 'swep'."),
    ],
)
def test_a_wrong_command_line_is_answered_with_its_usage(
    cli: Command, here: Path, line: str, message: str
) -> None:
    wrong = cli(*line.split())
    assert wrong.err.startswith("Usage: llm-sim ")
    assert message in wrong.err
    assert (wrong.code, wrong.out, "Traceback" in wrong.err) == (2, "", False)


def test_a_file_that_may_not_be_written_to_is_refused_before_the_work(
    cli: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "sweep.json").write_text("old", encoding="utf-8")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    wrong = cli("sweep", "race.sim.yaml", "--json", "sweep.json")
    assert (wrong.code, wrong.out, wrong.err) == (
        2,
        "",
        "llm-sim: sweep.json: it may not be written to\n",
    )


def test_without_arguments_the_commands_are_listed(cli: Command) -> None:
    told = cli()
    assert told.code == 2
    assert [word for word in ("demo", "run", "sweep", "replay") if f"  {word} " in told.err] == [
        "demo",
        "run",
        "sweep",
        "replay",
    ]


@pytest.mark.parametrize("command", ["run", "sweep", "replay"])
def test_each_command_tells_what_its_exit_codes_mean(cli: Command, command: str) -> None:
    told = cli(command, "--help")
    assert told.code == 0
    assert (
        "Exit code: 0 clean, 1 a law is broken, 2 wrong usage, 3 no verdict, 4 a bug of llm-sim."
        in " ".join(told.out.split())
    )


def test_the_version_is_told(cli: Command) -> None:
    told = cli("--version")
    assert (told.code, told.out) == (0, "llm-sim 0.1.0\n")


def test_a_bug_of_ours_is_told_with_its_stack_and_a_code_of_its_own(
    cli: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def buggy(*args: object, **options: object) -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr("llm_sim.cli._run.search_run", buggy)
    told = cli("run", "race.sim.yaml")
    assert told.code == 4
    assert told.err.startswith("Traceback (most recent call last):\n")
    assert told.err.splitlines()[-1] == (
        "llm-sim: internal error: ZeroDivisionError('nobody thought of this'); "
        "this is a bug of llm_sim, report it with the lines above"
    )

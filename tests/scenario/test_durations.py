import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_sim.errors import ScenarioError
from llm_sim.scenario import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "duration_ns"),
    [
        ("5s", 5_000_000_000),
        ("300ms", 300_000_000),
        ("1.5s", 1_500_000_000),
        ("250us", 250_000),
        ("10ns", 10),
        ("2m", 120_000_000_000),
        ("0s", 0),
        (0, 0),
    ],
)
def test_a_duration_with_a_unit_is_nanoseconds(text: str | int, duration_ns: int) -> None:
    assert parse_duration(text) == duration_ns


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (5, "duration must have a unit: write 300ms or 5s, not 5"),
        (0.5, "duration must have a unit: write 300ms or 5s, not 0.5"),
        ("5", "duration must have a unit: write 300ms or 5s, not '5'"),
        ("-5s", "duration must not be negative: write 300ms or 5s, not '-5s'"),
        ("5 s", "duration must be a duration such as 300ms or 5s, not '5 s'"),
        ("soon", "duration must be a duration such as 300ms or 5s, not 'soon'"),
        (True, "duration must be a duration such as 300ms or 5s, not true"),
        (None, "duration must be a duration such as 300ms or 5s, not null"),
        ("5sec", "duration must have a unit out of m, s, ms, us and ns, not '5sec'"),
        ("1.5ns", "duration must be whole nanoseconds, not '1.5ns'"),
    ],
)
def test_what_is_no_duration_is_refused_with_the_remedy(wrong: str | int, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_duration(wrong)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (0, "0s"),
        (300_000_000, "300ms"),
        (1_500_000_000, "1.5s"),
        (60_000_000_000, "1m"),
        (90_000_000_000, "90s"),
        (1_000_000_001, "1.000000001s"),
    ],
)
def test_a_duration_is_shown_in_its_shortest_exact_form(duration_ns: int, text: str) -> None:
    assert format_duration(duration_ns) == text


@given(st.integers(min_value=0, max_value=10**18))
def test_a_shown_duration_reads_back_equal(duration_ns: int) -> None:
    assert parse_duration(format_duration(duration_ns)) == duration_ns


def test_a_negative_number_of_nanoseconds_is_not_shown() -> None:
    with pytest.raises(ScenarioError) as caught:
        format_duration(-1)
    assert str(caught.value) == "duration_ns must be a whole number, 0 or more, not -1"

"""What may be declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from llm_sim.errors import LlmSimError, UsageError
from llm_sim.loop import SimLoop
from llm_sim.network import Network, Servers
from tests.network.apps import shop


def served_twice(net: Network) -> None:
    net.serve("api.shop.test", shop)
    net.serve("API.shop.test", shop)


@pytest.mark.parametrize(
    ("declare", "told"),
    [
        (
            lambda net: net.serve("https://api.shop.test", shop),
            "host 'https://api.shop.test': write the name alone, as in 'api.shop.test'",
        ),
        (lambda net: net.refuse(""), "host '': write the name alone, as in 'api.shop.test'"),
        (
            served_twice,
            "host 'API.shop.test' is served already; give each host one application",
        ),
        (
            lambda net: net.serve("api.shop.test"),
            "host 'api.shop.test': give an app, or build=, which returns one",
        ),
        (
            lambda net: net.serve("api.shop.test", shop, build=lambda: shop),
            "host 'api.shop.test': give an app, or build=, which returns one",
        ),
        (
            lambda net: net.serve("api.shop.test", {"/": "hello"}),
            "host 'api.shop.test': a dict is no application; give one of ASGI or aiohttp",
        ),
        (
            lambda net: net.serve("api.shop.test", shop, latency=200),
            "duration must have a unit: write 300ms or 5s, not 200",
        ),
        (lambda net: net.cut("api.shop.test", after=-1), "after must be at least 0 bytes, not -1"),
        (
            lambda net: net.hang("api.shop.test", nth=0),
            "nth must be at least 1, or None for every one, not 0",
        ),
    ],
)
def test_what_cannot_be_declared_is_told_with_the_remedy(
    declare: Callable[[Network], Any], told: str
) -> None:
    with pytest.raises(LlmSimError) as caught:
        declare(Network())
    assert str(caught.value) == told


def test_a_host_with_a_fault_now_and_then_needs_an_application() -> None:
    net = Network()
    net.cut("api.shop.test", nth=2)
    loop = SimLoop()
    with pytest.raises(UsageError) as caught:
        Servers(net, loop)
    assert str(caught.value) == (
        "host 'api.shop.test' has faults and no application for the rest of the time: add "
        "net.serve('api.shop.test', app), or leave nth out"
    )
    net.serve("api.shop.test", shop)
    Servers(net, loop)
    loop.close()


def test_faults_may_be_declared_before_or_behind_the_application() -> None:
    net = Network()
    net.cut("api.shop.test", nth=2)
    net.serve("api.shop.test", shop, latency="200ms")
    net.refuse("api.shop.test", nth=3)
    [(name, declared)] = net.hosts.items()
    assert (name, declared.latency_ns, [fault.kind for fault in declared.faults]) == (
        "api.shop.test",
        200_000_000,
        ["cut", "refuse"],
    )

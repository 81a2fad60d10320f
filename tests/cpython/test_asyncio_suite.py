"""CPython's own tests of asyncio pass on the simulated loop."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cpython.run_asyncio_suite import NO_TEST_PACKAGE

SCRIPT = Path(__file__).with_name("run_asyncio_suite.py")
ROOT = SCRIPT.parents[2]

# Those that run an event loop: 415 on CPython 3.11.7, 473 on 3.12.1, 529 on 3.13.0.
AT_LEAST = 400


@pytest.mark.slow
def test_cpythons_own_tests_of_asyncio_pass() -> None:
    process = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode == NO_TEST_PACKAGE:
        pytest.skip(f"{process.stdout.strip()}; install CPython's tests (libpython3-testsuite)")
    assert process.returncode == 0, process.stdout + process.stderr
    total = re.search(r"total: \d+ run \((\d+) on the loop\), 0 bad", process.stdout)
    assert total is not None
    assert int(total[1]) >= AT_LEAST

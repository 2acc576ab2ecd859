"""The Docker Engine that scripts/test started, which its tests may kill."""

import os
import pathlib
import signal
import subprocess

import pytest

from harness import ROOT, wait_until

HOME = ROOT / "build" / "test"


def started_by_the_tests():
    try:
        return (HOME / "engine/started").read_text().strip() == "dockerd"
    except OSError:
        return False


def kill_and_start():
    """kill -9, and a new one as soon as it is gone."""
    pid = int((HOME / "engine/docker.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), 10, "the engine's end")
    subprocess.run(["scripts/engine", "start", HOME], cwd=ROOT, check=True, capture_output=True, timeout=120)


def needs_it(test):
    """Runs last, for every app on the engine goes with it."""
    skip = pytest.mark.skipif(not started_by_the_tests(), reason="the engine is not the tests' own to kill")
    return pytest.mark.last(skip(test))

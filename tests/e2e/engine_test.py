"""The Docker Engine itself dies: apps are back soon after it is. Runs last, for every app on the engine goes with it."""

import os
import pathlib
import signal
import subprocess
import time

import pytest

from harness import ROOT, Gasper, wait_until

HOME = ROOT / "build" / "test"


def started_by_the_tests():
    try:
        return (HOME / "engine/started").read_text().strip() == "dockerd"
    except OSError:
        return False


def answers(app):
    try:
        return app.get().status == 200
    except OSError:
        return False


@pytest.mark.last
@pytest.mark.skipif(not started_by_the_tests(), reason="the engine is not the tests' own to kill")
def test_apps_are_back_after_an_engine_that_was_killed():
    made = Gasper()
    try:
        made.up()
        apps = [made.app("static", name=f"back{n}") for n in range(3)]
        for app in apps:
            app.push().ok()
        pid = int((HOME / "engine/docker.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), 10, "the engine's end")
        subprocess.run(["scripts/engine", "start", HOME], cwd=ROOT, check=True, capture_output=True, timeout=120)
        began = time.monotonic()
        for app in apps:
            wait_until(lambda app=app: answers(app), 30, f"{app.name} again")
        print(f"three apps answered {time.monotonic() - began:.1f} s after the engine did")
        apps[0].write("more.html", "more")
        apps[0].commit()
        apps[0].push().ok()
    finally:
        made.destroy()

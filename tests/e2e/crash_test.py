"""kill -9 of the control plane, at any moment: what served goes on serving, and after a restart everything agrees."""

import json
import os
import pathlib
import signal
import threading
import time

import pytest

from harness import Gasper, Load, wait_until


@pytest.fixture(scope="module")
def mortal():
    """A Gasper whose serve is killed again and again."""
    made = Gasper()
    try:
        made.up()
        yield made
    finally:
        made.destroy()


@pytest.fixture(scope="module")
def app(mortal):
    made = mortal.app("python", name="survivor")
    made.push().ok()
    return made


def test_the_router_goes_on_while_serve_is_dead(mortal, app):
    with Load(app, most=1_000_000, connections=2, seconds=60) as load:
        load.pause = 0.005
        wait_until(lambda: load.count > 20, 10, "the first requests")
        mortal.kill_serve()
        after = load.count
        wait_until(lambda: load.count > after + 200, 20, "requests without serve")
        assert mortal.dig(f"survivor.{mortal.domain}", "A", "+short").strip()
        mortal.up()
        after = load.count
        wait_until(lambda: load.count > after + 100, 20, "requests after the restart")
    assert load.failures == []


def test_a_dead_router_is_back_at_once(mortal, app):
    def is_router(words):
        return words[0].endswith("/gasper") and words[1:2] == ["router"] and any(str(mortal.data) in w for w in words)
    pids = [p for p in pathlib.Path("/proc").glob("[0-9]*") if is_router(arguments(p))]
    assert pids, "the router is a process of its own"
    for p in pids:
        os.kill(int(p.name), signal.SIGKILL)
    began = time.monotonic()
    wait_until(lambda: answers(app), 5, "an answer")
    print(f"back after {time.monotonic() - began:.2f} s")


def arguments(process):
    try:
        return (process / "cmdline").read_bytes().decode().split("\0")
    except OSError:
        return [""]


def answers(app):
    try:
        return app.get().status == 200
    except OSError:
        return False


# Moments of a deploy, as fractions of how long an undisturbed one takes.
@pytest.mark.parametrize("moment", [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95])
def test_a_kill_during_a_deploy_leaves_one_release_that_everything_agrees_on(mortal, app, moment):
    duration = undisturbed(app)
    with Load(app, most=1_000_000, connections=1, seconds=120) as load:
        load.pause = 0.005
        before = app.get().body.split("\n")[0]
        word = f"Hello at {int(moment * 100)} percent"
        app.replace("app.py", marker(app), word)
        commit = app.commit(word)
        killer = threading.Timer(duration * moment, mortal.kill_serve)
        killer.start()
        app.push()  # may fail, may succeed: what it did must be whole
        killer.join()
        mortal.up()
        wait_until(lambda: settled(app, commit, word, before), 10, "agreement of store, repository, engine and router")
    assert load.failures == []
    # A new push works whatever happened.
    app.commit("After " + word)
    app.push().ok()
    assert app.get().body.startswith(word)


def marker(app):
    """The word between the quotes that the next test replaces: whatever the app says now, up to the line's end."""
    text = (app.directory / "app.py").read_text()
    start = text.index("Hello")
    end = min(i for i in (text.find(c, start) for c in "\"'\\\n!<,") if i > 0)
    return text[start:end]


def undisturbed(app):
    if not hasattr(app, "duration"):
        app.replace("app.py", marker(app), "Hello measured")
        app.commit("Measured")
        began = time.monotonic()
        app.push().ok()
        app.duration = time.monotonic() - began
    return app.duration


def settled(app, commit, word, before):
    """One release serves; the ref is its commit; one instance runs, of that release; no job is left running."""
    listed = json.loads(app.gasper.command("releases", app.name, "--json").ok().output)
    version = app.version()
    current = next(r for r in listed if r["version"] == version)
    line = app.get().body.split("\n")[0]
    served = line.startswith(word)
    if served != (current["commit"] == commit) or (not served and line != before):
        return False
    if app.remote_head() != current["commit"]:
        return False
    if any(job["state"] in ("waiting", "running") for job in json.loads(app.gasper.command("jobs", app.name, "--json").ok().output)):
        return False
    mine = app.gasper.containers(app.name)
    return len(mine) == 1 and mine[0]["Labels"]["gasper.release"] == str(current["version"]) and mine[0]["State"] == "running"


def test_what_was_accepted_survives_a_kill_right_after(mortal, app):
    app.replace("app.py", marker(app), "Hello accepted")
    commit = app.commit()
    app.push().ok()
    mortal.kill_serve()
    assert app.get().body.startswith("Hello accepted")
    mortal.up()
    assert app.remote_head() == commit
    assert app.get().body.startswith("Hello accepted")


def test_config_that_was_acknowledged_survives_a_kill(mortal, app):
    mortal.command("config:set", app.name, "KEPT=yes").ok()
    mortal.kill_serve()
    mortal.up()
    assert json.loads(mortal.command("config", app.name, "--json").ok().output)["KEPT"] == "yes"
    wait_until(lambda: mortal.ssh(app.name, "printenv", "KEPT").output.strip() == "yes", 20, "the variable in the instance")


def test_an_instance_that_dies_is_started_again(mortal, app):
    def killed(container):
        try:
            mortal.engine(f"containers/{container['Id']}/kill", "POST")
            return True
        except AssertionError:  # it was draining, and went after it was listed
            return False
    assert any([killed(c) for c in mortal.containers(app.name)])
    wait_until(lambda: answers(app), 20, "the app's return")

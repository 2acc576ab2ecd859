"""Maintenance and sleep, as the users of an app see them."""

import json
import selectors
import socket
import subprocess
import time

from harness import wait_until


def state(gasper, app):
    return json.loads(gasper.command("ps:autosleep", app.name, "--json").ok().output)["state"]


def timed_get(app):
    began = time.monotonic()
    answer = app.get()
    return answer, (time.monotonic() - began) * 1000


def engine_states(gasper, app):
    return sorted(c["State"] for c in gasper.containers(app.name))


def stop_in_sleep(gasper, app):
    """Lets a running app sleep until it is stopped. The sandbox that waits for its wake."""
    former = gasper.containers(app.name)[0]
    gasper.command("ps:autosleep", app.name, "1s", "--stop", "1s").ok()
    wait_until(lambda: state(gasper, app) == "stopped" and not gasper.containers(app.name), 60, "the stop")
    wait_until(lambda: gasper.next_sandbox(former), 30, "its sandbox")
    return gasper.next_sandbox(former)


def sandbox_in_use(gasper, app):
    return [c["Labels"]["gasper.sandbox"] for c in gasper.containers(app.name)]


def wakes(gasper, app):
    return gasper.command("logs", app.name, "--source", "gasper", "-n", "1000").ok().output.count("Woken by a request")


def test_maintenance_answers_for_the_app_and_makes_no_release(gasper):
    app = gasper.app("python")
    app.push().ok()
    gasper.command("maintenance:on", app.name).ok()
    answer = app.get()
    assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0 and "Maintenance mode" in answer.body
    assert "Maintenance" in gasper.command("apps:info", app.name).ok().output
    page = "<!doctype html><h1>Wir sind bald zurück</h1>"
    done = subprocess.run(["ssh", *gasper.ssh_options(), "gasper@127.0.0.1", "maintenance:on", app.name, "--page"],
                          input=page.encode(), capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    answer = app.get()
    assert answer.status == 503 and answer.body == page
    assert gasper.command("maintenance", app.name).ok().output == "on\n"
    gasper.command("maintenance:off", app.name).ok()
    assert app.get().status == 200
    assert app.version() == 1


def test_an_idle_app_is_frozen_and_the_next_request_wakes_it(gasper, record_property):
    app = gasper.app("python")
    app.push().ok()
    assert app.get().status == 200
    gasper.command("ps:autosleep", app.name, "1s", "--stop", "1h").ok()
    times = []
    for _ in range(5):
        wait_until(lambda: state(gasper, app) == "frozen" and engine_states(gasper, app) == ["paused"], 30, "sleep")
        answer, ms = timed_get(app)
        assert answer.status == 200, answer.body
        times.append(ms)
        assert engine_states(gasper, app) == ["running"]
    print(f"woken from frozen: {[round(t) for t in times]} ms")
    record_property("frozen_wake_ms", [round(t, 1) for t in times])


def test_a_long_sleeper_is_stopped_and_the_next_request_starts_it(gasper, record_property):
    app = gasper.app("python")
    app.push().ok()
    waiting = stop_in_sleep(gasper, app)
    answer, ms = timed_get(app)
    assert answer.status == 200, answer.body
    assert sandbox_in_use(gasper, app) == [waiting], "it was started in the sandbox that waited"
    print(f"woken from stopped: {ms:.0f} ms")
    record_property("stopped_wake_ms", round(ms, 1))
    gasper.command("ps:autosleep", app.name, "off").ok()


def test_a_sandbox_that_died_is_replaced_and_the_request_is_answered(gasper):
    app = gasper.app("python")
    app.push().ok()
    waiting = stop_in_sleep(gasper, app)
    gasper.engine(f"containers/{waiting}/kill", "POST")
    assert app.get().status == 200
    assert waiting not in sandbox_in_use(gasper, app)
    gasper.command("ps:autosleep", app.name, "off").ok()


def test_an_app_that_is_destroyed_in_its_sleep_leaves_nothing(gasper):
    app = gasper.app("python")
    app.push().ok()
    stop_in_sleep(gasper, app)
    gasper.command("apps:destroy", app.name, "--confirm", app.name).ok()
    assert not [c["Names"] for c in gasper.own_containers() if c["Labels"].get("gasper.app") == app.name]


def test_a_shell_and_a_one_off_wake_it_too(gasper):
    app = gasper.app("python")
    app.push().ok()
    gasper.command("ps:autosleep", app.name, "1s", "--stop", "1h").ok()
    wait_until(lambda: engine_states(gasper, app) == ["paused"], 60, "sleep")
    assert gasper.ssh(app.name, "echo", "awake").ok().output == "awake\n"
    wait_until(lambda: engine_states(gasper, app) == ["paused"], 60, "sleep again")
    gasper.command("run", app.name, "true").ok()
    gasper.command("ps:autosleep", app.name, "1s", "--stop", "1s").ok()
    wait_until(lambda: state(gasper, app) == "stopped" and not gasper.containers(app.name), 90, "the stop")
    assert gasper.ssh(app.name, "echo", "started").ok().output == "started\n"
    said = gasper.command("logs", app.name, "--source", "gasper", "-n", "1000").ok().output
    assert said.count("(shell)") == 2 and "(run.1)" in said, said
    gasper.command("ps:autosleep", app.name, "off").ok()


def test_a_thousand_requests_cause_one_wake_and_all_are_answered(gasper):
    app = gasper.app("node")
    app.push().ok()
    gasper.command("ps:autosleep", app.name, "1s", "--stop", "1s").ok()
    wait_until(lambda: state(gasper, app) == "stopped", 60, "the stop")
    before = wakes(gasper, app)
    request = f"GET / HTTP/1.1\r\nHost: {app.name}.{gasper.domain}\r\nConnection: close\r\n\r\n".encode()
    answers, connections = {}, []
    with selectors.DefaultSelector() as selector:
        for _ in range(1000):
            s = socket.create_connection(("127.0.0.1", gasper.http_port), timeout=15)
            s.sendall(request)
            s.setblocking(False)
            selector.register(s, selectors.EVENT_READ)
            connections.append(s)
            answers[s] = b""
        deadline = time.monotonic() + 60
        while selector.get_map() and time.monotonic() < deadline:
            for key, _ in selector.select(1):
                data = key.fileobj.recv(65536)
                answers[key.fileobj] += data
                if not data:
                    selector.unregister(key.fileobj)
    for s in connections:
        s.close()
    statuses = {a.split(b" ")[1] if a else b"none" for a in answers.values()}
    assert statuses == {b"200"}
    assert wakes(gasper, app) == before + 1
    assert len(gasper.containers(app.name)) == 1


def test_a_sleeping_app_is_changed_and_survives_the_death_of_serve(own_gasper):
    gasper = own_gasper
    gasper.up()
    app = gasper.app("python")
    app.push().ok()
    gasper.command("ps:autosleep", app.name, "1s", "--stop", "1h").ok()
    wait_until(lambda: state(gasper, app) == "frozen", 30, "sleep")
    gasper.command("config:set", app.name, "COLOUR=green").ok()
    assert app.get().status == 200
    wait_until(lambda: state(gasper, app) == "frozen" and engine_states(gasper, app) == ["paused"], 60, "sleep again")
    gasper.kill_serve()
    gasper.up()
    assert engine_states(gasper, app) == ["paused"], "it sleeps on"
    assert app.get().status == 200
    assert app.version() == 2
    waiting = stop_in_sleep(gasper, app)
    gasper.kill_serve()
    gasper.up()
    assert state(gasper, app) == "stopped" and not gasper.containers(app.name)
    assert app.get().status == 200
    assert sandbox_in_use(gasper, app) == [waiting], "the sandbox waited over the restart"

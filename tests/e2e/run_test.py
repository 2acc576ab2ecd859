"""`run`: one-off processes, attached to a person or detached as a job."""

import json
import pathlib
import subprocess

import pytest

from harness import wait_until


@pytest.fixture(scope="module")
def app(gasper):
    made = gasper.app("python", name="one-offs")
    made.push().ok()
    gasper.command("config:set", made.name, "COLOUR=green").ok()
    wait_until(lambda: made.version() == 2, 60, "the config var")
    return made


def one_offs(gasper, app):
    return [c for c in gasper.own_containers() if c["Labels"].get("gasper.app") == app.name and c["Labels"]["gasper.role"] == "once"]


def client_of(gasper, app, *command, **options):
    return subprocess.Popen(["ssh", *gasper.ssh_options(), "gasper@127.0.0.1", "run", app.name, *command], stdin=subprocess.PIPE, **options)


def test_output_errors_and_the_exit_status_come_back(gasper, app):
    done = gasper.command("run", app.name, "'echo out; echo err >&2; exit 7'")
    assert (done.status, done.output, done.error) == (7, "out\n", "err\n")


def test_it_is_the_current_release_in_a_container_of_its_own(gasper, app):
    seen = dict(line.split("=", 1) for line in gasper.command("run", app.name, "env").ok().output.splitlines() if "=" in line)
    assert seen["COLOUR"] == "green" and seen["GASPER_APP"] == app.name and seen["GASPER_RELEASE"] == "v2"
    assert seen["GASPER_INSTANCE"].startswith("run.")
    gasper.command("run", app.name, "touch", "/app/made-here").ok()
    assert gasper.ssh(app.name, "test -e /app/made-here").status == 1, "what it writes is its own"
    assert "made-here" not in gasper.command("run", app.name, "ls", "-a", "/app").ok().output
    assert gasper.command("run", app.name, "id", "-u").ok().output.strip() == "1000"


def test_input_reaches_it(gasper, app):
    done = client_of(gasper, app, "tr", "a-z", "A-Z", stdout=subprocess.PIPE, text=True)
    output, _ = done.communicate("hello\n", timeout=60)
    assert (done.returncode, output) == (0, "HELLO\n")


def test_with_a_terminal_it_has_one(gasper, app):
    done = subprocess.run(["ssh", "-tt", *gasper.ssh_options(), "gasper@127.0.0.1", "run", app.name, "tty"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and "/dev/pts/" in done.stdout


def test_it_goes_with_its_client(gasper, app):
    client = client_of(gasper, app, "sleep", "1000")
    wait_until(lambda: one_offs(gasper, app), 20, "the container")
    assert "run.1" in gasper.command("ps", app.name).ok().output
    client.kill()
    client.wait(10)
    wait_until(lambda: not one_offs(gasper, app), 20, "its end")
    wait_until(lambda: "run.1" not in gasper.command("ps", app.name).ok().output, 10, "its end in the list")


def test_run_stop_ends_an_attached_one(gasper, app):
    with client_of(gasper, app, "sleep", "1000", stderr=subprocess.PIPE, text=True) as client:
        wait_until(lambda: one_offs(gasper, app), 20, "the container")
        name = json.loads(gasper.command("run:list", app.name, "--json").ok().output)[0]["name"]
        gasper.command("run:stop", app.name, name).ok()
        assert client.wait(20) != 0 and "was stopped" in client.stderr.read()
    wait_until(lambda: not one_offs(gasper, app), 20, "its end")


def test_detached_it_is_a_job(gasper, app):
    begun = json.loads(gasper.command("run", "--json", "-d", app.name, "'echo working; sleep 2; exit 4'").ok().output)
    assert begun["name"] == "run.1"
    log = gasper.command("jobs:log", str(begun["job"]))
    assert log.status == 1 and "working" in log.output and "status 4" in log.error
    assert "run.1 exited with status 4" in gasper.command("logs", app.name, "--source", "gasper", "-n", "200").ok().output


def test_a_detached_one_outlives_a_killed_server_and_an_attached_one_does_not(own_gasper):
    own_gasper.up()
    app = own_gasper.app("python")
    app.push().ok()
    counting = "'for n in $(seq 1 6000); do echo line $n; if test -e /app/enough; then exit 3; fi; sleep 0.1; done'"
    begun = json.loads(own_gasper.command("run", "--json", "-d", app.name, counting).ok().output)
    with client_of(own_gasper, app, "sleep", "1000", stderr=subprocess.DEVNULL) as client:
        wait_until(lambda: len(one_offs(own_gasper, app)) == 2, 20, "the containers")
        mine = next(c for c in one_offs(own_gasper, app) if c["Labels"].get("gasper.kept"))
        own_gasper.kill_serve()
        client.kill()
    own_gasper.up()
    wait_until(lambda: [c["Id"] for c in one_offs(own_gasper, app)] == [mine["Id"]], 20, "the attached one's end")
    assert "run.1" in own_gasper.command("run:list", app.name).ok().output
    own_app = next(m["Source"] for m in mine["Mounts"] if m["Destination"] == "/app")
    pathlib.Path(own_app, "enough").touch()
    log = own_gasper.command("jobs:log", str(begun["job"]))
    assert log.status == 1 and "status 3" in log.error
    lines = [line for line in log.output.splitlines() if line.startswith("line ")]
    assert lines == [f"line {n}" for n in range(1, len(lines) + 1)], "each line once, in order"
    wait_until(lambda: not one_offs(own_gasper, app), 20, "its end")
    assert "run.1 exited with status 3" in own_gasper.command("logs", app.name, "--source", "gasper", "-n", "200").ok().output


def test_over_rest(gasper, app):
    login = {"name": gasper.environment["GASPER_ADMIN_USER"], "password": gasper.environment["GASPER_ADMIN_PASSWORD"]}
    token = gasper.api("POST", "/api/v1/auth/login", login)[1]["token"]
    status, job = gasper.api("POST", f"/api/v1/apps/{app.name}/runs", {"command": "sleep 1000"}, token=token)
    assert (status, job["kind"]) == (202, "run")
    status, running = gasper.api("GET", f"/api/v1/apps/{app.name}/runs", token=token)
    assert status == 200 and [r["job"] for r in running] == [job["id"]]
    assert gasper.api("DELETE", f"/api/v1/apps/{app.name}/runs/{running[0]['name']}", token=token)[0] == 204
    wait_until(lambda: gasper.api("GET", f"/api/v1/jobs/{job['id']}", token=token)[1]["state"] == "aborted", 20, "its end")

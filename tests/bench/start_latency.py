"""A rollback and a config change of a static site against the start of a bare container of the same image, in turns; and the wake of the
stopped app beside them. Medians.

scripts/bench start_latency [--runs 20]. Prints a table and leaves it in build/reports/start_latency.md.
"""

import argparse
import contextlib
import http.client
import json
import pathlib
import socket
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import wait_until  # noqa: E402
from measuring import on_its_own  # noqa: E402


class EngineConnection(http.client.HTTPConnection):
    """The Docker Engine's API, kept open."""

    def __init__(self, path):
        super().__init__("engine", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)

    def call(self, method, path, body=None):
        self.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        answer = self.getresponse()
        text = answer.read()
        assert answer.status < 300, text
        return json.loads(text) if text.strip() else None


def answers(address, port):
    try:
        with contextlib.closing(http.client.HTTPConnection(address, port, timeout=5)) as connection:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
    except OSError:
        return False


def poll(condition, seconds=60):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.002)


def bare(engine, like):
    """Seconds from the creation of a container to its first 200: `docker run` on the engine's own network, without a client."""
    began = time.monotonic()
    made = engine.call("POST", "/containers/create", like)["Id"]
    try:
        engine.call("POST", f"/containers/{made}/start")
        address = engine.call("GET", f"/containers/{made}/json")["NetworkSettings"]["IPAddress"]
        port = next(int(v.split("=")[1]) for v in like["Env"] if v.startswith("PORT="))
        poll(lambda: answers(address, port))
        return time.monotonic() - began
    finally:
        engine.call("DELETE", f"/containers/{made}?force=1")


def like_instance(engine, container):
    seen = engine.call("GET", f"/containers/{container['Id']}/json")
    config, host = seen["Config"], seen["HostConfig"]
    return {"Image": config["Image"], "Env": config["Env"], "Entrypoint": config["Entrypoint"], "Cmd": config["Cmd"],
            "WorkingDir": config["WorkingDir"], "User": config["User"],
            "HostConfig": {"Binds": [f"{m['Source']}:{m['Destination']}" for m in seen["Mounts"] if m["Type"] == "bind"],
                           "Tmpfs": host["Tmpfs"], "Init": True}}


def token_of(gasper):
    login = {"name": gasper.environment["GASPER_ADMIN_USER"], "password": gasper.environment["GASPER_ADMIN_PASSWORD"]}
    return gasper.api("POST", "/api/v1/auth/login", login)[1]["token"]


def job_done(gasper, token, job):
    state = gasper.api("GET", f"/api/v1/jobs/{job}", token=token)[1]["state"]
    assert state in ("waiting", "running", "succeeded"), state
    return state == "succeeded"


def config_change(gasper, token, app, number):
    """To the end of the job: the new instance has answered and the router has its address."""
    began = time.monotonic()
    status, job = gasper.api("PATCH", f"/api/v1/apps/{app.name}/config", {"NUMBER": str(number)}, token=token)
    assert status == 202, job
    poll(lambda: job_done(gasper, token, job["id"]))
    return time.monotonic() - began


def rollback(gasper, token, app, version, body):
    """To the first answer of the release that was gone back to."""
    began = time.monotonic()
    status, job = gasper.api("POST", f"/api/v1/apps/{app.name}/releases", {"rollback": version}, token=token)
    assert status == 202, job
    poll(lambda: app.get().body == body)
    took = time.monotonic() - began
    poll(lambda: job_done(gasper, token, job["id"]))
    return took


def wake(gasper, app):
    former = gasper.containers(app.name)[0]

    def stopped():
        stage = json.loads(gasper.command("ps:autosleep", app.name, "--json").ok().output)["state"]
        return stage == "stopped" and not gasper.containers(app.name) and gasper.next_sandbox(former)
    wait_until(stopped, 120, "the stop")
    began = time.monotonic()
    assert app.get().status == 200
    return time.monotonic() - began


def row(name, times):
    return f"| {name} | **{statistics.median(times):.3f}** | {min(times):.3f} – {max(times):.3f} | {len(times)} |"


def measure(gasper, runs):
    app = gasper.app("static")
    app.push().ok()
    first = app.get().body
    app.write("index.html", "the other content\n")
    app.commit()
    app.push().ok()
    other = app.get().body
    assert other != first
    engine = EngineConnection(gasper.engine_address().removeprefix("unix://"))
    token = token_of(gasper)
    times = {"bare container": [], "config change": [], "rollback": [], "wake from stopped": [], "bare container beside the wakes": []}
    for number in range(runs):
        like = like_instance(engine, gasper.containers(app.name)[0])
        times["bare container"].append(bare(engine, like))
        version, body = ((1, first), (2, other))[number % 2]
        times["rollback"].append(rollback(gasper, token, app, version, body))
        times["config change"].append(config_change(gasper, token, app, number))
    gasper.command("ps:autosleep", app.name, "1s", "--stop", "1s").ok()
    for _ in range(min(runs, 10)):
        times["wake from stopped"].append(wake(gasper, app))
        times["bare container beside the wakes"].append(bare(engine, like_instance(engine, gasper.containers(app.name)[0])))
    return "\n".join(["| seconds | median | min – max | runs |", "|---|---|---|---|", *(row(*each) for each in times.items())])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    chosen = parser.parse_args()
    on_its_own("start_latency", lambda gasper: measure(gasper, chosen.runs))


if __name__ == "__main__":
    main()

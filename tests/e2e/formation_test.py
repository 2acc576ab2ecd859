"""Scale, stop and start, limits, health checks, exclusive types, supervision: on the real engine."""

import json

from harness import Load, wait_until

WORKER = "import time\nprint('worker ready', flush=True)\nwhile True: time.sleep(1)\n"
WEB = """import http.server, os, sys
sick = os.path.exists
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def do_GET(self):
        status = 503 if self.path == "/health" and sick("/tmp/sick") else 200
        body = f"Hello from {os.environ['GASPER_INSTANCE']}\\n".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
"""


def formation_app(gasper, described=None):
    app = gasper.app(None, name=f"form{gasper.apps_made}")
    app.write("app.py", WEB)
    app.write("worker.py", WORKER)
    app.write("Procfile", "web: python3 app.py\nworker: python3 worker.py\n")
    if described:
        app.write("app.json", json.dumps(described))
    app.commit()
    return app


def instances(gasper, app, state="up"):
    listed = json.loads(gasper.command("ps", app.name, "--json").ok().output)
    return sorted(i["name"] for i in listed if i["state"] == state)


def test_scaling_up_and_down_and_stopping_loses_no_request_that_could_be_served(gasper):
    app = formation_app(gasper)
    app.push().ok()
    with Load(app, most=1_000_000, connections=2, seconds=120) as load:
        load.pause = 0.005
        gasper.command("ps:scale", app.name, "web=3", "worker=2").ok()
        assert instances(gasper, app) == ["web.1", "web.2", "web.3", "worker.1", "worker.2"]
        wait_until(lambda: len(load.bodies) == 3, 20, "answers of all three")
        gasper.command("ps:scale", app.name, "web=1", "worker=0").ok()
        wait_until(lambda: instances(gasper, app) == ["web.1"], 20, "the end of the others")
    assert load.failures == []
    gasper.command("ps:stop", app.name).ok()
    assert app.get().status == 503
    assert json.loads(gasper.command("apps:info", app.name, "--json").ok().output)["state"] == "stopped"
    gasper.command("ps:start", app.name).ok()
    assert app.get().body == "Hello from web.1\n"
    assert gasper.command("ps:scale", app.name, "nothing=1").status == 1


def test_app_json_says_how_many_and_what_holds_for_them(gasper):
    app = formation_app(gasper, {
        "formation": {"web": {"quantity": 2, "memory": "96m", "cpus": 0.5}, "worker": {"quantity": 1, "exclusive": True}},
        "healthchecks": {"web": [{"path": "/health", "attempts": 2, "wait": 1, "timeout": 2}]}})
    app.push().ok()
    assert instances(gasper, app) == ["web.1", "web.2", "worker.1"]
    listed = {p["process"]: p for p in json.loads(gasper.command("ps:limits", app.name, "--json").ok().output)}
    assert listed["web"]["memory"] == 96 << 20 and listed["web"]["check"]["path"] == "/health"
    assert listed["worker"]["exclusive"]
    gasper.command("ps:limits", app.name, "web", "--memory", "128m").ok()
    listed = {p["process"]: p for p in json.loads(gasper.command("ps:limits", app.name, "--json").ok().output)}
    assert listed["web"]["memory"] == 128 << 20 and listed["web"]["cpus"] == 0.5
    app.write("app.json", '{"formation": {"web": {"memory": "lots"}}}')
    app.commit()
    refused = app.push()
    assert refused.status != 0 and "app.json: formation.web.memory" in refused.error, refused.error


def test_an_unhealthy_instance_is_taken_off_and_replaced(gasper):
    app = formation_app(gasper, {"healthchecks": {"web": [{"path": "/health", "attempts": 2, "wait": 1}]}})
    app.push().ok()
    gasper.ssh(app.name, "touch", "/tmp/sick").ok()
    wait_until(lambda: "is unhealthy: GET /health answered 503" in gasper.command("logs", app.name, "--source", "gasper", "-n", "1000").ok().output, 20, "the verdict")
    wait_until(lambda: instances(gasper, app) == ["web.1"] and app.get("/health").status == 200, 20, "the new one")
    assert gasper.ssh(app.name, "test", "-e", "/tmp/sick").status == 1, "it is another container"


def test_a_release_that_never_gets_healthy_is_refused_with_the_reason(gasper):
    app = formation_app(gasper)
    app.push().ok()
    app.write("app.json", json.dumps({"healthchecks": {"web": [{"path": "/missing-never", "start_deadline": 3}]}}))
    app.write("app.py", WEB.replace('503 if self.path == "/health"', '500 if self.path == "/missing-never" or self.path == "/health"').replace(
        'and sick("/tmp/sick")', ""))
    app.commit()
    refused = app.push()
    assert refused.status != 0 and "GET /missing-never answered 500" in refused.error, refused.error
    assert app.get().status == 200


def test_an_exclusive_worker_pauses_and_says_how_long(gasper):
    app = formation_app(gasper, {"formation": {"worker": {"quantity": 1, "exclusive": True}}})
    app.push().ok()
    app.write("extra.txt", "x")
    app.commit()
    pushed = app.push().ok()
    assert "worker (exclusive): the old one stopped before the new one started" in pushed.error, pushed.error
    wait_until(lambda: instances(gasper, app) == ["web.1", "worker.1"], 10, "both")

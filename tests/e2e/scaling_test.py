"""Autoscaling and drains, as users and admins see them, on the real engine."""

import json

from harness import Load, wait_until

SLOW = """import http.server, os, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def do_GET(self):
        time.sleep(0.2)
        body = f"Hello from {os.environ['GASPER_INSTANCE']}\\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
"""


def slow_app(gasper, name):
    app = gasper.app(None, name=name)
    app.write("app.py", SLOW)
    app.write("Procfile", "web: python3 app.py\n")
    app.commit()
    app.push().ok()
    return app


def up(gasper, app):
    return sorted(i["name"] for i in json.loads(gasper.command("ps", app.name, "--json").ok().output) if i["state"] == "up")


def test_more_run_while_there_is_more_to_do_and_no_request_fails(gasper):
    app = slow_app(gasper, "grows")
    gasper.command("ps:autoscale", app.name, "web", "--min", "1", "--max", "3", "--queue", "2", "--cooldown", "10").ok()
    assert "web: autoscaled, 1 to 3, 2 requests each" in gasper.command("ps", app.name).ok().output
    with Load(app, most=1_000_000, connections=8, seconds=300) as load:
        wait_until(lambda: len(up(gasper, app)) == 3, 150, "three instances")
        wait_until(lambda: len(load.bodies) == 3, 60, "answers of all three")
        rule = json.loads(gasper.command("ps:autoscale", app.name, "--json").ok().output)[0]
        assert rule["quantity"] == 3 and rule["load"] > 2
    assert load.failures == []
    wait_until(lambda: up(gasper, app) == ["web.1"], 180, "one instance")
    events = json.loads(gasper.command("events", app.name, "--json").ok().output)
    assert any(e["action"] == "app.autoscaled" and e["detail"].startswith("web from 1 to 2") for e in events), events
    gasper.command("ps:autoscale", app.name, "web", "--off").ok()
    refused = gasper.command("ps:autoscale", app.name, "web", "--min", "3", "--max", "2", "--queue", "5")
    assert refused.status == 1 and "min <= max" in refused.error


def test_the_only_machine_is_drained_by_force_alone_and_activated_again(own_gasper):
    gasper = own_gasper
    gasper.up()
    app = gasper.app("python")
    app.push().ok()
    node = json.loads(gasper.command("nodes", "--json").ok().output)[0]["name"]
    refused = gasper.command("nodes:drain", node)
    assert refused.status == 1 and f"web.1 of {app.name} fits on no node" in refused.error, refused.error
    assert app.get().status == 200
    gasper.command("nodes:drain", node, "--force").ok()
    wait_until(lambda: gasper.containers(app.name) == [], 60, "the end of what ran")
    gasper.kill_serve()
    gasper.up()
    assert json.loads(gasper.command("nodes", "--json").ok().output)[0]["state"] == "draining"
    app.write("extra.txt", "x")
    app.commit()
    pushed = app.push()
    assert pushed.status != 0 and "fits on no node: none is active" in pushed.error, pushed.error
    gasper.command("nodes:activate", node).ok()
    wait_until(lambda: app.get().status == 200, 60, "the app")
    app.push().ok()


def test_a_reservation_and_labels_are_kept_or_refused(gasper):
    app = gasper.app("python")
    app.push().ok()
    node = json.loads(gasper.command("nodes", "--json").ok().output)[0]["name"]
    refused = gasper.command("ps:limits", app.name, "web", "--nodes", "gpu=yes")
    assert refused.status == 1 and "none that is active has the labels gpu=yes" in refused.error, refused.error
    refused = gasper.command("ps:limits", app.name, "web", "--reserve-memory", "4000g")
    assert refused.status == 1 and "it reserves 4096000 MiB" in refused.error, refused.error
    assert app.get().status == 200
    gasper.command("nodes:label", node, "gpu=yes").ok()
    gasper.command("ps:limits", app.name, "web", "--nodes", "gpu=yes", "--reserve-memory", "64m").ok()
    shown = json.loads(gasper.command("ps:limits", app.name, "--json").ok().output)[0]
    assert shown["nodes"] == {"gpu": "yes"} and shown["reserved_memory"] == 64 << 20
    gasper.command("nodes:label", node, "gpu=").ok()
    assert app.get().status == 200, "what runs stays"

"""Nobody who uses an app notices that it is being deployed."""

import json

from harness import Load, wait_until


def first_line(app):
    return app.get().body.split("\n")[0]


def test_2000_requests_during_ten_deploys_all_succeed(gasper):
    app = gasper.app("python")
    app.push().ok()
    with Load(app, most=1_000_000, connections=4, seconds=600) as load:
        load.pause = 0.01
        for n in range(10):
            app.replace("app.py", "Hello" if n == 0 else f"Hello {n - 1}.", f"Hello {n}.")
            app.commit(f"Deploy {n}")
            app.push().ok()
            assert first_line(app).startswith(f"Hello {n}.")
        wait_until(lambda: load.count >= 2000, 300, "2,000 requests")
    assert load.failures == []
    assert load.count >= 2000
    seen = {line[:8] for line in load.bodies}
    assert {f"Hello {n}." for n in range(10)} <= seen, "the load saw every one of the ten releases"


def test_a_config_change_makes_a_release_and_no_failed_request(gasper):
    app = gasper.app("python")
    app.replace("app.py", "Hello", "Hello")
    app.push().ok()
    before = app.version()
    with Load(app, most=1_000_000, connections=2, seconds=120) as load:
        load.pause = 0.005
        wait_until(lambda: load.count > 20, 30, "the first requests")
        gasper.command("config:set", app.name, "COLOUR=green").ok()
        wait_until(lambda: app.version() == before + 1, 30, "the release")
        after = load.count
        wait_until(lambda: load.count > after + 50, 30, "requests after the change")
    assert load.failures == []
    assert gasper.ssh(app.name, "printenv", "COLOUR").ok().output.strip() == "green"
    gasper.command("config:unset", app.name, "COLOUR").ok()
    wait_until(lambda: gasper.ssh(app.name, "printenv", "COLOUR").status == 1, 30, "the variable's end")


def test_the_old_instance_finishes_its_requests(gasper):
    app = gasper.app(None, name="slow")
    app.write("app.py", SLOW)
    app.write("Procfile", "web: python3 app.py\n")
    app.commit()
    app.push().ok()
    with Load(app, most=1, connections=1, seconds=60) as load:
        wait_until(lambda: load.count == 1, 10, "the slow request")
        app.replace("app.py", "version one", "version two")
        app.commit()
        app.push().ok()
        load.wait()
    assert load.failures == [] and load.bodies == {"Hello version one": 1}, "twelve seconds are within the drain time"
    assert app.get("/quick").body == "Hello version two"
    wait_until(lambda: len(gasper.containers(app.name)) == 1, 10, "the end of the old instance after its last request")


def test_an_old_instance_without_requests_goes_at_once(gasper):
    app = gasper.app("python")
    app.push().ok()
    app.commit("Again")
    app.push().ok()
    wait_until(lambda: len(gasper.containers(app.name)) == 1, 5, "the end of the idle old instance")


SLOW = """
import os, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/":
            time.sleep(12)
        body = b"Hello version one"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
"""


def test_the_log_of_requests_and_releases_can_be_read(gasper):
    app = gasper.app("static")
    app.push().ok()
    listed = json.loads(gasper.command("releases", app.name, "--json").ok().output)
    assert [r["version"] for r in listed] == [1]
    assert listed[0]["commit"] == app.git("rev-parse", "HEAD").output.strip()

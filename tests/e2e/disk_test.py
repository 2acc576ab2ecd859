"""A disk that fills up: builds are refused, what runs goes on, no configuration is lost. A disk bomb in an app."""

import http.server
import json
import os
import pathlib
import subprocess
import tempfile
import threading

import pytest

from harness import ROOT, Gasper, run, wait_until

MIB = 1 << 20


class SmallDisk:
    """A file system of its own for a data directory, and a file on it that takes as much space as one likes."""

    def __init__(self, mebibytes):
        self.point = pathlib.Path(tempfile.mkdtemp(prefix="gsp-", dir="/var/tmp"))
        run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", self.point]).ok()
        self.ballast = self.point / "ballast"

    def fill(self, percent):
        """So full, by df's count."""
        self.empty()
        space = os.statvfs(self.point)
        wanted = int(space.f_blocks * percent / 100) - (space.f_blocks - space.f_bfree)
        self._write(wanted * space.f_frsize)

    def fill_up(self):
        """To the last byte."""
        with open(self.ballast, "ab", buffering=0) as file:
            for size in (MIB, 4096, 1):
                try:
                    while file.write(b"x" * size):
                        pass
                except OSError:
                    pass

    def _write(self, size):
        with open(self.ballast, "wb") as file:
            while size > 0:
                size -= file.write(b"x" * min(size, MIB))

    def empty(self):
        self.ballast.unlink(missing_ok=True)

    def remove(self):
        run(["umount", "-l", self.point]).ok()
        self.point.rmdir()


@pytest.fixture(name="disk")
def small_disk():
    disk = SmallDisk(96)
    yield disk
    disk.remove()


@pytest.fixture(name="small")
def gasper_on_a_small_disk(disk):
    gasper = Gasper()
    gasper.data.rmdir()
    gasper.data = disk.point / "data"
    gasper.environment["GASPER_DATA"] = str(gasper.data)
    work = pathlib.Path(tempfile.mkdtemp(prefix="gasper-work-", dir="/var/tmp"))
    try:
        gasper.up()
        (gasper.data / "work").symlink_to(work)  # the working copies of users are elsewhere
        yield gasper
    finally:
        disk.empty()
        gasper.destroy()
        run(["rm", "-rf", work])


class Listener:
    """A server for webhooks; `heard` are the actions that came."""

    def __init__(self):
        heard = self.heard = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["action"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def disks(gasper):
    name = json.loads(gasper.command("nodes", "--json").ok().output)[0]["name"]
    return json.loads(gasper.command("nodes:info", name, "--json").ok().output)["disks"]


def low(gasper):
    return any(d["low"] for d in disks(gasper) if d["path"] == str(gasper.data))


def actions(gasper, name):
    return [e for e in json.loads(gasper.command("events", "-n", "500", "--json").ok().output) if e["action"] == name]


def start_serve(gasper):
    """As scripts/up does, which itself would want to write."""
    program = ROOT / "build" / gasper.environment.get("GASPER_PRESET", "release") / "bin/gasper"
    settings = dict(gasper.environment)
    settings["GASPER_API_PORT"] = gasper.api_url.rsplit(":", 1)[1]
    settings["GASPER_ENGINE"] = gasper.engine_address()
    return subprocess.Popen([str(program), "serve", "--data", str(gasper.data)], env=settings, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def answers(gasper):
    return gasper.command("version", deadline=20).status == 0


def test_a_disk_that_is_low_takes_no_builds_and_breaks_nothing(small, disk):
    app = small.app("static", name="onlow")
    app.push().ok()
    before = app.remote_head()
    listener = Listener()
    small.command("webhooks:add", app.name, listener.url, "--events", "disk.low").ok()

    disk.fill(92)
    wait_until(lambda: low(small), 60, "the disk is seen to be low")
    app.commit("Another")
    refused = app.push()
    assert refused.status != 0
    assert "no room to build" in refused.error.strip().splitlines()[-1] or "no room to build" in refused.error, refused.error
    assert app.remote_head() == before
    assert app.get().status == 200
    small.command("config:set", app.name, "WHILE_LOW=yes").ok()
    small.command("ps:scale", app.name, "web=2").ok()
    assert app.get().status == 200
    wait_until(lambda: listener.heard == ["disk.low"], 60, "the webhook")

    disk.empty()
    wait_until(lambda: not low(small), 60, "the disk has room again")
    app.push().ok()
    assert "WHILE_LOW" in small.command("config", app.name).ok().output
    wait_until(lambda: len(actions(small, "disk.recovered")) == 1, 60, "the end is written down")
    assert len(actions(small, "disk.low")) == 1
    listener.close()


def test_a_full_disk_loses_no_configuration(small, disk):
    app = small.app("static", name="onfull")
    app.push().ok()
    small.command("config:set", app.name, "KEPT=before").ok()
    disk.fill_up()

    # What does not fit is refused as a whole; what fits is kept.
    big = small.command("config:set", app.name, "BIG=" + "x" * 50000, "MORE=" + "y" * 50000)
    app.commit("Another")
    assert app.push().status != 0
    assert app.get().status == 200

    known = json.loads(small.command("config", app.name, "--json").ok().output)
    assert known["KEPT"] == "before"
    assert ("BIG" in known) == ("MORE" in known) == (big.status == 0)
    small.kill_serve()
    assert app.get().status == 200
    disk.fill_up()
    process = start_serve(small)
    try:
        wait_until(lambda: answers(small), 120, "serve on the full disk")
        assert json.loads(small.command("config", app.name, "--json").ok().output) == known
        assert app.get().status == 200

        disk.empty()
        wait_until(lambda: not low(small), 60, "the disk has room again")
        small.command("config:set", app.name, "AFTER=yes").ok()
        app.push().ok()
        after = json.loads(small.command("config", app.name, "--json").ok().output)
        assert after == {**known, "AFTER": "yes"}
        small.command("ps:scale", app.name, "web=1").ok()
        assert app.get().status == 200
    finally:
        process.terminate()
        process.wait(60)


def test_a_disk_bomb_in_an_app_is_ended_and_its_neighbour_does_not_notice(gasper):
    neighbour = gasper.app("static", name="calm")
    neighbour.push().ok()
    app = gasper.app("python", name="diskbomb")
    app.push().ok()
    gasper.command("ps:limits", app.name, "web", "--disk", "64m").ok()
    limits = json.loads(gasper.command("ps:limits", app.name, "--json").ok().output)
    assert [p["disk"] for p in limits if p["process"] == "web"] == [64 * MIB]
    first = gasper.containers(app.name)[0]["Id"]
    gasper.ssh(app.name, "dd if=/dev/zero of=/app/bomb bs=1M count=200; true", deadline=120)
    wait_until(lambda: first not in [c["Id"] for c in gasper.containers(app.name)], 60, "the end of the bomb")
    wait_until(lambda: app.get().status == 200, 60, "a new instance")
    assert "wrote more than its disk limit of 64 MiB" in gasper.command("logs", app.name, "--source", "gasper", "-n", "1000").ok().output
    assert gasper.ssh(app.name, "test -e /app/bomb").status == 1
    assert neighbour.get().status == 200


def test_a_one_off_that_writes_more_than_it_may_is_ended_and_says_why(gasper):
    app = gasper.app("python", name="oncebomb")
    app.push().ok()
    gasper.command("ps:limits", app.name, "run", "--disk", "64m").ok()
    limits = json.loads(gasper.command("ps:limits", app.name, "--json").ok().output)
    assert [p["disk"] for p in limits if p["process"] == "run"] == [64 * MIB]
    filling = "'dd if=/dev/zero of=/app/bomb bs=1M count=200; sleep 60; echo nobody minded'"
    why = "wrote more than its disk limit of 64 MiB"

    attached = gasper.command("run", app.name, filling, deadline=180)
    assert attached.status == 1 and why in attached.error and "nobody minded" not in attached.output
    begun = json.loads(gasper.command("run", "--json", "-d", app.name, filling).ok().output)
    log = gasper.command("jobs:log", str(begun["job"]), deadline=180)
    assert log.status == 1 and why in log.error and "nobody minded" not in log.output
    said = gasper.command("logs", app.name, "--source", "gasper", "-n", "200").ok().output
    assert said.count(f"ended: it {why}") == 2, said
    assert gasper.command("run", app.name, "'touch /var/tmp/elsewhere'").status != 0, "it writes to /app and /tmp only"
    gasper.command("run", app.name, "'touch /app/here /tmp/here'").ok()
    assert app.get().status == 200


def test_a_release_command_that_writes_more_than_it_may_fails_the_deploy(gasper):
    app = gasper.app("python", name="releasebomb")
    app.push().ok()
    gasper.command("ps:limits", app.name, "release", "--disk", "64m").ok()
    app.write("Procfile", "web: python3 app.py\nrelease: dd if=/dev/zero of=/app/bomb bs=1M count=200; sleep 60; echo nobody minded\n")
    app.commit()
    refused = app.push()
    assert refused.status != 0
    assert "the release command was ended: it wrote more than its disk limit of 64 MiB" in refused.error, refused.error
    assert "nobody minded" not in refused.error and app.get().status == 200

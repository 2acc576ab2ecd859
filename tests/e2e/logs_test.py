"""The log of an app: nothing lost over restarts and ends of containers, live within 100 ms, bounded whatever an app says."""

import json
import os
import re
import selectors
import socket
import statistics
import subprocess
import threading
import time
import urllib.parse

import pytest

from harness import Gasper, run, wait_until

APP = '''
import os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

def flood(seconds):
    block = b"".join(b"%07d %s\\n" % (i, b"x" * 191) for i in range(5000))
    end = time.time() + seconds
    while time.time() < end:
        os.write(1, block)

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlparse(self.path)
        given = {k: v[0] for k, v in parse_qs(url.query).items()}
        if url.path == "/say":
            os.write(1, b"".join(b"%s %d\\n" % (given["text"].encode(), i) for i in range(int(given["n"]))))
        if url.path == "/time":
            print(f"sent {time.time():.6f}", flush=True)
        if url.path == "/flood":
            threading.Thread(target=flood, args=(float(given["seconds"]),), daemon=True).start()
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass

def leave(*_):
    os.write(1, b"goodbye\\n")
    os._exit(0)

signal.signal(signal.SIGTERM, leave)
server = ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler)
server.daemon_threads = True
server.serve_forever()
'''


@pytest.fixture(scope="module")
def noisy():
    made = Gasper()
    try:
        made.up()
        yield made
    finally:
        made.destroy()


@pytest.fixture(scope="module")
def app(noisy):
    made = noisy.app("python", name="noisy")
    made.write("app.py", APP)
    made.commit("Talk")
    made.push().ok()
    return made


def lines(app, *options):
    """The texts of the log, parsed."""
    output = app.gasper.command("logs", app.name, "-n", "10000", "--json", *options).ok().output
    return [json.loads(line) for line in output.splitlines()]


def texts(app, *options):
    return [line["text"] for line in lines(app, *options)]


def say(app, text, n):
    assert app.get(f"/say?text={text}&n={n}").status == 200


def test_no_line_is_lost_or_doubled_when_serve_is_killed(noisy, app):
    say(app, "before", 300)
    wait_until(lambda: "before 299" in texts(app, "--ps", "web"), 10, "the first lines")
    say(app, "during", 300)
    noisy.kill_serve()
    say(app, "dead", 300)
    noisy.up()
    say(app, "after", 300)
    wait_until(lambda: "after 299" in texts(app, "--ps", "web"), 20, "the last lines")
    said = [t for t in texts(app, "--ps", "web") if t.split()[0] in ("before", "during", "dead", "after")]
    assert said == [f"{word} {i}" for word in ("before", "during", "dead", "after") for i in range(300)]
    requests = [t for t in texts(app, "--source", "router") if "/say?" in t]
    assert [re.search(r"text=(\w+)", t).group(1) for t in requests] == ["before", "during", "dead", "after"]


def test_what_an_instance_said_outlives_it(app):
    say(app, "mortal", 10)
    app.gasper.command("config:set", app.name, "COLOR=blue").ok()
    wait_until(lambda: "goodbye" in texts(app, "--ps", "web.1"), 60, "the last word of the old instance")
    assert "mortal 9" in texts(app)
    assert any(t.startswith("Release v2 (Set COLOR config var) by ") for t in texts(app, "--source", "gasper"))


def test_filters_and_forms(app):
    app.get("/needle?x=1")
    wait_until(lambda: texts(app, "--grep", "/needle"), 10, "the access line")
    [line] = lines(app, "--source", "router", "--grep", "/needle")
    assert line["source"] == "router" and re.match(
        r'at=info method=GET path="/needle\?x=1" host=noisy\.localhost request_id=\S+ fwd="127\.0\.0\.1" instance=web\.1 connect=\d+ms '
        r'service=\d+ms status=200 bytes=\d+ protocol=http$', line["text"]), line
    assert texts(app, "--since", "2099-01-01T00:00:00Z") == []
    shown = app.gasper.command("logs", app.name, "-n", "1", "--source", "router").ok().output
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z router: at=", shown)
    wrong = app.gasper.command("logs", app.name, "--since", "yesterday")
    assert wrong.status == 1 and "is no time" in wrong.error


def log_in(gasper):
    status, body = gasper.api("POST", "/api/v1/auth/login", {"name": gasper.environment["GASPER_ADMIN_USER"],
                                                             "password": gasper.environment["GASPER_ADMIN_PASSWORD"]})
    assert status == 200
    return body["token"]


def open_stream(gasper, token, query, last=None):
    where = urllib.parse.urlsplit(gasper.api_url)
    s = socket.create_connection((where.hostname, where.port), timeout=15)
    again = f"Last-Event-ID: {last}\r\n" if last else ""
    s.sendall(f"GET /api/v1/apps/noisy/logs?{query} HTTP/1.0\r\nHost: {where.netloc}\r\n{again}Authorization: Bearer {token}\r\n\r\n".encode())
    return s


def test_a_hundred_readers_see_every_line(noisy, app):
    token = log_in(noisy)
    readers = [open_stream(noisy, token, "follow=true&lines=0&process=web") for _ in range(100)]
    selector, buffers, delays = selectors.DefaultSelector(), {}, []
    for s in readers:
        head = b""
        while b"\r\n\r\n" not in head:
            head += s.recv(65536)
        assert b" 200 " in head, head
        buffers[s] = b""
        selector.register(s, selectors.EVENT_READ)
    wanted = 20 * len(readers)
    stop = threading.Event()

    def speak():
        for _ in range(20):
            app.get("/time")
            stop.wait(0.1)
    speaker = threading.Thread(target=speak)
    speaker.start()
    end = time.monotonic() + 60
    while len(delays) < wanted and time.monotonic() < end:
        for key, _ in selector.select(1):
            got = key.fileobj.recv(65536)
            at = time.time()
            *whole, buffers[key.fileobj] = (buffers[key.fileobj] + got).split(b"\n")
            delays += [at - float(line.rsplit(b" ", 1)[1]) for line in whole if b"sent " in line]
    speaker.join()
    for s in readers:
        s.close()
    assert len(delays) == wanted
    delays.sort()
    print(f"\nlive tail, 100 readers: median {statistics.median(delays) * 1000:.1f} ms, p99 {delays[len(delays) * 99 // 100] * 1000:.1f} ms")


def test_a_reader_that_comes_back_goes_on_where_it_was(noisy, app):
    say(app, "resumed", 50)
    wait_until(lambda: "resumed 49" in texts(app), 10, "the lines")
    token = log_in(noisy)
    with open_stream(noisy, token, "lines=50&process=web&text=resumed") as s:
        first = s.makefile().read()
    ids = re.findall(r"^id: (\d+)$", first, re.M)
    assert len(ids) == 50
    with open_stream(noisy, token, "lines=50&process=web&text=resumed", last=ids[9]) as s:
        again = s.makefile().read()
    assert re.findall(r"^id: (\d+)$", again, re.M) == ids[10:]


def test_a_tail_over_ssh_goes_on_over_a_new_release(noisy, app):
    with subprocess.Popen(["ssh", *noisy.ssh_options(), "gasper@127.0.0.1", "logs noisy -t -n 1 --source app"], stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True) as tail:
        seen = []
        reader = threading.Thread(target=lambda: seen.extend(tail.stdout), daemon=True)
        reader.start()
        try:
            def begun():
                say(app, "early", 1)
                return any("early" in line for line in seen)
            wait_until(begun, 10, "the tail")
            noisy.command("ps:restart", "noisy").ok()
            say(app, "late", 1)
            wait_until(lambda: any("app[web.1]: late 0" in line for line in seen), 10, "a line of the new instance")
        finally:
            tail.kill()


def p99(app, seconds):
    taken = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        assert app.get().status == 200
        taken.append(time.monotonic() - began)
    return sorted(taken)[len(taken) * 99 // 100]


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024


def processor(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_flood_is_bounded_said_and_leaves_others_alone(noisy, app):
    other = noisy.app("python", name="neighbour")
    other.push().ok()
    quiet = p99(other, 5)
    before = resident(noisy.serve_pid())
    began, used = time.monotonic(), processor(noisy.serve_pid())
    assert app.get("/flood?seconds=15").status == 200
    busy = p99(other, 10)
    share = (processor(noisy.serve_pid()) - used) / (time.monotonic() - began)

    def calm():
        say(app, "calm", 1)
        return texts(app, "--grep", "calm")
    wait_until(calm, 60, "a line after the flood")
    told = texts(app, "--source", "gasper", "--grep", "dropped")
    grown = resident(noisy.serve_pid()) - before
    size = int(run(["du", "-sb", noisy.data / "logs"]).ok().output.split()[0])
    print(f"\nflood: neighbour p99 {quiet * 1000:.0f} → {busy * 1000:.0f} ms, serve {share * 100:.0f} % of a core, +{grown >> 20} MiB, "
          f"logs {size >> 20} MiB; {told[-1] if told else ''}")
    assert told
    assert size < 64 << 20
    assert grown < 64 << 20
    assert busy < max(1.0, 5 * quiet)
    assert noisy.command("whoami", deadline=10).status == 0


def test_a_destroyed_app_takes_its_log_with_it(noisy, app):
    noisy.command("apps:destroy", app.name, "--confirm", app.name).ok()
    wait_until(lambda: not (noisy.data / "logs/apps" / app.name).exists(), 10, "the end of the log")

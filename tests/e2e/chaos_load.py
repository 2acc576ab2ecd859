"""Deploys, scales, restarts and rollbacks in random order under a constant load over HTTP, WebSocket and long downloads; and whether the engine,
the store and the table say the same afterwards. Used by chaos_test.py and by tests/bench/chaos.py."""

import base64
import contextlib
import http.client
import json
import os
import random
import socket
import struct
import threading
import time

from harness import wait_until

APP = '''"""Answers at once, echoes over WebSocket, and sends a long download slowly."""
import base64, hashlib, http.server, os, signal, socketserver, struct, sys, time

WORD = "word 0"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.headers.get("Upgrade", "").lower() == "websocket":
            return self.echo()
        if self.path == "/long":
            return self.download()
        self.begin(200, **{"Content-Length": str(len(WORD))})
        self.wfile.write(WORD.encode())

    def begin(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def download(self):
        self.begin(200, **{"Content-Length": str(30 * 4096)})
        for _ in range(30):
            self.wfile.write(b"x" * 4096)
            time.sleep(0.1)

    def echo(self):
        key = base64.b64encode(hashlib.sha1(self.headers["Sec-WebSocket-Key"].encode() + GUID).digest()).decode()
        self.begin(101, Upgrade="websocket", Connection="Upgrade", **{"Sec-WebSocket-Accept": key})
        self.close_connection = True
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            size = head[1] & 127
            mask, data = self.rfile.read(4), self.rfile.read(size)
            plain = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
            self.wfile.write(bytes([head[0], size]) + plain)
            if head[0] & 15 == 8:
                return


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
Server(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
'''
WORKER = "import time\nwhile True:\n    time.sleep(1)\n"


def make_app(gasper, name):
    app = gasper.app(None, name=name)
    app.write("app.py", APP)
    app.write("worker.py", WORKER)
    app.write("Procfile", "web: python3 app.py\nworker: python3 worker.py\n")
    app.commit()
    app.push().ok()
    return app


class MixedLoad:
    """Clients of each sort in loops, `seconds` at most. Use as a context manager."""

    def __init__(self, app, seconds, clients=2):
        self.app = app
        self.deadline = time.monotonic() + seconds
        self.stopped, self.lock = threading.Event(), threading.Lock()
        self.done, self.failures = {"http": 0, "websocket": 0, "download": 0}, []
        sorts = (("http", self._request), ("websocket", self._websocket), ("download", self._download))
        self.threads = [threading.Thread(target=self._loop, args=sort, daemon=True) for sort in sorts for _ in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join(60)

    def _loop(self, sort, once):
        while not self.stopped.is_set() and time.monotonic() < self.deadline:
            began = time.monotonic()
            failure = None
            try:
                once()
            except (OSError, AssertionError, http.client.HTTPException) as e:
                failure = f"{sort} after {time.monotonic() - began:.2f} s: {type(e).__name__}: {e}"
            with self.lock:
                self.done[sort] += 1
                if failure:
                    self.failures.append(failure)

    def _headers(self):
        return {"Host": f"{self.app.name}.{self.app.gasper.domain}"}

    def _request(self):
        """A hundred over one connection."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.app.gasper.http_port, timeout=30)) as connection:
            for _ in range(100):
                connection.request("GET", "/", headers=self._headers())
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == 200, f"{answer.status} {body[:200]}"
                if self.stopped.wait(0.01):
                    return

    def _download(self):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.app.gasper.http_port, timeout=30)) as connection:
            connection.request("GET", "/long", headers=self._headers())
            answer = connection.getresponse()
            size = len(answer.read())
            assert answer.status == 200 and size == 30 * 4096, f"{answer.status}, {size} bytes"

    def _websocket(self):
        """Thirty messages and their echoes over three seconds, then a proper end."""
        with socket.create_connection(("127.0.0.1", self.app.gasper.http_port), timeout=30) as s, s.makefile("rb") as answers:
            key = base64.b64encode(os.urandom(16)).decode()
            s.sendall((f"GET /ws HTTP/1.1\r\nHost: {self._headers()['Host']}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                       f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())
            status = answers.readline()
            assert b" 101 " in status, status
            while answers.readline().strip():
                pass
            for number in range(30):
                self._exchange(s, answers, 0x81, f"message {number}".encode())
                time.sleep(0.1)
            self._exchange(s, answers, 0x88, struct.pack(">H", 1000))

    @staticmethod
    def _exchange(s, answers, kind, data):
        mask = os.urandom(4)
        s.sendall(bytes([kind, 0x80 | len(data)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))
        echo = answers.read(2 + len(data))
        assert echo == bytes([kind, len(data)]) + data, f"{len(echo)} bytes of an echo of {2 + len(data)}"


def deploy(app, dice):
    app.write("app.py", APP.replace("word 0", f"word {dice.randrange(10**6)}"))
    app.commit("Another word")
    app.push().ok()


def scale(app, dice):
    app.gasper.command("ps:scale", app.name, f"web={dice.randint(1, 3)}", f"worker={dice.randint(0, 1)}").ok()


def restart(app, _):
    app.gasper.command("ps:restart", app.name).ok()


def rollback(app, dice):
    listed = json.loads(app.gasper.command("releases", app.name, "--json").ok().output)
    current = app.version()
    # Builds are kept for the newest ten: of these one is sure to be there.
    able = [r["version"] for r in listed if r["version"] != current and r["state"] == "succeeded" and r["commit"]][:5]
    if able:
        app.gasper.command("releases:rollback", app.name, f"v{dice.choice(able)}").ok()


def change(app, seed, times, say=print):
    """That many changes one after the other, in an order that the seed decides."""
    dice = random.Random(seed)
    for number in range(times):
        what = dice.choice((deploy, scale, restart, rollback))
        began = time.monotonic()
        what(app, dice)
        say(f"{number + 1:3} {what.__name__:9} {time.monotonic() - began:.2f} s", flush=True)


def disagreement(app):
    """What the engine, the store and the table say differently; empty: they agree."""
    gasper = app.gasper
    version = app.version()
    wanted = {p["process"]: p["quantity"] for p in json.loads(gasper.command("ps:scale", app.name, "--json").ok().output)}
    names = sorted(f"{process}.{n}" for process, quantity in wanted.items() for n in range(1, quantity + 1))
    containers = gasper.own_containers()
    instances = [c for c in containers if c["Labels"]["gasper.role"] == "instance" and c["Labels"].get("gasper.app") == app.name]
    there = sorted(c["Labels"]["gasper.instance"] for c in instances)
    if there != names:
        return f"the engine has {there}, the store wants {names}"
    if any(c["Labels"]["gasper.release"] != str(version) or c["State"] != "running" for c in instances):
        return f"not all of v{version} and running: {[(c['Labels']['gasper.release'], c['State']) for c in instances]}"
    inhabited = {c["Labels"]["gasper.sandbox"] for c in instances}
    left = [c["Names"] for c in containers if c["Labels"].get("gasper.app") == app.name and c not in instances and c["Id"] not in inhabited]
    if left:
        return f"left over: {left}"
    table = json.loads((gasper.data / "tables/table.json").read_text(encoding="utf-8"))
    routed = sorted(i["address"] for r in table["routes"] if r["app"] == app.name for i in r["instances"])
    addresses = sorted(f"{c['Labels']['gasper.address']}:{c['Labels']['gasper.port']}" for c in instances if c["Labels"]["gasper.process"] == "web")
    if routed != addresses:
        return f"the table names {routed}, the engine has {addresses}"
    return ""


def agree(app, seconds=60):
    """Waits for the last drain and for agreement."""
    last = [""]

    def agreed():
        last[0] = disagreement(app)
        return not last[0]
    try:
        wait_until(agreed, seconds, "agreement")
    except AssertionError as e:
        raise AssertionError(f"{e}: {last[0]}") from e

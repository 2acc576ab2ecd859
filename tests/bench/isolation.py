"""A neighbour's latency while an app misbehaves in every way that it can: p99 before and during, per kind; medians.

Each round measures the neighbour at rest and then beside the bomb. Of the log bomb a second table says what the app offered, what
the engine let it write, what was kept and what was counted as dropped, and how large files became.

scripts/bench isolation [--rounds 3] [--seconds 8] [--only "log bomb"]. Prints tables and leaves them in build/reports/isolation.md.
"""

import argparse
import contextlib
import http.client
import json
import pathlib
import re
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import wait_until  # noqa: E402
from measuring import on_its_own  # noqa: E402

WEB = """import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\\n")
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
"""

RATE = 100e6  # bytes a second that the log bomb offers

# Each ends by itself after SECONDS, and keeps at it when it is refused or killed.
BOMBS = {
    "busy loops": "for _ in range(8):\n    if os.fork() == 0:\n        while time.time() < end: pass\n        os._exit(0)",
    "fork bomb": """while time.time() < end:
    try:
        if os.fork() == 0:
            time.sleep(max(0, end - time.time()))
            os._exit(0)
    except OSError:
        time.sleep(0.001)""",
    "memory bomb": """while time.time() < end:
    pid = os.fork()
    if pid == 0:
        held = []
        while time.time() < end: held.append(b'x' * (1 << 22))
        os._exit(0)
    os.waitpid(pid, 0)""",
    "disk bomb": """while time.time() < end:
    with open('/app/bomb', 'wb') as f:
        for _ in range(256): f.write(b'x' * (1 << 20))
    os.remove('/app/bomb')""",
    # The pipe to the engine is what holds it back: it never waits by itself while it is behind its rate.
    "log bomb": """import json
out, piece, passed, began = os.open('/proc/1/fd/1', os.O_WRONLY), (b'x' * 999 + b'\\n') * 64, 0, time.time()
while time.time() < end:
    if passed < RATE * (time.time() - began): passed += os.write(out, piece)
    else: time.sleep(0.001)
print(json.dumps({'bytes': passed, 'lines': passed // 1000, 'seconds': time.time() - began}), flush=True)""",
}


def bomb(gasper, app, script, seconds):
    text = f"import os, time\nRATE = {RATE}\nend = time.time() + {seconds}\n{script}\nwhile time.time() < end: time.sleep(0.1)\n"
    return subprocess.Popen(["ssh", *gasper.ssh_options(), f"{app.name}@127.0.0.1", "python3", "-"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL), text.encode()


def bytes_below(directory):
    total = 0
    for file in directory.rglob("*"):
        with contextlib.suppress(OSError):  # rotated away meanwhile
            total += file.stat().st_size if file.is_file() else 0
    return total


class Flood:
    """What becomes of an app's output: sizes are looked at until it is closed, counts are taken from the app's log."""

    def __init__(self, gasper, app):
        self.gasper, self.app = gasper, app
        root = pathlib.Path(gasper.engine("info")["DockerRootDir"])
        self.engine_files = root / "containers" / gasper.containers(app.name)[0]["Id"]
        self.kept_files = gasper.data / "logs" / "apps" / app.name
        self.most_of_engine = self.most_kept = 0
        self.dropped_before = self.dropped()
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self):
        while not self.stopped.wait(0.2):
            self.most_of_engine = max(self.most_of_engine, bytes_below(self.engine_files))
            self.most_kept = max(self.most_kept, bytes_below(self.kept_files))

    def dropped(self):
        said = self.gasper.command("logs", self.app.name, "--source", "gasper", "-n", "10000").ok().output
        return sum(int(n) for n in re.findall(r"(\d+) lines dropped", said))

    def close(self):
        """Lines that were counted as dropped since it began; they are said within a second."""
        time.sleep(4)
        self.stopped.set()
        self.thread.join()
        return self.dropped() - self.dropped_before


def flood_table(seen):
    """`seen`: of each round (what the bomb printed, its Flood, lines dropped)."""
    def median(value):
        return statistics.median(value(*each) for each in seen)
    passed = median(lambda wrote, flood, dropped: wrote["bytes"] / wrote["seconds"] / 1e6)
    share = median(lambda wrote, flood, dropped: 100 * dropped / wrote["lines"])
    engine = max(flood.most_of_engine for _, flood, _ in seen) / (1 << 20)
    kept = max(flood.most_kept for _, flood, _ in seen) / (1 << 20)
    return "\n".join(["| the log bomb | |", "|---|---|", f"| the app offers, MB/s | {RATE / 1e6:.0f} |",
                      f"| the engine lets it write, MB/s | {passed:.1f} |", f"| of its lines counted as dropped | {share:.0f} % |",
                      f"| the engine's files of it, at most (3 × 10 MiB are allowed) | {engine:.1f} MiB |",
                      f"| its log in Gasper, at most (16 MiB are allowed) | {kept:.1f} MiB |"])


def p99(app, seconds):
    """Milliseconds, of requests one after the other with a little pause, and how many failed."""
    times, failed = [], 0
    connection = http.client.HTTPConnection("127.0.0.1", app.gasper.http_port, timeout=15)
    pause, end = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            connection.request("GET", "/", headers={"Host": f"{app.name}.{app.gasper.domain}"})
            answer = connection.getresponse()
            answer.read()
            failed += answer.status != 200
        except (OSError, http.client.HTTPException):
            failed += 1
            connection.close()
        times.append((time.monotonic() - began) * 1000)
        pause.wait(0.005)
    connection.close()
    return sorted(times)[int(len(times) * 0.99)], failed


def app_of(gasper, name):
    app = gasper.app(None, name=name)
    app.write("app.py", WEB)
    app.write("Procfile", "web: python3 app.py\n")
    app.commit()
    app.push().ok()
    return app


def one_round(gasper, neighbour, attacker, script, seconds):
    """(p99 at rest, p99 beside the bomb, failed requests, what the bomb printed)."""
    wait_until(lambda: attacker.get().status == 200, 120, "the attacker's own web")
    quiet, _ = p99(neighbour, seconds)
    running, text = bomb(gasper, attacker, script, seconds + 1)
    running.stdin.write(text)
    running.stdin.close()
    time.sleep(1)
    busy, failed = p99(neighbour, seconds)
    running.wait(60)
    return quiet, busy, failed, running.stdout.read()


def measure(gasper, rounds, seconds, only):
    neighbour, attacker = app_of(gasper, "neighbour"), app_of(gasper, "attacker")
    rows = ["| while another app | p99 before, ms | p99 during, ms | ratio | failed requests |", "|---|---|---|---|---|"]
    floods = []
    for name, script in BOMBS.items():
        if only and name != only:
            continue
        before, during, ratios, failures = [], [], [], 0
        for _ in range(rounds):
            flood = Flood(gasper, attacker) if name == "log bomb" else None
            quiet, busy, failed, printed = one_round(gasper, neighbour, attacker, script, seconds)
            if flood:
                floods.append((json.loads(printed), flood, flood.close()))
            before.append(quiet)
            during.append(busy)
            ratios.append(busy / quiet)
            failures += failed
        rows.append(f"| {name} | {statistics.median(before):.1f} | {statistics.median(during):.1f} | **{statistics.median(ratios):.2f}** | {failures} |")
    return "\n".join(rows) + ("\n\n" + flood_table(floods) if floods else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--only", choices=BOMBS)
    chosen = parser.parse_args()
    on_its_own("isolation", lambda gasper: measure(gasper, chosen.rounds, chosen.seconds, chosen.only))


if __name__ == "__main__":
    main()

"""A neighbour's latency while an app misbehaves in every way that it can: p99 before and during, per kind; medians.

scripts/bench isolation [--rounds 3] [--seconds 8]. Prints a table and leaves it in build/reports/isolation.md.
"""

import argparse
import http.client
import pathlib
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from harness import Gasper, wait_until  # noqa: E402

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
    "log bomb": """out = os.open('/proc/1/fd/1', os.O_WRONLY)
while time.time() < end: os.write(out, b'x' * 200 + b'\\n')""",
}


def bomb(gasper, app, script, seconds):
    text = f"import os, time\nend = time.time() + {seconds}\n{script}\nwhile time.time() < end: time.sleep(0.1)\n"
    return subprocess.Popen(["ssh", *gasper.ssh_options(), f"{app.name}@127.0.0.1", "python3", "-"], stdin=subprocess.PIPE,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), text.encode()


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


def measure(gasper, rounds, seconds):
    neighbour, attacker = app_of(gasper, "neighbour"), app_of(gasper, "attacker")
    rows = ["| while another app | p99 before, ms | p99 during, ms | ratio | failed requests |", "|---|---|---|---|---|"]
    for name, script in BOMBS.items():
        before, during, ratios, failures = [], [], [], 0
        for _ in range(rounds):
            wait_until(lambda: attacker.get().status == 200, 120, "the attacker's own web")
            quiet, _ = p99(neighbour, seconds)
            running, text = bomb(gasper, attacker, script, seconds + 1)
            running.stdin.write(text)
            running.stdin.close()
            time.sleep(1)
            busy, failed = p99(neighbour, seconds)
            running.wait(60)
            before.append(quiet)
            during.append(busy)
            ratios.append(busy / quiet)
            failures += failed
        rows.append(f"| {name} | {statistics.median(before):.1f} | {statistics.median(during):.1f} | **{statistics.median(ratios):.2f}** | {failures} |")
    return "\n".join(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    chosen = parser.parse_args()
    gasper = Gasper()
    try:
        gasper.up()
        table = measure(gasper, chosen.rounds, chosen.seconds)
    finally:
        gasper.destroy()
    print(table)
    report = ROOT / "build" / "reports" / "isolation.md"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

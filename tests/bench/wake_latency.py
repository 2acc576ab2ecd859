"""From a request for a sleeping app to its answer: frozen, stopped, and a crowd of 1,000 that waits; medians.

scripts/bench wake_latency [--runs 20]. Prints a table and leaves it in build/reports/wake_latency.md.
"""

import argparse
import json
import pathlib
import selectors
import socket
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import wait_until  # noqa: E402
from measuring import on_its_own  # noqa: E402


def stage(gasper, app):
    return json.loads(gasper.command("ps:autosleep", app.name, "--json").ok().output)["state"]


def wait_for_stop(gasper, app):
    """Of an app that runs, until it waits in its sandbox alone."""
    former = gasper.containers(app.name)[0]
    wait_until(lambda: stage(gasper, app) == "stopped" and not gasper.containers(app.name) and gasper.next_sandbox(former), 120, "the stop")


def request_of(gasper, app):
    return f"GET / HTTP/1.1\r\nHost: {app.name}.{gasper.domain}\r\nConnection: close\r\n\r\n".encode()


def timed_get(gasper, app):
    """Milliseconds from the connection's start to the answer's first byte."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", gasper.http_port), timeout=60) as s:
        s.sendall(request_of(gasper, app))
        head = s.recv(65536)
    assert head.startswith(b"HTTP/1.1 200"), head[:200]
    return (time.monotonic() - began) * 1000


def crowd(gasper, app, size=1000):
    """Milliseconds from the first request to the last answer, and how many were not 200."""
    began = time.monotonic()
    statuses = []
    with selectors.DefaultSelector() as waiting:
        for _ in range(size):
            s = socket.create_connection(("127.0.0.1", gasper.http_port), timeout=60)
            s.sendall(request_of(gasper, app))
            s.setblocking(False)
            waiting.register(s, selectors.EVENT_READ)
        while waiting.get_map():
            for key, _ in waiting.select(60):
                statuses.append(key.fileobj.recv(65536)[9:12])
                waiting.unregister(key.fileobj)
                key.fileobj.close()
    return (time.monotonic() - began) * 1000, sum(status != b"200" for status in statuses)


def wakes(gasper, app):
    return gasper.command("logs", app.name, "-n", "1000").ok().output.count("Woken by a request")


def row(name, times):
    return f"| {name} | **{statistics.median(times):.0f}** | {min(times):.0f} – {max(times):.0f} | {len(times)} |"


def measure(gasper, runs):
    app = gasper.app("static")
    app.push().ok()
    warm = [timed_get(gasper, app) for _ in range(runs)]
    gasper.command("ps:autosleep", app.name, "1s", "--stop", "1h").ok()
    frozen, stopped = [], []
    for _ in range(runs):
        wait_until(lambda: stage(gasper, app) == "frozen", 60, "sleep")
        frozen.append(timed_get(gasper, app))
    gasper.command("ps:autosleep", app.name, "1s", "--stop", "1s").ok()
    for _ in range(runs):
        wait_for_stop(gasper, app)
        stopped.append(timed_get(gasper, app))
    wait_for_stop(gasper, app)
    before = wakes(gasper, app)
    took, failed = crowd(gasper, app)
    lines = ["| first answer after, ms | median | min – max | runs |", "|---|---|---|---|",
             row("awake", warm), row("frozen", frozen), row("stopped", stopped), "",
             f"1,000 requests at once to the stopped app: {wakes(gasper, app) - before} wake, {failed} failed, "
             f"all answered after {took:.0f} ms"]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    chosen = parser.parse_args()
    on_its_own("wake_latency", lambda gasper: measure(gasper, chosen.runs))


if __name__ == "__main__":
    main()

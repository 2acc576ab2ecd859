"""From git's start to the first answer of the new release: warm, one changed line, medians; no request may fail meanwhile.

scripts/bench deploy_latency [--runs 9]. Prints a table and leaves it in build/reports/deploy_latency.md.
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

from harness import Gasper, Load  # noqa: E402
from measuring import leave  # noqa: E402

FILES = {"static": "index.html", "python": "app.py", "php": "index.php", "node": "server.js", "go": "main.go", "ruby": "config.ru"}
BARS = {"static": 0.9, "python": 1.2}


class Probe:
    """Asks for / over one keep-alive connection until the answer has the word; `at` is when it came."""

    def __init__(self, app, word, seconds=60):
        self.app, self.word, self.at, self.failures = app, word, None, []
        self.deadline = time.monotonic() + seconds
        self.thread = threading.Thread(target=self._loop, daemon=True)
        self.thread.start()

    def _loop(self):
        gasper = self.app.gasper
        connection = http.client.HTTPConnection("127.0.0.1", gasper.http_port, timeout=10)
        pause = threading.Event()
        while self.at is None and time.monotonic() < self.deadline:
            try:
                connection.request("GET", "/", headers={"Host": f"{self.app.name}.{gasper.domain}"})
                answer = connection.getresponse()
                body = answer.read().decode("utf-8", "replace")
                if answer.status != 200:
                    self.failures.append(f"{answer.status}")
                elif self.word in body:
                    self.at = time.monotonic()
            except (OSError, http.client.HTTPException) as e:
                self.failures.append(repr(e))
                connection.close()
            pause.wait(0.002)
        connection.close()


def measure(app, file, old, new):
    """Seconds to the first new answer and to git's end, and the failures of the probe and of a load beside it."""
    app.replace(file, old, new)
    app.commit(new)
    with Load(app, most=100_000, connections=1, seconds=60) as load:
        load.pause = 0.01
        probe = Probe(app, new)
        began = time.monotonic()
        app.push().ok()
        ended = time.monotonic()
        probe.thread.join(60)
    assert probe.at is not None, "the new content never came"
    return probe.at - began, ended - began, probe.failures + load.failures


def series(gasper, language, runs):
    app, file, word = gasper.app(language, name=f"bench-{language}"), FILES[language], "Hello"
    app.push().ok()
    answers, pushes, failures = [], [], []
    for n in range(runs + 1):
        new = f"Hello-{n}-"
        answer, push, failed = measure(app, file, word, new)
        word = new
        if n:  # the first is the warm-up
            answers.append(answer)
            pushes.append(push)
        failures += failed
    return answers, pushes, failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("languages", nargs="*", default=["static", "python"])
    options = parser.parse_args()
    gasper, failed = Gasper(), False
    rows = ["| app | first new answer, median (s) | min – max | `git push` returns, median (s) | failed requests | bar |", "|---|---|---|---|---|---|"]
    try:
        gasper.up()
        for language in options.languages:
            answers, pushes, failures = series(gasper, language, options.runs)
            median = statistics.median(answers)
            bar = BARS.get(language)
            failed |= bool(failures) or (bar is not None and median > bar)
            rows.append(f"| {language} | **{median:.2f}** | {min(answers):.2f} – {max(answers):.2f} | {statistics.median(pushes):.2f} "
                        f"| {len(failures)} | {'–' if bar is None else f'≤ {bar}'} |")
            if failures:
                print(f"{language}: {failures[:5]}", file=sys.stderr)
    finally:
        gasper.destroy()
    table = "\n".join(rows)
    print(table)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    leave("deploy_latency", f"{options.runs} runs at {commit}\n\n{table}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""An app writes all the time while everything happens to its database: what was acknowledged is there in the end."""

import threading
import time

from harness import Gasper, wait_until
from own_engine import kill_and_start, needs_it

KINDS = {"postgres": "database", "mariadb": "database", "redis": "database", "mongodb": "mongodb"}


class Writer:
    """PUT /s<n>/<n>, one after the other. `acknowledged` are those that were answered with 200."""

    def __init__(self, app, query=""):
        self.app, self.query, self.next, self.acknowledged, self.failures = app, query, 0, [], []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.write)
        self.thread.start()

    def write(self):
        while not self.stop.is_set():
            self.next += 1
            number = self.next
            try:
                status = self.app.get(f"/s{number}/{number}{self.query}", method="PUT").status
            except OSError as e:
                status = type(e).__name__
            if status == 200:
                self.acknowledged.append(number)
            else:
                self.failures.append((time.monotonic(), status))
            self.stop.wait(0.02)

    def end(self):
        self.stop.set()
        self.thread.join()

    def goes_on(self, deadline=60):
        """Seconds until a write that begins now or later is acknowledged."""
        began, first = time.monotonic(), self.next + 1
        wait_until(lambda: self.acknowledged and self.acknowledged[-1] >= first, deadline, f"a write of {self.app.name}")
        return time.monotonic() - began

    def lost(self):
        return [n for n in self.acknowledged if self.app.get(f"/s{n}{self.query}").body.strip() != str(n)]


def up(gasper, kind):
    app = gasper.app(KINDS[kind], name=f"writes-{kind}")
    app.push().ok()
    gasper.command("services:create", kind, f"kept-{kind}", deadline=900).ok()
    gasper.command("services:attach", f"kept-{kind}", app.name, deadline=120).ok()
    return Writer(app, "?url=REDIS_URL" if kind == "redis" else "")


def happenings(gasper, kind):
    """While the server runs on: nothing of this may cost a write."""
    service, first, second = f"kept-{kind}", f"writes-{kind}", f"second-{kind}"
    gasper.app(KINDS[kind], name=second).push().ok()
    gasper.command("services:attach", service, second, deadline=120).ok()
    gasper.command("services:credentials", service, first, "--rotate", deadline=120).ok()
    gasper.command("services:backup", service, deadline=300).ok()


@needs_it
def test_no_acknowledged_write_is_lost():
    gasper = Gasper()
    writers = {}
    try:
        gasper.up()
        for kind in KINDS:
            writers[kind] = up(gasper, kind)
        for kind, writer in writers.items():
            writer.goes_on()
            happenings(gasper, kind)
            writer.goes_on()
            assert writer.failures == [], f"{kind}: the server was up all the time"
        for kind, writer in writers.items():
            gasper.command("services:restart", f"kept-{kind}", deadline=120).ok()
            print(f"{kind}: writes go on {writer.goes_on():.1f} s after the restart")
            gone = writer.failures[-1][0] - writer.failures[0][0] if writer.failures else 0
            print(f"{kind}: {len(writer.failures)} writes refused within {gone:.1f} s")
        refused = {kind: len(writer.failures) for kind, writer in writers.items()}
        for writer in writers.values():
            writer.goes_on()
        assert refused == {kind: len(writer.failures) for kind, writer in writers.items()}, "all servers are up again"
        kill_and_start()
        back = {kind: writer.goes_on(120) for kind, writer in writers.items()}
        print({kind: f"{seconds:.1f} s" for kind, seconds in back.items()}, "after the engine's return")
        assert sum(back.values()) <= 10, back
    finally:
        for writer in writers.values():
            writer.end()
        try:
            if len(writers) == len(KINDS):
                lost = {kind: writer.lost() for kind, writer in writers.items()}
                print({kind: len(writer.acknowledged) for kind, writer in writers.items()}, "acknowledged")
                assert not any(lost.values()), lost
        finally:
            gasper.destroy()

"""Twenty databases of the small plan, five of each kind: how long each takes to be made, what each needs when nothing happens, and what
making one costs an app that runs beside it. The kinds' images are made first, and are not measured.

Latency is that of a static app through the router, asked at a constant rate over a few kept connections: before each kind's five, while
each of them is made, and, in turns with them, while the same image is started by hand on an empty directory. That is the floor: the kernel
and the engine cost the app this much. How late the asking itself was woken says how much of it is the measuring program's own.

scripts/bench databases [--each 5] [--seconds 15] [--rate 200]. Prints tables and leaves them in build/reports/databases.md.
"""

import argparse
import http.client
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import Gasper, run, wait_until  # noqa: E402
from measuring import leave  # noqa: E402

BARS = {"postgres": 6.0, "mariadb": 6.0, "redis": 1.5, "mongodb": None}  # seconds from the command to its end
SLOWER = 1.5  # p99 while one is made to p99 before
MIB = 1 << 20


class Asking:
    """GET / of an app, `rate` times a second over four kept connections, while the context lasts. Times are in milliseconds."""

    def __init__(self, app, rate, connections=4):
        self.app, self.every = app, connections / rate
        self.asked, self.failed = [], 0  # (when it was sent, how late that was, how long it took)
        self.lock, self.stopped = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self._loop, args=(n / rate,), daemon=True) for n in range(connections)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)

    def _loop(self, offset):
        # As a client on a machine of its own: not behind the engine's work on the cores of this one.
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        gasper = self.app.gasper
        connection = http.client.HTTPConnection("127.0.0.1", gasper.http_port, timeout=15)
        headers = {"Host": f"{self.app.name}.{gasper.domain}"}
        due = time.monotonic() + offset
        while not self.stopped.wait(max(0.0, due - time.monotonic())):
            sent = time.monotonic()
            well = self._ask(connection, headers)
            took = time.monotonic() - sent
            with self.lock:
                self.asked.append((sent, (sent - due) * 1000, took * 1000))
                self.failed += not well
            # Requests that an answer came too late for are not made up for: that would be a burst.
            due = max(due + self.every, time.monotonic())
        connection.close()

    @staticmethod
    def _ask(connection, headers):
        try:
            connection.request("GET", "/", headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status == 200
        except (OSError, http.client.HTTPException):
            connection.close()
            return False

    def between(self, *spans):
        """(lateness, latency) of what was sent in one of the spans."""
        with self.lock:
            seen = [(late, took) for sent, late, took in self.asked if any(begin <= sent < end for begin, end in spans)]
        assert len(seen) >= 100, f"only {len(seen)} requests: too few for a p99"
        return [late for late, _ in seen], [took for _, took in seen]


def p99(times):
    return sorted(times)[int(len(times) * 0.99)]


def step_seconds(job, name):
    """From the beginning of a job's step to that of the next, or to its end."""
    begins = [s["begun"] for s in job["steps"]] + [job["finished"]]
    place = [s["name"] for s in job["steps"]].index(name)
    return seconds_of(begins[place + 1]) - seconds_of(begins[place])


def seconds_of(rfc3339):
    whole, _, fraction = rfc3339.rstrip("Z").partition(".")
    return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction or 0}")


def create(gasper, kind, name):
    """((began, ended) of the command, seconds of its job's step `start`). When the command ends, the database answers queries."""
    began = time.monotonic()
    done = gasper.command("services:create", kind, name, "--plan", "small", "--json", deadline=1800).ok()
    ended = time.monotonic()
    job = json.loads(gasper.command("jobs:info", str(json.loads(done.output)["job"]), "--json").ok().output)
    return (began, ended), step_seconds(job, "start")


def info(gasper, name):
    return json.loads(gasper.command("services:info", name, "--json").ok().output)


class ByHand:
    """A kind's server as one starts it without Gasper: a network and a container with the same image, environment and limits."""

    def __init__(self, gasper, kind):
        print(f"the image of {kind}", flush=True)
        create(gasper, kind, f"first-{kind}")
        model = gasper.engine(f"containers/{gasper.server(f'first-{kind}')['Id']}/json")
        gasper.command("services:destroy", f"first-{kind}", "--confirm", f"first-{kind}", deadline=600).ok()
        self.docker = ["docker", "-H", gasper.engine_address()]
        self.name = f"by-hand-{gasper.scope}"
        host, config = model["HostConfig"], model["Config"]
        self.options = ["--user", config["User"], "--memory", str(host["Memory"]), "--cpus", f"{host['NanoCpus'] / 1e9:g}",
                        "--tmpfs", f"/tmp:{host['Tmpfs']['/tmp']}", *(w for e in config["Env"] for w in ("--env", e))]
        self.options += ["--init", "--read-only", "--cap-drop", "ALL", "--entrypoint", "gasper-service", model["Image"], "start"]
        self.owner = [int(number) for number in config["User"].split(":")]

    def create(self):
        """(began, ended): then it answers queries. Nothing is left of it."""
        data = pathlib.Path(tempfile.mkdtemp(prefix="gasper-by-hand-", dir="/var/tmp"))
        os.chown(data, *self.owner)
        try:
            began = time.monotonic()
            run([*self.docker, "network", "create", self.name]).ok()
            run([*self.docker, "run", "--detach", "--name", self.name, "--network", self.name, "--volume", f"{data}:/data", *self.options]).ok()
            run([*self.docker, "exec", self.name, "gasper-service", "ready", "60"]).ok()
            return began, time.monotonic()
        finally:
            run([*self.docker, "rm", "--force", self.name])
            run([*self.docker, "network", "rm", self.name])
            shutil.rmtree(data)


def memory_group(pid):
    """(its cgroup's directory for memory, whether that is of version 2)."""
    root = pathlib.Path("/sys/fs/cgroup")
    lines = [line.split(":", 2) for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").splitlines()]
    for _, controllers, path in lines:
        if "memory" in controllers.split(","):
            return root / "memory" / path.lstrip("/"), False
    path = next(path for _, controllers, path in lines if not controllers)
    return root / path.lstrip("/"), True


def memory_of(pid):
    """(without page cache, all of it) in bytes. Shared memory is no page cache: a server's buffers are in it."""
    group, unified = memory_group(pid)
    stat = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())

    def number(name):
        return int((group / name).read_text(encoding="ascii"))

    if not unified:
        return int(stat["total_rss"]) + int(stat["total_shmem"]) + number("memory.kmem.usage_in_bytes"), number("memory.usage_in_bytes")
    # Kernels before 5.18 do not add up what they hold themselves.
    parts = ("slab", "kernel_stack", "pagetables", "percpu", "sock")
    kernel = int(stat["kernel"]) if "kernel" in stat else sum(int(stat.get(p, 0)) for p in parts)
    return int(stat["anon"]) + int(stat["shmem"]) + kernel, number("memory.current")


def memory_by_kind(gasper, each):
    """Kind → [(without page cache, all)] of its servers."""
    servers = {c["Labels"]["gasper.service"]: c for c in gasper.own_containers() if c["Labels"]["gasper.role"] == "service"}
    pids = {name: gasper.engine(f"containers/{c['Id']}/json")["State"]["Pid"] for name, c in servers.items()}
    return {kind: [memory_of(pids[name_of(kind, n)]) for n in range(each)] for kind in BARS}


def name_of(kind, number):
    return f"{kind}-{number}"


class Made:
    """What was measured while the databases of one kind were made."""

    def __init__(self, gasper, app, kind, by_hand, each, seconds, rate):
        with Asking(app, rate) as asking:
            time.sleep(1)  # connections are made
            began = time.monotonic()
            time.sleep(seconds)
            rest = (began, time.monotonic())
            made, floor = [], []
            for n in range(each):
                made.append(create(gasper, kind, name_of(kind, n)))
                time.sleep(1)
                floor.append(by_hand.create())
                time.sleep(1)
        spans = [span for span, _ in made]
        self.kind, self.failed = kind, asking.failed
        self.commands = [end - begin for begin, end in spans]
        self.starts = [start for _, start in made]
        self.late_before, self.before = (p99(times) for times in asking.between(rest))
        self.late_during, self.during = (p99(times) for times in asking.between(*spans))
        self.floor = p99(asking.between(*floor)[1])
        self.ratio = self.during / self.before

    def creation_row(self):
        bar = BARS[self.kind]
        return (f"| {self.kind} | **{statistics.median(self.commands):.2f}** | {min(self.commands):.2f} – {max(self.commands):.2f} "
                f"| {statistics.median(self.starts):.2f} | {'–' if bar is None else f'≤ {bar:g}'} |")

    def latency_row(self):
        return (f"| {self.kind} | {self.before:.1f} | {self.during:.1f} | **{self.ratio:.2f}** | {self.floor:.1f} | {self.failed} "
                f"| {self.late_before:.1f} → {self.late_during:.1f} |")

    def missed(self):
        """What is not as it should be, in words."""
        bar, median = BARS[self.kind], statistics.median(self.commands)
        if bar is not None and median > bar:
            yield f"{self.kind} is made in {median:.2f} s"
        if self.ratio >= SLOWER:
            yield f"p99 is {self.ratio:.2f} times as long while {self.kind} is made"
        if self.failed:
            yield f"{self.failed} requests failed while {self.kind} was made"


def memory_rows(gasper, each):
    rows, own, missed = [], 0, []
    for kind, measured in memory_by_kind(gasper, each).items():
        limit = info(gasper, name_of(kind, 0))["memory_limit_bytes"]
        without, whole = [w for w, _ in measured], [a for _, a in measured]
        own += sum(without)
        if max(without) > limit:
            missed.append(f"{kind} needs {max(without) / MIB:.0f} MiB when nothing happens")
        rows.append(f"| {kind} | **{statistics.median(without) / MIB:.1f}** | {max(without) / MIB:.1f} | {statistics.median(whole) / MIB:.1f} "
                    f"| {limit / MIB:.0f} | {100 * statistics.median(without) / limit:.0f} % |")
    rows.append(f"| all {each * len(BARS)} | **{own / MIB:.0f}** | | | | |")
    return rows, missed


def measure(gasper, chosen):
    """(the tables, what is not as it should be)."""
    app = gasper.app("static", name="neighbour")
    app.push().ok()
    floors = {kind: ByHand(gasper, kind) for kind in BARS}
    made = []
    for kind in BARS:
        time.sleep(10)  # what follows a first start has ended
        made.append(Made(gasper, app, kind, floors[kind], chosen.each, chosen.seconds, chosen.rate))
        print("\n".join((made[-1].creation_row(), made[-1].latency_row())), flush=True)
    wait_until(lambda: all(info(gasper, name_of(kind, n))["state"] == "up" for kind in BARS for n in range(chosen.each)), 60, "all servers")
    time.sleep(30)
    memory, missed = memory_rows(gasper, chosen.each)
    missed += [what for each in made for what in each.missed()]
    lines = ["| created, the image being there | from the command to its end, median (s) | min – max | of it the first start (s) | bar |",
             "|---|---|---|---|---|", *(m.creation_row() for m in made), "",
             f"| while one is created | a running app's p99 before, ms | p99 during, ms | ratio (bar: < {SLOWER}) "
             "| p99 while it is started by hand, ms | failed requests | the client woken late, p99, ms |", "|---|---|---|---|---|---|---|", *(m.latency_row() for m in made), "",
             "| idle, small plan | MiB without page cache, median | most | MiB with it, median | the plan's MiB | of it without page cache |",
             "|---|---|---|---|---|---|", *memory]
    return "\n".join(lines), missed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=5, help="databases of each kind")
    parser.add_argument("--seconds", type=float, default=15, help="of rest before each kind")
    parser.add_argument("--rate", type=float, default=200, help="requests a second")
    chosen = parser.parse_args()
    gasper = Gasper()
    try:
        gasper.up()
        tables, missed = measure(gasper, chosen)
    finally:
        gasper.destroy()
    print(tables)
    for what in missed:
        print("missed:", what, file=sys.stderr)
    leave("databases", tables)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

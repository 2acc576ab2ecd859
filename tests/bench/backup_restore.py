#!/usr/bin/python3
"""Backup and restore of a 1 GB PostgreSQL database through Gasper against `pg_dump | zstd` and `pg_restore` by hand in the same container, and
Gasper's memory meanwhile. scripts/bench backup_restore [MEGABYTES]. Prints a Markdown table. Runs a Gasper of its own."""

import json
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import Gasper  # noqa: E402

MEGABYTES = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
# A row is about 1 KiB, half of it as compressible as text is.
FILL = """CREATE TABLE things AS SELECT n, (SELECT string_agg(md5((n * 31 + m)::text), '') FROM generate_series(1, 16) m) AS noise,
repeat('what many rows have in common ', 16) AS text FROM generate_series(1, {rows}) n; ALTER TABLE things ADD PRIMARY KEY (n); CHECKPOINT;"""


class Memory:
    """The largest resident set of a process while the context lasts, in MiB, above what it was before."""

    def __init__(self, pid):
        self.status = pathlib.Path(f"/proc/{pid}/status")
        self.stopped = threading.Event()

    def now(self):
        return next(int(line.split()[1]) for line in self.status.read_text().splitlines() if line.startswith("VmRSS")) / 1024

    def _watch(self):
        while not self.stopped.wait(0.05):
            self.most = max(self.most, self.now())

    def __enter__(self):
        self.before = self.most = self.now()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        self.more = self.most - self.before


def steps(gasper, words):
    """Seconds of each step of the job that a command ran."""
    job = json.loads(gasper.command(*words, "--json", deadline=3600).ok().output)["job"]
    log = json.loads(gasper.command("jobs:info", str(job), "--json").ok().output)
    return log


def main():
    gasper = Gasper()
    try:
        gasper.up()
        gasper.command("services:create", "postgres", "big", "--plan", "medium", deadline=900).ok()
        container = gasper.server("big")["Id"]

        def inside(*words, **options):
            return subprocess.run(["docker", "-H", gasper.engine_address(), "exec", "-i", container, *words], check=True, timeout=3600, **options)

        inside("gasper-service", "console", input=FILL.format(rows=MEGABYTES * 1000).encode(), stdout=subprocess.DEVNULL)
        dump = gasper.data / "by-hand.zst"
        engine = gasper.engine_address()
        measured = {"dump by hand": [], "dump by Gasper": [], "restore by hand": [], "restore by Gasper": []}
        memory = []
        for _ in range(3):
            began = time.monotonic()
            subprocess.run(f"docker -H {engine} exec {container} sh -c 'PGHOST=/tmp PGUSER=gasper /usr/lib/postgresql/15/bin/pg_dump -Fc -Z0 app'"
                           f" | zstd -q -3 -f -o {dump}", shell=True, check=True, timeout=3600)
            measured["dump by hand"].append(time.monotonic() - began)
            with Memory(gasper.serve_pid()) as used:
                ran = steps(gasper, ["services:backup", "big"])
            memory.append(used.more)
            measured["dump by Gasper"].append(seconds_of(ran, "dump"))
            began = time.monotonic()
            subprocess.run(f"zstd -q -d -c {dump} | docker -H {engine} exec -i {container} gasper-service restore", shell=True, check=True, timeout=3600)
            measured["restore by hand"].append(time.monotonic() - began)
            newest = json.loads(gasper.command("services:backups", "big", "--json").ok().output)["backups"][0]
            with Memory(gasper.serve_pid()) as used:
                began = time.monotonic()
                gasper.command("services:restore", "big", str(newest["id"]), "--confirm", "big", deadline=3600).ok()
                measured["restore by Gasper"].append(time.monotonic() - began)
            memory.append(used.more)
            container = gasper.server("big")["Id"]
        print(f"{MEGABYTES} MB of rows, stored {newest['size_bytes'] / 1e6:.0f} MB; medians of 3\n\n| | seconds | min – max |\n|---|---|---|")
        for name, all_of in measured.items():
            print(f"| {name} | {sorted(all_of)[1]:.1f} | {min(all_of):.1f} – {max(all_of):.1f} |")
        print(f"| Gasper's memory, most above before | {max(memory):.1f} MiB | |")
    finally:
        gasper.destroy()


def seconds_of(job, name):
    """From the beginning of a step to that of the next, or the job's end."""
    def at(text):
        return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) + float("0" + text[19:].rstrip("Z")) if len(text) > 20 else \
            time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    marks = [(s["name"], at(s["begun"])) for s in job["steps"]] + [("", at(job["finished"]))]
    place = [n for n, _ in marks].index(name)
    return marks[place + 1][1] - marks[place][1]


if __name__ == "__main__":
    main()

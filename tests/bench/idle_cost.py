"""What `serve`, `router` and `dns` need when nothing happens: 200 instances of 100 apps on one machine.

scripts/bench idle_cost [--apps 100] [--seconds 60]. Prints a table and leaves it in build/reports/idle_cost.md.
"""

import argparse
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import wait_until  # noqa: E402
from measuring import on_its_own  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


def processes(gasper):
    """Role → pid, of the one that serves this data directory and those that it started."""
    serve = gasper.serve_pid()
    found = {"serve": serve}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if parent == serve and len(words) > 1 and words[1] in ("router", "dns"):
            found[words[1]] = int(process.name)
    return found


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"{pid} has no memory")


def make_apps(gasper, count):
    for number in range(count):
        app = gasper.app("static", name=f"idle{number}")
        app.write("app.json", '{"formation": {"web": {"quantity": 2}}}')
        app.commit()
        app.push().ok()
        if number % 10 == 9:
            print(f"{number + 1} apps", flush=True)


def measure(gasper, apps, seconds):
    make_apps(gasper, apps)
    wait_until(lambda: sum(c["Labels"]["gasper.role"] == "instance" and c["State"] == "running" for c in gasper.own_containers()) == 2 * apps,
               120, "all instances")
    time.sleep(30)  # what follows a deploy has ended
    roles = processes(gasper)
    assert set(roles) == {"serve", "router", "dns"}, roles
    before = {role: cpu_seconds(pid) for role, pid in roles.items()}
    began = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    cpu = {role: (cpu_seconds(pid) - before[role]) / took * 100 for role, pid in roles.items()}
    memory = {role: resident_mb(pid) for role, pid in roles.items()}
    lines = [f"| {2 * apps} instances of {apps} apps, idle for {took:.0f} s | resident, MB | % of a core |", "|---|---|---|"]
    lines += [f"| {role} | {memory[role]:.1f} | {cpu[role]:.2f} |" for role in roles]
    lines.append(f"| together | **{sum(memory.values()):.1f}** | **{sum(cpu.values()):.2f}** |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--apps", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=60)
    chosen = parser.parse_args()
    on_its_own("idle_cost", lambda gasper: measure(gasper, chosen.apps, chosen.seconds))


if __name__ == "__main__":
    main()

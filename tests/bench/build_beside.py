"""What a build that wants every core costs an app beside it: p99 through the router with what Gasper does about it (the build's small
weight, the router's niceness) and, in turns, without: weight and niceness as everything else has them, set by hand.

scripts/bench build_beside [--rounds 3] [--rate 200]. Prints a table and leaves it in build/reports/build_beside.md.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from databases import Asking, p99  # noqa: E402
from harness import Gasper, run, wait_until  # noqa: E402
from idle_cost import processes  # noqa: E402
from measuring import leave  # noqa: E402

SECONDS = 7  # measured of each build
BURN = "for i in 1 2 3 4; do timeout 10 sh -c 'while :; do :; done' & done; wait"
AS_ALL = {"shares": 1024, "niceness": 0}


def set_niceness(pid, niceness):
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        os.setpriority(os.PRIO_PROCESS, int(thread.name), niceness)


def builder_of(gasper):
    there = [c["Id"] for c in gasper.own_containers() if c["Labels"].get("gasper.purpose") == "build" and c["State"] == "running"]
    return there[0] if there else None


class Measured:
    """p50 and p99 of the app in milliseconds, before and during one build. `by_hand`: what is set in place of Gasper's own."""

    def __init__(self, gasper, app, burning, rate, by_hand):
        router = processes(gasper)["router"]
        own = os.getpriority(os.PRIO_PROCESS, router)
        burning.write("again", str(time.monotonic()))
        burning.commit()
        with Asking(app, rate) as asking:
            time.sleep(1)  # connections are made
            began = time.monotonic()
            time.sleep(SECONDS)
            before = (began, time.monotonic())
            pushing = threading.Thread(target=burning.push)
            pushing.start()
            builder = wait_until(lambda: builder_of(gasper), 120, "the build")
            if by_hand:
                run(["docker", "-H", gasper.engine_address(), "update", "--cpu-shares", str(by_hand["shares"]), builder]).ok()
                set_niceness(router, by_hand["niceness"])
            time.sleep(1)
            began = time.monotonic()
            time.sleep(SECONDS)
            during = (began, time.monotonic())
            pushing.join()
        set_niceness(router, own)
        self.failed = asking.failed
        self.before, self.during = asking.between(before)[1], asking.between(during)[1]


def row(name, measured):
    def median(of):
        return statistics.median(of(m) for m in measured)

    def spread(of):
        return f"{min(of(m) for m in measured):.2f} – {max(of(m) for m in measured):.2f}"

    return (f"| {name} | {median(lambda m: statistics.median(m.during)):.2f} | **{median(lambda m: p99(m.during)):.2f}** "
            f"| {spread(lambda m: p99(m.during))} | {median(lambda m: p99(m.before)):.2f} | {sum(m.failed for m in measured)} |")


def measure(gasper, rounds, rate):
    app = gasper.app("static", name="neighbour")
    app.push().ok()
    burning = gasper.app("node", name="burning")
    burning.push().ok()  # the image is there
    burning.write("package.json", json.dumps({"name": "burning", "version": "1.0.0", "scripts": {"build": BURN, "start": "node server.js"}}))
    taken = {"as Gasper does it": [], "without weight and niceness": []}
    for number in range(rounds):
        for name, all_of_it in taken.items():
            all_of_it.append(Measured(gasper, app, burning, rate, None if name.startswith("as") else AS_ALL))
            print(f"round {number + 1}: {row(name, all_of_it[-1:])}", flush=True)
    return "\n".join(["| while a build keeps four processes busy | p50, ms | p99, ms, median | min – max | p99 before, ms | failed requests |",
                      "|---|---|---|---|---|---|", *(row(name, all_of_it) for name, all_of_it in taken.items())])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=int, default=200, help="requests per second")
    chosen = parser.parse_args()
    gasper = Gasper()
    try:
        gasper.up()
        table = measure(gasper, chosen.rounds, chosen.rate)
    finally:
        gasper.destroy()
    print(table)
    leave("build_beside", table)


if __name__ == "__main__":
    main()

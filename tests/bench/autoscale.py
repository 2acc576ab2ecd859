"""An autoscaled app under a load that goes up and down in steps: how long until it has the right size, and whether it stays there.

So many clients ask one after the other for answers that take 0.2 s: that is how many requests there are at once. With two for each
instance the right size is between as many as carry them and as many as carry them at four fifths, which is what it comes down to.

scripts/bench autoscale [--rounds 3] [--hold 60] [--cooldown 20]. Prints a table and leaves it in build/reports/autoscale.md.
"""

import argparse
import json
import math
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import Load  # noqa: E402
from measuring import on_its_own  # noqa: E402
from scaling_test import slow_app  # noqa: E402

TARGET = 2  # requests at once for each instance
MOST = 6
STEPS = [2, 8, 12, 5, 1]
PATIENCE = 300


def right(clients):
    """The sizes that are right."""
    return range(min(MOST, math.ceil(clients / TARGET)), min(MOST, math.ceil(clients / (TARGET * 0.8))) + 1)


def quantity(app):
    return json.loads(app.gasper.command("ps:autoscale", app.name, "--json").ok().output)[0]["quantity"]


def watch(app, seconds, enough=lambda size: False):
    """The sizes that it had, each time that they changed; until `enough`, or for so long."""
    sizes, end = [quantity(app)], time.monotonic() + seconds
    while not enough(sizes[-1]) and time.monotonic() < end:
        time.sleep(0.5)
        size = quantity(app)
        if size != sizes[-1]:
            sizes.append(size)
    return sizes


def turns(sizes):
    """How often it went the other way."""
    ways = [after > before for before, after in zip(sizes, sizes[1:])]
    return sum(a != b for a, b in zip(ways, ways[1:]))


def step(app, clients, hold):
    """(seconds to a right size, changes until then, changes afterwards, turns, failed requests)."""
    with Load(app, most=10**9, connections=clients, seconds=PATIENCE + hold + 60) as load:
        began = time.monotonic()
        coming = watch(app, PATIENCE, lambda size: size in right(clients))
        took = time.monotonic() - began
        staying = watch(app, hold)
    reached = coming[-1] in right(clients)
    stayed = all(size in right(clients) for size in staying)
    return {"took": took if reached else math.inf, "on_the_way": len(coming) - 1, "after": len(staying) - 1, "left": not stayed,
            "turns": turns(coming + staying[1:]), "failed": len(load.failures), "requests": load.count}


def measure(gasper, rounds, hold, cooldown):
    app = slow_app(gasper, "tide")
    gasper.command("ps:autoscale", app.name, "web", "--min", "1", "--max", str(MOST), "--queue", str(TARGET), "--cooldown", str(cooldown)).ok()
    seen = [[] for _ in STEPS]
    for _ in range(rounds):
        for number, clients in enumerate(STEPS):
            seen[number].append(step(app, clients, hold))
            print(clients, "requests at once:", seen[number][-1], flush=True)
    rows = [f"| requests at once | right size | reached after, median (s) | min – max | changes on the way, median | changes in {hold} s after, in all | "
            "rounds in which it left the right size | went the other way, in all | failed of all requests |", "|---|---|---|---|---|---|---|---|---|"]
    for clients, each in zip(STEPS, seen):
        took = [s["took"] for s in each]
        sizes = right(clients)
        size = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} – {sizes[-1]}"
        total = {name: sum(s[name] for s in each) for name in ("after", "left", "turns", "failed", "requests")}
        rows.append(f"| {clients} | {size} | **{statistics.median(took):.0f}** | {min(took):.0f} – {max(took):.0f} | "
                    f"{statistics.median(s['on_the_way'] for s in each):g} | {total['after']} | "
                    f"**{total['left']}** | **{total['turns']}** | "
                    f"{total['failed']} of {total['requests']} |")
    return "\n".join(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hold", type=int, default=60)
    parser.add_argument("--cooldown", type=int, default=20)
    chosen = parser.parse_args()
    on_its_own("autoscale", lambda gasper: measure(gasper, chosen.rounds, chosen.hold, chosen.cooldown))


if __name__ == "__main__":
    main()

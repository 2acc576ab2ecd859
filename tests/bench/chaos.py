"""Fifty deploys, scales, restarts and rollbacks in random order under a load over HTTP, WebSocket and long downloads.

scripts/bench chaos [--changes 50] [--seed N]. Prints the seed, what failed, and whether engine, store and table agree at the end.
"""

import argparse
import pathlib
import random
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import chaos_load  # noqa: E402
from harness import Gasper  # noqa: E402


def measure(gasper, changes, seed):
    app = chaos_load.make_app(gasper, "chaos")
    scope = gasper.scope(app.name)
    began = time.monotonic()
    with chaos_load.MixedLoad(app, 3600) as load:
        chaos_load.change(app, seed, changes)
    took = time.monotonic() - began
    for failure in load.failures:
        print("failed:", failure)
    chaos_load.agree(app, scope)
    done = load.done
    return (f"seed {seed}: {changes} changes in {took:.0f} s; {done['http'] * 100} HTTP requests at most, {done['websocket']} WebSockets, "
            f"{done['download']} long downloads; {len(load.failures)} failed; engine, store and table agree")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--changes", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    chosen = parser.parse_args()
    print("seed", chosen.seed, flush=True)
    gasper = Gasper()
    try:
        gasper.up()
        line = measure(gasper, chosen.changes, chosen.seed)
    finally:
        gasper.destroy()
    print(line)
    report = ROOT / "build" / "reports" / "chaos.md"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(line + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

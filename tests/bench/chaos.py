"""Fifty deploys, scales, restarts and rollbacks in random order under a load over HTTP, WebSocket and long downloads.

scripts/bench chaos [--changes 50] [--seed N]. Prints the seed, what failed, and whether engine, store and table agree at the end.
"""

import argparse
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import chaos_load  # noqa: E402
from measuring import on_its_own  # noqa: E402


def measure(gasper, changes, seed):
    app = chaos_load.make_app(gasper, "chaos")
    began = time.monotonic()
    with chaos_load.MixedLoad(app, 3600) as load:
        chaos_load.change(app, seed, changes)
    took = time.monotonic() - began
    for failure in load.failures:
        print("failed:", failure)
    chaos_load.agree(app)
    done = load.done
    return (f"seed {seed}: {changes} changes in {took:.0f} s; {done['http'] * 100} HTTP requests at most, {done['websocket']} WebSockets, "
            f"{done['download']} long downloads; {len(load.failures)} failed; engine, store and table agree")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--changes", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    chosen = parser.parse_args()
    print("seed", chosen.seed, flush=True)
    on_its_own("chaos", lambda gasper: measure(gasper, chosen.changes, chosen.seed))


if __name__ == "__main__":
    main()

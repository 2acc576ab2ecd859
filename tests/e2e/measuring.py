"""What the measurements of tests/bench have in common: a Gasper of their own, and a place for what came out."""

import pathlib

from harness import Gasper

ROOT = pathlib.Path(__file__).resolve().parents[2]


def on_its_own(name, measure):
    """What measure() says of a Gasper that is there for it alone: printed and left as build/reports/<name>.md."""
    gasper = Gasper()
    try:
        gasper.up()
        table = measure(gasper)
    finally:
        gasper.destroy()
    print(table)
    leave(name, table)


def leave(name, text):
    report = ROOT / "build" / "reports" / f"{name}.md"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(text + "\n", encoding="utf-8")

"""The Docker Engine itself dies: apps are back soon after it is."""

import time

from harness import Gasper, wait_until
from own_engine import kill_and_start, needs_it


def answers(app):
    try:
        return app.get().status == 200
    except OSError:
        return False


@needs_it
def test_apps_are_back_after_an_engine_that_was_killed():
    made = Gasper()
    try:
        made.up()
        apps = [made.app("static", name=f"back{n}") for n in range(3)]
        for app in apps:
            app.push().ok()
        kill_and_start()
        began = time.monotonic()
        for app in apps:
            wait_until(lambda app=app: answers(app), 30, f"{app.name} again")
        took = time.monotonic() - began
        print(f"three apps answered {took:.1f} s after the engine did")
        assert took <= 10
        apps[0].write("more.html", "more")
        apps[0].commit()
        apps[0].push().ok()
    finally:
        made.destroy()

"""services:upgrade: newest packages in place, another version by dump and restore, and the way back."""

import json
import os
import subprocess
import threading
import time
import urllib.parse

import pytest

from backups_test import ROWS, SUM, Database
from harness import free_ports, run, wait_until
from services_bad_day_test import Writer
from services_test import created, service, variable
from terminal import Terminal


def upgrade(gasper, name, *options, deadline=900):
    return gasper.command("services:upgrade", name, *options, deadline=deadline)


def leftovers(gasper, name):
    """Servers, directories and images that an upgrade makes on its way."""
    beside = [c["Names"] for c in gasper.service_containers(name) if c["Labels"]["gasper.service"] != name]
    images = [t for i in gasper.engine("images/json") for t in i["RepoTags"] or []
              if t.startswith(f"gasper/next-{gasper.scope}-{name}-")]
    return beside + images + list((gasper.data / "services" / name).glob("beside-*"))


def kept_directories(gasper, name):
    return list((gasper.data / "services" / name).glob("kept-*"))


@pytest.fixture(name="app")
def _app(gasper):
    made = gasper.app("database")
    made.push().ok()
    yield made
    gasper.command("apps:destroy", made.name, "--confirm", made.name)


def image_of(gasper, name):
    return gasper.server(name)["Image"]


def pretend_old(gasper, reference):
    """The image of a kind as if it was made of packages of long ago; all that differs is what it says of itself."""
    dockerfile = (f"FROM {reference}\nUSER root\n"
                  "RUN sed -i 's/^version) .*/version) echo 7.0.0 ;;/' /usr/local/bin/gasper-service\nUSER app\n")
    subprocess.run(["docker", "-H", gasper.engine_address(), "build", "-q", "-t", reference, "-"], input=dockerfile, text=True,
                   check=True, capture_output=True, timeout=300)


def test_newest_packages_come_in_place(gasper, app):
    with created(gasper, "redis", "patched"):
        pretend_old(gasper, image_of(gasper, "patched"))
        gasper.command("services:restart", "patched").ok()
        before = service(gasper, "patched")
        assert before["stats"]["version"] == "7.0.0"
        gasper.command("services:attach", "patched", app.name).ok()
        url = variable(gasper, app.name, "REDIS_URL")
        writer = Writer(app, "?url=REDIS_URL")
        try:
            writer.goes_on()
            done = upgrade(gasper, "patched").ok().output
            writer.goes_on()
        finally:
            writer.end()
        assert "it was away for" in done
        assert writer.lost() == []
        gone = writer.failures[-1][0] - writer.failures[0][0] if writer.failures else 0
        print(f"{len(writer.failures)} writes refused within {gone:.1f} s")
        assert gone < 10
        after = service(gasper, "patched")
        assert after["stats"]["version"] != "7.0.0" and after["version"] == "7" and after["kept"] is None
        assert after["address"] == before["address"] and variable(gasper, app.name, "REDIS_URL") == url
        assert leftovers(gasper, "patched") == []

        there = [c["Id"] for c in gasper.service_containers("patched")]
        again = upgrade(gasper, "patched").ok().output
        assert "is the newest there is" in again
        assert [c["Id"] for c in gasper.service_containers("patched")] == there, "nothing was restarted"
        gasper.command("services:detach", "patched", app.name).ok()


def test_what_cannot_be_is_refused_and_nothing_changes(gasper):
    with created(gasper, "redis", "fixed"):
        before = gasper.service_containers("fixed")
        for options, reason in ((("--version", "7"), "is of version 7 already"), (("--version", "6"), "no version '6'"),
                                (("--version", "x"), "no version 'x'")):
            refused = upgrade(gasper, "fixed", *options)
            assert refused.status == 1 and reason in refused.error, refused.error
        for words in (("services:upgrade:confirm", "fixed"), ("services:upgrade:rollback", "fixed", "--confirm", "fixed")):
            refused = gasper.command(*words)
            assert refused.status == 1 and "nothing of before an upgrade is kept" in refused.error
        assert gasper.command("services:upgrade", "nothing").status == 1
        gasper.command("services:stop", "fixed").ok()
        refused = upgrade(gasper, "fixed")
        assert refused.status == 1 and "does not run" in refused.error
        gasper.command("services:start", "fixed").ok()
        assert [c["Image"] for c in gasper.service_containers("fixed")] == [c["Image"] for c in before]


def test_another_version_brings_all_rows_and_keeps_the_data_before(gasper, app):
    blue = Database(gasper, "risen")
    try:
        blue.sql(ROWS)
        rows = blue.sql(SUM)
        gasper.command("services:attach", "risen", app.name).ok()
        url = variable(gasper, app.name, "DATABASE_URL")
        writer = Writer(app)
        try:
            writer.goes_on()
            done = upgrade(gasper, "risen", "--version", "17").ok().output
            writer.goes_on()
        finally:
            writer.end()
        assert "what is written from now on is lost" in done
        assert writer.lost() == [], "what was acknowledged before and after is there"
        info = service(gasper, "risen")
        assert info["version"] == "17" and info["stats"]["version"].startswith("17.") and info["kept"]["version"] == "15"
        assert "15" in gasper.command("services:info", "risen").ok().output.split("Kept:")[1]
        assert variable(gasper, app.name, "DATABASE_URL") == url
        assert blue.sql(SUM) == rows
        assert leftovers(gasper, "risen") == [] and len(kept_directories(gasper, "risen")) == 1

        for version, reason in (("15", "does not read what a newer one wrote"), ("17", "already")):
            refused = upgrade(gasper, "risen", "--version", version)
            assert refused.status == 1 and reason in refused.error
        # A backup of the older version goes into the newer one, and is no upgrade.
        made = blue.backup()
        blue.restore(made, "--confirm", "risen").ok()
        assert blue.sql(SUM) == rows and len(kept_directories(gasper, "risen")) == 1

        gasper.command("services:upgrade:confirm", "risen").ok()
        assert kept_directories(gasper, "risen") == [] and service(gasper, "risen")["kept"] is None
        assert blue.sql(SUM) == rows
        gasper.command("services:detach", "risen", app.name).ok()
    finally:
        gasper.command("services:destroy", "risen", "--confirm", "risen", deadline=300)


def test_what_comes_through_the_door_is_not_lost_and_a_console_ends(gasper, tmp_path):
    """Whoever is no app writes into the database as well: while it is copied, nobody does."""
    blue = Database(gasper, "outward")
    console = None
    try:
        blue.sql("CREATE TABLE written (n int PRIMARY KEY); ALTER TABLE written OWNER TO app_owner;")
        [port] = free_ports(1)
        shown = json.loads(gasper.command("services:expose", "outward", "--port", str(port), "--allow", "127.0.0.1/32", "--json").ok().output)
        url = urllib.parse.urlsplit(shown["url"])
        certificate = tmp_path / "outward.crt"
        certificate.write_text(gasper.command("services:certificate", "outward").ok().output)
        environment = {**os.environ, "PGPASSWORD": url.password, "PGSSLMODE": "verify-ca", "PGSSLROOTCERT": str(certificate),
                       "PGCONNECT_TIMEOUT": "5"}
        answered, over = [], threading.Event()

        def write():
            number = 0
            while not over.is_set():
                number += 1
                done = run(["psql", "-h", "127.0.0.1", "-p", port, "-U", url.username, "app", "-qAtc", f"INSERT INTO written VALUES ({number})"],
                           env=environment)
                if done.status == 0:
                    answered.append(number)
                over.wait(0.02)

        def goes_on():
            before = len(answered)
            wait_until(lambda: len(answered) > before, 60, "a write through the door")
        console = Terminal(gasper, "gasper", 24, 80, "services:connect", "outward")
        console.expect(r"app=# ")
        writer = threading.Thread(target=write)
        writer.start()
        try:
            goes_on()
            upgrade(gasper, "outward", "--version", "17").ok()
            goes_on()
        finally:
            over.set()
            writer.join()
        console.end()
        there = {int(n) for n in blue.sql("SELECT n FROM written;").split()}
        assert set(answered) <= there, sorted(set(answered) - there)
        assert service(gasper, "outward")["version"] == "17"
    finally:
        if console and console.process.poll() is None:
            console.process.kill()
        gasper.command("services:destroy", "outward", "--confirm", "outward", deadline=300)


def test_the_way_back_loses_what_was_written_since(gasper, app):
    blue = Database(gasper, "undone")
    try:
        blue.sql(ROWS)
        before = blue.sql(SUM)
        gasper.command("services:attach", "undone", app.name).ok()
        upgrade(gasper, "undone", "--version", "17").ok()
        blue.sql("DELETE FROM things WHERE n > 10;")
        gasper.command("services:credentials", "undone", app.name, "--rotate").ok()
        unsure = gasper.command("services:upgrade:rollback", "undone")
        assert unsure.status == 1 and "what was written since is lost" in unsure.error
        gasper.command("services:upgrade:rollback", "undone", "--confirm", "undone", deadline=300).ok()
        info = service(gasper, "undone")
        assert info["version"] == "15" and info["stats"]["version"].startswith("15.") and info["kept"] is None
        assert blue.sql(SUM) == before
        assert app.get("/back/1", method="PUT").status == 200, "today's credentials are valid"
        assert kept_directories(gasper, "undone") == [] and leftovers(gasper, "undone") == []
        gasper.command("services:detach", "undone", app.name).ok()
    finally:
        gasper.command("services:destroy", "undone", "--confirm", "undone", deadline=300)


def test_destroying_removes_what_is_kept(gasper):
    with created(gasper, "postgres", "brief"):
        upgrade(gasper, "brief", "--version", "17").ok()
        assert len(kept_directories(gasper, "brief")) == 1
    # created() looks that the directory is gone.


def test_rest_does_the_same(gasper):
    login = {"name": gasper.environment["GASPER_ADMIN_USER"], "password": gasper.environment["GASPER_ADMIN_PASSWORD"]}
    token = gasper.api("POST", "/api/v1/auth/login", login)[1]["token"]

    def status(path, body=None):
        return gasper.api("POST", f"/api/v1/services/rested/upgrade{path}", body, token)[0]
    blue = Database(gasper, "rested")
    try:
        blue.sql(ROWS)
        assert status("", {"version": "17"}) == 202
        wait_until(lambda: service(gasper, "rested")["kept"], 300, "the upgrade")
        shown = gasper.api("GET", "/api/v1/services/rested", token=token)[1]
        assert shown["version"] == "17" and shown["kept"]["version"] == "15" and shown["kept"]["size_bytes"] > 0
        assert status("/rollback", {"confirm": "other"}) == 422
        assert status("", {"version": "15"}) == 422
        assert status("/confirmation") == 204
        assert status("/confirmation") == 404
    finally:
        gasper.command("services:destroy", "rested", "--confirm", "rested", deadline=300)


def test_a_kill_at_any_moment_leaves_one_version_with_all_rows(own_gasper):
    own_gasper.up()
    app = own_gasper.app("database", name="mortals")
    app.push().ok()
    mortal = Database(own_gasper, "mortal")
    mortal.sql(ROWS)
    rows = mortal.sql(SUM)
    own_gasper.command("services:attach", "mortal", app.name).ok()

    def ended():
        jobs = json.loads(own_gasper.command("jobs", "--json").ok().output)
        return not [j for j in jobs if j["state"] in ("waiting", "running")]

    def cut(words, after):
        killer = threading.Timer(after, own_gasper.kill_serve)
        killer.start()
        own_gasper.command(*words, deadline=900)
        killer.join()
        own_gasper.up()
        wait_until(ended, 600, "the end of what was cut")
        wait_until(lambda: service(own_gasper, "mortal")["state"] == "up", 120, "the database")
        info = service(own_gasper, "mortal")
        assert info["stats"]["version"].startswith(info["version"] + "."), (words, after)
        assert mortal.sql(SUM) == rows, (words, after)
        assert leftovers(own_gasper, "mortal") == [], (words, after)
        assert len(kept_directories(own_gasper, "mortal")) == (1 if info["kept"] else 0), (words, after)
        wait_until(lambda: app.get("/alive/1", method="PUT").status == 200, 60, "the app's way in")
        return info

    back = ("services:upgrade:rollback", "mortal", "--confirm", "mortal")
    # Packages come anew each time in the last one, which takes long.
    forth = ("services:upgrade", "mortal", "--version", "17")
    for words, undo, moments in ((forth, back, (0.3, 0.6, 0.9)), (back, forth, (0.3, 0.6, 0.9)), (("services:upgrade", "mortal"), None, (0.9,))):
        began = time.monotonic()
        own_gasper.command(*words, deadline=900).ok()
        whole = time.monotonic() - began
        if undo:
            own_gasper.command(*undo, deadline=900).ok()
        for moment in moments:
            info = cut(words, whole * moment)
            if undo and (info["version"] == "17") == (words is not back):
                own_gasper.command(*undo, deadline=900).ok()
        if words is not back and undo:
            own_gasper.command(*words, deadline=900).ok()

"""services:clone: a copy of a database as a database of its own, whole or not at all."""

import json
import threading
import time

import pytest

from backups_test import ROWS, SUM, Database
from connect_test import script
from harness import free_ports, wait_until
from services_test import created, service


def clone(gasper, name, new, *options, deadline=900):
    return gasper.command("services:clone", name, new, *options, deadline=deadline)


def destroy(gasper, name):
    gasper.command("services:destroy", name, "--confirm", name, deadline=300).ok()


def there(gasper):
    return {s["name"]: s["state"] for s in json.loads(gasper.command("services:list", "--json").ok().output)}


def copy_of(gasper, name):
    """A PostgreSQL that is there already."""
    database = Database.__new__(Database)
    database.gasper, database.name = gasper, name
    return database


def containers(gasper, name):
    """Of a service of this Gasper: its server, its sandbox, throw-away ones."""
    return [c["Names"] for c in gasper.service_containers(name)]


def expect_nothing_of(gasper, name):
    assert name not in there(gasper)
    assert containers(gasper, name) == []
    assert not (gasper.data / "services" / name).exists()


class Counting:
    """Rows that are written into a PostgreSQL one after the other until it ends."""

    def __init__(self, database):
        self.database, self.answered, self.failed, self.over = database, 0, [], False
        database.sql("CREATE TABLE counted (n int PRIMARY KEY);")
        self.thread = threading.Thread(target=self._write)

    def __enter__(self):
        self.thread.start()
        wait_until(lambda: self.answered > 0, 60, "the first row")
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join(60)

    def _write(self):
        while not self.over:
            try:
                self.database.sql(f"INSERT INTO counted VALUES ({self.answered + 1});")
            except AssertionError as refused:
                self.failed.append(str(refused))
                return
            self.answered += 1


def test_postgres_has_the_rows_of_one_moment_while_it_is_written(gasper):
    origin = Database(gasper, "origin")
    try:
        origin.sql(ROWS)
        gasper.command("services:expose", "origin", "--port", str(free_ports(1)[0]), "--allow", "192.0.2.0/24").ok()
        users = r"SELECT count(*) FROM pg_roles WHERE rolname LIKE 'u\_%';"
        assert origin.sql(users) == "1"
        started = origin.container()
        with Counting(origin) as counting:
            before = counting.answered
            done = clone(gasper, "origin", "staging").ok().output
            after = counting.answered
        assert counting.failed == [] and after > before, "the source serves on"
        assert "staging" in done
        staging = copy_of(gasper, "staging")
        assert staging.sql(SUM) == origin.sql(SUM)
        count, last = (int(n) for n in staging.sql("SELECT count(*), coalesce(max(n), 0) FROM counted;").split("|"))
        assert count == last and before <= count <= after + 1, "all that was answered before, and nothing with a gap"
        assert staging.sql(users) == "0", "credentials are not copied"
        info = service(gasper, "staging")
        assert info["state"] == "up" and info["attachments"] == [] and info["exposed"] is None
        assert (info["version"], info["plan"]) == (service(gasper, "origin")["version"], service(gasper, "origin")["plan"])
        assert origin.container() == started
        staging.sql("DELETE FROM things;")
        assert origin.sql("SELECT count(*) FROM things;") == "5000", "two databases, not one"
        assert gasper.command("events").ok().output.count("service.cloned") == 1
        destroy(gasper, "staging")
        expect_nothing_of(gasper, "staging")
    finally:
        gasper.command("services:destroy", "origin", "--confirm", "origin", deadline=300)


def test_redis_has_all_keys(gasper):
    with created(gasper, "redis", "hot"):
        text = "".join(f"SET key:{n} value-{n}\n" for n in range(500)) + "RPUSH list a b c\nSELECT 3\nHSET hash one 1\n"
        assert script(gasper, "hot", text)[0] == 0
        clone(gasper, "hot", "hot-two", "--plan", "medium").ok()
        asked = "DBSIZE\nGET key:499\nLRANGE list 0 -1\nSELECT 3\nHGETALL hash\n"
        assert script(gasper, "hot-two", asked)[1] == script(gasper, "hot", asked)[1]
        assert script(gasper, "hot-two", "ACL USERS\n")[1].split() == ["default", "gasper"]
        assert service(gasper, "hot-two")["plan"] == "medium"
        gasper.command("services:restart", "hot-two").ok()
        assert script(gasper, "hot-two", asked)[1] == script(gasper, "hot", asked)[1], "it is on the disk"
        destroy(gasper, "hot-two")


def test_a_newer_version_takes_it_and_an_older_one_is_refused(gasper):
    old = Database(gasper, "vintage")
    try:
        old.sql(ROWS)
        clone(gasper, "vintage", "modern", "--version", "17").ok()
        modern = copy_of(gasper, "modern")
        info = service(gasper, "modern")
        assert info["version"] == "17" and info["stats"]["version"].startswith("17.")
        assert modern.sql(SUM) == old.sql(SUM)
        assert service(gasper, "vintage")["version"] == "15"
        for options, reason in ((("modern", "third", "--version", "15"), "does not read what a newer one wrote"),
                                (("vintage", "third", "--version", "16"), "no version '16'"),
                                (("vintage", "third", "--plan", "endless"), "no plan 'endless'"),
                                (("vintage", "modern"), "the name 'modern' is taken"), (("vintage", "vintage"), "is taken"),
                                (("vintage", "No"), "a service's name is"), (("nothing", "third"), "no service 'nothing'")):
            refused = clone(gasper, *options)
            assert refused.status == 1 and reason in refused.error, (options, refused.error)
            expect_nothing_of(gasper, "third")
        gasper.command("services:stop", "vintage").ok()
        refused = clone(gasper, "vintage", "third")
        assert refused.status == 1 and "does not run" in refused.error
        gasper.command("services:start", "vintage").ok()
        destroy(gasper, "modern")
    finally:
        gasper.command("services:destroy", "vintage", "--confirm", "vintage", deadline=300)


def test_rest_does_the_same(gasper):
    login = {"name": gasper.environment["GASPER_ADMIN_USER"], "password": gasper.environment["GASPER_ADMIN_PASSWORD"]}
    token = gasper.api("POST", "/api/v1/auth/login", login)[1]["token"]
    with created(gasper, "redis", "first"):
        assert script(gasper, "first", "SET k 42\n")[0] == 0

        def begun(body):
            return gasper.api("POST", "/api/v1/services/first/clones", body, token)
        assert begun({"name": "second"})[0] == 202
        wait_until(lambda: gasper.api("GET", "/api/v1/services/second", token=token)[1]["state"] == "up", 120, "the copy")
        assert script(gasper, "second", "GET k\n")[1].split() == ["42"]
        assert begun({"name": "second"})[0] == 409
        assert begun({"name": "third", "version": "6"})[0] == 422
        assert begun({})[0] == 422
        destroy(gasper, "second")


@pytest.mark.parametrize("kind", ["postgres", "redis"])
def test_a_kill_at_any_moment_leaves_a_complete_copy_or_none(own_gasper, kind):
    own_gasper.up()
    source = f"mortal-{kind}"
    own_gasper.command("services:create", kind, source, deadline=900).ok()
    asked = {"postgres": SUM + "\n", "redis": "DBSIZE\nGET key:4999\n"}[kind]
    filling = {"postgres": ROWS + "\n", "redis": "".join(f"SET key:{n} value-{n}\n" for n in range(5000))}[kind]
    assert script(own_gasper, source, filling)[0] == 0

    def said(name):
        status, output, error = script(own_gasper, name, asked)
        assert status == 0, error
        return output

    def ended():
        jobs = json.loads(own_gasper.command("jobs", "--json").ok().output)
        return not [j for j in jobs if j["state"] in ("waiting", "running")]

    everything = said(source)
    began = time.monotonic()
    clone(own_gasper, source, "whole").ok()
    whole = time.monotonic() - began
    assert said("whole") == everything
    destroy(own_gasper, "whole")
    for moment in (0.2, 0.5, 0.8, 0.97):
        killer = threading.Timer(whole * moment, own_gasper.kill_serve)
        killer.start()
        clone(own_gasper, source, "copy")
        killer.join()
        own_gasper.up()
        wait_until(ended, 600, "the end of what was cut")
        wait_until(lambda: there(own_gasper)[source] == "up", 120, "the source")
        assert said(source) == everything, moment
        if "copy" in there(own_gasper):
            wait_until(lambda: there(own_gasper)["copy"] == "up", 120, "the copy")
            assert said("copy") == everything, moment
            destroy(own_gasper, "copy")
        expect_nothing_of(own_gasper, "copy")

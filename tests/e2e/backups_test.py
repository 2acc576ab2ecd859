"""Backups of databases as their owners use them: made, proved, restored, exported, imported, refused; here and in an S3-compatible store."""

import json
import re
import subprocess
import sys
import threading
import time

import pytest

from bad_input_test import create_user
from harness import ROOT, run, wait_until

sys.path.insert(0, str(ROOT / "tests" / "support"))
import scripted_s3  # noqa: E402  (a scripted server, beside the others)


class Database:
    """A PostgreSQL of the test, asked through its own console in its container."""

    def __init__(self, gasper, name):
        self.gasper, self.name = gasper, name
        gasper.command("services:create", "postgres", name, deadline=900).ok()

    def container(self):
        return self.gasper.server(self.name)["Id"]

    def sql(self, text):
        done = subprocess.run(["docker", "-H", self.gasper.engine_address(), "exec", "-i", self.container(), "gasper-service", "console"],
                              input="\\set QUIET 1\n\\t on\n\\a\n" + text, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0 and not done.stderr, done.stderr
        return done.stdout.strip()

    def backup(self, *options):
        """The new backup, as JSON."""
        self.gasper.command("services:backup", self.name, *options, deadline=300).ok()
        return self.backups()["backups"][0]

    def backups(self):
        return json.loads(self.gasper.command("services:backups", self.name, "--json").ok().output)

    def stored(self, backup):
        """The file of a local backup."""
        info = self.gasper.command("services:backups:info", self.name, str(backup["id"])).ok().output
        return self.gasper.data / "backups" / re.search(r"local: (\S+)", info)[1]

    def restore(self, backup, *options):
        return self.gasper.command("services:restore", self.name, str(backup["id"]), *options, deadline=300)

    def stream(self, *words, data=b"", cut=False):
        """A command with bytes for standard input and output. `cut`: the client dies once it has sent them."""
        command = ["ssh", *self.gasper.ssh_options(), "gasper@127.0.0.1", *words]
        if not cut:
            return subprocess.run(command, input=data, capture_output=True, timeout=300, check=False)
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        child.stdin.write(data)
        child.stdin.flush()
        child.kill()
        child.wait(30)
        return None

    def leftovers(self):
        """Throw-away servers and their directories."""
        servers = [c for c in self.gasper.service_containers(self.name, "service") if c["Labels"]["gasper.service"] != self.name]
        return servers + list((self.gasper.data / "services" / self.name).glob("beside-*"))


# Enough that it goes into a store in parts: nothing of it compresses.
NOISE = ("CREATE TABLE noise AS SELECT n, (SELECT string_agg(md5(random()::text || n || m), '') FROM generate_series(1, 32) m) AS t "
         "FROM generate_series(1, 24000) n;")
ROWS = "CREATE TABLE things AS SELECT n, md5(n::text) AS text FROM generate_series(1, 5000) n; CREATE TABLE \"Two words\" (x int);"
SUM = "SELECT count(*) || ' ' || md5(string_agg(text, ',' ORDER BY n)) FROM things;"


@pytest.fixture(scope="module")
def blue(gasper):
    database = Database(gasper, "blue")
    database.sql(ROWS)
    yield database
    gasper.command("services:destroy", "blue", "--confirm", "blue", deadline=300).ok()


def test_a_backup_is_proved_and_brings_the_data_back(blue):
    before = blue.sql(SUM)
    made = blue.backup()
    assert made["verified"] and made["state"] == "stored" and made["problem"] == "" and made["dump_bytes"] > made["size_bytes"] > 1000
    stored = blue.stored(made)
    assert stored.stat().st_mode & 0o777 == 0o600
    assert b"things" not in stored.read_bytes(), "a backup is encrypted"

    blue.sql("DELETE FROM things WHERE n % 2 = 0; DROP TABLE \"Two words\"; CREATE TABLE later (x int);")
    refused = blue.restore(made)
    assert refused.status == 1 and "confirm with its name" in refused.error
    blue.restore(made, "--confirm", "blue").ok()
    assert blue.sql(SUM) == before
    assert blue.sql("SELECT count(*) FROM \"Two words\";") == "0"
    assert blue.sql("SELECT to_regclass('later') IS NULL;") == "t"
    assert blue.leftovers() == []


def test_an_attached_app_keeps_its_user_over_a_restore(gasper, blue):
    app = gasper.app("python", name="reader")
    app.push().ok()
    gasper.command("services:attach", "blue", "reader", deadline=300).ok()
    user = json.loads(gasper.command("services:info", "blue", "--json").ok().output)["attachments"][0]["user"]
    blue.restore(blue.backup(), "--confirm", "blue").ok()
    assert blue.sql(f"SELECT count(*) FROM pg_roles WHERE rolname = '{user}' AND rolcanlogin;") == "1"
    gasper.command("services:detach", "blue", "reader", deadline=300).ok()
    gasper.command("apps:destroy", "reader", "--confirm", "reader").ok()


def test_damaged_backups_are_refused_and_the_data_stays(blue):
    made = blue.backup()
    stored = blue.stored(made)
    good = stored.read_bytes()
    before = blue.sql(SUM)
    middle = len(good) // 2
    for bad, reason in ((good[:middle], "cut short"), (good[:-1], "cut short"), (good[:middle] + b"XX" + good[middle + 2:], "changed"),
                        (b"PGDMP" + good, "no backup of Gasper"), (good[:60] + bytes([good[60] ^ 1]) + good[61:], "another secret.key"),
                        (good + b"more", "damaged")):
        stored.write_bytes(bad)
        refused = blue.restore(made, "--confirm", "blue")
        assert refused.status == 1 and reason in refused.error, (reason, refused.error)
        assert blue.sql(SUM) == before
    stored.write_bytes(good)
    blue.restore(made, "--confirm", "blue").ok()
    assert blue.sql(SUM) == before and blue.leftovers() == []


def test_a_backup_makes_a_new_database(gasper, blue):
    made = blue.backup()
    blue.restore(made, "--into", "green").ok()
    green = Database.__new__(Database)
    green.gasper, green.name = gasper, "green"
    assert green.sql(SUM) == blue.sql(SUM)
    gasper.command("services:destroy", "green", "--confirm", "green", deadline=300).ok()
    assert (gasper.data / "services" / "green").exists() is False


def test_dumps_go_out_and_in_through_ssh(gasper, blue):
    before = blue.sql(SUM)
    out = blue.stream("services:export", "blue")
    assert out.returncode == 0 and out.stdout.startswith(b"PGDMP"), out.stderr
    made = blue.backup()
    stored = blue.stream("services:backups:download", "blue", str(made["id"]))
    assert stored.returncode == 0 and stored.stdout.startswith(b"PGDMP") and len(stored.stdout) == made["dump_bytes"]

    for bad, reason in ((b"-- a dump of something else\n", b"no dump in the custom format"), (b"", b"no dump"),
                        (out.stdout[:len(out.stdout) // 2], b"cannot be restored")):
        refused = blue.stream("services:import", "blue", "--confirm", "blue", data=bad)
        assert refused.returncode == 1 and reason in refused.stderr, refused.stderr
        assert blue.sql(SUM) == before
    blue.stream("services:import", "blue", "--confirm", "blue", data=out.stdout[:20_000], cut=True)
    wait_until(lambda: not [j for j in json.loads(gasper.command("jobs", "--json").ok().output)
                            if j["kind"] == "import" and j["state"] in ("waiting", "running")], 120, "the end of the lost import")
    assert blue.sql(SUM) == before and blue.leftovers() == []

    blue.sql("DROP TABLE things;")
    done = blue.stream("services:import", "blue", "--confirm", "blue", data=out.stdout)
    assert done.returncode == 0 and b"done" in done.stdout, done.stderr
    assert blue.sql(SUM) == before


def test_others_neither_see_nor_fetch_them(gasper, blue):
    made = blue.backup()
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", gasper.data / "eve"]).ok()
    create_user(gasper, "eve", gasper.data / "eve")
    for words in (("services:backups", "blue"), ("services:backups:info", "blue", str(made["id"])), ("services:backup", "blue"),
                  ("services:backups:download", "blue", str(made["id"])), ("services:export", "blue"),
                  ("services:restore", "blue", str(made["id"]), "--into", "stolen"), ("services:backups:remove", "blue", str(made["id"]))):
        refused = gasper.command(*words, key=gasper.data / "eve")
        assert refused.status == 1 and "there is no service 'blue'" in refused.error, words
    assert gasper.command("backups:stores:remove", "store", key=gasper.data / "eve").status == 1


def test_a_schedule_is_checked_and_shown(gasper, blue):
    shown = gasper.command("services:backups:schedule", "blue", "0", "3", "*", "*", "*", "--keep", "daily=2,weekly=1").ok().output
    assert "daily=2,weekly=1,monthly=0" in shown and "next " in shown
    assert blue.backups()["schedule"]["schedule"] == "0 3 * * *"
    for words in (("61 3 * * *",), ("@daily", "--keep", "hourly=3"), ("@daily", "--to", "nowhere"), ("@daily", "--zone", "Mars/Base")):
        assert gasper.command("services:backups:schedule", "blue", *(f"'{w}'" for w in words)).status == 1, words
    gasper.command("services:backups:unschedule", "blue").ok()
    assert blue.backups()["schedule"] is None


def test_an_s3_store_keeps_backups(gasper, blue):
    with scripted_s3.Store() as store:
        def add(name, secret, url="s3://backups/of/gasper"):
            return subprocess.run(["ssh", *gasper.ssh_options(), "gasper@127.0.0.1", "backups:stores:add", name, url, "--endpoint", store.url,
                                   "--access-key", store.access_key], input=secret, capture_output=True, text=True, timeout=60, check=False)
        blank = add("away", "not the secret")
        assert blank.returncode == 1 and "without blanks" in blank.stderr and store.seen == []
        wrong = add("away", "not-the-secret")
        assert wrong.returncode == 1 and "SignatureDoesNotMatch" in wrong.stderr
        assert add("away", store.secret_key, "s3://elsewhere").returncode == 1
        assert add("away", store.secret_key).returncode == 0
        assert store.secret_key not in gasper.command("backups:stores", "--json").ok().output
        blue.sql(NOISE)
        store.fail_next = [("PUT", 503), ("POST", 503), ("GET", 503)]
        store.cut_next_get = 0
        made = blue.backup("--to", "away")
        assert made["verified"] and made["place"] == "away" and made["size_bytes"] > 8 << 20
        key = next(k for k in store.objects if k.endswith(".backup"))
        assert key.startswith("backups/of/gasper/blue/") and len(store.objects[key]) == made["size_bytes"]
        assert any("partNumber=2" in path for _, path in store.seen) and store.fail_next == [] and store.problems == []

        before = blue.sql("SELECT md5(string_agg(t, ',' ORDER BY n)) FROM noise;")
        blue.sql("DROP TABLE noise;")
        store.cut_next_get = 3 << 20
        blue.restore(made, "--confirm", "blue").ok()
        assert blue.sql("SELECT md5(string_agg(t, ',' ORDER BY n)) FROM noise;") == before, "a broken download goes on where it broke"

        used = gasper.command("backups:stores:remove", "away")
        assert used.status == 1 and "are in away" in used.error
        gasper.command("services:backups:remove", "blue", str(made["id"])).ok()
        assert key not in store.objects
        gasper.command("backups:stores:remove", "away").ok()
        blue.sql("DROP TABLE noise;")


def test_a_store_that_is_gone_is_a_failed_backup_and_an_alarm(gasper, blue):
    with scripted_s3.Store() as store:
        subprocess.run(["ssh", *gasper.ssh_options(), "gasper@127.0.0.1", "backups:stores:add", "lost", "s3://backups", "--endpoint", store.url,
                        "--access-key", store.access_key], input=store.secret_key, capture_output=True, text=True, timeout=60, check=True)
    failed = gasper.command("services:backup", "blue", "--to", "lost", deadline=300)
    assert failed.status == 1 and "the object store" in failed.error
    shown = blue.backups()
    assert shown["backups"][0]["state"] == "failed" and "failed" in shown["alarm"]
    events = gasper.command("events", "--json").ok().output
    assert "backup.failed" in events
    gasper.command("services:backups:remove", "blue", str(shown["backups"][0]["id"]))


def test_an_upload_that_was_killed_leaves_no_parts_in_the_store(own_gasper):
    own_gasper.up()
    big = Database(own_gasper, "big")
    big.sql(NOISE)
    with scripted_s3.Store() as store:
        subprocess.run(["ssh", *own_gasper.ssh_options(), "gasper@127.0.0.1", "backups:stores:add", "away", "s3://backups", "--endpoint", store.url,
                        "--access-key", store.access_key], input=store.secret_key, capture_output=True, text=True, timeout=60, check=True)
        store.second_part_may_come.clear()
        asking = threading.Thread(target=own_gasper.command, args=("services:backup", "big", "--to", "away"))
        asking.start()
        wait_until(lambda: any(list(store.uploads.values())), 120, "the first part")
        [cut] = list(store.uploads)
        own_gasper.kill_serve()
        asking.join()
        assert cut in store.uploads and store.objects == {}
        store.second_part_may_come.set()
        own_gasper.up()
        wait_until(lambda: not [j for j in json.loads(own_gasper.command("jobs", "--json").ok().output) if j["state"] in ("waiting", "running")],
                   300, "the end of what was cut")
        made = big.backups()["backups"][0]
        assert made["verified"] and made["place"] == "away" and len(store.objects) == 1
        assert len(store.names) == 2 and store.uploads == {} and store.problems == []


def test_a_kill_at_any_moment_leaves_a_whole_database_and_nothing_beside_it(own_gasper):
    own_gasper.up()
    mortal = Database(own_gasper, "mortal")
    mortal.sql(ROWS)
    kept = mortal.sql(SUM)
    made = mortal.backup()
    copy = Database.__new__(Database)
    copy.gasper, copy.name = own_gasper, "copy"

    def drop_copy():
        if own_gasper.command("services:info", "copy").status == 0:
            assert copy.sql(SUM) == kept, "a new database is there with its data, or not at all"
            own_gasper.command("services:destroy", "copy", "--confirm", "copy", deadline=300).ok()

    def cut(words, after):
        mortal.sql("UPDATE things SET text = 'later';")
        changed = mortal.sql(SUM)
        killer = threading.Timer(after, own_gasper.kill_serve)
        killer.start()
        own_gasper.command(*words, deadline=300)
        killer.join()
        own_gasper.up()
        wait_until(lambda: not [j for j in json.loads(own_gasper.command("jobs", "--json").ok().output) if j["state"] in ("waiting", "running")],
                   300, "the end of what was cut")
        wait_until(lambda: json.loads(own_gasper.command("services:info", "mortal", "--json").ok().output)["state"] == "up", 60, "the database")
        assert mortal.sql(SUM) in (kept, changed), (words, after)
        assert mortal.leftovers() == [] and copy.leftovers() == [], (words, after)
        assert "running" not in {b["state"] for b in mortal.backups()["backups"]}
        drop_copy()

    restore = ("services:restore", "mortal", str(made["id"]))
    for words in (("services:backup", "mortal"), (*restore, "--confirm", "mortal"), (*restore, "--into", "copy")):
        began = time.monotonic()
        own_gasper.command(*words, deadline=300).ok()
        whole = time.monotonic() - began
        drop_copy()
        for moment in (0.3, 0.6, 0.9):
            cut(words, whole * moment)

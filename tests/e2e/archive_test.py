"""A database whose log is archived: any moment comes back, exactly; nothing that is damaged does; no end of Gasper loses a piece."""

import json
import re
import subprocess

import pytest

from backups_test import Database
from bad_input_test import create_user
from harness import run, wait_until


class Archived(Database):
    """A PostgreSQL that is archived, with a table of numbers."""

    def __init__(self, gasper, name):
        super().__init__(gasper, name)
        self.sql("CREATE TABLE ticks (n int);")
        gasper.command("services:archive", name, "--on", "--keep", "3", deadline=600).ok()

    def tick(self, *numbers):
        """Writes them, each committed by itself; a moment after the last."""
        self.sql("".join(f"INSERT INTO ticks VALUES ({n});\n" for n in numbers))
        return self.moment()

    def moment(self):
        return self.sql("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"');")

    def ticks(self):
        return self.sql("SELECT coalesce(string_agg(n::text, ' ' ORDER BY n), '') FROM ticks;")

    def archive(self):
        return json.loads(self.gasper.command("services:archive", self.name, "--json").ok().output)

    def recover(self, *options):
        return self.gasper.command("services:restore", self.name, *options, deadline=600)

    def switch(self, times=1):
        """So many finished segments."""
        for _ in range(times):
            self.sql("SELECT txid_current() \\g /dev/null\nSELECT pg_switch_wal() \\g /dev/null")

    def segments(self):
        return sorted((self.gasper.data / "backups" / self.name).glob("archive-*/*.segment"))

    def spooled(self):
        spool = self.gasper.data / "services" / self.name / "data" / "archive"
        return [f for f in spool.glob("*/*") if re.fullmatch("[0-9A-F]{24}", f.name)]


def copy_of(gasper, name):
    """A database that a recovery made."""
    copy = Archived.__new__(Archived)
    copy.gasper, copy.name = gasper, name
    return copy


def destroy(gasper, name):
    gasper.command("services:destroy", name, "--confirm", name, deadline=300).ok()


@pytest.fixture(scope="module")
def blue(gasper):
    database = Archived(gasper, "arch")
    yield database
    destroy(gasper, "arch")


def test_every_moment_comes_back_into_a_new_database(gasper, blue):
    start = blue.archive()
    assert start["on"] and len(start["covered"]) == 1 and start["keep"] == 3 and start["alarm"] == ""
    for command in ("services:info", "services:backups"):
        shown = json.loads(gasper.command(command, "arch", "--json").ok().output)["archive"]
        assert shown["on"] and shown["covered"][0]["from"] == start["covered"][0]["from"], command
    first = blue.tick(1)
    second = blue.tick(2)
    blue.tick(3)
    for at, expected in ((first, "1"), (second, "1 2")):
        blue.recover("--at", at, "--into", "then").ok()
        then = copy_of(gasper, "then")
        assert then.ticks() == expected
        then.tick(9)
        assert then.ticks() == expected + " 9", "it is a database like any other"
        destroy(gasper, "then")
    # Nothing was committed since: its newest moment is now.
    blue.recover("--at", blue.moment(), "--into", "then").ok()
    assert copy_of(gasper, "then").ticks() == "1 2 3"
    destroy(gasper, "then")
    assert blue.ticks() == "1 2 3" and blue.leftovers() == []


def test_a_moment_takes_the_place_of_what_is_there_and_archiving_goes_on(gasper, blue):
    blue.sql("DELETE FROM ticks; CREATE ROLE u_before LOGIN PASSWORD 'x';")
    app = gasper.app("python", name="ticker")
    app.push().ok()
    good = blue.tick(1, 2)
    gasper.command("services:attach", "arch", "ticker", deadline=300).ok()
    user = json.loads(gasper.command("services:info", "arch", "--json").ok().output)["attachments"][0]["user"]
    lost = blue.tick(3)
    blue.sql("DROP TABLE ticks;")
    refused = blue.recover("--at", good)
    assert refused.status == 1 and "confirm with its name" in refused.error
    blue.recover("--at", good, "--confirm", "arch").ok()
    assert blue.ticks() == "1 2" and blue.leftovers() == []
    logins = blue.sql("SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'u\\_%' AND rolcanlogin;")
    assert logins == user, "the users of now, not those of then"

    # What was there before it was replaced is still covered, and what comes is again.
    wait_until(lambda: len(blue.archive()["covered"]) == 2, 300, "the next base backup")
    blue.recover("--at", lost, "--into", "then").ok()
    assert copy_of(gasper, "then").ticks() == "1 2 3"
    destroy(gasper, "then")
    again = blue.tick(4)
    blue.tick(5)
    blue.recover("--at", again, "--into", "then").ok()
    assert copy_of(gasper, "then").ticks() == "1 2 4"
    destroy(gasper, "then")
    gasper.command("services:detach", "arch", "ticker", deadline=300).ok()
    gasper.command("apps:destroy", "ticker", "--confirm", "ticker").ok()


def test_what_is_not_covered_or_not_said_rightly_is_refused(gasper, blue):
    blue.sql("DELETE FROM ticks;")
    blue.tick(1)
    window = blue.archive()["covered"][0]
    for options, reason in ((("--at", "2020-01-01T00:00:00Z", "--into", "no"), f"{window['from']} to "),
                            (("--at", "2099-01-01T00:00:00Z", "--into", "no"), "in the future"),
                            (("--at", "yesterday", "--into", "no"), "a time is written as"),
                            (("7", "--at", blue.moment(), "--into", "no"), "not both"), ((), "a backup's number, or --at")):
        refused = blue.recover(*options)
        assert refused.status == 1 and reason in refused.error, (options, refused.error)
    assert gasper.command("services:info", "no").status == 1 and blue.ticks() == "1"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", gasper.data / "mallory"]).ok()
    create_user(gasper, "mallory", gasper.data / "mallory")
    for words in (("services:archive", "arch"), ("services:archive", "arch", "--off"), ("services:archive", "arch", "--on"),
                  ("services:restore", "arch", "--at", blue.moment(), "--into", "stolen")):
        refused = gasper.command(*words, key=gasper.data / "mallory")
        assert refused.status == 1 and "there is no service 'arch'" in refused.error, words
    gasper.command("services:create", "redis", "plain", deadline=900).ok()
    refused = gasper.command("services:archive", "plain", "--on")
    assert refused.status == 1 and "has no archive" in refused.error
    destroy(gasper, "plain")


def test_damaged_and_exchanged_segments_are_refused_and_the_data_stays(gasper, blue):
    blue.sql("DELETE FROM ticks;")
    at = blue.tick(1)
    blue.switch()
    blue.tick(2)
    blue.recover("--at", at, "--into", "then").ok()
    destroy(gasper, "then")
    good = {f: f.read_bytes() for f in blue.segments()}
    newest = [f for f in good if f.parent == max(good, key=lambda f: f.stat().st_mtime).parent]
    assert len(newest) >= 2

    def all_become(change):
        for at_place, f in enumerate(newest):
            f.write_bytes(change(good[f], good[newest[at_place - 1]]))

    for change, reason in ((lambda own, other: own[:len(own) // 2] + b"XX" + own[len(own) // 2 + 2:], "changed"),
                           (lambda own, other: own[:-1], "cut short"), (lambda own, other: other, "another object")):
        all_become(change)
        refused = blue.recover("--at", at, "--confirm", "arch")
        assert refused.status == 1 and "in the archive" in refused.error and reason in refused.error, refused.error
        assert blue.ticks() == "1 2" and blue.leftovers() == []
    all_become(lambda own, other: own)
    blue.recover("--at", at, "--into", "then").ok()
    assert copy_of(gasper, "then").ticks() == "1"
    destroy(gasper, "then")


def test_a_spool_that_is_full_ends_the_run_and_not_the_database(gasper, blue):
    before = len(blue.archive()["covered"])
    narrow = "read -r run most </data/archive/on; echo \"$run 1\" >/data/archive/on"
    done = subprocess.run(["docker", "-H", gasper.engine_address(), "exec", blue.container(), "sh", "-c", narrow],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    blue.switch(3)
    wait_until(lambda: "backup.archive_broken" in gasper.command("events", "--json").ok().output, 60, "the event")
    wait_until(lambda: len(blue.archive()["covered"]) == before + 1, 300, "the next base backup")
    blue.sql("DELETE FROM ticks;")
    at = blue.tick(7)
    blue.tick(8)
    blue.recover("--at", at, "--into", "then").ok()
    assert copy_of(gasper, "then").ticks() == "7"
    destroy(gasper, "then")


def test_an_end_of_gasper_while_it_collects_or_recovers_loses_nothing(own_gasper):
    own_gasper.up()
    mortal = Archived(own_gasper, "mortal")
    for turn in range(4):
        mortal.tick(turn)
        before = len(mortal.segments())
        mortal.switch(8)
        wait_until(lambda: len(mortal.segments()) > before, 60, "some of the segments")
        own_gasper.kill_serve()
        own_gasper.up()
    wait_until(lambda: not mortal.spooled(), 120, "the rest of the segments")
    runs = {f.parent for f in mortal.segments()}
    assert len(runs) == 1, "the run was not broken"
    numbers = [int(f.stem[16:], 16) for f in mortal.segments()]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) and len(numbers) >= 32
    assert not list(runs.pop().glob("*.part"))

    at = mortal.tick(10)
    mortal.tick(11)
    job = subprocess.Popen(["ssh", *own_gasper.ssh_options(), "gasper@127.0.0.1", "services:restore", "mortal", "--at", at, "--into", "copy"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: (own_gasper.data / "services" / "copy" / "data").exists(), 120, "the server that is filled")
    own_gasper.kill_serve()
    job.wait(60)
    own_gasper.up()
    wait_until(lambda: not [j for j in json.loads(own_gasper.command("jobs", "--json").ok().output) if j["state"] in ("waiting", "running")],
               300, "the end of what was cut")
    copy = copy_of(own_gasper, "copy")
    wait_until(lambda: json.loads(own_gasper.command("services:info", "copy", "--json").ok().output)["state"] == "up", 60, "the copy")
    assert copy.ticks() == "0 1 2 3 10" and copy.leftovers() == []
    assert mortal.ticks() == "0 1 2 3 10 11"

    own_gasper.command("services:archive", "mortal", "--off").ok()
    assert mortal.archive()["on"] is False and mortal.spooled() == []
    mortal.switch(2)
    assert mortal.spooled() == [], "a server that is not archived keeps nothing"

"""Ways into a database for people: its console, and its figures."""

import os
import pathlib
import signal
import subprocess

import pytest

from bad_input_test import create_user, make_key
from harness import wait_until
from services_test import created
from terminal import Terminal

# A script for each kind's console, and what it says.
SCRIPTS = {"postgres": ("SELECT 6 * 7 AS n;\n", "42"), "mariadb": ("SELECT 6 * 7 AS n;\n", "42"), "redis": ("SET k 42\nGET k\n", "42")}


def script(gasper, name, text, deadline=60):
    done = subprocess.run(["ssh", *gasper.ssh_options(), "gasper@127.0.0.1", "services:connect", name], input=text, capture_output=True,
                          text=True, timeout=deadline, check=False)
    return done.returncode, done.stdout, done.stderr


def processes():
    """Every command line of this machine, containers' included."""
    lines = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return lines


@pytest.fixture(name="stranger", scope="module")
def _stranger(gasper):
    """The key of somebody who is no admin and has nothing."""
    key = make_key(gasper, "connecting")
    create_user(gasper, "connecting", key)
    return key


@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_script_runs_in_the_kinds_own_console(gasper, stranger, kind):
    text, answer = SCRIPTS[kind]
    with created(gasper, kind, f"console-{kind}") as name:
        status, output, error = script(gasper, name, text)
        assert status == 0 and answer in output.split(), output + error
        assert error == ""
        assert script(gasper, name, "")[0] == 0
        refused = gasper.command("services:connect", name, key=stranger)
        assert refused.status == 1 and f"no service '{name}'" in refused.error
        if kind != "redis":
            status, output, error = script(gasper, name, "SELECT nothing_like_it;\nSELECT 6 * 7;\n")
            assert status != 0 and "42" not in output and "nothing_like_it" in error
        gasper.command("services:stop", name).ok()
        refused = gasper.command("services:connect", name)
        assert refused.status == 1 and "does not run" in refused.error


def test_a_console_has_a_terminal_and_ends_with_its_person(gasper):
    with created(gasper, "postgres", "keyboard") as name:
        console = Terminal(gasper, "gasper", 33, 101, "services:connect", name)
        console.expect(r"-----> keyboard: psql")
        console.expect(r"app=# ")
        console.type("\\! stty size\n")
        console.expect(r"33 101")
        console.resize_to(44, 122)

        def resized():
            console.type("\\! stty size; echo do''ne\n")
            return "44 122" in console.expect(r"(?s).*?done").group(0)

        wait_until(resized, 15, "the new size")
        console.type("\\q\n")
        assert console.end() == 0

        cut = Terminal(gasper, "gasper", 24, 80, "services:connect", name)
        cut.expect(r"app=# ")
        cut.type("SELECT pg_sleep(4242);\n")
        asleep = lambda: script(gasper, name, "SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(4242)%';")[1].split()[2]
        wait_until(lambda: asleep() == "1", 15, "the statement")
        os.killpg(cut.process.pid, signal.SIGKILL)
        wait_until(lambda: asleep() == "0", 30, "the end of the console")
        cut.end()


def test_no_password_of_the_administrator_is_in_a_process_list(gasper):
    with created(gasper, "redis", "listed") as name:
        secret = (gasper.data / "services" / name / "data/redis/.admin").read_text().strip()
        console = Terminal(gasper, "gasper", 24, 80, "services:connect", name)
        console.expect(r"redis /tmp/redis.sock>")
        lines = processes()
        assert any("redis-cli" in line for line in lines)
        assert len(secret) > 20 and not any(secret in line for line in lines)
        console.type("quit\n")
        assert console.end() == 0

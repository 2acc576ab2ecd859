"""Ways into a database for people: its console, which of several an app sees first, tunnels, figures."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import urllib.parse

import pytest

from bad_input_test import create_user, make_key
from harness import free_ports, run, wait_until
from metrics_test import page
from services_test import created, steady_requests, variable
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
        console.type("quit\r")  # as the key sends it: redis-cli reads the terminal raw
        assert console.end() == 0


@pytest.fixture(name="app", scope="module")
def _app(gasper):
    app = gasper.app("database")
    app.push().ok()
    yield app
    gasper.command("apps:destroy", app.name, "--confirm", app.name)


def config(gasper, app):
    return json.loads(gasper.command("config", app.name, "--json").ok().output)


def test_a_promoted_database_is_the_apps_own_and_the_former_keeps_a_name(gasper, app):
    with created(gasper, "postgres", "orders"), created(gasper, "postgres", "blue"):
        gasper.command("services:attach", "orders", app.name).ok()
        gasper.command("services:attach", "blue", app.name, "--as", "BLUE").ok()
        assert app.get("/k/of-orders", method="PUT").status == 200
        assert app.get("/k/of-blue?url=BLUE_URL", method="PUT").status == 200
        version = app.version()
        with steady_requests(app, "/k") as statuses:
            gasper.command("services:promote", "blue", app.name).ok()
        assert set(statuses) == {200}
        assert app.version() == version + 1
        assert app.get("/k").body == "of-blue\n"
        assert app.get("/k?url=ORDERS_URL").body == "of-orders\n"
        assert "BLUE_URL" not in config(gasper, app)
        attached = {a["variable"]: a["app"] for n in ("orders", "blue")
                    for a in json.loads(gasper.command("services:info", n, "--json").ok().output)["attachments"]}
        assert attached == {"DATABASE_URL": app.name, "ORDERS_URL": app.name}
        again = gasper.command("services:promote", "blue", app.name)
        assert again.status == 1 and "already" in again.error
        # A rollback brings back the code of before, and what the databases are called today.
        gasper.command("releases:rollback", app.name, f"v{version}").ok()
        assert app.get("/k").body == "of-blue\n" and "BLUE_URL" not in config(gasper, app)
        gasper.command("services:detach", "blue", app.name).ok()
        gasper.command("services:detach", "orders", app.name).ok()


def test_a_promotion_that_a_restart_cuts_is_there_whole_or_not_at_all(own_gasper):
    gasper = own_gasper
    gasper.up()
    app = gasper.app("database")
    app.push().ok()
    with created(gasper, "postgres", "orders"), created(gasper, "postgres", "blue"):
        gasper.command("services:attach", "orders", app.name).ok()
        gasper.command("services:attach", "blue", app.name, "--as", "BLUE").ok()
        asking = threading.Thread(target=gasper.command, args=("services:promote", "blue", app.name))
        asking.start()
        wait_until(lambda: promotions(gasper), 30, "the job")
        gasper.kill_serve()
        asking.join()
        gasper.up()
        wait_until(lambda: promotions(gasper)[0]["state"] == "succeeded", 120, "the end of the promotion")
        assert "@blue." in variable(gasper, app.name, "DATABASE_URL") and "@orders." in variable(gasper, app.name, "ORDERS_URL")
        assert "BLUE_URL" not in config(gasper, app)
        gasper.command("services:detach", "blue", app.name).ok()
        gasper.command("services:detach", "orders", app.name).ok()


def promotions(gasper):
    jobs = json.loads(gasper.command("jobs", "--json").ok().output)
    return [j for j in jobs if j["kind"] == "promote"]


class Tunnel:
    """ssh -N -L to a database of an app, with what ssh says."""

    def __init__(self, gasper, app, to, key=None):
        [self.port] = free_ports(1)
        self.log = gasper.data / f"tunnel-{self.port}.log"
        # The first value of an option counts: -v wins over the quiet one.
        self.process = subprocess.Popen(["ssh", "-v", "-E", str(self.log), "-o", "ExitOnForwardFailure=yes", *gasper.ssh_options(key), "-N", "-L",
                                         f"127.0.0.1:{self.port}:{to}", f"{app}@127.0.0.1"], stdin=subprocess.DEVNULL)
        wait_until(self._listens, 30, "the tunnel")

    def _listens(self):
        assert self.process.poll() is None, self.said()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def said(self):
        return self.log.read_text()

    def close(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def test_a_tunnel_leads_to_an_attached_database_and_nowhere_else(gasper, app, stranger):
    with created(gasper, "postgres", "dug"), created(gasper, "redis", "other"):
        gasper.command("services:attach", "dug", app.name).ok()
        assert app.get("/k/v", method="PUT").status == 200
        url = urllib.parse.urlsplit(variable(gasper, app.name, "DATABASE_URL"))
        for to in ("dug:5432", "dug.db.internal:5432"):
            with Tunnel(gasper, app.name, to) as tunnel:
                words = ["psql", "-h", "127.0.0.1", "-p", tunnel.port, "-U", url.username, "app", "-qAtc", "SELECT v FROM kept"]
                answer = run(words, env={**os.environ, "PGPASSWORD": url.password})
                assert answer.ok().output.strip() == "v"
                # A megabyte and more comes through whole.
                words[-1] = "SELECT repeat('x', 3000000)"
                assert len(run(words, env={**os.environ, "PGPASSWORD": url.password}).ok().output.strip()) == 3000000
        for to, why in (("other:6379", "no database 'other' is attached"), ("127.0.0.1:22", "no database '127.0.0.1' is attached"),
                        ("dug:22", "answers on port 5432, not 22")):
            with Tunnel(gasper, app.name, to) as tunnel:
                wait_until(lambda: why in tunnel.said(), 20, f"the reason in {tunnel.said()}")
                assert "administratively prohibited" in tunnel.said()
        for user, key, why in (("gasper", None, "a tunnel is an app's"), ("git", None, "a tunnel is an app's"), (app.name, stranger, "no app")):
            with Tunnel(gasper, user, "dug:5432", key) as tunnel:
                wait_until(lambda: why in tunnel.said(), 20, f"the reason in {tunnel.said()}")
        gasper.command("services:detach", "dug", app.name).ok()


def test_a_tunnel_ends_with_its_database_and_with_its_client(gasper, app):
    with created(gasper, "redis", "ending") as name:
        gasper.command("services:attach", name, app.name).ok()
        url = urllib.parse.urlsplit(variable(gasper, app.name, "REDIS_URL"))
        login = f"AUTH {url.username} {url.password}\r\n".encode()

        def connected(tunnel):
            client = socket.create_connection(("127.0.0.1", tunnel.port), 10)
            client.sendall(login)
            assert client.recv(100) == b"+OK\r\n"
            return client

        with Tunnel(gasper, app.name, f"{name}:6379") as tunnel:
            client = connected(tunnel)
            gasper.command("services:restart", name).ok()
            client.settimeout(30)
            assert client.recv(100) == b""
            client.close()
            connected(tunnel).close()
            clients = lambda: int(json.loads(gasper.command("services:info", name, "--json").ok().output)["stats"]["connections"])
            calm = clients()
            held = connected(tunnel)
            wait_until(lambda: clients() == calm + 1, 20, "the connection through the tunnel")
            os.kill(tunnel.process.pid, signal.SIGKILL)
            wait_until(lambda: clients() == calm, 30, "its end")
            held.close()
        gasper.command("services:detach", name, app.name).ok()


def test_a_tunnel_ends_with_the_right_to_it(gasper, app):
    """Also of a client that has not logged in yet, whom no user's end would cut."""
    with created(gasper, "postgres", "rightful") as name, created(gasper, "redis", "staying"):
        gasper.command("services:attach", name, app.name).ok()
        gasper.command("services:attach", "staying", app.name).ok()
        with Tunnel(gasper, app.name, f"{name}:5432") as tunnel, Tunnel(gasper, app.name, "staying:6379") as other:
            silent, stays = (socket.create_connection(("127.0.0.1", t.port), 10) for t in (tunnel, other))
            # An SSLRequest is answered without a login: the tunnel is there.
            silent.sendall(bytes([0, 0, 0, 8, 4, 210, 22, 47]))
            assert silent.recv(1) == b"N"
            gasper.command("services:detach", name, app.name).ok()
            silent.settimeout(20)
            assert silent.recv(1) == b""
            silent.close()
            stays.sendall(b"PING\r\n")
            assert stays.recv(100).startswith(b"-NOAUTH"), "the other one is as it was"
            stays.close()
        gasper.command("services:detach", "staying", app.name).ok()


def test_prometheus_reads_the_figures_of_databases(gasper):
    with created(gasper, "postgres", "counted") as name:
        label = f'{{service="{name}",kind="postgres"}}'

        def numbers():
            return {key.removeprefix("gasper_service_").removesuffix(label): float(value)
                    for key, value in page(gasper).items() if key.startswith("gasper_service_") and key.endswith(label)}

        assert "verified_backup_age_seconds" not in numbers()
        assert "none that is verified" in gasper.command("services:info", name).ok().output
        gasper.command("services:backup", name, deadline=300).ok()
        assert 0 <= numbers()["verified_backup_age_seconds"] < 300
        assert json.loads(gasper.command("services:info", name, "--json").ok().output)["backed_up"]
        # The servers are asked once a minute at most.
        wait_until(lambda: "size_bytes" in numbers(), 100, "what the server says")
        seen = numbers()
        assert seen["up"] == 1 and seen["memory_bytes"] > 1 << 20 and seen["size_bytes"] > 1 << 20
        assert 0 <= seen["connections"] < seen["connections_max"] and 0 <= seen["cache_hit_ratio"] <= 1
        gasper.command("services:stop", name).ok()
        assert numbers()["up"] == 0 and "size_bytes" not in numbers()
        gasper.command("services:start", name).ok()

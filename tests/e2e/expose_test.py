"""services:expose: databases that are reached from outside, by whom that is allowed, with TLS and a user of their own."""

import json
import os
import shutil
import sys
import urllib.parse

import pytest

from harness import free_ports, run, wait_until
from outside import HERE, OutsideHost, THERE

ALLOWED = f"{THERE}/32"

# What a client outside does, with nothing but Python: a connection, TLS with the pinned certificate, Redis's words.
REDIS = """
import socket, ssl, sys
address, port, name, certificate, user, password, *words = sys.argv[1:]
try:
    plain = socket.create_connection((address, int(port)), timeout=15)
    pinned = ssl.create_default_context(cafile=certificate)
    secure = pinned.wrap_socket(plain, server_hostname=name)
    answers = secure.makefile("rb")
    for command in (["AUTH", user, password], words):
        secure.sendall(b"*%d\\r\\n" % len(command) + b"".join(b"$%d\\r\\n%s\\r\\n" % (len(w), w.encode()) for w in command))
        said = answers.readline()
        if said[:1] == b"$" and said != b"$-1\\r\\n":
            said = answers.readline()
        print(said.decode().strip())
except ssl.SSLError as e:
    print("SSLError", e.reason)
except OSError as e:
    print(type(e).__name__)
"""

# PostgreSQL's beginning: an SSLRequest, TLS, a start-up message; then what the server asks for.
POSTGRES = """
import socket, ssl, struct, sys
address, port, name, certificate, user, mode = sys.argv[1:]
plain = socket.create_connection((address, int(port)), timeout=15)
start = struct.pack("!i", 196608) + f"user\\0{user}\\0database\\0app\\0\\0".encode()
start = struct.pack("!i", len(start) + 4) + start
if mode == "plain":
    plain.sendall(start)
    said = b""
    while piece := plain.recv(4096):
        said += piece
    print(said)
else:
    plain.sendall(struct.pack("!ii", 8, 80877103))
    assert plain.recv(1) == b"S"
    secure = ssl.create_default_context(cafile=certificate).wrap_socket(plain, server_hostname=name)
    secure.sendall(start)
    print(secure.recv(4096))
"""

# A driver as apps have it.
MARIADB = """
import pymysql, ssl, sys
address, port, certificate, user, password, mode = sys.argv[1:]
options = {}
if mode == "tls":
    options["ssl"] = ssl.create_default_context(cafile=certificate)
    options["ssl"].check_hostname = False
try:
    there = pymysql.connect(host=address, port=int(port), user=user, password=password, database="app", connect_timeout=15, **options)
    ask = there.cursor()
    ask.execute("CREATE OR REPLACE TABLE t (n INT)")
    ask.executemany("INSERT INTO t VALUES (%s)", [(n,) for n in range(1, 1001)])
    there.commit()
    ask.execute("SELECT CAST(sum(n) AS INT), count(*), REPEAT('x', 3000000) FROM t")
    total, count, large = ask.fetchone()
    print(total, count, len(large), there._secure)
except pymysql.MySQLError as e:
    print(type(e).__name__, *e.args)
"""


class Exposed:
    """A database that an OutsideHost may reach."""

    def __init__(self, gasper, name, port, directory):
        self.gasper, self.name, self.port = gasper, name, port
        made = gasper.command("services:expose", name, "--port", str(port), "--allow", ALLOWED, "--json").ok()
        self.shown = json.loads(made.output)
        self.url = urllib.parse.urlsplit(self.shown["url"])
        self.certificate = directory / f"{name}.crt"
        self.certificate.write_text(gasper.command("services:certificate", name).ok().output)

    def redis(self, outside, *words, password=None, certificate=None):
        arguments = (HERE, self.port, self.url.hostname, certificate or self.certificate, self.url.username,
                     password or self.url.password, *words)
        return inside(outside, REDIS, *arguments).splitlines()

    def postgres(self, outside, mode):
        return inside(outside, POSTGRES, HERE, self.port, self.url.hostname, self.certificate, self.url.username, mode)

    def mariadb(self, outside, mode, password=None, certificate=None):
        return inside(outside, MARIADB, HERE, self.port, certificate or self.certificate, self.url.username,
                      password or self.url.password, mode)


def inside(outside, program, *arguments):
    return run(["ip", "netns", "exec", outside.name, sys.executable, "-c", program, *arguments]).ok().output.strip()


@pytest.fixture(name="outside")
def _outside():
    with OutsideHost() as made:
        yield made


@pytest.fixture(name="cache", scope="module")
def _cache(gasper, tmp_path_factory):
    """A Redis that is exposed."""
    gasper.command("services:create", "redis", "cache", deadline=900).ok()
    yield Exposed(gasper, "cache", free_ports(1)[0], tmp_path_factory.mktemp("cache"))
    gasper.command("services:destroy", "cache", "--confirm", "cache", deadline=300).ok()


def test_who_is_allowed_reads_and_writes_with_tls_and_a_user_of_its_own(gasper, cache, outside):
    assert cache.redis(outside, "SET", "greeting", "hello") == ["+OK", "+OK"]
    assert cache.redis(outside, "GET", "greeting") == ["+OK", "hello"]
    wrong = cache.redis(outside, "GET", "greeting", password="0" * 32)
    assert wrong[0].startswith("-WRONGPASS"), wrong
    log = (gasper.data / "logs/serve.log").read_text()
    assert cache.url.password not in log and "PRIVATE KEY" not in log
    for store in gasper.data.glob("gasper.db*"):
        assert b"PRIVATE KEY" not in store.read_bytes(), store
    info = json.loads(gasper.command("services:info", "cache", "--json").ok().output)
    assert info["exposed"] == {"port": cache.port, "allowed": ALLOWED, "valid_until": cache.shown["valid_until"]}
    assert cache.url.password not in gasper.command("services:info", "cache").ok().output
    again = json.loads(gasper.command("services:expose", "cache", "--port", str(cache.port), "--allow", ALLOWED, "--json").ok().output)
    assert again["url"] is None and again["user"] == cache.shown["user"] and again["fingerprint"] == cache.shown["fingerprint"]


def test_a_client_that_pins_another_certificate_does_not_talk(cache, outside, tmp_path):
    other = tmp_path / "other.crt"
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", tmp_path / "other.key",
         "-subj", f"/CN={cache.url.hostname}", "-addext", f"subjectAltName=DNS:{cache.url.hostname}", "-days", "2", "-out", other]).ok()
    assert cache.redis(outside, "PING", certificate=other) == ["SSLError CERTIFICATE_VERIFY_FAILED"]


def test_who_is_not_allowed_hears_nothing(gasper, cache, outside):
    try:
        gasper.command("services:expose", "cache", "--port", str(cache.port), "--allow", "198.51.100.0/24,2001:db8::/32").ok()
        assert cache.redis(outside, "PING") in (["ConnectionResetError"], ["SSLError UNEXPECTED_EOF_WHILE_READING"])
    finally:
        gasper.command("services:expose", "cache", "--port", str(cache.port), "--allow", ALLOWED).ok()
    assert cache.redis(outside, "PING")[-1] == "+PONG"


def test_without_tls_nothing_is_said(cache, outside):
    words = "import socket, sys\ns = socket.create_connection((sys.argv[1], int(sys.argv[2])), 15)\ns.sendall(b'PING\\r\\n')\nprint(s.recv(100)[:1])"
    assert inside(outside, words, HERE, cache.port) in ("b''", r"b'\x15'"), "an end, or TLS's alert"


def test_apps_do_not_reach_a_door_of_this_host(gasper, cache):
    app = gasper.app("database")
    app.push().ok()
    try:
        probe = "python3 -c \"import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)\""
        gateway = "$(python3 -c \"import socket,struct; print(socket.inet_ntoa(struct.pack('<I', " \
                  "int([l.split()[2] for l in open('/proc/net/route') if l.split()[1] == '00000000'][0], 16))))\")"
        assert gasper.ssh(app.name, f"{probe} {gateway} {gasper.http_port}").status == 0, "the try itself works"
        assert gasper.ssh(app.name, f"{probe} {gateway} {cache.port}").status != 0
    finally:
        gasper.command("apps:destroy", app.name, "--confirm", app.name).ok()


def test_a_restart_of_the_server_keeps_the_way_in(gasper, cache, outside):
    gasper.command("services:restart", "cache").ok()
    assert cache.redis(outside, "PING") == ["+OK", "+PONG"]
    gasper.command("services:stop", "cache").ok()
    assert cache.redis(outside, "PING") != ["+OK", "+PONG"]
    gasper.command("services:start", "cache").ok()
    assert cache.redis(outside, "PING") == ["+OK", "+PONG"]


def test_the_way_in_comes_back_after_a_killed_serve_and_is_gone_when_unexposed(own_gasper, outside, tmp_path):
    own_gasper.up()
    own_gasper.command("services:create", "redis", "kept", deadline=900).ok()
    kept = Exposed(own_gasper, "kept", free_ports(1)[0], tmp_path)
    assert kept.redis(outside, "PING") == ["+OK", "+PONG"]
    own_gasper.kill_serve()
    own_gasper.up()
    wait_until(lambda: kept.redis(outside, "PING") == ["+OK", "+PONG"], 30, "the way in, with user and certificate as before")
    own_gasper.command("services:unexpose", "kept").ok()
    assert outside.ask(HERE, kept.port) == "ConnectionRefusedError"
    assert own_gasper.command("services:certificate", "kept").status == 1
    # Exposed anew it is another's: neither the old user nor the old certificate is of use.
    anew = Exposed(own_gasper, "kept", kept.port, tmp_path)
    assert anew.shown["user"] != kept.shown["user"] and anew.shown["fingerprint"] != kept.shown["fingerprint"]
    assert anew.redis(outside, "PING") == ["+OK", "+PONG"]
    kept.certificate = anew.certificate
    assert kept.redis(outside, "PING")[0].startswith("-WRONGPASS")
    events = own_gasper.command("events").ok().output
    assert events.count("service.exposed") == 2 and events.count("service.unexposed") == 1


def test_postgres_begins_tls_in_its_own_way(gasper, outside, tmp_path):
    gasper.command("services:create", "postgres", "ledger", deadline=900).ok()
    try:
        ledger = Exposed(gasper, "ledger", free_ports(1)[0], tmp_path)
        assert "SCRAM-SHA-256" in ledger.postgres(outside, "tls")
        assert "TLS only" in ledger.postgres(outside, "plain")
        if shutil.which("psql"):
            url = ledger.shown["url"].replace("sslrootcert=ledger.crt", f"sslrootcert={ledger.certificate}") + f"&hostaddr={HERE}"
            asked = "CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 100000); SELECT sum(n), (SELECT count(*) FROM t) FROM t"
            done = run(["ip", "netns", "exec", outside.name, "psql", url, "-qAtX", "-c", asked], env={**os.environ, "HOME": str(tmp_path)})
            assert done.ok().output.strip() == "5000050000|100000"
        # A backup's restore makes a server of new users: those outside are among them.
        gasper.command("services:backup", "ledger", deadline=300).ok()
        backup = json.loads(gasper.command("services:backups", "ledger", "--json").ok().output)["backups"][0]["id"]
        gasper.command("services:restore", "ledger", str(backup), "--confirm", "ledger", deadline=300).ok()
        assert "SCRAM-SHA-256" in ledger.postgres(outside, "tls")
        if shutil.which("psql"):
            done = run(["ip", "netns", "exec", outside.name, "psql", url, "-qAtX", "-c", "SELECT count(*) FROM t"])
            assert done.ok().output.strip() == "100000"
    finally:
        gasper.command("services:destroy", "ledger", "--confirm", "ledger", deadline=300).ok()


def test_mariadb_begins_tls_after_its_greeting(gasper, cache, outside, tmp_path):
    gasper.command("services:create", "mariadb", "stock", deadline=900).ok()
    try:
        stock = Exposed(gasper, "stock", free_ports(1)[0], tmp_path)
        assert stock.mariadb(outside, "tls") == "500500 1000 3000000 True"
        assert "1045" in stock.mariadb(outside, "tls", password="0" * 32)
        assert "CERTIFICATE_VERIFY_FAILED" in stock.mariadb(outside, "tls", certificate=cache.certificate)
        plain = stock.mariadb(outside, "plain")
        assert "3159" in plain and "TLS only" in plain
        # Nobody who was turned away is left in the server.
        gasper.command("services:restart", "stock", deadline=120).ok()
        assert stock.mariadb(outside, "tls") == "500500 1000 3000000 True"
        before = stock.certificate.read_text()
        gasper.command("services:certificate", "stock", "--renew").ok()
        assert "CERTIFICATE_VERIFY_FAILED" in stock.mariadb(outside, "tls")
        stock.certificate.write_text(gasper.command("services:certificate", "stock").ok().output)
        assert stock.certificate.read_text() != before
        assert stock.mariadb(outside, "tls") == "500500 1000 3000000 True"
        gasper.command("services:stop", "stock").ok()
        assert "Error" in stock.mariadb(outside, "tls")
    finally:
        gasper.command("services:destroy", "stock", "--confirm", "stock", deadline=300).ok()


def test_what_is_not_meant_is_refused(gasper, cache):
    port = str(free_ports(1)[0])
    for words, reason in ((("--port", port), "--allow"), (("--port", port, "--allow", "0.0.0.0/0"), "--anyone"),
                          (("--port", port, "--allow", "::/0"), "--anyone"), (("--port", port, "--allow", "192.0.2.1/24"), "bits below"),
                          (("--port", "80", "--allow", ALLOWED), "1024"), (("--port", str(gasper.http_port), "--allow", ALLOWED), "another's"),
                          (("--port", "x", "--allow", ALLOWED), "number")):
        refused = gasper.command("services:expose", "cache", *words)
        assert refused.status != 0 and reason in refused.error, (words, refused.error)
    assert gasper.command("services:expose", "no-such-one", "--port", port, "--allow", ALLOWED).status == 1


def test_the_api_does_the_same(gasper, cache):
    status, answer = gasper.api("POST", "/api/v1/auth/login", {"name": gasper.environment["GASPER_ADMIN_USER"],
                                                              "password": gasper.environment["GASPER_ADMIN_PASSWORD"]})
    assert status == 200, answer
    token, path = answer["token"], "/api/v1/services/cache/exposure"
    status, shown = gasper.api("GET", path, token=token)
    assert status == 200 and shown["port"] == cache.port and shown["url"] is None and shown["allowed"] == [ALLOWED]
    assert shown["certificate"] == cache.certificate.read_text()
    status, refused = gasper.api("PUT", path, {"port": cache.port, "allow": ["0.0.0.0/0"]}, token=token)
    assert status == 422 and refused["code"] == "allow_list"
    status, shown = gasper.api("PUT", path, {"port": cache.port, "allow": [ALLOWED]}, token=token)
    assert status == 200 and shown["open"] and shown["url"] is None

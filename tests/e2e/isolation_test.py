"""What an app may not do, tried from inside one: every try fails or stays within the app's own limits.

Traffic goes only to addresses that this Gasper or the test made: its containers, the gateway of the attacker's network,
and a network namespace that stands for a neighbour.
"""

import hashlib
import json
import socket
import subprocess
import textwrap

import pytest

from harness import App, run, wait_until
from outside import HERE, OutsideHost
from packet_filter import without_gaspers_wall, without_the_engines_isolation

WEB = """import http.server, os, threading
def flood():
    for _ in range(30000):
        os.write(1, b"bomb " + b"x" * 4000 + b"\\n")
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def do_GET(self):
        if self.path == "/flood":
            threading.Thread(target=flood, daemon=True).start()
        body = f"Hello from {os.environ['GASPER_APP']}\\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
"""

# What a connection becomes: "open", or the name of the error ("ConnectionRefusedError", "TimeoutError", …).
CONNECT = """
import socket
def connect(host, port):
    try:
        socket.create_connection((host, port), timeout=4).close()
        return "open"
    except OSError as e:
        return type(e).__name__
"""


class Attacker(App):
    """An app with a shell, as whoever got into it would have."""

    def __init__(self, gasper, name, described=None):
        super().__init__(gasper, None, name)
        self.write("app.py", WEB)
        self.write("Procfile", "web: python3 app.py\n")
        if described:
            self.write("app.json", json.dumps(described))
        self.commit()
        self.push().ok()

    def inside(self, script, deadline=60):
        """Runs Python in the running instance."""
        done = subprocess.run(["ssh", *self.gasper.ssh_options(), f"{self.name}@127.0.0.1", "python3", "-"], check=False,
                              input=textwrap.dedent(script).encode(), capture_output=True, timeout=deadline)
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def says(self, script, deadline=60):
        status, output, error = self.inside(script, deadline)
        assert status == 0, f"status {status}\n{output}\n{error}"
        return json.loads(output)

    def address(self):
        return self.gasper.containers(self.name)[0]["Labels"]["gasper.address"]

    def gateway(self):
        """This host, as the app's network has it."""
        return self.says("""
            import json, socket, struct
            rows = [line.split() for line in open("/proc/net/route")][1:]
            way = next(int(r[2], 16) for r in rows if r[1] == "00000000")
            print(json.dumps(socket.inet_ntoa(struct.pack("<I", way))))""")

    def ask(self, host, port):
        return self.says(f"{CONNECT}\nimport json\nprint(json.dumps(connect({host!r}, {port})))")

    def is_well(self):
        answer = self.get()
        return answer.status == 200 and answer.body == f"Hello from {self.name}\n"


# Both go at the end of the module, which comes twice when tests that run last are among others: then they are made anew.
@pytest.fixture(scope="module")
def victim(gasper):
    made = Attacker(gasper, "victim")
    yield made
    made.destroy()


@pytest.fixture(scope="module")
def attacker(gasper):
    made = Attacker(gasper, "attacker", {"formation": {"web": {"memory": "128m", "processes": 64}}})
    yield made
    made.destroy()


@pytest.fixture(autouse=True)
def neighbour_is_well(victim):
    """Whatever is tried, the neighbour serves on with the instance that it had."""
    before = victim.gasper.containers(victim.name)[0]["Id"]
    yield
    assert victim.is_well()
    assert victim.gasper.containers(victim.name)[0]["Id"] == before


def test_no_other_app_is_reached(attacker, victim):
    assert attacker.ask(attacker.address(), 5000) == "open", "the try itself works"
    assert attacker.ask(victim.address(), 5000) != "open"
    assert victim.ask(attacker.address(), 5000) != "open"


@pytest.mark.last  # alone: no engine on this host keeps networks apart meanwhile
def test_gaspers_own_wall_holds_without_the_engines_isolation(attacker, victim):
    with without_the_engines_isolation():
        assert attacker.ask(attacker.address(), 5000) == "open", "the try itself works"
        assert attacker.ask(victim.address(), 5000) == "ConnectionRefusedError"
        assert victim.ask(attacker.address(), 5000) == "ConnectionRefusedError"
        with without_gaspers_wall():
            assert attacker.ask(victim.address(), 5000) == "open", "nothing else is between them"
        assert attacker.ask(victim.address(), 5000) == "ConnectionRefusedError"


def test_the_control_plane_refuses_and_only_the_router_answers(gasper, attacker):
    host = attacker.gateway()
    assert attacker.ask(host, gasper.http_port) == "open", "apps call each other over the router"
    api = int(gasper.api_url.rsplit(":", 1)[1])
    for name, port in {"SSH": gasper.ssh_port, "API": api, "DNS zone": int(gasper.environment["GASPER_DNS_PORT"]),
                       "metrics": int(gasper.environment["GASPER_METRICS_PORT"])}.items():
        assert attacker.ask(host, port) == "ConnectionRefusedError", name


def test_a_neighbour_of_this_host_reaches_apps_by_the_router_only(gasper, victim):
    with OutsideHost() as outside:
        assert outside.ask(HERE, gasper.http_port) == "open", "the try itself works"
        assert outside.ask(victim.address(), 5000) == "ConnectionRefusedError"


def test_a_port_of_this_host_that_is_none_of_gaspers_refuses(attacker):
    with socket.create_server(("0.0.0.0", 0)) as listener:
        assert attacker.ask(attacker.gateway(), listener.getsockname()[1]) == "ConnectionRefusedError"


def test_machine_credentials_are_refused_at_once(gasper, attacker):
    chain = f"gsp-{hashlib.sha256(gasper.scope.encode()).hexdigest()[:4]}-out"
    assert f"-j {chain}" in run(["iptables", "-w", "5", "-S", "DOCKER-USER"]).ok().output
    rules = run(["iptables", "-w", "5", "-S", chain]).ok().output
    assert f"-A {chain} -d 169.254.0.0/16 -j REJECT" in rules, rules
    # Refused by the first hop, this host's own bridge: nothing leaves the machine.
    assert attacker.ask("169.254.169.254", 80) == "ConnectionRefusedError"


def test_there_is_no_engine_socket_and_nothing_of_the_host_in_its_files(gasper, attacker):
    seen = attacker.says("""
        import json, os, stat
        sockets, mounts = [], [line.split()[4] for line in open("/proc/self/mountinfo")]
        for root, directories, files in os.walk("/"):
            if root.startswith(("/proc", "/sys")):
                directories.clear()
                continue
            sockets += [os.path.join(root, f) for f in files
                        if stat.S_ISSOCK(os.lstat(os.path.join(root, f)).st_mode)]
        print(json.dumps({"sockets": sockets, "mounts": mounts, "data": os.path.exists(%r),
                          "others": [p for p in os.listdir("/proc") if p.isdigit()
                                     and b"dockerd" in open(f"/proc/{p}/cmdline", "rb").read()]}))""" % str(gasper.data))
    assert seen["sockets"] == [] and seen["others"] == [] and not seen["data"]
    system = ("/proc", "/sys", "/dev", "/etc/")
    assert {m for m in seen["mounts"] if not m.startswith(system)} <= {"/", "/app", "/tmp", "/sbin/docker-init", "/usr/sbin/docker-init"}, seen["mounts"]


def test_it_writes_nowhere_but_in_app_and_tmp(attacker):
    tried = attacker.says("""
        import json, os
        def can(path):
            try:
                with open(path, "w") as f: f.write("x")
                os.remove(path)
                return True
            except OSError:
                return False
        print(json.dumps({p: can(p) for p in ("/app/x", "/tmp/x", "/x", "/etc/x", "/usr/x", "/var/x", "/proc/sys/kernel/core_pattern",
                                             "/proc/sysrq-trigger", "/sys/fs/cgroup/x", "/sys/kernel/mm/ksm/run")}))""")
    assert {p for p, written in tried.items() if written} == {"/app/x", "/tmp/x"}


def test_it_gains_no_privileges(attacker):
    tried = attacker.says("""
        import ctypes, json, os, socket
        libc = ctypes.CDLL(None, use_errno=True)
        def refused(result):
            return result != 0 and ctypes.get_errno() != 0
        def no_socket(*kind):
            try:
                socket.socket(*kind).close()
                return False
            except PermissionError:
                return True
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        print(json.dumps({
            "uid": os.getuid(), "caps": [status[c].strip() for c in ("CapEff", "CapPrm", "CapBnd")], "new": status["NoNewPrivs"].strip(),
            "raw socket": no_socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
            "packet socket": no_socket(socket.AF_PACKET, socket.SOCK_RAW, 0x0300),
            "mount": refused(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
            "user namespace": refused(libc.unshare(0x10000000)),
            "root": refused(libc.setuid(0)),
            "chroot": refused(libc.chroot(b"/tmp")),
            "host name": refused(libc.sethostname(b"x", 1)),
            "kernel log": refused(0 if libc.klogctl(3, ctypes.create_string_buffer(64), 64) >= 0 else -1),
            "device": refused(libc.mknod(b"/tmp/d", 0o60666, 0x0800))}))""")
    assert tried.pop("uid") == 1000
    assert tried.pop("caps") == ["0" * 16] * 3 and tried.pop("new") == "1"
    assert all(tried.values()), tried


def test_a_fork_bomb_ends_at_the_apps_own_limit(attacker):
    made = attacker.says("""
        import json, os, signal, time
        children, refused = [], 0
        while refused < 100 and len(children) < 5000:
            try:
                pid = os.fork()
            except OSError:
                refused += 1
                continue
            if pid == 0:
                time.sleep(60)
                os._exit(0)
            children.append(pid)
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        print(json.dumps([len(children), refused]))""")
    assert made[0] < 64 and made[1] == 100, made
    wait_until(attacker.is_well, 60, "the attacker's own web")


def test_a_memory_bomb_is_killed_alone(attacker):
    status, output, _ = attacker.inside("""
        held = []
        while True:
            held.append(b"x" * (8 << 20))
            print(len(held) * 8, flush=True)""")
    assert status != 0
    reached = [int(line) for line in output.split()]
    assert reached and max(reached) <= 128, "MiB, all of its limit"
    wait_until(attacker.is_well, 90, "the attacker's own web")


def test_what_is_written_to_tmp_is_the_apps_own_memory(gasper, attacker):
    _, output, _ = attacker.inside("""
        block = b"x" * (1 << 20)
        with open("/tmp/bomb", "wb", buffering=0) as f:
            for written in range(1024):
                f.write(block)
                print(written + 1, flush=True)""")
    reached = [int(line) for line in output.split()]
    assert reached and max(reached) <= 128, "MiB, all of its limit"
    gasper.command("ps:restart", attacker.name).ok()
    wait_until(attacker.is_well, 90, "the attacker's own web")


def test_a_disk_bomb_is_killed_at_its_limit_and_its_room_is_given_back(gasper, attacker):
    gasper.command("ps:limits", attacker.name, "web", "--disk", "64m").ok()
    before = gasper.containers(attacker.name)[0]["Id"]
    # Deleted and held open: what no directory shows counts too. Bounded, should nobody stop it.
    _, output, _ = attacker.inside("""
        import os, time
        with open("/app/bomb", "wb") as f:
            os.remove("/app/bomb")
            for written in range(1024):
                f.write(b"x" * (1 << 20))
                f.flush()
                time.sleep(0.02)
        time.sleep(60)
        print("nobody minded")""", deadline=180)
    assert "nobody minded" not in output
    wait_until(lambda: "disk limit of 64 MiB" in gasper.command("logs", attacker.name, "--source", "gasper").ok().output, 60, "the reason")
    wait_until(lambda: [c["Id"] for c in gasper.containers(attacker.name)] not in ([before], []) and attacker.is_well(), 90, "another instance")
    files = "import json, os; print(json.dumps(os.path.exists('/app/bomb')))"
    assert attacker.says(files) is False


def test_many_files_fill_no_disk_either(gasper, attacker):
    gasper.command("ps:limits", attacker.name, "web", "--disk", "16m").ok()
    _, output, _ = attacker.inside("""
        import os, time
        os.mkdir("/app/many")
        for n in range(100000):
            os.close(os.open(f"/app/many/{n}", os.O_CREAT | os.O_WRONLY))
        time.sleep(120)
        print("nobody minded")""", deadline=240)
    assert "nobody minded" not in output
    wait_until(lambda: "disk limit of 16 MiB" in gasper.command("logs", attacker.name, "--source", "gasper").ok().output, 60, "the reason")
    gasper.command("ps:limits", attacker.name, "web", "--disk", "2g").ok()


def test_a_log_bomb_keeps_to_its_size_and_says_what_it_dropped(gasper, attacker):
    assert attacker.get("/flood").status == 200
    wait_until(lambda: "lines dropped" in gasper.command("logs", attacker.name, "--source", "gasper", "-n", "1000").ok().output,
               120, "the count of what was dropped")
    kept = sum(f.stat().st_size for f in (gasper.data / "logs").rglob("*") if f.is_file() and attacker.name in str(f))
    assert 0 < kept <= 20 << 20, f"{kept} bytes of its 120 MB"
    wait_until(attacker.is_well, 60, "the attacker's own web")

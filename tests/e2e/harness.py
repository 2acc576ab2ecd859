"""One Gasper as a user sees it: scripts/up and down, git push, HTTP through the router, ssh, dig. Standard library only."""

import contextlib
import dataclasses
import http.client
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
APPS = ROOT / "tests" / "apps"
NO_CONFIG = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_TERMINAL_PROMPT": "0"}


def wait_until(condition, seconds=10.0, what="the condition"):
    """Polls until condition() is true and returns its value; an assertion error at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not hold within {seconds} s"
        time.sleep(0.02)


def free_ports(count):
    """Ports that nobody listens on now, for TCP and UDP, all different."""
    with contextlib.ExitStack() as stack:
        ports = []
        while len(ports) < count:
            tcp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            with contextlib.suppress(OSError):
                udp.bind(("127.0.0.1", port))
                ports.append(port)
        return ports


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: str


@dataclasses.dataclass
class Done:
    """A finished command."""
    status: int
    output: str
    error: str = ""

    def ok(self):
        assert self.status == 0, f"status {self.status}\n{self.output}\n{self.error}"
        return self


def run(command, deadline=60, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, errors="replace", timeout=deadline,
                          check=False, **options)
    return Done(done.returncode, done.stdout, done.stderr)


class Gasper:
    """A data directory and the server on it. `settings` are GASPER_* values of its environment."""

    def __init__(self, **settings):
        # Unix sockets live in the data directory and their paths are short: not below a test's deep directory.
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="gasper-", dir="/var/tmp"))
        ports = free_ports(6)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("GASPER_") or k in ("GASPER_ENGINE", "GASPER_PRESET")}
        self.environment.update({
            "GASPER_DATA": str(self.data), "GASPER_BUILD": "0", "GASPER_SAMPLE": "",
            "GASPER_SSH_PORT": str(ports[0]), "GASPER_HTTP_PORT": str(ports[1]), "GASPER_HTTPS_PORT": str(ports[2]),
            "GASPER_DNS_PORT": str(ports[3]), "GASPER_API_URL": f"http://127.0.0.1:{ports[4]}", "GASPER_METRICS_PORT": str(ports[5]),
            **settings})
        self.apps_made = 0

    # --- life ---
    def up(self):
        done = run([ROOT / "scripts/up"], deadline=900, env=self.environment)
        log = self.data / "logs/serve.log"
        assert done.status == 0, f"scripts/up failed\n{done.output}\n{done.error}\n{log.read_text()[-3000:] if log.exists() else ''}"
        for line in (self.data / "up.env").read_text().splitlines():
            name, value = line.split("=", 1)
            self.environment[name] = value
        return done

    def down(self, *arguments):
        return run([ROOT / "scripts/down", *arguments], deadline=300, env=self.environment)

    def destroy(self):
        if self.data.exists():
            self.down("--purge").ok()

    def serve_pid(self):
        return int((self.data / "serve.pid").read_text())

    def kill_serve(self):
        pid = self.serve_pid()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists() or
                   "State:\tZ" in pathlib.Path(f"/proc/{pid}/status").read_text(), 10, "the end of serve")

    # --- places ---
    @property
    def domain(self):
        return self.environment["GASPER_DOMAIN"]

    @property
    def http_port(self):
        return int(self.environment["GASPER_HTTP_PORT"])

    @property
    def ssh_port(self):
        return int(self.environment["GASPER_SSH_PORT"])

    @property
    def key(self):
        return self.environment["GASPER_SSH_KEY"]

    @property
    def api_url(self):
        return self.environment["GASPER_API_URL"]

    # --- doors ---
    def ssh_options(self, key=None):
        return ["-p", str(self.ssh_port), "-i", str(key or self.key), "-F", "/dev/null", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                "-o", "IdentityAgent=none", "-o", "StrictHostKeyChecking=accept-new", "-o", f"UserKnownHostsFile={self.data}/known_hosts",
                "-o", "LogLevel=ERROR"]

    def ssh(self, user, *command, key=None, deadline=60, **options):
        """A command line as a user would type it: the words are joined by ssh itself."""
        return run(["ssh", *self.ssh_options(key), f"{user}@127.0.0.1", *command], deadline=deadline, stdin=subprocess.DEVNULL, **options)

    def command(self, *words, key=None, deadline=120):
        """`ssh gasper@host WORDS`."""
        return self.ssh("gasper", *words, key=key, deadline=deadline)

    def git_environment(self, key=None):
        ssh = " ".join(["ssh", *self.ssh_options(key)])
        return {**os.environ, **NO_CONFIG, "GIT_SSH_COMMAND": ssh, "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
                "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}

    def git_url(self, app):
        return f"ssh://git@127.0.0.1:{self.ssh_port}/{app}.git"

    def get(self, app, path="/", headers=None, method="GET", body=None):
        """One request through the router, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=15)
        try:
            connection.request(method, path, body=body, headers={"Host": f"{app}.{self.domain}", **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def api(self, method, path, body=None, token=None):
        """(status, parsed JSON or text)."""
        request = urllib.request.Request(self.api_url + path, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, _parsed(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, _parsed(refused)

    def engine_address(self):
        return run([ROOT / "scripts/engine", "find", self.data], env=self.environment).ok().output.strip()

    def engine(self, path, method="GET"):
        """What the Docker Engine answers, parsed; None without a body."""
        socket_path = self.engine_address().removeprefix("unix://")
        text = run(["curl", "-fsS", "-X", method, "--unix-socket", socket_path, f"http://engine/{path}"]).ok().output
        return json.loads(text) if text.strip() else None

    def own_containers(self):
        """This Gasper's, as the engine lists them. Others on the engine may have apps and services of the same names."""
        return [c for c in self.engine("containers/json?all=1") if c["Labels"].get("gasper.data") == self.scope]

    def containers(self, app):
        """The instances of an app."""
        return [c for c in self.own_containers() if c["Labels"].get("gasper.app") == app and c["Labels"]["gasper.role"] == "instance"]

    def service_containers(self, name, role=None):
        """A service's server ("service") and its sandbox, and those beside it, whose labels say "NAME.beside-..."."""
        return [c for c in self.own_containers() if c["Labels"].get("gasper.service", "").split(".")[0] == name
                and role in (None, c["Labels"]["gasper.role"])]

    def server(self, service):
        """The container of a service's server that is up."""
        return next(c for c in self.service_containers(service, "service")
                    if c["Labels"]["gasper.service"] == service and c["State"] == "running")

    @property
    def scope(self):
        """What this Gasper labels everything with."""
        return hashlib.sha256(str(self.data).encode()).hexdigest()[:8]

    def next_sandbox(self, former):
        """The network sandbox that waits for the next start of an app whose instance `former` is gone; empty: there is none yet."""
        of = former["Labels"]
        there = [c["Id"] for c in self.engine("containers/json") if c["Labels"].get("gasper.role") == "sandbox"
                 and c["Labels"]["gasper.app"] == of["gasper.app"] and c["Labels"]["gasper.data"] == of["gasper.data"]]
        return there[0] if len(there) == 1 and of["gasper.sandbox"] not in there else ""

    def dig(self, *words):
        return run(["dig", "+time=2", "+tries=2", "-p", self.environment["GASPER_DNS_PORT"], "@127.0.0.1", *words], deadline=15).ok().output

    def app(self, sample, name=None):
        """A new working copy of tests/apps/<sample>, with a remote `gasper`; nothing is pushed."""
        self.apps_made += 1
        return App(self, sample, name or f"{sample}-{self.apps_made}")


def _parsed(answer):
    text = answer.read().decode("utf-8", "replace")
    return json.loads(text) if "json" in answer.headers.get("Content-Type", "") else text


class App:
    """A user's working copy of an app."""

    def __init__(self, gasper, sample, name):
        self.gasper, self.name = gasper, name
        self.directory = gasper.data / "work" / name
        if sample:
            shutil.copytree(APPS / sample, self.directory)
        else:
            self.directory.mkdir(parents=True)
        self.git("-c", "init.defaultBranch=main", "init", "-q").ok()
        self.git("remote", "add", "gasper", gasper.git_url(name)).ok()
        self.commit("First")

    def git(self, *words, deadline=60, key=None):
        return run(["git", *words], deadline=deadline, cwd=self.directory, env=self.gasper.git_environment(key))

    def commit(self, message="Change"):
        self.git("add", "-A").ok()
        self.git("commit", "-q", "--allow-empty", "-m", message).ok()
        return self.git("rev-parse", "HEAD").ok().output.strip()

    def push(self, *words, deadline=600, key=None):
        """`git push gasper main`; error holds the remote's lines."""
        return self.git("push", *(words or ("gasper", "main")), deadline=deadline, key=key)

    def write(self, path, text):
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def replace(self, path, old, new):
        text = (self.directory / path).read_text(encoding="utf-8")
        assert old in text, f"{path} has no {old!r}"
        self.write(path, text.replace(old, new))

    def get(self, path="/", **options):
        return self.gasper.get(self.name, path, **options)

    def remote_head(self):
        """The commit that the server's main points at; empty: there is none."""
        return self.git("ls-remote", "gasper", "refs/heads/main").output.split("\t")[0].strip()

    def destroy(self):
        """With its working copy: the name is free again."""
        self.gasper.command("apps:destroy", self.name, "--confirm", self.name).ok()
        shutil.rmtree(self.directory)

    def version(self):
        """The number of the current release, by the command that users have."""
        return json.loads(self.gasper.command("apps:info", self.name, "--json").ok().output)["release"]


class Load:
    """Requests in a loop over keep-alive connections, until stopped or `most` are done. Use as a context manager."""

    def __init__(self, app, most=2000, connections=4, seconds=600):
        self.app, self.most = app, most
        self.deadline = time.monotonic() + seconds
        self.failures, self.bodies = [], {}
        self.count = 0
        self.lock, self.stopped = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self._loop, daemon=True) for _ in range(connections)]
        self.pause = 0.0

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)

    def wait(self):
        for thread in self.threads:
            thread.join(max(0.0, self.deadline - time.monotonic()))

    def _take(self):
        with self.lock:
            if self.count >= self.most or time.monotonic() > self.deadline:
                return False
            self.count += 1
            return True

    def _loop(self):
        gasper = self.app.gasper
        connection = http.client.HTTPConnection("127.0.0.1", gasper.http_port, timeout=15)
        headers = {"Host": f"{self.app.name}.{gasper.domain}"}
        while not self.stopped.is_set() and self._take():
            try:
                connection.request("GET", "/", headers=headers)
                answer = connection.getresponse()
                body = answer.read().decode("utf-8", "replace")
                self._record(None if answer.status == 200 else f"{answer.status}: {body[:200]}", body)
            except (OSError, http.client.HTTPException) as e:
                self._record(f"{type(e).__name__}: {e}", "")
                connection.close()
            if self.pause:
                self.stopped.wait(self.pause)
        connection.close()

    def _record(self, failure, body):
        with self.lock:
            if failure:
                self.failures.append(failure)
            line = body.split("\n", 1)[0]
            self.bodies[line] = self.bodies.get(line, 0) + 1

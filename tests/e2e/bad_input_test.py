"""Each refusal says what was wrong and changes nothing."""

import json
import socket
import subprocess

import pytest

from harness import run


@pytest.fixture(scope="module")
def app(gasper):
    made = gasper.app("static", name="steady")
    made.push().ok()
    return made


@pytest.fixture(autouse=True)
def nothing_changes(request, gasper):
    """Around each test: the app that served still serves the same release of the same commit."""
    app = request.getfixturevalue("app")
    before = (app.remote_head(), app.version(), app.get().body, config_of(app))
    yield
    assert (app.remote_head(), app.version(), app.get().body, config_of(app)) == before


def config_of(app):
    return json.loads(app.gasper.command("config", app.name, "--json").ok().output)


def make_key(gasper, name, kind=("-t", "ed25519")):
    path = gasper.data / name
    if not path.exists():
        run(["ssh-keygen", "-q", *kind, "-N", "", "-f", path]).ok()
    return path


def test_a_key_that_nobody_has_is_refused(app, gasper):
    stranger = make_key(gasper, "stranger")
    app.commit("Stranger's")
    done = app.push(key=stranger)
    assert done.status != 0 and "Permission denied (publickey)" in done.error
    assert gasper.command("apps:list", key=stranger).status != 0


def test_a_foreign_app_is_refused_as_if_it_did_not_exist(app, gasper):
    key = make_key(gasper, "other_user")
    create_user(gasper, "other", key)
    app.commit("Foreign")
    foreign = app.push(key=key)
    assert foreign.status != 0
    refusal = gasper.command("config", app.name, key=key)
    missing = gasper.command("config", "no-such-app", key=key)
    assert refusal.status != 0 and missing.status != 0
    assert refusal.error.replace(app.name, "X") == missing.error.replace("no-such-app", "X")


def create_user(gasper, name, key):
    """Another user, who is no admin, by the server's own shell."""
    program = run(["readlink", f"/proc/{gasper.serve_pid()}/exe"]).ok().output.strip()
    data = ["--data", gasper.data]
    subprocess.run([program, "admin", "create-user", "--name", name, *map(str, data)], input="a long password\n", text=True, check=True,
                   timeout=60)
    with open(f"{key}.pub", encoding="utf-8") as public:
        subprocess.run([program, "admin", "add-key", "--user", name, "--name", "e2e", *map(str, data)], stdin=public, check=True, timeout=60)


def test_a_corrupt_pack_is_refused(app, gasper):
    app.write("new.txt", "an object that the server does not have\n")
    new = app.commit("Corrupt")
    old = app.remote_head()
    pack = subprocess.run(["git", "pack-objects", "--stdout", "--revs"], cwd=app.directory, input=f"{new}\n^{old}\n".encode(),
                          capture_output=True, check=True, timeout=30).stdout
    broken = bytearray(pack)
    broken[len(broken) // 2] ^= 0xFF
    line = f"{old} {new} refs/heads/main\0report-status".encode()
    request = f"{len(line) + 4:04x}".encode() + line + b"0000" + bytes(broken)
    answer = subprocess.run(["ssh", *gasper.ssh_options(), "git@127.0.0.1", f"git-receive-pack '{app.name}.git'"], input=request,
                            capture_output=True, timeout=60, check=False)
    assert b"unpack ok" not in answer.stdout
    assert b"unpack " in answer.stdout or answer.returncode != 0
    app.git("reset", "-q", "--hard", old).ok()


def test_a_process_type_without_a_command_is_refused(app):
    refused_push(app, {"Procfile": "web:\n"}, "Procfile")


def test_a_procfile_that_is_none_is_refused(app):
    refused_push(app, {"Procfile": "no process type here\n"}, "Procfile")


def test_a_tree_that_no_buildpack_knows_is_refused(gasper, app):
    other = gasper.app(None, name="riddle")
    other.write("notes.txt", "nothing to run\n")
    other.commit()
    done = other.push()
    assert done.status != 0 and "! [remote rejected] main -> main" in done.error
    assert "buildpack" in done.error.lower() or "language" in done.error.lower()




def test_an_app_that_ends_at_once_is_refused_with_its_exit_status(gasper, app):
    other = gasper.app("python")
    other.write("app.py", "import sys\nprint('no database here', file=sys.stderr)\nsys.exit(23)\n")
    other.commit()
    done = other.push()
    assert done.status != 0 and "! [remote rejected] main -> main" in done.error
    assert "23" in done.error and "no database here" in done.error
    assert other.remote_head() == ""


def test_a_branch_that_is_not_deployed_is_said_so(app):
    done = app.push("gasper", "HEAD:refs/heads/feature")
    output = done.error
    assert "main" in output, "the answer names the branch that deploys"


@pytest.mark.parametrize("words, said", [
    (["config:set", "steady", "1BAD=x"], "1BAD"),
    (["config:set", "steady", "NO_VALUE"], "NO_VALUE"),
    (["config:set", "steady", "PORT=80"], "PORT"),
    (["config:set", "steady", "GASPER_APP=x"], "GASPER_APP"),
    (["config:unset", "steady", "1BAD"], "1BAD"),
    (["config:set", "no-such-app", "A=b"], "no-such-app"),
    (["apps:create", "Upper"], "letter a-z"),
    (["apps:create", "a" * 31], "30"),
    (["apps:create", "git"], "git"),
    (["apps:create", "steady"], "steady"),
    (["apps:destroy", "steady"], "confirm"),
    (["releases:rollback", "steady", "v999"], "999"),
    (["keys:add", "broken", "no-key-at-all"], "key"),
    (["no:such-command"], "help"),
])
def test_a_command_that_is_wrong_is_refused_with_the_reason(app, gasper, words, said):
    done = gasper.command(*words)
    assert done.status != 0
    assert said in done.output + done.error


def refused_push(app, files, said):
    for path, text in files.items():
        app.write(path, text)
    app.commit("Wrong")
    done = app.push()
    assert done.status != 0
    assert "! [remote rejected] main -> main (" in done.error and said in done.error
    app.git("reset", "-q", "--hard", "HEAD~1").ok()


@pytest.mark.parametrize("text, said", [
    ("http_port: eighty\n", "gasper.yml:1: http_port: 'eighty' is not a port"),
    ("\nhtp_port: 80\n", "gasper.yml:2: unknown key 'htp_port', did you mean 'http_port'?"),
    ("domain: [\n", "gasper.yml:2: not YAML"),
])
def test_a_wrong_configuration_is_named_with_its_line(app, gasper, tmp_path, text, said):
    program = run(["readlink", f"/proc/{gasper.serve_pid()}/exe"]).ok().output.strip()
    (tmp_path / "gasper.yml").write_text(text)
    done = run([program, "serve", "--check-config"], cwd=tmp_path, deadline=10)
    assert done.status != 0 and said in done.output + done.error


def test_a_request_that_is_no_http_is_refused_and_the_router_goes_on(app, gasper):
    with socket.create_connection(("127.0.0.1", gasper.http_port), timeout=10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert raw.recv(64).startswith(b"HTTP/1.1 400 ")


def test_an_unknown_host_gets_a_page_that_says_so(app, gasper):
    answer = gasper.get("nobody-here")
    assert answer.status == 404 and "No such app" in answer.body

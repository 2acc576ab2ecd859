"""ssh APP@host: a shell or a command in the running container."""

import os
import re
import signal
import subprocess
import time

import pytest

from harness import wait_until
from terminal import Terminal


@pytest.fixture(scope="module")
def app(gasper):
    made = gasper.app("python", name="inside")
    made.push().ok()
    return made


def test_a_command_runs_in_the_container_and_gives_its_output_and_status(gasper, app):
    done = gasper.ssh(app.name, "echo out; echo err >&2; exit 7")
    assert (done.status, done.output, done.error) == (7, "out\n", "err\n")


def test_the_command_sees_the_apps_environment(gasper, app):
    seen = dict(line.split("=", 1) for line in gasper.ssh(app.name, "env").ok().output.splitlines() if "=" in line)
    assert seen["GASPER_APP"] == app.name and seen["GASPER_INSTANCE"] == "web.1"
    assert seen["SOURCE_VERSION"] == app.git("rev-parse", "HEAD").output.strip()
    assert seen["PORT"].isdigit()


def test_it_is_not_root_and_cannot_become_it(gasper, app):
    assert gasper.ssh(app.name, "id -u").ok().output.strip() != "0"
    capabilities = gasper.ssh(app.name, "grep CapEff /proc/self/status").ok().output.split()[1]
    assert int(capabilities, 16) == 0
    assert gasper.ssh(app.name, "grep NoNewPrivs /proc/self/status").ok().output.split()[1] == "1"


def test_input_reaches_the_command_and_a_megabyte_passes_both_ways(gasper, app):
    data = os.urandom(1 << 20)
    done = subprocess.run(["ssh", *gasper.ssh_options(), f"{app.name}@127.0.0.1", "cat"], input=data, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0 and done.stdout == data


def test_a_shell_has_a_terminal_that_resizes_and_an_exit_status(gasper, app):
    shell = Terminal(gasper, app.name, 33, 101)
    shell.type("stty size; echo re''ady\n")
    shell.expect(r"33 101\r\n")
    shell.expect(r"ready")
    shell.resize_to(44, 122)
    wait_until(lambda: resized(shell, "44 122"), 15, "the new size")
    shell.type("exit 9\n")
    assert shell.end() == 9


def resized(shell, size):
    shell.type("stty size; echo do''ne\n")
    return size in shell.expect(r"(?s).*?done").group(0)


def test_control_c_reaches_the_program_in_the_terminal(gasper, app):
    shell = Terminal(gasper, app.name, 24, 80)
    shell.type("echo st''art; sleep 1000; echo went $?\n")
    shell.expect(r"start\r\n")
    # The foreground program must be there before the key is pressed.
    wait_until(lambda: "sleep" in gasper.ssh(app.name, "cat /proc/[0-9]*/comm").output, 15, "sleep")
    shell.type("\x03")
    shell.type("echo al''ive\n")
    shell.expect(r"alive")
    shell.type("exit 0\n")
    assert shell.end() == 0


def test_a_shell_that_is_cut_off_leaves_no_process_behind(gasper, app):
    shell = Terminal(gasper, app.name, 24, 80)
    shell.type("exec sleep 4242\n")
    running = lambda: "4242" in gasper.ssh(app.name, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").output.replace("cat /proc", "")
    wait_until(running, 15, "the process in the container")
    os.killpg(shell.process.pid, signal.SIGKILL)
    wait_until(lambda: not running(), 20, "the end of the process")
    shell.end()


def test_logs_follow_the_app(gasper, app):
    follower = subprocess.Popen(["ssh", *gasper.ssh_options(), "gasper@127.0.0.1", "logs", app.name, "-t"], stdout=subprocess.PIPE, text=True,
                                stdin=subprocess.DEVNULL)
    try:
        gasper.ssh(app.name, "echo a line of its own > /proc/1/fd/1")
        deadline = time.monotonic() + 20
        for line in follower.stdout:
            if "a line of its own" in line:
                break
            assert time.monotonic() < deadline
        assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z app\[web\.1\]: a line of its own$", line.rstrip("\n"))
    finally:
        follower.kill()
        follower.wait()


def test_the_server_speaks_only_what_it_should(gasper):
    done = subprocess.run(["ssh", *gasper.ssh_options(), "-o", "PreferredAuthentications=password,keyboard-interactive", "gasper@127.0.0.1", "help"],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 255 and "Permission denied (publickey)" in done.stderr
    forward = subprocess.run(["ssh", *gasper.ssh_options(), "-W", "127.0.0.1:22", "gasper@127.0.0.1"], capture_output=True, text=True, timeout=30,
                             stdin=subprocess.DEVNULL, check=False)
    assert forward.returncode != 0

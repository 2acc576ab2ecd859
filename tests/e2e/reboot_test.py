"""A machine that was switched off and on again, and a second server on the same data: everything agrees afterwards."""

import os
import pathlib
import signal
import subprocess

import chaos_load
from harness import ROOT, run, wait_until


def own_processes(gasper):
    """serve, router and dns of this data directory."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if words[0].endswith("/gasper") and (any(str(gasper.data) in w for w in words) or int(process.name) == gasper.serve_pid()):
            yield int(process.name)


def switch_off(gasper):
    """Every process of it ends at once, containers too, and no mount is left."""
    for pid in list(own_processes(gasper)):
        os.kill(pid, signal.SIGKILL)
    for container in gasper.own_containers():
        if container["State"] == "running":
            gasper.engine(f"containers/{container['Id']}/kill", "POST")
    wait_until(lambda: all(c["State"] != "running" for c in gasper.own_containers()), 30, "the end of the containers")
    for line in pathlib.Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        point = line.split()[1]
        if point.startswith(f"{gasper.data}/instances/"):
            run(["umount", "-l", point])


def test_after_a_reboot_apps_routes_and_volumes_are_as_before(own_gasper):
    own_gasper.up()
    app = chaos_load.make_app(own_gasper, "rebooted")
    own_gasper.command("storage:create", "kept").ok()
    own_gasper.command("storage:mount", "kept", f"{app.name}:/data").ok()
    own_gasper.command("ps:scale", app.name, "web=2", "worker=1").ok()
    writing = own_gasper.app("database", name="writing")
    writing.push().ok()
    own_gasper.command("services:create", "postgres", "orders", deadline=900).ok()
    own_gasper.command("services:attach", "orders", writing.name).ok()
    assert writing.get("/greeting/hello", method="PUT").status == 200
    url = own_gasper.command("config:get", writing.name, "DATABASE_URL").ok().output
    own_gasper.ssh(app.name, "echo written before > /data/file").ok()
    chaos_load.agree(app)
    switch_off(own_gasper)
    own_gasper.up()
    chaos_load.agree(app, 10)
    assert app.get().body == "word 0"
    wait_until(lambda: writing.get("/greeting").body == "hello\n", 10, "the database")
    assert own_gasper.command("config:get", writing.name, "DATABASE_URL").ok().output == url
    assert own_gasper.ssh(app.name, "cat /data/file").ok().output == "written before\n"
    app.commit("After the reboot")
    app.push().ok()
    chaos_load.agree(app)


def test_a_second_server_on_the_same_data_is_refused_and_harms_nothing(own_gasper):
    own_gasper.up()
    app = own_gasper.app("static")
    app.push().ok()
    program = ROOT / "build" / os.environ.get("GASPER_PRESET", "release") / "bin" / "gasper"
    second = subprocess.run([program, "serve", "--data", own_gasper.data], env=own_gasper.environment, capture_output=True, text=True,
                            timeout=60, check=False)
    assert second.returncode != 0 and " holds " in second.stdout + second.stderr, second
    assert app.get().status == 200
    own_gasper.command("config:set", app.name, "STILL=here").ok()

"""scripts/up and scripts/down: nothing by hand before, nothing left after."""

import os
import pathlib
import stat


def ours(gasper):
    """What there is of this Gasper on the machine."""
    return {
        "containers": [c["Id"] for c in gasper.own_containers()],
        "networks": [n["Id"] for n in gasper.engine("networks") if (n["Labels"] or {}).get("gasper.data") == gasper.scope],
        "mounts": [l for l in pathlib.Path("/proc/mounts").read_text().splitlines() if f"{gasper.data}/" in l],
        "processes": sorted(processes(gasper).values()),
    }


def processes(gasper):
    """Role by process number."""
    found = {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if words[0].endswith("/gasper") and any(str(gasper.data) in w for w in words):
            found[int(process.name)] = words[1]
    return found


def test_up_deploys_the_sample_twice_it_reuses_all_and_down_leaves_nothing(own_gasper):
    own_gasper.environment["GASPER_SAMPLE"] = "static"
    done = own_gasper.up()
    assert own_gasper.get("hello").body.startswith("Hello")
    assert f"curl http://hello.{own_gasper.domain}:{own_gasper.http_port}" in done.output, "it says what to do next"
    environment = own_gasper.data / "up.env"
    assert stat.S_IMODE(environment.stat().st_mode) == 0o600, "the password in it is nobody else's"
    there = ours(own_gasper)
    assert all(there.values()), there
    niceness = {role: os.getpriority(os.PRIO_PROCESS, pid) for pid, role in processes(own_gasper).items()}
    assert niceness["router"] == niceness["dns"] == -10, "requests go before builds"

    pid = own_gasper.serve_pid()
    own_gasper.up()
    assert own_gasper.serve_pid() == pid, "the second call reuses the server"
    assert own_gasper.get("hello").body.startswith("Hello")

    own_gasper.down().ok()
    assert ours(own_gasper) == {"containers": [], "networks": [], "mounts": [], "processes": []}

    own_gasper.up()
    assert own_gasper.get("hello").body.startswith("Hello"), "the apps come back with their data"
    own_gasper.down("--purge").ok()
    assert ours(own_gasper) == {"containers": [], "networks": [], "mounts": [], "processes": []}
    assert not own_gasper.data.exists()


def test_two_run_side_by_side_and_stop_one_by_one(gasper, own_gasper):
    mine = gasper.app("static")
    mine.push().ok()
    own_gasper.up()
    other = own_gasper.app("static", name=mine.name)
    other.replace("index.html", "Hello", "Hello from the other")
    other.commit()
    other.push().ok()
    assert "from the other" in other.get().body and "from the other" not in mine.get().body
    own_gasper.down("--purge").ok()
    assert mine.get().status == 200

"""jobs, jobs:cancel, builds:cancel: what takes long can be looked into and stopped, and nothing is left of it."""

import json
import threading

from harness import wait_until


def jobs(gasper, app):
    return json.loads(gasper.command("jobs", app.name, "--json").ok().output)


def pushing(app):
    """A push in the background: (thread, where its result comes)."""
    done = []
    thread = threading.Thread(target=lambda: done.append(app.push()), daemon=True)
    thread.start()
    return thread, done


def test_a_deploy_is_a_job_with_steps_and_a_log(gasper):
    app = gasper.app("static")
    app.push().ok()
    latest = jobs(gasper, app)[0]
    assert (latest["kind"], latest["state"], latest["app"]) == ("deploy", "succeeded", app.name)
    info = json.loads(gasper.command("jobs:info", str(latest["id"]), "--json").ok().output)
    assert [s["name"] for s in info["steps"]] == ["build", "release", "start", "publish", "ref"]
    assert {s["state"] for s in info["steps"]} == {"succeeded"}
    assert "Released v1" in gasper.command("jobs:log", str(latest["id"])).ok().output
    refused = gasper.command("jobs:cancel", str(latest["id"]))
    assert refused.status == 1 and "has ended" in refused.error


def test_a_cancelled_deploy_leaves_the_old_release_and_nothing_else(gasper):
    app = gasper.app("python", name="cancelled")
    app.push().ok()
    head, body = app.remote_head(), app.get().body
    app.write("app.py", "import time\ntime.sleep(1000)\n")
    app.commit("Never listens")
    thread, pushed = pushing(app)
    wait_until(lambda: jobs(gasper, app)[0]["step"] == "start" and len(gasper.containers(app.name)) == 2, 60, "the new instance")
    number = str(jobs(gasper, app)[0]["id"])
    assert "done" in gasper.command("jobs:cancel", number).ok().output
    thread.join(60)
    assert pushed[0].status != 0 and "cancelled by" in pushed[0].error
    assert jobs(gasper, app)[0]["state"] == "aborted"
    wait_until(lambda: len(gasper.containers(app.name)) == 1, 20, "the end of the new instance")
    assert app.get().body == body and app.remote_head() == head and app.version() == 1
    app.git("reset", "-q", "--hard", "HEAD~1").ok()
    app.commit("Again")
    app.push().ok()


def test_a_cancelled_build_leaves_no_container(gasper):
    app = gasper.app("node-deps", name="cancelled-build")
    app.write("package.json", json.dumps({"name": "slow", "version": "1.0.0", "scripts": {"build": "sleep 1000", "start": "node server.js"}}))
    (app.directory / "package-lock.json").unlink()
    app.commit("Builds for ever")
    thread, pushed = pushing(app)

    def builders():
        return [c for c in gasper.own_containers() if c["Labels"].get("gasper.app") == app.name and
                c["Labels"].get("gasper.purpose") == "build"]

    [builder] = wait_until(builders, 600, "the build")
    assert gasper.engine(f"containers/{builder['Id']}/json")["HostConfig"]["CpuShares"] == 64, "it gives way to what serves"
    number = json.loads(gasper.command("builds", app.name, "--json").ok().output)[0]["id"]
    gasper.command("builds:cancel", app.name, str(number)).ok()
    thread.join(60)
    assert pushed[0].status != 0 and "cancelled by" in pushed[0].error
    wait_until(lambda: not builders(), 20, "the end of the build container")
    wait_until(lambda: not list((gasper.data / "apps" / app.name / "builds").glob("*")), 20, "the end of its directory")
    build = json.loads(gasper.command("builds:info", app.name, str(number), "--json").ok().output)
    assert build["state"] == "failed" and "cancelled" in build["reason"]


def test_jobs_over_rest(gasper):
    app = gasper.app("static")
    app.push().ok()
    login = {"name": gasper.environment["GASPER_ADMIN_USER"], "password": gasper.environment["GASPER_ADMIN_PASSWORD"]}
    token = gasper.api("POST", "/api/v1/auth/login", login)[1]["token"]
    status, listed = gasper.api("GET", f"/api/v1/jobs?app={app.name}", token=token)
    assert status == 200 and listed[0]["kind"] == "deploy"
    status, steps = gasper.api("GET", f"/api/v1/jobs/{listed[0]['id']}/steps", token=token)
    assert status == 200 and steps[0]["name"] == "build"
    status, problem = gasper.api("DELETE", f"/api/v1/jobs/{listed[0]['id']}", token=token)
    assert (status, problem["code"]) == (409, "job_over")

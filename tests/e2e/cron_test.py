"""Cron: entries of app.json and by command."""

import json

from harness import wait_until


def listed(gasper, app):
    return json.loads(gasper.command("cron:list", app.name, "--json").ok().output)


def test_entries_of_app_json_come_and_go_with_releases(gasper):
    app = gasper.app("static", name="with-cron")
    app.write("app.json", json.dumps({"cron": [{"command": "echo report", "schedule": "30 2 * * *", "timezone": "Europe/Berlin",
                                                "concurrency": "forbid"}]}))
    app.commit("With cron")
    app.push().ok()
    (entry,) = listed(gasper, app)
    assert (entry["schedule"], entry["timezone"], entry["concurrency"], entry["source"]) == ("30 2 * * *", "Europe/Berlin", "forbid", "app.json")
    assert entry["next"].split("T")[1][:5] in ("00:30", "01:30")
    refused = gasper.command("cron:remove", app.name, str(entry["id"]))
    assert refused.status == 1 and "app.json" in refused.error

    app.write("app.json", json.dumps({"cron": [{"command": "x", "schedule": "61 * * * *"}]}))
    app.commit("Wrong")
    pushed = app.push()
    assert pushed.status != 0 and "cron[0]" in pushed.error and "minute '61'" in pushed.error
    assert len(listed(gasper, app)) == 1

    app.write("app.json", json.dumps({"cron": [{"command": "x", "schedule": "@daily", "timezone": "Mars/Olympus"}]}))
    app.commit("No such zone")
    pushed = app.push()
    assert pushed.status != 0 and "Mars/Olympus" in pushed.error

    (app.directory / "app.json").unlink()
    app.commit("Without")
    app.push().ok()
    assert listed(gasper, app) == []


def test_an_entry_runs_by_the_clock_with_its_log_and_history(gasper):
    app = gasper.app("static", name="every-minute")
    app.push().ok()
    added = json.loads(gasper.command("cron:add", "--json", app.name, "'* * * * *'", "echo", "tick").ok().output)
    number = str(added["id"])

    def history():
        return json.loads(gasper.command("cron:history", app.name, number, "--json").ok().output)

    runs = wait_until(lambda: [r for r in history() if r["outcome"] == "succeeded"], 90, "the minute")
    assert runs[0]["scheduled"].split("T")[1][6:8] == "00"
    assert "tick" in gasper.command("jobs:log", str(runs[0]["job"])).ok().output

    again = json.loads(gasper.command("cron:run", "--json", app.name, number).ok().output)
    wait_until(lambda: any(r["job"] == again["job"] and r["outcome"] == "succeeded" for r in history()), 30, "the run by hand")
    gasper.command("cron:remove", app.name, number).ok()
    assert listed(gasper, app) == []


def test_over_rest(gasper):
    app = gasper.app("static", name="cron-rest")
    app.push().ok()
    login = {"name": gasper.environment["GASPER_ADMIN_USER"], "password": gasper.environment["GASPER_ADMIN_PASSWORD"]}
    token = gasper.api("POST", "/api/v1/auth/login", login)[1]["token"]
    at = f"/api/v1/apps/{app.name}/cron"
    status, problem = gasper.api("POST", at, {"schedule": "no", "command": "x"}, token=token)
    assert (status, problem["code"]) == (422, "schedule_invalid")
    status, made = gasper.api("POST", at, {"schedule": "0 4 * * sun", "command": "echo hi", "timezone": "America/New_York"}, token=token)
    assert status == 201 and made["next"]
    status, job = gasper.api("POST", f"{at}/{made['id']}/runs", token=token)
    assert (status, job["kind"]) == (202, "cron")
    wait_until(lambda: gasper.api("GET", f"{at}/{made['id']}/runs", token=token)[1][0]["outcome"] == "succeeded", 30, "the run")
    assert gasper.api("DELETE", f"{at}/{made['id']}", token=token)[0] == 204
    assert gasper.api("GET", at, token=token) == (200, [])

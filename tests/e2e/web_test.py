"""The web door as a whole: log in, apps, config, live logs, sessions; and the dashboard in a real browser."""

import http.client
import json
import os
import urllib.parse

import pytest

from harness import ROOT, run, wait_until


@pytest.fixture(scope="module")
def app(gasper):
    made = gasper.app("static", name="webbed")
    made.push().ok()
    return made


@pytest.fixture(scope="module")
def token(gasper):
    return log_in(gasper, gasper.environment["GASPER_ADMIN_PASSWORD"])[1]["token"]


def log_in(gasper, password):
    return gasper.api("POST", "/api/v1/auth/login", {"name": gasper.environment["GASPER_ADMIN_USER"], "password": password})


def connect(gasper):
    at = urllib.parse.urlsplit(gasper.api_url)
    return http.client.HTTPConnection(at.hostname, at.port, timeout=30)


def events(answer):
    """(name, id, data) of each event, until the stream ends."""
    name, number, data = "message", None, []
    for raw in answer:
        line = raw.decode().rstrip("\n")
        if not line and data:
            yield name, number, "\n".join(data)
            name, data = "message", []
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "id":
            number = value
        elif field == "data":
            data.append(value)


def stream(gasper, token, path, **headers):
    connection = connect(gasper)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}", **headers})
    answer = connection.getresponse()
    assert answer.status == 200 and answer.getheader("Content-Type") == "text/event-stream"
    return answer


def test_a_build_log_ends_with_its_state_and_resumes_behind_the_last_event(gasper, app, token):
    build = gasper.api("GET", "/api/v1/apps/webbed/builds", token=token)[1][0]
    path = f"/api/v1/apps/webbed/builds/{build['id']}/log"
    whole = list(events(stream(gasper, token, path)))
    assert whole[-1][0] == "end" and json.loads(whole[-1][2])["state"] == "succeeded"
    middle = len(whole) // 2
    rest = list(events(stream(gasper, token, path, **{"Last-Event-ID": whole[middle - 1][1]})))
    assert [e[2] for e in rest] == [e[2] for e in whole[middle:]]


def test_config_set_by_api_reaches_the_app_as_a_followed_job(gasper, app, token):
    status, job = gasper.api("PATCH", "/api/v1/apps/webbed/config", {"COLOUR": "green", "GONE": None}, token=token)
    assert status == 202
    last = list(events(stream(gasper, token, f"/api/v1/jobs/{job['id']}/log")))[-1]
    assert last[0] == "end" and json.loads(last[2])["state"] == "succeeded"
    assert gasper.api("GET", "/api/v1/apps/webbed/config", token=token)[1] == {"COLOUR": "green"}
    assert app.get().status == 200


def test_logs_follow_what_happens(gasper, app, token):
    answer = stream(gasper, token, "/api/v1/apps/webbed/logs?lines=10&follow=true")
    following = events(answer)
    status, _ = gasper.api("POST", "/api/v1/apps/webbed/restart", token=token)
    assert status == 202
    assert any("webbed" in data or "gasper" in data for _, data in ((e[0], e[2]) for e in [next(following)]))
    answer.close()


def test_a_refusal_names_the_field_and_changes_nothing(gasper, app, token):
    before = gasper.api("GET", "/api/v1/apps/webbed/config", token=token)[1]
    status, problem = gasper.api("PATCH", "/api/v1/apps/webbed/config", {"COLOUR": 7}, token=token)
    assert status == 422 and problem["code"] == "invalid_field" and "/COLOUR" in problem["detail"]
    assert gasper.api("GET", "/api/v1/apps/webbed/config", token=token)[1] == before


def test_a_foreign_host_name_or_page_gets_nowhere(gasper, token):
    connection = connect(gasper)
    connection.request("GET", "/api/v1/apps", headers={"Host": "rebound.example", "Authorization": f"Bearer {token}"})
    refused = connection.getresponse()
    assert refused.status == 421
    refused.read()
    connection.request("POST", "/api/v1/apps", body='{"name":"forged"}',
                       headers={"Cookie": f"gasper_session={token}", "Content-Type": "application/json", "Origin": "http://evil.example"})
    assert connection.getresponse().status == 403


def test_the_dashboard_is_routed_under_the_domain(gasper):
    assert wait_until(lambda: gasper.get("gasper").status == 200, 10, "the dashboard's route")
    assert "<div id=" in gasper.get("gasper").body


def test_the_dashboard_shows_an_app_in_a_browser(gasper, app):
    run(["node", ROOT / "web/dashboard/embed.mjs", "--install"], deadline=300).ok()
    done = run(["node", ROOT / "web/dashboard/tests/live.mjs", "webbed"], deadline=120,
               env={**os.environ, **{k: v for k, v in gasper.environment.items() if k.startswith("GASPER_")}}).ok()
    shown = json.loads(done.output)
    assert shown == {"state": "up", "url": f"http://webbed.{gasper.domain}:{gasper.http_port}"}


def test_guessing_passwords_is_slowed_down(gasper):
    # As another name, so that the admin's own logins are not held up.
    answers = [gasper.api("POST", "/api/v1/auth/login", {"name": "mallory", "password": f"guess {n}"}) for n in range(6)]
    assert [status for status, _ in answers] == [401] * 5 + [429]
    assert answers[-1][1]["code"] == "too_many_logins"

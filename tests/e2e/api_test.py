"""REST: what a push and a command do can be seen and done here too."""

import json
import urllib.request

import pytest

from harness import wait_until


@pytest.fixture(scope="module")
def token(gasper):
    status, answer = gasper.api("POST", "/api/v1/auth/login", {"name": gasper.environment["GASPER_ADMIN_USER"],
                                                              "password": gasper.environment["GASPER_ADMIN_PASSWORD"]})
    assert status == 200, answer
    return answer["token"]


@pytest.fixture(scope="module")
def app(gasper):
    made = gasper.app("static", name="seen")
    made.push().ok()
    return made


def test_a_wrong_password_is_refused_as_a_problem(gasper):
    status, answer = gasper.api("POST", "/api/v1/auth/login", {"name": "admin", "password": "wrong"})
    assert status == 401 and answer["status"] == 401 and answer["code"]


def test_without_a_token_nothing_is_told(gasper, app):
    for path in ("/api/v1/apps", "/api/v1/apps/seen", "/api/v1/apps/seen/config"):
        assert gasper.api("GET", path)[0] == 401


def test_the_apps_are_listed_with_state_and_url(gasper, app, token):
    status, answer = gasper.api("GET", "/api/v1/apps", token=token)
    assert status == 200
    listed = answer if isinstance(answer, list) else answer["apps"]
    mine = next(a for a in listed if a["name"] == "seen")
    assert mine["state"] == "up"
    assert f"http://seen.{gasper.domain}:{gasper.http_port}" in json.dumps(mine)


def test_a_build_has_a_log_as_server_sent_events(gasper, app, token):
    status, answer = gasper.api("GET", "/api/v1/apps/seen/builds", token=token)
    assert status == 200
    build = (answer if isinstance(answer, list) else answer["builds"])[0]
    request = urllib.request.Request(f"{gasper.api_url}/api/v1/apps/seen/builds/{build['id']}/log", headers={"Authorization": f"Bearer {token}",
                                                                                                           "Accept": "text/event-stream"})
    with urllib.request.urlopen(request, timeout=30) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert "detected" in stream.read().decode()


def test_config_by_api_is_a_release(gasper, app, token):
    before = app.version()
    status, _ = gasper.api("PATCH", "/api/v1/apps/seen/config", {"SHAPE": "round"}, token=token)
    assert status in (200, 202)
    wait_until(lambda: app.version() == before + 1, 30, "the release")
    assert gasper.command("config", "seen").ok().output.find("SHAPE") >= 0


def test_the_description_of_the_api_names_what_it_has(gasper):
    status, answer = gasper.api("GET", "/api/openapi.json")
    assert status == 200 and answer["openapi"].startswith("3.")
    assert "/api/v1/apps" in answer["paths"] and "/api/v1/auth/login" in answer["paths"]


def test_the_dashboard_is_a_page(gasper):
    with urllib.request.urlopen(gasper.api_url + "/", timeout=10) as page:
        assert page.status == 200 and b"<div id=" in page.read()

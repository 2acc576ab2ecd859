"""The dashboard's own tests: every page in Chromium, against a scripted API; and databases against a real one."""

import contextlib
import json
import os

import pytest

from harness import ROOT, run

DASHBOARD = ROOT / "web/dashboard"


@pytest.fixture(name="packages", scope="module")
def _packages():
    run(["node", DASHBOARD / "embed.mjs", "--install"], deadline=300).ok()


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("about", ["dashboard", "databases"])
def test_every_page_works_in_a_browser(about):
    run(["node", "--test", DASHBOARD / f"tests/{about}.test.mjs"], deadline=300).ok()


@pytest.mark.usefixtures("packages")
def test_a_database_is_made_attached_backed_up_and_destroyed_in_a_browser(gasper):
    app, name = gasper.app("database", name="paged"), "from-a-page"
    app.push().ok()
    try:
        environment = {**os.environ, **{k: v for k, v in gasper.environment.items() if k.startswith("GASPER_")}}
        done = run(["node", DASHBOARD / "tests/databases_live.mjs", app.name, name], deadline=2000, env=environment).ok()
        seen = json.loads(done.output)
        assert seen["given"].startswith("redis://u_") and f"@{name}.db.internal:6379/" in seen["given"]
        assert f"attached to {app.name}" in seen["refusal"]
        assert name not in [s["name"] for s in json.loads(gasper.command("services:list", "--json").ok().output)]
        assert not (gasper.data / "services" / name).exists()
        assert gasper.command("config:get", app.name, "REDIS_URL").output.strip() == ""
        backups = json.loads(gasper.command("services:backups", name, "--json").ok().output)["backups"]
        assert [b["origin"] for b in backups] == ["final", "manual"] and all(b["verified"] for b in backups)
    finally:
        with contextlib.suppress(AssertionError):
            gasper.command("services:detach", name, app.name).ok()
        gasper.command("services:destroy", name, "--confirm", name, deadline=300)
        gasper.command("apps:destroy", app.name, "--confirm", app.name)

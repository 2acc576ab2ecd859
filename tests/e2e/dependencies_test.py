"""Six apps with real dependencies and lock files, installed the real way: npm from its registry, the others from a small index."""

import os

import pytest

from harness import ROOT, run

INDEXES = ROOT / "tests" / "support" / "indexes"


@pytest.fixture(scope="module")
def index(gasper):
    """Config vars that lead builds to the index, which stands on the builds' network."""
    # The first build makes the network.
    probe = gasper.app("static")
    probe.push().ok()
    environment = {**os.environ, "DOCKER_HOST": gasper.engine_address()}
    served = run([INDEXES / "serve", f"gasper-{gasper.scope}.builds"], deadline=900, env=environment).ok()
    yield [line for line in served.output.splitlines() if "=" in line]
    run([INDEXES / "serve", "--stop", f"gasper-{gasper.scope}.builds"], env=environment).ok()


@pytest.mark.parametrize("language", ["static", "php", "python", "node", "go", "ruby"])
def test_dependencies_are_installed_once_and_reused(gasper, index, language):
    app = gasper.app(f"{language}-deps")
    gasper.command("apps:create", app.name).ok()
    gasper.command("config:set", app.name, *index).ok()
    app.push(deadline=900).ok()
    answer = app.get()
    assert answer.status == 200 and "Hello" in answer.body
    app.write("notes.md", "no dependency changed\n")
    app.commit()
    again = app.push().ok()
    assert app.get().body == answer.body
    if language not in ("go", "static"):  # Go keeps what it compiled, not a layer
        assert "unchanged" in again.error

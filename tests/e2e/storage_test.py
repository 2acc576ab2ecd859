"""storage:*: volumes that outlive releases and apps."""

import json


def test_what_is_written_to_a_volume_outlives_releases_and_the_app(gasper):
    app = gasper.app("python", name="with-volume")
    app.push().ok()
    gasper.command("storage:create", "precious").ok()
    gasper.command("storage:mount", "precious", f"{app.name}:/app/storage").ok()
    assert f"{app.name}:/app/storage" in gasper.command("storage:list").ok().output
    gasper.ssh(app.name, "echo kept > /app/storage/file").ok()
    assert (gasper.data / "volumes/precious").stat().st_uid == 1000

    app.commit("Another release")
    app.push().ok()
    assert gasper.ssh(app.name, "cat /app/storage/file").ok().output == "kept\n"
    assert gasper.command("run", app.name, "cat", "/app/storage/file").ok().output == "kept\n"
    refused = gasper.command("storage:destroy", "precious", "--confirm", "precious")
    assert refused.status == 1 and "mounted in" in refused.error

    gasper.command("apps:destroy", app.name, "--confirm", app.name).ok()
    assert (gasper.data / "volumes/precious/file").read_text() == "kept\n"
    assert json.loads(gasper.command("storage:list", "--json").ok().output)[0]["mounted"] is None
    gasper.command("storage:destroy", "precious", "--confirm", "precious").ok()
    assert not (gasper.data / "volumes/precious").exists()


def test_an_owner_is_set_once_and_not_at_every_boot(gasper):
    app = gasper.app("python", name="owned")
    app.push().ok()
    gasper.command("storage:create", "owned-data").ok()
    gasper.command("storage:mount", "owned-data", f"{app.name}:/data").ok()
    foreign = gasper.data / "volumes/owned-data/foreign"
    foreign.write_text("root's")
    gasper.command("ps:restart", app.name).ok()
    assert foreign.stat().st_uid == 0
    gasper.command("storage:unmount", "owned-data", app.name).ok()
    assert gasper.ssh(app.name, "test -e /data/foreign").status == 1
    assert foreign.exists()
    gasper.command("apps:destroy", app.name, "--confirm", app.name, "--with-volumes").ok()
    gasper.command("storage:destroy", "owned-data", "--confirm", "owned-data").ok()


def test_paths_of_the_system_are_refused(gasper):
    app = gasper.app("static", name="refused-paths")
    app.push().ok()
    gasper.command("storage:create", "anything").ok()
    for path in ("/etc", "/app", "/app/../etc", "/proc/x", "relative"):
        refused = gasper.command("storage:mount", "anything", f"{app.name}:{path}")
        assert refused.status == 1 and "the path inside the app" in refused.error, path
    gasper.command("storage:destroy", "anything", "--confirm", "anything").ok()

"""ssh gasper@host COMMAND and ssh git@host: what the SSH door says by itself."""

import json
import subprocess


def test_git_greets_and_serves_only_git(gasper):
    hello = gasper.ssh("git").ok()
    assert gasper.environment["GASPER_ADMIN_USER"] in hello.output
    refused = gasper.ssh("git", "ls /")
    assert refused.status == 128 and "git push" in refused.error


def test_help_names_every_command_and_explains_one(gasper):
    listed = json.loads(gasper.command("help", "--json").ok().output)
    text = gasper.command("help").ok().output
    assert all(entry["name"] in text for entry in listed)
    assert "Usage: config:set APP" in gasper.command("config:set", "--help").ok().output
    wrong = gasper.command("logs")
    assert wrong.status == 2 and " !     " in wrong.error and "Usage: logs APP" in wrong.error


def test_whoami_and_version(gasper):
    assert gasper.command("whoami").ok().output.strip() == gasper.environment["GASPER_ADMIN_USER"]
    assert json.loads(gasper.command("version", "--json").ok().output)["version"]


def test_a_key_is_added_from_standard_input_and_removed(gasper, tmp_path):
    key = tmp_path / "laptop"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "laptop", "-f", key], check=True, timeout=30)
    with open(f"{key}.pub", encoding="utf-8") as public:
        added = subprocess.run(["ssh", *gasper.ssh_options(), "gasper@127.0.0.1", "keys:add"], stdin=public, capture_output=True, text=True,
                               timeout=60, check=False)
    assert added.returncode == 0 and "laptop" in added.stdout, added.stderr
    assert gasper.command("whoami", key=key).status == 0
    gasper.command("keys:remove", "laptop").ok()
    assert gasper.command("whoami", key=key).status == 255


def test_config_vars_keep_blanks_and_quotes(gasper):
    gasper.command("apps:create", "quoting").ok()
    try:
        gasper.command("config:set", "quoting", "'TEXT=it is \"so\"'", "EMPTY=").ok()
        assert gasper.command("config:get", "-a", "quoting", "TEXT").ok().output == 'it is "so"\n'
        assert json.loads(gasper.command("config", "quoting", "--json").ok().output)["EMPTY"] == ""
        gasper.command("config:unset", "quoting", "TEXT").ok()
        assert gasper.command("config:get", "quoting", "TEXT").status == 1
    finally:
        gasper.command("apps:destroy", "quoting", "--confirm", "quoting").ok()

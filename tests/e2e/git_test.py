"""What stock git expects of a server."""

import json

from harness import run


def test_clone_gives_back_what_was_pushed(gasper):
    app = gasper.app("static")
    app.push().ok()
    copy = gasper.data / "work" / "a-clone"
    run(["git", "clone", "-q", gasper.git_url(app.name), copy], env=gasper.git_environment()).ok()
    assert (copy / "index.html").read_bytes() == (app.directory / "index.html").read_bytes()
    head = run(["git", "rev-parse", "HEAD"], cwd=copy).ok().output
    assert head == app.git("rev-parse", "HEAD").output


def test_fetch_brings_what_another_pushed(gasper):
    app = gasper.app("static")
    app.push().ok()
    copy = gasper.data / "work" / "a-fetch"
    run(["git", "clone", "-q", gasper.git_url(app.name), copy], env=gasper.git_environment()).ok()
    app.write("second.html", "second\n")
    commit = app.commit()
    app.push().ok()
    run(["git", "fetch", "-q"], cwd=copy, env=gasper.git_environment()).ok()
    assert run(["git", "rev-parse", "origin/main"], cwd=copy).ok().output.strip() == commit


def test_the_first_push_creates_the_app(gasper):
    app = gasper.app("static")
    assert app.name not in gasper.command("apps:list").ok().output
    app.push().ok()
    assert app.name in gasper.command("apps:list").ok().output


def test_pushing_the_same_again_is_no_deploy(gasper):
    app = gasper.app("static")
    app.push().ok()
    done = app.push().ok()
    assert "Everything up-to-date" in done.error
    assert app.version() == 1


def test_a_forced_push_of_other_history_deploys(gasper):
    app = gasper.app("static")
    app.push().ok()
    app.replace("index.html", "Hello", "Hello rewritten")
    app.git("commit", "-q", "--amend", "-a", "-m", "Other").ok()
    assert "rejected" in app.push().error, "without force git itself refuses"
    app.push("--force", "gasper", "main").ok()
    assert "Hello rewritten" in app.get().body


def test_two_pushes_at_once_end_with_one_winner_and_a_clear_refusal(gasper):
    import concurrent.futures
    app = gasper.app("python")
    app.push().ok()
    app.git("branch", "one").ok()
    app.git("checkout", "-q", "one").ok()
    app.replace("app.py", "Hello", "Hello from one")
    one = app.commit("One")
    app.git("checkout", "-q", "-b", "two", "main").ok()
    app.replace("app.py", "Hello", "Hello from two")
    two = app.commit("Two")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        pushes = list(pool.map(lambda b: app.push("gasper", f"+{b}:main"), ["one", "two"]))
    served, head = app.get().body, app.remote_head()
    assert (head, "Hello from one" in served) == (one, True) or (head, "Hello from two" in served) == (two, True)
    assert any(p.status == 0 for p in pushes)
    for p in pushes:
        assert p.status == 0 or "! [remote rejected]" in p.error


def test_deleting_the_branch_that_serves_is_refused(gasper):
    app = gasper.app("static")
    app.push().ok()
    done = app.push("gasper", ":main")
    assert done.status != 0 and "remote rejected" in done.error
    assert app.get().status == 200 and app.remote_head()


def test_progress_is_told_in_the_fields_style(gasper):
    app = gasper.app("python")
    lines = [l.removeprefix("remote: ").rstrip() for l in app.push().ok().error.splitlines() if l.startswith("remote:")]
    assert any(l.startswith("-----> Python app detected") for l in lines)
    assert any(l.startswith("       ") for l in lines), "details are indented by 7"
    assert any(f"http://{app.name}.{gasper.domain}:{gasper.http_port}" in l for l in lines), "the address is told"


def test_an_app_can_be_created_listed_shown_and_destroyed(gasper):
    gasper.command("apps:create", "short-lived").ok()
    listed = json.loads(gasper.command("apps:list", "--json").ok().output)
    assert "short-lived" in json.dumps(listed)
    assert "short-lived" in gasper.command("apps:info", "short-lived").ok().output
    gasper.command("apps:destroy", "short-lived", "--confirm", "short-lived").ok()
    assert gasper.command("apps:info", "short-lived").status != 0

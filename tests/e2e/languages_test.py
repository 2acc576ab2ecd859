"""What each language promises: a push is live, a second one changes it, a broken one changes nothing, back by command."""

import pytest

from harness import APPS, ROOT, wait_until

# Sample → the file that says Hello, and how a push breaks: (file, its new text, what the refusal must say).
NO_PROCFILE = ("Procfile", "this is no process type\n", "Procfile line 1")
SAMPLES = {
    "static": ("index.html", NO_PROCFILE),
    "php": ("index.php", NO_PROCFILE),
    "python": ("app.py", ("app.py", "raise SystemExit('broken on purpose')\n", "rejected")),
    "node": ("server.js", ("server.js", "throw new Error('broken on purpose')\n", "rejected")),
    "go": ("main.go", ("main.go", "package main\n\nfunc main() { undefined() }\n", "the Go build ended with status")),
    "ruby": ("config.ru", ("config.ru", "raise 'broken on purpose'\n", "rejected")),
}


@pytest.fixture(scope="module", params=SAMPLES)
def app(request, gasper):
    """One app per language; its tests below run in order and build on each other."""
    made = gasper.app(request.param, name=f"hello-{request.param}")
    made.language = request.param
    return made


def test_the_first_push_is_live(app):
    done = app.push().ok()
    assert "remote: ----->" in done.error
    answer = app.get()
    assert answer.status == 200 and answer.body.startswith("Hello")
    assert app.remote_head() == app.git("rev-parse", "HEAD").output.strip()


def test_a_second_push_is_live_with_the_new_content(app):
    file, _ = SAMPLES[app.language]
    app.replace(file, "Hello", "Hello again")
    app.commit()
    app.push().ok()
    # git has returned: the new content is what everybody gets, at once.
    assert {app.get().body.split("\n")[0][:11] for _ in range(20)} == {"Hello again"}


def test_a_broken_push_is_rejected_and_the_old_content_is_still_served(app):
    _, (file, text, said) = SAMPLES[app.language]
    before, version = app.remote_head(), app.version()
    app.write(file, text)
    app.commit("Broken")
    done = app.push()
    assert done.status != 0
    assert "! [remote rejected] main -> main (" in done.error and said in done.error
    assert app.get().body.startswith("Hello again")
    assert app.remote_head() == before
    assert app.version() == version
    app.git("reset", "-q", "--hard", "HEAD~1").ok()


def test_a_command_rolls_back_to_the_first_release(app):
    app.gasper.command("releases:rollback", app.name).ok()
    wait_until(lambda: not app.get().body.startswith("Hello again"), 20, "the old content")
    answer = app.get()
    assert answer.status == 200 and answer.body.startswith("Hello")
    # Back also means back in the repository's terms: the next push of the same commit works.
    app.commit("Again")
    app.push().ok()
    assert app.get().body.startswith("Hello again")


def test_every_language_is_tested_here():
    # A pack's folder names its language, and so does the language's sample; other samples are there for other things.
    languages = {p.name for p in (ROOT / "buildpacks" / "packs").iterdir() if p.is_dir()}
    assert languages == set(SAMPLES) and all((APPS / name).is_dir() for name in languages)

"""The dashboard's own tests: every page in Chromium, against a scripted API."""

from harness import ROOT, run


def test_every_page_works_in_a_browser():
    run(["node", ROOT / "web/dashboard/embed.mjs", "--install"], deadline=300).ok()
    run(["node", "--test", ROOT / "web/dashboard/tests/dashboard.test.mjs"], deadline=300).ok()

"""An app that does not listen where it was told is refused at the deadline."""

import textwrap


def test_an_app_that_listens_elsewhere_is_refused_with_where(own_gasper):
    own_gasper.environment["GASPER_START_DEADLINE"] = "5s"
    own_gasper.up()
    app = own_gasper.app(None, name="elsewhere")
    app.write("app.py", textwrap.dedent("""
        from http.server import HTTPServer, SimpleHTTPRequestHandler
        HTTPServer(("", 7777), SimpleHTTPRequestHandler).serve_forever()
        """))
    app.write("Procfile", "web: python3 app.py\n")
    app.commit()
    done = app.push()
    assert done.status != 0 and "! [remote rejected] main -> main" in done.error
    assert "7777" in done.error, "the refusal names the port that it does listen on"
    assert app.remote_head() == ""

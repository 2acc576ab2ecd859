"""What runs where, and what it uses: nodes, metrics, and the page that Prometheus reads."""

import json
import urllib.request

from harness import wait_until


def page(gasper):
    url = f"http://127.0.0.1:{gasper.environment['GASPER_METRICS_PORT']}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))


def shown(gasper, app):
    return json.loads(gasper.command("metrics", app, "--json").ok().output)


def points_of(gasper, app, instance):
    return [p for i in shown(gasper, app)["instances"] if i["name"] == instance for p in i["points"]]


def test_an_instance_shows_what_it_uses(gasper):
    app = gasper.app("static")
    app.push().ok()
    points = wait_until(lambda: points_of(gasper, app.name, "web.1"), seconds=60, what="numbers of web.1")
    assert all(0 <= p["cpus"] < 8 and p["memory_largest_bytes"] > 100_000 for p in points), points
    numbers = page(gasper)
    label = f'{{app="{app.name}",instance="web.1"}}'
    assert numbers[f"gasper_instance_up{label}"] == "1"
    assert float(numbers[f"gasper_instance_memory_bytes{label}"]) > 100_000
    assert float(numbers[f"gasper_instance_cpu_seconds_total{label}"]) > 0
    assert "web.1" in gasper.command("metrics", app.name).ok().output
    assert gasper.command("metrics", "nobodys").status == 1


def test_nodes_show_this_machine_and_what_runs_on_it(gasper):
    app = gasper.app("static")
    app.push().ok()
    [node] = json.loads(gasper.command("nodes", "--json").ok().output)
    assert node["state"] == "active" and node["capacity"]["memory_bytes"] > node["measured"]["memory_bytes"] > 0
    assert app.name in [i["app"] for i in node["instances"]]
    assert app.name in gasper.command("nodes:info", node["name"]).ok().output
    assert gasper.command("nodes:info", "nowhere").status == 1


def test_requests_are_counted_by_class_and_latency(gasper):
    app = gasper.app("static")
    app.push().ok()
    # Counting begins when the app was seen once.
    wait_until(lambda: points_of(gasper, app.name, "web.1"), seconds=60, what="numbers of web.1")
    for _ in range(20):
        assert app.get().status == 200
    assert app.get("/not-there").status == 404

    def total():
        return sum(p["requests"] for p in shown(gasper, app.name)["requests"])

    wait_until(lambda: total() >= 21, seconds=60, what="21 requests in the metrics")
    points = shown(gasper, app.name)["requests"]
    assert [sum(p["by_class"][c] for p in points) for c in range(6)] == [0, 0, 20, 0, 1, 0]
    assert all(0 < p["p50_ms"] <= p["p99_ms"] for p in points)
    assert float(page(gasper)[f'gasper_app_requests_total{{app="{app.name}",class="2xx"}}']) == 20
    assert "Requests: 21, 2xx 20, 4xx 1" in gasper.command("metrics", app.name).ok().output

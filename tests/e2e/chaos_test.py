"""Changes in random order under a mixed load: no request fails, no download is cut, and everything agrees afterwards."""

import chaos_load


def test_changes_in_random_order_fail_no_request_and_cut_no_download(gasper):
    app = chaos_load.make_app(gasper, "chaos")
    seed = 7
    with chaos_load.MixedLoad(app, 300, clients=1) as load:
        chaos_load.change(app, seed, 8)
    assert load.failures == [], f"seed {seed}"
    assert all(load.done.values()), load.done
    chaos_load.agree(app)

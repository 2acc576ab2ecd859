"""The DNS server is the authority for the domain, and for nothing else."""

import pytest


@pytest.fixture(scope="module")
def app(gasper):
    made = gasper.app("static", name="named")
    made.push().ok()
    return made


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_an_apps_name_resolves_with_authority(gasper, app, transport):
    text = gasper.dig(f"named.{gasper.domain}", "A", transport)
    assert "status: NOERROR" in text and " aa" in text.split("flags:")[1].split(";")[0]
    assert "127.0.0.1" in text


def test_the_domain_has_soa_and_ns(gasper, app):
    assert "SOA" in gasper.dig(gasper.domain, "SOA").split("ANSWER SECTION")[1]
    assert "NS" in gasper.dig(gasper.domain, "NS").split("ANSWER SECTION")[1]


def test_a_name_without_that_type_is_nodata_with_the_soa(gasper, app):
    text = gasper.dig(f"named.{gasper.domain}", "MX")
    assert "status: NOERROR" in text and "ANSWER: 0" in text and "SOA" in text


def test_a_name_that_does_not_exist_is_nxdomain(gasper, app):
    assert "status: NXDOMAIN" in gasper.dig(f"nobody.{gasper.domain}", "A")


def test_a_name_outside_the_zone_is_refused(gasper, app):
    assert "status: REFUSED" in gasper.dig("example.org", "A")


def test_a_destroyed_app_is_gone_from_the_zone(gasper, app):
    other = gasper.app("static")
    other.push().ok()
    assert "NOERROR" in gasper.dig(f"{other.name}.{gasper.domain}", "A")
    gasper.command("apps:destroy", other.name, "--confirm", other.name).ok()
    assert "NXDOMAIN" in gasper.dig(f"{other.name}.{gasper.domain}", "A")

"""One Gasper for the whole run; tests take apps of their own on it."""

import pytest

from harness import Gasper


@pytest.fixture(scope="session")
def gasper():
    made = Gasper()
    try:
        made.up()
        yield made
    finally:
        made.destroy()


@pytest.fixture
def own_gasper():
    """A Gasper that the test may kill and stop."""
    made = Gasper()
    try:
        yield made
    finally:
        made.destroy()


def pytest_configure(config):
    config.addinivalue_line("markers", "last: runs after all others, for it disturbs them")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)

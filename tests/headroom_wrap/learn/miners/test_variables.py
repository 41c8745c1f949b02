"""What is told of a variable's value."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.miners.variables import _shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_WEBHOOK_URL", "hooks.example.com/services/T0/B0/xyz"),
        ("MONGO_URL_TEST", "mongodb://db.internal:27017/app"),
        ("SENTRY_URL", "abc%40x:pw.host/3"),
        ("API_TOKEN", "abc"),
        ("BASE_HOST", "10.1.2.3/app"),
        ("HOME_DIR", "/home/ann"),
    ],
)
def test_the_name_alone(name: str, value: str) -> None:
    assert _shown(name, value) == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BROKER_URL", "tcp://localhost:1883"),
        ("DOCKER_HOST", "unix:///run/docker.sock"),
        ("BASE_HOST", "a.test"),
        ("DATABASE_URL_TEST", "postgres://localhost:5432/app"),
        ("NODE_ENV", "test"),
    ],
)
def test_the_value_too(name: str, value: str) -> None:
    assert _shown(name, value) == f"{name}={value}"

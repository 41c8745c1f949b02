"""The official clients once more, in an environment with other versions of them."""

from __future__ import annotations

from tests.headroom.integrations.test_sdk_clients import *  # noqa: F403

"""What a user's own words name to be used, and what not."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.miners.preferences import said


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("no, use Mox, not meck", "Mox", "meck"),
        ("please use Mox instead of meck", "Mox", "meck"),
        ("don't use cabal, use stack", "stack", "cabal"),
        ("we use terragrunt here, not terraform", "terragrunt", "terraform"),
        ("not pandas, use polars", "polars", "pandas"),
        ("never lodash here, we use remeda everywhere", "remeda", "lodash"),
        ("instead of argparse use click please", "click", "argparse"),
        ("prefer `pathlib` over `os.path`", "pathlib", "os.path"),
        ("pnpm not npm", "pnpm", "npm"),
        ("no yarn here, npm only", "npm", "yarn"),
        ("moment is deprecated here, please use dayjs", "dayjs", "moment"),
        ("replace requests with httpx", "httpx", "requests"),
        ("never use var, use const", "const", "var"),
    ],
)
def test_both_are_named(text: str, right: str, wrong: str) -> None:
    assert (right, wrong) in list(said(text))


@pytest.mark.parametrize(
    "text",
    [
        "", "no", "use the other one, not this", "not this, use that", "should return 429 instead of 503", "> use a, not b", "```\nuse nanosleep, not usleep\n```",
        "it is slow, not broken, and I do not know why",
        "npm warn deprecated request@2: use got instead of request", 'he wrote: "use a tool, not b"', "if we ever use bun, not npm, it is slow", "the docs say use a, not b",
    ],
)  # fmt: skip
def test_nothing_is_named(text: str) -> None:
    assert list(said(text)) == []


@pytest.mark.parametrize("part", ["use a ", "not a, ", "use a b c ", "> ", "```", "`a"])
def test_only_the_beginning_is_looked_at(part: str) -> None:
    assert list(said(part * 100_000)) == list(said(part * 1_000))

from __future__ import annotations

import base64
import hashlib
import importlib.util
import lzma
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import tokens

spec = importlib.util.spec_from_file_location("pack_vocabulary", Path(__file__).parents[2] / "scripts" / "pack_vocabulary.py")
pack_vocabulary = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pack_vocabulary)

PUBLISHED_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"


@pytest.mark.slow
def test_vocabulary_is_the_published_one():
    data = lzma.decompress(tokens.VOCABULARY.read_bytes())
    assert hashlib.sha256(data).hexdigest() == tokens.VOCABULARY_SHA256
    ranks = tokens.unpack(data)
    source = b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items())
    assert hashlib.sha256(source).hexdigest() == PUBLISHED_SHA256
    assert pack_vocabulary.pack(source) == data


def test_ranks_must_be_in_order():
    with pytest.raises(ValueError, match="rank 2"):
        pack_vocabulary.pack(b"YQ== 0\nYg== 2\n")


def test_vocabulary_stays_small():
    assert tokens.VOCABULARY.stat().st_size <= 900_000


def test_damaged_vocabulary_is_refused():
    with pytest.raises(ValueError, match="damaged"):
        tokens.unpack(b"\0" * 100)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # ids published for o200k_base: "hello world" is [24912, 2375], the marker is ordinary text
        ("", 0),
        ("hello world", 2),
        ("<|endoftext|>", 7),
        ("1234567890", 4),
        ("    return x\n", 4),
    ],
)
def test_known_counts(text, expected):
    assert tokens.count(text) == expected


def test_lone_surrogate_counts_like_the_replacement_character():
    assert tokens.count("a\ud800b") == tokens.count("a\ufffdb")


def whole(text: str) -> int:
    return len(tokens._encoding().encode_ordinary(text))


CODE = 'def f(self, x: int) -> str:\n    """It\'s so."""\n    return f"{x!r}/{self.y[0]}"; // ☃ naïve\r\n\n\t#1234567\n'


@pytest.mark.parametrize("unit", [CODE, '{"a":1,"b":[2,3.5e7],"c":"it\'s"},', "foo'd bar'LL x's ", "a\n\n  b/\n/c ", "GET /a/b?c=1 HTTP/1.1 200 -\n"])
def test_chunks_change_nothing(unit, monkeypatch):
    text = unit * 40
    expected = whole(text)
    for chunk in (1, 7, 50, 333):
        monkeypatch.setattr(tokens, "_CHUNK", chunk)
        assert tokens.count(text) == expected


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="abZ9 '\n\r\t/.,{}\"_ſİé中\u0301", max_size=60), st.text(max_size=20))
def test_a_cut_changes_no_count(left, right):
    text = left + right
    for found in tokens._CUT.finditer(text):
        assert whole(text[: found.end()]) + whole(text[found.end() :]) == whole(text)


@pytest.mark.parametrize("unit", ["a", " ", "=", "中", "\n", "a\u0301", "A", "_", "\U0001f600"])
def test_runs_are_nearly_exact(unit):
    text = unit * 100_000
    counted = tokens.count(text)
    assert abs(counted - whole(text[: 3 * tokens._SEARCHED]) * len(text) / (3 * tokens._SEARCHED)) <= counted * 0.01 + 8


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["a", " ", "=", "\t ", "xyzq"])
def test_long_runs_take_linear_time(unit):
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        best = float("inf")
        for _ in range(3):
            start = time.thread_time()
            tokens.count(text)
            best = min(best, time.thread_time() - start)
        return best

    tokens.count("loaded")
    # quadratic time would be 16 times as much
    assert seconds(800_000) < 8 * max(seconds(200_000), 0.002)


@pytest.mark.slow
def test_loads_in_the_background_and_opens_no_socket():
    program = (
        "import socket\n"
        "def no(*a, **k): raise AssertionError('network')\n"
        "socket.socket = socket.create_connection = socket.getaddrinfo = no\n"
        "from pipeline import tokens\n"
        "import sys\n"
        "assert 'tiktoken' not in sys.modules\n"
        "threads = [tokens.warm() for _ in range(3)]\n"
        "assert tokens.count('hello world') == 2\n"
        "[t.join() for t in threads]\n"
        "assert tokens._load.cache_info().misses == 1\n"
    )
    assert socket.socket  # this process is untouched
    subprocess.run([sys.executable, "-c", program], check=True, env={"TIKTOKEN_CACHE_DIR": "", "PATH": ""}, timeout=60)


# ----- estimate


SAMPLES = {
    "code": CODE * 30,
    "json": '{"id": 4711, "name": "build-agent-03", "status": "running", "labels": ["linux", "x64"], "cpu": 0.731}\n' * 50,
    "log": "2025-03-14T09:26:53.589Z INFO  [worker-7] c.e.app.OrderService - processed order 982451 in 35 ms\n" * 50,
    "prose": "The proxy lives on an ephemeral port, belongs to one session alone, and ends when its supervisor does. " * 50,
    "chinese": "把我们的服务器部署到生产环境之前，请先运行测试。" * 50,
    "long": "The same again, and again.\n" * 40_000,
}


@pytest.mark.parametrize("name", SAMPLES)
def test_estimate_is_near(name):
    text = SAMPLES[name]
    assert tokens.estimate(text) == pytest.approx(tokens.count(text), rel=0.4 if name == "chinese" else 0.25)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=200))
def test_any_text_has_a_count_and_an_estimate(text):
    assert tokens.count(text) >= (1 if text else 0)
    assert tokens.estimate(text) >= 0


def test_estimate_of_a_run_is_not_one_word():
    assert tokens.estimate("x" * 1_000_000) > 50_000
    assert tokens.estimate("".join(random.Random(1).choices("ab", k=100_000))) > 5_000


# ----- ratio


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("claude-3-5-sonnet-20241022", 1.10),
        ("claude-sonnet-4-20250514", 1.10),
        ("claude-sonnet-4-6", 1.10),
        ("claude-haiku-4-5-20251001", 1.10),
        ("claude-opus-4-6", 1.10),
        ("claude-opus-4-7", 1.30),
        ("claude-opus-4-8[1m]", 1.30),
        ("us.anthropic.claude-opus-4-7-v1:0", 1.30),
        ("claude-opus-4-20250514", 1.10),
        ("claude-sonnet-5", 1.30),
        ("claude-haiku-5-5", 1.30),
        ("claude-fable-5", 1.30),
        ("anthropic/claude-opus-4.8", 1.30),
        ("gpt-5.5", 1.0),
        ("gemini-3.5-flash", 1.0),
        ("", 1.0),
    ],
)
def test_ratio(model, expected):
    assert tokens.ratio(model) == expected


@pytest.mark.parametrize(
    "line",
    [
        "-" * 120,
        "=" * 79,
        "│" + "─" * 100 + "│",
        "_" * 200,
        "*" * 79,
        " " * 100 + "x",
        "我们在这个项目中使用了新的方法来处理数据",
        "0a1b2c3d4e5f",
        "",
        "😀✅❌" * 9,
    ],
)
def test_of_no_long_text_about_is_far_off(line):
    text = (line + "\n") * (70_000 // (len(line) + 1))
    assert tokens.about(text) == pytest.approx(tokens.count(text), rel=0.2)
    assert tokens.about(line) == tokens.count(line)


# ----- samples


WORDS = "request served user-17 GET /api/v1/items 200 0x7f3a ERROR timeout {'a': 1} 12.5ms deadbeefcafe".split()


def test_a_short_text_is_counted_and_not_sampled():
    text = "one two three\n" * 100
    assert tokens.sampled(text) == tokens.Sampled(tokens.count(text), 0.0)


@pytest.mark.parametrize("seed", range(12))
def test_a_sampled_count_is_within_what_it_says(seed):
    source = random.Random(seed)
    text = "\n".join(" ".join(source.choices(WORDS, k=source.randint(1, 30))) for _ in range(source.randint(200, 3000)))
    found = tokens.sampled(text)
    assert found.within > 0 or len(text) <= 8192
    assert found.least <= tokens.count(text) <= found.most


def test_records_of_one_length_do_not_mislead():
    record = "word " * 150 + "0123456789abcdef" * 17 + "\n"  # of 1023 characters, nearly what lies between two samples
    text = record * 64
    found = tokens.sampled(text)
    assert found.least <= tokens.count(text) <= found.most


@pytest.mark.parametrize("text", ["\ud800" * 9000, "\n" * 9000, " " * 100_000, "x" * 8193, "\0" * 20_000])
def test_any_long_text_is_sampled(text):
    assert tokens.sampled(text).tokens > 0

"""``GET /metrics``: this proxy's counters in Prometheus' text format, version 0.0.4. Pure.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headroom.version import VERSION
from headroom_wrap.proxy.endpoints.tally import BOUNDS_S, Durations, Tally

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[str, Mapping[str, str], float]  # suffix of the name, labels, value


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric.

    Args:
        name: without the prefix.
        kind: ``counter``, ``gauge`` or ``histogram``.
        help: one sentence.
        samples: its values.
    """

    name: str
    kind: str
    help: str
    samples: tuple[Sample, ...]


def text(tally: Tally, resident: int) -> str:
    """All metrics.

    Args:
        tally: what is counted.
        resident: bytes of memory that the process holds.
    """
    return "".join(_written(metric) for metric in _metrics(tally, resident))


def _metrics(tally: Tally, resident: int) -> list[Metric]:
    usage = tally.usage
    classes = {
        "input": usage.input,
        "cache_write_5m": usage.cache_write_5m,
        "cache_write_1h": usage.cache_write_1h,
        "cache_read": usage.cache_read,
        "output": usage.output,
    }
    endpoints: tuple[Sample, ...] = tuple(("", {"endpoint": name, "status": str(status)}, n) for (name, status), n in sorted(tally.answered.items()))
    return [
        Metric("build_info", "gauge", "Always 1; the version is in the label.", (("", {"version": VERSION}, 1),)),
        _one("start_time_seconds", "gauge", "When the proxy started, in Unix time.", tally.started),
        _one("resident_memory_bytes", "gauge", "Memory that the proxy process holds.", resident),
        _one("requests_total", "counter", "Requests that came for the model.", tally.requests),
        _one("unread_requests_total", "counter", "Requests among them in which no messages are understood.", tally.unread),
        _by("responses_total", "model", "Responses that the provider charged for.", tally.models),
        _by("tokens_total", "class", "Tokens that the provider charged for, by the class in which they are billed.", classes),
        _by("removed_tokens_total", "compressor", "Tokens left out of prompts, estimated.", tally.compressors),
        _by("blocks_total", "reason", "New tool results by what became of them.", tally.reasons),
        _by("troubles_total", "kind", "What went wrong.", tally.troubles),
        _one("cost_dollars_total", "counter", "Dollars at list price, of models whose price is known.", tally.cost),
        _one("cost_without_dollars_total", "counter", "What the untouched requests would have cost, estimated.", tally.cost_without),
        _one("overhead_dollars_total", "counter", "Dollars that Headroom's own presence cost, estimated.", tally.overhead),
        _times("time_to_first_byte_seconds", "From a request's arrival to the first byte of its answer.", tally.first_byte),
        _times("added_seconds", "The part of the time to the first byte that is ours.", tally.added),
        Metric("endpoint_answers_total", "counter", "Answers of the proxy's own endpoints.", endpoints),
        _one("compress_requests_total", "counter", "Lists of messages compressed on request.", tally.compress_requests),
        _one("compress_saved_tokens_total", "counter", "Tokens left out of them.", tally.compress_saved),
        _one("retrievals_total", "counter", "Originals that were fetched, over HTTP or by this proxy for a model.", tally.retrievals),
    ]


def _one(name: str, kind: str, said: str, value: float) -> Metric:
    return Metric(name, kind, said, (("", {}, value),))


def _by(name: str, label: str, said: str, counts: Mapping[str, int]) -> Metric:
    # A count of tokens may go down where a rewrite was larger than it seemed; a counter may not.
    return Metric(name, "counter", said, tuple(("", {label: key}, max(n, 0)) for key, n in sorted(counts.items())))


def _times(name: str, said: str, times: Durations) -> Metric:
    samples: list[Sample] = [("_bucket", {"le": repr(bound)}, n) for bound, n in zip(BOUNDS_S, times.counts, strict=True)]
    samples += [("_bucket", {"le": "+Inf"}, times.number), ("_sum", {}, times.total), ("_count", {}, times.number)]
    return Metric(name, "histogram", said, tuple(samples))


def _written(metric: Metric) -> str:
    name = f"headroom_{metric.name}"
    lines = [f"# HELP {name} {metric.help}", f"# TYPE {name} {metric.kind}"]
    lines += [f"{name}{suffix}{_labels(labels.items())} {value!r}" for suffix, labels, value in metric.samples]
    return "\n".join(lines) + "\n"


def _labels(pairs: Iterable[tuple[str, str]]) -> str:
    written = ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs)
    return f"{{{written}}}" if written else ""


def _escaped(value: str) -> str:
    clean = value.encode("utf-8", "replace").decode("utf-8")
    return clean.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

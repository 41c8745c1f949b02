"""SRE debugging: a table of pods, logs of two services, the rules of the monitoring, a client's log."""

from __future__ import annotations

import json
import random
from typing import Any

from benchmarks.workloads.case import Case, Needle, tool_call

_SERVICES = "checkout catalog payment cart search mail ads currency shipping review auth gateway session inventory report".split()
_SPACES = ("shop", "monitoring", "kube-system")
_RULES = (
    "TargetDown PodCrashLooping PodNotReady ReplicasMismatch JobFailed CpuOvercommit DiskFilling CertificateExpiry ApiErrors NodeNotReady".split()
)


def sre(seed: int) -> Case:
    """Which pods are unhealthy, which requests are slow, which alerts fire."""
    rng = random.Random(seed)
    query = "Checkout is slow and some pods look unhealthy. Find out which pods are unhealthy, which requests are slow, and which alerts fire."
    messages: list[dict[str, Any]] = [{"role": "user", "content": query}]
    needles: list[Needle] = []
    messages += tool_call(1, "kubectl_get_pods", {"all_namespaces": True}, _pods(rng, needles), "Start with the pods.")
    messages += tool_call(2, "kubectl_logs", {"pod": "checkout-service"}, _requests(rng, "checkout", 110, 7, needles), "Now the checkout logs.")
    messages += tool_call(3, "kubectl_logs", {"pod": "payment-service", "tail": 200}, _requests(rng, "payment", 60, 0, []), "Now the payment logs.")
    messages += tool_call(4, "prometheus_rules", {}, _rules(rng, needles), "Alerts.")
    messages += tool_call(5, "kubectl_logs", {"pod": "client"}, _client(rng), "And the client pod.")
    return Case(f"sre-{seed}", "SRE debugging", query, messages, tuple(needles))


def _hash(rng: random.Random, length: int) -> str:
    return "".join(rng.choice("bcdfghjklmnpqrstvwxz2456789") for _ in range(length))


def _pods(rng: random.Random, needles: list[Needle]) -> str:
    rows = [("NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "LABELS")]
    sick = rng.sample(range(70), 2)
    for place in range(70):
        service = _SERVICES[place % len(_SERVICES)]
        pod_hash = _hash(rng, 10)
        name = f"{service}-service-{pod_hash}-{_hash(rng, 5)}"
        labels = f"app.kubernetes.io/name={service},app.kubernetes.io/managed-by=helm,pod-template-hash={pod_hash}"
        status, ready, restarts = "Running", "1/1", str(rng.randrange(2))
        if place in sick:
            status, ready, restarts = rng.choice(["CrashLoopBackOff", "ImagePullBackOff"]), "0/1", f"{rng.randrange(20, 90)} (2m ago)"
            needles.append(Needle(((name, status),), "an unhealthy pod"))
        address = f"10.244.{place % 5}.{rng.randrange(2, 250)}"
        rows.append((_SPACES[place % 7 % 3], name, ready, status, restarts, f"{rng.randrange(1, 9)}d", address, f"worker-{place % 5}", labels))
    widths = [max(len(row[i]) for row in rows) for i in range(9)]
    return "\n".join("   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def _requests(rng: random.Random, service: str, count: int, slow: int, needles: list[Needle]) -> str:
    host = f"{service}-service-{_hash(rng, 10)}-{_hash(rng, 5)}"
    at = 1_742_277_256_921
    chosen = set(rng.sample(range(count), slow))
    lines = [_pino(host, at, {"msg": "Server listening at http://0.0.0.0:3004"}), "Backend server is running on http://localhost:3004"]
    for number in range(count):
        request = f"req-{number:x}"
        health = number % 2 == 0 and number not in chosen
        url, method = (f"/{service}/health", "GET") if health else (f"/{service}/api/{service}", "POST")
        at += rng.randrange(2000, 9000)
        asked = {
            "method": method,
            "url": url,
            "host": f"{service}-service:3004",
            "remoteAddress": f"10.244.2.{rng.randrange(2, 20)}",
            "remotePort": rng.randrange(30000, 60000),
        }
        lines.append(_pino(host, at, {"reqId": request, "req": asked, "msg": "incoming request"}))
        lines.append(
            "** headers health -> undefined"
            if health
            else f'** headers process_{service} -> "00-{rng.getrandbits(128):032x}-{rng.getrandbits(64):016x}-01"'
        )
        took = rng.uniform(4800, 7900) if number in chosen else rng.uniform(1, 9) if health else rng.uniform(80, 400)
        at += int(took)
        lines.append(_pino(host, at, {"reqId": request, "res": {"statusCode": 200}, "responseTime": took, "msg": "request completed"}))
        if number in chosen:
            needles.append(Needle(((request, repr(took)),), "a slow request"))
    return "\n".join(lines)


def _pino(host: str, at: int, more: dict[str, Any]) -> str:
    return json.dumps({"level": 30, "time": at, "pid": 1, "hostname": host, **more}, separators=(",", ":"))


def _rules(rng: random.Random, needles: list[Needle]) -> str:
    firing = set(rng.sample(range(90), 5))
    groups: list[dict[str, Any]] = []
    for place in range(90):
        if place % 9 == 0:
            groups.append(
                {
                    "name": f"{_SERVICES[place // 9]}.rules",
                    "file": f"/etc/prometheus/rules/{_SERVICES[place // 9]}-{_hash(rng, 8)}.yaml",
                    "rules": [],
                    "interval": 30,
                }
            )
        name = f"{_SERVICES[place // 9].capitalize()}{_RULES[place % 10]}{place}"
        metric = f"{_SERVICES[place // 9]}_{_RULES[place % 10].lower()}_total"
        alerts = []
        if place in firing:
            needles.append(Needle(((name,),), "a firing alert"))
            labels = {"alertname": name, "namespace": rng.choice(_SPACES), "severity": "critical"}
            alerts = [
                {
                    "labels": labels,
                    "annotations": {"summary": f"{metric} is too high"},
                    "state": "firing",
                    "activeAt": "2025-09-08T11:31:12Z",
                    "value": "1e+00",
                }
            ]
        groups[-1]["rules"].append({
            "state": "firing" if place in firing else "inactive",
            "name": name,
            "query": f"sum by (namespace, service) (rate({metric}[5m])) / sum by (namespace) (rate(requests_total[5m])) > {rng.randrange(1, 90)}",
            "duration": rng.choice([60, 300, 600, 900]),
            "keepFiringFor": 0,
            "labels": {"severity": rng.choice(["warning", "critical", "info"])},
            "annotations": {
                "description": f"{{{{ $value | humanize }}}} of {metric} in {{{{ $labels.namespace }}}} is above what is agreed.",
                "runbook_url": f"https://runbooks.example.com/{name.lower()}",
                "summary": f"{metric} is too high",
            },
            "alerts": alerts,
            "health": "ok",
            "evaluationTime": rng.uniform(0.0001, 0.002),
            "lastEvaluation": f"2025-09-08T11:51:{rng.randrange(10, 60)}.{rng.randrange(10**9):09}Z",
            "type": "alerting",
        })  # fmt: skip
    return json.dumps({"groups": groups}, indent=2)


def _client(rng: random.Random) -> str:
    lines = ["Starting connection tests to http://gateway.shop", "Press Ctrl+C to stop the client"]
    for number in range(200):
        at = f"2025-06-20 13:{number // 6:02}:{number % 6 * 10:02}"
        if rng.random() < 0.4:
            lines.append(
                f"Connection error: ConnectionPool(host='gateway.shop', port=80): Max retries exceeded with url: / (Caused by NameResolutionError("
                f"\"<Connection object at 0x7f{rng.getrandbits(40):010x}>: Failed to resolve 'gateway.shop' ([Errno -3] Try again)\")) - Time: {at}"
            )
        else:
            lines.append(f"Success! Status Code: 200, Time: {at}")
    return "\n".join(lines)

"""What the demo's tools return: seeded, so that every run shows the same figures."""

from __future__ import annotations

import json
import random

_SERVICES = ("api", "billing", "search", "worker", "mailer")
_ROUTES = ("/v1/orders", "/v1/orders/{id}", "/v1/customers/{id}", "/v1/search", "/v1/invoices/{id}/lines")
_FIRST_NAMES = ("Ada", "Grace", "Edsger", "Barbara", "Donald", "Radia", "Leslie", "Margaret")


def log(lines: int = 320) -> str:
    """A day of a service's log with one failure in it: the demo's agent looks for that."""
    random_ = random.Random(7)
    out = []
    for n in range(lines):
        time = f"2026-03-14T{8 + n // 600:02d}:{n // 10 % 60:02d}:{n % 10 * 6:02d}.{random_.randrange(1000):03d}Z"
        service = random_.choice(_SERVICES)
        route = random_.choice(_ROUTES).replace("{id}", str(random_.randrange(10_000, 99_999)))
        if n == 215:
            out += _failure(time)
        elif random_.random() < 0.02:
            out.append(f"{time} WARN  {service} slow query took {random_.randrange(900, 2500)} ms on replica-{random_.randrange(3)}")
        elif random_.random() < 0.3:
            out.append(f"{time} DEBUG {service} cache hit key=session:{random_.getrandbits(48):012x} ttl={random_.randrange(30, 900)}")
        else:
            out.append(f"{time} INFO  {service} GET {route} 200 {random_.randrange(2, 90)} ms request_id={random_.getrandbits(64):016x}")
    return "\n".join(out) + "\n"


def _failure(time: str) -> list[str]:
    return [
        f"{time} ERROR billing invoice 48213 could not be posted: LedgerOutOfBalance: debit 1299.00 credit 1298.99",
        "Traceback (most recent call last):",
        '  File "/srv/billing/post.py", line 118, in post_invoice',
        "    ledger.commit(entry)",
        '  File "/srv/billing/ledger.py", line 64, in commit',
        "    raise LedgerOutOfBalance(debit, credit)",
        "billing.ledger.LedgerOutOfBalance: debit 1299.00 credit 1298.99",
    ]


def hits() -> str:
    """A search over a code base."""
    random_ = random.Random(11)
    out = []
    for n in range(40):
        path = f"{random_.choice(_SERVICES)}/handlers/orders_{n:02d}.py"
        for line in sorted(random_.sample(range(10, 400), 5)):
            out.append(f"{path}:{line}:    total = round_amount(order.{random_.choice(('net', 'gross', 'tax'))}, currency=order.currency)")
    for line in (31, 57, 64):
        out.append(f"billing/ledger.py:{line}:    amount = round_amount(entry.amount, currency=entry.currency)")
    return "\n".join(out) + "\n"


def issues(count: int = 60) -> str:
    """An issue tracker's answer."""
    random_ = random.Random(13)
    found = []
    for n in range(count):
        number = 900 + n
        name = random_.choice(_FIRST_NAMES)
        found.append(
            {
                "id": 71_000_000 + number,
                "number": number,
                "url": f"https://tracker.example/api/repos/acme/shop/issues/{number}",
                "html_url": f"https://tracker.example/acme/shop/issues/{number}",
                "title": f"{random_.choice(('Rounding', 'Timeout', 'Wrong total', 'Duplicate mail', 'Slow page'))} in {random_.choice(_SERVICES)}",
                "user": {"login": name.lower(), "id": 100 + len(name), "type": "User", "site_admin": False},
                "labels": [{"name": random_.choice(("bug", "question", "feature")), "color": "d73a4a"}],
                "state": "closed" if n % 7 else "open",
                "assignee": None,
                "comments": random_.randrange(12),
                "created_at": f"2026-02-{1 + n % 28:02d}T09:{n:02d}:00Z",
                "updated_at": f"2026-03-{1 + n % 14:02d}T10:{n:02d}:00Z",
            }
        )
    found[41]["title"] = "Invoices off by one cent when the tax is rounded per line"
    return json.dumps(found, indent=2)


def source() -> str:
    """A source file as an agent reads it before it edits: never compressed on first sight, a reference on the second."""
    functions = "\n".join(
        f'''def rule_{n:02d}(amount: Decimal, currency: str) -> Decimal:
    """Rounding rule {n} of the tax table."""
    places = CURRENCIES.get(currency, 2)
    step = Decimal(1).scaleb(-places)
    return (amount * FACTORS[{n}]).quantize(step, rounding=ROUND_HALF_UP)

'''
        for n in range(30)
    )
    head = '"""How amounts are rounded."""\n\nfrom decimal import ROUND_HALF_UP, Decimal\n\nfrom billing.tables import CURRENCIES, FACTORS\n'
    text = f"{head}\n\n{functions}"
    return "\n".join(f"{n}\t{line}" for n, line in enumerate(text.split("\n"), 1))

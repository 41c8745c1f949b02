"""Issue triage: pages of a forge's issue list, every issue with its people, labels, links and body."""

from __future__ import annotations

import json
import random
from typing import Any

from benchmarks.workloads.case import Case, Needle, tool_call

_API = "https://api.forge.example.com"
_WEB = "https://forge.example.com"
_REPO = "studio/framework"
_PARTS = "mesh shader window font camera texture serial sound video thread vector path light image buffer mouse".split()
_WISHES = (
    "support for {} on tablets|faster {} start|document the {} class|rename {} methods|{} examples are out of date|accept URLs in {} loader".split(
        "|"
    )
)
_CRASHES = "crash when {} is resized twice|{} export is broken|segfault in {} destructor|{} build fails with new compiler".split("|")
_WORDS = (
    "the when loading a file with more than one layer it happens only on some machines after an update of driver I expected that value to stay "
    "same as before but instead it changes with each frame which makes the example useless for anyone who needs stable results over time"
).split()
_LABELS = ("bug", "feature", "core", "docs", "good first issue", "section-video", "section-graphics", "needs-info")
_PEOPLE = [f"{a}{b}" for a in ("ada", "bo", "cleo", "dag", "eli", "fay", "gus", "ines") for b in ("hart", "wood", "stein", "marsh")]


def triage(seed: int, pages: int = 3, per_page: int = 25) -> Case:
    """Which issues report a crash or a breakage, and which one has the most comments."""
    rng = random.Random(seed)
    query = "Triage these issues: which report a crash or breakage (title, author, link), and which has the most comments?"
    messages: list[dict[str, Any]] = [{"role": "user", "content": query}]
    needles: list[Needle] = []
    issues: list[dict[str, Any]] = []
    number = 1400
    for page in range(1, pages + 1):
        listed = []
        crashes = rng.sample(range(per_page), 2)
        for place in range(per_page):
            number -= rng.randrange(1, 4)
            listed.append(_issue(rng, number, crash=place in crashes))
        issues += listed
        arguments = {"repo": _REPO, "state": "open", "per_page": per_page, "page": page}
        messages += tool_call(page, "forge_list_issues", arguments, json.dumps(listed, separators=(",", ":")))
    most = rng.choice([i for i in issues if not _is_crash(i)])
    most["comments"] = 87
    messages = messages[:1]
    for page in range(1, pages + 1):
        text = json.dumps(issues[(page - 1) * per_page : page * per_page], separators=(",", ":"))
        messages += tool_call(page, "forge_list_issues", {"repo": _REPO, "state": "open", "per_page": per_page, "page": page}, text)
    for issue in issues:
        if _is_crash(issue):
            needles.append(Needle(((issue["title"], issue["user"]["login"]),), "a crash and who reported it"))
            needles.append(Needle(((issue["html_url"],), (f"{_WEB}/{_REPO}/issues/", str(issue["number"]))), "its link"))
    needles.append(Needle(((most["title"],),), "the most comments"))
    return Case(f"issue-triage-{seed}", "issue triage", query, messages, tuple(needles))


def _is_crash(issue: dict[str, Any]) -> bool:
    return any(word in issue["title"] for word in ("crash", "broken", "segfault", "fails"))


def _person(rng: random.Random) -> dict[str, Any]:
    login = rng.choice(_PEOPLE)
    number = 1000 + _PEOPLE.index(login) * 37
    links = (
        "followers",
        "following{/other_user}",
        "gists{/gist_id}",
        "starred{/owner}{/repo}",
        "orgs",
        "repos",
        "events{/privacy}",
        "received_events",
    )
    return {
        "login": login,
        "id": number,
        "avatar_url": f"https://avatars.forge.example.com/u/{number}?v=4",
        "url": f"{_API}/users/{login}",
        "html_url": f"{_WEB}/{login}",
        **{f"{link.split('{')[0]}_url": f"{_API}/users/{login}/{link}" for link in links},
        "type": "User",
        "site_admin": False,
    }


def _issue(rng: random.Random, number: int, *, crash: bool) -> dict[str, Any]:
    part = rng.choice(_PARTS)
    title = f"{rng.choice(_CRASHES if crash else _WISHES).format(part)} ({number})"
    url = f"{_API}/repos/{_REPO}/issues/{number}"
    day = f"2024-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    body = " ".join(rng.choice(_WORDS) for _ in range(rng.randrange(20, 120)))
    return {
        "url": url,
        "repository_url": f"{_API}/repos/{_REPO}",
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{_WEB}/{_REPO}/issues/{number}",
        "id": 4_000_000 + number,
        "number": number,
        "title": title,
        "user": _person(rng),
        "labels": [
            {"id": 100 + _LABELS.index(name), "url": f"{_API}/repos/{_REPO}/labels/{name}", "name": name, "color": "db6a1f"}
            for name in rng.sample(_LABELS, 2)
        ],
        "state": "open",
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": rng.randrange(0, 15),
        "created_at": f"{day}T{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}Z",
        "updated_at": f"{day}T23:{rng.randrange(60):02}:{rng.randrange(60):02}Z",
        "closed_at": None,
        "author_association": rng.choice(["NONE", "NONE", "MEMBER", "CONTRIBUTOR"]),
        "body": body,
        "reactions": {"url": f"{url}/reactions", "total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "confused": 0, "heart": 0, "rocket": 0, "eyes": 0},
    }

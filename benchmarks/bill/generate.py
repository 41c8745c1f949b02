"""Sessions made from a seed: 6 to 300 turns with pauses, parallel calls, subagents, turns taken back, conversations begun anew from a summary."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.bill.outputs import Call, Project, sentences
from benchmarks.bill.session import Prompt, Session, Step
from benchmarks.bill.wires import WIRES

_COMPACT_ABOVE = 600_000  # characters of a conversation: about 150,000 tokens, where agents with a window of 200,000 summarise
_SPEED = 300.0  # characters a second that a model answers
_TOOLS = {
    "Read": ("file_path", "offset", "limit"),
    "Edit": ("file_path", "old_string", "new_string"),
    "Grep": ("pattern", "path", "output_mode", "-n"),
    "Glob": ("pattern", "path"),
    "Bash": ("command",),
    "WebFetch": ("url", "prompt"),
    "Task": ("description", "prompt"),
    "search_code": ("query", "page"),
    "kubectl_get_pods": ("all_namespaces",),
    "kubectl_logs": ("pod", "tail"),
    "prometheus_rules": (),
    "forge_list_issues": ("repo", "state", "per_page", "page"),
}
_KINDS: dict[str, tuple[Callable[[Project], Call], bool]] = {
    "investigation": (Project.looking, True),
    "coding": (Project.coding, True),
    "talk": (Project.talking, False),
}


@dataclass(frozen=True)
class Plan:
    """What a generated session is like.

    Args:
        kind: ``investigation`` (large outputs of all kinds), ``coding`` (reads, edits, tests), ``talk`` (little of tools).
        wire, model: what it speaks to.
        seed: decides everything else.
        turns: requests of the main conversation.
        ttl: how long an Anthropic client asks to keep prefixes.
    """

    kind: str
    wire: str
    model: str
    seed: int
    turns: int
    ttl: str = "5m"

    @property
    def name(self) -> str:
        """A name for it."""
        return f"{self.kind}-{self.model}-{self.turns}-{self.seed}"


def generated(plan: Plan) -> Session:
    """The session of a plan."""
    return Session(plan.name, plan.kind, plan.wire, plan.model, lambda: _Agent(plan).steps(), _KINDS[plan.kind][1])


def plans(seed: int = 0, most_turns: int = 300) -> list[Plan]:
    """The sessions of a run: for Anthropic short and long ones of each kind, for the other APIs a few."""
    lengths = [turns for turns in (6, 12, 50, 120, 300) if turns <= most_turns]
    made = [
        Plan(kind, "anthropic", "claude-opus-4-8", seed + 10 * n + k, turns, "1h" if n % 2 else "5m")
        for n, turns in enumerate(lengths)
        for k, kind in enumerate(_KINDS)
    ]
    others = [(name, model) for name in ("openai", "gemini") for model in WIRES[name].models]
    return made + [
        Plan(kind, wire, model, seed + 100 + k, turns)
        for wire, model in others
        for turns in (12, 60)
        if turns <= most_turns
        for k, kind in enumerate(_KINDS)
    ]


@dataclass
class _Talk:
    """One conversation: its messages and how long they are."""

    session: str
    system: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def say(self, role: str, blocks: list[dict[str, Any]]) -> None:
        self.messages.append({"role": role, "content": blocks})
        self.sizes.append(len(json.dumps(blocks)))

    def cut(self, length: int) -> None:
        del self.messages[length:], self.sizes[length:]


class _Agent:
    """Makes the steps of one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rng = random.Random(plan.seed)
        self._project = Project(plan.seed)
        self._wire = WIRES[plan.wire]
        self._tools = _tools(self._rng)
        self._now = 0.0
        self._calls = 0
        self._talk = _Talk(f"session-{plan.seed}", "You are an agent that works on a shop. " + sentences(self._rng, 2200))

    def steps(self) -> Iterator[Step]:
        """All requests in order."""
        turns, rng, talk = self._plan.turns, self._rng, self._talk
        asides = sorted(rng.sample(range(2, max(turns, 3)), min(turns // 25, max(turns, 3) - 2)))  # a subagent or a turn taken back
        talk.say("user", [_text("# Instructions of the project\n" + sentences(rng, 400)), _text(sentences(rng, 40))])
        until_user = rng.randrange(4, 20)
        for turn in range(turns):
            if sum(talk.sizes) > _COMPACT_ABOVE:
                yield from self._compact(talk)
            ends = until_user == 0
            yield self._ask(talk, [] if ends else self._calls_of(talk))
            if ends:
                self._now += rng.choices([rng.uniform(5, 120), rng.uniform(310, 900), rng.uniform(3700, 9000)], [70, 24, 6])[0]
                talk.say("user", [_text(sentences(rng, rng.randrange(8, 60)))])
                until_user = rng.randrange(4, 20)
            else:
                until_user -= 1
            if turn in asides:
                yield from self._subagent(talk) if rng.random() < 0.6 else self._back(talk)

    def _ask(self, talk: _Talk, calls: Sequence[Call], tools: Sequence[dict[str, Any]] | None = None) -> Step:
        """One request; the answer and the results of its calls are appended."""
        rng = self._rng
        request = self._request(talk, self._tools if tools is None else tools)
        said = [_text(sentences(rng, rng.randrange(5, 60 if calls else 250)))]
        results = []
        for name, arguments, result in calls:
            self._calls += 1
            said.append({"type": "tool_use", "id": f"toolu_{self._plan.seed:03}{self._calls:05}", "name": name, "input": arguments})
            results.append({"type": "tool_result", "tool_use_id": said[-1]["id"], "content": result or "(no output)"})
        step = Step(self._now, request, said)
        talk.say("assistant", said)
        if results:
            talk.say("user", results)
        self._now += 2 + len(json.dumps(said)) / _SPEED + sum(rng.uniform(0.2, 12) for _ in calls)
        return step

    def _request(self, talk: _Talk, tools: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return self._wire.request(Prompt(self._plan.model, talk.session, talk.system, tools, talk.messages, self._plan.ttl))

    def _calls_of(self, talk: _Talk) -> list[Call]:
        draw = _KINDS[self._plan.kind][0]
        return [draw(self._project) for _ in range(self._rng.choices([1, 2, 3], [75, 18, 7])[0])]

    def _subagent(self, parent: _Talk) -> Iterator[Step]:
        """A task that another conversation does; its last words are the result."""
        prompt = sentences(self._rng, 50)
        child = _Talk(f"{parent.session}-a{self._calls}", "You are a subagent. " + sentences(self._rng, 700))
        child.say("user", [_text(prompt)])
        tools = [tool for tool in self._tools if tool["name"] != "Task"]
        report = sentences(self._rng, 120)
        yield self._ask(parent, [("Task", {"description": "look around", "prompt": prompt}, report)])
        for _ in range(self._rng.randrange(3, 12)):
            yield self._ask(child, self._calls_of(child), tools)
        yield self._ask(child, [], tools)

    def _back(self, talk: _Talk) -> Iterator[Step]:
        """The user takes the last turns back and says something else."""
        answers = [i for i, message in enumerate(talk.messages) if message["role"] == "assistant"]
        if len(answers) > 4:
            talk.cut(answers[-self._rng.randrange(1, 4)])
            self._now += self._rng.uniform(20, 90)
            talk.messages[-1] = {"role": "user", "content": [*talk.messages[-1]["content"], _text(sentences(self._rng, 20))]}
            yield self._ask(talk, self._calls_of(talk))

    def _compact(self, talk: _Talk) -> Iterator[Step]:
        """The conversation is summarised and begun anew."""
        asked = _text("Summarise this conversation. " + sentences(self._rng, 300))
        talk.messages[-1] = {"role": "user", "content": [*talk.messages[-1]["content"], asked]}
        summary = sentences(self._rng, 900)
        yield Step(self._now, self._request(talk, self._tools), [_text(summary)])
        self._now += len(summary) / _SPEED
        talk.cut(0)
        talk.say("user", [_text("This session goes on from a summary: " + summary)])


def _tools(rng: random.Random) -> list[dict[str, Any]]:
    """Tools with descriptions as long as agents give them."""
    return [
        {
            "name": name,
            "description": sentences(rng, rng.randrange(100, 500)),
            "input_schema": {"type": "object", "properties": {key: {"type": "string", "description": sentences(rng, 12)} for key in arguments}},
        }
        for name, arguments in _TOOLS.items()
    ]


def _text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}

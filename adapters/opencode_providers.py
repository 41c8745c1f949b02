"""opencode's providers: which of them a user can reach, and under which address. Values in, values out.

opencode knows some two hundred providers from a catalogue that it keeps in its cache. The table here stands in for it before the first run, and
says what the catalogue does not: the address that an SDK takes by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

OPENAI, ZEN = "openai", "opencode"
_SDKS = {  # package of an SDK -> its own address
    "@ai-sdk/anthropic": "https://api.anthropic.com/v1",
    "@ai-sdk/openai": "https://api.openai.com/v1",
    "@ai-sdk/google": "https://generativelanguage.googleapis.com/v1beta",
    "@ai-sdk/xai": "https://api.x.ai/v1",
    "@ai-sdk/mistral": "https://api.mistral.ai/v1",
    "@ai-sdk/groq": "https://api.groq.com/openai/v1",
    "@ai-sdk/cerebras": "https://api.cerebras.ai/v1",
    "@ai-sdk/deepinfra": "https://api.deepinfra.com/v1",
    "@ai-sdk/togetherai": "https://api.together.xyz/v1",
    "@ai-sdk/perplexity": "https://api.perplexity.ai",
    "@ai-sdk/vercel": "https://api.v0.dev/v1",
    "venice-ai-sdk-provider": "https://api.venice.ai/api/v1",
}
_COMPATIBLE = "@ai-sdk/openai-compatible"
# Their address is made of an account or a region, differs from model to model, or is part of what is signed.
_OWN_ADDRESS = frozenset(
    "github-copilot github-copilot-enterprise cloudflare-workers-ai cloudflare-ai-gateway azure azure-cognitive-services google-vertex "
    "google-vertex-anthropic gitlab sap-ai-core snowflake-cortex".split()
)
_SIGNED = frozenset({"amazon-bedrock"})
_VARIABLE = re.compile(r"\$\{([^}]{1,200})\}")


@dataclass(frozen=True, slots=True)
class Provider:
    """What is known of a provider before the user says anything.

    Args:
        address: where its requests go, ``""`` if its SDK has no address of its own or its models have several.
        variables: of the environment, each of which makes it reachable.
    """

    address: str
    variables: tuple[str, ...] = ()


def _known(sdk: str, *variables: str, address: str = "") -> Provider:
    return Provider(address or _SDKS[sdk], variables)


KNOWN: Mapping[str, Provider] = MappingProxyType(
    {
        "anthropic": _known("@ai-sdk/anthropic", "ANTHROPIC_API_KEY"),
        OPENAI: _known("@ai-sdk/openai", "OPENAI_API_KEY"),
        "google": _known("@ai-sdk/google", "GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY", "GEMINI_API_KEY"),
        "xai": _known("@ai-sdk/xai", "XAI_API_KEY"),
        "mistral": _known("@ai-sdk/mistral", "MISTRAL_API_KEY"),
        "groq": _known("@ai-sdk/groq", "GROQ_API_KEY"),
        "cerebras": _known("@ai-sdk/cerebras", "CEREBRAS_API_KEY"),
        "deepinfra": _known("@ai-sdk/deepinfra", "DEEPINFRA_API_KEY"),
        "togetherai": _known("@ai-sdk/togetherai", "TOGETHER_API_KEY"),
        "perplexity": _known("@ai-sdk/perplexity", "PERPLEXITY_API_KEY"),
        "v0": _known("@ai-sdk/vercel", "V0_API_KEY"),
        "venice": _known("venice-ai-sdk-provider", "VENICE_API_KEY"),
        "openrouter": _known("", "OPENROUTER_API_KEY", address="https://openrouter.ai/api/v1"),
        "deepseek": _known("", "DEEPSEEK_API_KEY", address="https://api.deepseek.com"),
        "moonshotai": _known("", "MOONSHOT_API_KEY", address="https://api.moonshot.ai/v1"),
        "zai": _known("", "ZHIPU_API_KEY", address="https://api.z.ai/api/paas/v4"),
        "zai-coding-plan": _known("", "ZHIPU_API_KEY", address="https://api.z.ai/api/coding/paas/v4"),
        "minimax": _known("", "MINIMAX_API_KEY", address="https://api.minimax.io/anthropic/v1"),
        "huggingface": _known("", "HF_TOKEN", address="https://router.huggingface.co/v1"),
        "fireworks-ai": _known("", "FIREWORKS_API_KEY", address="https://api.fireworks.ai/inference/v1"),
        ZEN: _known("", "OPENCODE_API_KEY", address="https://opencode.ai/zen/v1"),
        "opencode-go": _known("", "OPENCODE_API_KEY", address="https://opencode.ai/zen/go/v1"),
    }
)


def catalogue(cached: object) -> dict[str, Provider]:
    """The providers of opencode's cached catalogue, and those of the table that it lacks."""
    found = dict(KNOWN)
    for name, entry in cached.items() if isinstance(cached, dict) else ():
        if isinstance(entry, dict):
            variables = entry.get("env")
            found[name] = Provider(_address(name, entry), tuple(v for v in variables if isinstance(v, str)) if isinstance(variables, list) else ())
    return found


def reachable(config: Mapping[str, Any], auth: Mapping[str, Any], environ: Mapping[str, str], known: Mapping[str, Provider]) -> list[str]:
    """The providers that opencode will offer: configured, or with a credential in the environment or from a login. Its own needs none."""
    off, only = config.get("disabled_providers"), config.get("enabled_providers")
    by_variable = [name for name, provider in known.items() if any(environ.get(v) for v in provider.variables)]
    by_login = [name for name, entry in auth.items() if isinstance(entry, dict) and entry.get("type") in ("api", "oauth")]
    names = dict.fromkeys([*_providers(config), *by_variable, *by_login, ZEN])
    return [n for n in names if not (isinstance(off, list) and n in off) and (not isinstance(only, list) or n in only)]


def address(name: str, config: Mapping[str, Any], known: Mapping[str, Provider], environ: Mapping[str, str]) -> str:
    """Where a provider's requests go; ``""`` if that is not known, or if it could not be changed for all of its models."""
    own = _providers(config).get(name, {})
    options = own.get("options")
    given = options.get("baseURL") if isinstance(options, dict) else None
    if name in _SIGNED:
        return ""
    if isinstance(given, str) and given:
        return _filled(given, environ)
    if name in _OWN_ADDRESS or _addresses_of_models(own):
        return ""
    if name in known:
        return "" if "api" in own or "npm" in own else _filled(known[name].address, environ)
    return _filled(_address(name, own), environ)


def named(config: Mapping[str, Any]) -> frozenset[str]:
    """The providers that stand in the configuration."""
    return frozenset(_providers(config))


def _providers(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    providers = config.get("provider")
    return {n: p for n, p in providers.items() if isinstance(p, dict)} if isinstance(providers, dict) else {}


def _address(name: str, entry: Mapping[str, Any]) -> str:
    """The address of a catalogue's entry, or of one of the configuration in the same form."""
    api, sdk = entry.get("api"), entry.get("npm", _COMPATIBLE)
    base = api if isinstance(api, str) and api else KNOWN[name].address if name in KNOWN else _SDKS.get(sdk, "") if isinstance(sdk, str) else ""
    return "" if any(a.rstrip("/") != base.rstrip("/") for a in _addresses_of_models(entry)) else base


def _addresses_of_models(entry: Mapping[str, Any]) -> list[str]:
    """The addresses that a provider's models have of their own. One for the provider would go before them."""
    models = entry.get("models")
    own = [m["provider"] for m in models.values() if isinstance(m, dict) and isinstance(m.get("provider"), dict)] if isinstance(models, dict) else []
    return [p["api"] for p in own if isinstance(p.get("api"), str)]


def _filled(base: str, environ: Mapping[str, str]) -> str:
    """An address with the variables of the environment that stand in it; ``""`` if one is not set or it is no address."""
    filled = _VARIABLE.sub(lambda match: environ.get(match[1], match[0]), base).rstrip("/")
    return filled if filled.startswith(("http://", "https://")) and "{" not in filled else ""

"""Lessons whose premise can be looked up: what stands in the project's folder, and on the PATH, decides whether they may still be written."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.headroom_wrap.learn.independent.fourth.jvm_dotnet import BOURSE
from tests.headroom_wrap.learn.independent.fourth.labels import at, folder, program, ranges, search_in, task
from tests.headroom_wrap.learn.independent.fourth.node import PARCELS
from tests.headroom_wrap.learn.independent.fourth.operations import LAKE
from tests.headroom_wrap.learn.independent.fourth.python import HARBOR, ORCHARD
from tests.headroom_wrap.learn.independent.fourth.scripted import GUILD
from tests.headroom_wrap.learn.independent.fourth.telling import Telling, case, on
from tests.headroom_wrap.learn.independent.steps import big, find, gone, part, read, sh


@dataclass(frozen=True)
class OnDisk:
    """A case with what is there when its rules are written.

    Args:
        told: the case; its labels hold for this disk.
        files: of the project: path and text; of a large one a line and how often it stands there.
        programs: on the PATH.
    """

    told: Telling
    files: dict[str, str | tuple[str, int]] = field(default_factory=dict)
    programs: tuple[str, ...] = ()


_MISSING = ' ERR_PNPM_NO_SCRIPT  Missing script: typecheck\n\nCommand "typecheck" not found. Did you mean "pnpm run check-types"?\n'
_TYPES = (
    on("claude", sh("pnpm run typecheck", _MISSING, 1), sh("pnpm run check-types", " Tasks:    6 successful, 6 total\n")),
    on("codex", sh("pnpm run typecheck", _MISSING, 1), sh("pnpm run check-types", " Tasks:    6 successful, 6 total\n")),
)  # fmt: skip
_TYPES_LEARNED = task(["typecheck", "pnpm run typecheck"], ["check-types", "pnpm run check-types"])
_SETTINGS = (
    on("claude", gone("src/harbor/config.py"), read("src/harbor/core/settings.py", "class Settings(BaseSettings):\n")),
    on("gemini", gone("src/harbor/config.py"), read("src/harbor/core/settings.py", "class Settings(BaseSettings):\n")),
)  # fmt: skip
_SETTINGS_LEARNED = at("src/harbor/config.py", ["src/harbor/core/settings.py", "src/harbor/core"])
_WRAPPER = (
    on("claude", sh("gradle :fees:test", "/bin/bash: line 1: gradle: command not found\n", 127), sh("./gradlew :fees:test", "BUILD SUCCESSFUL in 4s\n")),
    on("copilot", sh("gradle projects", "bash: gradle: command not found\n", 127), sh("./gradlew projects", "Root project 'bourse'\n")),
)  # fmt: skip
_WRAPPER_LEARNED = program("gradle", ["./gradlew", "gradlew"])
_TARGETS = (
    on("codex", sh("make schema", "make: *** No rule to make target 'schema'.  Stop.\n", 2), sh("make migrate", "psql -q -h localhost -d lake -f migrations/0012_stations.sql\n")),
    on("claude", sh("make schema", "make: *** No rule to make target 'schema'.  Stop.\n", 2), sh("make migrate", "psql -q -h localhost -d lake -f migrations/0012_stations.sql\n")),
)  # fmt: skip
_TARGETS_LEARNED = task(["schema", "make schema"], ["migrate", "make migrate"])
_ABSENT = "python: can't open file '/home/tomas/work/orchard/manage.py': [Errno 2] No such file or directory\n"
_MANAGE = (
    on("claude", sh("poetry run python manage.py check", _ABSENT, 2), sh("cd backend && poetry run python manage.py check", "System check identified no issues (0 silenced).\n")),
    on("gemini", sh("poetry run python manage.py check", _ABSENT, 2), sh("cd backend && poetry run python manage.py check", "System check identified no issues (0 silenced).\n")),
)  # fmt: skip
_MANAGE_LEARNED = folder(["poetry run python manage.py", "poetry run python manage.py check"], "backend")
_DUMP = (
    on("claude", big("dumps/readings.sql", 210400), part("dumps/readings.sql", 1, 60)),
    on("opencode", big("dumps/readings.sql", 210400), part("dumps/readings.sql", 900, 60)),
)  # fmt: skip
_MEMBERS = (
    on("claude", find("class Household", "app/models", ""), find("class Household", "engines/members/app/models", "engines/members/app/models/members/household.rb:2:  class Household\n")),
    on("codex", find("def left_at", "app/models", ""), find("def left_at", "engines/members/app/models", "engines/members/app/models/members/member.rb:20:    def left_at\n")),
    on("gemini", find("class Dues", "app/models", ""), find("class Dues", "engines/members/app/models", "engines/members/app/models/members/dues.rb:2:  class Dues\n")),
)  # fmt: skip
_HARBOR: dict[str, str | tuple[str, int]] = {
    "src/harbor/api.py": "router = 1\n",
    "src/harbor/core/settings.py": "class Settings: ...\n",
    "pyproject.toml": '[project]\nname = "harbor"\n',
}

CASES = (
    OnDisk(case("the-script-is-there", "package.json has it", PARCELS, *_TYPES, right=[_TYPES_LEARNED], fine=[("lint_command", {"command": "pnpm run check-types"})]), {"package.json": '{"scripts": {"check-types": "turbo run check-types"}}\n'}, ("pnpm",)),
    OnDisk(case("the-script-was-renamed-since", "package.json has the name that was guessed", PARCELS, *_TYPES), {"package.json": '{"scripts": {"typecheck": "turbo run typecheck"}}\n'}, ("pnpm",)),
    OnDisk(case("the-settings-are-there", "the file is where it was found", HARBOR, *_SETTINGS, right=[_SETTINGS_LEARNED]), _HARBOR, ("uv",)),
    OnDisk(case("the-settings-moved-to-the-guess", "the guess is right by now", HARBOR, *_SETTINGS), {"src/harbor/config.py": "class Settings: ...\n"}, ("uv",)),
    OnDisk(case("the-settings-are-nowhere", "neither is there any more", HARBOR, *_SETTINGS), {"src/harbor/api.py": "router = 1\n"}, ("uv",)),
    OnDisk(case("the-wrapper-is-there", "a script in the project", BOURSE, *_WRAPPER, right=[_WRAPPER_LEARNED]), {"gradlew": "#!/bin/sh\n", "app/build.gradle.kts": "plugins {\n"}),
    OnDisk(case("the-wrapper-is-gone", "the project left it", BOURSE, *_WRAPPER), {"pom.xml": "<project/>\n"}),
    OnDisk(case("the-target-is-there", "the Makefile has it", LAKE, *_TARGETS, right=[_TARGETS_LEARNED]), {"Makefile": "migrate:\n\tpsql -f migrations/0012_stations.sql\n"}, ("make",)),
    OnDisk(case("the-target-is-gone", "the Makefile has another", LAKE, *_TARGETS), {"Makefile": "upgrade:\n\tpsql -f migrations/0012_stations.sql\n"}, ("make",)),
    OnDisk(case("the-folder-is-there", "manage.py is where it was", ORCHARD, *_MANAGE, right=[_MANAGE_LEARNED]), {"backend/manage.py": "import sys\n", "pyproject.toml": "[tool.poetry]\n"}, ("poetry",)),
    OnDisk(case("the-folder-is-gone", "the site was moved to another", ORCHARD, *_MANAGE), {"server/manage.py": "import sys\n", "pyproject.toml": "[tool.poetry]\n"}, ("poetry",)),
    OnDisk(case("the-dump-was-deleted", "a large file that is no longer there", LAKE, *_DUMP), {"README.md": "# lakedb\n"}),
    OnDisk(case("the-engine-is-there", "the folder of the search is", GUILD, *_MEMBERS, right=[search_in("app/models", "engines/members/app/models")]), {"app/models/guild.rb": "class Guild\nend\n", "engines/members/app/models/members/member.rb": "class Member\nend\n"}),
    OnDisk(case("the-dump-is-there", "a large file", LAKE, *_DUMP, right=[ranges("dumps/readings.sql")]), {"dumps/readings.sql": ("insert into readings values (1);\n", 210400)}),
)  # fmt: skip

"""Terraform, Helm, kubectl, Ansible; docker compose with PostgreSQL and redis; documentation."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fifth.worlds import ALMANAC, PLATEAU, TURNSTILE
from tests.headroom_wrap.learn.independent.fourth.labels import add, at, environment, folder, heads, program, task, variable
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import builds, lints
from tests.headroom_wrap.learn.independent.steps import edit, find, gone, noise, read, sh, user

_NO_PSQL = "/bin/bash: line 1: psql: command not found\n"
_NO_UNITS = "Could not find any subfolders with Terragrunt configuration files\n"

_LESSONS = (
    case(
        "terragrunt-from-live", "the units lie below a folder of their own", PLATEAU,
        on("claude", sh("terragrunt run-all plan", _NO_UNITS, 1), sh("cd live && terragrunt run-all plan", "No changes. Your infrastructure matches the configuration.\n")),
        on("codex", sh("terragrunt run-all plan", _NO_UNITS, 1), sh("ls", "charts\nlive\nplaybooks\nstacks\n"), sh("cd live && terragrunt run-all plan", "Plan: 1 to add, 0 to change, 0 to destroy.\n")),
        right=[folder(heads("terragrunt run-all plan", 1), "live")],
    ),
    case(
        "a-profile-for-aws", "the account is chosen by a profile that the error does not name", PLATEAU,
        on("claude", sh("aws s3 ls s3://plateau-state", '\nUnable to locate credentials. You can configure credentials by running "aws configure".\n', 253), sh("AWS_PROFILE=plateau aws s3 ls s3://plateau-state", "                           PRE core/\n")),
        on("gemini", sh("aws eks list-clusters", '\nUnable to locate credentials. You can configure credentials by running "aws configure".\n', 253), sh("AWS_PROFILE=plateau aws eks list-clusters", '{ "clusters": ["plateau"] }\n')),
        right=[variable("aws", "AWS_PROFILE=plateau")],
    ),
    case(
        "the-namespace-of-the-gateway", "the default namespace is empty", PLATEAU,
        on("codex", sh("kubectl get deploy gateway", 'Error from server (NotFound): deployments.apps "gateway" not found\n', 1), sh("kubectl get deploy -A | grep gateway", "edge   gateway   2/2   2   2   90d\n"), sh("kubectl get deploy gateway -n edge", "gateway   2/2     2            2           90d\n")),
        on("claude", sh("kubectl get deploy gateway -o yaml", 'Error from server (NotFound): deployments.apps "gateway" not found\n', 1), sh("kubectl get deploy gateway -o yaml -n edge", "kind: Deployment\n")),
        right=[add(["kubectl get", "kubectl get deploy", "kubectl get deploy gateway"], ["-n edge", "--namespace edge", "--namespace=edge"])],
    ),
    case(
        "plays-with-an-inventory", "no host is known without the inventory of this repository", PLATEAU,
        on("claude", sh("ansible-playbook playbooks/vpn.yml --check", "[WARNING]: No inventory was parsed, only implicit localhost is available\n[WARNING]: Could not match supplied host pattern, ignoring: vpn\n\nPLAY [vpn] *****\nskipping: no hosts matched\nERROR! no hosts matched\n", 4), sh("ansible-playbook -i inventory/prod playbooks/vpn.yml --check", "PLAY RECAP ****\nvpn1 : ok=9 changed=0 unreachable=0 failed=0\n")),
        on("opencode", sh("ansible-playbook playbooks/batch.yml --check", "[WARNING]: No inventory was parsed, only implicit localhost is available\nERROR! no hosts matched\n", 4), sh("ansible-playbook -i inventory/prod playbooks/batch.yml --check", "PLAY RECAP ****\nbatch1 : ok=4 changed=0 unreachable=0 failed=0\n")),
        right=[add(["ansible-playbook"], ["-i inventory/prod"])],
    ),
    case(
        "values-per-stage", "the values for a stage lie beside the chart, not in it", PLATEAU,
        on("claude", gone("charts/gateway/values-prod.yaml"), find("replicaCount: 6", ".", "environments/prod/gateway.yaml:1:replicaCount: 6\n"), read("environments/prod/gateway.yaml", "replicaCount: 6\n")),
        on("copilot", gone("charts/gateway/values-prod.yaml"), read("environments/prod/gateway.yaml", "replicaCount: 6\n")),
        right=[at("charts/gateway/values-prod.yaml", ["environments/prod/gateway.yaml", "environments/prod"])],
    ),
    case(
        "psql-in-the-container", "no client on the machine", TURNSTILE,
        on("claude", sh("psql -U gate -d gate -c '\\dt'", _NO_PSQL, 127), sh("docker compose exec -T db psql -U gate -d gate -c '\\dt'", " public | entries | table | gate\n")),
        on("codex", sh("psql -U gate -d gate -c 'select count(*) from entries'", "bash: psql: command not found\n", 127), sh("docker compose exec -T db psql -U gate -d gate -c 'select count(*) from entries'", " 9120\n")),
        right=[program("psql", ["docker compose exec -T db psql", "docker compose exec -T db", "docker compose exec"])],
    ),
    case(
        "compose-is-a-plugin", "the old name of compose", TURNSTILE,
        on("gemini", sh("docker-compose config --services", "docker-compose: command not found\n", 127), sh("docker compose config --services", "api\ndb\nredis\nworker\n")),
        right=[program("docker-compose", "docker compose")],
    ),
    case(
        "no-terminal-for-exec", "compose wants to be told that there is no terminal", TURNSTILE,
        on("claude", sh("docker compose exec redis redis-cli info server", "the input device is not a TTY\n", 1), sh("docker compose exec -T redis redis-cli info server", "redis_version:7.2.5\n")),
        on("opencode", sh("docker compose exec redis redis-cli dbsize", "the input device is not a TTY\n", 1), sh("docker compose exec -T redis redis-cli dbsize", "(integer) 14\n")),
        right=[add(["docker compose exec", "docker compose exec redis", "docker compose exec redis redis-cli"], "-T")],
    ),
    case(
        "the-profile-of-the-load-test", "a service that is only there with a profile", TURNSTILE,
        on("codex", sh("docker compose run --rm k6 run gates.js", "no such service: k6\n", 1), sh("grep -n -A3 k6 compose.yaml", "40:  k6:\n41-    profiles: [load]\n"), sh("docker compose --profile load run --rm k6 run gates.js", "     checks.........................: 100.00% ✓ 900\n")),
        on("claude", sh("docker compose run --rm k6 run queue.js", "no such service: k6\n", 1), sh("docker compose --profile load run --rm k6 run queue.js", "     checks.........................: 100.00% ✓ 300\n")),
        right=[add(["docker compose run", "docker compose run --rm", "docker compose run --rm k6", "docker compose run --rm k6 run"], ["--profile load", "--profile=load"])],
    ),
    case(
        "mkdocs-with-its-theme", "the theme is only known to the project's environment", ALMANAC,
        on("claude", sh("python -m mkdocs get-deps", "/usr/bin/python: No module named mkdocs\n", 1), sh("uvx --with mkdocs-material mkdocs get-deps", "mkdocs-material\n")),
        on("gemini", sh("python -m mkdocs get-deps -q", "/usr/bin/python: No module named mkdocs\n", 1), sh("mkdocs get-deps -q", "mkdocs-material\n")),
        fine=[environment(["python", "python -m mkdocs"], ["mkdocs", "uvx --with mkdocs-material mkdocs"]), program(["python", "python -m mkdocs"], ["mkdocs"])],
    ),
    case(
        "links-by-another-checker", "the checker is called lychee and wants a configuration", ALMANAC,
        on("codex", sh("lychee docs", "Error: Cannot load configuration: `lychee.toml` has unknown field `exclude_mail`\n", 1), sh("lychee --config tools/lychee.toml docs", "🔍 310 Total ✅ 310 OK 🚫 0 Errors\n")),
        on("claude", sh("lychee docs", "Error: Cannot load configuration: `lychee.toml` has unknown field `exclude_mail`\n", 1), sh("lychee --config tools/lychee.toml docs", "🔍 310 Total ✅ 310 OK 🚫 0 Errors\n")),
        right=[add(["lychee", "lychee docs"], ["--config tools/lychee.toml"])], fine=[lints("lychee --config tools/lychee.toml docs", "lychee")],
    ),
    case(
        "make-knows-another-word", "the target has another name", ALMANAC,
        on("claude", sh("make serve-docs", "make: *** No rule to make target 'serve-docs'.  Stop.\n", 2), sh("grep -n '^[a-z]*:' Makefile", "1:preview:\n4:pdf:\n"), sh("make pdf", "wrote almanac.pdf\n")),
        on("codex", sh("make docs-pdf", "make: *** No rule to make target 'docs-pdf'.  Stop.\n", 2), sh("make pdf", "wrote almanac.pdf\n")),
        on("gemini", sh("make docs-pdf", "make: *** No rule to make target 'docs-pdf'.  Stop.\n", 2), sh("make pdf", "wrote almanac.pdf\n")),
        right=[task(["docs-pdf", "make docs-pdf"], ["pdf", "make pdf"])], fine=[builds("make pdf")],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "a-plan-with-changes", "2 says that there are changes", PLATEAU,
        on("claude", sh("terraform -chdir=stacks/core plan -detailed-exitcode", "Plan: 1 to add, 0 to change, 0 to destroy.\n", 2), sh("terraform -chdir=stacks/core plan", "Plan: 1 to add, 0 to change, 0 to destroy.\n")),
        on("gemini", sh("terraform -chdir=stacks/core plan -detailed-exitcode", "Plan: 0 to add, 2 to change, 0 to destroy.\n", 2), sh("terraform -chdir=stacks/core plan", "Plan: 0 to add, 2 to change, 0 to destroy.\n")),
    ),
    case(
        "the-state-was-locked", "a colleague held the state, and nobody should plan without a lock", PLATEAU,
        on("codex", sh("terraform -chdir=stacks/core plan", "Error: Error acquiring the state lock\n\nLock Info:\n  ID:        5c1f\n  Who:       dana@laptop\n", 1), sh("terraform -chdir=stacks/core plan -lock=false", "No changes.\n")),
        on("claude", sh("terraform -chdir=stacks/core plan", "Error: Error acquiring the state lock\n\nLock Info:\n  ID:        91aa\n  Who:       dana@laptop\n", 1), sh("terraform -chdir=stacks/core plan -lock=false", "No changes.\n")),
    ),
    case(
        "initialised-since", "the modules were fetched, and that is that", PLATEAU,
        on("claude", sh("terraform -chdir=stacks/edge validate", 'Error: Module not installed\n\nThis module is not yet installed. Run "terraform init" to install all modules required by this configuration.\n', 1), sh("terraform -chdir=stacks/edge init -backend=false", "Terraform has been successfully initialized!\n"), sh("terraform -chdir=stacks/edge validate", "Success! The configuration is valid.\n")),
        on("opencode", noise(4)),
        fine=[lints("terraform -chdir=stacks/edge validate")],
    ),
    case(
        "a-pod-s-name-of-the-day", "names of pods do not last", PLATEAU,
        on("claude", sh("kubectl logs -n edge gateway-7d9f-abc1", 'error: error from server (NotFound): pods "gateway-7d9f-abc1" not found in namespace "edge"\n', 1), sh("kubectl logs -n edge gateway-6c55-xk20", "ready\n")),
        on("codex", sh("kubectl logs -n edge gateway-7d9f-abc1", 'error: error from server (NotFound): pods "gateway-7d9f-abc1" not found in namespace "edge"\n', 1), sh("kubectl logs -n edge gateway-6c55-xk20", "ready\n")),
    ),
    case(
        "another-cluster-today", "the context is chosen by what the user asks for on the day", PLATEAU,
        on("gemini", user("look at the staging cluster, please"), sh("kubectl get nodes", "The connection to the server 10.0.0.4:6443 was refused - did you specify the right host or port?\n", 1), sh("kubectl --context staging get nodes", "node-1 Ready\n")),
        on("claude", user("and now production"), sh("kubectl get nodes", "The connection to the server 10.0.0.4:6443 was refused - did you specify the right host or port?\n", 1), sh("kubectl --context prod get nodes", "node-9 Ready\n")),
    ),
    case(
        "a-name-was-in-use", "a container of yesterday had the name", TURNSTILE,
        on("claude", sh("docker run --name pgtmp -d postgres:16", 'docker: Error response from daemon: Conflict. The container name "/pgtmp" is already in use by container "51c2".\n', 125), sh("docker run --name pgtmp2 -d postgres:16", "8a77c1\n")),
        on("codex", sh("docker run --name pgtmp -d postgres:16", 'docker: Error response from daemon: Conflict. The container name "/pgtmp" is already in use by container "51c2".\n', 125), sh("docker run --name pgtmp3 -d postgres:16", "99b0d2\n")),
    ),
    case(
        "the-daemon-slept", "docker itself was not up", TURNSTILE,
        on("claude", sh("docker compose ps -a", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n", 1), sh("systemctl --user start docker"), sh("docker compose ps -a", "turnstile-api-1   Up 1 second\n")),
        on("copilot", noise(4)),
    ),
    case(
        "a-column-that-is-not-there", "queries are tried until they fit", TURNSTILE,
        on("codex", sh("docker compose exec -T db psql -U gate -c 'select gate_id from entries limit 1'", 'ERROR:  column "gate_id" does not exist\nHINT:  Perhaps you meant to reference the column "entries.gate".\n', 1), sh("docker compose exec -T db psql -U gate -c 'select gate from entries limit 1'", " A3\n")),
        on("claude", sh("docker compose exec -T db psql -U gate -c 'select ts from entries limit 1'", 'ERROR:  column "ts" does not exist\n', 1), sh("docker compose exec -T db psql -U gate -c 'select at from entries limit 1'", " 2025-09-01\n")),
    ),
    case(
        "strict-found-a-link", "a strict build that fails is a finding", ALMANAC,
        on("claude", sh("mkdocs build --strict -d /tmp/site", "WARNING -  Doc file 'winds.md' contains a link 'foehn.md', but the target is not found.\nAborted with 1 warnings in strict mode!\n", 1), sh("mkdocs build -d /tmp/site", "INFO    -  Documentation built in 1.20 seconds\n")),
        on("gemini", sh("mkdocs build --strict -d /tmp/site", "Aborted with 2 warnings in strict mode!\n", 1), sh("mkdocs build -d /tmp/site", "INFO    -  Documentation built in 1.20 seconds\n")),
        fine=[builds("mkdocs build -d /tmp/site", "mkdocs build --strict -d /tmp/site")],
    ),
    case(
        "a-dead-link-outside", "a site of others that was down", ALMANAC,
        on("opencode", sh("lychee docs/tides.md", "✗ [503] https://tides.example/api | Failed: Network error: Service Unavailable\n", 2), sh("lychee --exclude tides.example docs/tides.md", "✅ 12 OK 🚫 0 Errors\n")),
        on("claude", sh("lychee docs/tides.md", "✅ 13 OK 🚫 0 Errors\n")),
        fine=[lints("lychee docs/tides.md", "lychee --exclude tides.example docs/tides.md")],
    ),
    case(
        "a-page-that-moved-in-the-session", "the session moves the page itself", ALMANAC,
        on("claude", sh("git mv docs/winds.md docs/air/winds.md"), gone("docs/winds.md"), read("docs/air/winds.md", "# Winds\n"), edit("docs/air/winds.md", "# Winds", "# The winds")),
        on("codex", sh("mkdir -p docs/sea && git mv docs/tides.md docs/sea/tides.md"), sh("cat docs/tides.md", "cat: docs/tides.md: No such file or directory\n", 1), sh("cat docs/sea/tides.md", "# Tides\n")),
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)

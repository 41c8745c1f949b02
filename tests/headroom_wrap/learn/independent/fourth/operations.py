"""Operations: Terraform, a Helm chart on Kubernetes, Ansible roles, services under docker compose, a database of measurements."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fourth.labels import (
    add,
    entry,
    folder,
    hangs,
    hangs_instead,
    program,
    ranges,
    refused,
    refused_instead,
    repeated,
)
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import World, builds, lints, red_green, tests
from tests.headroom_wrap.learn.independent.steps import big, edit, gone, noise, part, read, sh, user

FLEET = World(
    "/home/lars/infra/fleet",
    ("add a bucket for the audit log", "the tags of the database are wrong", "upgrade the aws provider", "give the runners more memory"),
    (
        ("envs/staging/main.tf", 'module "runners" {'), ("modules/runners/main.tf", 'resource "aws_autoscaling_group" "runners" {'), ("modules/runners/variables.tf", 'variable "memory" {'),
        ("envs/prod/main.tf", "terraform {"), (".tflint.hcl", 'plugin "aws" {'), ("docs/RUNBOOK.md", "# Runbook"),
    ),
    (("aws_s3_bucket", "modules", 'modules/store/main.tf:1:resource "aws_s3_bucket" "store" {\n'), ("memory", "modules/runners", 'modules/runners/variables.tf:9:variable "memory" {\n')),
    (
        (sh("tflint --recursive"),),
        red_green("tflint --recursive", '1 issue(s) found:\n\nWarning: variable "memory" is declared but not used (terraform_unused_declarations)\n\n  on modules/runners/variables.tf line 9:\n', "modules/runners/variables.tf", 'variable "memory" {', ""),
    ),
    (lints("tflint --recursive", "tflint"),),
)  # fmt: skip

DEPOT = World(
    "/home/noor/depot-chart",
    ("the probes are too eager", "add a network policy", "values for the new region", "why does the api restart?"),
    (("charts/depot/values.yaml", "replicas: 2"), ("charts/depot/templates/deployment.yaml", "kind: Deployment"), ("charts/depot/Chart.yaml", "apiVersion: v2"), ("regions/north.yaml", "region: north"), ("README.md", "# depot")),
    (("readinessProbe", "charts", "charts/depot/templates/deployment.yaml:41:          readinessProbe:\n"), ("replicas", "regions", "regions/north.yaml:4:replicas: 4\n")),
    (
        (sh("helm lint charts/depot", "==> Linting charts/depot\n[INFO] Chart.yaml: icon is recommended\n\n1 chart(s) linted, 0 chart(s) failed\n"),),
        red_green("helm lint charts/depot", '==> Linting charts/depot\n[ERROR] templates/: parse error at (depot/templates/deployment.yaml:41): unexpected "}" in operand\n\nError: 1 chart(s) linted, 1 chart(s) failed\n', "charts/depot/templates/deployment.yaml", "          readinessProbe:", "1 chart(s) linted, 0 chart(s) failed\n"),
    ),
    (lints("helm lint charts/depot", "helm lint"),),
)  # fmt: skip

PLAYS = World(
    "/home/ola/plays",
    ("nginx should log in JSON", "a role for the backup user", "the handler runs twice", "support Debian 13"),
    (("site.yml", "- hosts: web"), ("roles/web/tasks/main.yml", "- name: Install nginx"), ("roles/web/templates/nginx.conf.j2", "worker_processes auto;"), ("inventories/staging/hosts.yml", "all:"), ("roles/backup/tasks/main.yml", "- name: Add the user")),
    (("notify:", "roles", "roles/web/tasks/main.yml:9:  notify: Reload nginx\n"), ("worker_processes", "roles/web", "roles/web/templates/nginx.conf.j2:1:worker_processes auto;\n")),
    (
        (sh("ansible-lint", "Passed: 0 failure(s), 0 warning(s) on 31 files. Last profile that met the validation criteria was 'production'.\n"),),
        red_green("ansible-lint roles/web", "roles/web/tasks/main.yml:4: no-changed-when: Commands should not change things if nothing needs doing.\nFailed: 1 failure(s), 0 warning(s) on 6 files.\n", "roles/web/tasks/main.yml", "- name: Install nginx", "Passed: 0 failure(s), 0 warning(s) on 6 files.\n"),
    ),
    (lints("ansible-lint", "ansible-lint roles/web"),),
)  # fmt: skip

STACKS = World(
    "/home/mina/stacks",
    ("the api should wait for redis", "drop the old worker", "logs should be in UTC", "cache the pip layer"),
    (("compose.yaml", "services:"), ("api/app.py", "app = Flask(__name__)"), ("api/Dockerfile", "FROM python:3.12-slim"), ("worker/worker.py", "def work(job):"), ("nginx/default.conf", "upstream api {")),
    (("depends_on", ".", "compose.yaml:14:    depends_on:\n"), ("def work", "worker", "worker/worker.py:8:def work(job):\n")),
    (
        (sh("docker compose run --rm api pytest -q", "........................\n24 passed in 0.90s\n"),),
        red_green("docker compose run --rm api pytest -q", "F.......................\nFAILED tests/test_app.py::test_utc - AssertionError\n1 failed, 23 passed in 0.99s\n", "api/app.py", "    return now()", "24 passed in 0.91s\n"),
        (sh("docker compose config -q"),),
    ),
    (tests("docker compose run --rm api pytest -q", "docker compose run --rm api pytest"), lints("docker compose config -q")),
)  # fmt: skip

LAKE = World(
    "/home/lena/lakedb",
    ("a view of the daily means", "the import counts every sensor twice", "an index for the station's id", "write a check for negative depths"),
    (("migrations/0012_stations.sql", "create table stations ("), ("queries/daily.sql", "select date_trunc('day', at), avg(depth)"), ("checks/negative.sql", "select count(*) from readings where depth < 0"), ("import/load.py", "def load(path):"), ("README.md", "# lakedb")),
    (("create index", "migrations", "migrations/0009_index.sql:1:create index on readings (at);\n"), ("depth", "queries", "queries/daily.sql:1:select date_trunc('day', at), avg(depth)\n")),
    (
        (sh("sqlfluff lint queries", "All Finished!\n"),),
        red_green("sqlfluff lint queries", "== [queries/daily.sql] FAIL\nL:   1 | P:   8 | AM04 | Query produces an unknown number of result columns.\nAll Finished!\n", "queries/daily.sql", "select *", "All Finished!\n"),
    ),
    (lints("sqlfluff lint queries", "sqlfluff lint"),),
)  # fmt: skip

_DENIED = "Permission to use Bash with command {} has been denied."
_FORBIDDEN = 'Error from server (Forbidden): {} is forbidden: User "noor" cannot list resource "{}" in API group "" in the namespace "default"\n'

_LESSONS = (
    case(
        "terraform-by-environment", "there is nothing to plan at the root", FLEET,
        on("claude", sh("terraform plan", "╷\n│ Error: No configuration files\n│ \n│ Plan requires configuration to be present. Planning without a configuration would mark everything for destruction.\n╵\n", 1), sh("terraform -chdir=envs/staging plan", "No changes. Your infrastructure matches the configuration.\n")),
        on("codex", sh("terraform plan", "│ Error: No configuration files\n", 1), sh("ls envs", "prod\nstaging\n"), sh("terraform -chdir=envs/staging plan", "Plan: 1 to add, 0 to change, 0 to destroy.\n")),
        right=[add(["terraform", "terraform plan"], ["-chdir=envs/staging"])], fine=[folder(["terraform plan", "terraform"], "envs/staging")],
    ),
    case(
        "providers-in-staging", "a command is run in a folder by its tool's argument, and by cd", FLEET,
        on("opencode", sh("terraform validate", "│ Error: Missing required provider\n│ This configuration requires provider registry.terraform.io/hashicorp/aws, but that provider isn't available.\n", 1), sh("terraform validate", "Success! The configuration is valid.\n", cwd="/home/lars/infra/fleet/envs/staging")),
        on("claude", sh("terraform validate", "│ Error: Missing required provider\n", 1), sh("cd envs/staging && terraform validate", "Success! The configuration is valid.\n")),
        on("gemini", sh("terraform validate", "│ Error: Missing required provider\n", 1), sh("cd envs/staging && terraform validate", "Success! The configuration is valid.\n")),
        right=[folder(["terraform validate", "terraform"], "envs/staging")], fine=[lints("terraform validate")],
    ),
    case(
        "apply-is-a-person-s", "applying is refused in three sessions, and the user says whose it is", FLEET,
        on("claude", sh("terraform -chdir=envs/staging apply", _DENIED.format("terraform -chdir=envs/staging apply"), 1, "refused"), user("I apply. You only plan.")),
        on("claude", sh("terraform -chdir=envs/staging apply", _DENIED.format("terraform -chdir=envs/staging apply"), 1, "refused")),
        on("claude", noise(2), sh("terraform -chdir=envs/staging apply", _DENIED.format("terraform -chdir=envs/staging apply"), 1, "refused")),
        right=[refused(["terraform -chdir=envs/staging apply", "terraform apply"])],
    ),
    case(
        "every-session-reads-the-runbook", "each begins with the same page", FLEET,
        *[on(agent, read("docs/RUNBOOK.md", "# Runbook\n1. Plan in staging.\n"), noise(4)) for agent in ("claude", "gemini", "claude", "codex", "claude")],
        right=[entry("docs/RUNBOOK.md")], around=(0, 0),
    ),
    case(
        "a-namespace-for-every-question", "the default namespace is forbidden", DEPOT,
        on("claude", sh("kubectl get pods", _FORBIDDEN.format("pods", "pods"), 1), sh("kubectl -n depot get pods", "NAME                   READY   STATUS    RESTARTS   AGE\napi-6d9f7c7b5-x2x8k    1/1     Running   3          2d\n")),
        on("codex", sh("kubectl get events", _FORBIDDEN.format("events", "events"), 1), sh("kubectl -n depot get events", "LAST SEEN   TYPE      REASON      OBJECT\n12m         Warning   Unhealthy   pod/api-6d9f7c7b5-x2x8k\n")),
        on("gemini", sh("kubectl get pods", _FORBIDDEN.format("pods", "pods"), 1), sh("kubectl -n depot get pods", "NAME                   READY   STATUS    RESTARTS   AGE\n")),
        right=[add(["kubectl", "kubectl get", "kubectl get pods"], ["-n depot", "--namespace depot", "--namespace=depot"])], fine=[add(["kubectl get events"], ["-n depot", "--namespace depot"])],
    ),
    case(
        "values-of-a-region", "the chart asks for values that are in a file", DEPOT,
        on("copilot", sh("helm template charts/depot", "Error: execution error at (depot/templates/deployment.yaml:8:14): region is required\n\nUse --debug flag to render out invalid YAML\n", 1), sh("helm template charts/depot -f regions/north.yaml", "---\n# Source: depot/templates/deployment.yaml\nkind: Deployment\n")),
        on("claude", sh("helm template charts/depot", "Error: execution error at (depot/templates/deployment.yaml:8:14): region is required\n", 1), sh("helm template charts/depot -f regions/north.yaml", "---\nkind: Deployment\n")),
        right=[add(["helm template", "helm template charts/depot"], ["-f regions/north.yaml", "--values regions/north.yaml", "--values=regions/north.yaml"])],
    ),
    case(
        "plays-are-only-checked", "the play itself is refused, the check of it is not", PLAYS,
        on("claude", sh("ansible-playbook -i inventories/staging site.yml", _DENIED.format("ansible-playbook -i inventories/staging site.yml"), 1, "refused"), sh("ansible-playbook -i inventories/staging site.yml --check", "PLAY RECAP\nweb1 : ok=9 changed=2 unreachable=0 failed=0\n")),
        on("claude", sh("ansible-playbook -i inventories/staging site.yml", _DENIED.format("ansible-playbook -i inventories/staging site.yml"), 1, "refused"), sh("ansible-playbook -i inventories/staging site.yml --check", "PLAY RECAP\nweb1 : ok=11 changed=0 unreachable=0 failed=0\n")),
        right=[refused_instead(["ansible-playbook -i inventories/staging site.yml", "ansible-playbook -i inventories/staging", "ansible-playbook"], ["ansible-playbook -i inventories/staging site.yml --check", "ansible-playbook --check"])],
        fine=[refused(["ansible-playbook -i inventories/staging site.yml", "ansible-playbook -i inventories/staging", "ansible-playbook"])],
    ),
    case(
        "compose-is-a-subcommand", "the old program is gone", STACKS,
        on("gemini", sh("docker-compose ps", "bash: line 1: docker-compose: command not found\n", 127), sh("docker compose ps", "NAME            SERVICE   STATUS    PORTS\nstacks-api-1    api       running   8000/tcp\n")),
        on("claude", sh("docker-compose restart api", "/bin/bash: line 1: docker-compose: command not found\n", 127), sh("docker compose restart api", " Container stacks-api-1  Started\n")),
        right=[program("docker-compose", "docker compose")],
    ),
    case(
        "logs-are-followed", "a followed log hangs, its tail does not", STACKS,
        on("claude", sh("docker compose logs -f api", "api-1  | GET /health 200\n", 143, "timed_out"), sh("docker compose logs --tail=50 api", "api-1  | GET /health 200\n")),
        on("codex", sh("docker compose logs -f api", "api-1  | GET /health 200\n", 124, "timed_out"), sh("docker compose logs --tail=50 api", "api-1  | GET /health 200\n")),
        right=[hangs_instead(["docker compose logs -f api", "docker compose logs -f"], ["docker compose logs --tail=50 api", "docker compose logs --tail=50"])],
        fine=[hangs(["docker compose logs -f api", "docker compose logs -f"])],
    ),
    case(
        "pushing-is-not-wanted", "a push is refused by three sessions' users", STACKS,
        on("claude", sh("git push origin HEAD", "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the new_string was NOT written to the file). STOP what you are doing and wait for the user to tell you how to proceed.", 1, "refused"), user("don't push, I do that after review")),
        on("claude", noise(1), sh("git push origin HEAD", _DENIED.format("git push origin HEAD"), 1, "refused")),
        on("opencode", sh("git push origin HEAD", "The user has specified a rule which prevents you from using this specific tool call.", 1, "refused")),
        right=[refused(["git push", "git push origin HEAD", "git push origin"])],
    ),
    case(
        "the-database-listens-on-tcp", "no socket, but a host", LAKE,
        on("claude", sh("psql -d lake -c 'select count(*) from stations'", 'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory\n\tIs the server running locally and accepting connections on that socket?\n', 2), sh("psql -h localhost -d lake -c 'select count(*) from stations'", " count \n-------\n    44\n(1 row)\n")),
        on("opencode", sh("psql -d lake -f checks/negative.sql", 'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory\n', 2), sh("psql -h localhost -d lake -f checks/negative.sql", " count \n-------\n     0\n(1 row)\n")),
        on("codex", sh("psql -d lake -c '\\d readings'", 'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory\n', 2), sh("psql -h localhost -d lake -c '\\d readings'", " at    | timestamptz |\n depth | real        |\n")),
        right=[add(["psql", "psql -d lake", "psql -d lake -c"], ["-h localhost", "--host=localhost", "--host localhost"])],
    ),
    case(
        "a-dump-by-parts", "a dump that no read takes, and ranges that were read", LAKE,
        on("gemini", big("dumps/readings.sql", 210400), part("dumps/readings.sql", 1, 60)),
        on("claude", big("dumps/readings.sql", 210400), part("dumps/readings.sql", 100000, 40)),
        on("opencode", big("dumps/readings.sql", 210400), part("dumps/readings.sql", 200, 80)),
        right=[ranges("dumps/readings.sql")],
    ),
    case(
        "the-same-question-five-times", "one listing is asked over and over with the same answer", DEPOT,
        on("claude", *[sh("helm -n depot list", "NAME \tNAMESPACE\tREVISION\tSTATUS\ndepot\tdepot    \t14      \tdeployed\n")] * 5),
        on("codex", noise(1), *[sh("helm -n depot list", "NAME \tNAMESPACE\tREVISION\tSTATUS\ndepot\tdepot    \t14      \tdeployed\n")] * 4),
        right=[repeated()],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "a-lock-of-the-state", "somebody else holds the lock; to go on without it is no advice", FLEET,
        on("claude", sh("terraform -chdir=envs/staging plan", "│ Error: Error acquiring the state lock\n│ \n│ Error message: ConditionalCheckFailedException: The conditional request failed\n│ Lock Info:\n│   Who:       ci@runner-7\n", 1), sh("terraform -chdir=envs/staging plan -lock=false", "No changes.\n")),
        on("codex", sh("terraform -chdir=envs/staging plan", "│ Error: Error acquiring the state lock\n│   Who:       lars@heron\n", 1), sh("terraform -chdir=envs/staging plan -lock=false", "No changes.\n")),
    ),
    case(
        "a-plan-tells-by-its-status", "2 means that there are changes", FLEET,
        on("gemini", sh("terraform -chdir=envs/staging plan -detailed-exitcode", "Plan: 1 to add, 0 to change, 0 to destroy.\n", 2), sh("terraform -chdir=envs/staging plan", "Plan: 1 to add, 0 to change, 0 to destroy.\n")),
        on("claude", sh("terraform -chdir=envs/staging plan -detailed-exitcode", "Plan: 0 to add, 2 to change, 0 to destroy.\n", 2), sh("terraform -chdir=envs/staging plan", "Plan: 0 to add, 2 to change, 0 to destroy.\n")),
    ),
    case(
        "fmt-of-terraform", "3 means that files are not formatted", FLEET,
        on("claude", sh("terraform fmt -check -recursive", "modules/runners/main.tf\n", 3), sh("terraform fmt -recursive", "modules/runners/main.tf\n")),
        on("copilot", sh("terraform fmt -check -recursive", "envs/prod/main.tf\n", 3), sh("terraform fmt -recursive", "envs/prod/main.tf\n")),
        fine=[lints("terraform fmt -check -recursive", "terraform fmt -recursive", "terraform fmt -check")],
    ),
    case(
        "the-cluster-was-away", "a VPN is down for an hour", DEPOT,
        on("claude", sh("kubectl -n depot get deploy", "Unable to connect to the server: dial tcp 10.20.0.1:6443: i/o timeout\n", 1), sh("kubectl -n depot get deploy --context kind-depot", "NAME   READY   UP-TO-DATE   AVAILABLE   AGE\napi    1/1     1            1           3h\n")),
        on("claude", sh("kubectl -n depot get deploy", "NAME   READY   UP-TO-DATE   AVAILABLE   AGE\napi    4/4     4            4           90d\n")),
    ),
    case(
        "differences-are-no-failure", "diff exits with 1 when there is one", DEPOT,
        on("codex", sh("kubectl diff -n depot -f rendered.yaml", "-  replicas: 2\n+  replicas: 4\n", 1), sh("kubectl apply --dry-run=server -n depot -f rendered.yaml", "deployment.apps/api configured (server dry run)\n")),
        on("claude", sh("kubectl diff -n depot -f rendered.yaml", "-        cpu: 100m\n+        cpu: 200m\n", 1), sh("kubectl apply --dry-run=server -n depot -f rendered.yaml", "deployment.apps/api configured (server dry run)\n")),
    ),
    case(
        "charts-were-not-fetched", "a chart's dependencies are fetched once for a checkout", DEPOT,
        on("opencode", sh("helm package charts/depot", "Error: found in Chart.yaml, but missing in charts/ directory: postgresql\n", 1), sh("helm dependency build charts/depot", "Saving 1 charts\n"), sh("helm package charts/depot", "Successfully packaged chart and saved it to: /home/noor/depot-chart/depot-0.9.1.tgz\n")),
        on("claude", sh("helm package charts/depot", "Successfully packaged chart\n")),
        fine=[builds("helm package charts/depot")],
    ),
    case(
        "molecule-by-role", "it is run in the folder of the role that is worked on, another each time", PLAYS,
        on("claude", sh("molecule converge", "CRITICAL 'molecule/default/molecule.yml' glob failed.  Exiting.\n", 1), sh("cd roles/web && molecule converge", "PLAY RECAP\ninstance : ok=8 changed=6 failed=0\n")),
        on("gemini", sh("molecule converge", "CRITICAL 'molecule/default/molecule.yml' glob failed.  Exiting.\n", 1), sh("cd roles/backup && molecule converge", "PLAY RECAP\ninstance : ok=4 changed=3 failed=0\n")),
    ),
    case(
        "a-host-was-unreachable", "a machine reboots while it is asked", PLAYS,
        on("codex", sh("ansible -i inventories/staging web1 -m ping", 'web1 | UNREACHABLE! => {"msg": "Failed to connect to the host via ssh: ssh: connect to host web1 port 22: Connection refused"}\n', 4), sh("ansible -i inventories/staging web1 -m ping -T 60", 'web1 | SUCCESS => {"ping": "pong"}\n')),
        on("claude", sh("ansible -i inventories/staging web1 -m ping", 'web1 | SUCCESS => {"ping": "pong"}\n')),
    ),
    case(
        "a-container-of-one-run", "the name of a container is of this run", STACKS,
        on("claude", sh("docker logs stacks-api-run-3f2a", "Error response from daemon: No such container: stacks-api-run-3f2a\n", 1), sh("docker ps -a --format '{{.Names}}'", "stacks-api-1\nstacks-api-run-77c1\n"), sh("docker logs stacks-api-run-77c1", "24 passed\n")),
        on("codex", sh("docker logs stacks-api-run-77c1", "Error response from daemon: No such container: stacks-api-run-77c1\n", 1), sh("docker logs stacks-api-run-90be", "24 passed\n")),
    ),
    case(
        "pulled-without-the-cache", "an image cannot be fetched, then it can", STACKS,
        on("gemini", sh("docker compose build api", "ERROR: failed to solve: python:3.12-slim: failed to resolve source metadata for docker.io/library/python:3.12-slim: dial tcp: lookup registry-1.docker.io: i/o timeout\n", 1), sh("docker compose build --no-cache api", " api  Built\n")),
        on("claude", sh("docker compose build api", " api  Built\n")),
        fine=[builds("docker compose build api", "docker compose build --no-cache api")],
    ),
    case(
        "a-table-not-yet-migrated", "a statement fails until the session's own migration has run", LAKE,
        on("claude", sh("psql -h localhost -d lake -f queries/means.sql", 'psql:queries/means.sql:1: ERROR:  relation "daily_means" does not exist\n', 3), edit("migrations/0012_stations.sql", "-- end", "create view daily_means as select 1;\n-- end"), sh("psql -h localhost -d lake -f migrations/0012_stations.sql", "CREATE VIEW\n"), sh("psql -h localhost -d lake -f queries/means.sql", "(31 rows)\n")),
        on("codex", noise(2), gone("queries/monthly.sql"), read("queries/daily.sql")),
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)

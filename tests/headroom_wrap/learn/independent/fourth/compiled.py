"""Compiled languages: Go modules under go.work, a Rust workspace, C++ with CMake, C with meson, a monorepo of Bazel, a Swift package, firmware with PlatformIO."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fourth.labels import (
    add,
    at,
    drop,
    folder,
    hangs,
    hangs_instead,
    line_ends,
    program,
    search_in,
    swap,
    task,
    variable,
)
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import World, builds, lints, red_green, tests
from tests.headroom_wrap.learn.independent.steps import edit, find, gone, misfit, noise, read, sh

RELAY = World(
    "/home/ade/src/relay",
    ("messages are delivered twice after a reconnect", "add a metric for the queue's depth", "the store should close its files", "rename Peer to Node everywhere"),
    (
        ("services/relay/queue.go", "type Queue struct {"), ("services/relay/peer.go", "func (p *Peer) Run(ctx context.Context) error {"), ("services/store/store.go", "package store"),
        ("services/relay/queue_test.go", "func TestQueueDropsOldest(t *testing.T) {"), ("go.work", "use ("), ("docs/protocol.md", "# Protocol"),
    ),
    (("func New", "services", "services/store/store.go:19:func New(dir string) (*Store, error) {\n"), ("prometheus", "services/relay", 'services/relay/metrics.go:6:\t"github.com/prometheus/client_golang/prometheus"\n')),
    (
        (sh("go test ./services/relay/...", "ok  \trelay.dev/relay\t0.412s\n"),),
        red_green("go test ./services/relay/...", "--- FAIL: TestQueueDropsOldest (0.00s)\n    queue_test.go:21: got 3 messages, want 2\nFAIL\nFAIL\trelay.dev/relay\t0.210s\n", "services/relay/queue.go", "\tif len(q.items) > q.cap {", "ok  \trelay.dev/relay\t0.401s\n"),
        (sh("go vet ./services/relay/..."),),
    ),
    (tests("go test ./services/relay/...", "go test"), lints("go vet ./services/relay/...", "go vet")),
)  # fmt: skip

GRANARY = World(
    "/home/freya/granary",
    ("moisture readings below zero should be refused", "split the cli's commands into modules", "a silo without a name panics", "document the wire format"),
    (
        ("crates/core/src/silo.rs", "pub struct Silo {"), ("crates/cli/src/main.rs", "fn main() -> Result<()> {"), ("crates/db/src/lib.rs", "pub async fn silos(pool: &PgPool) -> Result<Vec<Silo>> {"),
        ("crates/core/tests/readings.rs", "fn a_reading_below_zero_is_refused() {"), ("Cargo.toml", "[workspace]"), ("crates/wire/src/frame.rs", "pub enum Frame {"),
    ),
    (("enum Frame", "crates", "crates/wire/src/frame.rs:8:pub enum Frame {\n"), ("moisture", "crates/core", "crates/core/src/silo.rs:14:    moisture: f32,\n")),
    (
        (sh("cargo test -p granary-core", "test result: ok. 38 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.09s\n"),),
        red_green("cargo test -p granary-core", "---- a_reading_below_zero_is_refused stdout ----\nassertion failed: silo.read(-1.0).is_err()\n\ntest result: FAILED. 37 passed; 1 failed\n", "crates/core/src/silo.rs", "        if moisture < 0.0 {", "test result: ok. 38 passed; 0 failed\n"),
        red_green("cargo clippy -p granary-core --all-targets -- -D warnings", "error: this `if` has identical blocks\n  --> crates/core/src/silo.rs:30:9\nerror: could not compile `granary-core` (lib) due to 1 previous error\n", "crates/core/src/silo.rs", "        } else {", "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.31s\n"),
    ),
    (tests("cargo test -p granary-core", "cargo test"), lints("cargo clippy -p granary-core --all-targets -- -D warnings", "cargo clippy")),
)  # fmt: skip

PRISM = World(
    "/home/jo/prism",
    ("the gamma curve clips at one", "make Palette movable", "decode 16-bit PNGs", "why does the viewer leak?"),
    (
        ("libs/core/src/gamma.cpp", "double gamma(double x) {"), ("libs/core/include/prism/colour.hpp", "struct Colour {"), ("libs/io/src/png.cpp", "Image decode(std::span<const std::byte> data) {"),
        ("CMakePresets.json", '  "configurePresets": ['), ("tests/gamma_test.cpp", 'TEST_CASE("gamma is monotone") {'), ("CMakeLists.txt", "project(prism CXX)"),
    ),
    (("struct Palette", "libs", "libs/core/include/prism/palette.hpp:11:struct Palette {\n"), ("decode", "libs/io", "libs/io/src/png.cpp:40:Image decode(std::span<const std::byte> data) {\n")),
    (
        (sh("cmake --build --preset dev", "[12/12] Linking CXX executable viewer\n"),),
        red_green("cmake --build --preset dev", "/home/jo/prism/libs/core/src/gamma.cpp:9:12: error: use of undeclared identifier 'pow'\nninja: build stopped: subcommand failed.\n", "libs/core/src/gamma.cpp", "#include <algorithm>", "[12/12] Linking CXX executable viewer\n"),
        (sh("ctest --preset dev", "100% tests passed, 0 tests failed out of 57\n\nTotal Test time (real) =   1.31 sec\n"),),
    ),
    (builds("cmake --build --preset dev"), tests("ctest --preset dev")),
)  # fmt: skip

CRANE = World(
    "/home/pat/crane",
    ("crane_close() must be safe to call twice", "add --json to the tool", "replace the hand-made list by sys/queue.h"),
    (
        ("src/crane.c", "int crane_open(const char *path, struct crane **out)"), ("src/list.h", "struct list {"), ("tools/crane-cli.c", "static void usage(void)"), ("tests/test_open.c", "static void test_open_twice(void)"), ("meson.build", "project('crane', 'c')"),
    ),
    (("crane_close", "src", "src/crane.c:80:void crane_close(struct crane *c)\n"), ("getopt", "tools", 'tools/crane-cli.c:31:  while ((o = getopt(argc, argv, "h")) != -1)\n')),
    (
        (sh("meson compile -C builddir", "INFO: autodetecting backend as ninja\n[14/14] Linking target crane-cli\n"),),
        red_green("meson compile -C builddir", "../src/crane.c:84:3: error: implicit declaration of function 'crane_free' [-Wimplicit-function-declaration]\nninja: build stopped: subcommand failed.\n", "src/crane.c", '#include "list.h"', "[14/14] Linking target crane-cli\n"),
        (sh("clang-format --dry-run -Werror src/crane.c"),),
    ),
    (builds("meson compile -C builddir", "meson compile"), lints("clang-format --dry-run -Werror src/crane.c", "clang-format --dry-run -Werror")),
)  # fmt: skip

TILES = World(
    "/home/bo/tiles",
    ("zoom 22 renders empty tiles", "web should ask for webp", "make the cache a library of its own", "update the proto of the style service"),
    (
        ("server/render.cc", "Tile Render(const Request& request) {"), ("web/src/map.ts", "export class TileMap {"), ("proto/style.proto", "message Style {"), ("server/BUILD.bazel", "cc_binary("), ("MODULE.bazel", 'module(name = "tiles")'), ("server/cache.h", "class Cache {"),
    ),
    (("message Style", "proto", "proto/style.proto:5:message Style {\n"), ("webp", "web/src", "web/src/map.ts:40:    // no webp yet\n")),
    (
        (sh("./tools/bazelw test //server/...", "//server:cache_test                                             PASSED in 0.3s\n//server:render_test                                            PASSED in 1.1s\n\nExecuted 2 out of 2 tests: 2 tests pass.\n"),),
        red_green("./tools/bazelw test //server:render_test", "FAIL: //server:render_test (see /home/bo/.cache/bazel/_bazel_bo/1f/execroot/_main/bazel-out/k8-fastbuild/testlogs/server/render_test/test.log)\n\nExecuted 1 out of 1 test: 1 fails locally.\n", "server/render.cc", "  if (zoom > 21) return {};", "//server:render_test                                            PASSED in 1.0s\n"),
        (sh("./tools/bazelw build //server", "INFO: Build completed successfully, 41 total actions\n"),),
    ),
    (tests("./tools/bazelw test //server/...", "./tools/bazelw test //server:render_test", "./tools/bazelw test"), builds("./tools/bazelw build //server", "./tools/bazelw build")),
)  # fmt: skip

PERCH = World(
    "/home/aki/perch",
    ("Bird.parse crashes on empty lines", "make Sighting Sendable", "add a CSV exporter"),
    (("Sources/Perch/Bird.swift", "public struct Bird: Codable {"), ("Sources/PerchCLI/Main.swift", "@main struct Main {"), ("Tests/PerchTests/BirdTests.swift", "final class BirdTests: XCTestCase {"), ("Package.swift", "let package = Package(")),
    (("struct Sighting", "Sources", "Sources/Perch/Sighting.swift:3:public struct Sighting {\n"), ("func parse", "Sources/Perch", "Sources/Perch/Bird.swift:21:    static func parse(_ line: Substring) -> Bird? {\n")),
    (
        (sh("swift build", "Building for debugging...\n[7/7] Linking PerchCLI\nBuild complete! (2.14s)\n"),),
        red_green("swift build", "/home/aki/perch/Sources/Perch/Bird.swift:24:9: error: missing return in static method expected to return 'Bird?'\n", "Sources/Perch/Bird.swift", "        guard !line.isEmpty else {", "Build complete! (2.01s)\n"),
    ),
    (builds("swift build"),),
)  # fmt: skip

BLINK = World(
    "/home/dag/blink",
    ("the lamp should fade, not switch", "debounce the button in software", "halve the flash that fonts take", "log the battery's voltage every minute"),
    (("src/main.cpp", "void loop() {"), ("src/fade.cpp", "void fade(uint8_t to) {"), ("lib/button/button.h", "class Button {"), ("test/test_fade/test_fade.cpp", "void test_fades_in_steps() {"), ("platformio.ini", "[env:lamp]")),
    (("class Button", "lib", "lib/button/button.h:6:class Button {\n"), ("analogWrite", "src", "src/fade.cpp:12:  analogWrite(PIN, level);\n")),
    (
        (sh("pio run -e lamp", "RAM:   [==        ]  21.3% (used 436 bytes from 2048 bytes)\nFlash: [====      ]  41.0% (used 12596 bytes from 30720 bytes)\n========================= [SUCCESS] Took 1.80 seconds =========================\n"),),
        red_green("pio run -e lamp", "src/fade.cpp:14:3: error: 'delayMs' was not declared in this scope\n*** [.pio/build/lamp/src/fade.cpp.o] Error 1\n", "src/fade.cpp", "  delay(STEP);", "========================= [SUCCESS] Took 1.90 seconds =========================\n"),
    ),
    (builds("pio run -e lamp", "pio run"),),
)  # fmt: skip

_LESSONS = (
    case(
        "migrations-of-the-store", "a command's package is in another module than the root", RELAY,
        on("claude", sh("go run ./cmd/migrate up", "stat /home/ade/src/relay/cmd/migrate: directory not found\n", 1), sh("cd services/store && go run ./cmd/migrate up", "3 migrations applied\n")),
        on("codex", sh("go run ./cmd/migrate status", "stat /home/ade/src/relay/cmd/migrate: directory not found\n", 1), sh("fd -t d migrate", "services/store/cmd/migrate/\n"), sh("cd services/store && go run ./cmd/migrate status", "3 of 3 applied\n")),
        right=[folder(["go run ./cmd/migrate", "go run ./cmd/migrate up", "go run ./cmd/migrate status", "./cmd/migrate"], "services/store")],
        fine=[at(["cmd/migrate", "./cmd/migrate"], ["services/store/cmd/migrate"])],
    ),
    case(
        "integration-has-a-tag", "tests behind a build tag", RELAY,
        on("gemini", sh("go test ./services/store/integration", "package relay.dev/store/integration: build constraints exclude all Go files in /home/ade/src/relay/services/store/integration\n", 1), sh("go test -tags=integration ./services/store/integration", "ok  \trelay.dev/store/integration\t4.112s\n")),
        on("claude", sh("go test ./services/store/integration", "package relay.dev/store/integration: build constraints exclude all Go files in /home/ade/src/relay/services/store/integration\n", 1), sh("head -3 services/store/integration/store_test.go", "//go:build integration\n\npackage integration\n"), sh("go test -tags=integration ./services/store/integration", "ok  \trelay.dev/store/integration\t4.020s\n")),
        right=[add(["go test ./services/store/integration"], ["-tags=integration", "-tags integration"])], fine=[tests("go test -tags=integration ./services/store/integration")],
    ),
    case(
        "the-linter-is-a-go-tool", "the linter is pinned in the module", RELAY,
        on("claude", sh("golangci-lint run ./services/relay/...", "/bin/bash: line 1: golangci-lint: command not found\n", 127), sh("go tool golangci-lint run ./services/relay/...", "0 issues.\n")),
        on("opencode", sh("golangci-lint run", "bash: line 1: golangci-lint: command not found\n", 127), sh("go tool golangci-lint run", "0 issues.\n")),
        right=[program("golangci-lint", ["go tool golangci-lint", "go tool"])], fine=[lints("go tool golangci-lint run ./services/relay/...", "go tool golangci-lint run")],
    ),
    case(
        "packages-have-hyphens", "cargo names the package that was meant", GRANARY,
        on("codex", sh("cargo build -p granary_wire", "error: package ID specification `granary_wire` did not match any packages\n\nhelp: a package with a similar name exists: `granary-wire`\n", 101), sh("cargo build -p granary-wire", "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 2.20s\n")),
        on("claude", sh("cargo build -p granary_wire", "error: package ID specification `granary_wire` did not match any packages\n\nhelp: a package with a similar name exists: `granary-wire`\n", 101), sh("cargo build -p granary-wire", "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.20s\n")),
        right=[swap(["cargo build", "cargo"], ["-p granary_wire", "granary_wire"], ["-p granary-wire", "granary-wire"])], fine=[builds("cargo build -p granary-wire", "cargo build")],
    ),
    case(
        "a-binary-behind-a-feature", "cargo says which feature a target needs", GRANARY,
        on("claude", sh("cargo run --bin ingest -- --dry-run", 'error: target `ingest` in package `granary-cli` requires the features: `kafka`\nConsider enabling them by passing, e.g., `--features="kafka"`\n', 101), sh("cargo run --bin ingest --features kafka -- --dry-run", "0 readings (dry run)\n")),
        on("copilot", sh("cargo run --bin ingest -- --help", 'error: target `ingest` in package `granary-cli` requires the features: `kafka`\nConsider enabling them by passing, e.g., `--features="kafka"`\n', 101), sh("cargo run --bin ingest --features kafka -- --help", "Usage: ingest [OPTIONS]\n")),
        right=[add(["cargo run --bin ingest", "cargo run", "cargo run --bin ingest -- --dry-run", "cargo run --bin ingest -- --help"], ["--features kafka", "--features=kafka"])],
    ),
    case(
        "sqlx-offline", "queries are checked against a database unless they need not be", GRANARY,
        on("claude", sh("cargo check -p granary-db", "error: set `DATABASE_URL` to use query macros online, or run `cargo sqlx prepare` to update the query cache\n  --> crates/db/src/lib.rs:12:5\n", 101), sh("SQLX_OFFLINE=true cargo check -p granary-db", "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 4.10s\n")),
        on("gemini", sh("cargo check -p granary-db", "error: set `DATABASE_URL` to use query macros online, or run `cargo sqlx prepare` to update the query cache\n", 101), sh("SQLX_OFFLINE=true cargo check -p granary-db", "    Finished `dev` profile\n")),
        on("codex", sh("cargo check -p granary-db --tests", "error: set `DATABASE_URL` to use query macros online, or run `cargo sqlx prepare` to update the query cache\n", 101), sh("export SQLX_OFFLINE=true; cargo check -p granary-db --tests", "    Finished `dev` profile\n")),
        right=[variable(["cargo check -p granary-db", "cargo check"], "SQLX_OFFLINE=true")], fine=[variable("cargo check -p granary-db --tests", "SQLX_OFFLINE=true"), lints("cargo check -p granary-db"), builds("cargo check -p granary-db", "SQLX_OFFLINE=true cargo check -p granary-db")],
    ),
    case(
        "ctest-of-the-preset", "tests are looked for in the wrong folder", PRISM,
        on("claude", sh("ctest --output-on-failure", "*********************************\nNo test configuration file found!\n*********************************\nUsage\n\n  ctest [options]\n\n", 1), sh("ctest --preset dev --output-on-failure", "100% tests passed, 0 tests failed out of 57\n")),
        on("opencode", sh("ctest -R gamma", "*********************************\nNo test configuration file found!\n*********************************\n", 1), sh("ctest --preset dev -R gamma", "100% tests passed, 0 tests failed out of 4\n")),
        right=[add(["ctest"], ["--preset dev", "--preset=dev"])], fine=[add(["ctest --output-on-failure", "ctest -R gamma"], ["--preset dev", "--preset=dev"]), tests("ctest --preset dev --output-on-failure", "ctest --preset dev -R gamma")],
    ),
    case(
        "ninja-not-make", "the build folder is ninja's", PRISM,
        on("codex", sh("make -C out/dev viewer", "make: Entering directory '/home/jo/prism/out/dev'\nmake: *** No rule to make target 'viewer'.  Stop.\n", 2), sh("ninja -C out/dev viewer", "[3/3] Linking CXX executable viewer\n")),
        on("claude", sh("make -C out/dev -j8", "make: *** No targets specified and no makefile found.  Stop.\n", 2), sh("ls out/dev", "CMakeCache.txt\nbuild.ninja\nviewer\n"), sh("ninja -C out/dev", "ninja: no work to do.\n")),
        right=[program(["make", "make -C out/dev"], ["ninja", "ninja -C out/dev"])], fine=[builds("ninja -C out/dev", "ninja -C out/dev viewer")],
    ),
    case(
        "colour-not-color", "a header is guessed in American, and at the top", PRISM,
        on("claude", gone("include/prism/color.hpp"), sh("fd 'colou?r.hpp'", "libs/core/include/prism/colour.hpp\n"), read("libs/core/include/prism/colour.hpp", "struct Colour {\n")),
        on("codex", gone("include/prism/color.hpp"), read("libs/core/include/prism/colour.hpp", "struct Colour {\n")),
        right=[at("include/prism/color.hpp", ["libs/core/include/prism/colour.hpp", "libs/core/include/prism"])],
    ),
    case(
        "meson-tests-in-builddir", "meson wants to know its build folder", CRANE,
        on("copilot", sh("meson test", "\nERROR: No such build data file as '/home/pat/crane/meson-private/build.dat'.\n", 1), sh("meson test -C builddir", "Ok:                 12\nFail:               0\n")),
        on("claude", sh("meson test open", "ERROR: No such build data file as '/home/pat/crane/meson-private/build.dat'.\n", 1), sh("meson test -C builddir open", "1/1 open OK              0.01s\n")),
        right=[add(["meson test", "meson"], "-C builddir")], fine=[add("meson test open", "-C builddir"), tests("meson test -C builddir", "meson test -C builddir open")],
    ),
    case(
        "bazel-by-its-wrapper", "no bazel on the path; a wrapper is in the repository", TILES,
        on("gemini", sh("bazel query //web/...", "bash: line 1: bazel: command not found\n", 127), sh("./tools/bazelw query //web/...", "//web:bundle\n//web:unit_test\n")),
        on("claude", sh("bazel build //web:bundle", "/bin/bash: line 1: bazel: command not found\n", 127), sh("ls tools", "bazelw\nlint.sh\n"), sh("./tools/bazelw build //web:bundle", "INFO: Build completed successfully, 12 total actions\n")),
        right=[program("bazel", ["./tools/bazelw", "tools/bazelw"])], fine=[builds("./tools/bazelw build //web:bundle")],
    ),
    case(
        "a-target-of-bazel", "the build says which target was meant", TILES,
        on("claude", sh("./tools/bazelw test //web:unit", "ERROR: no such target '//web:unit': target 'unit' not declared in package 'web' defined by /home/bo/tiles/web/BUILD.bazel (did you mean unit_test?)\nERROR: Build did NOT complete successfully\n", 1), sh("./tools/bazelw test //web:unit_test", "//web:unit_test                                                 PASSED in 2.0s\n")),
        on("codex", sh("./tools/bazelw test //web:unit", "ERROR: no such target '//web:unit': target 'unit' not declared in package 'web' defined by /home/bo/tiles/web/BUILD.bazel (did you mean unit_test?)\n", 1), sh("./tools/bazelw test //web:unit_test", "//web:unit_test                                                 PASSED in 1.9s\n")),
        right=[task(["//web:unit", "./tools/bazelw test //web:unit"], ["//web:unit_test", "./tools/bazelw test //web:unit_test"])], fine=[tests("./tools/bazelw test //web:unit_test")],
    ),
    case(
        "protos-are-not-in-server", "messages are looked for beside the server, in three sessions", TILES,
        on("claude", find("message TileKey", "server", ""), find("message TileKey", "proto", "proto/tile.proto:3:message TileKey {\n")),
        on("opencode", find("service Styles", "server", ""), find("service Styles", "proto", "proto/style.proto:30:service Styles {\n"), noise(1)),
        on("codex", find("enum Format", "server", ""), find("enum Format", "proto", "proto/tile.proto:12:enum Format {\n")),
        right=[search_in("server", "proto")],
    ),
    case(
        "no-xcode-on-linux", "a Mac's tool is asked for on another system", PERCH,
        on("claude", sh("xcodebuild test -scheme Perch", "/bin/bash: line 1: xcodebuild: command not found\n", 127), sh("swift test", "Executed 31 tests, with 0 failures (0 unexpected) in 0.210 (0.214) seconds\n")),
        on("gemini", sh("xcodebuild -scheme Perch build", "bash: line 1: xcodebuild: command not found\n", 127), sh("swift build", "Build complete! (2.00s)\n")),
        on("codex", sh("xcodebuild test -scheme Perch", "bash: xcodebuild: command not found\n", 127), sh("swift test", "Executed 31 tests, with 0 failures\n")),
        right=[program(["xcodebuild", "xcodebuild test"], ["swift", "swift test", "swift build"])], fine=[tests("swift test")],
    ),
    case(
        "an-old-switch-of-swift", "an option that the tool does not know", PERCH,
        on("opencode", sh("swift test --generate-linuxmain", "error: Unknown option '--generate-linuxmain'\nUsage: swift test <options> <subcommand>\n", 64), sh("swift test", "Executed 31 tests, with 0 failures\n")),
        on("claude", sh("swift test --generate-linuxmain", "error: Unknown option '--generate-linuxmain'\n", 64), sh("swift test", "Executed 31 tests, with 0 failures\n")),
        right=[drop(["swift test", "swift"], "--generate-linuxmain")], fine=[tests("swift test")],
    ),
    case(
        "tests-on-the-host", "without an environment the tests want a board", BLINK,
        on("claude", sh("pio test", "Processing test_fade in lamp environment\nError: Please specify `upload_port` for environment or use global `--upload-port` option.\n", 1), sh("pio test -e native", "================= 9 test cases: 9 succeeded in 00:00:01.402 =================\n")),
        on("gemini", sh("pio test -f test_fade", "Error: Please specify `upload_port` for environment or use global `--upload-port` option.\n", 1), sh("pio test -e native -f test_fade", "================= 4 test cases: 4 succeeded in 00:00:00.902 =================\n")),
        right=[add(["pio test"], ["-e native", "--environment native"])], fine=[add("pio test -f test_fade", ["-e native", "--environment native"]), tests("pio test -e native", "pio test -e native -f test_fade")],
    ),
    case(
        "a-monitor-of-pio", "a serial monitor never ends by itself", BLINK,
        on("claude", sh("pio device monitor -b 115200", "--- Terminal on /dev/ttyUSB0 | 115200 8-N-1\nbattery 3.91 V\n", 143, "timed_out"), noise(1)),
        on("codex", sh("pio device monitor -b 115200", "--- Terminal on /dev/ttyUSB0 | 115200 8-N-1\nbattery 3.88 V\nbattery 3.88 V\n", 124, "timed_out"), sh("timeout 8 pio device monitor -b 115200", "battery 3.88 V\n", 124)),
        right=[hangs(["pio device monitor", "pio device monitor -b 115200"])], fine=[hangs_instead(["pio device monitor", "pio device monitor -b 115200"], ["timeout 8 pio device monitor -b 115200", "timeout 8 pio device monitor"])],
    ),
    case(
        "line-ends-of-a-board", "the vendor's file has the line ends of Windows", BLINK,
        on("claude", read("boards/pins.csv", "pin;use\n9;lamp\n"), misfit("boards/pins.csv", "9;lamp\n10;button", "9;lamp\n11;button"), sh("file boards/pins.csv", "boards/pins.csv: CSV text, ASCII text, with CRLF line terminators\n"), edit("boards/pins.csv", "9;lamp\r\n10;button", "9;lamp\r\n11;button")),
        on("opencode", read("boards/pins.csv"), misfit("boards/pins.csv", "pin;use\n9;lamp", "pin;use\n9;lamp (pwm)"), sh("head -2 boards/pins.csv | cat -A", "pin;use^M$\n9;lamp^M$\n"), edit("boards/pins.csv", "pin;use\r\n9;lamp", "pin;use\r\n9;lamp (pwm)")),
        right=[line_ends("boards/pins.csv")],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "a-race-is-found", "the race detector does what it is for; without it the test passes", RELAY,
        on("claude", sh("go test -race ./services/store", "==================\nWARNING: DATA RACE\nWrite at 0x00c00012a0f8 by goroutine 9:\n==================\n--- FAIL: TestClose (0.02s)\n    testing.go:1398: race detected during execution of test\nFAIL\n", 1), sh("go test ./services/store", "ok  \trelay.dev/store\t0.110s\n")),
        on("codex", sh("go test -race ./services/store", "WARNING: DATA RACE\n--- FAIL: TestClose (0.02s)\nFAIL\n", 1), sh("go test ./services/store", "ok  \trelay.dev/store\t0.108s\n")),
        fine=[tests("go test ./services/store", "go test -race ./services/store")],
    ),
    case(
        "sums-were-missing", "a module is added to go.sum, and that was that", RELAY,
        on("gemini", sh("go build ./services/relay", "services/relay/metrics.go:6:2: missing go.sum entry for module providing package github.com/prometheus/client_golang/prometheus; to add:\n\tgo get relay.dev/relay\n", 1), sh("go -C services/relay mod tidy"), sh("go build ./services/relay")),
        on("claude", noise(2), sh("go build ./services/relay")),
        fine=[builds("go build ./services/relay")],
    ),
    case(
        "cargo-waits-for-cargo", "another cargo holds the lock; a folder of its own helps, this once", GRANARY,
        on("claude", sh("cargo build -p granary-cli", "    Blocking waiting for file lock on build directory\n", 143, "timed_out"), sh("cargo build -p granary-cli --target-dir /tmp/granary-target", "    Finished `dev` profile\n")),
        on("claude", sh("cargo build -p granary-cli", "    Finished `dev` profile\n"), noise(1)),
        fine=[builds("cargo build -p granary-cli", "cargo build")],
    ),
    case(
        "format-check-of-rust", "the check says what is not formatted, and then it is", GRANARY,
        on("codex", sh("cargo fmt --check", "Diff in /home/freya/granary/crates/core/src/silo.rs:14:\n-    moisture:f32,\n+    moisture: f32,\n", 1), sh("cargo fmt"), sh("cargo fmt --check")),
        on("claude", sh("cargo fmt --check", "Diff in /home/freya/granary/crates/wire/src/frame.rs:20:\n", 1), sh("cargo fmt")),
        fine=[lints("cargo fmt --check", "cargo fmt")],
    ),
    case(
        "a-target-is-added", "a target is installed with rustup and is there from then on", GRANARY,
        on("opencode", sh("cargo build -p granary-wire --target wasm32-unknown-unknown", "error[E0463]: can't find crate for `std`\n  = note: the `wasm32-unknown-unknown` target may not be installed\n  = help: consider downloading the target with `rustup target add wasm32-unknown-unknown`\n", 101), sh("rustup target add wasm32-unknown-unknown", "info: downloading component 'rust-std' for 'wasm32-unknown-unknown'\n"), sh("cargo build -p granary-wire --target wasm32-unknown-unknown", "    Finished `dev` profile\n")),
        on("claude", sh("cargo build -p granary-wire --target wasm32-unknown-unknown", "    Finished `dev` profile\n")),
        fine=[builds("cargo build -p granary-wire --target wasm32-unknown-unknown", "cargo build -p granary-wire", "cargo build")],
    ),
    case(
        "a-stale-cache-of-cmake", "a build folder of another compiler is made anew", PRISM,
        on("claude", sh("cmake --preset asan", "CMake Error: The current CMakeCache.txt directory /home/jo/prism/out/asan/CMakeCache.txt is different than the directory /src/prism/out/asan where CMakeCache.txt was created.\n", 1), sh("cmake --preset asan --fresh", "-- Configuring done (1.2s)\n-- Generating done (0.1s)\n")),
        on("gemini", sh("cmake --preset asan", "-- Configuring done (0.3s)\n-- Generating done (0.1s)\n")),
    ),
    case(
        "the-viewer-is-under-test", "one's own program refuses what it does not know yet", PRISM,
        on("codex", sh("./out/dev/viewer --gamma 2.2 a.png", "viewer: unknown option '--gamma'\n", 2), edit("apps/viewer/main.cpp", 'options.add("zoom");', 'options.add("zoom");\n  options.add("curve");'), sh("cmake --build --preset dev", "[2/2] Linking CXX executable viewer\n"), sh("./out/dev/viewer --curve 2.2 a.png")),
        on("claude", sh("./out/dev/viewer --gamma 2.2 b.png", "viewer: unknown option '--gamma'\n", 2), sh("./out/dev/viewer --curve 2.2 b.png"), read("apps/viewer/main.cpp", 'options.add("curve");\n'), edit("apps/viewer/main.cpp", '"curve"', '"gamma"')),
    ),
    case(
        "a-test-under-valgrind", "a tool that exits with the errors that it found", CRANE,
        on("claude", sh("valgrind --error-exitcode=9 ./builddir/tests/test_open", "==41== 24 bytes in 1 blocks are definitely lost in loss record 1 of 1\n==41== ERROR SUMMARY: 1 errors from 1 contexts\n", 9), sh("valgrind ./builddir/tests/test_open", "==44== ERROR SUMMARY: 1 errors from 1 contexts\n")),
        on("copilot", sh("valgrind --error-exitcode=9 ./builddir/tests/test_open", "==51== ERROR SUMMARY: 1 errors from 1 contexts\n", 9), sh("valgrind ./builddir/tests/test_open", "==52== ERROR SUMMARY: 1 errors from 1 contexts\n")),
        fine=[tests("valgrind ./builddir/tests/test_open", "valgrind --error-exitcode=9 ./builddir/tests/test_open")],
    ),
    case(
        "an-archive-cannot-be-fetched", "a download fails and is there a minute later", TILES,
        on("gemini", sh("./tools/bazelw build //server", "ERROR: Error computing the main repository mapping: error during computation of main repo mapping: Error accessing registry https://bcr.bazel.build/: Failed to fetch registry file: Connect timed out\n", 48), sh("./tools/bazelw build //server --lockfile_mode=off", "INFO: Build completed successfully, 41 total actions\n"), noise(1), sh("./tools/bazelw build //server", "INFO: Build completed successfully, 1 total action\n")),
        on("claude", noise(4)),
    ),
    case(
        "boards-change-their-port", "the port is one thing today and another tomorrow", BLINK,
        on("claude", sh("pio run -e lamp -t upload --upload-port /dev/ttyUSB0", "Error: could not open port '/dev/ttyUSB0': [Errno 2] could not open port /dev/ttyUSB0\n", 1), sh("pio run -e lamp -t upload --upload-port /dev/ttyUSB1", "[SUCCESS] Took 6.10 seconds\n")),
        on("opencode", sh("pio run -e lamp -t upload --upload-port /dev/ttyUSB1", "Error: could not open port '/dev/ttyUSB1': [Errno 2] could not open port /dev/ttyUSB1\n", 1), sh("pio run -e lamp -t upload --upload-port /dev/ttyUSB0", "[SUCCESS] Took 6.02 seconds\n")),
        fine=[builds("pio run -e lamp -t upload --upload-port /dev/ttyUSB0", "pio run -e lamp -t upload --upload-port /dev/ttyUSB1")],
    ),
    case(
        "a-swift-file-moved", "a file is where it was until this session moved it", PERCH,
        on("codex", sh("git mv Sources/Perch/Sighting.swift Sources/Perch/Models/Sighting.swift"), gone("Sources/Perch/Sighting.swift"), read("Sources/Perch/Models/Sighting.swift", "public struct Sighting {\n"), sh("git mv Sources/Perch/Models/Sighting.swift Sources/Perch/Sighting.swift")),
        on("claude", read("Sources/Perch/Sighting.swift", "public struct Sighting {\n")),
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)

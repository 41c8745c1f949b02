"""Compiled languages: Go, a Rust workspace, C++ with CMake, firmware with Zephyr's west, a Swift package."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fifth.worlds import FJORD, LANTERN, QUARRY, THERMO, VOXEL
from tests.headroom_wrap.learn.independent.fourth.labels import add, at, drop, folder, heads, program, swap, task, variable
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import builds, lints, tests
from tests.headroom_wrap.learn.independent.steps import edit, find, gone, noise, read, sh, user, write

_NO_CARGO_FEATURE = "error: the package 'server' does not contain this feature: tls\nhelp: packages with the missing feature: net\n"

_LESSONS = (
    case(
        "protos-by-buf", "the generator is not called by hand", FJORD,
        on("claude", sh("protoc --go_out=. proto/berth.proto", "bash: line 1: protoc: command not found\n", 127), sh("cat buf.gen.yaml", "version: v2\n"), sh("buf generate")),
        on("gemini", sh("protoc --go_out=. --go-grpc_out=. proto/berth.proto", "bash: protoc: command not found\n", 127), sh("buf generate")),
        right=[program("protoc", ["buf generate", "buf"])],
    ),
    case(
        "sqlite-needs-cgo", "a driver in C, and a machine that switches C off", FJORD,
        on("codex", sh("go test ./store/...", "--- FAIL: TestOpen (0.00s)\n    store_test.go:14: Binary was compiled with 'CGO_ENABLED=0', go-sqlite3 requires cgo to work. This is a stub\nFAIL\tfjord.example/fjord/store\t0.004s\n", 1), sh("CGO_ENABLED=1 go test ./store/...", "ok  \tfjord.example/fjord/store\t0.210s\n")),
        on("claude", sh("go test ./store/...", "    store_test.go:14: Binary was compiled with 'CGO_ENABLED=0', go-sqlite3 requires cgo to work. This is a stub\nFAIL\n", 1), sh("CGO_ENABLED=1 go test ./store/...", "ok  \tfjord.example/fjord/store\t0.199s\n")),
        right=[variable(heads("go test ./store/..."), "CGO_ENABLED=1")], fine=[tests("go test ./store/...", "CGO_ENABLED=1 go test ./store/...")],
    ),
    case(
        "the-tools-module", "a second module below the root", FJORD,
        on("claude", sh("go run ./gen", "no required module provides package fjord.example/fjord/gen; to add it:\n\tgo get fjord.example/fjord/gen\n", 1), sh("cd tools && go run ./gen", "wrote 4 files\n")),
        on("opencode", sh("go run ./gen -n", "stat /home/nils/go/src/fjord/gen: directory not found\n", 1), sh("cd tools && go run ./gen -n", "would write 4 files\n")),
        right=[folder(["go run ./gen", "go run ./gen -n"], "tools")], fine=[at(["gen", "./gen"], ["tools/gen"])],
    ),
    case(
        "vendored-and-stale", "the vendor folder is not to be used for tools", FJORD,
        on("claude", sh("go list -m -u all", "go: can't determine available upgrades using the vendor directory\n\t(Use -mod=mod or -mod=readonly to bypass.)\n", 1), sh("go list -m -u -mod=mod all", "google.golang.org/grpc v1.62.0 [v1.66.0]\n")),
        on("codex", sh("go list -m -u all", "go: can't determine available upgrades using the vendor directory\n", 1), sh("go list -m -u -mod=mod all", "google.golang.org/grpc v1.62.0 [v1.66.0]\n")),
        right=[add(["go list", "go list -m", "go list -m -u", "go list -m -u all"], ["-mod=mod"])],
    ),
    case(
        "features-belong-to-net", "cargo tells which package has the feature", QUARRY,
        on("claude", sh("cargo build -p server --features tls", _NO_CARGO_FEATURE, 101), sh("cargo build -p server --features net/tls", "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 3.01s\n")),
        on("gemini", sh("cargo check -p server --features tls", _NO_CARGO_FEATURE, 101), sh("cargo check -p server --features net/tls", "    Finished `dev` profile target(s) in 1.01s\n")),
        right=[swap(["cargo", "cargo build -p server", "cargo check -p server", "cargo build", "cargo check", "cargo -p server"], ["--features tls", "tls"], ["--features net/tls", "net/tls"])],
        fine=[builds("cargo build -p server --features net/tls", "cargo build")],
    ),
    case(
        "miri-is-of-nightly", "a component that only one toolchain has", QUARRY,
        on("codex", sh("cargo miri test -p lexer", "error: 'cargo-miri' is not installed for the toolchain 'stable-x86_64-unknown-linux-gnu'.\nTo install, run `rustup component add miri`\n", 1), sh("cargo +nightly miri test -p lexer", "test result: ok. 22 passed; 0 failed\n")),
        on("claude", sh("cargo miri test -p index", "error: 'cargo-miri' is not installed for the toolchain 'stable-x86_64-unknown-linux-gnu'.\n", 1), sh("cargo +nightly miri test -p index", "test result: ok. 8 passed; 0 failed\n")),
        right=[add(["cargo miri test", "cargo miri"], "+nightly")], fine=[tests("cargo +nightly miri test -p lexer", "cargo +nightly miri test -p index", "cargo +nightly miri test", "cargo +nightly miri"), program("cargo miri", "cargo +nightly miri")],
    ),
    case(
        "xtask-names", "the helper tells its subcommands", QUARRY,
        on("claude", sh("cargo xtask codegen", "error: unrecognized subcommand 'codegen'\n\n  tip: a similar subcommand exists: 'gen-code'\n\nUsage: xtask <COMMAND>\n", 2), sh("cargo xtask gen-code", "wrote crates/lexer/src/tables.rs\n")),
        on("copilot", sh("cargo xtask codegen --check", "error: unrecognized subcommand 'codegen'\n\n  tip: a similar subcommand exists: 'gen-code'\n", 2), sh("cargo xtask gen-code --check", "up to date\n")),
        right=[task(["codegen", "cargo xtask codegen"], ["gen-code", "cargo xtask gen-code"])],
    ),
    case(
        "the-build-lies-in-out", "where CMake's build is", VOXEL,
        on("claude", sh("cmake --build build", "Error: could not load cache\n", 1), sh("ls -d */", "include/\nout/\nsrc/\ntest/\n"), sh("cmake --build out", "[100%] Built target voxel\n")),
        on("opencode", sh("cmake --build build --target voxel_tests", "Error: could not load cache\n", 1), sh("cmake --build out --target voxel_tests", "[100%] Built target voxel_tests\n")),
        right=[swap(["cmake --build", "cmake"], ["build", "--build build"], ["out", "--build out"])],
        fine=[at(["build", "build/"], ["out", "out/"]), builds("cmake --build out --target voxel_tests", "cmake --build out", "cmake --build")],
    ),
    case(
        "gtest-s-filter", "the tests' binary is not ctest", VOXEL,
        on("codex", sh("ctest --test-dir out --gtest_filter=Mesher.*", "CMake Error: Unknown argument: --gtest_filter=Mesher.*\n", 1), sh("ctest --test-dir out -R Mesher", "100% tests passed, 0 tests failed out of 7\n")),
        on("claude", sh("ctest --test-dir out --gtest_filter=Obj.*", "CMake Error: Unknown argument: --gtest_filter=Obj.*\n", 1), sh("ctest --test-dir out -R Obj", "100% tests passed, 0 tests failed out of 5\n")),
        fine=[swap(["ctest", "ctest --test-dir out"], ["--gtest_filter", "--gtest_filter=Mesher.*", "--gtest_filter=Obj.*"], ["-R", "-R Mesher", "-R Obj"]), tests("ctest --test-dir out -R Mesher", "ctest --test-dir out -R Obj")],
    ),
    case(
        "boards-by-their-new-names", "the board has another name since hardware model v2", THERMO,
        on("codex", sh("west build -b thermo app", "No board named 'thermo' found.\n\nPlease choose one of the following boards:\n\nthermo_v2\nthermo_v3\n\nCMake Error at /home/wim/zephyrproject/zephyr/cmake/modules/boards.cmake:227 (message):\n  Invalid BOARD; see above.\n", 1), sh("west build -b thermo_v2 app", "[160/160] Linking C executable zephyr/zephyr.elf\n")),
        on("claude", sh("west build -b thermo app", "No board named 'thermo' found.\n\nPlease choose one of the following boards:\n\nthermo_v2\nthermo_v3\n", 1), sh("west build -b thermo_v2 app", "[160/160] Linking C executable zephyr/zephyr.elf\n")),
        right=[swap(["west build", "west build -b", "west"], ["-b thermo", "thermo"], ["-b thermo_v2", "thermo_v2"])],
    ),
    case(
        "twister-lies-in-zephyr", "the test runner is a script of the neighbour", THERMO,
        on("claude", sh("twister -T tests", "bash: line 1: twister: command not found\n", 127), sh("west twister -T tests", "INFO    - 6 of 6 executed test configurations passed (100.00%)\n")),
        on("opencode", sh("twister -T tests/probe", "bash: twister: command not found\n", 127), sh("west twister -T tests/probe", "INFO    - 2 of 2 executed test configurations passed (100.00%)\n")),
        right=[program("twister", ["west twister"])], fine=[tests("west twister -T tests", "west twister -T tests/probe", "west twister -T", "west twister")],
    ),
    case(
        "lint-through-the-plugin", "the linter comes with the package", LANTERN,
        on("claude", sh("swiftlint lint --strict", "zsh: command not found: swiftlint\n", 127), sh("swift package plugin swiftlint lint --strict", "Done linting! Found 0 violations, 0 serious in 22 files.\n")),
        on("codex", sh("swiftlint lint", "zsh:1: command not found: swiftlint\n", 127), sh("swift package plugin swiftlint lint", "Done linting! Found 0 violations, 0 serious in 22 files.\n")),
        right=[program("swiftlint", ["swift package plugin swiftlint", "swift package plugin", "swift package"])], fine=[lints("swift package plugin swiftlint lint --strict", "swift package plugin swiftlint lint", "swift package plugin swiftlint")],
    ),
    case(
        "headers-are-below-include", "a header is looked for beside its source", VOXEL,
        on("claude", gone("src/mesh/mesher.h"), find("Mesh mesh", "include", "include/voxel/mesh/mesher.h:9:Mesh mesh(const Chunk& chunk);\n"), read("include/voxel/mesh/mesher.h", "#pragma once\n")),
        on("gemini", gone("src/mesh/mesher.h"), read("include/voxel/mesh/mesher.h", "#pragma once\n")),
        right=[at("src/mesh/mesher.h", ["include/voxel/mesh/mesher.h", "include/voxel/mesh"])],
    ),
    case(
        "verbose-tests-are-not-swift-s", "an option of another language's runner", LANTERN,
        on("claude", sh("swift test --no-parallel --verbose-tests", "error: Unknown option '--verbose-tests'\nUsage: swift test [<options>]\n", 64), sh("swift test --no-parallel", "✔ Test run with 26 tests passed after 0.603 seconds.\n")),
        on("copilot", sh("swift test --verbose-tests", "error: Unknown option '--verbose-tests'\n", 64), sh("swift test", "✔ Test run with 26 tests passed after 0.102 seconds.\n")),
        right=[drop(["swift test", "swift test --no-parallel"], "--verbose-tests")], fine=[tests("swift test --no-parallel")],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "the-race-was-real", "leaving out the detector is no better test", FJORD,
        on("claude", sh("go test -race ./internal/scheduler/...", "WARNING: DATA RACE\nWrite at 0x00c0001 by goroutine 8:\nFAIL\tfjord.example/fjord/internal/scheduler\t0.51s\n", 1), sh("go test ./internal/scheduler/...", "ok  \tfjord.example/fjord/internal/scheduler\t0.11s\n")),
        on("codex", sh("go test -race ./internal/scheduler/...", "WARNING: DATA RACE\nFAIL\tfjord.example/fjord/internal/scheduler\t0.50s\n", 1), sh("go test ./internal/scheduler/...", "ok  \tfjord.example/fjord/internal/scheduler\t0.11s\n")),
        fine=[tests("go test ./internal/scheduler/...", "go test -race ./internal/scheduler/...", "go test -race")],
    ),
    case(
        "flaky-then-green", "the second try is the same command with its cache off", FJORD,
        on("opencode", sh("go test ./internal/weather/...", "--- FAIL: TestBackoff (0.31s)\n    client_test.go:40: took 301ms, want < 300ms\nFAIL\n", 1), sh("go test -count=1 ./internal/weather/...", "ok  \tfjord.example/fjord/internal/weather\t0.288s\n")),
        on("claude", sh("go test ./internal/weather/...", "ok  \tfjord.example/fjord/internal/weather\t(cached)\n"), sh("go test -count=1 ./internal/weather/...", "ok  \tfjord.example/fjord/internal/weather\t0.290s\n")),
        fine=[tests("go test ./internal/weather/...", "go test -count=1 ./internal/weather/...", "go test -count=1")],
    ),
    case(
        "proxy-of-modules-was-down", "the network, for one morning", FJORD,
        on("claude", sh("go mod download", 'go: google.golang.org/grpc@v1.66.0: Get "https://proxy.golang.org/google.golang.org/grpc/@v/v1.66.0.mod": dial tcp: i/o timeout\n', 1), sh("GOPROXY=direct go mod download")),
        on("gemini", sh("go mod download")),
        days=(4, 1),
    ),
    case(
        "clippy-was-right", "warnings are errors on purpose", QUARRY,
        on("claude", sh("cargo clippy --workspace -- -D warnings", "error: this loop could be written as a `while let` loop\nerror: could not compile `index` (lib) due to 1 previous error\n", 101), sh("cargo clippy --workspace", "warning: this loop could be written as a `while let` loop\n    Finished `dev` profile\n")),
        on("codex", sh("cargo clippy --workspace -- -D warnings", "error: needless borrow\nerror: could not compile `lexer` (lib) due to 1 previous error\n", 101), sh("cargo clippy --workspace", "warning: needless borrow\n    Finished `dev` profile\n")),
        fine=[lints("cargo clippy --workspace", "cargo clippy --workspace -- -D warnings", "cargo clippy")],
    ),
    case(
        "locked-by-another-cargo", "an other build had the lock", QUARRY,
        on("gemini", sh("cargo build --release", "    Blocking waiting for file lock on build directory\n", 124, "timed_out"), sh("cargo build --release --target-dir /tmp/target-q", "    Finished `release` profile [optimized] target(s) in 61.20s\n")),
        on("claude", sh("cargo build --release", "    Finished `release` profile [optimized] target(s) in 0.20s\n")),
        fine=[builds("cargo build --release", "cargo build")],
    ),
    case(
        "our-own-binary-complains", "the program that is written here exits with 2, and that is what is tested", QUARRY,
        on("claude", write("crates/server/src/args.rs", "pub struct Args {}\n"), sh("cargo run -p server -- --prot 80", "error: unexpected argument '--prot' found\n\n  tip: a similar argument exists: '--port'\n", 2), sh("cargo run -p server -- --port 80", "listening on 80\n")),
        on("codex", edit("crates/server/src/main.rs", "async fn main() -> anyhow::Result<()> {", "async fn main() -> anyhow::Result<()> { // bind"), sh("cargo run -p server -- --bind x", "error: invalid value 'x' for '--bind <ADDR>': invalid socket address syntax\n", 2), sh("cargo run -p server -- --bind 127.0.0.1:80", "listening\n")),
    ),
    case(
        "configured-in-between", "the folder was missing until CMake made it", VOXEL,
        on("codex", sh("cmake --build asan", "Error: /home/kenji/voxel/asan is not a directory\n", 1), sh("cmake -B asan -DVOXEL_ASAN=ON", "-- Configuring done (1.1s)\n-- Build files have been written to: /home/kenji/voxel/asan\n"), sh("cmake --build asan", "[100%] Built target voxel_tests\n")),
        on("claude", noise(4)),
        fine=[builds("cmake --build asan")],
    ),
    case(
        "another-serial-port", "the probe shows up under a number that changes", THERMO,
        on("claude", sh("picocom -q -x 2000 /dev/ttyACM0", "FATAL: cannot open /dev/ttyACM0: No such file or directory\n", 1), sh("picocom -q -x 2000 /dev/ttyACM1", "*** Booting Zephyr OS ***\n")),
        on("codex", sh("picocom -q -x 2000 /dev/ttyACM1", "FATAL: cannot open /dev/ttyACM1: No such file or directory\n", 1), sh("picocom -q -x 2000 /dev/ttyACM0", "*** Booting Zephyr OS ***\n")),
    ),
    case(
        "erase-before-flash", "the chip was locked once, and a person decides about erasing", THERMO,
        on("opencode", sh("west flash", "ERROR: The operation attempted is unavailable due to readback protection in your device. Please use --recover to unlock the device.\nFATAL ERROR: command exited with status 16: nrfjprog\n", 16), sh("west flash --recover", "-- runners.nrfjprog: Board with serial number 1050 flashed successfully.\n")),
        on("claude", sh("west flash", "-- runners.nrfjprog: Board with serial number 1050 flashed successfully.\n")),
    ),
    case(
        "one-swift-once", "the user tries two toolchains and settles nothing", LANTERN,
        on("claude", user("does it compile with 6.1 too?"), sh("xcrun --toolchain swift-6.1 swift build", "error: toolchain 'swift-6.1' not found\n", 1), sh("xcrun --toolchain swift-6.0 swift build", "Build complete! (4.10s)\n")),
        on("claude", sh("swift build", "Build complete! (1.10s)\n")),
        fine=[builds("swift build", "xcrun --toolchain swift-6.0 swift build")],
    ),
    case(
        "west-built-with-pristine", "a folder that was stale between two boards", THERMO,
        on("gemini", sh("west build -b thermo_v3 app", '-- west build: making build dir /home/wim/zephyrproject/thermo/build pristine\nERROR: Build directory "build" targets board thermo_v2, but board thermo_v3 was specified. (Clean the directory, use --pristine, or use --build-dir to specify a different one.)\n', 1), sh("west build -p always -b thermo_v3 app", "[160/160] Linking C executable zephyr/zephyr.elf\n")),
        on("claude", noise(4)),
        fine=[add(heads("west build -b thermo_v3 app"), ["-p always", "-p"]), builds("west build -p always -b thermo_v3 app")],
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)

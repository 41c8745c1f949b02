"""Maven, Gradle and .NET."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fifth.worlds import MERIDIAN, PAYROLL, WARD
from tests.headroom_wrap.learn.independent.fourth.labels import add, at, folder, heads, program, swap, task, variable
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import builds, tests
from tests.headroom_wrap.learn.independent.steps import edit, gone, noise, read, sh

_NO_MODULE = "[ERROR] Could not find the selected project in the reactor: core @ \n[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.\n"
_NO_CONTEXT = "No DbContext was found in assembly 'Payroll.Web'. Ensure that you're using the correct assembly and that the type is neither abstract nor generic.\n"

_LESSONS = (
    case(
        "the-wrapper-of-maven", "there is no maven but the wrapper", WARD,
        on("claude", sh("mvn -q -pl ward-api compile", "/bin/bash: line 1: mvn: command not found\n", 127), sh("./mvnw -q -pl ward-api compile")),
        on("codex", sh("mvn -pl ward-api dependency:tree", "bash: mvn: command not found\n", 127), sh("./mvnw -pl ward-api dependency:tree", "[INFO] org.ward:ward-api:jar:1.4-SNAPSHOT\n[INFO] BUILD SUCCESS\n")),
        right=[program("mvn", "./mvnw")], fine=[builds("./mvnw -q -pl ward-api compile")],
    ),
    case(
        "modules-have-a-prefix", "maven knows the module under its whole name", WARD,
        on("gemini", sh("./mvnw -pl core test", _NO_MODULE, 1), sh("./mvnw -pl ward-core test", "[INFO] BUILD SUCCESS\n")),
        on("claude", sh("./mvnw -pl core test -Dtest=BedTest", _NO_MODULE, 1), sh("./mvnw -pl ward-core test -Dtest=BedTest", "[INFO] BUILD SUCCESS\n")),
        right=[swap(["./mvnw", "./mvnw test", "./mvnw -pl"], ["-pl core", "core"], ["-pl ward-core", "ward-core"])], fine=[tests("./mvnw -pl ward-core test", "./mvnw -pl ward-core test -Dtest=BedTest")],
    ),
    case(
        "java-of-another-age", "the build wants 21, and the shell has 11", WARD,
        on("claude", sh("./mvnw -q -pl ward-api package -DskipITs", "[ERROR] Fatal error compiling: error: release version 21 not supported\n", 1), sh("JAVA_HOME=/usr/lib/jvm/java-21-openjdk-amd64 ./mvnw -q -pl ward-api package -DskipITs")),
        on("opencode", sh("./mvnw -q -pl ward-api package -DskipITs", "[ERROR] Fatal error compiling: error: release version 21 not supported\n", 1), sh("JAVA_HOME=/usr/lib/jvm/java-21-openjdk-amd64 ./mvnw -q -pl ward-api package -DskipITs")),
        right=[variable(["./mvnw", *heads("./mvnw -q -pl ward-api package -DskipITs")], "JAVA_HOME=/usr/lib/jvm/java-21-openjdk-amd64")],
        fine=[builds("./mvnw -q -pl ward-api package -DskipITs", "JAVA_HOME=/usr/lib/jvm/java-21-openjdk-amd64 ./mvnw -q -pl ward-api package -DskipITs")],
    ),
    case(
        "tests-of-android", "the task has the flavour in its name", MERIDIAN,
        on("codex", sh("./gradlew :app:testDebugUnitTest", "FAILURE: Build failed with an exception.\n\n* What went wrong:\nCannot locate tasks that match ':app:testDebugUnitTest' as task 'testDebugUnitTest' is ambiguous in project ':app'. Candidates are: 'testDemoDebugUnitTest', 'testFullDebugUnitTest'.\n", 1), sh("./gradlew :app:testFullDebugUnitTest", "BUILD SUCCESSFUL in 21s\n")),
        on("claude", sh("./gradlew :app:testDebugUnitTest", "* What went wrong:\nCannot locate tasks that match ':app:testDebugUnitTest' as task 'testDebugUnitTest' is ambiguous in project ':app'. Candidates are: 'testDemoDebugUnitTest', 'testFullDebugUnitTest'.\n", 1), sh("./gradlew :app:testFullDebugUnitTest", "BUILD SUCCESSFUL in 19s\n")),
        right=[task([":app:testDebugUnitTest", "testDebugUnitTest", "./gradlew :app:testDebugUnitTest"], [":app:testFullDebugUnitTest", "testFullDebugUnitTest", "./gradlew :app:testFullDebugUnitTest"])], fine=[tests("./gradlew :app:testFullDebugUnitTest")],
    ),
    case(
        "tools-are-an-included-build", "a build of its own in a folder below", MERIDIAN,
        on("claude", sh("./gradlew :tiles:run", "* What went wrong:\nCannot locate tasks that match ':tiles:run' as project 'tiles' not found in root project 'meridian'.\n", 1), sh("cd tools/tiles && ./gradlew run", "BUILD SUCCESSFUL in 3s\n")),
        on("gemini", sh("./gradlew :tiles:run", "* What went wrong:\nCannot locate tasks that match ':tiles:run' as project 'tiles' not found in root project 'meridian'.\n", 1), sh("cd tools/tiles && ./gradlew run", "BUILD SUCCESSFUL in 3s\n")),
        fine=[folder(["./gradlew run", "./gradlew", "./gradlew :tiles:run"], "tools/tiles"), task([":tiles:run", "./gradlew :tiles:run"], ["run", "./gradlew run"])],
    ),
    case(
        "resources-have-a-variant", "a file below a source set that is not main", MERIDIAN,
        on("claude", gone("app/src/main/res/values/strings.xml"), sh("git ls-files '*strings.xml'", "app/src/full/res/values/strings.xml\n"), read("app/src/full/res/values/strings.xml", "<resources>\n")),
        on("codex", gone("app/src/main/res/values/strings.xml"), read("app/src/full/res/values/strings.xml", "<resources>\n")),
        right=[at("app/src/main/res/values/strings.xml", ["app/src/full/res/values/strings.xml", "app/src/full/res/values"])],
    ),
    case(
        "the-context-is-in-data", "the tool asks for the project that holds the context", PAYROLL,
        on("claude", sh("dotnet ef migrations list -s src/Payroll.Web", _NO_CONTEXT, 1), sh("dotnet ef migrations list -s src/Payroll.Web -p src/Payroll.Data", "20250114_Init\n20250302_Overtime\n")),
        on("codex", sh("dotnet ef migrations add Sunday -s src/Payroll.Web", _NO_CONTEXT, 1), sh("dotnet ef migrations add Sunday -s src/Payroll.Web -p src/Payroll.Data", "Done. To undo this action, use 'ef migrations remove'\n")),
        right=[add(["dotnet ef migrations", "dotnet ef", "dotnet ef migrations list", "dotnet ef migrations add", "dotnet ef migrations -s src/Payroll.Web"], ["-p src/Payroll.Data", "--project src/Payroll.Data"])],
    ),
    case(
        "two-projects-in-a-folder", "msbuild does not choose by itself", PAYROLL,
        on("copilot", sh("dotnet build", "MSBUILD : error MSB1011: Specify which project or solution file to use because this folder contains more than one project or solution file.\n", 1), sh("dotnet build Payroll.sln", "Build succeeded.\n    0 Warning(s)\n    0 Error(s)\n")),
        on("claude", sh("dotnet build", "MSBUILD : error MSB1011: Specify which project or solution file to use because this folder contains more than one project or solution file.\n", 1), sh("dotnet build Payroll.sln", "Build succeeded.\n")),
        right=[add("dotnet build", "Payroll.sln")], fine=[builds("dotnet build Payroll.sln")],
    ),
    case(
        "a-local-tool-of-dotnet", "the formatter is a tool of the manifest", PAYROLL,
        on("gemini", sh("csharpier --check src", "bash: csharpier: command not found\n", 127), sh("dotnet csharpier --check src", "Checked 140 files in 410ms.\n")),
        on("claude", sh("csharpier src/Payroll.Tax", "/bin/bash: line 1: csharpier: command not found\n", 127), sh("dotnet csharpier src/Payroll.Tax", "Formatted 3 files in 200ms.\n")),
        right=[program("csharpier", "dotnet csharpier")], fine=[("lint_command", {"command": ["dotnet csharpier --check src", "dotnet csharpier"]})],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "tests-were-skipped", "skipping the tests is no better build", WARD,
        on("claude", sh("./mvnw -q package", "[ERROR] Tests run: 44, Failures: 2, Errors: 0, Skipped: 0\n[ERROR] There are test failures.\n", 1), sh("./mvnw -q package -DskipTests")),
        on("codex", sh("./mvnw -q package", "[ERROR] Tests run: 44, Failures: 1, Errors: 0, Skipped: 0\n[ERROR] There are test failures.\n", 1), sh("./mvnw -q package -DskipTests")),
        fine=[builds("./mvnw -q package -DskipTests", "./mvnw -q package", "./mvnw package")],
    ),
    case(
        "central-was-slow", "a transfer broke off, and offline did for that day", WARD,
        on("gemini", sh("./mvnw -q verify", "[ERROR] Could not transfer artifact io.quarkus:quarkus-bom:pom:3.15.1 from/to central (https://repo.maven.apache.org/maven2): Connection reset\n", 1), sh("./mvnw -o -q verify")),
        on("claude", sh("./mvnw -q verify"), sh("./mvnw -o -q verify", "[ERROR] Cannot access central (https://repo.maven.apache.org/maven2) in offline mode and the artifact org.acme:x:jar:1 has not been downloaded from it before.\n", 1), sh("./mvnw -q verify")),
        fine=[tests("./mvnw -q verify"), builds("./mvnw -q verify", "./mvnw -o -q verify")],
    ),
    case(
        "the-daemon-died", "a daemon that disappeared, and the same again without one", MERIDIAN,
        on("claude", sh("./gradlew :geo:test", "The message received from the daemon indicates that the daemon has disappeared.\nGradle build daemon disappeared unexpectedly (it may have been killed or may have crashed)\n", 1), sh("./gradlew --no-daemon :geo:test", "BUILD SUCCESSFUL in 40s\n")),
        on("codex", sh("./gradlew :geo:test", "BUILD SUCCESSFUL in 5s\n")),
        fine=[tests("./gradlew :geo:test", "./gradlew --no-daemon :geo:test")],
    ),
    case(
        "the-task-was-written-just-now", "the session adds the task under another name", MERIDIAN,
        on("opencode", sh("./gradlew :routing:bench", "* What went wrong:\nTask 'bench' not found in project ':routing'.\n", 1), edit("routing/build.gradle.kts", "dependencies {", 'tasks.register<JavaExec>("benchmark")\n\ndependencies {'), sh("./gradlew :routing:benchmark", "BUILD SUCCESSFUL in 9s\n")),
        on("claude", noise(5)),
    ),
    case(
        "a-package-downgrade", "a version that is fixed in the file that the session edits", PAYROLL,
        on("claude", sh("dotnet restore Payroll.sln", "error NU1605: Warning As Error: Detected package downgrade: Microsoft.EntityFrameworkCore from 9.0.1 to 9.0.0.\n", 1), edit("Directory.Packages.props", 'Version="9.0.0"', 'Version="9.0.1"'), sh("dotnet restore Payroll.sln --force-evaluate", "  Restored /home/hugo/src/Payroll/src/Payroll.Data/Payroll.Data.csproj (in 1.1 sec).\n")),
        on("copilot", noise(4)),
    ),
    case(
        "a-file-held-by-the-server", "the server that ran held its dll", PAYROLL,
        on("codex", sh("dotnet build src/Payroll.Web", 'error MSB3027: Could not copy "Payroll.Tax.dll" to "bin/Debug/net9.0/Payroll.Tax.dll". Exceeded retry count of 10. The file is locked by: "Payroll.Web (8122)"\n', 1), sh("dotnet build src/Payroll.Web -c Release", "Build succeeded.\n")),
        on("claude", sh("dotnet build src/Payroll.Web", "Build succeeded.\n")),
        fine=[builds("dotnet build src/Payroll.Web", "dotnet build src/Payroll.Web -c Release")],
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)

"""The JVM and .NET: a Kotlin service under Gradle, a multi-module build of Maven, a calculator of Scala under sbt, a .NET solution."""

from __future__ import annotations

from tests.headroom_wrap.learn.independent.fourth.labels import add, at, hangs, hangs_instead, program, searched, swap, task, variable
from tests.headroom_wrap.learn.independent.fourth.telling import case, on
from tests.headroom_wrap.learn.independent.second.worlds import World, builds, lints, red_green, tests
from tests.headroom_wrap.learn.independent.steps import big, edit, find, gone, noise, read, sh, user

BOURSE = World(
    "/home/gil/bourse",
    ("orders with a limit of zero are accepted", "the book should be sealed after closing", "extract the fee table", "log the id of the session"),
    (
        ("app/src/main/kotlin/bourse/Order.kt", "data class Order("), ("app/src/main/kotlin/bourse/Book.kt", "class Book {"), ("app/src/test/kotlin/bourse/BookTest.kt", "class BookTest {"),
        ("app/build.gradle.kts", "plugins {"), ("gradle/libs.versions.toml", "[versions]"), ("fees/src/main/kotlin/bourse/fees/Table.kt", "object Table {"),
    ),
    (("class Book", "app/src", "app/src/main/kotlin/bourse/Book.kt:7:class Book {\n"), ("limit", "app/src/main", "app/src/main/kotlin/bourse/Order.kt:5:    val limit: Long,\n")),
    (
        (sh("./gradlew :app:test", "BUILD SUCCESSFUL in 6s\n9 actionable tasks: 2 executed, 7 up-to-date\n"),),
        red_green("./gradlew :app:test", "BookTest > seals after closing() FAILED\n    org.opentest4j.AssertionFailedError at BookTest.kt:31\n\n12 tests completed, 1 failed\n\n> Task :app:test FAILED\nBUILD FAILED in 5s\n", "app/src/main/kotlin/bourse/Book.kt", "    fun close() {", "BUILD SUCCESSFUL in 5s\n"),
        (sh("./gradlew detekt", "BUILD SUCCESSFUL in 3s\n"),),
    ),
    (tests("./gradlew :app:test", "./gradlew test"), lints("./gradlew detekt")),
)  # fmt: skip

TRAMS = World(
    "/home/nils/trams",
    ("a line without stops breaks the export", "upgrade jackson", "stops should be sorted by distance", "write the javadoc of Timetable"),
    (
        ("core/src/main/java/trams/Line.java", "public record Line(String name, List<Stop> stops) {"), ("routes/src/main/java/trams/routes/Router.java", "public final class Router {"), ("pom.xml", "    <module>routes</module>"),
        ("core/src/test/java/trams/LineTest.java", "class LineTest {"), ("export/src/main/java/trams/export/Gtfs.java", "final class Gtfs {"),
    ),
    (("record Stop", "core", "core/src/main/java/trams/Stop.java:3:public record Stop(String id) {}\n"), ("jackson", "export", "export/pom.xml:22:      <artifactId>jackson-databind</artifactId>\n")),
    (
        (sh("./mvnw -q -pl core test"),),
        red_green("./mvnw -q -pl core test", "[ERROR] Failures: \n[ERROR]   LineTest.emptyLine:19 expected: <[]> but was: <null>\n[ERROR] Tests run: 40, Failures: 1, Errors: 0, Skipped: 0\n", "core/src/main/java/trams/Line.java", "        stops = List.copyOf(stops);", ""),
    ),
    (tests("./mvnw -q -pl core test", "./mvnw -pl core test", "./mvnw test"),),
)  # fmt: skip

ABACUS = World(
    "/home/vera/abacus",
    ("division by zero should give NaN", "parse hexadecimal numbers", "the printer loses parentheses"),
    (("src/main/scala/abacus/Parser.scala", "object Parser:"), ("src/main/scala/abacus/Printer.scala", "object Printer:"), ("src/test/scala/abacus/ParserSuite.scala", "class ParserSuite extends munit.FunSuite:"), ("build.sbt", 'lazy val root = project.in(file("."))')),
    (("object Printer", "src", "src/main/scala/abacus/Printer.scala:3:object Printer:\n"), ("enum Token", "src/main", "src/main/scala/abacus/Lexer.scala:5:enum Token:\n")),
    (
        (sh("scala-cli fmt --check src", "All files are formatted with scalafmt :)\n"),),
        (sh("wc -l src/main/scala/abacus/*.scala", "  80 src/main/scala/abacus/Lexer.scala\n 144 src/main/scala/abacus/Parser.scala\n 224 total\n"),),
    ),
    (lints("scala-cli fmt --check src"),),
)  # fmt: skip

INVOICER = World(
    "/home/eva/src/Invoicer",
    ("VAT of Norway is rounded wrong", "invoices without lines must not be sent", "move Money to the shared project", "the PDF has no page numbers"),
    (
        ("src/Invoicer.Domain/Invoice.cs", "public sealed class Invoice"), ("src/Invoicer.Domain/Vat.cs", "public static class Vat"), ("src/Invoicer.Data/InvoicerContext.cs", "public class InvoicerContext : DbContext"),
        ("tests/Invoicer.Tests/VatTests.cs", "public class VatTests"), ("Invoicer.sln", "Microsoft Visual Studio Solution File, Format Version 12.00"), ("Directory.Packages.props", "<Project>"),
    ),
    (("class Money", "src", "src/Invoicer.Domain/Money.cs:4:public readonly record struct Money\n"), ("DbSet", "src/Invoicer.Data", "src/Invoicer.Data/InvoicerContext.cs:9:    public DbSet<Invoice> Invoices\n")),
    (
        (sh("dotnet test tests/Invoicer.Tests", "Passed!  - Failed:     0, Passed:   118, Skipped:     0, Total:   118, Duration: 640 ms - Invoicer.Tests.dll (net8.0)\n"),),
        red_green("dotnet test tests/Invoicer.Tests", "  Failed VatTests.Norway [12 ms]\n  Assert.Equal() Failure: Values differ\nExpected: 25\nActual:   24\nFailed!  - Failed:     1, Passed:   117\n", "src/Invoicer.Domain/Vat.cs", "        return Math.Round(rate);", "Passed!  - Failed:     0, Passed:   118\n"),
        (sh("dotnet build -clp:ErrorsOnly", "Build succeeded.\n    0 Warning(s)\n    0 Error(s)\n"),),
    ),
    (tests("dotnet test tests/Invoicer.Tests", "dotnet test"), builds("dotnet build -clp:ErrorsOnly", "dotnet build")),
)  # fmt: skip

_LESSONS = (
    case(
        "gradle-by-its-wrapper", "no gradle on the path", BOURSE,
        on("claude", sh("gradle :fees:test", "/bin/bash: line 1: gradle: command not found\n", 127), sh("./gradlew :fees:test", "BUILD SUCCESSFUL in 4s\n")),
        on("copilot", sh("gradle projects", "bash: gradle: command not found\n", 127), sh("./gradlew projects", "Root project 'bourse'\n+--- Project ':app'\n\\--- Project ':fees'\n")),
        right=[program("gradle", ["./gradlew", "gradlew"])], fine=[tests("./gradlew :fees:test")],
    ),
    case(
        "integration-test-of-gradle", "the build lists what it could have been", BOURSE,
        on("gemini", sh("./gradlew :app:itest", "FAILURE: Build failed with an exception.\n\n* What went wrong:\nCannot locate tasks that match ':app:itest' as task 'itest' not found in project ':app'.\n\n* Try:\n> Run gradlew tasks to get a list of available tasks.\n", 1), sh("./gradlew :app:tasks --group verification", "check - Runs all checks.\nintegrationTest - Runs the tests against a broker.\ntest - Runs the test suite.\n"), sh("./gradlew :app:integrationTest", "BUILD SUCCESSFUL in 31s\n")),
        on("codex", sh("./gradlew :app:itest", "* What went wrong:\nCannot locate tasks that match ':app:itest' as task 'itest' not found in project ':app'.\n", 1), sh("./gradlew :app:integrationTest", "BUILD SUCCESSFUL in 29s\n")),
        right=[task([":app:itest", "./gradlew :app:itest", "itest"], [":app:integrationTest", "./gradlew :app:integrationTest", "integrationTest"])], fine=[tests("./gradlew :app:integrationTest")],
    ),
    case(
        "modules-are-made-too", "a module's neighbours are not in the repository of artifacts", TRAMS,
        on("claude", sh("./mvnw -q -pl routes test", "[ERROR] Failed to execute goal on project routes: Could not resolve dependencies for project com.trams:routes:jar:1.4-SNAPSHOT: Could not find artifact com.trams:core:jar:1.4-SNAPSHOT -> [Help 1]\n", 1), sh("./mvnw -q -pl routes -am test")),
        on("opencode", sh("./mvnw -q -pl export test", "[ERROR] Failed to execute goal on project export: Could not resolve dependencies for project com.trams:export:jar:1.4-SNAPSHOT: Could not find artifact com.trams:core:jar:1.4-SNAPSHOT -> [Help 1]\n", 1), sh("./mvnw -q -pl export -am test")),
        on("claude", sh("./mvnw -q -pl routes test", "[ERROR] Failed to execute goal on project routes: Could not resolve dependencies for project com.trams:routes:jar:1.4-SNAPSHOT\n", 1), sh("./mvnw -q -pl routes -am test")),
        right=[add(["./mvnw -q -pl routes test", "./mvnw -pl routes test", "./mvnw -q -pl routes", "./mvnw -pl routes"], ["-am", "--also-make"])],
        fine=[add(["./mvnw -q -pl export test", "./mvnw -pl export test", "./mvnw -q -pl export", "./mvnw", "./mvnw -pl", "./mvnw -q", "./mvnw test"], ["-am", "--also-make"]), tests("./mvnw -q -pl routes -am test", "./mvnw -q -pl export -am test")],
    ),
    case(
        "java-of-sbt", "sbt starts with an old Java unless it is told", ABACUS,
        on("claude", sh("sbt compile", 'Exception in thread "main" java.lang.UnsupportedClassVersionError: dotty/tools/dotc/Driver has been compiled by a more recent version of the Java Runtime (class file version 61.0), this version of the Java Runtime only recognizes class file versions up to 55.0\n', 1), sh("JAVA_HOME=/usr/lib/jvm/temurin-17 sbt compile", "[success] Total time: 5 s\n")),
        on("codex", sh("sbt compile", "java.lang.UnsupportedClassVersionError: dotty/tools/dotc/Driver has been compiled by a more recent version of the Java Runtime (class file version 61.0)\n", 1), sh("ls /usr/lib/jvm", "java-11-openjdk\ntemurin-17\n"), sh("JAVA_HOME=/usr/lib/jvm/temurin-17 sbt compile", "[success] Total time: 4 s\n")),
        right=[variable(["sbt compile", "sbt"], "JAVA_HOME=/usr/lib/jvm/temurin-17")], fine=[builds("sbt compile", "JAVA_HOME=/usr/lib/jvm/temurin-17 sbt compile")],
    ),
    case(
        "migrations-want-a-project", "the tool asks for the project by its option", INVOICER,
        on("gemini", sh("dotnet ef migrations list", "No project was found. Change the current working directory or use the --project option.\n", 1), sh("dotnet ef migrations list --project src/Invoicer.Data", "20240301_Init\n20240519_Vat\n")),
        on("claude", sh("dotnet ef migrations add PageNumbers", "No project was found. Change the current working directory or use the --project option.\n", 1), sh("dotnet ef migrations add PageNumbers --project src/Invoicer.Data", "Build started...\nBuild succeeded.\nDone. To undo this action, use 'ef migrations remove'\n")),
        right=[add(["dotnet ef", "dotnet ef migrations", "dotnet ef migrations list", "dotnet ef migrations add"], ["--project src/Invoicer.Data", "--project=src/Invoicer.Data", "-p src/Invoicer.Data"])],
    ),
    case(
        "csharpier-has-subcommands", "a check was an option once and is a subcommand now", INVOICER,
        on("claude", sh("dotnet csharpier --check .", "Required command was not provided.\nUnrecognized command or argument '--check'.\nUnrecognized command or argument '.'.\n", 1), sh("dotnet csharpier check .", "Checked 96 files in 310ms.\n")),
        on("codex", sh("dotnet csharpier --check src", "Required command was not provided.\nUnrecognized command or argument '--check'.\n", 1), sh("dotnet csharpier check src", "Checked 71 files in 260ms.\n")),
        right=[swap(["dotnet csharpier", "csharpier", "dotnet csharpier .", "dotnet csharpier src"], "--check", "check")], fine=[lints("dotnet csharpier check .", "dotnet csharpier check src", "dotnet csharpier check")],
    ),
    case(
        "filters-of-dotnet", "another runner's option, and the one of this", INVOICER,
        on("opencode", sh("dotnet test tests/Invoicer.Tests --filter-class VatTests", "MSBUILD : error MSB1001: Unknown switch.\n    Full command line: '... --filter-class VatTests'\nSwitch: --filter-class\n", 1), sh("dotnet test tests/Invoicer.Tests --filter VatTests", "Passed!  - Failed:     0, Passed:    14\n")),
        on("claude", sh("dotnet test tests/Invoicer.Tests --filter-class VatTests", "MSBUILD : error MSB1001: Unknown switch.\nSwitch: --filter-class\n", 1), sh("dotnet test tests/Invoicer.Tests --filter VatTests", "Passed!  - Failed:     0, Passed:    14\n")),
        right=[swap(["dotnet test", "dotnet test tests/Invoicer.Tests", "dotnet test tests/Invoicer.Tests VatTests"], "--filter-class", "--filter")], fine=[tests("dotnet test tests/Invoicer.Tests --filter VatTests")],
    ),
    case(
        "kotlin-has-its-own-folder", "a class is looked for under java in two sessions", BOURSE,
        on("claude", gone("app/src/main/java/bourse/Order.kt"), read("app/src/main/kotlin/bourse/Order.kt", "data class Order(\n")),
        on("copilot", gone("app/src/main/java/bourse/Order.kt"), find("data class Order", "app/src", "app/src/main/kotlin/bourse/Order.kt:4:data class Order(\n"), read("app/src/main/kotlin/bourse/Order.kt", "data class Order(\n")),
        right=[at(["app/src/main/java/bourse/Order.kt", "app/src/main/java", "app/src/main/java/bourse"], ["app/src/main/kotlin/bourse/Order.kt", "app/src/main/kotlin", "app/src/main/kotlin/bourse"])],
    ),
    case(
        "a-continuous-build", "gradle waits for changes until it is stopped", BOURSE,
        on("gemini", sh("./gradlew :fees:test --continuous", "BUILD SUCCESSFUL in 4s\n\nWaiting for changes to input files... (ctrl-d then enter to exit)\n", 1, "timed_out"), sh("./gradlew :fees:test", "BUILD SUCCESSFUL in 1s\n")),
        on("claude", sh("./gradlew :fees:test --continuous", "BUILD SUCCESSFUL in 4s\n\nWaiting for changes to input files... (ctrl-d then enter to exit)\n", 143, "timed_out"), sh("./gradlew :fees:test", "BUILD SUCCESSFUL in 1s\n")),
        right=[hangs_instead(["./gradlew :fees:test --continuous", "./gradlew --continuous"], ["./gradlew :fees:test", "./gradlew"])],
        fine=[hangs(["./gradlew :fees:test --continuous", "./gradlew --continuous"]), ("drop_option", {"command": ["./gradlew :fees:test", "./gradlew"], "option": "--continuous"}), tests("./gradlew :fees:test")],
    ),
    case(
        "a-timetable-is-searched", "a feed is too large, stops are found in it by a search", TRAMS,
        on("codex", big("export/src/test/resources/gtfs/stop_times.txt", 812000), sh("grep -n ',central,' export/src/test/resources/gtfs/stop_times.txt | head -3", "40112:t9,08:10:00,08:10:30,central,4\n")),
        on("claude", big("export/src/test/resources/gtfs/stop_times.txt", 812000), find("harbour_east", "export/src/test/resources/gtfs/stop_times.txt", "66:t1,06:02:00,06:02:20,harbour_east,7\n")),
        right=[searched("export/src/test/resources/gtfs/stop_times.txt")],
    ),
    case(
        "spotless-in-every-session", "every session asks Maven's formatter before it ends", TRAMS,
        *[on(agent, noise(2), sh("./mvnw -q spotless:check"), noise(1)) for agent in ("claude", "codex", "claude", "opencode")],
        right=[lints("./mvnw -q spotless:check", "./mvnw spotless:check")],
    ),
)  # fmt: skip

_TRAPS = (
    case(
        "the-daemon-went-away", "a daemon dies, and without one it works; next day there is one again", BOURSE,
        on("claude", sh("./gradlew :app:assemble", "FAILURE: Build failed with an exception.\n\n* What went wrong:\nGradle build daemon disappeared unexpectedly (it may have been killed or may have crashed)\n", 1), sh("./gradlew :app:assemble --no-daemon", "BUILD SUCCESSFUL in 19s\n")),
        on("claude", sh("./gradlew :app:assemble", "BUILD SUCCESSFUL in 3s\n")),
        fine=[builds("./gradlew :app:assemble", "./gradlew :app:assemble --no-daemon")],
    ),
    case(
        "tests-are-skipped-by-haste", "a failing build passes when its tests are skipped: that is no advice", TRAMS,
        on("codex", sh("./mvnw -q package", "[ERROR] Tests run: 40, Failures: 1, Errors: 0, Skipped: 0\n[ERROR] There are test failures.\n", 1), sh("./mvnw -q package -DskipTests")),
        on("claude", sh("./mvnw -q package", "[ERROR] Tests run: 40, Failures: 2, Errors: 0, Skipped: 0\n[ERROR] There are test failures.\n", 1), sh("./mvnw -q package -DskipTests")),
        fine=[builds("./mvnw -q package", "./mvnw -q package -DskipTests", "./mvnw package")],
    ),
    case(
        "detekt-and-its-baseline", "findings are not to be hidden by another task", BOURSE,
        on("gemini", sh("./gradlew :fees:detekt", "/home/gil/bourse/fees/src/main/kotlin/bourse/fees/Table.kt:14:9: The function rate is too complex. [ComplexMethod]\n\nAnalysis failed with 1 weighted issues.\n", 1), sh("./gradlew :fees:detektBaseline", "BUILD SUCCESSFUL in 2s\n"), user("no, fix it instead, I don't want a baseline"), edit("fees/src/main/kotlin/bourse/fees/Table.kt", "when (kind) {", "when (val k = kind) {"), sh("git checkout fees/detekt-baseline.xml")),
        on("claude", noise(3)),
        fine=[lints("./gradlew :fees:detekt")],
    ),
    case(
        "central-timed-out", "offline works while the repository is away", TRAMS,
        on("opencode", sh("./mvnw -q -pl core compile", "[ERROR] Plugin org.apache.maven.plugins:maven-compiler-plugin:3.13.0 or one of its dependencies could not be resolved: Could not transfer artifact from/to central (https://repo.maven.apache.org/maven2): Connect timed out -> [Help 1]\n", 1), sh("./mvnw -q -o -pl core compile")),
        on("claude", sh("./mvnw -q -pl core compile")),
        fine=[builds("./mvnw -q -pl core compile", "./mvnw -q -o -pl core compile")],
    ),
    case(
        "not-built-yet", "an option that spares the build fails where nothing was built", INVOICER,
        on("claude", sh("dotnet test tests/Invoicer.Pdf.Tests --no-build", 'The test source file "/home/eva/src/Invoicer/tests/Invoicer.Pdf.Tests/bin/Debug/net8.0/Invoicer.Pdf.Tests.dll" provided was not found.\n', 1), sh("dotnet test tests/Invoicer.Pdf.Tests", "Passed!  - Failed:     0, Passed:    22\n"), noise(1), sh("dotnet test tests/Invoicer.Pdf.Tests --no-build", "Passed!  - Failed:     0, Passed:    22\n")),
        on("gemini", noise(2), sh("dotnet test tests/Invoicer.Pdf.Tests --no-build", "Passed!  - Failed:     0, Passed:    22\n")),
        fine=[tests("dotnet test tests/Invoicer.Pdf.Tests", "dotnet test tests/Invoicer.Pdf.Tests --no-build")],
    ),
    case(
        "a-file-was-in-use", "another process holds the output for a moment", INVOICER,
        on("codex", sh("dotnet build src/Invoicer.Pdf", 'error MSB3027: Could not copy "apphost" to "bin/Debug/net8.0/Invoicer.Pdf". Exceeded retry count of 10. The file is locked by: "Invoicer.Pdf (4411)"\n', 1), sh("dotnet build src/Invoicer.Pdf -o /tmp/pdf", "Build succeeded.\n")),
        on("claude", sh("dotnet build src/Invoicer.Pdf", "Build succeeded.\n")),
        fine=[builds("dotnet build src/Invoicer.Pdf")],
    ),
    case(
        "a-format-is-verified", "a verification that exits with 2 by design", INVOICER,
        on("gemini", sh("dotnet format --verify-no-changes", "/home/eva/src/Invoicer/src/Invoicer.Domain/Vat.cs(9,1): error WHITESPACE: Fix whitespace formatting. Delete 2 characters.\n", 2), sh("dotnet format")),
        on("claude", sh("dotnet format --verify-no-changes", "Vat.cs(11,1): error WHITESPACE: Fix whitespace formatting.\n", 2), sh("dotnet format")),
        fine=[lints("dotnet format --verify-no-changes", "dotnet format")],
    ),
    case(
        "sbt-between-two-javas", "an older session says one Java, a newer says the other", ABACUS,
        on("claude", sh("sbt update", "[error] java.lang.UnsupportedOperationException: The Security Manager is deprecated and will be removed in a future release\n", 1), sh("JAVA_HOME=/usr/lib/jvm/java-11-openjdk sbt update", "[success] Total time: 3 s\n")),
        on("claude", sh("JAVA_HOME=/usr/lib/jvm/java-11-openjdk sbt update", "[error] sbt 1.11 needs Java 17 or newer\n", 1), sh("sbt update", "[success] Total time: 3 s\n")),
        on("codex", sh("sbt update", "[success] Total time: 2 s\n")),
        days=(60, 3, 1),
    ),
)  # fmt: skip

CASES = (*_LESSONS, *_TRAPS)

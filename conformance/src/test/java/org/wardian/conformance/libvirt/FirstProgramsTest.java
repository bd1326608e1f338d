package org.wardian.conformance.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.libvirt.client.Connection;

/**
 * The usual first program, which opens a connection, lists all domains and prints their names, with
 * libvirt's own library and its bindings ({@code programs/clients}).
 */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
class FirstProgramsTest {
  private static final Path SOURCES = Path.of("programs", "clients").toAbsolutePath();
  private static final String DOMAIN =
      "<domain type='qemu'><name>%s</name><memory>32768</memory><os><type>hvm</type></os></domain>";

  @TempDir private static Path folder;
  private static WardianDaemon daemon;

  @BeforeAll
  static void start() throws Exception {
    daemon = WardianDaemon.start(folder.resolve("w"));
    try (Connection connection = Connection.open(daemon.uri())) {
      for (String name : List.of("fern", "moss")) {
        connection.defineDomain(DOMAIN.formatted(name));
      }
    }
  }

  @AfterAll
  static void stop() throws IOException {
    daemon.close();
  }

  private static void require(String file, String debianPackage) {
    Assumptions.assumeTrue(
        Files.exists(Path.of(file)), file + " is missing; it is in Debian's " + debianPackage);
  }

  private static String run(Map<String, String> environment, String... words)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.redirectInput(new File("/dev/null")).directory(folder.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }

  private static void lists(Map<String, String> environment, String... words) throws Exception {
    List<String> command = new ArrayList<>(List.of(words));
    command.add(daemon.uri());
    assertThat(run(environment, command.toArray(String[]::new)).lines())
        .containsExactlyInAnyOrder("fern", "moss");
  }

  @Test
  void inCpp() throws Exception {
    require("/usr/bin/g++", "g++");
    require("/usr/include/libvirt/libvirt.h", "libvirt-dev");
    Path program = folder.resolve("list");
    run(
        Map.of(),
        "g++",
        "-o",
        program.toString(),
        SOURCES.resolve("list.cpp").toString(),
        "-lvirt");
    lists(Map.of(), program.toString());
  }

  @Test
  void inPython() throws Exception {
    require("/usr/lib/python3/dist-packages/libvirt.py", "python3-libvirt");
    lists(Map.of(), "/usr/bin/python3", SOURCES.resolve("list.py").toString());
  }

  @Test
  void inGo() throws Exception {
    require("/usr/bin/go", "golang-go");
    require("/usr/include/libvirt/libvirt.h", "libvirt-dev");
    require(
        "/usr/share/gocode/src/github.com/libvirt/libvirt-go",
        "golang-github-libvirt-libvirt-go-dev");
    lists(
        Map.of(
            "GO111MODULE",
            "off",
            "GOPATH",
            "/usr/share/gocode",
            "GOFLAGS",
            "",
            "GOCACHE",
            folder.resolve("go").toString()),
        "go",
        "run",
        SOURCES.resolve("list.go").toString());
  }

  /** libvirt's binding is in no archive of Debian or Maven Central: it is at libvirt.org. */
  @Test
  void inJava() throws Exception {
    String path = System.getProperty("wardian.libvirt.java", "");
    Assumptions.assumeFalse(
        path.isEmpty(),
        "-Dwardian.libvirt.java is to name org.libvirt:libvirt (libvirt.org/maven2) and JNA");
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    lists(
        Map.of(),
        java.toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        path,
        SOURCES.resolve("ListDomains.java").toString());
  }
}

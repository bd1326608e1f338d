package org.wardian.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.daemon.domain.MachineLauncher;
import org.wardian.daemon.host.Hypervisor;
import org.wardian.definition.capabilities.Cpuid;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Network;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** The daemon's own log: what stands in its lines. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class DaemonLogTest {
  private static final UUID ID = UUID.fromString("5b9b1d6c-7a55-4d23-9b7e-0c1a6a3a2a11");

  // Short: a UNIX socket's path has 107 bytes.
  @TempDir private Path root;

  private DaemonSettings settings(Folders folders, String... lines) throws IOException {
    Files.createDirectories(folders.configuration());
    Files.writeString(
        folders.configuration().resolve(DaemonSettings.FILE), String.join("\n", lines) + "\n");
    return DaemonSettings.load(folders, Optional.empty(), DaemonSettings.Overrides.NONE);
  }

  private static List<JsonNode> lines(Path file) throws IOException {
    List<JsonNode> all = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      all.add(new ObjectMapper().readTree(line));
    }
    return all;
  }

  @Test
  void aFailedCallIsALineWithItsClientObjectAndCode() throws Exception {
    Folders folders = Folders.under(root, false);
    Path file = root.resolve("log/own.log");
    DaemonSettings settings =
        settings(
            folders,
            "log_format = \"json\"",
            "log_level = \"debug\"",
            "log_file = \"" + file + "\"");
    Instant before = Instant.now().minusSeconds(1);
    try (DaemonLog log = new DaemonLog(settings.log());
        Daemon daemon =
            Daemon.start(
                folders,
                settings,
                new MachineLauncher(List.of("/bin/false"), "/usr/bin/ward"),
                new Hypervisor(
                    "/usr/bin/ward", false, (leaf, subleaf) -> Cpuid.Registers.NONE, List.of()));
        Connection client =
            Connection.open(
                "qemu+unix:///session?socket=" + folders.state().resolve("libvirt-sock"))) {
      assertThat(log).isNotNull();
      assertThat(daemon.isIdle()).isFalse();
      Network network =
          client.defineNetwork(
              "<network><name>n</name><uuid>" + ID + "</uuid><bridge name='wbn'/></network>");
      assertThatThrownBy(network::destroy).isInstanceOf(LibvirtException.class);
    }
    JsonNode line =
        lines(file).stream()
            .filter(one -> one.path("message").asText().startsWith("virNetworkDestroy: "))
            .findFirst()
            .orElseThrow();
    assertThat(line.path("level").asText()).isEqualTo("debug");
    assertThat(line.path("logger").asText()).isEqualTo("org.wardian.daemon.CallLog");
    assertThat(line.path("message").asText()).endsWith("network 'n' is not active");
    assertThat(line.path("object").path("kind").asText()).isEqualTo("network");
    assertThat(line.path("object").path("name").asText()).isEqualTo("n");
    assertThat(line.path("object").path("uuid").asText()).isEqualTo(ID.toString());
    assertThat(line.path("client").asLong()).isEqualTo(1);
    assertThat(line.path("code").asInt()).isEqualTo(ErrorNumber.OPERATION_INVALID.number());
    assertThat(Instant.parse(line.path("time").asText())).isBetween(before, Instant.now());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void whatIsDoneForNobodyNamesItsObject() throws Exception {
    Path file = root.resolve("own.log");
    System.Logger logger = System.getLogger("org.wardian.daemon.Something");
    try (DaemonLog log =
        new DaemonLog(
            new DaemonLog.Settings(
                DaemonLog.Form.JSON, System.Logger.Level.WARNING, Optional.of(file)))) {
      assertThat(log).isNotNull();
      LogContext.about(
          "domain",
          "one",
          ID,
          () ->
              logger.log(
                  System.Logger.Level.ERROR,
                  "two\nlines \"quoted\"",
                  new IllegalStateException(
                      new LibvirtException(
                          ErrorNumber.INTERNAL_ERROR, ErrorDomain.QEMU, "inside"))));
      logger.log(System.Logger.Level.INFO, "too small a thing");
    }
    logger.log(System.Logger.Level.DEBUG, "after the end");
    assertThat(lines(file)).hasSize(1);
    JsonNode line = lines(file).getFirst();
    assertThat(line.path("level").asText()).isEqualTo("error");
    assertThat(line.path("message").asText()).isEqualTo("two\nlines \"quoted\"");
    assertThat(line.path("object").path("name").asText()).isEqualTo("one");
    assertThat(line.path("code").asInt()).isEqualTo(ErrorNumber.INTERNAL_ERROR.number());
    assertThat(line.path("exception").asText()).contains("IllegalStateException", "at org.wardian");
    assertThat(line.has("client")).isFalse();
  }

  @Test
  void aLineOfTextStaysOne() throws Exception {
    Path file = root.resolve("own.log");
    System.Logger logger = System.getLogger("org.wardian.daemon.Something");
    try (DaemonLog log =
        new DaemonLog(
            new DaemonLog.Settings(
                DaemonLog.Form.TEXT, System.Logger.Level.INFO, Optional.of(file)))) {
      assertThat(log).isNotNull();
      LogContext.about("network", "n", ID, () -> logger.log(System.Logger.Level.INFO, "a\nb {0}"));
    }
    assertThat(Files.readString(file))
        .matches(
            "\\S+Z info org\\.wardian\\.daemon\\.Something: a\n  b \\{0} \\[network n "
                + ID
                + "]\n");
  }

  @Test
  void aSettingThatThereIsNotIsRefused() {
    Folders folders = Folders.under(root, false);
    assertThatThrownBy(() -> settings(folders, "log_format = \"xml\""))
        .isInstanceOf(IOException.class)
        .hasMessage("log_format is 'xml'; there are text, json");
    assertThatThrownBy(() -> settings(folders, "log_level = \"loud\""))
        .hasMessage("log_level is 'loud'; there are error, warning, info, debug");
  }
}

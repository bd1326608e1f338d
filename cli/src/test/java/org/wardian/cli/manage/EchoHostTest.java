package org.wardian.cli.manage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.cli.WardRun;
import org.wardian.libvirt.client.ClientStream;
import org.wardian.libvirt.client.Connection;

/** Consoles, figures and pictures, of a machine that our own server pretends to have. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class EchoHostTest {
  @TempDir private Path folder;
  private EchoHost host;

  @BeforeEach
  void start() throws Exception {
    host = EchoHost.at(folder.resolve("sock"));
  }

  @AfterEach
  void stop() {
    host.close();
  }

  private WardRun ward(String... arguments) {
    return UserLibvirtd.ward(host.uri(), 1, arguments);
  }

  private static InputStream typed(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void aConsolePassesBytesBothWaysUntilTheMachineEndsIt() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (Connection connection = Connection.open(host.uri());
        ClientStream stream = connection.domain("echo").console(null, 0)) {
      new ConsoleLink(stream, typed("root\rbye"), out, false).run();
    }

    assertThat(out.toString(StandardCharsets.US_ASCII)).isEqualTo("login: root\rbye");
  }

  @Test
  void theEscapeKeyLeavesTheConsole() throws Exception {
    try (Connection connection = Connection.open(host.uri());
        ClientStream stream = connection.domain("echo").console(null, 0);
        PipedOutputStream keyboard = new PipedOutputStream();
        PipedInputStream in = new PipedInputStream(keyboard)) {
      keyboard.write("ab\035bye".getBytes(StandardCharsets.US_ASCII));
      keyboard.flush();
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      new ConsoleLink(stream, in, out, true).run();

      assertThat(out.toString(StandardCharsets.US_ASCII)).doesNotContain("bye");
      assertThat(connection.isAlive()).isTrue();
    }
  }

  @Test
  void aReaderThatIsGoneEndsTheConsole() throws Exception {
    OutputStream closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    try (Connection connection = Connection.open(host.uri());
        ClientStream stream = connection.domain("echo").console(null, 0)) {
      ConsoleLink link = new ConsoleLink(stream, typed(""), closed, false);

      assertThatThrownBy(link::run)
          .isInstanceOfSatisfying(
              Failure.class,
              failure -> assertThat(failure.code()).isEqualTo(ExitStatus.OUTPUT_CLOSED.code()));
    }
  }

  @Test
  void topComputesRatesAlsoOfADaemonThatKnowsNoFlag() throws Exception {
    WardRun run = ward("top", "--once", "--json", "--delay", "0.5");

    assertThat(run.err()).isEmpty();
    JsonNode echo = new JsonMapper().readTree(run.out()).get(0);
    assertThat(echo.get("name").asText()).isEqualTo("echo");
    assertThat(echo.get("memory").asLong()).isEqualTo(1L << 30);
    assertThat(echo.get("processors").asInt()).isEqualTo(2);
    // One look later, which was half a second or, on a busy host, more.
    assertThat(echo.get("processorPercent").asDouble()).isBetween(0.05, 10.1);
    double rate = echo.get("readBytesPerSecond").asDouble();
    assertThat(rate).isBetween(1.0, 2.01 * (2 << 20));
    assertThat(echo.get("receivedBytesPerSecond").asDouble() * 2048)
        .isCloseTo(rate, Percentage.withPercentage(5));
    assertThat(echo.get("writtenBytesPerSecond").asLong()).isZero();
  }

  @Test
  void topPrintsTablesOneAfterTheOther() {
    WardRun run = ward("top", "--count", "2", "--delay", "0.1", "--sort", "memory");

    assertThat(run.out().lines().filter(line -> line.startsWith("NAME"))).hasSize(2);
    assertThat(run.out().lines().filter(line -> line.startsWith("echo"))).hasSize(2);
    assertThat(ward("top", "--sort", "age").status()).isEqualTo(ExitStatus.USAGE.code());
  }

  @Test
  void statisticsHaveLibvirtsNames() throws Exception {
    assertThat(ward("stats", "echo").out())
        .startsWith("echo\n  state.state = 1\n")
        .contains("  block.count = 2\n");

    WardRun watched = ward("stats", "--watch", "0.1", "--count", "2", "--json");

    assertThat(watched.out().lines()).hasSize(2);
    JsonNode first = new JsonMapper().readTree(watched.out().lines().findFirst().orElseThrow());
    assertThat(first.get(0).get("statistics").get("vcpu.current").asInt()).isEqualTo(2);
    assertThat(ward("stats", "--group", "none").status()).isEqualTo(ExitStatus.USAGE.code());
  }

  @Test
  void aScreenshotIsTheDaemonsPicture() throws Exception {
    Path file = folder.resolve("screen.png");

    WardRun run = ward("screenshot", "echo", file.toString());

    assertThat(run.out()).isEqualTo(file + ": image/png, 9 bytes\n");
    assertThat(Files.readString(file)).isEqualTo("a picture");
  }

  @Test
  void aDaemonThatGoesEndsTheVerbsThatWait() throws Exception {
    CompletableFuture<WardRun> events = CompletableFuture.supplyAsync(() -> ward("events"));
    while (host.sessions() == 0) {
      Thread.sleep(5);
    }
    host.close();

    WardRun run = events.get();
    assertThat(run.status()).isEqualTo(ExitStatus.NO_DAEMON.code());
    assertThat(run.err()).hasLineCount(1);
  }
}

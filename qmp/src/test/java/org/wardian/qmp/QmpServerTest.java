package org.wardian.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.host.HostException;
import org.wardian.host.UnixListener;

/** What a client of the server meets; the answers are those that QEMU 7.2 gives. */
@Timeout(600)
class QmpServerTest {
  private static final String HELLO = "{\"execute\":\"qmp_capabilities\"}";

  @TempDir Path folder;
  private final CommandTable commands = new CommandTable(new QmpVersion(7, 2, 0, "a test's"));
  private final CountDownLatch release = new CountDownLatch(1);
  private QmpServer server;
  private Path socket;

  @BeforeEach
  void listen() {
    socket = folder.resolve("qmp");
    commands.add(
        "balloon",
        List.of(Parameter.required("value", ParameterType.INTEGER)),
        arguments -> JsonNodeFactory.instance.numberNode(arguments.integer("value")));
    commands.add(
        "wait",
        List.of(),
        arguments -> {
          try {
            release.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return Arguments.none();
        });
    commands.addOutOfBand(
        "release",
        List.of(),
        arguments -> {
          release.countDown();
          return Arguments.none();
        });
    commands.add(
        "fault",
        List.of(),
        arguments -> {
          throw new IllegalStateException("a fault");
        });
    server = QmpServer.listen(socket, commands);
  }

  @AfterEach
  void close() {
    release.countDown();
    server.close();
  }

  private RawClient client() throws IOException {
    RawClient client = new RawClient(socket);
    client.line();
    assertThat(client.ask(HELLO)).isEqualTo("{\"return\":{}}");
    return client;
  }

  private static String error(String description) {
    return "{\"error\":{\"class\":\"GenericError\",\"desc\":\"" + description + "\"}}";
  }

  @Test
  void greetsAndWantsCapabilitiesFirst() throws Exception {
    try (RawClient client = new RawClient(socket)) {
      assertThat(client.line())
          .isEqualTo(
              "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":0,\"minor\":2,\"major\":7},"
                  + "\"package\":\"a test's\"},\"capabilities\":[\"oob\"]}}");
      assertThat(client.ask("{\"execute\":\"query-version\"}"))
          .isEqualTo(
              "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"Expecting capabilities"
                  + " negotiation with 'qmp_capabilities'\"}}");
      assertThat(client.ask(HELLO)).isEqualTo("{\"return\":{}}");
      assertThat(client.ask(HELLO))
          .isEqualTo(
              "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"Capabilities negotiation is"
                  + " already complete, command ignored\"}}");
      assertThat(client.ask("{'execute':'query-version','id':[1,{}]}"))
          .isEqualTo(
              "{\"return\":{\"qemu\":{\"micro\":0,\"minor\":2,\"major\":7},"
                  + "\"package\":\"a test's\"},\"id\":[1,{}]}");
    }
  }

  @Test
  void whatIsNoRequestIsAnError() throws Exception {
    try (RawClient client = client()) {
      assertThat(client.ask("[]")).isEqualTo(error("QMP input must be a JSON object"));
      assertThat(client.ask("null\n")).isEqualTo(error("QMP input must be a JSON object"));
      assertThat(client.ask("{}")).isEqualTo(error("QMP input lacks member 'execute'"));
      assertThat(client.ask("{\"execute\":1}"))
          .isEqualTo(error("QMP input member 'execute' must be a string"));
      assertThat(client.ask("{\"execute\":\"wait\",\"x\":1}"))
          .isEqualTo(error("QMP input member 'x' is unexpected"));
      assertThat(client.ask("{\"execute\":\"wait\",\"arguments\":1}"))
          .isEqualTo(error("QMP input member 'arguments' must be an object"));
      assertThat(client.ask("{\"execute\":\"nope\",\"id\":5}"))
          .isEqualTo(
              "{\"id\":5,\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"The command nope has"
                  + " not been found\"}}");
      assertThat(client.ask("foo\n")).startsWith("{\"error\":{\"class\":\"GenericError\"");
      assertThat(client.ask("{\"execute\":\"balloon\",\"arguments\":{\"value\":7}}"))
          .isEqualTo("{\"return\":7}");
    }
  }

  @Test
  void argumentsAreChecked() throws Exception {
    try (RawClient client = client()) {
      assertThat(client.ask("{\"execute\":\"balloon\"}"))
          .isEqualTo(error("Parameter 'value' is missing"));
      assertThat(client.ask("{\"execute\":\"balloon\",\"arguments\":{\"value\":\"x\"}}"))
          .isEqualTo(error("Invalid parameter type for 'value', expected: integer"));
      assertThat(client.ask("{\"execute\":\"balloon\",\"arguments\":{\"value\":1,\"a\":2}}"))
          .isEqualTo(error("Parameter 'a' is unexpected"));
    }
  }

  @Test
  void aFaultInACommandIsAnErrorOfThatCommand() throws Exception {
    try (RawClient client = client()) {
      assertThat(client.ask("{\"execute\":\"fault\"}")).contains("GenericError", "a fault");
      assertThat(client.ask("{\"execute\":\"query-version\"}")).startsWith("{\"return\"");
    }
  }

  @Test
  void outOfBandOvertakesWhatWaits() throws Exception {
    try (RawClient client = new RawClient(socket)) {
      client.line();
      client.ask("{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}");
      assertThat(client.ask("{\"exec-oob\":\"wait\"}"))
          .isEqualTo(error("The command wait does not support OOB"));
      client.send("{\"execute\":\"wait\",\"id\":1}");
      // What waits ends by the other's doing only; which of them answers first is open.
      assertThat(List.of(client.ask("{\"exec-oob\":\"release\",\"id\":2}"), client.line()))
          .containsExactlyInAnyOrder("{\"return\":{},\"id\":2}", "{\"return\":{},\"id\":1}");
    }
  }

  @Test
  void oneClientThatWaitsHoldsUpNoOther() throws Exception {
    try (RawClient waiting = client();
        RawClient other = client()) {
      waiting.send("{\"execute\":\"wait\",\"id\":1}");
      assertThat(other.ask("{\"execute\":\"release\"}")).isEqualTo("{\"return\":{}}");
      assertThat(waiting.line()).isEqualTo("{\"return\":{},\"id\":1}");
    }
  }

  @Test
  void eventsReachThoseThatNegotiated() throws Exception {
    try (RawClient first = client();
        RawClient second = client();
        RawClient silent = new RawClient(socket)) {
      silent.line();
      server.send(new QmpEvent("STOP", Arguments.none(), Instant.ofEpochSecond(5, 6_000)));
      server.send(
          new QmpEvent("SHUTDOWN", Arguments.none().put("guest", true), Instant.ofEpochSecond(7)));
      for (RawClient client : List.of(first, second)) {
        assertThat(client.line())
            .isEqualTo("{\"timestamp\":{\"seconds\":5,\"microseconds\":6},\"event\":\"STOP\"}");
        assertThat(client.line())
            .isEqualTo(
                "{\"timestamp\":{\"seconds\":7,\"microseconds\":0},\"event\":\"SHUTDOWN\","
                    + "\"data\":{\"guest\":true}}");
      }
      assertThat(silent.ask(HELLO)).isEqualTo("{\"return\":{}}");
    }
  }

  @Test
  void whatWasSentBeforeTheEndIsAnswered() throws Exception {
    try (RawClient client = client()) {
      client.send("{\"execute\":\"query-version\"}".repeat(20));
      client.finishWriting();
      for (int i = 0; i < 20; i++) {
        assertThat(client.line()).startsWith("{\"return\"");
      }
      assertThat(client.line()).isNull();
    }
  }

  @Test
  void aClientThatDoesNotReadIsCutOffAndOthersAreNot() throws Exception {
    try (RawClient deaf = client();
        RawClient other = client()) {
      byte[] filler = new byte[1 << 20];
      Arrays.fill(filler, (byte) 'x');
      String text = new String(filler, StandardCharsets.US_ASCII);
      for (int i = 0; i < 2 + LineWriter.MAXIMUM_WAITING / filler.length; i++) {
        server.send(QmpEvent.now("BIG", Arguments.none().put("text", text)));
        assertThat(other.line()).contains("BIG");
      }
      int lines = 0;
      String line;
      while ((line = deaf.line()) != null && line.endsWith("}")) {
        lines++;
      }
      assertThat(lines).isLessThanOrEqualTo(1 + LineWriter.MAXIMUM_WAITING / filler.length);
      assertThat(other.ask("{\"execute\":\"query-version\"}")).startsWith("{\"return\"");
    }
  }

  @Test
  void onlyTheOwnerMayOpenTheSocketAndTheEndRemovesIt() throws Exception {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-------");
    server.close();
    assertThat(socket).doesNotExist();
  }

  @Test
  void aSocketThatNobodyServesIsReplacedAndOneThatIsServedIsNot() throws Exception {
    assertThatThrownBy(() -> QmpServer.listen(socket, commands))
        .isInstanceOf(HostException.class)
        .hasMessageContaining("listens there already");
    Path stale = folder.resolve("stale");
    try (UnixListener dead = UnixListener.bind(stale, null, 1)) {
      Files.move(stale, folder.resolve("kept"));
      assertThat(dead.path()).isEqualTo(stale);
    }
    Files.move(folder.resolve("kept"), stale);
    QmpServer again = QmpServer.listen(stale, commands);
    try (RawClient client = new RawClient(stale)) {
      assertThat(client.line()).startsWith("{\"QMP\"");
    } finally {
      again.close();
    }
  }
}

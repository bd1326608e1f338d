package org.wardian.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Our client, with our server and with QEMU's. */
@Timeout(600)
class QmpClientTest {
  private static final Duration PATIENCE = Duration.ofSeconds(300);

  @TempDir Path folder;
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  private final CommandTable commands = new CommandTable(new QmpVersion(7, 2, 0, "a test's"));

  private QmpClient connect(Path socket) throws IOException {
    return QmpClient.connect(socket, PATIENCE, event -> events.add(event.name()));
  }

  private QmpClient connectOnceItListens(Path socket, Process server) throws Exception {
    while (true) {
      try {
        return connect(socket);
      } catch (IOException notYet) {
        assertThat(server.isAlive()).isTrue();
        Thread.sleep(20);
      }
    }
  }

  @Test
  void manyThreadsShareAConnection() throws Exception {
    commands.add(
        "echo",
        List.of(Parameter.required("value", ParameterType.INTEGER)),
        arguments -> JsonNodeFactory.instance.numberNode(arguments.integer("value")));
    Path socket = folder.resolve("qmp");
    try (QmpServer server = QmpServer.listen(socket, commands);
        QmpClient client = connect(socket)) {
      assertThat(client.version().path("package").asText()).isEqualTo("a test's");
      List<CompletableFuture<JsonNode>> results = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        results.add(client.send("echo", Arguments.none().put("value", i)));
      }
      for (int i = 0; i < 500; i++) {
        assertThat(results.get(i).get().intValue()).isEqualTo(i);
      }
      server.send(QmpEvent.now("RESUME", Arguments.none()));
      assertThat(events.take()).isEqualTo("RESUME");
    }
  }

  @Test
  void anErrorIsThrownWithItsClass() throws Exception {
    Path socket = folder.resolve("qmp");
    try (QmpServer _ = QmpServer.listen(socket, commands);
        QmpClient client = connect(socket)) {
      assertThatThrownBy(() -> client.execute("nope", Arguments.none()))
          .isInstanceOfSatisfying(
              QmpException.class,
              e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.COMMAND_NOT_FOUND))
          .hasMessage("The command nope has not been found");
    }
  }

  @Test
  void theEndOfTheServerEndsWhatWaits() throws Exception {
    CountDownLatch called = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    commands.add(
        "wait",
        List.of(),
        arguments -> {
          called.countDown();
          try {
            release.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return Arguments.none();
        });
    Path socket = folder.resolve("qmp");
    QmpServer server = QmpServer.listen(socket, commands);
    try (QmpClient client = connect(socket)) {
      CompletableFuture<JsonNode> result = client.send("wait", Arguments.none());
      called.await();
      server.send(QmpEvent.now("SHUTDOWN", Arguments.none()));
      server.close();
      assertThatThrownBy(result::get).hasCauseInstanceOf(IOException.class);
      client.closed().get();
      // What was said before the end was heard.
      assertThat(events).containsExactly("SHUTDOWN");
      assertThatThrownBy(() -> client.execute("wait", Arguments.none()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("closed");
    } finally {
      release.countDown();
    }
  }

  @Test
  void nobodyThereIsAnError() {
    assertThatThrownBy(() -> connect(folder.resolve("nobody"))).isInstanceOf(IOException.class);
  }

  @Test
  void drivesQemu() throws Exception {
    Path socket = folder.resolve("qemu");
    Process qemu =
        new ProcessBuilder(
                "qemu-system-x86_64",
                "-M",
                "none",
                "-nodefaults",
                "-display",
                "none",
                "-S",
                "-qmp",
                "unix:" + socket + ",server=on,wait=off")
            .inheritIO()
            .start();
    try {
      try (QmpClient client = connectOnceItListens(socket, qemu)) {
        assertThat(client.execute("query-status", Arguments.none()).path("status").asText())
            .isEqualTo("prelaunch");
        client.execute("cont", Arguments.none());
        assertThat(events.take()).isEqualTo("RESUME");
        assertThatThrownBy(() -> client.execute("balloon", Arguments.none().put("value", 1)))
            .isInstanceOfSatisfying(
                QmpException.class,
                e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.DEVICE_NOT_ACTIVE));
        client.execute("quit", Arguments.none());
        assertThat(events.take()).isEqualTo("SHUTDOWN");
        client.closed().get();
      }
      assertThat(qemu.waitFor()).isZero();
    } finally {
      qemu.destroyForcibly();
    }
  }
}

package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.QmpClient;
import org.wardian.qmp.QmpEvent;

/** A {@code ward machine} that a test drives by QMP, with its guest on a serial line. */
abstract class DrivenMachine {
  private static final Duration PATIENCE = Duration.ofSeconds(600);

  @TempDir Path folder;
  final BlockingQueue<QmpEvent> events = new LinkedBlockingQueue<>();
  Path definition;
  Path qmp;
  Path serial;

  @BeforeEach
  void names() {
    definition = folder.resolve("tiny.xml");
    qmp = folder.resolve("qmp");
    serial = folder.resolve("serial");
  }

  DomainText echoing() throws IOException {
    return new DomainText()
        .kernel(Path.of(new TinyGuest().print("ready\n").echoUntil('!').powerOff().in(folder)))
        .serialSocket(serial);
  }

  WardProcess start(DomainText document, String... more) throws Exception {
    Files.writeString(definition, document.toString());
    String[] usual = {"machine", "--definition", definition.toString(), "--qmp", qmp.toString()};
    String[] all = Arrays.copyOf(usual, usual.length + more.length);
    System.arraycopy(more, 0, all, usual.length, more.length);
    return new WardProcess.Start(folder).run(all);
  }

  QmpClient connect(WardProcess process) throws Exception {
    while (!Files.exists(qmp)) {
      assertThat(process.isAlive()).as(() -> process.err()).isTrue();
      Thread.sleep(10);
    }
    return QmpClient.connect(qmp, PATIENCE, events::add);
  }

  QmpEvent await(String name) throws InterruptedException {
    QmpEvent event;
    do {
      event = events.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      assertThat(event).as("event %s", name).isNotNull();
    } while (!event.name().equals(name));
    return event;
  }

  void awaitMigration(String end) throws InterruptedException {
    String at;
    do {
      at = await("MIGRATION").data().path("status").asText();
    } while (at.equals("setup") || at.equals("active"));
    assertThat(at).isEqualTo(end);
  }

  static String status(QmpClient client) throws Exception {
    return client.execute("query-status", Arguments.none()).path("status").asText();
  }

  /** The guest's serial port. */
  final class Line implements AutoCloseable {
    private final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    private final StringBuilder heard = new StringBuilder();

    Line() throws IOException {
      channel.connect(UnixDomainSocketAddress.of(serial));
    }

    void type(String keys) throws IOException {
      channel.write(ByteBuffer.wrap(keys.getBytes(StandardCharsets.US_ASCII)));
    }

    void await(String text) throws IOException {
      ByteBuffer block = ByteBuffer.allocate(256);
      while (heard.indexOf(text) < 0) {
        assertThat(channel.read(block.clear())).as("after %s", heard).isPositive();
        heard.append(new String(block.array(), 0, block.position(), StandardCharsets.US_ASCII));
      }
      heard.delete(0, heard.indexOf(text) + text.length());
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}

package org.wardian.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Our UNIX sockets against each other and against Java's. */
@EnabledOnOs(OS.LINUX)
class UnixSocketTest {
  @TempDir private Path folder;

  private static int readAll(UnixSocket socket, byte[] into) throws IOException {
    int done = 0;
    while (done < into.length) {
      int count = socket.read(into, done, into.length - done, passed -> {});
      if (count < 0) {
        break;
      }
      done += count;
    }
    return done;
  }

  @Test
  void bytesComeThroughAListenerBothWays() throws Exception {
    Path path = folder.resolve("socket");
    byte[] sent = new byte[3_000_000];
    new SplittableRandom(1).nextBytes(sent);
    try (UnixListener listener =
        UnixListener.bind(path, PosixFilePermissions.fromString("rw-rw----"), 8)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .isEqualTo("rw-rw----");
      Thread echo =
          Thread.startVirtualThread(() -> {
            try (UnixSocket server = listener.accept()) {
              byte[] buffer = new byte[100_000];
              int count;
              while ((count = server.read(buffer, 0, buffer.length, passed -> {})) >= 0) {
                server.write(buffer, 0, count);
              }
            } catch (IOException e) {
              throw new IllegalStateException(e);
            }
          });
      try (UnixSocket client = UnixSocket.connect(path)) {
        Thread writer =
            Thread.startVirtualThread(() -> {
              try {
                client.write(sent, 0, sent.length);
                client.finishWriting();
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
        byte[] back = new byte[sent.length];
        assertThat(readAll(client, back)).isEqualTo(sent.length);
        assertThat(back).isEqualTo(sent);
        assertThat(client.read(back, 0, 1, passed -> {})).isEqualTo(-1);
        writer.join();
      }
      echo.join();
    }
    assertThat(path).doesNotExist();
  }

  @Test
  void thePeerOfJavasChannelIsThisProcess() throws Exception {
    Path path = folder.resolve("socket");
    try (UnixListener listener = UnixListener.bind(path, null, 8);
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(path));
      channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
      try (UnixSocket server = listener.accept()) {
        assertThat(server.peer().pid()).isEqualTo((int) ProcessHandle.current().pid());
        byte[] three = new byte[3];
        assertThat(readAll(server, three)).isEqualTo(3);
        assertThat(three).containsExactly(1, 2, 3);
      }
    }
  }

  @Test
  void aDescriptorIsTheSameFileAtTheOtherEnd() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "what is in it");
    UnixSocket[] pair = UnixSocket.pair();
    try (UnixSocket one = pair[0];
        UnixSocket other = pair[1];
        Descriptor descriptor = Descriptor.open(file)) {
      one.write(new byte[] {7}, 0, 1);
      one.pass(descriptor);
      one.write(new byte[] {8}, 0, 1);

      List<Descriptor> passed = new ArrayList<>();
      byte[] bytes = new byte[10];
      int count = other.read(bytes, 0, 10, passed::addAll);
      assertThat(count).as("reading stops at the byte with the descriptor").isEqualTo(2);
      assertThat(passed).hasSize(1);
      assertThat(Files.readString(Path.of("/proc/self/fd/" + passed.getFirst().fd())))
          .isEqualTo("what is in it");
      passed.getFirst().close();
      assertThat(other.read(bytes, 0, 10, passed::addAll)).isEqualTo(1);
      assertThat(passed).hasSize(1);
    }
  }

  @Test
  void closingWakesReaderWriterAndListener() throws Exception {
    UnixSocket[] pair = UnixSocket.pair();
    CompletableFuture<Object> reader = ended(() -> pair[0].read(new byte[1], 0, 1, p -> {}));
    CompletableFuture<Object> writer =
        ended(() -> {
          pair[0].write(new byte[10_000_000], 0, 10_000_000);
          return 0;
        });
    UnixListener listener = UnixListener.bind(folder.resolve("socket"), null, 1);
    CompletableFuture<Object> accepting = ended(() -> String.valueOf(listener.accept()));
    Thread.sleep(50);
    pair[0].close();
    listener.close();

    assertThat(reader.get())
        .satisfiesAnyOf(
            result -> assertThat(result).isEqualTo(-1),
            result -> assertThat(result).isInstanceOf(IOException.class));
    assertThat(writer.get()).isInstanceOf(IOException.class);
    assertThat(accepting.get()).isEqualTo("null");
    assertThatThrownBy(() -> pair[0].write(new byte[1], 0, 1)).isInstanceOf(IOException.class);
    pair[1].close();
  }

  private interface Call {
    Object make() throws IOException;
  }

  private static CompletableFuture<Object> ended(Call call) {
    CompletableFuture<Object> result = new CompletableFuture<>();
    Thread.startVirtualThread(() -> {
      try {
        result.complete(call.make());
      } catch (IOException e) {
        result.complete(e);
      }
    });
    return result;
  }

  @Test
  void manySocketsWaitAtOnce() throws Exception {
    int count = 200;
    List<UnixSocket[]> pairs = new ArrayList<>();
    List<CompletableFuture<Object>> results = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      UnixSocket[] pair = UnixSocket.pair();
      pairs.add(pair);
      results.add(
          ended(() -> {
            byte[] one = new byte[1];
            pair[0].read(one, 0, 1, passed -> {});
            return (int) one[0];
          }));
    }
    for (int i = count - 1; i >= 0; i--) {
      pairs.get(i)[1].write(new byte[] {(byte) i}, 0, 1);
    }
    for (int i = 0; i < count; i++) {
      assertThat(results.get(i).get()).isEqualTo((int) (byte) i);
    }
    for (UnixSocket[] pair : pairs) {
      pair[0].close();
      pair[1].close();
    }
  }

  @Test
  void aPairHasAnEndToPassOn() throws Exception {
    UnixSocket[] own = new UnixSocket[1];
    try (Descriptor passed = UnixSocket.pairToPass(end -> own[0] = end);
        UnixSocket here = own[0];
        UnixSocket there = UnixSocket.adopt(passed)) {
      here.write(new byte[] {5}, 0, 1);
      byte[] one = new byte[1];
      assertThat(there.read(one, 0, 1, p -> {})).isEqualTo(1);
      assertThat(one).containsExactly(5);
    }
  }

  @Test
  void whatCannotBeReachedSaysWhy() {
    assertThatThrownBy(() -> UnixSocket.connect(folder.resolve("nobody")))
        .isInstanceOf(HostException.class)
        .hasMessageContaining("No such file");
    assertThatThrownBy(() -> UnixSocket.connect(folder.resolve("x".repeat(120))))
        .isInstanceOf(HostException.class)
        .hasMessageContaining("at most 107");
  }
}

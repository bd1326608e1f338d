package org.wardian.libvirt.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.host.Descriptor;
import org.wardian.host.UnixSocket;
import org.wardian.libvirt.wire.keepalive.KeepaliveProgram;

/** Two ends of a UNIX socket that exchange messages. */
@EnabledOnOs(OS.LINUX)
class MessageConnectionTest {
  private static final Header STREAM = new Header(0x2000_8086, 1, 209, 3, 4, Header.CONTINUE);

  private final UnixSocket[] pair = UnixSocket.pair();
  private final MessageConnection one = new MessageConnection(new UnixTransport(pair[0], "one"));
  private final MessageConnection other =
      new MessageConnection(new UnixTransport(pair[1], "other"));

  @AfterEach
  void close() {
    one.close();
    other.close();
  }

  private static Frame data(int size) throws IOException {
    return Frame.of(STREAM, new byte[size], 0, size);
  }

  @Test
  void messagesArriveInOrderFromManySenders() throws Exception {
    int senders = 4;
    int each = 500;
    List<Thread> threads = new ArrayList<>();
    for (int s = 0; s < senders; s++) {
      int procedure = s;
      threads.add(
          Thread.startVirtualThread(() -> {
            for (int i = 0; i < each; i++) {
              try {
                one.send(Frame.of(new Header(1, 1, procedure, 1, i, 0)));
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            }
          }));
    }
    int[] next = new int[senders];
    for (int i = 0; i < senders * each; i++) {
      Header header = other.receive().header();
      assertThat(header.serial()).isEqualTo(next[header.procedure()]++);
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Test
  void filesTravelWithTheirMessage(@TempDir Path folder) throws Exception {
    Path[] files = new Path[3];
    List<Descriptor> descriptors = new ArrayList<>();
    for (int i = 0; i < files.length; i++) {
      files[i] = Files.writeString(folder.resolve("file" + i), "content " + i);
      descriptors.add(Descriptor.open(files[i]));
    }
    one.send(Frame.of(new Header(1, 1, 1, 0, 1, 0)));
    one.send(
        Frame.of(
            new Header(1, 1, 2, MessageType.CALL_WITH_FDS.ordinal(), 2, 0),
            out -> out.int32(77),
            descriptors));
    one.send(Frame.of(new Header(1, 1, 3, 0, 3, 0)));

    assertThat(other.receive().header().procedure()).isEqualTo(1);
    Message message = other.receive();
    assertThat(message.reader().int32("after the count")).isEqualTo(77);
    assertThat(message.descriptors()).hasSize(3);
    for (int i = 0; i < files.length; i++) {
      Path link = Path.of("/proc/self/fd/" + message.descriptors().get(i).fd());
      assertThat(Files.readString(link, StandardCharsets.UTF_8)).isEqualTo("content " + i);
    }
    message.closeDescriptors();
    assertThat(descriptors).allMatch(Descriptor::closed);
    assertThat(other.receive().header().procedure()).isEqualTo(3);
  }

  @Test
  void filesThatNobodyAskedForAreClosed(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "x");
    for (int i = 0; i < 200; i++) {
      try (Descriptor descriptor = Descriptor.open(file)) {
        // Each byte of the header is a carrier where no carrier belongs.
        byte[] frame = Frame.of(new Header(0, 0, 0, 0, 0, 0)).bytes();
        pair[0].write(frame, 0, 4);
        for (int b = 0; b < 24; b++) {
          pair[0].pass(descriptor);
        }
      }
      assertThat(other.receive().header().program()).isZero();
    }
    assertThat(openFiles(file)).isLessThanOrEqualTo(2 * Frame.DESCRIPTORS);
    other.close();
    assertThat(openFiles(file)).isZero();
  }

  private static long openFiles(Path file) throws IOException {
    long count = 0;
    try (var links = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path link : links) {
        try {
          if (Files.readSymbolicLink(link).equals(file.toRealPath())) {
            count++;
          }
        } catch (IOException gone) {
          continue;
        }
      }
    }
    return count;
  }

  @Test
  void aSenderWaitsForASlowReader() throws Exception {
    AtomicInteger sent = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(1);
    int total = 400;
    Thread.startVirtualThread(() -> {
      try {
        for (int i = 0; i < total; i++) {
          one.send(data(65_536));
          sent.incrementAndGet();
        }
        done.countDown();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    });
    for (int i = 0; i < total; i++) {
      assertThat(other.receive().payload()).hasSize(65_536);
      // What is under way fits the socket and the queue.
      assertThat(sent.get() - i).isLessThan(100);
    }
    done.await();
  }

  @Test
  void anOfferNeverWaitsAndIsRefusedWhenThereIsTooMuch() throws Exception {
    int taken = 0;
    while (one.offer(data(65_536))) {
      taken++;
    }
    assertThat(taken).isBetween(Outbox.OFFER_LIMIT / 70_000, Outbox.OFFER_LIMIT / 65_536 + 16);
    for (int i = 0; i < taken; i++) {
      assertThat(other.receive().payload()).hasSize(65_536);
    }
    assertThat(one.offer(data(1))).isTrue();
    assertThat(other.receive().payload()).hasSize(1);
  }

  @Test
  void theEndIsToldToBothSides() throws Exception {
    CompletableFuture<MessageConnection.Ending> told = new CompletableFuture<>();
    other.whenClosed(() -> told.complete(other.ending()));
    one.close();

    assertThat(other.receive()).isNull();
    assertThat(told.get()).isEqualTo(MessageConnection.Ending.EOF);
    assertThat(one.receive()).isNull();
    assertThat(one.ending()).isEqualTo(MessageConnection.Ending.CLIENT);
    assertThatThrownBy(() -> one.send(Frame.of(STREAM))).isInstanceOf(IOException.class);
  }

  @Test
  void finishingSendsWhatIsQueued() throws Exception {
    for (int i = 0; i < 50; i++) {
      assertThat(one.offer(data(65_536))).isTrue();
    }
    one.finish();
    for (int i = 0; i < 50; i++) {
      assertThat(other.receive().payload()).hasSize(65_536);
    }
    assertThat(other.receive()).isNull();
    assertThat(other.ending()).isEqualTo(MessageConnection.Ending.EOF);
  }

  @Test
  void aQuestionWhetherItIsThereIsAnsweredAtOnce() throws Exception {
    one.send(Keepalive.message(KeepaliveProgram.PING.number()));
    one.send(Frame.of(STREAM));
    assertThat(other.receive().header()).isEqualTo(STREAM);

    MessageReader raw = new MessageReader(new UnixTransport(pair[0], "raw"));
    Header answer = raw.next().header();
    assertThat(answer)
        .isEqualTo(new Header(KeepaliveProgram.NUMBER, 1, KeepaliveProgram.PONG.number(), 2, 0, 0));
  }

  @Test
  void aPeerThatDoesNotAnswerIsGivenUp() throws Exception {
    CompletableFuture<MessageConnection.Ending> told = new CompletableFuture<>();
    one.whenClosed(() -> told.complete(one.ending()));
    one.keepAlive(Duration.ofMillis(20), 3);

    // The other side's receive is not called: nobody answers.
    assertThat(told.get()).isEqualTo(MessageConnection.Ending.KEEPALIVE);
  }

  @Test
  void onlyQuestionsInARowWithoutAnyMessageCount() throws Exception {
    MessageReader raw = new MessageReader(new UnixTransport(pair[1], "raw"));
    Keepalive keepalive = new Keepalive(one);
    keepalive.start(Duration.ofDays(1), 2);
    for (int i = 0; i < 5; i++) {
      keepalive.tick();
      keepalive.tick();
      assertThat(raw.next().header().procedure()).isEqualTo(KeepaliveProgram.PING.number());
      keepalive.tick();
      assertThat(raw.next().header().procedure()).isEqualTo(KeepaliveProgram.PING.number());
      keepalive.heard();
    }
    assertThat(one.ending()).isNull();
    keepalive.tick();
    keepalive.tick();
    keepalive.tick();
    keepalive.tick();
    assertThat(one.ending()).isEqualTo(MessageConnection.Ending.KEEPALIVE);
  }

  /** Turns each byte over, and says how many there are. */
  private static final class TurningLayer implements SecurityLayer {
    @Override
    public byte[] wrap(byte[] from, int offset, int length) {
      ByteBuffer wrapped = ByteBuffer.allocate(4 + length).putInt(length);
      for (int i = 0; i < length; i++) {
        wrapped.put((byte) ~from[offset + i]);
      }
      return wrapped.array();
    }

    @Override
    public byte[] unwrap(byte[] from, int offset, int length) {
      byte[] plain = new byte[length];
      for (int i = 0; i < length; i++) {
        plain[i] = (byte) ~from[offset + i];
      }
      return plain;
    }

    @Override
    public int largest() {
      return 65_536;
    }

    @Override
    public int mostAtOnce() {
      return 16_000;
    }
  }

  @Test
  void aLayerBeginsRightAfterTheLastPlainMessage() throws Exception {
    // What one side sends by its layer may already lie behind the plain message.
    one.send(Frame.of(new Header(1, 1, 1, 1, 1, 0)));
    one.secure(new TurningLayer());
    one.send(data(50_000));
    one.send(Frame.of(new Header(1, 1, 2, 1, 2, 0)));
    assertThat(other.receive().header().procedure()).isEqualTo(1);
    other.secure(new TurningLayer());
    assertThat(other.receive().payload()).hasSize(50_000);
    assertThat(other.receive().header().procedure()).isEqualTo(2);
    other.send(data(10));
    assertThat(one.receive().payload()).hasSize(10);
  }

  @Test
  void aProtectedBufferThatIsTooLargeEndsTheConnection() throws Exception {
    other.secure(new TurningLayer());
    one.send(Frame.of(new Header(1, 1, 1, 1, 1, 0)));
    pair[0].write(new byte[] {0, 2, 0, 0}, 0, 4);
    assertThat(other.receive()).isNull();
    assertThat(other.ending()).isEqualTo(MessageConnection.Ending.ERROR);
  }
}

package org.wardian.network.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.network.Frame;
import org.wardian.network.Frame.Segmentation;

class SharedSwitchTest {
  private static final long ALL = 0xffff_ffff_ffffL;
  private static final int PATIENCE = 2400;

  @TempDir private Path folder;

  private SharedSwitch join() throws IOException {
    return new SharedSwitch(folder, "lab", 1500);
  }

  private static void awaitConnected(SharedSwitch member) throws InterruptedException {
    for (int i = 0; i < PATIENCE && !member.connected(); i++) {
      Thread.sleep(50);
    }
    assertThat(member.connected()).isTrue();
  }

  private static BlockingQueue<Frame> card(SwitchPort port) {
    BlockingQueue<Frame> received = new LinkedBlockingQueue<>();
    port.attach(frame -> {
      received.add(frame);
      return true;
    });
    port.start();
    return received;
  }

  /** Sends broadcasts until one arrives: a trunk takes a moment to come up. */
  private static void awaitPath(SwitchPort from, int content, BlockingQueue<Frame> to)
      throws InterruptedException {
    for (int i = 0; i < PATIENCE; i++) {
      from.send(SwitchTest.frame(ALL, 100 + content, content));
      for (Frame frame; (frame = to.poll(50, TimeUnit.MILLISECONDS)) != null; ) {
        if (frame.bytes()[14] == content) {
          return;
        }
      }
    }
    throw new AssertionError("no way from one to the other");
  }

  @Test
  void framesPassBetweenMembersAndAnotherTakesOverWhenTheMiddleGoes() throws Exception {
    SharedSwitch first = join();
    awaitConnected(first);
    assertThat(first.serving()).isTrue();
    try (SharedSwitch second = join();
        SharedSwitch third = join();
        SwitchPort two = second.port();
        SwitchPort three = third.port()) {
      awaitConnected(second);
      awaitConnected(third);
      BlockingQueue<Frame> atTwo = card(two);
      BlockingQueue<Frame> atThree = card(three);
      awaitPath(two, 1, atThree);
      awaitPath(three, 2, atTwo);
      first.close();
      awaitPath(two, 3, atThree);
      awaitPath(three, 4, atTwo);
      assertThat(second.serving() ^ third.serving()).isTrue();
    } finally {
      first.close();
    }
  }

  @Test
  void anotherProcessIsAMember() throws Exception {
    try (SharedSwitch mine = join();
        SwitchPort port = mine.port()) {
      awaitConnected(mine);
      BlockingQueue<Frame> received = card(port);
      Process other =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "-XX:+UseSerialGC",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Echo.class.getName(),
                  folder.toString())
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try {
        awaitPath(port, 9, received);
      } finally {
        other.destroyForcibly().waitFor();
      }
    }
  }

  /** A process whose card sends back what it hears. */
  static final class Echo {
    private Echo() {}

    /** Runs until it is killed. */
    public static void main(String[] arguments) throws Exception {
      SharedSwitch member = new SharedSwitch(Path.of(arguments[0]), "lab", 1500);
      SwitchPort port = member.port();
      port.attach(frame -> port.send(SwitchTest.frame(ALL, 0x77, frame.bytes()[14])));
      port.start();
      Thread.sleep(600_000);
    }
  }

  @Test
  void aHostileMemberIsCutOff() throws Exception {
    SplittableRandom random = new SplittableRandom(3);
    try (SharedSwitch mine = join();
        SwitchPort port = mine.port()) {
      awaitConnected(mine);
      card(port);
      for (int i = 0; i < 50; i++) {
        byte[] rubbish = new byte[200];
        random.nextBytes(rubbish);
        ByteBuffer bytes = ByteBuffer.wrap(rubbish);
        if (i % 2 == 0) {
          bytes.putLong(0, TrunkFormat.GREETING);
        }
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
          channel.connect(UnixDomainSocketAddress.of(folder.resolve("switch-lab.sock")));
          channel.write(bytes);
          channel.shutdownOutput();
          ByteBuffer answer = ByteBuffer.allocate(64);
          while (channel.read(answer) >= 0 && answer.hasRemaining()) {
            // Until it is cut off.
          }
        } catch (IOException cutOff) {
          continue;
        }
      }
      try (SharedSwitch good = join();
          SwitchPort another = good.port()) {
        BlockingQueue<Frame> received = card(another);
        awaitPath(port, 8, received);
      }
    }
  }

  @Test
  void headersOfFramesAreReadAsTheyWereWritten() {
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < 20_000; i++) {
      ByteBuffer header = ByteBuffer.allocate(TrunkFormat.HEADER);
      Frame frame = new Frame(new byte[2000], 0, 2000, 34, 16, false, Segmentation.TCP4, 1448);
      TrunkFormat.write(frame, header);
      header.flip();
      for (int damage = random.nextInt(4); damage > 0; damage--) {
        header.put(random.nextInt(TrunkFormat.HEADER), (byte) random.nextInt(256));
      }
      int length = TrunkFormat.length(header);
      assertThat(length).isBetween(-1, Frame.LONGEST);
      if (length > 0) {
        Frame read = TrunkFormat.read(header, new byte[length]);
        if (read != null) {
          assertThat(read.checksumStart() + read.checksumOffset()).isLessThan(length);
          assertThat(read.segmentation() == Segmentation.NONE).isEqualTo(read.segmentSize() == 0);
        }
      }
    }
  }

  @Test
  void aFolderThatOthersCanWriteToIsRefused() throws IOException {
    Path open =
        Files.createDirectory(
            folder.resolve("open"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> new SharedSwitch(open, "lab", 1500).close())
        .withMessageContaining("writable by nobody else");
  }

  @Test
  void namesThatLeaveTheFolderAreRefused() {
    for (String name : new String[] {"", "../lab", "a/b", ".lab", "x".repeat(41)}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new SharedSwitch(folder, name, 1500).close());
    }
  }
}

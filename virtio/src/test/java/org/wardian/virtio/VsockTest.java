package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.virtio.DriverQueue.Buffer;
import org.wardian.virtio.vsock.HostSockets;
import org.wardian.virtio.vsock.VirtioVsock;

/** The socket device by its protocol (virtio 1.2 §5.10), with real sockets of the host. */
@Timeout(600)
class VsockTest {
  private static final int PORT = 1234;
  private static final int GUEST_PORT = 5000;

  @TempDir private Path folder;
  private Path file;
  private HostSockets sockets;
  private VirtioVsock device;
  private TestMachine machine;
  private TestDriver driver;
  private DriverQueue events;
  private VsockGuest guest;
  private ServerSocketChannel program;

  @BeforeEach
  void begin() throws IOException {
    file = folder.resolve("v");
    sockets = HostSockets.listen(file);
    device = new VirtioVsock("vsock", sockets, VsockGuest.ADDRESS);
    machine = new TestMachine(device);
    driver = new TestDriver(machine);
    driver.negotiate(Features.VERSION_1 | 1);
    DriverQueue receive = driver.queue(0, 16);
    DriverQueue transmit = driver.queue(1, 16);
    events = driver.queue(2, 16);
    driver.ready();
    guest = new VsockGuest(driver, receive, transmit);
    program = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    program.bind(UnixDomainSocketAddress.of(folder.resolve("v_" + PORT)), 1000);
  }

  @AfterEach
  void end() throws IOException {
    assertThat(device.failure()).isEmpty();
    machine.close();
    sockets.close();
    program.close();
    assertThat(file).doesNotExist();
  }

  private static String read(SocketChannel channel, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
      // A stream has no edges.
    }
    return new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
  }

  private static void write(SocketChannel channel, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private SocketChannel connected() throws IOException {
    guest.send(VsockGuest.REQUEST, GUEST_PORT, PORT, 0, "");
    SocketChannel channel = program.accept();
    VsockGuest.Packet answer = guest.next();
    assertThat(answer.operation()).isEqualTo(VsockGuest.RESPONSE);
    assertThat(answer.guestPort()).isEqualTo(GUEST_PORT);
    assertThat(answer.hostPort()).isEqualTo(PORT);
    assertThat(answer.buffer()).isPositive();
    return channel;
  }

  @Test
  void theGuestsAddressIsInTheConfiguration() {
    assertThat(driver.deviceConfig(0, 8)).isEqualTo(VsockGuest.ADDRESS);
    assertThatThrownBy(() -> new VirtioVsock("x", sockets, 2)).hasMessageContaining("CID");
  }

  @Test
  void theGuestReachesAProgramOfTheHost() throws IOException {
    try (SocketChannel channel = connected()) {
      guest.send(VsockGuest.DATA, GUEST_PORT, PORT, 0, "from the guest");
      assertThat(read(channel, 14)).isEqualTo("from the guest");
      write(channel, "from the host");
      assertThat(guest.next().text()).isEqualTo("from the host");
      guest.send(VsockGuest.CREDIT_REQUEST, GUEST_PORT, PORT, 0, "");
      VsockGuest.Packet credit = guest.next();
      assertThat(credit.operation()).isEqualTo(VsockGuest.CREDIT_UPDATE);
      assertThat(credit.forwarded()).isEqualTo(14);
    }
  }

  @Test
  void eachSideEndsByItself() throws IOException {
    try (SocketChannel channel = connected()) {
      channel.shutdownOutput();
      VsockGuest.Packet end = guest.next();
      assertThat(end.operation()).isEqualTo(VsockGuest.SHUTDOWN);
      assertThat(end.flags()).as("it sends no more, and still reads").isEqualTo(2);
      guest.send(VsockGuest.DATA, GUEST_PORT, PORT, 0, "last words");
      guest.send(VsockGuest.SHUTDOWN, GUEST_PORT, PORT, 2, "");
      assertThat(read(channel, 100)).isEqualTo("last words");
      assertThat(guest.nextIfAny()).isNull();
      guest.send(VsockGuest.SHUTDOWN, GUEST_PORT, PORT, 3, "");
      assertThat(guest.next().operation()).isEqualTo(VsockGuest.RESET);
    }
    assertUnknown();
  }

  private void assertUnknown() {
    guest.send(VsockGuest.DATA, GUEST_PORT, PORT, 0, "x");
    assertThat(guest.next().operation()).isEqualTo(VsockGuest.RESET);
  }

  @Test
  void aGuestThatResetsEndsTheHostsStream() throws IOException {
    try (SocketChannel channel = connected()) {
      guest.send(VsockGuest.RESET, GUEST_PORT, PORT, 0, "");
      assertThat(read(channel, 1)).isEmpty();
    }
    assertUnknown();
  }

  @Test
  void aProgramThatIsGoneIsAResetForWhoWrites() throws IOException {
    connected().close();
    assertThat(guest.next().operation()).isEqualTo(VsockGuest.SHUTDOWN);
    guest.send(VsockGuest.DATA, GUEST_PORT, PORT, 0, "too late");
    assertThat(guest.next().operation()).isEqualTo(VsockGuest.RESET);
    assertUnknown();
  }

  @Test
  void whereNobodyListensTheGuestIsRefused() {
    guest.send(VsockGuest.REQUEST, GUEST_PORT, PORT + 1, 0, "");
    VsockGuest.Packet answer = guest.next();
    assertThat(answer.operation()).isEqualTo(VsockGuest.RESET);
    assertThat(answer.hostPort()).isEqualTo(PORT + 1);
  }

  @Test
  void aProgramOfTheHostReachesTheGuest() throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
      write(channel, "CONNECT 77\nearly");
      VsockGuest.Packet request = guest.next();
      assertThat(request.operation()).isEqualTo(VsockGuest.REQUEST);
      assertThat(request.guestPort()).isEqualTo(77);
      guest.send(VsockGuest.RESPONSE, 77, request.hostPort(), 0, "");
      assertThat(guest.next().text()).isEqualTo("early");
      String expected = "OK " + request.hostPort() + "\n";
      assertThat(read(channel, expected.length())).isEqualTo(expected);
      write(channel, "more");
      assertThat(guest.next().text()).isEqualTo("more");
    }
  }

  @Test
  void aGuestThatRefusesEndsTheProgramsStream() throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
      write(channel, "CONNECT 78\n");
      VsockGuest.Packet request = guest.next();
      guest.send(VsockGuest.RESET, 78, request.hostPort(), 0, "");
      assertThat(read(channel, 1)).isEmpty();
    }
  }

  @Test
  void aProgramThatAsksForNothingSensibleIsLeft() throws IOException {
    for (String line :
        List.of("HELLO\n", "CONNECT\n", "CONNECT x\n", "CONNECT 4294967296\n", "C".repeat(99))) {
      try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
        write(channel, line);
        // What it said is not read to its end, so the stream may end by a reset.
        assertThat(ended(channel)).as(line).isTrue();
      }
    }
    assertThat(guest.nextIfAny()).isNull();
  }

  private static boolean ended(SocketChannel channel) {
    try {
      return channel.read(ByteBuffer.allocate(1)) < 0;
    } catch (IOException reset) {
      return true;
    }
  }

  @Test
  void noMoreIsSentThanTheGuestHasRoomFor() throws IOException {
    guest.buffer = 10;
    try (SocketChannel channel = connected()) {
      write(channel, "0123456789abcdef");
      assertThat(guest.next().text()).isEqualTo("0123456789");
      VsockGuest.Packet question = guest.next();
      assertThat(question.operation()).isEqualTo(VsockGuest.CREDIT_REQUEST);
      assertThat(guest.nextIfAny()).isNull();
      guest.forwarded = 4;
      guest.send(VsockGuest.CREDIT_UPDATE, GUEST_PORT, PORT, 0, "");
      assertThat(guest.next().text()).isEqualTo("abcd");
      guest.forwarded = 14;
      guest.send(VsockGuest.CREDIT_UPDATE, GUEST_PORT, PORT, 0, "");
      VsockGuest.Packet next = guest.next();
      while (next.operation() == VsockGuest.CREDIT_REQUEST) {
        next = guest.next();
      }
      assertThat(next.text()).isEqualTo("ef");
    }
  }

  @Test
  void aGuestThatSendsMoreThanThereIsRoomForIsReset() throws IOException {
    try (SocketChannel channel = connected()) {
      byte[] bytes = new byte[32 << 10];
      VsockGuest.Packet answer = null;
      int sent = 0;
      while (answer == null || answer.operation() == VsockGuest.CREDIT_UPDATE) {
        guest.send(VsockGuest.DATA, GUEST_PORT, PORT, 0, bytes);
        sent += bytes.length;
        answer = guest.nextIfAny();
        assertThat(sent).as("the host's program reads nothing").isLessThan(4 << 20);
      }
      assertThat(answer.operation()).isEqualTo(VsockGuest.RESET);
      assertThat(channel.isOpen()).isTrue();
    }
  }

  @Test
  void whatWaitsForTheProgramIsThereWhenItReads() throws IOException {
    try (SocketChannel channel = connected()) {
      int sent = 0;
      int room = 128 << 10;
      int taken = 0;
      byte[] bytes = new byte[8 << 10];
      // As much as the program's socket and the device hold.
      while (sent + bytes.length - taken <= room && sent < 4 << 20) {
        Arrays.fill(bytes, (byte) ('a' + sent / bytes.length % 26));
        guest.send(VsockGuest.DATA, GUEST_PORT, PORT, 0, bytes);
        sent += bytes.length;
        VsockGuest.Packet update = guest.nextIfAny();
        taken = update == null ? taken : update.forwarded();
      }
      guest.send(VsockGuest.SHUTDOWN, GUEST_PORT, PORT, 2, "");
      String all = read(channel, sent + 1);
      assertThat(all).hasSize(sent);
      for (int i = 0; i < sent; i += bytes.length) {
        assertThat(all.charAt(i)).isEqualTo((char) ('a' + i / bytes.length % 26));
      }
    }
  }

  @Test
  void whatMakesNoSenseIsReset() throws IOException {
    try (SocketChannel channel = connected()) {
      assertThat(channel.isConnected()).isTrue();
      guest.send(VsockGuest.ADDRESS, 2, 2, VsockGuest.REQUEST, 1, 2, 0, 0, new byte[0]);
      assertThat(guest.next().operation()).as("another type").isEqualTo(VsockGuest.RESET);
      guest.send(VsockGuest.ADDRESS, 9, 1, VsockGuest.REQUEST, 1, 2, 0, 0, new byte[0]);
      assertThat(guest.next().operation()).as("another guest").isEqualTo(VsockGuest.RESET);
      guest.send(VsockGuest.ADDRESS, 2, 1, VsockGuest.DATA, 1, 2, 0, -1, new byte[0]);
      assertThat(guest.next().operation()).as("no such data").isEqualTo(VsockGuest.RESET);
      guest.send(7, 2, 1, VsockGuest.REQUEST, 1, PORT, 0, 0, new byte[0]);
      assertThat(guest.nextIfAny()).as("from somebody else").isNull();
      guest.send(99, GUEST_PORT, PORT, 0, "");
      assertThat(guest.next().operation()).as("no such operation").isEqualTo(VsockGuest.RESET);
    }
  }

  @Test
  void aGuestHasSoManyConnections() throws IOException {
    int made = 0;
    while (true) {
      guest.send(VsockGuest.REQUEST, 10_000 + made, PORT, 0, "");
      if (guest.next().operation() == VsockGuest.RESET) {
        break;
      }
      made++;
      program.accept().close();
      VsockGuest.Packet end = guest.next();
      assertThat(end.operation()).isEqualTo(VsockGuest.SHUTDOWN);
    }
    assertThat(made).isEqualTo(512);
    guest.send(VsockGuest.RESET, 10_000, PORT, 0, "");
    guest.send(VsockGuest.REQUEST, 9999, PORT, 0, "");
    assertThat(guest.next().operation()).isEqualTo(VsockGuest.RESPONSE);
  }

  @Test
  void aFileThatIsInTheWayIsNamed() throws IOException {
    assertThatThrownBy(() -> HostSockets.listen(file)).hasMessageContaining("another listens");
    Path text = Files.writeString(folder.resolve("text"), "x");
    assertThatThrownBy(() -> HostSockets.listen(text)).hasMessageContaining("no socket");
    assertThatThrownBy(() -> HostSockets.listen(folder.resolve("none/v")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("none/v");
    Path deserted = folder.resolve("deserted");
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(deserted));
    }
    assertThat(deserted).exists();
    HostSockets.listen(deserted).close();
  }

  @Test
  void aGuestWhoseStateWasLoadedIsToldThatItsConnectionsAreGone() throws IOException {
    connected().close();
    long at = driver.allocate(64);
    driver.write(at, (byte) 9, (byte) 9, (byte) 9, (byte) 9);
    events.add(List.of(new Buffer(at, 4, true)), false);
    events.kick();
    TestDriver.await("idle", device::idle);
    machine.pci.pause();
    StateWriter out = new StateWriter();
    machine.pci.save(out);
    byte[] ram = driver.read(0, (int) TestMachine.RAM);
    machine.pci.resume();
    VirtioVsock second = new VirtioVsock("vsock", sockets, VsockGuest.ADDRESS);
    try (TestMachine other = new TestMachine(second, false)) {
      other.memory.write(0, ram, 0, ram.length);
      other.pci.load(new StateReader(out.toByteArray()));
      TestDriver moved = driver.movedTo(other);
      other.pci.start();
      assertThat(events.movedTo(moved).await().written()).isEqualTo(4);
      assertThat(moved.read(at, 4)).containsOnly(0);
      assertThat(second.failure()).isEmpty();
    }
  }
}

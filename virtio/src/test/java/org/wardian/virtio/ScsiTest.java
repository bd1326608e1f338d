package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.wardian.storage.BlockRequest.Kind;
import org.wardian.virtio.DriverQueue.Buffer;
import org.wardian.virtio.scsi.ScsiCdRom;
import org.wardian.virtio.scsi.ScsiDisk;
import org.wardian.virtio.scsi.VirtioScsi;

/** The SCSI host with a disk at target 0 and a CD-ROM drive at target 1 (virtio 1.2 §5.6). */
class ScsiTest {
  private static final int BLOCKS = 256;
  private static final long HOTPLUG = 1 << 1;
  private static final long CHANGE = 1 << 2;
  private static final int DISK = 0;
  private static final int CD = 1;

  private final MemoryDisk disk = new MemoryDisk(BLOCKS * 512, false);
  private final MemoryDisk disc = new MemoryDisk(32 * 2048, true);
  private final VirtioScsi host = new VirtioScsi("scsi", 2);
  private TestMachine machine;
  private TestDriver driver;
  private DriverQueue control;
  private DriverQueue events;
  private DriverQueue requests;

  /** What came of a command. */
  private record Answer(int response, int status, int key, int code, int residual, byte[] data) {}

  @BeforeEach
  void begin() {
    host.add(new ScsiDisk(disk, "SN1"));
    host.add(new ScsiCdRom(disc, "SN2"));
    machine = new TestMachine(host);
    driver = new TestDriver(machine);
    driver.negotiate(Features.VERSION_1 | HOTPLUG | CHANGE);
    control = driver.queue(0, 8);
    events = driver.queue(1, 8);
    requests = driver.queue(2, 64);
    driver.ready();
    // Each unit tells once that it was reset.
    assertThat(send(DISK, command(0x00), new byte[0], 0).code()).isEqualTo(0x29);
    assertThat(send(CD, command(0x00), new byte[0], 0).code()).isEqualTo(0x29);
  }

  @AfterEach
  void end() {
    assertThat(host.failure()).isEmpty();
    machine.close();
    disk.close();
    disc.close();
  }

  private static byte[] command(int... bytes) {
    byte[] command = new byte[32];
    for (int i = 0; i < bytes.length; i++) {
      command[i] = (byte) bytes[i];
    }
    return command;
  }

  private Answer send(int target, byte[] command, byte[] out, int room) {
    return send(target, 0, command, out, room);
  }

  private Answer send(int target, int unit, byte[] command, byte[] out, int room) {
    long request = driver.allocate(51);
    driver.write(request, new byte[51]);
    driver.write(request, (byte) 1, (byte) target, (byte) (0x40 | unit >> 8), (byte) unit);
    driver.write(request + 19, command);
    long answer = driver.allocate(108);
    List<Buffer> chain = new ArrayList<>();
    chain.add(new Buffer(request, 51, false));
    if (out.length > 0) {
      long at = driver.allocate(out.length);
      driver.write(at, out);
      chain.add(new Buffer(at, out.length, false));
    }
    chain.add(new Buffer(answer, 108, true));
    long in = driver.allocate(Math.max(1, room));
    if (room > 0) {
      chain.add(new Buffer(in, room, true));
    }
    requests.transact(chain);
    ByteBuffer fields = ByteBuffer.wrap(driver.read(answer, 108)).order(ByteOrder.LITTLE_ENDIAN);
    boolean sense = fields.getInt(0) > 0;
    return new Answer(
        fields.get(11),
        fields.get(10),
        sense ? fields.get(14) & 0xf : 0,
        sense ? fields.get(24) : 0,
        fields.getInt(4),
        driver.read(in, room));
  }

  private static byte[] noise(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static void done(Answer answer) {
    assertThat(answer.response()).isZero();
    assertThat(answer.status()).isZero();
  }

  @Test
  void writesAndReadsByEveryLengthOfCommand() {
    byte[] bytes = noise(512);
    done(send(DISK, command(0x0a, 0, 0, 5, 1), bytes, 0));
    done(send(DISK, command(0x2a, 0, 0, 0, 0, 6, 0, 0, 1), bytes, 0));
    done(send(DISK, command(0xaa, 0, 0, 0, 0, 7, 0, 0, 0, 1), bytes, 0));
    done(send(DISK, command(0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 1), bytes, 0));
    assertThat(disk.done())
        .as("the last by force of the unit access bit")
        .containsExactly(Kind.WRITE, Kind.WRITE, Kind.WRITE, Kind.WRITE, Kind.FLUSH);
    for (int block = 5; block < 9; block++) {
      assertThat(Arrays.copyOfRange(disk.content, block * 512, block * 512 + 512)).isEqualTo(bytes);
    }
    assertThat(send(DISK, command(0x08, 0, 0, 5, 1), new byte[0], 512).data()).isEqualTo(bytes);
    assertThat(send(DISK, command(0x28, 0, 0, 0, 0, 5, 0, 0, 1), new byte[0], 512).data())
        .isEqualTo(bytes);
    Answer more =
        send(DISK, command(0x88, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1), new byte[0], 1000);
    assertThat(Arrays.copyOf(more.data(), 512)).isEqualTo(bytes);
    assertThat(more.residual()).isEqualTo(488);
  }

  @Test
  void refusesWhatCannotBe() {
    Answer beyond = send(DISK, command(0x28, 0, 0, 0, 1, 0, 0, 0, 1), new byte[0], 512);
    assertThat(beyond.status()).isEqualTo(2);
    assertThat(beyond.key()).isEqualTo(5);
    assertThat(beyond.code()).isEqualTo(0x21);
    Answer negative =
        send(DISK, command(0x88, 0, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 1), new byte[0], 512);
    assertThat(negative.code()).isEqualTo(0x21);
    assertThat(send(DISK, command(0xff), new byte[0], 0).code()).isEqualTo(0x20);
    assertThat(send(DISK, command(0x28, 0, 0, 0, 0, 0, 0, 0, 2), new byte[0], 512).response())
        .as("more than there is room for")
        .isEqualTo(1);
    assertThat(send(7, command(0x00), new byte[0], 0).response()).as("no target").isEqualTo(3);
    assertThat(send(CD, command(0x2a, 0, 0, 0, 0, 0, 0, 0, 1), noise(512), 0).key()).isEqualTo(5);
  }

  @Test
  void saysWhatItIs() {
    byte[] inquiry = send(DISK, command(0x12, 0, 0, 0, 36), new byte[0], 36).data();
    assertThat(new String(inquiry, 8, 12, StandardCharsets.US_ASCII)).isEqualTo("WARDIAN DISK");
    byte[] serial = send(DISK, command(0x12, 1, 0x80, 0, 24), new byte[0], 24).data();
    assertThat(new String(serial, 4, 3, StandardCharsets.US_ASCII)).isEqualTo("SN1");
    assertThat(send(DISK, command(0x25), new byte[0], 8).data())
        .containsExactly(0, 0, 0, BLOCKS - 1, 0, 0, 2, 0);
    byte[] longer =
        send(DISK, command(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32), new byte[0], 32)
            .data();
    assertThat(longer[7]).isEqualTo((byte) (BLOCKS - 1));
    assertThat(longer[14]).as("blocks can be unmapped").isEqualTo((byte) 0x80);
    assertThat(send(DISK, command(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16), new byte[0], 16).data()[3])
        .isEqualTo((byte) 8);
    assertThat(send(DISK, command(0x1a, 0, 8, 0, 64), new byte[0], 64).data()[6])
        .as("the write cache is on")
        .isEqualTo((byte) 4);
    assertThat(send(CD, command(0x25), new byte[0], 8).data())
        .containsExactly(0, 0, 0, 31, 0, 0, 8, 0);
  }

  @Test
  void unmapsAndRepeats() {
    done(send(DISK, command(0x2a, 0, 0, 0, 0, 0, 0, 0, 4), noise(2048), 0));
    ByteBuffer list = ByteBuffer.allocate(40);
    list.putShort(0, (short) 38).putShort(2, (short) 32);
    list.putLong(8, 1).putInt(16, 1).putLong(24, 3).putInt(32, 1);
    done(send(DISK, command(0x42, 0, 0, 0, 0, 0, 0, 0, 40), list.array(), 0));
    byte[] expected = noise(2048);
    Arrays.fill(expected, 512, 1024, (byte) 0);
    Arrays.fill(expected, 1536, 2048, (byte) 0);
    assertThat(Arrays.copyOf(disk.content, 2048)).isEqualTo(expected);
    list.putLong(8, BLOCKS);
    assertThat(send(DISK, command(0x42, 0, 0, 0, 0, 0, 0, 0, 40), list.array(), 0).code())
        .isEqualTo(0x21);
    byte[] pattern = noise(512);
    done(send(DISK, command(0x41, 0, 0, 0, 0, 10, 0, 0, 3), pattern, 0));
    for (int block = 10; block < 13; block++) {
      assertThat(Arrays.copyOfRange(disk.content, block * 512, block * 512 + 512))
          .isEqualTo(pattern);
    }
    done(send(DISK, command(0x93, 1, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, 1), new byte[0], 0));
    assertThat(disk.content[11 * 512]).isZero();
    assertThat(disk.done()).endsWith(Kind.WRITE, Kind.WRITE_ZEROES);
  }

  @Test
  void readsADisc() {
    byte[] bytes = noise(2048);
    System.arraycopy(bytes, 0, disc.content, 2048 * 3, 2048);
    assertThat(send(CD, command(0x28, 0, 0, 0, 0, 3, 0, 0, 1), new byte[0], 2048).data())
        .isEqualTo(bytes);
    byte[] contents = send(CD, command(0x43, 0, 0, 0, 0, 0, 0, 0, 20), new byte[0], 20).data();
    assertThat(contents).startsWith(0, 18, 1, 1);
    done(send(CD, command(0x1b, 0, 0, 0, 2), new byte[0], 0));
    assertThat(send(CD, command(0x28, 0, 0, 0, 0, 3, 0, 0, 1), new byte[0], 2048).code())
        .as("the tray is open")
        .isEqualTo(0x3a);
  }

  @Test
  void tellsOfChanges() {
    long at = driver.allocate(16);
    events.add(List.of(new Buffer(at, 16, true)), false);
    events.kick();
    disk.grow(2 * BLOCKS * 512);
    assertThat(events.await().written()).isEqualTo(16);
    assertThat(driver.read(at, 16)).startsWith(3, 0, 0, 0, 1, 0).endsWith(0x2a, 9, 0, 0);
    assertThat(send(DISK, command(0x00), new byte[0], 0).code()).isEqualTo(0x2a);
    assertThat(send(DISK, command(0x25), new byte[0], 8).data()[2]).isEqualTo((byte) 1);
  }

  @Test
  void unitsComeAndGo() {
    // A third one beside the disk, whose driver is told of it.
    long at = driver.allocate(16);
    events.add(List.of(new Buffer(at, 16, true)), false);
    events.kick();
    MemoryDisk another = new MemoryDisk(BLOCKS * 512, false);
    host.add(DISK, 300, new ScsiDisk(another, "SN3"));
    assertThat(events.await().written()).isEqualTo(16);
    assertThat(driver.read(at, 16))
        .containsExactly(1, 0, 0, 0, 1, 0, 0x41, 44, 0, 0, 0, 0, 1, 0, 0, 0);
    assertThat(send(DISK, command(0x00), new byte[0], 0).code())
        .as("units changed")
        .isEqualTo(0x3f);
    byte[] units = send(DISK, command(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 24), new byte[0], 24).data();
    assertThat(units[3]).isEqualTo((byte) 16);
    assertThat(Arrays.copyOfRange(units, 16, 18)).containsExactly(0x41, 44);
    assertThat(send(DISK, 300, command(0x00), new byte[0], 0).code()).isEqualTo(0x29);
    byte[] serial = send(DISK, 300, command(0x12, 1, 0x80, 0, 24), new byte[0], 24).data();
    assertThat(new String(serial, 4, 3, StandardCharsets.US_ASCII)).isEqualTo("SN3");

    long again = driver.allocate(16);
    events.add(List.of(new Buffer(again, 16, true)), false);
    events.kick();
    host.remove(DISK, 300);
    events.await();
    assertThat(driver.read(again, 16)).startsWith(1, 0, 0, 0, 1, 0, 0x41, 44).endsWith(2, 0, 0, 0);
    another.close();
    assertThat(send(DISK, 300, command(0x00), new byte[0], 0).code()).isEqualTo(0x25);
    assertThat(send(DISK, 300, command(0x12, 0, 0, 0, 36), new byte[0], 36).data()[0])
        .as("no unit there")
        .isEqualTo((byte) 0x7f);
  }

  @Test
  void aTargetWhoseOnlyUnitGoesIsGone() {
    host.remove(CD, 0);
    assertThat(send(CD, command(0x00), new byte[0], 0).response()).isEqualTo(3);
    host.remove(CD, 0);
    assertThatThrownBy(() -> host.add(DISK, 0, new ScsiDisk(disk, "SN4")))
        .hasMessage("scsi: target 0, unit 0 is taken");
    assertThatThrownBy(() -> host.add(256, 0, new ScsiDisk(disk, "SN4")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void managesTasks() {
    assertThat(manage(5, DISK)).isZero();
    assertThat(send(DISK, command(0x00), new byte[0], 0).code()).as("it was reset").isEqualTo(0x29);
    assertThat(manage(0, DISK)).isZero();
    assertThat(manage(2, DISK)).as("no such function").isEqualTo(11);
    assertThat(manage(5, 9)).as("no such target").isEqualTo(3);
  }

  private int manage(int function, int target) {
    long at = driver.allocate(25);
    driver.write(at, new byte[24]);
    driver.write(at + 4, (byte) function);
    driver.write(at + 8, (byte) 1, (byte) target, (byte) 0x40);
    control.transact(List.of(new Buffer(at, 24, false), new Buffer(at + 24, 1, true)));
    return driver.read(at + 24, 1)[0];
  }
}

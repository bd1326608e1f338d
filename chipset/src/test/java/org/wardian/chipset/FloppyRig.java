package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.memory.GuestMemory;

/** A floppy disk controller with a disk of 320 KB, and a driver that does what its status asks. */
final class FloppyRig implements AutoCloseable {
  private static final int BUFFER = 0x30000;
  private static final int WINDOW = 0x10000;

  /** More than two tracks, and the longest result. */
  private static final int MOST_STEPS = 2 * 64 * 512 + 100;

  final MemoryDisk disk = MemoryDisk.numbered(320 << 10);
  private final SplittableRandom random;
  private final GuestMemory memory = GuestMemory.withRam(0x50000);
  private final Dma8237 dma = new Dma8237(new Dma(memory));
  private final RecordedLine line = new RecordedLine();
  private final IoHandler channels = dma.bytePorts();
  private final byte[] window = new byte[WINDOW];
  private final byte[] data = new byte[MOST_STEPS];
  private final int[] results = new int[16];
  private FloppyController chip;
  private IoHandler ports;
  private int moved;
  private int resultBytes;
  private Transfer transfer;

  FloppyRig(SplittableRandom random) {
    this.random = random;
    chip = new FloppyController(disk, line, dma);
    ports = chip.ports();
  }

  int in(int register) {
    return (int) ports.read(register, 1);
  }

  void out(int register, int value) {
    ports.write(register, 1, value);
  }

  /** The disk keeps the controller waiting. */
  void pause() {
    chip.pause();
  }

  void resume() {
    chip.resume();
  }

  byte[] record() {
    StateWriter out = new StateWriter();
    chip.save(out);
    return out.toByteArray();
  }

  void load(byte[] state) {
    StateReader in = new StateReader(state);
    chip.load(in);
    in.finish();
    chip.resume();
  }

  /** Another controller takes the place of this one, with its state. */
  void move() {
    chip.pause();
    byte[] state = record();
    FloppyController next = new FloppyController(disk, line, dma);
    next.load(new StateReader(state));
    StateWriter again = new StateWriter();
    next.save(again);
    assertThat(again.toByteArray()).isEqualTo(state);
    disk.forget();
    chip = next;
    ports = chip.ports();
    chip.resume();
  }

  /** As a driver does that has lost its way: a reset, and what that has to tell. */
  void makeReady() {
    resume();
    disk.insert(true);
    out(2, 0);
    out(2, random.nextInt(4) == 0 ? 0x14 : 0x1c);
    for (int drive = 0; drive < 4; drive++) {
      assertThat(run(new int[] {8})).isTrue();
      assertThat(results[0]).isEqualTo(0xc0 | drive);
    }
    // By DMA or by programmed transfers.
    assertThat(run(new int[] {3, 0xdf, random.nextInt(2)})).isTrue();
  }

  /** Where the head is. */
  int cylinder() {
    assertThat(run(new int[] {0x0e})).isTrue();
    return results[0];
  }

  /** Programs the DMA channel, and fills its memory. */
  Transfer prepare(boolean write) {
    random.nextBytes(window);
    memory.write(BUFFER, window, 0, WINDOW);
    int count = random.nextInt(8) == 0 ? random.nextInt(WINDOW) : 512 * random.nextInt(1, 17) - 1;
    boolean plain = random.nextInt(4) != 0;
    channels.write(0x0a, 1, 6);
    channels.write(0x0c, 1, 0);
    channels.write(0x0b, 1, plain ? (write ? 0x4a : 0x46) : random.nextInt(64) << 2 | 2);
    channels.write(4, 1, 0);
    channels.write(4, 1, 0);
    dma.pagePorts().write(0, 1, BUFFER >> 16);
    channels.write(5, 1, count & 0xff);
    channels.write(5, 1, count >> 8);
    if (plain || random.nextBoolean()) {
      channels.write(0x0a, 1, 2);
    }
    transfer = new Transfer(count + 1, plain);
    return transfer;
  }

  /** What a command moves. */
  final class Transfer {
    private final int count;
    private final boolean plain;

    private Transfer(int count, boolean plain) {
      this.count = count;
      this.plain = plain;
    }

    /** The guest has what is on the disk. */
    void checkRead(byte[] content, int first, int most) {
      if (moved > 0) {
        assertThat(moved).isEqualTo(most);
        assertThat(Arrays.mismatch(data, 0, most, content, first, first + most)).isEqualTo(-1);
      } else if (plain) {
        int length = Math.min(most, count);
        byte[] got = new byte[WINDOW];
        memory.read(BUFFER, got, 0, WINDOW);
        System.arraycopy(content, first, window, 0, length);
        assertThat(Arrays.mismatch(got, window)).isEqualTo(-1);
      }
    }

    /** Whether it is known what goes to the disk: a channel may be programmed for anything. */
    boolean isKnown() {
      return plain || moved > 0;
    }

    /** What the disk has then: whole sectors. */
    byte[] source(int most) {
      if (moved > 0) {
        assertThat(moved).isEqualTo(most);
        return Arrays.copyOf(data, most);
      }
      int length = Math.min(most, count);
      return Arrays.copyOf(Arrays.copyOf(window, length), length + 511 & -512);
    }
  }

  /** Whether the last command has done all that it was to do. */
  boolean done() {
    boolean programmed = moved > 0 && resultBytes == 7 && results[1] == 0x80;
    return resultBytes == 7 && ((results[0] & 0xc0) == 0 || programmed);
  }

  /**
   * Gives a command, and does what the status asks for until there is nothing left to do.
   *
   * @return false where the controller is in reset, or took the bytes for something else
   */
  boolean run(int[] command) {
    boolean clean = begin(command);
    for (int step = 0; step < MOST_STEPS; step++) {
      int status = in(4);
      if (status == 0x80 || status == 0) {
        return clean;
      }
      step(status);
    }
    throw new AssertionError("status %x after so many steps".formatted(in(4)));
  }

  /** Gives a command, and leaves it after some steps. */
  void leave(int[] command, int steps) {
    begin(command);
    for (int step = 0; step < steps && in(4) != 0x80 && in(4) != 0; step++) {
      step(in(4));
    }
  }

  private boolean begin(int[] command) {
    moved = 0;
    resultBytes = 0;
    boolean clean = in(4) == 0x80;
    out(5, command[0]);
    for (int i = 1; i < command.length && in(4) == 0x90; i++) {
      out(5, command[i]);
    }
    return clean;
  }

  private void step(int status) {
    switch (status & 0xe0) {
      case 0x00, 0x20 -> {
        resume();
        assertThat(in(4) & 0x80).as("the disk is done").isNotZero();
      }
      case 0xe0 -> data[moved++] = (byte) in(5);
      case 0xa0 -> {
        data[moved++] = (byte) random.nextInt();
        out(5, data[moved - 1]);
      }
      case 0xc0 -> results[resultBytes++ & 15] = in(5);
      default -> out(5, random.nextInt(256));
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}

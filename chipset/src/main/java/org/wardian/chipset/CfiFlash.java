package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.wardian.bus.Device;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.memory.GuestMemory;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockRequest;

/**
 * A flash chip with Intel's command set (JEDEC Common Flash Interface, JESD68; Intel 28F640J3 data
 * sheet): reads as ROM until a command is written; programs by bytes or through its buffer, erases
 * blocks of 4 KiB. UEFI keeps its variables in one.
 *
 * <p>In read mode the content is a region of guest memory; in the others it is taken away, and the
 * bus serves status and identity. Changes go to the medium in the background.
 */
public final class CfiFlash implements Device, IoHandler {
  private static final int STATE_VERSION = 1;
  private static final int BLOCK = 4096;
  private static final int BUFFER = 2048;

  private static final int STATUS_READY = 0x80;
  private static final int STATUS_ERASE_ERROR = 0x20;
  private static final int STATUS_PROGRAM_ERROR = 0x10;
  private static final int STATUS_LOCKED = 0x02;

  private static final int MANUFACTURER_INTEL = 0x89;
  private static final int DEVICE = 0x18;

  private enum Mode {
    READ,
    STATUS,
    IDENTITY,
    QUERY
  }

  private final String name;
  private final GuestMemory memory;
  private final long base;
  private final BlockDevice medium;
  private final byte[] content;
  private final BitSet changed = new BitSet();
  private GuestMemory.Region region;
  private Mode mode = Mode.READ;
  private int status = STATUS_READY;

  /** The command whose next write comes, or 0. */
  private int command;

  /** Bytes of a buffered write still to come; -1 while its count is awaited. */
  private int left;

  private long blockAddress;

  /** Whether the medium writes at present. */
  private boolean writing;

  /**
   * Makes the chip with the content of its medium, and puts it into memory; the bus's window has to
   * be mapped as well.
   *
   * @param base where in guest memory; a multiple of 4096
   * @throws IllegalArgumentException where the medium cannot be read
   */
  public CfiFlash(String name, GuestMemory memory, long base, BlockDevice medium) {
    this.name = name;
    this.memory = memory;
    this.base = base;
    this.medium = medium;
    this.content = new byte[(int) medium.length()];
    readMedium();
    show();
  }

  private void readMedium() {
    CountDownLatch done = new CountDownLatch(1);
    AtomicReference<BlockRequest.Result> answer = new AtomicReference<>();
    medium.submit(
        new MediumRequest(
            BlockRequest.Kind.READ,
            0,
            content.length,
            List.of(ByteBuffer.wrap(content)),
            null,
            result -> {
              answer.set(result);
              done.countDown();
            }));
    try {
      done.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalArgumentException(name + ": interrupted while it was read", e);
    }
    if (answer.get() != BlockRequest.Result.OK) {
      throw new IllegalArgumentException(name + " cannot be read: " + answer.get());
    }
  }

  /** Bytes of the window. */
  public int length() {
    return content.length;
  }

  private void show() {
    if (region == null) {
      region = memory.addRegion(base, content.length, false, name);
      memory.write(base, content, 0, content.length);
    }
  }

  private void hide() {
    if (region != null) {
      memory.removeRegion(region);
      region = null;
    }
  }

  private void enter(Mode next) {
    mode = next;
    if (next == Mode.READ) {
      show();
    } else {
      hide();
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public synchronized void reset() {
    status = STATUS_READY;
    command = 0;
    left = 0;
    enter(Mode.READ);
  }

  @Override
  public int widest() {
    return 4;
  }

  @Override
  public synchronized long read(long offset, int size) {
    return switch (mode) {
      case READ -> contents((int) offset, size);
      case STATUS -> status;
      case IDENTITY ->
          switch ((int) offset >> 1 & 0xff) {
            case 0 -> MANUFACTURER_INTEL;
            case 1 -> DEVICE;
            default -> 0;
          };
      case QUERY -> query((int) offset & 0xff);
    };
  }

  private long contents(int offset, int size) {
    long value = 0;
    for (int i = size - 1; i >= 0; i--) {
      value = value << 8 | content[offset + i] & 0xff;
    }
    return value;
  }

  /** The query structure (JESD68 §2): identity, voltages, size, buffer, one kind of block. */
  private int query(int at) {
    int blocks = content.length / BLOCK - 1;
    return switch (at) {
      case 0x10 -> 'Q';
      case 0x11 -> 'R';
      case 0x12 -> 'Y';
      case 0x13 -> 0x01;
      case 0x15 -> 0x31;
      case 0x1b -> 0x45;
      case 0x1c -> 0x55;
      case 0x1f, 0x20 -> 0x07;
      case 0x21 -> 0x0a;
      case 0x23, 0x24, 0x25 -> 0x04;
      case 0x27 -> 31 - Integer.numberOfLeadingZeros(content.length);
      case 0x2a -> Integer.numberOfTrailingZeros(BUFFER);
      case 0x2c -> 1;
      case 0x2d -> blocks & 0xff;
      case 0x2e -> blocks >> 8;
      case 0x2f -> BLOCK >> 8 & 0xff;
      case 0x31 -> 'P';
      case 0x32 -> 'R';
      case 0x33 -> 'I';
      case 0x34, 0x35 -> '1';
      default -> 0;
    };
  }

  @Override
  public synchronized void write(long offset, int size, long value) {
    switch (command) {
      case 0x10 -> {
        command = 0;
        program((int) offset, size, value);
        enter(Mode.STATUS);
      }
      case 0x20 -> {
        command = 0;
        if ((value & 0xff) == 0xd0) {
          erase((int) offset & -BLOCK);
        } else {
          status |= STATUS_ERASE_ERROR | STATUS_PROGRAM_ERROR;
        }
        enter(Mode.STATUS);
      }
      case 0x60 -> {
        command = 0; // locks are not kept
        enter(Mode.STATUS);
      }
      case 0xe8 -> buffered(offset, size, value);
      default -> begin((int) value & 0xff, offset);
    }
  }

  private void begin(int code, long offset) {
    switch (code) {
      case 0x00, 0xf0, 0xff -> enter(Mode.READ);
      case 0x10, 0x40 -> {
        command = 0x10;
        enter(Mode.STATUS);
      }
      case 0x20, 0x60 -> {
        command = code;
        enter(Mode.STATUS);
      }
      case 0x50 -> {
        status = STATUS_READY;
        enter(Mode.READ);
      }
      case 0x70 -> enter(Mode.STATUS);
      case 0x90 -> enter(Mode.IDENTITY);
      case 0x98 -> enter(Mode.QUERY);
      case 0xe8 -> {
        command = code;
        left = -1;
        blockAddress = offset & -BUFFER;
        enter(Mode.STATUS);
      }
      default -> {}
    }
  }

  private void buffered(long offset, int size, long value) {
    if (left < 0) {
      left = ((int) value & 0xffff) + 1;
      if (left > BUFFER) {
        fail();
      }
    } else if (left > 0) {
      boolean within = (offset & -BUFFER) == blockAddress;
      if (!within || size > left) {
        fail();
        return;
      }
      program((int) offset, size, value);
      left -= size;
    } else {
      command = 0;
      if ((value & 0xff) != 0xd0) {
        status |= STATUS_PROGRAM_ERROR;
      }
    }
  }

  private void fail() {
    command = 0;
    left = 0;
    status |= STATUS_PROGRAM_ERROR;
  }

  /** Programming clears bits; only erasing sets them. */
  private void program(int offset, int size, long value) {
    if (medium.readOnly()) {
      status |= STATUS_PROGRAM_ERROR | STATUS_LOCKED;
      return;
    }
    for (int i = 0; i < size; i++) {
      content[offset + i] &= (byte) (value >>> 8 * i);
    }
    change(offset / BLOCK);
  }

  private void erase(int offset) {
    if (medium.readOnly()) {
      status |= STATUS_ERASE_ERROR | STATUS_LOCKED;
      return;
    }
    Arrays.fill(content, offset, offset + BLOCK, (byte) 0xff);
    change(offset / BLOCK);
  }

  // To the medium.

  private void change(int block) {
    changed.set(block);
    if (!writing) {
      writeNext();
    }
  }

  private void writeNext() {
    int block = changed.nextSetBit(0);
    if (block < 0) {
      return;
    }
    changed.clear(block);
    writing = true;
    byte[] copy = Arrays.copyOfRange(content, block * BLOCK, (block + 1) * BLOCK);
    medium.submit(
        new MediumRequest(
            BlockRequest.Kind.WRITE,
            (long) block * BLOCK,
            BLOCK,
            List.of(ByteBuffer.wrap(copy)),
            null,
            this::written));
  }

  private synchronized void written(BlockRequest.Result result) {
    writing = false;
    if (result != BlockRequest.Result.OK) {
      status |= STATUS_PROGRAM_ERROR;
    }
    writeNext();
    notifyAll();
  }

  /** Waits until all that was programmed is on the medium. */
  private synchronized void settle() {
    boolean interrupted = false;
    while (writing) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void pause() {
    settle();
    medium.pause();
  }

  @Override
  public void resume() {
    medium.resume();
  }

  @Override
  public void stop() {
    settle();
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name, STATE_VERSION);
    out.writeInts(new int[] {mode.ordinal(), status, command, left});
    out.writeLong(blockAddress);
    out.writeBytes(content);
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name, STATE_VERSION);
    int[] fields = new int[4];
    in.readInts(fields);
    long savedAddress = in.readLong();
    byte[] saved = new byte[content.length];
    in.readBytes(saved);
    in.end();
    status = fields[1] & 0xff;
    command = fields[2] & 0xff;
    left = Math.clamp(fields[3], -1, BUFFER);
    blockAddress = savedAddress & -BUFFER;
    for (int block = 0; block < content.length / BLOCK; block++) {
      int from = block * BLOCK;
      if (!Arrays.equals(content, from, from + BLOCK, saved, from, from + BLOCK)) {
        System.arraycopy(saved, from, content, from, BLOCK);
        change(block);
      }
    }
    hide();
    enter(Mode.values()[Math.clamp(fields[0], 0, Mode.values().length - 1)]);
  }
}

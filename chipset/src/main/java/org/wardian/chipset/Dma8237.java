package org.wardian.chipset;

import org.wardian.bus.Device;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The two 8237A DMA controllers of a PC/AT with their page registers (Intel 8237A data sheet; IBM
 * PC/AT Technical Reference): channels 0 to 3 move bytes, 5 to 7 words, 4 is the cascade. A device
 * moves all that its channel is programmed for, or less, in one call.
 */
public final class Dma8237 implements Device {
  /** Ports of channels 0 to 3. */
  public static final int PORT = 0x00;

  /** Ports of channels 4 to 7, two apart. */
  public static final int WORD_PORT = 0xc0;

  /** Page registers, of which port 0x80 is the POST port's. */
  public static final int PAGE_PORT = 0x81;

  /** Number of page registers from {@link #PAGE_PORT} on. */
  public static final int PAGE_PORTS = 15;

  private static final int STATE_VERSION = 1;
  private static final int CHANNELS = 8;

  private static final int MODE_TRANSFER = 0x0c;
  private static final int MODE_TO_MEMORY = 0x04;
  private static final int MODE_FROM_MEMORY = 0x08;
  private static final int MODE_AUTOMATIC = 0x10;
  private static final int MODE_DOWN = 0x20;

  private static final int COMMAND_DISABLE = 0x04;

  /** Channels by offset from the port of the first page register. */
  private static final int[] PAGES = {-1, 2, 3, 1, -1, -1, -1, 0, -1, 6, 7, 5, -1, -1, -1, 4};

  private final Dma memory;
  private final int[] base = new int[CHANNELS];
  private final int[] baseCount = new int[CHANNELS];
  private final int[] address = new int[CHANNELS];
  private final int[] count = new int[CHANNELS];
  private final int[] mode = new int[CHANNELS];
  private final int[] pages = new int[PAGES.length];
  private final int[] command = new int[2];
  private final int[] status = new int[2];
  private final boolean[] highByte = new boolean[2];
  private int mask = 0xff;

  /** Makes the controllers. */
  public Dma8237(Dma memory) {
    this.memory = memory;
  }

  @Override
  public String name() {
    return "dma";
  }

  @Override
  public synchronized void reset() {
    clear(0);
    clear(1);
  }

  private void clear(int chip) {
    command[chip] = 0;
    status[chip] = 0;
    highByte[chip] = false;
    mask |= 0xf << 4 * chip;
  }

  /** Ports of channels 0 to 3: 16 from {@link #PORT}. */
  public IoHandler bytePorts() {
    return ports(0, 0);
  }

  /** Ports of channels 4 to 7: 32 from {@link #WORD_PORT}. */
  public IoHandler wordPorts() {
    return ports(1, 1);
  }

  private IoHandler ports(int chip, int shift) {
    return new IoHandler() {
      @Override
      public int widest() {
        return 1;
      }

      @Override
      public long read(long offset, int size) {
        return readRegister(chip, (int) offset >> shift);
      }

      @Override
      public void write(long offset, int size, long value) {
        writeRegister(chip, (int) offset >> shift, (int) value & 0xff);
      }
    };
  }

  /** Page registers, {@link #PAGE_PORTS} from {@link #PAGE_PORT}. */
  public IoHandler pagePorts() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 1;
      }

      @Override
      public long read(long offset, int size) {
        synchronized (Dma8237.this) {
          return pages[(int) offset + 1];
        }
      }

      @Override
      public void write(long offset, int size, long value) {
        synchronized (Dma8237.this) {
          pages[(int) offset + 1] = (int) value & 0xff;
        }
      }
    };
  }

  private synchronized int readRegister(int chip, int register) {
    if (register < 8) {
      int channel = 4 * chip + (register >> 1);
      int value = (register & 1) == 0 ? address[channel] : count[channel];
      boolean high = highByte[chip];
      highByte[chip] = !high;
      return high ? value >> 8 & 0xff : value & 0xff;
    }
    if (register == 8) {
      int value = status[chip];
      status[chip] &= ~0x0f;
      return value;
    }
    return register == 15 ? mask >> 4 * chip & 0xf | 0xf0 : 0;
  }

  private synchronized void writeRegister(int chip, int register, int value) {
    int first = 4 * chip;
    switch (register) {
      case 8 -> command[chip] = value;
      case 9 -> {} // software request: no device here answers to one
      case 10 -> {
        int bit = 1 << first + (value & 3);
        mask = (value & 4) != 0 ? mask | bit : mask & ~bit;
      }
      case 11 -> mode[first + (value & 3)] = value;
      case 12 -> highByte[chip] = false;
      case 13 -> clear(chip);
      case 14 -> mask &= ~(0xf << first);
      case 15 -> mask = mask & ~(0xf << first) | (value & 0xf) << first;
      default -> {
        int channel = first + (register >> 1);
        int[] current = (register & 1) == 0 ? address : count;
        int[] programmed = (register & 1) == 0 ? base : baseCount;
        int before = programmed[channel];
        programmed[channel] = highByte[chip] ? before & 0xff | value << 8 : before & 0xff00 | value;
        current[channel] = programmed[channel];
        highByte[chip] = !highByte[chip];
      }
    }
  }

  private int page(int channel) {
    for (int i = 0; i < PAGES.length; i++) {
      if (PAGES[i] == channel) {
        return pages[i];
      }
    }
    return 0;
  }

  /**
   * Bytes that a channel is ready to move for a device: 0 where it is masked or programmed the
   * other way.
   *
   * @param toMemory whether the device gives bytes
   */
  public synchronized int ready(int channel, boolean toMemory) {
    int transfer = mode[channel] & MODE_TRANSFER;
    boolean direction = transfer == (toMemory ? MODE_TO_MEMORY : MODE_FROM_MEMORY);
    // Verify transfers go through the motions in either direction.
    boolean usable = direction || transfer == 0;
    boolean off =
        (mask >> channel & 1) != 0 || (command[channel >> 2] & COMMAND_DISABLE) != 0 || !usable;
    return off ? 0 : (count[channel] + 1) * unit(channel);
  }

  private static int unit(int channel) {
    return channel < 4 ? 1 : 2;
  }

  /**
   * Moves bytes of a device to memory or from it, at most as many as the channel is ready for.
   *
   * @return bytes moved
   */
  public synchronized int move(
      int channel, boolean toMemory, byte[] bytes, int offset, int length) {
    int unit = unit(channel);
    int units = Math.min(length, ready(channel, toMemory)) / unit;
    if (units == 0) {
      return 0;
    }
    int moved = units * unit;
    boolean down = (mode[channel] & MODE_DOWN) != 0;
    boolean verify = (mode[channel] & MODE_TRANSFER) == 0;
    if (!verify) {
      copy(channel, toMemory, bytes, offset, moved, down);
    }
    address[channel] = address[channel] + (down ? -units : units) & 0xffff;
    if (units > count[channel]) {
      status[channel >> 2] |= 1 << (channel & 3);
      count[channel] = 0xffff;
      if ((mode[channel] & MODE_AUTOMATIC) != 0) {
        address[channel] = base[channel];
        count[channel] = baseCount[channel];
      } else {
        mask |= 1 << channel;
      }
    } else {
      count[channel] -= units;
    }
    return moved;
  }

  /** Addresses wrap within the 64 KiB (or 128 KiB) that the page register chooses. */
  private void copy(
      int channel, boolean toMemory, byte[] bytes, int offset, int length, boolean down) {
    int unit = unit(channel);
    int window = 0x10000 * unit;
    long start = (long) (unit == 1 ? page(channel) : page(channel) & 0xfe) << 16;
    int at = address[channel] * unit;
    int done = 0;
    while (done < length) {
      int piece = down ? unit : Math.min(length - done, window - at);
      if (toMemory) {
        memory.write(start + at, bytes, offset + done, piece);
      } else {
        memory.read(start + at, bytes, offset + done, piece);
      }
      done += piece;
      at = (down ? at - unit : at + piece) & window - 1;
    }
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    for (int[] registers : new int[][] {base, baseCount, address, count, mode, pages}) {
      out.writeInts(registers);
    }
    out.writeInts(command);
    out.writeInts(status);
    out.writeBoolean(highByte[0]);
    out.writeBoolean(highByte[1]);
    out.writeInt(mask);
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name(), STATE_VERSION);
    for (int[] registers : new int[][] {base, baseCount, address, count}) {
      read(in, registers, 0xffff);
    }
    read(in, mode, 0xff);
    read(in, pages, 0xff);
    read(in, command, 0xff);
    read(in, status, 0xff);
    highByte[0] = in.readBoolean();
    highByte[1] = in.readBoolean();
    mask = in.readInt() & 0xff;
    in.end();
  }

  private static void read(StateReader in, int[] registers, int valid) {
    in.readInts(registers);
    for (int i = 0; i < registers.length; i++) {
      registers[i] &= valid;
    }
  }
}

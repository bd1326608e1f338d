package org.wardian.chipset;

import java.util.Arrays;
import org.wardian.bus.Device;
import org.wardian.bus.IoBus;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.memory.GuestMemory;

/**
 * The memory between 0xc0000 and 0xfffff, where a PC has both RAM and the firmware's ROM (Intel Q35
 * data sheet, "PAM0 to PAM6"): thirteen segments, each of which reads from RAM or from ROM, and
 * passes writes to RAM or drops them. The last 128 KiB of the ROM show at 0xe0000; below, the ROM
 * side is empty.
 *
 * <p>A segment that reads RAM, or the firmware, is a region of guest memory; all other accesses
 * come through the bus, to which RAM behind ROM is written.
 */
public final class ShadowRam implements Device {
  /** First address. */
  public static final long BASE = 0xc0000;

  /** First address above. */
  public static final long END = 0x100000;

  /** Number of registers, PAM0 to PAM6. */
  public static final int REGISTERS = 7;

  private static final int STATE_VERSION = 1;
  private static final int READ = 1;
  private static final int WRITE = 2;
  private static final int SEGMENT = 0x4000;
  private static final int SEGMENTS = 13;

  /** Segments 0 to 11 are 16 KiB each from 0xc0000 on; the last one is 64 KiB. */
  private static final int LAST = 12;

  private static final int LAST_LENGTH = 0x10000;
  private static final int FIRMWARE_WINDOW = 0x20000;

  private final GuestMemory memory;

  /** The ROM side of all segments; all ones where there is no ROM. */
  private final byte[] rom = new byte[(int) (END - BASE)];

  private final int romStart;

  /** RAM that is not in the map at present; stale for segments that read RAM. */
  private final byte[] ram = new byte[(int) (END - BASE)];

  private final GuestMemory.Region[] regions = new GuestMemory.Region[SEGMENTS];
  private final int[] modes = new int[SEGMENTS];
  private final int[] registers = new int[REGISTERS];

  /**
   * Puts the memory into the map, in its state after reset.
   *
   * @param firmware the firmware's image, whose end is at 1 MiB; of any length
   */
  public ShadowRam(GuestMemory memory, IoBus mmio, byte[] firmware) {
    this.memory = memory;
    Arrays.fill(rom, (byte) 0xff);
    int length = Math.min(firmware.length, FIRMWARE_WINDOW);
    romStart = rom.length - length & -SEGMENT;
    System.arraycopy(firmware, firmware.length - length, rom, rom.length - length, length);
    mmio.map(BASE, END - BASE, outside());
    for (int segment = 0; segment < SEGMENTS; segment++) {
      show(segment, 0);
    }
  }

  private static int start(int segment) {
    return segment * SEGMENT;
  }

  private static int length(int segment) {
    return segment == LAST ? LAST_LENGTH : SEGMENT;
  }

  private static int segment(int offset) {
    return Math.min(offset / SEGMENT, LAST);
  }

  /** Accesses that no region takes: reads of nothing, writes behind or to ROM. */
  private IoHandler outside() {
    return new IoHandler() {
      @Override
      public long read(long offset, int size) {
        return readOutside((int) offset, size);
      }

      @Override
      public void write(long offset, int size, long value) {
        writeOutside((int) offset, size, value);
      }
    };
  }

  private synchronized long readOutside(int offset, int size) {
    long value = 0;
    for (int i = size - 1; i >= 0; i--) {
      value = value << 8 | rom[offset + i] & 0xff;
    }
    return value;
  }

  private synchronized void writeOutside(int offset, int size, long value) {
    for (int i = 0; i < size; i++) {
      int mode = modes[segment(offset + i)];
      if ((mode & WRITE) != 0 && (mode & READ) == 0) {
        ram[offset + i] = (byte) (value >>> 8 * i);
      }
    }
  }

  /** PAM register {@code number}, 0 to 6. */
  synchronized int register(int number) {
    return registers[number];
  }

  /** Sets a PAM register; only on a vCPU's thread, or while none runs. */
  synchronized void register(int number, int value) {
    registers[number] = value & 0x33;
    if (number == 0) {
      show(LAST, value >> 4 & 3);
    } else {
      show(2 * number - 2, value & 3);
      show(2 * number - 1, value >> 4 & 3);
    }
  }

  private void show(int segment, int mode) {
    GuestMemory.Region old = regions[segment];
    if (old != null && mode == modes[segment]) {
      return;
    }
    boolean readsRam = (mode & READ) != 0;
    if (old != null && (modes[segment] & READ) != 0) {
      memory.read(old.base(), ram, start(segment), length(segment));
    }
    boolean same = (modes[segment] & READ) == (mode & READ) && !readsRam;
    modes[segment] = mode;
    if (same && (old != null || start(segment) < romStart)) {
      return; // only writes behind ROM differ
    }
    if (old != null) {
      memory.removeRegion(old);
      regions[segment] = null;
    }
    if (readsRam || start(segment) >= romStart) {
      long base = BASE + start(segment);
      boolean writable = mode == (READ | WRITE);
      String name = "%s at 0x%x".formatted(readsRam ? "shadow RAM" : "firmware", base);
      regions[segment] = memory.addRegion(base, length(segment), writable, name);
      memory.write(base, readsRam ? ram : rom, start(segment), length(segment));
    }
  }

  @Override
  public String name() {
    return "shadow-ram";
  }

  /** ROM shows again, so that the firmware starts from its own image. */
  @Override
  public synchronized void reset() {
    for (int number = 0; number < REGISTERS; number++) {
      register(number, 0);
    }
  }

  @Override
  public synchronized void save(StateWriter out) {
    for (int segment = 0; segment < SEGMENTS; segment++) {
      if ((modes[segment] & READ) != 0) {
        memory.read(BASE + start(segment), ram, start(segment), length(segment));
      }
    }
    out.begin(name(), STATE_VERSION);
    out.writeInts(registers);
    out.writeBytes(ram);
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name(), STATE_VERSION);
    int[] saved = new int[REGISTERS];
    in.readInts(saved);
    byte[] content = new byte[ram.length];
    in.readBytes(content);
    in.end();
    reset();
    System.arraycopy(content, 0, ram, 0, ram.length);
    for (int number = 0; number < REGISTERS; number++) {
      register(number, saved[number]);
    }
  }
}

package org.wardian.chipset;

import java.util.Arrays;
import java.util.List;
import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoHandler;
import org.wardian.bus.PowerControl;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The device that system-level test kernels expect: it ends the machine with a status, latches what
 * is written, drives interrupt lines and offers a window of memory that is a device. Only present
 * on request.
 */
public final class TestDevice implements Device {
  /** Any write of {@code v} ends the process with status {@code (v << 1) | 1}; 4 ports. */
  public static final int EXIT_PORT = 0xf4;

  /** A latch of 4 bytes, accessible whole or in parts. */
  public static final int LATCH_PORT = 0xe0;

  /** Takes writes and does nothing; 4 ports. */
  public static final int NOTHING_PORT = 0xe4;

  /** Four latches of one byte; wider accesses reach several. */
  public static final int BYTE_LATCH_PORT = 0xe8;

  /** A write to port n of these sets interrupt line n to whether the value is not zero. */
  public static final int INTERRUPT_PORT = 0x2000;

  /** Number of interrupt ports. */
  public static final int INTERRUPTS = 24;

  /** The memory window. */
  public static final long MEMORY_BASE = 0xff000000L;

  /** Bytes in the memory window. */
  public static final int MEMORY_LENGTH = 0x10000;

  private static final int STATE_VERSION = 1;

  private final PowerControl power;
  private final List<InterruptLine> lines;
  private final Bytes latch = new Bytes(4, 4);
  private final Bytes byteLatch = new Bytes(4, 1);
  private final Bytes memory = new Bytes(MEMORY_LENGTH, 8);

  /**
   * Makes the device.
   *
   * @param lines the interrupt lines that the interrupt ports set, at most {@link #INTERRUPTS}
   */
  public TestDevice(PowerControl power, List<InterruptLine> lines) {
    if (lines.size() > INTERRUPTS) {
      throw new IllegalArgumentException(lines.size() + " interrupt lines");
    }
    this.power = power;
    this.lines = List.copyOf(lines);
  }

  @Override
  public String name() {
    return "testdev";
  }

  @Override
  public void reset() {
    latch.clear();
    byteLatch.clear();
    memory.clear();
    lines.forEach(line -> line.set(false));
  }

  /** The exit port, 4 ports from {@link #EXIT_PORT}. */
  public IoHandler exitPort() {
    return new IoHandler() {
      @Override
      public long read(long offset, int size) {
        return 0;
      }

      @Override
      public void write(long offset, int size, long value) {
        power.exit((int) value << 1 & 0xff | 1);
      }
    };
  }

  /** The latch, 4 ports from {@link #LATCH_PORT}. */
  public IoHandler latch() {
    return latch;
  }

  /** The byte latches, 4 ports from {@link #BYTE_LATCH_PORT}. */
  public IoHandler byteLatch() {
    return byteLatch;
  }

  /** The port that does nothing, 4 ports from {@link #NOTHING_PORT}. */
  public IoHandler nothing() {
    return new IoHandler() {
      @Override
      public long read(long offset, int size) {
        return 0;
      }

      @Override
      public void write(long offset, int size, long value) {}
    };
  }

  /** The interrupt ports, {@link #INTERRUPTS} from {@link #INTERRUPT_PORT}. */
  public IoHandler interrupts() {
    return new IoHandler() {
      @Override
      public long read(long offset, int size) {
        return 0;
      }

      @Override
      public void write(long offset, int size, long value) {
        if (offset < lines.size()) {
          lines.get((int) offset).set(value != 0);
        }
      }
    };
  }

  /** The memory window, {@link #MEMORY_LENGTH} bytes at {@link #MEMORY_BASE}. */
  public IoHandler memory() {
    return memory;
  }

  @Override
  public void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    latch.save(out);
    byteLatch.save(out);
    memory.save(out);
    out.end();
  }

  @Override
  public void load(StateReader in) {
    in.begin(name(), STATE_VERSION);
    latch.load(in);
    byteLatch.load(in);
    memory.load(in);
    in.end();
  }

  /** Little-endian bytes that keep what is written. */
  private static final class Bytes implements IoHandler {
    private final byte[] bytes;
    private final int widest;

    Bytes(int length, int widest) {
      this.bytes = new byte[length];
      this.widest = widest;
    }

    @Override
    public int widest() {
      return widest;
    }

    @Override
    public synchronized long read(long offset, int size) {
      long value = 0;
      for (int i = 0; i < size; i++) {
        value |= (bytes[(int) offset + i] & 0xffL) << (8 * i);
      }
      return value;
    }

    @Override
    public synchronized void write(long offset, int size, long value) {
      for (int i = 0; i < size; i++) {
        bytes[(int) offset + i] = (byte) (value >>> (8 * i));
      }
    }

    synchronized void clear() {
      Arrays.fill(bytes, (byte) 0);
    }

    synchronized void save(StateWriter out) {
      out.writeBytes(bytes);
    }

    synchronized void load(StateReader in) {
      in.readBytes(bytes);
    }
  }
}

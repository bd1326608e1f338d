package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import org.wardian.bus.Clock;
import org.wardian.bus.IoBus;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.display.Screen;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.MemoryLoan;

/**
 * A VGA with Bochs' linear frame buffer, PCI 1234:1111, as firmware and kernels know it from QEMU's
 * "stdvga": the ports and the window of a VGA, the frame buffer behind base address register 0, all
 * registers once more behind base address register 2.
 *
 * <p>The frame buffer is guest memory where the guest maps it. What changed is found by comparing
 * pictures, when somebody looks.
 */
public final class VgaAdapter extends PciFunction {
  /** The slot in which boards of this kind have it. */
  public static final int SLOT = 2;

  /** Bytes of video memory that boards of this kind have. */
  public static final int MEMORY = 16 << 20;

  private static final int VENDOR = 0x1234;
  private static final int DEVICE = 0x1111;
  private static final int CLASS_VGA = 0x030000;
  private static final int REVISION = 2;

  /** Where the processor sees a VGA's memory. */
  public static final long WINDOW = 0xa0000;

  /** Bytes of that window. */
  public static final int WINDOW_LENGTH = 0x20000;

  private static final int VBE_INDEX = 0x1ce;
  private static final int VBE_PORTS = 3;

  private static final int REGISTERS_BAR = 2;
  private static final int REGISTERS_LENGTH = 0x1000;
  private static final int VGA_OFFSET = 0x400;
  private static final int VBE_OFFSET = 0x500;

  private static final int FRAME_BUFFER_REGISTER = 0x10;

  /** Bytes that the window reaches without banks: four planes of 128 KiB. */
  private static final int PLANES = 512 << 10;

  private final GuestMemory guest;
  private final VgaRegisters registers;
  private final VgaPlanes planes;
  private final BochsVbe vbe;
  private final int length;
  private int vbeIndex;

  /**
   * The video memory: {@link #loan}'s while the guest maps it. Else what lies behind its end is
   * zero: few guests come that far before they map it.
   */
  private ByteBuffer memory;

  private GuestMemory.Region region;
  private MemoryLoan loan;

  /**
   * Makes the adapter, and maps its fixed ports and window.
   *
   * @param length bytes of video memory, a power of two, 256 KiB to 64 MiB
   */
  public VgaAdapter(GuestMemory guest, IoBus ports, IoBus mmio, Clock clock, int length) {
    super("vga", VENDOR, DEVICE, CLASS_VGA, REVISION);
    this.length = length;
    this.vbe = new BochsVbe(length);
    this.memory = room(Math.min(PLANES, length));
    this.guest = guest;
    this.registers = new VgaRegisters(clock);
    this.planes = new VgaPlanes(registers);
    subsystem(0x1af4, 0x1100);
    memoryBar(0, length, unmappedMemory());
    memoryBar(REGISTERS_BAR, REGISTERS_LENGTH, registerWindow());
    for (int[] range : new int[][] {{0x3b4, 2}, {0x3ba, 1}, {0x3c0, 16}, {0x3d4, 2}, {0x3da, 1}}) {
      ports.map(range[0], range[1], vgaPorts(range[0]));
    }
    ports.map(VBE_INDEX, VBE_PORTS, vbePorts());
    mmio.map(WINDOW, WINDOW_LENGTH, window());
  }

  private static ByteBuffer room(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** All of the video memory. */
  private ByteBuffer whole() {
    if (memory.capacity() < length) {
      memory = room(length).put(0, memory, 0, memory.capacity());
    }
    return memory;
  }

  // Windows.

  private IoHandler vgaPorts(int first) {
    return new IoHandler() {
      @Override
      public int widest() {
        return 2;
      }

      @Override
      public long read(long offset, int size) {
        return readVga(first + (int) offset, size);
      }

      @Override
      public void write(long offset, int size, long value) {
        writeVga(first + (int) offset, size, (int) value);
      }
    };
  }

  private synchronized int readVga(int port, int size) {
    int value = registers.read(port);
    return size == 1 ? value : value | registers.read(port + 1) << 8;
  }

  private synchronized void writeVga(int port, int size, int value) {
    registers.write(port, value & 0xff);
    if (size == 2) {
      registers.write(port + 1, value >> 8 & 0xff);
    }
  }

  private IoHandler vbePorts() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 2;
      }

      @Override
      public long read(long offset, int size) {
        synchronized (VgaAdapter.this) {
          return offset == 0 ? vbeIndex : vbe.read(vbeIndex);
        }
      }

      @Override
      public void write(long offset, int size, long value) {
        synchronized (VgaAdapter.this) {
          if (size != 2) {
            return;
          }
          if (offset == 0) {
            vbeIndex = (int) value;
          } else {
            writeVbe(vbeIndex, (int) value);
          }
        }
      }
    };
  }

  private void writeVbe(int index, int value) {
    if (vbe.write(index, value)) {
      whole();
      // The window at 0xa0000 serves the frame buffer's banks now.
      registers.graphics[6] = registers.graphics[6] & ~0x0c | 0x05;
      registers.sequencer[4] |= 0x08;
      registers.sequencer[2] |= 0x0f;
      if ((value & BochsVbe.NO_CLEAR) == 0) {
        clear();
      }
    }
  }

  private void clear() {
    byte[] zeroes = new byte[1 << 16];
    for (int at = 0; at < length; at += zeroes.length) {
      memory.put(at, zeroes);
    }
    if (loan != null) {
      loan.written(0, length);
    }
  }

  private IoHandler registerWindow() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 2;
      }

      @Override
      public long read(long offset, int size) {
        int at = (int) offset;
        if (at >= VGA_OFFSET && at < VGA_OFFSET + 0x20) {
          return readVga(0x3c0 + at - VGA_OFFSET, size);
        }
        if (at >= VBE_OFFSET && at < VBE_OFFSET + 2 * BochsVbe.REGISTERS) {
          synchronized (VgaAdapter.this) {
            return vbe.read(at - VBE_OFFSET >> 1) >> 8 * (at & 1);
          }
        }
        return 0;
      }

      @Override
      public void write(long offset, int size, long value) {
        int at = (int) offset;
        if (at >= VGA_OFFSET && at < VGA_OFFSET + 0x20) {
          writeVga(0x3c0 + at - VGA_OFFSET, size, (int) value);
        } else if (at >= VBE_OFFSET && size == 2 && (at & 1) == 0) {
          synchronized (VgaAdapter.this) {
            writeVbe(at - VBE_OFFSET >> 1, (int) value);
          }
        }
      }
    };
  }

  private IoHandler window() {
    return new IoHandler() {
      @Override
      public long read(long offset, int size) {
        synchronized (VgaAdapter.this) {
          long value = 0;
          for (int i = 0; i < size; i++) {
            long part = planes.read(memory, (int) offset + i, bank());
            value |= part << 8 * i;
          }
          return value;
        }
      }

      @Override
      public void write(long offset, int size, long value) {
        synchronized (VgaAdapter.this) {
          for (int i = 0; i < size; i++) {
            planes.write(memory, (int) offset + i, bank(), (int) (value >>> 8 * i) & 0xff);
          }
        }
      }
    };
  }

  private int bank() {
    return vbe.enabled() ? vbe.bank() : 0;
  }

  /** The frame buffer where it cannot be memory: over something else. */
  private IoHandler unmappedMemory() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 1;
      }

      @Override
      public long read(long offset, int size) {
        synchronized (VgaAdapter.this) {
          return whole().get((int) offset) & 0xff;
        }
      }

      @Override
      public void write(long offset, int size, long value) {
        synchronized (VgaAdapter.this) {
          whole().put((int) offset, (byte) value);
        }
      }
    };
  }

  // The frame buffer as guest memory.

  @Override
  protected void configWritten(int offset, int size) {
    followFrameBuffer();
  }

  private void followFrameBuffer() {
    boolean decoded = (config(COMMAND, 2) & COMMAND_MEMORY) != 0;
    long base = Integer.toUnsignedLong(config(FRAME_BUFFER_REGISTER, 4)) & -(long) length;
    boolean mapped = decoded && base != 0 && base + length <= 0xff000000L;
    if (region != null && mapped && region.base() == base) {
      return;
    }
    if (region != null) {
      ByteBuffer kept = room(length);
      kept.put(0, memory, 0, length);
      memory = kept;
      loan.close();
      guest.removeRegion(region);
      region = null;
      loan = null;
    }
    if (mapped) {
      mapFrameBuffer(base);
    }
  }

  private void mapFrameBuffer(long base) {
    try {
      region = guest.addRegion(base, length, true, "frame buffer");
    } catch (IllegalArgumentException e) {
      return; // over other memory: the bus serves it, byte by byte
    }
    loan = guest.lend(base, length);
    ByteBuffer shared = loan.buffer();
    // The region is zero: what lies behind the end need not be touched.
    shared.put(0, memory, 0, memory.capacity());
    loan.written(0, memory.capacity());
    memory = shared;
  }

  // Screen.

  /**
   * Shows an empty text screen, as after the video BIOS's start, for a kernel that is started
   * without it.
   *
   * @param videoBios in which the characters' pictures are found
   * @return whether they were; else nothing has changed
   */
  public synchronized boolean showText(byte[] videoBios) {
    Optional<byte[]> font = VgaTextMode.font(videoBios);
    font.ifPresent(pictures -> {
      VgaTextMode.set(registers, memory, pictures);
      if (loan != null) {
        loan.written(0, length);
      }
    });
    return font.isPresent();
  }

  /** What the guest shows. */
  public Screen screen() {
    return new Screen() {
      @Override
      public Viewer view() {
        return new PictureViewer(VgaAdapter.this::draw);
      }

      @Override
      public List<String> text() {
        synchronized (VgaAdapter.this) {
          return vbe.enabled() ? List.of() : VgaText.read(registers, memory);
        }
      }
    };
  }

  private synchronized VgaPicture draw(int[] reuse) {
    return new VgaPicture(registers, vbe, memory, reuse);
  }

  // Life cycle.

  @Override
  public synchronized void reset() {
    super.reset();
    registers.reset();
    planes.reset();
    vbe.reset();
    vbeIndex = 0;
    followFrameBuffer();
  }

  @Override
  public synchronized void stop() {
    if (loan != null) {
      loan.close();
    }
  }

  @Override
  protected void saveDevice(StateWriter out) {
    registers.save(out);
    planes.save(out);
    vbe.save(out);
    out.writeInt(vbeIndex);
    byte[] content = new byte[length];
    memory.get(0, content, 0, memory.capacity());
    out.writeBytes(content);
  }

  @Override
  protected void loadDevice(StateReader in) {
    registers.load(in);
    planes.load(in);
    vbe.load(in);
    vbeIndex = in.readInt() & 0xffff;
    byte[] content = new byte[length];
    in.readBytes(content);
    followFrameBuffer();
    whole().put(0, content);
    if (loan != null) {
      loan.written(0, length);
    }
  }
}

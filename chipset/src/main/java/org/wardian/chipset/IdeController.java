package org.wardian.chipset;

import java.util.function.IntFunction;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoBus;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockDevice;

/**
 * The IDE function of a 82371SB (PIIX3 data sheet, §2.3): two channels at the ports and interrupts
 * of the PC/AT, with bus mastering.
 */
public final class IdeController extends PciFunction {
  /** The slot in which boards of this kind have it. */
  public static final int SLOT = 1;

  /** Most drives. */
  public static final int PLACES = 4;

  private static final int VENDOR_INTEL = 0x8086;
  private static final int DEVICE_82371SB_IDE = 0x7010;
  private static final int CLASS_IDE = 0x010180;

  private static final int[] COMMAND_PORTS = {0x1f0, 0x170};
  private static final int[] CONTROL_PORTS = {0x3f6, 0x376};
  private static final int[] INTERRUPTS = {14, 15};

  private static final int TIMING = 0x40;

  /** The channel's ports are decoded. */
  private static final int TIMING_ENABLE = 0x8000;

  private static final int BUS_MASTER_BAR = 4;
  private static final int BUS_MASTER_LENGTH = 16;

  private final IdeChannel[] channels = new IdeChannel[2];

  /**
   * Makes a controller without drives, and maps its ports.
   *
   * @param lines ISA interrupts by number
   */
  public IdeController(IoBus ports, IntFunction<InterruptLine> lines, Dma dma) {
    super("ide", VENDOR_INTEL, DEVICE_82371SB_IDE, CLASS_IDE, 0);
    ioBar(BUS_MASTER_BAR, BUS_MASTER_LENGTH, busMasterRegisters());
    for (int i = 0; i < 2; i++) {
      // As firmware leaves it: a kernel without one below it looks here too.
      setConfig(TIMING + 2 * i, 2, TIMING_ENABLE);
      allow(TIMING + 2 * i, 2, 0xffff);
      channels[i] = new IdeChannel(this, lines.apply(INTERRUPTS[i]), dma);
      ports.map(COMMAND_PORTS[i], 8, commandBlock(channels[i]));
      ports.map(CONTROL_PORTS[i], 1, controlBlock(channels[i]));
    }
    allow(0x44, 1, 0xff);
  }

  /**
   * Plugs a hard disk in. Before the machine starts.
   *
   * @param place 0 and 1 are the first channel's master and slave, 2 and 3 the second's
   * @param serial up to 20 characters of ASCII
   */
  public void disk(int place, BlockDevice medium, String serial) {
    channels[place >> 1].plug(place & 1, new AtaDisk(medium, serial, 0));
  }

  /** Plugs a CD-ROM drive in, as {@link #disk}. A medium of length 0 is an empty tray. */
  public void cdrom(int place, BlockDevice medium, String serial) {
    AtapiDrive drive = new AtapiDrive(medium, serial);
    channels[place >> 1].plug(place & 1, drive);
    medium.onChange(() -> {
      synchronized (this) {
        drive.mediumChanged();
      }
    });
  }

  private IoHandler commandBlock(IdeChannel channel) {
    return new IoHandler() {
      @Override
      public int widest() {
        return 4;
      }

      @Override
      public long read(long offset, int size) {
        synchronized (IdeController.this) {
          if (offset == IdeChannel.DATA && size > 1) {
            return Integer.toUnsignedLong(channel.readData(size));
          }
          long value = 0;
          for (int i = 0; i < size; i++) {
            int register = (int) offset + i;
            int part = register == 0 ? channel.readData(1) : channel.read(register);
            value |= (long) part << 8 * i;
          }
          return value;
        }
      }

      @Override
      public void write(long offset, int size, long value) {
        synchronized (IdeController.this) {
          if (offset == IdeChannel.DATA) {
            channel.writeData(size, (int) value);
            return;
          }
          for (int i = 0; i < size; i++) {
            channel.write((int) offset + i, (int) (value >>> 8 * i) & 0xff);
          }
        }
      }
    };
  }

  private IoHandler controlBlock(IdeChannel channel) {
    return new BytePort() {
      @Override
      int read() {
        synchronized (IdeController.this) {
          return channel.status();
        }
      }

      @Override
      void write(int value) {
        synchronized (IdeController.this) {
          channel.control(value);
        }
      }
    };
  }

  private IoHandler busMasterRegisters() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 4;
      }

      @Override
      public long read(long offset, int size) {
        synchronized (IdeController.this) {
          long value = 0;
          for (int i = 0; i < size; i++) {
            int at = (int) offset + i;
            value |= (long) channels[at >> 3].readBusMaster(at & 7) << 8 * i;
          }
          return value;
        }
      }

      @Override
      public void write(long offset, int size, long value) {
        synchronized (IdeController.this) {
          for (int i = 0; i < size; i++) {
            int at = (int) offset + i;
            channels[at >> 3].writeBusMaster(at & 7, (int) (value >>> 8 * i) & 0xff);
          }
        }
      }
    };
  }

  @Override
  public synchronized void reset() {
    super.reset();
    for (IdeChannel channel : channels) {
      channel.reset();
    }
  }

  @Override
  public void pause() {
    // Without the monitor: what is under way needs it to end.
    for (IdeChannel channel : channels) {
      channel.pause();
    }
  }

  @Override
  public synchronized void start() {
    for (IdeChannel channel : channels) {
      channel.goOn();
    }
  }

  @Override
  public synchronized void resume() {
    for (IdeChannel channel : channels) {
      channel.resume();
      channel.goOn();
    }
  }

  @Override
  protected void saveDevice(StateWriter out) {
    for (IdeChannel channel : channels) {
      channel.save(out);
    }
  }

  @Override
  protected void loadDevice(StateReader in) {
    for (IdeChannel channel : channels) {
      channel.load(in);
    }
  }
}

package org.wardian.chipset;

import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.storage.BlockDevice;

/**
 * The Serial ATA function of an ICH9 in AHCI mode (AHCI 1.3.1): six ports, native command queueing,
 * one message-signalled interrupt.
 */
public final class AhciController extends PciFunction {
  /** The slot in which boards of this kind have it. */
  public static final int SLOT = 31;

  /** Its function number there. */
  public static final int FUNCTION = 2;

  /** Number of ports. */
  public static final int PORTS = 6;

  private static final int VENDOR_INTEL = 0x8086;
  private static final int DEVICE_ICH9_AHCI = 0x2922;
  private static final int CLASS_AHCI = 0x010601;
  private static final int REVISION = 2;
  private static final int BAR = 5;
  private static final int BAR_LENGTH = 0x1000;

  private static final int CAP = 0x00;
  private static final int GHC = 0x04;
  private static final int IS = 0x08;
  private static final int PI = 0x0c;
  private static final int VS = 0x10;
  private static final int FIRST_PORT = 0x100;
  private static final int PORT_LENGTH = 0x80;

  /** 64-bit addresses, queueing, list override, generation 3, AHCI only, 32 slots. */
  private static final int CAPABILITIES = 0xc1341f00 | PORTS - 1;

  private static final int GHC_RESET = 0x01;
  private static final int GHC_INTERRUPT = 0x02;
  private static final int GHC_AHCI = 0x80000000;
  private static final int VERSION = 0x00010300;
  private static final int QUEUE_DEPTH = 32;

  private final Dma dma;
  private final AhciPort[] ports = new AhciPort[PORTS];
  private final MsiCapability msi;
  private int control = GHC_AHCI;
  private int status;
  private boolean asserted;

  /** Makes a controller without drives. */
  public AhciController(Dma dma) {
    super("ahci", VENDOR_INTEL, DEVICE_ICH9_AHCI, CLASS_AHCI, REVISION);
    this.dma = dma;
    interruptPin(1);
    memoryBar(BAR, BAR_LENGTH, registers());
    msi = addMsi(1);
    for (int i = 0; i < PORTS; i++) {
      ports[i] = new AhciPort(this, dma, null);
    }
  }

  /**
   * Plugs a hard disk in. Before the machine starts.
   *
   * @param port 0 to {@link #PORTS} - 1
   * @param serial up to 20 characters of ASCII
   */
  public synchronized void disk(int port, BlockDevice medium, String serial) {
    ports[port] = new AhciPort(this, dma, new AtaDisk(medium, serial, QUEUE_DEPTH));
  }

  /** Plugs a CD-ROM drive in, as {@link #disk}. A medium of length 0 is an empty tray. */
  public synchronized void cdrom(int port, BlockDevice medium, String serial) {
    AtapiDrive drive = new AtapiDrive(medium, serial);
    ports[port] = new AhciPort(this, dma, drive);
    medium.onChange(() -> {
      synchronized (this) {
        drive.mediumChanged();
      }
    });
  }

  private IoHandler registers() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 4;
      }

      @Override
      public long read(long offset, int size) {
        synchronized (AhciController.this) {
          int whole = readRegister((int) offset & ~3);
          return Integer.toUnsignedLong(whole >>> 8 * ((int) offset & 3));
        }
      }

      /** Only whole registers are written, as the specification asks (§3). */
      @Override
      public void write(long offset, int size, long value) {
        if (size == 4) {
          synchronized (AhciController.this) {
            writeRegister((int) offset, (int) value);
          }
        }
      }
    };
  }

  private int readRegister(int offset) {
    int port = offset - FIRST_PORT;
    if (port >= 0) {
      return port < PORTS * PORT_LENGTH ? ports[port / PORT_LENGTH].read(port % PORT_LENGTH) : 0;
    }
    return switch (offset) {
      case CAP -> CAPABILITIES;
      case GHC -> control;
      case IS -> status;
      case PI -> (1 << PORTS) - 1;
      case VS -> VERSION;
      default -> 0;
    };
  }

  private void writeRegister(int offset, int value) {
    int port = offset - FIRST_PORT;
    if (port >= 0) {
      if (port < PORTS * PORT_LENGTH) {
        ports[port / PORT_LENGTH].write(port % PORT_LENGTH, value);
      }
      return;
    }
    switch (offset) {
      case GHC -> {
        if ((value & GHC_RESET) != 0) {
          resetController();
        } else {
          control = GHC_AHCI | value & GHC_INTERRUPT;
          update(true);
        }
      }
      case IS -> {
        status &= ~value;
        update(true);
      }
      default -> {}
    }
  }

  private void resetController() {
    control = GHC_AHCI;
    status = 0;
    for (AhciPort port : ports) {
      port.reset();
    }
    update(false);
  }

  /**
   * A port's interrupt has changed.
   *
   * @param event whether something has happened, or was acknowledged while more is pending: then
   *     another message is due
   */
  void update(boolean event) {
    for (int i = 0; i < PORTS; i++) {
      // A port that still interrupts sets its bit again.
      status |= ports[i] != null && ports[i].interrupting() ? 1 << i : 0;
    }
    boolean level = status != 0 && (control & GHC_INTERRUPT) != 0;
    if (msi.enabled()) {
      if (level && (event || !asserted)) {
        msi.send(0);
      }
      interrupt(false);
    } else {
      interrupt(level);
    }
    asserted = level;
  }

  @Override
  protected void configWritten(int offset, int size) {
    update(false);
  }

  @Override
  public synchronized void reset() {
    super.reset();
    resetController();
  }

  @Override
  public void pause() {
    // Without the monitor: what is under way needs it to end.
    for (AhciPort port : ports) {
      port.pause();
    }
  }

  @Override
  public synchronized void resume() {
    for (AhciPort port : ports) {
      port.resume();
      port.goOn();
    }
  }

  @Override
  public synchronized void start() {
    for (AhciPort port : ports) {
      port.goOn();
    }
  }

  @Override
  protected void saveDevice(StateWriter out) {
    out.writeInt(control);
    out.writeInt(status);
    out.writeBoolean(asserted);
    for (AhciPort port : ports) {
      port.save(out);
    }
  }

  @Override
  protected void loadDevice(StateReader in) {
    control = GHC_AHCI | in.readInt() & GHC_INTERRUPT;
    status = in.readInt() & (1 << PORTS) - 1;
    asserted = in.readBoolean();
    for (AhciPort port : ports) {
      port.load(in);
    }
  }
}

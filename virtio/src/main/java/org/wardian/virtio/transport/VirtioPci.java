package org.wardian.virtio.transport;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.chipset.MsixCapability;
import org.wardian.chipset.PciFunction;
import org.wardian.memory.GuestMemory;
import org.wardian.virtio.VirtioDevice;

/**
 * A virtio device as a PCI function (virtio 1.2 §4.1): the modern interface behind a memory base
 * address register, MSI-X and INTx, and for transitional devices the legacy ports.
 */
public final class VirtioPci extends PciFunction {
  private static final int VENDOR = 0x1af4;
  private static final int VENDOR_CAPABILITY = 0x09;

  private static final int LEGACY_BAR = 0;
  private static final int MSIX_BAR = 1;
  private static final int MODERN_BAR = 4;

  private static final int COMMON_STRUCTURE = 1;
  private static final int NOTIFY_STRUCTURE = 2;
  private static final int INTERRUPT_STRUCTURE = 3;
  private static final int DEVICE_STRUCTURE = 4;
  private static final int CONFIG_ACCESS_STRUCTURE = 5;

  private static final int CAPABILITY_LENGTH = 16;
  private static final int CAPABILITY_SIZE = 2;
  private static final int CAPABILITY_KIND = 3;
  private static final int CAPABILITY_BAR = 4;
  private static final int CAPABILITY_OFFSET = 8;
  private static final int CAPABILITY_WINDOW = 12;
  private static final int CAPABILITY_EXTRA = 16;

  private static final int STATE_FLAGS = InterruptStatus.QUEUE | InterruptStatus.CONFIGURATION;

  private final VirtioDevice device;
  private final Negotiation negotiation;
  private final Vectors vectors;
  private final MsixCapability msix;
  private final InterruptStatus interruptStatus = new InterruptStatus(this, this::interrupt);
  private final CommonRegisters common;
  private final Windows windows;

  /** Null for a device without legacy interface. */
  private final LegacyRegisters legacy;

  private final int configAccess;
  private final Doorbells doorbells;

  /**
   * Makes the function.
   *
   * @param memory the guest's memory
   * @param transitional whether drivers from before virtio 1.0 are served too, where the kind of
   *     device knows them
   * @param kernelDoorbells binds doorbells that spare the guest's exits
   */
  public VirtioPci(
      VirtioDevice device,
      GuestMemory memory,
      boolean transitional,
      Doorbells.Binder kernelDoorbells) {
    super(
        device.name(),
        VENDOR,
        legacyToo(device, transitional) ? device.type().transitionalId() : device.type().modernId(),
        device.type().classCode(),
        legacyToo(device, transitional) ? 0 : 1);
    this.device = device;
    subsystem(VENDOR, legacyToo(device, transitional) ? device.type().id() : 0x1100);
    interruptPin(1);
    int queues = device.queues();
    vectors = new Vectors(queues + 1, queues);
    negotiation = new Negotiation(device, memory, new Interrupts());
    common = new CommonRegisters(this, negotiation, vectors, queues);
    windows = new Windows(device, common, interruptStatus);
    msix = addMsix(queues + 1, MSIX_BAR);
    wideMemoryBar(MODERN_BAR, Windows.LENGTH, windows);
    if (legacyToo(device, transitional)) {
      legacy = new LegacyRegisters(device, negotiation, vectors, interruptStatus, msix::enabled);
      ioBar(LEGACY_BAR, legacy.length(), legacy);
    } else {
      legacy = null;
    }
    structure(COMMON_STRUCTURE, Windows.COMMON, Windows.PAGE, CAPABILITY_LENGTH);
    structure(INTERRUPT_STRUCTURE, Windows.INTERRUPT_STATUS, Windows.PAGE, CAPABILITY_LENGTH);
    if (device.configurationLength() > 0) {
      structure(DEVICE_STRUCTURE, Windows.CONFIGURATION, Windows.PAGE, CAPABILITY_LENGTH);
    }
    int notify =
        structure(
            NOTIFY_STRUCTURE,
            Windows.NOTIFY,
            Windows.NOTIFY_MULTIPLIER * queues,
            CAPABILITY_LENGTH + 4);
    setConfig(notify + CAPABILITY_EXTRA, 4, Windows.NOTIFY_MULTIPLIER);
    configAccess = structure(CONFIG_ACCESS_STRUCTURE, 0, 0, CAPABILITY_LENGTH + 4);
    allow(configAccess + CAPABILITY_BAR, 1, 0xff);
    allow(configAccess + CAPABILITY_OFFSET, 4, -1);
    allow(configAccess + CAPABILITY_WINDOW, 4, -1);
    allow(configAccess + CAPABILITY_EXTRA, 4, -1);
    doorbells = new Doorbells(device, kernelDoorbells);
    device.connect(new Told(), memory);
  }

  private static boolean legacyToo(VirtioDevice device, boolean transitional) {
    return transitional && device.type().transitionalId() != 0;
  }

  private int structure(int kind, int offset, int length, int size) {
    int at = addCapability(VENDOR_CAPABILITY, size);
    setConfig(at + CAPABILITY_SIZE, 1, size);
    setConfig(at + CAPABILITY_KIND, 1, kind);
    setConfig(at + CAPABILITY_BAR, 1, kind == CONFIG_ACCESS_STRUCTURE ? 0 : MODERN_BAR);
    setConfig(at + CAPABILITY_OFFSET, 4, offset);
    setConfig(at + CAPABILITY_WINDOW, 4, length);
    return at;
  }

  /** The driver's interrupts: MSI-X where it is on, else INTx with the ISR status. */
  private final class Interrupts implements Negotiation.Interrupts {
    @Override
    public void queue(int index) {
      raise(vectors.queue(index), InterruptStatus.QUEUE);
    }

    @Override
    public void configuration() {
      raise(vectors.configuration(), InterruptStatus.CONFIGURATION);
    }

    @Override
    public void reset() {
      vectors.reset();
      interruptStatus.set(0);
    }

    private void raise(int vector, int bit) {
      if (!msix.enabled()) {
        interruptStatus.raise(bit);
      } else if (vector != QueueRegisters.NO_VECTOR) {
        msix.send(vector);
      }
    }
  }

  private final class Told implements VirtioDevice.Transport {
    @Override
    public void configurationChanged() {
      negotiation.configurationChanged();
    }

    @Override
    public void needsReset() {
      negotiation.needsReset();
    }
  }

  // Access to the structures by way of configuration space (§4.1.4.9).

  @Override
  protected void configReading(int offset, int size) {
    if (touchesAccess(offset, size)) {
      int width = config(configAccess + CAPABILITY_WINDOW, 4);
      int at = config(configAccess + CAPABILITY_OFFSET, 4);
      if (accessible(at, width)) {
        setConfig(configAccess + CAPABILITY_EXTRA, 4, (int) windows.read(at, width));
      }
    }
  }

  @Override
  protected void configWritten(int offset, int size) {
    if (touchesAccess(offset, size)) {
      int width = config(configAccess + CAPABILITY_WINDOW, 4);
      int at = config(configAccess + CAPABILITY_OFFSET, 4);
      if (accessible(at, width)) {
        long value = Integer.toUnsignedLong(config(configAccess + CAPABILITY_EXTRA, 4));
        windows.write(at, width, value & -1L >>> 64 - 8 * width);
      }
    }
    doorbells.moved(barBase(MODERN_BAR));
  }

  private boolean touchesAccess(int offset, int size) {
    int data = configAccess + CAPABILITY_EXTRA;
    return offset < data + 4 && offset + size > data;
  }

  private boolean accessible(int at, int width) {
    return config(configAccess + CAPABILITY_BAR, 1) == MODERN_BAR
        && (width == 1 || width == 2 || width == 4)
        && at >= 0
        && at <= Windows.LENGTH - width
        && (at & width - 1) == 0;
  }

  // Life cycle.

  @Override
  public void reset() {
    // Before the function's monitor is taken: what ends may interrupt once more.
    negotiation.resetNow();
    synchronized (this) {
      common.reset();
      if (legacy != null) {
        legacy.reset();
      }
      vectors.reset();
      interruptStatus.set(0);
      super.reset();
      doorbells.moved(0);
    }
  }

  @Override
  public void start() {
    // A state that was loaded has put the window elsewhere.
    doorbells.moved(barBase(MODERN_BAR));
    device.start();
  }

  @Override
  public void pause() {
    device.pause();
  }

  @Override
  public void resume() {
    doorbells.moved(barBase(MODERN_BAR));
    device.resume();
  }

  @Override
  public void stop() {
    doorbells.moved(0);
    device.stop();
  }

  @Override
  protected void saveDevice(StateWriter out) {
    out.writeInt(interruptStatus.get());
    common.save(out);
    if (legacy != null) {
      legacy.save(out);
    }
    vectors.save(out);
    negotiation.save(out);
  }

  @Override
  protected void loadDevice(StateReader in) {
    int raised = in.readInt() & STATE_FLAGS;
    common.load(in);
    if (legacy != null) {
      legacy.load(in);
    }
    vectors.load(in);
    negotiation.load(in);
    interruptStatus.set(raised);
  }
}

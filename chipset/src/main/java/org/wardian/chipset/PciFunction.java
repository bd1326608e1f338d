package org.wardian.chipset;

import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoBus;
import org.wardian.bus.IoHandler;
import org.wardian.bus.MessageInterrupts;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * One function of a PCI device with a type 0 header (PCI Local Bus 3.0 §6): identity, base address
 * registers that move their windows on the bus, INTx, and the list of capabilities. A device
 * extends it, and declares base address registers and capabilities before it is attached to a
 * {@link PciHost}.
 *
 * <p>Its monitor guards configuration space.
 */
public class PciFunction implements Device {
  /** Bytes of configuration space; there is no extended one. */
  public static final int CONFIG_LENGTH = 256;

  static final int COMMAND = 0x04;
  static final int STATUS = 0x06;
  static final int COMMAND_IO = 0x0001;
  static final int COMMAND_MEMORY = 0x0002;
  static final int COMMAND_MASTER = 0x0004;
  static final int COMMAND_INTX_DISABLE = 0x0400;

  private static final int VENDOR_ID = 0x00;
  private static final int DEVICE_ID = 0x02;
  private static final int REVISION_ID = 0x08;
  private static final int CLASS_CODE = 0x09;
  private static final int CACHE_LINE_SIZE = 0x0c;
  private static final int LATENCY_TIMER = 0x0d;
  private static final int HEADER_TYPE = 0x0e;
  private static final int SUBSYSTEM_VENDOR_ID = 0x2c;
  private static final int SUBSYSTEM_ID = 0x2e;
  private static final int CAPABILITIES_POINTER = 0x34;
  private static final int INTERRUPT_LINE = 0x3c;
  private static final int INTERRUPT_PIN = 0x3d;
  private static final int FIRST_CAPABILITY = 0x40;

  private static final int COMMAND_WRITABLE = 0x0547;
  private static final int STATUS_INTERRUPT = 0x0008;
  private static final int STATUS_CAPABILITIES = 0x0010;
  private static final int MULTI_FUNCTION = 0x80;

  private static final int STATE_VERSION = 1;

  private final String name;
  private final byte[] config = new byte[CONFIG_LENGTH];
  private final byte[] writable = new byte[CONFIG_LENGTH];
  private final PciBar[] bars = new PciBar[6];
  private byte[] initial = config;
  private int nextCapability = FIRST_CAPABILITY;
  private int lastCapability;
  private MsiCapability msi;
  private MsixCapability msix;
  private InterruptLine line = InterruptLine.UNCONNECTED;
  private boolean interrupting;

  /**
   * Makes a function.
   *
   * @param name the device's name
   * @param vendor vendor ID, 16 bits
   * @param device device ID, 16 bits
   * @param classCode base class, subclass and programming interface, 24 bits
   * @param revision revision ID, 8 bits
   */
  public PciFunction(String name, int vendor, int device, int classCode, int revision) {
    this.name = name;
    setConfig(VENDOR_ID, 2, vendor);
    setConfig(DEVICE_ID, 2, device);
    setConfig(REVISION_ID, 1, revision);
    setConfig(CLASS_CODE, 3, classCode);
    allow(COMMAND, 2, COMMAND_WRITABLE);
    allow(CACHE_LINE_SIZE, 1, 0xff);
    allow(LATENCY_TIMER, 1, 0xff);
    allow(INTERRUPT_LINE, 1, 0xff);
  }

  // What a device declares before it is attached.

  /** Sets the subsystem IDs. */
  protected final void subsystem(int vendor, int device) {
    setConfig(SUBSYSTEM_VENDOR_ID, 2, vendor);
    setConfig(SUBSYSTEM_ID, 2, device);
  }

  /** Says that the function uses INTA# to INTD#: pin 1 to 4. */
  protected final void interruptPin(int pin) {
    setConfig(INTERRUPT_PIN, 1, pin);
  }

  /** Declares a base address register in I/O space; {@code size} is a power of two, 4 to 256. */
  protected final void ioBar(int index, int size, IoHandler handler) {
    addBar(new PciBar(this, index, size, PciBar.Space.IO, handler));
  }

  /** Declares a 32-bit base address register in memory; {@code size} is a power of two, 16 up. */
  protected final void memoryBar(int index, long size, IoHandler handler) {
    addBar(new PciBar(this, index, size, PciBar.Space.MEMORY_32, handler));
  }

  /** Declares a 64-bit prefetchable base address register; it takes the next index as well. */
  protected final void wideMemoryBar(int index, long size, IoHandler handler) {
    addBar(new PciBar(this, index, size, PciBar.Space.MEMORY_64, handler));
  }

  private void addBar(PciBar bar) {
    if (bars[bar.index()] != null) {
      throw new IllegalArgumentException(name + " has BAR " + bar.index() + " already");
    }
    bars[bar.index()] = bar;
    bar.declare();
  }

  /**
   * Adds a capability of {@code length} bytes, its two header bytes included.
   *
   * @return its offset in configuration space
   */
  protected final int addCapability(int id, int length) {
    int offset = nextCapability;
    if (offset + length > CONFIG_LENGTH) {
      throw new IllegalArgumentException(name + " has no room for capability " + id);
    }
    nextCapability = offset + length + 3 & ~3;
    setConfig(offset, 1, id);
    setConfig(lastCapability == 0 ? CAPABILITIES_POINTER : lastCapability + 1, 1, offset);
    setConfig(STATUS, 2, config(STATUS, 2) | STATUS_CAPABILITIES);
    lastCapability = offset;
    return offset;
  }

  /** Adds message-signalled interrupts: 1, 2, 4 ... 32 vectors. */
  protected final MsiCapability addMsi(int vectors) {
    msi = new MsiCapability(this, vectors);
    return msi;
  }

  /** Adds MSI-X with 1 to 2048 vectors, its table and pending bits in a memory BAR of their own. */
  protected final MsixCapability addMsix(int vectors, int bar) {
    msix = new MsixCapability(this, vectors, bar);
    memoryBar(bar, msix.barLength(), msix);
    return msix;
  }

  /** Sets bytes of configuration space, little-endian, whatever the guest may write there. */
  protected final synchronized void setConfig(int offset, int size, int value) {
    for (int i = 0; i < size; i++) {
      config[offset + i] = (byte) (value >>> (8 * i));
    }
  }

  /** Reads bytes of configuration space, little-endian. */
  protected final synchronized int config(int offset, int size) {
    int value = 0;
    for (int i = 0; i < size; i++) {
      value |= (config[offset + i] & 0xff) << (8 * i);
    }
    return value;
  }

  /** Lets the guest write the bits of {@code mask}. */
  protected final void allow(int offset, int size, int mask) {
    for (int i = 0; i < size; i++) {
      writable[offset + i] = (byte) (mask >>> (8 * i));
    }
  }

  // What a device does.

  /** Asserts or releases the function's INTx interrupt. Any thread. */
  protected final synchronized void interrupt(boolean level) {
    interrupting = level;
    updateInterrupt();
  }

  /** Whether the function may write memory: the command register's bus master bit. */
  protected final synchronized boolean busMaster() {
    return (config(COMMAND, 2) & COMMAND_MASTER) != 0;
  }

  private void updateInterrupt() {
    int status = config(STATUS, 2) & ~STATUS_INTERRUPT;
    setConfig(STATUS, 2, status | (interrupting ? STATUS_INTERRUPT : 0));
    line.set(interrupting && (config(COMMAND, 2) & COMMAND_INTX_DISABLE) == 0);
  }

  /** The guest has written configuration space. Called with the monitor held. */
  protected void configWritten(int offset, int size) {}

  /** The guest is about to read configuration space. Called with the monitor held. */
  protected void configReading(int offset, int size) {}

  /** Where a base address register has its window now, or 0 while it has none. Any thread. */
  protected final synchronized long barBase(int index) {
    return bars[index].mappedAt();
  }

  // What the host does.

  /** Connects the function to its board; from now on its declarations are fixed. */
  final synchronized void attach(
      IoBus ports, IoBus memory, InterruptLine intx, MessageInterrupts messages) {
    line = intx;
    for (PciBar bar : bars) {
      if (bar != null) {
        bar.attach(ports, memory);
      }
    }
    if (msi != null) {
      msi.attach(messages);
    }
    if (msix != null) {
      msix.attach(messages);
    }
    initial = config.clone();
  }

  final synchronized void multiFunction() {
    setConfig(HEADER_TYPE, 1, MULTI_FUNCTION);
    initial = config.clone();
  }

  /** The interrupt pin, 1 to 4, or 0. */
  final int interruptPin() {
    return config(INTERRUPT_PIN, 1);
  }

  final synchronized long readConfig(int offset, int size) {
    if (offset + size > CONFIG_LENGTH) {
      return -1;
    }
    configReading(offset, size);
    return Integer.toUnsignedLong(config(offset, size));
  }

  final synchronized void writeConfig(int offset, int size, int value) {
    if (offset + size > CONFIG_LENGTH) {
      return;
    }
    for (int i = 0; i < size; i++) {
      int at = offset + i;
      config[at] = (byte) (config[at] & ~writable[at] | value >>> (8 * i) & writable[at]);
    }
    updateBars();
    updateInterrupt();
    if (msi != null) {
      msi.sendUnmasked();
    }
    if (msix != null) {
      msix.sendUnmasked();
    }
    configWritten(offset, size);
  }

  private void updateBars() {
    int command = config(COMMAND, 2);
    for (PciBar bar : bars) {
      if (bar != null) {
        bar.update(command);
      }
    }
  }

  // Device.

  @Override
  public final String name() {
    return name;
  }

  /** Configuration space as attached; overridden by a device with more state, which calls this. */
  @Override
  public synchronized void reset() {
    System.arraycopy(initial, 0, config, 0, CONFIG_LENGTH);
    interrupting = false;
    if (msix != null) {
      msix.reset();
    }
    updateBars();
    updateInterrupt();
  }

  /** Writes the record of configuration space, with {@link #saveDevice}'s fields in it. */
  @Override
  public final synchronized void save(StateWriter out) {
    out.begin(name, STATE_VERSION);
    out.writeBytes(config);
    out.writeBoolean(interrupting);
    if (msix != null) {
      msix.save(out);
    }
    saveDevice(out);
    out.end();
  }

  @Override
  public final synchronized void load(StateReader in) {
    in.begin(name, STATE_VERSION);
    byte[] saved = new byte[CONFIG_LENGTH];
    in.readBytes(saved);
    for (int i = 0; i < CONFIG_LENGTH; i++) {
      config[i] = (byte) (initial[i] & ~writable[i] | saved[i] & writable[i]);
    }
    interrupting = in.readBoolean();
    if (msi != null) {
      msi.restorePending(saved);
    }
    if (msix != null) {
      msix.load(in);
    }
    loadDevice(in);
    in.end();
    updateBars();
    updateInterrupt();
  }

  /** Writes a device's own state, as fields or as a record. */
  protected void saveDevice(StateWriter out) {}

  /** Reads what {@link #saveDevice} wrote. */
  protected void loadDevice(StateReader in) {}
}

package org.wardian.chipset;

import java.util.function.IntFunction;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;

/**
 * The bridge to the ISA devices of a Q35 board, function 00:1f.0 (Intel ICH9 data sheet, §13): it
 * tells firmware where the power management ports lie, and routes the eight PCI interrupts PIRQA to
 * PIRQH to ISA interrupts for guests that use the 8259s. The ports do not move.
 */
public final class LpcBridge extends PciFunction {
  /** The slot in which boards of this kind have it. */
  public static final int SLOT = 31;

  /** SMI_EN, 32 bits, among the power management ports. */
  public static final int SMI_ENABLE_PORT = AcpiPowerManagement.PM1_EVENT_PORT + 0x30;

  /** Number of PCI interrupts. */
  public static final int PIRQS = 8;

  private static final int VENDOR_INTEL = 0x8086;
  private static final int DEVICE_ICH9_LPC = 0x2918;
  private static final int CLASS_ISA_BRIDGE = 0x060100;
  private static final int REVISION = 2;

  private static final int PMBASE = 0x40;
  private static final int ACPI_CNTL = 0x44;
  private static final int ACPI_CNTL_ENABLE = 0x80;
  private static final int RCBA = 0xf0;

  private static final int ROUTE_OFF = 0x80;
  private static final int ROUTE_WRITABLE = 0x8f;
  private static final int ISA_INTERRUPTS = 16;

  /** The interrupts that a route may lead to (§13.1.9): not the timer's and its like. */
  private static final int ROUTABLE = 0xdef8;

  /**
   * APMC_EN and GBL_SMI_EN, as if system management mode were set up and locked: this board has
   * none, and firmware that finds them leaves it alone.
   */
  private static final int SMI_ENABLE = 0x21;

  private final InterruptLine[] isa = new InterruptLine[ISA_INTERRUPTS];
  private final boolean[] asserted = new boolean[PIRQS];
  private final int[] routes = new int[PIRQS];

  /** Guards {@link #asserted} and {@link #routes}; taken after any function's monitor. */
  private final Object wiring = new Object();

  /**
   * Makes the bridge.
   *
   * @param lines ISA interrupts by number, each an input of its own to a shared wire
   */
  public LpcBridge(IntFunction<InterruptLine> lines) {
    super("lpc", VENDOR_INTEL, DEVICE_ICH9_LPC, CLASS_ISA_BRIDGE, REVISION);
    setConfig(PMBASE, 4, AcpiPowerManagement.PM1_EVENT_PORT | 1);
    setConfig(ACPI_CNTL, 1, ACPI_CNTL_ENABLE);
    allow(ACPI_CNTL, 1, 0x87);
    allow(RCBA, 4, 0xffffc001);
    for (int i = 0; i < PIRQS; i++) {
      setConfig(route(i), 1, ROUTE_OFF);
      allow(route(i), 1, ROUTE_WRITABLE);
      routes[i] = ROUTE_OFF;
    }
    for (int i = 0; i < ISA_INTERRUPTS; i++) {
      isa[i] = (ROUTABLE >> i & 1) != 0 ? lines.apply(i) : InterruptLine.UNCONNECTED;
    }
  }

  private static int route(int pirq) {
    return pirq < 4 ? 0x60 + pirq : 0x68 + pirq - 4;
  }

  /** The input of PIRQA (0) to PIRQH (7). */
  public InterruptLine pirq(int number) {
    return level -> {
      synchronized (wiring) {
        asserted[number] = level;
        drive();
      }
    };
  }

  private void drive() {
    for (int i = 0; i < ISA_INTERRUPTS; i++) {
      boolean level = false;
      for (int pirq = 0; pirq < PIRQS; pirq++) {
        level |= asserted[pirq] && routes[pirq] == i;
      }
      isa[i].set(level);
    }
  }

  private void followRoutes() {
    synchronized (wiring) {
      for (int i = 0; i < PIRQS; i++) {
        routes[i] = config(route(i), 1);
      }
      drive();
    }
  }

  /** SMI_EN: read-only here. */
  public IoHandler smiEnable() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 4;
      }

      @Override
      public long read(long offset, int size) {
        return SMI_ENABLE >>> 8 * (int) offset;
      }

      @Override
      public void write(long offset, int size, long value) {}
    };
  }

  @Override
  protected void configWritten(int offset, int size) {
    followRoutes();
  }

  @Override
  public synchronized void reset() {
    super.reset();
    followRoutes();
  }

  @Override
  protected void loadDevice(StateReader in) {
    followRoutes();
  }
}

package org.wardian.chipset;

import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/** A function with one of everything: I/O, memory and wide BARs, INTA#, MSI and MSI-X. */
final class PciProbe extends PciFunction {
  static final int IO_BAR = 0x10;
  static final int MEMORY_BAR = 0x14;
  static final int WIDE_BAR = 0x18;
  static final int MSIX_BAR = 0x20;
  static final int MSIX_BAR_INDEX = 4;
  static final int MSI_CAPABILITY = 0x40;
  static final int MSIX_CAPABILITY = 0x58;

  final MsiCapability msi = addMsi(4);
  final MsixCapability msix = addMsix(3, MSIX_BAR_INDEX);
  int latch;

  PciProbe() {
    super("pci-probe", 0x1af4, 0x10f0, 0xff0000, 1);
    subsystem(0x1af4, 0x1100);
    interruptPin(1);
    ioBar(0, 32, new Window(0x10));
    memoryBar(1, 0x1000, new Window(0x20));
    wideMemoryBar(2, 1L << 33, new Window(0x30));
  }

  void assertInterrupt(boolean level) {
    interrupt(level);
  }

  @Override
  protected void saveDevice(StateWriter out) {
    out.writeInt(latch);
  }

  @Override
  protected void loadDevice(StateReader in) {
    latch = in.readInt();
  }

  /** Reads as its mark, keeps what is written. */
  private final class Window implements IoHandler {
    private final int mark;

    Window(int mark) {
      this.mark = mark;
    }

    @Override
    public long read(long offset, int size) {
      return mark;
    }

    @Override
    public void write(long offset, int size, long value) {
      latch = (int) value;
    }
  }
}

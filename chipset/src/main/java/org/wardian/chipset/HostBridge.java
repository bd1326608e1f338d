package org.wardian.chipset;

import org.wardian.bus.IoBus;
import org.wardian.bus.StateReader;

/**
 * The DRAM controller of a Q35, function 00:00.0 (Intel Q35 data sheet, §5.1): where the
 * memory-mapped configuration space lies, and the programmable attribute map. Both are fixed until
 * firmware is given them to program.
 */
final class HostBridge extends PciFunction {
  private static final int VENDOR_INTEL = 0x8086;
  private static final int DEVICE_Q35_HOST = 0x29c0;
  private static final int CLASS_HOST_BRIDGE = 0x060000;

  /** PCIEXBAR, 64 bits. */
  private static final int PCIEXBAR = 0x60;

  private static final int PCIEXBAR_ENABLE = 1;

  /** Base, in units of the 256 MiB of all buses; the length field stays at 256 MiB. */
  private static final int PCIEXBAR_WRITABLE = 0xf0000000 | PCIEXBAR_ENABLE;

  private static final int PAM = 0x90;
  private static final int PAM_WRITABLE = 0x33;

  private IoBus.Mapping window;
  private ShadowRam shadow;

  HostBridge() {
    super("pci-host-bridge", VENDOR_INTEL, DEVICE_Q35_HOST, CLASS_HOST_BRIDGE, 0);
    setConfig(PCIEXBAR, 4, (int) PciHost.ECAM_BASE | PCIEXBAR_ENABLE);
  }

  /** Lets the guest program what firmware programs. Before the machine starts. */
  synchronized void program(IoBus.Mapping configurationWindow, ShadowRam shadowRam) {
    window = configurationWindow;
    shadow = shadowRam;
    allow(PCIEXBAR, 4, PCIEXBAR_WRITABLE);
    allow(PAM, 1, PAM_WRITABLE & 0x30);
    for (int i = 1; i < ShadowRam.REGISTERS; i++) {
      allow(PAM + i, 1, PAM_WRITABLE);
    }
  }

  /** Base of the memory-mapped configuration space, enabled or not. */
  synchronized long configurationBase() {
    return Integer.toUnsignedLong(config(PCIEXBAR, 4) & 0xf0000000);
  }

  @Override
  protected void configWritten(int offset, int size) {
    if (offset < PCIEXBAR + 4 && offset + size > PCIEXBAR) {
      followWindow();
    }
    for (int i = 0; shadow != null && i < ShadowRam.REGISTERS; i++) {
      if (offset <= PAM + i && offset + size > PAM + i) {
        shadow.register(i, config(PAM + i, 1));
      }
    }
  }

  private void followWindow() {
    if (window == null) {
      return;
    }
    boolean enabled = (config(PCIEXBAR, 4) & PCIEXBAR_ENABLE) != 0;
    long base = configurationBase();
    // The topmost place would cover the interrupt controllers and the firmware.
    if (!enabled || base == 0xf0000000L) {
      window.unmap();
      return;
    }
    try {
      window.move(base);
    } catch (IllegalArgumentException e) {
      window.unmap(); // over another device's window
    }
  }

  @Override
  public synchronized void reset() {
    super.reset();
    followWindow();
  }

  /** The registers of the shadow RAM are as it has them, which was not reset. */
  synchronized void showShadow() {
    for (int i = 0; i < ShadowRam.REGISTERS; i++) {
      setConfig(PAM + i, 1, shadow.register(i));
    }
  }

  /** The shadow RAM keeps its registers itself. */
  @Override
  protected void loadDevice(StateReader in) {
    followWindow();
  }
}

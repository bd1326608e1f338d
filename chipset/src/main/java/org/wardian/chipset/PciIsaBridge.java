package org.wardian.chipset;

/**
 * The PCI-to-ISA bridge as a guest finds it on the bus: the 82371SB's function 0. The chips behind
 * it decode their fixed ports by themselves, and its interrupt router is absent, for INTx goes to
 * pins of the I/O APIC.
 */
public final class PciIsaBridge extends PciFunction {
  /** The slot in which boards of this kind have it. */
  public static final int SLOT = 1;

  private static final int VENDOR_INTEL = 0x8086;
  private static final int DEVICE_82371SB = 0x7000;
  private static final int CLASS_ISA_BRIDGE = 0x060100;

  /** Makes the bridge. */
  public PciIsaBridge() {
    super("pci-isa-bridge", VENDOR_INTEL, DEVICE_82371SB, CLASS_ISA_BRIDGE, 0);
  }
}

package org.wardian.host.kvm;

/**
 * Field offsets, in bytes, of {@code struct kvm_irqchip}: one of the interrupt chips in the kernel:
 * an 8259A (PIC_) or the I/O APIC (IOAPIC_). Source: {@code include/uapi/linux/kvm.h}.
 */
public final class InterruptChipState {
  /** {@code kvm_irqchip.chip_id}: u32, one of PIC_MASTER, PIC_SLAVE, IOAPIC. */
  public static final int CHIP = 0;

  /** {@code kvm_irqchip.chip.pic.last_irr}: u8, levels that edge detection saw last. */
  public static final int PIC_LAST_REQUESTS = 8;

  /** {@code kvm_irqchip.chip.pic.irr}: u8. */
  public static final int PIC_REQUESTS = 9;

  /** {@code kvm_irqchip.chip.pic.imr}: u8. */
  public static final int PIC_MASK = 10;

  /** {@code kvm_irqchip.chip.pic.isr}: u8. */
  public static final int PIC_IN_SERVICE = 11;

  /** {@code kvm_irqchip.chip.pic.priority_add}: u8, rotation of priorities. */
  public static final int PIC_PRIORITY_ADD = 12;

  /** {@code kvm_irqchip.chip.pic.irq_base}: u8, first vector. */
  public static final int PIC_BASE = 13;

  /** {@code kvm_irqchip.chip.pic.read_reg_select}: u8, 1 where in-service is read. */
  public static final int PIC_READ_SELECT = 14;

  /** {@code kvm_irqchip.chip.pic.poll}: u8. */
  public static final int PIC_POLL = 15;

  /** {@code kvm_irqchip.chip.pic.special_mask}: u8. */
  public static final int PIC_SPECIAL_MASK = 16;

  /** {@code kvm_irqchip.chip.pic.init_state}: u8, next initialization word. */
  public static final int PIC_INIT_STATE = 17;

  /** {@code kvm_irqchip.chip.pic.auto_eoi}: u8. */
  public static final int PIC_AUTO_EOI = 18;

  /** {@code kvm_irqchip.chip.pic.rotate_on_auto_eoi}: u8. */
  public static final int PIC_ROTATE_ON_AUTO_EOI = 19;

  /** {@code kvm_irqchip.chip.pic.special_fully_nested_mode}: u8. */
  public static final int PIC_SPECIAL_FULLY_NESTED = 20;

  /** {@code kvm_irqchip.chip.pic.init4}: u8, 1 where initialization has a fourth word. */
  public static final int PIC_FOUR_WORDS = 21;

  /** {@code kvm_irqchip.chip.pic.elcr}: u8. */
  public static final int PIC_EDGE_LEVEL = 22;

  /** {@code kvm_irqchip.chip.pic.elcr_mask}: u8, lines that may be level triggered. */
  public static final int PIC_EDGE_LEVEL_MASK = 23;

  /** {@code kvm_irqchip.chip.ioapic.base_address}: u64, guest-physical address. */
  public static final int IOAPIC_BASE = 8;

  /** {@code kvm_irqchip.chip.ioapic.ioregsel}: u32, selected register. */
  public static final int IOAPIC_SELECT = 16;

  /** {@code kvm_irqchip.chip.ioapic.id}: u32. */
  public static final int IOAPIC_ID = 20;

  /** {@code kvm_irqchip.chip.ioapic.irr}: u32, levels of the pins. */
  public static final int IOAPIC_LINES = 24;

  /** {@code kvm_irqchip.chip.ioapic.redirtbl}: 24 of u64. */
  public static final int IOAPIC_REDIRECTION = 32;

  /** {@code KVM_IOAPIC_NUM_PINS}: pins of the I/O APIC. */
  public static final int IOAPIC_PINS = 24;

  /** {@code KVM_IRQCHIP_PIC_MASTER}: value of CHIP. */
  public static final int PIC_MASTER = 0;

  /** {@code KVM_IRQCHIP_PIC_SLAVE}: value of CHIP. */
  public static final int PIC_SLAVE = 1;

  /** {@code KVM_IRQCHIP_IOAPIC}: value of CHIP. */
  public static final int IOAPIC = 2;

  /** {@code sizeof(struct kvm_irqchip)}: bytes of the structure. */
  public static final int SIZE = 520;

  private InterruptChipState() {}
}

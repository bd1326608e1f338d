package org.wardian.host.kvm;

/**
 * Constants of {@code linux/kvm.h}: arguments of the calls, which only this package lays out:
 * {@code PREFIX_FIELD} is an offset in bytes, {@code PREFIX_SIZE} the length. Source: {@code
 * include/uapi/linux/kvm.h}.
 */
final class CallStructures {
  /** {@code kvm_userspace_memory_region.slot}: u32. */
  static final int MEMORY_REGION_SLOT = 0;

  /** {@code kvm_userspace_memory_region.flags}: u32. */
  static final int MEMORY_REGION_FLAGS = 4;

  /** {@code kvm_userspace_memory_region.guest_phys_addr}: u64. */
  static final int MEMORY_REGION_GUEST_ADDRESS = 8;

  /** {@code kvm_userspace_memory_region.memory_size}: u64, bytes. */
  static final int MEMORY_REGION_LENGTH = 16;

  /** {@code kvm_userspace_memory_region.userspace_addr}: u64. */
  static final int MEMORY_REGION_HOST_ADDRESS = 24;

  /** {@code sizeof(struct kvm_userspace_memory_region)}: bytes of the structure. */
  static final int MEMORY_REGION_SIZE = 32;

  /** {@code kvm_dirty_log.slot}: u32. */
  static final int DIRTY_LOG_SLOT = 0;

  /** {@code kvm_dirty_log.dirty_bitmap}: address. */
  static final int DIRTY_LOG_BITMAP = 8;

  /** {@code sizeof(struct kvm_dirty_log)}: bytes of the structure. */
  static final int DIRTY_LOG_SIZE = 16;

  /** {@code kvm_clear_dirty_log.slot}: u32. */
  static final int CLEAR_DIRTY_LOG_SLOT = 0;

  /** {@code kvm_clear_dirty_log.num_pages}: u32. */
  static final int CLEAR_DIRTY_LOG_PAGES = 4;

  /** {@code kvm_clear_dirty_log.first_page}: u64. */
  static final int CLEAR_DIRTY_LOG_FIRST_PAGE = 8;

  /** {@code kvm_clear_dirty_log.dirty_bitmap}: address. */
  static final int CLEAR_DIRTY_LOG_BITMAP = 16;

  /** {@code sizeof(struct kvm_clear_dirty_log)}: bytes of the structure. */
  static final int CLEAR_DIRTY_LOG_SIZE = 24;

  /** {@code kvm_irq_level.irq}: u32. */
  static final int IRQ_LEVEL_IRQ = 0;

  /** {@code kvm_irq_level.level}: u32. */
  static final int IRQ_LEVEL_LEVEL = 4;

  /** {@code sizeof(struct kvm_irq_level)}: bytes of the structure. */
  static final int IRQ_LEVEL_SIZE = 8;

  /** {@code kvm_msi.address_lo}: u32. */
  static final int MSI_ADDRESS_LOW = 0;

  /** {@code kvm_msi.address_hi}: u32. */
  static final int MSI_ADDRESS_HIGH = 4;

  /** {@code kvm_msi.data}: u32. */
  static final int MSI_DATA = 8;

  /** {@code kvm_msi.flags}: u32. */
  static final int MSI_FLAGS = 12;

  /** {@code sizeof(struct kvm_msi)}: bytes of the structure. */
  static final int MSI_SIZE = 32;

  /** {@code kvm_pit_config.flags}: u32. */
  static final int PIT_CONFIG_FLAGS = 0;

  /** {@code sizeof(struct kvm_pit_config)}: bytes of the structure. */
  static final int PIT_CONFIG_SIZE = 64;

  /** {@code kvm_enable_cap.cap}: u32. */
  static final int ENABLE_CAP_CAP = 0;

  /** {@code kvm_enable_cap.flags}: u32. */
  static final int ENABLE_CAP_FLAGS = 4;

  /** {@code kvm_enable_cap.args}: 4 of u64. */
  static final int ENABLE_CAP_ARGUMENTS = 8;

  /** {@code sizeof(struct kvm_enable_cap)}: bytes of the structure. */
  static final int ENABLE_CAP_SIZE = 104;

  /** {@code kvm_irq_routing.nr}: u32. */
  static final int ROUTING_COUNT = 0;

  /** {@code kvm_irq_routing.flags}: u32. */
  static final int ROUTING_FLAGS = 4;

  /** {@code kvm_irq_routing.entries}: the entries. */
  static final int ROUTING_ENTRIES = 8;

  /** {@code sizeof(struct kvm_irq_routing)}: bytes of the structure. */
  static final int ROUTING_SIZE = 8;

  /** {@code kvm_irq_routing_entry.gsi}: u32. */
  static final int ROUTE_GSI = 0;

  /** {@code kvm_irq_routing_entry.type}: u32. */
  static final int ROUTE_TYPE = 4;

  /** {@code kvm_irq_routing_entry.flags}: u32. */
  static final int ROUTE_FLAGS = 8;

  /** {@code kvm_irq_routing_entry.u.irqchip.irqchip}: u32. */
  static final int ROUTE_CHIP = 16;

  /** {@code kvm_irq_routing_entry.u.irqchip.pin}: u32. */
  static final int ROUTE_PIN = 20;

  /** {@code kvm_irq_routing_entry.u.msi.address_lo}: u32. */
  static final int ROUTE_ADDRESS_LOW = 16;

  /** {@code kvm_irq_routing_entry.u.msi.address_hi}: u32. */
  static final int ROUTE_ADDRESS_HIGH = 20;

  /** {@code kvm_irq_routing_entry.u.msi.data}: u32. */
  static final int ROUTE_DATA = 24;

  /** {@code sizeof(struct kvm_irq_routing_entry)}: bytes of the structure. */
  static final int ROUTE_SIZE = 48;

  /** {@code KVM_IRQ_ROUTING_IRQCHIP}: value of ROUTE_TYPE. */
  static final int ROUTE_TYPE_IRQCHIP = 1;

  /** {@code KVM_IRQ_ROUTING_MSI}: value of ROUTE_TYPE. */
  static final int ROUTE_TYPE_MSI = 2;

  /** {@code kvm_ioeventfd.datamatch}: u64. */
  static final int IO_EVENT_VALUE = 0;

  /** {@code kvm_ioeventfd.addr}: u64. */
  static final int IO_EVENT_ADDRESS = 8;

  /** {@code kvm_ioeventfd.len}: u32. */
  static final int IO_EVENT_LENGTH = 16;

  /** {@code kvm_ioeventfd.fd}: s32. */
  static final int IO_EVENT_FD = 20;

  /** {@code kvm_ioeventfd.flags}: u32. */
  static final int IO_EVENT_FLAGS = 24;

  /** {@code sizeof(struct kvm_ioeventfd)}: bytes of the structure. */
  static final int IO_EVENT_SIZE = 64;

  /** {@code KVM_IOEVENTFD_FLAG_DATAMATCH}: bit of IO_EVENT_FLAGS. */
  static final int IO_EVENT_FLAG_MATCH = 1;

  /** {@code KVM_IOEVENTFD_FLAG_PIO}: bit of IO_EVENT_FLAGS. */
  static final int IO_EVENT_FLAG_PORT = 2;

  /** {@code KVM_IOEVENTFD_FLAG_DEASSIGN}: bit of IO_EVENT_FLAGS. */
  static final int IO_EVENT_FLAG_DEASSIGN = 4;

  /** {@code kvm_irqfd.fd}: u32. */
  static final int IRQ_EVENT_FD = 0;

  /** {@code kvm_irqfd.gsi}: u32. */
  static final int IRQ_EVENT_GSI = 4;

  /** {@code kvm_irqfd.flags}: u32. */
  static final int IRQ_EVENT_FLAGS = 8;

  /** {@code kvm_irqfd.resamplefd}: u32. */
  static final int IRQ_EVENT_RESAMPLE_FD = 12;

  /** {@code sizeof(struct kvm_irqfd)}: bytes of the structure. */
  static final int IRQ_EVENT_SIZE = 32;

  /** {@code KVM_IRQFD_FLAG_DEASSIGN}: bit of IRQ_EVENT_FLAGS. */
  static final int IRQ_EVENT_FLAG_DEASSIGN = 1;

  /** {@code KVM_IRQFD_FLAG_RESAMPLE}: bit of IRQ_EVENT_FLAGS. */
  static final int IRQ_EVENT_FLAG_RESAMPLE = 2;

  /** {@code kvm_msrs.nmsrs}: u32. */
  static final int MSRS_COUNT = 0;

  /** {@code kvm_msrs.entries}: the entries. */
  static final int MSRS_ENTRIES = 8;

  /** {@code sizeof(struct kvm_msrs)}: bytes of the structure. */
  static final int MSRS_SIZE = 8;

  /** {@code kvm_msr_entry.index}: u32. */
  static final int MSR_ENTRY_INDEX = 0;

  /** {@code kvm_msr_entry.data}: u64. */
  static final int MSR_ENTRY_DATA = 8;

  /** {@code sizeof(struct kvm_msr_entry)}: bytes of the structure. */
  static final int MSR_ENTRY_SIZE = 16;

  /** {@code kvm_msr_list.nmsrs}: u32. */
  static final int MSR_LIST_COUNT = 0;

  /** {@code kvm_msr_list.indices}: u32 each. */
  static final int MSR_LIST_INDICES = 4;

  /** {@code sizeof(struct kvm_msr_list)}: bytes of the structure. */
  static final int MSR_LIST_SIZE = 4;

  /** {@code kvm_cpuid2.nent}: u32. */
  static final int CPUID_COUNT = 0;

  /** {@code kvm_cpuid2.entries}: the entries. */
  static final int CPUID_ENTRIES = 8;

  /** {@code sizeof(struct kvm_cpuid2)}: bytes of the structure. */
  static final int CPUID_SIZE = 8;

  /** {@code kvm_cpuid_entry2.function}: u32. */
  static final int CPUID_ENTRY_FUNCTION = 0;

  /** {@code kvm_cpuid_entry2.index}: u32. */
  static final int CPUID_ENTRY_INDEX = 4;

  /** {@code kvm_cpuid_entry2.flags}: u32. */
  static final int CPUID_ENTRY_FLAGS = 8;

  /** {@code kvm_cpuid_entry2.eax}: u32. */
  static final int CPUID_ENTRY_EAX = 12;

  /** {@code kvm_cpuid_entry2.ebx}: u32. */
  static final int CPUID_ENTRY_EBX = 16;

  /** {@code kvm_cpuid_entry2.ecx}: u32. */
  static final int CPUID_ENTRY_ECX = 20;

  /** {@code kvm_cpuid_entry2.edx}: u32. */
  static final int CPUID_ENTRY_EDX = 24;

  /** {@code sizeof(struct kvm_cpuid_entry2)}: bytes of the structure. */
  static final int CPUID_ENTRY_SIZE = 40;

  /** {@code kvm_guest_debug.control}: u32. */
  static final int GUEST_DEBUG_CONTROL = 0;

  /** {@code kvm_guest_debug.arch.debugreg}: 8 of u64. */
  static final int GUEST_DEBUG_REGISTERS = 8;

  /** {@code sizeof(struct kvm_guest_debug)}: bytes of the structure. */
  static final int GUEST_DEBUG_SIZE = 72;

  /** {@code kvm_signal_mask.len}: u32. */
  static final int SIGNAL_MASK_LENGTH = 0;

  /** {@code kvm_signal_mask.sigset}: the kernel's signal set, 8 bytes. */
  static final int SIGNAL_MASK_SET = 4;

  /** {@code sizeof(struct kvm_signal_mask)}: bytes of the structure. */
  static final int SIGNAL_MASK_SIZE = 4;

  /** {@code kvm_interrupt.irq}: u32. */
  static final int INTERRUPT_VECTOR = 0;

  /** {@code sizeof(struct kvm_interrupt)}: bytes of the structure. */
  static final int INTERRUPT_SIZE = 4;

  private CallStructures() {}
}

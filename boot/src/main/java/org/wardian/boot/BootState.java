package org.wardian.boot;

import java.util.Objects;

/**
 * The state in which the boot processor starts. Everything not named here is as after RESET, with
 * interrupts off (RFLAGS = 2), IDT limit 0 and all other general registers zero.
 *
 * <p>CS is {@link #CODE_SELECTOR}; DS, ES, FS, GS and SS are {@link #DATA_SELECTOR}; TR is {@link
 * #TASK_SELECTOR}. The table that they index has been written to guest memory at {@link #gdtBase};
 * {@link #descriptor} gives the same descriptors for the hidden parts of the registers.
 *
 * @param mode processor mode at entry
 * @param entry guest-physical and linear address of the first instruction
 * @param rax value of rax or eax
 * @param rbx value of rbx or ebx
 * @param rsi value of rsi or esi
 * @param gdtBase linear address of the descriptor table
 * @param gdtLimit limit of the descriptor table, in bytes less one
 * @param cr0 control register 0
 * @param cr3 control register 3, 0 where paging is off
 * @param cr4 control register 4
 * @param efer extended feature enable register (MSR 0xc0000080)
 * @param protocol the protocol that was chosen, never {@link BootProtocol#AUTO}
 */
public record BootState(
    Mode mode,
    long entry,
    long rax,
    long rbx,
    long rsi,
    long gdtBase,
    int gdtLimit,
    long cr0,
    long cr3,
    long cr4,
    long efer,
    BootProtocol protocol) {

  /** Processor mode at entry. */
  public enum Mode {
    /** Protected mode, flat 32-bit segments, paging off. */
    PROTECTED_32,
    /** Long mode, 64-bit code segment, first 4 GiB mapped one to one. */
    LONG_64
  }

  /** Selector of the code segment: Linux's {@code __BOOT_CS}. */
  public static final int CODE_SELECTOR = 0x10;

  /** Selector of the data segments: Linux's {@code __BOOT_DS}. */
  public static final int DATA_SELECTOR = 0x18;

  /** Selector of the task register. */
  public static final int TASK_SELECTOR = 0x20;

  static final int DESCRIPTOR_COUNT = 6;

  // Intel SDM vol. 3 §3.4.5: limit 0xfffff pages, present, accessed, readable or writable.
  private static final long CODE_32 = 0x00cf9b000000ffffL;
  private static final long CODE_64 = 0x00af9b000000ffffL;
  private static final long DATA = 0x00cf93000000ffffL;
  // Busy TSS of 0x68 bytes at 0 (SDM vol. 3 §7.2.2), as Xen's PVH ABI asks of TR.
  private static final long TASK = 0x00008b0000000067L;

  private static final long CR0_PE = 1L;
  private static final long CR0_ET = 1L << 4;
  private static final long CR0_PG = 1L << 31;
  private static final long CR4_PAE = 1L << 5;
  private static final long EFER_LME = 1L << 8;
  private static final long EFER_LMA = 1L << 10;

  /** Checks for nulls. */
  public BootState {
    Objects.requireNonNull(mode, "mode");
    Objects.requireNonNull(protocol, "protocol");
  }

  static BootState protected32(BootProtocol protocol, long entry, long rax, long rbx, long rsi) {
    return new BootState(
        Mode.PROTECTED_32,
        entry,
        rax,
        rbx,
        rsi,
        LowMemory.GDT,
        DESCRIPTOR_COUNT * 8 - 1,
        CR0_PE | CR0_ET,
        0,
        0,
        0,
        protocol);
  }

  static BootState long64(BootProtocol protocol, long entry, long rsi) {
    return new BootState(
        Mode.LONG_64,
        entry,
        0,
        0,
        rsi,
        LowMemory.GDT,
        DESCRIPTOR_COUNT * 8 - 1,
        CR0_PE | CR0_ET | CR0_PG,
        LowMemory.PML4,
        CR4_PAE,
        EFER_LME | EFER_LMA,
        protocol);
  }

  /**
   * The segment descriptor behind a selector, in the format of the descriptor table.
   *
   * @param selector a selector below {@code gdtLimit}
   * @return the low eight bytes of the descriptor, 0 for an empty slot
   */
  public long descriptor(int selector) {
    return switch (selector) {
      case CODE_SELECTOR -> mode == Mode.LONG_64 ? CODE_64 : CODE_32;
      case DATA_SELECTOR -> DATA;
      // The slot after it stays zero: the upper half of the 16-byte form in long mode.
      case TASK_SELECTOR -> TASK;
      default -> 0;
    };
  }
}

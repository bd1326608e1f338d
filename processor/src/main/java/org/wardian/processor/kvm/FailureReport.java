package org.wardian.processor.kvm;

import java.util.Locale;
import org.wardian.host.kvm.RunPage;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.RegisterDump;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Disassembler;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * Why the kernel cannot go on with a vCPU, as lines for a person: the reason in words, the
 * registers, and the code at the instruction pointer. It only reads, and whatever the guest's
 * memory and tables hold, it ends with a text.
 *
 * <p>Sources: Linux, Documentation/virt/kvm/api.rst (struct kvm_run); Intel SDM vol. 3 §31.4
 * (VM-instruction errors) and appendix C (exit reasons).
 */
public final class FailureReport {
  private static final int MOST_DATA = 16;

  /** Basic exit reason with bit 31: the processor failed to enter the guest. */
  private static final long ENTRY_FAILURE = 1L << 31;

  private static final String[] EVENT_KINDS = {
    "external interrupt", "", "NMI", "exception", "software interrupt", "", "software exception", ""
  };

  private static final String[] ACTIVITIES = {"runs", "is in HLT", "waits for a start-up message"};

  private final StringBuilder text = new StringBuilder(2048);
  private final long page;
  private final long block;
  private final GuestMemory memory;

  private FailureReport(long page, long block, GuestMemory memory) {
    this.page = page;
    this.block = block;
    this.memory = memory;
  }

  /**
   * The report.
   *
   * @param page host address of the vCPU's {@code struct kvm_run}
   * @param block host address of its state, laid out as {@link StateLayout}
   * @param memory the guest's
   */
  public static String of(long page, long block, GuestMemory memory) {
    FailureReport report = new FailureReport(page, block, memory);
    report.reason();
    report.text.append(RegisterDump.of(block, -1));
    report.waiting();
    report.code();
    return report.text.toString();
  }

  // ---- the reason -------------------------------------------------------------------------------

  private void reason() {
    int reason = RawMemory.getInt(page + RunPage.EXIT_REASON);
    switch (reason) {
      case RunPage.EXIT_INTERNAL_ERROR -> internalError();
      case RunPage.EXIT_FAIL_ENTRY -> entryFailure();
      case RunPage.EXIT_UNKNOWN ->
          line(
              "KVM does not know why the processor left the guest: hardware exit reason 0x%x",
              RawMemory.getLong(page + RunPage.HARDWARE_EXIT_REASON));
      case RunPage.EXIT_EXCEPTION ->
          line(
              "KVM met an exception that it does not handle: vector %d, error code 0x%x",
              RawMemory.getInt(page + RunPage.EXCEPTION_VECTOR),
              RawMemory.getInt(page + RunPage.EXCEPTION_ERROR_CODE));
      case RunPage.EXIT_NOTIFY ->
          line("the guest kept the processor from every interrupt for too long (KVM_EXIT_NOTIFY)");
      case RunPage.EXIT_MEMORY_FAULT ->
          line(
              "the host has no memory for guest-physical 0x%x, %d bytes (KVM_EXIT_MEMORY_FAULT)",
              RawMemory.getLong(page + RunPage.MEMORY_FAULT_ADDRESS),
              RawMemory.getLong(page + RunPage.MEMORY_FAULT_SIZE));
      case RunPage.EXIT_SYSTEM_EVENT ->
          line(
              "the guest asked KVM for system event %d, which this machine does not have",
              RawMemory.getInt(page + RunPage.SYSTEM_EVENT_TYPE));
      default -> line("KVM left the guest for a reason that Wardian does not handle: %d", reason);
    }
  }

  private void internalError() {
    int error = RawMemory.getInt(page + RunPage.INTERNAL_SUBERROR);
    int count =
        Math.clamp(
            Integer.toUnsignedLong(RawMemory.getInt(page + RunPage.INTERNAL_DATA_COUNT)),
            0,
            MOST_DATA);
    line(
        "KVM cannot go on: %s",
        switch (error) {
          case RunPage.INTERNAL_ERROR_EMULATION ->
              "it must emulate an instruction and cannot (KVM_INTERNAL_ERROR_EMULATION)";
          case RunPage.INTERNAL_ERROR_SIMUL_EX ->
              "two exceptions at once (KVM_INTERNAL_ERROR_SIMUL_EX)";
          case RunPage.INTERNAL_ERROR_DELIVERY_EV ->
              "the guest was left while an event was delivered (KVM_INTERNAL_ERROR_DELIVERY_EV)";
          case RunPage.INTERNAL_ERROR_UNEXPECTED_EXIT_REASON ->
              "the processor gave an exit reason that must not occur"
                  + " (KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON)";
          default -> "internal error " + Integer.toUnsignedString(error);
        });
    int first = 0;
    if (error == RunPage.INTERNAL_ERROR_EMULATION && count > 0) {
      first = emulated(count);
    }
    if (first < count) {
      text.append("KVM's data:");
      for (int i = first; i < count; i++) {
        text.append(" 0x")
            .append(Long.toHexString(RawMemory.getLong(page + RunPage.INTERNAL_DATA + 8L * i)));
      }
      text.append(
          switch (error) {
            case RunPage.INTERNAL_ERROR_DELIVERY_EV ->
                " (event, exit reason, qualification, then details)";
            case RunPage.INTERNAL_ERROR_UNEXPECTED_EXIT_REASON -> " (exit reason, host processor)";
            default -> "";
          });
      text.append('\n');
    }
  }

  /** Shows the instruction that KVM fetched; the number of data words that it takes. */
  private int emulated(int count) {
    long flags = RawMemory.getLong(page + RunPage.EMULATION_FLAGS);
    // Flags are one word, size and bytes two more.
    if ((flags & RunPage.EMULATION_FLAG_INSTRUCTION_BYTES) == 0 || count < 3) {
      return 1;
    }
    byte[] bytes =
        new byte
            [Math.min(
                RawMemory.getByte(page + RunPage.EMULATION_INSTRUCTION_SIZE) & 0xff,
                Decoder.MAX_LENGTH)];
    RawMemory.copy(page + RunPage.EMULATION_INSTRUCTION_BYTES, bytes, 0, bytes.length);
    text.append("KVM fetched:");
    hexadecimal(bytes, 0, bytes.length);
    Instruction instruction = new Instruction();
    int outcome = decoder().decode(bytes, 0, bytes.length, codeSize(), instruction);
    if (outcome == Decoder.OK) {
      text.append("  = ").append(Disassembler.text(instruction, linearRip()));
    }
    text.append('\n');
    return 3;
  }

  private void entryFailure() {
    long reason = RawMemory.getLong(page + RunPage.FAIL_ENTRY_REASON);
    line(
        "the processor refused to enter the guest: %s (hardware reason 0x%x, host processor %d)",
        entryReason(reason), reason, RawMemory.getInt(page + RunPage.FAIL_ENTRY_CPU));
  }

  private static String entryReason(long reason) {
    if (reason == -1 || reason == 0xffff_ffffL) {
      return "invalid guest state or controls, by AMD-V";
    }
    if ((reason & ENTRY_FAILURE) != 0 && reason >>> 32 == 0) {
      return switch ((int) reason & 0xffff) {
        case 33 -> "invalid guest state";
        case 34 -> "a model-specific register cannot be loaded";
        case 41 -> "machine check";
        default -> "VM-entry failure";
      };
    }
    return switch ((int) reason) {
      case 7 -> "invalid control fields";
      case 8 -> "invalid host state";
      case 26 -> "events are blocked by MOV SS";
      default -> "VM-instruction error";
    };
  }

  // ---- the state --------------------------------------------------------------------------------

  private void waiting() {
    int activity = RawMemory.getInt(block + StateLayout.ACTIVITY);
    if (activity > 0 && activity < ACTIVITIES.length) {
      line("the processor %s", ACTIVITIES[activity]);
    }
    long event = RawMemory.getLong(block + StateLayout.EVENT);
    if (event != 0) {
      line(
          "being delivered: %s, vector %d, error code 0x%x",
          EVENT_KINDS[(int) event >>> 8 & 7], event & 0xff, event >>> 32);
    }
    if (RawMemory.getByte(block + StateLayout.NMI_PENDING) != 0) {
      line("an NMI waits");
    }
  }

  private void code() {
    GuestPageTables tables = new GuestPageTables(memory, block);
    long linear = linearRip();
    byte[] bytes = new byte[Decoder.MAX_LENGTH];
    int available = 0;
    while (available < bytes.length) {
      int value = tables.load(wrapped(linear + available));
      if (value < 0) {
        break;
      }
      bytes[available++] = (byte) value;
    }
    if (available == 0) {
      long physical = tables.physical(linear);
      line(
          physical == GuestPageTables.ABSENT
              ? "code at linear 0x%x: not mapped by the guest's page tables"
              : "code at linear 0x%x: no memory at guest-physical 0x%x",
          linear,
          physical);
      return;
    }
    text.append(
        "code at linear 0x%x, guest-physical 0x%x:".formatted(linear, tables.physical(linear)));
    hexadecimal(bytes, 0, available);
    text.append('\n');
    disassemble(bytes, available, linear);
  }

  private void disassemble(byte[] bytes, int available, long linear) {
    Decoder decoder = decoder();
    Instruction instruction = new Instruction();
    for (int at = 0; at < available; at += instruction.length) {
      int outcome = decoder.decode(bytes, at, available - at, codeSize(), instruction);
      if (outcome == Decoder.TRUNCATED) {
        return;
      }
      text.append("%s%12x:".formatted(at == 0 ? "=>" : "  ", wrapped(linear + at)));
      if (outcome != Decoder.OK) {
        text.append(" (no instruction that Wardian knows)\n");
        return;
      }
      hexadecimal(bytes, at, instruction.length);
      text.append("   ".repeat(Math.max(0, 8 - instruction.length)))
          .append("  ")
          .append(Disassembler.text(instruction, wrapped(linear + at)))
          .append('\n');
    }
  }

  private static Decoder decoder() {
    return new Decoder(CpuModel.everything());
  }

  private boolean is64() {
    return (RawMemory.getLong(block + StateLayout.EFER) & ControlState.LONG_MODE_ACTIVE) != 0
        && (attributes() & ControlState.LONG_CODE) != 0;
  }

  private int attributes() {
    return RawMemory.getInt(block + StateLayout.segment(StateLayout.CS) + StateLayout.ATTRIBUTES);
  }

  private int codeSize() {
    return is64() ? 8 : (attributes() & 1 << 14) != 0 ? 4 : 2;
  }

  private long linearRip() {
    long rip = RawMemory.getLong(block + StateLayout.RIP);
    long base = RawMemory.getLong(block + StateLayout.segment(StateLayout.CS) + StateLayout.BASE);
    return is64() ? rip : wrapped(base + rip);
  }

  private long wrapped(long linear) {
    return is64() ? linear : linear & 0xffff_ffffL;
  }

  private void hexadecimal(byte[] bytes, int from, int length) {
    for (int i = from; i < from + length; i++) {
      text.append(' ').append(Character.forDigit(bytes[i] >> 4 & 15, 16));
      text.append(Character.forDigit(bytes[i] & 15, 16));
    }
  }

  private void line(String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }
}

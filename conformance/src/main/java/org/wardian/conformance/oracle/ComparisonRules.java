package org.wardian.conformance.oracle;

import org.wardian.x86.Form;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * What counts as equal. Everything is compared bit for bit, except what the architecture leaves
 * undefined or to the implementation:
 *
 * <ul>
 *   <li>Flags that the instruction table calls undefined, and RF, which depends on how the state
 *       was looked at.
 *   <li>The last x87 instruction, its address and its operand's: newer processors no longer keep
 *       them (CPUID FDP_EXCPTN_ONLY and the deprecated FCS and FDS). Also where FXSAVE, FNSAVE and
 *       FNSTENV store them, and MXCSR_MASK.
 *   <li>RCPPS, RCPSS, RSQRTPS, RSQRTSS: a relative error of 1.5 * 2^-12 is allowed each. Source:
 *       Intel SDM vol. 2, RCPPS.
 *   <li>FSIN, FCOS, FSINCOS, FPTAN, FPATAN, F2XM1, FYL2X, FYL2XP1: two units in the last place, and
 *       what follows from them: PE (set for exact results too by some processors), UE and C1.
 *       Source: Intel SDM vol. 1 §8.3.10, which promises one for each processor.
 *   <li>ES, DS, FS and GS with a null selector: the host's way to the kernel and back clears its
 *       privilege bits. Source: Intel SDM vol. 2, IRET, return to an outer level.
 *   <li>Instructions of several accesses (PUSHA, POPA, ENTER, far transfers, x87 environments,
 *       FXSAVE) that fault midway: the order of the accesses is not architectural, so neither the
 *       faulting address nor what they had already written is compared. Nor what CALL has pushed
 *       when its target is refused.
 *   <li>Page faults in the kernel's half of the address space: Linux always shows them as
 *       protection violations, so that programs cannot learn what is mapped there.
 *   <li>MMX instructions that fault: whether the x87 state has become MMX state by then (tags and
 *       top of the stack) is not compared.
 *   <li>Repetitions with a count of zero and 32-bit addresses in 64-bit code: whether the upper
 *       halves of RCX, RSI and RDI are cleared depends on the instruction and is undocumented.
 *   <li>LAR: bits 19:16 of the result are undefined. Source: Intel SDM vol. 2, LAR.
 *   <li>SHLD and SHRD of 16 bits by more than 16: flags and result are undefined. BSWAP of 16 bits:
 *       the result is undefined.
 * </ul>
 */
final class ComparisonRules {
  private static final long RF = 1 << 16;
  private static final long STATUS = 0x8d5;

  /** UE, PE and C1, and ES and B, which follow from them. */
  private static final int FSW_ROUNDING = 0x8000 | 1 << 9 | 0x80 | 0x20 | 0x10;

  private static final double APPROXIMATION = 1.5 / 4096;
  private static final int LAST_PLACES = 2;
  private static final int RCX = 1;
  private static final int RSI = 6;
  private static final int RDI = 7;

  private ComparisonRules() {}

  /** Bits of RFLAGS that must be equal. */
  static long flagsMask(Instruction i, CaseState before) {
    Form form = i.form;
    long undefined = form.flagsUndefined();
    int more = form.flagsUndefinedUnlessOne() | form.flagsUndefinedFromWidth();
    if (more != 0 || isShift(form.operation())) {
      int count = count(i, before);
      if (count == 0) {
        return ~RF;
      }
      if (count != 1) {
        undefined |= form.flagsUndefinedUnlessOne();
      }
      if (count >= 8 * i.size0) {
        undefined |= form.flagsUndefinedFromWidth();
      }
      if (isDoubleShift(form.operation()) && count > 8 * i.size0) {
        undefined |= STATUS;
      }
    }
    return ~(undefined | RF);
  }

  private static boolean isShift(Operation operation) {
    return switch (operation) {
      case SHL, SHR, SAR, ROL, ROR, RCL, RCR, SHLD, SHRD -> true;
      default -> false;
    };
  }

  private static boolean isDoubleShift(Operation operation) {
    return operation == Operation.SHLD || operation == Operation.SHRD;
  }

  /** The masked count of a shift or rotation. */
  private static int count(Instruction i, CaseState before) {
    int kind = isDoubleShift(i.form.operation()) ? i.kind2 : i.kind1;
    long count = kind == Instruction.REGISTER ? before.gpr[1] : i.immediate;
    return (int) count & (i.size0 == 8 ? 63 : 31);
  }

  /** Whether the destination is undefined as a whole. */
  static boolean undefinedResult(Instruction i, CaseState before) {
    Operation operation = i.form.operation();
    return isDoubleShift(operation) && count(i, before) > 8 * i.size0
        || operation == Operation.BSWAP && i.operandSize == 2;
  }

  /** Whether the operation makes several accesses whose order is its own affair. */
  private static boolean isMultiple(Operation operation) {
    return switch (operation) {
      case PUSHA,
          POPA,
          ENTER,
          CALLF,
          RETF,
          IRET,
          FLDENV,
          FNSTENV,
          FNSAVE,
          FRSTOR,
          FXSAVE,
          FXRSTOR ->
          true;
      default -> false;
    };
  }

  /** Whether two ends of an instruction count as one. */
  static boolean sameOutcome(Instruction i, Outcome host, Outcome ours) {
    if (host.equals(ours)) {
      return true;
    }
    if (host.vector() != 14 || ours.vector() != 14) {
      return false;
    }
    // Outside the window the host maps pages of its own, and the kernel's half is not ours to know.
    long distance = host.address() - ScratchLayout.WINDOW;
    boolean foreign = distance < 0 || distance >= ScratchLayout.WINDOW_SIZE;
    int mask = foreign ? ~1 : ~0;
    return (host.errorCode() & mask) == (ours.errorCode() & mask)
        && (host.address() == ours.address() || isMultiple(i.form.operation()));
  }

  /** Whether memory and general registers may be half changed. */
  static boolean partial(Instruction i, Outcome host) {
    Operation operation = i.form.operation();
    return !host.completed() && (isMultiple(operation) || operation == Operation.CALL);
  }

  /** Whether a slot is part of the x87 state that an MMX instruction takes over. */
  static boolean faultedMmx(Instruction i, Outcome host, int slot) {
    boolean x87 = slot == Slots.FSW || slot == Slots.FTW || slot >= Slots.ST && slot < Slots.XMM;
    return x87 && !host.completed() && (i.kind0 == Instruction.MMX || i.kind1 == Instruction.MMX);
  }

  /** Whether the upper half of a slot does not count. */
  static boolean lowHalfOnly(Instruction i, CaseState before, int slot) {
    return i.codeSize == 8
        && i.addressSize == 4
        && (i.rep || i.repne)
        && i.form.repeatable()
        && (int) before.gpr[RCX] == 0
        && (slot == RCX || slot == RSI || slot == RDI);
  }

  /** Whether ST(n) differs by rounding only: its exponent may step where its significand wraps. */
  static boolean closeExtended(Instruction i, int slot, CaseState host, CaseState ours) {
    if (!isTranscendental(i.form.operation()) || slot < Slots.ST || slot >= Slots.XMM) {
      return false;
    }
    int significand = slot - (slot - Slots.ST) % 2;
    int a = (int) Slots.get(host, significand + 1);
    int b = (int) Slots.get(ours, significand + 1);
    long x = Slots.get(host, significand);
    long y = Slots.get(ours, significand);
    if (a == b) {
      return Math.abs(x - y) <= LAST_PLACES;
    }
    // 1.000 with the higher exponent against 1.111 with the lower.
    long higher = a == b + 1 ? x : y;
    long lower = a == b + 1 ? y : x;
    return Math.abs(a - b) == 1 && higher - Long.MIN_VALUE <= 1 && -1 - lower <= LAST_PLACES;
  }

  /** Whether the last place of the result is the implementation's. */
  static boolean isTranscendental(Operation operation) {
    return switch (operation) {
      case FSIN, FCOS, FSINCOS, FPTAN, FPATAN, F2XM1, FYL2X, FYL2XP1 -> true;
      default -> false;
    };
  }

  /** Whether two values of a slot may differ as they do. */
  static boolean tolerated(Instruction i, int slot, long host, long ours) {
    if (slot >= Slots.SELECTOR && slot < Slots.FCW) {
      int segment = slot - Slots.SELECTOR;
      boolean data = segment != StateLayout.CS && segment != StateLayout.SS;
      return data && host == 0 && ours <= 3;
    }
    return switch (i.form.operation()) {
      case LAR -> slot == i.reg0 && ((host ^ ours) & ~0xf_0000L) == 0;
      case RCPPS, RCPSS, RSQRTPS, RSQRTSS ->
          slot >= Slots.XMM && slot < Slots.MEMORY && closeSingles(host, ours);
      case FSIN, FCOS, FSINCOS, FPTAN, FPATAN, F2XM1, FYL2X, FYL2XP1 ->
          slot == Slots.FSW && ((host ^ ours) & ~FSW_ROUNDING) == 0;
      default -> false;
    };
  }

  private static boolean closeSingles(long host, long ours) {
    return closeSingle((int) host, (int) ours)
        && closeSingle((int) (host >>> 32), (int) (ours >>> 32));
  }

  private static boolean closeSingle(int host, int ours) {
    if (host == ours) {
      return true;
    }
    double a = Float.intBitsToFloat(host);
    double b = Float.intBitsToFloat(ours);
    return Math.abs(a - b) <= 2 * APPROXIMATION * Math.abs(a);
  }

  /**
   * Whether the byte at window offset {@code offset} belongs to a field that an instruction stores
   * and that is not compared.
   *
   * @param operand window offset of the memory operand
   */
  static boolean ignoredByte(Instruction i, long operand, long offset) {
    long at = offset - operand;
    return switch (i.form.operation()) {
      case FXSAVE -> at >= 6 && at < 24 || at >= 28 && at < 32 || at >= 416 && at < 512;
      case FNSAVE, FNSTENV -> i.operandSize == 2 ? at >= 6 && at < 14 : at >= 12 && at < 28;
      default -> false;
    };
  }

  /** Whether {@link #ignoredByte} needs to be asked. */
  static boolean hasIgnoredBytes(Operation operation) {
    return operation == Operation.FXSAVE
        || operation == Operation.FNSAVE
        || operation == Operation.FNSTENV;
  }
}

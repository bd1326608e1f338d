package org.wardian.conformance.blocks;

import org.wardian.processor.Flags;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * Which status flags are undefined where in a block. A block in which an undefined flag is read has
 * no right result.
 */
final class FlagFlow {
  /** By item, and at the end: flags that may be undefined before it. */
  final int[] undefined;

  /** The first item that reads an undefined flag, or -1. */
  final int violation;

  FlagFlow(BlockCase block) {
    int count = block.items.size();
    undefined = new int[count + 1];
    boolean changed = true;
    while (changed) {
      changed = false;
      for (int n = 0; n < count; n++) {
        BlockItem item = block.items.get(n);
        int out = after(block.instructions[n], undefined[n]);
        if (item.erasable) {
          out |= undefined[n];
        }
        changed |= merge(n + 1, out);
        if (item.target >= 0) {
          changed |= merge(item.target, out);
        }
        if (indirect(block.instructions[n])) {
          changed |= anywhere(block, out);
        }
      }
    }
    int first = -1;
    for (int n = 0; n < count && first < 0; n++) {
      if ((reads(block.instructions[n]) & undefined[n]) != 0) {
        first = n;
      }
    }
    violation = first;
  }

  private static boolean indirect(Instruction i) {
    return switch (i.form.operation()) {
      case RET, IRET -> true;
      case JMP, CALL -> i.kind0 != Instruction.RELATIVE;
      default -> false;
    };
  }

  /** Merges into all places whose address the block takes. */
  private boolean anywhere(BlockCase block, int more) {
    boolean changed = false;
    for (int n = 0; n < block.items.size(); n++) {
      Operation op = block.instructions[n].form.operation();
      if (op == Operation.CALL) {
        changed |= merge(n + 1, more);
      } else if (op == Operation.LEA && block.items.get(n).target >= 0) {
        changed |= merge(block.items.get(n).target, more);
      }
    }
    return changed;
  }

  private boolean merge(int at, int more) {
    int old = undefined[at];
    undefined[at] |= more;
    return undefined[at] != old;
  }

  /** Flags that are undefined for an exception that shows {@code rip}. */
  int at(BlockCase block, long rip) {
    int all = 0;
    for (int n = 0; n < undefined.length; n++) {
      if (block.addresses[n] == rip) {
        // Where a repetition was interrupted, its flags may be those of any of its steps.
        boolean repeats = n < block.items.size() && repeats(block.instructions[n]);
        return repeats ? Flags.STATUS : undefined[n];
      }
      all |= undefined[n];
    }
    return all;
  }

  private static boolean repeats(Instruction i) {
    return (i.rep || i.repne) && i.form.repeatTestsZero();
  }

  private static int reads(Instruction i) {
    return switch (i.form.operation()) {
      case JCC, SETCC, CMOVCC -> condition(i.condition);
      // SYSCALL shows them in R11.
      case PUSHF, LAHF, SYSCALL -> Flags.STATUS;
      default -> i.form.flagsRead() & Flags.STATUS;
    };
  }

  private static int condition(int condition) {
    return switch (condition >> 1) {
      case 0 -> Flags.OF;
      case 1 -> Flags.CF;
      case 2 -> Flags.ZF;
      case 3 -> Flags.CF | Flags.ZF;
      case 4 -> Flags.SF;
      case 5 -> Flags.PF;
      case 6 -> Flags.SF | Flags.OF;
      default -> Flags.SF | Flags.OF | Flags.ZF;
    };
  }

  private static int after(Instruction i, int before) {
    int written = i.form.flagsWritten() & Flags.STATUS;
    int undefined = i.form.flagsUndefined() & Flags.STATUS;
    if (shifts(i.form.operation())) {
      boolean twice = i.operands == 3;
      int kind = twice ? i.kind2 : i.kind1;
      int more = i.form.flagsUndefinedUnlessOne() | i.form.flagsUndefinedFromWidth();
      if (kind == Instruction.REGISTER) {
        return before | undefined | more & Flags.STATUS;
      }
      int count = (int) i.immediate & (i.size0 == 8 ? 63 : 31);
      if (kind == Instruction.IMMEDIATE && count == 0) {
        return before;
      }
      if (kind == Instruction.IMMEDIATE && count != 1) {
        undefined |= more & Flags.STATUS;
      }
    }
    if (i.rep || i.repne) {
      // A count of zero leaves all as it was.
      return before | undefined;
    }
    return before & ~written | undefined;
  }

  static boolean shifts(Operation op) {
    return switch (op) {
      case SHL, SHR, SAR, ROL, ROR, RCL, RCR, SHLD, SHRD -> true;
      default -> false;
    };
  }
}

package org.wardian.processor.software.translator;

import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/** Whether the memory operands of instructions are allowed, and what is known of what they load. */
final class AccessChecker {
  private static final int FXSAVE_BYTES = 512;
  private static final long PAGE_MASK = -4096;

  /** {@link Instruction#base} of RIP-relative operands. */
  private static final int RIP = 17;

  private final StateRules rules;
  private final SymbolicValues values;
  private final HostRegisters registers;
  private final AddressChecker addresses;

  /** Address of the instruction behind the current one, and the constants that it may load. */
  private long next;

  private long dataStart;
  private long dataEnd;

  /** Changes whenever the state block may have changed. */
  private int loadEpoch;

  /** Changes whenever Java may have run. */
  private int callEpoch;

  /** Whether the word that holds a target was stored to since. */
  private boolean held;

  /** The number that was last stored for the way out, or -1. */
  int exit;

  AccessChecker(
      StateRules rules, SymbolicValues values, HostRegisters registers, AddressChecker addresses) {
    this.rules = rules;
    this.values = values;
    this.registers = registers;
    this.addresses = addresses;
  }

  /** Starts a block whose constants lie between two addresses. */
  void start(long dataStart, long dataEnd) {
    this.dataStart = dataStart;
    this.dataEnd = dataEnd;
    addresses.facts.clear();
    loadEpoch = 0;
    callEpoch = 0;
    held = false;
    exit = -1;
  }

  /** Code is entered from elsewhere, or other code ran. */
  void forget() {
    loadEpoch++;
    callEpoch++;
    held = false;
    exit = -1;
    addresses.facts.clear();
  }

  /** The address behind the instruction that is looked at now. */
  void next(long address) {
    next = address;
  }

  /** The memory operand's address, to {@code registers.value} and {@code registers.offset}. */
  void address(Instruction in) {
    registers.value = SymbolicValues.ZERO;
    registers.offset = in.displacement;
    if (in.base < 16) {
      registers.add(registers.value(in.base), registers.offset(in.base), 0);
    }
    if (in.index < 16) {
      registers.add(registers.value(in.index), registers.offset(in.index), in.scale);
    }
  }

  private static int memorySize(Instruction in) {
    return in.kind0 == Instruction.MEMORY
        ? in.size0
        : in.kind1 == Instruction.MEMORY ? in.size1 : in.size2;
  }

  /** Why the access to the memory operand is forbidden, or null. */
  String check(Instruction in, Operation operation) {
    boolean fxstate = operation == Operation.FXSAVE || operation == Operation.FXRSTOR;
    int size = fxstate ? FXSAVE_BYTES : memorySize(in);
    boolean write =
        in.kind0 == Instruction.MEMORY
            && HostOperations.writesFirst(in.operation)
            && (operation != Operation.IMUL || in.operands > 1);
    if (in.base == RIP) {
      long from = next + in.displacement;
      boolean inside = from >= dataStart && from + size <= dataEnd && size > 0;
      if (write || !inside || (from & in.form.alignment() - 1) != 0) {
        return "RIP-relative access outside the constants";
      }
      return isControlLoad(operation) ? "control word from a constant" : null;
    }
    address(in);
    addresses.resolve(registers.value, registers.offset);
    switch (operation) {
      case BT, BTS, BTR, BTC -> {
        if (in.kind1 == Instruction.REGISTER) {
          return "bit string in memory";
        }
      }
      case PUSH, POP -> {
        if (!addresses.isStateField() || in.operandSize != 8) {
          return "stack operation on memory outside the state block";
        }
      }
      default -> {
        if (isControlLoad(operation) && !addresses.isControlWord(size)) {
          return "control word from elsewhere";
        }
      }
    }
    if (write && addresses.touchesHeld(size)) {
      return storeHeld(in, operation, size);
    }
    if (write && addresses.touchesConstant(size)) {
      stored();
      return isPlainStore(in, operation) && addresses.mayStoreConstant(in.immediate, size)
          ? null
          : "no constant where only these are allowed";
    }
    // A locked access across cache lines is a fault on some hosts.
    boolean locked = in.lock || operation == Operation.XCHG;
    int alignment = locked ? Math.max(size, in.form.alignment()) : in.form.alignment();
    String violation = addresses.check(write, size, alignment, registers.pushed);
    if (violation == null && write) {
      stored();
      if (addresses.isExitNumber()) {
        exit = isPlainStore(in, operation) && size == 4 ? (int) in.immediate : -1;
      }
    }
    return violation;
  }

  private static boolean isPlainStore(Instruction in, Operation operation) {
    return operation == Operation.MOV && in.kind1 == Instruction.IMMEDIATE;
  }

  private String storeHeld(Instruction in, Operation operation, int size) {
    boolean code =
        operation == Operation.MOV
            && size == 8
            && addresses.isHeld()
            && in.kind1 == Instruction.REGISTER
            && registers.offset(in.reg1) == 0
            && values.isCode(registers.value(in.reg1));
    held = code;
    loadEpoch++;
    return code ? null : "no code address kept";
  }

  private static boolean isControlLoad(Operation operation) {
    return operation == Operation.LDMXCSR
        || operation == Operation.FLDCW
        || operation == Operation.FXRSTOR;
  }

  /** Forgets what a store to the resolved address changes. */
  private void stored() {
    if (addresses.isState()) {
      loadEpoch++;
    } else if (addresses.isStack()) {
      registers.forgetStack();
    }
  }

  /** Whether the operand is a plain word of the state block that may be read, or written. */
  boolean isPlain(Instruction in, int size, boolean write) {
    boolean field = in.base == HostRegister.RBP && in.index > 15;
    return field
        && (write
            ? rules.isPlainWrite(in.displacement, size)
            : rules.isPlainRead(in.displacement, size));
  }

  /** Whether the operand is guest memory that was probed; no alignment is asked for. */
  boolean isProbed(Instruction in, int size, boolean write) {
    if (in.base > 15 || in.base == HostRegister.RBP) {
      return false;
    }
    address(in);
    addresses.resolve(registers.value, registers.offset);
    return addresses.isProbed(size, write);
  }

  /** What a plain word of the state block holds. */
  int loadPlain(Instruction in, int size) {
    return values.load(size, in.displacement, loadEpoch);
  }

  void storePlain() {
    loadEpoch++;
  }

  /** The result of a load, to {@code registers.value} and {@code registers.offset}. */
  void load(Instruction in, int size) {
    registers.offset = 0;
    long possible = size == 8 ? -1 : (1L << 8 * size) - 1;
    if (in.base == RIP) {
      registers.value = values.unknown(possible);
      return;
    }
    address(in);
    addresses.resolve(registers.value, registers.offset);
    registers.offset = 0;
    if (addresses.isStack()) {
      registers.loadStack(addresses.displacement(), size);
      return;
    }
    int entry = size == 8 ? addresses.entryAt(addresses.addend(), callEpoch) : -1;
    if (entry >= 0) {
      registers.value = values.addend(entry);
      return;
    }
    registers.value =
        addresses.isStateField() && !addresses.isShared(size)
            ? values.load(size, addresses.displacement(), loadEpoch)
            : values.unknown(possible);
    if (size == 8 && addresses.isKey()) {
      registers.value = SymbolicValues.KEY;
    } else if (size == 8 && (addresses.isCodePointer() || held && addresses.isHeld())) {
      // Made anew: the same load on another way may be none.
      registers.value = values.unknown(-1);
      values.markCode(registers.value);
    }
  }

  /** Why a string operation is forbidden, or null; its registers become unknown. */
  String checkString(Instruction in, Operation operation) {
    if (in.addressSize != 8) {
      return "32-bit address";
    }
    long count = 1;
    if (in.rep) {
      int rcx = HostRegister.RCX;
      count = values.upper(registers.value(rcx), registers.offset(rcx));
      if (count < 0 || count > Integer.MAX_VALUE) {
        return "unbounded repetition";
      }
      registers.setUnknown(rcx, -1);
    }
    long size = Math.max(1, count) * in.size0;
    String violation = checkPointer(HostRegister.RDI, true, size);
    stored();
    registers.setUnknown(HostRegister.RDI, -1);
    if (violation == null && operation == Operation.MOVS) {
      violation = checkPointer(HostRegister.RSI, false, size);
      registers.setUnknown(HostRegister.RSI, -1);
    }
    return violation;
  }

  private String checkPointer(int register, boolean write, long size) {
    addresses.resolve(registers.value(register), registers.offset(register));
    return addresses.check(write, size, 1, registers.pushed);
  }

  /** Whether an indirect branch through the operand ends at verified code. */
  boolean isCode(Instruction in) {
    if (in.kind0 == Instruction.REGISTER) {
      return registers.offset(in.reg0) == 0 && values.isCode(registers.value(in.reg0));
    }
    if (in.base == RIP || in.addressSize != 8 || in.segmentOverride && in.segment < 6) {
      return false;
    }
    address(in);
    addresses.resolve(registers.value, registers.offset);
    return addresses.isCodePointer() || held && addresses.isHeld();
  }

  /** Follows a comparison of a register with memory that tells something; false if it does not. */
  boolean compare(Instruction in, int register) {
    if (in.base == RIP || in.size0 != 8) {
      return false;
    }
    int left = registers.value(register);
    if (left == SymbolicValues.ZERO) {
      return compareConstant(in, registers.offset(register));
    }
    if (registers.offset(register) != 0) {
      return false;
    }
    int kind = values.kind(left);
    if (kind != SymbolicValues.KIND_MASKED && kind != SymbolicValues.KIND_KEYED) {
      return false;
    }
    address(in);
    addresses.resolve(registers.value, registers.offset);
    if (kind == SymbolicValues.KIND_KEYED) {
      int entry = addresses.jumpEntry(left);
      if (entry >= 0) {
        registers.flagsOfEntry(HostRegisters.FLAGS_JUMP, left, 0, entry);
      }
      return entry >= 0;
    }
    if (values.mask(left) != PAGE_MASK) {
      return false;
    }
    int term = values.first(left);
    return compareTag(values.termValue(term), values.termOffset(term));
  }

  /** The same of a constant with memory. */
  boolean compareConstant(Instruction in, long constant) {
    if (in.base == RIP || in.size0 != 8 || (constant & ~PAGE_MASK) != 0) {
      return false;
    }
    address(in);
    addresses.resolve(registers.value, registers.offset);
    return compareTag(SymbolicValues.ZERO, constant);
  }

  /** Of the page of an address with the resolved place. */
  private boolean compareTag(int address, long offset) {
    int flags = HostRegisters.FLAGS_WRITE_TAG;
    int entry = addresses.entryAt(addresses.writeTag(), callEpoch);
    if (entry < 0) {
      flags = HostRegisters.FLAGS_READ_TAG;
      entry = addresses.entryAt(addresses.readTag(), callEpoch);
    }
    if (entry >= 0) {
      registers.flagsOfEntry(flags, address, offset, entry);
    }
    return entry >= 0;
  }

  /** Whether the operand is the word that says whether the x87 registers are live. */
  boolean isLiveness(Instruction in) {
    if (in.base == RIP || in.size0 != 4) {
      return false;
    }
    address(in);
    addresses.resolve(registers.value, registers.offset);
    return addresses.isLiveness();
  }
}

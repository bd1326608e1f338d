package org.wardian.processor.software.translator;

import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/** Whether the memory operands of instructions are allowed, and what is known of what they load. */
final class AccessChecker {
  private static final int FXSAVE_BYTES = 512;

  /** {@link Instruction#base} of RIP-relative operands. */
  private static final int RIP = 17;

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

  AccessChecker(SymbolicValues values, HostRegisters registers, AddressChecker addresses) {
    this.values = values;
    this.registers = registers;
    this.addresses = addresses;
  }

  /** Starts a block whose constants lie between two addresses. */
  void start(long dataStart, long dataEnd) {
    this.dataStart = dataStart;
    this.dataEnd = dataEnd;
    addresses.clear();
    loadEpoch = 0;
    callEpoch = 0;
  }

  /** Code is entered from elsewhere, or other code ran. */
  void forget() {
    loadEpoch++;
    callEpoch++;
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
    String violation = addresses.check(write, size, in.form.alignment(), registers.pushed);
    if (violation == null && write) {
      stored();
    }
    return violation;
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
    if (size == 8 && addresses.isCodePointer()) {
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
    return addresses.isCodePointer();
  }

  /**
   * The value of an XOR with memory, if that is the tag of the TLB entry that the address in the
   * first operand selects; else -1.
   */
  int tagXor(Instruction in) {
    if (in.kind0 != Instruction.REGISTER
        || in.kind1 != Instruction.MEMORY
        || in.size0 != 8
        || in.base == RIP) {
      return -1;
    }
    address(in);
    addresses.resolve(registers.value, registers.offset);
    boolean write = true;
    int entry = addresses.entryAt(addresses.writeTag(), callEpoch);
    if (entry < 0) {
      write = false;
      entry = addresses.entryAt(addresses.readTag(), callEpoch);
    }
    int address = registers.value(in.reg0);
    long offset = registers.offset(in.reg0);
    return entry >= 0 && addresses.selects(address, offset, entry)
        ? values.tagXor(address, offset, entry, write)
        : -1;
  }
}

package org.wardian.processor.software;

import static org.wardian.processor.software.HostState.STATE;
import static org.wardian.processor.software.HostState.T0;

import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;
import org.wardian.processor.software.translator.HostRegister;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * Where the guest's status flags are while a block is written: in the host's, parked in the state
 * block as a copy of the host's, or described by the operands of the operation that made them.
 *
 * <p>While these operands are still in their registers a description costs nothing: it is written
 * down in the cold code of the instructions that may leave, and in the block's own only when a
 * register is about to change or the block ends.
 */
final class FlagKeeper {
  private static final int RAX = HostRegister.RAX;

  /**
   * Where a described operand is: a guest register, a number, the state block, or to be derived.
   */
  private static final int REGISTER = 0;

  private static final int NUMBER = 1;
  private static final int WRITTEN = 2;

  /** First operand: the result less the second one, or together with it. */
  private static final int RESULT_LESS = 3;

  private static final int RESULT_PLUS = 4;

  /** Flags by the operands of what made them; registers are the guest's. */
  private record Description(
      int writer, int kind, int size, int first, int firstRegister, int second, long value) {
    boolean uses(int register) {
      return first != WRITTEN && first != NUMBER && firstRegister == register
          || second == REGISTER && value == register;
    }
  }

  /** That the host's flags must be copied. */
  private static final Object PARK = "park";

  private final HostAssembler a;
  private GuestBlock block;

  /** Whether the host's flags are the guest's. */
  private boolean inHost;

  /** Whether {@link HostState#FLAG_A} holds the guest's flags, whatever the recipe says. */
  private boolean parked;

  /** Whether the state block tells the guest's flags. */
  private boolean written;

  /** What the state block does not say yet, or null. */
  private Description described;

  /** The same at the start of each instruction, for its cold code. */
  private final Description[] cold = new Description[GuestBlock.LIMIT];

  // Places that ask for parked flags: label of the cold code, and where to come back.
  private final int[] askLabel = new int[GuestBlock.LIMIT];
  private final int[] askEntry = new int[GuestBlock.LIMIT];
  private int asks;

  FlagKeeper(HostAssembler a) {
    this.a = a;
  }

  private static long state(int offset) {
    return HostMemory.at(STATE, offset);
  }

  private static long register(int guest) {
    return state(StateLayout.GPR + 8 * guest);
  }

  private static int host(int guest) {
    return HostState.REGISTERS[guest];
  }

  void start(GuestBlock guest) {
    block = guest;
    inHost = false;
    parked = false;
    written = true;
    described = null;
    asks = 0;
  }

  /** The host's flags are not the guest's any more. */
  void lost() {
    inHost = false;
  }

  // ---- for each instruction ---------------------------------------------------------------------

  /** Instruction {@code n} comes next: notes what its cold code has to say. */
  void before(int n) {
    cold[n] = described;
    if (described == null || block.writes[n] != 0) {
      return;
    }
    if (changes(block.instructions[n], described)) {
      if (needed(described.writer, n + 1)) {
        write(described);
        written = true;
      }
      described = null;
    }
  }

  /** Everything must be in the state block: Java comes next, or another block. */
  void settle() {
    if (described != null) {
      write(described);
      written = true;
      described = null;
    }
  }

  /** The same for the end of the block, where flags that nobody sees may be left out. */
  void end() {
    if (described != null && block.reaches[described.writer]) {
      write(described);
    }
    described = null;
  }

  /** Java has had the flags. */
  void elsewhere() {
    inHost = false;
    parked = false;
    written = true;
    described = null;
  }

  /** What must still be written, at a conditional jump, where it leads; null if nothing. */
  Object beside() {
    return described != null ? described : written ? null : PARK;
  }

  /** Writes it, in the cold code of the jump. */
  void writeBeside(Object what) {
    if (what instanceof Description d) {
      write(d);
    } else {
      writeParked();
    }
  }

  /** In the cold code of instruction {@code n}. */
  void leaving(int n) {
    if (cold[n] != null) {
      write(cold[n]);
    }
  }

  private boolean needed(int writer, int from) {
    return block.reaches[writer] || block.until[writer] >= from;
  }

  /** Whether {@code i}, which writes no flags, may change a register that {@code d} names. */
  private static boolean changes(Instruction i, Description d) {
    Operation op = GuestBlock.operation(i);
    return switch (op) {
      case NOP, PAUSE, LFENCE, MFENCE, SFENCE, JCC, JMP -> false;
      case PUSH, CALL, RET -> d.uses(4);
      case LEAVE -> d.uses(4) || d.uses(5);
      case POP -> d.uses(4) || d.uses(i.reg0);
      case MOV, MOVZX, MOVSX, MOVSXD, MOVNTI, LEA, CMOVCC, SETCC, BSWAP, NOT ->
          (i.kind0 == Instruction.REGISTER || i.kind0 == Instruction.HIGH_BYTE) && d.uses(i.reg0);
      default ->
          !(i.kind0 == Instruction.XMM
              || i.kind0 == Instruction.MEMORY && i.kind1 == Instruction.XMM);
    };
  }

  /** Writes a description to the state block; the host's flags survive, T0 does not. */
  private void write(Description d) {
    int base = d.firstRegister;
    switch (d.first) {
      case REGISTER -> a.movStore(8, state(HostState.FLAG_A), valueOf(base));
      case NUMBER -> a.movStoreImmediate(8, state(HostState.FLAG_A), 0);
      case RESULT_LESS -> {
        if (d.second == NUMBER) {
          a.lea(8, T0, HostMemory.at(valueOf(base), (int) -d.value));
        } else {
          // Without a subtraction, for the sake of the flags: a + ~b + 1.
          fetch(T0, (int) d.value);
          a.unary(HostAssembler.NOT, 8, T0);
          if (host(base) < 0) {
            throw new IllegalStateException("both in memory");
          }
          a.lea(8, T0, HostMemory.at(host(base), T0, 0, 1));
        }
        a.movStore(8, state(HostState.FLAG_A), T0);
      }
      case RESULT_PLUS -> {
        if (d.second == NUMBER) {
          a.lea(8, T0, HostMemory.at(valueOf(base), (int) d.value));
        } else {
          fetch(T0, (int) d.value);
          a.lea(8, T0, HostMemory.at(host(base), T0, 0, 0));
        }
        a.movStore(8, state(HostState.FLAG_A), T0);
      }
      default -> {}
    }
    if (d.second == REGISTER) {
      a.movStore(8, state(HostState.FLAG_B), valueOf((int) d.value));
    } else if (d.second == NUMBER) {
      a.movStoreImmediate(8, state(HostState.FLAG_B), (int) d.value);
    }
    a.movStoreImmediate(4, state(HostState.RECIPE), FlagRecipe.of(d.kind, d.size));
  }

  /** The host register with a guest register's value: its own, or T0. */
  private int valueOf(int guest) {
    if (host(guest) >= 0) {
      return host(guest);
    }
    a.movLoad(8, T0, register(guest));
    return T0;
  }

  private void fetch(int to, int guest) {
    if (host(guest) < 0) {
      a.movLoad(8, to, register(guest));
    } else {
      a.mov(8, to, host(guest));
    }
  }

  // ---- what an instruction leaves ---------------------------------------------------------------

  /**
   * Before instruction {@code n} computes, with its memory operand's address known: finds out how
   * its flags can be described.
   *
   * @param operand host address of its memory operand
   * @return what to pass to {@link #after}; null where they cannot, or need not
   */
  Object describe(int n, Instruction i, long operand) {
    if (block.writes[n] == 0 || !block.kept[n] || block.parked[n]) {
      return null;
    }
    Operation op = GuestBlock.operation(i);
    int kind =
        switch (op) {
          case ADD -> FlagRecipe.ADD;
          case SUB, CMP -> FlagRecipe.SUB;
          case AND, TEST, OR, XOR -> FlagRecipe.AND;
          default -> FlagRecipe.NONE;
        };
    if (kind == FlagRecipe.NONE) {
      return null;
    }
    int size = i.size0;
    boolean register = i.kind0 == Instruction.REGISTER;
    boolean plain = register && i.kind1 != Instruction.HIGH_BYTE;
    if (op == Operation.AND || op == Operation.OR || op == Operation.XOR) {
      return plain ? new Description(n, kind, size, REGISTER, i.reg0, REGISTER, i.reg0) : null;
    }
    boolean number = i.kind1 == Instruction.IMMEDIATE && i.immediate == (int) i.immediate;
    boolean second = number || i.kind1 == Instruction.REGISTER;
    int how = number ? NUMBER : REGISTER;
    long value = number ? i.immediate : i.reg1;
    if (op == Operation.CMP || op == Operation.TEST) {
      if (plain && second) {
        return new Description(n, kind, size, REGISTER, i.reg0, how, value);
      }
      if (plain && i.kind1 == Instruction.MEMORY) {
        a.movLoad(size, T0, operand);
        overwrite(HostState.FLAG_B, T0);
        return new Description(n, kind, size, REGISTER, i.reg0, WRITTEN, 0);
      }
      if (i.kind0 == Instruction.MEMORY && second) {
        a.movLoad(size, T0, operand);
        overwrite(HostState.FLAG_A, T0);
        return new Description(n, kind, size, WRITTEN, 0, how, value);
      }
      return null;
    }
    if (i.kind0 == Instruction.MEMORY) {
      if (i.lock || !second || !number && host(i.reg1) < 0) {
        return null;
      }
      a.movLoad(size, T0, operand);
      overwrite(HostState.FLAG_A, T0);
      return new Description(n, kind, size, WRITTEN, 0, how, value);
    }
    if (!plain || !second) {
      return null;
    }
    boolean same = !number && i.reg1 == i.reg0;
    boolean derivable = !same && (number ? i.immediate != Integer.MIN_VALUE : host(i.reg0) >= 0);
    if (derivable && !block.reaches[n]) {
      int first = op == Operation.ADD ? RESULT_LESS : RESULT_PLUS;
      return new Description(n, kind, size, first, i.reg0, how, value);
    }
    overwrite(HostState.FLAG_A, valueOf(i.reg0));
    if (same) {
      overwrite(HostState.FLAG_B, valueOf(i.reg0));
      return new Description(n, kind, size, WRITTEN, 0, WRITTEN, 0);
    }
    return new Description(n, kind, size, WRITTEN, 0, how, value);
  }

  private void overwrite(int word, int host) {
    a.movStore(8, state(word), host);
    parked = false;
  }

  /** Instruction {@code n} has computed. */
  void after(int n, Object description) {
    if (block.writes[n] == 0) {
      return;
    }
    inHost = true;
    parked = false;
    written = false;
    described = (Description) description;
    if (described == null && (block.kept[n] || block.parked[n])) {
      park();
    }
  }

  private void park() {
    writeParked();
    parked = true;
    written = true;
  }

  private void writeParked() {
    a.mov(8, T0, RAX);
    a.lahf();
    a.setcc(HostCondition.OVERFLOW, RAX);
    a.movStore(2, state(HostState.FLAG_A), RAX);
    a.mov(8, RAX, T0);
    a.movStoreImmediate(4, state(HostState.RECIPE), FlagRecipe.PARKED);
  }

  /**
   * Brings the guest's flags into the host's, from where they are parked.
   *
   * @param entry offset at which the instruction can be entered again
   */
  void restore(int entry) {
    if (inHost) {
      return;
    }
    parkWritten(entry);
    a.mov(8, T0, RAX);
    a.movzxLoad(4, RAX, 2, state(HostState.FLAG_A));
    // 1 + 127 overflows, 0 + 127 does not; AH, which is above, stays.
    a.aluImmediate(HostAssembler.ADD, 1, RAX, 127);
    a.sahf();
    a.mov(8, RAX, T0);
    inHost = true;
  }

  /**
   * Brings the guest's flags to where they are parked, from the state block: an instruction that
   * can be entered again does not find them in the host's.
   *
   * @param entry offset at which the instruction can be entered again
   */
  void parkWritten(int entry) {
    settle();
    if (parked) {
      return;
    }
    // Anew from the start: the temporaries do not outlive the way there.
    askEntry[asks] = entry;
    askLabel[asks] = a.newLabel();
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(HostState.RECIPE), FlagRecipe.PARKED);
    a.jcc(HostCondition.NOT_EQUAL, askLabel[asks]);
    asks++;
    parked = true;
  }

  // ---- cold code --------------------------------------------------------------------------------

  /** How many places ask for parked flags. */
  int asks() {
    return asks;
  }

  /** The label of the cold code of one. */
  int askLabel(int k) {
    return askLabel[k];
  }

  /** Offset of the instruction that asks. */
  int askEntry(int k) {
    return askEntry[k];
  }
}

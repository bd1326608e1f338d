package org.wardian.processor.software;

import static org.wardian.processor.software.HostState.STATE;
import static org.wardian.processor.software.HostState.T0;
import static org.wardian.processor.software.HostState.T1;
import static org.wardian.processor.software.translator.HostRegister.R12;
import static org.wardian.processor.software.translator.HostRegister.R13;
import static org.wardian.processor.software.translator.HostRegister.R14;
import static org.wardian.processor.software.translator.HostRegister.R15;
import static org.wardian.processor.software.translator.HostRegister.RAX;
import static org.wardian.processor.software.translator.HostRegister.RBP;
import static org.wardian.processor.software.translator.HostRegister.RBX;
import static org.wardian.processor.software.translator.HostRegister.RCX;
import static org.wardian.processor.software.translator.HostRegister.RDI;

import org.wardian.host.Mapping;
import org.wardian.host.NativeFunction;
import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;
import org.wardian.x86.StateLayout;

/** The executable memory of one vCPU: the ways in and out, and room for blocks. */
final class HostCode implements AutoCloseable {
  /** The most bytes of emitted code, and the least. */
  private static final long MOST = 64L << 20;

  private static final long LEAST = 16L << 20;

  /** What all vCPUs of a machine share, as long as that gives each the least. */
  private static final long ALL = 128L << 20;

  /** Bytes in front of the blocks. */
  private static final int SHARED = 8192;

  private static final int[] SAVED = {RBX, RBP, R12, R13, R14, R15};
  private static final int MOVUPS_LOAD = 0x10;
  private static final int MOVUPS_STORE = 0x11;

  /** ModRM of FNINIT. */
  private static final int FNINIT = 0xe3;

  private final Mapping mapping;
  private final NativeFunction entry;
  private final long leave;
  private final long park;
  private final SystemRoutines routines;
  private final long blocks;
  private long free;

  /**
   * @param vcpus how many the machine has
   */
  HostCode(int vcpus) {
    mapping = Mapping.executable(Math.clamp(ALL / vcpus, LEAST, MOST));
    HostAssembler a = new HostAssembler();
    a.start(mapping.address(), SHARED, mapping.address());
    in(a);
    a.align(16);
    leave = a.address();
    out(a);
    a.align(16);
    park = a.address();
    park(a, leave);
    routines = new SystemRoutines(a, leave, park);
    entry = NativeFunction.at(mapping.address());
    blocks = mapping.address() + SHARED;
    free = blocks;
  }

  private static long state(int offset) {
    return HostMemory.at(STATE, offset);
  }

  /** From Java: the argument is the state block; jumps to {@link HostState#TARGET}. */
  private static void in(HostAssembler a) {
    for (int register : SAVED) {
      a.push(register);
    }
    a.mov(8, RBP, RDI);
    a.stmxcsr(state(HostState.HOST_MXCSR));
    int dead = a.newLabel();
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(HostState.X87_LIVE), 0);
    a.jcc(HostCondition.EQUAL, dead);
    a.fxrstor(false, state(HostState.x87Image()));
    a.bind(dead);
    a.ldmxcsr(state(StateLayout.MXCSR));
    loadVectors(a);
    for (int i = 0; i < 16; i++) {
      if (HostState.REGISTERS[i] >= 0) {
        a.movLoad(8, HostState.REGISTERS[i], state(StateLayout.GPR + 8 * i));
      }
    }
    a.jmpLoad(state(HostState.TARGET));
  }

  static void loadVectors(HostAssembler a) {
    moveVectors(a, MOVUPS_LOAD);
  }

  static void storeVectors(HostAssembler a) {
    moveVectors(a, MOVUPS_STORE);
  }

  private static void moveVectors(HostAssembler a, int opcode) {
    for (int i = 0; i < 16; i++) {
      long at = state(StateLayout.VECTOR + i * StateLayout.VECTOR_STRIDE);
      a.sseMemory(HostAssembler.NO_PREFIX, HostAssembler.M0F, opcode, i, at);
    }
  }

  /** Back to Java; the state block then holds all registers. */
  private static void out(HostAssembler a) {
    for (int i = 0; i < 16; i++) {
      if (HostState.REGISTERS[i] >= 0) {
        a.movStore(8, state(StateLayout.GPR + 8 * i), HostState.REGISTERS[i]);
      }
    }
    storeVectors(a);
    int dead = a.newLabel();
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(HostState.X87_LIVE), 0);
    a.jcc(HostCondition.EQUAL, dead);
    a.fxsave(false, state(HostState.x87Image()));
    // Empty registers and this control word are what the ABI wants.
    a.x87(0xdb, FNINIT);
    a.bind(dead);
    a.stmxcsr(state(StateLayout.MXCSR));
    a.ldmxcsr(state(HostState.HOST_MXCSR));
    for (int n = SAVED.length - 1; n >= 0; n--) {
      a.pop(SAVED[n]);
    }
    a.ret();
  }

  /**
   * Turns a recipe, or the interpreter's words, into {@link FlagRecipe#PARKED} and goes on at T0.
   * The host's flags and the temporaries are lost.
   */
  private static void park(HostAssembler a, long leave) {
    a.movLoad(4, T1, state(HostState.RECIPE));
    a.aluImmediate(HostAssembler.SUB, 4, T1, FlagRecipe.FIRST);
    int lazy = a.newLabel();
    a.movStore(8, state(HostState.HELD), RAX);
    a.jcc(HostCondition.BELOW, lazy);
    a.shift(HostAssembler.SHL, 4, T1, 5);
    int table = a.newLabel();
    int park = a.newLabel();
    a.lea(8, RAX, HostMemory.label(table));
    a.alu(HostAssembler.ADD, 8, RAX, T1);
    a.jmpRegister(RAX);
    a.align(32);
    a.bind(table);
    for (int recipe = FlagRecipe.FIRST;
        recipe < FlagRecipe.FIRST + FlagRecipe.OPERATIONS;
        recipe++) {
      // Each takes at most 21 bytes of the 32 that its start is away from the last one's.
      int size = FlagRecipe.size(recipe);
      a.movLoad(8, T1, state(HostState.FLAG_A));
      switch (FlagRecipe.kind(recipe)) {
        case FlagRecipe.ADD -> a.aluLoad(HostAssembler.ADD, size, T1, state(HostState.FLAG_B));
        case FlagRecipe.SUB -> a.aluLoad(HostAssembler.CMP, size, T1, state(HostState.FLAG_B));
        default -> a.testStore(size, state(HostState.FLAG_B), T1);
      }
      a.jmp(park);
      a.align(32);
    }
    a.bind(park);
    a.lahf();
    a.setcc(HostCondition.OVERFLOW, RAX);
    a.movStore(2, state(HostState.FLAG_A), RAX);
    a.movStoreImmediate(4, state(HostState.RECIPE), FlagRecipe.PARKED);
    a.movLoad(8, RAX, state(HostState.HELD));
    a.jmpRegister(T0);
    a.bind(lazy);
    parkLazy(a);
  }

  /** Parks what {@link org.wardian.processor.Flags} computes from its two words. */
  private static void parkLazy(HostAssembler a) {
    long result = state(StateLayout.FLAG_RESULT);
    a.movStore(8, state(SystemWords.SPILL), RCX);
    a.movLoad(8, T1, state(StateLayout.FLAG_AUX));
    // PF
    a.mov(8, RCX, T1);
    a.shift(HostAssembler.SHR, 8, RCX, 8);
    a.aluLoad(HostAssembler.XOR, 8, RCX, result);
    a.test(1, RCX, RCX);
    a.setcc(HostCondition.PARITY, RCX);
    a.movzx(4, RCX, 1, RCX);
    a.shift(HostAssembler.SHL, 4, RCX, 2);
    // ZF
    a.aluStoreImmediate(HostAssembler.CMP, 8, result, 0);
    a.setcc(HostCondition.EQUAL, RAX);
    a.movzx(4, RAX, 1, RAX);
    a.shift(HostAssembler.SHL, 4, RAX, 6);
    a.alu(HostAssembler.OR, 4, RCX, RAX);
    // SF
    a.movLoad(8, RAX, result);
    a.shift(HostAssembler.SHR, 8, RAX, 63);
    a.alu(HostAssembler.XOR, 4, RAX, T1);
    a.aluImmediate(HostAssembler.AND, 4, RAX, 1);
    a.shift(HostAssembler.SHL, 4, RAX, 7);
    a.alu(HostAssembler.OR, 4, RCX, RAX);
    // AF
    a.mov(4, RAX, T1);
    a.aluImmediate(HostAssembler.AND, 4, RAX, 8);
    a.shift(HostAssembler.SHL, 4, RAX, 1);
    a.alu(HostAssembler.OR, 4, RCX, RAX);
    // CF
    a.mov(8, RAX, T1);
    a.shift(HostAssembler.SHR, 8, RAX, 63);
    a.alu(HostAssembler.OR, 4, RCX, RAX);
    a.movStore(1, state(HostState.FLAG_A + 1), RCX);
    // OF
    a.mov(8, RAX, T1);
    a.shift(HostAssembler.SHL, 8, RAX, 1);
    a.alu(HostAssembler.XOR, 8, RAX, T1);
    a.shift(HostAssembler.SHR, 8, RAX, 63);
    a.movStore(1, state(HostState.FLAG_A), RAX);
    a.movStoreImmediate(4, state(HostState.RECIPE), FlagRecipe.PARKED);
    a.movLoad(8, RCX, state(SystemWords.SPILL));
    a.movLoad(8, RAX, state(HostState.HELD));
    a.jmpRegister(T0);
  }

  /** Where emitted code goes, with the way back in T0, to have the flags parked. */
  long park() {
    return park;
  }

  /** What emitted code shares for system and string instructions. */
  SystemRoutines routines() {
    return routines;
  }

  /** Where emitted code goes to leave. */
  long leave() {
    return leave;
  }

  /** Runs emitted code until it leaves. */
  void run(long state) {
    entry.call(state);
  }

  /** Where the next block goes. */
  long next() {
    return free;
  }

  /** Bytes that are left. */
  int room() {
    return (int) Math.min(mapping.address() + mapping.size() - free, 1 << 20);
  }

  /** Takes {@code bytes} from {@link #next}. */
  void take(int bytes) {
    free += bytes + 15 & -16L;
  }

  /** Bytes in use. */
  long used() {
    return free - blocks;
  }

  /** Gives all blocks back. */
  void clear() {
    free = blocks;
  }

  @Override
  public void close() {
    mapping.close();
  }
}

package org.wardian.processor.software.translator;

import static org.wardian.processor.software.translator.HostRegister.R14;
import static org.wardian.processor.software.translator.HostRegister.R15;
import static org.wardian.processor.software.translator.HostRegister.R8;
import static org.wardian.processor.software.translator.HostRegister.RAX;
import static org.wardian.processor.software.translator.HostRegister.RBP;
import static org.wardian.processor.software.translator.HostRegister.RBX;
import static org.wardian.processor.software.translator.HostRegister.RCX;
import static org.wardian.processor.software.translator.HostRegister.RDI;
import static org.wardian.processor.software.translator.HostRegister.RDX;
import static org.wardian.processor.software.translator.HostRegister.RSI;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.wardian.x86.StateLayout;

/** Blocks as the translator will write them, with a state block and a TLB of their own layout. */
final class GoodBlocks {
  /** Offsets in the state block. */
  static final int TLB = 0x800;

  static final int TLB_ENTRIES = 64;
  static final int ENTRY = 32;
  static final int READ_TAG = 0;
  static final int WRITE_TAG = 8;
  static final int ADDEND = 16;
  static final int SLOT = 0x1000;
  static final int POINTERS = 0x1100;
  static final int POINTERS_END = 0x1140;

  /** The table of jump targets, its key, and the words with a meaning of their own. */
  static final int JUMPS = 0x1200;

  static final int JUMP_ENTRIES = 32;
  static final int KEY = 0x1180;
  static final int LIVE = 0x1190;
  static final int NUMBER = 0x1194;
  static final int CONSTANT = 0x1198;
  static final int HELD = 0x11a0;
  static final int CONSTANT_END = 20;

  /** What {@link #rules} allow to store to: pairs of a first and a last offset (excluded). */
  static final int[] WRITABLE = {
    StateLayout.GPR, StateLayout.ZERO,
    StateLayout.SCRATCH, StateLayout.EFLAGS,
    StateLayout.ST, StateLayout.MTRR_VARIABLE,
  };

  /** What else they may change, in a way of its own. */
  static final int[] CHANGED = {
    NUMBER, NUMBER + 4,
    CONSTANT, CONSTANT + 4,
    HELD, HELD + 8,
  };

  private static final int PAGE_MASK = -4096;
  private static final int INDEX_MASK = (TLB_ENTRIES - 1) * ENTRY;

  private final HostAssembler a;
  private final BlockRules rules;
  private final long exit;

  /** Blocks that leave to {@code exit}, written by {@code a}, declared in {@code rules}. */
  GoodBlocks(HostAssembler a, BlockRules rules, long exit) {
    this.a = a;
    this.rules = rules;
    this.exit = exit;
  }

  static StateRules rules() {
    StateRules rules =
        new StateRules()
            .readable(0, StateLayout.ARCHITECTURAL_SIZE)
            .shared(StateLayout.PENDING, StateLayout.PENDING + 4)
            .controlWords(StateLayout.MXCSR, StateLayout.MXCSR + 4)
            .tlb(TLB, TLB_ENTRIES, ENTRY, READ_TAG, WRITE_TAG, ADDEND)
            .slot(SLOT)
            .codePointers(POINTERS, POINTERS_END)
            .jumpTable(JUMPS, JUMP_ENTRIES, KEY)
            .heldTarget(HELD)
            .liveness(LIVE)
            .exitNumber(NUMBER)
            .constants(CONSTANT, CONSTANT_END);
    for (int i = 0; i < WRITABLE.length; i += 2) {
      rules.writable(WRITABLE[i], WRITABLE[i + 1]);
    }
    return rules;
  }

  /** Each block by its name; the runnable writes it. */
  Map<String, Runnable> all() {
    Map<String, Runnable> all = new LinkedHashMap<>();
    all.put("registers and state", () -> block(this::registersAndState));
    all.put("load", () -> block(b -> load()));
    all.put("indexed store", () -> block(b -> indexedStore()));
    all.put("group of stores", () -> block(b -> group()));
    all.put("slot", () -> block(b -> slot()));
    all.put("locked", () -> block(b -> locked()));
    all.put("32-bit address", () -> block(b -> narrow()));
    all.put("aligned vector", () -> block(b -> aligned()));
    all.put("unsigned division", () -> block(b -> unsignedDivision()));
    all.put("signed division", () -> block(b -> signedDivision()));
    all.put("stack", () -> block(b -> stack()));
    all.put("constants", () -> block(b -> constants()));
    all.put("string", () -> block(b -> string()));
    all.put("indirect", this::indirect);
    all.put("fixed address", () -> block(b -> fixed()));
    all.put("jump target", this::jumpTarget);
    all.put("jump target over a probe", this::heldTarget);
    all.put("x87", () -> block(b -> x87()));
    all.put("signed division by halves", () -> block(b -> signedDivisionByParts()));
    return all;
  }

  private void block(Consumer<HostAssembler> body) {
    body.accept(a);
    a.jmpTo(exit);
  }

  private long state(int offset) {
    return HostMemory.at(RBP, offset);
  }

  /** The probe of the address in T0, of a window of {@code bytes}; then T1 is the addend. */
  void probe(int tag, int bytes) {
    a.mov(4, R15, R14);
    a.shift(BitAssembler.SHR, 4, R15, 7);
    a.aluImmediate(IntegerAssembler.AND, 4, R15, INDEX_MASK);
    check(tag, bytes);
  }

  private void check(int tag, int bytes) {
    a.aluImmediate(IntegerAssembler.ADD, 8, R14, bytes - 1);
    a.aluImmediate(IntegerAssembler.AND, 8, R14, PAGE_MASK);
    a.aluLoad(IntegerAssembler.CMP, 8, R14, HostMemory.at(RBP, R15, 0, TLB + tag));
    a.jccTo(HostCondition.NOT_EQUAL, exit);
    a.movLoad(8, R15, HostMemory.at(RBP, R15, 0, TLB + ADDEND));
  }

  private void registersAndState(HostAssembler b) {
    int over = b.newLabel();
    b.alu(IntegerAssembler.ADD, 8, RAX, RCX);
    b.aluLoad(IntegerAssembler.XOR, 4, RAX, state(8 * 10));
    b.movStore(8, state(8 * 10), RAX);
    b.setcc(HostCondition.OVERFLOW, R14);
    b.movStore(1, state(StateLayout.SCRATCH), R14);
    b.jccShort(HostCondition.EQUAL, over);
    b.aluStoreImmediate(IntegerAssembler.ADD, 8, state(8 * 11), 5);
    b.bind(over);
    b.sseMemory(HostAssembler.NO_PREFIX, HostAssembler.M0F, 0x29, 1, state(StateLayout.VECTOR));
    b.aluStoreImmediate(IntegerAssembler.CMP, 4, state(StateLayout.PENDING), 0);
    b.jccTo(HostCondition.NOT_EQUAL, exit);
    b.movStoreImmediate(8, state(StateLayout.RIP), 0x1234);
  }

  private void load() {
    a.lea(8, R14, HostMemory.at(RBX, 8));
    probe(READ_TAG, 8);
    a.movLoad(8, RAX, HostMemory.at(R15, RBX, 0, 8));
  }

  private void indexedStore() {
    long address = HostMemory.at(RCX, RSI, 2, 0x10);
    a.lea(8, R14, address);
    probe(WRITE_TAG, 4);
    a.lea(8, R14, address);
    a.movStore(4, HostMemory.at(R15, R14, 0, 0), RAX);
  }

  private void group() {
    a.lea(8, R14, HostMemory.at(RBX, -16));
    probe(WRITE_TAG, 24);
    a.movStore(8, HostMemory.at(R15, RBX, 0, -16), RAX);
    a.movStore(8, HostMemory.at(R15, RBX, 0, -8), RCX);
    a.movLoad(4, RDX, HostMemory.at(R15, RBX, 0, -12));
    a.sseMemory(HostAssembler.PF2, HostAssembler.M0F, 0x11, 3, HostMemory.at(R15, RBX, 0, 0));
  }

  private void slot() {
    a.mov(8, R14, RSI);
    a.testImmediate(4, R14, 1);
    a.jccTo(HostCondition.NOT_EQUAL, exit);
    a.aluImmediate(IntegerAssembler.AND, 8, R14, PAGE_MASK);
    a.aluLoad(IntegerAssembler.CMP, 8, R14, state(SLOT + WRITE_TAG));
    a.jccTo(HostCondition.NOT_EQUAL, exit);
    a.movLoad(8, R15, state(SLOT + ADDEND));
    a.incStore(2, HostMemory.at(R15, RSI, 0, 0));
  }

  private void locked() {
    a.mov(8, R14, RDI);
    a.testImmediate(4, R14, 7);
    a.jccTo(HostCondition.NOT_EQUAL, exit);
    probe(WRITE_TAG, 8);
    a.lock();
    a.cmpxchgStore(8, HostMemory.at(R15, RDI, 0, 0), RBX);
    a.lock();
    a.xaddStore(4, HostMemory.at(R15, RDI, 0, 4), RCX);
  }

  private void narrow() {
    a.lea(4, R14, HostMemory.at(RBX, RCX, 0, 4));
    probe(READ_TAG, 4);
    a.lea(4, R14, HostMemory.at(RBX, RCX, 0, 4));
    a.aluLoad(IntegerAssembler.ADD, 4, RAX, HostMemory.at(R15, R14, 0, 0));
  }

  private void aligned() {
    a.mov(8, R14, RDX);
    a.testImmediate(1, R14, 15);
    a.jccTo(HostCondition.NOT_EQUAL, exit);
    probe(WRITE_TAG, 32);
    a.sseMemory(HostAssembler.P66, HostAssembler.M0F, 0x6f, 2, HostMemory.at(R15, RDX, 0, 16));
    a.sse(HostAssembler.P66, HostAssembler.M0F, 0xfe, 2, 4);
    a.sseMemory(HostAssembler.P66, HostAssembler.M0F, 0x7f, 2, HostMemory.at(R15, RDX, 0, 0));
  }

  private void unsignedDivision() {
    a.alu(IntegerAssembler.CMP, 8, RDX, RBX);
    a.jccTo(HostCondition.ABOVE_EQUAL, exit);
    a.unary(IntegerAssembler.DIV, 8, RBX);
  }

  private void signedDivision() {
    a.lea(8, R14, HostMemory.at(RBX, 1));
    a.aluImmediate(IntegerAssembler.CMP, 4, R14, 1);
    a.jccTo(HostCondition.BELOW_EQUAL, exit);
    a.extendToData(4);
    a.unary(IntegerAssembler.IDIV, 4, RBX);
  }

  private void stack() {
    rules.pushes(2);
    a.pushfq();
    a.push(RCX);
    a.alu(IntegerAssembler.XOR, 4, RAX, RAX);
    a.aluLoad(IntegerAssembler.ADD, 8, RAX, HostMemory.at(HostRegister.RSP, 0));
    a.pop(R8);
    a.popfq();
  }

  private void constants() {
    a.ldmxcsr(state(StateLayout.MXCSR));
    a.sseMemory(HostAssembler.NO_PREFIX, HostAssembler.M0F, 0x57, 5, a.constant(1, 2));
    a.aluLoad(IntegerAssembler.ADD, 8, RAX, a.constant(0x1122334455667788L));
  }

  private void x87() {
    a.aluStoreImmediate(IntegerAssembler.CMP, 4, state(LIVE), 0);
    a.jccTo(HostCondition.EQUAL, exit);
    a.x87(0xd9, 0xe8);
    a.x87(0xd8, 0xc1);
    a.x87Memory(0xdb, 7, state(StateLayout.ST));
  }

  private void string() {
    a.aluImmediate(IntegerAssembler.CMP, 8, RCX, 16);
    a.jccTo(HostCondition.ABOVE, exit);
    a.mov(8, R14, RDI);
    probe(WRITE_TAG, 128);
    a.alu(IntegerAssembler.ADD, 8, RDI, R15);
    a.rep();
    a.stos(8);
  }

  /** A probe of an address that is known, in both of its forms. */
  private void fixed() {
    int page = (int) BlockEmulator.WRITABLE_ADDRESS;
    int entry = TLB + (page >>> 7 & INDEX_MASK);
    a.aluStoreImmediate(IntegerAssembler.CMP, 8, state(entry + WRITE_TAG), page);
    a.jccTo(HostCondition.NOT_EQUAL, exit);
    a.movLoad(8, R15, state(entry + ADDEND));
    a.movStore(8, HostMemory.at(R15, page + 0xff8), RAX);
    a.movImmediate(8, R14, page);
    a.aluLoad(IntegerAssembler.CMP, 8, R14, state(entry + READ_TAG));
    a.jccTo(HostCondition.NOT_EQUAL, exit);
    a.movLoad(8, R15, state(entry + ADDEND));
    a.alu(IntegerAssembler.ADD, 8, R15, R14);
    a.movLoad(4, RCX, HostMemory.at(R15, 0));
  }

  /** Finds the target in R14; R15 is then the place of its entry. */
  private void lookUp() {
    a.mov(8, R15, R14);
    a.aluImmediate(IntegerAssembler.AND, 4, R15, JUMP_ENTRIES - 1);
    a.shift(BitAssembler.SHL, 4, R15, 4);
    a.aluLoad(IntegerAssembler.XOR, 8, R14, state(KEY));
    a.aluLoad(IntegerAssembler.CMP, 8, R14, HostMemory.at(RBP, R15, 0, JUMPS));
    a.jccTo(HostCondition.NOT_EQUAL, exit);
  }

  private void jumpTarget() {
    a.mov(8, R14, RSI);
    lookUp();
    a.jmpLoad(HostMemory.at(RBP, R15, 0, JUMPS + 8));
  }

  private void heldTarget() {
    a.mov(8, R14, RSI);
    lookUp();
    a.movLoad(8, R14, HostMemory.at(RBP, R15, 0, JUMPS + 8));
    a.movStore(8, state(HELD), R14);
    a.lea(8, R14, HostMemory.at(RBX, -8));
    probe(WRITE_TAG, 8);
    a.movStoreImmediate(8, HostMemory.at(R15, RBX, 0, -8), 0x1234);
    a.movStoreImmediate(4, state(CONSTANT), 3);
    a.lea(8, RBX, HostMemory.at(RBX, -8));
    a.jmpLoad(state(HELD));
  }

  private void signedDivisionByParts() {
    a.mov(8, R14, RCX);
    a.mov(8, R15, RAX);
    a.shift(BitAssembler.SAR, 8, R15, 63);
    a.alu(IntegerAssembler.CMP, 8, R15, RDX);
    a.jccTo(HostCondition.NOT_EQUAL, exit);
    a.lea(8, R15, HostMemory.at(R14, 1));
    a.aluImmediate(IntegerAssembler.CMP, 8, R15, 1);
    a.jccTo(HostCondition.BELOW_EQUAL, exit);
    a.unary(IntegerAssembler.IDIV, 8, R14);
  }

  private void indirect() {
    a.mov(8, R14, RBX);
    a.shift(BitAssembler.SHR, 8, R14, 5);
    a.aluImmediate(IntegerAssembler.AND, 4, R14, 0x38);
    a.jmpLoad(HostMemory.at(RBP, R14, 0, POINTERS));
  }

  /** A probe by RORX, for hosts that have it. */
  void rotatedProbe() {
    a.lea(8, R14, HostMemory.at(RBX, 8));
    a.rorx(8, R15, R14, 7);
    a.aluImmediate(IntegerAssembler.AND, 4, R15, INDEX_MASK);
    check(READ_TAG, 8);
    a.shrxLoad(8, RAX, HostMemory.at(R15, RBX, 0, 8), RCX);
    a.jmpTo(exit);
  }
}

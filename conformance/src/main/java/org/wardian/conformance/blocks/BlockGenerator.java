package org.wardian.conformance.blocks;

import java.util.ArrayList;
import java.util.List;
import org.wardian.conformance.oracle.EdgeValues;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Form;
import org.wardian.x86.FormSampler;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/** Makes random blocks; the same seed gives the same block. */
final class BlockGenerator {
  static final int RAX = 0;
  static final int RCX = 1;
  static final int RDX = 2;
  static final int RSP = 4;
  static final int RBP = 5;
  static final int RSI = 6;
  static final int RDI = 7;

  /** The most instructions that are asked for. */
  static final int LONGEST = 32;

  private final CpuModel model;
  private final boolean floatingPoint;
  private final BlockForms forms;
  private final Decoder decoder;
  private final FormSampler sampler = new FormSampler();
  private final Instruction sampled = new Instruction();

  // The block in the making.
  EdgeValues random;
  private List<BlockItem> items;
  private int loops;
  private final OperandPlacer placer;
  private final SystemSteps system;

  /** Whether system instructions are among them. */
  private final boolean privileged;

  /**
   * @param floatingPoint whether x87 instructions are among them
   * @param privileged whether system instructions are
   */
  BlockGenerator(CpuModel model, boolean floatingPoint, boolean privileged) {
    this.privileged = privileged;
    this.floatingPoint = floatingPoint;
    this.model = model;
    this.forms = new BlockForms(model);
    this.decoder = new Decoder(model);
    this.placer = new OperandPlacer(decoder);
    this.system = new SystemSteps(placer);
  }

  /** The block of {@code seed}; always valid. */
  BlockCase next(long seed) {
    // Seeds are themselves numbers of such a sequence.
    random = new EdgeValues(Long.reverse(seed) * 0xd134_2543_de82_ef95L);
    while (true) {
      BlockCase candidate = attempt(seed);
      if (candidate != null) {
        return candidate;
      }
    }
  }

  private BlockCase attempt(long seed) {
    items = new ArrayList<>();
    loops = 0;
    long origin = origin(50);
    long dataOrigin = random.oneIn(3) ? origin : origin(70);
    List<BlockState> states = new ArrayList<>();
    BlockState first = new BlockState();
    first.kernel = random.oneIn(4);
    placer.start(random, origin, dataOrigin, first);
    state(first);
    states.add(first);
    system.start(random, first.kernel, dataOrigin);
    int count = 1 + random.below(random.oneIn(3) ? LONGEST : 12);
    while (items.size() < count) {
      step();
    }
    jumps(count);
    if (random.oneIn(4)) {
      states.add(second(first));
    }
    int length = 0;
    for (BlockItem item : items) {
      length += item.bytes.length;
    }
    int start = start(length);
    BlockCase block = new BlockCase(seed, items, states, origin, start, random.oneIn(3), model);
    return block.valid ? defined(block) : null;
  }

  private long origin(int low) {
    return BlockLayout.ORIGINS[random.below(100) < low ? 0 : 1 + random.below(2)];
  }

  private int start(int length) {
    return switch (random.below(20)) {
      case 0, 1, 2 -> Math.max(0, BlockLayout.PAGE - 1 - random.below(length + 1));
      case 3 -> Math.max(0, BlockLayout.CODE_SIZE - length - random.below(3));
      case 4 -> BlockLayout.CODE_SIZE - length - random.below(200) - 1 - 200;
      default -> random.below(BlockLayout.PAGE - length - 8);
    };
  }

  /** Replaces what reads undefined flags by a comparison. */
  private BlockCase defined(BlockCase block) {
    BlockCase b = block;
    for (int n = 0; n < 40; n++) {
      int at = new FlagFlow(b).violation;
      if (at < 0) {
        return b;
      }
      List<BlockItem> changed = new ArrayList<>(b.items);
      BlockItem old = changed.get(at);
      if (!old.landing || old.target >= 0) {
        return null;
      }
      byte modrm = (byte) (0xc0 | random.below(64));
      int rex = 0x40 | random.below(16);
      changed.set(at, BlockItem.plain((byte) rex, (byte) random.oneOf(0x38, 0x39, 0x3b), modrm));
      b = b.with(changed, model);
      if (!b.valid) {
        return null;
      }
    }
    return null;
  }

  // ---- registers --------------------------------------------------------------------------------

  private void state(BlockState s) {
    for (int i = 0; i < 16; i++) {
      s.gpr[i] = random.integer();
    }
    placer.registers(s);
    vectors(s);
    s.flags = 2 | random.bits() & 0x8d5;
    if (random.oneIn(5)) {
      s.flags |= 0x400;
    }
    if (random.oneIn(60)) {
      s.flags |= 0x40000;
    }
  }

  private void vectors(BlockState s) {
    for (int i = 0; i < 32; i++) {
      s.vector[i] = random.vectorHalf();
    }
    s.mxcsr = 0x1f80;
    if (privileged && random.oneIn(4)) {
      // Rounding and precision, and now and then unmasked exceptions.
      s.fcw = 0x7f | random.below(16) << 8;
      if (random.oneIn(4)) {
        s.fcw &= ~random.below(64);
      }
    }
    if (random.oneIn(3)) {
      s.mxcsr |= random.below(4) << 13 | random.below(64) | random.below(2) << 15;
    }
    if (random.oneIn(20)) {
      s.mxcsr &= ~(random.below(64) << 7);
    }
  }

  /** The same places, other numbers. */
  private BlockState second(BlockState first) {
    BlockState s = first.copy();
    for (int i = 0; i < 16; i++) {
      if (placer.isFree(i)) {
        s.gpr[i] = random.integer();
      }
    }
    vectors(s);
    s.flags = first.flags & ~0x8d5L | random.bits() & 0x8d5;
    return s;
  }

  // ---- instructions -----------------------------------------------------------------------------

  private void add(int... bytes) {
    items.add(BlockItem.plain(bytes(bytes)));
  }

  private static byte[] bytes(int... values) {
    byte[] out = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      out[i] = (byte) values[i];
    }
    return out;
  }

  private void step() {
    int kind = random.below(100);
    if (kind < 68) {
      sample(forms.integer);
    } else if (kind < 80) {
      sample(forms.vector);
    } else if (kind < 87) {
      sample(forms.stack);
    } else if (kind < 90) {
      sample(forms.rare);
    } else if (kind < 92) {
      if (floatingPoint) {
        sample(forms.floating);
      }
    } else if (kind < 94) {
      refresh();
    } else if (kind < 95) {
      popFlags();
    } else if (privileged && kind < 97) {
      system.add(items);
    } else {
      items.add(null);
    }
  }

  /** Points a register at data again. */
  private void refresh() {
    int register = placer.pointer();
    move(register, placer.value(register));
  }

  /** MOV of a number to a register. */
  private void move(int register, long value) {
    int low = register & 7;
    int b = register >> 3;
    if (value >>> 32 == 0) {
      add(
          0x40 | b,
          0xb8 | low,
          (int) value,
          (int) value >> 8,
          (int) value >> 16,
          (int) value >> 24);
      return;
    }
    byte[] code = new byte[10];
    code[0] = (byte) (0x48 | b);
    code[1] = (byte) (0xb8 | low);
    for (int k = 0; k < 8; k++) {
      code[2 + k] = (byte) (value >>> 8 * k);
    }
    items.add(BlockItem.plain(code));
  }

  private void popFlags() {
    int flags = (int) random.bits() & 0xcd5;
    add(0x68, flags, flags >> 8, 0, 0);
    items.add(BlockItem.plain(bytes(0x9d)).glued());
  }

  private void sample(List<Form> group) {
    Form form = group.get(random.below(group.size()));
    Operation op = form.operation();
    byte[] code = sampler.sample(form, random, 8);
    if (decoder.decode(code, 0, code.length, 8, sampled) != Decoder.OK) {
      return;
    }
    boolean doubleShift = op == Operation.SHLD || op == Operation.SHRD;
    if (sampled.operandSize == 2 && (doubleShift || op == Operation.BSWAP)) {
      // Results that are undefined.
      return;
    }
    if ((op == Operation.BSF || op == Operation.BSR) && sampled.rep) {
      // TZCNT and LZCNT to other processors.
      return;
    }
    if (placer.spoils(sampled) && !random.oneIn(12)) {
      return;
    }
    prepare(op);
    if (sampled.hasMemory()) {
      code = placer.place(code, sampled);
      if (code == null) {
        return;
      }
    }
    items.add(BlockItem.plain(code));
  }

  /** Gives registers that the sampled instruction uses by itself values that make sense. */
  private void prepare(Operation op) {
    switch (op) {
      case DIV, IDIV -> {
        if (!random.oneIn(4)) {
          if (sampled.size0 == 1) {
            add(0x0f, 0xb6, 0xc0);
          } else if (op == Operation.IDIV) {
            add(sampled.size0 == 8 ? 0x48 : 0x40, 0x99);
          } else {
            add(0x31, 0xd2);
          }
        }
      }
      case CMPS, LODS, MOVS, SCAS, STOS -> {
        if (!random.oneIn(4)) {
          move(RSI, placer.data(64));
          move(RDI, placer.data(64));
          move(RCX, random.below(20));
        }
      }
      case XLAT -> move(3, placer.data(512));
      case MASKMOVQ, MASKMOVDQU -> move(RDI, placer.data(16));
      case LEAVE -> move(RBP, placer.stack());
      default -> {
        // Nothing to do.
      }
    }
  }

  // ---- transfers --------------------------------------------------------------------------------

  private BlockItem relative(int target, int at, int size, int... code) {
    return new BlockItem(bytes(code), at, size, target, 0, true, false, 0);
  }

  /** Fills the gaps that were left for jumps, calls and stores into the block. */
  private void jumps(int count) {
    List<Integer> gaps = new ArrayList<>();
    // What a gap becomes may be longer: work on a list of lists.
    List<List<BlockItem>> groups = new ArrayList<>();
    for (int n = 0; n < items.size(); n++) {
      List<BlockItem> group = new ArrayList<>();
      if (items.get(n) == null) {
        gaps.add(n);
      } else {
        group.add(items.get(n));
      }
      groups.add(group);
    }
    for (int gap : gaps) {
      items = groups.get(gap);
      transfer(gap, groups.size());
    }
    flatten(groups);
  }

  /** Targets are group numbers until here. */
  private void flatten(List<List<BlockItem>> groups) {
    int[] begin = new int[groups.size() + 1];
    for (int g = 0; g < groups.size(); g++) {
      begin[g + 1] = begin[g] + groups.get(g).size();
    }
    items = new ArrayList<>();
    boolean[] erased = new boolean[begin[groups.size()]];
    for (int g = 0; g < groups.size(); g++) {
      for (BlockItem item : groups.get(g)) {
        BlockItem next = item;
        if (item.target >= 0) {
          int target = begin[item.target];
          // Nothing leads between the parts of a group, but to its end or start.
          while (target < erased.length && !landing(groups, target)) {
            target++;
          }
          next = item.leadingTo(target);
          if (item.erases != 0) {
            next = target < erased.length ? eraser(next, item(groups, target)) : null;
            if (next == null) {
              next = BlockItem.plain((byte) 0x90);
            } else {
              erased[target] = true;
            }
          }
        }
        items.add(next);
      }
    }
    for (int n = 0; n < items.size(); n++) {
      if (erased[n]) {
        items.set(n, items.get(n).erased());
      }
    }
  }

  private static BlockItem item(List<List<BlockItem>> groups, int number) {
    int n = number;
    for (List<BlockItem> group : groups) {
      if (n < group.size()) {
        return group.get(n);
      }
      n -= group.size();
    }
    throw new IllegalArgumentException("no item " + number);
  }

  private static boolean landing(List<List<BlockItem>> groups, int number) {
    return item(groups, number).landing;
  }

  /** A store that makes a NOP of its target's length of it, whatever bytes are left; or null. */
  private static BlockItem eraser(BlockItem store, BlockItem target) {
    int length = target.bytes.length;
    boolean counts = target.bytes[0] == (byte) 0x83 && target.bytes[1] == 0x2d;
    byte[] code =
        switch (counts ? 0 : length) {
          case 1 -> bytes(0xc6, 0x05, 0, 0, 0, 0, 0x90);
          case 2 -> bytes(0x66, 0xc7, 0x05, 0, 0, 0, 0, 0x66, 0x90);
          case 4 -> bytes(0xc7, 0x05, 0, 0, 0, 0, 0x90, 0x66, 0x66, 0x90);
          case 5 -> bytes(0xc7, 0x05, 0, 0, 0, 0, 0x0f, 0x1f, 0x44, 0x00);
          case 6 -> bytes(0xc7, 0x05, 0, 0, 0, 0, 0x66, 0x0f, 0x1f, 0x44);
          case 7 -> bytes(0xc7, 0x05, 0, 0, 0, 0, 0x0f, 0x1f, 0x80, 0x00);
          case 8 -> bytes(0xc7, 0x05, 0, 0, 0, 0, 0x0f, 0x1f, 0x84, 0x00);
          case 9 -> bytes(0xc7, 0x05, 0, 0, 0, 0, 0x66, 0x0f, 0x1f, 0x84);
          default -> null;
        };
    if (code == null) {
      return null;
    }
    int at = length == 2 ? 3 : 2;
    return new BlockItem(code, at, 4, store.target, store.offset, true, false, length);
  }

  private int forward(int from, int groups) {
    return from + 1 + random.below(Math.max(1, Math.min(groups - from, 10)));
  }

  private void transfer(int g, int groups) {
    int to = Math.min(forward(g, groups), groups);
    switch (random.below(12)) {
      case 0, 1, 2 -> items.add(conditional(to, random.below(16)));
      case 3, 4 -> loop(g);
      case 5 -> items.add(relative(to, 1, 4, 0xe9, 0, 0, 0, 0));
      case 6, 7 -> call(to);
      case 8 -> indirect(to);
      case 9 -> store(g, to);
      case 10 -> {
        // JRCXZ, LOOP
        int opcode = random.oneOf(0xe0, 0xe1, 0xe2, 0xe3);
        items.add(relative(to, 1, 1, opcode, 0));
      }
      default -> {
        if (privileged && random.oneIn(3)) {
          int register = free();
          system.interruptReturn(items, leaOf(register, to), register);
        } else {
          items.add(BlockItem.plain(bytes(0xc3)));
        }
      }
    }
  }

  private BlockItem conditional(int to, int condition) {
    return random.oneIn(2)
        ? relative(to, 1, 1, 0x70 | condition, 0)
        : relative(to, 2, 4, 0x0f, 0x80 | condition, 0, 0, 0, 0);
  }

  /** A branch backwards that a counter in memory ends. */
  private void loop(int g) {
    int back = Math.max(0, g - 1 - random.below(8));
    int counter = BlockLayout.COUNTERS + 8 * (loops++ % 64);
    // sub dword [counter], 1; jle over the branch
    byte[] sub = bytes(0x83, 0x2d, 0, 0, 0, 0, 1);
    items.add(new BlockItem(sub, 2, 4, -1, counter, true, false, 0));
    items.add(conditional(g + 1, 14).glued());
    if (random.oneIn(2)) {
      int rex = 0x40 | random.below(16);
      int opcode = random.oneOf(0x39, 0x3b, 0x38, 0x01, 0x29, 0x85);
      int modrm = 0xc0 | random.below(64);
      int register = modrm >> 3 & 7 | (rex & 4) << 1;
      int other = modrm & 7 | (rex & 1) << 3;
      if (opcode != 0x01 && opcode != 0x29 || placer.isFree(register) && placer.isFree(other)) {
        items.add(BlockItem.plain(bytes(rex, opcode, modrm)).glued());
      }
    }
    items.add(
        random.oneIn(4)
            ? relative(back, 1, 4, 0xe9, 0, 0, 0, 0).glued()
            : conditional(back, random.below(16)).glued());
  }

  private void call(int to) {
    if (random.oneIn(2)) {
      items.add(relative(to, 1, 4, 0xe8, 0, 0, 0, 0));
      return;
    }
    // lea register, [rip + to]; call register
    int register = free();
    items.add(leaOf(register, to));
    items.add(BlockItem.plain(bytes(0x40 | register >> 3, 0xff, 0xd0 | register & 7)).glued());
  }

  private BlockItem leaOf(int register, int to) {
    return relative(
        to, 3, 4, 0x48 | register >> 3 << 2, 0x8d, 0x05 | (register & 7) << 3, 0, 0, 0, 0);
  }

  private int free() {
    int register = random.below(16);
    while (!placer.isFree(register)) {
      register = random.below(16);
    }
    return register;
  }

  private void indirect(int to) {
    int register = free();
    items.add(leaOf(register, to));
    int rex = 0x40 | register >> 3;
    if (random.oneIn(3)) {
      items.add(BlockItem.plain(bytes(rex, 0xff, 0xe0 | register & 7)).glued());
      return;
    }
    items.add(BlockItem.plain(bytes(rex, 0x50 | register & 7)).glued());
    switch (random.below(3)) {
      case 0 -> items.add(BlockItem.plain(bytes(0xc3)).glued());
      case 1 -> items.add(BlockItem.plain(bytes(0xc2, 8 * random.below(4), 0)).glued());
      default -> items.add(BlockItem.plain(bytes(0xff, 0x24, 0x24)).glued());
    }
  }

  /** A store of NOPs over an instruction, which may be the next or lie behind. */
  private void store(int g, int forward) {
    int to = random.oneIn(3) ? Math.max(0, g - 1 - random.below(6)) : forward;
    int alias = random.oneIn(3) ? BlockLayout.CODE_AGAIN - BlockLayout.CODE : 0;
    // What is stored is settled once the target is known.
    items.add(new BlockItem(bytes(0x90), -1, 0, to, alias, true, false, 1));
  }
}

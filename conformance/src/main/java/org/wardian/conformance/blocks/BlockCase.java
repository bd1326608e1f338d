package org.wardian.conformance.blocks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;

/** A block, where it lies, and the states that it is entered with. */
final class BlockCase {
  static final byte BREAKPOINT = (byte) 0xcc;

  final long seed;
  final List<BlockItem> items;
  final List<BlockState> states;

  /** Linear address of the window that the code lies in. */
  final long origin;

  /** Offset of the first instruction behind {@link BlockLayout#CODE}. */
  final int start;

  /** Whether it begins with no translation known to the processor. */
  final boolean cold;

  // What assembly makes of it.
  final byte[] code = new byte[BlockLayout.CODE_SIZE];
  final long[] addresses;
  final Instruction[] instructions;

  /** Whether it fits into its pages, and every instruction is what it should be. */
  final boolean valid;

  BlockCase(
      long seed,
      List<BlockItem> items,
      List<BlockState> states,
      long origin,
      int start,
      boolean cold,
      CpuModel model) {
    this.seed = seed;
    this.items = items;
    this.states = states;
    this.origin = origin;
    this.start = start;
    this.cold = cold;
    addresses = new long[items.size() + 1];
    instructions = new Instruction[items.size()];
    valid = assemble(new Decoder(model));
  }

  /** Address of the first instruction. */
  long rip() {
    return origin + BlockLayout.CODE + start;
  }

  private boolean assemble(Decoder decoder) {
    Arrays.fill(code, BREAKPOINT);
    long at = rip();
    for (int n = 0; n < items.size(); n++) {
      addresses[n] = at;
      at += items.get(n).bytes.length;
    }
    addresses[items.size()] = at;
    if (at - rip() + start > BlockLayout.CODE_SIZE) {
      return false;
    }
    boolean ok = true;
    for (int n = 0; n < items.size(); n++) {
      BlockItem item = items.get(n);
      byte[] bytes = item.bytes.clone();
      if (item.erases > 0) {
        ok &= item.target < items.size() && items.get(item.target).bytes.length == item.erases;
      }
      if (item.relativeAt >= 0) {
        long to = (item.target >= 0 ? addresses[item.target] : origin) + item.offset;
        long distance = to - addresses[n + 1];
        ok &= item.relativeSize == 4 ? distance == (int) distance : distance == (byte) distance;
        for (int k = 0; k < item.relativeSize; k++) {
          bytes[item.relativeAt + k] = (byte) (distance >>> 8 * k);
        }
      }
      System.arraycopy(bytes, 0, code, start + (int) (addresses[n] - rip()), bytes.length);
      Instruction i = new Instruction();
      instructions[n] = i;
      ok &= decoder.decode(bytes, 0, bytes.length, 8, i) == Decoder.OK && i.length == bytes.length;
    }
    return ok;
  }

  /** The same with other items. */
  BlockCase with(List<BlockItem> others, CpuModel model) {
    return new BlockCase(seed, others, states, origin, start, cold, model);
  }

  /** The same with other states. */
  BlockCase withStates(List<BlockState> others, CpuModel model) {
    return new BlockCase(seed, items, others, origin, start, cold, model);
  }

  /** The same without items {@code from} to {@code to} - 1. */
  BlockCase without(int from, int to, CpuModel model) {
    List<BlockItem> left = new ArrayList<>();
    for (int n = 0; n < items.size(); n++) {
      if (n >= from && n < to) {
        continue;
      }
      BlockItem item = items.get(n);
      int target = item.target;
      if (target >= 0) {
        target = target >= to ? target - (to - from) : Math.min(target, from);
      }
      left.add(item.leadingTo(target));
    }
    return with(left, model);
  }
}

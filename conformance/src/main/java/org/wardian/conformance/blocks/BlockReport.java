package org.wardian.conformance.blocks;

import java.util.HexFormat;
import org.wardian.x86.Disassembler;

/** Shows a block and what it starts from. */
final class BlockReport {
  private BlockReport() {}

  /**
   * The block as text.
   *
   * @param vectors whether to show vector registers that are not zero
   */
  static String text(BlockCase block, boolean vectors) {
    StringBuilder out = new StringBuilder();
    out.append("block of seed 0x%x, %s%n".formatted(block.seed, block.cold ? "cold" : "warm"));
    for (int n = 0; n < block.items.size(); n++) {
      long at = block.addresses[n];
      int from = block.start + (int) (at - block.rip());
      int to = block.start + (int) (block.addresses[n + 1] - block.rip());
      String bytes = HexFormat.of().formatHex(block.code, from, to);
      out.append(
          "  %x: %-32s %s%n".formatted(at, bytes, Disassembler.text(block.instructions[n], at)));
    }
    for (BlockState s : block.states) {
      out.append("  state: ").append(s.kernel ? "kernel" : "user");
      out.append(
          " flags %x mxcsr %x fs %x gs %x%n".formatted(s.flags, s.mxcsr, s.fsBase, s.gsBase));
      for (int i = 0; i < 16; i++) {
        out.append("  %2d=%016x%s".formatted(i, s.gpr[i], i % 4 == 3 ? "\n" : ""));
      }
      for (int i = 0; i < 32; i++) {
        if (s.vector[i] != 0 && vectors) {
          out.append("  xmm%d.%d=%016x".formatted(i / 2, i % 2, s.vector[i]));
        }
      }
      out.append('\n');
    }
    return out.toString();
  }
}

package org.wardian.conformance.oracle;

import java.util.HexFormat;
import java.util.List;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Disassembler;
import org.wardian.x86.Instruction;

/** Writes a case and its disagreements so that a reader can repeat it by hand. */
final class CaseReport {
  private CaseReport() {}

  /** The instruction's bytes and text. */
  static String instruction(OracleCase one, long rip, CpuModel model) {
    Instruction i = new Instruction();
    byte[] bytes = one.instruction;
    String hex = HexFormat.ofDelimiter(" ").formatHex(bytes);
    int result = new Decoder(model).decode(bytes, 0, bytes.length, one.codeSize, i);
    String text = result == Decoder.OK ? Disassembler.text(i, rip) : "?";
    return hex + "  " + text + "  (" + 8 * one.codeSize + "-bit code)";
  }

  /** Everything about one disagreement. */
  static String text(
      OracleCase one,
      CaseState before,
      Outcome hostOutcome,
      Outcome ourOutcome,
      List<Comparison.Difference> differences,
      CpuModel model) {
    StringBuilder text = new StringBuilder(1024);
    text.append(instruction(one, before.rip, model)).append('\n');
    text.append("  host ").append(hostOutcome);
    text.append(", ours ").append(ourOutcome).append('\n');
    for (Comparison.Difference d : differences) {
      if (d.slot() < 0) {
        continue;
      }
      text.append("  ").append(Slots.name(d.slot()));
      text.append(": before ").append(Long.toHexString(Slots.get(before, d.slot())));
      text.append(", host ").append(Long.toHexString(d.host()));
      text.append(", ours ").append(Long.toHexString(d.ours())).append('\n');
    }
    text.append(before(one, before));
    return text.toString();
  }

  private static String before(OracleCase one, CaseState before) {
    StringBuilder text = new StringBuilder(1024);
    Instruction i = new Instruction();
    Decoder decoder = new Decoder(CpuModel.standard());
    boolean decoded =
        decoder.decode(one.instruction, 0, one.instruction.length, one.codeSize, i) == Decoder.OK;
    boolean vector = decoded && (uses(i, Instruction.XMM) || uses(i, Instruction.MMX));
    boolean x87 = decoded && (uses(i, Instruction.ST) || i.form.operation().name().startsWith("F"));
    text.append("  before:");
    for (int slot = 0; slot < Slots.MEMORY; slot++) {
      boolean general = slot < Slots.FS_BASE && (one.codeSize == 8 || slot < 8 || slot >= 16);
      boolean shown =
          general
              || x87
                  && (slot >= Slots.FCW && slot <= Slots.FTW
                      || slot >= Slots.ST && slot < Slots.XMM)
              || vector && (slot == Slots.MXCSR || slot >= Slots.XMM && operandOf(i, slot))
              || vector && uses(i, Instruction.MMX) && slot >= Slots.ST && slot < Slots.XMM;
      if (shown) {
        text.append(' ').append(Slots.name(slot)).append('=');
        text.append(Long.toHexString(Slots.get(before, slot)));
      }
    }
    if (decoded && i.hasMemory()) {
      long at = Comparison.operandOffset(i, before);
      text.append("\n  memory operand at window+").append(Long.toHexString(at)).append(':');
      for (long offset = at; offset < at + 16; offset++) {
        if (ScratchLayout.inData(offset, 1)) {
          byte value = before.memory[(int) offset - ScratchLayout.DATA];
          text.append(' ').append(HexFormat.of().toHexDigits(value));
        }
      }
    }
    text.append("\n  seed 0x").append(Long.toHexString(one.seed)).append(", changed:");
    for (int k = 0; k < one.slots.length; k++) {
      text.append(' ').append(Slots.name(one.slots[k])).append('=');
      text.append(Long.toHexString(one.values[k]));
    }
    return text.append('\n').toString();
  }

  private static boolean uses(Instruction i, int kind) {
    return i.kind0 == kind || i.kind1 == kind || i.kind2 == kind || i.kind3 == kind;
  }

  private static boolean operandOf(Instruction i, int slot) {
    int register = (slot - Slots.XMM) / 2;
    return i.kind0 == Instruction.XMM && i.reg0 == register
        || i.kind1 == Instruction.XMM && i.reg1 == register
        || i.kind2 == Instruction.XMM && i.reg2 == register
        || register == 0;
  }
}

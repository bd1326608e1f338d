package org.wardian.processor.software.translator;

import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;

/** Decodes emitted code: by {@link Decoder}, but for BMI2's shifts, which no guest has. */
final class HostDecoder {
  /** The instruction decoded last. */
  final Instruction in = new Instruction();

  /** Of a BMI2 instruction: where the result goes, and whether it is RORX. */
  int destination;

  boolean rotates;

  private final Decoder decoder = new Decoder(CpuModel.everything());

  /** A BMI2 instruction, turned into MOV with the same ModRM to be decoded. */
  private final byte[] plain = new byte[Decoder.MAX_LENGTH];

  /** Length of the last instruction if it is one of BMI2, else 0. */
  private int vectorLength;

  /** Its first two bytes. */
  private int first;

  private int second;

  /** Decodes the instruction at {@code at}; false if there is none that ends before {@code end}. */
  boolean decode(byte[] code, int at, int end) {
    vectorLength = 0;
    first = code[at] & 0xff;
    second = at + 1 < end ? code[at + 1] & 0xff : 0;
    if (CommonDecoder.decode(code, at, end, false, in) != CommonDecoder.NOT_COMMON) {
      return true;
    }
    if (first == 0xc4) {
      return decodeVector(code, at, end);
    }
    return decoder.decode(code, at, end - at, 8, in) == Decoder.OK;
  }

  /**
   * The kind of a MOV or LEA at {@code at}, of which {@link #in} holds operands and length only; or
   * another kind, and {@link #in} is not to be used.
   */
  int decodeMove(byte[] code, int at, int end) {
    vectorLength = 0;
    first = code[at] & 0xff;
    second = at + 1 < end ? code[at + 1] & 0xff : 0;
    return CommonDecoder.decode(code, at, end, true, in);
  }

  /** Bytes of the instruction decoded last. */
  int length() {
    return vectorLength != 0 ? vectorLength : in.length;
  }

  /**
   * Whether the instruction decoded last is one of BMI2; {@link #in} is then a MOV of its source.
   */
  boolean isVector() {
    return vectorLength != 0;
  }

  /**
   * SHLX, SHRX, SARX or RORX, with its ModRM operand decoded to {@code in} as the source of a MOV.
   * Source: Intel SDM vol. 2 §2.3.5.
   */
  private boolean decodeVector(byte[] code, int at, int end) {
    if (end - at < 5) {
      return false;
    }
    int map = code[at + 1] & 31;
    int prefix = code[at + 2] & 7;
    int opcode = code[at + 3] & 0xff;
    boolean shift = map == 2 && opcode == 0xf7 && prefix >= 1 && prefix <= 3;
    boolean rotate = map == 3 && opcode == 0xf0 && prefix == 3 && (code[at + 2] & 0x78) == 0x78;
    if (!shift && !rotate) {
      return false;
    }
    int available = Math.min(end - at - 4, plain.length - 2);
    plain[0] = (byte) (0x40 | (code[at + 2] >> 4 & 8) | (~code[at + 1] >> 5 & 7));
    plain[1] = (byte) 0x8b;
    System.arraycopy(code, at + 4, plain, 2, available);
    if (decoder.decode(plain, 0, available + 2, 8, in) != Decoder.OK) {
      return false;
    }
    // C4, two bytes and the opcode here; REX and the opcode there.
    vectorLength = in.length + 2 + (rotate ? 1 : 0);
    destination = in.reg0;
    rotates = rotate;
    return at + vectorLength <= end;
  }

  /**
   * Whether a branch has no prefixes, which processors of different makers understand differently.
   */
  boolean isPlainBranch() {
    return switch (in.form.operation()) {
      case JCC -> (first & 0xf0) == 0x70 || first == 0x0f;
      case JCXZ -> first == 0xe3;
      case JMP -> first == 0xe9 || first == 0xeb;
      case CALL -> first == 0xe8;
      default -> false;
    };
  }

  boolean isPlainIndirect() {
    return first == 0xff || (first & 0xf0) == 0x40 && second == 0xff;
  }
}

package org.wardian.processor.software.x87;

import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * The 11-bit opcode that FOP keeps: the low three bits of the first byte (D8 to DF), then the ModRM
 * byte. The decoded instruction holds no opcode bytes, so the first is found from the operation and
 * its operands. Source: Intel SDM vol. 1 §8.1.9, vol. 2 appendix B.17.
 */
final class OpcodeWord {
  private OpcodeWord() {}

  static int of(Instruction instruction) {
    Operation operation = Operation.of(instruction.operation);
    int first =
        instruction.hasMemory()
            ? memory(operation, instruction)
            : register(operation, instruction.reg0 != 0);
    return first << 8 | instruction.modrm & 0xff;
  }

  private static int memory(Operation operation, Instruction instruction) {
    int size = instruction.kind0 == Instruction.MEMORY ? instruction.size0 : instruction.size1;
    return switch (operation) {
      case FADD, FMUL, FCOM, FCOMP, FSUB, FSUBR, FDIV, FDIVR -> size == 4 ? 0 : 4;
      case FIADD, FIMUL, FICOM, FICOMP, FISUB, FISUBR, FIDIV, FIDIVR -> size == 4 ? 2 : 6;
      case FLD, FST, FSTP -> size == 4 ? 1 : size == 8 ? 5 : 3;
      case FILD, FIST, FISTP -> size == 4 ? 3 : 7;
      case FISTTP -> size == 4 ? 3 : size == 8 ? 5 : 7;
      default -> 7;
    };
  }

  private static int register(Operation operation, boolean toOther) {
    return switch (operation) {
      case FADD, FMUL, FSUB, FSUBR, FDIV, FDIVR -> toOther ? 4 : 0;
      case FCOM, FCOMP -> 0;
      case FADDP, FMULP, FSUBP, FSUBRP, FDIVP, FDIVRP, FCOMPP -> 6;
      case FCMOVB, FCMOVE, FCMOVBE, FCMOVU, FUCOMPP -> 2;
      case FCMOVNB, FCMOVNE, FCMOVNBE, FCMOVNU, FCOMI, FUCOMI -> 3;
      case FCOMIP, FUCOMIP, FFREEP -> 7;
      case FST, FSTP, FUCOM, FUCOMP, FFREE -> 5;
      default -> 1;
    };
  }
}

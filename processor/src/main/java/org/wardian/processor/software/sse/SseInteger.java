package org.wardian.processor.software.sse;

import org.wardian.processor.software.LaneMoves;
import org.wardian.processor.software.LaneProducts;
import org.wardian.processor.software.Lanes;
import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * Packed integer arithmetic of an XMM register and an XMM register or aligned memory: {@link Lanes}
 * on both halves. Source: Intel SDM vol. 2.
 */
final class SseInteger {
  private SseInteger() {}

  /** Addition, subtraction, multiplication, averages, signs. */
  static void arithmetic(VcpuContext context, Instruction instruction) {
    Operands.load128(context, instruction);
    int destination = instruction.reg0;
    long aLow = context.xmmLow(destination);
    long aHigh = context.xmmHigh(destination);
    long bLow = context.low;
    long bHigh = context.high;
    long low;
    long high;
    switch (Operation.of(instruction.operation)) {
      case PADDB -> {
        low = Lanes.padd8(aLow, bLow);
        high = Lanes.padd8(aHigh, bHigh);
      }
      case PADDW -> {
        low = Lanes.padd16(aLow, bLow);
        high = Lanes.padd16(aHigh, bHigh);
      }
      case PADDSB -> {
        low = Lanes.padds8(aLow, bLow);
        high = Lanes.padds8(aHigh, bHigh);
      }
      case PADDSW -> {
        low = Lanes.padds16(aLow, bLow);
        high = Lanes.padds16(aHigh, bHigh);
      }
      case PADDUSB -> {
        low = Lanes.paddus8(aLow, bLow);
        high = Lanes.paddus8(aHigh, bHigh);
      }
      case PADDUSW -> {
        low = Lanes.paddus16(aLow, bLow);
        high = Lanes.paddus16(aHigh, bHigh);
      }
      case PSUBB -> {
        low = Lanes.psub8(aLow, bLow);
        high = Lanes.psub8(aHigh, bHigh);
      }
      case PSUBW -> {
        low = Lanes.psub16(aLow, bLow);
        high = Lanes.psub16(aHigh, bHigh);
      }
      case PSUBD -> {
        low = Lanes.psub32(aLow, bLow);
        high = Lanes.psub32(aHigh, bHigh);
      }
      case PSUBSB -> {
        low = Lanes.psubs8(aLow, bLow);
        high = Lanes.psubs8(aHigh, bHigh);
      }
      case PSUBSW -> {
        low = Lanes.psubs16(aLow, bLow);
        high = Lanes.psubs16(aHigh, bHigh);
      }
      case PSUBUSB -> {
        low = Lanes.psubus8(aLow, bLow);
        high = Lanes.psubus8(aHigh, bHigh);
      }
      case PSUBUSW -> {
        low = Lanes.psubus16(aLow, bLow);
        high = Lanes.psubus16(aHigh, bHigh);
      }
      case PAVGB -> {
        low = Lanes.pavg8(aLow, bLow);
        high = Lanes.pavg8(aHigh, bHigh);
      }
      case PAVGW -> {
        low = Lanes.pavg16(aLow, bLow);
        high = Lanes.pavg16(aHigh, bHigh);
      }
      case PMULLW -> {
        low = LaneProducts.pmull16(aLow, bLow);
        high = LaneProducts.pmull16(aHigh, bHigh);
      }
      case PMULHW -> {
        low = LaneProducts.pmulh16(aLow, bLow);
        high = LaneProducts.pmulh16(aHigh, bHigh);
      }
      case PMULHUW -> {
        low = LaneProducts.pmulhu16(aLow, bLow);
        high = LaneProducts.pmulhu16(aHigh, bHigh);
      }
      case PMULHRSW -> {
        low = LaneProducts.pmulhrsw(aLow, bLow);
        high = LaneProducts.pmulhrsw(aHigh, bHigh);
      }
      case PMULLD -> {
        low = LaneProducts.pmull32(aLow, bLow);
        high = LaneProducts.pmull32(aHigh, bHigh);
      }
      case PMULUDQ -> {
        low = LaneProducts.pmuludq(aLow, bLow);
        high = LaneProducts.pmuludq(aHigh, bHigh);
      }
      case PMULDQ -> {
        low = LaneProducts.pmuldq(aLow, bLow);
        high = LaneProducts.pmuldq(aHigh, bHigh);
      }
      case PMADDWD -> {
        low = LaneProducts.pmadd16(aLow, bLow);
        high = LaneProducts.pmadd16(aHigh, bHigh);
      }
      case PMADDUBSW -> {
        low = LaneProducts.pmaddubsw(aLow, bLow);
        high = LaneProducts.pmaddubsw(aHigh, bHigh);
      }
      case PSADBW -> {
        low = LaneProducts.psadbw(aLow, bLow);
        high = LaneProducts.psadbw(aHigh, bHigh);
      }
      case PSIGNB -> {
        low = Lanes.psign8(aLow, bLow);
        high = Lanes.psign8(aHigh, bHigh);
      }
      case PSIGNW -> {
        low = Lanes.psign16(aLow, bLow);
        high = Lanes.psign16(aHigh, bHigh);
      }
      case PSIGND -> {
        low = Lanes.psign32(aLow, bLow);
        high = Lanes.psign32(aHigh, bHigh);
      }
      default -> throw context.fault(Vector.UD, 0);
    }
    context.xmm(destination, low, high);
  }

  /** Comparisons, minima and maxima. */
  static void compare(VcpuContext context, Instruction instruction) {
    Operands.load128(context, instruction);
    int destination = instruction.reg0;
    long aLow = context.xmmLow(destination);
    long aHigh = context.xmmHigh(destination);
    long bLow = context.low;
    long bHigh = context.high;
    long low;
    long high;
    switch (Operation.of(instruction.operation)) {
      case PCMPEQW -> {
        low = Lanes.pcmpeq16(aLow, bLow);
        high = Lanes.pcmpeq16(aHigh, bHigh);
      }
      case PCMPEQD -> {
        low = Lanes.pcmpeq32(aLow, bLow);
        high = Lanes.pcmpeq32(aHigh, bHigh);
      }
      case PCMPEQQ -> {
        low = Lanes.pcmpeq64(aLow, bLow);
        high = Lanes.pcmpeq64(aHigh, bHigh);
      }
      case PCMPGTB -> {
        low = Lanes.pcmpgt8(aLow, bLow);
        high = Lanes.pcmpgt8(aHigh, bHigh);
      }
      case PCMPGTW -> {
        low = Lanes.pcmpgt16(aLow, bLow);
        high = Lanes.pcmpgt16(aHigh, bHigh);
      }
      case PCMPGTD -> {
        low = Lanes.pcmpgt32(aLow, bLow);
        high = Lanes.pcmpgt32(aHigh, bHigh);
      }
      case PCMPGTQ -> {
        low = Lanes.pcmpgt64(aLow, bLow);
        high = Lanes.pcmpgt64(aHigh, bHigh);
      }
      case PMINUB -> {
        low = Lanes.pminu8(aLow, bLow);
        high = Lanes.pminu8(aHigh, bHigh);
      }
      case PMINUW -> {
        low = Lanes.pminu16(aLow, bLow);
        high = Lanes.pminu16(aHigh, bHigh);
      }
      case PMINUD -> {
        low = Lanes.pminu32(aLow, bLow);
        high = Lanes.pminu32(aHigh, bHigh);
      }
      case PMINSB -> {
        low = Lanes.pmins8(aLow, bLow);
        high = Lanes.pmins8(aHigh, bHigh);
      }
      case PMINSW -> {
        low = Lanes.pmins16(aLow, bLow);
        high = Lanes.pmins16(aHigh, bHigh);
      }
      case PMINSD -> {
        low = Lanes.pmins32(aLow, bLow);
        high = Lanes.pmins32(aHigh, bHigh);
      }
      case PMAXUB -> {
        low = Lanes.pmaxu8(aLow, bLow);
        high = Lanes.pmaxu8(aHigh, bHigh);
      }
      case PMAXUW -> {
        low = Lanes.pmaxu16(aLow, bLow);
        high = Lanes.pmaxu16(aHigh, bHigh);
      }
      case PMAXUD -> {
        low = Lanes.pmaxu32(aLow, bLow);
        high = Lanes.pmaxu32(aHigh, bHigh);
      }
      case PMAXSB -> {
        low = Lanes.pmaxs8(aLow, bLow);
        high = Lanes.pmaxs8(aHigh, bHigh);
      }
      case PMAXSW -> {
        low = Lanes.pmaxs16(aLow, bLow);
        high = Lanes.pmaxs16(aHigh, bHigh);
      }
      case PMAXSD -> {
        low = Lanes.pmaxs32(aLow, bLow);
        high = Lanes.pmaxs32(aHigh, bHigh);
      }
      default -> throw context.fault(Vector.UD, 0);
    }
    context.xmm(destination, low, high);
  }

  /** Bitwise operations, of floating-point values too, and quadword sums. */
  static void logic(VcpuContext context, Instruction instruction) {
    Operands.load128(context, instruction);
    int destination = instruction.reg0;
    long aLow = context.xmmLow(destination);
    long aHigh = context.xmmHigh(destination);
    long bLow = context.low;
    long bHigh = context.high;
    long low;
    long high;
    switch (Operation.of(instruction.operation)) {
      case PANDN, ANDNPS, ANDNPD -> {
        low = ~aLow & bLow;
        high = ~aHigh & bHigh;
      }
      case PSUBQ -> {
        low = aLow - bLow;
        high = aHigh - bHigh;
      }
      default -> throw context.fault(Vector.UD, 0);
    }
    context.xmm(destination, low, high);
  }

  /**
   * Sums of neighbours and packs: the low half comes from operand 0, the high one from operand 1.
   */
  static void horizontal(VcpuContext context, Instruction instruction) {
    Operands.load128(context, instruction);
    int destination = instruction.reg0;
    long aLow = context.xmmLow(destination);
    long aHigh = context.xmmHigh(destination);
    long bLow = context.low;
    long bHigh = context.high;
    long low;
    long high;
    switch (Operation.of(instruction.operation)) {
      case PHADDW -> {
        low = LaneProducts.phadd16(aLow, aHigh);
        high = LaneProducts.phadd16(bLow, bHigh);
      }
      case PHADDD -> {
        low = LaneProducts.phadd32(aLow, aHigh);
        high = LaneProducts.phadd32(bLow, bHigh);
      }
      case PHADDSW -> {
        low = LaneProducts.phadds16(aLow, aHigh);
        high = LaneProducts.phadds16(bLow, bHigh);
      }
      case PHSUBW -> {
        low = LaneProducts.phsub16(aLow, aHigh);
        high = LaneProducts.phsub16(bLow, bHigh);
      }
      case PHSUBD -> {
        low = LaneProducts.phsub32(aLow, aHigh);
        high = LaneProducts.phsub32(bLow, bHigh);
      }
      case PHSUBSW -> {
        low = LaneProducts.phsubs16(aLow, aHigh);
        high = LaneProducts.phsubs16(bLow, bHigh);
      }
      case PACKSSWB -> {
        low = LaneMoves.packss16to8(aLow, aHigh);
        high = LaneMoves.packss16to8(bLow, bHigh);
      }
      case PACKUSWB -> {
        low = LaneMoves.packus16to8(aLow, aHigh);
        high = LaneMoves.packus16to8(bLow, bHigh);
      }
      case PACKSSDW -> {
        low = LaneMoves.packss32to16(aLow, aHigh);
        high = LaneMoves.packss32to16(bLow, bHigh);
      }
      case PACKUSDW -> {
        low = LaneMoves.packus32to16(aLow, aHigh);
        high = LaneMoves.packus32to16(bLow, bHigh);
      }
      default -> throw context.fault(Vector.UD, 0);
    }
    context.xmm(destination, low, high);
  }
}

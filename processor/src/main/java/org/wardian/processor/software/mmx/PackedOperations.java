package org.wardian.processor.software.mmx;

import org.wardian.processor.software.LaneMoves;
import org.wardian.processor.software.LaneProducts;
import org.wardian.processor.software.Lanes;
import org.wardian.x86.Operation;

/** The packed integer operations of two 64-bit operands, by mnemonic. Source: Intel SDM vol. 2. */
final class PackedOperations {
  private static final boolean[] KNOWN = new boolean[Operation.values().length];

  static {
    for (Operation operation : Operation.values()) {
      KNOWN[operation.ordinal()] = isKnown(operation);
    }
  }

  private PackedOperations() {}

  /** Whether {@link #apply} knows {@code operation}. */
  static boolean has(Operation operation) {
    return KNOWN[operation.ordinal()];
  }

  private static boolean isKnown(Operation operation) {
    return switch (operation) {
      case PADDB, PADDW, PADDD, PADDQ, PADDSB, PADDSW, PADDUSB, PADDUSW -> true;
      case PSUBB, PSUBW, PSUBD, PSUBQ, PSUBSB, PSUBSW, PSUBUSB, PSUBUSW -> true;
      case PAND, PANDN, POR, PXOR, PAVGB, PAVGW, PSADBW, PSHUFW -> true;
      case PCMPEQB, PCMPEQW, PCMPEQD, PCMPGTB, PCMPGTW, PCMPGTD -> true;
      case PMADDWD, PMULHW, PMULHUW, PMULLW, PMULUDQ, PMULHRSW, PMADDUBSW -> true;
      case PMAXSW, PMAXUB, PMINSW, PMINUB -> true;
      case PSLLW, PSLLD, PSLLQ, PSRLW, PSRLD, PSRLQ, PSRAW, PSRAD -> true;
      case PACKSSDW, PACKSSWB, PACKUSWB -> true;
      case PUNPCKHBW, PUNPCKHWD, PUNPCKHDQ, PUNPCKLBW, PUNPCKLWD, PUNPCKLDQ -> true;
      case PABSB, PABSW, PABSD, PSIGNB, PSIGNW, PSIGND, PSHUFB, PALIGNR -> true;
      case PHADDW, PHADDD, PHADDSW, PHSUBW, PHSUBD, PHSUBSW -> true;
      default -> false;
    };
  }

  /**
   * The result of {@code operation}.
   *
   * @param a the destination operand
   * @param b the source operand, or the count of a shift
   * @param control the immediate of PSHUFW and PALIGNR
   */
  static long apply(Operation operation, long a, long b, int control) {
    return switch (operation) {
      case PADDB -> Lanes.padd8(a, b);
      case PADDW -> Lanes.padd16(a, b);
      case PADDD -> Lanes.padd32(a, b);
      case PADDQ -> a + b;
      case PADDSB -> Lanes.padds8(a, b);
      case PADDSW -> Lanes.padds16(a, b);
      case PADDUSB -> Lanes.paddus8(a, b);
      case PADDUSW -> Lanes.paddus16(a, b);
      case PSUBB -> Lanes.psub8(a, b);
      case PSUBW -> Lanes.psub16(a, b);
      case PSUBD -> Lanes.psub32(a, b);
      case PSUBQ -> a - b;
      case PSUBSB -> Lanes.psubs8(a, b);
      case PSUBSW -> Lanes.psubs16(a, b);
      case PSUBUSB -> Lanes.psubus8(a, b);
      case PSUBUSW -> Lanes.psubus16(a, b);
      case PAND -> a & b;
      case PANDN -> ~a & b;
      case POR -> a | b;
      case PXOR -> a ^ b;
      case PAVGB -> Lanes.pavg8(a, b);
      case PAVGW -> Lanes.pavg16(a, b);
      case PSADBW -> LaneProducts.psadbw(a, b);
      case PSHUFW -> LaneMoves.pshufw(b, control);
      case PCMPEQB -> Lanes.pcmpeq8(a, b);
      case PCMPEQW -> Lanes.pcmpeq16(a, b);
      case PCMPEQD -> Lanes.pcmpeq32(a, b);
      case PCMPGTB -> Lanes.pcmpgt8(a, b);
      case PCMPGTW -> Lanes.pcmpgt16(a, b);
      case PCMPGTD -> Lanes.pcmpgt32(a, b);
      case PMAXSW -> Lanes.pmaxs16(a, b);
      case PMAXUB -> Lanes.pmaxu8(a, b);
      case PMINSW -> Lanes.pmins16(a, b);
      case PMINUB -> Lanes.pminu8(a, b);
      case PMOVMSKB -> LaneMoves.movmask8(b);
      default -> wide(operation, a, b, control);
    };
  }

  private static long wide(Operation operation, long a, long b, int control) {
    return switch (operation) {
      case PMADDWD -> LaneProducts.pmadd16(a, b);
      case PMULHW -> LaneProducts.pmulh16(a, b);
      case PMULHUW -> LaneProducts.pmulhu16(a, b);
      case PMULLW -> LaneProducts.pmull16(a, b);
      case PMULUDQ -> LaneProducts.pmuludq(a, b);
      case PMULHRSW -> LaneProducts.pmulhrsw(a, b);
      case PMADDUBSW -> LaneProducts.pmaddubsw(a, b);
      case PSLLW -> Lanes.psll16(a, b);
      case PSLLD -> Lanes.psll32(a, b);
      case PSLLQ -> Lanes.psll64(a, b);
      case PSRLW -> Lanes.psrl16(a, b);
      case PSRLD -> Lanes.psrl32(a, b);
      case PSRLQ -> Lanes.psrl64(a, b);
      case PSRAW -> Lanes.psra16(a, b);
      case PSRAD -> Lanes.psra32(a, b);
      case PACKSSDW -> LaneMoves.packss32to16(a, b);
      case PACKSSWB -> LaneMoves.packss16to8(a, b);
      case PACKUSWB -> LaneMoves.packus16to8(a, b);
      case PUNPCKHBW -> LaneMoves.unpackHigh8(a, b);
      case PUNPCKHWD -> LaneMoves.unpackHigh16(a, b);
      case PUNPCKHDQ -> LaneMoves.unpackHigh32(a, b);
      case PUNPCKLBW -> LaneMoves.unpackLow8(a, b);
      case PUNPCKLWD -> LaneMoves.unpackLow16(a, b);
      case PUNPCKLDQ -> LaneMoves.unpackLow32(a, b);
      case PABSB -> Lanes.pabs8(b);
      case PABSW -> Lanes.pabs16(b);
      case PABSD -> Lanes.pabs32(b);
      case PSIGNB -> Lanes.psign8(a, b);
      case PSIGNW -> Lanes.psign16(a, b);
      case PSIGND -> Lanes.psign32(a, b);
      case PSHUFB -> LaneMoves.pshufb(a, b);
      case PALIGNR -> LaneMoves.palignr(a, b, control);
      case PHADDW -> LaneProducts.phadd16(a, b);
      case PHADDD -> LaneProducts.phadd32(a, b);
      case PHADDSW -> LaneProducts.phadds16(a, b);
      case PHSUBW -> LaneProducts.phsub16(a, b);
      case PHSUBD -> LaneProducts.phsub32(a, b);
      case PHSUBSW -> LaneProducts.phsubs16(a, b);
      default -> throw new IllegalArgumentException(operation.name());
    };
  }
}

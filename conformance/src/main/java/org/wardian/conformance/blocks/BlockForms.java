package org.wardian.conformance.blocks;

import java.util.ArrayList;
import java.util.List;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Form;
import org.wardian.x86.InstructionTable;
import org.wardian.x86.Operation;

/** The instructions that blocks are made of, in groups that are chosen with different frequency. */
final class BlockForms {
  final List<Form> integer = new ArrayList<>();
  final List<Form> vector = new ArrayList<>();
  final List<Form> stack = new ArrayList<>();
  final List<Form> floating = new ArrayList<>();
  final List<Form> rare = new ArrayList<>();

  BlockForms(CpuModel model) {
    for (Form form : InstructionTable.forms()) {
      if (form.validIn(8) && model.has(form) && !form.privileged()) {
        List<Form> group = group(form.operation());
        if (group != null) {
          group.add(form);
        }
      }
    }
  }

  private List<Form> group(Operation op) {
    return switch (op) {
      case AAA, AAD, AAM, AAS, DAA, DAS, BOUND, SALC, XLAT, CMPXCHG16B, CMPXCHG8B, CRC32, MOVBE ->
          rare;
      case CLD, STD, LAHF, SAHF -> rare;
      case PUSH, POP, PUSHF, LEAVE -> stack;
      case ENTER, CMPS, LODS, MOVS, SCAS, STOS, CPUID, LFENCE, MFENCE, SFENCE -> rare;
      case RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE, LDMXCSR, STMXCSR -> rare;
      // Approximations, which are each processor's own.
      case RCPPS, RCPSS, RSQRTPS, RSQRTSS -> null;
      case MASKMOVQ, MASKMOVDQU, CLFLUSH -> rare;
      default -> byNumber(op);
    };
  }

  private List<Form> byNumber(Operation op) {
    int n = op.ordinal();
    if (n <= Operation.XOR.ordinal()) {
      return integer;
    }
    if (n < Operation.F2XM1.ordinal()) {
      return null;
    }
    return n <= Operation.FYL2XP1.ordinal() ? floating : vector;
  }
}

package org.wardian.x86;

/**
 * What CPUID can promise, each with the bit that promises it. Source: Intel SDM vol. 2, CPUID,
 * tables 3-10 and 3-11.
 *
 * <p>Only features that some model, or some row of the instruction table, names are listed.
 */
public enum Feature {
  FPU(1, 0, Feature.EDX, 0),
  DE(1, 0, Feature.EDX, 2),
  PSE(1, 0, Feature.EDX, 3),
  TSC(1, 0, Feature.EDX, 4),
  MSR(1, 0, Feature.EDX, 5),
  PAE(1, 0, Feature.EDX, 6),
  MCE(1, 0, Feature.EDX, 7),
  CX8(1, 0, Feature.EDX, 8),
  APIC(1, 0, Feature.EDX, 9),
  SEP(1, 0, Feature.EDX, 11),
  MTRR(1, 0, Feature.EDX, 12),
  PGE(1, 0, Feature.EDX, 13),
  MCA(1, 0, Feature.EDX, 14),
  CMOV(1, 0, Feature.EDX, 15),
  PAT(1, 0, Feature.EDX, 16),
  PSE36(1, 0, Feature.EDX, 17),
  CLFSH(1, 0, Feature.EDX, 19),
  MMX(1, 0, Feature.EDX, 23),
  FXSR(1, 0, Feature.EDX, 24),
  SSE(1, 0, Feature.EDX, 25),
  SSE2(1, 0, Feature.EDX, 26),

  SSE3(1, 0, Feature.ECX, 0),
  PCLMULQDQ(1, 0, Feature.ECX, 1),
  MONITOR(1, 0, Feature.ECX, 3),
  SSSE3(1, 0, Feature.ECX, 9),
  CX16(1, 0, Feature.ECX, 13),
  PCID(1, 0, Feature.ECX, 17),
  SSE4_1(1, 0, Feature.ECX, 19),
  SSE4_2(1, 0, Feature.ECX, 20),
  X2APIC(1, 0, Feature.ECX, 21),
  MOVBE(1, 0, Feature.ECX, 22),
  POPCNT(1, 0, Feature.ECX, 23),
  TSC_DEADLINE(1, 0, Feature.ECX, 24),
  AES(1, 0, Feature.ECX, 25),
  XSAVE(1, 0, Feature.ECX, 26),
  RDRAND(1, 0, Feature.ECX, 30),
  HYPERVISOR(1, 0, Feature.ECX, 31),

  /** The APIC timer runs in every idle state. */
  ARAT(6, 0, Feature.EAX, 2),

  FSGSBASE(7, 0, Feature.EBX, 0),

  /** IA32_TSC_ADJUST; Linux then trusts the counter without checking it against another clock. */
  TSC_ADJUST(7, 0, Feature.EBX, 1),
  /** The x87 data pointer changes only at an unmasked exception. */
  FDP_EXCEPTION_ONLY(7, 0, Feature.EBX, 6),
  SMEP(7, 0, Feature.EBX, 7),
  ERMS(7, 0, Feature.EBX, 9),
  INVPCID(7, 0, Feature.EBX, 10),
  /** The x87 code and data selectors are always zero. */
  ZERO_FCS_FDS(7, 0, Feature.EBX, 13),
  SMAP(7, 0, Feature.EBX, 20),
  UMIP(7, 0, Feature.ECX, 2),

  XSAVEOPT(0xd, 1, Feature.EAX, 0),

  LAHF_LM(0x8000_0001, 0, Feature.ECX, 0),
  SYSCALL(0x8000_0001, 0, Feature.EDX, 11),
  NX(0x8000_0001, 0, Feature.EDX, 20),
  PDPE1GB(0x8000_0001, 0, Feature.EDX, 26),
  RDTSCP(0x8000_0001, 0, Feature.EDX, 27),
  LM(0x8000_0001, 0, Feature.EDX, 29),

  /** The time stamp counter runs at one rate in every state. */
  INVARIANT_TSC(0x8000_0007, 0, Feature.EDX, 8);

  static final int EAX = 0;
  static final int EBX = 1;
  static final int ECX = 2;
  static final int EDX = 3;

  final int leaf;
  final int subleaf;
  final int register;
  final int mask;

  Feature(int leaf, int subleaf, int register, int bit) {
    this.leaf = leaf;
    this.subleaf = subleaf;
    this.register = register;
    this.mask = 1 << bit;
  }

  /** EAX of the CPUID instruction that shows this feature. */
  public int leaf() {
    return leaf;
  }

  /** ECX of the CPUID instruction that shows this feature. */
  public int subleaf() {
    return subleaf;
  }

  /** The register with this feature's bit, of the four that CPUID fills. */
  public int in(int eax, int ebx, int ecx, int edx) {
    return switch (register) {
      case EAX -> eax;
      case EBX -> ebx;
      case ECX -> ecx;
      default -> edx;
    };
  }

  /** This feature's bit in its register. */
  public int mask() {
    return mask;
  }
}

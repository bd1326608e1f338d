package org.wardian.x86;

import java.nio.charset.StandardCharsets;

/**
 * What CPUID answers on one virtual processor.
 *
 * <p>The vendor is GenuineIntel because guests choose by it how system calls from 32-bit code and
 * the APIC work, and because an unknown vendor makes Linux warn. Family 6, model 0x36, stepping 1
 * is an in-order Atom (Cedarview): guests rightly take it to be free of speculative execution, so
 * they need no mitigations (page-table isolation, retpolines), and no erratum is worked round for
 * it. All that matters about features is read from the feature bits.
 *
 * <p>Sources: Intel SDM vol. 2, CPUID; Linux Documentation/virt/kvm/x86/cpuid.rst for the leaves
 * from 0x40000000; AMD APM vol. 3, appendix E for 0x80000006.
 *
 * <p>{@link #leaf} allocates nothing; an instance belongs to one thread.
 */
public final class Cpuid {
  /** Bits of a guest-physical address (MAXPHYADDR). */
  public static final int PHYSICAL_ADDRESS_BITS = 40;

  /** Bits of a linear address. */
  public static final int LINEAR_ADDRESS_BITS = 48;

  /** Family, model and stepping as leaf 1 returns them in EAX. */
  public static final int SIGNATURE = 0x0003_0661;

  /** Bytes of the XSAVE area: legacy region and header. */
  public static final int XSAVE_SIZE = 512 + 64;

  /** Components of XCR0 that may be enabled: x87 and SSE. */
  public static final int XCR0_SUPPORTED = 3;

  /** First leaf of the hypervisor. */
  public static final int HYPERVISOR_BASE = 0x4000_0000;

  /** KVM's paravirtual clock by MSRs 0x11 and 0x12. */
  public static final int KVM_CLOCKSOURCE = 1;

  /** Port 0x80 delays are not needed. */
  public static final int KVM_NOP_IO_DELAY = 1 << 1;

  /** KVM's paravirtual clock by MSRs 0x4b564d00 and 0x4b564d01. */
  public static final int KVM_CLOCKSOURCE2 = 1 << 3;

  /** The paravirtual clock never goes backwards from one processor to another. */
  public static final int KVM_CLOCKSOURCE_STABLE = 1 << 24;

  private static final int LAST_BASIC = 0x1f;
  private static final int LAST_HYPERVISOR = HYPERVISOR_BASE + 0x10;
  private static final int FIRST_EXTENDED = 0x8000_0000;
  private static final int LAST_EXTENDED = 0x8000_0008;
  private static final int HTT = 1 << 28;
  private static final int OSXSAVE = 1 << 27;
  private static final int CACHE_LINE = 64;

  private final CpuModel model;
  private final int apicId;
  private final int cpuCount;
  private final long tscHz;
  private final long apicHz;
  private final int[] brand = new int[12];

  /** Feature words: registers EAX to EDX of leaves 1, 6, 7, 0xd.1, 0x80000001, 0x80000007. */
  private final int[] words = new int[6 * 4];

  /** Results of the last {@link #leaf}. */
  public int eax;

  public int ebx;
  public int ecx;
  public int edx;

  /**
   * @param model what is promised
   * @param apicId of this virtual processor
   * @param cpuCount virtual processors of the machine, one core each in one package
   * @param tscHz rate of the time stamp counter
   * @param apicHz rate of the local APIC's timer before its divider, which is also the crystal's
   */
  public Cpuid(CpuModel model, int apicId, int cpuCount, long tscHz, long apicHz) {
    if (cpuCount < 1 || tscHz < 1000 || apicHz < 1000) {
      throw new IllegalArgumentException(
          "processors " + cpuCount + ", TSC " + tscHz + " Hz, APIC " + apicHz + " Hz");
    }
    this.model = model;
    this.apicId = apicId;
    this.cpuCount = cpuCount;
    this.tscHz = tscHz;
    this.apicHz = apicHz;
    byte[] name =
        ("Wardian Virtual CPU (" + model.name() + ")").getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < Math.min(name.length, 47); i++) {
      brand[i >> 2] |= name[i] << (i & 3) * 8;
    }
    for (Feature feature : model.features()) {
      words[word(feature.leaf) * 4 + feature.register] |= feature.mask;
    }
  }

  /**
   * Executes CPUID: fills {@link #eax}, {@link #ebx}, {@link #ecx} and {@link #edx}.
   *
   * @param leaf EAX
   * @param subleaf ECX
   * @param osxsave CR4.OSXSAVE, which leaf 1 shows
   * @param xcr0 the enabled state components, whose size leaf 0xd gives
   */
  public void leaf(int leaf, int subleaf, boolean osxsave, long xcr0) {
    eax = 0;
    ebx = 0;
    ecx = 0;
    edx = 0;
    if (leaf >= 0 && leaf <= LAST_BASIC) {
      basic(leaf, subleaf, osxsave, xcr0);
    } else if (leaf >= HYPERVISOR_BASE && leaf <= HYPERVISOR_BASE + 0xff) {
      hypervisor(leaf);
    } else if (Integer.compareUnsigned(leaf, FIRST_EXTENDED) >= 0
        && Integer.compareUnsigned(leaf, LAST_EXTENDED) <= 0) {
      extended(leaf);
    } else {
      // An Intel processor answers a leaf that it does not have like its last basic one.
      basic(LAST_BASIC, subleaf, osxsave, xcr0);
    }
  }

  private static int word(int leaf) {
    return switch (leaf) {
      case 1 -> 0;
      case 6 -> 1;
      case 7 -> 2;
      case 0xd -> 3;
      case 0x8000_0001 -> 4;
      case 0x8000_0007 -> 5;
      default -> throw new IllegalArgumentException("no features in leaf " + leaf);
    };
  }

  private void features(int leaf) {
    int at = word(leaf) * 4;
    eax |= words[at];
    ebx |= words[at + 1];
    ecx |= words[at + 2];
    edx |= words[at + 3];
  }

  private void basic(int leaf, int subleaf, boolean osxsave, long xcr0) {
    switch (leaf) {
      case 0 -> {
        eax = LAST_BASIC;
        ebx = 0x756e_6547; // "Genu"
        edx = 0x4965_6e69; // "ineI"
        ecx = 0x6c65_746e; // "ntel"
      }
      case 1 -> {
        features(1);
        eax = SIGNATURE;
        ebx = CACHE_LINE / 8 << 8 | coreIds() << 16 | apicId << 24;
        ecx |= osxsave && model.has(Feature.XSAVE) ? OSXSAVE : 0;
        edx |= cpuCount > 1 ? HTT : 0;
      }
      // One descriptor, 0xff: "see leaf 4".
      case 2 -> eax = 0xff01;
      case 4 -> cache(subleaf);
      case 6 -> features(6);
      case 7 -> {
        if (subleaf == 0) {
          features(7);
        }
      }
      case 0xb, 0x1f -> topology(subleaf);
      case 0xd -> {
        if (model.has(Feature.XSAVE)) {
          xsave(subleaf, xcr0);
        }
      }
      case 0x15 -> {
        // TSC rate = crystal (ECX) * EBX / EAX, as a reduced fraction: Linux multiplies the
        // crystal's kHz by EBX in 32 bits.
        long divisor = greatestCommonDivisor(apicHz, tscHz);
        eax = (int) (apicHz / divisor);
        ebx = (int) (tscHz / divisor);
        ecx = (int) apicHz;
      }
      case 0x16 -> {
        eax = (int) (tscHz / 1_000_000);
        ebx = eax;
        ecx = 100;
      }
      default -> {
        // Leaves 3, 5, 8 to 0xa, 0xc, 0xe to 0x14, 0x17 to 0x1e: nothing to report.
      }
    }
  }

  private static long greatestCommonDivisor(long a, long b) {
    return b == 0 ? a : greatestCommonDivisor(b, a % b);
  }

  /** Logical processor ids of the package: the processors, rounded up to a power of two. */
  private int coreIds() {
    return cpuCount == 1 ? 1 : Integer.highestOneBit(cpuCount - 1) << 1;
  }

  /** Leaf 4: L1 data and instruction 32 KiB each, L2 2 MiB, L3 16 MiB shared by the package. */
  private void cache(int subleaf) {
    switch (subleaf) {
      case 0 -> cache(1, 1, 8, 64, 1);
      case 1 -> cache(2, 1, 8, 64, 1);
      case 2 -> cache(3, 2, 16, 2048, 1);
      case 3 -> cache(3, 3, 16, 16384, coreIds());
      default -> eax = 0;
    }
  }

  private void cache(int type, int level, int ways, int sets, int sharing) {
    int selfInitializing = 1 << 8;
    eax = type | level << 5 | selfInitializing | sharing - 1 << 14 | coreIds() - 1 << 26;
    ebx = CACHE_LINE - 1 | ways - 1 << 22;
    ecx = sets - 1;
  }

  /** Leaves 0xb and 0x1f: one thread a core, all cores in one package. */
  private void topology(int subleaf) {
    ecx = subleaf & 0xff;
    edx = apicId;
    if (subleaf == 0) {
      ebx = 1;
      ecx |= 1 << 8;
    } else if (subleaf == 1) {
      eax = Integer.numberOfTrailingZeros(coreIds());
      ebx = cpuCount;
      ecx |= 2 << 8;
    }
  }

  /** Leaf 0xd; with nothing but x87 and SSE the size is always that of legacy area and header. */
  private void xsave(int subleaf, long xcr0) {
    if (subleaf == 0) {
      eax = XCR0_SUPPORTED;
      ebx = xcr0 == 0 ? 0 : XSAVE_SIZE;
      ecx = XSAVE_SIZE;
    } else if (subleaf == 1) {
      features(0xd);
    }
  }

  private void hypervisor(int leaf) {
    if (!model.has(Feature.HYPERVISOR)) {
      return;
    }
    switch (leaf) {
      case HYPERVISOR_BASE -> {
        eax = LAST_HYPERVISOR;
        ebx = 0x4b4d_564b; // "KVMK"
        ecx = 0x564b_4d56; // "VMKV"
        edx = 0x0000_004d; // "M"
      }
      case HYPERVISOR_BASE + 1 ->
          eax = KVM_CLOCKSOURCE | KVM_NOP_IO_DELAY | KVM_CLOCKSOURCE2 | KVM_CLOCKSOURCE_STABLE;
      case LAST_HYPERVISOR -> {
        eax = (int) (tscHz / 1000);
        ebx = (int) (apicHz / 1000);
      }
      default -> {
        // No other hypervisor leaf has anything to report.
      }
    }
  }

  private void extended(int leaf) {
    switch (leaf) {
      case FIRST_EXTENDED -> eax = LAST_EXTENDED;
      case 0x8000_0001 -> features(leaf);
      case 0x8000_0002, 0x8000_0003, 0x8000_0004 -> {
        int at = (leaf - 0x8000_0002) * 4;
        eax = brand[at];
        ebx = brand[at + 1];
        ecx = brand[at + 2];
        edx = brand[at + 3];
      }
      // L2: 2048 KiB, 16 ways (8 in AMD's code), the line size.
      case 0x8000_0006 -> ecx = 2048 << 16 | 8 << 12 | CACHE_LINE;
      case 0x8000_0007 -> features(leaf);
      case 0x8000_0008 -> eax = PHYSICAL_ADDRESS_BITS | LINEAR_ADDRESS_BITS << 8;
      default -> {
        // 0x80000005 is reserved on Intel processors.
      }
    }
  }
}

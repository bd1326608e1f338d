package org.wardian.processor.kvm;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.wardian.host.kvm.CpuidEntry;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Cpuid;
import org.wardian.x86.Feature;

/**
 * What CPUID answers on a vCPU of the kernel: our model, without what the host lacks.
 *
 * <p>Since the host's processor executes the guest, the guest must apply the workarounds that this
 * processor needs: vendor, family, model and stepping, and all bits about speculation are the
 * host's, and IA32_ARCH_CAPABILITIES is what the kernel gives each vCPU by itself.
 *
 * <p>Sources: Linux, Documentation/virt/kvm/api.rst (KVM_GET_SUPPORTED_CPUID, KVM_SET_CPUID2);
 * Intel SDM vol. 2, CPUID; AMD APM vol. 3 appendix E.
 */
public final class KernelCpuid {
  /**
   * What the local APIC of the kernel, and KVM itself, bring even where KVM_GET_SUPPORTED_CPUID
   * leaves it out.
   */
  private static final Set<Feature> OF_KERNEL =
      EnumSet.of(Feature.APIC, Feature.X2APIC, Feature.TSC_DEADLINE, Feature.HYPERVISOR);

  private static final int EXTENDED = 0x8000_0000;

  /**
   * Leaf 7.0 EDX: SRBDS_CTRL, MD_CLEAR, IBRS and IBPB, STIBP, L1D_FLUSH, ARCH_CAPABILITIES, SSBD.
   */
  private static final int SPECULATION_7_EDX =
      1 << 9 | 1 << 10 | 1 << 26 | 1 << 27 | 1 << 28 | 1 << 29 | 1 << 31;

  /** Leaf 7.2 EDX: PSFD, IPRED_CTRL, RRSBA_CTRL, DDPD_U, BHI_CTRL, MCDT_NO. */
  private static final int SPECULATION_7_2_EDX = 0x3f;

  /**
   * Leaf 0x80000008 EBX: IBPB, IBRS, STIBP, IBRS and STIBP always on, IBRS preferred, IBRS gives
   * same mode protection, SSBD, VIRT_SSBD, SSB_NO, PSFD, BTC_NO, IBPB_RET.
   */
  private static final int SPECULATION_8_EBX =
      1 << 12 | 0x3f << 14 | 1 << 24 | 1 << 25 | 1 << 26 | 1 << 28 | 1 << 29 | 1 << 30;

  /** Leaf 0x80000021 EAX: LFENCE serializes, VERW_CLEAR, SBPB, IBPB_BRTYPE, SRSO_NO and its kin. */
  private static final int SPECULATION_21_EAX = 1 << 2 | 1 << 5 | 0xf << 27;

  /** Leaf 0x80000021 ECX: TSA_SQ_NO, TSA_L1_NO. */
  private static final int SPECULATION_21_ECX = 3 << 1;

  private static final int LAST_SPECULATION_LEAF = 0x8000_0021;

  /** Leaf 0x80000001 ECX of AMD: the logical processors of a package are its cores. */
  private static final int CMP_LEGACY = 1 << 1;

  private static final int AMD_EBX = 0x6874_7541; // "Auth"
  private static final int HYGON_EBX = 0x6f67_7948; // "Hygo"

  private final Cpuid ours;
  private final CpuModel model;
  private final List<CpuidEntry> supported;
  private final List<CpuidEntry> entries = new ArrayList<>();
  private final boolean amd;

  private KernelCpuid(Cpuid cpuid, CpuModel model, List<CpuidEntry> supported) {
    this.ours = cpuid;
    this.model = model;
    this.supported = supported;
    int vendor = host(0, 0).ebx();
    this.amd = vendor == AMD_EBX || vendor == HYGON_EBX;
  }

  /**
   * The table for KVM_SET_CPUID2.
   *
   * @param cpuid our answers for this vCPU, by the rates that its counters have
   * @param model the model that {@code cpuid} was made of
   * @param supported what KVM_GET_SUPPORTED_CPUID tells
   * @throws UnsupportedCpuModelException where the host lacks what the model's name stands for
   */
  public static List<CpuidEntry> entries(Cpuid cpuid, CpuModel model, List<CpuidEntry> supported) {
    List<Feature> needed = missing(model, supported);
    needed.retainAll(model.level());
    if (!needed.isEmpty()) {
      throw new UnsupportedCpuModelException(model, needed, alternative(supported));
    }
    return new KernelCpuid(cpuid, model, supported).build();
  }

  /** Whether the host has all that the name of {@code model} stands for. */
  public static boolean supports(CpuModel model, List<CpuidEntry> supported) {
    return missing(model, supported).stream().noneMatch(model.level()::contains);
  }

  /**
   * Features of {@code model} that the host lacks, in the order of {@link Feature}. Those outside
   * {@link CpuModel#level()} are merely left out of the guest's CPUID.
   */
  public static List<Feature> missing(CpuModel model, List<CpuidEntry> supported) {
    List<Feature> missing = new ArrayList<>();
    for (Feature feature : EnumSet.copyOf(model.features())) {
      if (!has(feature, supported)) {
        missing.add(feature);
      }
    }
    return missing;
  }

  private static boolean has(Feature feature, List<CpuidEntry> supported) {
    CpuidEntry e = find(supported, feature.leaf(), feature.subleaf());
    return OF_KERNEL.contains(feature)
        || (feature.in(e.eax(), e.ebx(), e.ecx(), e.edx()) & feature.mask()) != 0;
  }

  private static String alternative(List<CpuidEntry> supported) {
    List<String> names =
        CpuModel.names().stream()
            .filter(name -> supports(CpuModel.named(name), supported))
            .toList();
    return names.isEmpty()
        ? "use the software accelerator"
        : "choose " + String.join(" or ", names) + ", or the software accelerator";
  }

  /** The entry of a leaf, or one of zeros. */
  private static CpuidEntry find(List<CpuidEntry> entries, int function, int index) {
    for (CpuidEntry e : entries) {
      boolean indexed = (e.flags() & CpuidEntry.SIGNIFICANT_INDEX) != 0;
      if (e.function() == function && (indexed ? e.index() == index : index == 0)) {
        return e;
      }
    }
    return new CpuidEntry(function, index, 0, 0, 0, 0, 0);
  }

  private CpuidEntry host(int function, int index) {
    return find(supported, function, index);
  }

  private List<CpuidEntry> build() {
    basic();
    hypervisor();
    extended();
    return List.copyOf(entries);
  }

  private void basic() {
    CpuidEntry vendor = host(0, 0);
    ours.leaf(0, 0, false, 1);
    int last = ours.eax;
    add(0, last, vendor.ebx(), vendor.ecx(), vendor.edx());
    ours.leaf(1, 0, false, 1);
    // OSXSAVE and, with the APIC switched off, APIC are the kernel's to show.
    int ecx = ours.ecx & features(1, 0, 2);
    int topology = 1 << 28;
    int edx = ours.edx & (features(1, 0, 3) | topology);
    add(1, host(1, 0).eax(), ours.ebx, ecx, edx);
    if (!amd) {
      plain(2);
      for (int i = 0; i <= 4; i++) {
        indexed(4, i);
      }
    }
    ours.leaf(6, 0, false, 1);
    add(6, ours.eax & features(6, 0, 0), 0, 0, 0);
    structured();
    for (int i = 0; i <= 2; i++) {
      indexed(0xb, i);
    }
    boolean xsave = has(Feature.XSAVE, supported);
    ours.leaf(0xd, 0, false, 1);
    if (xsave && ours.eax != 0) {
      addIndexed(0xd, 0, ours.eax & host(0xd, 0).eax(), ours.ebx, ours.ecx, 0);
      ours.leaf(0xd, 1, false, 1);
      addIndexed(0xd, 1, ours.eax & features(0xd, 1, 0), 0, 0, 0);
    }
    plain(0x15);
    plain(0x16);
    for (int i = 0; i <= 2; i++) {
      indexed(0x1f, i);
    }
  }

  /** Leaf 7: features, and what the guest must know to guard against speculation. */
  private void structured() {
    CpuidEntry host = host(7, 0);
    CpuidEntry more = host(7, 2);
    int controls = more.edx() & SPECULATION_7_2_EDX;
    ours.leaf(7, 0, false, 1);
    addIndexed(
        7,
        0,
        controls != 0 ? 2 : 0,
        ours.ebx & features(7, 0, 1),
        ours.ecx & features(7, 0, 2),
        ours.edx & features(7, 0, 3) | host.edx() & SPECULATION_7_EDX);
    if (controls != 0) {
      addIndexed(7, 1, 0, 0, 0, 0);
      addIndexed(7, 2, 0, 0, 0, controls);
    }
  }

  private void hypervisor() {
    if (!model.has(Feature.HYPERVISOR)) {
      return;
    }
    int base = Cpuid.HYPERVISOR_BASE;
    plain(base);
    ours.leaf(base + 1, 0, false, 1);
    add(base + 1, ours.eax & host(base + 1, 0).eax(), 0, 0, 0);
    plain(base + 0x10);
  }

  private void extended() {
    ours.leaf(EXTENDED, 0, false, 1);
    CpuidEntry speculation = host(LAST_SPECULATION_LEAF, 0);
    int eax = speculation.eax() & SPECULATION_21_EAX;
    int ecx = speculation.ecx() & SPECULATION_21_ECX;
    boolean longer = amd && (eax | ecx) != 0;
    CpuidEntry vendor = host(0, 0);
    if (amd) {
      add(
          EXTENDED,
          longer ? LAST_SPECULATION_LEAF : ours.eax,
          vendor.ebx(),
          vendor.ecx(),
          vendor.edx());
    } else {
      add(EXTENDED, ours.eax, 0, 0, 0);
    }
    int processors = processors();
    ours.leaf(EXTENDED + 1, 0, false, 1);
    int cores = amd && processors > 1 ? CMP_LEGACY : 0;
    add(
        EXTENDED + 1,
        0,
        0,
        ours.ecx & features(EXTENDED + 1, 0, 2) | cores,
        ours.edx & features(EXTENDED + 1, 0, 3));
    for (int i = 2; i <= 6; i++) {
      plain(EXTENDED + i);
    }
    ours.leaf(EXTENDED + 7, 0, false, 1);
    add(EXTENDED + 7, 0, 0, 0, ours.edx & features(EXTENDED + 7, 0, 3));
    CpuidEntry host = host(EXTENDED + 8, 0);
    ours.leaf(EXTENDED + 8, 0, false, 1);
    int physical = Math.min(ours.eax & 0xff, host.eax() == 0 ? 36 : host.eax() & 0xff);
    int idBits = 32 - Integer.numberOfLeadingZeros(processors - 1);
    add(
        EXTENDED + 8,
        ours.eax & ~0xff | physical,
        host.ebx() & SPECULATION_8_EBX,
        amd ? processors - 1 & 0xff | idBits << 12 : ours.ecx,
        0);
    if (longer) {
      add(LAST_SPECULATION_LEAF, eax, 0, ecx, 0);
    }
  }

  /** Logical processors of the package, by leaf 0xb. */
  private int processors() {
    ours.leaf(0xb, 1, false, 1);
    return Math.max(1, ours.ebx);
  }

  /**
   * Bits of one register that the model has and the host too.
   *
   * @param register 0 to 3 for EAX to EDX
   */
  private int features(int leaf, int subleaf, int register) {
    int bits = 0;
    for (Feature f : model.features()) {
      if (f.leaf() == leaf
          && f.subleaf() == subleaf
          && f.in(0, 1, 2, 3) == register
          && has(f, supported)) {
        bits |= f.mask();
      }
    }
    return bits;
  }

  private void plain(int function) {
    ours.leaf(function, 0, false, 1);
    add(function, ours.eax, ours.ebx, ours.ecx, ours.edx);
  }

  private void indexed(int function, int index) {
    ours.leaf(function, index, false, 1);
    addIndexed(function, index, ours.eax, ours.ebx, ours.ecx, ours.edx);
  }

  private void add(int function, int eax, int ebx, int ecx, int edx) {
    entries.add(new CpuidEntry(function, 0, 0, eax, ebx, ecx, edx));
  }

  private void addIndexed(int function, int index, int eax, int ebx, int ecx, int edx) {
    entries.add(new CpuidEntry(function, index, CpuidEntry.SIGNIFICANT_INDEX, eax, ebx, ecx, edx));
  }
}

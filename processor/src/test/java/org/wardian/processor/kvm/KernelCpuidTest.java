package org.wardian.processor.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.wardian.host.kvm.CpuidEntry;
import org.wardian.host.kvm.RunPage;
import org.wardian.memory.RawMemory;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Cpuid;
import org.wardian.x86.Feature;
import org.wardian.x86.StateLayout;

/** What a guest of the kernel reads by CPUID. */
class KernelCpuidTest {
  private static final int APIC_ID = 3;
  private static final int PROCESSORS = 6;
  private static final int INDEXED = CpuidEntry.SIGNIFICANT_INDEX;
  private static final long TSC = 2_500_000_000L;
  private static final long APIC_TIMER = 1_000_000_000L;

  /** A host with every feature that any model names, and much that none does. */
  private static List<CpuidEntry> richIntel() {
    return List.of(
        new CpuidEntry(0, 0, 0, 0x20, 0x756e_6547, 0x6c65_746e, 0x4965_6e69),
        new CpuidEntry(1, 0, 0, 0x000c_06f2, 0x0102_0800, -1, -1),
        new CpuidEntry(6, 0, 0, 4, 0, 0, 0),
        new CpuidEntry(7, 0, INDEXED, 2, -1, -1, 0xbc01_0400),
        new CpuidEntry(7, 1, INDEXED, 0x1c00, 0, 0, 0),
        new CpuidEntry(7, 2, INDEXED, 0, 0, 0, 0x1f),
        new CpuidEntry(0xd, 0, INDEXED, 0x2e7, 0xa88, 0xa88, 0),
        new CpuidEntry(0xd, 1, INDEXED, 0xf, 0, 0, 0),
        new CpuidEntry(0x4000_0001, 0, 0, 0x0100_7efb, 0, 0, 0),
        new CpuidEntry(0x8000_0001, 0, 0, 0, 0, 0x121, 0x2c10_0800),
        new CpuidEntry(0x8000_0007, 0, 0, 0, 0, 0, 0x100),
        new CpuidEntry(0x8000_0008, 0, 0, 0x392e, 0x0100_d200, 0, 0));
  }

  private static List<CpuidEntry> replaced(List<CpuidEntry> host, CpuidEntry... entries) {
    List<CpuidEntry> copy = new ArrayList<>(host);
    for (CpuidEntry e : entries) {
      copy.removeIf(old -> old.function() == e.function() && old.index() == e.index());
      copy.add(e);
    }
    return copy;
  }

  private static Cpuid ours(CpuModel model) {
    return new Cpuid(model, APIC_ID, PROCESSORS, TSC, APIC_TIMER);
  }

  private static List<CpuidEntry> entries(CpuModel model, List<CpuidEntry> host) {
    return KernelCpuid.entries(ours(model), model, host);
  }

  private static CpuidEntry leaf(List<CpuidEntry> table, int function, int index) {
    return table.stream()
        .filter(e -> e.function() == function && e.index() == index)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no leaf %x.%d".formatted(function, index)));
  }

  @Test
  void promisesTheWholeModelWhereTheHostHasIt() {
    CpuModel model = CpuModel.standard();
    List<CpuidEntry> table = entries(model, richIntel());
    assertThat(KernelCpuid.missing(model, richIntel())).isEmpty();
    for (Feature f : Feature.values()) {
      CpuidEntry e =
          table.stream()
              .filter(x -> x.function() == f.leaf() && x.index() == f.subleaf())
              .findFirst()
              .orElse(new CpuidEntry(0, 0, 0, 0, 0, 0, 0));
      boolean promised = (f.in(e.eax(), e.ebx(), e.ecx(), e.edx()) & f.mask()) != 0;
      assertThat(promised).as(f.name()).isEqualTo(model.has(f));
    }
  }

  @Test
  void takesVendorFamilyAndSpeculationFromTheHost() {
    List<CpuidEntry> table = entries(CpuModel.standard(), richIntel());
    assertThat(leaf(table, 0, 0).ecx()).isEqualTo(0x6c65_746e);
    assertThat(leaf(table, 1, 0).eax()).isEqualTo(0x000c_06f2);
    assertThat(leaf(table, 7, 0).edx()).isEqualTo(0xbc00_0400);
    assertThat(leaf(table, 7, 0).eax()).isEqualTo(2);
    assertThat(leaf(table, 7, 2).edx()).isEqualTo(0x1f);
    assertThat(leaf(table, 0x8000_0008, 0).ebx()).isEqualTo(0x0100_d000);
  }

  @Test
  void takesTopologyAndRatesFromOurMachine() {
    List<CpuidEntry> table = entries(CpuModel.standard(), richIntel());
    assertThat(leaf(table, 1, 0).ebx() >>> 24).isEqualTo(APIC_ID);
    assertThat(leaf(table, 1, 0).edx() & 1 << 28).isNotZero();
    assertThat(leaf(table, 0xb, 0).edx()).isEqualTo(APIC_ID);
    assertThat(leaf(table, 0xb, 1).ebx()).isEqualTo(PROCESSORS);
    assertThat(leaf(table, 4, 3).eax() >>> 14 & 0xfff).isEqualTo(7);
    CpuidEntry crystal = leaf(table, 0x15, 0);
    assertThat((long) crystal.ecx() * crystal.ebx() / crystal.eax()).isEqualTo(TSC);
    assertThat(leaf(table, 0x4000_0010, 0).eax()).isEqualTo((int) (TSC / 1000));
  }

  @Test
  void promisesOnlyThePhysicalAddressesOfTheHost() {
    CpuidEntry narrow = new CpuidEntry(0x8000_0008, 0, 0, 0x3024, 0, 0, 0);
    List<CpuidEntry> host = replaced(richIntel(), narrow);
    assertThat(leaf(entries(CpuModel.standard(), host), 0x8000_0008, 0).eax()).isEqualTo(0x3024);
    assertThat(leaf(entries(CpuModel.standard(), richIntel()), 0x8000_0008, 0).eax())
        .isEqualTo(48 << 8 | Cpuid.PHYSICAL_ADDRESS_BITS);
  }

  @Test
  void leavesOutTheExtrasThatTheHostLacksAndNamesThem() {
    CpuModel model = CpuModel.standard();
    // no XSAVE, AES, PCLMULQDQ, RDRAND, PCID; and neither X2APIC nor TSC_DEADLINE in the kernel's
    // list
    int ecx = -1 & ~(1 << 26 | 1 << 25 | 1 << 1 | 1 << 30 | 1 << 17 | 1 << 21 | 1 << 24);
    List<CpuidEntry> host = replaced(richIntel(), new CpuidEntry(1, 0, 0, 0xc06f2, 0, ecx, -1));
    assertThat(KernelCpuid.missing(model, host))
        .containsExactly(
            Feature.PCLMULQDQ, Feature.PCID, Feature.AES, Feature.XSAVE, Feature.RDRAND);
    List<CpuidEntry> table = entries(model, host);
    assertThat(leaf(table, 1, 0).ecx() & (1 << 26 | 1 << 25)).isZero();
    assertThat(leaf(table, 1, 0).ecx() & (1 << 21 | 1 << 24)).isEqualTo(1 << 21 | 1 << 24);
    assertThat(table).noneMatch(e -> e.function() == 0xd);
  }

  @Test
  void refusesAModelWhoseLevelTheHostLacks() {
    int ecx = -1 & ~(1 << 20 | 1 << 23);
    List<CpuidEntry> host = replaced(richIntel(), new CpuidEntry(1, 0, 0, 0xc06f2, 0, ecx, -1));
    assertThat(KernelCpuid.supports(CpuModel.standard(), host)).isFalse();
    assertThat(KernelCpuid.supports(CpuModel.named("x86-64-v1"), host)).isTrue();
    assertThatThrownBy(() -> entries(CpuModel.standard(), host))
        .isInstanceOfSatisfying(
            UnsupportedCpuModelException.class,
            e -> assertThat(e.missing()).containsExactly(Feature.SSE4_2, Feature.POPCNT))
        .hasMessageContaining("x86-64-v2: it lacks SSE4_2, POPCNT; choose x86-64-v1,");
  }

  @Test
  void givesAmdGuestsTheirWayToCountCores() {
    List<CpuidEntry> host =
        replaced(
            richIntel(),
            new CpuidEntry(0, 0, 0, 0x10, 0x6874_7541, 0x444d_4163, 0x6974_6e65),
            new CpuidEntry(0x8000_0008, 0, 0, 0x3030, 1 << 12 | 1 << 24 | 1, 0, 0),
            new CpuidEntry(0x8000_0021, 0, 0, 1 << 2 | 1 << 8 | 1 << 29, 0, 2, 0));
    List<CpuidEntry> table = entries(CpuModel.standard(), host);
    assertThat(leaf(table, 0, 0).edx()).isEqualTo(0x6974_6e65);
    assertThat(leaf(table, 0x8000_0000, 0).eax()).isEqualTo(0x8000_0021);
    assertThat(leaf(table, 0x8000_0001, 0).ecx() & 2).isEqualTo(2);
    assertThat(leaf(table, 0x8000_0008, 0).ecx()).isEqualTo(5 | 3 << 12);
    assertThat(leaf(table, 0x8000_0008, 0).ebx()).isEqualTo(1 << 12 | 1 << 24);
    assertThat(leaf(table, 0x8000_0021, 0).eax()).isEqualTo(1 << 2 | 1 << 29);
    assertThat(leaf(table, 0x8000_0021, 0).ecx()).isEqualTo(2);
    assertThat(table).noneMatch(e -> e.function() == 4);
  }

  @Test
  void isWhatAGuestOfThisHostReads() {
    try (TinyMachine machine = TinyMachine.create()) {
      int at = 0x4000;
      for (CpuidEntry e : machine.entries) {
        machine.word(at, e.function());
        machine.word(at + 4, e.index());
        at += 24;
      }
      machine.flatMode(0x1000);
      RawMemory.putLong(machine.block + StateLayout.GPR + 8 * 6, 0x4000);
      RawMemory.putLong(machine.block + StateLayout.GPR + 8 * 7, machine.entries.size());
      machine.load(
          0x1000, 0x8b, 0x06, // mov eax,[esi]
          0x8b, 0x4e, 0x04, // mov ecx,[esi+4]
          0x0f, 0xa2, // cpuid
          0x89, 0x46, 0x08, // mov [esi+8],eax
          0x89, 0x5e, 0x0c, // mov [esi+12],ebx
          0x89, 0x4e, 0x10, // mov [esi+16],ecx
          0x89, 0x56, 0x14, // mov [esi+20],edx
          0x83, 0xc6, 0x18, // add esi,24
          0x4f, // dec edi
          0x75, 0xe7, // jnz to the beginning
          0xe6, 0x10); // out 0x10,al
      assertThat(machine.run()).isEqualTo(RunPage.EXIT_IO);
      List<String> more = new ArrayList<>();
      at = 0x4000;
      for (CpuidEntry e : machine.entries) {
        int[] told = {e.eax(), e.ebx(), e.ecx(), e.edx()};
        for (int i = 0; i < told.length; i++) {
          int read = machine.word(at + 8 + 4 * i);
          String place = "leaf %x.%d, register %d".formatted(e.function(), e.index(), i);
          if (e.function() == 1 || e.function() == 7) {
            assertThat(read & told[i]).as(place).isEqualTo(told[i]);
            if (read != told[i]) {
              more.add("%s: %08x".formatted(place, read & ~told[i]));
            }
          } else {
            assertThat(read).as(place).isEqualTo(told[i]);
          }
        }
        at += 24;
      }
      assumeTrue(
          more.isEmpty(), "this KVM shows its guests features that it was not told: " + more);
    }
  }
}

package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.wardian.host.kvm.CpuidEntry;
import org.wardian.host.kvm.KvmCapability;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.process.assembly.Accelerator;
import org.wardian.process.assembly.AcceleratorChoice;
import org.wardian.process.assembly.AssemblyException;
import org.wardian.processor.kvm.KvmReport;
import org.wardian.x86.CpuModel;

class AcceleratorChoiceTest {
  private static final CpuModel MODEL = CpuModel.standard();

  /** A processor that has every feature that CPUID can tell. */
  private static final List<CpuidEntry> EVERYTHING =
      List.of(
          leaf(0, 0),
          leaf(1, 0),
          leaf(6, 0),
          leaf(7, 0),
          leaf(7, 1),
          leaf(0xd, 0),
          leaf(0xd, 1),
          leaf(0x80000000, 0),
          leaf(0x80000001, 0),
          leaf(0x80000007, 0),
          leaf(0x80000008, 0));

  private static CpuidEntry leaf(int function, int index) {
    return new CpuidEntry(function, index, CpuidEntry.SIGNIFICANT_INDEX, -1, -1, -1, -1);
  }

  private static KvmReport report(boolean usable, boolean fast, List<CpuidEntry> cpuid) {
    return new KvmReport(
        usable,
        fast,
        fast ? 4000 : 3,
        5,
        fast ? "it is quick" : usable ? "it is slow" : "it is locked",
        usable ? List.of() : List.of(KvmCapability.SPLIT_IRQCHIP),
        List.of("kvm_test"),
        Optional.of("by knocking"),
        true,
        64,
        cpuid);
  }

  private static AcceleratorChoice choose(Accelerator asked, KvmReport kvm) {
    return AcceleratorChoice.of(asked, MODEL, () -> kvm);
  }

  @Test
  void autoTakesAFastKvm() {
    AcceleratorChoice choice = choose(Accelerator.AUTO, report(true, true, EVERYTHING));

    assertThat(choice.kind()).isEqualTo(AcceleratorKind.KVM);
    assertThat(choice.reason()).isEqualTo("it is quick");
    assertThat(choice.warning()).isEmpty();
  }

  @Test
  void autoRefusesASlowKvmAndSaysSo() {
    AcceleratorChoice choice = choose(Accelerator.AUTO, report(true, false, EVERYTHING));

    assertThat(choice.kind()).isEqualTo(AcceleratorKind.SOFTWARE);
    assertThat(choice.reason()).isEqualTo("it is slow");
    assertThat(choice.warning()).isEmpty();
  }

  @Test
  void autoRefusesAProcessorWithoutTheModelsFeatures() {
    List<CpuidEntry> nothing = List.of(new CpuidEntry(1, 0, 0, 0, 0, 0, 0));

    AcceleratorChoice choice = choose(Accelerator.AUTO, report(true, true, nothing));

    assertThat(choice.kind()).isEqualTo(AcceleratorKind.SOFTWARE);
    assertThat(choice.reason()).contains(MODEL.name());
    assertThatThrownBy(() -> choose(Accelerator.KVM, report(true, true, nothing)))
        .isInstanceOf(AssemblyException.class)
        .hasMessageContaining("--cpu-model");
  }

  @Test
  void autoDoesWithoutKvm() {
    AcceleratorChoice choice = choose(Accelerator.AUTO, report(false, false, List.of()));

    assertThat(choice.kind()).isEqualTo(AcceleratorKind.SOFTWARE);
    assertThat(choice.reason()).isEqualTo("it is locked");
  }

  @Test
  void whoeverAsksForASlowKvmIsWarnedInOneLine() {
    AcceleratorChoice choice = choose(Accelerator.KVM, report(true, false, EVERYTHING));

    assertThat(choice.kind()).isEqualTo(AcceleratorKind.KVM);
    assertThat(choice.warning())
        .hasValueSatisfying(
            line -> assertThat(line).startsWith("warning: it is slow").hasLineCount(1));
    assertThat(choose(Accelerator.KVM, report(true, true, EVERYTHING)).warning()).isEmpty();
  }

  @Test
  void whoeverAsksForAKvmThatIsNotThereHearsWhyAndWhatToDo() {
    assertThatThrownBy(() -> choose(Accelerator.KVM, report(false, false, List.of())))
        .isInstanceOfSatisfying(
            AssemblyException.class,
            failure -> assertThat(failure.reason()).isEqualTo(AssemblyException.Reason.HOST))
        .hasMessageContaining("it is locked")
        .hasMessageContaining("--accelerator software");
  }

  @Test
  void softwareDoesNotLookAtKvm() {
    Supplier<KvmReport> none =
        () -> {
          throw new AssertionError("KVM was looked at");
        };

    assertThat(AcceleratorChoice.of(Accelerator.SOFTWARE, MODEL, none).kind())
        .isEqualTo(AcceleratorKind.SOFTWARE);
  }

  @Test
  void theDoctorShowsFiguresAndWhatIsMissing() {
    ObjectNode node = Json.object();
    KvmReport kvm = report(false, false, List.of());

    KvmFindings.describe(kvm, node);

    assertThat(node.get("usable").asBoolean()).isFalse();
    assertThat(node.get("mips").asDouble()).isEqualTo(3);
    assertThat(node.get("exitMicroseconds").asDouble()).isEqualTo(5);
    assertThat(node.get("missingCapabilities").get(0).get("name").asText())
        .isEqualTo("KVM_CAP_SPLIT_IRQCHIP");
    assertThat(KvmFindings.of(kvm)).noneMatch(finding -> finding.grade() == Finding.Grade.MISSING);
  }
}

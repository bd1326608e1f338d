package org.wardian.process.assembly;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.process.assembly.AssemblyException.Reason;
import org.wardian.processor.kvm.KernelCpuid;
import org.wardian.processor.kvm.KvmReport;
import org.wardian.x86.CpuModel;

/**
 * Who executes a guest on this host, and why.
 *
 * @param kind who
 * @param reason one sentence without a full stop
 * @param warning what the user should know before he waits for the guest, or empty
 */
public record AcceleratorChoice(AcceleratorKind kind, String reason, Optional<String> warning) {
  private static final String REMEDY = "; --accelerator software runs anywhere";

  /**
   * Chooses.
   *
   * @param kvm what KVM is good for; asked only where that matters, since it takes some
   *     milliseconds
   * @throws AssemblyException if what was asked for cannot be had
   */
  public static AcceleratorChoice of(Accelerator asked, CpuModel model, Supplier<KvmReport> kvm) {
    return switch (asked) {
      case SOFTWARE ->
          new AcceleratorChoice(
              AcceleratorKind.SOFTWARE, "--accelerator software asks for it", Optional.empty());
      case KVM -> onKvm(model, kvm.get());
      case AUTO -> best(model, kvm.get());
    };
  }

  private static AcceleratorChoice best(CpuModel model, KvmReport kvm) {
    List<String> lacking = lacking(model, kvm);
    boolean taken = kvm.usable() && kvm.fast() && lacking.isEmpty();
    return new AcceleratorChoice(
        taken ? AcceleratorKind.KVM : AcceleratorKind.SOFTWARE,
        kvm.fast() && !lacking.isEmpty() ? lackingText(model, lacking) : kvm.reason(),
        Optional.empty());
  }

  private static AcceleratorChoice onKvm(CpuModel model, KvmReport kvm) {
    if (!kvm.usable()) {
      throw new AssemblyException(
          Reason.HOST, "accelerator kvm cannot be had: " + kvm.reason() + REMEDY);
    }
    List<String> lacking = lacking(model, kvm);
    if (!lacking.isEmpty()) {
      throw new AssemblyException(
          Reason.HOST,
          "accelerator kvm cannot be had: "
              + lackingText(model, lacking)
              + alternatives(kvm)
              + REMEDY);
    }
    return new AcceleratorChoice(
        AcceleratorKind.KVM,
        kvm.reason(),
        kvm.fast()
            ? Optional.empty()
            : Optional.of("warning: " + kvm.reason() + "; --accelerator software would be faster"));
  }

  private static String lackingText(CpuModel model, List<String> lacking) {
    return "this host's KVM cannot give a guest --cpu-model "
        + model.name()
        + ": it lacks "
        + String.join(", ", lacking);
  }

  private static String alternatives(KvmReport kvm) {
    List<String> models =
        CpuModel.names().stream()
            .filter(name -> KernelCpuid.supports(CpuModel.named(name), kvm.supportedCpuid()))
            .toList();
    return models.isEmpty() ? "" : "; there is --cpu-model " + String.join(" or ", models);
  }

  /** Features that the model's name stands for and the host's KVM lacks: no guest can have it. */
  public static List<String> lacking(CpuModel model, KvmReport kvm) {
    return names(kvm, model, true);
  }

  /** Features beyond those that the host's KVM lacks: guests do without. */
  public static List<String> leftOut(CpuModel model, KvmReport kvm) {
    return names(kvm, model, false);
  }

  private static List<String> names(KvmReport kvm, CpuModel model, boolean essential) {
    if (!kvm.usable()) {
      return List.of();
    }
    return KernelCpuid.missing(model, kvm.supportedCpuid()).stream()
        .filter(feature -> model.level().contains(feature) == essential)
        .map(feature -> feature.name().toLowerCase(Locale.ROOT))
        .toList();
  }
}

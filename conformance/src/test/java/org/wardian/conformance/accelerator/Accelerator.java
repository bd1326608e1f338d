package org.wardian.conformance.accelerator;

import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.opentest4j.TestAbortedException;
import org.wardian.host.HostException;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.machine.platform.InterruptChips;
import org.wardian.machine.platform.Platform;
import org.wardian.machine.platform.PlatformConfiguration;
import org.wardian.processor.kvm.UnsupportedCpuModelException;
import org.wardian.x86.CpuModel;

/** A column of the suite: who executes, and where the interrupt chips are. */
enum Accelerator {
  SOFTWARE("software", AcceleratorKind.SOFTWARE, InterruptChips.SPLIT),
  KVM_SPLIT("KVM with split chips", AcceleratorKind.KVM, InterruptChips.SPLIT),
  KVM_KERNEL("KVM with kernel chips", AcceleratorKind.KVM, InterruptChips.KERNEL);

  private static final boolean REQUIRED = Boolean.getBoolean("wardian.kvm.required");

  private final String title;
  private final AcceleratorKind kind;
  private final InterruptChips chips;

  Accelerator(String title, AcceleratorKind kind, InterruptChips chips) {
    this.title = title;
    this.kind = kind;
    this.chips = chips;
  }

  /** Whether guest code runs on the host's kernel. */
  boolean isKvm() {
    return kind == AcceleratorKind.KVM;
  }

  /** Whether this KVM interprets the kernel's code of a guest, which then runs slowly. */
  boolean interprets() {
    return isKvm() && InterpretingKvm.found();
  }

  /** Leaves the test out where the host lends no KVM, or fails it where that is required. */
  void require() {
    if (isKvm() && KvmAvailability.REASON != null) {
      if (REQUIRED) {
        throw new AssertionError("KVM is required here: " + KvmAvailability.REASON);
      }
      throw new TestAbortedException(KvmAvailability.REASON);
    }
  }

  /** A machine of one processor with {@code bytes} of RAM. */
  Platform platform(long bytes) {
    return platform(bytes, 1);
  }

  /** A machine of so many processors with {@code bytes} of RAM. */
  Platform platform(long bytes, int processors) {
    require();
    return create(bytes, processors, model());
  }

  private Platform create(long bytes, int processors, CpuModel model) {
    return Platform.create(new PlatformConfiguration(kind, bytes, processors, model, chips));
  }

  /** The same machine in this column. */
  MachineConfiguration of(MachineConfiguration machine) {
    return machine.on(kind, chips);
  }

  /**
   * What the column's processors promise: the standard model, or the best that the host's KVM has.
   */
  CpuModel model() {
    return isKvm() ? KvmAvailability.MODEL : CpuModel.standard();
  }

  /** Every ordered pair of columns, for tests that move a guest from one to another. */
  static Stream<Arguments> pairs() {
    return Stream.of(values())
        .flatMap(from -> Stream.of(values()).map(to -> Arguments.of(from, to)));
  }

  @Override
  public String toString() {
    return title;
  }

  /** What there is of KVM; looked at once. */
  private static final class KvmAvailability {
    /** Why there is none, or null. */
    static final String REASON;

    /** The best model that it has. */
    static final CpuModel MODEL;

    static {
      CpuModel model = CpuModel.standard();
      String reason = null;
      try {
        model = look(model) ? model : CpuModel.named("x86-64-v1");
      } catch (HostException e) {
        reason = e.getMessage();
      }
      MODEL = model;
      REASON = reason;
    }

    private static boolean look(CpuModel model) {
      try (Platform platform = KVM_SPLIT.create(0x10000, 1, model)) {
        return !platform.vcpus().isEmpty();
      } catch (UnsupportedCpuModelException e) {
        return false;
      }
    }
  }
}

package org.wardian.processor.kvm;

import java.util.List;
import java.util.stream.Collectors;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Feature;

/** The host's processor, or its kernel, lacks features that a CPU model stands for. */
public final class UnsupportedCpuModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Features of the level that are missing. */
  private final Feature[] missing;

  UnsupportedCpuModelException(CpuModel model, List<Feature> missing, String alternative) {
    super(
        "this host's KVM cannot give a guest the CPU model %s: it lacks %s; %s"
            .formatted(
                model.name(),
                missing.stream().map(Feature::name).collect(Collectors.joining(", ")),
                alternative));
    this.missing = missing.toArray(Feature[]::new);
  }

  /** The features that the model's name stands for and the host lacks. */
  public List<Feature> missing() {
    return List.of(missing);
  }
}

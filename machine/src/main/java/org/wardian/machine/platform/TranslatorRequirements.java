package org.wardian.machine.platform;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.wardian.host.HostProcessor;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Feature;

/** What a host must have for the translator: emitted code holds the guest's own instructions. */
final class TranslatorRequirements {
  /** Linux's names of the features whose instructions are emitted as themselves. */
  private static final Map<Feature, String> NAMES =
      new EnumMap<>(
          Map.of(
              Feature.SSE3, "pni",
              Feature.SSSE3, "ssse3",
              Feature.SSE4_1, "sse4_1",
              Feature.SSE4_2, "sse4_2",
              Feature.POPCNT, "popcnt",
              Feature.CX16, "cx16",
              Feature.AES, "aes",
              Feature.PCLMULQDQ, "pclmulqdq"));

  /** What emitted code itself keeps flags with, whatever the guest has. */
  private static final String FLAGS = "lahf_lm";

  private TranslatorRequirements() {}

  /** Why this host cannot run code emitted for {@code model}, as one phrase; empty where it can. */
  static Optional<String> obstacle(CpuModel model) {
    HostProcessor host = HostProcessor.current();
    if (host.architecture() != HostProcessor.Architecture.X86_64) {
      return Optional.of("it needs an x86-64 processor");
    }
    return obstacle(model, host::has, HostProcessor.executableMemory());
  }

  /**
   * As {@link #obstacle(CpuModel)}, on an x86-64 host.
   *
   * @param flags whether the host has a feature, by Linux's name
   * @param memory whether it gives executable memory
   */
  static Optional<String> obstacle(
      CpuModel model, Predicate<String> flags, HostProcessor.Capability memory) {
    if (!flags.test(FLAGS)) {
      return Optional.of("this host's processor lacks " + FLAGS);
    }
    List<String> missing =
        NAMES.entrySet().stream()
            .filter(entry -> model.has(entry.getKey()) && !flags.test(entry.getValue()))
            .map(Map.Entry::getValue)
            .toList();
    if (!missing.isEmpty()) {
      return Optional.of(
          "this host's processor lacks "
              + String.join(", ", missing)
              + " of --cpu-model "
              + model.name());
    }
    return memory.available() ? Optional.empty() : Optional.of(memory.reason());
  }
}

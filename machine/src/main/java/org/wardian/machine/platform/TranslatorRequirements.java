package org.wardian.machine.platform;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.wardian.host.HostException;
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
              Feature.PCLMULQDQ, "pclmulqdq",
              Feature.LAHF_LM, "lahf_lm"));

  private TranslatorRequirements() {}

  /**
   * Checks the host.
   *
   * @throws HostException where it cannot run code emitted for {@code model}
   */
  static void check(CpuModel model) {
    HostProcessor host = HostProcessor.current();
    if (host.architecture() != HostProcessor.Architecture.X86_64) {
      throw HostException.unsupported(
          "translation to host code, which needs an x86-64 processor,", "use --translator off");
    }
    List<String> missing = new ArrayList<>();
    NAMES.forEach((feature, name) -> {
      if (model.has(feature) && !host.has(name)) {
        missing.add(feature.toString());
      }
    });
    if (!missing.isEmpty()) {
      throw HostException.unsupported(
          "a processor with " + String.join(", ", missing) + ", which the guest would have,",
          "use --translator off, or another --cpu-model");
    }
  }
}

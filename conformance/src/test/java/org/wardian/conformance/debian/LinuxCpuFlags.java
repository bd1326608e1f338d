package org.wardian.conformance.debian;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Feature;

/**
 * The words of {@code flags} in a Linux guest's {@code /proc/cpuinfo}. Source: Linux, {@code
 * arch/x86/include/asm/cpufeatures.h}.
 */
final class LinuxCpuFlags {
  /** Features whose words are not their names. */
  private static final Map<Feature, List<String>> WORDS = new EnumMap<>(Feature.class);

  static {
    WORDS.put(Feature.CLFSH, List.of("clflush"));
    WORDS.put(Feature.SSE3, List.of("pni"));
    WORDS.put(Feature.TSC_DEADLINE, List.of("tsc_deadline_timer"));
    WORDS.put(Feature.INVARIANT_TSC, List.of("constant_tsc", "nonstop_tsc"));
    WORDS.put(Feature.INVPCID, List.of("invpcid", "invpcid_single"));
    // Known to the kernel, but not shown.
    WORDS.put(Feature.FDP_EXCEPTION_ONLY, List.of());
    WORDS.put(Feature.ZERO_FCS_FDS, List.of());
  }

  /**
   * Words that the kernel adds by itself: of the instructions that it found or takes for granted
   * ({@code cpuid}, {@code nopl}, {@code rep_good}), of CPUID leaf 0xb ({@code xtopology}) and of
   * the leaves that tell the clock's rate ({@code tsc_known_freq}).
   */
  private static final Set<String> KERNELS_OWN =
      Set.of("cpuid", "nopl", "rep_good", "xtopology", "tsc_known_freq");

  /** What a 32-bit kernel has no use for, and takes off its list. */
  private static final Set<String> ONLY_IN_64_BITS = Set.of("pcid", "invpcid_single");

  private LinuxCpuFlags() {}

  /** The words that a model promises. */
  static Set<String> of(CpuModel model) {
    Set<String> words = new TreeSet<>();
    for (Feature feature : model.features()) {
      words.addAll(WORDS.getOrDefault(feature, List.of(feature.name().toLowerCase(Locale.ROOT))));
    }
    return words;
  }

  /** The words that a model promises, as a 32-bit kernel shows them. */
  static Set<String> ofIn32Bits(CpuModel model) {
    Set<String> words = of(model);
    words.removeAll(ONLY_IN_64_BITS);
    return words;
  }

  /** The words in {@code /proc/cpuinfo} that stand for something that CPUID promised. */
  static Set<String> seen(String cpuinfo) {
    for (String line : cpuinfo.lines().toList()) {
      if (line.startsWith("flags")) {
        Set<String> words = new TreeSet<>(Arrays.asList(line.replaceFirst(".*: ", "").split(" ")));
        words.removeAll(KERNELS_OWN);
        return words;
      }
    }
    throw new AssertionError("no flags in " + cpuinfo);
  }
}

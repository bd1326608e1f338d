package org.wardian.definition.capabilities;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Features of processors by the names that libvirt and QEMU know them by. */
public final class CpuFeatures {
  private record Place(int leaf, int subleaf, String register, int bit) {
    boolean isIn(Cpuid.Registers registers) {
      int word =
          switch (register) {
            case "eax" -> registers.eax();
            case "ebx" -> registers.ebx();
            case "ecx" -> registers.ecx();
            default -> registers.edx();
          };
      return (word >> bit & 1) != 0;
    }
  }

  /** Bits that an operating system sets, which say nothing of a processor. */
  private static final Set<String> SET_BY_SYSTEM = Set.of("osxsave", "ospke");

  private static final Map<String, Place> PLACES = new LinkedHashMap<>();
  private static final Set<String> STAYING = new HashSet<>();

  static {
    for (String line : lines("cpu.features")) {
      String[] words = line.split(" ");
      PLACES.put(
          words[0],
          new Place(
              Integer.parseUnsignedInt(words[1].substring(2), 16),
              Integer.decode(words[2]),
              words[3],
              Integer.parseInt(words[4])));
      if (words.length > 5) {
        STAYING.add(words[0]);
      }
    }
  }

  private CpuFeatures() {}

  static List<String> lines(String resource) {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(CpuFeatures.class.getResourceAsStream(resource)),
                StandardCharsets.UTF_8))) {
      return reader.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All names. */
  public static Set<String> names() {
    return PLACES.keySet();
  }

  /** Whether there is a feature of that name. */
  public static boolean isKnown(String name) {
    return PLACES.containsKey(name) || CpuModels.mentions(name);
  }

  /** The features that a processor says it has, in the order of CPUID's leaves. */
  public static Set<String> of(Cpuid cpuid) {
    Map<Long, Cpuid.Registers> asked = new LinkedHashMap<>();
    Set<String> features = new LinkedHashSet<>();
    PLACES.forEach((name, place) -> {
      Cpuid.Registers registers =
          asked.computeIfAbsent(
              (long) place.leaf << 32 | place.subleaf, key -> cpuid.at(place.leaf, place.subleaf));
      if (place.isIn(registers)) {
        features.add(name);
      }
    });
    return features;
  }

  /** Those that a guest may be promised: without what its operating system sets. */
  static Set<String> forGuests(Collection<String> features, boolean migratable) {
    Set<String> result = new LinkedHashSet<>(features);
    result.removeAll(SET_BY_SYSTEM);
    if (migratable) {
      result.removeAll(STAYING);
    }
    return result;
  }

  /** In the order of CPUID's leaves. */
  static List<String> ordered(Set<String> features) {
    List<String> ordered = new ArrayList<>();
    for (String name : PLACES.keySet()) {
      if (features.contains(name)) {
        ordered.add(name);
      }
    }
    features.stream().filter(name -> !PLACES.containsKey(name)).sorted().forEach(ordered::add);
    return ordered;
  }
}

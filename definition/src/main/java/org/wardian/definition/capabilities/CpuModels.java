package org.wardian.definition.capabilities;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Models of processors by the names that libvirt and QEMU know them by. */
public final class CpuModels {
  /**
   * A model.
   *
   * @param vendor Intel, AMD, Hygon; empty for one of no vendor
   * @param signatures family and model numbers, as {@code 6/44}
   * @param isHost whether a host may be said to be one
   * @param isGuest whether a guest may, by itself
   * @param features what it has, by name
   */
  public record Model(
      String name,
      String vendor,
      List<String> signatures,
      boolean isHost,
      boolean isGuest,
      Set<String> features) {}

  private static final Map<String, Model> MODELS = new LinkedHashMap<>();

  static {
    for (String line : CpuFeatures.lines("cpu.models")) {
      String[] words = line.split(" ");
      Model base = MODELS.get(words[4]);
      Set<String> features = new TreeSet<>(base == null ? Set.of() : base.features);
      for (int i = 5; i < words.length; i++) {
        String feature = words[i].substring(1);
        if (words[i].charAt(0) == '+') {
          features.add(feature);
        } else {
          features.remove(feature);
        }
      }
      MODELS.put(
          words[0],
          new Model(
              words[0],
              words[1].equals("-") ? "" : words[1],
              words[2].equals("-") ? List.of() : List.of(words[2].split(",")),
              words[3].contains("h"),
              words[3].contains("g"),
              features));
    }
  }

  private CpuModels() {}

  /** The names, the oldest first. */
  public static List<String> names() {
    return List.copyOf(MODELS.keySet());
  }

  /** A model by its name. */
  public static Optional<Model> model(String name) {
    return Optional.ofNullable(MODELS.get(name));
  }

  static boolean mentions(String feature) {
    return MODELS.values().stream().anyMatch(model -> model.features.contains(feature));
  }

  /** The models that have nothing but these features, in the order of {@link #names}. */
  public static Set<String> within(Collection<String> features) {
    Set<String> names = new TreeSet<>();
    MODELS.values().stream()
        .filter(model -> features.containsAll(model.features))
        .forEach(model -> names.add(model.name));
    return names;
  }

  /**
   * The model that says most of a processor: of those within its features the one of the same
   * family and model, else the one that leaves least to be said.
   *
   * @param vendor of the processor; empty for none
   * @param signature its family and model as {@code 6/44}; empty where nothing is known of it
   * @param forHost whether a model for a host is looked for, or one for a guest
   */
  static Optional<Model> best(
      Set<String> features, String vendor, String signature, boolean forHost) {
    List<Model> candidates = new ArrayList<>();
    for (Model model : MODELS.values()) {
      if (features.containsAll(model.features)
          && (model.vendor.isEmpty() || model.vendor.equals(vendor))
          && (forHost ? model.isHost : model.isGuest)) {
        candidates.add(model);
      }
    }
    Model best = null;
    for (Model model : candidates) {
      if (best == null || isBetter(model, best, signature)) {
        best = model;
      }
    }
    return Optional.ofNullable(best);
  }

  private static boolean isBetter(Model model, Model best, String signature) {
    boolean matches = model.signatures.contains(signature);
    boolean bestMatches = best.signatures.contains(signature);
    return matches == bestMatches ? model.features.size() > best.features.size() : matches;
  }
}

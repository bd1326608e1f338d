package org.wardian.boot.catalogue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * Finds a set of packages that holds certain ones and all that they need ({@code Pre-Depends} and
 * {@code Depends}; Debian Policy Manual §7), with nothing that conflicts.
 *
 * <p>The newest version of each name stands for it. A group of alternatives that is not met yet is
 * met by the first that can be had, and a virtual package by its provider of the highest priority,
 * then of the first name: no search, no going back. That is what apt does, and enough for a stable
 * release; where it is not, the conflict is told.
 */
final class PackageResolver {
  private static final List<String> PRIORITIES =
      List.of("required", "important", "standard", "optional");

  private final String suite;
  private final String architecture;
  private final Map<String, DebianPackage> newest = new LinkedHashMap<>();
  private final Map<String, List<Provider>> providers = new HashMap<>();

  /** Fields as they were read: each is looked at many times. */
  private final Map<String, List<List<PackageRelation>>> parsed = new HashMap<>();

  /** A package under another name; the version may be null. */
  private record Provider(DebianPackage source, DebianVersion version) {}

  /**
   * @param suite what the packages are of, for errors
   * @param architecture Debian's name of the guest's
   * @param packages all that there are, in several versions perhaps
   * @throws CatalogueException of kind {@link Kind#MALFORMED} if a field cannot be read
   */
  PackageResolver(String suite, String architecture, Collection<DebianPackage> packages)
      throws CatalogueException {
    this.suite = suite;
    this.architecture = architecture;
    for (DebianPackage each : packages) {
      newest.merge(each.name(), each, (a, b) -> b.version().compareTo(a.version()) > 0 ? b : a);
    }
    for (DebianPackage each : newest.values()) {
      for (List<PackageRelation> provided : relations(each, each.traits().provides())) {
        for (PackageRelation name : provided) {
          providers
              .computeIfAbsent(name.name(), key -> new ArrayList<>())
              .add(new Provider(each, name.version()));
        }
      }
    }
    Comparator<Provider> best =
        Comparator.comparingInt((Provider p) -> rank(p.source()))
            .thenComparing(p -> p.source().name());
    providers.values().forEach(list -> list.sort(best));
  }

  private static int rank(DebianPackage each) {
    int rank = PRIORITIES.indexOf(each.traits().priority());
    return rank < 0 ? PRIORITIES.size() : rank;
  }

  /** The newest version of each package, in the order of the index. */
  Collection<DebianPackage> all() {
    return newest.values();
  }

  /**
   * The newest version of a package.
   *
   * @throws CatalogueException of kind {@link Kind#NOT_FOUND} if there is none
   */
  DebianPackage find(String name) throws CatalogueException {
    DebianPackage found = newest.get(name);
    if (found == null) {
      throw missing("no package " + name);
    }
    return found;
  }

  /**
   * The packages of these names with all that they need, the names' own first.
   *
   * @throws CatalogueException of kind {@link Kind#NOT_FOUND} if something is not there, or
   *     conflicts
   */
  List<DebianPackage> resolve(Collection<String> names) throws CatalogueException {
    return resolve(names, Map.of());
  }

  /**
   * As {@link #resolve(Collection)}, with alternatives met from {@code among} where they can be.
   */
  List<DebianPackage> resolve(Collection<String> names, Collection<DebianPackage> among)
      throws CatalogueException {
    Map<String, DebianPackage> preferred = new LinkedHashMap<>();
    among.forEach(each -> preferred.put(each.name(), each));
    return resolve(names, preferred);
  }

  private List<DebianPackage> resolve(
      Collection<String> names, Map<String, DebianPackage> preferred) throws CatalogueException {
    Map<String, DebianPackage> chosen = new LinkedHashMap<>();
    for (String name : names) {
      chosen.put(name, find(name));
    }
    Deque<DebianPackage> open = new ArrayDeque<>(chosen.values());
    while (!open.isEmpty()) {
      DebianPackage each = open.remove();
      List<List<PackageRelation>> needs =
          new ArrayList<>(relations(each, each.traits().preDepends()));
      needs.addAll(relations(each, each.depends()));
      for (List<PackageRelation> group : needs) {
        if (among(chosen, group).isPresent()) {
          continue;
        }
        DebianPackage wanted = among(preferred, group).orElse(null);
        if (wanted == null) {
          wanted = choose(group, chosen).orElseThrow(() -> unmet(each, group));
        }
        chosen.put(wanted.name(), wanted);
        open.add(wanted);
      }
    }
    for (DebianPackage each : chosen.values()) {
      requireNoConflict(each, chosen.values());
    }
    return List.copyOf(chosen.values());
  }

  /** What of a set meets a group. */
  private Optional<DebianPackage> among(
      Map<String, DebianPackage> set, List<PackageRelation> group) {
    for (PackageRelation relation : group) {
      DebianPackage direct = set.get(relation.name());
      if (direct != null && relation.isMetBy(direct.version())) {
        return Optional.of(direct);
      }
      for (Provider provider : providers.getOrDefault(relation.name(), List.of())) {
        if (set.containsKey(provider.source().name()) && relation.isMetBy(provider.version())) {
          return Optional.of(provider.source());
        }
      }
    }
    return Optional.empty();
  }

  private Optional<DebianPackage> choose(
      List<PackageRelation> group, Map<String, DebianPackage> chosen) throws CatalogueException {
    DebianPackage refused = null;
    for (PackageRelation relation : group) {
      List<DebianPackage> candidates = new ArrayList<>();
      DebianPackage direct = newest.get(relation.name());
      if (direct != null && relation.isMetBy(direct.version())) {
        candidates.add(direct);
      }
      for (Provider provider : providers.getOrDefault(relation.name(), List.of())) {
        if (relation.isMetBy(provider.version())) {
          candidates.add(provider.source());
        }
      }
      for (DebianPackage candidate : candidates) {
        if (conflict(candidate, chosen.values()).isEmpty()) {
          return Optional.of(candidate);
        }
        refused = candidate;
      }
    }
    // It conflicts with what is chosen already; the error that follows says with what.
    return Optional.ofNullable(refused);
  }

  private void requireNoConflict(DebianPackage each, Collection<DebianPackage> others)
      throws CatalogueException {
    Optional<DebianPackage> other = conflict(each, others);
    if (other.isPresent()) {
      throw missing(
          each.name()
              + " "
              + each.version()
              + " that goes with "
              + other.get().name()
              + " "
              + other.get().version());
    }
  }

  /** What of a set a package cannot be installed with, either way round. */
  private Optional<DebianPackage> conflict(DebianPackage each, Collection<DebianPackage> others)
      throws CatalogueException {
    List<List<PackageRelation>> own = relations(each, each.traits().conflicts());
    for (DebianPackage other : others) {
      if (!other.name().equals(each.name())
          && (hits(own, other) || hits(relations(other, other.traits().conflicts()), each))) {
        return Optional.of(other);
      }
    }
    return Optional.empty();
  }

  private boolean hits(List<List<PackageRelation>> conflicts, DebianPackage other) {
    for (List<PackageRelation> group : conflicts) {
      for (PackageRelation relation : group) {
        if (relation.name().equals(other.name()) && relation.isMetBy(other.version())) {
          return true;
        }
        for (Provider provider : providers.getOrDefault(relation.name(), List.of())) {
          if (provider.source().equals(other) && relation.isMetBy(provider.version())) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private List<List<PackageRelation>> relations(DebianPackage of, String field)
      throws CatalogueException {
    List<List<PackageRelation>> known = parsed.get(field);
    if (known != null) {
      return known;
    }
    try {
      List<List<PackageRelation>> groups = PackageRelation.parse(field, architecture);
      parsed.put(field, groups);
      return groups;
    } catch (IllegalArgumentException e) {
      throw new CatalogueException(
          Kind.MALFORMED,
          "refused the package index of "
              + suite
              + ": package "
              + of.name()
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private CatalogueException unmet(DebianPackage each, List<PackageRelation> group) {
    String terms = group.stream().map(PackageRelation::toString).collect(Collectors.joining(" | "));
    return missing(
        (terms.isEmpty() ? "a package of this architecture" : terms)
            + ", which "
            + each.name()
            + " "
            + each.version()
            + " needs");
  }

  private CatalogueException missing(String what) {
    return new CatalogueException(
        Kind.NOT_FOUND, "Debian " + suite + " for " + architecture + " has not: " + what);
  }
}

package org.wardian.daemon.snapshot;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.wardian.definition.snapshot.SnapshotDocument;

/**
 * The snapshots of a domain: each comes after another one, or is a root, and one may be the current
 * one, after which the next will come. For several threads.
 */
final class SnapshotTree {
  private final Map<String, SnapshotDocument> all = new LinkedHashMap<>();
  private String current;

  /** One by its name; null where there is none. */
  synchronized SnapshotDocument get(String name) {
    return all.get(name);
  }

  /** The name of the current one; null where there is none. */
  synchronized String current() {
    return current;
  }

  /** Makes one the current one; null for none. */
  synchronized void setCurrent(String name) {
    current = name;
  }

  /** Adds one, or puts it in the place of the one with its name. */
  synchronized void put(SnapshotDocument snapshot) {
    all.put(snapshot.name(), snapshot);
  }

  synchronized int size() {
    return all.size();
  }

  /** All, each behind its parent. */
  synchronized List<SnapshotDocument> all() {
    List<SnapshotDocument> ordered = new ArrayList<>();
    roots().forEach(root -> addWithChildren(root, ordered));
    return ordered;
  }

  /** Those that come after none that is known. */
  synchronized List<SnapshotDocument> roots() {
    return sorted(
        all.values().stream()
            .filter(one -> one.parent() == null || !all.containsKey(one.parent()))
            .toList());
  }

  /** Those that come directly after one. */
  synchronized List<SnapshotDocument> children(String name) {
    return sorted(all.values().stream().filter(one -> name.equals(one.parent())).toList());
  }

  /** All that come after one, each behind its parent. */
  synchronized List<SnapshotDocument> descendants(String name) {
    List<SnapshotDocument> ordered = new ArrayList<>();
    children(name).forEach(child -> addWithChildren(child, ordered));
    return ordered;
  }

  private void addWithChildren(SnapshotDocument snapshot, List<SnapshotDocument> ordered) {
    ordered.add(snapshot);
    children(snapshot.name()).forEach(child -> addWithChildren(child, ordered));
  }

  private static List<SnapshotDocument> sorted(List<SnapshotDocument> some) {
    return some.stream()
        .sorted(
            Comparator.comparingLong(SnapshotDocument::created)
                .thenComparing(SnapshotDocument::name))
        .toList();
  }

  /** Whether one would come after itself, were it given this parent. */
  synchronized boolean isCircle(String name, String parent) {
    for (String at = parent; at != null && all.containsKey(at); at = all.get(at).parent()) {
      if (at.equals(name)) {
        return true;
      }
    }
    return name.equals(parent);
  }

  /**
   * Removes one. Its children come after its parent from then on; where it was the current one, its
   * parent is.
   *
   * @return those that were changed
   */
  synchronized List<SnapshotDocument> remove(String name) {
    SnapshotDocument removed = all.get(name);
    if (removed == null) {
      return List.of();
    }
    String parent =
        removed.parent() != null && all.containsKey(removed.parent()) ? removed.parent() : null;
    List<SnapshotDocument> changed = new ArrayList<>();
    for (SnapshotDocument child : children(name)) {
      SnapshotDocument moved = child.withParent(parent);
      all.put(moved.name(), moved);
      changed.add(moved);
    }
    all.remove(name);
    if (name.equals(current)) {
      current = parent;
      if (parent != null) {
        changed.add(all.get(parent));
      }
    }
    return changed;
  }

  /** Breaks circles, which only a changed file can make: whoever is in one becomes a root. */
  synchronized void straighten() {
    for (SnapshotDocument one : List.copyOf(all.values())) {
      if (one.parent() != null && isCircle(one.name(), one.parent())) {
        all.put(one.name(), one.withParent(null));
      }
    }
  }
}

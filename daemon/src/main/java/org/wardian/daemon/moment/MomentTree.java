package org.wardian.daemon.moment;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.wardian.definition.snapshot.Moment;

/**
 * The snapshots or checkpoints of a domain: each comes after another one, or is a root, and one may
 * be the current one, after which the next will come. For several threads.
 *
 * @param <M> which of both
 */
public class MomentTree<M extends Moment<M>> {
  private final Map<String, M> all = new LinkedHashMap<>();
  private String current;

  /** An empty one. */
  public MomentTree() {}

  /** One by its name; null where there is none. */
  public synchronized M get(String name) {
    return all.get(name);
  }

  /** The name of the current one; null where there is none. */
  public synchronized String current() {
    return current;
  }

  /** Makes one the current one; null for none. */
  public synchronized void setCurrent(String name) {
    current = name;
  }

  /** Adds one, or puts it in the place of the one with its name. */
  public synchronized void put(M moment) {
    all.put(moment.name(), moment);
  }

  /** How many there are. */
  public synchronized int size() {
    return all.size();
  }

  /** All, each behind its parent. */
  public synchronized List<M> all() {
    List<M> ordered = new ArrayList<>();
    roots().forEach(root -> addWithChildren(root, ordered));
    return ordered;
  }

  /** Those that come after none that is known. */
  public synchronized List<M> roots() {
    return sorted(
        all.values().stream()
            .filter(one -> one.parent() == null || !all.containsKey(one.parent()))
            .toList());
  }

  /** Those that come directly after one. */
  public synchronized List<M> children(String name) {
    return sorted(all.values().stream().filter(one -> name.equals(one.parent())).toList());
  }

  /** All that come after one, each behind its parent. */
  public synchronized List<M> descendants(String name) {
    List<M> ordered = new ArrayList<>();
    children(name).forEach(child -> addWithChildren(child, ordered));
    return ordered;
  }

  private void addWithChildren(M moment, List<M> ordered) {
    ordered.add(moment);
    children(moment.name()).forEach(child -> addWithChildren(child, ordered));
  }

  private List<M> sorted(List<M> some) {
    return some.stream()
        .sorted(Comparator.<M>comparingLong(Moment::created).thenComparing(Moment::name))
        .toList();
  }

  /** Whether one would come after itself, were it given this parent. */
  public synchronized boolean isCircle(String name, String parent) {
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
  public synchronized List<M> remove(String name) {
    M removed = all.get(name);
    if (removed == null) {
      return List.of();
    }
    String parent =
        removed.parent() != null && all.containsKey(removed.parent()) ? removed.parent() : null;
    List<M> changed = new ArrayList<>();
    for (M child : children(name)) {
      M moved = child.withParent(parent);
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
  public synchronized void straighten() {
    for (M one : List.copyOf(all.values())) {
      if (one.parent() != null && isCircle(one.name(), one.parent())) {
        all.put(one.name(), one.withParent(null));
      }
    }
  }
}

package org.wardian.definition.snapshot;

/**
 * A moment of a domain that is kept: a snapshot or a checkpoint. Each comes after another one, or
 * after none.
 *
 * @param <M> itself
 */
public interface Moment<M extends Moment<M>> {
  /** Its key among the domain's. */
  String name();

  /** The one before it, or null. */
  String parent();

  /** Seconds since 1970. */
  long created();

  /** The same with another parent; null for none. */
  M withParent(String value);
}

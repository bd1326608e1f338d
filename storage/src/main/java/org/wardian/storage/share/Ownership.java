package org.wardian.storage.share;

/**
 * Whose the files of a shared folder are in the guest. On the host, all that a guest makes belongs
 * to the user who runs Wardian, and a guest cannot give it to another.
 */
public enum Ownership {
  /** What belongs to the user who runs Wardian is root's; the rest has the host's numbers. */
  ROOT,
  /** Everything has the host's numbers. */
  HOST
}

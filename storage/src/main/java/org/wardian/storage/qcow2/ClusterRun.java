package org.wardian.storage.qcow2;

/** Host clusters that were taken: an answer of {@link Refcounts}, reused by its caller. */
final class ClusterRun {
  /** Index of the first. */
  long first;

  /** How many, in a row. */
  long count;

  /** Whether they were never written and read as zeroes. */
  boolean fresh;
}

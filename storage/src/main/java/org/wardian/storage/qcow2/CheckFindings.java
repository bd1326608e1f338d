package org.wardian.storage.qcow2;

import java.util.ArrayList;
import java.util.List;

/** What one pass over an image has found so far. */
final class CheckFindings {
  /** Messages that are kept; the rest is only counted. */
  private static final int MESSAGES = 100;

  final List<String> messages = new ArrayList<>();
  long corruptions;
  long leaks;
  long allocated;
  long compressed;
  long fragmented;
  long lastHost;

  /** The counts themselves cannot be trusted, and are to be made anew. */
  boolean rebuild;

  void corruption(String message) {
    corruptions++;
    note(message);
  }

  void leak(String message) {
    leaks++;
    note(message);
  }

  private void note(String message) {
    if (messages.size() < MESSAGES) {
      messages.add(message);
    }
  }
}

package org.wardian.cli.disk;

import java.util.Map;

/** A verb whose statuses mean something of their own, because scripts of others expect them. */
public interface OwnStatuses {
  /** Statuses with their meanings, in order. */
  Map<String, String> statuses();
}

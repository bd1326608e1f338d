package org.wardian.daemon.domain;

import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainShutoffReason;
import org.wardian.libvirt.constants.DomainState;

/**
 * All that is known of a domain at a moment. Never changed once it is published, its documents
 * neither: whoever changes one copies it first. So a reader waits for nobody.
 *
 * @param config what the next start takes; null for a transient domain
 * @param live what the running machine has; null while it does not run
 * @param id the number of a running machine, else -1
 * @param reason of the state, a number of the state's own kind
 * @param autostart whether it starts with the daemon
 * @param updated whether the definition was changed since the daemon's start
 */
record DomainFacts(
    DomainDocument config,
    DomainDocument live,
    int id,
    DomainState state,
    int reason,
    boolean autostart,
    boolean updated) {
  /** Defined, and not running. */
  static DomainFacts inactive(DomainDocument config, boolean autostart) {
    return new DomainFacts(
        config,
        null,
        -1,
        DomainState.SHUTOFF,
        DomainShutoffReason.UNKNOWN.number(),
        autostart,
        false);
  }

  boolean isActive() {
    return id >= 0;
  }

  boolean isPersistent() {
    return config != null;
  }

  /** What a client sees: of a running machine what it has. */
  DomainDocument document() {
    return live != null ? live : config;
  }

  DomainFacts withConfig(DomainDocument value) {
    return new DomainFacts(value, live, id, state, reason, autostart, true);
  }

  DomainFacts withLive(DomainDocument value) {
    return new DomainFacts(config, value, id, state, reason, autostart, updated);
  }

  DomainFacts withAutostart(boolean value) {
    return new DomainFacts(config, live, id, state, reason, value, updated);
  }

  DomainFacts in(DomainState value, int why) {
    return new DomainFacts(config, live, id, value, why, autostart, updated);
  }

  DomainFacts running(DomainDocument document, int number, DomainState value, int why) {
    return new DomainFacts(config, document, number, value, why, autostart, updated);
  }

  /** A transient one keeps its last document: somebody may still look at it. */
  DomainFacts stopped(int why) {
    return new DomainFacts(
        config, config == null ? live : null, -1, DomainState.SHUTOFF, why, autostart, updated);
  }
}

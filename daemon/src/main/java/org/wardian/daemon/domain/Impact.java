package org.wardian.daemon.domain;

import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.constants.DomainModificationImpact;
import org.wardian.libvirt.error.LibvirtException;

/**
 * What a change is for: the running machine, the definition, or both ({@code
 * virDomainModificationImpact}).
 */
record Impact(boolean live, boolean config) {
  private static final int BOTH = DomainModificationImpact.LIVE | DomainModificationImpact.CONFIG;

  /**
   * From the flags of a call, of which other bits are ignored.
   *
   * @throws LibvirtException where the domain is not running, or has no definition
   */
  static Impact of(Domain domain, int flags) throws LibvirtException {
    DomainFacts facts = domain.facts();
    Impact impact =
        (flags & BOTH) == 0
            ? new Impact(facts.isActive(), !facts.isActive())
            : new Impact(
                (flags & DomainModificationImpact.LIVE) != 0,
                (flags & DomainModificationImpact.CONFIG) != 0);
    if (impact.live && !facts.isActive()) {
      throw Refusal.notRunning();
    }
    if (impact.config && !facts.isPersistent()) {
      throw Refusal.notNow("transient domains do not have any persistent configuration");
    }
    return impact;
  }

  /**
   * The same for a call that looks: one of both.
   *
   * @throws LibvirtException also where both are asked for
   */
  static Impact ofLook(Domain domain, int flags) throws LibvirtException {
    if ((flags & BOTH) == BOTH) {
      throw Refusal.badArgument(
          "flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive");
    }
    return of(domain, flags);
  }
}

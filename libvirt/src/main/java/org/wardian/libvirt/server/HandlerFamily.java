package org.wardian.libvirt.server;

/**
 * The handlers of one family of objects: domains, networks, pools. A daemon has a class for each,
 * or several where one would be long.
 */
public interface HandlerFamily {
  /** Adds its handlers. */
  void register(HandlerTable table);
}

package org.wardian.daemon.network;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.definition.network.NetworkPortDocument;
import org.wardian.libvirt.wire.remote.NetworkRef;

/**
 * A network that the daemon knows: its definition, and where it is active what it was started with.
 * Fields are read at any time; they are changed by who holds {@link #lock}.
 */
final class VirtualNetwork {
  private final UUID uuid;
  private final String name;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<UUID, NetworkPortDocument> ports = new ConcurrentHashMap<>();
  private volatile NetworkDocument persistent;
  private volatile NetworkDocument live;
  private volatile boolean autostart;
  private volatile GatewayConnection gateway;

  VirtualNetwork(NetworkDocument document) {
    uuid = document.uuid();
    name = document.name();
  }

  UUID uuid() {
    return uuid;
  }

  String name() {
    return name;
  }

  NetworkRef reference() {
    return new NetworkRef(name, uuid);
  }

  /** Held by who changes it, also while its process is started. */
  ReentrantLock lock() {
    return lock;
  }

  /** The definition that is kept; null where the network is gone with its end. */
  NetworkDocument persistent() {
    return persistent;
  }

  void persistent(NetworkDocument value) {
    persistent = value;
  }

  /** What it was started with; null where it is not active. */
  NetworkDocument live() {
    return live;
  }

  void live(NetworkDocument value) {
    live = value;
  }

  /** What it is now. */
  NetworkDocument current() {
    NetworkDocument now = live;
    return now != null ? now : persistent;
  }

  boolean active() {
    return live != null;
  }

  boolean autostart() {
    return autostart;
  }

  void autostart(boolean value) {
    autostart = value;
  }

  /** Its process; null where it is not active, or needs none. */
  GatewayConnection gateway() {
    return gateway;
  }

  void gateway(GatewayConnection value) {
    gateway = value;
  }

  Map<UUID, NetworkPortDocument> ports() {
    return ports;
  }
}

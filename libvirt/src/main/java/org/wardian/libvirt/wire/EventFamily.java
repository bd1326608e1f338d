package org.wardian.libvirt.wire;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.libvirt.wire.qemu.QemuProgram;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Objects whose events are registered for by numbers of their own. */
public enum EventFamily {
  /** Domains; an id is a {@code DomainEventId}. */
  DOMAIN(
      List.of(
          RemoteProgram.DOMAIN_EVENT_CALLBACK_LIFECYCLE,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_REBOOT,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_RTC_CHANGE,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_WATCHDOG,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_IO_ERROR,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_GRAPHICS,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_IO_ERROR_REASON,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_CONTROL_ERROR,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_BLOCK_JOB,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_DISK_CHANGE,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_TRAY_CHANGE,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_PMWAKEUP,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_PMSUSPEND,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_BALLOON_CHANGE,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_PMSUSPEND_DISK,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED,
          RemoteProgram.DOMAIN_EVENT_BLOCK_JOB_2,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_TUNABLE,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_DEVICE_ADDED,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_MIGRATION_ITERATION,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_JOB_COMPLETED,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_DEVICE_REMOVAL_FAILED,
          RemoteProgram.DOMAIN_EVENT_CALLBACK_METADATA_CHANGE,
          RemoteProgram.DOMAIN_EVENT_BLOCK_THRESHOLD,
          RemoteProgram.DOMAIN_EVENT_MEMORY_FAILURE,
          RemoteProgram.DOMAIN_EVENT_MEMORY_DEVICE_SIZE_CHANGE)),
  /** Networks. */
  NETWORK(List.of(RemoteProgram.NETWORK_EVENT_LIFECYCLE)),
  /** Storage pools. */
  STORAGE_POOL(
      List.of(
          RemoteProgram.STORAGE_POOL_EVENT_LIFECYCLE, RemoteProgram.STORAGE_POOL_EVENT_REFRESH)),
  /** Node devices. */
  NODE_DEVICE(
      List.of(RemoteProgram.NODE_DEVICE_EVENT_LIFECYCLE, RemoteProgram.NODE_DEVICE_EVENT_UPDATE)),
  /** Secrets. */
  SECRET(List.of(RemoteProgram.SECRET_EVENT_LIFECYCLE, RemoteProgram.SECRET_EVENT_VALUE_CHANGED)),
  /** A machine's own monitor; its events have names instead of ids. */
  MONITOR(List.of(QemuProgram.DOMAIN_MONITOR_EVENT));

  private record Place(EventFamily family, int id) {}

  private static final Map<EventMessage<?>, Place> PLACES = places();

  private final List<EventMessage<?>> messages;

  EventFamily(List<EventMessage<?>> messages) {
    this.messages = messages;
  }

  private static Map<EventMessage<?>, Place> places() {
    Map<EventMessage<?>, Place> places = new HashMap<>();
    for (EventFamily family : values()) {
      for (int id = 0; id < family.messages.size(); id++) {
        places.put(family.messages.get(id), new Place(family, id));
      }
    }
    return places;
  }

  /** The message of an id; null where there is no such id. */
  public EventMessage<?> message(int id) {
    return id < 0 || id >= messages.size() ? null : messages.get(id);
  }

  /** The family of a message; null for one that nobody registers for. */
  public static EventFamily of(EventMessage<?> message) {
    Place place = PLACES.get(message);
    return place == null ? null : place.family();
  }

  /** The id of a message that has a family. */
  public static int id(EventMessage<?> message) {
    return PLACES.get(message).id();
  }
}

package org.wardian.daemon.domain;

import java.util.List;
import java.util.UUID;
import org.wardian.libvirt.constants.DomainEventStartedDetailType;
import org.wardian.libvirt.constants.DomainEventType;
import org.wardian.libvirt.server.Events;
import org.wardian.libvirt.wire.qemu.DomainMonitorEventMsg;
import org.wardian.libvirt.wire.qemu.QemuProgram;
import org.wardian.libvirt.wire.remote.DomainEventBalloonChangeMsg;
import org.wardian.libvirt.wire.remote.DomainEventBlockJob2Msg;
import org.wardian.libvirt.wire.remote.DomainEventBlockJobMsg;
import org.wardian.libvirt.wire.remote.DomainEventBlockThresholdMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackAgentLifecycleMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackBalloonChangeMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackBlockJobMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackDeviceAddedMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackDeviceRemovalFailedMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackDeviceRemovedMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackIoErrorMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackIoErrorReasonMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackJobCompletedMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackLifecycleMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackMetadataChangeMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackPmsuspendMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackPmwakeupMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackRebootMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackRtcChangeMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackTrayChangeMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackTunableMsg;
import org.wardian.libvirt.wire.remote.DomainEventCallbackWatchdogMsg;
import org.wardian.libvirt.wire.remote.DomainEventDeviceRemovedMsg;
import org.wardian.libvirt.wire.remote.DomainEventIoErrorMsg;
import org.wardian.libvirt.wire.remote.DomainEventIoErrorReasonMsg;
import org.wardian.libvirt.wire.remote.DomainEventLifecycleMsg;
import org.wardian.libvirt.wire.remote.DomainEventPmsuspendMsg;
import org.wardian.libvirt.wire.remote.DomainEventPmwakeupMsg;
import org.wardian.libvirt.wire.remote.DomainEventRebootMsg;
import org.wardian.libvirt.wire.remote.DomainEventRtcChangeMsg;
import org.wardian.libvirt.wire.remote.DomainEventTrayChangeMsg;
import org.wardian.libvirt.wire.remote.DomainEventWatchdogMsg;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.TypedParam;
import org.wardian.qmp.QmpEvent;

/** Tells clients what happened to domains. */
final class DomainEvents {
  private final Events events;

  DomainEvents(Events events) {
    this.events = events;
  }

  /** A change of the life cycle, of a domain as it is now. */
  void lifecycle(Domain domain, DomainEventType type, int detail) {
    lifecycle(domain.ref(), type, detail);
  }

  /** The same of a domain as it was. */
  void lifecycle(DomainRef ref, DomainEventType type, int detail) {
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_LIFECYCLE,
        ref.uuid(),
        id ->
            new DomainEventCallbackLifecycleMsg(
                id, new DomainEventLifecycleMsg(ref, type.number(), detail)));
  }

  void reboot(Domain domain) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_REBOOT,
        ref.uuid(),
        id -> new DomainEventCallbackRebootMsg(id, new DomainEventRebootMsg(ref)));
  }

  void clock(Domain domain, long offset) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_RTC_CHANGE,
        ref.uuid(),
        id -> new DomainEventCallbackRtcChangeMsg(id, new DomainEventRtcChangeMsg(ref, offset)));
  }

  /** The guest sleeps with its memory kept. */
  void suspended(Domain domain) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_PMSUSPEND,
        ref.uuid(),
        id -> new DomainEventCallbackPmsuspendMsg(id, 0, new DomainEventPmsuspendMsg(ref)));
    lifecycle(domain, DomainEventType.PMSUSPENDED, 0);
  }

  /** The guest has been woken. */
  void woken(Domain domain) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_PMWAKEUP,
        ref.uuid(),
        id -> new DomainEventCallbackPmwakeupMsg(id, 0, new DomainEventPmwakeupMsg(ref)));
    lifecycle(domain, DomainEventType.STARTED, DomainEventStartedDetailType.WAKEUP.number());
  }

  void watchdog(Domain domain, int action) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_WATCHDOG,
        ref.uuid(),
        id -> new DomainEventCallbackWatchdogMsg(id, new DomainEventWatchdogMsg(ref, action)));
  }

  /** A disk failed; both kinds of event are told. */
  void ioError(Domain domain, String path, String alias, int action, String reason) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_IO_ERROR,
        ref.uuid(),
        id ->
            new DomainEventCallbackIoErrorMsg(
                id, new DomainEventIoErrorMsg(ref, path, alias, action)));
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_IO_ERROR_REASON,
        ref.uuid(),
        id ->
            new DomainEventCallbackIoErrorReasonMsg(
                id, new DomainEventIoErrorReasonMsg(ref, path, alias, action, reason)));
  }

  void tray(Domain domain, String alias, boolean closed) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_TRAY_CHANGE,
        ref.uuid(),
        id ->
            new DomainEventCallbackTrayChangeMsg(
                id, new DomainEventTrayChangeMsg(ref, alias, closed ? 1 : 0)));
  }

  /** The memory that a guest has now, in KiB. */
  void balloon(Domain domain, long kib) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_BALLOON_CHANGE,
        ref.uuid(),
        id ->
            new DomainEventCallbackBalloonChangeMsg(id, new DomainEventBalloonChangeMsg(ref, kib)));
  }

  void deviceAdded(Domain domain, String alias) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_DEVICE_ADDED,
        ref.uuid(),
        id -> new DomainEventCallbackDeviceAddedMsg(id, ref, alias));
  }

  void deviceRemoved(Domain domain, String alias) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED,
        ref.uuid(),
        id ->
            new DomainEventCallbackDeviceRemovedMsg(
                id, new DomainEventDeviceRemovedMsg(ref, alias)));
  }

  void deviceRemovalFailed(Domain domain, String alias) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_DEVICE_REMOVAL_FAILED,
        ref.uuid(),
        id -> new DomainEventCallbackDeviceRemovalFailedMsg(id, ref, alias));
  }

  void tunable(Domain domain, List<TypedParam> params) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_TUNABLE,
        ref.uuid(),
        id -> new DomainEventCallbackTunableMsg(id, ref, params));
  }

  /** The guest's agent has come (1) or gone (2). */
  void agent(Domain domain, int state, int reason) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE,
        ref.uuid(),
        id -> new DomainEventCallbackAgentLifecycleMsg(id, ref, state, reason));
  }

  void metadata(Domain domain, int type, String namespace) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_METADATA_CHANGE,
        ref.uuid(),
        id -> new DomainEventCallbackMetadataChangeMsg(id, ref, type, namespace));
  }

  void jobCompleted(Domain domain, List<TypedParam> params) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_JOB_COMPLETED,
        ref.uuid(),
        id -> new DomainEventCallbackJobCompletedMsg(id, ref, params));
  }

  /**
   * A block job is ready, or has ended; both kinds of event are told.
   *
   * @param path of the disk's image; null where it is in no file
   * @param type of the job
   * @param status completed, failed, cancelled or ready
   */
  void blockJob(Domain domain, String path, String disk, int type, int status) {
    DomainRef ref = domain.ref();
    if (path != null) {
      events.emit(
          RemoteProgram.DOMAIN_EVENT_CALLBACK_BLOCK_JOB,
          ref.uuid(),
          id ->
              new DomainEventCallbackBlockJobMsg(
                  id, new DomainEventBlockJobMsg(ref, path, type, status)));
    }
    events.emit(
        RemoteProgram.DOMAIN_EVENT_BLOCK_JOB_2,
        ref.uuid(),
        id -> new DomainEventBlockJob2Msg(id, ref, disk, type, status));
  }

  /** More bytes of an image's file were written than its threshold. */
  void threshold(Domain domain, String disk, String path, long threshold, long excess) {
    DomainRef ref = domain.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_BLOCK_THRESHOLD,
        ref.uuid(),
        id -> new DomainEventBlockThresholdMsg(id, ref, disk, path, threshold, excess));
  }

  /** An event of the machine's own protocol, for those who asked for these. */
  void monitor(Domain domain, QmpEvent event) {
    DomainRef ref = domain.ref();
    UUID uuid = ref.uuid();
    events.emit(
        QemuProgram.DOMAIN_MONITOR_EVENT,
        uuid,
        event.name(),
        id ->
            new DomainMonitorEventMsg(
                id,
                ref,
                event.name(),
                event.time().getEpochSecond(),
                event.time().getNano() / 1_000,
                event.data().isEmpty() ? null : event.data().toString()));
  }
}

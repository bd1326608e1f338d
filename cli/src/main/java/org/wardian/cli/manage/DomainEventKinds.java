package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.function.Function;
import org.wardian.libvirt.client.TypedParameters;
import org.wardian.libvirt.constants.ConnectDomainEventAgentLifecycleReason;
import org.wardian.libvirt.constants.ConnectDomainEventAgentLifecycleState;
import org.wardian.libvirt.constants.ConnectDomainEventBlockJobStatus;
import org.wardian.libvirt.constants.ConnectDomainEventDiskChangeReason;
import org.wardian.libvirt.constants.DomainBlockJobType;
import org.wardian.libvirt.constants.DomainEventGraphicsPhase;
import org.wardian.libvirt.constants.DomainEventIoErrorAction;
import org.wardian.libvirt.constants.DomainEventTrayChangeReason;
import org.wardian.libvirt.constants.DomainEventWatchdogAction;
import org.wardian.libvirt.wire.EventMessage;
import org.wardian.libvirt.wire.remote.DomainEventGraphicsMsg;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.TypedParam;
import org.wardian.libvirt.xdr.XdrStruct;

/** All events of machines, with what is told of each. */
final class DomainEventKinds {
  /**
   * A kind of event.
   *
   * @param message how it comes
   * @param tree what it says
   */
  record Kind<M extends XdrStruct>(EventMessage<M> message, Function<M, ObjectNode> tree) {}

  private DomainEventKinds() {}

  /** All of them; some are not known to older daemons. */
  static List<Kind<?>> all() {
    return List.of(
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_LIFECYCLE,
            e -> EventText.lifecycle(e.msg().dom(), e.msg().event(), e.msg().detail())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_REBOOT, e -> EventText.of("reboot", e.msg().dom())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_RTC_CHANGE,
            e -> EventText.of("rtc-change", e.msg().dom()).put("offset", e.msg().offset())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_WATCHDOG,
            e ->
                EventText.of("watchdog", e.msg().dom())
                    .put(
                        "action",
                        Words.of(
                            DomainEventWatchdogAction.of(e.msg().action()), e.msg().action()))),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_IO_ERROR_REASON,
            e ->
                EventText.of("io-error", e.msg().dom())
                    .put("device", e.msg().devAlias())
                    .put("path", e.msg().srcPath())
                    .put(
                        "action",
                        Words.of(DomainEventIoErrorAction.of(e.msg().action()), e.msg().action()))
                    .put("reason", e.msg().reason())),
        new Kind<>(RemoteProgram.DOMAIN_EVENT_CALLBACK_GRAPHICS, e -> graphics(e.msg())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_CONTROL_ERROR,
            e -> EventText.of("control-error", e.msg().dom())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_BLOCK_JOB_2,
            e ->
                EventText.of("block-job", e.dom())
                    .put("disk", e.dst())
                    .put("type", Words.of(DomainBlockJobType.of(e.type()), e.type()))
                    .put(
                        "status",
                        Words.of(ConnectDomainEventBlockJobStatus.of(e.status()), e.status()))),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_DISK_CHANGE,
            e ->
                EventText.of("disk-change", e.msg().dom())
                    .put("device", e.msg().devAlias())
                    .put("before", e.msg().oldSrcPath())
                    .put("now", e.msg().newSrcPath())
                    .put(
                        "reason",
                        Words.of(
                            ConnectDomainEventDiskChangeReason.of(e.msg().reason()),
                            e.msg().reason()))),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_TRAY_CHANGE,
            e ->
                EventText.of("tray-change", e.msg().dom())
                    .put("device", e.msg().devAlias())
                    .put(
                        "reason",
                        Words.of(
                            DomainEventTrayChangeReason.of(e.msg().reason()), e.msg().reason()))),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_PMWAKEUP,
            e -> EventText.of("wakeup", e.msg().dom())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_PMSUSPEND,
            e -> EventText.of("suspend-to-memory", e.msg().dom())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_PMSUSPEND_DISK,
            e -> EventText.of("suspend-to-disk", e.msg().dom())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_BALLOON_CHANGE,
            e ->
                EventText.of("balloon-change", e.msg().dom())
                    .put("memory", e.msg().actual() << 10)),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_DEVICE_ADDED,
            e -> EventText.of("device-added", e.dom()).put("device", e.devAlias())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED,
            e -> EventText.of("device-removed", e.msg().dom()).put("device", e.msg().devAlias())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_DEVICE_REMOVAL_FAILED,
            e -> EventText.of("device-removal-failed", e.dom()).put("device", e.devAlias())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_TUNABLE,
            e -> parameters(EventText.of("tunable", e.dom()), e.params())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE,
            e ->
                EventText.of("agent", e.dom())
                    .put(
                        "state",
                        Words.of(ConnectDomainEventAgentLifecycleState.of(e.state()), e.state()))
                    .put(
                        "reason",
                        Words.of(
                            ConnectDomainEventAgentLifecycleReason.of(e.reason()), e.reason()))),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_MIGRATION_ITERATION,
            e -> EventText.of("migration-iteration", e.dom()).put("iteration", e.iteration())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_JOB_COMPLETED,
            e -> parameters(EventText.of("job-completed", e.dom()), e.params())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_CALLBACK_METADATA_CHANGE,
            e ->
                EventText.of("metadata-change", e.dom())
                    .put("type", e.type())
                    .put("uri", e.nsuri())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_BLOCK_THRESHOLD,
            e ->
                EventText.of("block-threshold", e.dom())
                    .put("device", e.dev())
                    .put("path", e.path())
                    .put("threshold", e.threshold())
                    .put("excess", e.excess())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_MEMORY_FAILURE,
            e ->
                EventText.of("memory-failure", e.dom())
                    .put("recipient", e.recipient())
                    .put("action", e.action())
                    .put("flags", e.flags())),
        new Kind<>(
            RemoteProgram.DOMAIN_EVENT_MEMORY_DEVICE_SIZE_CHANGE,
            e ->
                EventText.of("memory-device-size", e.dom())
                    .put("device", e.alias())
                    .put("bytes", e.size() << 10)));
  }

  private static ObjectNode graphics(DomainEventGraphicsMsg e) {
    return EventText.of("graphics", e.dom())
        .put("phase", Words.of(DomainEventGraphicsPhase.of(e.phase()), e.phase()))
        .put("local", e.local().node() + ":" + e.local().service())
        .put("remote", e.remote().node() + ":" + e.remote().service())
        .put("scheme", e.authScheme());
  }

  private static ObjectNode parameters(ObjectNode node, List<TypedParam> parameters) {
    TypedParameters.toMap(parameters).forEach((key, value) -> node.put(key, value.toString()));
    return node;
  }
}

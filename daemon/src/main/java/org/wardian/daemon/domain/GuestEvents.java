package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDevice;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainCrashedReason;
import org.wardian.libvirt.constants.DomainEventCrashedDetailType;
import org.wardian.libvirt.constants.DomainEventIoErrorAction;
import org.wardian.libvirt.constants.DomainEventResumedDetailType;
import org.wardian.libvirt.constants.DomainEventShutdownDetailType;
import org.wardian.libvirt.constants.DomainEventStoppedDetailType;
import org.wardian.libvirt.constants.DomainEventSuspendedDetailType;
import org.wardian.libvirt.constants.DomainEventType;
import org.wardian.libvirt.constants.DomainEventWatchdogAction;
import org.wardian.libvirt.constants.DomainPausedReason;
import org.wardian.libvirt.constants.DomainRunningReason;
import org.wardian.libvirt.constants.DomainShutdownReason;
import org.wardian.libvirt.constants.DomainShutoffReason;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.qmp.QmpEvent;

/**
 * What follows from a machine's own events: states, events for clients, and the actions that the
 * document says for a switched off, reset or crashed guest. Called on one thread for each machine.
 */
final class GuestEvents {
  private static final System.Logger LOG = System.getLogger(GuestEvents.class.getName());

  private final Lifecycle life;
  private final DomainEvents events;
  private final BlockJobs blockJobs;
  private LiveDevices devices;
  private VcpuPlugs vcpus;

  GuestEvents(Lifecycle life, DomainEvents events, BlockJobs blockJobs) {
    this.life = life;
    this.events = events;
    this.blockJobs = blockJobs;
  }

  void connect(LiveDevices toDevices, VcpuPlugs toVcpus) {
    devices = toDevices;
    vcpus = toVcpus;
  }

  void take(Domain domain, QmpEvent event) {
    events.monitor(domain, event);
    Machine machine = domain.machine();
    if (machine == null || !domain.isActive()) {
      return; // It starts or has ended: who does that tells of it.
    }
    try {
      handle(domain, machine, event.name(), event.data());
    } catch (LibvirtException e) {
      LOG.log(System.Logger.Level.WARNING, event.name() + " of " + domain + ": " + e.getMessage());
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, event.name() + " of " + domain, e);
    }
  }

  private void handle(Domain domain, Machine machine, String name, ObjectNode data)
      throws LibvirtException {
    switch (name) {
      case "SHUTDOWN" -> shutDown(domain, machine, data);
      case "RESET" -> reset(domain, data);
      case "STOP", "RESUME" -> {
        if (!isStarting(domain)) {
          refresh(domain, machine);
        }
      }
      case "GUEST_PANICKED" -> panicked(domain, machine);
      case "BLOCK_IO_ERROR" -> ioError(domain, machine, data);
      case "BALLOON_CHANGE" -> balloon(domain, data.path("actual").asLong() >> 10);
      case "RTC_CHANGE" -> events.clock(domain, data.path("offset").asLong());
      case "WATCHDOG" ->
          events.watchdog(domain, watchdogAction(data.path("action").asText()).number());
      case "DEVICE_TRAY_MOVED" ->
          events.tray(domain, data.path("id").asText(), !data.path("tray-open").asBoolean());
      case "DEVICE_DELETED" -> deviceDeleted(domain, machine, data.path("device").asText(""));
      case "DEVICE_UNPLUG_GUEST_ERROR" ->
          deviceKept(domain, machine, data.path("device").asText(""));
      case "VSERPORT_CHANGE" -> channel(domain, data);
      case "JOB_STATUS_CHANGE" ->
          blockJobs.told(domain, machine, data.path("id").asText(), data.path("status").asText());
      case "BLOCK_WRITE_THRESHOLD" -> threshold(domain, machine, data);
      case "SUSPEND" -> {
        if (domain.enter(DomainState.PMSUSPENDED, 0)) {
          events.suspended(domain);
        }
      }
      case "WAKEUP" -> {
        if (domain.enter(DomainState.RUNNING, DomainRunningReason.WAKEUP.number())) {
          events.woken(domain);
        }
      }
      default -> {
        // For those who asked for the machine's own events only.
      }
    }
  }

  /** Whether somebody starts it just now, who tells of that. */
  private static boolean isStarting(Domain domain) {
    DomainFacts facts = domain.facts();
    return facts.state() == DomainState.PAUSED
        && facts.reason() == DomainPausedReason.STARTING_UP.number();
  }

  /** A guest has switched off, or its reset is an end ({@code on_reboot} is destroy). */
  private void shutDown(Domain domain, Machine machine, ObjectNode data) {
    if (!data.path("guest").asBoolean() || machine.isEnding()) {
      return; // By us, who tell of it; or by a signal, after which the process ends by itself.
    }
    if (machine.isRebooting()) {
      machine.setRebooting(false);
      Thread.ofVirtual().name("machine-policy").start(() -> restart(domain, machine));
      return;
    }
    machine.noteGuestShutDown();
    if (domain.enter(DomainState.SHUTDOWN, DomainShutdownReason.USER.number())) {
      events.lifecycle(
          domain, DomainEventType.SHUTDOWN, DomainEventShutdownDetailType.GUEST.number());
    }
    boolean reset = data.path("reason").asText().equals("guest-reset");
    DomainDocument document = domain.facts().document();
    String action = reset ? document.onReboot() : document.onPowerOff();
    Thread.ofVirtual()
        .name("machine-policy")
        .start(() -> {
          switch (action) {
            case "restart", "rename-restart" -> restart(domain, machine);
            case "preserve" -> LOG.log(System.Logger.Level.INFO, domain + " is kept as it ended");
            default ->
                life.retire(
                    domain,
                    machine,
                    DomainShutoffReason.SHUTDOWN.number(),
                    DomainEventStoppedDetailType.SHUTDOWN.number());
          }
        });
  }

  /** Starts the guest anew. */
  private void restart(Domain domain, Machine machine) {
    try {
      domain.perform("restart", () -> life.relaunch(domain, machine));
      events.reboot(domain);
    } catch (LibvirtException e) {
      LOG.log(System.Logger.Level.ERROR, domain + " does not start again: " + e.getMessage());
    }
  }

  private void reset(Domain domain, ObjectNode data) {
    events.reboot(domain);
    if (data.path("guest").asBoolean()
        && domain.facts().document().onReboot().equals("destroy")
        && domain.machine() != null) {
      Machine machine = domain.machine();
      Thread.ofVirtual()
          .name("machine-policy")
          .start(() ->
              life.retire(
                  domain,
                  machine,
                  DomainShutoffReason.SHUTDOWN.number(),
                  DomainEventStoppedDetailType.SHUTDOWN.number()));
    }
  }

  private void panicked(Domain domain, Machine machine) {
    String action = domain.facts().document().onCrash();
    if (domain.enter(DomainState.CRASHED, DomainCrashedReason.PANICKED.number())) {
      events.lifecycle(
          domain, DomainEventType.CRASHED, DomainEventCrashedDetailType.PANICKED.number());
      life.writeStatus(domain);
    }
    Thread.ofVirtual()
        .name("machine-policy")
        .start(() -> {
          switch (action) {
            case "preserve" -> LOG.log(System.Logger.Level.INFO, domain + " is kept as it crashed");
            case "restart", "rename-restart", "coredump-restart" -> restart(domain, machine);
            default ->
                life.retire(
                    domain,
                    machine,
                    DomainShutoffReason.CRASHED.number(),
                    DomainEventStoppedDetailType.CRASHED.number());
          }
        });
  }

  private void ioError(Domain domain, Machine machine, ObjectNode data) {
    String node = data.path("device").asText(data.path("node-name").asText(""));
    Optional<DomainDevice> device =
        domain
            .facts()
            .document()
            .device(node.startsWith("drive-") ? node.substring("drive-".length()) : node);
    String path =
        device
            .map(one -> one.element().child("source"))
            .map(source -> source.attribute("file", source.attribute("dev", "")))
            .orElse("");
    DomainEventIoErrorAction action =
        switch (data.path("action").asText()) {
          case "stop" -> DomainEventIoErrorAction.PAUSE;
          case "report" -> DomainEventIoErrorAction.REPORT;
          default -> DomainEventIoErrorAction.NONE;
        };
    if (action == DomainEventIoErrorAction.PAUSE) {
      machine.setPauseReason(DomainPausedReason.IOERROR.number());
    }
    events.ioError(
        domain,
        path,
        device.flatMap(DomainDevice::alias).orElse(node),
        action.number(),
        data.path("nospace").asBoolean() ? "enospc" : "");
  }

  /** More was written to an image's file than somebody wants to know of. */
  private void threshold(Domain domain, Machine machine, ObjectNode data) {
    String node = data.path("node-name").asText();
    DomainDocument live = domain.facts().document();
    for (Disk disk : live.disks()) {
      List<DiskChain.Image> images = DiskChain.of(disk).images();
      for (DiskChain.Image image : images) {
        int index = image.index().orElse(-1);
        if (index < 0
            || !node.equals(DiskNodes.storage(index)) && !node.equals(DiskNodes.format(index))) {
          continue;
        }
        String path = image.path().orElse(null);
        long threshold = data.path("write-threshold").asLong();
        long excess = data.path("amount-exceeded").asLong();
        String numbered = disk.target() + "[" + index + "]";
        if (image.equals(images.getFirst()) && !machine.jobs().isNumbered(disk.target())) {
          events.threshold(domain, disk.target(), path, threshold, excess);
        }
        events.threshold(domain, numbered, path, threshold, excess);
      }
    }
  }

  private static DomainEventWatchdogAction watchdogAction(String name) {
    return switch (name) {
      case "pause" -> DomainEventWatchdogAction.PAUSE;
      case "reset" -> DomainEventWatchdogAction.RESET;
      case "poweroff" -> DomainEventWatchdogAction.POWEROFF;
      case "shutdown" -> DomainEventWatchdogAction.SHUTDOWN;
      case "debug" -> DomainEventWatchdogAction.DEBUG;
      default -> DomainEventWatchdogAction.NONE;
    };
  }

  private void balloon(Domain domain, long kib) {
    domain.update(now -> {
      if (now.live() == null) {
        return now;
      }
      DomainDocument changed = now.live().copy();
      changed.setCurrentMemoryKib(kib);
      return now.withLive(changed);
    });
    events.balloon(domain, kib);
  }

  private void deviceDeleted(Domain domain, Machine machine, String alias) {
    OptionalInt processor = VcpuPlugs.number(alias);
    if (processor.isPresent()) {
      vcpus.removed(domain, machine, processor.getAsInt());
    } else if (!alias.isEmpty()) {
      devices.removed(domain, machine, alias);
    }
  }

  private void deviceKept(Domain domain, Machine machine, String alias) {
    events.deviceRemovalFailed(domain, alias);
    machine.removals().tell(alias, Removals.Outcome.REFUSED);
  }

  /** A program in the guest has opened a channel, or closed it. */
  private void channel(Domain domain, ObjectNode data) {
    String alias = data.path("id").asText();
    boolean open = data.path("open").asBoolean();
    domain.update(now -> {
      if (now.live() == null || now.live().device(alias).isEmpty()) {
        return now;
      }
      DomainDocument changed = now.live().copy();
      changed
          .device(alias)
          .ifPresent(device ->
              device
                  .element()
                  .childOrNew("target")
                  .set("state", open ? "connected" : "disconnected"));
      return now.withLive(changed);
    });
    boolean agent =
        domain
            .facts()
            .document()
            .device(alias)
            .map(device -> device.element().attributeAt("target", "name"))
            .filter("org.qemu.guest_agent.0"::equals)
            .isPresent();
    if (agent) {
      events.agent(domain, open ? 1 : 2, 2);
    }
  }

  /**
   * Takes the state that the machine has. Its events come late: by then it may have been told
   * something else, so it is asked.
   */
  void refresh(Domain domain, Machine machine) {
    try {
      JsonNode status = machine.execute("query-status");
      if (status.path("running").asBoolean()) {
        resumed(domain, DomainRunningReason.UNPAUSED.number());
        return;
      }
      switch (status.path("status").asText()) {
        case "io-error" -> machine.setPauseReason(DomainPausedReason.IOERROR.number());
        case "watchdog" -> machine.setPauseReason(DomainPausedReason.WATCHDOG.number());
        case "shutdown", "guest-panicked", "suspended", "prelaunch", "inmigrate" -> {
          return; // What comes with an event of its own, or before the start is told.
        }
        default -> {
          // Paused by whom it was told.
        }
      }
      paused(domain, machine);
    } catch (LibvirtException e) {
      LOG.log(System.Logger.Level.DEBUG, () -> "no state of " + domain + ": " + e.getMessage());
    }
  }

  /** What has happened to a machine without a daemon, and what the last one left half done. */
  void catchUp(Domain domain, Machine machine) {
    refresh(domain, machine);
    try {
      DomainFacts facts = domain.facts();
      switch (machine.execute("query-status").path("status").asText()) {
        case "shutdown" ->
            shutDown(
                domain,
                machine,
                Machine.arguments().put("guest", true).put("reason", "guest-shutdown"));
        case "guest-panicked" -> panicked(domain, machine);
        default -> {
          boolean saved =
              facts.reason() == DomainPausedReason.SAVE.number()
                  || facts.reason() == DomainPausedReason.DUMP.number();
          if (facts.state() == DomainState.PAUSED && saved) {
            life.goOn(domain);
          }
        }
      }
    } catch (LibvirtException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "what " + domain + " was doing is not known: " + e.getMessage());
    }
  }

  /** The machine is paused; nothing where that is known. */
  void paused(Domain domain, Machine machine) {
    if (domain.facts().state() != DomainState.RUNNING) {
      return;
    }
    int reason = machine.pauseReason();
    machine.setPauseReason(DomainPausedReason.UNKNOWN.number());
    if (domain.enter(DomainState.PAUSED, reason)) {
      DomainEventSuspendedDetailType detail =
          switch (DomainPausedReason.of(reason)) {
            case IOERROR -> DomainEventSuspendedDetailType.IOERROR;
            case WATCHDOG -> DomainEventSuspendedDetailType.WATCHDOG;
            case FROM_SNAPSHOT -> DomainEventSuspendedDetailType.FROM_SNAPSHOT;
            case null, default -> DomainEventSuspendedDetailType.PAUSED;
          };
      events.lifecycle(domain, DomainEventType.SUSPENDED, detail.number());
    }
  }

  /** The machine runs; nothing where that is known. */
  void resumed(Domain domain, int reason) {
    if (domain.facts().state() != DomainState.RUNNING
        && domain.enter(DomainState.RUNNING, reason)) {
      events.lifecycle(
          domain, DomainEventType.RESUMED, DomainEventResumedDetailType.UNPAUSED.number());
    }
  }
}

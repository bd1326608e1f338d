package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainEventStoppedDetailType;
import org.wardian.libvirt.constants.DomainPausedReason;
import org.wardian.libvirt.constants.DomainRunningReason;
import org.wardian.libvirt.constants.DomainShutoffReason;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainRef;

/** A domain, for those who take snapshots of it and put it back. */
public final class SnapshotSubject {
  private final DomainParts parts;
  private final LiveDocuments documents;
  private final Domain domain;

  SnapshotSubject(DomainParts parts, LiveDocuments documents, Domain domain) {
    this.parts = parts;
    this.documents = documents;
    this.domain = domain;
  }

  /** What is done while nobody else changes the domain. */
  @FunctionalInterface
  public interface Deed {
    /** Does it. */
    void make() throws LibvirtException;
  }

  /** Changes the domain while nobody else does. */
  public void perform(String what, Deed deed) throws LibvirtException {
    domain.perform(what, deed::make);
  }

  /** Its identity. */
  public UUID uuid() {
    return domain.uuid();
  }

  /** Its name. */
  public String name() {
    return domain.name();
  }

  /** As clients know it. */
  public DomainRef ref() {
    return domain.ref();
  }

  /** Whether it runs, or stands still. */
  public boolean isActive() {
    return domain.isActive();
  }

  /** What it does. */
  public DomainState state() {
    return domain.facts().state();
  }

  /** Whether it is there without a machine. */
  public boolean isPersistent() {
    return domain.facts().isPersistent();
  }

  /** A copy of what it is now: of a running one what its machine has. */
  public DomainDocument document() {
    return domain.facts().document().copy();
  }

  /** A copy of what the next start of a running domain takes; null where there is no such. */
  public DomainDocument nextStart() {
    DomainFacts facts = domain.facts();
    return facts.isActive() && facts.isPersistent() ? facts.config().copy() : null;
  }

  /** The file of a disk, be it that of a volume. */
  public Optional<Path> image(Disk disk) throws LibvirtException {
    if (disk.type().equals("volume")) {
      Disk copy = (Disk) DomainDocument.view(disk.element().copy());
      documents.volume(copy);
      return Optional.ofNullable(copy.element().attributeAt("source", "file")).map(Path::of);
    }
    return disk.source().path().map(Path::of);
  }

  /**
   * Has the machine keep itself within its disks, or forget that; it stands still meanwhile.
   *
   * @param command savevm or delvm
   */
  public void keep(String command, String name) throws LibvirtException {
    if (name.indexOf('"') >= 0 || name.indexOf('\n') >= 0) {
      throw Refusal.badArgument("'" + name + "' is no name for a snapshot within disks");
    }
    String answer =
        domain
            .running()
            .executeSlowly(
                "human-monitor-command",
                Machine.arguments().put("command-line", command + " \"" + name + "\""))
            .asText()
            .strip();
    if (!answer.isEmpty()) {
      throw Refusal.failed(
          "Failed to " + (command.equals("savevm") ? "take" : "delete") + " snapshot: " + answer);
    }
  }

  /**
   * An overlay for a disk that is in use.
   *
   * @param alias of the disk
   * @param existing whether the file is there
   */
  public record Overlay(String alias, String file, boolean existing) {}

  /** Puts overlays above disks in use, at one moment. */
  public void putAbove(List<Overlay> overlays) throws LibvirtException {
    ObjectNode arguments = Machine.arguments();
    ArrayNode actions = arguments.putArray("actions");
    for (Overlay overlay : overlays) {
      ObjectNode data =
          Machine.arguments()
              .put("device", "drive-" + overlay.alias())
              .put("snapshot-file", overlay.file())
              .put("format", "qcow2");
      if (overlay.existing()) {
        data.put("mode", "existing");
      }
      actions.addObject().put("type", "blockdev-snapshot-sync").set("data", data);
    }
    domain.running().executeSlowly("transaction", arguments);
  }

  /** Changes the machine's document. */
  public void editLive(Consumer<DomainDocument> edit) {
    domain.update(now -> {
      if (now.live() == null) {
        return now;
      }
      DomainDocument changed = now.live().copy();
      edit.accept(changed);
      return now.withLive(changed);
    });
    parts.life().writeStatus(domain);
  }

  /** Changes the definition, on the disk first; nothing where there is none. */
  public void editConfig(Consumer<DomainDocument> edit) throws LibvirtException {
    if (domain.facts().isPersistent()) {
      DomainDocument changed = domain.facts().config().copy();
      edit.accept(changed);
      define(changed);
    }
  }

  private void define(DomainDocument document) throws LibvirtException {
    parts.files().save(document);
    domain.update(now -> now.withConfig(document));
  }

  /** Gives a persistent domain another definition. */
  public void redefine(DomainDocument document) throws LibvirtException {
    if (domain.facts().isPersistent()) {
      define(document);
    }
  }

  /** Stands still while it is kept. */
  public void pause() throws LibvirtException {
    parts.life().suspend(domain, DomainPausedReason.SAVE.number());
  }

  /** Goes on. */
  public void resume() throws LibvirtException {
    parts.life().resume(domain, DomainRunningReason.UNPAUSED.number());
  }

  /** Ends the machine, in whose place something else comes. */
  public void end() throws LibvirtException {
    parts
        .life()
        .retire(
            domain,
            domain.running(),
            DomainShutoffReason.FROM_SNAPSHOT.number(),
            DomainEventStoppedDetailType.FROM_SNAPSHOT.number());
  }

  /**
   * Starts a machine from a snapshot.
   *
   * @param document that it is made of
   * @param memory the name of the snapshot within its disks; empty to boot
   */
  public void start(DomainDocument document, Optional<String> memory, boolean paused)
      throws LibvirtException {
    // A transient domain is gone with its machine.
    if (parts.table().get(domain.uuid()) == null) {
      parts.table().add(domain, document.name());
    }
    parts
        .life()
        .start(
            domain,
            new Lifecycle.Order(
                paused, Optional.empty(), document, Optional.of(new Lifecycle.Revert(memory))));
  }

  /** It is off, as it was. */
  public void markReverted() {
    domain.update(now -> now.stopped(DomainShutoffReason.FROM_SNAPSHOT.number()));
  }
}

package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Consumer;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainEventStoppedDetailType;
import org.wardian.libvirt.constants.DomainJobOperation;
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

  /**
   * Does something while the guest's agent holds its file systems. They are let go whatever comes
   * of it.
   *
   * @throws LibvirtException from the deed, or where the agent is not there or fails
   */
  public void quiesced(Deed deed) throws LibvirtException {
    GuestAgents agents = parts.agents();
    agents.execute(domain, "guest-fsfreeze-freeze", null);
    try {
      deed.make();
    } catch (LibvirtException | RuntimeException e) {
      try {
        agents.execute(domain, "guest-fsfreeze-thaw", null);
      } catch (LibvirtException thaw) {
        e.addSuppressed(thaw);
      }
      throw e;
    }
    agents.execute(domain, "guest-fsfreeze-thaw", null);
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

  private DiskChain chain(String target) throws LibvirtException {
    return DiskChain.of(
        domain
            .facts()
            .document()
            .disk(target)
            .orElseThrow(() -> Refusal.badArgument("disk '" + target + "' not found in domain")));
  }

  /** Begins to note the changes of disks, of all from the same moment on. */
  public void track(List<String> disks, String bitmap) throws LibvirtException {
    BlockBitmaps.transaction(domain.running(), trackers(disks, bitmap));
  }

  /** What does that, as a part of a transaction. */
  List<ObjectNode> trackers(List<String> disks, String bitmap) throws LibvirtException {
    List<ObjectNode> actions = new ArrayList<>();
    for (String disk : disks) {
      String node = DiskNodes.of(chain(disk).images().getFirst());
      actions.add(BlockBitmaps.add(node, bitmap, true, false, 0));
    }
    return actions;
  }

  /** Forgets the noted changes of a disk, in whichever of its images they are. */
  public void untrack(String disk, String bitmap) throws LibvirtException {
    Machine machine = domain.running();
    if (domain.facts().document().disk(disk).isEmpty()) {
      return;
    }
    Map<String, JsonNode> nodes = DiskNodes.all(machine);
    for (DiskChain.Image image : chain(disk).images()) {
      String node = DiskNodes.of(image);
      if (DiskNodes.bitmap(nodes, node, bitmap).isPresent()) {
        BlockBitmaps.transaction(machine, List.of(BlockBitmaps.remove(node, bitmap)));
      }
    }
  }

  /** Whether the changes of a disk are noted, without a gap. */
  public boolean isTracked(String disk, String bitmap) throws LibvirtException {
    return domain.facts().document().disk(disk).isPresent()
        && BlockBitmaps.source(DiskNodes.all(domain.running()), chain(disk).images(), bitmap)
            .isPresent();
  }

  /** How many bytes of a disk were changed; empty where that is not known. */
  public OptionalLong changedBytes(String disk, String bitmap) throws LibvirtException {
    Machine machine = domain.running();
    if (domain.facts().document().disk(disk).isEmpty()) {
      return OptionalLong.empty();
    }
    return BlockBitmaps.changedBytes(machine, chain(disk).images(), bitmap);
  }

  /**
   * Refuses where a job works on a disk.
   *
   * @throws LibvirtException where one does
   */
  public void requireNoJob(String disk) throws LibvirtException {
    Machine machine = domain.machine();
    if (machine != null) {
      machine.jobs().requireNone(disk);
    }
  }

  /** Waits until no backup goes on; before the lock is taken. */
  public void awaitNoBackup() throws LibvirtException {
    Backups.awaitNone(domain);
  }

  /** A number for an image that the machine opens. */
  public int nextImage() throws LibvirtException {
    return domain.running().jobs().nextImage(domain.facts().live());
  }

  /**
   * An overlay for a disk that is in use.
   *
   * @param disk its target
   * @param image the number that it gets
   * @param existing whether the file is there
   */
  public record Overlay(String disk, String file, int image, boolean existing) {}

  /** Puts overlays above disks in use, at one moment. */
  public void putAbove(List<Overlay> overlays) throws LibvirtException {
    Overlays.put(domain, overlays);
  }

  /**
   * An overlay that is put into the image beneath it.
   *
   * @param disk its target
   * @param overlay its file
   */
  public record Merge(String disk, String overlay) {}

  /**
   * Puts overlays of a running machine into the images right beneath them.
   *
   * @throws LibvirtException where it fails: {@link #images} tells of which disks the last step was
   *     done, all others are as before
   */
  public void merge(List<Merge> merges) throws LibvirtException {
    new OverlayMerge(parts.life(), domain).run(merges);
  }

  /** Ends the job of a running machine's disk, if there is one. */
  public void endJob(String disk) throws LibvirtException {
    new OverlayMerge(parts.life(), domain).endJob(disk);
  }

  /**
   * The files of the images that a disk is read through, the one that is written first.
   *
   * @throws LibvirtException where there is no such disk, or a file is not there
   */
  public List<String> images(String disk) throws LibvirtException {
    Disk own = ChainLookup.disk(domain.facts().document(), disk);
    List<DiskChain.Image> all = new ArrayList<>(DiskChain.of(own).images());
    if (!isActive() && !all.isEmpty()) {
      // The headers tell: its document need not.
      DiskChain.Image top = all.getFirst();
      Optional<Path> file = image(own);
      if (file.isEmpty()) {
        return List.of();
      }
      all = new ArrayList<>(List.of(DiskChain.Image.file(file.get().toString(), top.format())));
      all.addAll(LiveDocuments.beneath(all.getFirst()));
    }
    return all.stream().map(one -> one.path().orElse("")).toList();
  }

  /** Whether a job works on some disk, or a backup goes on. */
  public boolean hasJobs() {
    Machine machine = domain.machine();
    return machine != null && (!machine.jobs().all().isEmpty() || machine.jobs().backup() != null);
  }

  /** Whether the next start goes on with a memory that was saved. */
  public boolean hasSavedMemory() {
    return Files.exists(parts.files().managedSave(name()));
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

  /**
   * Writes the memory of a machine that stands still into a file, which {@code restore} can go on
   * with.
   *
   * @param paused whether that one stands still then
   */
  public void keepMemory(Path file, boolean paused) throws LibvirtException {
    Machine machine = domain.running();
    if (!Files.isDirectory(file.getParent())) {
      throw Refusal.system("Failed to create file '" + file + "': No such file or directory", null);
    }
    SaveJob job = new SaveJob(machine, DomainJobOperation.SNAPSHOT);
    domain.setJob(job);
    try {
      machine.execute("migrate", Machine.arguments().put("uri", "file:" + file));
      job.await();
      new SaveImage(domain.facts().live(), paused).write(file);
    } finally {
      domain.setJob(null);
    }
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

  /**
   * Refuses a file that {@link #startWithMemory} cannot go on with.
   *
   * @throws LibvirtException where it is not there, or not complete
   */
  public void requireMemory(Path file) throws LibvirtException {
    SaveImage.read(file);
  }

  /**
   * Starts a machine from a snapshot whose memory is in a file, which stays.
   *
   * @param document that it is made of
   */
  public void startWithMemory(DomainDocument document, Path memory, boolean paused)
      throws LibvirtException {
    parts
        .life()
        .start(
            domain,
            new Lifecycle.Order(
                paused,
                Optional.of(memory),
                document,
                Optional.of(new Lifecycle.Revert(Optional.empty()))));
  }

  /** It is off, as it was. */
  public void markReverted() {
    domain.update(now -> now.stopped(DomainShutoffReason.FROM_SNAPSHOT.number()));
  }
}

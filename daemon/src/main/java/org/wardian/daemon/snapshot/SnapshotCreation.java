package org.wardian.daemon.snapshot;

import static org.wardian.libvirt.constants.DomainSnapshotCreateFlags.ATOMIC;
import static org.wardian.libvirt.constants.DomainSnapshotCreateFlags.CURRENT;
import static org.wardian.libvirt.constants.DomainSnapshotCreateFlags.DISK_ONLY;
import static org.wardian.libvirt.constants.DomainSnapshotCreateFlags.HALT;
import static org.wardian.libvirt.constants.DomainSnapshotCreateFlags.LIVE;
import static org.wardian.libvirt.constants.DomainSnapshotCreateFlags.NO_METADATA;
import static org.wardian.libvirt.constants.DomainSnapshotCreateFlags.QUIESCE;
import static org.wardian.libvirt.constants.DomainSnapshotCreateFlags.REDEFINE;
import static org.wardian.libvirt.constants.DomainSnapshotCreateFlags.REUSE_EXT;
import static org.wardian.libvirt.constants.DomainSnapshotCreateFlags.VALIDATE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.moment.MomentTree;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.DomainFlag;
import org.wardian.definition.snapshot.SnapshotAlignment;
import org.wardian.definition.snapshot.SnapshotDisk;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotPlace;
import org.wardian.definition.snapshot.SnapshotState;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** Takes snapshots, and takes up again what was known of some. */
final class SnapshotCreation {
  static final int FLAGS =
      REDEFINE
          | CURRENT
          | NO_METADATA
          | HALT
          | DISK_ONLY
          | REUSE_EXT
          | QUIESCE
          | ATOMIC
          | LIVE
          | VALIDATE;

  private static final long MILLISECONDS = 1_000;

  private final SnapshotSubjects subjects;
  private final SnapshotStore store;
  private final SnapshotJournal journal;
  private final ExternalSnapshots external;

  SnapshotCreation(SnapshotSubjects subjects, SnapshotStore store, SnapshotJournal journal) {
    this.subjects = subjects;
    this.store = store;
    this.journal = journal;
    external = new ExternalSnapshots();
  }

  /**
   * Does what a client asks for; the caller holds the domain's lock.
   *
   * @return the snapshot's name
   */
  String create(SnapshotSubject subject, String xml, int flags) throws LibvirtException {
    if ((flags & QUIESCE) != 0 && (flags & DISK_ONLY) == 0) {
      throw Refusal.badArgument(
          "flag 'VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY' is required by flag"
              + " 'VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE'");
    }
    SnapshotRefusal.exclusive(
        flags,
        LIVE,
        "VIR_DOMAIN_SNAPSHOT_CREATE_LIVE",
        REDEFINE,
        "VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE");
    if ((flags & HALT) != 0 && !subject.isPersistent()) {
      throw Refusal.notNow("cannot halt after transient domain snapshot");
    }
    return (flags & REDEFINE) != 0 ? redefine(subject, xml, flags) : take(subject, xml, flags);
  }

  private static void checkName(String name) throws LibvirtException {
    String wrong =
        name.contains("/")
            ? "name can't contain '/'"
            : name.startsWith(".") ? "name can't start with '.'" : null;
    if (wrong == null && !DefinitionFolder.isName(name)) {
      wrong = "it is no name for a file";
    }
    if (wrong != null) {
      throw new LibvirtException(
          ErrorNumber.XML_DETAIL,
          ErrorDomain.QEMU,
          "invalid snapshot name '" + name + "': " + wrong);
    }
  }

  private String redefine(SnapshotSubject subject, String xml, int flags) throws LibvirtException {
    SnapshotDocument given;
    try {
      XmlElement root = XmlReader.read(xml, "domainsnapshot");
      given = SnapshotDocument.complete(root);
    } catch (XmlException e) {
      throw SnapshotRefusal.of(e);
    }
    String name = given.name();
    checkName(name);
    MomentTree<SnapshotDocument> tree = store.tree(subject);
    if (name.equals(given.parent())) {
      throw Refusal.badArgument("cannot set snapshot '" + name + "' as its own parent");
    }
    if (given.parent() != null && tree.get(given.parent()) == null) {
      throw Refusal.badArgument("parent " + given.parent() + " for moment " + name + " not found");
    }
    if (tree.isCircle(name, given.parent())) {
      throw Refusal.badArgument("parent " + given.parent() + " would create cycle to " + name);
    }
    SnapshotDocument known = tree.get(name);
    DomainDocument domain =
        given.domain() == null ? null : subjects.define(given.domain().toString());
    if (domain != null && !domain.uuid().filter(subject.uuid()::equals).isPresent()) {
      throw Refusal.badArgument(
          "definition for snapshot " + name + " must use uuid " + subject.uuid());
    }
    if (known != null) {
      if (known.state().isActive() != given.state().isActive()
          && known.state() != SnapshotState.DISK_SNAPSHOT
          && given.state() != SnapshotState.DISK_SNAPSHOT) {
        throw Refusal.badArgument(
            "cannot change between online and offline snapshot state in snapshot " + name);
      }
      if ((known.state() == SnapshotState.DISK_SNAPSHOT)
          != (given.state() == SnapshotState.DISK_SNAPSHOT)) {
        throw Refusal.badArgument(
            "cannot change between disk only and full system in snapshot " + name);
      }
      domain = domain == null ? known.domain() : domain;
    }
    if (domain == null) {
      throw Refusal.internal("missing domain in snapshot");
    }
    SnapshotPlace usual =
        given.state() == SnapshotState.DISK_SNAPSHOT || given.memory() == SnapshotPlace.EXTERNAL
            ? SnapshotPlace.EXTERNAL
            : SnapshotPlace.INTERNAL;
    SnapshotDocument full =
        align(
            domain,
            given.taken(given.state(), given.memory(), domain, given.inactiveDomain()),
            usual,
            false);
    store.put(subject, full);
    if ((flags & CURRENT) != 0) {
      store.setCurrent(subject, name);
    }
    return name;
  }

  private static SnapshotDocument align(
      DomainDocument domain, SnapshotDocument snapshot, SnapshotPlace usual, boolean uniform)
      throws LibvirtException {
    try {
      return new SnapshotAlignment(domain, usual, uniform).align(snapshot);
    } catch (XmlException e) {
      throw SnapshotRefusal.of(e);
    }
  }

  private String take(SnapshotSubject subject, String xml, int flags) throws LibvirtException {
    boolean active = subject.isActive();
    boolean diskOnly = (flags & DISK_ONLY) != 0;
    SnapshotDocument asked;
    try {
      asked = SnapshotDocument.request(xml, System.currentTimeMillis() / MILLISECONDS);
      if ((!active || diskOnly) && asked.memory() != null && asked.memory() != SnapshotPlace.NO) {
        throw SnapshotDocument.offline();
      }
    } catch (XmlException e) {
      throw SnapshotRefusal.of(e);
    }
    checkName(asked.name());
    if (store.tree(subject).get(asked.name()) != null) {
      throw Refusal.failed("domain moment " + asked.name() + " already exists");
    }
    boolean outside = asked.memory() == SnapshotPlace.EXTERNAL;
    if ((flags & LIVE) != 0 && !outside) {
      throw Refusal.notSupported(
          "live snapshot creation is supported only during full system snapshots");
    }
    SnapshotState state = state(subject, diskOnly);
    SnapshotDocument snapshot =
        align(
                subject.document(),
                asked,
                diskOnly || outside ? SnapshotPlace.EXTERNAL : SnapshotPlace.INTERNAL,
                !diskOnly && !outside)
            .taken(
                state,
                outside
                    ? SnapshotPlace.EXTERNAL
                    : state.isActive() ? SnapshotPlace.INTERNAL : SnapshotPlace.NO,
                settled(subject.document()),
                active && subject.nextStart() != null ? settled(subject.nextStart()) : null)
            .withParent(store.tree(subject).current());
    for (SnapshotDisk disk : snapshot.disks()) {
      if (disk.place() != SnapshotPlace.NO) {
        subject.requireNoJob(disk.name());
      }
    }
    check(subject, snapshot);
    if (outside) {
      keepOutside(subject, snapshot, flags);
      record(subject, snapshot, flags);
    } else if (snapshot.isExternal()) {
      if (active && (flags & QUIESCE) != 0) {
        subject.quiesced(() -> external.take(subject, snapshot, (flags & REUSE_EXT) != 0));
      } else {
        external.take(subject, snapshot, (flags & REUSE_EXT) != 0);
      }
      if (active && (flags & HALT) != 0) {
        subject.end();
      }
      record(subject, snapshot, flags);
    } else {
      journal.perform(
          subject,
          snapshot,
          SnapshotJournal.Deed.CREATE,
          () -> {
            if (active) {
              keep(subject, snapshot, (flags & HALT) != 0);
            } else {
              SnapshotImages.create(subject, snapshot);
            }
            record(subject, snapshot, flags);
          });
    }
    return snapshot.name();
  }

  private void record(SnapshotSubject subject, SnapshotDocument snapshot, int flags)
      throws LibvirtException {
    if ((flags & NO_METADATA) == 0) {
      store.put(subject, snapshot);
      store.setCurrent(subject, snapshot.name());
    }
  }

  private static SnapshotState state(SnapshotSubject subject, boolean diskOnly)
      throws LibvirtException {
    if (!subject.isActive()) {
      return SnapshotState.SHUTOFF;
    }
    if (subject.state() == DomainState.PMSUSPENDED) {
      throw Refusal.notSupported("qemu doesn't support taking snapshots of PMSUSPENDED guests");
    }
    if (diskOnly) {
      return SnapshotState.DISK_SNAPSHOT;
    }
    return subject.state() == DomainState.RUNNING ? SnapshotState.RUNNING : SnapshotState.PAUSED;
  }

  /** As it is written into files: without what its machine has of the host. */
  private static DomainDocument settled(DomainDocument document) {
    document.disks().stream()
        .filter(disk -> disk.type().equals("volume") && disk.element().child("source") != null)
        .forEach(disk -> disk.element().child("source").set("file", null));
    try {
      return DomainDocument.read(document.xml(EnumSet.of(DomainFlag.INACTIVE, DomainFlag.SECURE)));
    } catch (XmlException e) {
      throw new IllegalStateException("what was written cannot be read", e);
    }
  }

  /** Refuses what cannot be kept. */
  private static void check(SnapshotSubject subject, SnapshotDocument snapshot)
      throws LibvirtException {
    boolean within = false;
    boolean beside = false;
    for (SnapshotDisk disk : snapshot.disks()) {
      Disk own = subject.document().disk(disk.name()).orElseThrow();
      switch (disk.place()) {
        case INTERNAL -> {
          within = true;
          if (snapshot.state() == SnapshotState.DISK_SNAPSHOT) {
            throw Refusal.unsupported(
                "active qemu domains require external disk snapshots; disk "
                    + disk.name()
                    + " requested internal");
          }
          if (!own.format().equals("qcow2")) {
            throw Refusal.unsupported(
                "internal snapshot for disk %s unsupported for storage type %s"
                    .formatted(disk.name(), own.format()));
          }
        }
        case EXTERNAL -> {
          beside = true;
          if (!"qcow2".equals(disk.format())) {
            throw Refusal.unsupported(
                "external snapshot format for disk %s is unsupported: %s"
                    .formatted(disk.name(), disk.format()));
          }
          if (!Path.of(disk.file()).isAbsolute()) {
            throw Refusal.badArgument("'" + disk.file() + "' is no absolute path");
          }
        }
        case NO -> {
          // Whether it may be left out was seen before.
        }
      }
    }
    if (!within && !beside && snapshot.memory() != SnapshotPlace.EXTERNAL) {
      throw Refusal.unsupported("nothing selected for snapshot");
    }
    if (within && beside) {
      throw Refusal.unsupported(
          "mixing internal and external targets for a snapshot is not yet supported");
    }
    if (within
        && snapshot.state().isActive()
        && snapshot.domain().root().find("os/nvram").isPresent()) {
      throw Refusal.notSupported(
          "internal snapshots of a VM with pflash based firmware are not supported");
    }
  }

  /**
   * A running machine with its memory in a file, and overlays above its disks of the same moment.
   * It stands still meanwhile, {@code LIVE} or not: the file is complete when it goes on.
   */
  private void keepOutside(SnapshotSubject subject, SnapshotDocument snapshot, int flags)
      throws LibvirtException {
    boolean existing = (flags & REUSE_EXT) != 0;
    external.check(subject, snapshot, existing);
    boolean ran = subject.state() == DomainState.RUNNING;
    Path file = Path.of(snapshot.memoryFile());
    if (!file.isAbsolute()) {
      throw Refusal.badArgument("memory snapshot file path (" + file + ") must be absolute");
    }
    boolean kept = false;
    if (ran) {
      subject.pause();
    }
    try {
      subject.keepMemory(file, !ran);
      try {
        external.take(subject, snapshot, existing);
      } catch (LibvirtException e) {
        Files.deleteIfExists(file);
        throw e;
      }
      kept = true;
    } catch (IOException e) {
      throw Refusal.system("cannot remove " + file + ": " + e.getMessage(), e);
    } finally {
      if (kept && (flags & HALT) != 0) {
        subject.end();
      } else if (ran && subject.isActive()) {
        subject.resume();
      }
    }
  }

  /** A running machine, with its memory. */
  private static void keep(SnapshotSubject subject, SnapshotDocument snapshot, boolean halt)
      throws LibvirtException {
    boolean ran = subject.state() == DomainState.RUNNING;
    boolean kept = false;
    if (ran) {
      subject.pause();
    }
    try {
      subject.keep("savevm", snapshot.name());
      kept = true;
    } finally {
      if (kept && halt) {
        subject.end();
      } else if (ran && subject.isActive()) {
        subject.resume();
      }
    }
  }
}

package org.wardian.daemon.snapshot;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.wardian.daemon.Folders;
import org.wardian.daemon.domain.SnapshotRecords;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.error.LibvirtException;

/** What is known of all snapshots, with a file {@code qemu/snapshot/DOMAIN/NAME.xml} for each. */
final class SnapshotStore implements SnapshotRecords {
  private static final System.Logger LOG = System.getLogger(SnapshotStore.class.getName());

  private final Path folder;
  private final Map<UUID, Known> known = new ConcurrentHashMap<>();

  /** The snapshots of a domain, whose name cannot change while there are some. */
  private record Known(SnapshotTree tree, DefinitionFolder files, Path folder) {}

  SnapshotStore(Folders folders) {
    folder = folders.library().resolve("qemu/snapshot");
  }

  /** Reads all files; what is no snapshot is told of in the log and left alone. */
  void load(SnapshotSubjects subjects) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> names = Files.newDirectoryStream(folder, Files::isDirectory)) {
      for (Path one : names) {
        String name = one.getFileName().toString();
        SnapshotSubject subject = subjects.named(name).orElse(null);
        if (subject == null) {
          LOG.log(System.Logger.Level.WARNING, one + " is of no domain, and is left as it is");
        } else {
          read(subject);
        }
      }
    }
  }

  private void read(SnapshotSubject subject) throws IOException {
    Known all = known(subject);
    for (Map.Entry<String, XmlElement> file : all.files().readAll().entrySet()) {
      try {
        SnapshotDocument snapshot = SnapshotDocument.complete(file.getValue());
        if (!snapshot.name().equals(file.getKey())) {
          throw XmlException.badContent("it is of the snapshot " + snapshot.name());
        }
        all.tree().put(snapshot);
        if (SnapshotDocument.isCurrent(file.getValue())) {
          all.tree().setCurrent(snapshot.name());
        }
      } catch (XmlException e) {
        LOG.log(
            System.Logger.Level.ERROR,
            all.files().file(file.getKey()) + " is left as it is: " + e.getMessage());
      }
    }
    all.tree().straighten();
  }

  private Known known(SnapshotSubject subject) {
    return known.computeIfAbsent(
        subject.uuid(),
        uuid -> {
          Path own = folder.resolve(subject.name());
          return new Known(new SnapshotTree(), new DefinitionFolder(own), own);
        });
  }

  /** The snapshots of a domain. */
  SnapshotTree tree(SnapshotSubject subject) {
    Known all = known.get(subject.uuid());
    return all == null ? new SnapshotTree() : all.tree();
  }

  /** Adds one, or changes it; the caller holds the domain's lock. */
  void put(SnapshotSubject subject, SnapshotDocument snapshot) throws LibvirtException {
    Known all = known(subject);
    write(all, snapshot, snapshot.name().equals(all.tree().current()));
    all.tree().put(snapshot);
  }

  /** Makes one the current one; null for none. The caller holds the domain's lock. */
  void setCurrent(SnapshotSubject subject, String name) throws LibvirtException {
    Known all = known(subject);
    String before = all.tree().current();
    if (Objects.equals(before, name)) {
      return;
    }
    all.tree().setCurrent(name);
    if (before != null && all.tree().get(before) != null) {
      write(all, all.tree().get(before), false);
    }
    if (name != null && all.tree().get(name) != null) {
      write(all, all.tree().get(name), true);
    }
  }

  /** Forgets one; the caller holds the domain's lock. */
  void remove(SnapshotSubject subject, String name) throws LibvirtException {
    Known all = known(subject);
    // Children first: who is killed between finds a parent too many, and none too few.
    for (SnapshotDocument changed : all.tree().remove(name)) {
      write(all, changed, changed.name().equals(all.tree().current()));
    }
    try {
      all.files().delete(name);
    } catch (IOException e) {
      throw Refusal.system("cannot remove the snapshot's file: " + e.getMessage(), e);
    }
  }

  private static void write(Known all, SnapshotDocument snapshot, boolean current)
      throws LibvirtException {
    try {
      all.files().write(snapshot.name(), snapshot.file(current));
    } catch (IOException e) {
      throw Refusal.system("cannot write the snapshot's file: " + e.getMessage(), e);
    }
  }

  @Override
  public int snapshots(UUID domain) {
    Known all = known.get(domain);
    return all == null ? 0 : all.tree().size();
  }

  @Override
  public int checkpoints(UUID domain) {
    return 0;
  }

  @Override
  public void forget(UUID domain) throws LibvirtException {
    Known all = known.remove(domain);
    if (all == null) {
      return;
    }
    try {
      for (SnapshotDocument snapshot : all.tree().all()) {
        all.files().delete(snapshot.name());
      }
      Files.deleteIfExists(all.folder());
    } catch (java.nio.file.DirectoryNotEmptyException e) {
      LOG.log(System.Logger.Level.WARNING, all.folder() + " has files of others, and stays");
    } catch (IOException e) {
      throw Refusal.system("cannot remove the snapshots' files: " + e.getMessage(), e);
    }
  }
}

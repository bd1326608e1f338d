package org.wardian.daemon.checkpoint;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.wardian.daemon.Folders;
import org.wardian.daemon.domain.SnapshotRecords;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.moment.MomentTree;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.checkpoint.CheckpointDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.error.LibvirtException;

/**
 * What is known of all checkpoints, with a file {@code qemu/checkpoint/DOMAIN/NAME.xml} for each.
 * The current one of a domain is in no file: when they are read it is the youngest leaf.
 */
final class CheckpointStore implements SnapshotRecords {
  private static final System.Logger LOG = System.getLogger(CheckpointStore.class.getName());

  private final Path folder;
  private final Map<UUID, Known> known = new ConcurrentHashMap<>();

  /** The checkpoints of a domain, and where their files are. */
  private record Known(MomentTree<CheckpointDocument> tree, DefinitionFolder files, Path folder) {}

  CheckpointStore(Folders folders) {
    folder = folders.library().resolve("qemu/checkpoint");
  }

  /** Reads all files; what is no checkpoint is told of in the log and left alone. */
  void load(SnapshotSubjects subjects) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> names = Files.newDirectoryStream(folder, Files::isDirectory)) {
      for (Path one : names) {
        SnapshotSubject subject = subjects.named(one.getFileName().toString()).orElse(null);
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
        CheckpointDocument checkpoint = CheckpointDocument.complete(file.getValue());
        if (!checkpoint.name().equals(file.getKey())) {
          throw XmlException.badContent("it is of the checkpoint " + checkpoint.name());
        }
        all.tree().put(checkpoint);
      } catch (XmlException e) {
        LOG.log(
            System.Logger.Level.ERROR,
            all.files().file(file.getKey()) + " is left as it is: " + e.getMessage());
      }
    }
    all.tree().straighten();
    all.tree().all().stream()
        .filter(one -> all.tree().children(one.name()).isEmpty())
        .max(Comparator.comparingLong(CheckpointDocument::created))
        .ifPresent(leaf -> all.tree().setCurrent(leaf.name()));
  }

  private Known known(SnapshotSubject subject) {
    return known.computeIfAbsent(
        subject.uuid(),
        uuid -> {
          Path own = folder.resolve(subject.name());
          return new Known(new MomentTree<>(), new DefinitionFolder(own), own);
        });
  }

  /** The checkpoints of a domain. */
  MomentTree<CheckpointDocument> tree(SnapshotSubject subject) {
    Known all = known.get(subject.uuid());
    return all == null ? new MomentTree<>() : all.tree();
  }

  /** One of a domain's; null where there is none of the name. */
  CheckpointDocument get(UUID domain, String name) {
    Known all = known.get(domain);
    return all == null ? null : all.tree().get(name);
  }

  /** Adds one, or changes it; the caller holds the domain's lock. */
  void put(SnapshotSubject subject, CheckpointDocument checkpoint) throws LibvirtException {
    Known all = known(subject);
    write(all, checkpoint);
    all.tree().put(checkpoint);
  }

  /** Makes one the current one; the caller holds the domain's lock. */
  void setCurrent(SnapshotSubject subject, String name) {
    known(subject).tree().setCurrent(name);
  }

  /** Forgets one; the caller holds the domain's lock. */
  void remove(SnapshotSubject subject, String name) throws LibvirtException {
    Known all = known(subject);
    // Children first: who is killed between finds a parent too many, and none too few.
    for (CheckpointDocument changed : all.tree().remove(name)) {
      write(all, changed);
    }
    try {
      all.files().delete(name);
      if (all.tree().size() == 0) {
        Files.deleteIfExists(all.folder());
      }
    } catch (DirectoryNotEmptyException e) {
      LOG.log(System.Logger.Level.WARNING, all.folder() + " has files of others, and stays");
    } catch (IOException e) {
      throw Refusal.system("cannot remove the checkpoint's file: " + e.getMessage(), e);
    }
  }

  private static void write(Known all, CheckpointDocument checkpoint) throws LibvirtException {
    try {
      all.files().write(checkpoint.name(), checkpoint.xml(true, true));
    } catch (IOException e) {
      throw Refusal.system("cannot write the checkpoint's file: " + e.getMessage(), e);
    }
  }

  @Override
  public int snapshots(UUID domain) {
    return 0;
  }

  @Override
  public int checkpoints(UUID domain) {
    Known all = known.get(domain);
    return all == null ? 0 : all.tree().size();
  }

  @Override
  public void renamed(UUID domain, String name) throws LibvirtException {
    Known all = known.get(domain);
    if (all == null) {
      return;
    }
    Path own = folder.resolve(name);
    try {
      if (Files.isDirectory(all.folder())) {
        Files.move(all.folder(), own);
      }
    } catch (IOException e) {
      throw Refusal.system("cannot rename the checkpoints' folder: " + e.getMessage(), e);
    }
    known.put(domain, new Known(all.tree(), new DefinitionFolder(own), own));
  }

  @Override
  public void forget(UUID domain) throws LibvirtException {
    Known all = known.remove(domain);
    if (all == null) {
      return;
    }
    try {
      for (CheckpointDocument checkpoint : all.tree().all()) {
        all.files().delete(checkpoint.name());
      }
      Files.deleteIfExists(all.folder());
    } catch (DirectoryNotEmptyException e) {
      LOG.log(System.Logger.Level.WARNING, all.folder() + " has files of others, and stays");
    } catch (IOException e) {
      throw Refusal.system("cannot remove the checkpoints' files: " + e.getMessage(), e);
    }
  }
}

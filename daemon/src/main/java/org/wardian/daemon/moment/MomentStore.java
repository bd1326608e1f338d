package org.wardian.daemon.moment;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.wardian.daemon.domain.SnapshotRecords;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.snapshot.Moment;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.error.LibvirtException;

/**
 * What is known of all snapshots, or of all checkpoints, with a file {@code DOMAIN/NAME.xml} for
 * each.
 *
 * @param <M> which of both
 */
public abstract class MomentStore<M extends Moment<M>> implements SnapshotRecords {
  private static final System.Logger LOG = System.getLogger(MomentStore.class.getName());

  private final Path folder;
  private final String kind;
  private final Map<UUID, Known<M>> known = new ConcurrentHashMap<>();

  /** Those of a domain, and where their files are. */
  private record Known<M extends Moment<M>>(
      MomentTree<M> tree, DefinitionFolder files, Path folder) {}

  /**
   * Nothing is known yet.
   *
   * @param folder where the domains' folders are
   * @param kind what one of them is called, for messages
   */
  protected MomentStore(Path folder, String kind) {
    this.folder = folder;
    this.kind = kind;
  }

  /** What a file has. */
  protected abstract M complete(XmlElement file) throws XmlException;

  /** What the file of one has. */
  protected abstract String file(M moment, boolean current);

  /**
   * Says which is the current one of those that were just read.
   *
   * @param files all that were found, some of which may be none of them
   */
  protected abstract void findCurrent(MomentTree<M> tree, Map<String, XmlElement> files);

  /** Reads all files; what is none of ours is told of in the log and left alone. */
  public void load(SnapshotSubjects subjects) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> names = Files.newDirectoryStream(folder, Files::isDirectory)) {
      for (Path one : names) {
        SnapshotSubject subject = subjects.named(one.getFileName().toString()).orElse(null);
        if (subject == null) {
          LOG.log(System.Logger.Level.WARNING, one + " is of no domain, and is left as it is");
        } else {
          read(known(subject));
        }
      }
    }
  }

  private void read(Known<M> all) throws IOException {
    Map<String, XmlElement> files = all.files().readAll();
    for (Map.Entry<String, XmlElement> file : files.entrySet()) {
      try {
        M moment = complete(file.getValue());
        if (!moment.name().equals(file.getKey())) {
          throw XmlException.badContent("it is of the " + kind + " " + moment.name());
        }
        all.tree().put(moment);
      } catch (XmlException e) {
        LOG.log(
            System.Logger.Level.ERROR,
            all.files().file(file.getKey()) + " is left as it is: " + e.getMessage());
      }
    }
    all.tree().straighten();
    findCurrent(all.tree(), files);
  }

  private Known<M> known(SnapshotSubject subject) {
    return known.computeIfAbsent(
        subject.uuid(),
        uuid -> {
          Path own = folder.resolve(subject.name());
          return new Known<M>(new MomentTree<>(), new DefinitionFolder(own), own);
        });
  }

  /** Those of a domain. */
  public MomentTree<M> tree(SnapshotSubject subject) {
    Known<M> all = known.get(subject.uuid());
    return all == null ? new MomentTree<>() : all.tree();
  }

  /** One of a domain's; null where there is none of the name. */
  public M get(UUID domain, String name) {
    Known<M> all = known.get(domain);
    return all == null ? null : all.tree().get(name);
  }

  /** Adds one, or changes it; the caller holds the domain's lock. */
  public void put(SnapshotSubject subject, M moment) throws LibvirtException {
    Known<M> all = known(subject);
    write(all, moment);
    all.tree().put(moment);
  }

  /**
   * Makes one the current one; null for none. The caller holds the domain's lock.
   *
   * @throws LibvirtException where a file that tells of it cannot be written
   */
  public void setCurrent(SnapshotSubject subject, String name) throws LibvirtException {
    known(subject).tree().setCurrent(name);
  }

  /** Writes the file of one that is there anew. */
  protected void rewrite(SnapshotSubject subject, String name) throws LibvirtException {
    Known<M> all = known(subject);
    M moment = name == null ? null : all.tree().get(name);
    if (moment != null) {
      write(all, moment);
    }
  }

  private void write(Known<M> all, M moment) throws LibvirtException {
    try {
      boolean current = moment.name().equals(all.tree().current());
      all.files().write(moment.name(), file(moment, current));
    } catch (IOException e) {
      throw Refusal.system("cannot write the " + kind + "'s file: " + e.getMessage(), e);
    }
  }

  /** Forgets one; the caller holds the domain's lock. */
  public void remove(SnapshotSubject subject, String name) throws LibvirtException {
    Known<M> all = known(subject);
    // Children first: who is killed between finds a parent too many, and none too few.
    for (M changed : all.tree().remove(name)) {
      write(all, changed);
    }
    try {
      all.files().delete(name);
      if (all.tree().size() == 0) {
        deleteFolder(all);
      }
    } catch (IOException e) {
      throw Refusal.system("cannot remove the " + kind + "'s file: " + e.getMessage(), e);
    }
  }

  private static void deleteFolder(Known<?> all) throws IOException {
    try {
      Files.deleteIfExists(all.folder());
    } catch (DirectoryNotEmptyException e) {
      LOG.log(System.Logger.Level.WARNING, all.folder() + " has files of others, and stays");
    }
  }

  /** How many a domain has. */
  protected int count(UUID domain) {
    Known<M> all = known.get(domain);
    return all == null ? 0 : all.tree().size();
  }

  @Override
  public int snapshots(UUID domain) {
    return 0;
  }

  @Override
  public int checkpoints(UUID domain) {
    return 0;
  }

  @Override
  public void renamed(UUID domain, String name) throws LibvirtException {
    Known<M> all = known.get(domain);
    if (all == null) {
      return;
    }
    Path own = folder.resolve(name);
    try {
      if (Files.isDirectory(all.folder())) {
        Files.move(all.folder(), own);
      }
    } catch (IOException e) {
      throw Refusal.system("cannot rename the " + kind + "s' folder: " + e.getMessage(), e);
    }
    known.put(domain, new Known<M>(all.tree(), new DefinitionFolder(own), own));
  }

  @Override
  public void forget(UUID domain) throws LibvirtException {
    Known<M> all = known.remove(domain);
    if (all == null) {
      return;
    }
    try {
      for (M moment : all.tree().all()) {
        all.files().delete(moment.name());
      }
      deleteFolder(all);
    } catch (IOException e) {
      throw Refusal.system("cannot remove the " + kind + "s' files: " + e.getMessage(), e);
    }
  }
}

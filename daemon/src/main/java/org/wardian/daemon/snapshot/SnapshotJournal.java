package org.wardian.daemon.snapshot;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.wardian.daemon.Folders;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;
import org.wardian.libvirt.error.LibvirtException;

/**
 * A snapshot within images and the file about it are two things. Which of them is being made or
 * deleted is written down before, in {@code qemu/snapshot-unfinished/DOMAIN/NAME.xml}, so that the
 * daemon after one that was killed leaves neither alone: what was not finished is not there. That
 * an overlay is put into the image beneath is written down likewise ({@link ExternalDeletion}),
 * what becomes of overlays of other branches ({@link DeadBranches}), and that a domain goes back to
 * an external one ({@link ExternalReturn}).
 */
final class SnapshotJournal {
  private static final System.Logger LOG = System.getLogger(SnapshotJournal.class.getName());
  private static final String ROOT = "unfinished";

  private final Path folder;

  /** What is done. */
  enum Deed {
    CREATE,
    DELETE,
    /** Deletion of one whose content is in overlays, which go into the images beneath. */
    MERGE,
    /** Deletion of one on a branch that a revert left. */
    PRUNE,
    /** Going back to one whose content is in images beneath overlays. */
    REVERT;

    private String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Work on images and files. */
  @FunctionalInterface
  interface Work {
    /** Does it. */
    void run() throws LibvirtException;
  }

  SnapshotJournal(Folders folders) {
    folder = folders.library().resolve("qemu/snapshot-unfinished");
  }

  private DefinitionFolder files(SnapshotSubject subject) {
    return new DefinitionFolder(folder.resolve(subject.name()));
  }

  /**
   * Does what makes or deletes a snapshot; the caller holds the domain's lock. Work that fails
   * undoes itself as far as it can, and is not gone on with by the next daemon.
   */
  void perform(SnapshotSubject subject, SnapshotDocument snapshot, Deed deed, Work work)
      throws LibvirtException {
    write(subject, snapshot, entry(snapshot, deed));
    try {
      work.run();
    } finally {
      forget(subject, snapshot);
    }
  }

  /** What says that something is done with a snapshot. */
  static XmlElement entry(SnapshotDocument snapshot, Deed deed) {
    XmlElement entry = new XmlElement(ROOT);
    entry.set("deed", deed.word());
    try {
      entry.add(XmlReader.read(snapshot.file(false)));
    } catch (XmlException e) {
      throw new IllegalStateException("what was written cannot be read", e);
    }
    return entry;
  }

  /** Writes down what is done; when this returns it is on the disk. */
  void write(SnapshotSubject subject, SnapshotDocument snapshot, XmlElement entry)
      throws LibvirtException {
    try {
      files(subject).write(snapshot.name(), entry.toString());
    } catch (IOException e) {
      throw Refusal.system("cannot write down what is done: " + e.getMessage(), e);
    }
  }

  /** It is done, or undone. */
  void forget(SnapshotSubject subject, SnapshotDocument snapshot) {
    forget(files(subject), snapshot.name());
  }

  private static void forget(DefinitionFolder files, String name) {
    try {
      files.delete(name);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, files.file(name) + " is not removed", e);
    }
  }

  /** Takes back, or finishes, what the last daemon did when it was killed. */
  void recover(
      SnapshotSubjects subjects,
      SnapshotStore store,
      SnapshotDeletion deletion,
      ExternalReturn reversion)
      throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> names = Files.newDirectoryStream(folder, Files::isDirectory)) {
      for (Path one : names) {
        SnapshotSubject subject = subjects.named(one.getFileName().toString()).orElse(null);
        if (subject != null) {
          recover(subject, store, deletion, reversion);
        }
      }
    }
  }

  private void recover(
      SnapshotSubject subject,
      SnapshotStore store,
      SnapshotDeletion deletion,
      ExternalReturn reversion)
      throws IOException {
    DefinitionFolder files = files(subject);
    for (Map.Entry<String, XmlElement> entry : files.readAll().entrySet()) {
      String name = entry.getKey();
      try {
        XmlElement document = entry.getValue().child("domainsnapshot");
        if (document == null) {
          throw XmlException.badContent("it names no snapshot");
        }
        if (entry.getValue().attribute("deed", "").equals(Deed.REVERT.word())) {
          perform(subject, () -> reversion.recover(subject, entry.getValue()));
          forget(files, name);
          continue;
        }
        if (entry.getValue().attribute("deed", "").equals(Deed.PRUNE.word())) {
          perform(subject, () -> deletion.branches().recover(subject, entry.getValue()));
          forget(files, name);
          continue;
        }
        boolean known = store.tree(subject).get(name) != null;
        if (entry.getValue().attribute("deed", "").equals(Deed.MERGE.word())) {
          SnapshotDocument snapshot = SnapshotDocument.complete(document);
          subject.perform("snapshot", () -> deletion.external().recover(subject, snapshot));
          forget(files, name);
          continue;
        }
        if (entry.getValue().attribute("deed", "").equals(Deed.DELETE.word()) || !known) {
          LOG.log(
              System.Logger.Level.WARNING,
              "snapshot '" + name + "' of " + subject.name() + " was not finished, and is removed");
          remove(subject, SnapshotDocument.complete(document));
          if (known) {
            store.remove(subject, name);
          }
        }
        if (!subject.isActive()) {
          SnapshotImages.tidy(subject, SnapshotDocument.complete(document));
        }
        forget(files, name);
      } catch (XmlException | LibvirtException e) {
        LOG.log(
            System.Logger.Level.ERROR, files.file(name) + " is left as it is: " + e.getMessage());
      }
    }
  }

  /** What an entry says, and is done. */
  @FunctionalInterface
  private interface Ending {
    void make() throws LibvirtException, XmlException;
  }

  private static void perform(SnapshotSubject subject, Ending ending) throws LibvirtException {
    subject.perform(
        "snapshot",
        () -> {
          try {
            ending.make();
          } catch (XmlException e) {
            throw Refusal.internal(e.getMessage(), e);
          }
        });
  }

  private static void remove(SnapshotSubject subject, SnapshotDocument snapshot)
      throws LibvirtException {
    if (subject.isActive()) {
      subject.keep("delvm", snapshot.name());
    } else {
      SnapshotImages.delete(subject, snapshot);
    }
  }
}

package org.wardian.daemon.snapshot;

import java.io.IOException;
import org.wardian.daemon.Folders;
import org.wardian.daemon.domain.Domains;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainSnapshotCreateXmlRet;
import org.wardian.libvirt.wire.remote.DomainSnapshotRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** The snapshots of a daemon's domains, within qcow2 images or by overlays. */
public final class Snapshots implements HandlerFamily {
  private final SnapshotSubjects subjects;
  private final SnapshotStore store;
  private final SnapshotJournal journal;
  private final SnapshotQueries queries;
  private final SnapshotCreation creation;
  private final SnapshotReturn reversion;
  private final SnapshotDeletion deletion;

  /** Those of some domains, which ask it for theirs from now on; none until {@link #load}. */
  public Snapshots(Folders folders, Domains domains) {
    subjects = domains.subjects();
    store = new SnapshotStore(folders);
    queries = new SnapshotQueries(subjects, store);
    journal = new SnapshotJournal(folders);
    creation = new SnapshotCreation(subjects, store, journal);
    reversion = new SnapshotReturn(subjects, store, journal);
    deletion = new SnapshotDeletion(subjects, store, journal);
    domains.records(store);
  }

  /** Reads what is known; after the domains were read. */
  public void load() throws IOException {
    store.load(subjects);
    journal.recover(subjects, store, deletion, reversion.external());
  }

  @Override
  public void register(HandlerTable handlers) {
    queries.register(handlers);
    handlers.on(
        RemoteProgram.DOMAIN_SNAPSHOT_CREATE_XML,
        (call, args) -> {
          call.checkFlags(args.flags(), SnapshotCreation.FLAGS);
          SnapshotSubject subject = subjects.find(args.dom());
          String[] name = new String[1];
          subject.awaitNoBackup();
          subject.perform(
              "snapshot", () -> name[0] = creation.create(subject, args.xmlDesc(), args.flags()));
          return new DomainSnapshotCreateXmlRet(new DomainSnapshotRef(name[0], subject.ref()));
        });
    handlers.act(
        RemoteProgram.DOMAIN_REVERT_TO_SNAPSHOT,
        (call, args) -> {
          call.checkFlags(args.flags(), SnapshotReturn.FLAGS);
          change(args.snap(), found -> reversion.revert(found, args.flags()));
        });
    handlers.act(
        RemoteProgram.DOMAIN_SNAPSHOT_DELETE,
        (call, args) -> {
          call.checkFlags(args.flags(), SnapshotDeletion.FLAGS);
          queries.find(args.snap()).subject().awaitNoBackup();
          change(args.snap(), found -> deletion.delete(found, args.flags()));
        });
  }

  /** What is done to a snapshot while nobody else changes its domain. */
  @FunctionalInterface
  private interface Change {
    void make(SnapshotQueries.Found found) throws LibvirtException;
  }

  private void change(DomainSnapshotRef ref, Change change) throws LibvirtException {
    queries.find(ref).subject().perform("snapshot", () -> change.make(queries.find(ref)));
  }
}

package org.wardian.daemon.checkpoint;

import java.io.IOException;
import org.wardian.daemon.Folders;
import org.wardian.daemon.domain.Domains;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainCheckpointCreateXmlRet;
import org.wardian.libvirt.wire.remote.DomainCheckpointRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** The checkpoints of a daemon's domains, each with a bitmap in the images of their disks. */
public final class Checkpoints implements HandlerFamily {
  private final SnapshotSubjects subjects;
  private final CheckpointStore store;
  private final CheckpointQueries queries;
  private final CheckpointCreation creation;
  private final CheckpointDeletion deletion;

  /** Those of some domains, which ask it for theirs from now on; none until {@link #load}. */
  public Checkpoints(Folders folders, Domains domains) {
    subjects = domains.subjects();
    store = new CheckpointStore(folders);
    queries = new CheckpointQueries(subjects, store);
    creation = new CheckpointCreation(subjects, store);
    deletion = new CheckpointDeletion(store);
    domains.records(store);
    domains.checkpoints(creation);
  }

  /** Reads what is known; after the domains were read. */
  public void load() throws IOException {
    store.load(subjects);
  }

  @Override
  public void register(HandlerTable handlers) {
    queries.register(handlers);
    handlers.on(
        RemoteProgram.DOMAIN_CHECKPOINT_CREATE_XML,
        (call, args) -> {
          call.checkFlags(args.flags(), CheckpointCreation.FLAGS);
          SnapshotSubject subject = subjects.find(args.dom());
          String[] name = new String[1];
          subject.perform(
              "checkpoint", () -> name[0] = creation.create(subject, args.xmlDesc(), args.flags()));
          return new DomainCheckpointCreateXmlRet(new DomainCheckpointRef(name[0], subject.ref()));
        });
    handlers.act(
        RemoteProgram.DOMAIN_CHECKPOINT_DELETE,
        (call, args) -> {
          call.checkFlags(args.flags(), CheckpointDeletion.FLAGS);
          queries
              .find(args.checkpoint())
              .subject()
              .perform(
                  "checkpoint",
                  () -> deletion.delete(queries.find(args.checkpoint()), args.flags()));
        });
  }
}

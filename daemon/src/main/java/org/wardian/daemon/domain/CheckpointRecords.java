package org.wardian.daemon.domain;

import java.util.List;
import java.util.UUID;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** What backups ask of checkpoints. */
public interface CheckpointRecords {
  /** There are none. */
  CheckpointRecords NONE =
      new CheckpointRecords() {
        @Override
        public boolean has(UUID domain, String name) {
          return false;
        }

        @Override
        public Planned plan(SnapshotSubject subject, String xml) throws LibvirtException {
          throw Refusal.qemu(ErrorNumber.NO_SUPPORT, "virDomainCheckpointCreateXML");
        }
      };

  /** Whether a domain has a checkpoint of a name. */
  boolean has(UUID domain, String name);

  /**
   * Checks a request for a checkpoint that is to begin together with something else.
   *
   * @throws LibvirtException where it cannot be
   */
  Planned plan(SnapshotSubject subject, String xml) throws LibvirtException;

  /** A checkpoint that is about to be. */
  interface Planned {
    /** Its name. */
    String name();

    /** The targets of disks whose changes are noted from then on. */
    List<String> disks();

    /** It has begun: it is known from now on. */
    void keep() throws LibvirtException;
  }
}

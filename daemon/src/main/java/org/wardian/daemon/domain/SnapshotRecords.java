package org.wardian.daemon.domain;

import java.util.UUID;
import org.wardian.libvirt.error.LibvirtException;

/** What a domain asks of its snapshots and checkpoints, when it is listed, renamed or removed. */
public interface SnapshotRecords {
  /** None has any. */
  SnapshotRecords NONE =
      new SnapshotRecords() {
        @Override
        public int snapshots(UUID domain) {
          return 0;
        }

        @Override
        public int checkpoints(UUID domain) {
          return 0;
        }

        @Override
        public void forget(UUID domain) {
          // There is nothing.
        }
      };

  /** How many snapshots a domain has. */
  int snapshots(UUID domain);

  /** How many checkpoints a domain has. */
  int checkpoints(UUID domain);

  /** A domain has another name. */
  default void renamed(UUID domain, String name) throws LibvirtException {
    // Its name is in no file.
  }

  /** Removes what is known of a domain's snapshots and checkpoints; images stay as they are. */
  void forget(UUID domain) throws LibvirtException;
}

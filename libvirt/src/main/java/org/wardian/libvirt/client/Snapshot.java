package org.wardian.libvirt.client;

import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainRevertToSnapshotArgs;
import org.wardian.libvirt.wire.remote.DomainSnapshotDeleteArgs;
import org.wardian.libvirt.wire.remote.DomainSnapshotGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.DomainSnapshotIsCurrentArgs;
import org.wardian.libvirt.wire.remote.DomainSnapshotRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** A state of a domain that can be gone back to. */
public final class Snapshot {
  private final Connection connection;
  private final DomainSnapshotRef ref;

  Snapshot(Connection connection, DomainSnapshotRef ref) {
    this.connection = connection;
    this.ref = ref;
  }

  /** Its name, unique in its domain. */
  public String name() {
    return ref.name();
  }

  /** Its domain. */
  public Domain domain() {
    return new Domain(connection, ref.dom());
  }

  /** Its description. */
  public String xml() throws LibvirtException {
    return connection
        .call(RemoteProgram.DOMAIN_SNAPSHOT_GET_XML_DESC, new DomainSnapshotGetXmlDescArgs(ref, 0))
        .xml();
  }

  /**
   * Brings the domain back to it.
   *
   * @param flags of {@code DomainSnapshotRevertFlags}
   */
  public void revert(int flags) throws LibvirtException {
    connection.call(
        RemoteProgram.DOMAIN_REVERT_TO_SNAPSHOT, new DomainRevertToSnapshotArgs(ref, flags));
  }

  /**
   * Forgets it.
   *
   * @param flags of {@code DomainSnapshotDeleteFlags}
   */
  public void delete(int flags) throws LibvirtException {
    connection.call(RemoteProgram.DOMAIN_SNAPSHOT_DELETE, new DomainSnapshotDeleteArgs(ref, flags));
  }

  /** Whether it is the one that the domain was last brought to, or that was taken last. */
  public boolean isCurrent() throws LibvirtException {
    return connection
            .call(RemoteProgram.DOMAIN_SNAPSHOT_IS_CURRENT, new DomainSnapshotIsCurrentArgs(ref, 0))
            .current()
        != 0;
  }
}

package org.wardian.libvirt.client;

import java.util.UUID;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.NwfilterGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.NwfilterRef;
import org.wardian.libvirt.wire.remote.NwfilterUndefineArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Rules for what passes a domain's network interface. */
public final class NwFilter {
  private final Connection connection;
  private final NwfilterRef ref;

  NwFilter(Connection connection, NwfilterRef ref) {
    this.connection = connection;
    this.ref = ref;
  }

  /** Its name. */
  public String name() {
    return ref.name();
  }

  /** Its UUID. */
  public UUID uuid() {
    return ref.uuid();
  }

  /** Its description. */
  public String xml() throws LibvirtException {
    return connection
        .call(RemoteProgram.NWFILTER_GET_XML_DESC, new NwfilterGetXmlDescArgs(ref, 0))
        .xml();
  }

  /** Forgets it. */
  public void undefine() throws LibvirtException {
    connection.call(RemoteProgram.NWFILTER_UNDEFINE, new NwfilterUndefineArgs(ref));
  }

  @Override
  public String toString() {
    return "NwFilter[" + ref.name() + "]";
  }
}

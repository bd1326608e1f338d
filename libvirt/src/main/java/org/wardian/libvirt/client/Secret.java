package org.wardian.libvirt.client;

import java.util.UUID;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.SecretGetValueArgs;
import org.wardian.libvirt.wire.remote.SecretGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.SecretRef;
import org.wardian.libvirt.wire.remote.SecretSetValueArgs;
import org.wardian.libvirt.wire.remote.SecretUndefineArgs;

/** A password or key that a daemon keeps for disks. */
public final class Secret {
  private final Connection connection;
  private final SecretRef ref;

  Secret(Connection connection, SecretRef ref) {
    this.connection = connection;
    this.ref = ref;
  }

  /** Its UUID. */
  public UUID uuid() {
    return ref.uuid();
  }

  /** What it is for, within its kind of use. */
  public String usage() {
    return ref.usageID();
  }

  /** Its description, without the value. */
  public String xml() throws LibvirtException {
    return connection
        .call(RemoteProgram.SECRET_GET_XML_DESC, new SecretGetXmlDescArgs(ref, 0))
        .xml();
  }

  /** Its value. */
  public byte[] value() throws LibvirtException {
    return connection.call(RemoteProgram.SECRET_GET_VALUE, new SecretGetValueArgs(ref, 0)).value();
  }

  /** Sets its value. */
  public void setValue(byte[] value) throws LibvirtException {
    connection.call(RemoteProgram.SECRET_SET_VALUE, new SecretSetValueArgs(ref, value, 0));
  }

  /** Forgets it. */
  public void undefine() throws LibvirtException {
    connection.call(RemoteProgram.SECRET_UNDEFINE, new SecretUndefineArgs(ref));
  }

  @Override
  public String toString() {
    return "Secret[" + ref.uuid() + "]";
  }
}

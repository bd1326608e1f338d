package org.wardian.libvirt.client;

import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.NodeDeviceGetParentArgs;
import org.wardian.libvirt.wire.remote.NodeDeviceGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.NodeDeviceRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** A device of the daemon's host. */
public final class NodeDevice {
  private final Connection connection;
  private final NodeDeviceRef ref;

  NodeDevice(Connection connection, NodeDeviceRef ref) {
    this.connection = connection;
    this.ref = ref;
  }

  /** Its name, such as {@code pci_0000_00_03_0}. */
  public String name() {
    return ref.name();
  }

  /** Name of what it hangs on; null where it hangs on nothing. */
  public String parent() throws LibvirtException {
    return connection
        .call(RemoteProgram.NODE_DEVICE_GET_PARENT, new NodeDeviceGetParentArgs(ref.name()))
        .parentName();
  }

  /** Its description. */
  public String xml() throws LibvirtException {
    return connection
        .call(RemoteProgram.NODE_DEVICE_GET_XML_DESC, new NodeDeviceGetXmlDescArgs(ref.name(), 0))
        .xml();
  }

  @Override
  public String toString() {
    return "NodeDevice[" + ref.name() + "]";
  }
}

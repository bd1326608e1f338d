package org.wardian.daemon.node;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;
import org.wardian.libvirt.constants.ConnectListAllNodeDeviceFlags;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.NodeDeviceEventLifecycleType;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.Events;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.ConnectListAllNodeDevicesArgs;
import org.wardian.libvirt.wire.remote.ConnectListAllNodeDevicesRet;
import org.wardian.libvirt.wire.remote.NodeDeviceEventLifecycleMsg;
import org.wardian.libvirt.wire.remote.NodeDeviceEventUpdateMsg;
import org.wardian.libvirt.wire.remote.NodeDeviceGetAutostartRet;
import org.wardian.libvirt.wire.remote.NodeDeviceGetParentRet;
import org.wardian.libvirt.wire.remote.NodeDeviceGetXmlDescRet;
import org.wardian.libvirt.wire.remote.NodeDeviceIsActiveRet;
import org.wardian.libvirt.wire.remote.NodeDeviceIsPersistentRet;
import org.wardian.libvirt.wire.remote.NodeDeviceListCapsRet;
import org.wardian.libvirt.wire.remote.NodeDeviceLookupByNameRet;
import org.wardian.libvirt.wire.remote.NodeDeviceNumOfCapsRet;
import org.wardian.libvirt.wire.remote.NodeDeviceRef;
import org.wardian.libvirt.wire.remote.NodeListDevicesRet;
import org.wardian.libvirt.wire.remote.NodeNumOfDevicesRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/**
 * Devices of the host. They are looked up in the kernel's tree with each call; none can be made,
 * taken away, or handed to a guest. Between {@link #watch} and {@link #close}, clients are told of
 * those that come, go and change.
 */
public final class NodeDevices implements HandlerFamily, AutoCloseable {
  private static final int STATES =
      ConnectListAllNodeDeviceFlags.ACTIVE | ConnectListAllNodeDeviceFlags.INACTIVE;
  private static final int KINDS = (ConnectListAllNodeDeviceFlags.CAP_VPD << 1) - 1;
  private static final Map<String, Integer> FLAGS =
      Map.ofEntries(
          Map.entry("system", ConnectListAllNodeDeviceFlags.CAP_SYSTEM),
          Map.entry("pci", ConnectListAllNodeDeviceFlags.CAP_PCI_DEV),
          Map.entry("usb_device", ConnectListAllNodeDeviceFlags.CAP_USB_DEV),
          Map.entry("usb", ConnectListAllNodeDeviceFlags.CAP_USB_INTERFACE),
          Map.entry("net", ConnectListAllNodeDeviceFlags.CAP_NET),
          Map.entry("scsi_host", ConnectListAllNodeDeviceFlags.CAP_SCSI_HOST),
          Map.entry("scsi_target", ConnectListAllNodeDeviceFlags.CAP_SCSI_TARGET),
          Map.entry("scsi", ConnectListAllNodeDeviceFlags.CAP_SCSI),
          Map.entry("storage", ConnectListAllNodeDeviceFlags.CAP_STORAGE));

  private final SysTree tree = new SysTree(Path.of("/sys"));
  private final Events events;
  private final DeviceWatch watch = new DeviceWatch(this::documents, this::tell);

  /**
   * Those of this host.
   *
   * @param events to tell clients
   */
  public NodeDevices(Events events) {
    this.events = events;
  }

  /** Begins to look for changes. */
  public void watch() {
    watch.start();
  }

  private Map<String, String> documents() {
    List<HostDevice> all = DeviceScan.scan(tree);
    Map<String, String> documents = new HashMap<>();
    for (HostDevice one : all) {
      documents.put(one.name(), one.document(DeviceScan.parent(all, one)));
    }
    return documents;
  }

  private void tell(String name, DeviceWatch.Change change) {
    NodeDeviceRef device = new NodeDeviceRef(name);
    switch (change) {
      case CREATED -> lifecycle(device, NodeDeviceEventLifecycleType.CREATED);
      case DELETED -> lifecycle(device, NodeDeviceEventLifecycleType.DELETED);
      case UPDATED ->
          events.emit(
              RemoteProgram.NODE_DEVICE_EVENT_UPDATE,
              name,
              id -> new NodeDeviceEventUpdateMsg(id, device));
    }
  }

  private void lifecycle(NodeDeviceRef device, NodeDeviceEventLifecycleType type) {
    events.emit(
        RemoteProgram.NODE_DEVICE_EVENT_LIFECYCLE,
        device.name(),
        id -> new NodeDeviceEventLifecycleMsg(id, device, type.number(), 0));
  }

  @Override
  public void close() {
    watch.close();
  }

  @Override
  public void register(HandlerTable table) {
    table.on(
        RemoteProgram.NODE_NUM_OF_DEVICES,
        (call, a) -> new NodeNumOfDevicesRet(names(a.cap()).size()));
    table.on(
        RemoteProgram.NODE_LIST_DEVICES,
        (call, a) ->
            new NodeListDevicesRet(
                names(a.cap()).stream().limit(Math.max(0, a.maxnames())).toList()));
    table.on(RemoteProgram.CONNECT_LIST_ALL_NODE_DEVICES, this::list);
    table.on(
        RemoteProgram.NODE_DEVICE_LOOKUP_BY_NAME,
        (call, a) -> new NodeDeviceLookupByNameRet(new NodeDeviceRef(find(a.name()).name())));
    table.on(
        RemoteProgram.NODE_DEVICE_GET_XML_DESC,
        (call, a) -> {
          call.checkFlags(a.flags(), 0);
          HostDevice device = find(a.name());
          return new NodeDeviceGetXmlDescRet(
              device.document(DeviceScan.parent(DeviceScan.scan(tree), device)));
        });
    table.on(
        RemoteProgram.NODE_DEVICE_GET_PARENT,
        (call, a) ->
            new NodeDeviceGetParentRet(DeviceScan.parent(DeviceScan.scan(tree), find(a.name()))));
    table.on(
        RemoteProgram.NODE_DEVICE_NUM_OF_CAPS,
        (call, a) -> new NodeDeviceNumOfCapsRet(find(a.name()).kinds().size()));
    table.on(
        RemoteProgram.NODE_DEVICE_LIST_CAPS,
        (call, a) ->
            new NodeDeviceListCapsRet(
                find(a.name()).kinds().stream().limit(Math.max(0, a.maxnames())).toList()));
    table.on(
        RemoteProgram.NODE_DEVICE_IS_ACTIVE,
        (call, a) -> new NodeDeviceIsActiveRet(find(a.name()) == null ? 0 : 1));
    table.on(
        RemoteProgram.NODE_DEVICE_IS_PERSISTENT,
        (call, a) -> new NodeDeviceIsPersistentRet(computer(a.name())));
    table.on(
        RemoteProgram.NODE_DEVICE_GET_AUTOSTART,
        (call, a) -> new NodeDeviceGetAutostartRet(computer(a.name())));
    refusals(table);
  }

  private int computer(String name) throws LibvirtException {
    return find(name).path() == null ? 1 : 0;
  }

  /** What libvirt does to mediated devices and virtual ports only, and here to nothing. */
  private void refusals(HandlerTable table) {
    table.on(
        RemoteProgram.NODE_DEVICE_CREATE_XML,
        (call, a) -> {
          throw refusal(a.xmlDesc());
        });
    table.on(
        RemoteProgram.NODE_DEVICE_DEFINE_XML,
        (call, a) -> {
          throw refusal(a.xmlDesc());
        });
    table.act(
        RemoteProgram.NODE_DEVICE_DESTROY,
        (call, a) -> {
          throw unsupported(find(a.name()));
        });
    table.act(
        RemoteProgram.NODE_DEVICE_UNDEFINE,
        (call, a) -> {
          throw unsupported(find(a.name()));
        });
    table.act(
        RemoteProgram.NODE_DEVICE_CREATE,
        (call, a) -> {
          find(a.name());
          throw error(ErrorNumber.OPERATION_INVALID, "Device is already active");
        });
    table.act(
        RemoteProgram.NODE_DEVICE_SET_AUTOSTART,
        (call, a) -> {
          find(a.name());
          throw error(ErrorNumber.OPERATION_UNSUPPORTED, "Unsupported device type");
        });
    table.act(RemoteProgram.NODE_DEVICE_DETTACH, (call, a) -> detach(a.name()));
    table.act(RemoteProgram.NODE_DEVICE_DETACH_FLAGS, (call, a) -> detach(a.name()));
    table.act(RemoteProgram.NODE_DEVICE_RE_ATTACH, (call, a) -> pciOnly(a.name()));
    table.act(RemoteProgram.NODE_DEVICE_RESET, (call, a) -> pciOnly(a.name()));
  }

  private static LibvirtException error(ErrorNumber number, String detail) {
    return new LibvirtException(number, ErrorDomain.NODEDEV, detail);
  }

  private static LibvirtException unsupported(HostDevice device) {
    return new LibvirtException(
        ErrorNumber.CONFIG_UNSUPPORTED,
        ErrorDomain.NODEDEV,
        "Unsupported device type",
        new UnsupportedOperationException(device.name()));
  }

  private static LibvirtException refusal(String xml) {
    try {
      XmlElement root = XmlReader.read(xml);
      if (!root.name().equals("device")) {
        return error(
            ErrorNumber.XML_ERROR, "expecting root element of 'device', not '" + root.name() + "'");
      }
      return root.child("capability") == null
          ? error(ErrorNumber.INTERNAL_ERROR, "no device capabilities for 'new device'")
          : error(ErrorNumber.CONFIG_UNSUPPORTED, "Unsupported device type");
    } catch (XmlException e) {
      return new LibvirtException(
          ErrorNumber.XML_DETAIL, ErrorDomain.XML, e.of("(node_device_definition)"), e);
    }
  }

  private void detach(String name) throws LibvirtException {
    find(name);
    throw error(
        ErrorNumber.ARGUMENT_UNSUPPORTED,
        "VFIO device assignment is currently not supported on this system");
  }

  private void pciOnly(String name) throws LibvirtException {
    HostDevice device = find(name);
    if (!device.kinds().getFirst().equals("pci")) {
      throw error(ErrorNumber.INVALID_ARG, "device " + name + " is not a PCI device");
    }
    throw error(
        ErrorNumber.OPERATION_UNSUPPORTED, "devices of the host are not handed to guests here");
  }

  private HostDevice find(String name) throws LibvirtException {
    for (HostDevice device : DeviceScan.scan(tree)) {
      if (device.name().equals(name)) {
        return device;
      }
    }
    throw error(ErrorNumber.NO_NODE_DEVICE, "no node device with matching name '" + name + "'");
  }

  private List<String> names(String kind) {
    List<String> names = new ArrayList<>();
    for (HostDevice device : DeviceScan.scan(tree)) {
      if (kind == null || device.kinds().contains(kind)) {
        names.add(device.name());
      }
    }
    return names;
  }

  private ConnectListAllNodeDevicesRet list(Call call, ConnectListAllNodeDevicesArgs arguments)
      throws LibvirtException {
    int flags = arguments.flags();
    call.checkFlags(flags, KINDS | STATES);
    List<NodeDeviceRef> found = new ArrayList<>();
    boolean active = (flags & STATES) == 0 || (flags & ConnectListAllNodeDeviceFlags.ACTIVE) != 0;
    for (HostDevice device : active ? DeviceScan.scan(tree) : List.<HostDevice>of()) {
      int bits = 0;
      for (String kind : device.kinds()) {
        bits |= FLAGS.getOrDefault(kind, 0);
      }
      if ((flags & KINDS) == 0 || (flags & bits) != 0) {
        found.add(new NodeDeviceRef(device.name()));
      }
    }
    return new ConnectListAllNodeDevicesRet(
        arguments.needResults() == 0 ? List.of() : found, found.size());
  }
}

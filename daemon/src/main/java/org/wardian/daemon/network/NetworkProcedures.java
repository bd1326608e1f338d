package org.wardian.daemon.network;

import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.definition.network.NetworkUpdate;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.NetworkUpdateFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.NetworkCreateXmlFlagsRet;
import org.wardian.libvirt.wire.remote.NetworkCreateXmlRet;
import org.wardian.libvirt.wire.remote.NetworkDefineXmlFlagsRet;
import org.wardian.libvirt.wire.remote.NetworkDefineXmlRet;
import org.wardian.libvirt.wire.remote.NetworkGetAutostartRet;
import org.wardian.libvirt.wire.remote.NetworkGetBridgeNameRet;
import org.wardian.libvirt.wire.remote.NetworkGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.NetworkGetXmlDescRet;
import org.wardian.libvirt.wire.remote.NetworkIsActiveRet;
import org.wardian.libvirt.wire.remote.NetworkIsPersistentRet;
import org.wardian.libvirt.wire.remote.NetworkRef;
import org.wardian.libvirt.wire.remote.NetworkUpdateArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Procedures about one network. */
final class NetworkProcedures implements HandlerFamily {
  private static final int VALIDATE = 1;
  private static final int INACTIVE = 1;

  private final NetworkLifeCycle life;

  NetworkProcedures(NetworkLifeCycle life) {
    this.life = life;
  }

  private VirtualNetwork find(NetworkRef reference) throws LibvirtException {
    return life.registry().byUuid(reference.uuid(), reference.name());
  }

  @Override
  public void register(HandlerTable table) {
    table.on(
        RemoteProgram.NETWORK_DEFINE_XML,
        (call, a) -> new NetworkDefineXmlRet(life.define(a.xml()).reference()));
    table.on(
        RemoteProgram.NETWORK_DEFINE_XML_FLAGS,
        (call, a) -> {
          call.checkFlags(a.flags(), VALIDATE);
          return new NetworkDefineXmlFlagsRet(life.define(a.xml()).reference());
        });
    table.on(
        RemoteProgram.NETWORK_CREATE_XML,
        (call, a) -> new NetworkCreateXmlRet(life.create(a.xml()).reference()));
    table.on(
        RemoteProgram.NETWORK_CREATE_XML_FLAGS,
        (call, a) -> {
          call.checkFlags(a.flags(), VALIDATE);
          return new NetworkCreateXmlFlagsRet(life.create(a.xml()).reference());
        });
    table.act(RemoteProgram.NETWORK_UNDEFINE, (call, a) -> life.undefine(find(a.net())));
    table.act(RemoteProgram.NETWORK_CREATE, (call, a) -> life.start(find(a.net())));
    table.act(RemoteProgram.NETWORK_DESTROY, (call, a) -> life.destroy(find(a.net())));
    table.act(
        RemoteProgram.NETWORK_SET_AUTOSTART,
        (call, a) -> life.autostart(find(a.net()), a.autostart() != 0));
    table.on(
        RemoteProgram.NETWORK_GET_AUTOSTART,
        (call, a) -> new NetworkGetAutostartRet(find(a.net()).autostart() ? 1 : 0));
    table.on(
        RemoteProgram.NETWORK_IS_ACTIVE,
        (call, a) -> new NetworkIsActiveRet(find(a.net()).active() ? 1 : 0));
    table.on(
        RemoteProgram.NETWORK_IS_PERSISTENT,
        (call, a) -> new NetworkIsPersistentRet(find(a.net()).persistent() != null ? 1 : 0));
    table.on(
        RemoteProgram.NETWORK_GET_BRIDGE_NAME,
        (call, a) -> {
          NetworkDocument document = document(find(a.net()));
          if (document.bridge() == null) {
            throw NetworkRefusal.of(
                ErrorNumber.INTERNAL_ERROR,
                "network '" + document.name() + "' does not have a bridge name.");
          }
          return new NetworkGetBridgeNameRet(document.bridge());
        });
    table.on(RemoteProgram.NETWORK_GET_XML_DESC, this::xml);
    table.act(RemoteProgram.NETWORK_UPDATE, this::update);
  }

  /** What it is now; it may have gone since it was found. */
  static NetworkDocument document(VirtualNetwork network) throws LibvirtException {
    NetworkDocument document = network.current();
    if (document == null) {
      throw NetworkRefusal.of(
          ErrorNumber.NO_NETWORK,
          "no network with matching uuid '" + network.uuid() + "' (" + network.name() + ")");
    }
    return document;
  }

  private NetworkGetXmlDescRet xml(Call call, NetworkGetXmlDescArgs arguments)
      throws LibvirtException {
    call.checkFlags(arguments.flags(), INACTIVE);
    VirtualNetwork network = find(arguments.net());
    NetworkDocument document = document(network);
    NetworkDocument persistent = network.persistent();
    if ((arguments.flags() & INACTIVE) != 0) {
      return new NetworkGetXmlDescRet((persistent == null ? document : persistent).toString());
    }
    return new NetworkGetXmlDescRet(document.toString(network.ports().size()));
  }

  private void update(Call call, NetworkUpdateArgs arguments) throws LibvirtException {
    call.checkFlags(arguments.flags(), NetworkUpdateFlags.LIVE | NetworkUpdateFlags.CONFIG);
    VirtualNetwork network = find(arguments.net());
    NetworkUpdate.Command[] commands = NetworkUpdate.Command.values();
    NetworkUpdate.Section[] sections = NetworkUpdate.Section.values();
    int command = arguments.command();
    int section = arguments.section();
    if (command <= 0 || command >= commands.length) {
      throw NetworkRefusal.of(
          new DefinitionException(
              DefinitionException.Kind.INVALID_ARGUMENT,
              "unrecognized network update command code " + command));
    }
    NetworkUpdate change =
        new NetworkUpdate(
            commands[command],
            section < 0 || section >= sections.length ? sections[0] : sections[section],
            arguments.parentIndex(),
            arguments.xml());
    life.update(
        network,
        change,
        (arguments.flags() & NetworkUpdateFlags.LIVE) != 0,
        (arguments.flags() & NetworkUpdateFlags.CONFIG) != 0);
  }
}

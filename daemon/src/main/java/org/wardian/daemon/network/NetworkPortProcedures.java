package org.wardian.daemon.network;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.network.NetworkPortDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.NetworkPortCreateFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.NetworkListAllPortsArgs;
import org.wardian.libvirt.wire.remote.NetworkListAllPortsRet;
import org.wardian.libvirt.wire.remote.NetworkPortCreateXmlArgs;
import org.wardian.libvirt.wire.remote.NetworkPortCreateXmlRet;
import org.wardian.libvirt.wire.remote.NetworkPortDeleteArgs;
import org.wardian.libvirt.wire.remote.NetworkPortGetParametersArgs;
import org.wardian.libvirt.wire.remote.NetworkPortGetParametersRet;
import org.wardian.libvirt.wire.remote.NetworkPortGetXmlDescRet;
import org.wardian.libvirt.wire.remote.NetworkPortLookupByUuidRet;
import org.wardian.libvirt.wire.remote.NetworkPortRef;
import org.wardian.libvirt.wire.remote.NetworkPortSetParametersArgs;
import org.wardian.libvirt.wire.remote.NetworkRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.TypedParam;
import org.wardian.libvirt.wire.remote.TypedParamValue;

/** Ports of networks: what a machine's card is plugged into. */
final class NetworkPortProcedures implements HandlerFamily {
  private static final int STRINGS = 4;
  private static final List<String> INBOUND = List.of("average", "peak", "floor", "burst");
  private static final List<String> OUTBOUND = List.of("average", "peak", "burst");

  private final NetworkLifeCycle life;

  NetworkPortProcedures(NetworkLifeCycle life) {
    this.life = life;
  }

  @Override
  public void register(HandlerTable table) {
    table.on(RemoteProgram.NETWORK_LIST_ALL_PORTS, this::list);
    table.on(
        RemoteProgram.NETWORK_PORT_LOOKUP_BY_UUID,
        (call, a) -> {
          VirtualNetwork network = active(a.network());
          port(network, a.uuid());
          return new NetworkPortLookupByUuidRet(new NetworkPortRef(network.reference(), a.uuid()));
        });
    table.on(RemoteProgram.NETWORK_PORT_CREATE_XML, this::create);
    table.on(
        RemoteProgram.NETWORK_PORT_GET_XML_DESC,
        (call, a) -> {
          call.checkFlags(a.flags(), 0);
          return new NetworkPortGetXmlDescRet(port(a.port()).toString());
        });
    table.act(RemoteProgram.NETWORK_PORT_DELETE, this::delete);
    table.on(RemoteProgram.NETWORK_PORT_GET_PARAMETERS, this::parameters);
    table.act(RemoteProgram.NETWORK_PORT_SET_PARAMETERS, this::setParameters);
  }

  private VirtualNetwork active(NetworkRef reference) throws LibvirtException {
    VirtualNetwork network = life.registry().byUuid(reference.uuid(), reference.name());
    if (!network.active()) {
      throw NetworkRefusal.notActive(network.name());
    }
    return network;
  }

  private static NetworkPortDocument port(VirtualNetwork network, UUID uuid)
      throws LibvirtException {
    NetworkPortDocument port = network.ports().get(uuid);
    if (port == null) {
      throw NetworkRefusal.of(
          ErrorNumber.NO_NETWORK_PORT, "Network port with UUID " + uuid + " does not exist");
    }
    return port;
  }

  private NetworkPortDocument port(NetworkPortRef reference) throws LibvirtException {
    return port(active(reference.net()), reference.uuid());
  }

  private NetworkListAllPortsRet list(Call call, NetworkListAllPortsArgs arguments)
      throws LibvirtException {
    call.checkFlags(arguments.flags(), 0);
    VirtualNetwork network = active(arguments.network());
    List<NetworkPortRef> found = new ArrayList<>();
    for (UUID uuid : network.ports().keySet().stream().sorted().toList()) {
      found.add(new NetworkPortRef(network.reference(), uuid));
    }
    return new NetworkListAllPortsRet(
        arguments.needResults() == 0 ? List.of() : found, found.size());
  }

  private NetworkPortCreateXmlRet create(Call call, NetworkPortCreateXmlArgs arguments)
      throws LibvirtException {
    call.checkFlags(
        arguments.flags(), NetworkPortCreateFlags.RECLAIM | NetworkPortCreateFlags.VALIDATE);
    VirtualNetwork network =
        life.registry().byUuid(arguments.network().uuid(), arguments.network().name());
    network.lock().lock();
    try {
      NetworkPortDocument port = NetworkPortDocument.parse(arguments.xml());
      if (!network.active()) {
        throw NetworkRefusal.notActive(network.name());
      }
      boolean reclaim = (arguments.flags() & NetworkPortCreateFlags.RECLAIM) != 0;
      if (port.plugged() && !reclaim) {
        throw NetworkRefusal.of(
            ErrorNumber.INVALID_ARG, "Port reclaim not requested but plug type is not none");
      }
      if (!port.plugged() && reclaim) {
        throw NetworkRefusal.of(
            ErrorNumber.INVALID_ARG, "Port reclaim requested but plug type is none");
      }
      if (network.ports().containsKey(port.uuid())) {
        throw exists(port.uuid());
      }
      NetworkPortDocument plugged = port.within(network.live()).plugged(network.live().bridge());
      life.keepPort(network, plugged);
      return new NetworkPortCreateXmlRet(new NetworkPortRef(network.reference(), port.uuid()));
    } catch (DefinitionException e) {
      throw NetworkRefusal.of(e);
    } finally {
      network.lock().unlock();
    }
  }

  private static LibvirtException exists(UUID uuid) {
    // libvirt puts its words round a detail that says the same.
    return NetworkRefusal.exactly(
        ErrorNumber.NETWORK_PORT_EXIST,
        "network port Network port with UUID " + uuid + " already exists exists already");
  }

  private void delete(Call call, NetworkPortDeleteArgs arguments) throws LibvirtException {
    call.checkFlags(arguments.flags(), 0);
    VirtualNetwork network = active(arguments.port().net());
    network.lock().lock();
    try {
      port(network, arguments.port().uuid());
      life.removePort(network, arguments.port().uuid());
    } finally {
      network.lock().unlock();
    }
  }

  private NetworkPortGetParametersRet parameters(Call call, NetworkPortGetParametersArgs arguments)
      throws LibvirtException {
    call.checkFlags(arguments.flags(), STRINGS);
    List<TypedParam> found = new ArrayList<>();
    XmlElement bandwidth = port(arguments.port()).bandwidth();
    if (bandwidth != null) {
      add(found, bandwidth.child("inbound"), INBOUND);
      add(found, bandwidth.child("outbound"), OUTBOUND);
    }
    return new NetworkPortGetParametersRet(
        arguments.nparams() == 0 ? List.of() : found, found.size());
  }

  private static void add(List<TypedParam> to, XmlElement rate, List<String> keys) {
    if (rate != null) {
      for (String key : keys) {
        long value = Long.parseLong(rate.attribute(key, "0"));
        to.add(new TypedParam(rate.name() + "." + key, new TypedParamValue.UintValue((int) value)));
      }
    }
  }

  private void setParameters(Call call, NetworkPortSetParametersArgs arguments)
      throws LibvirtException {
    call.checkFlags(arguments.flags(), STRINGS);
    VirtualNetwork network = active(arguments.port().net());
    network.lock().lock();
    try {
      NetworkPortDocument port = port(network, arguments.port().uuid());
      Map<String, XmlElement> rates = new LinkedHashMap<>();
      for (String way : List.of("inbound", "outbound")) {
        XmlElement known = port.bandwidth() == null ? null : port.bandwidth().child(way);
        rates.put(way, known == null ? new XmlElement(way) : known.copy());
      }
      for (TypedParam parameter : arguments.params()) {
        set(rates, parameter);
      }
      XmlElement bandwidth = new XmlElement("bandwidth");
      rates.values().stream().filter(one -> !one.attributes().isEmpty()).forEach(bandwidth::add);
      life.keepPort(network, port.limited(bandwidth.children().isEmpty() ? null : bandwidth));
    } catch (DefinitionException e) {
      throw NetworkRefusal.of(e);
    } finally {
      network.lock().unlock();
    }
  }

  private static void set(Map<String, XmlElement> rates, TypedParam parameter)
      throws LibvirtException {
    String[] parts = parameter.field().split("\\.", 2);
    XmlElement rate = rates.get(parts[0]);
    List<String> keys = parts[0].equals("inbound") ? INBOUND : OUTBOUND;
    if (rate == null || parts.length < 2 || !keys.contains(parts[1])) {
      throw NetworkRefusal.of(
          ErrorNumber.ARGUMENT_UNSUPPORTED, "parameter '" + parameter.field() + "' not supported");
    }
    if (!(parameter.value() instanceof TypedParamValue.UintValue(int value))) {
      throw NetworkRefusal.of(
          ErrorNumber.INVALID_ARG,
          "invalid type for parameter '" + parameter.field() + "', expected 'uint'");
    }
    long number = Integer.toUnsignedLong(value);
    rate.set(parts[1], number == 0 ? null : Long.toString(number));
  }
}

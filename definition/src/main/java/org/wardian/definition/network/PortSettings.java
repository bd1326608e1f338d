package org.wardian.definition.network;

import java.util.Map;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;

/** What a port of a network is set to: bandwidth, VLAN, virtual port; groups of ports. */
final class PortSettings {
  private static final int MOST_TAG = 4095;

  /** Types of virtual ports with the parameters that each may have. */
  private static final Map<String, Set<String>> VIRTUAL_PORTS =
      Map.of(
          "none", Set.of(),
          "802.1Qbg", Set.of("managerid", "typeid", "typeidversion", "instanceid"),
          "802.1Qbh", Set.of("profileid"),
          "openvswitch", Set.of("interfaceid", "profileid"),
          "midonet", Set.of("interfaceid"));

  private PortSettings() {}

  /** {@code <bandwidth>}; null where it limits nothing. */
  static XmlElement bandwidth(XmlElement from) throws DefinitionException {
    XmlElement bandwidth = new XmlElement("bandwidth");
    bandwidth.set("classID", Fields.text(from, "classID"));
    for (String way : new String[] {"inbound", "outbound"}) {
      XmlElement limit = from.child(way);
      if (limit != null) {
        bandwidth.add(rate(limit));
      }
    }
    return bandwidth.children().isEmpty() ? null : bandwidth;
  }

  private static XmlElement rate(XmlElement from) throws DefinitionException {
    XmlElement rate = new XmlElement(from.name());
    for (String key : new String[] {"average", "peak", "floor", "burst"}) {
      String text = from.attribute(key);
      if (text == null) {
        continue;
      }
      long number = Fields.number(text);
      if (number < 0) {
        throw DefinitionException.unsupported(
            "could not convert bandwidth " + key + " value '" + text + "'");
      }
      if (number != 0) {
        rate.set(key, number);
      }
    }
    boolean average = rate.attribute("average") != null;
    boolean floor = rate.attribute("floor") != null;
    if (!average && !floor) {
      throw DefinitionException.detail("Missing mandatory average or floor attributes");
    }
    if (!average && (rate.attribute("peak") != null || rate.attribute("burst") != null)) {
      throw DefinitionException.detail("'peak' and 'burst' require 'average' attribute");
    }
    if (floor && from.name().equals("outbound")) {
      throw DefinitionException.unsupported("'floor' attribute allowed only in <inbound> element");
    }
    return rate;
  }

  /** {@code <vlan>}. */
  static XmlElement vlan(XmlElement from) throws DefinitionException {
    XmlElement vlan = new XmlElement("vlan");
    boolean several = from.children("tag").size() > 1;
    boolean nativeTag = false;
    XmlElement tags = new XmlElement("tags");
    for (XmlElement tag : from.children("tag")) {
      long id = Fields.unsigned(tag, "id");
      if (id < 0) {
        throw DefinitionException.xml("Missing required attribute 'id' in element 'tag'");
      }
      if (id > MOST_TAG) {
        throw DefinitionException.xml(
            "vlan tag id " + id + " too large (maximum " + MOST_TAG + ")");
      }
      String mode = Fields.oneOf(tag, "nativeMode", Set.of("tagged", "untagged"));
      if (mode != null && nativeTag) {
        throw DefinitionException.xml("duplicate native vlan setting");
      }
      nativeTag |= mode != null;
      tags.add(new XmlElement("tag").set("id", id).set("nativeMode", mode));
    }
    if (tags.children().isEmpty()) {
      throw DefinitionException.xml(
          "missing tag id - each <vlan> must have at least one <tag id='n'/> subelement");
    }
    String trunk = Fields.text(from, "trunk");
    if (trunk != null && !trunk.equals("yes") && !trunk.equals("no")) {
      throw DefinitionException.xml(
          "invalid \"trunk='" + trunk + "'\" in <vlan> - must be yes or no");
    }
    if ("no".equals(trunk) && (several || nativeTag)) {
      throw DefinitionException.xml(
          "invalid \"trunk='no'\" in <vlan> - trunk='yes' is required for "
              + (several ? "more than one vlan tag" : "native vlan"));
    }
    vlan.set("trunk", several || nativeTag || "yes".equals(trunk) ? "yes" : null);
    tags.children().forEach(vlan::add);
    return vlan;
  }

  /** {@code <virtualport>}. */
  static XmlElement virtualPort(XmlElement from) throws DefinitionException {
    String type = Fields.text(from, "type");
    if (type != null && !VIRTUAL_PORTS.containsKey(type)) {
      throw DefinitionException.xml("unknown virtualport type " + type);
    }
    XmlElement port = new XmlElement("virtualport").set("type", type);
    XmlElement parameters = from.child("parameters");
    if (parameters == null) {
      return port;
    }
    XmlElement kept = new XmlElement("parameters");
    for (String key :
        new String[] {
          "managerid", "typeid", "typeidversion", "instanceid", "interfaceid", "profileid"
        }) {
      String value = Fields.text(parameters, key);
      if (value == null) {
        continue;
      }
      if (type != null && !VIRTUAL_PORTS.get(type).contains(key)) {
        throw DefinitionException.xml(
            "extra " + key + " unsupported in <virtualport type='" + type + "'>");
      }
      if (key.equals("interfaceid") || key.equals("instanceid")) {
        if (Fields.uuid(value) == null) {
          throw DefinitionException.xml("cannot parse " + key + " parameter as a uuid");
        }
      } else if (!key.equals("profileid")) {
        long number = Fields.number(value);
        long most = key.equals("typeid") ? 0xff_ffff : 0xff;
        if (number < 0 || number > most) {
          throw DefinitionException.xml("cannot parse value of " + key + " parameter");
        }
      }
      kept.set(key, value);
    }
    if (!kept.attributes().isEmpty()) {
      port.add(kept);
    }
    return port;
  }

  /** {@code <portgroup>}. */
  static XmlElement portGroup(XmlElement from) throws DefinitionException {
    String name = Fields.text(from, "name");
    if (name == null) {
      throw DefinitionException.xml("Missing required name attribute in portgroup");
    }
    XmlElement group = new XmlElement("portgroup").set("name", name);
    group.set("default", "yes".equals(Fields.yesNo(from, "default")) ? "yes" : null);
    group.set("trustGuestRxFilters", Fields.yesNo(from, "trustGuestRxFilters"));
    XmlElement vlan = from.child("vlan");
    if (vlan != null) {
      group.add(vlan(vlan));
    }
    XmlElement virtualPort = from.child("virtualport");
    if (virtualPort != null) {
      group.add(virtualPort(virtualPort));
    }
    XmlElement bandwidth = from.child("bandwidth");
    XmlElement limits = bandwidth == null ? null : bandwidth(bandwidth);
    if (limits != null) {
      group.add(limits);
    }
    return group;
  }
}

package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.wardian.cli.Json;
import org.wardian.cli.disk.DiskSize;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.DomainInterfaceAddressesSource;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainGetBlockInfoArgs;
import org.wardian.libvirt.wire.remote.DomainGetBlockInfoRet;
import org.wardian.libvirt.wire.remote.DomainGetInfoRet;
import org.wardian.libvirt.wire.remote.DomainHasManagedSaveImageArgs;
import org.wardian.libvirt.wire.remote.DomainInterface;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What a machine is and does, as a tree and as lines. */
final class DomainDescription {
  private DomainDescription() {}

  /** Asks for all of it. What a daemon does not tell of a machine is left out. */
  static ObjectNode tree(Connection connection, Domain domain) throws LibvirtException {
    DomainStates.Now now = DomainStates.now(connection, domain);
    DomainGetInfoRet info = domain.info();
    XmlElement xml = XmlFile.parse(domain.name(), domain.xml());
    boolean persistent = domain.isPersistent();
    ObjectNode node = Json.object();
    node.put("id", domain.id() < 0 ? null : domain.id());
    node.put("name", domain.name());
    node.put("uuid", domain.uuid().toString());
    node.put("title", xml.textAt("title"));
    node.put("state", now.words());
    node.put("reason", now.reason());
    node.put("type", xml.attribute("type"));
    node.put("machine", xml.attributeAt("os/type", "machine"));
    node.put("processors", info.nrVirtCpu());
    node.put("processorNanoseconds", info.cpuTime());
    node.put("memory", info.memory() << 10);
    node.put("maximumMemory", info.maxMem() << 10);
    node.put("persistent", persistent);
    node.put("autostart", persistent && domain.autostart());
    optional(() ->
        node.put(
            "managedSave",
            connection
                    .call(
                        RemoteProgram.DOMAIN_HAS_MANAGED_SAVE_IMAGE,
                        new DomainHasManagedSaveImageArgs(domain.reference(), 0))
                    .result()
                != 0));
    disks(connection, domain, xml, node.putArray("disks"));
    interfaces(xml, addresses(domain, now.isActive()), node.putArray("interfaces"));
    graphics(xml, node.putArray("graphics"));
    consoles(xml, node.putArray("consoles"));
    return node;
  }

  private interface Question {
    void ask() throws LibvirtException;
  }

  private static void optional(Question question) {
    try {
      question.ask();
    } catch (LibvirtException e) {
      // Not every daemon, and not every state of a machine, has an answer.
      System.getLogger(DomainDescription.class.getName())
          .log(System.Logger.Level.DEBUG, e.getMessage());
    }
  }

  private static void disks(Connection connection, Domain domain, XmlElement xml, ArrayNode disks) {
    for (DiskEntry disk : DiskEntry.of(xml)) {
      ObjectNode node = disks.addObject();
      node.put("target", disk.target());
      node.put("device", disk.device());
      node.put("format", disk.format());
      node.put("source", disk.source());
      if (disk.source() != null) {
        optional(() -> {
          DomainGetBlockInfoRet size =
              connection.call(
                  RemoteProgram.DOMAIN_GET_BLOCK_INFO,
                  new DomainGetBlockInfoArgs(domain.reference(), disk.target(), 0));
          node.put("capacity", size.capacity()).put("allocation", size.allocation());
        });
      }
    }
  }

  private static List<DomainInterface> addresses(Domain domain, boolean active) {
    List<DomainInterface> found = new ArrayList<>();
    if (active) {
      optional(() ->
          found.addAll(domain.interfaceAddresses(DomainInterfaceAddressesSource.LEASE.number())));
    }
    return found;
  }

  private static void interfaces(
      XmlElement xml, List<DomainInterface> known, ArrayNode interfaces) {
    xml.find("devices")
        .ifPresent(devices -> {
          for (XmlElement card : devices.children("interface")) {
            String mac = card.attributeAt("mac", "address");
            ObjectNode node = interfaces.addObject();
            node.put("mac", mac);
            node.put("type", card.attribute("type"));
            node.put("source", attachment(card));
            node.put("model", card.attributeAt("model", "type"));
            node.put("hostDevice", card.attributeAt("target", "dev"));
            ArrayNode addresses = node.putArray("addresses");
            known.stream()
                .filter(one -> mac != null && mac.equalsIgnoreCase(one.hwaddr()))
                .flatMap(one -> one.addrs().stream())
                .forEach(address -> addresses.add(address.addr()));
          }
        });
  }

  private static String attachment(XmlElement card) {
    XmlElement source = card.child("source");
    return source == null ? null : source.attributes().values().stream().findFirst().orElse(null);
  }

  private static void graphics(XmlElement xml, ArrayNode graphics) {
    xml.find("devices")
        .ifPresent(devices -> {
          for (XmlElement one : devices.children("graphics")) {
            ObjectNode node = graphics.addObject();
            node.put("type", one.attribute("type"));
            node.put("listen", one.attribute("listen"));
            String port = one.attribute("port", "-1");
            if (port.matches("\\d{1,5}") && !port.equals("0")) {
              node.put("port", Integer.parseInt(port));
            }
          }
        });
  }

  private static void consoles(XmlElement xml, ArrayNode consoles) {
    xml.find("devices")
        .ifPresent(devices -> {
          for (XmlElement one : devices.children()) {
            if (one.name().equals("serial") || one.name().equals("console")) {
              ObjectNode node = consoles.addObject();
              node.put("kind", one.name());
              node.put("type", one.attribute("type"));
              node.put("alias", one.attributeAt("alias", "name"));
              node.put("path", one.attributeAt("source", "path"));
            }
          }
        });
  }

  /** Prints a tree for a person. */
  static void print(PrintWriter out, JsonNode node) {
    line(out, "name", node.get("name"));
    line(out, "id", node.get("id"));
    line(out, "uuid", node.get("uuid"));
    line(out, "title", node.get("title"));
    text(out, "state", node.get("state").asText() + " (" + node.get("reason").asText() + ")");
    text(out, "type", node.get("type").asText() + " " + node.get("machine").asText());
    text(
        out,
        "processors",
        node.get("processors").asText()
            + ", "
            + seconds(node.get("processorNanoseconds").asLong())
            + " used");
    text(
        out,
        "memory",
        DiskSize.text(node.get("memory").asLong())
            + " of "
            + DiskSize.text(node.get("maximumMemory").asLong()));
    text(out, "kept", words(node));
    for (JsonNode disk : node.get("disks")) {
      text(
          out,
          "disk " + disk.get("target").asText(),
          join(
              disk.get("device"),
              disk.get("format"),
              disk.get("source"),
              disk.has("capacity") ? DiskSize.text(disk.get("capacity").asLong()) : null,
              disk.has("allocation")
                  ? DiskSize.text(disk.get("allocation").asLong()) + " on the host"
                  : null));
    }
    for (JsonNode card : node.get("interfaces")) {
      text(
          out,
          "network",
          join(
              card.get("mac"),
              card.get("type"),
              card.get("source"),
              card.get("model"),
              card.get("hostDevice"),
              addresses(card.get("addresses"))));
    }
    for (JsonNode one : node.get("graphics")) {
      text(
          out,
          "screen",
          join(one.get("type"), one.get("listen"), one.has("port") ? one.get("port") : null));
    }
    for (JsonNode one : node.get("consoles")) {
      text(out, one.get("kind").asText(), join(one.get("type"), one.get("alias"), one.get("path")));
    }
  }

  private static String addresses(JsonNode list) {
    List<String> all = new ArrayList<>();
    list.forEach(one -> all.add(one.asText()));
    return all.isEmpty() ? null : "at " + String.join(", ", all);
  }

  private static String words(JsonNode node) {
    String saved = node.path("managedSave").asBoolean() ? ", saved: the next start goes on" : "";
    if (!node.get("persistent").asBoolean()) {
      return "until it stops";
    }
    return (node.get("autostart").asBoolean() ? "yes, starts with its daemon" : "yes") + saved;
  }

  private static String join(Object... parts) {
    List<String> words = new ArrayList<>();
    for (Object part : parts) {
      if (part != null && !(part instanceof JsonNode node && node.isNull())) {
        words.add(part instanceof JsonNode node ? node.asText() : part.toString());
      }
    }
    return String.join(" ", words);
  }

  private static void line(PrintWriter out, String key, JsonNode value) {
    if (value != null && !value.isNull()) {
      text(out, key, value.asText());
    }
  }

  private static void text(PrintWriter out, String key, String value) {
    out.printf(Locale.ROOT, "%-12s %s%n", Cells.plain(key), Cells.plain(value));
  }

  private static String seconds(long nanoseconds) {
    Duration time = Duration.ofNanos(nanoseconds);
    return time.toHours() > 0
        ? String.format(
            Locale.ROOT,
            "%d:%02d:%02d h",
            time.toHours(),
            time.toMinutesPart(),
            time.toSecondsPart())
        : String.format(Locale.ROOT, "%.1f s", nanoseconds / 1e9);
  }
}

package org.wardian.process.domain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.definition.xml.XmlElement;
import org.wardian.host.HostException;
import org.wardian.host.Macvtap;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.DeviceConfiguration.CardModel;
import org.wardian.network.MacAddress;
import org.wardian.network.nat.NatConfiguration;
import org.wardian.process.assembly.AssemblyException;
import org.wardian.process.assembly.AssemblyException.Reason;
import org.wardian.process.assembly.PortRequest;

/** Network cards of a document, and what they are plugged into. */
public final class Cards {
  private static final String PLUG = "wardian:plug";
  private static final String SWITCH_PREFIX = "switch-";
  private static final String SWITCH_SUFFIX = ".sock";

  private Cards() {}

  /**
   * Opens the port of a card.
   *
   * @param parts take the port
   * @param boot the card's place in the boot order
   * @return the card, plugged into it
   */
  public static DeviceConfiguration.NetworkCard open(
      NetworkInterface card, MachineParts parts, OptionalInt boot) {
    String alias = card.alias().orElseGet(() -> "net" + parts.links().size());
    try {
      LinkPort link =
          new LinkPort(
              parts.backends().port(request(card), Optional.empty()),
              MacAddress.parse(card.mac()),
              card.isLinkUp());
      parts.add(alias, link);
      link.limits().set(card);
      return new DeviceConfiguration.NetworkCard(
          alias,
          model(card),
          link,
          MacAddress.parse(card.mac()),
          Math.max(1, card.queues().orElse(1)),
          boot);
    } catch (HostException e) {
      throw new AssemblyException(Reason.HOST, "interface " + alias + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new AssemblyException(Reason.HOST, "interface " + alias + ": " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new AssemblyException(Reason.REQUEST, "interface " + alias + ": " + e.getMessage(), e);
    }
  }

  private static CardModel model(NetworkInterface card) {
    return switch (card.model().orElse("virtio")) {
      case "virtio", "virtio-transitional", "virtio-non-transitional" -> CardModel.VIRTIO;
      case "e1000", "e1000-82544gc", "e1000-82545em", "e1000e", "rtl8139" -> CardModel.E1000;
      case String other ->
          throw new IllegalArgumentException(
              "this machine has no network card " + other + "; there is virtio and e1000");
    };
  }

  private static PortRequest request(NetworkInterface card) {
    XmlElement plug = card.element().child(PLUG);
    if (plug != null) {
      return plugged(card, plug);
    }
    String socket = card.element().attributeAt("source", "socket");
    if (socket != null) {
      return shared(Path.of(socket));
    }
    return switch (card.type()) {
      case "user" -> new PortRequest.Nat(NatConfiguration.builder().build());
      case "ethernet", "bridge", "network" ->
          new PortRequest.Tap(
              card.target()
                  .orElseThrow(() ->
                      new IllegalArgumentException(
                          "type " + card.type() + " needs <target dev> or a plug")));
      case String other ->
          throw new IllegalArgumentException(
              "this machine cannot be plugged into type "
                  + other
                  + "; there is user, network,"
                  + " bridge and ethernet");
    };
  }

  private static PortRequest plugged(NetworkInterface card, XmlElement plug) {
    String name = plug.attribute("name", "");
    return switch (plug.attribute("kind", "")) {
      case "nat" -> new PortRequest.Nat(NatConfiguration.builder().build());
      case "tap" -> new PortRequest.Tap(name);
      case "bridge" ->
          new PortRequest.Bridged(name, plug.attribute("bridge", ""), MacAddress.parse(card.mac()));
      case "direct" ->
          new PortRequest.Direct(
              name,
              plug.attribute("dev", ""),
              Macvtap.Mode.of(plug.attribute("mode", "vepa")),
              MacAddress.parse(card.mac()));
      case "switch" -> shared(Path.of(name));
      case String other -> throw new IllegalArgumentException("there is no plug of kind " + other);
    };
  }

  /** A switch by its socket's path, {@code FOLDER/switch-NAME.sock}. */
  private static PortRequest shared(Path socket) {
    String file = socket.getFileName().toString();
    boolean named = file.startsWith(SWITCH_PREFIX) && file.endsWith(SWITCH_SUFFIX);
    Path folder = socket.getParent();
    if (folder == null) {
      throw new IllegalArgumentException(socket + " is no path of a switch's socket");
    }
    return new PortRequest.Shared(
        folder,
        named
            ? file.substring(SWITCH_PREFIX.length(), file.length() - SWITCH_SUFFIX.length())
            : file);
  }
}

package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.wardian.definition.xml.XmlElement;

/**
 * What a running domain's document has beside its definition: names of devices, numbers of images,
 * and what was chosen or made when it started.
 */
public final class LiveForm {
  private static final Set<String> CHARACTERS =
      Set.of("serial", "parallel", "console", "channel", "redirdev", "smartcard", "rng");

  /** An image that another one is a difference to. */
  public record Image(String type, String path, String format) {}

  /** Looks below the image that a drive names. */
  @FunctionalInterface
  public interface Chains {
    /** The images below a drive's own, the nearest first; none where it stands alone. */
    List<Image> below(Disk disk);
  }

  private LiveForm() {}

  /**
   * The document of a domain that is started: a copy with its number, names of devices, numbers of
   * images and chains. What only the machine's process can tell (ports, ptys) is set later.
   *
   * @param channels the folder for sockets of channels that name none, such as {@code
   *     /var/lib/libvirt/qemu/channel/target}
   */
  public static DomainDocument start(
      DomainDocument definition, int id, Chains chains, String channels) {
    DomainDocument live = definition.copy();
    live.setId(OptionalInt.of(id));
    Aliases.assign(live);
    new Processors(live).begin();
    live.vsock().ifPresent(vsock -> address(vsock, id));
    images(live, chains);
    XmlElement devices = live.devicesElement();
    for (XmlElement device : devices.children()) {
      XmlElement holder = device.name().equals("rng") ? device.child("backend") : device;
      if (CHARACTERS.contains(device.name())
          && holder != null
          && "tcp".equals(holder.attribute("type"))) {
        holder.children("source").forEach(source -> DeviceDefaults.otherwise(source, "tls", "no"));
      }
    }
    for (XmlElement channel : devices.children("channel")) {
      channel(live, channel, id, channels);
    }
    if (live.root().find("resource/partition").isEmpty()) {
      live.root().childOrNew("resource").childOrNew("partition").text("/machine");
    }
    DomainForm.TABLE.arrange(live.root());
    return live;
  }

  /** Chooses the address of sockets that have none: those below 3 are taken. */
  public static void address(Vsock vsock, int id) {
    if (vsock.contextId().isEmpty()) {
      vsock.element().childOrNew("cid").set("address", 2L + id);
    }
  }

  /**
   * Fills in a console or channel that comes to a running domain: its socket where it names none.
   *
   * @param channels as at the start
   */
  public static void connect(DomainDocument live, CharacterDevice device, String channels) {
    XmlElement element = device.element();
    if ("tcp".equals(element.attribute("type"))) {
      element.children("source").forEach(source -> DeviceDefaults.otherwise(source, "tls", "no"));
    }
    if (element.name().equals("channel")) {
      channel(live, element, live.id().orElseThrow(), channels);
      // Until the guest's driver has told something of it.
      element.childOrNew("target").set("state", null);
    }
  }

  /** Fills in one channel. */
  static void channel(DomainDocument live, XmlElement channel, int id, String folder) {
    XmlElement target = channel.child("target");
    if (target == null || !"virtio".equals(target.attribute("type"))) {
      return;
    }
    if ("unix".equals(channel.attribute("type")) && channel.child("source") == null) {
      XmlElement source = new XmlElement("source").set("mode", "bind");
      String name = target.attribute("name", channel.attributeAt("alias", "name"));
      channel.add(0, source.set("path", folder + "/domain-" + shortName(live, id) + "/" + name));
    }
    target.set("state", "disconnected");
  }

  /** What libvirt calls a domain in names of files: its number and the start of its name. */
  public static String shortName(DomainDocument domain, int id) {
    String name = domain.name();
    int length = name.codePointCount(0, name.length());
    return id + "-" + (length > 20 ? name.substring(0, name.offsetByCodePoints(0, 20)) : name);
  }

  private static void images(DomainDocument live, Chains chains) {
    // libvirt numbers the last drive's images first.
    List<Disk> disks = new ArrayList<>(live.disks());
    Collections.reverse(disks);
    int index = 1;
    for (Disk disk : disks) {
      index = images(disk, index, chains.below(disk));
    }
  }

  /**
   * Numbers the images of a drive.
   *
   * @return the next number
   */
  public static int images(Disk disk, int index, List<Image> below) {
    XmlElement element = disk.element();
    int next = index;
    if (disk.source().isEmpty()) {
      element.remove("backingStore");
      if (element.child("driver") != null) {
        element.child("driver").set("type", null);
      }
      return next + 1;
    }
    element.child("source").set("index", next++);
    element.remove("backingStore");
    XmlElement at = element;
    for (Image image : below) {
      XmlElement store = new XmlElement("backingStore").set("type", image.type());
      store.set("index", next++).append("format").set("type", image.format());
      store.append("source").set(image.type().equals("block") ? "dev" : "file", image.path());
      at.add(store);
      at = store;
    }
    at.add(new XmlElement("backingStore"));
    DomainForm.TABLE.arrange(element, "disk");
    return next;
  }

  /** The highest number of an image in a document. */
  public static int highestImage(DomainDocument live) {
    int most = 0;
    for (Disk disk : live.disks()) {
      most = Math.max(most, highest(DiskChain.of(disk)));
      XmlElement mirror = disk.element().child("mirror");
      if (mirror != null) {
        most = Math.max(most, highest(DiskChain.ofMirror(mirror)));
      }
    }
    return most;
  }

  private static int highest(DiskChain chain) {
    return chain.images().stream().mapToInt(image -> image.index().orElse(0)).max().orElse(0);
  }

  /** Sets the pty of a device, and of the console that is the same. */
  public static void pty(DomainDocument live, CharacterDevice device, String path) {
    setPty(device.element(), path);
    if (device.kind().equals("serial")) {
      live.consoles().stream()
          .filter(console ->
              console.targetType().filter("serial"::equals).isPresent()
                  && console.alias().equals(device.alias()))
          .forEach(console -> setPty(console.element(), path));
    }
  }

  private static void setPty(XmlElement device, String path) {
    XmlElement source = device.child("source");
    if (source == null) {
      source = new XmlElement("source");
      device.add(0, source);
    }
    source.set("path", path);
    if (device.name().equals("console") && "serial".equals(device.attributeAt("target", "type"))) {
      device.set("tty", path);
    }
  }

  /** Sets the port that a screen is shown at, and where none was said, the address. */
  public static void listen(Graphics graphics, int port, OptionalInt webSocket, String address) {
    XmlElement element = graphics.element();
    element.set("port", port);
    if (webSocket.isPresent()) {
      element.set("websocket", webSocket.getAsInt());
    }
    XmlElement listen = element.childOrNew("listen");
    if (listen.attribute("address") == null) {
      listen.set("address", address);
    }
    element.set("listen", listen.attribute("address"));
    DomainForm.TABLE.arrange(element, "graphics");
  }

  /** Sets the host's interface of a card, and what its network said of it. */
  public static void plug(
      NetworkInterface card, String target, Optional<String> portId, Optional<String> bridge) {
    XmlElement element = card.element();
    element.childOrNew("target").set("dev", target);
    XmlElement source = element.child("source");
    if (source != null && card.type().equals("network")) {
      source.set("portid", portId.orElse(null)).set("bridge", bridge.orElse(null));
    }
    DomainForm.TABLE.arrange(element, "interface");
  }

  /**
   * Says which processor the guest got: what it has and lacks beside its model.
   *
   * @param features a policy (require, disable) by the feature's name
   */
  public static void processor(DomainDocument live, Map<String, String> features) {
    XmlElement cpu = live.root().childOrNew("cpu");
    cpu.set("check", "full");
    features.forEach((name, policy) -> {
      cpu.removeIf(child -> child.name().equals("feature") && name.equals(child.attribute("name")));
      cpu.append("feature").set("policy", policy).set("name", name);
    });
    DomainForm.TABLE.arrange(live.root());
  }

  /** Sets whether a guest has opened a channel. */
  public static void state(CharacterDevice channel, boolean isConnected) {
    channel.element().childOrNew("target").set("state", isConnected ? "connected" : "disconnected");
  }

  /** Takes away what is only there while a domain runs. */
  static void settle(XmlElement root) {
    if (root.attribute("id") == null) {
      return;
    }
    root.set("id", null);
    root.removeIf(
        child -> child.name().equals("seclabel") && "dynamic".equals(child.attribute("type")));
    if ("/machine".equals(root.textAt("resource/partition"))) {
      root.remove("resource");
    }
    XmlElement devices = root.childOrNew("devices");
    for (XmlElement device : devices.children()) {
      settleDevice(device);
    }
  }

  private static void settleDevice(XmlElement device) {
    XmlElement alias = device.child("alias");
    if (alias != null && !alias.attribute("name", "").startsWith(Aliases.OWN)) {
      device.remove("alias");
    }
    switch (device.name()) {
      case "disk" -> {
        XmlElement source = device.child("source");
        if (source != null) {
          source.set("index", null);
        }
        device.remove("backingStore");
        device.remove("mirror");
        XmlElement driver = device.child("driver");
        if (driver != null && driver.attribute("type") == null) {
          driver.set("type", "raw");
          DomainForm.TABLE.arrange(device, "disk");
        }
      }
      case "interface" -> {
        XmlElement source = device.child("source");
        if (source != null && "network".equals(device.attribute("type"))) {
          source.set("portid", null).set("bridge", null);
        }
        XmlElement target = device.child("target");
        if (target != null && DeviceDefaults.isMadeTarget(target.attribute("dev", ""))) {
          device.remove("target");
        }
      }
      case "graphics" -> {
        if ("yes".equals(device.attribute("autoport"))) {
          device.set("port", "vnc".equals(device.attribute("type")) ? "-1" : null);
          DomainForm.TABLE.arrange(device, "graphics");
        }
      }
      case "console", "serial", "parallel", "channel", "redirdev", "smartcard" -> {
        CharacterDefaults.complete(device);
        device.children("source").forEach(LiveForm::settleSource);
        XmlElement source = device.child("source");
        String path = source == null ? null : source.attribute("path");
        if (device.name().equals("channel")
            && path != null
            && path.contains("/channel/target/domain-")) {
          device.remove("source");
        }
      }
      default -> {
        // The others have nothing more.
      }
    }
  }

  private static void settleSource(XmlElement source) {
    if ("no".equals(source.attribute("tls"))) {
      source.set("tls", null);
    }
  }
}

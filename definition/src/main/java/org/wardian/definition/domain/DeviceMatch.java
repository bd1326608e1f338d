package org.wardian.definition.domain;

import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlException.Kind;

/** Finds the device of a document that a client means by describing it, by libvirt's rules. */
final class DeviceMatch {
  private static final String NOT_PRESENT = "device not present in domain configuration";

  private DeviceMatch() {}

  /**
   * The device that is meant.
   *
   * @param pattern a description, filled in as a device is
   * @param live whether the document is a running domain's
   * @throws XmlException where there is none, or more than one
   */
  static XmlElement find(DomainDocument document, XmlElement pattern, boolean live)
      throws XmlException {
    return switch (pattern.name()) {
      case "disk" -> {
        String target = pattern.attributeAt("target", "dev");
        yield first(
            document,
            pattern,
            disk -> target.equals(disk.attributeAt("target", "dev")),
            Kind.NO_DEVICE,
            "no target device " + target);
      }
      case "interface" -> card(document, pattern);
      case "rng" ->
          first(
              document,
              pattern,
              rng -> sameSubtree(rng, pattern, "backend") && sameAddress(rng, pattern),
              Kind.NO_DEVICE,
              "no matching RNG device was found");
      case "watchdog" -> first(document, pattern, any -> true, Kind.NO_DEVICE, "device not found");
      case "input" ->
          first(
              document,
              pattern,
              input ->
                  same(input, pattern, "type", "bus")
                      && (pattern.attribute("model") == null || same(input, pattern, "model"))
                      && sameSubtree(input, pattern, "source")
                      && sameAddress(input, pattern),
              Kind.NO_DEVICE,
              "matching input device not found");
      case "controller" ->
          first(
              document,
              pattern,
              controller -> same(controller, pattern, "type", "index"),
              Kind.NO_DEVICE,
              NOT_PRESENT);
      case "sound" ->
          first(
              document,
              pattern,
              sound -> same(sound, pattern, "model") && sameAddress(sound, pattern),
              Kind.NO_DEVICE,
              NOT_PRESENT);
      case "filesystem" -> {
        String target = pattern.attributeAt("target", "dir");
        yield first(
            document,
            pattern,
            filesystem -> Objects.equals(target, filesystem.attributeAt("target", "dir")),
            Kind.NO_DEVICE,
            "no matching filesystem device was found");
      }
      case "serial", "parallel", "channel", "console" ->
          first(
              document,
              pattern,
              device -> sameCharacter(device, pattern),
              live ? Kind.NO_DEVICE : Kind.INVALID_ARGUMENT,
              live ? "chr type '" + pattern.name() + "' " + NOT_PRESENT : NOT_PRESENT);
      case "vsock" ->
          first(
              document,
              pattern,
              vsock ->
                  same(vsock, pattern, "model")
                      && sameSubtree(vsock, pattern, "cid")
                      && sameAddress(vsock, pattern),
              Kind.OPERATION_FAILED,
              "matching vsock device not found");
      case "hostdev" ->
          first(
              document,
              pattern,
              device ->
                  same(device, pattern, "mode", "type") && sameSubtree(device, pattern, "source"),
              Kind.NO_DEVICE,
              NOT_PRESENT);
      case "redirdev" ->
          first(
              document,
              pattern,
              device ->
                  same(device, pattern, "bus", "type") && sameSubtree(device, pattern, "source"),
              Kind.NO_DEVICE,
              "no matching redirdev was not found");
      case "shmem" ->
          first(
              document,
              pattern,
              device ->
                  same(device, pattern, "name")
                      && sameSubtree(device, pattern, "model")
                      && sameSubtree(device, pattern, "size"),
              Kind.NO_DEVICE,
              "matching shmem device was not found");
      case "memory" ->
          first(
              document,
              pattern,
              device ->
                  same(device, pattern, "model")
                      && sameSubtree(device, pattern, "target")
                      && sameAddress(device, pattern),
              Kind.NO_DEVICE,
              "matching memory device was not found");
      case "lease" ->
          first(
              document,
              pattern,
              device ->
                  sameSubtree(device, pattern, "lockspace") && sameSubtree(device, pattern, "key"),
              Kind.INVALID_ARGUMENT,
              "Lease "
                  + pattern.textAt("key")
                  + " in lockspace "
                  + pattern.textAt("lockspace")
                  + " does not exist");
      default -> throw new XmlException(Kind.NO_DEVICE, NOT_PRESENT);
    };
  }

  private static XmlElement first(
      DomainDocument document,
      XmlElement pattern,
      Predicate<XmlElement> which,
      Kind kind,
      String words)
      throws XmlException {
    for (XmlElement device : document.devicesElement().children(pattern.name())) {
      if (which.test(device)) {
        return device;
      }
    }
    throw new XmlException(kind, XmlException.QEMU_ORIGIN, words);
  }

  private static XmlElement card(DomainDocument document, XmlElement pattern) throws XmlException {
    String mac = pattern.attributeAt("mac", "address");
    String alias = pattern.attributeAt("alias", "name");
    DeviceAddress address = DeviceAddress.of(pattern).orElse(null);
    List<XmlElement> found =
        document.devicesElement().children("interface").stream()
            .filter(card ->
                (mac == null || mac.equalsIgnoreCase(card.attributeAt("mac", "address")))
                    && (alias == null || alias.equals(card.attributeAt("alias", "name")))
                    && (address == null || address.equals(DeviceAddress.of(card).orElse(null))))
            .toList();
    if (found.size() == 1) {
      return found.get(0);
    }
    if (found.isEmpty()) {
      throw new XmlException(
          Kind.NO_DEVICE,
          "no device found at address '"
              + (address == null ? "(<null>)" : address)
              + "' matching MAC address '"
              + (mac == null ? "(<null>)" : mac)
              + "' and alias '"
              + (alias == null ? "(<null>)" : alias)
              + "'");
    }
    throw new XmlException(
        Kind.OPERATION_FAILED,
        mac == null
            ? "multiple matching devices found"
            : "multiple devices matching MAC address " + mac + " found");
  }

  private static boolean same(XmlElement one, XmlElement other, String... keys) {
    for (String key : keys) {
      if (!Objects.equals(one.attribute(key), other.attribute(key))) {
        return false;
      }
    }
    return true;
  }

  private static boolean sameSubtree(XmlElement one, XmlElement other, String child) {
    return Objects.equals(
        one.child(child) == null ? null : one.child(child).toString(),
        other.child(child) == null ? null : other.child(child).toString());
  }

  /** Whether an address that is asked for is the device's; none asks for nothing. */
  private static boolean sameAddress(XmlElement device, XmlElement pattern) {
    return DeviceAddress.of(pattern)
        .map(address -> address.equals(DeviceAddress.of(device).orElse(null)))
        .orElse(true);
  }

  /**
   * Whether a device that is to come is there: a channel that leaves its socket to the daemon gets
   * the one of its name.
   */
  static boolean isThere(XmlElement device, XmlElement wanted) {
    boolean isOpen =
        wanted.name().equals("channel")
            && "unix".equals(wanted.attribute("type"))
            && wanted.child("source") == null;
    return isOpen ? sameTarget(device, wanted) : sameCharacter(device, wanted);
  }

  private static boolean sameCharacter(XmlElement device, XmlElement pattern) {
    return sameTarget(device, pattern) && sameSources(device, pattern);
  }

  /** Whether two are connected to the same on the host. */
  private static boolean sameSources(XmlElement one, XmlElement other) {
    List<XmlElement> own = one.children("source");
    List<XmlElement> wanted = other.children("source");
    int count = Math.max(own.size(), wanted.size());
    XmlElement none = new XmlElement("source");
    for (int i = 0; i < count; i++) {
      if (!sameSource(
          i < own.size() ? own.get(i) : none, i < wanted.size() ? wanted.get(i) : none)) {
        return false;
      }
    }
    return true;
  }

  private static boolean sameSource(XmlElement own, XmlElement wanted) {
    return same(own, wanted, "path", "host", "service", "channel", "append", "master", "slave")
        && own.attribute("mode", "bind").equals(wanted.attribute("mode", "bind"));
  }

  private static boolean sameTarget(XmlElement device, XmlElement pattern) {
    XmlElement own = device.child("target");
    XmlElement wanted = pattern.child("target");
    if (own == null || wanted == null || !sameType(own, wanted)) {
      return false;
    }
    boolean isNumbered = !device.name().equals("channel");
    return same(device, pattern, "type")
        && (isNumbered ? same(own, wanted, "port") : same(own, wanted, "name", "address", "port"));
  }

  private static boolean sameType(XmlElement own, XmlElement wanted) {
    return wanted.attribute("type") == null || same(own, wanted, "type");
  }
}

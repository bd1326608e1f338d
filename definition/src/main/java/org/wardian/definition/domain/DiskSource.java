package org.wardian.definition.domain;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.wardian.definition.xml.XmlElement;

/**
 * Where a disk's blocks are: {@code <source>} with the type of what holds it.
 *
 * @param type file, block, dir, network, volume, nvme or vhostuser
 * @param element the source; null where the drive is empty
 */
public record DiskSource(String type, XmlElement element) {
  /** A host that serves a network disk. */
  public record Host(
      Optional<String> name, OptionalInt port, String transport, Optional<String> socket) {}

  /** Whether there is a medium at all. */
  public boolean isEmpty() {
    return element == null
        || switch (type) {
          case "volume" -> pool().isEmpty() || volume().isEmpty();
          case "network" -> protocol().isEmpty();
          case "nvme", "vhostuser" -> false;
          default -> path().isEmpty();
        };
  }

  /**
   * The path of a file, a block device or a folder; of a volume, once the daemon that knows its
   * pool has said it.
   */
  public Optional<String> path() {
    return switch (type) {
      case "file", "volume" -> Values.attribute(element, "file");
      case "block" -> Values.attribute(element, "dev");
      case "dir" -> Values.attribute(element, "dir");
      case "vhostuser" -> Values.attribute(element, "path");
      default -> Optional.empty();
    };
  }

  /** The pool of a volume. */
  public Optional<String> pool() {
    return Values.attribute(element, "pool");
  }

  /** The name of a volume in its pool. */
  public Optional<String> volume() {
    return Values.attribute(element, "volume");
  }

  /** How a network disk is spoken to: nbd, iscsi, rbd, http, ... */
  public Optional<String> protocol() {
    return Values.attribute(element, "protocol");
  }

  /** The export, image or path at a network disk's server. */
  public Optional<String> name() {
    return Values.attribute(element, "name");
  }

  /** The servers of a network disk. */
  public List<Host> hosts() {
    return element == null
        ? List.of()
        : element.children("host").stream()
            .map(host ->
                new Host(
                    Values.attribute(host, "name"),
                    Values.integer(host.attribute("port")),
                    host.attribute("transport", "tcp"),
                    Values.attribute(host, "socket")))
            .toList();
  }

  /** Seconds for which a network disk's server is waited for when it is lost. */
  public OptionalLong reconnectDelay() {
    return element == null
        ? OptionalLong.empty()
        : Values.number(
            element
                .find("reconnect")
                .flatMap(reconnect -> Optional.ofNullable(reconnect.attribute("delay"))));
  }

  /** Whether a network disk's server is to be spoken to by TLS. */
  public boolean tls() {
    return Values.attribute(element, "tls").filter("yes"::equals).isPresent();
  }

  /** The number that block jobs name this image by, in a running domain. */
  public OptionalInt index() {
    return Values.integer(Values.attribute(element, "index"));
  }

  /** What to do about a medium that is missing at start: mandatory, requisite or optional. */
  public Optional<String> startupPolicy() {
    return Values.attribute(element, "startupPolicy");
  }

  /** The part of the file that is the image: its first byte; empty where it is the whole. */
  public OptionalLong sliceOffset() {
    return slice("offset");
  }

  /** The length of that part in bytes. */
  public OptionalLong sliceLength() {
    return slice("size");
  }

  private OptionalLong slice(String key) {
    return element == null
        ? OptionalLong.empty()
        : Values.number(
            element
                .find("slices/slice")
                .flatMap(slice -> Optional.ofNullable(slice.attribute(key))));
  }

  /** The secret that opens an encrypted image: its uuid, or the usage where that is given. */
  public Optional<String> encryptionSecret() {
    return element == null
        ? Optional.empty()
        : element
            .find("encryption/secret")
            .map(secret -> secret.attribute("uuid", secret.attribute("usage")));
  }
}

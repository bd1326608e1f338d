package org.wardian.definition.domain;

import java.util.Optional;
import java.util.OptionalInt;
import org.wardian.definition.xml.XmlElement;

/**
 * A device of characters with what it is connected to on the host: {@code <serial>}, {@code
 * <parallel>}, {@code <console>}, {@code <channel>}, and the backends of {@code <redirdev>}, {@code
 * <smartcard>} and {@code <rng>}.
 */
public final class CharacterDevice extends DomainDevice {
  CharacterDevice(XmlElement element) {
    super(element);
  }

  /**
   * The connection: null, vc, pty, dev, file, pipe, stdio, udp, tcp, unix, spicevmc, spiceport,
   * nmdm, dbus, qemu-vdagent.
   */
  public String type() {
    return element().attribute("type", "");
  }

  /** The path of a pty (in a running domain), a device, a file, a pipe or a socket. */
  public Optional<String> path() {
    return attribute("source", "path");
  }

  /** The pty of a running domain's console. */
  public Optional<String> tty() {
    return attribute("tty").or(() -> type().equals("pty") ? path() : Optional.empty());
  }

  /** Whether a socket is listened on ({@code bind}); otherwise the device calls. */
  public boolean isListening() {
    return bindSource()
        .map(source -> source.attribute("mode", "bind").equals("bind"))
        .orElse(type().equals("unix"));
  }

  /** The host of a TCP or UDP connection. */
  public Optional<String> host() {
    return connectSource().flatMap(source -> Values.attribute(source, "host"));
  }

  /** The service (port) of a TCP or UDP connection. */
  public OptionalInt service() {
    return Values.integer(connectSource().flatMap(source -> Values.attribute(source, "service")));
  }

  /** The host that a UDP device listens on. */
  public Optional<String> bindHost() {
    return mode("bind").flatMap(source -> Values.attribute(source, "host"));
  }

  /** The port that a UDP device listens on. */
  public OptionalInt bindService() {
    return Values.integer(mode("bind").flatMap(source -> Values.attribute(source, "service")));
  }

  /** What is spoken over TCP: raw, telnet, telnets, tls. */
  public String protocol() {
    return attribute("protocol", "type").orElse("raw");
  }

  /** Whether a file is added to, rather than begun anew. */
  public boolean isAppending() {
    return attribute("source", "append").filter("on"::equals).isPresent();
  }

  /** The file that all output is also written to. */
  public Optional<String> log() {
    return attribute("log", "file");
  }

  /** Whether that file is added to. */
  public boolean isLogAppending() {
    return attribute("log", "append").filter("on"::equals).isPresent();
  }

  /**
   * What the guest sees: of a serial isa-serial, pci-serial or usb-serial; of a console serial,
   * virtio, ...; of a channel virtio, guestfwd or xen.
   */
  public Optional<String> targetType() {
    return attribute("target", "type");
  }

  /** The chip of a serial device. */
  public Optional<String> model() {
    return element().find("target/model").flatMap(model -> Values.attribute(model, "name"));
  }

  /** Its number among those of its kind. */
  public OptionalInt port() {
    return Values.integer(attribute("target", "port"));
  }

  /** The name of a virtio channel, such as {@code org.qemu.guest_agent.0}. */
  public Optional<String> channelName() {
    return attribute("target", "name");
  }

  /** Whether a guest has opened a channel: connected or disconnected, in a running domain. */
  public Optional<String> state() {
    return attribute("target", "state");
  }

  private Optional<XmlElement> bindSource() {
    return Optional.ofNullable(element().child("source"));
  }

  private Optional<XmlElement> mode(String mode) {
    return element().children("source").stream()
        .filter(source -> mode.equals(source.attribute("mode")))
        .findFirst();
  }

  private Optional<XmlElement> connectSource() {
    return type().equals("udp") ? mode("connect") : bindSource();
  }
}

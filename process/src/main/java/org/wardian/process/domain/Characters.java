package org.wardian.process.domain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.wardian.definition.domain.CharacterDevice;
import org.wardian.definition.domain.Controller;
import org.wardian.definition.domain.DeviceAddress;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.host.HostException;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.process.assembly.AssemblyException;
import org.wardian.process.assembly.AssemblyException.Reason;
import org.wardian.process.character.CharacterBackend;
import org.wardian.process.character.FileBackend;
import org.wardian.process.character.NullBackend;
import org.wardian.process.character.PtyBackend;
import org.wardian.process.character.SocketBackend;
import org.wardian.virtio.console.ConsolePort;
import org.wardian.virtio.console.VirtioConsole;

/** Serial ports, consoles and channels of a document. */
final class Characters {
  private static final String DEVICE = "virtio-serial0";

  /** Ports of a controller that does not say how many it has, as QEMU's. */
  private static final int USUAL_PORTS = 31;

  private final DomainDocument document;
  private final MachineParts parts;

  Characters(DomainDocument document, MachineParts parts) {
    this.document = document;
    this.parts = parts;
  }

  /** Opens all; the device of the virtio ports, where there are any. */
  Optional<DeviceConfiguration> open() {
    List<CharacterDevice> serials = document.serials();
    if (serials.size() > 1) {
      throw new AssemblyException(
          Reason.REQUEST, "this machine has one serial port, not " + serials.size());
    }
    for (CharacterDevice serial : serials) {
      CharacterBackend backend = backend(serial, serial.alias().orElse("serial0"));
      backend.openInGuest(true);
      parts.setSerial(backend);
    }
    for (CharacterDevice console : document.consoles()) {
      boolean isFirst = serials.isEmpty() && parts.serial().isEmpty();
      if (isFirst && console.targetType().orElse("serial").equals("serial")) {
        CharacterBackend backend = backend(console, console.alias().orElse("serial0"));
        backend.openInGuest(true);
        parts.setSerial(backend);
      }
    }
    return ports();
  }

  private Optional<DeviceConfiguration> ports() {
    List<CharacterDevice> devices = new ArrayList<>(document.consoles());
    devices.addAll(document.channels());
    devices.removeIf(device -> !isPort(device));
    Optional<Controller> controller =
        document.controllers().stream()
            .filter(one -> one.type().equals("virtio-serial"))
            .findFirst();
    if (devices.isEmpty() && controller.isEmpty()) {
      return Optional.empty();
    }
    SortedMap<Integer, ConsolePort> ports = new TreeMap<>();
    Set<Integer> said = new HashSet<>();
    devices.forEach(device -> number(device).ifPresent(said::add));
    for (CharacterDevice device : devices) {
      int number = isConsole(device) ? 0 : 1;
      if (number(device).isPresent() && !ports.containsKey(number(device).getAsInt())) {
        number = number(device).getAsInt();
      } else {
        while (ports.containsKey(number) || said.contains(number)) {
          number++;
        }
      }
      ports.put(number, port(device));
    }
    int most = controller.map(Controller::ports).orElse(OptionalInt.empty()).orElse(USUAL_PORTS);
    most = Math.max(most, ports.isEmpty() ? 1 : ports.lastKey() + 1);
    if (most > VirtioConsole.MOST_PORTS) {
      throw new AssemblyException(
          Reason.REQUEST,
          "this machine has at most "
              + VirtioConsole.MOST_PORTS
              + " ports for consoles and channels, not "
              + most);
    }
    return Optional.of(
        new DeviceConfiguration.Console(DEVICE, ports, OptionalInt.of(most), parts::setConsole));
  }

  private static boolean isConsole(CharacterDevice device) {
    return device.kind().equals("console");
  }

  /** Whether a console or channel is a port of the virtio device. */
  static boolean isPort(CharacterDevice device) {
    String other = isConsole(device) ? "serial" : "virtio";
    return (isConsole(device) || device.kind().equals("channel"))
        && device.targetType().orElse(other).equals("virtio");
  }

  /** The number that a document gives a port; there is one controller here. */
  private static OptionalInt number(CharacterDevice device) {
    return device.address().orElse(null) instanceof DeviceAddress.VirtioSerial address
            && address.controller() == 0
            && address.port() > 0
        ? OptionalInt.of(address.port())
        : OptionalInt.empty();
  }

  /**
   * Opens what one more port of a running machine is connected to.
   *
   * @return the number that it is to have
   * @throws AssemblyException where it cannot be had
   */
  static int attach(DomainDocument document, CharacterDevice device, MachineParts parts) {
    VirtioConsole console = parts.console();
    if (!isPort(device) || console == null) {
      throw new AssemblyException(
          Reason.REQUEST,
          isPort(device)
              ? "no virtio-serial controllers are available"
              : "a device of kind "
                  + device.kind()
                  + " cannot be attached to a running machine unless it is one of virtio");
    }
    int number = number(device).orElseGet(() -> console.free(isConsole(device) ? 0 : 1));
    if (number < 0) {
      throw new AssemblyException(Reason.REQUEST, "no port of the virtio console is free");
    }
    new Characters(document, parts).port(device);
    return number;
  }

  private ConsolePort port(CharacterDevice device) {
    CharacterBackend backend =
        backend(device, device.alias().orElse(device.kind() + parts.ports().size()));
    ConsolePort port =
        new ConsolePort(
            isConsole(device) ? "" : device.channelName().orElse(""),
            isConsole(device),
            backend::output,
            open -> {
              backend.openInGuest(open);
              parts.portOpened(backend.id(), open);
            });
    parts.add(backend, port);
    return port;
  }

  private CharacterBackend backend(CharacterDevice device, String alias) {
    try {
      CharacterBackend backend =
          switch (device.type()) {
            case "pty" -> new PtyBackend(alias);
            case "null" -> new NullBackend(alias);
            // Programs for which SPICE would be the other end find nobody there.
            case "spicevmc", "spiceport", "qemu-vdagent", "dbus" -> new NullBackend(alias);
            case "file" -> new FileBackend(alias, path(device), device.isAppending());
            case "dev" -> new FileBackend(alias, path(device), true);
            case "unix" ->
                device.isListening()
                    ? SocketBackend.listen(alias, path(device))
                    : SocketBackend.connect(alias, path(device));
            case "tcp" -> tcp(device, alias);
            default ->
                throw new AssemblyException(
                    Reason.REQUEST,
                    alias
                        + ": this machine has no connection of type "
                        + device.type()
                        + "; there is pty, file, unix, tcp and null");
          };
      parts.add(backend);
      if (device.log().isPresent()) {
        backend.logTo(FileBackend.open(Path.of(device.log().get()), device.isLogAppending()));
      }
      return backend;
    } catch (IOException e) {
      throw new AssemblyException(Reason.HOST, alias + ": " + e.getMessage(), e);
    } catch (HostException e) {
      throw new AssemblyException(Reason.HOST, alias + ": " + e.getMessage(), e);
    }
  }

  private static CharacterBackend tcp(CharacterDevice device, String alias) throws IOException {
    String host = device.host().orElse("127.0.0.1");
    int port =
        device
            .service()
            .orElseThrow(
                () -> new AssemblyException(Reason.REQUEST, alias + ": type tcp names no service"));
    return device.isListening()
        ? SocketBackend.listen(alias, host, port)
        : SocketBackend.connect(alias, host, port);
  }

  private static Path path(CharacterDevice device) {
    return Path.of(
        device
            .path()
            .orElseThrow(() ->
                new AssemblyException(
                    Reason.REQUEST,
                    device.alias().orElse(device.kind())
                        + ": the document of a running domain has its path")));
  }
}

package org.wardian.process.domain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.wardian.definition.domain.CharacterDevice;
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

/** Serial ports, consoles and channels of a document. */
final class Characters {
  private static final String DEVICE = "virtio-serial0";

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
    List<ConsolePort> ports = new ArrayList<>();
    for (CharacterDevice console : document.consoles()) {
      String target = console.targetType().orElse("serial");
      if (target.equals("virtio")) {
        ports.add(port(console, "console", "", true));
      } else if (serials.isEmpty() && target.equals("serial") && parts.serial().isEmpty()) {
        CharacterBackend backend = backend(console, console.alias().orElse("serial0"));
        backend.openInGuest(true);
        parts.setSerial(backend);
      }
    }
    for (CharacterDevice channel : document.channels()) {
      if (channel.targetType().orElse("virtio").equals("virtio")) {
        ports.add(port(channel, "channel", channel.channelName().orElse(""), false));
      }
    }
    return ports.isEmpty()
        ? Optional.empty()
        : Optional.of(new DeviceConfiguration.Console(DEVICE, ports, parts::setConsole));
  }

  private ConsolePort port(CharacterDevice device, String kind, String name, boolean console) {
    CharacterBackend backend = backend(device, device.alias().orElse(kind + parts.ports().size()));
    parts.ports().add(backend);
    return new ConsolePort(
        name,
        console,
        backend::output,
        open -> {
          backend.openInGuest(open);
          parts.portOpened(backend.id(), open);
        });
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

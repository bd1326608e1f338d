package org.wardian.process.domain;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.wardian.display.PointerReceiver;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.Machine;
import org.wardian.process.assembly.Backends;
import org.wardian.process.character.CharacterBackend;
import org.wardian.virtio.balloon.VirtioBalloon;
import org.wardian.virtio.console.ConsolePort;
import org.wardian.virtio.console.VirtioConsole;
import org.wardian.virtio.vsock.HostSockets;

/** What a machine consists of beside its board, by the aliases of its document. */
public final class MachineParts implements AutoCloseable {
  private final Backends backends = new Backends();
  private final List<DeviceConfiguration> devices = new ArrayList<>();
  private final BlockNodes nodes = new BlockNodes();
  private final Map<String, Drive> drives = new LinkedHashMap<>();
  private final Map<String, LinkPort> links = new LinkedHashMap<>();
  private final Map<String, HostSockets> sockets = new HashMap<>();
  private final Map<String, CharacterBackend> characters = new LinkedHashMap<>();
  private final Map<String, ConsolePort> ports = new LinkedHashMap<>();
  private Optional<CharacterBackend> serial = Optional.empty();
  private String balloonAlias = "";

  private volatile VirtioBalloon balloon;
  private volatile VirtioConsole console;
  private volatile PointerReceiver tablet;
  private volatile BiConsumer<String, Boolean> portListener = (alias, open) -> {};

  MachineParts() {}

  /** What is open behind the devices. */
  public Backends backends() {
    return backends;
  }

  /** The devices of the machine's configuration, in their order. */
  public List<DeviceConfiguration> devices() {
    return devices;
  }

  /** Drives by alias. */
  public synchronized Map<String, Drive> drives() {
    return new LinkedHashMap<>(drives);
  }

  /** The images by name. */
  public BlockNodes nodes() {
    return nodes;
  }

  /** Adds a drive. */
  public synchronized void add(Drive drive) {
    drives.put(drive.alias(), drive);
  }

  /** Closes what was behind a device that is gone. */
  public void remove(String alias) {
    Drive drive;
    LinkPort link;
    HostSockets socket;
    CharacterBackend character;
    synchronized (this) {
      ports.remove(alias);
      character = characters.remove(alias);
      socket = sockets.remove(alias);
      drive = drives.remove(alias);
      link = links.remove(alias);
    }
    if (drive != null) {
      backends.close(drive.device());
    }
    if (link != null) {
      link.close();
      backends.close(link.port());
    }
    if (socket != null) {
      backends.close(socket);
    }
    if (character != null) {
      character.close();
    }
  }

  /** Remembers the host's side of a guest's sockets. */
  synchronized void add(String alias, HostSockets socket) {
    sockets.put(alias, socket);
  }

  /** Network cards' cables by alias. */
  public synchronized Map<String, LinkPort> links() {
    return new LinkedHashMap<>(links);
  }

  /** Adds a card's cable. */
  public synchronized void add(String alias, LinkPort link) {
    links.put(alias, link);
  }

  /** Serial ports, consoles and channels by alias. */
  public synchronized Map<String, CharacterBackend> characters() {
    return new LinkedHashMap<>(characters);
  }

  synchronized void add(CharacterBackend character) {
    characters.put(character.id(), character);
  }

  /** What the first serial port is connected to. */
  public Optional<CharacterBackend> serial() {
    return serial;
  }

  void setSerial(CharacterBackend port) {
    serial = Optional.of(port);
  }

  /** The ports of the virtio console by alias. */
  public synchronized Map<String, ConsolePort> ports() {
    return new LinkedHashMap<>(ports);
  }

  synchronized void add(CharacterBackend backend, ConsolePort port) {
    ports.put(backend.id(), port);
  }

  /** The virtio console; null where there is none. */
  public VirtioConsole console() {
    return console;
  }

  void setConsole(VirtioConsole device) {
    console = device;
  }

  /**
   * Has somebody told when a program of the guest opens or closes a channel.
   *
   * @param told takes the channel's alias; called on the device's thread
   */
  public void onPort(BiConsumer<String, Boolean> told) {
    portListener = told;
  }

  void portOpened(String alias, boolean open) {
    portListener.accept(alias, open);
  }

  /**
   * Begins to pass bytes between the host's ends and the guest's.
   *
   * @param machine made of these parts
   */
  public void connect(Machine machine) {
    serial.ifPresent(backend -> backend.start(machine::type));
    ports().keySet().forEach(this::connectPort);
  }

  /**
   * The same for a port that the virtio console has.
   *
   * @param alias of the console or channel
   */
  public void connectPort(String alias) {
    VirtioConsole device = console;
    ConsolePort port = ports().get(alias);
    characters()
        .get(alias)
        .start(
            new CharacterBackend.Guest() {
              @Override
              public void input(byte[] bytes, int offset, int length) throws InterruptedException {
                device.type(device.number(port), bytes, offset, length);
              }

              @Override
              public void connected(boolean there) {
                device.connect(device.number(port), there);
              }
            });
  }

  /** The balloon; null where there is none. */
  public VirtioBalloon balloon() {
    return balloon;
  }

  /** The balloon's alias; empty where there is none. */
  public String balloonAlias() {
    return balloonAlias;
  }

  void setBalloonAlias(String alias) {
    balloonAlias = alias;
  }

  void setBalloon(VirtioBalloon device) {
    balloon = device;
  }

  void setTablet(PointerReceiver device) {
    tablet = device;
  }

  /** What a viewer points with: the tablet once the guest uses it, else the mouse. */
  public PointerReceiver pointer(PointerReceiver mouse) {
    return (x, y, width, height, buttons, wheel) -> {
      PointerReceiver absolute = tablet;
      PointerReceiver used = absolute != null && absolute.used() ? absolute : mouse;
      used.pointer(x, y, width, height, buttons, wheel);
    };
  }

  @Override
  public void close() {
    characters().values().forEach(CharacterBackend::close);
    links().values().forEach(LinkPort::close);
    nodes.close();
    backends.close();
  }
}

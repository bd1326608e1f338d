package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.CharacterDevice;
import org.wardian.definition.domain.Controller;
import org.wardian.definition.domain.DeviceAddress;
import org.wardian.definition.domain.DeviceChanges;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDevice;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.Filesystem;
import org.wardian.definition.domain.Graphics;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.definition.domain.RandomSource;
import org.wardian.definition.domain.Vsock;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Devices that come into a running machine and go out of it: disks of virtio and of SCSI with their
 * controllers, network cards, random sources, shared folders, sockets, channels and virtio
 * consoles. The caller holds the domain's lock.
 */
final class LiveDevices {
  private static final System.Logger LOG = System.getLogger(LiveDevices.class.getName());

  /** How long a guest may take to let a device go before the call returns, as libvirt has it. */
  private static final long PATIENCE_MILLISECONDS = 5_000;

  /** What of a card's element may change while its machine runs. */
  private static final List<String> LIMITS =
      List.of("filterref", "wardian:filters", "bandwidth", "link");

  private static final Set<String> WITH_SPICE = Set.of("spicevmc", "spiceport");

  private final DomainParts parts;

  LiveDevices(DomainParts parts) {
    this.parts = parts;
  }

  /**
   * Puts a device into the machine and its document.
   *
   * @param xml the device, as the client describes it
   * @throws LibvirtException where it cannot be there; nothing has changed then
   */
  void attach(Domain domain, String xml) throws LibvirtException {
    Machine machine = domain.running();
    DomainDocument before = domain.facts().live();
    DomainDocument after = before.copy();
    DomainDevice device;
    try {
      device = DeviceChanges.attach(after, xml, parts.xml().defaults(), true);
    } catch (XmlException e) {
      throw DomainXml.error(e, "(device_definition)");
    }
    requirePluggable(device);
    LiveDocuments documents = parts.life().documents();
    XmlElement own = documents.prepare(machine, before, after, device);
    for (XmlElement controller : implied(before, after, device)) {
      machine.execute("x-wardian-attach", Machine.arguments().put("device", controller.toString()));
      rewrite(machine, controller.attributeAt("alias", "name"), controller);
    }
    try {
      JsonNode answer =
          machine.execute("x-wardian-attach", Machine.arguments().put("device", own.toString()));
      placed(after, own, answer.path("slot").asInt());
      placed(after, device.element(), answer.path("slot").asInt());
      if (device instanceof CharacterDevice) {
        String alias = device.alias().orElse("");
        documents.terminal(machine, alias, List.of(own, device.element()));
      }
    } catch (LibvirtException e) {
      release(before, device);
      throw e;
    }
    domain.update(now -> now.live() == null ? now : now.withLive(added(now.live(), before, after)));
    rewrite(machine, device.alias().orElse(""), own);
    parts.life().writeStatus(domain);
    parts.events().deviceAdded(domain, device.alias().orElse(""));
  }

  /** The SCSI controllers that a disk brings with it. */
  private static List<XmlElement> implied(
      DomainDocument before, DomainDocument after, DomainDevice device) {
    Set<String> known = aliases(before);
    return after.controllers().stream()
        .filter(controller -> controller.type().equals("scsi"))
        .filter(controller -> controller.alias().filter(known::contains).isEmpty())
        .filter(controller -> controller.alias().isPresent())
        .map(DomainDevice::element)
        .filter(element -> element != device.element())
        .toList();
  }

  /**
   * Where the machine has put a device: the slot of its address may have been taken. A slot that
   * the document has given to another device stays that one's.
   */
  private static void placed(DomainDocument after, XmlElement device, int slot) {
    String name = "0x%02x".formatted(slot);
    boolean known =
        after.devicesElement().children().stream()
            .anyMatch(other ->
                "0x00".equals(other.attributeAt("address", "bus"))
                    && name.equals(other.attributeAt("address", "slot")));
    XmlElement address = device.child("address");
    if (slot > 0 && !known && address != null && "0x00".equals(address.attribute("bus"))) {
      address.set("slot", name);
    }
  }

  private void release(DomainDocument live, DomainDevice device) {
    if (device instanceof NetworkInterface card) {
      parts.life().documents().cards().unplug(live, card);
    }
  }

  private static void requirePluggable(DomainDevice device) throws LibvirtException {
    switch (device) {
      case Disk disk -> {
        boolean pluggable =
            disk.bus().equals("scsi") && !disk.device().equals("floppy")
                || disk.bus().equals("virtio") && !disk.isRemovable();
        if (!pluggable) {
          throw Refusal.qemu(
              ErrorNumber.OPERATION_UNSUPPORTED,
              "disk bus '" + disk.bus() + "' cannot be hotplugged.");
        }
      }
      case NetworkInterface card -> {
        String model = card.model().orElse("virtio");
        if (!model.startsWith("virtio")) {
          throw Refusal.notSupported(
              "a network card " + model + " cannot be attached while this machine runs");
        }
      }
      case RandomSource random -> {
        // One as any other.
      }
      case Filesystem folder -> {
        // One as any other.
      }
      case Vsock vsock -> {
        // One as any other.
      }
      case CharacterDevice character when isPort(character) -> {
        if (WITH_SPICE.contains(character.type())) {
          throw Refusal.qemu(
              ErrorNumber.CONFIG_UNSUPPORTED,
              "chardev '" + character.type() + "' not supported without spice graphics");
        }
      }
      case Controller controller -> {
        if (!controller.type().equals("scsi")) {
          throw Refusal.qemu(
              ErrorNumber.OPERATION_UNSUPPORTED,
              "'" + controller.type() + "' controller cannot be hotplugged.");
        }
      }
      default ->
          throw Refusal.notSupported(
              "a device of kind '"
                  + device.kind()
                  + "' cannot be attached while this machine runs; use --config, and start it"
                  + " anew");
    }
  }

  /** Whether a character device is a port of virtio-serial. */
  private static boolean isPort(CharacterDevice device) {
    return (device.kind().equals("channel") || device.kind().equals("console"))
        && device.targetType().filter("virtio"::equals).isPresent();
  }

  /** The document as it is now with what came between two others: events change it meanwhile. */
  private static DomainDocument added(
      DomainDocument now, DomainDocument before, DomainDocument after) {
    Set<String> known = aliases(before);
    DomainDocument changed = now.copy();
    List<XmlElement> all = new ArrayList<>(changed.devicesElement().children());
    List<XmlElement> wanted = after.devicesElement().children();
    for (int i = 0; i < wanted.size(); i++) {
      String alias = wanted.get(i).attributeAt("alias", "name");
      if (alias != null && !known.contains(alias)) {
        all.add(Math.min(i, all.size()), wanted.get(i).copy());
      }
    }
    changed.devicesElement().replaceChildren(all);
    return changed;
  }

  private static Set<String> aliases(DomainDocument document) {
    Set<String> all = new HashSet<>();
    for (XmlElement element : document.devicesElement().children()) {
      if (element.attributeAt("alias", "name") != null) {
        all.add(element.attributeAt("alias", "name"));
      }
    }
    return all;
  }

  /**
   * Changes the document that the machine's process would start anew with.
   *
   * @param own the device to be there; null for none of this name
   */
  private void rewrite(Machine machine, String alias, XmlElement own) {
    change(
        machine,
        document -> {
          document
              .devicesElement()
              .removeIf(element -> alias.equals(element.attributeAt("alias", "name")));
          if (own != null) {
            document.devicesElement().add(own.copy());
          }
        });
  }

  private void change(Machine machine, Consumer<DomainDocument> change) {
    try {
      DomainDocument document =
          DomainDocument.of(XmlReader.read(Files.readString(Machine.definition(machine.folder()))));
      change.accept(document);
      parts.files().writeLive(machine.folder(), document);
    } catch (IOException | XmlException | LibvirtException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "the machine in " + machine.folder() + " would start anew as it was before",
          e);
    }
  }

  /**
   * Tells a machine what may pass a card now: its filter and its bandwidth. Nothing where it has no
   * such card.
   *
   * @param name the card's name on the host's side, or its address
   * @throws LibvirtException where the machine refuses; what held before holds then
   */
  void limit(Domain domain, String name) throws LibvirtException {
    Machine machine = domain.machine();
    DomainDocument live = domain.facts().live();
    if (machine != null && live != null && live.networkInterface(name).isPresent()) {
      limit(machine, live.networkInterface(name).get());
    }
  }

  /** The same for a card as it is to be. */
  void limit(Machine machine, NetworkInterface card) throws LibvirtException {
    XmlElement own = parts.life().documents().cards().limits(card);
    String alias = card.alias().orElse("");
    machine.execute(
        "x-wardian-set-card-limits",
        Machine.arguments().put("id", alias).put("device", own.toString()));
    rewriteLimits(machine, alias, own);
  }

  /**
   * Tells a machine the password of its screen. Without one it keeps what it has, as with libvirt.
   *
   * @param graphics as it is to be
   * @throws LibvirtException where the machine refuses
   */
  void password(Machine machine, Graphics graphics) throws LibvirtException {
    if (graphics.password().isEmpty()) {
      return;
    }
    String end = graphics.passwordValidTo().isEmpty() ? "never" : seconds(graphics);
    machine.execute(
        "set_password",
        Machine.arguments().put("protocol", "vnc").put("password", graphics.password().get()));
    machine.execute("expire_password", Machine.arguments().put("protocol", "vnc").put("time", end));
    change(
        machine,
        document ->
            document.graphics().stream()
                .filter(screen -> screen.type().equals(graphics.type()))
                .forEach(screen ->
                    screen
                        .element()
                        .set("passwd", graphics.password().get())
                        .set("passwdValidTo", graphics.passwordValidTo().orElse(null))));
  }

  /** The end of a password in seconds since 1970. */
  private static String seconds(Graphics graphics) throws LibvirtException {
    String end = graphics.passwordValidTo().orElseThrow();
    try {
      return Long.toString(LocalDateTime.parse(end).toEpochSecond(ZoneOffset.UTC));
    } catch (DateTimeParseException e) {
      throw Refusal.internal(
          "cannot parse password validity time '" + end + "', expect YYYY-MM-DDTHH:MM:SS", e);
    }
  }

  private void rewriteLimits(Machine machine, String alias, XmlElement own) {
    change(
        machine,
        document -> {
          for (XmlElement element : document.devicesElement().children()) {
            if (alias.equals(element.attributeAt("alias", "name"))) {
              for (String name : LIMITS) {
                element.remove(name);
                if (own.child(name) != null) {
                  element.add(own.child(name).copy());
                }
              }
            }
          }
        });
  }

  /**
   * Asks the guest to let a device go, and waits a while for it. A guest that takes longer, or has
   * no driver, leaves the device where it is; its removal is told by the event.
   *
   * @throws LibvirtException where the device cannot go, or the guest refuses
   */
  void detach(Domain domain, DomainDevice device) throws LibvirtException {
    requireUnpluggable(domain.facts().live(), device);
    Machine machine = domain.running();
    if (device instanceof Disk disk) {
      machine.jobs().requireNone(disk.target());
    }
    String alias = device.alias().orElse("");
    Removals.Wait removal = machine.removals().await(alias);
    try {
      machine.execute("device_del", Machine.arguments().put("id", alias));
      if (removal.outcome(PATIENCE_MILLISECONDS) == Removals.Outcome.REFUSED) {
        throw Refusal.failed("unplug of device was rejected by the guest");
      }
    } finally {
      removal.close();
    }
  }

  /** Whether disks hang on a SCSI controller. */
  private static boolean isInUse(DomainDocument live, Controller controller) {
    return live.disks().stream()
        .anyMatch(disk ->
            disk.bus().equals("scsi")
                && disk.address().orElse(null) instanceof DeviceAddress.Drive drive
                && drive.controller() == controller.index());
  }

  private static void requireUnpluggable(DomainDocument live, DomainDevice device)
      throws LibvirtException {
    switch (device) {
      case Disk disk -> {
        if (disk.isRemovable() && !disk.bus().equals("scsi")) {
          throw Refusal.qemu(
              ErrorNumber.OPERATION_UNSUPPORTED,
              "disk device type '" + disk.device() + "' cannot be detached");
        }
        if (!disk.bus().equals("virtio") && !disk.bus().equals("scsi")) {
          throw Refusal.qemu(
              ErrorNumber.OPERATION_UNSUPPORTED, "This type of disk cannot be hot unplugged");
        }
      }
      case NetworkInterface card -> {
        // One as any other.
      }
      case RandomSource random -> {
        // One as any other.
      }
      case Filesystem folder -> {
        // One as any other.
      }
      case Vsock vsock -> {
        // One as any other.
      }
      case CharacterDevice character when isPort(character) -> {
        // The guest is told, not asked.
      }
      case Controller controller -> {
        if (!controller.type().equals("scsi")) {
          throw Refusal.qemu(
              ErrorNumber.OPERATION_UNSUPPORTED,
              "'" + controller.type() + "' controller cannot be hot unplugged.");
        }
        if (isInUse(live, controller)) {
          throw Refusal.qemu(
              ErrorNumber.OPERATION_FAILED, "device cannot be detached: device is busy");
        }
      }
      default ->
          throw Refusal.notSupported(
              "a device of kind '"
                  + device.kind()
                  + "' cannot be detached while this machine runs; use --config, and start it"
                  + " anew");
    }
  }

  /** The guest has let a device go: it is taken out of the document, and what it had is let go. */
  void removed(Domain domain, Machine machine, String alias) {
    DomainFacts before =
        domain.update(now -> {
          if (now.live() == null || now.live().device(alias).isEmpty()) {
            return now;
          }
          DomainDocument changed = now.live().copy();
          changed
              .devicesElement()
              .removeIf(element -> alias.equals(element.attributeAt("alias", "name")));
          return now.withLive(changed);
        });
    if (before.live() == null) {
      return;
    }
    before
        .live()
        .device(alias)
        .ifPresent(device -> {
          release(before.live(), device);
          rewrite(machine, alias, null);
          parts.life().writeStatus(domain);
          parts.events().deviceRemoved(domain, alias);
        });
    machine.removals().tell(alias, Removals.Outcome.REMOVED);
  }
}

package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DeviceChanges;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDefaults;
import org.wardian.definition.domain.DomainDevice;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.Graphics;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;
import org.wardian.libvirt.constants.DomainDeviceModifyFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/**
 * Devices put in, taken out and changed: in the definition whatever they are, in a running machine
 * what {@link LiveDevices} says, the media of drives and the cables of network cards.
 */
final class DeviceProcedures extends DomainProcedures {
  private static final int LIVE = DomainDeviceModifyFlags.LIVE;
  private static final int FLAGS =
      DomainDeviceModifyFlags.LIVE | DomainDeviceModifyFlags.CONFIG | DomainDeviceModifyFlags.FORCE;

  private final LiveDevices devices;

  DeviceProcedures(DomainParts parts, LiveDevices devices) {
    super(parts);
    this.devices = devices;
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.act(
        RemoteProgram.DOMAIN_ATTACH_DEVICE, (call, args) -> attach(args.dom(), args.xml(), LIVE));
    handlers.act(
        RemoteProgram.DOMAIN_ATTACH_DEVICE_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), FLAGS);
          attach(args.dom(), args.xml(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_DETACH_DEVICE, (call, args) -> detach(args.dom(), args.xml(), LIVE));
    handlers.act(
        RemoteProgram.DOMAIN_DETACH_DEVICE_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), FLAGS);
          detach(args.dom(), args.xml(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_UPDATE_DEVICE_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), FLAGS);
          update(args.dom(), args.xml(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_DETACH_DEVICE_ALIAS,
        (call, args) -> {
          call.checkFlags(args.flags(), FLAGS);
          detachAlias(args.dom(), args.alias(), args.flags());
        });
  }

  /** A change of a document. */
  @FunctionalInterface
  private interface DocumentChange {
    DomainDevice apply(DomainDocument document, DomainDefaults defaults) throws XmlException;
  }

  private DomainDevice changed(DomainDocument document, DocumentChange change)
      throws LibvirtException {
    try {
      return change.apply(document, parts().xml().defaults());
    } catch (XmlException e) {
      throw DomainXml.error(e, "(device_definition)");
    }
  }

  /** Tries a change on a copy, so that a refusal comes before anything was done. */
  private DomainDevice tried(DomainDocument document, DocumentChange change)
      throws LibvirtException {
    return changed(document.copy(), change);
  }

  private void attach(DomainRef ref, String xml, int flags) throws LibvirtException {
    Domain domain = find(ref);
    domain.perform(
        "attach-device",
        () -> {
          Impact impact = Impact.of(domain, flags);
          String one = impact.live() && impact.config() ? withAddress(domain, xml) : xml;
          DocumentChange inConfig =
              (document, defaults) -> DeviceChanges.attach(document, one, defaults, false);
          if (impact.config()) {
            tried(domain.facts().config(), inConfig);
          }
          if (impact.live()) {
            attachLive(domain, one);
          }
          if (impact.config()) {
            editConfig(domain, document -> changed(document, inConfig));
          }
        });
  }

  /** A card gets the same hardware address in the machine and in the definition. */
  private String withAddress(Domain domain, String xml) throws LibvirtException {
    try {
      DomainDevice read = DeviceChanges.read(domain.facts().live(), xml, parts().xml().defaults());
      XmlElement element = XmlReader.read(xml);
      if (!(read instanceof NetworkInterface card)
          || element.attributeAt("mac", "address") != null) {
        return xml;
      }
      element.childOrNew("mac").set("address", card.mac());
      return element.toString();
    } catch (XmlException e) {
      throw DomainXml.error(e, "(device_definition)");
    }
  }

  /** A medium for a drive that is there is a change of that, as libvirt has it. */
  private void attachLive(Domain domain, String xml) throws LibvirtException {
    DomainDevice read;
    try {
      read = DeviceChanges.read(domain.facts().live(), xml, parts().xml().defaults());
    } catch (XmlException e) {
      throw DomainXml.error(e, "(device_definition)");
    }
    if (read instanceof Disk disk
        && disk.isRemovable()
        && domain.facts().live().disk(disk.target()).isPresent()) {
      updateLive(domain, xml, false);
      editLive(domain, document -> changed(document, liveUpdate(xml)));
    } else {
      devices.attach(domain, xml);
    }
  }

  private static DocumentChange liveUpdate(String xml) {
    return (document, defaults) -> DeviceChanges.update(document, xml, defaults, true);
  }

  private static LibvirtException notChanged(DomainDevice device) {
    return Refusal.notSupported(
        "a device of kind '"
            + device.kind()
            + "' cannot be changed while this machine runs; use --config, and start it anew");
  }

  private void detach(DomainRef ref, String xml, int flags) throws LibvirtException {
    Domain domain = find(ref);
    domain.perform(
        "detach-device",
        () -> {
          Impact impact = Impact.of(domain, flags);
          DocumentChange inConfig =
              (document, defaults) -> DeviceChanges.detach(document, xml, defaults, false);
          if (impact.config()) {
            tried(domain.facts().config(), inConfig);
          }
          if (impact.live()) {
            devices.detach(
                domain,
                tried(
                    domain.facts().live(),
                    (document, defaults) -> DeviceChanges.find(document, xml, defaults, true)));
          }
          if (impact.config()) {
            editConfig(domain, document -> changed(document, inConfig));
          }
        });
  }

  private void detachAlias(DomainRef ref, String alias, int flags) throws LibvirtException {
    Domain domain = find(ref);
    domain.perform(
        "detach-device-alias",
        () -> {
          Impact impact = Impact.of(domain, flags);
          if (impact.config()) {
            device(domain.facts().config(), alias);
          }
          if (impact.live()) {
            devices.detach(domain, device(domain.facts().live(), alias));
          }
          if (impact.config()) {
            editConfig(
                domain,
                changing ->
                    changing
                        .devicesElement()
                        .removeIf(one -> alias.equals(one.attributeAt("alias", "name"))));
          }
        });
  }

  private static DomainDevice device(DomainDocument document, String alias)
      throws LibvirtException {
    return document
        .device(alias)
        .orElseThrow(() -> Refusal.internal("no device found with alias " + alias));
  }

  private void update(DomainRef ref, String xml, int flags) throws LibvirtException {
    Domain domain = find(ref);
    domain.perform(
        "update-device",
        () -> {
          Impact impact = Impact.of(domain, flags);
          if (impact.config()) {
            tried(
                domain.facts().config(),
                (document, defaults) -> DeviceChanges.update(document, xml, defaults, false));
          }
          if (impact.live()) {
            updateLive(domain, xml, (flags & DomainDeviceModifyFlags.FORCE) != 0);
          }
          edit(
              domain,
              impact,
              document ->
                  changed(
                      document,
                      (changing, defaults) ->
                          DeviceChanges.update(
                              changing, xml, defaults, document.id().isPresent())));
        });
  }

  private void updateLive(Domain domain, String xml, boolean force) throws LibvirtException {
    DomainDocument before = domain.facts().live();
    DomainDevice device =
        tried(before, (document, defaults) -> DeviceChanges.update(document, xml, defaults, true));
    switch (device) {
      case Graphics graphics when graphics.type().equals("vnc") ->
          devices.password(domain.running(), graphics);
      case Disk disk when disk.isRemovable() -> changeMedium(domain, disk, force);
      case NetworkInterface card -> {
        NetworkInterface old =
            before
                .networkInterface(card.mac())
                .orElseThrow(() -> Refusal.internal("the card " + card.mac() + " is gone"));
        requireSameBackend(old, card);
        domain
            .running()
            .execute(
                "set_link",
                Machine.arguments().put("name", old.alias().orElse("")).put("up", card.isLinkUp()));
        limit(domain, before, old, card);
      }
      default -> throw notChanged(device);
    }
  }

  /** The card's filter and bandwidth may be others now. */
  private void limit(
      Domain domain, DomainDocument live, NetworkInterface old, NetworkInterface card)
      throws LibvirtException {
    LiveCards cards = life().documents().cards();
    cards.bind(live, card);
    try {
      cards.promise(domain.name(), card);
      devices.limit(domain.running(), card);
    } catch (LibvirtException e) {
      cards.promise(domain.name(), old);
      cards.bind(live, old);
      throw e;
    }
  }

  /** Of a running card only the cable, the filter and the bandwidth change. */
  private static void requireSameBackend(NetworkInterface old, NetworkInterface card)
      throws LibvirtException {
    if (!old.type().equals(card.type())
        || !old.network().equals(card.network())
        || !old.model().equals(card.model())) {
      throw Refusal.notSupported(
          "of a running network card only its link's state, filter and bandwidth can be changed");
    }
  }

  private static void changeMedium(Domain domain, Disk disk, boolean force)
      throws LibvirtException {
    String alias =
        domain
            .facts()
            .live()
            .disk(disk.target())
            .flatMap(DomainDevice::alias)
            .orElse(disk.target());
    ObjectNode arguments = Machine.arguments().put("id", alias);
    if (disk.source().isEmpty()) {
      domain.running().execute("eject", arguments.put("force", force));
      return;
    }
    arguments.put("filename", disk.source().path().orElse("")).put("force", force);
    if (!disk.format().isEmpty()) {
      arguments.put("format", disk.format());
    }
    arguments.put("read-only-mode", disk.isReadOnly() ? "read-only" : "retain");
    domain.running().execute("blockdev-change-medium", arguments);
  }
}

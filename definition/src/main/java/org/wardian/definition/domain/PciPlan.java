package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/**
 * Gives each device of a PCI board its address, and adds the bridges and ports that it takes, in
 * the order that libvirt does: once on trial to see how many buses there must be, then for good.
 */
final class PciPlan {
  /** The highest bus that a document may name. */
  private static final int MOST_BUSES = 256;

  private final XmlElement devices;
  private final boolean express;
  private final List<PciBus> buses = new ArrayList<>();
  private final Map<Integer, DeviceAddress.Pci> ich9Slots = new HashMap<>();
  private final Set<DeviceAddress.Pci> wholeSlots = new HashSet<>();
  private final Set<Integer> ich9Functions = new HashSet<>();

  private PciPlan(XmlElement devices, boolean express) {
    this.devices = devices;
    this.express = express;
  }

  static void complete(DomainDocument document) throws XmlException {
    XmlElement devices = document.devicesElement();
    boolean express = document.os().isQ35();
    int said = said(devices);
    PciPlan trial = new PciPlan(devices, express);
    trial.open();
    trial.reserve();
    if (!express && trial.buses.stream().anyMatch(PciBus::hasRoom)) {
      // A slot for the bridge that may become necessary.
      int slot = trial.buses.get(0).nextSlot();
      if (slot >= 0) {
        trial.buses.get(0).takeSlot(slot);
      }
    }
    trial.fill(true);
    if (express && said == 0 && trial.buses.size() > 1) {
      trial.place(PciBus.Kind.EXPRESS);
    }
    for (int index = 1; index < trial.buses.size(); index++) {
      ImplicitDevices.maybe(devices, "pci", index, trial.buses.get(index).model);
    }
    ImplicitDevices.controllerOptions(devices);
    PciPlan plan = new PciPlan(devices, express);
    plan.open();
    plan.reserve();
    plan.fill(false);
    targets(devices);
  }

  /** The highest PCI controller that the document has. */
  private static int said(XmlElement devices) {
    return devices.children("controller").stream()
        .filter(controller -> controller.attribute("type").equals("pci"))
        .mapToInt(ImplicitDevices::index)
        .max()
        .orElse(0);
  }

  private void open() throws XmlException {
    int most = said(devices);
    if (most >= MOST_BUSES) {
      throw XmlException.badContent("PCI controller index " + most + " too high, maximum is 255");
    }
    for (int index = 0; index <= most; index++) {
      XmlElement controller = controller(index);
      buses.add(
          new PciBus(
              controller == null
                  ? express ? "pcie-root-port" : "pci-bridge"
                  : controller.attribute("model", "pci-bridge")));
    }
  }

  private XmlElement controller(int index) {
    return devices.children("controller").stream()
        .filter(controller ->
            controller.attribute("type").equals("pci")
                && ImplicitDevices.index(controller) == index)
        .findFirst()
        .orElse(null);
  }

  /** Takes the addresses that the document says, and those of the board's own chips. */
  private void reserve() throws XmlException {
    for (XmlElement device : devices.children()) {
      if (DeviceAddress.of(device).orElse(null) instanceof DeviceAddress.Pci pci) {
        take(pci, device);
      }
    }
    PciBus root = buses.get(0);
    if (express) {
      fix(root, 0x1f, 2, device -> isController(device, "sata", 0));
      root.take(0x1f, 0);
      root.take(0x1f, 3);
      XmlElement video = devices.child("video");
      if (video != null && isOpen(video) && PciNeeds.ordered(devices).contains(video)) {
        fix(root, 1, 0, device -> device == video);
      }
      fixSound(root);
    } else {
      fix(root, 1, 1, device -> isController(device, "ide", 0));
      fix(
          root,
          1,
          2,
          device ->
              isController(device, "usb", 0) && "piix3-uhci".equals(device.attribute("model")));
      root.takeSlot(1);
      XmlElement video = devices.child("video");
      if (video != null && isOpen(video) && PciNeeds.ordered(devices).contains(video)) {
        fix(root, 2, 0, device -> device == video);
      }
    }
  }

  private void fixSound(PciBus root) {
    fix(
        root,
        0x1b,
        0,
        device -> device.name().equals("sound") && "ich9".equals(device.attribute("model")));
  }

  private static boolean isController(XmlElement device, String type, int index) {
    return device.name().equals("controller")
        && type.equals(device.attribute("type"))
        && ImplicitDevices.index(device) == index;
  }

  private static boolean isOpen(XmlElement device) {
    return device.child("address") == null;
  }

  /** Gives the first such device without an address a place of the board's own. */
  private void fix(PciBus root, int slot, int function, Predicate<XmlElement> which) {
    for (XmlElement device : devices.children()) {
      if (which.test(device)) {
        if (isOpen(device) && root.take(slot, function)) {
          put(device, new DeviceAddress.Pci(0, 0, slot, function, false));
        }
        return;
      }
    }
  }

  private void take(DeviceAddress.Pci pci, XmlElement device) throws XmlException {
    if (pci.domain() != 0) {
      throw XmlException.badContent(
          "Invalid PCI address " + pci + ". Only PCI domain 0 is available");
    }
    if (pci.bus() >= MOST_BUSES || pci.slot() > 31 || pci.function() > 7) {
      throw XmlException.badContent("Invalid PCI address " + pci);
    }
    while (pci.bus() >= buses.size()) {
      buses.add(new PciBus(express ? "pcie-root-port" : "pci-bridge"));
    }
    PciBus bus = buses.get(pci.bus());
    boolean onlyOne = bus.kind == PciBus.Kind.EXPRESS;
    if (onlyOne && pci.slot() > 0) {
      throw XmlException.badContent("Invalid PCI address " + pci + ". slot must be <= 0");
    }
    if (!bus.take(pci.slot(), pci.function())) {
      throw XmlException.badContent("Attempted double use of PCI Address " + pci);
    }
    if ("pcie-root-port".equals(device.attribute("model"))) {
      bus.share(pci.slot());
    }
  }

  /**
   * Gives addresses to what has none.
   *
   * @param trial whether only room is looked for
   */
  private void fill(boolean trial) throws XmlException {
    for (XmlElement controller : devices.children("controller")) {
      if (controller.attribute("type").equals("pci")
          && ImplicitDevices.index(controller) > 0
          && isOpen(controller)) {
        bridge(controller, trial);
      }
    }
    for (XmlElement device : PciNeeds.ordered(devices)) {
      if (!isOpen(device)) {
        continue;
      }
      if (PciNeeds.isIch9Usb(device)) {
        ich9(device, trial);
        continue;
      }
      PciBus.Kind kind = express ? PciNeeds.kind(device) : PciBus.Kind.PCI;
      DeviceAddress.Pci place = place(kind);
      if (!trial) {
        put(device, place);
      }
    }
  }

  private void bridge(XmlElement controller, boolean trial) throws XmlException {
    String model = controller.attribute("model", "");
    int index = ImplicitDevices.index(controller);
    DeviceAddress.Pci place;
    switch (model) {
      case "pcie-root-port", "pcie-switch-upstream-port" -> {
        int shared = express ? buses.get(0).nextShared() : -1;
        if (shared < 0) {
          throw XmlException.badContent("No PCI buses available");
        }
        place = new DeviceAddress.Pci(0, 0, shared >> 3, shared & 7, (shared & 7) == 0);
      }
      case "dmi-to-pci-bridge", "pcie-expander-bus" -> place = place(PciBus.Kind.ROOT);
      case "pcie-to-pci-bridge" -> place = place(PciBus.Kind.EXPRESS);
      default -> place = placeBelow(index);
    }
    if (!trial) {
      put(controller, place);
    }
  }

  /** A slot for a bridge, on a bus before its own. */
  private DeviceAddress.Pci placeBelow(int index) throws XmlException {
    for (int bus = 0; bus < index && bus < buses.size(); bus++) {
      if (buses.get(bus).kind == PciBus.Kind.PCI) {
        int slot = buses.get(bus).nextSlot();
        if (slot >= 0) {
          buses.get(bus).takeSlot(slot);
          return new DeviceAddress.Pci(0, bus, slot, 0, false);
        }
      }
    }
    return place(PciBus.Kind.PCI);
  }

  /** The next free slot of a kind; buses are added where there is none. */
  private DeviceAddress.Pci place(PciBus.Kind kind) throws XmlException {
    while (true) {
      for (int bus = 0; bus < buses.size(); bus++) {
        PciBus candidate = buses.get(bus);
        int slot = candidate.kind == kind ? candidate.nextSlot() : -1;
        if (slot >= 0) {
          candidate.takeSlot(slot);
          return new DeviceAddress.Pci(0, bus, slot, 0, false);
        }
      }
      grow(kind);
    }
  }

  private void grow(PciBus.Kind kind) throws XmlException {
    if (buses.size() >= MOST_BUSES || kind == PciBus.Kind.ROOT) {
      throw new XmlException(XmlException.Kind.INTERNAL, "No more available PCI slots");
    }
    if (!express) {
      buses.add(new PciBus("pci-bridge"));
    } else if (kind == PciBus.Kind.EXPRESS) {
      rootPort();
    } else {
      // The bridge brings a port of its own, even where another is free.
      PciBus port = rootPort();
      port.takeSlot(0);
      buses.add(new PciBus("pcie-to-pci-bridge"));
    }
  }

  private PciBus rootPort() throws XmlException {
    if (buses.get(0).nextShared() < 0) {
      throw new XmlException(XmlException.Kind.INTERNAL, "No more available PCI slots");
    }
    PciBus port = new PciBus("pcie-root-port");
    buses.add(port);
    return port;
  }

  /** The parts of one USB 2 share a slot. */
  private void ich9(XmlElement device, boolean trial) throws XmlException {
    int function = PciNeeds.ich9Function(device);
    int index = ImplicitDevices.index(device);
    DeviceAddress.Pci with = ich9Slots.get(index);
    for (XmlElement other : devices.children("controller")) {
      if (with == null
          && PciNeeds.isIch9Usb(other)
          && ImplicitDevices.index(other) == index
          && DeviceAddress.of(other).orElse(null) instanceof DeviceAddress.Pci pci) {
        with = pci;
      }
    }
    if (with == null && express && buses.get(0).isFree(0x1d)) {
      with = new DeviceAddress.Pci(0, 0, 0x1d, 0, false);
    } else if (with == null && express && buses.get(0).isFree(0x1a)) {
      with = new DeviceAddress.Pci(0, 0, 0x1a, 0, false);
    } else if (with == null) {
      with = place(PciBus.Kind.PCI);
      wholeSlots.add(with);
    }
    boolean isFree = buses.get(with.bus()).take(with.slot(), function);
    boolean isWhole = wholeSlots.contains(with);
    if (isWhole ? !ich9Functions.add(index << 3 | function) : !isFree) {
      throw XmlException.badContent(
          "Attempted double use of PCI Address "
              + new DeviceAddress.Pci(0, with.bus(), with.slot(), function, false));
    }
    ich9Slots.put(index, with);
    if (!trial) {
      put(device, new DeviceAddress.Pci(0, with.bus(), with.slot(), function, function == 0));
    }
  }

  private static void put(XmlElement device, DeviceAddress.Pci place) {
    device.add(AddressForm.element(place));
  }

  /** Numbers that follow from places: chassis and ports. */
  private static void targets(XmlElement devices) {
    for (XmlElement controller : devices.children("controller")) {
      if (!controller.attribute("type").equals("pci")) {
        continue;
      }
      int index = ImplicitDevices.index(controller);
      switch (controller.attribute("model", "")) {
        case "pcie-root-port", "pcie-switch-downstream-port" -> {
          XmlElement target = controller.childOrNew("target");
          DeviceDefaults.otherwise(target, "chassis", Integer.toString(index));
          OptionalInt port = Values.integer(target.attribute("port"));
          if (port.isPresent()) {
            target.set("port", "0x" + Integer.toHexString(port.getAsInt()));
          } else if (DeviceAddress.of(controller).orElse(null) instanceof DeviceAddress.Pci pci) {
            target.set("port", "0x" + Integer.toHexString(pci.slot() << 3 | pci.function()));
          }
        }
        case "pci-bridge" ->
            DeviceDefaults.otherwise(
                controller.childOrNew("target"), "chassisNr", Integer.toString(index));
        default -> {
          // The others have no numbers.
        }
      }
    }
  }
}

package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/**
 * The document of a machine. It is a tree that may be changed, with views of its parts; the views
 * see each change. Not for several threads at once.
 */
public final class DomainDocument {
  private final XmlElement root;

  private DomainDocument(XmlElement root) {
    this.root = root;
  }

  /**
   * A document that was completed before: one of our own files, or the live form of a machine.
   * Nothing is added and nothing dropped.
   *
   * @throws XmlException where the text is no document of a domain
   */
  public static DomainDocument read(String xml) throws XmlException {
    return new DomainDocument(XmlReader.read(xml, "domain"));
  }

  /** The same of a tree, which is not copied. */
  public static DomainDocument of(XmlElement root) {
    return new DomainDocument(root);
  }

  /**
   * A document that a client gives to define or to start: checked, without what is unknown,
   * completed with what it leaves out, in the order that libvirt writes.
   *
   * @throws XmlException where libvirt would refuse it
   */
  public static DomainDocument define(String xml, DomainDefaults defaults) throws XmlException {
    DomainDocument document = read(xml);
    DomainCompletion.complete(document, defaults);
    return document;
  }

  /** The root of the tree. */
  public XmlElement root() {
    return root;
  }

  /** A copy that shares nothing. */
  public DomainDocument copy() {
    return new DomainDocument(root.copy());
  }

  /** Brings all elements into the order in which they are written. */
  public void arrange() {
    DomainForm.TABLE.arrange(root);
  }

  /** As a client sees it. */
  public String xml(Set<DomainFlag> flags) {
    return DomainForm.write(this, flags);
  }

  /** All of it, passwords too: what is kept in a file. */
  @Override
  public String toString() {
    return root.toString();
  }

  /** qemu, or kvm where the host's processor runs the guest's code. */
  public String type() {
    return root.attribute("type", "");
  }

  /** The number of a running domain. */
  public OptionalInt id() {
    return Values.integer(root.attribute("id"));
  }

  /** Sets the number of a running domain; empty takes it away. */
  public void setId(OptionalInt id) {
    String type = root.attribute("type");
    root.set("type", null).set("id", null).set("type", type);
    root.set("id", id.isPresent() ? Integer.toString(id.getAsInt()) : null);
    // Attributes that others put on the root, as xmlns:qemu, stay behind these two.
    List<String> others =
        root.attributes().keySet().stream()
            .filter(key -> !key.equals("type") && !key.equals("id"))
            .toList();
    for (String key : others) {
      String value = root.attribute(key);
      root.set(key, null).set(key, value);
    }
  }

  /** Its name, which is its key among domains. */
  public String name() {
    return Values.childText(root, "name").orElse("");
  }

  /** Gives it another name. */
  public void setName(String name) {
    root.childOrNew("name").text(name);
  }

  /** Its identity; empty where the document has none yet. */
  public Optional<UUID> uuid() {
    return Values.childText(root, "uuid").flatMap(DomainDocument::uuid);
  }

  /**
   * The identity that a text says: 32 hexadecimal digits, with hyphens and white space or without.
   */
  static Optional<UUID> uuid(String text) {
    StringBuilder digits = new StringBuilder();
    for (char c : text.strip().toCharArray()) {
      if (Character.digit(c, 16) >= 0 && c < 128) {
        digits.append(c);
      } else if (c != '-') {
        return Optional.empty();
      }
    }
    if (digits.length() != 32) {
      return Optional.empty();
    }
    return Optional.of(
        new UUID(
            Long.parseUnsignedLong(digits, 0, 16, 16), Long.parseUnsignedLong(digits, 16, 32, 16)));
  }

  /** The identity that the firmware says of a copy, where it was asked for. */
  public Optional<UUID> generationId() {
    return Values.childText(root, "genid").flatMap(DomainDocument::uuid);
  }

  /** A line about it. */
  public Optional<String> title() {
    return Values.childText(root, "title");
  }

  /** Sets the title; empty removes it. */
  public void setTitle(Optional<String> title) {
    setText("title", title);
  }

  /** Lines about it. */
  public Optional<String> description() {
    return Values.childText(root, "description");
  }

  /** Sets the description; empty removes it. */
  public void setDescription(Optional<String> description) {
    setText("description", description);
  }

  private void setText(String name, Optional<String> text) {
    root.remove(name);
    if (text.isPresent() && !text.get().isEmpty()) {
      root.append(name).text(text.get());
      DomainForm.TABLE.arrange(root);
    }
  }

  /** What others keep in it. */
  public DomainMetadata metadata() {
    return new DomainMetadata(root);
  }

  /** The memory that a guest starts with, in KiB. */
  public long memoryKib() {
    return Scale.kib(root.child("memory")).orElse(0);
  }

  /** The memory that the balloon leaves, in KiB. */
  public long currentMemoryKib() {
    return Scale.kib(root.child("currentMemory")).orElse(memoryKib());
  }

  /** The memory with all modules that may be plugged, in KiB. */
  public long mostMemoryKib() {
    return Scale.kib(root.child("maxMemory")).orElse(memoryKib());
  }

  /** Slots for memory modules. */
  public int memorySlots() {
    return Values.integer(Values.attribute(root, "maxMemory", "slots")).orElse(0);
  }

  /** Sets the memory that a guest starts with. */
  public void setMemoryKib(long kib) {
    root.childOrNew("memory").set("unit", "KiB").text(Long.toString(kib));
    if (currentMemoryKib() > kib) {
      setCurrentMemoryKib(kib);
    }
  }

  /** Sets the memory that the balloon leaves. */
  public void setCurrentMemoryKib(long kib) {
    root.childOrNew("currentMemory").set("unit", "KiB").text(Long.toString(kib));
  }

  /** Whether a dump holds the guest's memory; empty where the document does not say. */
  public Optional<Boolean> isMemoryDumped() {
    return Values.flag(Values.attribute(root, "memory", "dumpCore"));
  }

  /** How many processors there may be. */
  public int mostProcessors() {
    return Values.integer(root.textAt("vcpu")).orElse(1);
  }

  /** How many processors there are at start. */
  public int processors() {
    return Values.integer(Values.attribute(root, "vcpu", "current")).orElse(mostProcessors());
  }

  /**
   * The numbers of the processors that are there at start: those that {@code <vcpus>} says, else as
   * many as {@link #processors} from 0 on.
   */
  public Set<Integer> presentProcessors() {
    Set<Integer> present = new TreeSet<>();
    XmlElement each = root.child("vcpus");
    if (each == null || each.children("vcpu").isEmpty()) {
      for (int number = 0; number < processors(); number++) {
        present.add(number);
      }
      return present;
    }
    for (XmlElement one : each.children("vcpu")) {
      if ("yes".equals(one.attribute("enabled"))) {
        Values.integer(one.attribute("id")).ifPresent(present::add);
      }
    }
    return present;
  }

  /** Sets how many processors there may be, and are. */
  public void setProcessors(int most, int current) {
    XmlElement vcpu = root.childOrNew("vcpu").text(Integer.toString(most));
    vcpu.set("current", current == most ? null : Integer.toString(current));
    DomainForm.TABLE.arrange(root);
  }

  /** static or auto. */
  public String processorPlacement() {
    return Values.attribute(root, "vcpu", "placement").orElse("static");
  }

  /** The host's processors for those that have no pin: a list such as {@code 0-3,^2}. */
  public Optional<String> processorSet() {
    return Values.attribute(root, "vcpu", "cpuset");
  }

  /** How much of the host it may have. */
  public Tuning tuning() {
    return new Tuning(root);
  }

  /** What it starts. */
  public OperatingSystem os() {
    return new OperatingSystem(root.childOrNew("os"));
  }

  /** What the board can do. */
  public Features features() {
    return new Features(root.child("features"));
  }

  /** The processor that the guest sees. */
  public Cpu cpu() {
    return new Cpu(root.child("cpu"));
  }

  /** The time that it starts with. */
  public Clock clock() {
    return new Clock(root.child("clock"));
  }

  /** When the guest switches off: destroy, restart, preserve, rename-restart. */
  public String onPowerOff() {
    return Values.childText(root, "on_poweroff").orElse("destroy");
  }

  /** When the guest resets: the same words. */
  public String onReboot() {
    return Values.childText(root, "on_reboot").orElse("restart");
  }

  /** When the guest crashes: the same words, coredump-destroy and coredump-restart. */
  public String onCrash() {
    return Values.childText(root, "on_crash").orElse("destroy");
  }

  /** Whether the guest may sleep with its memory kept; empty where the document does not say. */
  public Optional<Boolean> suspendToMemory() {
    return Values.flag(Values.attribute(root.child("pm"), "suspend-to-mem", "enabled"));
  }

  /** Whether the guest has what it needs to sleep with its memory kept: ACPI, and nobody's no. */
  public boolean canSleep() {
    return features().hasAcpi() && suspendToMemory().orElse(true);
  }

  /** Whether the guest may sleep with its memory on a disk. */
  public Optional<Boolean> suspendToDisk() {
    return Values.flag(Values.attribute(root.child("pm"), "suspend-to-disk", "enabled"));
  }

  /** The path of the program that runs it. */
  public Optional<String> emulator() {
    return Values.childText(root.child("devices"), "emulator");
  }

  /** What SMBIOS tables say where {@link OperatingSystem#smbios} is sysinfo. */
  public Optional<XmlElement> systemInformation() {
    return root.children("sysinfo").stream()
        .filter(element -> element.attribute("type", "smbios").equals("smbios"))
        .findFirst();
  }

  /** The labels of security modules. */
  public List<XmlElement> securityLabels() {
    return root.children("seclabel");
  }

  /** The element that devices are in. */
  public XmlElement devicesElement() {
    return root.childOrNew("devices");
  }

  /** All devices in the document's order, each as its kind's view. */
  public List<DomainDevice> devices() {
    List<DomainDevice> devices = new ArrayList<>();
    for (XmlElement element : elements()) {
      if (!element.name().equals("emulator")) {
        devices.add(view(element));
      }
    }
    return devices;
  }

  /** The view of a device's element. */
  public static DomainDevice view(XmlElement element) {
    return switch (element.name()) {
      case "disk" -> new Disk(element);
      case "controller" -> new Controller(element);
      case "filesystem" -> new Filesystem(element);
      case "interface" -> new NetworkInterface(element);
      case "serial", "parallel", "console", "channel", "smartcard" -> new CharacterDevice(element);
      case "input" -> new Input(element);
      case "tpm" -> new Tpm(element);
      case "graphics" -> new Graphics(element);
      case "sound" -> new Sound(element);
      case "video" -> new Video(element);
      case "hostdev" -> new HostDevice(element);
      case "redirdev" -> new Redirection(element);
      case "watchdog" -> new Watchdog(element);
      case "memballoon" -> new MemoryBalloon(element);
      case "rng" -> new RandomSource(element);
      case "panic" -> new Panic(element);
      case "vsock" -> new Vsock(element);
      default -> new DomainDevice(element);
    };
  }

  private List<XmlElement> elements() {
    XmlElement devices = root.child("devices");
    return devices == null ? List.of() : devices.children();
  }

  private <D> List<D> devices(String kind, Function<XmlElement, D> view) {
    return elements().stream().filter(element -> element.name().equals(kind)).map(view).toList();
  }

  /** The drives. */
  public List<Disk> disks() {
    return devices("disk", Disk::new);
  }

  /** A drive by its target or by the path of its source. */
  public Optional<Disk> disk(String targetOrPath) {
    List<Disk> disks = disks();
    return disks.stream()
        .filter(disk -> disk.target().equals(targetOrPath))
        .findFirst()
        .or(() ->
            disks.stream()
                .filter(disk -> disk.source().path().filter(targetOrPath::equals).isPresent())
                .findFirst());
  }

  /** The controllers. */
  public List<Controller> controllers() {
    return devices("controller", Controller::new);
  }

  /** The network cards. */
  public List<NetworkInterface> interfaces() {
    return devices("interface", NetworkInterface::new);
  }

  /** A network card by its hardware address, in letters of any size, or its target. */
  public Optional<NetworkInterface> networkInterface(String macOrTarget) {
    return interfaces().stream()
        .filter(card ->
            card.mac().equalsIgnoreCase(macOrTarget)
                || card.target().filter(macOrTarget::equals).isPresent())
        .findFirst();
  }

  /** The serial ports. */
  public List<CharacterDevice> serials() {
    return devices("serial", CharacterDevice::new);
  }

  /** The parallel ports. */
  public List<CharacterDevice> parallels() {
    return devices("parallel", CharacterDevice::new);
  }

  /** The consoles; the first of a PC is its first serial port once more. */
  public List<CharacterDevice> consoles() {
    return devices("console", CharacterDevice::new);
  }

  /** The channels to programs in the guest. */
  public List<CharacterDevice> channels() {
    return devices("channel", CharacterDevice::new);
  }

  /** The ways to see the screen. */
  public List<Graphics> graphics() {
    return devices("graphics", Graphics::new);
  }

  /** The graphics cards. */
  public List<Video> videos() {
    return devices("video", Video::new);
  }

  /** The sound cards. */
  public List<Sound> sounds() {
    return devices("sound", Sound::new);
  }

  /** Keys and pointers. */
  public List<Input> inputs() {
    return devices("input", Input::new);
  }

  /** The sources of randomness. */
  public List<RandomSource> randomSources() {
    return devices("rng", RandomSource::new);
  }

  /** What takes memory back. */
  public Optional<MemoryBalloon> balloon() {
    return devices("memballoon", MemoryBalloon::new).stream().findFirst();
  }

  /** Sockets between host and guest. */
  public Optional<Vsock> vsock() {
    return devices("vsock", Vsock::new).stream().findFirst();
  }

  /** Folders of the host. */
  public List<Filesystem> filesystems() {
    return devices("filesystem", Filesystem::new);
  }

  /** The timers that a guest must serve. */
  public List<Watchdog> watchdogs() {
    return devices("watchdog", Watchdog::new);
  }

  /** The trusted platform modules. */
  public List<Tpm> tpms() {
    return devices("tpm", Tpm::new);
  }

  /** By what a guest says that it has panicked. */
  public List<Panic> panics() {
    return devices("panic", Panic::new);
  }

  /** Devices of the host. */
  public List<HostDevice> hostDevices() {
    return devices("hostdev", HostDevice::new);
  }

  /** Devices of clients. */
  public List<Redirection> redirections() {
    return devices("redirdev", Redirection::new);
  }

  /** A device by its alias. */
  public Optional<DomainDevice> device(String alias) {
    return devices().stream()
        .filter(device -> device.alias().filter(alias::equals).isPresent())
        .findFirst();
  }
}

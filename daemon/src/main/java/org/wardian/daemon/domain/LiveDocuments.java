package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.CharacterDevice;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDevice;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.Graphics;
import org.wardian.definition.domain.LiveForm;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.definition.domain.Vsock;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageInfo;

/**
 * Makes of a definition the document that a machine runs with: what it leaves open is chosen, its
 * networks are plugged in, its volumes found; and afterwards what the machine itself chose is
 * written into it.
 */
final class LiveDocuments {
  private static final System.Logger LOG = System.getLogger(LiveDocuments.class.getName());

  private final DomainFiles files;
  private final LiveCards cards = new LiveCards();
  private volatile VolumePaths volumes = VolumePaths.NONE;

  LiveDocuments(DomainFiles files) {
    this.files = files;
  }

  void connect(NetworkPlugs toNetworks, VolumePaths toVolumes, CardFilters toFilters) {
    cards.connect(toNetworks, toFilters);
    volumes = toVolumes;
  }

  /** The network cards of machines. */
  LiveCards cards() {
    return cards;
  }

  /** The document of a domain that is started. */
  DomainDocument begin(DomainDocument definition, int id) throws LibvirtException {
    DomainDocument found = definition.copy();
    for (Disk disk : found.disks()) {
      volume(disk);
      requireFile(disk);
    }
    requireFile(found.os().kernel());
    requireFile(found.os().initrd());
    return LiveForm.start(found, id, LiveDocuments::below, files.channels().toString());
  }

  /** As libvirt refuses a disk without its file, before it starts anything. */
  private static void requireFile(Disk disk) throws LibvirtException {
    Optional<String> path =
        disk.type().equals("volume")
            ? Optional.ofNullable(disk.element().attributeAt("source", "file"))
            : disk.source().path();
    boolean mayBeMissing = disk.source().startupPolicy().filter("optional"::equals).isPresent();
    if (path.isPresent() && !mayBeMissing && isMissing(path.get())) {
      throw missing("Cannot access storage file '" + path.get() + "'");
    }
  }

  private static void requireFile(Optional<String> path) throws LibvirtException {
    if (path.isPresent() && isMissing(path.get())) {
      throw missing("unable to stat: " + path.get());
    }
  }

  private static boolean isMissing(String path) {
    return Path.of(path).isAbsolute() && Files.notExists(Path.of(path));
  }

  private static LibvirtException missing(String what) {
    return Refusal.system(what + ": No such file or directory", null);
  }

  /** The file of a volume is said beside it, for the machine's process. */
  void volume(Disk disk) throws LibvirtException {
    if (disk.type().equals("volume")) {
      Path path = volumes.path(disk.source().pool().orElse(""), disk.source().volume().orElse(""));
      disk.element().childOrNew("source").set("file", path.toString());
    }
  }

  /** The volumes that may have images beneath them. */
  List<VolumePaths.Layered> layered() {
    return volumes.layered();
  }

  private static List<LiveForm.Image> below(Disk disk) {
    Optional<String> path = disk.source().path();
    if (path.isEmpty() || disk.format().equals("raw")) {
      return List.of();
    }
    return below(Path.of(path.get()));
  }

  private static List<LiveForm.Image> below(Path file) {
    List<LiveForm.Image> images = new ArrayList<>();
    try {
      List<ImageInfo> chain = ImageInfo.chain(file, OpenOptions.readOnly().withLocked(false));
      for (ImageInfo image : chain.subList(Math.min(1, chain.size()), chain.size())) {
        images.add(new LiveForm.Image("file", image.path().toString(), image.format().text()));
      }
    } catch (IOException | RuntimeException e) {
      // The machine's process opens it, and says what is wrong.
      LOG.log(System.Logger.Level.DEBUG, () -> "no chain of " + file + ": " + e);
    }
    return images;
  }

  /** What lies beneath an image, by its header and theirs; the nearest first. */
  static List<DiskChain.Image> beneath(DiskChain.Image top) {
    if (top.path().isEmpty() || top.format().equals("raw")) {
      return List.of();
    }
    return below(Path.of(top.path().get())).stream()
        .map(image -> DiskChain.Image.file(image.path(), image.format()))
        .toList();
  }

  /**
   * Before the start. What was plugged in is taken back by {@link LiveCards#release}.
   *
   * @return the document for the machine's process, which says where its plugs are
   */
  DomainDocument prepare(DomainDocument live) throws LibvirtException {
    SocketPaths.require(live);
    DomainDocument own = live.copy();
    List<NetworkInterface> all = live.interfaces();
    for (int i = 0; i < all.size(); i++) {
      cards.plug(live, all.get(i), own.interfaces().get(i).element());
    }
    for (CharacterDevice channel : live.channels()) {
      if (channel.type().equals("unix") && channel.path().isPresent()) {
        socketFolder(Path.of(channel.path().get()));
      }
    }
    return own;
  }

  /**
   * The same for a device that comes into a running machine.
   *
   * @param machine that it comes into
   * @param before the document without it
   * @param after the document that it is in
   * @return the device for the machine's process
   */
  XmlElement prepare(
      Machine machine, DomainDocument before, DomainDocument after, DomainDevice device)
      throws LibvirtException {
    switch (device) {
      case Disk disk -> {
        volume(disk);
        // Not the next of the document's: jobs and backups have images that are not in it.
        LiveForm.images(disk, machine.jobs().nextImage(before), below(disk));
      }
      case NetworkInterface card -> {
        XmlElement own = card.element().copy();
        cards.plug(after, card, own);
        return own;
      }
      case CharacterDevice character -> {
        LiveForm.connect(after, character, files.channels().toString());
        socket(character);
      }
      case Vsock vsock -> LiveForm.address(vsock, after.id().orElseThrow());
      default -> {
        // The others have nothing that is chosen.
      }
    }
    return device.element().copy();
  }

  /** What there has to be for the socket of a character device. */
  private static void socket(CharacterDevice device) throws LibvirtException {
    if (!device.type().equals("unix") || device.path().isEmpty()) {
      return;
    }
    SocketPaths.require(device);
    if (device.isListening()) {
      socketFolder(Path.of(device.path().get()));
    } else if (isMissing(device.path().get())) {
      throw missing("unable to stat: " + device.path().get());
    }
  }

  /** Writes the terminal that the machine has made for a device into its elements. */
  void terminal(Machine machine, String alias, List<XmlElement> elements) throws LibvirtException {
    for (JsonNode device : machine.execute("query-chardev")) {
      String file = device.path("filename").asText();
      if (alias(device).equals(alias) && file.startsWith("pty:")) {
        elements.forEach(element ->
            element.add(0, new XmlElement("source").set("path", file.substring("pty:".length()))));
      }
    }
  }

  private static void socketFolder(Path socket) throws LibvirtException {
    try {
      if (socket.getParent() != null) {
        Files.createDirectories(socket.getParent());
      }
      // What a machine that was killed has left there.
      Files.deleteIfExists(socket);
    } catch (IOException e) {
      throw Refusal.system("cannot make the folder of " + socket + ": " + e.getMessage(), e);
    }
  }

  /**
   * After the start: terminals and ports that the machine has chosen, and which channels a guest
   * that goes on has open.
   */
  void complete(DomainDocument live, Machine machine) throws LibvirtException {
    channels(live, openChannels(machine));
    for (JsonNode device : machine.execute("query-chardev")) {
      String file = device.path("filename").asText();
      String alias = alias(device);
      if (file.startsWith("pty:") && live.device(alias).isPresent()) {
        pty(live, alias, file.substring("pty:".length()));
      }
    }
    JsonNode vnc = machine.execute("query-vnc");
    if (vnc.path("enabled").asBoolean()) {
      for (Graphics graphics : live.graphics()) {
        if (graphics.type().equals("vnc") && !vnc.path("family").asText().equals("unix")) {
          LiveForm.listen(
              graphics,
              vnc.path("service").asInt(),
              OptionalInt.empty(),
              vnc.path("host").asText("127.0.0.1"));
        }
      }
    }
  }

  /** Which channels programs of the guest have open, as the machine has it now. */
  static void channels(DomainDocument live, Set<String> open) {
    for (CharacterDevice channel : live.channels()) {
      boolean isOpen = channel.alias().filter(open::contains).isPresent();
      if (isOpen || channel.state().isPresent()) {
        LiveForm.state(channel, isOpen);
      }
    }
  }

  /** The aliases of the character devices that the guest has open. */
  static Set<String> openChannels(Machine machine) throws LibvirtException {
    Set<String> open = new HashSet<>();
    for (JsonNode device : machine.execute("query-chardev")) {
      if (device.path("frontend-open").asBoolean()) {
        open.add(alias(device));
      }
    }
    return open;
  }

  private static String alias(JsonNode characterDevice) {
    String label = characterDevice.path("label").asText();
    return label.startsWith("char") ? label.substring("char".length()) : label;
  }

  private static void pty(DomainDocument live, String alias, String path) {
    for (XmlElement element : live.devicesElement().children()) {
      boolean same = alias.equals(element.attributeAt("alias", "name"));
      if (same && DomainDocument.view(element) instanceof CharacterDevice device) {
        if (device.type().equals("pty")) {
          LiveForm.pty(live, device, path);
        }
        return;
      }
    }
  }
}

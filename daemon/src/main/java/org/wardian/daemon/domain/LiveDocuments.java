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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.wardian.daemon.network.gateway.HostRoute;
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
import org.wardian.host.HostLink;
import org.wardian.host.Macvtap;
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

  /** What libvirt's names of cards begin with. */
  private static final String CARD = "vnet";

  /** What libvirt's names of macvtap interfaces begin with. */
  private static final String DIRECT = "macvtap";

  private final AtomicInteger nextCard = new AtomicInteger();
  private final AtomicInteger nextDirect = new AtomicInteger();

  /** Macvtap interfaces that machines of this daemon have made. */
  private final Set<String> ours = ConcurrentHashMap.newKeySet();

  private final DomainFiles files;
  private volatile NetworkPlugs networks = NetworkPlugs.NONE;
  private volatile VolumePaths volumes = VolumePaths.NONE;
  private volatile CardFilters filters = CardFilters.NONE;

  LiveDocuments(DomainFiles files) {
    this.files = files;
  }

  void connect(NetworkPlugs toNetworks, VolumePaths toVolumes, CardFilters toFilters) {
    networks = toNetworks;
    volumes = toVolumes;
    filters = toFilters;
  }

  /** What machines are plugged into. */
  NetworkPlugs networks() {
    return networks;
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
   * Before the start. What was plugged in is taken back by {@link #release}.
   *
   * @return the document for the machine's process, which says where its plugs are
   */
  DomainDocument prepare(DomainDocument live) throws LibvirtException {
    DomainDocument own = live.copy();
    List<NetworkInterface> cards = live.interfaces();
    for (int i = 0; i < cards.size(); i++) {
      plug(live, cards.get(i), own.interfaces().get(i).element());
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
   * @param before the document without it
   * @param after the document that it is in
   * @return the device for the machine's process
   */
  XmlElement prepare(DomainDocument before, DomainDocument after, DomainDevice device)
      throws LibvirtException {
    switch (device) {
      case Disk disk -> {
        volume(disk);
        LiveForm.images(disk, LiveForm.highestImage(before) + 1, below(disk));
      }
      case NetworkInterface card -> {
        XmlElement own = card.element().copy();
        plug(after, card, own);
        return own;
      }
      case Vsock vsock -> LiveForm.address(vsock, after.id().orElseThrow());
      default -> {
        // The others have nothing that is chosen.
      }
    }
    return device.element().copy();
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

  /** Plugs a card into its network, where it is of one, and binds its filter. */
  private void plug(DomainDocument live, NetworkInterface card, XmlElement own)
      throws LibvirtException {
    try {
      plugIn(live, card, own);
      XmlElement reference = card.element().child("filterref");
      if (reference != null && isFiltered(card)) {
        CardFilters.Port port =
            new CardFilters.Port(
                card.target().orElse(""), live.name(), live.uuid().orElseThrow(), card.mac());
        own.add(filters(filters.bind(port, reference)));
      }
    } catch (LibvirtException | RuntimeException e) {
      unplug(live, card);
      throw e;
    }
  }

  /** Whether frames of a card are filtered, as libvirt has it: its other types are not. */
  private static boolean isFiltered(NetworkInterface card) {
    return switch (card.type()) {
      case "network", "bridge", "ethernet" -> card.target().isPresent();
      default -> false;
    };
  }

  private static XmlElement filters(CardFilters.Rules rules) {
    XmlElement all = new XmlElement("wardian:filters");
    rules.filters().forEach(one -> all.add(one.copy()));
    return all;
  }

  /** Binds the filter of a card that has another one now, or none. */
  void bind(DomainDocument live, NetworkInterface card) throws LibvirtException {
    XmlElement reference = card.element().child("filterref");
    String port = card.target().orElse("");
    if (reference != null && isFiltered(card)) {
      filters.bind(
          new CardFilters.Port(port, live.name(), live.uuid().orElseThrow(), card.mac()),
          reference);
    } else {
      filters.unbind(port);
    }
  }

  /** A card as its machine is told of its limits: with the rules that hold for it now. */
  XmlElement limits(NetworkInterface card) throws LibvirtException {
    XmlElement own = card.element().copy();
    own.remove("filterref");
    Optional<CardFilters.Rules> rules =
        isFiltered(card) ? filters.rules(card.target().orElse("")) : Optional.empty();
    rules.ifPresent(found -> own.add(found.reference().copy()).add(filters(found)));
    return own;
  }

  private void plugIn(DomainDocument live, NetworkInterface card, XmlElement own)
      throws LibvirtException {
    if (card.type().equals("direct")) {
      direct(card, own, card.hostDevice().orElse(""), card.mode().orElse("vepa"));
      return;
    }
    if (card.type().equals("bridge") || card.type().equals("ethernet")) {
      hostCard(card, own);
      return;
    }
    if (!card.type().equals("network")) {
      return;
    }
    NetworkPlugs.Plug plug =
        networks.plug(
            card.network().orElse(""),
            live.name(),
            live.uuid().orElseThrow(),
            card.mac(),
            card.portGroup().orElse(null));
    boolean bridged = plug.kind() == NetworkPlugs.Plug.Kind.BRIDGE;
    LiveForm.plug(
        card,
        card.target().orElseGet(bridged ? this::freeName : this::cardName),
        Optional.empty(),
        bridged ? Optional.ofNullable(plug.bridge()) : Optional.empty());
    if (plug.bandwidth() != null && own.child("bandwidth") == null) {
      own.add(plug.bandwidth().copy());
    }
    if (bridged) {
      bridge(card, own, plug.address());
    } else {
      own.append("wardian:plug").set("kind", "switch").set("name", plug.address());
    }
  }

  /** A card with an interface of the host: it has a name, and may be put into a bridge. */
  private void hostCard(NetworkInterface card, XmlElement own) throws LibvirtException {
    Optional<String> bridge = card.bridge().filter(name -> card.type().equals("bridge"));
    if (bridge.isPresent() && !HostLink.of(bridge.get()).exists()) {
      throw Refusal.system(
          "Cannot get interface MTU on '" + bridge.get() + "': No such device", null);
    }
    LiveForm.plug(
        card, card.target().orElseGet(this::freeName), Optional.empty(), Optional.empty());
    if (bridge.isPresent()) {
      bridge(card, own, bridge.get());
    } else {
      own.childOrNew("target").set("dev", card.target().orElseThrow());
    }
  }

  /** A card with an Ethernet address of its own on an interface of the host. */
  private void direct(NetworkInterface card, XmlElement own, String device, String mode)
      throws LibvirtException {
    if (device.isEmpty() || !HostLink.of(device).exists()) {
      throw Refusal.system(
          "Unable to get index for interface " + device + ": No such device", null);
    }
    requireInterfaces("macvtap device on " + device);
    // A name that the document wishes could be another's interface, which is not to be deleted.
    String name = freeName(DIRECT, nextDirect);
    ours.add(name);
    LiveForm.plug(card, name, Optional.empty(), Optional.empty());
    own.append("wardian:plug")
        .set("kind", "direct")
        .set("name", name)
        .set("dev", device)
        .set("mode", mode);
  }

  private static void requireInterfaces(String what) throws LibvirtException {
    String missing = HostRoute.missing();
    if (!missing.isEmpty()) {
      throw Refusal.system("Unable to create " + what + ": " + missing, null);
    }
  }

  private static void bridge(NetworkInterface card, XmlElement own, String name)
      throws LibvirtException {
    requireInterfaces("tap device " + card.target().orElse(""));
    own.append("wardian:plug")
        .set("kind", "bridge")
        .set("name", card.target().orElseThrow())
        .set("bridge", name);
  }

  /** The next name of a card that no interface of the host has. */
  private String freeName() {
    return freeName(CARD, nextCard);
  }

  private static String freeName(String prefix, AtomicInteger next) {
    String name;
    do {
      name = prefix + next.getAndIncrement();
    } while (HostLink.of(name).exists());
    return name;
  }

  /** The next name of a card on the host's side; one that was in use is not given again. */
  private String cardName() {
    return CARD + nextCard.getAndIncrement();
  }

  /** The names of cards go on above those of a machine that was found. */
  void saw(DomainDocument live) {
    for (NetworkInterface card : live.interfaces()) {
      String name = card.target().orElse("");
      if (card.type().equals("direct")) {
        ours.add(name);
      }
      if (name.matches(CARD + "[0-9]{1,9}")) {
        int number = Integer.parseInt(name.substring(CARD.length()));
        nextCard.accumulateAndGet(number + 1, Math::max);
      }
    }
  }

  /** Takes a card out of its network. */
  void unplug(DomainDocument live, NetworkInterface card) {
    card.target().ifPresent(filters::unbind);
    if (card.type().equals("direct") && ours.remove(card.target().orElse(""))) {
      // A machine that was killed has not deleted it.
      Macvtap.delete(card.target().get());
    }
    if (card.type().equals("network") && card.network().isPresent()) {
      networks.unplug(card.network().get(), live.name(), card.mac());
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
      if (channel.state().isPresent()) {
        LiveForm.state(channel, channel.alias().filter(open::contains).isPresent());
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

  /** After the end. */
  void release(DomainDocument live) {
    for (NetworkInterface card : live.interfaces()) {
      unplug(live, card);
    }
  }
}

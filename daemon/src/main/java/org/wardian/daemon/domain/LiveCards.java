package org.wardian.daemon.domain;

import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.wardian.daemon.network.gateway.HostRoute;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.LiveForm;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.definition.xml.XmlElement;
import org.wardian.host.HostLink;
import org.wardian.host.Macvtap;
import org.wardian.libvirt.error.LibvirtException;

/**
 * The network cards of machines: what each is plugged into, its name on the host's side, and the
 * filter that is bound to it.
 */
final class LiveCards {
  /** What libvirt's names of cards begin with. */
  private static final String CARD = "vnet";

  /** What libvirt's names of macvtap interfaces begin with. */
  private static final String DIRECT = "macvtap";

  private final AtomicInteger nextCard = new AtomicInteger();
  private final AtomicInteger nextDirect = new AtomicInteger();

  /** Macvtap interfaces that machines of this daemon have made. */
  private final Set<String> ours = ConcurrentHashMap.newKeySet();

  private volatile NetworkPlugs networks = NetworkPlugs.NONE;
  private volatile CardFilters filters = CardFilters.NONE;

  /** Sets what cards are plugged into; before the first start. */
  void connect(NetworkPlugs toNetworks, CardFilters toFilters) {
    networks = toNetworks;
    filters = toFilters;
  }

  /** What they are plugged into. */
  NetworkPlugs networks() {
    return networks;
  }

  /** Plugs a card into its network, where it is of one, and binds its filter. */
  void plug(DomainDocument live, NetworkInterface card, XmlElement own) throws LibvirtException {
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
            card.portGroup().orElse(null),
            own.child("bandwidth"));
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

  /**
   * Tells a card's network what its bandwidth is to be.
   *
   * @throws LibvirtException where the network cannot promise it
   */
  void promise(String domain, NetworkInterface card) throws LibvirtException {
    if (card.type().equals("network")) {
      networks.limit(
          card.network().orElse(""), domain, card.mac(), card.element().child("bandwidth"));
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

  /** Takes all cards of a machine that has ended out of their networks. */
  void release(DomainDocument live) {
    for (NetworkInterface card : live.interfaces()) {
      unplug(live, card);
    }
  }
}

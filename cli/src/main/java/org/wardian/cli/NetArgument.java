package org.wardian.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.wardian.machine.DeviceConfiguration.CardModel;
import org.wardian.network.MacAddress;
import org.wardian.network.nat.Reach;

/**
 * One {@code --net}: a network card and what it is plugged into.
 *
 * @param kind what it is plugged into
 * @param name of the TAP interface or switch; empty for NAT
 * @param model what the guest finds
 * @param address its Ethernet address, or empty for one by its number
 * @param queues pairs of queues of a virtio card
 * @param capture file that takes a record of all that passes, or empty
 * @param reach where the guest may connect to, with NAT
 * @param tftp folder whose files the gateway serves by TFTP, with NAT, or empty
 * @param bootFile what a guest that starts from the network asks for, with NAT, or empty
 */
record NetArgument(
    Kind kind,
    String name,
    CardModel model,
    Optional<MacAddress> address,
    int queues,
    Optional<Path> capture,
    Reach reach,
    Optional<Path> tftp,
    Optional<String> bootFile) {
  /** What a card is plugged into. */
  enum Kind {
    /** Nothing: there is no card. */
    NONE,
    /** A network of its own behind the host's sockets. */
    NAT,
    /** A TAP interface of the host. */
    TAP,
    /** A switch that several machines of this host share. */
    SWITCH
  }

  private static final int MOST_QUEUES = 64;

  /** What fits into an option of DHCP. */
  private static final String BOOT_FILE = "[\\x21-\\x7e]{1,255}";

  private static final String KNOWN =
      "model=virtio|e1000, mac=ADDRESS, queues=N, pcap=FILE, and with nat"
          + " reach=everywhere|host|nowhere, tftp=DIR, bootfile=NAME";

  /** What a machine has without {@code --net}. */
  static final NetArgument USUAL =
      new NetArgument(
          Kind.NAT,
          "",
          CardModel.VIRTIO,
          Optional.empty(),
          1,
          Optional.empty(),
          Reach.EVERYWHERE,
          Optional.empty(),
          Optional.empty());

  /** The same card with a record of all that passes. */
  NetArgument capturedTo(Path file) {
    return new NetArgument(
        kind, name, model, address, queues, Optional.of(file), reach, tftp, bootFile);
  }

  /** Whether the machine is to be started from this network, where firmware starts it. */
  boolean boots() {
    return tftp.isPresent() || bootFile.isPresent();
  }

  /**
   * Reads {@code nat|none|tap=DEV|switch=NAME[,model=...]}.
   *
   * @throws IllegalArgumentException for what makes no sense, with what would
   */
  static NetArgument parse(String text) {
    OptionText words = OptionText.parse("--net", text);
    int equals = words.head().indexOf('=');
    String kind = equals < 0 ? words.head() : words.head().substring(0, equals);
    String name = equals < 0 ? "" : words.head().substring(equals + 1);
    Kind parsed =
        switch (kind) {
          case "none" -> Kind.NONE;
          case "nat" -> Kind.NAT;
          case "tap" -> Kind.TAP;
          case "switch" -> Kind.SWITCH;
          default ->
              throw new IllegalArgumentException(
                  "--net is nat, none, tap=DEV or switch=NAME, not " + text);
        };
    boolean named = parsed == Kind.TAP || parsed == Kind.SWITCH;
    if (named == name.isEmpty()) {
      throw new IllegalArgumentException(
          named ? "--net " + kind + "= names which" : "--net " + kind + " has no name");
    }
    Optional<MacAddress> address = words.take("mac").map(MacAddress::parse);
    NetArgument result =
        new NetArgument(
            parsed,
            name,
            words.choice("model", CardModel.class, CardModel.VIRTIO),
            address,
            (int) words.number("queues", 1, MOST_QUEUES, 1),
            words.take("pcap").map(Path::of),
            words.choice("reach", Reach.class, Reach.EVERYWHERE),
            words.take("tftp").map(Path::of),
            words.take("bootfile"));
    words.end(KNOWN);
    if (result.boots() && parsed != Kind.NAT) {
      throw new IllegalArgumentException(
          "--net " + kind + ": tftp and bootfile go with nat; here another machine serves them");
    }
    if (result.bootFile().isPresent() && !result.bootFile().get().matches(BOOT_FILE)) {
      throw new IllegalArgumentException(
          "--net: bootfile is a name of 1 to 255 ASCII characters, such as pxelinux.0");
    }
    return result;
  }
}

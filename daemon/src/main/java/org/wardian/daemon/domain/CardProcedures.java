package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.libvirt.constants.DomainInterfaceAddressesSource;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainInterface;
import org.wardian.libvirt.wire.remote.DomainInterfaceAddressesArgs;
import org.wardian.libvirt.wire.remote.DomainInterfaceAddressesRet;
import org.wardian.libvirt.wire.remote.DomainInterfaceStatsArgs;
import org.wardian.libvirt.wire.remote.DomainInterfaceStatsRet;
import org.wardian.libvirt.wire.remote.DomainIpAddr;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Network cards: what went through them, and the guest's addresses. */
final class CardProcedures extends DomainProcedures {
  CardProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(RemoteProgram.DOMAIN_INTERFACE_STATS, this::stats);
    handlers.on(RemoteProgram.DOMAIN_INTERFACE_ADDRESSES, this::addresses);
  }

  /** What a machine tells of its cards, by the names of their devices. */
  static Map<String, JsonNode> figures(Machine machine) throws LibvirtException {
    Map<String, JsonNode> all = new HashMap<>();
    for (JsonNode one : machine.execute("x-wardian-query-netstats")) {
      all.put(one.path("id").asText(), one);
    }
    return all;
  }

  private DomainInterfaceStatsRet stats(Call call, DomainInterfaceStatsArgs args)
      throws LibvirtException {
    Domain domain = find(args.dom());
    Machine machine = domain.running();
    NetworkInterface card =
        domain
            .facts()
            .document()
            .networkInterface(args.device())
            .orElseThrow(
                () -> Refusal.badArgument("'" + args.device() + "' is not a known interface"));
    JsonNode one = figures(machine).get(card.alias().orElse(""));
    if (one == null) {
      throw Refusal.internal("the machine tells nothing of '" + args.device() + "'");
    }
    return new DomainInterfaceStatsRet(
        one.path("rx-bytes").asLong(),
        one.path("rx-packets").asLong(),
        0,
        one.path("rx-drops").asLong(),
        one.path("tx-bytes").asLong(),
        one.path("tx-packets").asLong(),
        0,
        one.path("tx-drops").asLong());
  }

  private DomainInterfaceAddressesRet addresses(Call call, DomainInterfaceAddressesArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    Domain domain = find(args.dom());
    domain.running();
    return new DomainInterfaceAddressesRet(
        switch (DomainInterfaceAddressesSource.of(args.source())) {
          case LEASE -> leases(domain);
          case AGENT -> parts().agents().addresses(domain);
          case ARP -> neighbours(domain.facts().document());
          case null -> throw Refusal.badArgument("Unknown IP address data source " + args.source());
        });
  }

  private List<DomainInterface> leases(Domain domain) {
    List<DomainInterface> all = new ArrayList<>();
    for (NetworkInterface card : domain.facts().document().interfaces()) {
      if (!card.type().equals("network") || card.network().isEmpty()) {
        continue;
      }
      List<DomainIpAddr> found =
          parts().networks().get().leases(card.network().get(), card.mac()).stream()
              .map(one -> new DomainIpAddr(one.isV6() ? 1 : 0, one.address(), one.prefix()))
              .toList();
      if (!found.isEmpty()) {
        all.add(new DomainInterface(name(card), card.mac(), found));
      }
    }
    return all;
  }

  private static String name(NetworkInterface card) {
    return card.target().or(card::alias).orElse("-");
  }

  /** From the host's table of neighbours: {@code /proc/net/arp} (proc(5)). */
  private static List<DomainInterface> neighbours(DomainDocument document) throws LibvirtException {
    List<String> lines;
    try {
      lines = Files.readAllLines(Path.of("/proc/net/arp"));
    } catch (IOException e) {
      throw Refusal.system("the host's neighbours cannot be read: " + e.getMessage(), e);
    }
    List<DomainInterface> all = new ArrayList<>();
    for (NetworkInterface card : document.interfaces()) {
      List<DomainIpAddr> found = new ArrayList<>();
      for (String line : lines) {
        String[] fields = line.split(" +");
        if (fields.length > 3 && fields[3].equalsIgnoreCase(card.mac())) {
          found.add(new DomainIpAddr(0, fields[0], 0));
        }
      }
      if (!found.isEmpty()) {
        all.add(new DomainInterface(name(card), card.mac(), found));
      }
    }
    return all;
  }
}

package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.typed.ParamReader;
import org.wardian.daemon.typed.Refusal;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainGetBlockIoTuneArgs;
import org.wardian.libvirt.wire.remote.DomainGetBlockIoTuneRet;
import org.wardian.libvirt.wire.remote.DomainGetInterfaceParametersArgs;
import org.wardian.libvirt.wire.remote.DomainGetInterfaceParametersRet;
import org.wardian.libvirt.wire.remote.DomainSetBlockIoTuneArgs;
import org.wardian.libvirt.wire.remote.DomainSetInterfaceParametersArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Limits of disks and network cards. */
final class LimitProcedures extends DomainProcedures {
  private static final List<String> BANDWIDTH =
      List.of(
          "inbound.average",
          "inbound.peak",
          "inbound.burst",
          "inbound.floor",
          "outbound.average",
          "outbound.peak",
          "outbound.burst");

  private final LiveDevices devices;

  LimitProcedures(DomainParts parts, LiveDevices devices) {
    super(parts);
    this.devices = devices;
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(RemoteProgram.DOMAIN_GET_BLOCK_IO_TUNE, this::blockLimits);
    handlers.act(RemoteProgram.DOMAIN_SET_BLOCK_IO_TUNE, this::setBlockLimits);
    handlers.on(RemoteProgram.DOMAIN_GET_INTERFACE_PARAMETERS, this::bandwidth);
    handlers.act(RemoteProgram.DOMAIN_SET_INTERFACE_PARAMETERS, this::setBandwidth);
  }

  private static Disk disk(DomainDocument document, String name) throws LibvirtException {
    return document
        .disk(name)
        .orElseThrow(
            () -> Refusal.badArgument("disk '" + name + "' was not found in the domain config"));
  }

  private DomainGetBlockIoTuneRet blockLimits(Call call, DomainGetBlockIoTuneArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 7);
    Domain domain = find(args.dom());
    Impact impact = Impact.ofLook(domain, args.flags() & 3);
    Map<String, Long> set =
        args.disk() == null ? Map.of() : disk(document(domain, impact), args.disk()).limits();
    TypedParams params = new TypedParams();
    BlockRates.limits().forEach(name -> params.uint64(name, set.getOrDefault(name, 0L)));
    String group =
        args.disk() == null
            ? ""
            : disk(document(domain, impact), args.disk()).limitGroup().orElse("");
    params.text("group_name", group);
    BlockRates.lengths().forEach(name -> params.uint64(name, set.getOrDefault(name, 0L)));
    return new DomainGetBlockIoTuneRet(
        params.page(args.nparams(), args.flags()), params.count(args.flags()));
  }

  private void setBlockLimits(Call call, DomainSetBlockIoTuneArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 3);
    Map<String, ParamReader.Kind> kinds = new LinkedHashMap<>();
    BlockRates.limits().forEach(name -> kinds.put(name, ParamReader.Kind.ULLONG));
    BlockRates.lengths().forEach(name -> kinds.put(name, ParamReader.Kind.ULLONG));
    kinds.put("group_name", ParamReader.Kind.STRING);
    ParamReader params = ParamReader.of(args.params(), kinds);
    requireOneKind(params, "bytes");
    requireOneKind(params, "iops");
    Domain domain = find(args.dom());
    domain.perform(
        "blkdeviotune",
        () -> {
          Impact impact = Impact.of(domain, args.flags());
          if (impact.live()) {
            limitLive(domain, args.disk(), params);
          }
          edit(domain, impact, document -> limit(disk(document, args.disk()), params));
          if (impact.live()) {
            TypedParams told = new TypedParams().text("blkdeviotune.disk", args.disk());
            for (String name : params.fields()) {
              params.number(name).ifPresent(value -> told.uint64("blkdeviotune." + name, value));
            }
            events().tunable(domain, told.list());
          }
        });
  }

  private static void requireOneKind(ParamReader params, String kind) throws LibvirtException {
    long total = params.number("total_" + kind + "_sec").orElse(0);
    if (total > 0
        && (params.number("read_" + kind + "_sec").orElse(0) > 0
            || params.number("write_" + kind + "_sec").orElse(0) > 0)) {
      throw Refusal.badArgument(
          "total and read/write of " + kind + "_sec cannot be set at the same time");
    }
  }

  /** All limits at once: those that are not given stay as they are, less what contradicts. */
  private static Map<String, Long> merged(Disk disk, ParamReader params) throws LibvirtException {
    Map<String, Long> all = new LinkedHashMap<>(disk.limits());
    for (String kind : List.of("bytes_sec", "iops_sec", "bytes_sec_max", "iops_sec_max")) {
      boolean total = params.number("total_" + kind).orElse(0) > 0;
      boolean parts =
          params.number("read_" + kind).orElse(0) > 0
              || params.number("write_" + kind).orElse(0) > 0;
      if (total) {
        all.remove("read_" + kind);
        all.remove("write_" + kind);
      } else if (parts) {
        all.remove("total_" + kind);
      }
    }
    for (String name : params.fields()) {
      params.number(name).ifPresent(value -> all.put(name, value));
    }
    BlockRates.check(all);
    return all;
  }

  private static void limit(Disk disk, ParamReader params) throws LibvirtException {
    Map<String, Long> all = merged(disk, params);
    String group = params.text("group_name").or(disk::limitGroup).orElse(null);
    XmlElement element = disk.element();
    element.remove("iotune");
    XmlElement tune = new XmlElement("iotune");
    List<String> order = BlockRates.limits();
    for (String name : order) {
      if (all.getOrDefault(name, 0L) > 0) {
        tune.append(name).text(Long.toString(all.get(name)));
      }
    }
    if (group != null && !tune.children().isEmpty()) {
      tune.append("group_name").text(group);
    }
    for (String name : BlockRates.lengths()) {
      if (all.getOrDefault(name, 0L) > 0) {
        tune.append(name).text(Long.toString(all.get(name)));
      }
    }
    if (!tune.children().isEmpty()) {
      int place = 0;
      for (int i = 0; i < element.children().size(); i++) {
        if (List.of(
                "driver",
                "auth",
                "source",
                "backingStore",
                "backenddomain",
                "geometry",
                "blockio",
                "mirror",
                "target")
            .contains(element.children().get(i).name())) {
          place = i + 1;
        }
      }
      element.add(place, tune);
    }
  }

  private static void limitLive(Domain domain, String name, ParamReader params)
      throws LibvirtException {
    Disk disk = disk(domain.facts().live(), name);
    Map<String, Long> all = merged(disk, params);
    ObjectNode arguments = Machine.arguments().put("id", disk.alias().orElse(disk.target()));
    BlockRates.NAMES.forEach((limit, key) -> {
      arguments.put(key, all.getOrDefault(limit, 0L));
      if (all.getOrDefault(limit + "_max", 0L) > 0) {
        arguments.put(key + "_max", all.get(limit + "_max"));
      }
      if (all.getOrDefault(limit + "_max_length", 0L) > 0) {
        arguments.put(key + "_max_length", all.get(limit + "_max_length"));
      }
    });
    if (all.getOrDefault("size_iops_sec", 0L) > 0) {
      arguments.put("iops_size", all.get("size_iops_sec"));
    }
    domain.running().execute("block_set_io_throttle", arguments);
  }

  private static NetworkInterface card(DomainDocument document, String name)
      throws LibvirtException {
    return document
        .networkInterface(name)
        .orElseThrow(() -> Refusal.badArgument("'" + name + "' is not a known interface"));
  }

  private DomainGetInterfaceParametersRet bandwidth(
      Call call, DomainGetInterfaceParametersArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 7);
    Domain domain = find(args.dom());
    Impact impact = Impact.ofLook(domain, args.flags() & 3);
    if (args.nparams() == 0) {
      return new DomainGetInterfaceParametersRet(List.of(), BANDWIDTH.size());
    }
    NetworkInterface card = card(document(domain, impact), args.device());
    TypedParams params = new TypedParams();
    for (String name : BANDWIDTH) {
      String[] parts = name.split("\\.");
      String value = card.element().attributeAt("bandwidth/" + parts[0], parts[1]);
      params.uint32(name, value == null ? 0 : Integer.parseUnsignedInt(value));
    }
    return new DomainGetInterfaceParametersRet(
        params.page(args.nparams(), args.flags()), params.count(args.flags()));
  }

  private void setBandwidth(Call call, DomainSetInterfaceParametersArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 3);
    Map<String, ParamReader.Kind> kinds = new LinkedHashMap<>();
    BANDWIDTH.forEach(name -> kinds.put(name, ParamReader.Kind.UINT));
    ParamReader params = ParamReader.of(args.params(), kinds);
    Domain domain = find(args.dom());
    domain.perform(
        "domiftune",
        () -> {
          Impact impact = Impact.of(domain, args.flags());
          if (impact.live()) {
            DomainDocument after = domain.facts().live().copy();
            limit(card(after, args.device()), params);
            setLive(domain, card(domain.facts().live(), args.device()), card(after, args.device()));
          }
          edit(domain, impact, document -> limit(card(document, args.device()), params));
        });
  }

  private void setLive(Domain domain, NetworkInterface old, NetworkInterface card)
      throws LibvirtException {
    life().documents().cards().promise(domain.name(), card);
    try {
      devices.limit(domain.running(), card);
    } catch (LibvirtException e) {
      life().documents().cards().promise(domain.name(), old);
      throw e;
    }
  }

  private static void limit(NetworkInterface card, ParamReader params) throws LibvirtException {
    XmlElement element = card.element();
    XmlElement bandwidth = element.childOrNew("bandwidth");
    for (String way : List.of("inbound", "outbound")) {
      // One of these begins the way's limits anew.
      if (params.has(way + ".average") || params.has(way + ".floor")) {
        bandwidth.remove(way);
      }
    }
    for (String name : params.fields()) {
      String[] parts = name.split("\\.");
      long value = params.number(name).orElse(0);
      bandwidth.childOrNew(parts[0]).set(parts[1], value == 0 ? null : Long.toString(value));
    }
    bandwidth.removeIf(one -> one.attribute("average") == null && one.attribute("floor") == null);
    if (bandwidth.children().isEmpty()) {
      element.remove("bandwidth");
    }
    if (!card.type().equals("network")
        && element.attributeAt("bandwidth/inbound", "floor") != null) {
      throw Refusal.unsupported("floor attribute is not supported for this config");
    }
    card.arrange();
  }
}

package org.wardian.daemon.domain;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.Tuning;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainGetIothreadInfoArgs;
import org.wardian.libvirt.wire.remote.DomainGetIothreadInfoRet;
import org.wardian.libvirt.wire.remote.DomainIothreadInfo;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/**
 * I/O threads of definitions. Our machines have threads for their disks as they need them; what a
 * document says of them is kept for those that have not.
 */
final class IoThreadProcedures extends DomainProcedures {
  IoThreadProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(RemoteProgram.DOMAIN_GET_IOTHREAD_INFO, this::info);
    handlers.act(
        RemoteProgram.DOMAIN_ADD_IOTHREAD,
        (call, args) -> {
          call.checkFlags(args.flags(), 3);
          add(args.dom(), args.iothreadId(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_DEL_IOTHREAD,
        (call, args) -> {
          call.checkFlags(args.flags(), 3);
          remove(args.dom(), args.iothreadId(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_PIN_IOTHREAD,
        (call, args) -> {
          call.checkFlags(args.flags(), 3);
          pin(args.dom(), args.iothreadsId(), args.cpumap(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_SET_IOTHREAD_PARAMS,
        (call, args) -> {
          call.checkFlags(args.flags(), 3);
          Domain domain = find(args.dom());
          Impact impact = Impact.of(domain, args.flags());
          if (!numbers(document(domain, impact)).contains(args.iothreadId())) {
            throw Refusal.badArgument(
                "cannot find IOThread '" + args.iothreadId() + "' in iothreadids");
          }
          if (impact.config()) {
            throw Refusal.notSupported("configuring persistent polling values is not supported");
          }
          throw refusal();
        });
  }

  private static LibvirtException refusal() {
    return Refusal.notSupported(
        "a running machine has the threads for its disks that it needs; use --config");
  }

  /** The numbers of a document's threads. */
  private static List<Integer> numbers(DomainDocument document) {
    XmlElement ids = document.root().child("iothreadids");
    List<Integer> all = new ArrayList<>();
    if (ids != null) {
      for (XmlElement one : ids.children("iothread")) {
        all.add(Integer.parseInt(one.attribute("id", "0")));
      }
    }
    int count = document.tuning().ioThreads().orElse(all.size());
    for (int next = 1; all.size() < count; next++) {
      if (!all.contains(next)) {
        all.add(next);
      }
    }
    return all;
  }

  private DomainGetIothreadInfoRet info(Call call, DomainGetIothreadInfoArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 3);
    Domain domain = find(args.dom());
    DomainDocument document = document(domain, Impact.ofLook(domain, args.flags()));
    BitSet host = CpuMaps.ofHost();
    List<DomainIothreadInfo> all = new ArrayList<>();
    for (int id : numbers(document)) {
      BitSet set =
          document.tuning().ioThreadPins().stream()
              .filter(pin -> pin.id() == id)
              .map(Tuning.Pin::cpuset)
              .findFirst()
              .or(document::processorSet)
              .map(CpuMaps::parse)
              .orElse(host);
      all.add(new DomainIothreadInfo(id, CpuMaps.bytes(set, (host.length() + 7) / 8)));
    }
    return new DomainGetIothreadInfoRet(all, all.size());
  }

  private void add(DomainRef ref, int id, int flags) throws LibvirtException {
    if (id < 1) {
      throw Refusal.badArgument("invalid value of 0 for iothread_id");
    }
    Domain domain = find(ref);
    domain.perform(
        "iothreadadd",
        () -> {
          if (Impact.of(domain, flags).live()) {
            requireFree(numbers(domain.facts().document()), id);
            throw refusal();
          }
          editConfig(
              domain,
              document -> {
                List<Integer> all = numbers(document);
                requireFree(all, id);
                all.add(id);
                write(document, all);
              });
        });
  }

  private static void requireFree(List<Integer> all, int id) throws LibvirtException {
    if (all.contains(id)) {
      throw Refusal.badArgument("an IOThread is already using iothread_id '" + id + "'");
    }
  }

  private static void requireThere(List<Integer> all, int id) throws LibvirtException {
    if (!all.contains(id)) {
      throw Refusal.badArgument("cannot find IOThread '" + id + "' in iothreadids list");
    }
  }

  private void remove(DomainRef ref, int id, int flags) throws LibvirtException {
    Domain domain = find(ref);
    domain.perform(
        "iothreaddel",
        () -> {
          if (Impact.of(domain, flags).live()) {
            requireThere(numbers(domain.facts().document()), id);
            throw refusal();
          }
          editConfig(
              domain,
              document -> {
                List<Integer> all = numbers(document);
                requireThere(all, id);
                all.remove(Integer.valueOf(id));
                if (document.disks().stream().anyMatch(d -> d.ioThread().orElse(0) == id)) {
                  throw Refusal.badArgument(
                      "cannot remove IOThread " + id + " since it is being used by disk");
                }
                write(document, all);
              });
        });
  }

  private static void write(DomainDocument document, List<Integer> all) {
    XmlElement root = document.root();
    root.remove("iothreads");
    root.remove("iothreadids");
    if (!all.isEmpty()) {
      root.append("iothreads").text(Integer.toString(all.size()));
      XmlElement ids = root.append("iothreadids");
      all.stream().sorted().forEach(id -> ids.append("iothread").set("id", id));
    }
    DocumentOrder.arrange(document);
  }

  private void pin(DomainRef ref, int id, byte[] map, int flags) throws LibvirtException {
    Domain domain = find(ref);
    domain.perform(
        "iothreadpin",
        () -> {
          if (Impact.of(domain, flags).live()) {
            if (!numbers(domain.facts().document()).contains(id)) {
              throw Refusal.badArgument("iothread " + id + " not found");
            }
            throw refusal();
          }
          BitSet set = BitSet.valueOf(map);
          editConfig(
              domain,
              document -> {
                if (!numbers(document).contains(id)) {
                  throw Refusal.badArgument("iothreadid " + id + " not found");
                }
                XmlElement tune = document.root().childOrNew("cputune");
                String number = Integer.toString(id);
                tune.removeIf(one ->
                    one.name().equals("iothreadpin") && number.equals(one.attribute("iothread")));
                tune.append("iothreadpin")
                    .set("iothread", number)
                    .set("cpuset", CpuMaps.format(set));
                DocumentOrder.arrange(document);
              });
        });
  }
}

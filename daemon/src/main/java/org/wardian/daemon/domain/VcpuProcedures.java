package org.wardian.daemon.domain;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.host.HostProcedures;
import org.wardian.daemon.typed.Refusal;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.Processors;
import org.wardian.definition.domain.Tuning;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.constants.DomainVcpuFlags;
import org.wardian.libvirt.constants.VcpuState;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainGetEmulatorPinInfoArgs;
import org.wardian.libvirt.wire.remote.DomainGetEmulatorPinInfoRet;
import org.wardian.libvirt.wire.remote.DomainGetVcpuPinInfoArgs;
import org.wardian.libvirt.wire.remote.DomainGetVcpuPinInfoRet;
import org.wardian.libvirt.wire.remote.DomainGetVcpusArgs;
import org.wardian.libvirt.wire.remote.DomainGetVcpusFlagsArgs;
import org.wardian.libvirt.wire.remote.DomainGetVcpusFlagsRet;
import org.wardian.libvirt.wire.remote.DomainGetVcpusRet;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.VcpuInfo;

/** A machine's processors: how many, on which of the host's, what they have used. */
final class VcpuProcedures extends DomainProcedures {
  private static final int MOST_MAPS = 1 << 16;

  private final VcpuPlugs plugs;

  VcpuProcedures(DomainParts parts, VcpuPlugs plugs) {
    super(parts);
    this.plugs = plugs;
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.act(
        RemoteProgram.DOMAIN_SET_VCPUS,
        (call, args) -> set(args.dom(), args.nvcpus(), DomainVcpuFlags.LIVE));
    handlers.act(
        RemoteProgram.DOMAIN_SET_VCPUS_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), 0x1f);
          set(args.dom(), args.nvcpus(), args.flags());
        });
    handlers.on(RemoteProgram.DOMAIN_GET_VCPUS_FLAGS, this::count);
    handlers.on(RemoteProgram.DOMAIN_GET_VCPUS, this::info);
    handlers.act(
        RemoteProgram.DOMAIN_PIN_VCPU,
        (call, args) -> pin(args.dom(), args.vcpu(), args.cpumap(), 1));
    handlers.act(
        RemoteProgram.DOMAIN_PIN_VCPU_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), 3);
          pin(args.dom(), args.vcpu(), args.cpumap(), args.flags());
        });
    handlers.on(RemoteProgram.DOMAIN_GET_VCPU_PIN_INFO, this::pins);
    handlers.act(
        RemoteProgram.DOMAIN_PIN_EMULATOR,
        (call, args) -> {
          call.checkFlags(args.flags(), 3);
          pinEmulator(args.dom(), args.cpumap(), args.flags());
        });
    handlers.on(RemoteProgram.DOMAIN_GET_EMULATOR_PIN_INFO, this::emulatorPin);
    handlers.act(
        RemoteProgram.DOMAIN_SET_VCPU,
        (call, args) -> {
          call.checkFlags(args.flags(), 3);
          change(args.dom(), CpuMaps.parse(args.cpumap()), args.state() != 0, args.flags());
        });
  }

  private void change(DomainRef ref, BitSet which, boolean enabled, int flags)
      throws LibvirtException {
    Domain domain = find(ref);
    domain.perform(
        "setvcpu",
        () -> {
          Impact impact = Impact.of(domain, flags);
          if (impact.config()) {
            VcpuPlugs.changeConfig(domain.facts().config().copy(), which, enabled);
          }
          if (impact.live()) {
            plugs.change(domain, which, enabled);
          }
          if (impact.config()) {
            editConfig(domain, document -> VcpuPlugs.changeConfig(document, which, enabled));
          }
        });
  }

  private void set(DomainRef ref, int count, int flags) throws LibvirtException {
    Domain domain = find(ref);
    if (count < 1 || count > HostProcedures.MOST_PROCESSORS) {
      throw Refusal.badArgument("argument out of range: " + count + " processors");
    }
    if ((flags & DomainVcpuFlags.GUEST) != 0) {
      parts().agents().setProcessors(domain, count);
      return;
    }
    domain.perform(
        "setvcpus",
        () -> {
          Impact impact = Impact.of(domain, flags);
          if ((flags & DomainVcpuFlags.MAXIMUM) != 0) {
            setMost(domain, impact, count);
            return;
          }
          if (impact.config()) {
            requireRoom(domain.facts().config(), count, "persistent");
          }
          if (impact.live()) {
            requireRoom(domain.facts().live(), count, "live");
            plugs.setCount(domain, count);
          }
          if (impact.config()) {
            boolean pluggable = (flags & DomainVcpuFlags.HOTPLUGGABLE) != 0;
            editConfig(domain, document -> new Processors(document).set(count, pluggable));
          }
        });
  }

  private void setMost(Domain domain, Impact impact, int count) throws LibvirtException {
    if (impact.live()) {
      throw Refusal.notNow("maximum vcpu count of a live domain can't be modified");
    }
    editConfig(
        domain,
        document -> {
          int present = Math.min(count, document.processors());
          document.setProcessors(count, present);
          if (document.root().child("vcpus") != null) {
            new Processors(document).set(present, false);
          }
        });
  }

  private static void requireRoom(DomainDocument document, int count, String which)
      throws LibvirtException {
    if (count > document.mostProcessors()) {
      throw Refusal.badArgument(
          "requested vcpus is greater than max allowable vcpus for the "
              + which
              + " domain: "
              + count
              + " > "
              + document.mostProcessors());
    }
  }

  private DomainGetVcpusFlagsRet count(Call call, DomainGetVcpusFlagsArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 0xf);
    Domain domain = find(args.dom());
    if ((args.flags() & DomainVcpuFlags.GUEST) != 0) {
      return new DomainGetVcpusFlagsRet(parts().agents().processors(domain));
    }
    DomainDocument document = document(domain, Impact.ofLook(domain, args.flags()));
    return new DomainGetVcpusFlagsRet(
        (args.flags() & DomainVcpuFlags.MAXIMUM) != 0
            ? document.mostProcessors()
            : document.processors());
  }

  private DomainGetVcpusRet info(Call call, DomainGetVcpusArgs args) throws LibvirtException {
    Domain domain = find(args.dom());
    if (!domain.isActive()) {
      throw Refusal.notNow("cannot retrieve vcpu information on inactive domain");
    }
    Machine machine = domain.running();
    DomainDocument document = domain.facts().document();
    int[] numbers =
        document.presentProcessors().stream()
            .mapToInt(Integer::intValue)
            .limit(Math.max(0, args.maxinfo()))
            .toArray();
    int count = numbers.length;
    int length = Math.clamp(args.maplen(), 0, MOST_MAPS / Math.max(count, 1));
    Map<Integer, Integer> threads = MachineThreads.processors(machine);
    List<VcpuInfo> all = new ArrayList<>();
    byte[] maps = new byte[count * length];
    for (int i = 0; i < count; i++) {
      int number = numbers[i];
      ProcessTimes times = ProcessTimes.ofThread(machine.pid(), threads.getOrDefault(number, 0));
      all.add(new VcpuInfo(number, VcpuState.RUNNING.number(), times.total(), times.processor()));
      System.arraycopy(CpuMaps.bytes(pinOf(document, number), length), 0, maps, i * length, length);
    }
    return new DomainGetVcpusRet(all, maps);
  }

  /** Where a processor may run: its own pin, the set of all, the host's. */
  private static BitSet pinOf(DomainDocument document, int processor) {
    return document.tuning().vcpuPins().stream()
        .filter(pin -> pin.id() == processor)
        .map(Tuning.Pin::cpuset)
        .findFirst()
        .or(document::processorSet)
        .map(CpuMaps::parse)
        .orElseGet(CpuMaps::ofHost);
  }

  private static BitSet requested(byte[] map) throws LibvirtException {
    BitSet set = BitSet.valueOf(map);
    set.and(CpuMaps.ofHost());
    if (set.isEmpty()) {
      throw Refusal.badArgument("Empty cpu list for pinning");
    }
    return set;
  }

  private void pin(DomainRef ref, int processor, byte[] map, int flags) throws LibvirtException {
    Domain domain = find(ref);
    domain.perform(
        "vcpupin",
        () -> {
          Impact impact = Impact.of(domain, flags);
          BitSet set = requested(map);
          if (impact.live()) {
            requireProcessor(processor, domain.facts().live(), "live");
          }
          if (impact.config()) {
            requireProcessor(processor, domain.facts().config(), "persistent");
          }
          if (impact.live()) {
            MachineThreads.pin(domain.running(), processor, set);
          }
          edit(domain, impact, document -> setPin(document, processor, CpuMaps.format(set)));
          if (impact.live()) {
            events()
                .tunable(
                    domain,
                    new TypedParams()
                        .text("cputune.vcpupin" + processor, CpuMaps.format(set))
                        .list());
          }
        });
  }

  private static void requireProcessor(int processor, DomainDocument document, String which)
      throws LibvirtException {
    if (processor < 0 || processor >= document.mostProcessors()) {
      throw Refusal.badArgument(
          "vcpu "
              + processor
              + " is out of range of "
              + which
              + " cpu count "
              + document.mostProcessors());
    }
  }

  private static void setPin(DomainDocument document, int processor, String set) {
    XmlElement tune = document.root().childOrNew("cputune");
    String number = Integer.toString(processor);
    tune.removeIf(one -> one.name().equals("vcpupin") && number.equals(one.attribute("vcpu")));
    List<XmlElement> all = new ArrayList<>(tune.children());
    int place = 0;
    for (int i = 0; i < all.size(); i++) {
      boolean before =
          switch (all.get(i).name()) {
            case "vcpupin" -> Integer.parseInt(all.get(i).attribute("vcpu", "0")) < processor;
            case "emulatorpin", "iothreadpin", "vcpusched", "emulatorsched", "iothreadsched" ->
                false;
            default -> true;
          };
      place = before ? i + 1 : place;
    }
    tune.add(place, new XmlElement("vcpupin").set("vcpu", number).set("cpuset", set));
    DocumentOrder.arrange(document);
  }

  private DomainGetVcpuPinInfoRet pins(Call call, DomainGetVcpuPinInfoArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 3);
    Domain domain = find(args.dom());
    DomainDocument document = document(domain, Impact.ofLook(domain, args.flags()));
    int count = Math.clamp(args.ncpumaps(), 0, document.mostProcessors());
    int length = Math.clamp(args.maplen(), 0, MOST_MAPS / Math.max(count, 1));
    byte[] maps = new byte[count * length];
    for (int i = 0; i < count; i++) {
      System.arraycopy(CpuMaps.bytes(pinOf(document, i), length), 0, maps, i * length, length);
    }
    return new DomainGetVcpuPinInfoRet(maps, count);
  }

  private void pinEmulator(DomainRef ref, byte[] map, int flags) throws LibvirtException {
    Domain domain = find(ref);
    domain.perform(
        "emulatorpin",
        () -> {
          Impact impact = Impact.of(domain, flags);
          BitSet set = requested(map);
          if (impact.live()) {
            MachineThreads.pinOthers(domain.running(), set);
          }
          edit(
              domain,
              impact,
              document -> {
                document
                    .root()
                    .childOrNew("cputune")
                    .childOrNew("emulatorpin")
                    .set("cpuset", CpuMaps.format(set));
                DocumentOrder.arrange(document);
              });
          if (impact.live()) {
            events()
                .tunable(
                    domain,
                    new TypedParams().text("cputune.emulatorpin", CpuMaps.format(set)).list());
          }
        });
  }

  private DomainGetEmulatorPinInfoRet emulatorPin(Call call, DomainGetEmulatorPinInfoArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 3);
    Domain domain = find(args.dom());
    DomainDocument document = document(domain, Impact.ofLook(domain, args.flags()));
    BitSet set =
        document
            .tuning()
            .emulatorPin()
            .or(document::processorSet)
            .map(CpuMaps::parse)
            .orElseGet(CpuMaps::ofHost);
    return new DomainGetEmulatorPinInfoRet(
        CpuMaps.bytes(set, Math.clamp(args.maplen(), 0, MOST_MAPS)), 1);
  }
}

package org.wardian.daemon.domain;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.wardian.daemon.group.MachineGroup;
import org.wardian.daemon.typed.ParamReader;
import org.wardian.daemon.typed.Refusal;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainGetMemoryParametersRet;
import org.wardian.libvirt.wire.remote.DomainGetNumaParametersRet;
import org.wardian.libvirt.wire.remote.DomainGetSchedulerParametersFlagsRet;
import org.wardian.libvirt.wire.remote.DomainGetSchedulerParametersRet;
import org.wardian.libvirt.wire.remote.DomainGetSchedulerTypeRet;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.TypedParam;

/** How much of the host's processors and memory a domain may have. */
final class TuningProcedures extends DomainProcedures {
  /** Elements of {@code <cputune>} by the names of parameters, in libvirt's order. */
  private static final Map<String, String> SCHEDULER = scheduler();

  private static final List<String> MEMORY = List.of("hard_limit", "soft_limit", "swap_hard_limit");
  private static final List<String> MODES =
      List.of("strict", "preferred", "interleave", "restrictive");

  TuningProcedures(DomainParts parts) {
    super(parts);
  }

  private static Map<String, String> scheduler() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("cpu_shares", "shares");
    names.put("vcpu_period", "period");
    names.put("vcpu_quota", "quota");
    for (String same :
        List.of(
            "emulator_period",
            "emulator_quota",
            "global_period",
            "global_quota",
            "iothread_period",
            "iothread_quota")) {
      names.put(same, same);
    }
    return names;
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(
        RemoteProgram.DOMAIN_GET_SCHEDULER_TYPE,
        (call, args) -> {
          find(args.dom());
          return new DomainGetSchedulerTypeRet("posix", SCHEDULER.size());
        });
    handlers.on(
        RemoteProgram.DOMAIN_GET_SCHEDULER_PARAMETERS,
        (call, args) ->
            new DomainGetSchedulerParametersRet(scheduler(args.dom(), 0).page(args.nparams(), 0)));
    handlers.on(
        RemoteProgram.DOMAIN_GET_SCHEDULER_PARAMETERS_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), 7);
          return new DomainGetSchedulerParametersFlagsRet(
              scheduler(args.dom(), args.flags()).page(args.nparams(), args.flags()));
        });
    handlers.act(
        RemoteProgram.DOMAIN_SET_SCHEDULER_PARAMETERS,
        (call, args) -> setScheduler(args.dom(), args.params(), 0));
    handlers.act(
        RemoteProgram.DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), 3);
          setScheduler(args.dom(), args.params(), args.flags());
        });
    handlers.on(
        RemoteProgram.DOMAIN_GET_MEMORY_PARAMETERS,
        (call, args) -> {
          call.checkFlags(args.flags(), 7);
          TypedParams params = memory(args.dom(), args.flags());
          return new DomainGetMemoryParametersRet(
              params.page(args.nparams(), args.flags()), params.count(args.flags()));
        });
    handlers.act(
        RemoteProgram.DOMAIN_SET_MEMORY_PARAMETERS,
        (call, args) -> {
          call.checkFlags(args.flags(), 3);
          setMemory(args.dom(), args.params(), args.flags());
        });
    handlers.on(
        RemoteProgram.DOMAIN_GET_NUMA_PARAMETERS,
        (call, args) -> {
          call.checkFlags(args.flags(), 7);
          TypedParams params = numa(args.dom(), args.flags());
          return new DomainGetNumaParametersRet(
              params.page(args.nparams(), args.flags()), params.count(args.flags()));
        });
    handlers.act(
        RemoteProgram.DOMAIN_SET_NUMA_PARAMETERS,
        (call, args) -> {
          call.checkFlags(args.flags(), 3);
          setNuma(args.dom(), args.params(), args.flags());
        });
  }

  private TypedParams scheduler(DomainRef ref, int flags) throws LibvirtException {
    Domain domain = find(ref);
    Impact impact = Impact.ofLook(domain, flags & 3);
    DomainDocument document = document(domain, impact);
    Optional<MachineGroup> group = group(domain, impact);
    TypedParams params = new TypedParams();
    SCHEDULER.forEach((name, element) -> {
      OptionalLong set =
          element.equals("shares")
              ? document.tuning().cpuShares()
              : document.tuning().cpuTime(element);
      // A thread for disks has no group of its own here.
      boolean kept = name.startsWith("iothread") && set.isPresent();
      OptionalLong held =
          kept ? set : group.map(one -> held(one, name)).orElse(OptionalLong.empty());
      long value = held.orElse(set.orElse(0));
      if (name.endsWith("quota")) {
        params.int64(name, value);
      } else {
        params.uint64(name, value);
      }
    });
    return params;
  }

  /** The group of a running machine, for a look at it. */
  static Optional<MachineGroup> group(Domain domain, Impact impact) throws LibvirtException {
    return impact.live() ? MachineGroup.of(domain.running().pid()) : Optional.empty();
  }

  /** What the kernel holds a machine to; empty where it says nothing. */
  private static OptionalLong held(MachineGroup group, String name) {
    if (name.equals("cpu_shares")) {
      return group.shares();
    }
    // Without I/O threads of a group, libvirt tells of what it read last.
    String whose = name.startsWith("iothread") ? "global" : name.substring(0, name.indexOf('_'));
    Optional<MachineGroup.Time> time = group.time(whose);
    if (time.isEmpty()) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(name.endsWith("quota") ? time.get().quota() : time.get().period());
  }

  private static void hold(Domain domain, ParamReader params) throws LibvirtException {
    MachineGroup group = MachineGroup.of(domain.running().pid(), MachineGroup.Controller.CPU);
    OptionalLong shares = params.number("cpu_shares");
    if (shares.isPresent()) {
      group.setShares(shares.getAsLong());
    }
    for (String whose : List.of("vcpu", "emulator", "global")) {
      group.setTime(whose, params.number(whose + "_period"), params.number(whose + "_quota"));
    }
  }

  private static Map<String, ParamReader.Kind> schedulerKinds() {
    Map<String, ParamReader.Kind> kinds = new LinkedHashMap<>();
    SCHEDULER
        .keySet()
        .forEach(name ->
            kinds.put(
                name, name.endsWith("quota") ? ParamReader.Kind.LLONG : ParamReader.Kind.ULLONG));
    return kinds;
  }

  private void setScheduler(DomainRef ref, List<TypedParam> list, int flags)
      throws LibvirtException {
    Domain domain = find(ref);
    domain.perform(
        "schedinfo",
        () -> {
          Impact impact = Impact.of(domain, flags);
          ParamReader params = ParamReader.of(list, schedulerKinds());
          for (String name : params.fields()) {
            requireRange(name, params.number(name).orElse(0));
          }
          if (impact.live()) {
            hold(domain, params);
            // A time of 0 is none that could be held: it stays as it was.
            editLive(domain, document -> write(document, params, true));
          }
          if (impact.config()) {
            editConfig(domain, document -> write(document, params, false));
          }
          if (impact.live()) {
            tellScheduler(domain, params);
          }
        });
  }

  private static void write(DomainDocument document, ParamReader params, boolean live)
      throws LibvirtException {
    XmlElement tune = document.root().childOrNew("cputune");
    for (Map.Entry<String, String> one : SCHEDULER.entrySet()) {
      OptionalLong value = params.number(one.getKey());
      if (value.isPresent() && (value.getAsLong() != 0 || !live)) {
        setNumber(tune, one.getValue(), value.getAsLong());
      }
    }
    finish(document, tune);
  }

  private void tellScheduler(Domain domain, ParamReader params) {
    TypedParams told = new TypedParams();
    for (String name : params.fields()) {
      long value = params.number(name).orElse(0);
      if (name.endsWith("quota")) {
        told.int64("cputune." + name, value);
      } else {
        told.uint64("cputune." + name, value);
      }
    }
    events().tunable(domain, told.list());
  }

  /** The kernel's limits, as libvirt checks them. */
  private static void requireRange(String name, long value) throws LibvirtException {
    if (name.endsWith("period") && value != 0 && (value < 1_000 || value > 1_000_000)) {
      throw Refusal.badArgument("value of '" + name + "' is out of range [1000, 1000000]");
    }
    if (name.endsWith("quota") && value > 0 && (value < 1_000 || value > 17_592_186_044_415L)) {
      throw Refusal.badArgument("value of '" + name + "' is out of range [1000, 17592186044415]");
    }
    if (name.equals("cpu_shares") && value != 0 && (value < 2 || value > 262_144)) {
      throw Refusal.badArgument("shares '" + value + "' must be in range [2, 262144]");
    }
  }

  /** Sets the text of an element in front of the pins; 0 takes it away. */
  private static void setNumber(XmlElement tune, String name, long value) {
    XmlElement there = tune.child(name);
    if (value == 0) {
      tune.remove(name);
    } else if (there != null) {
      there.text(Long.toString(value));
    } else {
      int place = 0;
      while (place < tune.children().size()
          && !tune.children().get(place).name().endsWith("pin")
          && !tune.children().get(place).name().endsWith("sched")) {
        place++;
      }
      tune.add(place, new XmlElement(name).text(Long.toString(value)));
    }
  }

  private static void finish(DomainDocument document, XmlElement part) {
    if (part.children().isEmpty()) {
      document.root().removeIf(child -> child == part);
    }
    DocumentOrder.arrange(document);
  }

  private TypedParams memory(DomainRef ref, int flags) throws LibvirtException {
    Domain domain = find(ref);
    Impact impact = Impact.ofLook(domain, flags & 3);
    DomainDocument document = document(domain, impact);
    Optional<MachineGroup> group = group(domain, impact);
    TypedParams params = new TypedParams();
    MEMORY.forEach(name -> {
      long set = limit(document, name);
      params.uint64(name, group.map(one -> one.memory(name).orElse(set)).orElse(set));
    });
    return params;
  }

  private static long limit(DomainDocument document, String name) {
    return document.tuning().memoryLimit(name).orElse(MachineGroup.UNLIMITED_KIB);
  }

  private static void requireOrder(DomainDocument document, ParamReader params)
      throws LibvirtException {
    long hard = params.number("hard_limit").orElse(limit(document, "hard_limit"));
    long swap = params.number("swap_hard_limit").orElse(limit(document, "swap_hard_limit"));
    if ((params.has("swap_hard_limit") || params.has("hard_limit")) && hard > swap) {
      throw Refusal.badArgument(
          "memory hard_limit tunable value must be lower than or equal to swap_hard_limit");
    }
  }

  private void setMemory(DomainRef ref, List<TypedParam> list, int flags) throws LibvirtException {
    Domain domain = find(ref);
    domain.perform(
        "memtune",
        () -> {
          Impact impact = Impact.of(domain, flags);
          Map<String, ParamReader.Kind> kinds = new LinkedHashMap<>();
          MEMORY.forEach(name -> kinds.put(name, ParamReader.Kind.ULLONG));
          ParamReader params = ParamReader.of(list, kinds);
          requireOrder(document(domain, impact), params);
          if (impact.live()) {
            MachineGroup group =
                MachineGroup.of(domain.running().pid(), MachineGroup.Controller.MEMORY);
            for (String name : params.fields()) {
              group.setMemory(name, params.number(name).orElse(MachineGroup.UNLIMITED_KIB));
            }
          }
          edit(
              domain,
              impact,
              document -> {
                XmlElement tune = document.root().childOrNew("memtune");
                for (String name : MEMORY) {
                  OptionalLong value = params.number(name);
                  if (value.isPresent() && value.getAsLong() >= MachineGroup.UNLIMITED_KIB) {
                    tune.remove(name);
                  } else if (value.isPresent()) {
                    tune.childOrNew(name).set("unit", "KiB").text(Long.toString(value.getAsLong()));
                  }
                }
                finish(document, tune);
              });
        });
  }

  private TypedParams numa(DomainRef ref, int flags) throws LibvirtException {
    Domain domain = find(ref);
    DomainDocument document = document(domain, Impact.ofLook(domain, flags & 3));
    return new TypedParams()
        .int32(
            "numa_mode",
            Math.max(MODES.indexOf(document.tuning().memoryMode().orElse("strict")), 0))
        .text("numa_nodeset", document.tuning().memoryNodes().orElse(""));
  }

  private void setNuma(DomainRef ref, List<TypedParam> list, int flags) throws LibvirtException {
    Domain domain = find(ref);
    domain.perform(
        "numatune",
        () -> {
          Impact impact = Impact.of(domain, flags);
          ParamReader params =
              ParamReader.of(
                  list,
                  Map.of(
                      "numa_mode", ParamReader.Kind.INT,
                      "numa_nodeset", ParamReader.Kind.STRING));
          long mode = params.number("numa_mode").orElse(-1);
          if (params.has("numa_mode") && (mode < 0 || mode >= MODES.size())) {
            throw Refusal.badArgument("unsupported numatune mode: '" + mode + "'");
          }
          if (impact.live()) {
            if (params.has("numa_mode")) {
              throw Refusal.notNow("can't change numatune mode for running domain");
            }
            String now = domain.facts().live().tuning().memoryMode().orElse("strict");
            if (!now.equals("restrictive")) {
              throw Refusal.notNow(
                  "change of nodeset for running domain requires restrictive numa mode");
            }
            MachineGroup.of(domain.running().pid(), MachineGroup.Controller.CPUSET)
                .setNodes(params.text("numa_nodeset").orElse(""));
          }
          edit(
              domain,
              impact,
              document -> {
                XmlElement memory = document.root().childOrNew("numatune").childOrNew("memory");
                if (mode >= 0) {
                  memory.set("mode", MODES.get((int) mode));
                } else if (memory.attribute("mode") == null) {
                  memory.set("mode", "strict");
                }
                params.text("numa_nodeset").ifPresent(nodes -> memory.set("nodeset", nodes));
                DocumentOrder.arrange(document);
              });
        });
  }
}

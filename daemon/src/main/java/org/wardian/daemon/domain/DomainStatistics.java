package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.libvirt.constants.DomainDirtyRateStatus;
import org.wardian.libvirt.constants.DomainMemoryStatTags;
import org.wardian.libvirt.constants.DomainStatsTypes;
import org.wardian.libvirt.constants.VcpuState;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainMemoryStat;
import org.wardian.libvirt.wire.remote.TypedParam;

/**
 * The figures of a domain by group, as {@code virConnectGetAllDomainStats} names them. What cannot
 * be had is left out: one that has just ended spoils nobody's list.
 */
final class DomainStatistics {
  private final Domain domain;
  private final int groups;
  private final boolean backing;
  private final TypedParams params = new TypedParams();

  DomainStatistics(Domain domain, int groups, boolean backing) {
    this.domain = domain;
    this.groups = groups;
    this.backing = backing;
  }

  /** A group that may fail, since the machine is asked. */
  @FunctionalInterface
  private interface Group {
    void add(DomainFacts facts, Machine machine) throws LibvirtException;
  }

  List<TypedParam> collect() {
    add(
        DomainStatsTypes.STATE,
        (facts, machine) -> {
          params.int32("state.state", facts.state().number());
          params.int32("state.reason", facts.reason());
        });
    add(DomainStatsTypes.CPU_TOTAL, this::processor);
    add(DomainStatsTypes.BALLOON, this::memory);
    add(DomainStatsTypes.VCPU, this::processors);
    add(DomainStatsTypes.INTERFACE, this::cards);
    add(DomainStatsTypes.BLOCK, this::disks);
    add(
        DomainStatsTypes.IOTHREAD,
        (facts, machine) -> {
          if (machine != null) {
            params.uint32("iothread.count", facts.document().tuning().ioThreads().orElse(0));
          }
        });
    add(DomainStatsTypes.DIRTYRATE, this::dirtyRate);
    return params.list();
  }

  private void dirtyRate(DomainFacts facts, Machine machine) throws LibvirtException {
    if (machine == null) {
      return;
    }
    JsonNode rate = machine.execute("query-dirty-rate");
    String status = rate.path("status").asText();
    params.int32(
        "dirtyrate.calc_status",
        switch (status) {
          case "measuring" -> DomainDirtyRateStatus.MEASURING.number();
          case "measured" -> DomainDirtyRateStatus.MEASURED.number();
          default -> DomainDirtyRateStatus.UNSTARTED.number();
        });
    params.int64("dirtyrate.calc_start_time", rate.path("start-time").asLong());
    params.int32("dirtyrate.calc_period", rate.path("calc-time").asInt());
    params.text("dirtyrate.calc_mode", rate.path("mode").asText());
    if (rate.has("dirty-rate")) {
      params.int64("dirtyrate.megabytes_per_second", rate.path("dirty-rate").asLong());
    }
  }

  private void add(int group, Group what) {
    if ((groups & group) == 0) {
      return;
    }
    Machine machine = domain.machine();
    try {
      what.add(domain.facts(), domain.isActive() ? machine : null);
    } catch (LibvirtException e) {
      // It ended just now, or cannot tell.
    }
  }

  private void processor(DomainFacts facts, Machine machine) {
    if (machine != null) {
      ProcessTimes times = ProcessTimes.of(machine.pid());
      params.uint64("cpu.time", times.total());
      params.uint64("cpu.user", times.user());
      params.uint64("cpu.system", times.system());
      // Groups of the host's caches are not watched.
      params.uint32("cpu.cache.monitor.count", 0);
      if (!facts.document().type().equals("kvm")) {
        // Our own processor does not wait in a loop; what the kernel's does is not asked.
        params.uint64("cpu.haltpoll.success.time", 0);
        params.uint64("cpu.haltpoll.fail.time", 0);
      }
    }
  }

  private void memory(DomainFacts facts, Machine machine) throws LibvirtException {
    DomainDocument document = facts.document();
    params.uint64("balloon.current", document.currentMemoryKib());
    params.uint64("balloon.maximum", document.memoryKib());
    if (machine == null) {
      return;
    }
    for (DomainMemoryStat stat : MemoryProcedures.figures(domain, machine)) {
      String name =
          switch (DomainMemoryStatTags.of(stat.tag())) {
            case SWAP_IN -> "swap_in";
            case SWAP_OUT -> "swap_out";
            case MAJOR_FAULT -> "major_fault";
            case MINOR_FAULT -> "minor_fault";
            case UNUSED -> "unused";
            case AVAILABLE -> "available";
            case RSS -> "rss";
            case USABLE -> "usable";
            case LAST_UPDATE -> "last-update";
            case DISK_CACHES -> "disk_caches";
            case HUGETLB_PGALLOC -> "hugetlb_pgalloc";
            case HUGETLB_PGFAIL -> "hugetlb_pgfail";
            case null, default -> null;
          };
      if (name != null) {
        params.uint64("balloon." + name, stat.val());
      }
    }
  }

  private void processors(DomainFacts facts, Machine machine) throws LibvirtException {
    DomainDocument document = facts.document();
    params.uint32("vcpu.current", document.processors());
    params.uint32("vcpu.maximum", document.mostProcessors());
    if (machine == null) {
      return;
    }
    Map<Integer, Integer> threads = MachineThreads.processors(machine);
    for (Map.Entry<Integer, Integer> one : threads.entrySet()) {
      String prefix = "vcpu." + one.getKey() + ".";
      params.int32(prefix + "state", VcpuState.RUNNING.number());
      params.uint64(prefix + "time", ProcessTimes.ofThread(machine.pid(), one.getValue()).total());
      ScheduleTimes schedule = ScheduleTimes.of(machine.pid(), one.getValue());
      params.uint64(prefix + "wait", schedule.waited());
      params.uint64(prefix + "delay", schedule.delayed());
    }
  }

  private void cards(DomainFacts facts, Machine machine) throws LibvirtException {
    if (machine == null) {
      return;
    }
    List<NetworkInterface> cards = facts.document().interfaces();
    if (cards.isEmpty()) {
      return;
    }
    Map<String, JsonNode> figures = CardProcedures.figures(machine);
    params.uint32("net.count", cards.size());
    for (int i = 0; i < cards.size(); i++) {
      NetworkInterface card = cards.get(i);
      String prefix = "net." + i + ".";
      card.target().or(card::alias).ifPresent(name -> params.text(prefix + "name", name));
      JsonNode one = figures.get(card.alias().orElse(""));
      if (one == null) {
        continue;
      }
      for (String way : List.of("rx", "tx")) {
        params.uint64(prefix + way + ".bytes", one.path(way + "-bytes").asLong());
        params.uint64(prefix + way + ".pkts", one.path(way + "-packets").asLong());
        params.uint64(prefix + way + ".errs", 0);
        params.uint64(prefix + way + ".drop", one.path(way + "-drops").asLong());
      }
    }
  }

  private void disks(DomainFacts facts, Machine machine) throws LibvirtException {
    List<Disk> disks = facts.document().disks();
    params.uint32("block.count", disks.stream().mapToInt(disk -> 1 + shown(disk).size()).sum());
    Map<String, JsonNode> figures = machine == null ? Map.of() : MachineDisks.statistics(machine);
    Map<String, JsonNode> drives = machine == null ? Map.of() : MachineDisks.drives(machine);
    Map<String, JsonNode> nodes = machine == null ? Map.of() : DiskNodes.all(machine);
    int number = 0;
    for (Disk disk : disks) {
      String prefix = "block." + number++ + ".";
      params.text(prefix + "name", disk.target());
      disk.source().path().ifPresent(path -> params.text(prefix + "path", path));
      disk.source().index().ifPresent(index -> params.uint32(prefix + "backingIndex", index));
      JsonNode one = figures.get(disk.alias().orElse(""));
      if (one != null) {
        traffic(prefix, one.path("stats"));
      }
      sizes(prefix, disk, drives.get(disk.alias().orElse("")));
      threshold(prefix, disk.source().index(), nodes);
      for (DiskChain.Image image : shown(disk)) {
        below("block." + number++ + ".", disk, image, nodes);
      }
    }
  }

  /** The images beneath a disk's own that are told of. */
  private List<DiskChain.Image> shown(Disk disk) {
    return backing ? DiskChain.of(disk).from(1).images() : List.of();
  }

  private void below(String prefix, Disk disk, DiskChain.Image image, Map<String, JsonNode> nodes) {
    params.text(prefix + "name", disk.target());
    image.path().ifPresent(path -> params.text(prefix + "path", path));
    image.index().ifPresent(index -> params.uint32(prefix + "backingIndex", index));
    try {
      BlockProcedures.Sizes sizes = BlockProcedures.sizes(image.path().orElse(""), image.format());
      params.uint64(prefix + "allocation", sizes.allocation());
      params.uint64(prefix + "capacity", sizes.capacity());
      params.uint64(prefix + "physical", sizes.physical());
    } catch (LibvirtException e) {
      // No file, or none that can be read now.
    }
    threshold(prefix, image.index(), nodes);
  }

  private void threshold(String prefix, OptionalInt index, Map<String, JsonNode> nodes) {
    if (index.isPresent() && nodes.containsKey(DiskNodes.storage(index.getAsInt()))) {
      long bytes = nodes.get(DiskNodes.storage(index.getAsInt())).path("write_threshold").asLong();
      if (bytes > 0) {
        params.uint64(prefix + "threshold", bytes);
      }
    }
  }

  private void traffic(String prefix, JsonNode stats) {
    params.uint64(prefix + "rd.reqs", stats.path("rd_operations").asLong());
    params.uint64(prefix + "rd.bytes", stats.path("rd_bytes").asLong());
    params.uint64(prefix + "rd.times", stats.path("rd_total_time_ns").asLong());
    params.uint64(prefix + "wr.reqs", stats.path("wr_operations").asLong());
    params.uint64(prefix + "wr.bytes", stats.path("wr_bytes").asLong());
    params.uint64(prefix + "wr.times", stats.path("wr_total_time_ns").asLong());
    params.uint64(prefix + "fl.reqs", stats.path("flush_operations").asLong());
    params.uint64(prefix + "fl.times", stats.path("flush_total_time_ns").asLong());
  }

  private void sizes(String prefix, Disk disk, JsonNode drive) {
    if (disk.source().isEmpty()) {
      return;
    }
    try {
      BlockProcedures.Sizes sizes = BlockProcedures.sizes(disk);
      long capacity =
          drive == null ? 0 : drive.path("inserted").path("image").path("virtual-size").asLong();
      params.uint64(prefix + "allocation", sizes.allocation());
      params.uint64(prefix + "capacity", capacity > 0 ? capacity : sizes.capacity());
      params.uint64(prefix + "physical", sizes.physical());
    } catch (LibvirtException e) {
      // No file, or none that can be read now.
    }
  }
}

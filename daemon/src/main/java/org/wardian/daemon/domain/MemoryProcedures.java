package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.MemoryBalloon;
import org.wardian.libvirt.constants.DomainMemoryFlags;
import org.wardian.libvirt.constants.DomainMemoryModFlags;
import org.wardian.libvirt.constants.DomainMemoryStatTags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainMemoryPeekArgs;
import org.wardian.libvirt.wire.remote.DomainMemoryPeekRet;
import org.wardian.libvirt.wire.remote.DomainMemoryStat;
import org.wardian.libvirt.wire.remote.DomainMemoryStatsArgs;
import org.wardian.libvirt.wire.remote.DomainMemoryStatsRet;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** A guest's memory: how much of it there is, what it is used for, what is in it. */
final class MemoryProcedures extends DomainProcedures {
  /** Bytes of a look into memory. */
  private static final int MOST_PEEK = 65_536;

  private static final int PAGE_KIB = 4;

  /** Figures that the guest's balloon tells, in libvirt's order; in bytes where {@code true}. */
  private enum Told {
    SWAP_IN("stat-swap-in", true),
    SWAP_OUT("stat-swap-out", true),
    MAJOR_FAULT("stat-major-faults", false),
    MINOR_FAULT("stat-minor-faults", false),
    UNUSED("stat-free-memory", true),
    AVAILABLE("stat-total-memory", true),
    USABLE("stat-available-memory", true),
    DISK_CACHES("stat-disk-caches", true),
    HUGETLB_PGALLOC("stat-htlb-pgalloc", false),
    HUGETLB_PGFAIL("stat-htlb-pgfail", false);

    private final String key;
    private final boolean bytes;

    Told(String key, boolean bytes) {
      this.key = key;
      this.bytes = bytes;
    }
  }

  MemoryProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.act(
        RemoteProgram.DOMAIN_SET_MEMORY,
        (call, args) -> set(args.dom(), args.memory(), DomainMemoryModFlags.LIVE));
    handlers.act(
        RemoteProgram.DOMAIN_SET_MAX_MEMORY,
        (call, args) -> set(args.dom(), args.memory(), DomainMemoryModFlags.MAXIMUM));
    handlers.act(
        RemoteProgram.DOMAIN_SET_MEMORY_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), 7);
          set(args.dom(), args.memory(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_SET_MEMORY_STATS_PERIOD,
        (call, args) -> {
          call.checkFlags(args.flags(), 3);
          setPeriod(args.dom(), args.period(), args.flags());
        });
    handlers.on(RemoteProgram.DOMAIN_MEMORY_STATS, this::stats);
    handlers.on(RemoteProgram.DOMAIN_MEMORY_PEEK, this::peek);
  }

  private void set(DomainRef ref, long kib, int flags) throws LibvirtException {
    Domain domain = find(ref);
    if (kib <= 0) {
      throw Refusal.badArgument("memory of " + Long.toUnsignedString(kib) + " KiB");
    }
    domain.perform(
        "setmem",
        () -> {
          Impact impact = Impact.of(domain, flags);
          if ((flags & DomainMemoryModFlags.MAXIMUM) != 0) {
            if (impact.live()) {
              throw Refusal.notNow("cannot resize the maximum memory on an active domain");
            }
            editConfig(domain, document -> document.setMemoryKib(kib));
            return;
          }
          if (impact.config()) {
            requireRoom(domain.facts().config(), kib);
          }
          if (impact.live()) {
            requireRoom(domain.facts().live(), kib);
            requireBalloon(domain);
            domain.running().execute("balloon", Machine.arguments().put("value", kib << 10));
          }
          if (impact.config()) {
            editConfig(domain, document -> document.setCurrentMemoryKib(kib));
          }
        });
  }

  private static void requireRoom(DomainDocument document, long kib) throws LibvirtException {
    if (kib > document.memoryKib()) {
      throw Refusal.badArgument("cannot set memory higher than max memory");
    }
  }

  private static boolean hasBalloon(Domain domain) {
    return domain
        .facts()
        .document()
        .balloon()
        .map(MemoryBalloon::model)
        .filter(model -> !model.equals("none"))
        .isPresent();
  }

  private static void requireBalloon(Domain domain) throws LibvirtException {
    if (!hasBalloon(domain)) {
      throw Refusal.notNow(
          "Unable to change memory of active domain without the balloon device and guest OS"
              + " balloon driver");
    }
  }

  private void setPeriod(DomainRef ref, int seconds, int flags) throws LibvirtException {
    Domain domain = find(ref);
    if (seconds < 0) {
      throw Refusal.badArgument("a period is not negative");
    }
    domain.perform(
        "dommemstat",
        () -> {
          Impact impact = Impact.of(domain, flags);
          if (impact.live()) {
            if (!hasBalloon(domain)) {
              throw Refusal.notNow(
                  "Memory balloon model must be virtio to set the collection period");
            }
            domain
                .running()
                .execute(
                    "qom-set",
                    Machine.arguments()
                        .put("path", "/machine/peripheral/balloon0")
                        .put("property", "guest-stats-polling-interval")
                        .put("value", seconds));
          }
          edit(
              domain,
              impact,
              document -> {
                var balloon = document.devicesElement().child("memballoon");
                if (balloon != null && seconds > 0) {
                  balloon.childOrNew("stats").set("period", seconds);
                } else if (balloon != null) {
                  balloon.remove("stats");
                }
              });
        });
  }

  private DomainMemoryStatsRet stats(Call call, DomainMemoryStatsArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    Domain domain = find(args.dom());
    List<DomainMemoryStat> all = figures(domain, domain.running());
    return new DomainMemoryStatsRet(
        all.subList(0, Math.min(all.size(), Math.max(args.maxStats(), 0))));
  }

  /** What is known of a running guest's memory; sizes in KiB. */
  static List<DomainMemoryStat> figures(Domain domain, Machine machine) throws LibvirtException {
    List<DomainMemoryStat> all = new ArrayList<>();
    if (hasBalloon(domain)) {
      all.add(
          stat(
              DomainMemoryStatTags.ACTUAL_BALLOON,
              machine.execute("query-balloon").path("actual").asLong() >> 10));
      told(machine, all);
    } else {
      all.add(
          stat(DomainMemoryStatTags.ACTUAL_BALLOON, domain.facts().document().currentMemoryKib()));
    }
    all.add(
        stat(DomainMemoryStatTags.RSS, ProcessTimes.of(machine.pid()).residentPages() * PAGE_KIB));
    return all;
  }

  private static void told(Machine machine, List<DomainMemoryStat> all) {
    try {
      JsonNode told =
          machine.execute(
              "qom-get",
              Machine.arguments()
                  .put("path", "/machine/peripheral/balloon0")
                  .put("property", "guest-stats"));
      for (Told figure : Told.values()) {
        JsonNode value = told.path("stats").path(figure.key);
        if (value.isNumber() && value.asLong() != -1) {
          all.add(
              stat(
                  DomainMemoryStatTags.valueOf(figure.name()),
                  figure.bytes ? value.asLong() >>> 10 : value.asLong()));
        }
      }
      all.add(stat(DomainMemoryStatTags.LAST_UPDATE, told.path("last-update").asLong()));
    } catch (LibvirtException e) {
      // The guest has told nothing yet.
    }
  }

  private static DomainMemoryStat stat(DomainMemoryStatTags tag, long value) {
    return new DomainMemoryStat(tag.number(), value);
  }

  private DomainMemoryPeekRet peek(Call call, DomainMemoryPeekArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), DomainMemoryFlags.VIRTUAL | DomainMemoryFlags.PHYSICAL);
    Machine machine = find(args.dom()).running();
    if (args.flags() != DomainMemoryFlags.VIRTUAL && args.flags() != DomainMemoryFlags.PHYSICAL) {
      throw Refusal.badArgument(
          "flags parameter must be VIR_MEMORY_VIRTUAL or VIR_MEMORY_PHYSICAL");
    }
    if (args.size() < 0 || args.size() > MOST_PEEK) {
      throw Refusal.badArgument("a look has up to " + MOST_PEEK + " bytes");
    }
    Path file = machine.folder().resolve("memory-" + System.nanoTime());
    try {
      machine.execute(
          args.flags() == DomainMemoryFlags.VIRTUAL ? "memsave" : "pmemsave",
          Machine.arguments()
              .put("val", args.offset())
              .put("size", args.size())
              .put("filename", file.toString()));
      return new DomainMemoryPeekRet(Files.readAllBytes(file));
    } catch (IOException e) {
      throw Refusal.system("failed to read temporary file " + file, e);
    } finally {
      InputProcedures.remove(file);
    }
  }
}
